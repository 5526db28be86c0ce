// SPDX-License-Identifier: GPL-2.0-only
#include "kernel_metrics.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "memory_blocks.hpp"
#include "pin_counters.hpp"
#include "pools.hpp"
#include "text_file.hpp"
#include "told.hpp"

namespace hugemem
{
namespace
{

namespace fs = std::filesystem;

/// A file of a pool's directory and what it becomes.
struct PoolFile {
	const char *file;
	const char *metric;
	const char *help;
};

/// Files that /sys/kernel/mm/hugepages and the nodes both have.
constexpr PoolFile by_node[] = {
	{"nr_hugepages", "hugemem_hugetlb_pages", "Huge pages in the pool, surplus ones included"},
	{"free_hugepages", "hugemem_hugetlb_free_pages", "Huge pages in the pool that nobody uses"},
	{"surplus_hugepages", "hugemem_hugetlb_surplus_pages",
	 "Huge pages above the size that the pool was given"},
	{"optimized_hugepages", "hugemem_hugetlb_optimized_pages",
	 "Huge pages that have given back most of their memory map"},
	{"vmemmap_saved_bytes", "hugemem_hugetlb_saved_bytes",
	 "Memory map given back by huge pages, page tables not deducted"},
};

/// Files that nodes do not have.
constexpr PoolFile for_all[] = {
	{"resv_hugepages", "hugemem_hugetlb_reserved_pages",
	 "Free huge pages that are promised to somebody"},
	{"nr_overcommit_hugepages", "hugemem_hugetlb_overcommit_pages",
	 "Most surplus huge pages that there may be"},
};

/// A line of /proc/vmstat and what it becomes; rows of one metric follow one another.
struct VmstatRow {
	const char *line;
	const char *metric;
	const char *cause; ///< "" for none
	const char *help;
};

constexpr const char *not_optimized = "hugemem_vmemmap_not_optimized_pages_total";
constexpr const char *not_optimized_help = "Huge pages that kept their memory map, by cause";
constexpr const char *not_migrated = "hugemem_pin_migration_failed_pages_total";
constexpr const char *not_migrated_help =
	"Base pages that were not pinned because they could not leave movable memory, by cause";

constexpr VmstatRow vmstat_rows[] = {
	{"htlb_vmemmap_optimize", "hugemem_vmemmap_optimized_pages_total", "",
	 "Huge pages whose memory map was optimised"},
	{"htlb_vmemmap_optimize_nomem", not_optimized, "nomem", not_optimized_help},
	{"htlb_vmemmap_optimize_poison", not_optimized, "poison", not_optimized_help},
	{"htlb_vmemmap_optimize_movable", not_optimized, "movable", not_optimized_help},
	{"htlb_vmemmap_optimize_hosted", not_optimized, "hosted", not_optimized_help},
	{"htlb_vmemmap_restore", "hugemem_vmemmap_restored_pages_total", "",
	 "Huge pages whose memory map was made whole again"},
	{"htlb_vmemmap_restore_nomem", "hugemem_vmemmap_restore_failures_total", "nomem",
	 "Times that a memory map could not be made whole again, by cause"},
	{"htlb_vmemmap_donate", "hugemem_vmemmap_donated_pages_total", "",
	 "Huge pages that gave their own memory for memory maps"},
	{"htlb_vmemmap_move_head", "hugemem_vmemmap_moved_heads_total", "",
	 "Heads of memory maps that moved so that memory came together"},
	{"nr_foll_pin_acquired", "hugemem_pin_acquired_pages_total", "",
	 "Base pages that were pinned"},
	{"nr_foll_pin_released", "hugemem_pin_released_pages_total", "",
	 "Base pages that were pinned and let go of"},
	{"pin_migrate_success", "hugemem_pin_migrated_pages_total", "",
	 "Base pages that moved so that they could be pinned for long"},
	{"pin_migrate_fail_isolate", not_migrated, "isolate", not_migrated_help},
	{"pin_migrate_fail_busy", not_migrated, "busy", not_migrated_help},
	{"pin_migrate_fail_nomem", not_migrated, "nomem", not_migrated_help},
	{"pin_migrate_lru_drain", "hugemem_pin_lru_drains_total", "",
	 "Times that all CPUs had to let go of pages for a pin"},
};

/// A directory of pools; node is "" for that of the whole machine.
struct PoolDir {
	std::string path;
	std::string node;
	std::uint64_t page_kib = 0;
};

/// The directories hugepages-*kB below `root`, smallest page first.
void find_pools(const std::string &root, const std::string &node, std::vector<PoolDir> &dirs)
{
	std::error_code ec;
	std::vector<PoolDir> found;
	for (fs::directory_iterator it(root, ec), end; !ec && it != end; it.increment(ec))
		if (const auto kib = pool_page_kib(it->path().filename().string()))
			found.push_back({it->path().string(), node, *kib});
	std::sort(found.begin(), found.end(),
		  [](const PoolDir &a, const PoolDir &b) { return a.page_kib < b.page_kib; });
	dirs.insert(dirs.end(), found.begin(), found.end());
}

std::vector<PoolDir> pools_of_nodes(const std::string &root)
{
	std::error_code ec;
	std::map<std::uint64_t, std::string> nodes;
	for (fs::directory_iterator it(root, ec), end; !ec && it != end; it.increment(ec))
		if (const auto id = node_id(it->path().filename().string()))
			nodes.emplace(*id, it->path().string());
	std::vector<PoolDir> dirs;
	for (const auto &[id, path] : nodes)
		find_pools(path + "/hugepages", fmt::format("{}", id), dirs);
	return dirs;
}

MetricFamily pool_family(const PoolFile &row, const std::vector<PoolDir> &dirs)
{
	MetricFamily family{.name = row.metric, .help = row.help, .samples = {}};
	for (const PoolDir &dir : dirs) {
		const auto value = read_number(dir.path + "/" + row.file);
		if (!value)
			continue;
		MetricSample sample{
			.labels = {{"page_bytes", fmt::format("{}", dir.page_kib * 1024)}},
			.value = *value};
		if (!dir.node.empty())
			sample.labels.emplace_back("node", dir.node);
		family.samples.push_back(std::move(sample));
	}
	return family;
}

void add_pools(std::vector<MetricFamily> &families, const KernelFiles &files)
{
	std::vector<PoolDir> whole;
	find_pools(files.sys + "/kernel/mm/hugepages", "", whole);
	// Either the nodes or all of the machine: a sum over both would be twice too much.
	std::vector<PoolDir> parts = pools_of_nodes(files.sys + "/devices/system/node");
	if (parts.empty())
		parts = whole;
	for (const PoolFile &row : by_node)
		families.push_back(pool_family(row, parts));
	for (const PoolFile &row : for_all)
		families.push_back(pool_family(row, whole));
}

void add_switch(std::vector<MetricFamily> &families, const KernelFiles &files)
{
	const auto sysctl = read_text(files.proc + "/sys/vm/hugetlb_optimize_vmemmap");
	const auto cmdline = read_text(files.proc + "/cmdline");
	const Told told =
		told_by(sysctl ? std::optional(*sysctl) : std::nullopt, cmdline.value_or(""));
	MetricFamily family{.name = "hugemem_vmemmap_optimization_enabled",
			    .help = "1 if the kernel was told to give back the memory map of huge "
				    "pages",
			    .samples = {}};
	if (told.known)
		family.samples.push_back({.labels = {}, .value = told.on ? 1U : 0U});
	families.push_back(std::move(family));
}

void add_vmstat(std::vector<MetricFamily> &families, const KernelFiles &files)
{
	const auto text = read_text(files.proc + "/vmstat");
	if (!text)
		return;
	const auto vmstat = parse_vmstat(*text);
	for (const VmstatRow &row : vmstat_rows) {
		const auto it = vmstat.find(std::string_view(row.line));
		if (it == vmstat.end())
			continue;
		if (families.empty() || families.back().name != row.metric)
			families.push_back({.name = row.metric,
					    .kind = MetricKind::counter,
					    .help = row.help,
					    .samples = {}});
		MetricSample sample{.labels = {}, .value = it->second};
		if (*row.cause)
			sample.labels.emplace_back("cause", row.cause);
		families.back().samples.push_back(std::move(sample));
	}
}

void add_blocks(std::vector<MetricFamily> &families, const KernelFiles &files)
{
	const auto all = read_memory_blocks(files.sys + "/devices/system/memory");
	if (!all || all->blocks.empty())
		return;
	// Where a block says its mode, the kernel knows all three; a count of 0 is known then.
	// The same goes for the states.
	const bool modes = std::any_of(all->blocks.begin(), all->blocks.end(),
				       [](const MemoryBlock &b) { return b.map_mode != "?"; });
	std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
	for (const char *state : {"online", "offline", "going-offline"}) {
		if (!modes)
			counts[{state, ""}] = 0;
		else
			for (const char *mode : {"system", "block", "group"})
				counts[{state, mode}] = 0;
	}
	for (const MemoryBlock &b : all->blocks)
		counts[{b.state, b.map_mode == "?" ? "" : b.map_mode}]++;

	MetricFamily blocks{.name = "hugemem_memory_blocks",
			    .help = "Memory blocks by state, and by where their memory map is",
			    .samples = {}};
	for (const auto &[key, count] : counts) {
		MetricSample sample{.labels = {{"state", key.first}}, .value = count};
		if (!key.second.empty())
			sample.labels.emplace_back("memmap_mode", key.second);
		blocks.samples.push_back(std::move(sample));
	}
	families.push_back(std::move(blocks));
	families.push_back({.name = "hugemem_memory_block_size_bytes",
			    .help = "Size of each memory block",
			    .samples = {{.labels = {}, .value = all->size}}});
}

} // namespace

Result<std::vector<MetricFamily>> kernel_metrics(const KernelFiles &files)
{
	std::vector<MetricFamily> families;
	add_pools(families, files);
	add_switch(families, files);
	add_vmstat(families, files);
	add_blocks(families, files);
	const auto is_empty = [](const MetricFamily &f) { return f.samples.empty(); };
	families.erase(std::remove_if(families.begin(), families.end(), is_empty), families.end());
	if (families.empty())
		return fail(Exit::environment, files.proc + " and " + files.sys,
			    "tell nothing of huge pages, pins or memory blocks",
			    "mount /proc and /sys; the kernel needs CONFIG_HUGETLBFS=y or "
			    "CONFIG_MEMORY_HOTPLUG=y");
	families.insert(families.begin(),
			{.name = "hugemem_build_info",
			 .help = "Always 1; the version of the program that wrote this",
			 .samples = {{.labels = {{"version", HUGEMEM_VERSION}}, .value = 1}}});
	return families;
}

} // namespace hugemem
