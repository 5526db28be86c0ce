// SPDX-License-Identifier: GPL-2.0-only
#include "kernel_view.hpp"

#include <sys/utsname.h>

#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "text_file.hpp"

namespace hugemem
{
namespace
{

/// vmcoreinfo's text, read where /sys/kernel/vmcoreinfo says it lies.
Result<std::string> read_vmcoreinfo(const KernelMemory &memory, const AddressSpace &space)
{
	constexpr std::uint64_t most = 64 * 1024;
	const auto place =
		read_text("/sys/kernel/vmcoreinfo"); // "0xPHYSICAL SIZE", both hexadecimal
	if (!place)
		return tl::unexpected(place.error());
	std::uint64_t physical = 0;
	std::uint64_t size = 0;
	const char *end = place->data() + place->size();
	const char *at = place->data() + (place->starts_with("0x") ? 2 : 0);
	const auto first = std::from_chars(at, end, physical, 16);
	if (first.ec != std::errc{} || first.ptr == end ||
	    std::from_chars(first.ptr + 1, end, size, 16).ec != std::errc{} || !size || size > most)
		return fail(Exit::cannot_tell, "/sys/kernel/vmcoreinfo",
			    "not understood: " + *place);
	std::string text(size, '\0');
	if (auto ok = memory.read(space.direct_map + physical,
				  std::as_writable_bytes(std::span(text)));
	    !ok)
		return tl::unexpected(ok.error());
	return text;
}

/// The memory map's base from the struct page and the frame of our own kernel stack.
Result<std::uint64_t> vmemmap_by_stack(const PageTables &tables, const TaskFacts &facts,
				       std::uint32_t page_size)
{
	if (!facts.stack_page0)
		return fail(Exit::cannot_tell, "kernel stack",
			    "not mapped by vmalloc (CONFIG_VMAP_STACK)");
	const auto mapping = tables.walk(facts.stack);
	if (!mapping)
		return tl::unexpected(mapping.error());
	if (!mapping->present)
		return fail(Exit::cannot_tell, "kernel stack", "not mapped");
	return facts.stack_page0 - mapping->pfn * page_size;
}

} // namespace

Result<MemoryMap> page_shape(const KernelBtf &btf)
{
	MemoryMap map;
	const auto size = btf.struct_size("page");
	if (!size || *size == 0 || page_bytes % *size)
		return fail(Exit::cannot_tell, "struct page",
			    size ? fmt::format("{} bytes do not divide a page", *size)
				 : "not in BTF",
			    "such a kernel cannot remap its memory map");
	map.page_size = *size;
	const auto info = btf.member_offset("page", "compound_info");
	const auto head = btf.member_offset("page", "compound_head");
	if (!info && !head)
		return fail(Exit::cannot_tell, "struct page",
			    "has neither compound_head nor compound_info");
	map.compound_at = info ? *info : *head;
	map.has_compound_info = info.has_value();
	return map;
}

Result<KernelView> KernelView::open()
{
	utsname u{};
	::uname(&u);
	if (std::strcmp(u.machine, "x86_64") != 0)
		return fail(Exit::cannot_tell, "this machine", fmt::format("is {}", u.machine),
			    "only x86-64 page tables can be read");

	const auto btf = KernelBtf::load();
	if (!btf)
		return tl::unexpected(btf.error());
	KernelView view;
	auto reader = KernelReader::open();
	if (!reader)
		return tl::unexpected(reader.error());
	view.memory = std::move(*reader);

	const auto facts = view.memory->facts();
	if (!facts)
		return tl::unexpected(facts.error());
	auto space = find_address_space(*view.memory, facts->pgd);
	if (!space)
		return tl::unexpected(space.error());
	view.space = *space;
	auto shape = page_shape(*btf);
	if (!shape)
		return tl::unexpected(shape.error());
	view.map = *shape;

	// Two independent ways; when both work they have to agree.
	const auto text = read_vmcoreinfo(*view.memory, view.space);
	const auto by_sections = text ? vmemmap_by_sections(*view.memory, *text)
				      : Result<std::uint64_t>(tl::unexpected(text.error()));
	const auto by_stack = vmemmap_by_stack(view.tables(), *facts, view.map.page_size);
	if (by_sections && by_stack && *by_sections != *by_stack)
		return fail(Exit::cannot_tell, "base of the memory map",
			    fmt::format("mem_section says {:#x}, the kernel stack says {:#x}",
					*by_sections, *by_stack));
	if (!by_sections && !by_stack)
		return fail(Exit::cannot_tell, "base of the memory map",
			    fmt::format("{}, and {}", by_sections.error().text(),
					by_stack.error().text()),
			    "the kernel needs CONFIG_VMAP_STACK=y or CONFIG_CRASH_CORE=y "
			    "(CONFIG_VMCORE_INFO "
			    "later)");
	view.map.base = by_sections ? *by_sections : *by_stack;
	view.base_by = by_sections && by_stack ? "mem_section and stack"
		       : by_sections           ? "mem_section"
					       : "stack";
	return view;
}

} // namespace hugemem
