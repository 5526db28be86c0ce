// SPDX-License-Identifier: GPL-2.0-only
#include "runner.hpp"

#include "count.hpp"
#include "order.hpp"
#include "process.hpp"
#include "screen.hpp"

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

/// Runs one step and judges it.
Result<Verdict> run_step(const Step &step, const Options &options, std::size_t number,
			 Screen &screen, Signals &signals, milliseconds &elapsed)
{
	Command command;
	command.script = step.script;
	command.directory = options.top;
	command.log = options.log_dir / (step.id + ".log");
	command.limit = milliseconds{
		static_cast<long>(static_cast<double>(step.budget.count()) * options.stretch)};
	command.grace = options.grace;
	command.progress = [&](milliseconds so_far) { screen.progress(so_far); };

	screen.begin(step, number, command.log);
	auto ended = run_command(command, signals);
	if (!ended)
		return tl::unexpected<Error>{std::move(ended.error())};
	elapsed = ended->elapsed;
	std::ifstream log{command.log};
	const auto counted = count_log(log);
	auto verdict = judge(step, *ended, counted);
	screen.end(step, verdict, counted, elapsed);
	return verdict;
}

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

	Screen screen{plan, options.top, options.verbose};
	Summary summary;
	summary.verdicts.resize(plan.steps.size());
	summary.elapsed.resize(plan.steps.size());
	std::map<std::string, bool> passed;
	std::size_t number = 0;
	for (const auto i : *sequence) {
		const auto &step = plan.steps[i];
		++number;
		const auto lacking = unmet(step, passed);
		auto &verdict = summary.verdicts[i];
		if (signals->asked() != 0) {
			verdict = not_run("interrupted before");
			screen.not_run(step, number, verdict);
		} else if (!lacking.empty()) {
			verdict = not_run(fmt::format("needs {}", fmt::join(lacking, ", ")));
			screen.not_run(step, number, verdict);
		} else {
			auto done = run_step(step, options, number, screen, *signals,
					     summary.elapsed[i]);
			if (!done)
				return tl::unexpected<Error>{std::move(done.error())};
			verdict = std::move(*done);
		}
		passed[step.id] = verdict.state == Verdict::State::passed;
		summary.counts += verdict.counts;
	}
	summary.interrupted = signals->asked();
	summary.exit = exit_of(summary);
	if (!write_results(options.log_dir / "results.tsv", plan, summary))
		screen.note(fmt::format("{}: cannot be written (no space?)",
					(options.log_dir / "results.tsv").string()));
	return summary;
}

} // namespace hm::steps
