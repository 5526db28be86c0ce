// SPDX-License-Identifier: GPL-2.0-only
/// Pages that keep a memory block from going offline.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "kernel_memory.hpp"
#include "memory_blocks.hpp"
#include "page_flags.hpp"
#include "page_hold.hpp"
#include "terminal.hpp"
#include "vmemmap.hpp"

namespace hugemem
{

/// Everything that tells of a frame.
struct FrameSources {
	const PageFlags &flags;    ///< /proc/kpageflags
	const PageFlags &mapcount; ///< /proc/kpagecount, which has the same shape
	const KernelMemory &memory;
	MemoryMap map;
	CountOffsets counts;
};

/// One page that cannot leave.
struct Blocker {
	std::uint64_t pfn = 0; ///< of its first frame, which may lie in an earlier block
	std::uint64_t frames = 1;
	std::uint64_t flags = 0; ///< as in /proc/kpageflags, of its first frame
	Hold hold;
};

/// One block and what is in its way.
struct BlockedBlock {
	MemoryBlock block;
	std::vector<Blocker> blockers; ///< lowest first
};

/// What a look over blocks has found.
struct BlockersReport {
	std::uint64_t block_size = 0;     ///< bytes
	std::vector<BlockedBlock> blocks; ///< all that were looked at
	std::uint64_t unreadable = 0;     ///< frames whose struct page could not be read
};

/// The page that frame `pfn` belongs to, judged now; nothing beyond the last frame, or if it
/// changes while it is looked at. Errors: environment, cannot_tell.
Result<std::optional<Blocker>> look_at_page(const FrameSources &sources, std::uint64_t pfn);

/// What is in the way in the frames [first, end) at this moment; unreadable frames are counted.
/// Errors: environment.
Result<std::vector<Blocker>> find_blockers(const FrameSources &sources, std::uint64_t first,
					   std::uint64_t end, std::uint64_t &unreadable);

/// Of these, the ones that are still in the way, for the same cause.
Result<std::vector<Blocker>> still_blocking(const FrameSources &sources,
					    const std::vector<Blocker> &before);

/// Neighbours that are alike, told in one line: from the first frame of `first` on.
struct BlockerRun {
	Blocker first;
	std::uint64_t pages = 1; ///< of first.frames frames each
};
std::vector<BlockerRun> runs_of(const std::vector<Blocker> &blockers);

/// `all`: also pages that are held or the kernel's own, which else are only counted.
std::string blockers_text(const BlockersReport &report, bool all, const Style &style);
/// {"schema": "hugemem-pins-blockers-1", ...}: blocks that have blockers, of every cause.
nlohmann::ordered_json blockers_json(const BlockersReport &report);

/// What no look at counts can tell, one sentence each.
const std::vector<std::string> &blockers_unknown();

} // namespace hugemem
