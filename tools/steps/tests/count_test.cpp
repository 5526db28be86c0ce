// SPDX-License-Identifier: GPL-2.0-only
#include "count.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace hm::steps
{
namespace
{

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

LogCounts count(const std::string &text)
{
	std::istringstream in{text};
	return count_log(in);
}

TEST(Count, NothingThere)
{
	const auto out = count("gcc -c a.c\nlooks ok to me\nok then\n[ ok ] started\nnot okay\n");
	EXPECT_FALSE(out.any);
	EXPECT_EQ(out.counts, Counts{});
}

TEST(Count, ClosingLineReadsAsItWrites)
{
	const Counts counts{12, 3, 4};
	EXPECT_EQ(to_string(counts), "12 passed, 3 failed, 4 skipped");
	EXPECT_EQ(count("  x\n" + to_string(counts) + "\n").counts, counts);
	EXPECT_FALSE(count("so far 1 passed, 0 failed, 0 skipped\n").any);
	EXPECT_FALSE(count("1 passed, 0 failed, 0 skipped of 9\n").any);
}

// --- TAP and KTAP

TEST(Tap, CountsEachKindOfResult)
{
	const auto out = count("TAP version 13\n"
			       "1..6\n"
			       "ok 1 - plain\n"
			       "not ok 2 - broken\n"
			       "ok 3 - no such hardware # SKIP needs NUMA\n"
			       "ok 4 # skip lower case\n"
			       "not ok 5 - known # TODO later\n"
			       "ok 6 # XFAIL expected\n");
	EXPECT_TRUE(out.any);
	EXPECT_EQ(out.counts, (Counts{1, 1, 4}));
	EXPECT_THAT(out.failures, ElementsAre("not ok 2 - broken"));
}

TEST(Tap, HashInANameIsNoDirective)
{
	EXPECT_EQ(count("1..2\nok 1 issue#SKIP\nok 2 skipping is fine\n").counts,
		  (Counts{2, 0, 0}));
}

TEST(Tap, SerialLinesEndInCarriageReturn)
{
	EXPECT_EQ(count("KTAP version 1\r\n1..1\r\nok 1 a\r\n").counts, (Counts{1, 0, 0}));
}

TEST(Tap, MissingResultsAreFailures)
{
	const auto out = count("1..5\nok 1 a\nok 2 b\n");
	EXPECT_EQ(out.counts, (Counts{2, 3, 0}));
	EXPECT_THAT(out.failures, Contains(HasSubstr("5 tests promised, 2 told of")));
}

TEST(Tap, MoreThanPromisedIsAFailure)
{
	EXPECT_EQ(count("1..1\nok 1 a\nok 2 b\n").counts, (Counts{2, 1, 0}));
}

TEST(Tap, PlanAtTheEnd)
{
	EXPECT_EQ(count("ok 1 a\nok 2 b\n1..2\n").counts, (Counts{2, 0, 0}));
	EXPECT_EQ(count("ok 1 a\nok 2 b\n1..3\n").counts, (Counts{2, 1, 0}));
}

TEST(Tap, DocumentsOneBehindTheOther)
{
	EXPECT_EQ(count("1..2\nok 1 a\nok 2 b\nnoise\n1..1\nok 1 c\n").counts, (Counts{3, 0, 0}));
	EXPECT_EQ(count("ok 1 a\nok 2 b\n1..2\nok 1 c\n1..1\n").counts, (Counts{3, 0, 0}));
	EXPECT_EQ(count("TAP version 13\nok 1 a\n1..1\nTAP version 13\n1..2\nok 1 b\n").counts,
		  (Counts{2, 1, 0}));
}

TEST(Tap, BailOutIsAFailure)
{
	const auto out = count("1..1\nok 1 a\nBail out! no root\n");
	EXPECT_EQ(out.counts, (Counts{1, 1, 0}));
	EXPECT_THAT(out.failures, ElementsAre("Bail out! no root"));
}

TEST(Tap, SkipOfEverything)
{
	EXPECT_EQ(count("1..0 # SKIP no hugetlb\n").counts, (Counts{0, 0, 1}));
	const auto empty = count("1..0\n");
	EXPECT_TRUE(empty.any);
	EXPECT_EQ(empty.counts.all(), 0);
}

TEST(Tap, VersionAloneIsADocumentWithoutTests)
{
	EXPECT_TRUE(count("TAP version 13\n").any);
}

TEST(Tap, NumbersMayBeMissingInsideADocument)
{
	EXPECT_EQ(count("ok first\n1..2\nok a\nnot ok b\n").counts, (Counts{1, 1, 0}));
}

TEST(Ktap, OnlyLeavesCount)
{
	const auto out = count("KTAP version 1\n"
			       "1..2\n"
			       "  KTAP version 1\n"
			       "  1..2\n"
			       "    KTAP version 1\n"
			       "    1..2\n"
			       "    ok 1 a\n"
			       "    not ok 2 b\n"
			       "  not ok 1 deep\n"
			       "  ok 2 leaf # SKIP\n"
			       "not ok 1 suite\n"
			       "  KTAP version 1\n"
			       "  1..1\n"
			       "  ok 1 c\n"
			       "ok 2 other\n");
	EXPECT_EQ(out.counts, (Counts{2, 1, 1}));
	EXPECT_THAT(out.failures, ElementsAre("not ok 2 b"));
}

TEST(Ktap, ParentThatFailsAloneIsAFailure)
{
	const auto out = count("KTAP version 1\n1..1\n  1..1\n  ok 1 a\nnot ok 1 suite\n");
	EXPECT_EQ(out.counts, (Counts{1, 1, 0}));
	EXPECT_THAT(out.failures, ElementsAre(HasSubstr("suite")));
}

TEST(Ktap, ChildrenThatNeverCameAreFailures)
{
	EXPECT_EQ(count("KTAP version 1\n1..1\n  KTAP version 1\n  1..3\n  ok 1 a\n").counts,
		  (Counts{1, 3, 0}));
}

TEST(Ktap, DiagnosticsAreNoResults)
{
	EXPECT_EQ(
		count("TAP version 13\n1..1\n# ok 1 inner\n# not ok 2 inner\nok 1 outer\n").counts,
		(Counts{1, 0, 0}));
}

// --- GoogleTest

const char *const gtest_log = "[==========] Running 4 tests from 1 test suite.\n"
			      "[ RUN      ] A.a\n"
			      "[       OK ] A.a (0 ms)\n"
			      "[ RUN      ] A.b\n"
			      "x.cpp:1: Failure\n"
			      "[  FAILED  ] A.b (0 ms)\n"
			      "[  SKIPPED ] A.c (0 ms)\n"
			      "[       OK ] A.d (0 ms)\n"
			      "[==========] 4 tests from 1 test suite ran. (1 ms total)\n"
			      "[  PASSED  ] 2 tests.\n"
			      "[  SKIPPED ] 1 test, listed below:\n"
			      "[  SKIPPED ] A.c\n"
			      "[  FAILED  ] 1 test, listed below:\n"
			      "[  FAILED  ] A.b\n"
			      "\n"
			      " 1 FAILED TEST\n";

TEST(Gtest, CountsTheSummary)
{
	const auto out = count(gtest_log);
	EXPECT_EQ(out.counts, (Counts{2, 1, 1}));
	EXPECT_THAT(out.failures, ElementsAre("A.b"));
}

TEST(Gtest, SeveralProgramsAddUp)
{
	EXPECT_EQ(count(std::string{gtest_log} + gtest_log).counts, (Counts{4, 2, 2}));
}

TEST(Gtest, CrashBeforeTheSummary)
{
	const auto out = count("[==========] Running 3 tests from 1 test suite.\n"
			       "[ RUN      ] A.a\n"
			       "[       OK ] A.a (0 ms)\n"
			       "Segmentation fault\n");
	EXPECT_EQ(out.counts, (Counts{0, 3, 0}));
	EXPECT_FALSE(out.failures.empty());
}

TEST(Gtest, AddsUpWithTap)
{
	EXPECT_EQ(count(std::string{gtest_log} + "1..1\nok 1 a\n").counts, (Counts{3, 1, 1}));
}

// --- ctest

TEST(Ctest, CountsTheSummaryAndNothingBelow)
{
	const auto out =
		count(std::string{gtest_log} + "1/3 Test #1: steps.A ....***Failed 0.01 sec\n"
					       "not ok 1 inner\n"
					       "\n"
					       "67% tests passed, 1 tests failed out of 3\n"
					       "\n"
					       "Total Test time (real) =   0.10 sec\n"
					       "\n"
					       "The following tests did not run:\n"
					       "\t  2 - steps.B (Skipped)\n"
					       "\t  4 - steps.D (Disabled)\n"
					       "\n"
					       "The following tests FAILED:\n"
					       "\t  1 - steps.A (Failed)\n"
					       "Errors while running CTest\n");
	EXPECT_EQ(out.counts, (Counts{1, 1, 2}));
	EXPECT_THAT(out.failures, ElementsAre("1 - steps.A (Failed)"));
}

TEST(Ctest, NoTestsIsAFailure)
{
	const auto out = count("Test project /x\nNo tests were found!!!\n");
	EXPECT_TRUE(out.any);
	EXPECT_EQ(out.counts, (Counts{0, 1, 0}));
}

TEST(Count, KeepsAFewFailuresOnly)
{
	std::string text = "1..40\n";
	for (int i = 1; i <= 40; ++i)
		text += "not ok " + std::to_string(i) + " x\n";
	const auto out = count(text);
	EXPECT_EQ(out.counts.failed, 40);
	EXPECT_EQ(out.failures.size(), LogCounts::max_failures);
}

} // namespace
} // namespace hm::steps
