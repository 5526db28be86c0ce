// SPDX-License-Identifier: GPL-2.0-only
/// /proc/kpageflags: which frames belong to huge pages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "error.hpp"

namespace hugemem
{

/// Bits of linux/kernel-page-flags.h.
namespace kpf
{
constexpr std::uint64_t lru = 1ULL << 5;
constexpr std::uint64_t slab = 1ULL << 7;
constexpr std::uint64_t buddy = 1ULL << 10;
constexpr std::uint64_t mmap = 1ULL << 11;
constexpr std::uint64_t anon = 1ULL << 12;
constexpr std::uint64_t swapcache = 1ULL << 13;
constexpr std::uint64_t swapbacked = 1ULL << 14;
constexpr std::uint64_t compound_head = 1ULL << 15;
constexpr std::uint64_t compound_tail = 1ULL << 16;
constexpr std::uint64_t huge = 1ULL << 17;
constexpr std::uint64_t hwpoison = 1ULL << 19;
constexpr std::uint64_t nopage = 1ULL << 20;
constexpr std::uint64_t thp = 1ULL << 22;
constexpr std::uint64_t offline = 1ULL << 23;
constexpr std::uint64_t pgtable = 1ULL << 26;
constexpr std::uint64_t reserved = 1ULL << 32;
constexpr std::uint64_t priv = 1ULL << 36; ///< has buffers or the like
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
	/// Flags of consecutive frames from `pfn` on; how many there are, fewer only at the last
	/// frame. Errors: environment.
	[[nodiscard]] virtual Result<std::size_t> read(std::uint64_t pfn,
						       std::span<std::uint64_t> out) const;
};

/// The running kernel's. Errors: environment when it cannot be opened.
Result<std::unique_ptr<PageFlags>> open_page_flags();

/// /proc/kpagecount, a file of the same shape: how often each frame is mapped.
/// Errors: environment.
Result<std::unique_ptr<PageFlags>> open_map_counts();

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
