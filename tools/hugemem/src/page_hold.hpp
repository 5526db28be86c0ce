// SPDX-License-Identifier: GPL-2.0-only
/// What keeps one page where it is, by its flags and its counts.
///
/// The kernel's own rule (page_maybe_dma_pinned() and its later names): a page of more than
/// two frames has a counter of pins; in all others a pin is worth GUP_PIN_COUNTING_BIAS
/// (1024) references, so that very many ordinary references look like a pin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "btf.hpp"

namespace hugemem
{

/// Where struct page keeps its counts.
struct CountOffsets {
	std::uint32_t refcount = 0; ///< bytes into struct page; a 32-bit number
	/// bytes behind the start of the head's struct page, perhaps in a tail's; none: the
	/// kernel has no counter of pins
	std::optional<std::uint32_t> pincount;
};

/// What BTF has of the names that the counters have had. Errors: cannot_tell.
Result<CountOffsets> count_offsets(const KernelBtf &btf);

/// The offset of the counter of pins by what there is: _pincount in struct folio; else
/// compound_pincount in struct page, of the first tail; else hpage_pinned_refcount, of the second.
std::optional<std::uint32_t> pincount_offset(std::optional<std::uint32_t> in_folio,
					     std::optional<std::uint32_t> compound_pincount,
					     std::optional<std::uint32_t> hpage_pinned_refcount,
					     std::uint32_t page_size);

/// One page (compound or not) as it was at a moment.
struct PageState {
	std::uint64_t flags = 0; ///< of its head, as in /proc/kpageflags
	std::uint64_t frames = 1;
	std::uint64_t mapped = 0; ///< how often its first frame is mapped, as in /proc/kpagecount
	std::int32_t refcount = 0;
	std::optional<std::int32_t> pincount = std::nullopt; ///< of pages that have the counter
};

/// Whether a page can leave, and if not, why.
struct Hold {
	enum class Why {
		none,      ///< free, or can be moved as far as one knows
		pinned,    ///< as the kernel's own test says
		held,      ///< more references than mappings and caches account for
		unmovable, ///< of the kernel's own
	};
	Why why = Why::none;
	std::int64_t count = 0; ///< pins, or references that nothing accounts for
	friend bool operator==(const Hold &, const Hold &) = default;
};

Hold hold_of(const PageState &page);

/// "pinned", "held", "not movable"; "" for none.
std::string_view name_of(Hold::Why why);
/// "anonymous", "file", "2 MiB HugeTLB", "slab", ... by flags and size.
std::string kind_of(std::uint64_t flags, std::uint64_t frames);

} // namespace hugemem
