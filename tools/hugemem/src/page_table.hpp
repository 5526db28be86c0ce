// SPDX-License-Identifier: GPL-2.0-only
/// x86-64 page tables, four and five levels, read through KernelMemory.
#pragma once

#include <cstdint>
#include <vector>

#include "kernel_memory.hpp"

namespace hugemem
{

constexpr std::uint64_t page_bytes = 4096;

/// One entry of a page table, as the processor reads it.
struct Entry {
	std::uint64_t raw = 0;
	[[nodiscard]] bool present() const { return raw & 1; }
	[[nodiscard]] bool writable() const { return raw & 2; }
	/// Maps memory itself, above the lowest level.
	[[nodiscard]] bool leaf() const { return raw & 0x80; }
	/// Page frame number of the table or the 4 KiB page it points to (bits 12 to 51).
	[[nodiscard]] std::uint64_t pfn() const { return (raw & 0x000ffffffffff000ULL) >> 12; }
};

/// Where a tree of page tables starts and how physical memory is reached.
struct AddressSpace {
	std::uint64_t pgd = 0;        ///< virtual address of the top table
	std::uint64_t direct_map = 0; ///< virtual address of physical address 0
	unsigned levels = 4;          ///< 4 or 5
};

/// Where one virtual page leads.
struct Mapping {
	bool present = false;
	bool writable = false;   ///< by the entries of all levels together
	unsigned level = 0;      ///< of the entry that maps it: 1 PTE, 2 PMD, 3 PUD
	std::uint64_t pfn = 0;   ///< of the 4 KiB frame
	std::uint64_t table = 0; ///< PFN of the table that holds the entry
	friend bool operator==(const Mapping &, const Mapping &) = default;
};

class PageTables
{
public:
	PageTables(const KernelMemory &memory, const AddressSpace &space)
		: memory_(memory), space_(space)
	{
	}
	[[nodiscard]] const AddressSpace &space() const { return space_; }

	/// Virtual address, in the direct map, of a physical address.
	[[nodiscard]] std::uint64_t in_direct_map(std::uint64_t physical) const
	{
		return space_.direct_map + physical;
	}

	/// Where one address leads; not present is an answer, not an error.
	/// Errors: cannot_tell when a table cannot be read.
	[[nodiscard]] Result<Mapping> walk(std::uint64_t address) const;

	/// Where `pages` consecutive 4 KiB pages from `address` on lead. The entries
	/// of one PTE table are read in one go and the PMD is read again
	/// afterwards; when it has changed (a split or a collapse under way) the read is
	/// repeated. Errors: cannot_tell, also when it keeps changing.
	[[nodiscard]] Result<std::vector<Mapping>> walk_range(std::uint64_t address,
							      std::uint64_t pages) const;

private:
	struct Slot;
	[[nodiscard]] Result<Slot> pmd_slot(std::uint64_t address) const;

	const KernelMemory &memory_;
	AddressSpace space_;
};

/// Finds the direct map below the top table: the 1 GiB aligned start under which
/// walking the table's own address leads to the table. Errors: cannot_tell.
Result<AddressSpace> find_address_space(const KernelMemory &memory, std::uint64_t pgd);

} // namespace hugemem
