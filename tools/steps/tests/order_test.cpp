// SPDX-License-Identifier: GPL-2.0-only
#include "order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hm::steps
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

Step step(std::string id, std::vector<std::string> needs = {})
{
	Step out;
	out.id = std::move(id);
	out.needs = std::move(needs);
	return out;
}

Plan plan(std::vector<Step> steps)
{
	Plan out;
	out.name = "p";
	out.steps = std::move(steps);
	return out;
}

std::vector<std::string> ids(const Plan &p)
{
	std::vector<std::string> out;
	for (const auto &s : p.steps)
		out.push_back(s.id);
	return out;
}

TEST(Order, IsTheFilesWhereNeedsAllowIt)
{
	const auto out = order(plan({step("a"), step("b", {"a"}), step("c")}));
	ASSERT_TRUE(out);
	EXPECT_THAT(*out, ElementsAre(0, 1, 2));
}

TEST(Order, PutsAStepBehindItsNeeds)
{
	const auto out = order(plan({step("a", {"c"}), step("b"), step("c", {"d"}), step("d")}));
	ASSERT_TRUE(out);
	EXPECT_THAT(*out, ElementsAre(1, 3, 2, 0));
}

TEST(Order, NamesTheCircle)
{
	const auto out = order(
		plan({step("x", {"a"}), step("a", {"b"}), step("b", {"c"}), step("c", {"a"})}));
	ASSERT_FALSE(out);
	EXPECT_EQ(out.error().code, Exit::usage);
	EXPECT_THAT(out.error().what, HasSubstr("a needs b needs c needs a"));
	EXPECT_THAT(out.error().what, testing::Not(HasSubstr("x needs")));
}

TEST(Order, NamesTheStepThatNeedsItself)
{
	const auto out = order(plan({step("fine"), step("a", {"fine", "a"})}));
	ASSERT_FALSE(out);
	EXPECT_THAT(out.error().what, HasSubstr("a needs a"));
}

TEST(Only, KeepsWhatTheStepNeeds)
{
	const auto out =
		only(plan({step("a"), step("b", {"a"}), step("c"), step("d", {"b"})}), "d", true);
	ASSERT_TRUE(out);
	EXPECT_THAT(ids(*out), ElementsAre("a", "b", "d"));
}

TEST(Only, WithoutNeedsIsAlone)
{
	const auto out = only(plan({step("a"), step("b", {"a"})}), "b", false);
	ASSERT_TRUE(out);
	EXPECT_THAT(ids(*out), ElementsAre("b"));
	EXPECT_TRUE(out->steps[0].needs.empty());
}

TEST(Only, ListsTheKnownWhenUnknown)
{
	const auto out = only(plan({step("a"), step("b")}), "z", true);
	ASSERT_FALSE(out);
	EXPECT_EQ(out.error().code, Exit::usage);
	EXPECT_THAT(out.error().what, HasSubstr("no step z; it has: a, b"));
}

} // namespace
} // namespace hm::steps
