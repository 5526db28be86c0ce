// SPDX-License-Identifier: GPL-2.0-only
#include "hotplug_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pools.hpp"

namespace hugemem
{
namespace
{

std::string ids(const BlockRange &range)
{
	return range.first.id == range.last ? fmt::format("{}", range.last)
					    : fmt::format("{}-{}", range.first.id, range.last);
}

/// Where the map is: "system", "block", or "group in 32".
std::string map_of(const BlockRange &range)
{
	const MemoryBlock &block = range.first;
	if (block.map_mode == "?")
		return "?";
	if (block.map_mode != "group" || !block.map_host)
		return block.map_mode;
	return fmt::format("group, in {}", *block.map_host);
}

std::string state_of(const MemoryBlock &block, const Style &style)
{
	const std::string text = fmt::format("{:<13}", block.state);
	return block.state == "online" ? style.good(text) : style.dim(text);
}

} // namespace

std::string blocks_table(const MemoryBlocks &all, bool each, const Style &style)
{
	std::vector<BlockRange> ranges = ranges_of(all.blocks);
	if (each) {
		ranges.clear();
		for (const MemoryBlock &block : all.blocks)
			ranges.push_back({.first = block, .last = block.id});
	}

	std::string out = fmt::format("{:<12} {:>20} {:>10}  {:<13}{:<5} {:<16} {}\n", "blocks",
				      "from", "size", "state", "node", "zones", "memory map");
	std::uint64_t online = 0;
	for (const BlockRange &range : ranges) {
		const MemoryBlock &block = range.first;
		const std::uint64_t nr = range.last - block.id + 1;
		out += fmt::format("{:<12} {:>#20x} {:>10}  {}{:<5} {:<16} {}\n", ids(range),
				   block.id * all.size, size_name(nr * all.size / 1024),
				   state_of(block, style),
				   block.node ? fmt::format("{}", *block.node) : "-", block.zones,
				   map_of(range));
		if (block.state == "online")
			online += nr;
	}
	const std::uint64_t count = all.blocks.size();
	out += fmt::format("{} blocks of {}: {} online, {} not\n", count,
			   size_name(all.size / 1024), size_name(online * all.size / 1024),
			   size_name((count - online) * all.size / 1024));
	const bool known = std::any_of(all.blocks.begin(), all.blocks.end(),
				       [](const MemoryBlock &b) { return b.map_mode != "?"; });
	if (!known)
		out += "this kernel does not say where the memory map of a block is\n";
	return out;
}

nlohmann::ordered_json blocks_json(const MemoryBlocks &all)
{
	nlohmann::ordered_json list = nlohmann::ordered_json::array();
	for (const MemoryBlock &block : all.blocks) {
		nlohmann::ordered_json one = {{"id", block.id},
					      {"address", block.id * all.size},
					      {"state", block.state},
					      {"zones", block.zones}};
		if (block.node)
			one["node"] = *block.node;
		if (block.map_mode != "?")
			one["memmap_mode"] = block.map_mode;
		if (block.map_host)
			one["memmap_host"] = *block.map_host;
		list.push_back(std::move(one));
	}
	return {{"schema", "hugemem-hotplug-1"},
		{"block_size", all.size},
		{"blocks", std::move(list)}};
}

} // namespace hugemem
