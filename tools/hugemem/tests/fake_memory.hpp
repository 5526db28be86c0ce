// SPDX-License-Identifier: GPL-2.0-only
/// A small machine in place of a kernel: physical frames, page tables, a direct map.
#pragma once

#include <array>
#include <cstring>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "kernel_memory.hpp"
#include "page_table.hpp"

namespace hugemem
{

class FakeMachine final : public KernelMemory
{
public:
	static constexpr std::uint64_t rw = 0x63; // present, writable, accessed, dirty
	static constexpr std::uint64_t ro = 0x61;
	static constexpr std::uint64_t large = 0x80;

	explicit FakeMachine(unsigned levels, std::uint64_t direct_map)
		: direct_map_(direct_map), levels_(levels)
	{
		top_ = new_frame();
		// The direct map of the first GiB of physical memory, in 2 MiB leaves.
		for (std::uint64_t at = 0; at < (1ULL << 30); at += 2ULL << 20)
			map_large(direct_map_ + at, at >> 12);
	}

	[[nodiscard]] std::uint64_t pgd() const { return direct_map_ + (top_ << 12); }
	[[nodiscard]] AddressSpace space() const
	{
		return {.pgd = pgd(), .direct_map = direct_map_, .levels = levels_};
	}

	/// A frame of zeroes.
	std::uint64_t new_frame()
	{
		const std::uint64_t pfn = next_++;
		frames_[pfn].fill(std::byte{0});
		return pfn;
	}
	void map_small(std::uint64_t va, std::uint64_t pfn, std::uint64_t flags = rw)
	{
		entry(va, 1) = (pfn << 12) | flags;
	}
	void map_large(std::uint64_t va, std::uint64_t pfn, std::uint64_t flags = rw)
	{
		entry(va, 2) = (pfn << 12) | flags | large;
	}
	/// The entry of a level (1 PTE, 2 PMD, ...) for an address, with tables made as needed.
	std::uint64_t &entry(std::uint64_t va, unsigned level)
	{
		std::uint64_t table = top_;
		for (unsigned l = levels_; l > level; l--) {
			std::uint64_t &e = word(table, (va >> (12 + 9 * (l - 1))) & 511);
			if (!(e & 1) || (l == 2 && (e & large)))
				e = (new_frame() << 12) | rw;
			table = (e & 0xffffffffff000ULL) >> 12;
		}
		return word(table, (va >> (12 + 9 * (level - 1))) & 511);
	}
	std::uint64_t &word(std::uint64_t pfn, std::uint64_t index)
	{
		return *reinterpret_cast<std::uint64_t *>(frames_.at(pfn).data() + 8 * index);
	}

	/// Called before every read with its number; may change the machine.
	std::function<void(unsigned)> before_read;

	Result<void> read(std::uint64_t address, std::span<std::byte> out) const override
	{
		if (before_read)
			before_read(reads_++);
		for (std::byte &b : out) {
			const auto pfn = translate(address);
			if (!pfn || !frames_.contains(*pfn))
				return fail(Exit::cannot_tell, fmt::format("{:#x}", address),
					    "fault");
			b = frames_.at(*pfn)[address & 4095];
			address++;
		}
		return {};
	}

private:
	/// As the processor does it, independently of the code under test.
	[[nodiscard]] std::optional<std::uint64_t> translate(std::uint64_t va) const
	{
		std::uint64_t table = top_;
		for (unsigned l = levels_; l >= 1; l--) {
			const auto it = frames_.find(table);
			if (it == frames_.end())
				return std::nullopt;
			std::uint64_t e = 0;
			std::memcpy(&e, it->second.data() + 8 * ((va >> (12 + 9 * (l - 1))) & 511),
				    8);
			if (!(e & 1))
				return std::nullopt;
			const std::uint64_t pfn = (e & 0xffffffffff000ULL) >> 12;
			if (l == 1)
				return pfn;
			if (e & large)
				return pfn + ((va >> 12) & ((1ULL << (9 * (l - 1))) - 1));
			table = pfn;
		}
		return std::nullopt;
	}

	std::map<std::uint64_t, std::array<std::byte, 4096>> frames_;
	std::uint64_t direct_map_;
	unsigned levels_;
	std::uint64_t next_ = 0x100;
	std::uint64_t top_ = 0;
	mutable unsigned reads_ = 0;
};

} // namespace hugemem
