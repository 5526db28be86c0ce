// SPDX-License-Identifier: GPL-2.0-only
// hugemem pins --blockers: which pages keep movable memory blocks from going offline.
#include "pins_blockers.hpp"

#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "blockers.hpp"
#include "bpf_log.hpp"
#include "kernel_view.hpp"
#include "privilege.hpp"

namespace hugemem
{
namespace
{

constexpr std::uint64_t page_size = 4096;

/// Those to look at: the one asked for, else all that are online and movable.
Result<std::vector<MemoryBlock>> choose(const MemoryBlocks &all, const BlockersOptions &o)
{
	std::vector<MemoryBlock> chosen;
	for (const MemoryBlock &block : all.blocks) {
		const bool movable =
			block.zones == "Movable" || block.zones.starts_with("Movable ");
		if (o.block ? block.id == *o.block : block.state == "online" && movable)
			chosen.push_back(block);
	}
	if (!o.block)
		return chosen;
	if (chosen.empty())
		return fail(Exit::usage, fmt::format("--block {}", *o.block),
			    "there is no such memory block", "hugemem hotplug --all lists them");
	if (chosen.front().state != "online")
		return fail(Exit::usage, fmt::format("--block {}", *o.block),
			    "it is " + chosen.front().state, "nothing can keep it online");
	return chosen;
}

/// Pages that stay in the way: a pin of a read or write under way is not a blocker.
Result<std::vector<BlockedBlock>> settle(const FrameSources &sources,
					 std::vector<BlockedBlock> blocks)
{
	constexpr int looks = 3;
	constexpr auto pause = std::chrono::milliseconds(50);
	for (int i = 0; i < looks; i++) {
		std::this_thread::sleep_for(pause);
		for (BlockedBlock &b : blocks) {
			auto left = still_blocking(sources, b.blockers);
			if (!left)
				return tl::unexpected(left.error());
			b.blockers = std::move(*left);
		}
	}
	return blocks;
}

} // namespace

Result<Exit> run_blockers(const BlockersOptions &o)
{
	if (auto ok = require_bpf(); !ok)
		return tl::unexpected(ok.error());
	if (auto ok = require_page_flags(); !ok)
		return tl::unexpected(ok.error());
	const auto all = read_memory_blocks();
	if (!all)
		return tl::unexpected(all.error());
	const auto chosen = choose(*all, o);
	if (!chosen)
		return tl::unexpected(chosen.error());

	const BpfLog log(false);
	const auto btf = KernelBtf::load();
	if (!btf)
		return tl::unexpected(btf.error());
	const auto counts = count_offsets(*btf);
	if (!counts)
		return tl::unexpected(counts.error());
	const auto view = KernelView::open();
	if (!view)
		return tl::unexpected(view.error());
	const auto flags = open_page_flags();
	if (!flags)
		return tl::unexpected(flags.error());
	const auto mapped = open_map_counts();
	if (!mapped)
		return tl::unexpected(mapped.error());
	const FrameSources sources{.flags = **flags,
				   .mapcount = **mapped,
				   .memory = *view->memory,
				   .map = view->map,
				   .counts = *counts};

	BlockersReport report;
	report.block_size = all->size;
	const std::uint64_t frames = all->size / page_size;
	for (const MemoryBlock &block : *chosen) {
		auto found = find_blockers(sources, block.id * frames, (block.id + 1) * frames,
					   report.unreadable);
		if (!found)
			return tl::unexpected(found.error());
		report.blocks.push_back({.block = block, .blockers = std::move(*found)});
	}
	auto settled = settle(sources, std::move(report.blocks));
	if (!settled)
		return tl::unexpected(settled.error());
	report.blocks = std::move(*settled);

	if (o.json)
		fmt::print("{}\n", blockers_json(report).dump());
	else
		fmt::print("{}", blockers_text(report, o.all, Style::of_stdout()));
	return report.unreadable ? Exit::cannot_tell : Exit::ok;
}

} // namespace hugemem
