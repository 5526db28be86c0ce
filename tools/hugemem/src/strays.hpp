// SPDX-License-Identifier: GPL-2.0-only
/// Frames that say they belong to a huge page when no huge page is there.
///
/// That is what a release leaves behind that restored the memory map wrongly: struct pages
/// that still carry the marks of a huge page. The kernel refuses to give such frames out
/// again, so their memory is lost until the next boot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "page_flags.hpp"

namespace hugemem
{

/// Frames [pfn, pfn + frames).
struct FrameRun {
	std::uint64_t pfn = 0;
	std::uint64_t frames = 0;
	friend bool operator==(const FrameRun &, const FrameRun &) = default;
};

/// Looks at every frame of the machine once; lowest first. A pool that is being resized
/// looks like this for a moment: see settled_strays(). Errors: environment.
Result<std::vector<FrameRun>> find_strays(const PageFlags &flags);

/// Those of `runs` that are strays at this moment as well. Errors: environment.
Result<std::vector<FrameRun>> still_strays(const PageFlags &flags,
					   const std::vector<FrameRun> &runs);

/// Strays that remain so over some 40 ms: no resize under way is taken for damage.
Result<std::vector<FrameRun>> settled_strays(const PageFlags &flags);

std::uint64_t frames_in(const std::vector<FrameRun> &runs);
/// "3136 frames (first at PFN 12a40)"
std::string strays_text(const std::vector<FrameRun> &runs);

} // namespace hugemem
