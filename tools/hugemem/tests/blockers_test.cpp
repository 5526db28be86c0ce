// SPDX-License-Identifier: GPL-2.0-only
// Which pages keep memory where it is: by flags and counts, and in a small memory map.
#include "blockers.hpp"

#include <array>
#include <cstring>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fake_flags.hpp"

namespace hugemem
{
namespace
{

using testing::HasSubstr;
using testing::Not;
using Why = Hold::Why;

constexpr std::uint64_t user = kpf::lru | kpf::anon | kpf::mmap | kpf::swapbacked;

TEST(PincountOffset, ByTheNameThereIs)
{
	EXPECT_EQ(pincount_offset(96, 24, 16, 64), 96U);
	EXPECT_EQ(pincount_offset({}, 24, 16, 64), 88U);
	EXPECT_EQ(pincount_offset({}, {}, 16, 64), 144U);
	EXPECT_EQ(pincount_offset({}, {}, {}, 64), std::nullopt);
}

TEST(HoldOf, BasePages)
{
	EXPECT_EQ(hold_of({.flags = user, .mapped = 1, .refcount = 1}).why, Why::none);
	EXPECT_EQ(hold_of({.flags = user, .mapped = 1, .refcount = 1025}),
		  (Hold{.why = Why::pinned, .count = 1}));
	EXPECT_EQ(hold_of({.flags = user, .mapped = 1, .refcount = 3 * 1024 + 1}),
		  (Hold{.why = Why::pinned, .count = 3}));
	// The kernel's own test takes 1024 references for a pin, whatever they are
	EXPECT_EQ(hold_of({.flags = user, .mapped = 1024, .refcount = 1024}).why, Why::pinned);
	EXPECT_EQ(hold_of({.flags = user, .mapped = 1023, .refcount = 1023}).why, Why::none);
}

TEST(HoldOf, WhatIsNotInTheWay)
{
	EXPECT_EQ(hold_of({.flags = kpf::buddy, .refcount = 4096}).why, Why::none);
	EXPECT_EQ(hold_of({.flags = kpf::nopage, .refcount = 4096}).why, Why::none);
	EXPECT_EQ(hold_of({.flags = kpf::hwpoison, .refcount = 1}).why, Why::none);
	EXPECT_EQ(hold_of({.flags = kpf::offline, .refcount = 1}).why, Why::none);
	EXPECT_EQ(hold_of({.flags = 0, .refcount = 0}).why, Why::none);
	EXPECT_EQ(hold_of({.flags = kpf::huge, .frames = 512, .refcount = 0, .pincount = 0}).why,
		  Why::none);
}

TEST(HoldOf, LargePagesHaveACounter)
{
	EXPECT_EQ(hold_of({.flags = user | kpf::thp,
			   .frames = 512,
			   .mapped = 1,
			   .refcount = 5000,
			   .pincount = 0})
			  .why,
		  Why::none);
	EXPECT_EQ(hold_of({.flags = user | kpf::thp,
			   .frames = 512,
			   .mapped = 1,
			   .refcount = 2,
			   .pincount = 7}),
		  (Hold{.why = Why::pinned, .count = 7}));
	// no room for it in two frames
	EXPECT_EQ(hold_of({.flags = user, .frames = 2, .refcount = 1024, .pincount = 0}).why,
		  Why::pinned);
	EXPECT_EQ(hold_of({.flags = user | kpf::thp, .frames = 512, .refcount = 1024}).why,
		  Why::pinned);
}

TEST(HoldOf, OtherReferences)
{
	EXPECT_EQ(hold_of({.flags = user, .mapped = 1, .refcount = 3}),
		  (Hold{.why = Why::held, .count = 2}));
	// page cache, and buffers
	EXPECT_EQ(hold_of({.flags = kpf::lru, .mapped = 0, .refcount = 1}).why, Why::none);
	EXPECT_EQ(hold_of({.flags = kpf::lru | kpf::priv, .mapped = 0, .refcount = 2}).why,
		  Why::none);
	EXPECT_EQ(hold_of({.flags = kpf::lru, .mapped = 2, .refcount = 4}),
		  (Hold{.why = Why::held, .count = 1}));
	EXPECT_EQ(hold_of({.flags = user | kpf::swapcache, .mapped = 1, .refcount = 2}).why,
		  Why::none);
	// on its way to the LRU
	EXPECT_EQ(hold_of({.flags = kpf::anon | kpf::mmap, .mapped = 1, .refcount = 2}).why,
		  Why::none);
}

TEST(HoldOf, TheKernelsOwn)
{
	EXPECT_EQ(hold_of({.flags = kpf::slab, .refcount = 1}).why, Why::unmovable);
	EXPECT_EQ(hold_of({.flags = kpf::pgtable, .refcount = 1}).why, Why::unmovable);
	EXPECT_EQ(hold_of({.flags = kpf::reserved, .refcount = 1}).why, Why::unmovable);
	EXPECT_EQ(hold_of({.flags = 0, .refcount = 1}).why, Why::unmovable);
}

TEST(KindOf, Words)
{
	EXPECT_EQ(kind_of(user, 1), "anonymous");
	EXPECT_EQ(kind_of(user | kpf::thp, 512), "2 MiB anonymous");
	EXPECT_EQ(kind_of(kpf::huge | kpf::anon, 262144), "1 GiB HugeTLB");
	EXPECT_EQ(kind_of(kpf::lru, 1), "file");
	EXPECT_EQ(kind_of(kpf::lru | kpf::swapbacked, 1), "shared memory");
	EXPECT_EQ(kind_of(kpf::slab, 1), "slab");
	EXPECT_EQ(kind_of(0, 1), "kernel");
}

/// Struct pages of 64 bytes in an array; reading a hole fails.
class FakeMap final : public KernelMemory
{
public:
	static constexpr std::uint64_t base = 0xffffea0000000000;
	std::vector<std::byte> bytes = std::vector<std::byte>(8192 * 64);
	std::uint64_t hole = ~0ULL; ///< a frame without a struct page

