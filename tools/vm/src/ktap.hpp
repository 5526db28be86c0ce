// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Reader of KTAP and TAP 13 test results, as kselftests and our guest scripts print them.
///
/// Understood: version lines ("KTAP version 1", "TAP version 13"), plans ("1..N", "1..0 # SKIP
/// why"), results ("ok 1 - name", "not ok 2 name", directives "# SKIP why", "# TODO why",
/// "# XFAIL why"), "Bail out! why", and nesting by indentation ("  ok 1 ...") or by a comment
/// prefix ("# ok 1 ..."), the way of kselftest's runner. A nested block belongs to the result
/// line that follows it on the level above. The harness of kselftests leaves the name out of
/// skipped results; it is then taken from the "RUN name ..." line before. Other lines are
/// diagnostics.
/// Format: Documentation/dev-tools/ktap.rst of later kernels, and testanything.org for TAP 13.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hm::vm::ktap
{

enum class Outcome { ok, not_ok, skip };

/// One result line with what was nested in it.
struct Test {
	Outcome outcome = Outcome::ok;
	long number = 0;               ///< as printed, 0 if the line had none
	std::string name;              ///< without the leading "- " and without the directive
	std::string reason;            ///< text after # SKIP, # TODO or # XFAIL
	bool expected_failure = false; ///< TODO or XFAIL: does not count as a failure
	std::vector<Test> children;
};

/// All results of one guest.
struct Report {
	bool version_seen = false;
	std::optional<long> plan; ///< of the top level
	std::vector<Test> tests;  ///< of the top level
	std::optional<std::string> bail_out;
	/// What is wrong with the stream itself: no plan, count unlike the plan (on any level),
	/// numbers out of order, results after the end. Any entry is a failure of the run.
	std::vector<std::string> problems;
};

/// Parses a whole stream. Carriage returns are ignored. Never fails: defects are `problems`.
Report parse(std::string_view text);

/// Leaf results: a parent with children counts through its children, except that a parent that
/// failed although no child did (a crash, a time-out) counts as one failure.
struct Counts {
	int ok = 0;
	int failed = 0;
	int skipped = 0;
};
Counts count(const std::vector<Test> &tests);

/// Full names ("parent/child") of the leaves that failed or were skipped, with the reason.
struct Leaf {
	std::string name;
	Outcome outcome;
	std::string reason;
	bool expected_failure;
};
std::vector<Leaf> leaves(const std::vector<Test> &tests);

} // namespace hm::vm::ktap
