// SPDX-License-Identifier: GPL-2.0-only
/// What the kernel tells of huge pages, pins and memory blocks, as metrics.
#pragma once

#include <string>
#include <vector>

#include "error.hpp"
#include "metrics.hpp"

namespace hugemem
{

/// Where /proc and /sys are; the tests have their own.
struct KernelFiles {
	std::string proc = "/proc";
	std::string sys = "/sys";
};

/// Pools by size and node:
///   hugemem_hugetlb_pages, _free_pages, _surplus_pages, _optimized_pages,
///   _saved_bytes {page_bytes, node}; without a node where the kernel has no NUMA
///   hugemem_hugetlb_reserved_pages, _overcommit_pages {page_bytes}, which nodes do not have
/// The memory map: hugemem_vmemmap_optimization_enabled; counters since boot:
///   hugemem_vmemmap_optimized_pages_total, _not_optimized_pages_total {cause},
///   _restored_pages_total, _restore_failures_total {cause}, _donated_pages_total,
///   _moved_heads_total
/// Pins: hugemem_pin_acquired_pages_total, _released_pages_total, _migrated_pages_total,
///   _migration_failed_pages_total {cause}, _lru_drains_total
/// Memory blocks: hugemem_memory_blocks {state, memmap_mode}, hugemem_memory_block_size_bytes;
///   without a mode where the kernel does not say it
/// What the kernel does not tell is not there. Errors: environment, when it tells nothing.
Result<std::vector<MetricFamily>> kernel_metrics(const KernelFiles &files = {});

} // namespace hugemem
