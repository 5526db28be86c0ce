// SPDX-License-Identifier: GPL-2.0-only
/// Reads the running kernel's memory through a BPF program that is run on demand.
#pragma once

#include <cstdint>
#include <memory>

#include "kernel_memory.hpp"

namespace hugemem
{

/// Facts about this process from which page tables and memory map are found.
struct TaskFacts {
	std::uint64_t pgd = 0;         ///< kernel virtual address of its top page table
	std::uint64_t stack = 0;       ///< lowest address of its kernel stack
	std::uint64_t stack_page0 = 0; ///< struct page of the stack's first page; 0 if unknown
};

class KernelReader final : public KernelMemory
{
public:
	/// Loads the program. Needs Linux 5.10, BTF, CAP_BPF and CAP_PERFMON. Errors: environment.
	static Result<std::unique_ptr<KernelReader>> open();
	~KernelReader() override;

	Result<void> read(std::uint64_t address, std::span<std::byte> out) const override;
	[[nodiscard]] Result<TaskFacts> facts() const;

private:
	struct Impl;
	explicit KernelReader(std::unique_ptr<Impl> impl);
	std::unique_ptr<Impl> impl_;
};

} // namespace hugemem