	void set(std::uint64_t pfn, std::uint32_t at, std::int32_t value)
	{
		std::memcpy(bytes.data() + pfn * 64 + at, &value, sizeof(value));
	}
	Result<void> read(std::uint64_t address, std::span<std::byte> out) const override
	{
		const std::uint64_t from = address - base;
		if (from + out.size() > bytes.size() ||
		    (hole * 64 >= from && hole * 64 < from + out.size()))
			return fail(Exit::cannot_tell, "memory", "fault");
		std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), out.size(),
			    out.begin());
		return {};
	}
};

class Blocks : public testing::Test
{
protected:
	Blocks()
	{
		flags.end = 8192;
		counts.end = 8192;
	}
	/// One mapped anonymous frame.
	void frame(std::uint64_t pfn, std::int32_t refs)
	{
		flags.single[pfn] = user;
		counts.single[pfn] = 1;
		memory.set(pfn, 52, refs);
	}
	std::vector<Blocker> find(std::uint64_t first, std::uint64_t end)
	{
		auto found = find_blockers(sources(), first, end, unreadable);
		EXPECT_TRUE(found);
		return found ? *found : std::vector<Blocker>{};
	}
	[[nodiscard]] FrameSources sources() const
	{
		return {.flags = flags,
			.mapcount = counts,
			.memory = memory,
			.map = {.base = FakeMap::base},
			.counts = {.refcount = 52, .pincount = 2 * 64 + 16}};
	}

	FakeFlags flags;
	FakeFlags counts;
	FakeMap memory;
	std::uint64_t unreadable = 0;
};

TEST_F(Blocks, EmptyMemory)
{
	EXPECT_TRUE(find(0, 8192).empty());
	EXPECT_EQ(unreadable, 0U);
}

TEST_F(Blocks, PinnedFramesAreNamedAndOnlyThose)
{
	for (std::uint64_t pfn = 1000; pfn < 1040; pfn++)
		frame(pfn, pfn >= 1010 && pfn < 1020 ? 1025 : 1);
	const auto found = find(512, 4096);
	ASSERT_EQ(found.size(), 10U);
	EXPECT_EQ(found.front().pfn, 1010U);
	const auto runs = runs_of(found);
	ASSERT_EQ(runs.size(), 1U);
	EXPECT_EQ(runs[0].pages, 10U);
	// beyond the block, none of them
	EXPECT_TRUE(find(1020, 2048).empty());
	EXPECT_EQ(find(1015, 1018).size(), 3U);
}

TEST_F(Blocks, ReleasedMeanwhile)
{
	frame(100, 1025);
	frame(101, 2049);
	frame(102, 1025);
	const auto before = find(0, 512);
	ASSERT_EQ(before.size(), 3U);
	frame(100, 1);
	flags.single[102] = kpf::buddy;
	frame(101, 1025);
	const auto after = still_blocking(sources(), before);
	ASSERT_TRUE(after);
	ASSERT_EQ(after->size(), 1U);
	EXPECT_EQ(after->front().pfn, 101U);
	EXPECT_EQ(after->front().hold.count, 1);
}

TEST_F(Blocks, AHugePageByItsCounterOfPins)
{
	flags.pages = {{1024, 512}, {1536, 512}};
	memory.set(1024, 52, 2);
	memory.set(1026, 16, 1); // in the second tail
	memory.set(1536, 52, 2);
	const auto found = find(0, 4096);
	ASSERT_EQ(found.size(), 1U);
	EXPECT_EQ(found[0].pfn, 1024U);
	EXPECT_EQ(found[0].frames, 512U);
	EXPECT_EQ(kind_of(found[0].flags, found[0].frames), "2 MiB HugeTLB");
}

