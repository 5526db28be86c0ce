// SPDX-License-Identifier: GPL-2.0-only
#include "dmesg.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files.hpp"

namespace hm::vm::dmesg
{
namespace
{

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Case {
	const char *line;
	const char *kind;
};

/// For readable names of the cases.
void PrintTo(const Case &value, std::ostream *out)
{
	*out << value.kind;
}

class EveryKind : public testing::TestWithParam<Case>
{
};

TEST_P(EveryKind, IsFound)
{
	const auto splats = scan(std::string("[    1.000000] ") + GetParam().line + "\n", {});
	ASSERT_THAT(splats, SizeIs(1));
	EXPECT_EQ(splats[0].kind, GetParam().kind);
	EXPECT_THAT(splats[0].allowed_because, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
	Dmesg, EveryKind,
	testing::Values(
		Case{"Kernel panic - not syncing: sysrq triggered crash", "panic"},
		Case{"BUG: KASAN: use-after-free in foo+0x1/0x2", "KASAN"},
		Case{"UBSAN: shift-out-of-bounds in mm/x.c:1:2", "UBSAN"},
		Case{"BUG: Bad page state in process sh  pfn:1234", "bad page"},
		Case{"BUG: Bad rss-counter state mm:0 type:MM_ANONPAGES val:1", "bad page"},
		Case{"watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:1]", "soft lockup"},
		Case{"BUG: sleeping function called from invalid context at mm/x.c:1",
		     "sleeping in atomic"},
		Case{"BUG: scheduling while atomic: sh/1/0x2", "sleeping in atomic"},
		Case{"list_del corruption. prev->next should be x", "list corruption"},
		Case{"refcount_t: underflow; use-after-free.", "refcount"},
		Case{"WARNING: possible circular locking dependency detected", "lockdep"},
		Case{"WARNING: inconsistent lock state", "lockdep"},
		Case{"WARNING: suspicious RCU usage", "RCU"},
		Case{"rcu: INFO: rcu_sched self-detected stall on CPU", "RCU stall"},
		Case{"INFO: task sh:1 blocked for more than 120 seconds.", "hung task"},
		Case{"kernel BUG at mm/hugetlb.c:1234!", "kernel BUG"},
		Case{"BUG: kernel NULL pointer dereference, address: 0000000000000008", "oops"},
		Case{"BUG: unable to handle page fault for address: ffffea0000000000", "oops"},
		Case{"general protection fault, probably for non-canonical address 0x1: 0000 [#1] SMP",
		     "oops"},
		Case{"WARNING: CPU: 0 PID: 1 at mm/x.c:12 f+0x1/0x2", "WARNING"},
		Case{"sh invoked oom-killer: gfp_mask=0x1, order=0", "OOM"},
		Case{"sh: page allocation failure: order:9, mode:0x1", "allocation failure"},
		Case{"pagealloc: memory corruption", "page poisoning"},
		Case{"kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
		     "kmemleak"},
		Case{"Call Trace:", "call trace"}));

TEST(Dmesg, CleanBootIsClean)
{
	EXPECT_THAT(
		scan("[    0.000000] Linux version 5.10.262\n"
		     "[    0.000000] x86/fpu: Supporting XSAVE feature 0x001: 'x87'\n"
		     "[    0.100000] HugeTLB registered 2.00 MiB page size, pre-allocated 0 pages\n"
		     "[    0.200000] rcu: Hierarchical RCU implementation.\n"
		     "[    0.200000] rcu: \tRCU restricting CPUs from NR_CPUS=64 to nr_cpu_ids=2.\n"
		     "[    0.300000] process: using mwait; DEBUG_VM off, BUGs none\n",
		     {}),
		IsEmpty());
}

TEST(Dmesg, OneReportIsOneSplat)
{
	const auto splats =
		scan("[ 1.0] ------------[ cut here ]------------\n"
		     "[ 1.0] WARNING: CPU: 0 PID: 1 at mm/x.c:12 f+0x1/0x2\n"
		     "[ 1.0] RIP: 0010:f+0x1/0x2\n[ 1.0] Call Trace:\n[ 1.0]  g+0x1/0x2\n"
		     "[ 1.0] ---[ end trace 1 ]---\n[ 1.1] fine\n",
		     {});
	ASSERT_THAT(splats, SizeIs(1));
	EXPECT_EQ(splats[0].line, 2U);
	EXPECT_THAT(splats[0].text.front(), HasSubstr("mm/x.c:12"));
}

TEST(Dmesg, AllowedReportDoesNotHideTheNext)
{
	const std::vector<Allow> allowed = {*make_allow("at mm/x.c:12", "known", "test")};
	const auto splats = scan("[ 1.0] WARNING: CPU: 0 PID: 1 at mm/x.c:12 f+0x1/0x2\n"
				 "[ 1.0] Call Trace:\n"
				 "[ 1.0] BUG: Bad page state in process sh  pfn:1\n",
				 allowed);
	ASSERT_THAT(splats, SizeIs(2));
	EXPECT_EQ(splats[0].allowed_because, "known");
	EXPECT_THAT(splats[1].allowed_because, IsEmpty());
}

TEST(Dmesg, AllowListNeedsReasons)
{
	auto tmp = TempDir::make("hm-vm-test");
	ASSERT_TRUE(tmp);
	const auto file = tmp->path() / "allow";
	ASSERT_TRUE(write_file(file, "# comment\n\nfoo.*bar  # because\n"));
	auto list = read_allow_list(file);
	ASSERT_TRUE(list);
	ASSERT_THAT(*list, SizeIs(1));
	EXPECT_EQ((*list)[0].pattern, "foo.*bar");
	EXPECT_EQ((*list)[0].reason, "because");

	ASSERT_TRUE(write_file(file, "ok  # reason\nno reason here\n"));
	list = read_allow_list(file);
	ASSERT_FALSE(list);
	EXPECT_EQ(list.error().code, Exit::usage);
	EXPECT_THAT(list.error().what, HasSubstr(":2: \"no reason here\" has no reason"));

	ASSERT_TRUE(write_file(file, "(unclosed  # reason\n"));
	EXPECT_FALSE(read_allow_list(file));
}

TEST(Dmesg, OwnAllowListIsWellFormed)
{
	const auto list = read_allow_list(HM_VM_SOURCE_DIR "/config/dmesg-allow.txt");
	EXPECT_TRUE(list) << list.error().what;
}

} // namespace
} // namespace hm::vm::dmesg
