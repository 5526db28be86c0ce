// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Targets of report rows: figures to beat. A report shows them; `--strict-targets` holds runs to
/// them.
#pragma once

#include <string>
#include <vector>

#include "runner.hpp"

namespace hm::vm
{

/// What came of a target.
enum class Met {
	yes,
	no,
	unknown, ///< the run, or the one that it is compared with, has no such value
};

/// The limits as text: "at most 8,490", "at least 12", "at most 1.01 x stock"; `digits` as in
/// format_number().
std::string limits_text(const ReportRow &row, const Target &target, int digits);

/// Compares the run's value with the limits.
Met met(const Outcome &outcome, const ReportRow &row, const Target &target);

/// Makes each missed target a failure of its run, and so each for which there is no value. Runs
/// that did not run stay so. Returns the failures.
std::vector<std::string> fail_missed_targets(const Outcome &outcome, Verdict &verdict);

} // namespace hm::vm
