// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Side-by-side reports: a text for the terminal and Markdown for documents.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "error.hpp"
#include "runner.hpp"

namespace hm::vm
{

/// A number for people: thousands separated by commas, `digits` after the point (-1: none for
/// whole numbers, else up to three).
std::string format_number(double value, int digits);

/// A table with aligned columns; the first row is the heading. Numbers should come formatted.
std::string align_table(const std::vector<std::vector<std::string>> &rows);

/// Text blocks beside one another under their headings, if they fit `width` columns, else below
/// one another.
std::string side_by_side(const std::vector<std::string> &headings,
			 const std::vector<std::vector<std::string>> &blocks, size_t width);

/// Metrics, differing tests, blocks and failures of one scenario.
std::string scenario_text(const Outcome &outcome, size_t width);

/// All scenarios, then "N passed, N failed, N skipped" (runs, the last line).
std::string summary_text(const std::vector<Outcome> &outcomes);

/// The metric tables as Markdown, each with the machine, configuration and `command` that made it.
std::string markdown(const std::vector<Outcome> &outcomes, const std::string &command);

/// True if something ran and all that ran passed.
bool all_passed(const std::vector<Outcome> &outcomes);

/// OUT/SCENARIO/report.txt and OUT/summary.json.
Status write_reports(const std::vector<Outcome> &outcomes, const std::filesystem::path &out);

/// Reads OUT/SCENARIO/RUN/verdict.json for each run of the scenarios; a run without one is
/// "not run".
Result<std::vector<Outcome>> load_outcomes(const std::vector<Scenario> &scenarios,
					   const std::filesystem::path &out);

} // namespace hm::vm
