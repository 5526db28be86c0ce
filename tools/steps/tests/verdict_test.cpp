// SPDX-License-Identifier: GPL-2.0-only
#include "verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hm::steps
{
namespace
{

using State = Verdict::State;
using How = Ended::How;
using testing::HasSubstr;

Ended exited(int code)
{
	return Ended{How::exited, code, {}, {}};
}

LogCounts log_of(Counts counts)
{
	LogCounts out;
	out.any = true;
	out.counts = counts;
	return out;
}

TEST(Judge, StepWithoutTestsIsOneTest)
{
	const auto good = judge({}, exited(0), {});
	EXPECT_EQ(good.state, State::passed);
	EXPECT_EQ(good.counts, (Counts{1, 0, 0}));
	const auto bad = judge({}, exited(1), {});
	EXPECT_EQ(bad.state, State::failed);
	EXPECT_EQ(bad.counts, (Counts{0, 1, 0}));
	EXPECT_FALSE(bad.environment);
}

TEST(Judge, TestsCountForThemselves)
{
	const auto good = judge({}, exited(0), log_of({7, 0, 2}));
	EXPECT_EQ(good.state, State::passed);
	EXPECT_EQ(good.counts, (Counts{7, 0, 2}));
	const auto bad = judge({}, exited(1), log_of({7, 3, 0}));
	EXPECT_EQ(bad.state, State::failed);
	EXPECT_EQ(bad.counts, (Counts{7, 3, 0}));
}

TEST(Judge, FailedTestsBeatAGoodExitCode)
{
	const auto out = judge({}, exited(0), log_of({7, 1, 0}));
	EXPECT_EQ(out.state, State::failed);
	EXPECT_EQ(out.counts, (Counts{7, 1, 0}));
}

TEST(Judge, BadExitCodeBeatsPassedTests)
{
	const auto out = judge({}, exited(1), log_of({7, 0, 0}));
	EXPECT_EQ(out.state, State::failed);
	EXPECT_EQ(out.counts, (Counts{7, 1, 0}));
}

TEST(Judge, SkipOfEverythingFails)
{
	const auto out = judge({}, exited(0), log_of({0, 0, 4}));
	EXPECT_EQ(out.state, State::failed);
	EXPECT_EQ(out.counts, (Counts{0, 1, 4}));
	EXPECT_THAT(out.reason, HasSubstr("every test was skipped"));
}

TEST(Judge, SkipOfEverythingMayBeAllowed)
{
	Step step;
	step.allskip = true;
	EXPECT_EQ(judge(step, exited(0), log_of({0, 0, 4})).state, State::passed);
	// which does not excuse a run without any test
	EXPECT_EQ(judge(step, exited(0), log_of({0, 0, 0})).state, State::failed);
}

TEST(Judge, NoTestAtAllFails)
{
	const auto out = judge({}, exited(0), log_of({0, 0, 0}));
	EXPECT_EQ(out.state, State::failed);
	EXPECT_EQ(out.counts, (Counts{0, 1, 0}));
}

TEST(Judge, SaysWhatTheExitCodeMeans)
{
	EXPECT_THAT(judge({}, exited(127), {}).reason, HasSubstr("no such command"));
	const auto out = judge({}, exited(3), {});
	EXPECT_TRUE(out.environment);
	EXPECT_THAT(out.reason, HasSubstr("missing on this machine"));
}

TEST(Judge, KilledStepsFail)
{
	Step step;
	const std::chrono::minutes limit{2};
	const auto over = judge(step, Ended{How::overran, 0, {}, limit}, log_of({5, 0, 0}));
	EXPECT_EQ(over.state, State::failed);
	EXPECT_EQ(over.counts, (Counts{5, 1, 0}));
	EXPECT_THAT(over.reason, HasSubstr("budget of 2:00"));
	EXPECT_EQ(judge(step, Ended{How::signalled, 11, {}, {}}, {}).counts, (Counts{0, 1, 0}));
	EXPECT_THAT(judge(step, Ended{How::signalled, 11, {}, {}}, {}).reason,
		    HasSubstr("signal 11"));
	EXPECT_EQ(judge(step, Ended{How::interrupted, 2, {}, {}}, {}).reason, "interrupted");
}

TEST(NotRun, IsOneFailure)
{
	const auto out = not_run("needs x");
	EXPECT_EQ(out.state, State::not_run);
	EXPECT_EQ(out.counts, (Counts{0, 1, 0}));
	EXPECT_EQ(out.reason, "needs x");
}

TEST(ClockText, RoundsToSeconds)
{
	using std::chrono::milliseconds;
	EXPECT_EQ(clock_text(milliseconds{0}), "0:00");
	EXPECT_EQ(clock_text(milliseconds{62'400}), "1:02");
	EXPECT_EQ(clock_text(milliseconds{3'723'000}), "1:02:03");
}

} // namespace
} // namespace hm::steps
