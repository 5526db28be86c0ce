// SPDX-License-Identifier: GPL-2.0-only
#include "fleet_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace hugemem
{
namespace
{

constexpr std::uint64_t map_small = 512;
constexpr std::uint64_t map_large = 512 * 512;
constexpr std::uint64_t map_row = 64 * map_small;

void add(std::vector<Spot> &spots, std::uint64_t pfn, std::size_t count,
	 std::optional<Verdict> verdict, std::optional<unsigned> node = 0,
	 std::uint64_t frames = map_small)
{
	for (std::size_t i = 0; i < count; i++)
		spots.push_back({.pfn = pfn + i * frames,
				 .frames = frames,
				 .node = node,
				 .verdict = verdict});
}

TEST(FleetMap, ByNodeAndSizeWithALegendOfWhatOccurs)
{
	std::vector<Spot> spots;
	add(spots, 0x60000 + 3 * map_small, 2, Verdict::not_optimised, 1);
	add(spots, 0x60000 + 5 * map_small, 1, Verdict::hosted, 1);
	add(spots, 0x20000, 64, Verdict::proved);
	add(spots, 0x20000 + map_row, 1, Verdict::wrong);
	add(spots, 0x20000 + map_row + 2 * map_small, 1, Verdict::split_only);
	add(spots, 0x20000 + map_row + 3 * map_small, 1, std::nullopt);
	add(spots, 0x40000, 1, Verdict::proved, 0, map_large);
	EXPECT_EQ(fleet_map(spots, 0, Style{}),
		  "all huge pages, one character each; rows begin with a PFN\n"
		  "node 0, 2 MiB: 67 pages, rows of 128 MiB\n"
		  "       20000  "
		  "################################################################\n"
		  "       28000  X /?\n"
		  "node 0, 1 GiB: 1 page, rows of 64 GiB\n"
		  "           0   #\n"
		  "node 1, 2 MiB: 3 pages, rows of 128 MiB\n"
		  "       60000     ..h\n"
		  "# proved   . not optimised   / split but not remapped   h hosted   X WRONG   "
		  "? not to be looked at\n");
}

TEST(FleetMap, EveryPageHasOneCharacter)
{
	std::vector<Spot> spots;
	std::uint64_t seed = 42;
	for (std::uint64_t at = 0; at < 1000; at++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		if ((seed >> 40) % 3)
			add(spots, at * map_small, 1, Verdict::proved,
			    static_cast<unsigned>(seed >> 50) % 2);
	}
	const std::string text = fleet_map(spots, 0, Style{});
	// One more in the legend
	EXPECT_EQ(std::count(text.begin(), text.end(), '#'),
		  static_cast<std::ptrdiff_t>(spots.size() + 1));
}

TEST(FleetMap, RowsThatAreAlikeAreDrawnOnceUnlessAllAreWanted)
{
	std::vector<Spot> spots;
	add(spots, 0, 64 * 10, Verdict::proved);
	add(spots, 12 * map_row, 64, Verdict::proved); // alike, but behind a gap
	const std::string text = fleet_map(spots, 24, Style{});
	EXPECT_NE(text.find("           *  9 more rows like it\n       60000  ####"),
		  std::string::npos)
		<< text;
	EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6) << text;
	const std::string all = fleet_map(spots, 0, Style{});
	EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3 + 11) << all;
}

TEST(FleetMap, WhatIsLeftOutIsSaid)
{
	std::vector<Spot> spots;
	for (std::uint64_t r = 0; r < 30; r++)
		add(spots, 2 * r * map_row, 1, Verdict::proved);
	add(spots, 100 * map_row, 1, Verdict::proved, 1);
	const std::string text = fleet_map(spots, 24, Style{});
	EXPECT_NE(text.find("         ...  7 rows left out: --map draws all\n"), std::string::npos)
		<< text;
	EXPECT_NE(text.find("node 1, 2 MiB: 1 page"), std::string::npos) << text;
}

TEST(FleetMap, WithoutNodes)
{
	std::vector<Spot> spots;
	add(spots, 0, 1, Verdict::proved, std::nullopt);
	EXPECT_EQ(fleet_map(spots, 24, Style{}).find("node"), std::string::npos);
	add(spots, map_row, 1, Verdict::proved, 2);
	const std::string text = fleet_map(spots, 24, Style{});
	EXPECT_LT(text.find("node 2, "), text.find("node unknown, ")) << text;
	EXPECT_EQ(fleet_map({}, 24, Style{}), "");
}

TEST(FleetMap, FitsInto80Columns)
{
	std::vector<Spot> spots;
	add(spots, 1ULL << 40, 64, Verdict::proved);
	std::istringstream lines(fleet_map(spots, 24, Style{}));
	for (std::string line; std::getline(lines, line);)
		EXPECT_LE(line.size(), 80U) << line;
}

TEST(FleetMap, ColourComesByRuns)
{
	std::vector<Spot> spots;
	add(spots, 0, 3, Verdict::proved);
	add(spots, 3 * map_small, 1, Verdict::wrong);
	const std::string text = fleet_map(spots, 24, Style{.utf8 = false, .colour = true});
	EXPECT_NE(text.find("  \033[32m###\033[0m\033[1;31mX\033[0m\n"), std::string::npos) << text;
}

TEST(FleetMap, MarksDiffer)
{
	const std::optional<Verdict> all[] = {Verdict::proved,     Verdict::not_optimised,
					      Verdict::split_only, Verdict::hosted,
					      Verdict::wrong,      std::nullopt};
	for (const auto &a : all)
		for (const auto &b : all)
			EXPECT_EQ(mark_of(a) == mark_of(b), a == b);
}

} // namespace
} // namespace hugemem
