// SPDX-License-Identifier: GPL-2.0-only
#include "ktap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hm::vm::ktap
{
namespace
{

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Ktap, PlainResults)
{
	const Report report = parse("KTAP version 1\n1..3\nok 1 - first\nnot ok 2 - second\n"
				    "ok 3 - third # SKIP no hardware\n");
	EXPECT_TRUE(report.version_seen);
	EXPECT_EQ(report.plan, 3);
	EXPECT_THAT(report.problems, IsEmpty());
	ASSERT_THAT(report.tests, SizeIs(3));
	EXPECT_EQ(report.tests[0].name, "first");
	EXPECT_EQ(report.tests[1].outcome, Outcome::not_ok);
	EXPECT_EQ(report.tests[2].outcome, Outcome::skip);
	EXPECT_EQ(report.tests[2].reason, "no hardware");
	const Counts counts = count(report.tests);
	EXPECT_EQ(counts.ok, 1);
	EXPECT_EQ(counts.failed, 1);
	EXPECT_EQ(counts.skipped, 1);
}

TEST(Ktap, NoPlanIsAProblem)
{
	const Report report = parse("KTAP version 1\nok 1 - a\n");
	ASSERT_THAT(report.problems, SizeIs(1));
	EXPECT_THAT(report.problems[0], HasSubstr("no plan"));
}

TEST(Ktap, NothingAtAllIsAProblem)
{
	EXPECT_THAT(parse("").problems, SizeIs(1));
}

TEST(Ktap, FewerResultsThanPlanned)
{
	const Report report = parse("1..3\nok 1 a\nok 2 b\n");
	ASSERT_THAT(report.problems, SizeIs(1));
	EXPECT_THAT(report.problems[0], HasSubstr("planned 3 tests, saw 2"));
}

TEST(Ktap, MoreResultsThanPlanned)
{
	EXPECT_THAT(parse("1..1\nok 1 a\nok 2 b\n").problems, SizeIs(1));
}

TEST(Ktap, LostNumber)
{
	const Report report = parse("1..2\nok 1 a\nok 3 c\n");
	ASSERT_THAT(report.problems, SizeIs(1));
	EXPECT_THAT(report.problems[0], HasSubstr("results lost"));
}

TEST(Ktap, SecondPlan)
{
	EXPECT_THAT(parse("1..1\n1..1\nok 1 a\n").problems, SizeIs(1));
}

TEST(Ktap, PlanAtTheEndIsFine)
{
	EXPECT_THAT(parse("ok 1 a\nok 2 b\n1..2\n").problems, IsEmpty());
}

TEST(Ktap, BailOut)
{
	const Report report = parse("1..2\nok 1 a\nBail out! no memory\n");
	EXPECT_EQ(report.bail_out, "no memory");
}

TEST(Ktap, NestedByBlanks)
{
	const Report report = parse("KTAP version 1\n1..2\n  KTAP version 1\n  1..2\n  ok 1 x\n"
				    "  not ok 2 y\nnot ok 1 outer\nok 2 plain\n");
	EXPECT_THAT(report.problems, IsEmpty());
	ASSERT_THAT(report.tests, SizeIs(2));
	EXPECT_THAT(report.tests[0].children, SizeIs(2));
	const auto list = leaves(report.tests);
	ASSERT_THAT(list, SizeIs(3)); // the failed parent counts through its failed child
	EXPECT_EQ(list[1].name, "outer/y");
	EXPECT_EQ(count(report.tests).failed, 1);
}

TEST(Ktap, NestedByCommentAsKselftestDoes)
{
	const Report report =
		parse("TAP version 13\n1..1\n# selftests: hvo: bytes\n# TAP version 13\n"
		      "# 1..2\n# ok 1 one\n# ok 2 two # SKIP why\nok 1 selftests: hvo: bytes\n");
	EXPECT_THAT(report.problems, IsEmpty());
	ASSERT_THAT(report.tests, SizeIs(1));
	EXPECT_THAT(report.tests[0].children, SizeIs(2));
	EXPECT_EQ(count(report.tests).skipped, 1);
}

TEST(Ktap, NestedCountIsChecked)
{
	const Report report = parse("1..1\n  1..5\n  ok 1 x\nok 1 outer\n");
	ASSERT_THAT(report.problems, SizeIs(1));
	EXPECT_THAT(report.problems[0], HasSubstr("outer: planned 5 tests, saw 1"));
}

TEST(Ktap, ParentThatDiedAfterGoodChildrenIsAFailure)
{
	const Report report = parse("1..1\n  1..1\n  ok 1 x\nnot ok 1 outer\n");
	EXPECT_EQ(count(report.tests).failed, 1);
	EXPECT_EQ(count(report.tests).ok, 1);
}

TEST(Ktap, NestedWithoutParentLine)
{
	const Report report = parse("1..1\n  1..1\n  ok 1 x\n");
	EXPECT_THAT(report.problems, Not(IsEmpty()));
	EXPECT_EQ(count(report.tests).failed, 1);
}

TEST(Ktap, ChildThatPlansNothingIsSkipped)
{
	const Report report = parse("1..1\n  1..0 # SKIP needs root\nok 1 outer\n");
	ASSERT_THAT(report.tests, SizeIs(1));
	EXPECT_EQ(report.tests[0].outcome, Outcome::skip);
	EXPECT_EQ(report.tests[0].reason, "needs root");
}

TEST(Ktap, DirectivesOfOldHarness)
{
	const Report report = parse("1..4\nok 1 # SKIP no feature\nok 2 # skip lower case\n"
				    "not ok 3 x # TODO later\nnot ok 4 y # XFAIL known\n");
	EXPECT_THAT(report.problems, IsEmpty());
	EXPECT_EQ(count(report.tests).skipped, 2);
	EXPECT_EQ(count(report.tests).failed, 0);
	EXPECT_EQ(report.tests[0].name, "test 1");
}

TEST(Ktap, HarnessTellsTheNameOfASkipOnlyAtItsStart)
{
	const Report report =
		parse("1..1\n  TAP version 13\n  1..2\n  #  RUN           use.on.advise ...\n"
		      "  #      SKIP      no such call\n  ok 1 # SKIP no such call\n"
		      "  #  RUN           use.on.file ...\n  #            OK  use.on.file\n"
		      "  ok 2 use.on.file\nok 1 hugetlb:use\n");
	EXPECT_THAT(report.problems, IsEmpty());
	const auto list = leaves(report.tests);
	ASSERT_THAT(list, SizeIs(2));
	EXPECT_EQ(list[0].name, "hugetlb:use/use.on.advise");
	EXPECT_EQ(list[0].outcome, Outcome::skip);
	EXPECT_EQ(list[1].name, "hugetlb:use/use.on.file");
}

TEST(Ktap, HashInANameIsNoDirective)
{
	const Report report = parse("1..1\nok 1 - page #7 of head\n");
	EXPECT_EQ(report.tests.at(0).name, "page #7 of head");
	EXPECT_EQ(report.tests.at(0).outcome, Outcome::ok);
}

TEST(Ktap, ProseIsNoResult)
{
	const Report report = parse("1..1\nokay then\nnot okay\n1...2 is no plan\nok 1 real\n");
	EXPECT_THAT(report.problems, IsEmpty());
	EXPECT_THAT(report.tests, SizeIs(1));
}

TEST(Ktap, CarriageReturns)
{
	const Report report = parse("1..1\r\nok 1 - a\r\n");
	EXPECT_EQ(report.tests.at(0).name, "a");
	EXPECT_THAT(report.problems, IsEmpty());
}

TEST(Ktap, SurvivesGarbage)
{
	const std::string garbage("\0\xff\xfe# # #   1..\n1..99999999999999999999\nok -1\nnot ok\n",
				  50);
	const Report report = parse(garbage);
	EXPECT_THAT(report.problems, Not(IsEmpty()));
}

} // namespace
} // namespace hm::vm::ktap
