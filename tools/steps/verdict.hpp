// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// What became of a step.
#pragma once

#include "count.hpp"
#include "plan.hpp"

#include <chrono>
#include <string>

namespace hm::steps
{

/// How a process ended.
struct Ended {
	enum class How {
		exited,      ///< with `value` as its exit code
		signalled,   ///< by the signal `value`
		overran,     ///< killed, its time was up
		interrupted, ///< killed, the user wanted it (signal `value`)
	};
	How how = How::exited;
	int value = 0;
	std::chrono::milliseconds elapsed{0};
	std::chrono::milliseconds limit{0}; ///< what it was allowed
};

/// The verdict on one step.
struct Verdict {
	enum class State { passed, failed, not_run };
	State state = State::not_run;
	Counts counts;            ///< what the step adds to the closing line
	std::string reason;       ///< why it failed or was not run; empty when it passed
	bool environment = false; ///< it failed for want of something (exit code 3)
};

/// Judges a step by its end and by its log. A step without test results in its log counts as one
/// test. It fails when its process failed, when a test failed, when it told of no test at all, and
/// when every test was skipped unless the plan allows that.
Verdict judge(const Step &step, const Ended &ended, const LogCounts &log);

/// The verdict on a step that was not run: one failed test.
Verdict not_run(std::string reason);

/// `1:02`, or `1:02:03`.
std::string clock_text(std::chrono::milliseconds span);

} // namespace hm::steps
