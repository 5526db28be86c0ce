// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of 1 GiB: what they cost, what their struct pages say, and that they can
 * be made again and again.
 */
#include "kselftest_harness.h"
#include <sys/mman.h>
#include "gigantic.h"

#define GIG	(1UL << 30)
#define GIG_KB	(1L << 20)
#define ROUNDS	5

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT	26
#endif

FIXTURE(gigantic) {
};

FIXTURE_VARIANT(gigantic) {
	long on;
	long kb;
};

/*
 * 16 MiB of memory map, of which one page remains; and eight page tables, which
 * only the first page in that place has to make.
 */
FIXTURE_VARIANT_ADD(gigantic, on) {
	.on = 1,
	.kb = GIG_KB - 4 * 4095,
};

FIXTURE_VARIANT_ADD(gigantic, off) {
	.on = 0,
	.kb = GIG_KB,
};

FIXTURE_SETUP(gigantic)
{
	hv_reset();
}

FIXTURE_TEARDOWN(gigantic)
{
	hv_trace_end();
	HV_EXPECT_NO_COMPLAINT();
	resize(0);
	hv_reset();
}

TEST_F_TIMEOUT(gigantic, per_page, HV_TIMEOUT)
{
	const char *missing = lacks(variant->on);
	long before, grown, after, used;
	int round;

	if (missing)
		SKIP(return, "%s", missing);

	for (round = 0; round < ROUNDS; round++) {
		before = hv_free_kb();
		ASSERT_EQ(1, resize(1))
			TH_LOG("round %d", round);
		grown = hv_free_kb();
		ASSERT_EQ(0, resize(0));
		after = hv_free_kb();
		used = before - grown;
		TH_LOG("round %d: took %ld KiB; %ld KiB not back", round, used,
		       before - after);
		/* A quarter of a MiB for what the rest of the system does */
		EXPECT_GE(used, variant->kb - 256);
		EXPECT_LE(used, variant->kb + 256);
		EXPECT_LE(before - after, 1024);
	}
}

/* Every struct page says what it is, in the pool and after it */
TEST_F_TIMEOUT(gigantic, struct_pages, HV_TIMEOUT)
{
	const char *missing = lacks(variant->on);
	static __u64 flags[GIG_NR];
	unsigned long head;
	unsigned int i, wrong = 0;

	if (!missing)
		missing = hv_lacks(HV_NEED_KPAGE);
	if (missing)
		SKIP(return, "%s", missing);

	ASSERT_EQ(1, resize(1));
	head = find_head();
	ASSERT_NE(0, head);
	EXPECT_EQ(0, head % GIG_NR);
	ASSERT_EQ(0, hv_kpageflags(head, GIG_NR, flags));
	for (i = 0; i < GIG_NR; i++) {
		__u64 kind = hv_bit(KPF_HUGE) |
			     hv_bit(i ? KPF_COMPOUND_TAIL : KPF_COMPOUND_HEAD);

		wrong += (flags[i] & kind) != kind;
	}
	EXPECT_EQ(0, wrong);

	ASSERT_EQ(0, resize(0));
	ASSERT_EQ(0, hv_kpageflags(head, GIG_NR, flags));
	for (i = 0, wrong = 0; i < GIG_NR; i++)
		wrong += !!(flags[i] & (hv_bit(KPF_HUGE) | hv_bit(KPF_HWPOISON)));
	EXPECT_EQ(0, wrong);
}

/* Files of the pool, /proc/vmstat and tracepoints tell what has been done */
TEST_F_TIMEOUT(gigantic, counted, HV_TIMEOUT)
{
	const char *missing = lacks(variant->on);
	long optimized, restored;
	unsigned long head;

	if (!missing)
		missing = hv_lacks(HV_NEED_KPAGE);
	if (!missing && !variant->on && !hv_has_sysctl())
		missing = "nothing is counted";
	if (!missing)
		missing = hv_trace_start(HV_EVENTS);
	if (missing)
		SKIP(return, "%s", missing);

	optimized = hv_counted("optimize");
	restored = hv_counted("restore");
	ASSERT_EQ(1, resize(1));
	head = find_head();
	EXPECT_EQ(variant->on, hv_read_long(GIG_POOL "optimized_hugepages"));
	EXPECT_EQ(variant->on * GIG_SAVED,
		  hv_read_long(GIG_POOL "vmemmap_saved_bytes"));
	/* With CONFIG_VM_EVENT_COUNTERS */
	if (optimized >= 0)
		EXPECT_EQ(optimized + variant->on, hv_counted("optimize"));
	ASSERT_EQ(0, resize(0));
	EXPECT_EQ(0, hv_read_long(GIG_POOL "vmemmap_saved_bytes"));
	if (restored >= 0)
		EXPECT_EQ(restored + variant->on, hv_counted("restore"));

	EXPECT_EQ(variant->on, hv_traced("optimize", ""));
	EXPECT_EQ(variant->on, hv_traced_page("optimize", head, GIG_ORDER, 0));
	EXPECT_EQ(variant->on, hv_traced("restore", ""));
	EXPECT_EQ(variant->on, hv_traced_page("restore", head, GIG_ORDER, 0));
}

/* A free page that was made without is optimized when told so */
TEST_F_TIMEOUT(gigantic, on_demand, HV_TIMEOUT)
{
	const char *missing = lacks(variant->on);
	long before, taken;
	int log;

	if (!missing && !hv_has_sysctl())
		missing = "kernel without vm.hugetlb_optimize_vmemmap";
	if (missing)
		SKIP(return, "%s", missing);

	ASSERT_EQ(1, resize(1));
	log = hv_log_open();
	ASSERT_LE(0, log);
	before = hv_free_kb();
	ASSERT_EQ(0, hv_write_long(GIG_POOL "optimize_free_hugepages", 10));
	taken = before - hv_free_kb();
	EXPECT_EQ(1, hv_read_long(GIG_POOL "optimized_hugepages"));
	EXPECT_EQ(1, hv_read_long(GIG_POOL "free_hugepages"));
	EXPECT_TRUE(hv_log_has(log, variant->on ?
		    "HugeTLB: 0 free pages of 1048576 KiB optimized, 0 could not be" :
		    "HugeTLB: 1 free pages of 1048576 KiB optimized, 0 could not be"));
	close(log);
	/* Less what page tables it may take, and what others do meanwhile */
	if (!variant->on)
		EXPECT_GE(-GIG_SAVED / 1024 + 256, taken);
	ASSERT_EQ(0, resize(0));
}

TEST_F_TIMEOUT(gigantic, content, HV_TIMEOUT)
{
	const char *missing = lacks(variant->on);
	unsigned long i, bad = 0;
	char *addr;

	if (missing)
		SKIP(return, "%s", missing);

	ASSERT_EQ(1, resize(1));
	addr = mmap(NULL, GIG, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_HUGETLB | (30 << MAP_HUGE_SHIFT), -1, 0);
	ASSERT_NE(MAP_FAILED, addr);
	for (i = 0; i < GIG; i += HV_SMALL)
		*(unsigned long *)(addr + i) = i;
	for (i = 0; i < GIG; i += HV_SMALL)
		bad += *(unsigned long *)(addr + i) != i;
	EXPECT_EQ(0, bad);
	ASSERT_EQ(0, munmap(addr, GIG));

	/* What it was made as decides, not the switch */
	if (hv_has_sysctl())
		ASSERT_EQ(0, hv_set_sysctl(!variant->on));
	ASSERT_EQ(0, resize(0));
}

TEST_HARNESS_MAIN
