// SPDX-License-Identifier: GPL-2.0-only
// Page tables of every layout, as recorded, and ways in which they can be wrong.
#include "vmemmap.hpp"

#include <gtest/gtest.h>

#include "fake_flags.hpp"
#include "fake_memory.hpp"
#include "page_flags.hpp"

namespace hugemem
{
namespace
{

constexpr std::uint64_t frames_2m = 512;
constexpr std::uint64_t frames_1g = 512 * 512;

/// The eight mappings that page table entries stand for.
std::vector<Mapping> decode(const std::vector<std::uint64_t> &ptes)
{
	std::vector<Mapping> boxes;
	for (const std::uint64_t raw : ptes) {
		const Entry e{raw};
		boxes.push_back({.present = e.present(),
				 .writable = e.writable(),
				 .level = 1,
				 .pfn = e.pfn(),
				 .table = 0x1f2});
	}
	return boxes;
}

std::vector<Mapping> leaf_boxes(std::uint64_t count)
{
	std::vector<Mapping> boxes;
	for (std::uint64_t i = 0; i < count; i++)
		boxes.push_back({.present = true,
				 .writable = true,
				 .level = 2,
				 .pfn = 0x13fe08 + i,
				 .table = 5});
	return boxes;
}

constexpr std::uint64_t rw = 0x8000000000000163ULL;
constexpr std::uint64_t ro = 0x8000000000000161ULL;
constexpr std::uint64_t pte(std::uint64_t pfn, std::uint64_t bits)
{
	return (pfn << 12) | bits;
}

std::vector<std::uint64_t> table_514()
{
	return {pte(0x7a00, rw), pte(0x7a01, rw), pte(0x7a01, ro), pte(0x7a01, ro),
		pte(0x7a01, ro), pte(0x7a01, ro), pte(0x7a01, ro), pte(0x7a01, ro)};
}
std::vector<std::uint64_t> table_518()
{
	return {pte(0x7a00, rw), pte(0x7a00, ro), pte(0x7a00, ro), pte(0x7a00, ro),
		pte(0x7a00, ro), pte(0x7a00, ro), pte(0x7a00, ro), pte(0x7a00, ro)};
}
std::vector<std::uint64_t> table_71()
{
	return {pte(0x7a00, rw), pte(0x55, ro), pte(0x55, ro), pte(0x55, ro),
		pte(0x55, ro),   pte(0x55, ro), pte(0x55, ro), pte(0x55, ro)};
}
std::vector<std::uint64_t> table_split()
{
	return {pte(0x7a00, rw), pte(0x7a01, rw), pte(0x7a02, rw), pte(0x7a03, rw),
		pte(0x9000, rw), pte(0x7a05, rw), pte(0x7a06, rw), pte(0x7a07, rw)};
}

/// By a kernel whose tails hold addresses, or masks.
Judgement judged(const std::vector<Mapping> &boxes, bool masks = false)
{
	return judge(boxes, MemoryMap{.has_compound_info = masks});
}

TEST(Judge, EveryLayout)
{
	const Judgement a = judged(decode(table_514()));
	EXPECT_EQ(a.verdict, Verdict::proved) << a.reason;
	EXPECT_EQ(a.layout, Layout::second_page);
	EXPECT_EQ(a.saved, 6U);
	EXPECT_EQ(a.shared_pfn, 0x7a01U);

	const Judgement b = judged(decode(table_518()));
	EXPECT_EQ(b.verdict, Verdict::proved) << b.reason;
	EXPECT_EQ(b.layout, Layout::first_page);
	EXPECT_EQ(b.saved, 7U);

	const Judgement c = judged(decode(table_71()));
	EXPECT_EQ(c.verdict, Verdict::proved) << c.reason;
	EXPECT_EQ(c.layout, Layout::one_for_all);
	EXPECT_EQ(c.saved, 7U);
	EXPECT_EQ(c.shared_pfn, 0x55U);
}

Seen hosted(std::vector<Mapping> boxes)
{
	Seen page;
	page.frames = frames_2m;
	page.judgement = judged(boxes);
	page.boxes = std::move(boxes);
	judge_hosted(page);
	return page;
}

TEST(Hosted, RightIfItKeepsItsMap)
{
	const Seen page = hosted(leaf_boxes(8));
	EXPECT_EQ(page.judgement.verdict, Verdict::hosted) << page.judgement.reason;
	EXPECT_EQ(page.judgement.layout, Layout::leaf);
}

TEST(Hosted, WrongIfRemappedOrSplit)
{
	const Seen remapped = hosted(decode(table_71()));
	EXPECT_EQ(remapped.judgement.verdict, Verdict::wrong);
	EXPECT_NE(remapped.judgement.reason.find("yet it is remapped"), std::string::npos);
	const Seen split = hosted(decode(table_split()));
	EXPECT_EQ(split.judgement.verdict, Verdict::wrong);
	EXPECT_NE(split.judgement.reason.find("yet it is split"), std::string::npos);
}

TEST(Hosted, ASplitPartOfAGigabyteMayLieElsewhere)
{
	std::vector<Mapping> boxes = leaf_boxes(4096);
	for (std::uint64_t i = 0; i < 512; i++)
		boxes[i].level = 1;
	EXPECT_EQ(hosted(boxes).judgement.verdict, Verdict::hosted);
}

TEST(Hosted, DoesNotExcuseWhatIsWrongAnyway)
{
	std::vector<Mapping> boxes = leaf_boxes(8);
	boxes[5].writable = false;
	const Seen page = hosted(boxes);
	EXPECT_EQ(page.judgement.verdict, Verdict::wrong);
	EXPECT_NE(page.judgement.reason.find("page 5 is read-only"), std::string::npos);
}

TEST(Judge, NotOptimisedAndSplitOnly)
{
	const Judgement a = judged(leaf_boxes(8));
	EXPECT_EQ(a.verdict, Verdict::not_optimised);
	EXPECT_EQ(a.layout, Layout::leaf);
	EXPECT_EQ(a.saved, 0U);
	const Judgement b = judged(decode(table_split()));
	EXPECT_EQ(b.verdict, Verdict::split_only);
	EXPECT_EQ(b.layout, Layout::own_frames);
	EXPECT_EQ(b.saved, 0U);
}

TEST(Judge, OneGib)
{
	std::vector<std::uint64_t> t(4096, pte(0x55, ro));
	t[0] = pte(0x7a00, rw);
	EXPECT_EQ(judged(decode(t)).verdict, Verdict::proved);
	EXPECT_EQ(judged(decode(t)).saved, 4095U);
	EXPECT_EQ(judged(leaf_boxes(4096)).verdict, Verdict::not_optimised);
}

TEST(Judge, AWritableTailIsWrongInEveryLayout)
{
	for (const auto &table : {table_514(), table_518(), table_71()}) {
		for (const std::size_t i : {2, 5, 7}) {
			auto t = table;
			t[i] |= 2;
			const Judgement j = judged(decode(t));
			EXPECT_EQ(j.verdict, Verdict::wrong) << i;
			EXPECT_FALSE(j.reason.empty());
		}
	}
	// Page 1 too, where it is not its own: all tails writable included.
	for (auto t : {table_518(), table_71()}) {
		t[1] |= 2;
		EXPECT_EQ(judged(decode(t), true).verdict, Verdict::wrong);
		for (auto &e : t)
			e |= 2;
		EXPECT_EQ(judged(decode(t)).verdict, Verdict::wrong);
	}
}

TEST(Judge, WhatMasksRuleOut)
{
	// The same table: as 5.14 shares frames, or one for all with a writable tail.
	EXPECT_EQ(judged(decode(table_514()), false).verdict, Verdict::proved);
	EXPECT_EQ(judged(decode(table_514()), true).verdict, Verdict::wrong);
	EXPECT_EQ(judged(decode(table_71()), true).verdict, Verdict::proved);
}

TEST(Judge, AReadOnlyHeadIsWrongInEveryLayout)
{
	for (auto t : {table_514(), table_518(), table_71(), table_split()}) {
		t[0] &= ~2ULL;
		EXPECT_EQ(judged(decode(t)).verdict, Verdict::wrong);
	}
}

TEST(Judge, AHalfRemappedPageIsWrong)
{
	auto t = table_71();
	t[6] = pte(0x7a06, rw);
	t[7] = pte(0x7a07, rw);
	const Judgement j = judged(decode(t));
	EXPECT_EQ(j.verdict, Verdict::wrong);
	EXPECT_EQ(j.saved, 0U);
}

TEST(Judge, TwoSharedFramesAreWrong)
{
	auto t = table_71();
	t[4] = t[5] = pte(0x56, ro);
	EXPECT_EQ(judged(decode(t)).verdict, Verdict::wrong);
}

TEST(Judge, AnAbsentPageIsWrong)
{
	for (std::size_t i = 0; i < 8; i++) {
		auto t = table_71();
		t[i] &= ~1ULL;
		EXPECT_EQ(judged(decode(t)).verdict, Verdict::wrong) << i;
	}
}

TEST(Judge, SharedFramesUnderALeafAreWrong)
{
	auto boxes = decode(table_71());
	boxes[3].level = 2;
	EXPECT_EQ(judged(boxes).verdict, Verdict::wrong);
}

TEST(Judge, TooFewPages)
{
	EXPECT_EQ(judged({}).verdict, Verdict::wrong);
	EXPECT_EQ(judged(decode({pte(1, rw)})).verdict, Verdict::wrong);
}

TEST(Tails, AddressOrMask)
{
	constexpr std::uint64_t head = 0xffffea0004000000ULL;
	constexpr std::uint64_t bytes = 512ULL * 64;
	constexpr std::uint64_t mask = ~(bytes - 1);
	const auto leads = [](std::uint64_t word, std::uint64_t page) {
		return leads_to(word, page, head, bytes);
	};
	EXPECT_TRUE(leads(head | 1, head + 64));
	EXPECT_TRUE(leads(mask | 1, head + bytes - 64));
	EXPECT_FALSE(leads(head, head + 64)); // no mark
	EXPECT_FALSE(leads(mask, head + 64));
	EXPECT_FALSE(leads(mask | 1, head + bytes)); // another page's tail
	EXPECT_FALSE(leads((head + bytes) | 1, head + 64));
	EXPECT_FALSE(leads(1, head + 64));
	EXPECT_FALSE(leads(~0ULL, head + 64));
	// The mask of the next larger size happens to lead here too; it is wrong all the same.
	EXPECT_FALSE(leads((mask << 1) | 1, head + 64));
}

TEST(CrossCheck, OnlyTheFrameForAllMayServeTwoPages)
{
	const auto page = [](std::uint64_t pfn, const std::vector<std::uint64_t> &table) {
		Seen seen;
		seen.pfn = pfn;
		seen.frames = frames_2m;
		seen.boxes = decode(table);
		seen.judgement = judged(seen.boxes);
		return seen;
	};
	auto other = table_71();
	other[0] = pte(0x8888, rw);
	std::vector<Seen> fine = {page(512, table_71()), page(1024, other)};
	cross_check(fine);
	EXPECT_EQ(fine[0].judgement.verdict, Verdict::proved);
	EXPECT_EQ(fine[1].judgement.verdict, Verdict::proved);

	std::vector<Seen> same_head = {page(512, table_71()), page(1024, table_71())};
	cross_check(same_head);
	EXPECT_EQ(same_head[0].judgement.verdict, Verdict::wrong);
	EXPECT_NE(same_head[0].judgement.reason.find("0x400"), std::string::npos)
		<< same_head[0].judgement.reason;
	EXPECT_EQ(same_head[1].judgement.verdict, Verdict::wrong);

	// A page that is wrong by itself and uses the common frame is the only one to blame.
	auto torn = table_71();
	torn[0] = pte(0x7777, rw);
	torn[3] = pte(0x9999, rw);
	std::vector<Seen> beside = {page(256, other), page(512, torn), page(1024, table_71())};
	cross_check(beside);
	EXPECT_EQ(beside[0].judgement.verdict, Verdict::proved) << beside[0].judgement.reason;
	EXPECT_EQ(beside[1].judgement.verdict, Verdict::wrong);
	EXPECT_EQ(beside[2].judgement.verdict, Verdict::proved) << beside[2].judgement.reason;

	std::vector<Seen> two_518 = {page(512, table_518()), page(1024, table_518())};
	cross_check(two_518);
	EXPECT_EQ(two_518[0].judgement.verdict, Verdict::wrong);
}

/// A machine with the memory map of one 2 MiB page in some layout.
class Scene : public testing::Test
{
protected:
	static constexpr std::uint64_t head_pfn = 0x40000;
	MemoryMap map{.base = 0xffffea0000000000ULL, .page_size = 64, .compound_at = 8};
	FakeMachine machine{4, 0xffff888000000000ULL};

