// SPDX-License-Identifier: GPL-2.0-only
/// /proc/kpageflags: which frames belong to huge pages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "error.hpp"

namespace hugemem
{

/// Bits of linux/kernel-page-flags.h.
namespace kpf
{
constexpr std::uint64_t compound_head = 1ULL << 15;
constexpr std::uint64_t compound_tail = 1ULL << 16;
constexpr std::uint64_t huge = 1ULL << 17;
} // namespace kpf

class PageFlags
{
public:
	PageFlags() = default;
	PageFlags(const PageFlags &) = delete;
	PageFlags &operator=(const PageFlags &) = delete;
	virtual ~PageFlags() = default;
	/// Flags of a frame; nothing beyond the last frame. Errors: environment.
	[[nodiscard]] virtual Result<std::optional<std::uint64_t>> at(std::uint64_t pfn) const = 0;
};

/// The running kernel's. Errors: environment when it cannot be opened.
Result<std::unique_ptr<PageFlags>> open_page_flags();

/// One HugeTLB page.
struct HugePage {
	std::uint64_t pfn = 0;    ///< of its first frame
	std::uint64_t frames = 0; ///< 4 KiB frames: 512 or 262144
	friend bool operator==(const HugePage &, const HugePage &) = default;
};

/// All HugeTLB pages, lowest first; sizes 2 MiB and 1 GiB.
Result<std::vector<HugePage>> find_huge_pages(const PageFlags &flags);

/// The huge page that a frame belongs to; nothing if it belongs to none.
Result<std::optional<HugePage>> huge_page_of(const PageFlags &flags, std::uint64_t pfn);

} // namespace hugemem
