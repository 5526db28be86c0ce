// SPDX-License-Identifier: GPL-2.0-only
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "check.hpp"
#include "sample.hpp"

namespace hm
{
namespace
{

std::string all(const Findings &findings)
{
	std::string text;
	for (const auto &finding : findings)
		text += finding.where + ": " + finding.what + "\n";
	return text;
}

Findings check(const std::string &text, std::string_view name = test::name)
{
	const auto patch = parse_patch(std::string(name), text);
	EXPECT_TRUE(patch) << patch.error().what;
	return patch ? check_patch(*patch, text, test::base) : Findings{};
}

TEST(CheckPatch, PassesGoodPatch)
{
	EXPECT_EQ(all(check(test::good())), "");
}

struct Spoiling {
	const char *name;
	const char *from;
	const char *to;
	const char *complaint;
};

class CheckPatchFinds : public testing::TestWithParam<Spoiling>
{
};

TEST_P(CheckPatchFinds, ExactlyThat)
{
	const auto &p = GetParam();
	const auto found = check(test::spoiled(p.from, p.to));
	ASSERT_EQ(found.size(), 1U) << all(found);
	EXPECT_NE(found[0].what.find(p.complaint), std::string::npos) << found[0].what;
}

INSTANTIATE_TEST_SUITE_P(
	Grammar, CheckPatchFinds,
	testing::Values(
		Spoiling{"commit_id", "From 000", "From 100", "--zero-commit"},
		Spoiling{"author", "From: hugemem <", "From: someone <", "From is 'someone"},
		Spoiling{"date", "Sat, 21 Nov", "21 Nov", "Date"},
		Spoiling{"prefix", "[PATCH] ", "[PATCH v2] ", "[PATCH]"},
		Spoiling{"subsystem", "mm/hugetlb: do", "do", "subsystem: summary"},
		Spoiling{"stop", " and another", " and another.", "full stop"},
		Spoiling{"long_subject", " and another",
			 " and another thing that nobody can read in one glance at a log",
			 "characters, 75 are allowed"},
		Spoiling{"long_line", "Do it.",
			 "Do it, and go on doing it until the line is so long that no terminal "
			 "shows it whole.",
			 "75 are allowed"},
		Spoiling{"cut", "Do it.", "diff -u is how", "cut the message"},
		Spoiling{"in_body_from", "Do it.", "From: a", "changes the author"},
		Spoiling{"no_body", "One thing is not done, which costs 7 pages.\n\nDo it.\n\n", "",
			 "no body"},
		Spoiling{"sign_off", "Do it.\n", "Do it.\n\nSigned-off-by: a <b>\n",
			 "Signed-off-by"},
		Spoiling{"review",
			 "Assisted-by:", "Reviewed-by: a <b>\nAssisted-by:", "Reviewed-by"},
		Spoiling{"no_assisted", "Assisted-by: LLM:unspecified sparse coccinelle",
			 "Link: https://x/", "has 0 Assisted-by"},
		Spoiling{"assisted_form", "LLM:unspecified sparse", "LLM:1.0, sparse",
			 "is not 'LLM:unspecified"},
		Spoiling{"separator", "---\n mm", " mm", "'---'"},
		Spoiling{"stat", " 1 file changed, 2 insertions(+), 1 deletion(-)\n", "",
			 "diffstat"},
		Spoiling{"short_index",
			 "1111111111111111111111111111111111111111.."
			 "2222222222222222222222222222222222222222",
			 "1111111111111111111111111111111111111111..222222222", "not full"},
		Spoiling{"no_index",
			 "index "
			 "1111111111111111111111111111111111111111.."
			 "2222222222222222222222222222222222222222 100644\n",
			 "", "no index line"},
		Spoiling{"rename", "b/mm/hugetlb.c\nindex", "b/mm/other.c\nindex", "--no-renames"},
		Spoiling{"binary", "--- a/mm/hugetlb.c\n+++ b/mm/hugetlb.c\n",
			 "Binary files a and b differ\n", "is binary"},
		Spoiling{"context", "@@ -10,7 +10,8 @@ int f(void)\n a\n b\n",
			 "@@ -10,5 +10,6 @@ int f(void)\n", "1 lines of context before"}),
	[](const auto &instance) { return std::string(instance.param.name); });

TEST(CheckPatch, TakesShortContextAtTheStartOfAFile)
{
	const auto text = test::spoiled("@@ -10,7 +10,8 @@ int f(void)\n a\n b\n",
					"@@ -1,5 +1,6 @@ int f(void)\n");
	EXPECT_EQ(all(check(text)), "");
}

TEST(CheckPatch, FindsShortContextBetweenHunks)
{
	const auto text = test::spoiled(" g\n h\n", "@@ -30,4 +31,4 @@\n i\n j\n k\n-l\n+L\n");
	auto fixed = text;
	fixed.replace(fixed.find("-10,7 +10,8"), 11, "-10,5 +10,6");
	const auto found = check(stamped(test::base, test::name, fixed));
	ASSERT_EQ(found.size(), 1U) << all(found);
	EXPECT_NE(found[0].what.find("1 lines of context after"), std::string::npos)
		<< found[0].what;
}

TEST(CheckPatch, FindsEditAndRename)
{
	auto text = test::good();
	text.replace(text.find("+D"), 2, "+E");
	ASSERT_EQ(check(text).size(), 1U);
	EXPECT_NE(check(text)[0].what.find("Message-Id"), std::string::npos);
	EXPECT_EQ(check(test::good(), "0102-mm-hugetlb-do-one-thing.patch").size(), 1U);
}

/// A series of two patches, the second of which goes on from the first.
Series two()
{
	Series series;
	const auto add = [&series](const std::string &name, std::string text,
				   std::string_view before, std::string_view after) {
		for (auto at = text.find("1111"); at != std::string::npos; at = text.find("1111"))
			text.replace(at, 40, before);
		text.replace(text.find("..") + 2, 40, after);
		series.entries.push_back("5.10.y/" + name);
		series.patches.push_back(parse_patch(name, text).value());
		series.raw.push_back(text);
	};
	add("0101-one.patch", test::unstamped, std::string(40, 'a'), std::string(40, 'b'));
	auto second = test::unstamped;
	second.replace(second.find("do one"), 6, "do two");
	add("0401-two.patch", second, std::string(40, 'b'), std::string(40, 'c'));
	return series;
}

const std::vector<Topic> topics{{"01", {}, false, "first"}, {"04", {"01"}, false, "fourth"}};
const std::vector<std::string> both{"0101-one.patch", "0401-two.patch", "cover-letter"};

TEST(CheckSeries, PassesGoodSeries)
{
	EXPECT_EQ(all(check_series(two(), topics, "5.10.y", both)), "");
}

TEST(CheckSeries, FindsWhatDoesNotFit)
{
	const auto one_finding = [](const Series &series, const std::vector<std::string> &present,
				    const std::string &complaint) {
		const auto found = check_series(series, topics, "5.10.y", present);
		ASSERT_EQ(found.size(), 1U) << all(found);
		EXPECT_NE(all(found).find(complaint), std::string::npos) << all(found);
	};
	one_finding(two(), {"0101-one.patch", "0401-two.patch", "0402-three.patch"},
		    "not in series");
	one_finding(two(), {"0101-one.patch", "0401-two.patch", "notes.txt"}, "neither a patch");

	auto series = two();
	series.patches[1].files[0].old_index = std::string(40, 'd');
	one_finding(series, both, "not as 0101-one.patch leaves it");

	series = two();
	series.entries[0] = "6.1.y/0101-one.patch";
	one_finding(series, both, "not below 5.10.y/");

	series = two();
	series.patches[1].headers = series.patches[0].headers;
	one_finding(series, both, "has the subject of 0101-one.patch");

	series = two();
	series.patches[1].name = "0501-two.patch";
	series.entries[1] = "5.10.y/0501-two.patch";
	one_finding(series, {"0101-one.patch", "0501-two.patch"}, "topic 05");

	series = two();
	series.patches[1].name = "0101-two.patch";
	series.entries[1] = "5.10.y/0101-two.patch";
	one_finding(series, {"0101-one.patch", "0101-two.patch"}, "order and numbers");

	series = two();
	series.patches[1].name = "0401-Two.patch";
	series.entries[1] = "5.10.y/0401-Two.patch";
	one_finding(series, {"0101-one.patch", "0401-Two.patch"}, "TTNN-slug");
}

/// A patch that creates @p path with the lines one, two.
Patch creating(const std::string &path)
{
	FileDiff file;
	file.path = path;
	file.created = true;
	Hunk hunk;
	hunk.new_start = 1;
	hunk.new_count = 2;
	hunk.lines = {"+one", "+two"};
	file.hunks.push_back(hunk);
	Patch patch;
	patch.name = "0901-tests.patch";
	patch.files.push_back(file);
	return patch;
}

TEST(CreatedFiles, FollowsLaterPatches)
{
	Series series;
	series.patches = {creating("a"), creating("b")};
	Patch later;
	FileDiff file;
	file.path = "a";
	Hunk hunk;
	hunk.old_start = 1;
	hunk.old_count = 2;
	hunk.new_start = 1;
	hunk.new_count = 3;
	hunk.lines = {" one", "-two", "+2", "+3"};
	file.hunks.push_back(hunk);
	later.files.push_back(file);
	FileDiff gone;
	gone.path = "b";
	gone.deleted = true;
	later.files.push_back(gone);
	series.patches.push_back(later);

	const auto created = created_files(series);
	ASSERT_TRUE(created) << created.error().what;
	EXPECT_EQ(created->size(), 1U);
	EXPECT_EQ(created->at("a"), "one\n2\n3\n");

	series.patches[2].files[0].hunks[0].lines[0] = " other";
	EXPECT_FALSE(created_files(series));
}

class Selftests : public testing::Test
{
protected:
	Selftests() { std::filesystem::create_directories(folder_ / "vmemmap"); }
	~Selftests() override { std::filesystem::remove_all(folder_); }
	void put(const std::string &name, const std::string &text) const
	{
		std::ofstream(folder_ / name) << text;
	}

