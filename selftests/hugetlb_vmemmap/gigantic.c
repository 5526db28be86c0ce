// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of 1 GiB: what they cost, what their struct pages say, and that they can
 * be made again and again.
 */
#include "kselftest_harness.h"
#include <sys/mman.h>
#include "util.h"

#define POOL	"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
#define GIG	(1UL << 30)
#define GIG_KB	(1L << 20)
#define GIG_NR	(1U << 18)		/* base pages, struct pages of one */
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

static long resize(long nr)
{
	if (hv_write_long(POOL, nr) < 0)
		return -1;
	return hv_read_long(POOL);
}

FIXTURE_SETUP(gigantic)
{
	hv_reset();
}

FIXTURE_TEARDOWN(gigantic)
{
	const char *complaint = hv_complaint();

	EXPECT_EQ(NULL, complaint)
		TH_LOG("kernel log: %s", complaint);
	resize(0);
	hv_reset();
}

/* A page of 1 GiB needs a whole free GiB, which small machines do not have */
static const char *lacks(bool on)
{
	const char *missing = hv_lacks(on ? HV_NEED_SYSCTL : 0);
	long got;

	if (missing)
		return missing;
	if (hv_read_long(POOL) < 0)
		return "needs pages of 1 GiB";
	if (hv_has_sysctl())
		hv_set_sysctl(0);
	got = resize(1);
	resize(0);
	if (got != 1)
		return "needs a free GiB in one piece";
	if (hv_has_sysctl())
		hv_set_sysctl(on);
	return NULL;
}

/* The head of the only one */
static unsigned long find_head(void)
{
	unsigned long head;

	return hv_heads(&head, 1) == 1 ? head : 0;
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

/* How much of the memory map of a GiB lies where a donor has it, in pages */
static long nr_planted(unsigned long head)
{
	struct hv_box boxes[HV_BOXES];
	unsigned long pfn;
	long nr = 0;
	int i;

	for (pfn = head; pfn < head + GIG_NR; pfn += HV_NR) {
		if (hv_boxes(pfn, boxes))
			return -1;
		for (i = 0; i < HV_BOXES; i++)
			nr += boxes[i].pfn >= head + GIG_NR - 4096 &&
			      boxes[i].pfn < head + GIG_NR;
	}
	return nr;
}

/*
 * With no memory for its memory map, a page is released with memory of its own, and
 * nobody could have the whole range again.  It moves out when there is memory, at the
 * latest when somebody changes the number of pages.
 */
TEST_F_TIMEOUT(gigantic, recover, HV_TIMEOUT)
{
	const char *missing = lacks(variant->on);
	unsigned long head;
	long before, failures;
	int round;

	if (!missing)
		missing = hv_lacks(HV_NEED_KPAGE | HV_NEED_MAP);
	if (!missing)
		missing = hv_lacks_injection();
	if (missing)
		SKIP(return, "%s", missing);

	before = hv_free_kb();
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(1, resize(1))
			TH_LOG("round %d", round);
		head = find_head();
		ASSERT_NE(0, head);
		EXPECT_EQ(0, hv_resize_failing(POOL, 0, 100, &failures));
		EXPECT_EQ(variant->on ? 4095 : 0, nr_planted(head));
		if (variant->on)
			EXPECT_LT(0, failures);
		EXPECT_EQ(0, resize(0));
		EXPECT_EQ(0, nr_planted(head));
	}
	EXPECT_LE(before - hv_free_kb(), 1024);
}

TEST_HARNESS_MAIN
