// SPDX-License-Identifier: GPL-2.0-only
/// /proc/kpageflags by rule.
#pragma once

#include <map>
#include <vector>

#include "page_flags.hpp"

namespace hugemem
{

/// The flags of huge pages, of single frames beside them, and an end.
class FakeFlags final : public PageFlags
{
public:
	std::vector<HugePage> pages;
	std::map<std::uint64_t, std::uint64_t> single; ///< frame -> flags; comes before the pages
	std::uint64_t end = 4 * 512ULL * 512;

	Result<std::optional<std::uint64_t>> at(std::uint64_t pfn) const override
	{
		if (pfn >= end)
			return std::nullopt;
		if (const auto it = single.find(pfn); it != single.end())
			return it->second;
		for (const auto &p : pages) {
			if (pfn == p.pfn)
				return kpf::huge | kpf::compound_head;
			if (pfn > p.pfn && pfn < p.pfn + p.frames)
				return kpf::huge | kpf::compound_tail;
		}
		return 0;
	}
};

} // namespace hugemem
