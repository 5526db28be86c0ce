// SPDX-License-Identifier: GPL-2.0-only
// Metrics out of a /proc and /sys made for the test, as text, into a file.
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "atomic_file.hpp"
#include "folder.hpp"
#include "kernel_metrics.hpp"

namespace hugemem
{
namespace
{

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;

std::string get(const fs::path &path)
{
	std::ostringstream text;
	text << std::ifstream(path).rdbuf();
	return text.str();
}

class Export : public Folder
{
protected:
	/// A pool as a kernel shows it; without the series it knows nothing of memory maps.
	void pool(const fs::path &root, unsigned kib, unsigned pages, bool series) const
	{
		const fs::path dir = root / ("hugepages-" + std::to_string(kib) + "kB");
		put(dir / "nr_hugepages", std::to_string(pages) + "\n");
		put(dir / "free_hugepages", "1\n");
		put(dir / "surplus_hugepages", "0\n");
		if (series) {
			put(dir / "optimized_hugepages", std::to_string(pages) + "\n");
			put(dir / "vmemmap_saved_bytes", std::to_string(pages * 28672) + "\n");
		}
	}
	void whole_pool(unsigned kib, unsigned pages, bool series) const
	{
		const fs::path root = "sys/kernel/mm/hugepages";
		pool(root, kib, pages, series);
		const fs::path dir = root / ("hugepages-" + std::to_string(kib) + "kB");
		put(dir / "resv_hugepages", "2\n");
		put(dir / "nr_overcommit_hugepages", "8\n");
	}
	void block(unsigned id, const std::string &state, const std::string &mode) const
	{
		const fs::path dir = "sys/devices/system/memory/memory" + std::to_string(id);
		put(dir / "state", state + "\n");
		if (!mode.empty())
			put(dir / "memmap_mode", mode + "\n");
		put("sys/devices/system/memory/block_size_bytes", "8000000\n");
	}

