// SPDX-License-Identifier: GPL-2.0-only
#include "ladder.hpp"

#include <algorithm>

namespace hugemem
{

const std::vector<Event> &events()
{
	// Never ordered by kernel version: a rung fits if its functions are there.
	static const std::vector<Event> all = {
		{
			.name = "alloc",
			.what = "a huge page is made from free memory (allocation and preparation)",
			.rungs =
				{
					{.functions = {"alloc_fresh_huge_page",
						       "alloc_fresh_hugetlb_folio",
						       "only_alloc_fresh_hugetlb_folio"},
					 .ret = HM_RET_NONZERO,
					 .note = {},
					 .per = "page",
					 // the one that pools grow by, in gcc's builds of 6.12
					 .inlinable =
						 {{.function = "only_alloc_fresh_hugetlb_folio",
						   .tellers =
							   {"alloc_pool_huge_folio",
							    "hugetlb_vmemmap_optimize_folios"}}}},
					{.functions = {"alloc_buddy_huge_page",
						       "alloc_buddy_hugetlb_folio",
						       "alloc_gigantic_page",
						       "alloc_gigantic_folio"},
					 .ret = HM_RET_NONZERO,
					 .note = "without the preparation of the page",
					 .per = "page"},
					{.functions = {"alloc_pool_huge_page",
						       "alloc_pool_huge_folio",
						       "alloc_surplus_huge_page",
						       "alloc_surplus_hugetlb_folio",
						       "alloc_migrate_huge_page",
						       "alloc_migrate_hugetlb_folio"},
					 .ret = HM_RET_NONZERO,
					 .note = "with the choice of the node and the way into the "
						 "pool",
					 .per = "page"},
				},
		},
		{
			.name = "free",
			.what = "a huge page leaves the pool and its memory becomes free",
			.rungs =
				{
					{.functions = {"__update_and_free_hugetlb_folio"},
					 .ret = HM_RET_VOID,
					 .note = {},
					 .per = "page"},
					{.functions = {"__update_and_free_page"},
					 .ret = HM_RET_VOID,
					 .note = {},
					 .per = "page"},
					{.functions = {"update_and_free_hugetlb_folio"},
					 .ret = HM_RET_VOID,
					 .note = "a page whose freeing is deferred counts when it "
						 "is queued",
					 .per = "page"},
					{.functions = {"update_and_free_page"},
					 .ret = HM_RET_VOID,
					 .note = {},
					 .per = "page"},
					{.functions = {"free_pool_huge_page"},
					 .ret = HM_RET_NONZERO,
					 .note = "shrinking only: surplus and dissolved pages are "
						 "not seen",
					 .per = "page"},
				},
		},
		{
			.name = "optimize",
			.what = "the vmemmap of a huge page, or of a batch, is remapped and its "
				"frames are freed",
			.rungs =
				{
					{.functions = {"hugetlb_vmemmap_optimize_pages"},
					 .ret = HM_RET_VOID,
					 .note = "also calls that had nothing to do",
					 .per = "batch"},
					{.functions = {"__hugetlb_vmemmap_optimize_folio"},
					 .ret = HM_RET_ZERO,
					 .note = {},
					 .per = "page"},
					{.functions = {"__hugetlb_vmemmap_optimize"},
					 .ret = HM_RET_ZERO,
					 .note = {},
					 .per = "page"},
					{.functions = {"hugetlb_vmemmap_optimize_folio"},
					 .ret = HM_RET_VOID,
					 .note = "also calls that had nothing to do",
					 .per = "page"},
					{.functions = {"hugetlb_vmemmap_optimize"},
					 .ret = HM_RET_VOID,
					 .note = "also calls that had nothing to do",
					 .per = "page"},
					{.functions = {"hugetlb_vmemmap_free",
						       "free_huge_page_vmemmap"},
					 .ret = HM_RET_VOID,
					 .note = "also calls that had nothing to do",
					 .per = "page"},
				},
		},
		{
			.name = "restore",
			.what = "the vmemmap of a huge page, or of a batch, gets frames of its own "
				"again",
			.rungs =
				{
					{.functions = {"hugetlb_vmemmap_restore_pages"},
					 .ret = HM_RET_VOID,
					 .note = "also calls that had nothing to do",
					 .per = "batch"},
					{.functions = {"__hugetlb_vmemmap_restore_folio"},
					 .ret = HM_RET_ZERO,
					 .note = {},
					 .per = "page"},
					{.functions = {"hugetlb_vmemmap_restore_folio"},
					 .ret = HM_RET_ZERO,
					 .note = "also calls that had nothing to do",
					 .per = "page"},
					{.functions = {"hugetlb_vmemmap_restore"},
					 .ret = HM_RET_ZERO,
					 .note = "also calls that had nothing to do",
					 .per = "page"},
					{.functions = {"hugetlb_vmemmap_alloc",
						       "alloc_huge_page_vmemmap"},
					 .ret = HM_RET_ZERO,
					 .note = "also calls that had nothing to do",
					 .per = "page"},
				},
		},
		// Phases within the others, which other users of memory have as well
		{
			.name = "compact",
			.what = "memory is compacted by who waits for it, a phase of alloc",
			.rungs =
				{
					{.functions = {"try_to_compact_pages"},
					 .ret = HM_RET_VOID,
					 .note = "for whoever allocates, not only for huge pages",
					 .per = "call"},
					{.functions = {"__alloc_pages_direct_compact"},
					 .ret = HM_RET_VOID,
					 .note = "for whoever allocates, with the attempt "
						 "afterwards",
					 .per = "call"},
				},
		},
		{
			.name = "contig",
			.what = "a range is emptied and taken for a page of 1 GiB, a phase of "
				"alloc",
			.rungs =
				{
					{.functions = {"alloc_contig_frozen_range_noprof",
						       "alloc_contig_range_noprof",
						       "alloc_contig_range"},
					 .ret = HM_RET_ZERO,
					 .note = "for CMA, virtio-mem and others too",
					 .per = "call"},
				},
		},
		{
			.name = "clear",
			.what = "a huge page is filled with zeroes when it is touched first, after "
				"alloc",
			.rungs =
				{
					{.functions = {"folio_zero_user"},
					 .ret = HM_RET_VOID,
					 .note = "transparent huge pages too",
					 .per = "page"},
					{.functions = {"clear_huge_page"},
					 .ret = HM_RET_VOID,
					 .note = "transparent huge pages too",
					 .per = "page"},
				},
		},
	};
	return all;
}

const Event *find_event(std::string_view name)
{
	for (const auto &event : events())
		if (event.name == name)
			return &event;
	return nullptr;
}

namespace
{

/// Which function of the rung the kernel has in its source and not as a function.
const std::string *inlined(const Rung &rung, const Symbols &symbols)
{
	for (const Inlinable &one : rung.inlinable)
		if (symbols.followable(one.function).empty() &&
		    std::any_of(one.tellers.begin(), one.tellers.end(), [&](const auto &teller) {
			    return !symbols.followable(teller).empty();
		    }))
			return &one.function;
	return nullptr;
}

} // namespace

std::vector<Fit> fit(const Event &event, const Symbols &symbols)
{
	std::vector<Fit> fits;
	for (std::size_t i = 0; i < event.rungs.size(); i++) {
		Fit f;
		f.rung = i;
		for (const auto &function : event.rungs[i].functions)
			for (auto &symbol : symbols.followable(function))
				f.targets.push_back({function, std::move(symbol)});
		if (f.targets.empty()) {
			f.why = "not in this kernel (or inlined)";
		} else if (const std::string *function = inlined(event.rungs[i], symbols)) {
			f.targets.clear();
			f.why = *function + " is inlined, its calls would not be seen";
		}
		fits.push_back(std::move(f));
	}
	return fits;
}

} // namespace hugemem
