// SPDX-License-Identifier: GPL-2.0-only
#include "verdict.hpp"

#include <cstring>
#include <fmt/format.h>

namespace hm::steps
{
namespace
{

/// Why the process itself failed; empty when it did not.
std::string process_failure(const Ended &ended)
{
	switch (ended.how) {
	case Ended::How::exited:
		switch (ended.value) {
		case 0:
			return {};
		case 2:
			return "exit code 2 (usage)";
		case 3:
			return "exit code 3 (something is missing on this machine)";
		case 4:
			return "exit code 4 (could not tell)";
		case 126:
			return "exit code 126 (not executable)";
		case 127:
			return "exit code 127 (no such command)";
		default:
			return fmt::format("exit code {}", ended.value);
		}
	case Ended::How::signalled:
		return fmt::format("killed by signal {} ({})", ended.value, strsignal(ended.value));
	case Ended::How::overran:
		return fmt::format("ran past its budget of {}", clock_text(ended.limit));
	case Ended::How::interrupted:
		return "interrupted";
	}
	return "unknown end";
}

} // namespace

Verdict judge(const Step &step, const Ended &ended, const LogCounts &log)
{
	Verdict out;
	out.state = Verdict::State::failed;
	out.counts = log.counts;
	out.reason = process_failure(ended);
	out.environment = ended.how == Ended::How::exited && ended.value == 3;

	if (!out.reason.empty()) {
		// the failed tests, if it told of any, are why; else the step itself counts
		if (log.counts.failed == 0 || ended.how != Ended::How::exited)
			++out.counts.failed;
	} else if (!log.any) {
		out.counts.passed = 1;
		out.state = Verdict::State::passed;
	} else if (log.counts.failed > 0) {
		out.reason = "tests failed (its exit code says otherwise)";
	} else if (log.counts.all() == 0) {
		out.reason = "told of no test";
		++out.counts.failed;
	} else if (log.counts.passed == 0 && !step.allskip) {
		out.reason = "every test was skipped";
		++out.counts.failed;
	} else {
		out.state = Verdict::State::passed;
	}
	return out;
}

Verdict not_run(std::string reason)
{
	Verdict out;
	out.state = Verdict::State::not_run;
	out.counts.failed = 1;
	out.reason = std::move(reason);
	return out;
}

std::string clock_text(std::chrono::milliseconds span)
{
	const auto seconds = (span.count() + 500) / 1000;
	if (seconds >= 3600)
		return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
				   seconds % 60);
	return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

} // namespace hm::steps
