// SPDX-License-Identifier: GPL-2.0-only
// Struct pages that keep the marks of a huge page after it has gone.
#include "strays.hpp"

#include <gtest/gtest.h>

#include "fake_flags.hpp"

namespace hugemem
{
namespace
{

constexpr std::uint64_t mark = kpf::huge | kpf::compound_head;

TEST(Strays, NoneBesideHealthyPages)
{
	FakeFlags flags;
	flags.end = 512ULL * 512 + 4096;
	flags.pages = {{512, 512}, {1024, 512}, {512 * 512, 512}};
	const auto runs = settled_strays(flags);
	ASSERT_TRUE(runs);
	EXPECT_TRUE(runs->empty());
	EXPECT_EQ(strays_text(*runs), "none");
}

TEST(Strays, NoneInAPageOfAGiB)
{
	FakeFlags flags;
	flags.pages = {{512 * 512, 512 * 512}};
	flags.end = 3 * 512 * 512;
	EXPECT_TRUE(find_strays(flags)->empty());
}

TEST(Strays, TailsThatStayedBehind)
{
	FakeFlags flags;
	flags.end = 8192;
	for (std::uint64_t pfn = 512 + 64; pfn < 1024; pfn++)
		flags.single[pfn] = mark;
	flags.single[4095] = mark;
	flags.single[4096 + 1] = kpf::huge | kpf::compound_tail;
	const auto runs = settled_strays(flags);
	ASSERT_TRUE(runs);
	EXPECT_EQ(*runs, (std::vector<FrameRun>{{576, 448}, {4095, 1}, {4097, 1}}));
	EXPECT_EQ(frames_in(*runs), 450U);
	EXPECT_EQ(strays_text(*runs), "450 frames (the first at PFN 240)");
}

TEST(Strays, AHealthyPageHidesNoneBehindIt)
{
	FakeFlags flags;
	flags.end = 4096;
	flags.pages = {{512, 512}};
	flags.single[1024] = kpf::huge | kpf::compound_tail;
	EXPECT_EQ(*find_strays(flags), (std::vector<FrameRun>{{1024, 1}}));
}

TEST(Strays, OfAResizeUnderWay)
{
	FakeFlags flags;
	flags.end = 4096;
	for (std::uint64_t pfn = 1000; pfn < 1100; pfn++)
		flags.single[pfn] = mark;
	const auto before = find_strays(flags);
	EXPECT_EQ(*before, (std::vector<FrameRun>{{1000, 100}}));
	// a page has come where some were, others have lost their marks, some stay
	flags.single.clear();
	flags.pages = {{512, 512}};
	for (std::uint64_t pfn = 1050; pfn < 1060; pfn++)
		flags.single[pfn] = mark;
	EXPECT_EQ(*still_strays(flags, *before), (std::vector<FrameRun>{{1050, 10}}));
}

TEST(Strays, AnEndInTheMiddle)
{
	FakeFlags flags;
	flags.end = 700;
	flags.single[699] = mark;
	EXPECT_EQ(*find_strays(flags), (std::vector<FrameRun>{{699, 1}}));
}

} // namespace
} // namespace hugemem
