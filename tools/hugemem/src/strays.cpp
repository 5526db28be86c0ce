// SPDX-License-Identifier: GPL-2.0-only
#include "strays.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace hugemem
{
namespace
{

constexpr std::uint64_t smallest = 512; // the smallest huge page

void append(std::vector<FrameRun> &runs, std::uint64_t pfn)
{
	if (!runs.empty() && runs.back().pfn + runs.back().frames == pfn)
		runs.back().frames++;
	else
		runs.push_back({.pfn = pfn, .frames = 1});
}

/// The huge page that a frame lies in. A head without a tail behind it is a stray itself.
Result<std::optional<HugePage>> page_around(const PageFlags &flags, std::uint64_t pfn)
{
	constexpr std::uint64_t tail = kpf::huge | kpf::compound_tail;
	auto page = huge_page_of(flags, pfn);
	if (!page || !*page)
		return page;
	const auto second = flags.at((*page)->pfn + 1);
	if (!second)
		return tl::unexpected(second.error());
	if (!*second || (**second & (tail | kpf::compound_head)) != tail)
		return std::nullopt;
	return page;
}

/// Appends the strays among the frames [pfn, pfn + count), which begin no huge page.
Result<std::size_t> look(const PageFlags &flags, std::uint64_t pfn, std::uint64_t count,
			 std::vector<FrameRun> &runs)
{
	std::array<std::uint64_t, smallest> data{};
	auto read = flags.read(pfn, std::span(data).first(count));
	if (!read)
		return read;
	for (std::size_t i = 0; i < *read; i++)
		if (data[i] & kpf::huge)
			append(runs, pfn + i);
	return read;
}

} // namespace

Result<std::vector<FrameRun>> find_strays(const PageFlags &flags)
{
	std::vector<FrameRun> runs;
	for (std::uint64_t pfn = 0;;) {
		const auto page = page_around(flags, pfn);
		if (!page)
			return tl::unexpected(page.error());
		if (*page && (*page)->pfn == pfn) {
			pfn += (*page)->frames;
			continue;
		}
		const auto n = look(flags, pfn, smallest, runs);
		if (!n)
			return tl::unexpected(n.error());
		if (*n < smallest)
			return runs;
		pfn += smallest;
	}
}

Result<std::vector<FrameRun>> still_strays(const PageFlags &flags,
					   const std::vector<FrameRun> &runs)
{
	std::vector<FrameRun> left;
	for (const FrameRun &run : runs) {
		for (std::uint64_t pfn = run.pfn; pfn < run.pfn + run.frames;) {
			// to the end of this 2 MiB, or of the run
			const std::uint64_t count =
				std::min(run.pfn + run.frames, (pfn / smallest + 1) * smallest) -
				pfn;
			const auto page = page_around(flags, pfn);
			if (!page)
				return tl::unexpected(page.error());
			if (!*page) {
				if (const auto n = look(flags, pfn, count, left); !n)
					return tl::unexpected(n.error());
			}
			pfn += count;
		}
	}
	return left;
}

Result<std::vector<FrameRun>> settled_strays(const PageFlags &flags)
{
	constexpr int looks = 8;
	auto runs = find_strays(flags);
	for (int i = 0; i < looks && runs && !runs->empty(); i++) {
		std::this_thread::sleep_for(std::chrono::milliseconds(5));
		runs = still_strays(flags, *runs);
	}
	return runs;
}

std::uint64_t frames_in(const std::vector<FrameRun> &runs)
{
	std::uint64_t sum = 0;
	for (const FrameRun &run : runs)
		sum += run.frames;
	return sum;
}

std::string strays_text(const std::vector<FrameRun> &runs)
{
	if (runs.empty())
		return "none";
	const std::uint64_t frames = frames_in(runs);
	return fmt::format("{} frame{} (the first at PFN {:x})", frames, frames == 1 ? "" : "s",
			   runs.front().pfn);
}

} // namespace hugemem
