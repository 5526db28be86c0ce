// SPDX-License-Identifier: GPL-2.0-only
#include "page_table.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "fake_memory.hpp"

namespace hugemem
{
namespace
{

constexpr std::uint64_t plain_4 = 0xffff888000000000ULL;
constexpr std::uint64_t random_4 = 0xffff8bdc40000000ULL;
constexpr std::uint64_t plain_5 = 0xff11000000000000ULL;
constexpr std::uint64_t random_5 = 0xff1de3c080000000ULL;
constexpr std::uint64_t vmemmap_4 = 0xffffea0000000000ULL;
constexpr std::uint64_t vmemmap_5 = 0xffd4000000000000ULL;

TEST(Entries, Decode)
{
	// As read on a 5.10 kernel: a writable and a read-only 4 KiB page of the vmemmap.
	const Entry w{0x8000000012a4c163ULL};
	EXPECT_TRUE(w.present());
	EXPECT_TRUE(w.writable());
	EXPECT_EQ(w.pfn(), 0x12a4cU);
	const Entry r{0x80000001004a2161ULL};
	EXPECT_FALSE(r.writable());
	EXPECT_EQ(r.pfn(), 0x1004a2U);
	const Entry leaf{0x800000013fe001e3ULL};
	EXPECT_TRUE(leaf.leaf());
	EXPECT_FALSE(Entry{}.present());
}

struct Machine {
	unsigned levels;
	std::uint64_t direct_map;
};
class Spaces : public testing::TestWithParam<Machine>
{
};
INSTANTIATE_TEST_SUITE_P(All, Spaces,
			 testing::Values(Machine{4, plain_4}, Machine{4, random_4},
					 Machine{5, plain_5}, Machine{5, random_5}));

TEST_P(Spaces, AreFoundByWalkingToOneself)
{
	const FakeMachine m(GetParam().levels, GetParam().direct_map);
	const auto space = find_address_space(m, m.pgd());
	ASSERT_TRUE(space) << space.error().text();
	EXPECT_EQ(space->levels, GetParam().levels);
	EXPECT_EQ(space->direct_map, GetParam().direct_map);
}

TEST(Spaces, AnAddressOutsideOfTheDirectMapIsRefused)
{
	const FakeMachine m(4, plain_4);
	for (const std::uint64_t pgd :
	     std::initializer_list<std::uint64_t>{0, 4096, 0x7fff00000000ULL, plain_4 + 8}) {
		const auto space = find_address_space(m, pgd);
		ASSERT_FALSE(space);
		EXPECT_EQ(space.error().code, Exit::cannot_tell);
	}
}

TEST(Walk, SmallLargeAndAbsent)
{
	FakeMachine m(5, plain_5);
	m.map_small(vmemmap_5 + 0x3000, 0x77, FakeMachine::ro);
	m.map_large(vmemmap_5 + (4ULL << 20), 0x1000);
	const PageTables t(m, m.space());
	EXPECT_EQ(t.walk(vmemmap_5 + 0x3000)->pfn, 0x77U);
	EXPECT_FALSE(t.walk(vmemmap_5 + 0x3000)->writable);
	EXPECT_EQ(t.walk(vmemmap_5 + 0x3000)->level, 1U);
	EXPECT_FALSE(t.walk(vmemmap_5 + 0x4000)->present);
	EXPECT_FALSE(t.walk(vmemmap_5 + (8ULL << 30))->present);
	const auto large = t.walk(vmemmap_5 + (4ULL << 20) + 0x5123);
	EXPECT_EQ(large->pfn, 0x1005U);
	EXPECT_EQ(large->level, 2U);
	EXPECT_TRUE(large->writable);
}

TEST(Walk, OneGibLeaf)
{
	FakeMachine m(4, plain_4);
	m.entry(vmemmap_4, 3) = (0x40000ULL << 12) | FakeMachine::rw | FakeMachine::large;
	const auto g = PageTables(m, m.space()).walk(vmemmap_4 + 0x12345000);
	EXPECT_EQ(g->pfn, 0x40000U + 0x12345);
	EXPECT_EQ(g->level, 3U);
}

TEST(Walk, ReadOnlyAboveMakesReadOnlyBelow)
{
	FakeMachine m(4, plain_4);
	m.map_small(vmemmap_4, 0x77);
	m.entry(vmemmap_4, 2) &= ~2ULL;
	EXPECT_FALSE(PageTables(m, m.space()).walk(vmemmap_4)->writable);
}

TEST(Walk, RangeCrossesTables)
{
	FakeMachine m(4, plain_4);
	const std::uint64_t start = vmemmap_4 + (2ULL << 20) - 3 * page_bytes;
	for (std::uint64_t i = 0; i < 3; i++)
		m.map_small(start + i * page_bytes, 0x200 + i);
	m.map_large(vmemmap_4 + (2ULL << 20), 0x600);
	const auto range = PageTables(m, m.space()).walk_range(start, 8);
	ASSERT_TRUE(range);
	ASSERT_EQ(range->size(), 8U);
	EXPECT_EQ(range->at(2).pfn, 0x202U);
	EXPECT_EQ(range->at(2).level, 1U);
	EXPECT_EQ(range->at(3).pfn, 0x600U);
	EXPECT_EQ(range->at(7).pfn, 0x604U);
	EXPECT_EQ(range->at(7).level, 2U);
}

TEST(Walk, APmdThatChangesWhileReadIsReadAgain)
{
	FakeMachine m(4, plain_4);
	for (std::uint64_t i = 0; i < 8; i++)
		m.map_small(vmemmap_4 + i * page_bytes, 0x200 + i);
	// Between reading the PTEs and reading the PMD again the table is replaced.
	const std::uint64_t other = m.new_frame();
	for (std::uint64_t i = 0; i < 8; i++)
		m.word(other, i) = ((0x900 + i) << 12) | FakeMachine::rw;
	bool changed = false;
	m.before_read = [&](unsigned n) {
		if (n != 4) // 0 to 2 the upper tables, 3 the PTEs, 4 the PMD again
			return;
		m.entry(vmemmap_4, 2) = (other << 12) | FakeMachine::rw;
		changed = true;
	};
	const auto range = PageTables(m, m.space()).walk_range(vmemmap_4, 8);
	ASSERT_TRUE(range);
	EXPECT_TRUE(changed);
	for (std::uint64_t i = 0; i < 8; i++)
		EXPECT_EQ(range->at(i).pfn, 0x900 + i);
}

TEST(Walk, APmdThatNeverSettlesIsAnError)
{
	FakeMachine m(4, plain_4);
	m.map_small(vmemmap_4, 0x200);
	// Every read finds one bit of the entry turned that does not change where it leads.
	constexpr std::uint64_t ignored = 1ULL << 9;
	std::uint64_t flips = 0;
	m.before_read = [&](unsigned) {
		std::uint64_t &e = m.entry(vmemmap_4, 2);
		e = (e & ~(7 * ignored)) | (flips++ % 7 * ignored);
	};
	const auto range = PageTables(m, m.space()).walk_range(vmemmap_4, 8);
	ASSERT_FALSE(range);
	EXPECT_EQ(range.error().code, Exit::cannot_tell);
}

TEST(Walk, AnUnreadableTableIsAnErrorNotAnAnswer)
{
	FakeMachine m(4, plain_4);
	m.map_small(vmemmap_4, 0x200);
	m.entry(vmemmap_4, 2) = (0x3ffffULL << 12) | FakeMachine::rw; // no such frame
	const auto one = PageTables(m, m.space()).walk(vmemmap_4);
	ASSERT_FALSE(one);
	EXPECT_EQ(one.error().code, Exit::cannot_tell);
}

} // namespace
} // namespace hugemem
