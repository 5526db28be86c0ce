// SPDX-License-Identifier: GPL-2.0-only
// Page tables and struct pages out of bytes, in memory that changes while it is read: whatever the
// decoder makes of them, it ends, stays inside what it has read, and never calls proved what breaks
// the rules of every layout.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "page_table.hpp"
#include "vmemmap.hpp"

using namespace hugemem;

namespace
{

void must(bool holds)
{
	if (!holds)
		std::abort();
}

/// Takes numbers off the bytes; zeroes when there are no more.
class Bytes
{
public:
	Bytes(const std::uint8_t *data, std::size_t size) : data_(data), left_(size) {}
	template <typename T>
	T take()
	{
		T value{};
		const std::size_t n = std::min(left_, sizeof(value));
		if (n)
			std::memcpy(&value, data_, n);
		data_ += n;
		left_ -= n;
		return value;
	}
	[[nodiscard]] bool empty() const { return left_ == 0; }
	[[nodiscard]] std::string_view rest() const
	{
		return {reinterpret_cast<const char *>(data_), left_};
	}

private:
	const std::uint8_t *data_;
	std::size_t left_;
};

constexpr std::size_t frames = 16;
constexpr std::size_t words_per_frame = 512;

/// Some frames, which the direct map leads to, and the second half of them the memory map as well;
/// elsewhere reading fails. That half begins as the struct pages of a huge page: its tails hold the
/// mask that leads to the head. So a dozen entries make a page that is in order, and the bytes
/// can be about what is not.
class Memory final : public KernelMemory
{
public:
	Memory(std::uint64_t direct_map, const MemoryMap &map)
		: direct_map_(direct_map), vmemmap_(map.base)
	{
		const std::uint64_t mask = ~(8 * page_bytes - 1) | 1;
		for (std::size_t at = map.page_size + map.compound_at; at < 8 * page_bytes;
		     at += map.page_size)
			words_[frames / 2 * words_per_frame + at / 8] = mask;
	}

	/// Frame, index and value; with `later`, when so many reads have been made.
	void put(std::size_t frame, std::size_t index, std::uint64_t value, std::uint8_t later)
	{
		if (later)
			changes_.push_back({frame, index, value, later});
		else
			words_[frame * words_per_frame + index] = value;
	}

	Result<void> read(std::uint64_t address, std::span<std::byte> out) const override
	{
		reads_++;
		for (const Change &c : changes_)
			if (c.when == reads_)
				words_[c.frame * words_per_frame + c.index] = c.value;
		const auto *bytes = reinterpret_cast<const std::byte *>(words_.data());
		for (std::byte &b : out) {
			const std::uint64_t physical = address - direct_map_;
			const std::uint64_t in_map = address - vmemmap_;
			if (physical < frames * page_bytes)
				b = bytes[physical];
			else if (in_map < (1ULL << 36))
				b = bytes[frames / 2 * page_bytes + in_map % (8 * page_bytes)];
			else
				return fail(Exit::cannot_tell, "address", "not mapped");
			address++;
		}
		return {};
	}

private:
	struct Change {
		std::size_t frame;
		std::size_t index;
		std::uint64_t value;
		std::uint64_t when;
	};
	mutable std::array<std::uint64_t, frames * words_per_frame> words_{};
	std::vector<Change> changes_;
	mutable std::uint64_t reads_ = 0;
	std::uint64_t direct_map_;
	std::uint64_t vmemmap_;
};

/// What "proved" promises, said once more in other words.
void check(const Judgement &j, const std::vector<Mapping> &boxes)
{
	if (j.verdict == Verdict::wrong) {
		must(!j.reason.empty());
		return;
	}
	must(boxes.size() >= 3);
	for (const Mapping &m : boxes)
		must(m.present);
	if (j.verdict != Verdict::proved)
		return;
	must(j.saved > 0 && j.saved < boxes.size() && j.shared_pfn.has_value());
	must(boxes[0].writable);
	const std::size_t own = boxes.size() - j.saved;
	for (std::size_t i = 0; i < boxes.size(); i++) {
		must(boxes[i].level == 1);
		must(boxes[i].writable == (i < own));
		must(i < own || boxes[i].pfn == *j.shared_pfn);
	}
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	Bytes in(data, size);
	const auto how = in.take<std::uint8_t>();
	const bool five = how & 1;
	const std::uint64_t direct_map = five ? 0xff11000000000000ULL : 0xffff888000000000ULL;
	const std::uint64_t vmemmap = five ? 0xffd4000000000000ULL : 0xffffea0000000000ULL;
	static constexpr std::uint32_t sizes[] = {56, 64, 80, 128};
	MemoryMap map;
	map.base = vmemmap;
	map.page_size = sizes[(how >> 1) & 3];
	map.compound_at = 8 * (in.take<std::uint8_t>() % (map.page_size / 8));
	map.has_compound_info = how & 8;

	Memory memory(direct_map, map);
	const std::uint64_t top = in.take<std::uint8_t>() % frames;
	const std::uint64_t pfn = in.take<std::uint32_t>() & ~511ULL;
	const std::uint64_t address = (how & 16) ? in.take<std::uint64_t>() : map.page_of(pfn);
	const auto pages = in.take<std::uint16_t>() % 2048U;
	// An entry of a few bytes: frame and index, flags, where it leads, when it appears
	for (unsigned n = in.take<std::uint8_t>(); n && !in.empty(); n--) {
		const auto frame = in.take<std::uint8_t>() % frames;
		const auto index = in.take<std::uint16_t>() % words_per_frame;
		const auto value = (how & 32)
					   ? in.take<std::uint64_t>()
					   : std::uint64_t{in.take<std::uint8_t>()} |
						     std::uint64_t{in.take<std::uint16_t>()} << 12;
		memory.put(frame, index, value, in.take<std::uint8_t>());
	}

	const std::uint64_t pgd = direct_map + top * page_bytes;
	if (const auto space = find_address_space(memory, pgd)) {
		must(space->direct_map <= pgd && space->levels == (five ? 5U : 4U));
	}
	const PageTables tables(memory,
				{.pgd = pgd, .direct_map = direct_map, .levels = five ? 5U : 4U});
	if (const auto walked = tables.walk_range(address, pages)) {
		must(walked->size() == pages);
		for (const Mapping &m : *walked)
			must(m.present ? m.level >= 1 && m.level <= 3 : !m.writable);
	}
	std::vector<Seen> all;
	for (const std::uint64_t first : {pfn, pfn + 512})
		if (auto seen = look_at(memory, tables, map, first, 512)) {
			check(seen->judgement, seen->boxes);
			all.push_back(std::move(*seen));
		}
	cross_check(all);
	for (const Seen &seen : all)
		check(seen.judgement, seen.boxes);

	(void)vmcoreinfo_value(in.rest(), "SYMBOL(mem_section)");
	(void)vmemmap_by_sections(memory, in.rest());
	return 0;
}
