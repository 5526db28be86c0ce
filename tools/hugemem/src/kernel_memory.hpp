// SPDX-License-Identifier: GPL-2.0-only
/// Reading kernel memory by virtual address; the tests put recorded memory in its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "error.hpp"

namespace hugemem
{

class KernelMemory
{
public:
	KernelMemory() = default;
	KernelMemory(const KernelMemory &) = delete;
	KernelMemory &operator=(const KernelMemory &) = delete;
	virtual ~KernelMemory() = default;

	/// Fills `out`, of any size. Errors: cannot_tell when an address is not mapped.
	virtual Result<void> read(std::uint64_t address, std::span<std::byte> out) const = 0;

	/// One 8-byte word, read at once when it is aligned.
	[[nodiscard]] Result<std::uint64_t> word(std::uint64_t address) const
	{
		std::uint64_t value = 0;
		if (auto ok = read(address, std::as_writable_bytes(std::span(&value, 1))); !ok)
			return tl::unexpected(ok.error());
		return value;
	}
};

} // namespace hugemem
