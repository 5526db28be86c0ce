// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// hm-steps: the command line.
#include "order.hpp"
#include "plan.hpp"
#include "runner.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <thread>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace hm::steps;

namespace
{

struct Arguments {
	std::string plan;
	std::string top = ".";
	std::string only;
	bool without_needs = false;
	bool list = false;
	bool dry_run = false;
	double stretch = 1;
	double limit = 0;
};

/// An environment variable; nullptr when it is unset or empty.
const char *env(const char *name)
{
	const char *value = std::getenv(name);
	return value && *value ? value : nullptr;
}

fs::path cache()
{
	if (const char *set = env("CACHE"))
		return fs::absolute(set);
	if (const char *xdg = env("XDG_CACHE_HOME"))
		return fs::path{xdg} / "hugemem";
	if (const char *home = env("HOME"))
		return fs::path{home} / ".cache/hugemem";
	return {};
}

/// What the user wants to run at once, or the processors there are.
unsigned jobs()
{
	unsigned wanted = 0;
	if (const char *set = env("JOBS"))
		wanted = static_cast<unsigned>(std::strtoul(set, nullptr, 10));
	return wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

int report(const Error &error)
{
	fmt::print(stderr, "hm-steps: {}\n", error.what);
	return static_cast<int>(error.code);
}

void print_list(const Plan &plan, const std::vector<std::size_t> &sequence)
{
	for (const auto i : sequence) {
		const auto &step = plan.steps[i];
		fmt::print("{}\t{}\t{:g}\t{}\n", step.id, step.title,
			   static_cast<double>(step.budget.count()) / 60000,
			   fmt::join(step.needs, " "));
	}
}

void print_scripts(const Plan &plan, const std::vector<std::size_t> &sequence)
{
	for (const auto i : sequence)
		fmt::print("# {}: {}\n{}\n", plan.steps[i].id, plan.steps[i].title,
			   plan.steps[i].script);
}

/// What closes a run: where the logs are, what was not run, and the counts alone on a line.
void close_run(const Plan &plan, const Summary &summary, const fs::path &logs,
	       std::chrono::milliseconds took)
{
	std::vector<std::string> failed;
	std::vector<std::string> missed;
	for (std::size_t i = 0; i < plan.steps.size(); ++i) {
		if (summary.verdicts[i].state == Verdict::State::failed)
			failed.push_back(plan.steps[i].id);
		if (summary.verdicts[i].state == Verdict::State::not_run)
			missed.push_back(plan.steps[i].id);
	}
	if (!failed.empty())
		fmt::print(stderr, "failed: {}\n", fmt::join(failed, " "));
	if (!missed.empty())
		fmt::print(stderr, "not run: {}\n", fmt::join(missed, " "));
	auto over = std::string{};
	if (plan.goal.count() > 0 && took > plan.goal)
		over = fmt::format(", over its goal of {}", clock_text(plan.goal));
	fmt::print(stderr, "{}: {}{}, logs in {}\n", plan.name, clock_text(took), over,
		   logs.string());
	fmt::print("{}\n", to_string(summary.counts));
}

int run(const Arguments &arguments)
{
	auto plan = read_plan(arguments.plan);
	if (plan && !arguments.only.empty())
		plan = only(std::move(*plan), arguments.only, !arguments.without_needs);
	if (!plan)
		return report(plan.error());
	const auto sequence = order(*plan);
	if (!sequence)
		return report(sequence.error());
	if (arguments.list) {
		print_list(*plan, *sequence);
		return 0;
	}
	if (arguments.dry_run) {
		print_scripts(*plan, *sequence);
		return 0;
	}
	const auto folder = cache();
	if (folder.empty())
		return report({Exit::environment,
			       "neither CACHE nor HOME is set: nowhere to write logs to; "
			       "set CACHE to a folder"});

	setenv("CACHE", folder.c_str(), 1); // one thread; the commands of the plan see it
	const auto now = std::time(nullptr);
	std::tm local{};
	localtime_r(&now, &local);
	std::array<char, 32> stamp{};
	std::strftime(stamp.data(), stamp.size(), "%Y%m%d-%H%M%S", &local);
	Options options;
	options.top = fs::absolute(arguments.top).lexically_normal();
	options.log_dir =
		folder / "log" / fmt::format("{}-{}-{}", plan->name, stamp.data(), getpid());
	options.stretch = arguments.stretch;
	options.limit = std::chrono::milliseconds{static_cast<long>(arguments.limit * 60000)};
	options.jobs = jobs();
	options.verbose = env("V") && std::string_view{env("V")} != "0";

	const auto begin = std::chrono::steady_clock::now();
	const auto summary = run_plan(*plan, options);
	if (!summary)
		return report(summary.error());
	close_run(*plan, *summary, options.log_dir,
		  std::chrono::duration_cast<std::chrono::milliseconds>(
			  std::chrono::steady_clock::now() - begin));
	return summary->interrupted != 0 ? 128 + summary->interrupted
					 : static_cast<int>(summary->exit);
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app{"hm-steps: runs the steps of a plan, shows them, and counts their tests"};
	Arguments arguments;
	app.add_option("PLAN", arguments.plan,
		       "plan file (tests/plans/*.plan; format: tools/steps/plan.hpp)")
		->required();
	app.add_option("--top", arguments.top, "folder in which the commands run (default: here)");
	const auto *only =
		app.add_option("--only", arguments.only, "run this step and what it needs");
	app.add_flag("--without-needs", arguments.without_needs,
		     "with --only: take its needs for met")
		->needs(const_cast<CLI::Option *>(only));
	app.add_flag(
		"--list", arguments.list,
		"print id, title, budget in minutes and needs of each step, tabs between, and end");
	app.add_flag("--dry-run", arguments.dry_run, "print the commands in their order, and end");
	app.add_option("--stretch", arguments.stretch, "every budget times this (slow machine)")
		->envname("HM_STEPS_STRETCH")
		->check(CLI::Range(0.001, 1000.0));
	app.add_option("--limit", arguments.limit,
		       "minutes for the whole run; steps that would come later are not run")
		->envname("HM_STEPS_LIMIT")
		->check(CLI::Range(0.0, 10000.0));
	app.footer(
		"Logs: $CACHE/log/PLAN-DATE-TIME-PID/ (CACHE default: ~/.cache/hugemem); V=1 "
		"shows them "
		"as they grow.\n"
		"stdout closes with one line: N passed, N failed, N skipped. A step that was "
		"not run is a "
		"failure.\n"
		"HM_STEPS_STRETCH, HM_STEPS_LIMIT: --stretch and --limit where make calls this.\n"
		"Exit code: 0 all passed, 1 failures, 2 bad plan or command line, 3 something "
		"is missing on "
		"this machine\nand nothing else is wrong, 128+N ended by signal N.");
	try {
		app.parse(argc, argv);
	} catch (const CLI::ParseError &error) {
		return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::usage);
	}
	return run(arguments);
}
