// SPDX-License-Identifier: GPL-2.0-only
/// The memory map of one huge page as boxes, one a vmemmap page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "terminal.hpp"
#include "vmemmap.hpp"

namespace hugemem
{

/// Consecutive vmemmap pages that are mapped alike: on one frame, or on
/// consecutive frames, with the same permission and level.
struct BoxRun {
	std::uint64_t first = 0;
	std::uint64_t last = 0;
	Mapping mapping;       ///< of the first
	bool one_frame = true; ///< false: each on the frame after the one before
	friend bool operator==(const BoxRun &, const BoxRun &) = default;
};
std::vector<BoxRun> runs_of(const std::vector<Mapping> &boxes);

/// What goes beside the boxes.
struct Caption {
	std::uint64_t page_address = 0; ///< of the first struct page
	std::uint64_t sharers =
		0;     ///< huge pages on the shared frame, this one included; 0: not counted
	int node = -1; ///< -1: unknown
};

/// Eight boxes for 2 MiB; larger pages show runs, at most eight. At most 80 columns
/// wide unless frame numbers have more than 7 digits.
std::string picture(const Seen &page, const Caption &caption, const Style &style);

} // namespace hugemem
