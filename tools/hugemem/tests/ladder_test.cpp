// SPDX-License-Identifier: GPL-2.0-only
#include "ladder.hpp"

#include <gtest/gtest.h>

#include <set>

namespace hugemem
{
namespace
{

/// The first rung that has something to follow, and what.
std::pair<std::size_t, std::vector<std::string>> best(const char *event, std::string_view kallsyms)
{
	for (const Fit &f : fit(*find_event(event), Symbols::parse(kallsyms))) {
		if (f.targets.empty())
			continue;
		std::vector<std::string> names;
		for (const auto &t : f.targets)
			names.push_back(t.symbol.name);
		return {f.rung, names};
	}
	return {99, {}};
}

TEST(Ladder, NamesAreUniqueAndFindable)
{
	std::set<std::string> names;
	for (const Event &e : events()) {
		EXPECT_TRUE(names.insert(e.name).second);
		EXPECT_EQ(find_event(e.name), &e);
		EXPECT_FALSE(e.rungs.empty());
	}
	EXPECT_EQ(find_event("nothing"), nullptr);
	EXPECT_EQ(find_event(""), nullptr);
}

TEST(Ladder, Stock510)
{
	// System.map of 5.10.262, gcc 12
	constexpr std::string_view map = "ffffffff811bcc60 t update_and_free_page\n"
					 "ffffffff811bdad0 t alloc_fresh_huge_page\n"
					 "ffffffff811bdcc0 t alloc_pool_huge_page\n"
					 "ffffffff811be200 t alloc_surplus_huge_page\n";
	EXPECT_EQ(best("alloc", map),
		  (std::pair<std::size_t, std::vector<std::string>>{0, {"alloc_fresh_huge_page"}}));
	EXPECT_EQ(best("free", map).second, (std::vector<std::string>{"update_and_free_page"}));
}

TEST(Ladder, InlinedAllocationFallsToTheCallers)
{
	constexpr std::string_view map = "ffffffff811bdcc0 t alloc_pool_huge_page.isra.0\n"
					 "ffffffff811be200 t alloc_surplus_huge_page\n";
	EXPECT_EQ(best("alloc", map),
		  (std::pair<std::size_t, std::vector<std::string>>{
			  2, {"alloc_pool_huge_page.isra.0", "alloc_surplus_huge_page"}}));
}

TEST(Ladder, TwoFreshFunctionsAreFollowedTogether)
{
	constexpr std::string_view map =
		"ffffffff81649350 t only_alloc_fresh_hugetlb_folio.isra.0\n"
		"ffffffff81649400 t alloc_fresh_hugetlb_folio\n";
	EXPECT_EQ(best("alloc", map).second.size(), 2U);
}

TEST(Ladder, ARungThatWouldMissCallsDoesNotHold)
{
	// Debian's 6.12, gcc 14: what pools grow by is inlined into its callers
	constexpr std::string_view map = "ffffffff81649100 t alloc_gigantic_folio.isra.0\n"
					 "ffffffff81649200 t alloc_buddy_hugetlb_folio.isra.0\n"
					 "ffffffff81649300 t alloc_pool_huge_folio\n"
					 "ffffffff81649400 t alloc_fresh_hugetlb_folio\n";
	EXPECT_EQ(best("alloc", map),
		  (std::pair<std::size_t, std::vector<std::string>>{
			  1, {"alloc_buddy_hugetlb_folio.isra.0", "alloc_gigantic_folio.isra.0"}}));
	EXPECT_EQ(fit(*find_event("alloc"), Symbols::parse(map)).front().why,
		  "only_alloc_fresh_hugetlb_folio is inlined, its calls would not be seen");
	// 6.3 to 6.6 have no such function
	EXPECT_EQ(best("alloc", "ffffffff81649300 t alloc_pool_huge_page\n"
				"ffffffff81649400 t alloc_fresh_hugetlb_folio\n")
			  .first,
		  0U);
}

TEST(Ladder, ThePageIsCountedWhereItIsFreedNotWhereItIsQueued)
{
	constexpr std::string_view map = "ffffffff81649850 t __update_and_free_hugetlb_folio\n"
					 "ffffffff81649970 t update_and_free_hugetlb_folio\n";
	EXPECT_EQ(best("free", map).second,
		  (std::vector<std::string>{"__update_and_free_hugetlb_folio"}));
}

TEST(Ladder, PhasesByTheNamesTheyHaveHad)
{
	EXPECT_EQ(best("clear", "ffffffff81000000 T clear_huge_page\n").first, 1U);
	EXPECT_EQ(best("clear", "ffffffff81000000 T folio_zero_user\n").first, 0U);
	EXPECT_EQ(best("contig", "ffffffff81000000 T alloc_contig_range_noprof\n").second,
		  (std::vector<std::string>{"alloc_contig_range_noprof"}));
	EXPECT_EQ(best("compact", "ffffffff81000000 t __alloc_pages_direct_compact\n").first, 1U);
	EXPECT_TRUE(best("compact", "ffffffff81000000 t compact_zone\n").second.empty());
}

TEST(Ladder, NothingFitsAnEmptyKernel)
{
	for (const Event &e : events())
		EXPECT_TRUE(best(e.name.c_str(), "").second.empty());
}

} // namespace
} // namespace hugemem
