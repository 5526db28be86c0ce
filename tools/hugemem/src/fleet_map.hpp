// SPDX-License-Identifier: GPL-2.0-only
/// All huge pages of the machine at a glance: one character each, by node and size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "terminal.hpp"
#include "vmemmap.hpp"

namespace hugemem
{

/// One huge page of the map.
struct Spot {
	std::uint64_t pfn = 0;
	std::uint64_t frames = 0;
	std::optional<unsigned> node;   ///< none: unknown, or no NUMA
	std::optional<Verdict> verdict; ///< none: it could not be looked at
};

/// Those of pages that were looked at.
std::vector<Spot> spots_of(const std::vector<Seen> &pages);

/// The character that stands for a page.
char mark_of(const std::optional<Verdict> &verdict);

/// A row has the place of 64 pages, aligned, so that with 2 MiB it is 128 MiB: a memory block of
/// most machines. Rows without a page are left out. Adjacent rows that are alike are drawn once,
/// and of what is left no more than `most` (0: every row is drawn); what was left out is said. The
/// last line explains the characters that occur. "" without pages. At most 80 columns wide unless
/// frame numbers have more than 12 digits.
std::string fleet_map(std::vector<Spot> spots, std::size_t most, const Style &style);

} // namespace hugemem
