// SPDX-License-Identifier: GPL-2.0-only
// Memory blocks out of a sysfs made for the test, and device events out of recorded bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "folder.hpp"
#include "hotplug_report.hpp"
#include "uevent.hpp"

namespace hugemem
{
namespace
{

namespace fs = std::filesystem;
using namespace std::string_literals;

class Sysfs : public Folder
{
protected:
	Sysfs() { put("block_size_bytes", "8000000\n"); }

	/// A block as a kernel shows it; one without the series has no mode.
	void block(unsigned id, const std::string &state, const std::string &zones,
		   const std::string &mode = "", const std::string &host = "")
	{
		const fs::path dir = root_ / ("memory" + std::to_string(id));
		fs::create_directory(dir);
		put(dir / "state", state + "\n");
		put(dir / "valid_zones", zones + "\n");
		fs::create_directory(dir / "node1");
		if (!mode.empty()) {
			put(dir / "memmap_mode", mode + "\n");
			put(dir / "memmap_host", host + "\n");
		}
	}
};

TEST_F(Sysfs, Read)
{
	block(33, "offline", "Normal Movable", "group", "memory32");
	block(32, "online", "Movable", "group", "memory32");
	fs::create_directory(root_ / "memory_tiering");
	const auto all = read_memory_blocks(root_);
	ASSERT_TRUE(all) << all.error().text();
	EXPECT_EQ(all->size, 128U << 20);
	ASSERT_EQ(all->blocks.size(), 2U);
	EXPECT_EQ(all->blocks[0].id, 32U);
	EXPECT_EQ(all->blocks[0].state, "online");
	EXPECT_EQ(all->blocks[0].zones, "Movable");
	EXPECT_EQ(all->blocks[0].node, 1U);
	EXPECT_EQ(all->blocks[1].map_mode, "group");
	EXPECT_EQ(all->blocks[1].map_host, 32U);
}

TEST_F(Sysfs, KernelsThatDoNotSayWhereTheMapIs)
{
	block(0, "online", "DMA32");
	const auto all = read_memory_blocks(root_);
	ASSERT_TRUE(all);
	EXPECT_EQ(all->blocks[0].map_mode, "?");
	EXPECT_EQ(all->blocks[0].map_host, std::nullopt);
	EXPECT_THAT(blocks_table(*all, false, {}), testing::HasSubstr("does not say where"));
}

TEST_F(Sysfs, NothingThere)
{
	const auto none = read_memory_blocks(root_ / "no");
	ASSERT_FALSE(none);
	EXPECT_EQ(none.error().code, Exit::environment);
	EXPECT_THAT(none.error().text(), testing::HasSubstr("CONFIG_MEMORY_HOTPLUG"));

	put(root_ / "block_size_bytes", "eight\n");
	EXPECT_FALSE(read_memory_blocks(root_));
	put(root_ / "block_size_bytes", "0\n");
	EXPECT_FALSE(read_memory_blocks(root_));
}

TEST_F(Sysfs, Json)
{
	block(32, "online", "Movable", "group", "memory32");
	block(2, "offline", "Normal Movable", "system", "none");
	const auto json = blocks_json(*read_memory_blocks(root_));
	EXPECT_EQ(json["block_size"], 134217728);
	EXPECT_EQ(json["blocks"][0]["memmap_mode"], "system");
	EXPECT_FALSE(json["blocks"][0].contains("memmap_host"));
	EXPECT_EQ(json["blocks"][1]["address"], 0x100000000);
	EXPECT_EQ(json["blocks"][1]["memmap_host"], 32);
	EXPECT_EQ(json["blocks"][1]["node"], 1);
}

MemoryBlock made(std::uint64_t id, std::string state, std::string mode,
		 std::optional<std::uint64_t> host)
{
	MemoryBlock block;
	block.id = id;
	block.state = std::move(state);
	block.zones = "Movable";
	block.map_mode = std::move(mode);
	block.map_host = host;
	return block;
}

TEST(Ranges, OfBlocksThatAreAlike)
{
	const auto ranges =
		ranges_of({made(0, "online", "system", {}), made(1, "online", "system", {}),
			   made(3, "online", "system", {}), // 2 is missing
			   made(4, "offline", "system", {}), made(5, "offline", "group", 5),
			   made(6, "offline", "group", 5), made(7, "offline", "group", 6)});
	ASSERT_EQ(ranges.size(), 5U);
	EXPECT_EQ(ranges[0].last, 1U);
	EXPECT_EQ(ranges[1].first.id, 3U);
	EXPECT_EQ(ranges[3].first.id, 5U);
	EXPECT_EQ(ranges[3].last, 6U);
	EXPECT_EQ(ranges[4].first.id, 7U);
	EXPECT_TRUE(ranges_of({}).empty());
}

TEST(Ranges, OfBlocksThatHoldTheirOwnMap)
{
	const auto ranges = ranges_of({made(5, "online", "block", 5), made(6, "online", "block", 6),
				       made(7, "online", "block", 7)});
	ASSERT_EQ(ranges.size(), 1U);
	EXPECT_EQ(ranges[0].last, 7U);
}

TEST(Table, SumsUp)
{
	const MemoryBlocks all{
		.size = 128U << 20,
		.blocks = {made(0, "online", "system", {}), made(1, "online", "system", {}),
			   made(32, "offline", "group", 32), made(33, "offline", "group", 32)}};
	const std::string table = blocks_table(all, false, {});
	EXPECT_THAT(table, testing::HasSubstr("0-1 "));
	EXPECT_THAT(table, testing::HasSubstr("0x100000000"));
	EXPECT_THAT(table, testing::HasSubstr("group, in 32"));
	EXPECT_THAT(table, testing::HasSubstr("4 blocks of 128 MiB: 256 MiB online, 256 MiB not"));
	EXPECT_THAT(blocks_table(all, true, {}), testing::HasSubstr("\n33 "));
}

TEST(Uevents, AsTheKernelSendsThem)
{
	const std::string message =
		"offline@/devices/system/memory/memory41\0ACTION=offline\0"
		"DEVPATH=/devices/system/memory/memory41\0SUBSYSTEM=memory\0SEQNUM=1234\0"s;
	const auto event = parse_uevent(message);
	ASSERT_TRUE(event);
	EXPECT_EQ(event->action, "offline");
	EXPECT_EQ(event->path, "/devices/system/memory/memory41");
	EXPECT_EQ(event->values.at("SUBSYSTEM"), "memory");
	EXPECT_EQ(event->values.at("SEQNUM"), "1234");
	EXPECT_EQ(event->values.size(), 4U);
}

TEST(Uevents, DamagedOnesDoNoHarm)
{
	EXPECT_FALSE(parse_uevent(""));
	EXPECT_FALSE(parse_uevent("libudev\0\xfe\xed\xca\xfe"s));
	EXPECT_FALSE(parse_uevent("@/devices\0A=B\0"s));
	const auto cut = parse_uevent("add@/devices/x\0SUBSYSTEM=mem"s);
	ASSERT_TRUE(cut);
	EXPECT_TRUE(cut->values.empty());
	EXPECT_TRUE(parse_uevent("add@"));
	EXPECT_TRUE(parse_uevent("add@/devices/x\0\0\0=\0A\0"s));
}

TEST(BlockId, InItsName)
{
	EXPECT_EQ(block_id("memory32"), 32U);
	EXPECT_FALSE(block_id("memory"));
	EXPECT_FALSE(block_id("memory3x"));
	EXPECT_FALSE(block_id("none"));
	EXPECT_FALSE(block_id("memory99999999999999999999"));
}

} // namespace
} // namespace hugemem