	[[nodiscard]] std::uint64_t head() const { return map.page_of(head_pfn); }
	void fill(std::uint64_t frame, std::uint64_t word, bool with_head)
	{
		for (std::uint64_t i = 0; i < 64; i++)
			machine.word(frame, i * 8 + 1) = i == 0 && with_head ? 0 : word;
	}
	Seen look()
	{
		const PageTables tables(machine, machine.space());
		const auto seen = look_at(machine, tables, map, head_pfn, frames_2m);
		EXPECT_TRUE(seen) << seen.error().text();
		return seen.value_or(Seen{});
	}
	void place(std::uint64_t box, std::uint64_t frame, std::uint64_t flags)
	{
		machine.map_small(head() + box * page_bytes, frame, flags);
	}
};

constexpr std::uint64_t mask_2m = ~(frames_2m * 64 - 1);

TEST_F(Scene, OneForAllIsProved)
{
	const auto own = machine.new_frame();
	const auto shared = machine.new_frame();
	fill(own, mask_2m | 1, true);
	fill(shared, mask_2m | 1, false);
	place(0, own, FakeMachine::rw);
	for (std::uint64_t i = 1; i < 8; i++)
		place(i, shared, FakeMachine::ro);
	const Seen seen = look();
	EXPECT_EQ(seen.judgement.verdict, Verdict::proved) << seen.judgement.reason;
	EXPECT_EQ(seen.judgement.layout, Layout::one_for_all);
	EXPECT_EQ(seen.kib(), 2048U);

	// One tail in the shared frame that leads elsewhere.
	machine.word(shared, 17 * 8 + 1) = (mask_2m << 1) | 1;
	const Seen bad = look();
	EXPECT_EQ(bad.judgement.verdict, Verdict::wrong);
	EXPECT_NE(bad.judgement.reason.find("struct page 81 "), std::string::npos)
		<< bad.judgement.reason;
}

TEST_F(Scene, FirstPageHasFakeHeads)
{
	const auto own = machine.new_frame();
	fill(own, head() | 1, true);
	place(0, own, FakeMachine::rw);
	for (std::uint64_t i = 1; i < 8; i++)
		place(i, own, FakeMachine::ro);
	const Seen seen = look();
	EXPECT_EQ(seen.judgement.verdict, Verdict::proved) << seen.judgement.reason;
	EXPECT_EQ(seen.judgement.layout, Layout::first_page);
}

TEST_F(Scene, SecondPageHasNone)
{
	const auto first = machine.new_frame();
	const auto second = machine.new_frame();
	fill(first, head() | 1, true);
	fill(second, head() | 1, false);
	place(0, first, FakeMachine::rw);
	place(1, second, FakeMachine::rw);
	for (std::uint64_t i = 2; i < 8; i++)
		place(i, second, FakeMachine::ro);
	EXPECT_EQ(look().judgement.verdict, Verdict::proved);
	machine.word(second, 1) = 0; // a head where a tail has to be
	EXPECT_EQ(look().judgement.verdict, Verdict::wrong);
}

TEST_F(Scene, AMarkedHeadIsWrong)
{
	const auto own = machine.new_frame();
	const auto shared = machine.new_frame();
	fill(own, mask_2m | 1, false);
	fill(shared, mask_2m | 1, false);
	place(0, own, FakeMachine::rw);
	for (std::uint64_t i = 1; i < 8; i++)
		place(i, shared, FakeMachine::ro);
	EXPECT_EQ(look().judgement.verdict, Verdict::wrong);
}

TEST_F(Scene, SplitOnlyStillHasToLeadToTheHead)
{
	for (std::uint64_t i = 0; i < 8; i++) {
		const auto frame = machine.new_frame();
		fill(frame, head() | 1, i == 0);
		place(i, frame, FakeMachine::rw);
	}
	EXPECT_EQ(look().judgement.verdict, Verdict::split_only);
	machine.word(machine.entry(head() + 7 * page_bytes, 1) >> 12 & 0xffffffff, 63 * 8 + 1) = 0;
	EXPECT_EQ(look().judgement.verdict, Verdict::wrong);
}

TEST_F(Scene, NothingMappedIsWrongNotACrash)
{
	const Seen seen = look();
	EXPECT_EQ(seen.judgement.verdict, Verdict::wrong);
	EXPECT_NE(seen.judgement.reason.find("not mapped"), std::string::npos);
}

TEST_F(Scene, SectionsGiveTheBase)
{
	const std::uint64_t roots = machine.new_frame();
	const std::uint64_t root = machine.new_frame();
	const auto direct = [](std::uint64_t pfn) { return 0xffff888000000000ULL + (pfn << 12); };
	machine.word(roots, 2) = direct(root);
	machine.word(root, 2 * 4) = map.base | 0x0f; // section 4, sixteen bytes each, all flags
	machine.word(root, 2 * 3) = 0x1;             // present, without a memory map
	const std::string text =
		fmt::format("SYMBOL(mem_section)={:x}\nLENGTH(mem_section)=8\n"
			    "SIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=0\n",
			    direct(roots));
	const auto base = vmemmap_by_sections(machine, text);
	ASSERT_TRUE(base) << base.error().text();
	EXPECT_EQ(*base, map.base);

	EXPECT_FALSE(vmemmap_by_sections(machine, ""));
	machine.word(roots, 2) = 0;
	EXPECT_FALSE(vmemmap_by_sections(machine, text));
	machine.word(roots, 2) = 0x123456; // a pointer to nowhere
	EXPECT_FALSE(vmemmap_by_sections(machine, text));
}

TEST(HugePages, BothSizesAreFound)
{
	FakeFlags flags;
	flags.pages = {{frames_2m, frames_2m},
		       {2 * frames_2m, frames_2m},
		       {frames_1g, frames_1g},
		       {2 * frames_1g, frames_2m},
		       {2 * frames_1g + frames_2m, frames_2m}};
	const auto found = find_huge_pages(flags);
	ASSERT_TRUE(found);
	EXPECT_EQ(*found, flags.pages);
}

TEST(HugePages, AnyFrameLeadsToItsPage)
{
	FakeFlags flags;
	flags.pages = {{frames_2m, frames_2m}, {frames_1g, frames_1g}};
	EXPECT_EQ(**huge_page_of(flags, frames_2m + 17), flags.pages[0]);
	EXPECT_EQ(**huge_page_of(flags, frames_1g + 1000), flags.pages[1]);
	EXPECT_EQ(**huge_page_of(flags, frames_1g), flags.pages[1]);
	EXPECT_FALSE(*huge_page_of(flags, 3));
	EXPECT_FALSE(*huge_page_of(flags, 2 * frames_2m));
	EXPECT_FALSE(*huge_page_of(flags, ~0ULL >> 20));
}

} // namespace
} // namespace hugemem
