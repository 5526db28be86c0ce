// SPDX-License-Identifier: GPL-2.0-only
#include "page_hold.hpp"

#include <fmt/format.h>

#include "page_flags.hpp"
#include "pools.hpp"

namespace hugemem
{
namespace
{

constexpr std::int32_t pin_bias = 1024; // GUP_PIN_COUNTING_BIAS
constexpr std::uint64_t kib_per_frame = 4;

} // namespace

std::optional<std::uint32_t> pincount_offset(std::optional<std::uint32_t> in_folio,
					     std::optional<std::uint32_t> compound_pincount,
					     std::optional<std::uint32_t> hpage_pinned_refcount,
					     std::uint32_t page_size)
{
	if (in_folio)
		return in_folio;
	if (compound_pincount)
		return page_size + *compound_pincount;
	if (hpage_pinned_refcount)
		return 2 * page_size + *hpage_pinned_refcount;
	return std::nullopt;
}

Result<CountOffsets> count_offsets(const KernelBtf &btf)
{
	const auto size = btf.struct_size("page");
	const auto refcount = btf.member_offset("page", "_refcount");
	if (!size || !refcount)
		return fail(Exit::cannot_tell, "struct page", "BTF has no _refcount in it",
			    "without it nothing can be said of pins");
	return CountOffsets{.refcount = *refcount,
			    .pincount = pincount_offset(
				    btf.member_offset("folio", "_pincount"),
				    btf.member_offset("page", "compound_pincount"),
				    btf.member_offset("page", "hpage_pinned_refcount"), *size)};
}

Hold hold_of(const PageState &page)
{
	using Why = Hold::Why;
	// Free, no memory, or memory that offlining steps over
	if (page.flags & (kpf::buddy | kpf::nopage | kpf::offline | kpf::hwpoison))
		return {};
	if (page.refcount <= 0)
		return {};
	if (page.flags & (kpf::slab | kpf::pgtable | kpf::reserved))
		return {.why = Why::unmovable, .count = 0};

	// Order 1 has no room for the counter.
	if (page.frames > 2 && page.pincount) {
		if (*page.pincount > 0)
			return {.why = Why::pinned, .count = *page.pincount};
	} else if (page.refcount >= pin_bias) {
		return {.why = Why::pinned, .count = page.refcount / pin_bias};
	}
	const bool user = page.flags & (kpf::lru | kpf::anon | kpf::mmap | kpf::huge | kpf::thp |
					kpf::swapbacked);
	if (!user)
		return {.why = Why::unmovable, .count = 0};
	// How many references the mappings and caches of a larger page account for has
	// changed from kernel to kernel.
	if (page.frames > 1)
		return {};
	std::int64_t known = static_cast<std::int64_t>(page.mapped);
	if (page.flags & kpf::swapcache || !(page.flags & kpf::anon))
		known++;
	if (page.flags & kpf::priv)
		known++;
	// On its way to the LRU it is in a list of a CPU, which offlining empties.
	if (!(page.flags & kpf::lru))
		known++;
	if (page.refcount > known)
		return {.why = Why::held, .count = page.refcount - known};
	return {};
}

std::string_view name_of(Hold::Why why)
{
	switch (why) {
	case Hold::Why::pinned:
		return "pinned";
	case Hold::Why::held:
		return "held";
	case Hold::Why::unmovable:
		return "not movable";
	case Hold::Why::none:
		break;
	}
	return "";
}

std::string kind_of(std::uint64_t flags, std::uint64_t frames)
{
	const std::string size = frames > 1 ? size_name(frames * kib_per_frame) + " " : "";
	if (flags & kpf::huge)
		return size + "HugeTLB";
	if (flags & kpf::slab)
		return size + "slab";
	if (flags & kpf::pgtable)
		return "page table";
	if (flags & kpf::reserved)
		return "reserved";
	if (flags & kpf::anon)
		return size + "anonymous";
	if (flags & kpf::swapbacked)
		return size + "shared memory";
	if (flags & (kpf::lru | kpf::mmap))
		return size + "file";
	return size + "kernel";
}

} // namespace hugemem
