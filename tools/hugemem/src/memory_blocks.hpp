// SPDX-License-Identifier: GPL-2.0-only
/// Memory blocks: what sysfs says of memory that can go offline and online.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace hugemem
{

/// One directory /sys/devices/system/memory/memoryN.
struct MemoryBlock {
	std::uint64_t id = 0; ///< N; its first address is id times the block size
	std::string state;    ///< "online", "offline" or "going-offline"
	std::string zones;    ///< valid_zones: its zone, or those it can go to; "?" if unknown
	std::optional<unsigned> node; ///< none without NUMA
	std::string map_mode; ///< memmap_mode: "system", "block", "group"; "?" if the kernel does
			      ///< not say
	std::optional<std::uint64_t> map_host; ///< block with its memory map, which may be itself
	friend bool operator==(const MemoryBlock &, const MemoryBlock &) = default;
};

/// All blocks and their size in bytes.
struct MemoryBlocks {
	std::uint64_t size = 0;
	std::vector<MemoryBlock> blocks; ///< lowest first
};

/// `root` is /sys/devices/system/memory. A block that goes while it is looked at is left
/// out. Errors: environment, when the kernel has no memory blocks.
Result<MemoryBlocks> read_memory_blocks(const std::string &root = "/sys/devices/system/memory");

/// One block below `root`; nothing if it has gone.
std::optional<MemoryBlock> read_memory_block(const std::string &root, std::uint64_t id);

/// Bytes of each block. Errors: environment, likewise.
Result<std::uint64_t> memory_block_size(const std::string &root);

/// The id in "memory32", if that is what it says.
std::optional<std::uint64_t> block_id(std::string_view name);

/// The number in "node1", likewise.
std::optional<std::uint64_t> node_id(std::string_view name);

/// Adjacent blocks that are alike, in everything but their ids: [first, last]. Blocks
/// whose host is another one are alike if they have the same host.
struct BlockRange {
	MemoryBlock first;
	std::uint64_t last = 0;
};
std::vector<BlockRange> ranges_of(const std::vector<MemoryBlock> &blocks);

} // namespace hugemem
