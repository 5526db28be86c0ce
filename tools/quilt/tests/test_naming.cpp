// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "naming.hpp"
#include "series.hpp"

namespace hm
{
namespace
{

using FileNames = std::vector<std::string>;

TEST(Slug, FromSubject)
{
	EXPECT_EQ(slug_of("mm/hugetlb: free huge pages, outside hugetlb_lock"),
		  "mm-hugetlb-free-huge-pages-outside-hugetlb-lock");
	EXPECT_EQ(slug_of("mm: x()"), "mm-x");
	// Cut between words, at 52.
	EXPECT_EQ(slug_of("mm: bootmem_info: move the bookkeeping out of memory_hotplug.c"),
		  "mm-bootmem-info-move-the-bookkeeping-out-of-memory");
	EXPECT_EQ(slug_of(std::string(60, 'x')), std::string(52, 'x'));
}

TEST(PatchFileName, TakesApartAndRefuses)
{
	const auto name = parse_patch_name("0403-mm-x.patch");
	ASSERT_TRUE(name);
	EXPECT_EQ(name->topic, "04");
	EXPECT_EQ(name->number, 3U);
	EXPECT_EQ(name->file(), "0403-mm-x.patch");
	for (const auto *bad : {"403-x.patch", "0403-.patch", "0403-X.patch", "0403_x.patch",
				"0403-x", "0403-x.patch.orig"})
		EXPECT_FALSE(parse_patch_name(bad)) << bad;
}

TEST(NameCommits, TopicsGetNumbersInOrder)
{
	const auto names = name_commits(
		{{"a", "01", "mm: a"}, {"b", "01", "mm: b"}, {"c", "04", "mm: c"}}, {}, false);
	ASSERT_TRUE(names) << names.error().what;
	EXPECT_EQ(*names, (FileNames{"0101-mm-a.patch", "0102-mm-b.patch", "0401-mm-c.patch"}));
}

TEST(NameCommits, NamesStayWhenTheSubjectChanges)
{
	const auto names = name_commits(
		{{"a", "0105-old.patch", "mm: reworded"}, {"b", "01", "mm: b"}}, {}, false);
	ASSERT_TRUE(names);
	EXPECT_EQ(*names, (FileNames{"0105-old.patch", "0106-mm-b.patch"}));
}

TEST(NameCommits, RememberedBySubject)
{
	const auto names =
		name_commits({{"a", "", "mm: a"}}, {{"mm: a", "0203-mm-a.patch"}}, false);
	ASSERT_TRUE(names);
	EXPECT_EQ(*names, FileNames{"0203-mm-a.patch"});
	// A new topic moves it.
	EXPECT_EQ(
		name_commits({{"a", "04", "mm: a"}}, {{"mm: a", "0203-mm-a.patch"}}, false).value(),
		FileNames{"0401-mm-a.patch"});
}

TEST(NameCommits, InsertingTakesAFreeNumberOrAsks)
{
	const std::vector<NamedCommit> gap{{"a", "0101-a.patch", "mm: a"},
					   {"b", "01", "mm: b"},
					   {"c", "0105-c.patch", "mm: c"}};
	EXPECT_EQ(name_commits(gap, {}, false).value(),
		  (FileNames{"0101-a.patch", "0102-mm-b.patch", "0105-c.patch"}));
	const std::vector<NamedCommit> full{{"a", "0101-a.patch", "mm: a"},
					    {"b", "01", "mm: b"},
					    {"c", "0102-c.patch", "mm: c"}};
	const auto refused = name_commits(full, {}, false);
	ASSERT_FALSE(refused);
	EXPECT_NE(refused.error().hint.find("--renumber"), std::string::npos);
	EXPECT_EQ(name_commits(full, {}, true).value(),
		  (FileNames{"0101-a.patch", "0102-mm-b.patch", "0103-c.patch"}));
}

TEST(NameCommits, RefusesWhatCannotBeExported)
{
	EXPECT_FALSE(name_commits({{"a", "", "mm: a"}}, {}, false));
	EXPECT_FALSE(name_commits({{"a", "nonsense", "mm: a"}}, {}, false));
	EXPECT_FALSE(name_commits({{"a", "01", "fixup! mm: a"}}, {}, false));
	EXPECT_FALSE(name_commits({{"a", "01", "mm: a"}, {"b", "01", "mm: a"}}, {}, false));
	EXPECT_FALSE(name_commits({{"a", "04", "mm: a"}, {"b", "01", "mm: b"}}, {}, false));
}

TEST(ParseCommits, ThreeFields)
{
	const auto commits = parse_commits("id\t\tsubject with\ttab\n");
	ASSERT_TRUE(commits);
	EXPECT_EQ((*commits)[0].note, "");
	EXPECT_EQ((*commits)[0].subject, "subject with\ttab");
	EXPECT_FALSE(parse_commits("id subject\n"));
}

TEST(SeriesFile, ReadsWhatItWrites)
{
	const auto text = format_series("5.10.y", {"0101-a.patch", "0401-b.patch"},
					{{"01", {}, false, "one"}});
	EXPECT_NE(text.find("# 01 one\n5.10.y/0101-a.patch\n"), std::string::npos);
	EXPECT_EQ(parse_series(text).value(),
		  (FileNames{"5.10.y/0101-a.patch", "5.10.y/0401-b.patch"}));
	EXPECT_FALSE(parse_series("x.patch -p0\n"));
}

} // namespace
} // namespace hm
