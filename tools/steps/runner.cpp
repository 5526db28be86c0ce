// SPDX-License-Identifier: GPL-2.0-only
#include "runner.hpp"

#include "count.hpp"
#include "keeper.hpp"
#include "order.hpp"
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
		  lanes_(options.verbose ? 1 : plan.lanes),
		  screen_(plan, options.top, options.verbose)
	{
		summary_.verdicts.resize(plan.steps.size());
		summary_.elapsed.resize(plan.steps.size());
	}

	Summary all(std::vector<std::size_t> waiting)
	{
		while (!waiting.empty() || !running_.empty()) {
			start(waiting);
			const int asked = signals_.wait(tick);
			for (const auto &one : running_)
				if (asked != 0)
					one.command.ask(asked);
			look();
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
	static constexpr milliseconds tick{200}; ///< how often steps are looked at

	/// A step on its way.
	struct Running {
		std::size_t index;
		Kept command;
	};

	/// Takes from `waiting`, in order, what has a lane and all it needs, or never will.
	void start(std::vector<std::size_t> &waiting)
	{
		const auto lanes = lanes_wanted(waiting);
		std::erase_if(waiting, [&](std::size_t i) {
			const auto &step = plan_.steps[i];
			const bool decided = std::all_of(
				step.needs.begin(), step.needs.end(),
				[&](const auto &need) { return passed_.contains(need); });
			if (signals_.asked() == 0 && (!decided || running_.size() >= lanes_))
				return false;
			if (const auto why = obstacle(step); !why.empty())
				decide(i, ++number_, not_run(why));
			else
				run(i, lanes);
			return true;
		});
	}

	/// How many steps are running or could be: what there is of processors is for these.
	std::size_t lanes_wanted(const std::vector<std::size_t> &waiting) const
	{
		auto wanted = running_.size();
		for (const auto i : waiting)
			wanted += unmet(plan_.steps[i], passed_).empty() ? 1 : 0;
		return std::clamp<std::size_t>(wanted, 1, lanes_);
	}

	/// Why a step cannot be run; "" if it can.
	std::string obstacle(const Step &step) const
	{
		if (signals_.asked() != 0)
			return "interrupted before";
		if (const auto lacking = unmet(step, passed_); !lacking.empty())
			return fmt::format("needs {}", fmt::join(lacking, ", "));
		if (budget_of(step) <= milliseconds{0})
			return fmt::format("the whole run may take {}, which is over",
					   clock_text(options_.limit));
		return {};
	}

	void run(std::size_t i, std::size_t lanes)
	{
		const auto &step = plan_.steps[i];
		Command command;
		command.script = step.script;
		command.directory = options_.top;
		command.log = log_of(step);
		command.limit = budget_of(step);
		command.grace = options_.grace;
		command.environment["JOBS"] =
			std::to_string(std::max<std::size_t>(1, options_.jobs / lanes));

		screen_.begin(step, ++number_, command.limit, command.log);
		auto kept = Kept::start(command, signals_);
		if (kept)
			running_.push_back({i, std::move(*kept)});
		else
			end(i, tl::unexpected<Error>{kept.error()});
	}

	/// Whatever has ended since the last time; and what has not, is shown.
	void look()
	{
		std::erase_if(running_, [&](Running &one) {
			const auto &step = plan_.steps[one.index];
			const auto ended = one.command.ended();
			if (!ended)
				screen_.progress(step, one.command.elapsed());
			else
				end(one.index, *ended);
			return ended.has_value();
		});
		screen_.draw();
	}

	void end(std::size_t i, const Result<Ended> &ended)
	{
		const auto &step = plan_.steps[i];
		LogCounts counted;
		Verdict verdict;
		if (ended) {
			summary_.elapsed[i] = ended->elapsed;
			std::ifstream log{log_of(step)};
			counted = count_log(log);
			verdict = judge(step, *ended, counted);
		} else {
			verdict = not_run(ended.error().what);
			verdict.state = Verdict::State::failed;
			verdict.environment = true;
		}
		screen_.end(step, verdict, counted, summary_.elapsed[i]);
		note(i, std::move(verdict));
	}

	void decide(std::size_t i, std::size_t number, Verdict verdict)
	{
		screen_.not_run(plan_.steps[i], number, verdict);
		note(i, std::move(verdict));
	}

	void note(std::size_t i, Verdict verdict)
	{
		passed_[plan_.steps[i].id] = verdict.state == Verdict::State::passed;
		summary_.counts += verdict.counts;
		summary_.verdicts[i] = std::move(verdict);
	}

	[[nodiscard]] std::filesystem::path log_of(const Step &step) const
	{
		return options_.log_dir / (step.id + ".log");
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
	std::size_t lanes_;
	Screen screen_;
	Summary summary_;
	std::vector<Running> running_;
	std::map<std::string, bool> passed_; ///< of all that are decided
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
