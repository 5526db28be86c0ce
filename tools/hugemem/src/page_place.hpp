// SPDX-License-Identifier: GPL-2.0-only
/// Where a huge page lies, by the memory blocks that it is in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "memory_blocks.hpp"

namespace hugemem
{

struct PagePlace {
	std::optional<unsigned> node; ///< of its first frame; none without NUMA
	/// The memory map of some of it lies in hot-added memory itself (memmap_mode, known to
	/// the series).
	bool hosted = false;
	friend bool operator==(const PagePlace &, const PagePlace &) = default;
};

/// Asks sysfs about each block once. To be asked while the page is there: its blocks cannot go
/// then.
class PagePlaces
{
public:
	/// `root` is /sys/devices/system/memory. A kernel without memory blocks knows no places,
	/// which is no error.
	explicit PagePlaces(std::string root = "/sys/devices/system/memory");
	PagePlace of(std::uint64_t pfn, std::uint64_t frames);

private:
	const std::optional<MemoryBlock> &block(std::uint64_t id);
	std::string root_;
	std::uint64_t frames_ = 0; ///< of a block; 0: there are none
	std::map<std::uint64_t, std::optional<MemoryBlock>> blocks_;
};

} // namespace hugemem
