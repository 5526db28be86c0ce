// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Boots the runs of scenarios, judges them and keeps the results.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "accel.hpp"
#include "error.hpp"
#include "scenario.hpp"
#include "verdict.hpp"

namespace hm::vm
{

struct RunnerOptions {
	/// "ROLE/VARIANT" (or "ROLE", meaning variant tiny) to build folder or kernel image.
	std::map<std::string, std::filesystem::path> kernels;
	std::filesystem::path out;              ///< OUT/SCENARIO/RUN/...
	std::vector<std::filesystem::path> bin; ///< where "bin:NAME" is looked for
	std::filesystem::path selftests;        ///< "selftests:"; empty: none given
	std::filesystem::path guest_dir;        ///< init and lib.sh
	std::filesystem::path allow_list;
	AccelChoice accel = AccelChoice::automatic;
	bool partial = false;   ///< runs whose kernel was not given are left out instead of refused
	bool complete = false;  ///< an optional file that is missing is an error
	unsigned jobs = 1;      ///< guests at a time
	double time_factor = 1; ///< scenarios' time limits are multiplied by this
};

/// A scenario with what came of it.
struct Outcome {
	Scenario scenario;
	std::vector<Verdict> verdicts; ///< in the order of scenario.runs
};

/// Runs all. Progress goes to stderr, one line a run when it is done. An error only for what
/// stops everything (environment, usage, interruption); failed runs are in the verdicts.
Result<std::vector<Outcome>> run_scenarios(const std::vector<Scenario> &scenarios,
					   const RunnerOptions &options);

} // namespace hm::vm
