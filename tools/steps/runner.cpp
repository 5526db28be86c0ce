// SPDX-License-Identifier: GPL-2.0-only
#include "runner.hpp"

#include "count.hpp"
#include "order.hpp"
#include "process.hpp"
#include "screen.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <map>

namespace hm::steps
{
namespace
{

using std::chrono::milliseconds;

/// Needs of a step that did not pass.
std::vector<std::string> unmet(const Step &step, const std::map<std::string, bool> &passed)
{
	std::vector<std::string> out;
	for (const auto &need : step.needs)
		if (const auto at = passed.find(need); at == passed.end() || !at->second)
			out.push_back(need);
	return out;
}

const char *state_text(Verdict::State state)
{
	switch (state) {
	case Verdict::State::passed:
		return "passed";
	case Verdict::State::failed:
		return "failed";
	case Verdict::State::not_run:
		return "not-run";
	}
	return "?";
}

/// A table for later: what was run when, and how it ended.
bool write_results(const std::filesystem::path &file, const Plan &plan, const Summary &summary)
{
	std::ofstream out{file};
	out << "step\tstate\tseconds\tpassed\tfailed\tskipped\treason\n";
	for (std::size_t i = 0; i < plan.steps.size(); ++i) {
		const auto &v = summary.verdicts[i];
		out << fmt::format("{}\t{}\t{:.1f}\t{}\t{}\t{}\t{}\n", plan.steps[i].id,
				   state_text(v.state),
				   static_cast<double>(summary.elapsed[i].count()) / 1000,
				   v.counts.passed, v.counts.failed, v.counts.skipped, v.reason);
	}
	return static_cast<bool>(out.flush());
}

/// 0 when all passed; 3 when something is missing on this machine and nothing else is wrong.
Exit exit_of(const Summary &summary)
{
	bool environment = false;
	for (const auto &verdict : summary.verdicts) {
		if (verdict.state != Verdict::State::failed)
			continue;
		if (!verdict.environment)
			return Exit::failed;
		environment = true;
	}
	if (environment)
		return Exit::environment;
	return summary.counts.failed > 0 ? Exit::failed : Exit::ok;
}

/// One run of a plan.
class Run
{
public:
	Run(const Plan &plan, const Options &options, Signals &signals)
		: plan_(plan), options_(options), signals_(signals),
		  screen_(plan, options.top, options.verbose)
	{
		summary_.verdicts.resize(plan.steps.size());
		summary_.elapsed.resize(plan.steps.size());
	}

	Summary all(const std::vector<std::size_t> &sequence)
	{
		for (const auto i : sequence) {
			++number_;
			auto &verdict = summary_.verdicts[i];
			verdict = one(plan_.steps[i], summary_.elapsed[i]);
			passed_[plan_.steps[i].id] = verdict.state == Verdict::State::passed;
			summary_.counts += verdict.counts;
		}
		summary_.interrupted = signals_.asked();
		summary_.exit = exit_of(summary_);
		const auto table = options_.log_dir / "results.tsv";
		if (!write_results(table, plan_, summary_))
			screen_.note(
				fmt::format("{}: cannot be written (no space?)", table.string()));
		return std::move(summary_);
	}

private:
	/// Runs the step, or says why not.
	Verdict one(const Step &step, milliseconds &elapsed)
	{
		const auto lacking = unmet(step, passed_);
		const auto budget = budget_of(step);
		std::string reason;
		if (signals_.asked() != 0)
			reason = "interrupted before";
		else if (!lacking.empty())
			reason = fmt::format("needs {}", fmt::join(lacking, ", "));
		else if (budget <= milliseconds{0})
			reason = fmt::format("the whole run may take {}, which is over",
					     clock_text(options_.limit));
		if (reason.empty())
			return run(step, budget, elapsed);
		auto verdict = not_run(std::move(reason));
		screen_.not_run(step, number_, verdict);
		return verdict;
	}

	Verdict run(const Step &step, milliseconds budget, milliseconds &elapsed)
	{
		Command command;
		command.script = step.script;
		command.directory = options_.top;
		command.log = options_.log_dir / (step.id + ".log");
		command.limit = budget;
		command.grace = options_.grace;
		command.progress = [&](milliseconds so_far) { screen_.progress(so_far); };

		screen_.begin(step, number_, budget, command.log);
		const auto ended = run_command(command, signals_);
		LogCounts counted;
		Verdict verdict;
		if (ended) {
			elapsed = ended->elapsed;
			std::ifstream log{command.log};
			counted = count_log(log);
			verdict = judge(step, *ended, counted);
		} else {
			verdict = not_run(ended.error().what);
			verdict.state = Verdict::State::failed;
			verdict.environment = true;
		}
		screen_.end(step, verdict, counted, elapsed);
		return verdict;
	}

	/// The step's budget, stretched, within what is left of the whole run.
	[[nodiscard]] milliseconds budget_of(const Step &step) const
	{
		const milliseconds own{static_cast<long>(static_cast<double>(step.budget.count()) *
							 options_.stretch)};
		if (options_.limit.count() == 0)
			return own;
		const auto spent = std::chrono::steady_clock::now() - begin_;
		return std::min(own,
				options_.limit - std::chrono::duration_cast<milliseconds>(spent));
	}

	const Plan &plan_;
	const Options &options_;
	Signals &signals_;
	Screen screen_;
	Summary summary_;
	std::map<std::string, bool> passed_;
	std::size_t number_ = 0;
	std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

} // namespace

Result<Summary> run_plan(const Plan &plan, const Options &options)
{
	const auto sequence = order(plan);
	if (!sequence)
		return tl::unexpected<Error>{sequence.error()};
	std::error_code ec;
	std::filesystem::create_directories(options.log_dir, ec);
	if (ec)
		return fail(
			Exit::environment,
			fmt::format(
				"{}: cannot be made: {}; CACHE= names a folder that can be written",
				options.log_dir.string(), ec.message()));
	auto signals = Signals::take();
	if (!signals)
		return tl::unexpected<Error>{std::move(signals.error())};
	return Run{plan, options, *signals}.all(*sequence);
}

} // namespace hm::steps
