// SPDX-License-Identifier: GPL-2.0-only
#include "memory_blocks.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "text_file.hpp"

namespace hugemem
{
namespace
{

namespace fs = std::filesystem;

/// The rest of "memory32" or "node1" behind its name.
std::optional<std::uint64_t> number_behind(std::string_view prefix, std::string_view name)
{
	if (!name.starts_with(prefix))
		return std::nullopt;
	name.remove_prefix(prefix.size());
	std::uint64_t value = 0;
	const auto [stop, ec] = std::from_chars(name.data(), name.data() + name.size(), value);
	if (ec != std::errc{} || stop != name.data() + name.size())
		return std::nullopt;
	return value;
}

/// A file of one line; `missing` if there is none.
std::string line_of(const std::string &path, std::string_view missing)
{
	auto text = read_text(path);
	if (!text)
		return std::string(missing);
	while (!text->empty() && (text->back() == '\n' || text->back() == ' '))
		text->pop_back();
	return *text;
}

/// The node whose link is in the block's directory.
std::optional<unsigned> node_of(const fs::path &dir)
{
	std::error_code ec;
	for (fs::directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) {
		if (const auto node = node_id(it->path().filename().string()))
			return static_cast<unsigned>(*node);
	}
	return std::nullopt;
}

} // namespace

std::optional<std::uint64_t> block_id(std::string_view name)
{
	return number_behind("memory", name);
}

std::optional<std::uint64_t> node_id(std::string_view name)
{
	return number_behind("node", name);
}

std::optional<MemoryBlock> read_memory_block(const std::string &root, std::uint64_t id)
{
	const std::string dir = fmt::format("{}/memory{}", root, id);
	MemoryBlock block;
	block.id = id;
	block.state = line_of(dir + "/state", "");
	if (block.state.empty())
		return std::nullopt;
	block.zones = line_of(dir + "/valid_zones", "?");
	block.node = node_of(dir);
	block.map_mode = line_of(dir + "/memmap_mode", "?");
	block.map_host = block_id(line_of(dir + "/memmap_host", ""));
	return block;
}

Result<std::uint64_t> memory_block_size(const std::string &root)
{
	const std::string size = line_of(root + "/block_size_bytes", "");
	const char *end = size.data() + size.size();
	std::uint64_t bytes = 0;
	const auto [stop, bad] = std::from_chars(size.data(), end, bytes, 16);
	if (bad != std::errc{} || stop != end || bytes == 0)
		return fail(Exit::environment, root, "no memory blocks in it",
			    "mount /sys; the kernel needs CONFIG_MEMORY_HOTPLUG=y");
	return bytes;
}

Result<MemoryBlocks> read_memory_blocks(const std::string &root)
{
	const auto size = memory_block_size(root);
	if (!size)
		return tl::unexpected(size.error());
	MemoryBlocks all;
	all.size = *size;
	std::error_code ec;
	for (fs::directory_iterator it(root, ec), last; !ec && it != last; it.increment(ec)) {
		const auto id = block_id(it->path().filename().string());
		if (!id)
			continue;
		if (auto block = read_memory_block(root, *id))
			all.blocks.push_back(std::move(*block));
	}
	std::sort(all.blocks.begin(), all.blocks.end(),
		  [](const MemoryBlock &a, const MemoryBlock &b) { return a.id < b.id; });
	return all;
}

std::vector<BlockRange> ranges_of(const std::vector<MemoryBlock> &blocks)
{
	std::vector<BlockRange> ranges;
	for (const MemoryBlock &block : blocks) {
		if (!ranges.empty()) {
			BlockRange &range = ranges.back();
			MemoryBlock like = range.first;
			like.id = block.id;
			// Each its own host is the same in that
			if (like.map_host == range.first.id && block.map_host == block.id &&
			    block.map_mode == "block")
				like.map_host = block.id;
			if (block.id == range.last + 1 && like == block) {
				range.last = block.id;
				continue;
			}
		}
		ranges.push_back({.first = block, .last = block.id});
	}
	return ranges;
}

} // namespace hugemem
