// SPDX-License-Identifier: GPL-2.0-only
/// What `hugemem hotplug` shows.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "memory_blocks.hpp"
#include "terminal.hpp"

namespace hugemem
{

/// A table: one line for each range of blocks that are alike, or for each block, then
/// how much is online, offline and map.
std::string blocks_table(const MemoryBlocks &all, bool each, const Style &style);

/// Everything, with sizes in bytes: {"schema", "block_size", "blocks": [...]}.
nlohmann::ordered_json blocks_json(const MemoryBlocks &all);

} // namespace hugemem
