// SPDX-License-Identifier: GPL-2.0-only
#include "vmemmap.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace hugemem
{
namespace
{

Judgement wrong(Judgement j, std::string reason)
{
	j.verdict = Verdict::wrong;
	j.reason = std::move(reason);
	return j;
}

bool all_on(std::span<const Mapping> boxes, std::size_t from, std::uint64_t pfn)
{
	return std::all_of(boxes.begin() + static_cast<std::ptrdiff_t>(from), boxes.end(),
			   [pfn](const Mapping &m) { return m.pfn == pfn; });
}

/// Boxes below `own` writable, the others read-only, all by PTEs.
std::string permission_fault(std::span<const Mapping> boxes, std::size_t own)
{
	for (std::size_t i = 0; i < boxes.size(); i++) {
		if (boxes[i].level != 1)
			return fmt::format(
				"page {} is mapped by a large leaf though frames are shared", i);
		if (i < own && !boxes[i].writable)
			return fmt::format("page {} is read-only, yet its frame is its own", i);
		if (i >= own && boxes[i].writable)
			return fmt::format("page {} is writable, yet its frame is shared", i);
	}
	return {};
}

} // namespace

std::string_view name_of(Layout layout)
{
	switch (layout) {
	case Layout::leaf:
		return "leaf";
	case Layout::own_frames:
		return "own_frames";
	case Layout::second_page:
		return "second_page";
	case Layout::first_page:
		return "first_page";
	case Layout::one_for_all:
		return "one_for_all";
	case Layout::unknown:
		return "unknown";
	}
	return "?";
}

std::string_view describe(Layout layout)
{
	switch (layout) {
	case Layout::leaf:
		return "mapped by PMD leaves, as at boot";
	case Layout::own_frames:
		return "mapped by PTEs, every page on a frame of its own";
	case Layout::second_page:
		return "pages 2 and up read-only on page 1's frame (as in 5.14 to 5.17)";
	case Layout::first_page:
		return "pages 1 and up read-only on page 0's frame (as in 5.18 to 7.0)";
	case Layout::one_for_all:
		return "pages 1 and up read-only on one frame for all (as in 7.1 and the 5.10 "
		       "series)";
	case Layout::unknown:
		return "no layout of any kernel";
	}
	return "?";
}

std::string_view name_of(Verdict verdict)
{
	switch (verdict) {
	case Verdict::proved:
		return "proved";
	case Verdict::not_optimised:
		return "not optimised";
	case Verdict::split_only:
		return "split but not remapped";
	case Verdict::hosted:
		return "hosted";
	case Verdict::wrong:
		return "wrong";
	}
	return "?";
}

Judgement judge(std::span<const Mapping> boxes, const MemoryMap &map)
{
	Judgement j;
	if (boxes.size() < 3)
		return wrong(j, "fewer than three pages of memory map");
	for (std::size_t i = 0; i < boxes.size(); i++)
		if (!boxes[i].present)
			return wrong(j, fmt::format("page {} is not mapped", i));

	std::vector<std::uint64_t> frames(boxes.size());
	std::transform(boxes.begin(), boxes.end(), frames.begin(),
		       [](const Mapping &m) { return m.pfn; });
	std::sort(frames.begin(), frames.end());
	const auto distinct = static_cast<std::size_t>(std::unique(frames.begin(), frames.end()) -
						       frames.begin());

	if (distinct == boxes.size()) {
		for (std::size_t i = 0; i < boxes.size(); i++)
			if (!boxes[i].writable)
				return wrong(
					j, fmt::format(
						   "page {} is read-only, yet its frame is its own",
						   i));
		const bool leaves = std::all_of(boxes.begin(), boxes.end(),
						[](const Mapping &m) { return m.level > 1; });
		j.layout = leaves ? Layout::leaf : Layout::own_frames;
		j.verdict = leaves ? Verdict::not_optimised : Verdict::split_only;
		return j;
	}

	std::size_t own = 1; // pages with a writable frame of their own
	if (all_on(boxes, 1, boxes[0].pfn)) {
		j.layout = Layout::first_page;
	} else if (!map.has_compound_info && all_on(boxes, 2, boxes[1].pfn) && boxes[1].writable &&
		   !boxes[2].writable) {
		// With masks in the tails this would be one frame for all, its page 1 writable.
		j.layout = Layout::second_page;
		own = 2;
	} else if (all_on(boxes, 1, boxes[1].pfn)) {
		j.layout = Layout::one_for_all; // a writable tail is found below
	} else {
		return wrong(
			j, fmt::format(
				   "{} frames for {} pages: some are shared, but not as any kernel "
				   "shares them",
				   distinct, boxes.size()));
	}
	j.shared_pfn = boxes.back().pfn;
	j.saved = boxes.size() - own;
	if (auto fault = permission_fault(boxes, own); !fault.empty())
		return wrong(j, std::move(fault));
	j.verdict = Verdict::proved;
	return j;
}

bool leads_to(std::uint64_t word, std::uint64_t page, std::uint64_t head, std::uint64_t bytes)
{
	// Bit 0 is the mark of a tail, and part of neither address nor mask.
	return word == (head | 1) || (word == (~(bytes - 1) | 1) && (page & ~(bytes - 1)) == head);
}

Result<void> check_tails(const KernelMemory &memory, const MemoryMap &map, std::uint64_t head_pfn,
			 std::span<const Mapping> boxes, Judgement &judgement)
{
	const std::uint64_t head = map.page_of(head_pfn);
	const std::uint64_t bytes = boxes.size() * page_bytes;
	const std::uint64_t per_box = page_bytes / map.page_size;
	std::array<std::byte, page_bytes> data{};
	for (std::uint64_t box = 0; box < boxes.size(); box++) {
		const std::uint64_t start = head + box * page_bytes;
		if (auto ok = memory.read(start, data); !ok)
			return ok;
		for (std::uint64_t i = 0; i < per_box; i++) {
			std::uint64_t word = 0;
			std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(i * map.page_size +
									       map.compound_at),
				    sizeof(word),
				    std::as_writable_bytes(std::span(&word, 1)).begin());
			const std::uint64_t page = start + i * map.page_size;
			const std::uint64_t index = box * per_box + i;
			// The first page of a box on the head's frame is the head seen again.
			const bool is_head = i == 0 && (box == 0 || boxes[box].pfn == boxes[0].pfn);
			if (is_head ? !(word & 1) : leads_to(word, page, head, bytes))
				continue;
			judgement = wrong(
				judgement,
				is_head ? fmt::format("struct page {} is marked as a tail", index)
					: fmt::format("struct page {} does not lead to the head "
						      "(holds {:#x})",
						      index, word));
			return {};
		}
	}
	return {};
}

