// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Runs a plan from its first step to its last.
#pragma once

#include "plan.hpp"
#include "verdict.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace hm::steps
{

/// How to run a plan.
struct Options {
	std::filesystem::path top;          ///< where the commands run
	std::filesystem::path log_dir;      ///< one log a step, and results.tsv; made if missing
	std::chrono::milliseconds limit{0}; ///< for the whole run; 0: none. Later steps are not run
	double stretch = 1;                 ///< every budget times this
	unsigned jobs = 1;    ///< for all steps that run at once; each finds its part in JOBS
	bool verbose = false; ///< logs to stderr as they grow; one step at a time then
	std::chrono::milliseconds grace{5000}; ///< between SIGTERM and SIGKILL
};

/// What became of a plan.
struct Summary {
	Counts counts;
	Exit exit = Exit::ok;          ///< ok, failed or environment
	int interrupted = 0;           ///< the signal that ended the run early, or 0
	std::vector<Verdict> verdicts; ///< in the order of plan.steps
	std::vector<std::chrono::milliseconds> elapsed; ///< likewise
};

/// Runs the steps in order, as many at once as the plan has lanes, going on after a failure with
/// all that does not need what failed.
/// Errors (usage: a cycle; environment: no logs can be written) come before the first step.
Result<Summary> run_plan(const Plan &plan, const Options &options);

} // namespace hm::steps
