// SPDX-License-Identifier: GPL-2.0-only
// Where huge pages lie, by a sysfs made for the test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "folder.hpp"
#include "page_place.hpp"

namespace hugemem
{
namespace
{

namespace fs = std::filesystem;

class Places : public Folder
{
protected:
	static constexpr std::uint64_t small = 512;       // frames of 2 MiB
	static constexpr std::uint64_t large = 512 * 512; // of 1 GiB
	static constexpr std::uint64_t block = 128 * 256; // of a memory block
	Places() { put("block_size_bytes", "8000000\n"); }

	void add(unsigned id, const std::string &mode, unsigned node = 0) const
	{
		const fs::path dir = root_ / ("memory" + std::to_string(id));
		fs::create_directories(dir / ("node" + std::to_string(node)));
		put(dir / "state", "online\n");
		if (!mode.empty())
			put(dir / "memmap_mode", mode + "\n");
	}
	[[nodiscard]] PagePlace of(std::uint64_t pfn, std::uint64_t frames = small) const
	{
		return PagePlaces(root_).of(pfn, frames);
	}
};

TEST_F(Places, HostedIsWhatIsNotTheSystems)
{
	add(0, "system");
	add(1, "block", 1);
	add(2, "group", 1);
	EXPECT_EQ(of(block - small), (PagePlace{.node = 0, .hosted = false}));
	EXPECT_EQ(of(block), (PagePlace{.node = 1, .hosted = true}));
	EXPECT_EQ(of(3 * block - small), (PagePlace{.node = 1, .hosted = true}));
}

TEST_F(Places, OneBlockOfAGigabyteIsEnough)
{
	for (unsigned i = 0; i < 16; i++)
		add(i, i == 15 ? "group" : "system", i / 8);
	EXPECT_EQ(of(0, large), (PagePlace{.node = 0, .hosted = false}));
	EXPECT_EQ(of(large, large), (PagePlace{.node = 1, .hosted = true}));
}

TEST_F(Places, KernelsThatDoNotSay)
{
	add(0, "", 3);
	EXPECT_EQ(of(0), (PagePlace{.node = 3, .hosted = false}));
	EXPECT_EQ(of(block), PagePlace{}); // no such block
	EXPECT_EQ(PagePlaces(root_ / "no").of(0, small), PagePlace{});
}

TEST_F(Places, EachBlockIsAskedOnce)
{
	add(0, "group");
	PagePlaces places(root_);
	EXPECT_TRUE(places.of(0, small).hosted);
	fs::remove_all(root_ / "memory0");
	EXPECT_TRUE(places.of(small, small).hosted);
}

} // namespace
} // namespace hugemem