Result<Seen> look_at(const KernelMemory &memory, const PageTables &tables, const MemoryMap &map,
		     std::uint64_t pfn, std::uint64_t frames)
{
	Seen seen;
	seen.pfn = pfn;
	seen.frames = frames;
	auto boxes = tables.walk_range(map.page_of(pfn), boxes_of(frames, map));
	if (!boxes)
		return tl::unexpected(boxes.error());
	seen.boxes = std::move(*boxes);
	seen.judgement = judge(seen.boxes, map);
	if (seen.judgement.verdict == Verdict::wrong)
		return seen;
	if (auto ok = check_tails(memory, map, pfn, seen.boxes, seen.judgement); !ok)
		return tl::unexpected(ok.error());
	return seen;
}

void judge_hosted(Seen &page)
{
	Judgement &j = page.judgement;
	// Of a page of 1 GiB, another part may lie where maps are split.
	const bool whole = std::any_of(page.boxes.begin(), page.boxes.end(),
				       [](const Mapping &m) { return m.level > 1; });
	if (j.verdict == Verdict::wrong)
		return;
	if (whole && j.verdict != Verdict::proved)
		j.verdict = Verdict::hosted;
	else
		j = wrong(j, fmt::format("its memory map lies in hot-added memory itself and has "
					 "to stay as it was, yet it is {}",
					 j.verdict == Verdict::proved ? "remapped" : "split"));
}

