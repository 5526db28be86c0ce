// SPDX-License-Identifier: GPL-2.0-only
#include "plan.hpp"
#include "scratch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hm::steps
{
namespace
{

using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Plan, ReadsEveryKey)
{
	const Scratch scratch;
	const auto plan = read_plan(scratch.write("demo.plan", "# a comment\n"
							       "\n"
							       "goal 20\n"
							       "lanes 2\n"
							       "step first\n"
							       "  title  The first, of two\n"
							       "  budget 0.5\n"
							       "  run    echo a # not a comment\n"
							       "step second\r\n"
							       "\ttitle\tThe second\n"
							       "\tneeds\tfirst\n"
							       "\tbudget\t2\n"
							       "\tflags\tshow allskip\n"
							       "\trun\techo b\n"
							       "\trun\techo c"));
	ASSERT_TRUE(plan) << plan.error().what;
	EXPECT_EQ(plan->name, "demo");
	EXPECT_EQ(plan->goal, minutes{20});
	EXPECT_EQ(plan->lanes, 2);
	ASSERT_EQ(plan->steps.size(), 2U);
	const auto &one = plan->steps[0];
	EXPECT_EQ(one.id, "first");
	EXPECT_EQ(one.title, "The first, of two");
	EXPECT_EQ(one.budget, milliseconds{30000});
	EXPECT_EQ(one.script, "echo a # not a comment");
	EXPECT_FALSE(one.show);
	EXPECT_FALSE(one.allskip);
	EXPECT_TRUE(one.needs.empty());
	const auto &two = plan->steps[1];
	EXPECT_EQ(two.id, "second");
	EXPECT_THAT(two.needs, ElementsAre("first"));
	EXPECT_TRUE(two.show);
	EXPECT_TRUE(two.allskip);
	EXPECT_EQ(two.script, "echo b\necho c");
}

TEST(Plan, IncludesAnotherBeforeItsOwnSteps)
{
	const Scratch scratch;
	scratch.write("base.plan", "goal 5\nstep a\ntitle A\nbudget 1\nrun true\n");
	const auto plan = read_plan(scratch.write(
		"more.plan",
		"include base.plan\ngoal 9\nstep b\ntitle B\nneeds a\nbudget 1\nrun true\n"));
	ASSERT_TRUE(plan) << plan.error().what;
	ASSERT_EQ(plan->steps.size(), 2U);
	EXPECT_EQ(plan->steps[0].id, "a");
	EXPECT_EQ(plan->steps[1].id, "b");
	EXPECT_EQ(plan->goal, minutes{9});
	EXPECT_EQ(plan->name, "more");
}

/// A plan that is refused, the line that is at fault, and what the message must say.
struct Bad {
	const char *name;
	const char *text;
	int line; ///< 0: the message names no line
	const char *says;
};

void PrintTo(const Bad &bad, std::ostream *out)
{
	*out << bad.name;
}

class BadPlan : public testing::TestWithParam<Bad>
{
};

TEST_P(BadPlan, IsRefusedByLine)
{
	const Scratch scratch;
	const auto file = scratch.write("bad.plan", GetParam().text);
	const auto plan = read_plan(file);
	ASSERT_FALSE(plan);
	EXPECT_EQ(plan.error().code, Exit::usage);
	EXPECT_THAT(plan.error().what, HasSubstr(GetParam().says));
	if (GetParam().line > 0) {
		EXPECT_THAT(plan.error().what,
			    HasSubstr("bad.plan:" + std::to_string(GetParam().line) + ": "));
	}
}

INSTANTIATE_TEST_SUITE_P(
	Each, BadPlan,
	testing::Values(
		Bad{"UnknownKey", "step a\ntitle A\nbudjet 1\nrun true\n", 3,
		    "unknown key \"budjet\""},
		Bad{"KeyWithoutValue", "step a\ntitle\n", 2, "title without a value"},
		Bad{"OutsideOfStep", "goal 1\nrun true\n", 2, "run outside of a step"},
		Bad{"NoTitle", "\nstep a\nbudget 1\nrun true\n", 2, "step a has no title line"},
		Bad{"NoBudget", "step a\ntitle A\nrun true\n", 1, "step a has no budget line"},
		Bad{"NoRun", "step a\ntitle A\nbudget 1\nstep b\n", 1, "step a has no run line"},
		Bad{"TitleTwice", "step a\ntitle A\ntitle B\n", 3, "has a title already"},
		Bad{"BudgetZero", "step a\ntitle A\nbudget 0\n", 3,
		    "\"0\" is no number of minutes"},
		Bad{"BudgetNegative", "step a\ntitle A\nbudget -2\n", 3, "no number of minutes"},
		Bad{"BudgetWord", "step a\ntitle A\nbudget 5m\n", 3, "\"5m\" is no number"},
		Bad{"BudgetNan", "step a\ntitle A\nbudget nan\n", 3, "no number of minutes"},
		Bad{"GoalWord", "goal soon\n", 1, "goal \"soon\""},
		Bad{"LanesNone", "lanes 0\n", 1, "lanes \"0\""},
		Bad{"LanesWord", "lanes two\n", 1, "lanes \"two\""},
		Bad{"IdTwice", "step a\ntitle A\nbudget 1\nrun true\nstep a\n", 5,
		    "step a is already at"},
		Bad{"IdWithBlank", "step a b\n", 1, "\"a b\" is no step id"},
		Bad{"IdWithSlash", "step ../a\n", 1, "is no step id"},
		Bad{"UnknownFlag", "step a\nflags quick\n", 2, "unknown flag \"quick\""},
		Bad{"UnknownNeed", "step a\ntitle A\nneeds b\nbudget 1\nrun true\n", 1,
		    "step a needs b, which no step"},
		Bad{"IncludeOfItself", "include bad.plan\n", 0, "includes itself"},
		Bad{"IncludeOfNothing", "include gone.plan\n", 0, "gone.plan: no such plan"},
		Bad{"Empty", "# nothing\n", 0, "has no steps"}),
	[](const auto &param) { return param.param.name; });

TEST(Plan, NoSuchFile)
{
	const auto plan = read_plan("/nonexistent/x.plan");
	ASSERT_FALSE(plan);
	EXPECT_EQ(plan.error().code, Exit::usage);
	EXPECT_THAT(plan.error().what, HasSubstr("/nonexistent/x.plan"));
}

} // namespace
} // namespace hm::steps
