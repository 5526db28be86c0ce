// SPDX-License-Identifier: GPL-2.0-only
#include "symbols.hpp"

#include <gtest/gtest.h>

namespace hugemem
{
namespace
{

TEST(Clones, KindsBySuffix)
{
	const std::string_view f = "alloc_fresh_huge_page";
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page", f), Clone::none);
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page.isra.0", f), Clone::whole);
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page.constprop.12", f), Clone::whole);
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page.isra.0.constprop.1", f), Clone::whole);
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page.llvm.1234567890", f), Clone::whole);
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page.part.0", f), Clone::part);
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page.constprop.0.part.3", f), Clone::part);
}

TEST(Clones, ColdPartsAndOtherFunctionsAreNotFollowed)
{
	const std::string_view f = "alloc_fresh_huge_page";
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page.cold", f), Clone::fragment);
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page.isra.0.cold", f), Clone::fragment);
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page.part.0.cold.17", f), Clone::fragment);
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page.", f), Clone::fragment);
	EXPECT_EQ(clone_kind("__pfx_alloc_fresh_huge_page", f), Clone::unrelated);
	EXPECT_EQ(clone_kind("alloc_fresh_huge_page_nodemask", f), Clone::unrelated);
	EXPECT_EQ(clone_kind("alloc_fresh", f), Clone::unrelated);
}

// As a 6.18 kernel prints them.
constexpr std::string_view recorded =
	"ffffffff81215c73 t only_alloc_fresh_hugetlb_folio.isra.0.cold\n"
	"ffffffff81649340 t __pfx_only_alloc_fresh_hugetlb_folio.isra.0\n"
	"ffffffff81649350 t only_alloc_fresh_hugetlb_folio.isra.0\n"
	"ffffffff81649e80 t __pfx_alloc_pool_huge_folio\n"
	"ffffffff81649e90 t alloc_pool_huge_folio\n"
	"ffffffff8164cf10 T free_huge_folio\n"
	"ffffffff82000000 D free_huge_data\n"
	"ffffffffc0000000 t alloc_pool_huge_folio\t[a_module]\n";

TEST(Symbols, CloneWithoutItsColdPartAndPrefix)
{
	const auto s = Symbols::parse(recorded);
	const auto found = s.followable("only_alloc_fresh_hugetlb_folio");
	ASSERT_EQ(found.size(), 1U);
	EXPECT_EQ(found[0].name, "only_alloc_fresh_hugetlb_folio.isra.0");
	EXPECT_EQ(found[0].clone, Clone::whole);
	EXPECT_EQ(found[0].address, 0xffffffff81649350U);
}

TEST(Symbols, ModulesAndDataAreLeftOut)
{
	const auto s = Symbols::parse(recorded);
	EXPECT_EQ(s.followable("alloc_pool_huge_folio").size(), 1U);
	EXPECT_FALSE(s.has("free_huge_data"));
	EXPECT_TRUE(s.has("free_huge_folio"));
	EXPECT_TRUE(s.followable("alloc_fresh_huge_page").empty());
}

TEST(Symbols, AllWholeClonesButPartsOnlyAlone)
{
	const auto s = Symbols::parse("ffffffff00000001 t f\n"
				      "ffffffff00000002 t f.constprop.0\n"
				      "ffffffff00000003 t f.part.0\n"
				      "ffffffff00000004 t g.part.1\n"
				      "ffffffff00000005 t fg\n");
	const auto f = s.followable("f");
	ASSERT_EQ(f.size(), 2U);
	EXPECT_EQ(f[0].name, "f");
	EXPECT_EQ(f[1].name, "f.constprop.0");
	const auto g = s.followable("g");
	ASSERT_EQ(g.size(), 1U);
	EXPECT_EQ(g[0].clone, Clone::part);
}

TEST(Symbols, DamagedLinesAreSkipped)
{
	const auto s = Symbols::parse("\n\nzz t f\nffff t\nffff  f\nffff tf\nffffffff00000001 t f");
	ASSERT_EQ(s.size(), 1U);
	EXPECT_TRUE(s.has("f"));
}

TEST(Symbols, HiddenAddressesDoNotHideFunctions)
{
	const auto s = Symbols::parse("0000000000000000 t f\n");
	ASSERT_EQ(s.followable("f").size(), 1U);
	EXPECT_EQ(s.followable("f")[0].address, 0U);
}

} // namespace
} // namespace hugemem
