// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// A plan: the steps of `make demo`, `make test` and their like, as data.
///
/// The file has one statement a line: a key, blanks, the rest. `#` begins a comment line.
///
///     include OTHER.plan     take another plan's steps first (a path relative to this file)
///     goal MINUTES           what the whole plan should take; going over it is said, and no
///     failure lanes NUMBER           so many steps may run at once (1) step ID begins a step; a-z,
///     0-9 and `-`, unique
///       title TEXT           one line for people
///       needs ID...          steps that must have passed
///       budget MINUTES       (fractions allowed) a step that takes longer is killed and fails
///       flags FLAG...        allskip: may skip all its tests; show: its output is what the user
///                            came for and goes to stdout
///       run COMMAND          a line for `sh -e`; several lines make one script
///
/// title, budget and run are required.
#pragma once

#include "error.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace hm::steps
{

/// One step of a plan.
struct Step {
	std::string id;
	std::string title;
	std::vector<std::string> needs; ///< ids of steps that must have passed
	std::string script;             ///< for `sh -e -c`, lines joined by newlines
	std::chrono::milliseconds budget{0};
	bool allskip = false; ///< passing although every test was skipped
	bool show = false;    ///< its log goes to stdout when it passed
	std::string where;    ///< FILE:LINE of its first line, for messages
};

/// A plan, its steps in the order of the file.
struct Plan {
	std::string name;                  ///< the file's name without its extension
	std::chrono::milliseconds goal{0}; ///< 0: none
	unsigned lanes = 1;                ///< steps that may run at once
	std::vector<Step> steps;
};

/// Reads a plan and those that it includes. Errors (Exit::usage) name file and line. Ids are
/// unique, needs name steps that exist; see order.hpp for cycles.
Result<Plan> read_plan(const std::filesystem::path &file);

} // namespace hm::steps
