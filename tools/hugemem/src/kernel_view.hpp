// SPDX-License-Identifier: GPL-2.0-only
/// Everything needed to look at the running kernel's memory map, found without data symbols.
#pragma once

#include <memory>
#include <string>

#include "btf.hpp"
#include "kernel_reader.hpp"
#include "page_table.hpp"
#include "vmemmap.hpp"

namespace hugemem
{

struct KernelView {
	std::unique_ptr<KernelReader> memory;
	AddressSpace space;
	MemoryMap map;
	/// How the base of the memory map was found: "mem_section", "stack" or both.
	std::string base_by;

	[[nodiscard]] PageTables tables() const { return {*memory, space}; }

	/// Errors: environment (no BPF, no BTF), cannot_tell (something does not fit).
	static Result<KernelView> open();
};

/// What of struct page BTF tells. Errors: cannot_tell.
Result<MemoryMap> page_shape(const KernelBtf &btf);

} // namespace hugemem
