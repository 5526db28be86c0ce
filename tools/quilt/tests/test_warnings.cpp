// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "exceptions.hpp"
#include "warnings.hpp"

namespace hm
{
namespace
{

TEST(Warnings, MovedLinesAreTheSame)
{
	EXPECT_TRUE(new_warnings("mm/a.c:10:5: warning: x\n", "mm/a.c:99:7: warning: x\n").empty());
	EXPECT_TRUE(new_warnings("mm/a.c:10: warning: see line 3\n",
				 "./mm/a.c:11: warning: see line 4\n")
			    .empty());
	EXPECT_TRUE(new_warnings("", "  CC mm/a.o\nnoise\n").empty());
}

TEST(Warnings, NewOnesAreNamed)
{
	const auto fresh = new_warnings("mm/a.c:10:5: warning: x\n",
					"mm/a.c:10:5: warning: x\nmm/a.c:20:1: warning: y\n");
	ASSERT_EQ(fresh.size(), 1U);
	EXPECT_EQ(fresh[0], "mm/a.c:20:1: warning: y");
	EXPECT_EQ(new_warnings("mm/a.c:1: x\n", "mm/b.c:1: x\n").size(), 1U);
}

TEST(Warnings, ASecondOneOfAKindCounts)
{
	EXPECT_EQ(new_warnings("mm/a.c:1: x\n", "mm/a.c:1: x\nmm/a.c:5: x\n").size(), 1U);
}

TEST(Warnings, SpatchRanges)
{
	EXPECT_EQ(warning_key("mm/a.c:10:5-9: WARNING: x"), "mm/a.c: WARNING: x");
}

TEST(Exceptions, AcceptByTypeAndPatch)
{
	auto table = parse_exceptions(
		"# c\nSPACING 0101-* moved lines\nFILE_PATH_CHANGES * checked elsewhere\n");
	ASSERT_TRUE(table) << table.error().what;
	const auto left = without_exceptions(*table, "/p/0101-a.patch:3: CHECK:SPACING: x\n"
						     "/p/0102-b.patch:3: CHECK:SPACING: x\n"
						     "total: 0 errors\n");
	ASSERT_EQ(left.size(), 1U);
	EXPECT_EQ(left[0], "/p/0102-b.patch:3: CHECK:SPACING: x");
	EXPECT_TRUE((*table)[0].used);
	EXPECT_FALSE((*table)[1].used);
	EXPECT_FALSE(parse_exceptions("SPACING 0101-*\n"));
}

} // namespace
} // namespace hm