TEST_F(Blocks, AHugePageThatBeginsInAnEarlierBlock)
{
	flags.pages = {{1024, 512}};
	memory.set(1024, 52, 2);
	memory.set(1026, 16, 3);
	const auto found = find(1280, 2048);
	ASSERT_EQ(found.size(), 1U);
	EXPECT_EQ(found[0].pfn, 1024U);
	EXPECT_EQ(found[0].hold.count, 3);
}

TEST_F(Blocks, ACompoundPageByItsTails)
{
	flags.single[64] = user | kpf::compound_head | kpf::thp;
	for (std::uint64_t pfn = 65; pfn < 80; pfn++)
		flags.single[pfn] = user | kpf::compound_tail | kpf::thp;
	memory.set(64, 52, 1);
	memory.set(66, 16, 1);
	frame(80, 1025);
	const auto found = find(0, 512);
	ASSERT_EQ(found.size(), 2U);
	EXPECT_EQ(found[0].frames, 16U);
	EXPECT_EQ(found[1].pfn, 80U);
}

TEST_F(Blocks, WhatCannotBeReadIsCounted)
{
	frame(100, 1025);
	memory.hole = 700;
	EXPECT_EQ(find(0, 2048).size(), 1U);
	EXPECT_EQ(unreadable, 512U);
	for (std::uint64_t pfn = 512; pfn < 1024; pfn++)
		flags.single[pfn] = kpf::nopage;
	unreadable = 0;
	find(0, 2048);
	EXPECT_EQ(unreadable, 0U);
}

MemoryBlock movable(std::uint64_t id)
{
	MemoryBlock block;
	block.id = id;
	block.state = "online";
	block.zones = "Movable";
	return block;
}

BlockersReport report()
{
	BlockersReport r;
	r.block_size = 128ULL << 20;
	r.blocks = {{.block = movable(8),
		     .blockers = {{.pfn = 0x40010, .flags = user, .hold = {Why::pinned, 1}},
				  {.pfn = 0x40011, .flags = user, .hold = {Why::pinned, 1}},
				  {.pfn = 0x40100, .flags = user, .hold = {Why::held, 2}},
				  {.pfn = 0x40200, .flags = 0, .hold = {Why::unmovable, 0}}}},
		    {.block = movable(9), .blockers = {}}};
	r.blocks[0].block.node = 0;
	return r;
}

TEST(BlockersText, BlockAndPagesAreNamed)
{
	const std::string text = blockers_text(report(), false, {});
	EXPECT_THAT(text, HasSubstr("memory8: zone Movable, from 0x40000000, 2 pages pinned"));
	EXPECT_THAT(text, HasSubstr("pfn 0x40010-0x40011  2 anonymous, pinned, 1 pin each"));
	EXPECT_THAT(text, HasSubstr("2 blocks looked at, 1 kept by pinned pages"));
	EXPECT_THAT(text, HasSubstr("1 page held otherwise and 1 page of the kernel's own"));
	EXPECT_THAT(text, HasSubstr("no record of who holds a pin"));
	EXPECT_THAT(text, Not(HasSubstr("memory9")));
	EXPECT_THAT(text, Not(HasSubstr("0x40100")));
	const std::string all = blockers_text(report(), true, {});
	EXPECT_THAT(all, HasSubstr("pfn 0x40100  1 anonymous, held, 2 references"));
	EXPECT_THAT(all, HasSubstr("pfn 0x40200  1 kernel, not movable"));
}

TEST(BlockersText, NoneIsSaidToo)
{
	BlockersReport r;
	r.block_size = 128ULL << 20;
	EXPECT_THAT(blockers_text(r, false, {}), HasSubstr("0 blocks looked at, 0 kept"));
	r.unreadable = 5;
	EXPECT_THAT(blockers_text(r, false, {}), HasSubstr("5 frames could not be looked at"));
}

TEST(BlockersJson, Shape)
{
	const auto j = blockers_json(report());
	EXPECT_EQ(j["schema"], "hugemem-pins-blockers-1");
	ASSERT_EQ(j["blocks"].size(), 1U);
	EXPECT_EQ(j["looked_at"], 2);
	EXPECT_EQ(j["pinned_frames_in_all"], 2);
	EXPECT_EQ(j["blocks"][0]["id"], 8);
	EXPECT_EQ(j["blocks"][0]["node"], 0);
	EXPECT_EQ(j["blocks"][0]["pinned"], 2);
	EXPECT_EQ(j["blocks"][0]["runs"][0]["pfn"], 0x40010);
	EXPECT_EQ(j["blocks"][0]["runs"][0]["pages"], 2);
	EXPECT_EQ(j["blocks"][0]["runs"][0]["why"], "pinned");
	EXPECT_FALSE(j["unknown"].empty());
}

} // namespace
} // namespace hugemem