	std::filesystem::path folder_ =
		std::filesystem::temp_directory_path() / fmt::format("hm-selftests.{}", getpid());
	std::map<std::string, std::string> created_{
		{"tools/testing/selftests/vmemmap/t.c", "one\n"}, {"mm/x.c", "x\n"}};
};

TEST_F(Selftests, EqualPass)
{
	put("vmemmap/t.c", "one\n");
	put("README", "not for the tree");
	EXPECT_EQ(all(check_selftests(created_, folder_)), "");
}

TEST_F(Selftests, DifferencesBothWays)
{
	EXPECT_NE(all(check_selftests(created_, folder_)).find("is not there"), std::string::npos);
	put("vmemmap/t.c", "two\n");
	EXPECT_NE(all(check_selftests(created_, folder_)).find("is not what the patches make"),
		  std::string::npos);
	put("vmemmap/t.c", "one\n");
	put("vmemmap/u.c", "new\n");
	EXPECT_NE(all(check_selftests(created_, folder_)).find("u.c: no patch carries it"),
		  std::string::npos);
}

TEST(Maintainers, SnippetCoversWhatIsCreated)
{
	const std::map<std::string, std::string> created{{"mm/bootmem_info.c", ""},
							 {"tools/testing/selftests/v/t.c", ""}};
	const std::string good = "HUGETLB VMEMMAP\nM:\thugemem "
				 "<hugemem@localhost>\nL:\tlinux-mm@kvack.org\nS:\tMaintained\n"
				 "F:\tmm/bootmem_*.c\nF:\ttools/testing/selftests/v/\n";
	EXPECT_EQ(all(check_maintainers(good, {}, created)), "");
	EXPECT_NE(all(check_maintainers("A\nF:\tmm/*\n", {}, created)).find("covers tools/testing"),
		  std::string::npos);
	EXPECT_NE(all(check_maintainers("A\nF:\tmm/x\nM:\ta\n", {}, {})).find("out of order"),
		  std::string::npos);
	EXPECT_NE(all(check_maintainers("A\nF:\tmm/x\nF:\tmm/a\n", {}, {})).find("alphabet"),
		  std::string::npos);
	EXPECT_NE(all(check_maintainers("A\nF: mm/x\n", {}, {})).find("LETTER:<tab>"),
		  std::string::npos);
	EXPECT_NE(all(check_maintainers("Title\nF:\tmm/x\n", {}, {})).find("capitals"),
		  std::string::npos);
}

TEST(Maintainers, SnippetSaysWhatTheSeriesAdds)
{
	auto patch = creating("MAINTAINERS");
	patch.files[0].hunks[0].lines = {"+F:\tmm/new.c", " F:\tmm/old.c"};
	Series series;
	series.patches.push_back(patch);
	EXPECT_NE(all(check_maintainers("", series, {})).find("lacks 'F: mm/new.c'"),
		  std::string::npos);
	EXPECT_EQ(all(check_maintainers("A\nF:\tmm/new.c\n", series, {})), "");
}

TEST(Cover, SpeaksOfEveryTopic)
{
	EXPECT_EQ(all(check_cover("Subject: x\n\nfirst and fourth\n", two(), topics)), "");
	EXPECT_NE(all(check_cover("Subject: x\n\nfirst\n", two(), topics)).find("topic 04"),
		  std::string::npos);
	EXPECT_EQ(check_cover("x\n\ny\n", two(), topics).size(), 1U);
}

} // namespace
} // namespace hm
