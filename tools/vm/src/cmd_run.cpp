// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include <fmt/format.h>

#include "commands.hpp"
#include "files.hpp"
#include "report.hpp"
#include "runner.hpp"
#include "targets.hpp"
#include "term.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

Result<RunnerOptions> to_options(const RunArgs &args)
{
	RunnerOptions options;
	for (const std::string &kernel : args.kernels) {
		const size_t equal = kernel.find('=');
		if (equal == std::string::npos || equal == 0 || equal + 1 == kernel.size())
			return fail(Exit::usage,
				    fmt::format("--kernel {}: must be ROLE=DIR or ROLE/VARIANT=DIR",
						kernel));
		if (!options.kernels.emplace(kernel.substr(0, equal), kernel.substr(equal + 1))
			     .second)
			return fail(Exit::usage,
				    fmt::format("--kernel {}: this role was given twice",
						kernel.substr(0, equal)));
	}
	options.out = args.out.empty() ? cache_dir() / "log" / "vm" : fs::path(args.out);
	options.bin.assign(args.bin.begin(), args.bin.end());
	options.bin.push_back(program_dir());
	options.selftests = args.selftests.empty() ? cache_dir() / "guest" / "selftests"
						   : fs::path(args.selftests);
	options.guest_dir = vm_source_dir() / "guest";
	options.allow_list = args.allow.empty() ? vm_source_dir() / "config" / "dmesg-allow.txt"
						: fs::path(args.allow);
	options.accel = args.accel == "kvm"   ? AccelChoice::kvm
			: args.accel == "tcg" ? AccelChoice::tcg
					      : AccelChoice::automatic;
	options.partial = args.partial;
	options.complete = args.complete;
	options.jobs = args.jobs;
	options.time_factor = args.time_factor;
	return options;
}

/// Keeps only the named runs; a name that no scenario has is an error.
Status keep_only(std::vector<Scenario> &scenarios, const std::vector<std::string> &only)
{
	for (const std::string &name : only) {
		bool found = false;
		for (const Scenario &scenario : scenarios) {
			for (const RunSpec &run : scenario.runs)
				found = found || run.name == name;
		}
		if (!found)
			return fail(Exit::usage,
				    fmt::format("--only {}: no scenario has such a run", name));
	}
	if (only.empty())
		return {};
	for (Scenario &scenario : scenarios) {
		std::erase_if(scenario.runs, [&](const RunSpec &run) {
			return std::find(only.begin(), only.end(), run.name) == only.end();
		});
	}
	std::erase_if(scenarios, [](const Scenario &scenario) { return scenario.runs.empty(); });
	return {};
}

/// Holds the runs to their targets: says what was missed, and keeps it with their results.
Status hold_to_targets(Outcome &outcome)
{
	for (Verdict &verdict : outcome.verdicts) {
		const auto failures = fail_missed_targets(outcome, verdict);
		for (const std::string &failure : failures)
			term::say(fmt::format("{} {} {}: {}",
					      term::paint(2, term::Colour::bad, "FAIL"),
					      outcome.scenario.name, verdict.run, failure));
		if (failures.empty())
			continue;
		if (auto st = save(verdict); !st)
			return st;
	}
	return {};
}

} // namespace

Result<Exit> run_command(const RunArgs &args)
{
	std::vector<Scenario> scenarios;
	for (const std::string &file : args.scenarios) {
		auto scenario = read_scenario(file);
		if (!scenario)
			return tl::unexpected(scenario.error());
		scenarios.push_back(std::move(*scenario));
	}
	if (auto st = keep_only(scenarios, args.only); !st)
		return tl::unexpected(st.error());
	if (args.check_only) {
		fmt::print("{} scenarios are well formed\n", scenarios.size());
		return Exit::ok;
	}
	const auto options = to_options(args);
	if (!options)
		return tl::unexpected(options.error());
	auto outcomes = run_scenarios(scenarios, *options);
	if (!outcomes)
		return tl::unexpected(outcomes.error());
	for (Outcome &outcome : *outcomes) {
		if (!args.strict_targets)
			break;
		if (auto st = hold_to_targets(outcome); !st)
			return tl::unexpected(st.error());
	}
	if (auto st = write_reports(*outcomes, options->out); !st)
		return tl::unexpected(st.error());
	fmt::print("{}", summary_text(*outcomes));
	return all_passed(*outcomes) ? Exit::ok : Exit::failed;
}

} // namespace hm::vm
