// SPDX-License-Identifier: GPL-2.0-only
#include "picture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace hugemem
{
namespace
{

Seen optimised()
{
	Seen page;
	page.pfn = 0x12a00;
	page.frames = 512;
	for (unsigned i = 0; i < 8; i++)
		page.boxes.push_back({.present = true,
				      .writable = i == 0,
				      .level = 1,
				      .pfn = i ? 0x55U : 0x7a00U,
				      .table = 9});
	page.judgement = judge(page.boxes, MemoryMap{});
	return page;
}

TEST(Picture, OfOneOptimisedPage)
{
	const std::string text =
		picture(optimised(),
			{.page_address = 0xffffea00004a8000, .sharers = 1024, .node = -1}, Style{});
	EXPECT_EQ(
		text,
		"huge page at PFN 0x12a00, 2 MiB: PROVED\n"
		"its 512 struct pages at 0xffffea00004a8000 fill 8 pages of vmemmap,\n"
		"pages 1 and up read-only on one frame for all (as in 7.1 and the 5.10 series)\n"
		"  page     0        1        2        3        4        5        6        7\n"
		"       +--------+--------+--------+--------+--------+--------+--------+--------+\n"
		" frame |  7a00  |   55   |   55   |   55   |   55   |   55   |   55   |   55   |\n"
		"access |   RW   |   RO   |   RO   |   RO   |   RO   |   RO   |   RO   |   RO   |\n"
		" whose |  own   | shared | shared | shared | shared | shared | shared | shared |\n"
		"       +--------+--------+--------+--------+--------+--------+--------+--------+\n"
		"       frame 55 serves the tails of 1024 huge pages\n"
		"       saves 7 of 8 frames: 2020 KiB of 2 MiB used\n");
}

TEST(Picture, FitsInto80ColumnsWithEitherLines)
{
	for (const bool utf8 : {false, true}) {
		std::istringstream lines(
			picture(optimised(), {}, Style{.utf8 = utf8, .colour = false}));
		for (std::string line; std::getline(lines, line);) {
			const auto columns = std::count_if(line.begin(), line.end(), [](char c) {
				return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
			});
			EXPECT_LE(columns, 80) << line;
		}
	}
}

TEST(Picture, OneGibShowsRuns)
{
	Seen page;
	page.pfn = 0x40000;
	page.frames = 512 * 512;
	for (unsigned i = 0; i < 4096; i++)
		page.boxes.push_back({.present = true,
				      .writable = i == 0,
				      .level = 1,
				      .pfn = i ? 0x55U : 0x7a00U,
				      .table = 9});
	page.judgement = judge(page.boxes, MemoryMap{});
	const std::string text = picture(page, {}, Style{});
	EXPECT_NE(text.find("1-4095"), std::string::npos) << text;
	EXPECT_NE(text.find("saves 4095 of 4096 frames"), std::string::npos) << text;
}

TEST(Picture, AWrongPageSaysWhy)
{
	Seen page = optimised();
	page.boxes[3].writable = true;
	page.judgement = judge(page.boxes, MemoryMap{});
	const std::string text = picture(page, {}, Style{});
	EXPECT_NE(text.find("WRONG"), std::string::npos);
	EXPECT_NE(text.find("page 3 is writable"), std::string::npos) << text;
	page.boxes[3].present = false;
	page.judgement = judge(page.boxes, MemoryMap{});
	EXPECT_NE(picture(page, {}, Style{}).find("absent"), std::string::npos);
}

TEST(Picture, AHostedPageSaysWhereItsMapIs)
{
	Seen page = optimised();
	for (unsigned i = 0; i < 8; i++)
		page.boxes[i] = {.present = true, .writable = true, .level = 2, .pfn = 0x7a00U + i};
	page.judgement = judge(page.boxes, MemoryMap{});
	judge_hosted(page);
	const std::string text = picture(page, {.node = 1}, Style{});
	EXPECT_NE(text.find("node 1: HOSTED"), std::string::npos) << text;
	EXPECT_NE(text.find("lies in the hot-added memory itself"), std::string::npos) << text;
}

TEST(Runs, OneFrameConsecutiveFramesAndBreaks)
{
	std::vector<Mapping> boxes;
	const auto add = [&](std::uint64_t pfn, bool writable) {
		boxes.push_back({.present = true,
				 .writable = writable,
				 .level = 1,
				 .pfn = pfn,
				 .table = 1});
	};
	add(10, true);
	add(11, true);
	add(12, true);
	add(12, true);
	add(12, false);
	add(12, false);
	boxes.push_back({});
	boxes.push_back({});
	const auto runs = runs_of(boxes);
	std::vector<std::pair<std::uint64_t, std::uint64_t>> ends;
	for (const auto &r : runs)
		ends.emplace_back(r.first, r.last);
	EXPECT_EQ(ends, (std::vector<std::pair<std::uint64_t, std::uint64_t>>{
				{0, 2}, {3, 3}, {4, 5}, {6, 7}}));
	EXPECT_FALSE(runs[0].one_frame);
	EXPECT_TRUE(runs[2].one_frame);
}

TEST(Runs, CoverEveryPageOnce)
{
	std::vector<Mapping> boxes;
	std::uint64_t seed = 42;
	for (unsigned i = 0; i < 1000; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		boxes.push_back({.present = (seed >> 40) % 7 != 0,
				 .writable = (seed >> 45) % 2 != 0,
				 .level = 1,
				 .pfn = (seed >> 50) % 4,
				 .table = 1});
	}
	std::uint64_t next = 0;
	for (const auto &r : runs_of(boxes)) {
		EXPECT_EQ(r.first, next);
		EXPECT_GE(r.last, r.first);
		next = r.last + 1;
	}
	EXPECT_EQ(next, boxes.size());
}

} // namespace
} // namespace hugemem
