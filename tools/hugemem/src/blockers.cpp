// SPDX-License-Identifier: GPL-2.0-only
#include "blockers.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "pools.hpp"

namespace hugemem
{
namespace
{

using nlohmann::ordered_json;

constexpr std::uint64_t frames_at_once = 512; // frames that are read in one go

Result<std::int32_t> read_count(const KernelMemory &memory, std::uint64_t address)
{
	std::int32_t value = 0;
	if (auto ok = memory.read(address, std::as_writable_bytes(std::span(&value, 1))); !ok)
		return tl::unexpected(ok.error());
	return value;
}

/// Frames of the compound page whose head is at `pfn`: its tails follow it.
Result<std::uint64_t> frames_of(const PageFlags &flags, std::uint64_t pfn, std::uint64_t head)
{
	if (!(head & kpf::compound_head))
		return 1;
	if (head & kpf::huge) {
		const auto page = huge_page_of(flags, pfn);
		if (!page)
			return tl::unexpected(page.error());
		return *page && (*page)->pfn == pfn ? (*page)->frames : 1;
	}
	std::uint64_t frames = 1;
	std::array<std::uint64_t, frames_at_once> data{};
	for (;;) {
		const auto n = flags.read(pfn + frames, data);
		if (!n)
			return tl::unexpected(n.error());
		std::size_t tails = 0;
		while (tails < *n && data[tails] & kpf::compound_tail)
			tails++;
		frames += tails;
		if (tails < frames_at_once)
			return frames;
	}
}

std::uint64_t count(const std::vector<Blocker> &blockers, Hold::Why why)
{
	return static_cast<std::uint64_t>(
		std::count_if(blockers.begin(), blockers.end(),
			      [why](const Blocker &b) { return b.hold.why == why; }));
}

/// 4 KiB frames of the pages that are pinned.
std::uint64_t pinned_frames(const std::vector<Blocker> &blockers)
{
	std::uint64_t sum = 0;
	for (const Blocker &b : blockers)
		if (b.hold.why == Hold::Why::pinned)
			sum += b.frames;
	return sum;
}

std::string how(const Hold &hold)
{
	switch (hold.why) {
	case Hold::Why::pinned:
		return fmt::format("pinned, {} pin{}", hold.count, hold.count == 1 ? "" : "s");
	case Hold::Why::held:
		return fmt::format("held, {} reference{} that nothing accounts for", hold.count,
				   hold.count == 1 ? "" : "s");
	case Hold::Why::unmovable:
	case Hold::Why::none:
		break;
	}
	return std::string(name_of(hold.why));
}

std::string frames_text(const BlockerRun &run)
{
	const std::uint64_t frames = run.first.frames * run.pages;
	return frames == 1
		       ? fmt::format("pfn {:#x}", run.first.pfn)
		       : fmt::format("pfn {:#x}-{:#x}", run.first.pfn, run.first.pfn + frames - 1);
}

std::string pages_text(std::uint64_t n)
{
	return fmt::format("{} page{}", n, n == 1 ? "" : "s");
}

std::string zone_of(const MemoryBlock &block)
{
	return block.zones.substr(0, block.zones.find(' '));
}

} // namespace

Result<std::optional<Blocker>> look_at_page(const FrameSources &s, std::uint64_t pfn)
{
	auto flags = s.flags.at(pfn);
	if (!flags)
		return tl::unexpected(flags.error());
	if (*flags && **flags & kpf::compound_tail && **flags & kpf::huge) {
		const auto page = huge_page_of(s.flags, pfn);
		if (!page)
			return tl::unexpected(page.error());
		if (!*page)
			return std::nullopt;
		pfn = (*page)->pfn;
		flags = s.flags.at(pfn);
		if (!flags)
			return tl::unexpected(flags.error());
	}
	if (!*flags || **flags & kpf::compound_tail)
		return std::nullopt;
	Blocker page{.pfn = pfn, .frames = 1, .flags = **flags, .hold = {}};
	if (page.flags & (kpf::buddy | kpf::nopage))
		return page;
	const auto frames = frames_of(s.flags, pfn, page.flags);
	if (!frames)
		return tl::unexpected(frames.error());
	page.frames = *frames;

	PageState state{.flags = page.flags, .frames = page.frames};
	const auto mapped = s.mapcount.at(pfn);
	if (!mapped)
		return tl::unexpected(mapped.error());
	state.mapped = mapped->value_or(0);
	const std::uint64_t head = s.map.page_of(pfn);
	const auto refs = read_count(s.memory, head + s.counts.refcount);
	if (!refs)
		return tl::unexpected(refs.error());
	state.refcount = *refs;
	if (page.frames > 2 && s.counts.pincount) {
		const auto pins = read_count(s.memory, head + *s.counts.pincount);
		if (!pins)
			return tl::unexpected(pins.error());
		state.pincount = *pins;
	}
	page.hold = hold_of(state);
	return page;
}

Result<std::vector<Blocker>> find_blockers(const FrameSources &s, std::uint64_t first,
					   std::uint64_t end, std::uint64_t &unreadable)
{
	std::vector<Blocker> found;
	std::array<std::uint64_t, frames_at_once> flags{};
	std::vector<std::byte> pages(frames_at_once * s.map.page_size);
	for (std::uint64_t from = first; from < end;) {
		const std::uint64_t want = std::min(frames_at_once, end - from);
		const auto n = s.flags.read(from, std::span(flags).first(want));
		if (!n)
			return tl::unexpected(n.error());
		if (!*n)
			break;
		const auto bytes = std::span(pages).first(*n * s.map.page_size);
		if (auto ok = s.memory.read(s.map.page_of(from), bytes); !ok) {
			if (ok.error().code == Exit::environment)
				return tl::unexpected(ok.error());
			// a hole, unless the flags speak of memory
			unreadable += static_cast<std::uint64_t>(std::count_if(
				flags.begin(), flags.begin() + static_cast<std::ptrdiff_t>(*n),
				[](std::uint64_t f) { return !(f & kpf::nopage); }));
			from += *n;
			continue;
		}
		std::uint64_t next = from;
		for (std::uint64_t pfn = from; pfn < from + *n; pfn = next) {
			next = pfn + 1;
			const std::uint64_t f = flags[pfn - from];
			// Most of them by what is at hand; the rest one by one
			if (f & (kpf::buddy | kpf::nopage))
				continue;
			if (f & kpf::compound_tail && (pfn != first || !(f & kpf::huge)))
				continue;
			std::int32_t refs = 0;
			std::memcpy(&refs,
				    pages.data() + (pfn - from) * s.map.page_size +
					    s.counts.refcount,
				    sizeof(refs));
			if (refs <= 0 && !(f & kpf::compound_tail))
				continue;
			const auto page = look_at_page(s, pfn);
			if (!page) {
				if (page.error().code == Exit::environment)
					return tl::unexpected(page.error());
				unreadable++;
				continue;
			}
			if (!*page)
				continue;
			if ((*page)->hold.why != Hold::Why::none)
				found.push_back(**page);
			next = std::max(next, (*page)->pfn + (*page)->frames);
		}
		from = std::max(next, from + *n);
	}
	return found;
}

Result<std::vector<Blocker>> still_blocking(const FrameSources &s,
					    const std::vector<Blocker> &before)
{
	std::vector<Blocker> left;
	for (const Blocker &was : before) {
		const auto now = look_at_page(s, was.pfn);
		if (!now && now.error().code == Exit::environment)
			return tl::unexpected(now.error());
		if (now && *now && (*now)->pfn == was.pfn && (*now)->frames == was.frames &&
		    (*now)->hold.why == was.hold.why)
			left.push_back(**now);
	}
	return left;
}

std::vector<BlockerRun> runs_of(const std::vector<Blocker> &blockers)
{
	std::vector<BlockerRun> runs;
	for (const Blocker &b : blockers) {
		if (!runs.empty()) {
			BlockerRun &run = runs.back();
			const Blocker &f = run.first;
			if (b.pfn == f.pfn + run.pages * f.frames && b.frames == f.frames &&
			    b.hold == f.hold &&
			    kind_of(b.flags, b.frames) == kind_of(f.flags, f.frames)) {
				run.pages++;
				continue;
			}
		}
		runs.push_back({.first = b, .pages = 1});
	}
	return runs;
}

const std::vector<std::string> &blockers_unknown()
{
	static const std::vector<std::string> sentences = {
		"The kernel keeps no record of who holds a pin, or for how long.",
		"References taken without pinning (get_user_pages() as opposed to "
		"pin_user_pages()) are \"held\" at most, and only told of for pages of 4 KiB.",
		"A page of 4 KiB or 8 KiB with 1024 or more ordinary references looks pinned, to "
		"the kernel as well.",
	};
	return sentences;
}

std::string blockers_text(const BlockersReport &report, bool all, const Style &style)
{
	using Why = Hold::Why;
	std::string out;
	std::uint64_t blocked = 0;
	std::uint64_t held = 0;
	std::uint64_t unmovable = 0;
	for (const BlockedBlock &b : report.blocks) {
		std::vector<Blocker> shown;
		std::copy_if(b.blockers.begin(), b.blockers.end(), std::back_inserter(shown),
			     [all](const Blocker &x) { return all || x.hold.why == Why::pinned; });
		held += count(b.blockers, Why::held);
		unmovable += count(b.blockers, Why::unmovable);
		blocked += count(b.blockers, Why::pinned) ? 1 : 0;
		if (shown.empty())
			continue;
		out += style.bold(fmt::format("memory{}", b.block.id)) +
		       fmt::format(": zone {}, from {:#x}, {} pinned\n", zone_of(b.block),
				   b.block.id * report.block_size,
				   pages_text(count(b.blockers, Why::pinned)));
		for (const BlockerRun &run : runs_of(shown))
			out += fmt::format("  {}  {} {}, {}{}\n", frames_text(run), run.pages,
					   kind_of(run.first.flags, run.first.frames),
					   how(run.first.hold), run.pages > 1 ? " each" : "");
	}
	out += fmt::format("{} block{} looked at, {} kept by pinned pages\n", report.blocks.size(),
			   report.blocks.size() == 1 ? "" : "s", blocked);
	if (!all && (held || unmovable))
		out += fmt::format("  besides, {} held otherwise and {} of the kernel's own, which "
				   "may be for a moment only (--all lists them)\n",
				   pages_text(held), pages_text(unmovable));
	if (report.unreadable)
		out += style.bad(
			fmt::format("  {} frames could not be looked at\n", report.unreadable));
	for (const std::string &sentence : blockers_unknown())
		out += style.dim(sentence) + '\n';
	return out;
}

ordered_json blockers_json(const BlockersReport &report)
{
	ordered_json blocks = ordered_json::array();
	std::uint64_t frames = 0;
	for (const BlockedBlock &b : report.blocks) {
		if (b.blockers.empty())
			continue;
		frames += pinned_frames(b.blockers);
		ordered_json pages = ordered_json::array();
		for (const BlockerRun &run : runs_of(b.blockers))
			pages.push_back({{"pfn", run.first.pfn},
					 {"pages", run.pages},
					 {"frames_each", run.first.frames},
					 {"kind", kind_of(run.first.flags, run.first.frames)},
					 {"why", name_of(run.first.hold.why)},
					 {"count_each", run.first.hold.count}});
		ordered_json one = {{"id", b.block.id},
				    {"zone", zone_of(b.block)},
				    {"pinned", count(b.blockers, Hold::Why::pinned)},
				    {"pinned_frames", pinned_frames(b.blockers)},
				    {"held", count(b.blockers, Hold::Why::held)},
				    {"unmovable", count(b.blockers, Hold::Why::unmovable)},
				    {"runs", std::move(pages)}};
		if (b.block.node)
			one["node"] = *b.block.node;
		blocks.push_back(std::move(one));
	}
	return {{"schema", "hugemem-pins-blockers-1"},    {"block_size", report.block_size},
		{"looked_at", report.blocks.size()},      {"pinned_frames_in_all", frames},
		{"unreadable_frames", report.unreadable}, {"blocks", std::move(blocks)},
		{"unknown", blockers_unknown()}};
}

} // namespace hugemem
