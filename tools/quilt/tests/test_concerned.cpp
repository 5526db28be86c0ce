// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <map>

#include "concerned.hpp"

namespace hm
{
namespace
{

using Names = std::set<std::string>;

TEST(DeclaredNames, OfFunctionsWithoutTheirParameters)
{
	EXPECT_EQ(declared_names({"+bool take(struct zone *zone, unsigned int order,",
				  "+	  unsigned long flags);", " int other(void);"},
				 '+'),
		  (Names{"take"}));
}

TEST(DeclaredNames, NotOfWhatIsInsideFunctions)
{
	EXPECT_EQ(declared_names({"+static inline int nr(struct hstate *h)", "+{",
				  "+	if (h->order) {", "+		return h->nr;", "+	}",
				  "+	return 0;", "+}", "+extern int after;"},
				 '+'),
		  (Names{"nr", "after"}));
}

TEST(DeclaredNames, OfMembersMacrosAndEnumerators)
{
	EXPECT_EQ(
		declared_names({"-struct zone {", "-	unsigned long tails[4];", "-};",
				"-#define LIMIT(x) ((x) + other)", "-enum kind { FIRST, SECOND };",
				"-	/* no word of this */", "+int mine;"},
			       '-'),
		(Names{"zone", "tails", "LIMIT", "kind", "FIRST", "SECOND"}));
}

TEST(DeclaredNames, OfConditions)
{
	EXPECT_TRUE(declared_names({"+#ifdef CONFIG_THIS"}, '+').contains("CONFIG_THIS"));
	EXPECT_TRUE(declared_names({"+#if defined(CONFIG_THAT)"}, '+').contains("CONFIG_THAT"));
}

TEST(DeclaredNames, NotOfWhatIsIncludedOrQuoted)
{
	EXPECT_EQ(declared_names({"+#include <linux/mm.h>", "+char *s = \"a b\" \"c;", "+int x;"},
				 '+'),
		  (Names{"s", "x"}));
}

TEST(NamesIn, LeavesOutNumbers)
{
	EXPECT_EQ(names_in("a1 = 0x1f + b_c(7UL)"), (Names{"a1", "b_c"}));
}

class Concerned : public testing::Test
{
protected:
	std::vector<std::string> by(const std::string &path, std::vector<std::string> lines) const
	{
		Patch patch;
		FileDiff &file = patch.files.emplace_back();
		file.path = path;
		file.hunks.emplace_back().lines = std::move(lines);
		std::vector<std::string> sources;
		for (const auto &[source, text] : tree)
			sources.push_back(source);
		return concerned(patch, sources, [this](const std::string &source) {
			const auto it = tree.find(source);
			return it == tree.end() ? std::string() : it->second;
		});
	}
	using Paths = std::vector<std::string>;
	std::map<std::string, std::string> tree{
		{"fs/proc/page.c", "#include <linux/mm.h>\nint f(void) { return take(1); }\n"},
		{"mm/gup.c", "#include <linux/mm.h>\n#ifdef CONFIG_CMA\n#endif\n"},
		{"mm/hugetlb.c", "#include \"internal.h\"\nint x = LIMIT;\n"},
		{"mm/util.c", "int util;\n"},
	};
};

TEST_F(Concerned, ItsOwn)
{
	EXPECT_EQ(by("mm/util.c", {"+int more;"}), (Paths{"mm/util.c"}));
}

TEST_F(Concerned, WhoUsesWhatChanged)
{
	for (int i = 0; i < 9; i++)
		tree["lib/" + std::to_string(i) + ".c"] = "#include <linux/mm.h>\n";
	EXPECT_EQ(by("include/linux/mm.h", {"-int take(int);", "+int take(long);"}),
		  (Paths{"fs/proc/page.c"}));
}

TEST_F(Concerned, TheFewWhoInclude)
{
	EXPECT_EQ(by("include/linux/mm.h", {"+int unused;"}),
		  (Paths{"fs/proc/page.c", "mm/gup.c"}));
	EXPECT_EQ(by("mm/internal.h", {"+int unused;"}), (Paths{"mm/hugetlb.c"}));
	EXPECT_EQ(by("fs/internal.h", {"+int unused;"}), (Paths{}));
}

TEST_F(Concerned, WhoAsksForAnOption)
{
	EXPECT_EQ(by("mm/Kconfig", {"+config CMA", "+	bool", "-config OTHER"}),
		  (Paths{"mm/gup.c"}));
}

TEST_F(Concerned, NobodyByText)
{
	EXPECT_EQ(by("Documentation/vm/x.rst", {"+take LIMIT"}), (Paths{}));
}

} // namespace
} // namespace hm