void cross_check(std::vector<Seen> &pages)
{
	struct Use {
		std::uint64_t pfn;
		Seen *page;
		bool for_all; // may be used by others in the same way
		bool wrong;   // the page is known to be wrong without this
	};
	std::vector<Use> uses;
	for (Seen &page : pages) {
		const Judgement &j = page.judgement;
		std::optional<std::uint64_t> last;
		for (const Mapping &m : page.boxes) {
			if (!m.present || last == m.pfn)
				continue;
			last = m.pfn;
			uses.push_back({m.pfn, &page,
					j.layout == Layout::one_for_all && j.shared_pfn == m.pfn,
					j.verdict == Verdict::wrong});
		}
	}
	std::sort(uses.begin(), uses.end(),
		  [](const Use &a, const Use &b) { return a.pfn < b.pfn; });
	for (std::size_t i = 1; i < uses.size(); i++) {
		const Use &a = uses[i - 1];
		const Use &b = uses[i];
		if (a.pfn != b.pfn || a.page == b.page || (a.for_all && b.for_all))
			continue;
		// What a wrong page makes of the common frame is not the others' fault.
		if ((a.for_all && b.wrong) || (b.for_all && a.wrong))
			continue;
		for (const Use *use : {&a, &b}) {
			const Use &other = use == &a ? b : a;
			if (use->page->judgement.verdict != Verdict::wrong)
				use->page->judgement =
					wrong(use->page->judgement,
					      fmt::format("frame {:x} of its memory map also "
							  "serves the huge page "
							  "at PFN {:#x}",
							  use->pfn, other.page->pfn));
		}
	}
}

std::optional<std::uint64_t> vmcoreinfo_value(std::string_view text, std::string_view key)
{
	while (!text.empty()) {
		const auto eol = std::min(text.find('\n'), text.size());
		const std::string_view line = text.substr(0, eol);
		text.remove_prefix(std::min(eol + 1, text.size()));
		if (line.size() <= key.size() || !line.starts_with(key) || line[key.size()] != '=')
			continue;
		std::string_view digits = line.substr(key.size() + 1);
		const int base = key.starts_with("SYMBOL(") ? 16 : 10;
		std::uint64_t value = 0;
		const char *end = digits.data() + digits.size();
		const auto [stop, ec] = std::from_chars(digits.data(), end, value, base);
		if (ec != std::errc{} || stop != end)
			return std::nullopt;
		return value;
	}
	return std::nullopt;
}

Result<std::uint64_t> vmemmap_by_sections(const KernelMemory &memory, std::string_view vmcoreinfo)
{
	const auto missing = [](std::string_view key) {
		return fail(Exit::cannot_tell, "vmcoreinfo", fmt::format("has no {}", key));
	};
	const auto roots = vmcoreinfo_value(vmcoreinfo, "SYMBOL(mem_section)");
	if (!roots)
		return missing("SYMBOL(mem_section)");
	const auto count = vmcoreinfo_value(vmcoreinfo, "LENGTH(mem_section)");
	if (!count)
		return missing("LENGTH(mem_section)");
	const auto size = vmcoreinfo_value(vmcoreinfo, "SIZE(mem_section)");
	if (!size || !*size || *size > page_bytes)
		return missing("sensible SIZE(mem_section)");
	const auto at = vmcoreinfo_value(vmcoreinfo, "OFFSET(mem_section.section_mem_map)");
	if (!at)
		return missing("OFFSET(mem_section.section_mem_map)");

	// An array of pointers to pages full of sections; the first with a memory map will do.
	// What a section stores is the base itself, with flags in the low bits.
	constexpr std::uint64_t has_mem_map = 2;
	for (std::uint64_t r = 0; r < *count; r++) {
		const auto root = memory.word(*roots + 8 * r);
		if (!root)
			return tl::unexpected(root.error());
		if (!*root)
			continue;
		for (std::uint64_t s = 0; s < page_bytes / *size; s++) {
			const auto encoded = memory.word(*root + s * *size + *at);
			if (!encoded)
				return tl::unexpected(encoded.error());
			if (*encoded & has_mem_map)
				return *encoded & ~(page_bytes - 1);
		}
	}
	return fail(Exit::cannot_tell, "memory sections", "none has a memory map");
}

} // namespace hugemem
