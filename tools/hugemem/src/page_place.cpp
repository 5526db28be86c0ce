// SPDX-License-Identifier: GPL-2.0-only
#include "page_place.hpp"

#include "page_table.hpp"

namespace hugemem
{

PagePlaces::PagePlaces(std::string root) : root_(std::move(root))
{
	if (const auto size = memory_block_size(root_))
		frames_ = *size / page_bytes;
}

const std::optional<MemoryBlock> &PagePlaces::block(std::uint64_t id)
{
	const auto known = blocks_.find(id);
	if (known != blocks_.end())
		return known->second;
	return blocks_.emplace(id, read_memory_block(root_, id)).first->second;
}

PagePlace PagePlaces::of(std::uint64_t pfn, std::uint64_t frames)
{
	PagePlace place;
	if (!frames_)
		return place;
	const std::uint64_t first = pfn / frames_;
	for (std::uint64_t id = first; id * frames_ < pfn + frames; id++) {
		const auto &b = block(id);
		if (!b)
			continue;
		if (id == first)
			place.node = b->node;
		// "?" is a kernel that has no maps but the system's, or does not say.
		if (b->map_mode != "system" && b->map_mode != "?")
			place.hosted = true;
	}
	return place;
}

} // namespace hugemem
