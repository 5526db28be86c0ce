// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "topic.hpp"

namespace hm
{
namespace
{

std::vector<Topic> table()
{
	return parse_topics("# c\n01 - one\n02 - two\n04 01 four\n05 04 five\n09 * tests of all\n")
		.value();
}

TEST(Topics, ReadsTheTable)
{
	const auto rows = table();
	ASSERT_EQ(rows.size(), 5U);
	EXPECT_EQ(rows[2].needs, std::vector<std::string>{"01"});
	EXPECT_TRUE(rows[4].needs_all);
	EXPECT_EQ(rows[4].title, "tests of all");
}

TEST(Topics, RefusesBadTables)
{
	EXPECT_FALSE(parse_topics("1 - one\n"));
	EXPECT_FALSE(parse_topics("01 -\n"));
	EXPECT_FALSE(parse_topics("02 - two\n01 - one\n"));
	EXPECT_FALSE(parse_topics("01 02 one\n02 - two\n"));
}

TEST(Topics, NeedsAreTransitive)
{
	EXPECT_EQ(needs_of(table(), "05", {"01", "02", "04", "05"}), (TopicSet{"01", "04"}));
	// A block that is not there cannot be missed, what it needs can.
	EXPECT_EQ(needs_of(table(), "05", {"01", "05"}), (TopicSet{"01"}));
	EXPECT_EQ(needs_of(table(), "09", {"01", "02", "09"}), (TopicSet{"01", "02"}));
}

TEST(Topics, RefusedSubsetSaysWhatWouldDo)
{
	const TopicSet present{"01", "02", "04", "05"};
	EXPECT_TRUE(allow_subset(table(), {"01"}, present));
	EXPECT_TRUE(allow_subset(table(), {"01", "04"}, present));
	const auto refused = allow_subset(table(), {"05"}, present);
	ASSERT_FALSE(refused);
	EXPECT_EQ(refused.error().exit, Exit::usage);
	EXPECT_NE(refused.error().what.find("topic 05 needs topic 04"), std::string::npos);
	EXPECT_NE(refused.error().hint.find("TOPIC=\"01 04 05\""), std::string::npos);
	EXPECT_FALSE(allow_subset(table(), {"09"}, present));
}

TEST(Topics, SubsetsAreThoseAllowed)
{
	const auto subsets = allowed_subsets(table(), {"01", "02", "04"});
	ASSERT_TRUE(subsets);
	const std::vector<TopicSet> expected{
		{"01"}, {"02"}, {"01", "02"}, {"01", "04"}, {"01", "02", "04"}};
	EXPECT_EQ(*subsets, expected);
}

} // namespace
} // namespace hm
