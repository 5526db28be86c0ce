// SPDX-License-Identifier: GPL-2.0-only
#include "page_table.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hugemem
{
namespace
{

constexpr std::uint64_t gib = 1ULL << 30;
/// Below it an address is canonical with five levels only.
constexpr std::uint64_t four_level_kernel = 0xffff800000000000ULL;
/// Where Linux puts the direct map without randomisation; with it, above.
constexpr std::uint64_t lowest_direct_map_4 = 0xffff888000000000ULL;
constexpr std::uint64_t lowest_direct_map_5 = 0xff11000000000000ULL;
constexpr unsigned entries = 512;
constexpr unsigned patience = 64;

unsigned level_shift(unsigned level)
{
	return 12 + 9 * (level - 1);
}

std::uint64_t index_at(std::uint64_t address, unsigned level)
{
	return (address >> level_shift(level)) & (entries - 1);
}

/// Frame of `address` under a leaf entry of `level`.
std::uint64_t frame_under(const Entry &entry, std::uint64_t address, unsigned level)
{
	const std::uint64_t inside = (1ULL << (level_shift(level) - 12)) - 1;
	// Bit 12 of a large leaf is an attribute, not part of the frame.
	return (entry.pfn() & ~inside) | ((address >> 12) & inside);
}

} // namespace

/// The entry on PMD level, or the leaf above it.
struct PageTables::Slot {
	Entry entry;
	unsigned level = 2;
	bool writable = true;    ///< by the levels above
	std::uint64_t at = 0;    ///< where the entry lies
	std::uint64_t table = 0; ///< PFN of the table it is in
};

Result<PageTables::Slot> PageTables::pmd_slot(std::uint64_t address) const
{
	Slot slot;
	std::uint64_t table = space_.pgd;
	slot.table = (space_.pgd - space_.direct_map) >> 12;
	for (unsigned level = space_.levels; level >= 2; level--) {
		slot.at = table + 8 * index_at(address, level);
		const auto raw = memory_.word(slot.at);
		if (!raw)
			return tl::unexpected(raw.error());
		slot.entry = {*raw};
		slot.level = level;
		if (!slot.entry.present() || level == 2 || (level == 3 && slot.entry.leaf()))
			break;
		slot.writable = slot.writable && slot.entry.writable();
		slot.table = slot.entry.pfn();
		table = in_direct_map(slot.table << 12);
	}
	return slot;
}

Result<Mapping> PageTables::walk(std::uint64_t address) const
{
	const auto one = walk_range(address, 1);
	if (!one)
		return tl::unexpected(one.error());
	return one->front();
}

Result<std::vector<Mapping>> PageTables::walk_range(std::uint64_t address,
						    std::uint64_t pages) const
{
	std::vector<Mapping> out;
	out.reserve(pages);
	address &= ~(page_bytes - 1);
	while (out.size() < pages) {
		const std::uint64_t first = index_at(address, 1);
		const std::uint64_t n =
			std::min<std::uint64_t>(entries - first, pages - out.size());
		bool settled = false;
		for (unsigned attempt = 0; attempt < patience && !settled; attempt++) {
			const auto slot = pmd_slot(address);
			if (!slot)
				return tl::unexpected(slot.error());
			std::vector<Mapping> part(n);
			if (!slot->entry.present()) {
				settled = true;
			} else if (slot->level > 2 || slot->entry.leaf()) {
				for (std::uint64_t i = 0; i < n; i++)
					part[i] = {.present = true,
						   .writable =
							   slot->writable && slot->entry.writable(),
						   .level = slot->level,
						   .pfn = frame_under(slot->entry,
								      address + i * page_bytes,
								      slot->level),
						   .table = slot->table};
				settled = true;
			} else {
				const std::uint64_t table = slot->entry.pfn();
				std::vector<std::uint64_t> raw(n);
				auto ok = memory_.read(in_direct_map(table << 12) + 8 * first,
						       std::as_writable_bytes(std::span(raw)));
				const auto again = memory_.word(slot->at);
				if (!again)
					return tl::unexpected(again.error());
				if (*again != slot->entry.raw)
					continue;
				if (!ok)
					return tl::unexpected(ok.error());
				for (std::uint64_t i = 0; i < n; i++) {
					const Entry e{raw[i]};
					if (e.present())
						part[i] = {.present = true,
							   .writable = slot->writable &&
								       slot->entry.writable() &&
								       e.writable(),
							   .level = 1,
							   .pfn = e.pfn(),
							   .table = table};
				}
				settled = true;
			}
			if (settled)
				out.insert(out.end(), part.begin(), part.end());
		}
		if (!settled)
			return fail(Exit::cannot_tell, fmt::format("page tables of {:#x}", address),
				    "they change faster than they can be read", "try again");
		address += n * page_bytes;
	}
	return out;
}

Result<AddressSpace> find_address_space(const KernelMemory &memory, std::uint64_t pgd)
{
	AddressSpace space;
	space.pgd = pgd;
	space.levels = pgd >= four_level_kernel ? 4 : 5;
	const std::uint64_t lowest = space.levels == 4 ? lowest_direct_map_4 : lowest_direct_map_5;
	if (pgd < lowest || pgd % page_bytes)
		return fail(Exit::cannot_tell, "page tables of this process",
			    fmt::format("their address {:#x} is not in the direct map", pgd));

	for (std::uint64_t start = pgd / gib * gib; start >= lowest; start -= gib) {
		space.direct_map = start;
		const auto self = PageTables(memory, space).walk(pgd);
		if (self && self->present && self->pfn == (pgd - start) / page_bytes)
			return space;
		if (pgd - start >
		    (1ULL << 46)) // more memory than x86-64 Linux drives with 4 levels
			break;
	}
	return fail(Exit::cannot_tell, "direct map of physical memory",
		    fmt::format("no start below {:#x} leads back to it", pgd),
		    "is this an x86-64 kernel whose page tables are not encrypted?");
}

} // namespace hugemem
