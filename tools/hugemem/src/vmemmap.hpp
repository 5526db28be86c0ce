// SPDX-License-Identifier: GPL-2.0-only
/// The memory map of a huge page: how its pages of struct pages are mapped, and
/// what that means.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_memory.hpp"
#include "page_table.hpp"

namespace hugemem
{

/// Where the array of all struct pages is and what one looks like.
struct MemoryMap {
	std::uint64_t base = 0;         ///< address of the struct page of PFN 0
	std::uint32_t page_size = 64;   ///< sizeof(struct page)
	std::uint32_t compound_at = 8;  ///< offset of compound_head or compound_info
	bool has_compound_info = false; ///< tails may hold a mask instead of an address

	[[nodiscard]] std::uint64_t page_of(std::uint64_t pfn) const
	{
		return base + pfn * page_size;
	}
};

/// How the vmemmap of one huge page is mapped. Told by which frames are shared.
enum class Layout {
	leaf,        ///< by PMD entries, as it was at boot
	own_frames,  ///< by PTEs, each page a frame of its own
	second_page, ///< 5.14 to 5.17: pages 2 and up on page 1's frame
	first_page,  ///< 5.18 to 7.0: pages 1 and up on page 0's frame
	one_for_all, ///< 7.1 and later, and the 5.10 series: pages 1 and up on one frame of many
		     ///< huge pages
	unknown,
};

enum class Verdict {
	proved,        ///< remapped, permissions right, every tail leads to the head
	not_optimised, ///< PMD leaves, every tail leads to the head
	split_only,    ///< PTEs, but nothing is shared: nothing is saved
	hosted,        ///< not optimised, and never to be: see judge_hosted()
	wrong,
};

std::string_view name_of(Layout layout);
/// One line: which kernels map it so.
std::string_view describe(Layout layout);
std::string_view name_of(Verdict verdict);

/// What was found out about one huge page.
struct Judgement {
	Layout layout = Layout::unknown;
	Verdict verdict = Verdict::wrong;
	std::string reason;                      ///< of a wrong verdict
	std::uint64_t saved = 0;                 ///< frames that the huge page does not need
	std::optional<std::uint64_t> shared_pfn; ///< the frame that tails share
	friend bool operator==(const Judgement &, const Judgement &) = default;
};

/// By the mappings, and by whether the kernel knows masks in tails; the smallest huge
/// page has 8 (2 MiB), 1 GiB has 4096.
Judgement judge(std::span<const Mapping> boxes, const MemoryMap &map);

/// Checks that every struct page but the first leads to the head, reading the whole
/// memory map of the page. Turns the judgement to wrong if not. Errors: cannot_tell.
Result<void> check_tails(const KernelMemory &memory, const MemoryMap &map, std::uint64_t head_pfn,
			 std::span<const Mapping> boxes, Judgement &judgement);

/// Whether the word that a tail at `page` holds leads to `head`: the head's
/// address with bit 0 set, or the mask that clears the offset into the `bytes` of
/// struct pages that the huge page has, with bit 0 set.
bool leads_to(std::uint64_t word, std::uint64_t page, std::uint64_t head, std::uint64_t bytes);

/// One huge page with everything that was seen.
struct Seen {
	std::uint64_t pfn = 0;    ///< of its first frame
	std::uint64_t frames = 0; ///< 4 KiB frames it has: 512 or 262144
	std::vector<Mapping> boxes;
	Judgement judgement;
	std::optional<unsigned> node; ///< whoever knows where the memory is says so
	[[nodiscard]] std::uint64_t kib() const { return frames * 4; }
};

/// Number of vmemmap pages of a huge page of so many frames.
constexpr std::uint64_t boxes_of(std::uint64_t frames, const MemoryMap &map)
{
	return frames * map.page_size / page_bytes;
}

/// Reads and judges one huge page. Errors: cannot_tell.
Result<Seen> look_at(const KernelMemory &memory, const PageTables &tables, const MemoryMap &map,
		     std::uint64_t pfn, std::uint64_t frames);

/// For a huge page whose memory map lies in the hot-added memory itself. Nobody else could use
/// what such a map gave back, and removing the memory takes for granted that it is whole: a page
/// that keeps its map is right and hosted, every other one wrong.
void judge_hosted(Seen &page);

/// Frames that serve two huge pages, though not as the one frame for all, make both wrong.
void cross_check(std::vector<Seen> &pages);

/// Base of the memory map by the text of vmcoreinfo (KEY=VALUE lines): through
/// mem_section. Errors: cannot_tell.
Result<std::uint64_t> vmemmap_by_sections(const KernelMemory &memory, std::string_view vmcoreinfo);

/// The value of KEY in vmcoreinfo; nothing if it is missing. Hexadecimal for SYMBOL().
std::optional<std::uint64_t> vmcoreinfo_value(std::string_view text, std::string_view key);

} // namespace hugemem