	[[nodiscard]] std::string text() const
	{
		const auto families = kernel_metrics(
			{.proc = (root_ / "proc").string(), .sys = (root_ / "sys").string()});
		EXPECT_TRUE(families) << families.error().text();
		return families ? exposition(*families) : "";
	}
};

TEST_F(Export, EverythingThatTheSeriesTells)
{
	whole_pool(2048, 30, true);
	for (const unsigned node : {0, 1})
		pool("sys/devices/system/node/node" + std::to_string(node) + "/hugepages", 2048,
		     10 + 10 * node, true);
	put("proc/sys/vm/hugetlb_optimize_vmemmap", "1\n");
	put("proc/vmstat",
	    "nr_free_pages 5\nnr_foll_pin_acquired 11\nnr_foll_pin_released 7\n"
	    "htlb_vmemmap_optimize 40\nhtlb_vmemmap_optimize_nomem 1\n"
	    "htlb_vmemmap_optimize_poison 2\nhtlb_vmemmap_restore 10\n"
	    "htlb_vmemmap_restore_nomem 3\nhtlb_vmemmap_donate 4\nhtlb_vmemmap_move_head 5\n"
	    "htlb_vmemmap_optimize_movable 6\nhtlb_vmemmap_optimize_hosted 7\n"
	    "pin_migrate_success 100\npin_migrate_fail_isolate 21\npin_migrate_fail_busy 22\n"
	    "pin_migrate_fail_nomem 23\npin_migrate_lru_drain 24\n");
	block(0, "online", "system");
	block(32, "online", "group");
	block(33, "going-offline", "group");
	EXPECT_EQ(
		text(),
		"# HELP hugemem_build_info Always 1; the version of the program that wrote this\n"
		"# TYPE hugemem_build_info gauge\n"
		"hugemem_build_info{version=\"" HUGEMEM_VERSION "\"} 1\n"
		"# HELP hugemem_hugetlb_pages Huge pages in the pool, surplus ones included\n"
		"# TYPE hugemem_hugetlb_pages gauge\n"
		"hugemem_hugetlb_pages{page_bytes=\"2097152\",node=\"0\"} 10\n"
		"hugemem_hugetlb_pages{page_bytes=\"2097152\",node=\"1\"} 20\n"
		"# HELP hugemem_hugetlb_free_pages Huge pages in the pool that nobody uses\n"
		"# TYPE hugemem_hugetlb_free_pages gauge\n"
		"hugemem_hugetlb_free_pages{page_bytes=\"2097152\",node=\"0\"} 1\n"
		"hugemem_hugetlb_free_pages{page_bytes=\"2097152\",node=\"1\"} 1\n"
		"# HELP hugemem_hugetlb_surplus_pages Huge pages above the size that the pool "
		"was given\n"
		"# TYPE hugemem_hugetlb_surplus_pages gauge\n"
		"hugemem_hugetlb_surplus_pages{page_bytes=\"2097152\",node=\"0\"} 0\n"
		"hugemem_hugetlb_surplus_pages{page_bytes=\"2097152\",node=\"1\"} 0\n"
		"# HELP hugemem_hugetlb_optimized_pages Huge pages that have given back most of "
		"their memory map\n"
		"# TYPE hugemem_hugetlb_optimized_pages gauge\n"
		"hugemem_hugetlb_optimized_pages{page_bytes=\"2097152\",node=\"0\"} 10\n"
		"hugemem_hugetlb_optimized_pages{page_bytes=\"2097152\",node=\"1\"} 20\n"
		"# HELP hugemem_hugetlb_saved_bytes Memory map given back by huge pages, page "
		"tables not deducted\n"
		"# TYPE hugemem_hugetlb_saved_bytes gauge\n"
		"hugemem_hugetlb_saved_bytes{page_bytes=\"2097152\",node=\"0\"} 286720\n"
		"hugemem_hugetlb_saved_bytes{page_bytes=\"2097152\",node=\"1\"} 573440\n"
		"# HELP hugemem_hugetlb_reserved_pages Free huge pages that are promised to "
		"somebody\n"
		"# TYPE hugemem_hugetlb_reserved_pages gauge\n"
		"hugemem_hugetlb_reserved_pages{page_bytes=\"2097152\"} 2\n"
		"# HELP hugemem_hugetlb_overcommit_pages Most surplus huge pages that there may "
		"be\n"
		"# TYPE hugemem_hugetlb_overcommit_pages gauge\n"
		"hugemem_hugetlb_overcommit_pages{page_bytes=\"2097152\"} 8\n"
		"# HELP hugemem_vmemmap_optimization_enabled 1 if the kernel was told to give "
		"back the memory map of huge pages\n"
		"# TYPE hugemem_vmemmap_optimization_enabled gauge\n"
		"hugemem_vmemmap_optimization_enabled 1\n"
		"# HELP hugemem_vmemmap_optimized_pages_total Huge pages whose memory map was "
		"optimised\n"
		"hugemem_vmemmap_optimized_pages_total 40\n"
		"# HELP hugemem_vmemmap_not_optimized_pages_total Huge pages that kept their "
		"memory map, by cause\n"
		"hugemem_vmemmap_not_optimized_pages_total{cause=\"nomem\"} 1\n"
		"hugemem_vmemmap_not_optimized_pages_total{cause=\"poison\"} 2\n"
		"hugemem_vmemmap_not_optimized_pages_total{cause=\"movable\"} 6\n"
		"hugemem_vmemmap_not_optimized_pages_total{cause=\"hosted\"} 7\n"
		"# HELP hugemem_vmemmap_restored_pages_total Huge pages whose memory map was made "
		"whole again\n"
		"hugemem_vmemmap_restored_pages_total 10\n"
		"# HELP hugemem_vmemmap_restore_failures_total Times that a memory map could not "
		"be made whole again, by cause\n"
		"hugemem_vmemmap_restore_failures_total{cause=\"nomem\"} 3\n"
		"# HELP hugemem_vmemmap_donated_pages_total Huge pages that gave their own memory "
		"for memory maps\n"
		"hugemem_vmemmap_donated_pages_total 4\n"
		"# HELP hugemem_vmemmap_moved_heads_total Heads of memory maps that moved so that "
		"memory came together\n"
		"hugemem_vmemmap_moved_heads_total 5\n"
		"# HELP hugemem_pin_acquired_pages_total Base pages that were pinned\n"
		"hugemem_pin_acquired_pages_total 11\n"
		"# HELP hugemem_pin_released_pages_total Base pages that were pinned and let go "
		"of\n"
		"hugemem_pin_released_pages_total 7\n"
		"# HELP hugemem_pin_migrated_pages_total Base pages that moved so that they could "
		"be pinned for long\n"
		"hugemem_pin_migrated_pages_total 100\n"
		"# HELP hugemem_pin_migration_failed_pages_total Base pages that were not pinned "
		"because they could not leave movable memory, by cause\n"
		"hugemem_pin_migration_failed_pages_total{cause=\"isolate\"} 21\n"
		"hugemem_pin_migration_failed_pages_total{cause=\"busy\"} 22\n"
		"hugemem_pin_migration_failed_pages_total{cause=\"nomem\"} 23\n"
		"# HELP hugemem_pin_lru_drains_total Times that all CPUs had to let go of pages "
		"for a pin\n"
		"hugemem_pin_lru_drains_total 24\n"
		"# HELP hugemem_memory_blocks Memory blocks by state, and by where their memory "
		"map is\n"
		"# TYPE hugemem_memory_blocks gauge\n"
		"hugemem_memory_blocks{state=\"going-offline\",memmap_mode=\"block\"} 0\n"
		"hugemem_memory_blocks{state=\"going-offline\",memmap_mode=\"group\"} 1\n"
		"hugemem_memory_blocks{state=\"going-offline\",memmap_mode=\"system\"} 0\n"
		"hugemem_memory_blocks{state=\"offline\",memmap_mode=\"block\"} 0\n"
		"hugemem_memory_blocks{state=\"offline\",memmap_mode=\"group\"} 0\n"
		"hugemem_memory_blocks{state=\"offline\",memmap_mode=\"system\"} 0\n"
		"hugemem_memory_blocks{state=\"online\",memmap_mode=\"block\"} 0\n"
		"hugemem_memory_blocks{state=\"online\",memmap_mode=\"group\"} 1\n"
		"hugemem_memory_blocks{state=\"online\",memmap_mode=\"system\"} 1\n"
		"# HELP hugemem_memory_block_size_bytes Size of each memory block\n"
		"# TYPE hugemem_memory_block_size_bytes gauge\n"
		"hugemem_memory_block_size_bytes 134217728\n"
		"# EOF\n");
}

TEST_F(Export, AKernelWithoutTheSeries)
{
	whole_pool(2048, 3, false);
	put("proc/cmdline", "quiet\n");
	put("proc/vmstat", "nr_free_pages 5\nnr_foll_pin_acquired 11\nnr_foll_pin_released 7\n");
	block(0, "online", "");
	const std::string out = text();
	EXPECT_THAT(out, HasSubstr("hugemem_hugetlb_pages{page_bytes=\"2097152\"} 3\n"));
	EXPECT_THAT(out, HasSubstr("hugemem_pin_acquired_pages_total 11\n"));
	EXPECT_THAT(out, HasSubstr("hugemem_memory_blocks{state=\"online\"} 1\n"));
	EXPECT_THAT(out, HasSubstr("hugemem_memory_blocks{state=\"going-offline\"} 0\n"));
	for (const char *unknown :
	     {"optimized", "saved", "vmemmap", "migrat", "drains", "memmap_mode", "node="})
		EXPECT_THAT(out, Not(HasSubstr(unknown)));
}

TEST_F(Export, WhatIsNotThereIsLeftOut)
{
	block(0, "online", "");
	const std::string out = text();
	EXPECT_THAT(out, Not(HasSubstr("hugetlb")));
	EXPECT_THAT(out, Not(HasSubstr("pin")));
	EXPECT_THAT(out, HasSubstr("hugemem_memory_blocks"));
}

TEST_F(Export, NothingAtAllIsAnError)
{
	const auto families = kernel_metrics(
		{.proc = (root_ / "proc").string(), .sys = (root_ / "sys").string()});
	ASSERT_FALSE(families);
	EXPECT_EQ(families.error().code, Exit::environment);
}

TEST_F(Export, NodesAreInOrderAndSizesToo)
{
	for (const char *node : {"10", "2", "s", "9x"})
		for (const unsigned kib : {1048576U, 2048U})
			pool(fs::path("sys/devices/system/node") / ("node"s + node) / "hugepages",
			     kib, 1, false);
	const std::string out = text();
	const auto at = [&](const char *what) { return out.find(what); };
	EXPECT_LT(at("hugemem_hugetlb_pages{page_bytes=\"2097152\",node=\"2\"}"),
		  at("hugemem_hugetlb_pages{page_bytes=\"1073741824\",node=\"2\"}"));
	EXPECT_LT(at("hugemem_hugetlb_pages{page_bytes=\"1073741824\",node=\"2\"}"),
		  at("hugemem_hugetlb_pages{page_bytes=\"2097152\",node=\"10\"}"));
	EXPECT_EQ(at("9x"), std::string::npos);
}

TEST_F(Export, DamagedFilesAreUnknown)
{
	put("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "many\n");
	put("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "4\n");
	const std::string out = text();
	EXPECT_THAT(out, Not(HasSubstr("hugemem_hugetlb_pages")));
	EXPECT_THAT(out, HasSubstr("hugemem_hugetlb_free_pages{page_bytes=\"2097152\"} 4\n"));
}

TEST(Exposition, EscapesWhatWouldEndAText)
{
	const std::string out =
		exposition({{.name = "x",
			     .help = "a\nb\\c",
			     .samples = {{.labels = {{"l", "q\"n\ns\\"}}, .value = 1}}},
			    {.name = "empty", .help = "", .samples = {}}});
	EXPECT_EQ(out, "# HELP x a\\nb\\\\c\n# TYPE x gauge\nx{l=\"q\\\"n\\ns\\\\\"} 1\n# EOF\n");
}

class ReplaceFile : public Folder
{
protected:
	/// Everything in the folder, hidden or not.
	[[nodiscard]] std::size_t files() const
	{
		return static_cast<std::size_t>(std::distance(fs::directory_iterator(root_), {}));
	}
};

TEST_F(ReplaceFile, WholeAndReadable)
{
	const fs::path path = root_ / "hugemem.prom";
	const mode_t before = ::umask(077);
	const auto made = replace_file(path.string(), "one\n");
	::umask(before);
	ASSERT_TRUE(made) << made.error().text();
	EXPECT_EQ(get(path), "one\n");
	struct stat st {
	};
	ASSERT_EQ(::stat(path.c_str(), &st), 0);
	EXPECT_EQ(st.st_mode & 07777, 0644U);

	// Whoever has the old one open keeps it whole.
	std::ifstream reader(path);
	ASSERT_TRUE(replace_file(path.string(), "two, and longer\n"));
	std::string word;
	reader >> word;
	EXPECT_EQ(word, "one");
	EXPECT_EQ(get(path), "two, and longer\n");
	EXPECT_EQ(files(), 1U);
}

TEST_F(ReplaceFile, NothingIsLeftOfAFailure)
{
	fs::create_directory(root_ / "dir.prom");
	const auto onto = replace_file((root_ / "dir.prom").string(), "x");
	ASSERT_FALSE(onto);
	EXPECT_EQ(onto.error().code, Exit::environment);
	EXPECT_THAT(onto.error().text(), HasSubstr("dir.prom"));
	EXPECT_EQ(files(), 1U);

	const auto nowhere = replace_file((root_ / "no" / "x.prom").string(), "x");
	ASSERT_FALSE(nowhere);
	EXPECT_EQ(nowhere.error().code, Exit::environment);
	EXPECT_EQ(replace_file(root_.string() + "/", "x").error().code, Exit::usage);
}

TEST_F(ReplaceFile, TooBigForTheDisk)
{
	// Stands for a full disk: files may not grow beyond a byte.
	rlimit before{};
	::getrlimit(RLIMIT_FSIZE, &before);
	rlimit one = before;
	one.rlim_cur = 1;
	put("x.prom", "o\n");
	const auto old = std::signal(SIGXFSZ, SIG_IGN);
	::setrlimit(RLIMIT_FSIZE, &one);
	const auto full = replace_file((root_ / "x.prom").string(), "new\n");
	::setrlimit(RLIMIT_FSIZE, &before);
	std::signal(SIGXFSZ, old);
	ASSERT_FALSE(full);
	EXPECT_EQ(get(root_ / "x.prom"), "o\n");
	EXPECT_EQ(files(), 1U);
}

} // namespace
} // namespace hugemem
