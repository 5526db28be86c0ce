// SPDX-License-Identifier: GPL-2.0-only
// Small texts of the kernel and of the environment, whole and damaged.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "bpf_log.hpp"
#include "folder.hpp"
#include "kernel_view.hpp"
#include "machine.hpp"
#include "pools.hpp"
#include "privilege.hpp"
#include "terminal.hpp"
#include "text_file.hpp"
#include "told.hpp"

namespace hugemem
{
namespace
{

TEST(Locale, NamesUtf8)
{
	EXPECT_TRUE(names_utf8("en_US.UTF-8"));
	EXPECT_TRUE(names_utf8("C.utf8"));
	EXPECT_TRUE(names_utf8("de_DE.UTF-8@euro"));
	EXPECT_FALSE(names_utf8("de_DE.ISO-8859-1"));
	EXPECT_FALSE(names_utf8("C"));
	EXPECT_FALSE(names_utf8("POSIX"));
	EXPECT_FALSE(names_utf8(""));
}

TEST(Colour, OnlyWhenAskedFor)
{
	EXPECT_EQ(Style{}.good("x"), "x");
	const Style coloured{.utf8 = false, .colour = true};
	EXPECT_EQ(coloured.good("x"), "\033[32mx\033[0m");
}

TEST(Caps, OutOfStatus)
{
	EXPECT_EQ(caps_in("Name:\tx\nCapPrm:\t0\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n"),
		  0x1ffffffffffU);
	EXPECT_EQ(caps_in(""), 0U);
	EXPECT_EQ(caps_in("CapEff"), 0U);
}

TEST(Lockdown, InBrackets)
{
	EXPECT_EQ(lockdown_in("none [integrity] confidentiality\n"), "integrity");
	EXPECT_EQ(lockdown_in("]["), "");
	EXPECT_EQ(lockdown_in(""), "");
}

std::string note(std::uint32_t name, std::uint32_t desc, std::uint32_t type,
		 const std::string &rest)
{
	std::string s(12, '\0');
	std::memcpy(s.data(), &name, 4);
	std::memcpy(s.data() + 4, &desc, 4);
	std::memcpy(s.data() + 8, &type, 4);
	return s + rest;
}

TEST(BuildId, FoundAmongNotes)
{
	const std::string other = note(4, 2, 257, std::string("Xen\0ab\0\0", 8));
	const std::string wanted = note(4, 4, 3, std::string("GNU\0\x01\x02\xfe\xff", 8));
	EXPECT_EQ(build_id_in(other + wanted), "0102feff");
	EXPECT_EQ(build_id_in(other), "");
	EXPECT_EQ(build_id_in(""), "");
}

TEST(BuildId, NeverBeyondDamagedNotes)
{
	const std::string wanted = note(4, 400, 3, std::string("GNU\0\x01\x02", 6));
	EXPECT_EQ(build_id_in(wanted), "");
	EXPECT_EQ(build_id_in(note(0xfffffff0, 4, 3, "GNU")), "");
	EXPECT_EQ(build_id_in(note(4, 0xffffffff, 3, std::string("GNU\0", 4))), "");
	for (std::size_t n = 0; n < 12; n++)
		EXPECT_EQ(build_id_in(std::string(n, 'x')), "");
}

class SysFiles : public Folder
{
protected:
	void pool(const std::string &name, const std::string &pages)
	{
		const auto dir = root_ / name;
		std::filesystem::create_directory(dir);
		for (const char *file : {"nr_hugepages", "free_hugepages", "surplus_hugepages"})
			std::ofstream(dir / file) << pages;
	}
};

TEST_F(SysFiles, PoolsSmallestFirst)
{
	pool("hugepages-1048576kB", "1\n");
	pool("hugepages-2048kB", "1024\n");
	const auto pools = read_pools(root_);
	ASSERT_TRUE(pools);
	ASSERT_EQ(pools->size(), 2U);
	EXPECT_EQ(pools->at(0).page_kib, 2048U);
	EXPECT_EQ(pools->at(0).pages, 1024U);
	EXPECT_EQ(pools->at(1).page_kib, 1048576U);
}

TEST_F(SysFiles, WhatAPoolSaysOfItsMemoryMaps)
{
	pool("hugepages-1048576kB", "1\n");
	pool("hugepages-2048kB", "1024\n");
	std::ofstream(root_ / "hugepages-2048kB/optimized_hugepages") << "1000\n";
	std::ofstream(root_ / "hugepages-2048kB/vmemmap_saved_bytes") << "28672000\n";
	const auto pools = read_pools(root_);
	ASSERT_TRUE(pools);
	EXPECT_EQ(pools->at(0).optimized, 1000U);
	EXPECT_EQ(pools->at(0).saved_bytes, 28672000U);
	EXPECT_EQ(pools->at(1).optimized, std::nullopt);
	EXPECT_EQ(pools->at(1).saved_bytes, std::nullopt);
}

TEST_F(SysFiles, DamagedNumberIsAnErrorThatNamesTheFile)
{
	pool("hugepages-2048kB", "many\n");
	const auto pools = read_pools(root_);
	ASSERT_FALSE(pools);
	EXPECT_EQ(pools.error().code, Exit::environment);
	EXPECT_NE(pools.error().text().find("nr_hugepages"), std::string::npos);
}

TEST_F(SysFiles, NoPoolsIsAnError)
{
	EXPECT_FALSE(read_pools(root_));
	EXPECT_FALSE(read_pools(root_ / "absent"));
}

TEST(Sizes, InTheLargestWholeUnit)
{
	EXPECT_EQ(size_name(64), "64 KiB");
	EXPECT_EQ(size_name(2048), "2 MiB");
	EXPECT_EQ(size_name(1048576), "1 GiB");
	EXPECT_EQ(size_name(2020), "2020 KiB");
}

TEST(Told, TheSysctlDecides)
{
	EXPECT_TRUE(told_by("1\n", "").on);
	EXPECT_FALSE(told_by("0\n", "hugetlb_free_vmemmap=on").on);
	EXPECT_TRUE(told_by("0\n", "").known);
}

TEST(Told, ElseTheLastBootParameter)
{
	EXPECT_TRUE(told_by({}, "quiet hugetlb_free_vmemmap=off hugetlb_free_vmemmap=on\n").on);
	EXPECT_FALSE(told_by({}, "hugetlb_free_vmemmap=on hugetlb_free_vmemmap=off").on);
	EXPECT_FALSE(told_by({}, "quiet").known);
	EXPECT_FALSE(told_by({}, "no_hugetlb_free_vmemmap=on").on);
}

TEST(Vmcoreinfo, ValuesByKey)
{
	constexpr std::string_view text =
		"OSRELEASE=5.10.262\nSYMBOL(mem_section)=ffff88807fffb000\n"
		"LENGTH(mem_section)=2048\nSIZE(page)=64\nOFFSET(page.flags)=x1\n";
	EXPECT_EQ(vmcoreinfo_value(text, "SYMBOL(mem_section)"), 0xffff88807fffb000U);
	EXPECT_EQ(vmcoreinfo_value(text, "LENGTH(mem_section)"), 2048U);
	EXPECT_EQ(vmcoreinfo_value(text, "SIZE(page)"), 64U);
	EXPECT_FALSE(vmcoreinfo_value(text, "SIZE(pag)"));
	EXPECT_FALSE(vmcoreinfo_value(text, "OFFSET(page.flags)"));
	EXPECT_FALSE(vmcoreinfo_value("", "SIZE(page)"));
}

TEST(VerifierLog, TheObjectionIsTheLastWord)
{
	EXPECT_EQ(
		verifier_objection(
			"libbpf: prog 'f': -- BEGIN PROG LOAD LOG --\n0: (bf) r7 = r1\n"
			"R1 invalid mem access 'inv'\nverification time 5 usec\nprocessed 1 insns\n"
			"-- END PROG LOAD LOG --\n"),
		"R1 invalid mem access 'inv'");
	EXPECT_EQ(verifier_objection("-- BEGIN PROG LOAD LOG --\n-- END PROG LOAD LOG --\n"), "");
	EXPECT_EQ(verifier_objection(""), "");
}

TEST(Files, MissingAndMalformed)
{
	const auto missing = read_text("/proc/this/does/not/exist");
	ASSERT_FALSE(missing);
	EXPECT_NE(missing.error().text().find("/proc/this/does/not/exist"), std::string::npos);
	EXPECT_FALSE(read_number("/proc/self/status"));
}

} // namespace
} // namespace hugemem
