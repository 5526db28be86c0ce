// SPDX-License-Identifier: GPL-2.0-only
#include "fleet_map.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "pools.hpp"

namespace hugemem
{
namespace
{

constexpr std::uint64_t row_pages = 64;
constexpr std::uint64_t kib_per_frame = 4;

struct Sign {
	std::optional<Verdict> verdict;
	char mark;
	std::string_view meaning;
};
constexpr Sign signs[] = {
	{Verdict::proved, '#', "proved"},
	{Verdict::not_optimised, '.', "not optimised"},
	{Verdict::split_only, '/', "split but not remapped"},
	{Verdict::hosted, 'h', "hosted"},
	{Verdict::wrong, 'X', "WRONG"},
	{std::nullopt, '?', "not to be looked at"},
};

/// Unknown nodes come last.
std::tuple<bool, unsigned, std::uint64_t, std::uint64_t> place(const Spot &s)
{
	return {!s.node, s.node.value_or(0), s.frames, s.pfn};
}

bool same_group(const Spot &a, const Spot &b)
{
	return a.node == b.node && a.frames == b.frames;
}

struct MapRow {
	std::uint64_t index; // its place in memory, in rows
	std::string marks;
};

/// Rows of the spots [from, to), which are of one group, lowest first.
std::vector<MapRow> rows_of(const std::vector<Spot> &spots, std::size_t from, std::size_t to)
{
	std::vector<MapRow> rows;
	for (std::size_t i = from; i < to; i++) {
		const std::uint64_t at = spots[i].pfn / spots[i].frames;
		if (rows.empty() || rows.back().index != at / row_pages)
			rows.push_back({.index = at / row_pages, .marks = {}});
		std::string &marks = rows.back().marks;
		marks.resize(at % row_pages, ' ');
		marks += mark_of(spots[i].verdict);
	}
	return rows;
}

std::string painted(const std::string &marks, const Style &style)
{
	std::string out;
	for (std::size_t i = 0; i < marks.size();) {
		const std::size_t end =
			std::min(marks.find_first_not_of(marks[i], i), marks.size());
		const std::string run = marks.substr(i, end - i);
		out += marks[i] == '#'                      ? style.good(run)
		       : marks[i] == 'X' || marks[i] == '?' ? style.bad(run)
							    : run;
		i = end;
	}
	return out;
}

std::string heading(const Spot &spot, std::size_t count, bool nodes)
{
	std::string out;
	if (nodes)
		out = spot.node ? fmt::format("node {}, ", *spot.node) : "node unknown, ";
	const std::uint64_t kib = spot.frames * kib_per_frame;
	return out + fmt::format("{}: {} page{}, rows of {}\n", size_name(kib), count,
				 count == 1 ? "" : "s", size_name(kib * row_pages));
}

/// How many rows that follow are as this one, without a gap.
std::size_t alike(const std::vector<MapRow> &rows, std::size_t at)
{
	std::size_t n = 0;
	while (at + n + 1 < rows.size() && rows[at + n + 1].marks == rows[at].marks &&
	       rows[at + n + 1].index == rows[at].index + n + 1)
		n++;
	return n;
}

} // namespace

std::vector<Spot> spots_of(const std::vector<Seen> &pages)
{
	std::vector<Spot> spots;
	spots.reserve(pages.size());
	for (const Seen &page : pages)
		spots.push_back({.pfn = page.pfn,
				 .frames = page.frames,
				 .node = page.node,
				 .verdict = page.judgement.verdict});
	return spots;
}

char mark_of(const std::optional<Verdict> &verdict)
{
	for (const Sign &sign : signs)
		if (sign.verdict == verdict)
			return sign.mark;
	return '?';
}

std::string fleet_map(std::vector<Spot> spots, std::size_t most, const Style &style)
{
	if (spots.empty())
		return {};
	std::sort(spots.begin(), spots.end(),
		  [](const Spot &a, const Spot &b) { return place(a) < place(b); });
	const bool nodes = spots.front().node.has_value();
	std::set<char> used;
	for (const Spot &s : spots)
		used.insert(mark_of(s.verdict));

	std::string out = "all huge pages, one character each; rows begin with a PFN\n";
	std::size_t lines = 0;
	std::size_t left_out = 0;
	for (std::size_t from = 0, to = 0; from < spots.size(); from = to) {
		while (to < spots.size() && same_group(spots[from], spots[to]))
			to++;
		out += style.bold(heading(spots[from], to - from, nodes));
		const std::vector<MapRow> rows = rows_of(spots, from, to);
		for (std::size_t r = 0; r < rows.size(); r++) {
			if (most && lines >= most) {
				left_out += rows.size() - r;
				break;
			}
			lines++;
			out += fmt::format("{:>12x}  {}\n",
					   rows[r].index * row_pages * spots[from].frames,
					   painted(rows[r].marks, style));
			const std::size_t same = most ? alike(rows, r) : 0;
			if (same > 1) {
				out += fmt::format("{:>12}  {} more rows like it\n", "*", same);
				r += same;
			}
		}
	}
	if (left_out)
		out += fmt::format("{:>12}  {} row{} left out: --map draws all\n", "...", left_out,
				   left_out == 1 ? "" : "s");
	for (const Sign &sign : signs)
		if (used.count(sign.mark))
			out += fmt::format("{} {}   ", painted({sign.mark}, style), sign.meaning);
	out.erase(out.find_last_not_of(' ') + 1);
	return out + '\n';
}

} // namespace hugemem
