// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "patch.hpp"
#include "sample.hpp"

namespace hm
{
namespace
{

TEST(ParsePatch, ReadsEveryPart)
{
	const auto patch = parse_patch(std::string(test::name), test::good());
	ASSERT_TRUE(patch) << patch.error().what;
	EXPECT_EQ(patch->header("from"), "hugemem <hugemem@localhost>");
	EXPECT_EQ(patch->subject(), "mm/hugetlb: do one thing and another");
	ASSERT_EQ(patch->trailers().size(), 1U);
	EXPECT_EQ(patch->trailers()[0].second, "LLM:unspecified sparse coccinelle");
	EXPECT_TRUE(patch->separator);
	ASSERT_EQ(patch->files.size(), 1U);
	const auto &file = patch->files[0];
	EXPECT_EQ(file.path, "mm/hugetlb.c");
	EXPECT_EQ(file.old_index, std::string(40, '1'));
	EXPECT_EQ(file.new_index, std::string(40, '2'));
	ASSERT_EQ(file.hunks.size(), 1U);
	EXPECT_EQ(file.hunks[0].old_start, 10U);
	EXPECT_EQ(file.hunks[0].new_count, 8U);
	EXPECT_EQ(file.hunks[0].leading_context(), 3U);
	EXPECT_EQ(file.hunks[0].trailing_context(), 3U);
}

TEST(ParsePatch, TakesPathsWithBlanks)
{
	const auto patch = parse_patch(
		"x", test::spoiled("a/mm/hugetlb.c b/mm/hugetlb.c", "a/a b/c d b/a b/c d"));
	ASSERT_TRUE(patch);
	EXPECT_EQ(patch->files[0].path, "a b/c d");
	EXPECT_FALSE(patch->files[0].renamed);
}

TEST(ParsePatch, SeesRename)
{
	const auto patch =
		parse_patch("x", test::spoiled("b/mm/hugetlb.c\nindex", "b/mm/other.c\nindex"));
	ASSERT_TRUE(patch);
	EXPECT_TRUE(patch->files[0].renamed);
}

TEST(ParsePatch, RefusesLineCountsThatDoNotAddUp)
{
	for (const auto *line : {"-d\n", "+e\n", " f\n"}) {
		const auto patch = parse_patch("x", test::spoiled(line, ""));
		ASSERT_FALSE(patch) << line;
		EXPECT_NE(patch.error().what.find("hunk"), std::string::npos) << patch.error().what;
	}
	EXPECT_FALSE(parse_patch("x", test::spoiled("@@ -10,7 +10,8 @@", "@@ -10,7 +10,9 @@")));
	EXPECT_FALSE(parse_patch("x", test::spoiled("@@ -10,7 +10,8 @@", "@@ -10,7 10,8 @@")));
}

TEST(ParsePatch, KeepsMissingNewlineMark)
{
	const auto patch = parse_patch("x", test::good() + "\\ No newline at end of file\n");
	ASSERT_TRUE(patch);
	EXPECT_EQ(patch->files[0].hunks[0].lines.back()[0], '\\');
	EXPECT_EQ(patch->files[0].hunks[0].trailing_context(), 3U);
}

TEST(ParsePatch, RefusesHeaderWithoutEnd)
{
	EXPECT_FALSE(parse_patch("x", "From: a\n"));
	EXPECT_FALSE(parse_patch("x", "no header\n\n"));
	EXPECT_FALSE(parse_patch("x", ""));
}

} // namespace
} // namespace hm
