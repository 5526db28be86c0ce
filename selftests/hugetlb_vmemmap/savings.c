// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a huge page costs, measured from outside: how much total free memory
 * (that of the per-CPU lists included) falls when the pool of 2 MiB pages
 * grows, and whether all of it is there again when the pool shrinks.
 */
#include "kselftest_harness.h"
#include "util.h"

#define PAGES	256L
#define ROUNDS	4

/*
 * 2048 KiB and 32 KiB of memory map, of which a shared page stands for 28.  A
 * page whose memory map misses one frame more or less than it should would be
 * off by 4 KiB.
 */
FIXTURE(savings) {
};

FIXTURE_VARIANT(savings) {
	long on;
	long kb;
};

FIXTURE_VARIANT_ADD(savings, on) {
	.on = 1,
	.kb = 2020,
};

FIXTURE_VARIANT_ADD(savings, off) {
	.on = 0,
	.kb = 2048,
};

FIXTURE_SETUP(savings)
{
	hv_reset();
}

FIXTURE_TEARDOWN(savings)
{
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/*
 * Tolerance: 1 KiB a page, a quarter of the smallest mistake that a kernel
 * could make with each page, for what the rest of the system does meanwhile.
 * On top of that, growing may take a page table for each 128 MiB stretch in
 * which it is the first to optimize a page, and one shared frame a zone (there
 * are 5 at most on a node).  Neither is given back, so only the first round
 * pays, and a shrunk pool may owe them: 1 MiB is enough for 128 MiB * 250.
 */
TEST_F_TIMEOUT(savings, per_page, HV_TIMEOUT)
{
	const char *missing = hv_lacks(variant->on ? HV_NEED_SYSCTL : 0);
	static unsigned long heads[PAGES];
	long before, grown, after, first = 0, used, tables;
	int round;

	if (missing)
		SKIP(return, "%s", missing);
	if (hv_room() < PAGES)
		SKIP(return, "needs %ld MiB of free memory", PAGES * 3);
	if (hv_has_sysctl())
		ASSERT_EQ(0, hv_set_sysctl(variant->on));

	for (round = 0; round < ROUNDS; round++) {
		before = hv_free_kb();
		ASSERT_EQ(PAGES, hv_resize(PAGES));
		grown = hv_free_kb();
		/* Without /proc/kpageflags, each page may be on its own */
		tables = PAGES;
		if (hv_heads(heads, PAGES) == PAGES)
			tables = hv_stretches(heads, PAGES);
		ASSERT_EQ(0, hv_resize(0));
		after = hv_free_kb();
		if (!round)
			first = after;

		used = before - grown;
		TH_LOG("round %d: %ld pages took %ld KiB each, and %ld KiB; %ld KiB not back",
		       round, PAGES, used / PAGES, used % PAGES,
		       before - after);
		EXPECT_GE(used, PAGES * variant->kb - PAGES);
		EXPECT_LE(used, PAGES * variant->kb + PAGES +
			  (round ? 0 : 4 * (tables + 5)));
		EXPECT_LE(before - after, 1024);
	}

	/* One frame lost for a quarter of the pages is a leak */
	EXPECT_LE(first - after, PAGES)
		TH_LOG("%ld KiB less free after %d more rounds",
		       first - after, ROUNDS - 1);
}

/* Growing by one page at a time, where nothing is gained by batches */
TEST_F_TIMEOUT(savings, one_by_one, HV_TIMEOUT)
{
	const char *missing = hv_lacks(variant->on ? HV_NEED_SYSCTL : 0);
	long before, grown, used, i;

	if (missing)
		SKIP(return, "%s", missing);
	if (hv_room() < PAGES)
		SKIP(return, "needs %ld MiB of free memory", PAGES * 3);
	if (hv_has_sysctl())
		ASSERT_EQ(0, hv_set_sysctl(variant->on));

	before = hv_free_kb();
	for (i = 1; i <= PAGES; i++)
		ASSERT_EQ(i, hv_resize(i));
	grown = hv_free_kb();
	used = before - grown;
	EXPECT_GE(used, PAGES * variant->kb - PAGES);
	EXPECT_LE(used, PAGES * variant->kb + PAGES + 4 * PAGES / 64 + 4 * 5)
		TH_LOG("%ld pages took %ld KiB", PAGES, used);

	for (i = PAGES - 1; i >= 0; i--)
		ASSERT_EQ(i, hv_resize(i));
	EXPECT_LE(before - hv_free_kb(), 1024);
}

#define STRETCH 64	/* pages whose memory map is 2 MiB, mapped by one PMD */

/* Do these pages follow each other, from a border between two stretches? */
static bool is_stretch(const unsigned long *heads)
{
	int i;

	for (i = 0; i < STRETCH; i++)
		if (heads[i] != heads[0] + i * HV_NR)
			return false;
	return heads[0] % (STRETCH * HV_NR) == 0;
}

/* Is what remains of their memory map evenly spread over one block of 2 MiB? */
static bool fill_block(const unsigned long *heads)
{
	struct hv_box boxes[HV_BOXES];
	unsigned long first = 0;
	int i;

	for (i = 0; i < STRETCH; i++) {
		if (hv_boxes(heads[i], boxes))
			return true;
		if (!i)
			first = boxes[0].pfn;
		if (boxes[0].pfn != first + i * HV_BOXES)
			return false;
	}
	return true;
}

/*
 * Where a whole stretch joins the pool at once, the 2 MiB of its memory map come
 * back as one block: no heads stay in it.
 */
TEST_F_TIMEOUT(savings, whole_blocks, HV_TIMEOUT)
{
	const char *missing = hv_lacks(HV_NEED_SYSCTL | HV_NEED_KPAGE |
				       HV_NEED_MAP);
	static unsigned long heads[1024];
	long nr, i, whole = 0;

	if (missing)
		SKIP(return, "%s", missing);
	if (!variant->on)
		SKIP(return, "nothing comes back");
	ASSERT_EQ(0, hv_set_sysctl(1));
	nr = hv_resize(hv_room() < 1024 ? hv_room() : 1024);
	ASSERT_LT(0, nr);
	ASSERT_EQ(nr, hv_heads(heads, nr));

	for (i = 0; i + STRETCH <= nr; i++) {
		if (!is_stretch(heads + i))
			continue;
		whole++;
		EXPECT_FALSE(fill_block(heads + i))
			TH_LOG("the heads from PFN %#lx on did not move", heads[i]);
	}
	TH_LOG("%ld pages, %ld whole stretches", nr, whole);
	ASSERT_EQ(0, hv_resize(0));
	if (!whole)
		SKIP(return, "needs 128 MiB of adjacent free memory");
}

TEST_HARNESS_MAIN
