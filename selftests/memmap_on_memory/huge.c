// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages from added memory: as many gigantic ones as there is room for, and the map
 * that the memory holds itself is never given back.
 *
 * The memory goes online for the kernel, which gigantic pages need, so the kernel uses it,
 * and it stays: nothing that adds memory can run after this test.
 */
#include "kselftest_harness.h"
#include "add.h"

#define GIGANTIC	"/sys/kernel/mm/hugepages/hugepages-1048576kB/"

static struct mm_range range;
static const char *missing;

static bool is_hosted(void)
{
	return strcmp(mm_wanted(), "N");
}

FIXTURE(huge) {
	int unused;
};

FIXTURE_SETUP(huge)
{
	hv_reset();
}

FIXTURE_TEARDOWN(huge)
{
	hv_write_text(GIGANTIC "nr_hugepages", "0");
	hv_resize(0);
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/* Once, before the tests run in processes of their own */
static void __attribute__((constructor)) add_memory(void)
{
	unsigned long i;

	missing = mm_lacks(&range, 8);
	if (missing)
		return;
	if (mm_add(&range))
		missing = "the memory cannot be added";
	/* The last first: the hosts of the others come along */
	for (i = range.nr; !missing && i--;)
		if (mm_is_online(range.first + i) != 1 &&
		    mm_set(range.first + i, "online_kernel"))
			missing = "the memory does not go online";
}

/* All are of the zone that was asked for, the hosts included. */
TEST_F(huge, zone)
{
	unsigned long i;
	char zone[64];

	if (missing)
		SKIP(return, "%s", missing);
	for (i = 0; i < range.nr; i++) {
		ASSERT_LT(0, mm_block_text(range.first + i, "valid_zones", zone,
					   sizeof(zone)));
		EXPECT_STREQ("Normal", zone);
	}
}

TEST_F_TIMEOUT(huge, gigantic, HV_TIMEOUT)
{
	long want, got;

	if (missing)
		SKIP(return, "%s", missing);
	if (hv_read_long(GIGANTIC "nr_hugepages") < 0)
		SKIP(return, "needs pages of 1 GiB");

	/* A map in each block leaves none; one at the start takes the first GiB at most */
	want = range.size / MM_GIB - is_hosted();
	if (!strcmp(mm_wanted(), "block"))
		want = 0;
	ASSERT_EQ(0, hv_write_text(GIGANTIC "nr_hugepages", "100"));
	got = hv_read_long(GIGANTIC "nr_hugepages");
	TH_LOG("%ld pages of 1 GiB from %lu GiB", got, range.size / MM_GIB);
	/* One block may be in use by the kernel by now */
	EXPECT_LE(want - 1, got);
	EXPECT_GE(want ? 100 : 0, got);
}

/* The pool takes pages from both, and gives back the map of those that do not hold it. */
TEST_F_TIMEOUT(huge, keep_their_map, HV_TIMEOUT)
{
	static unsigned long heads[8192];
	unsigned long first = range.start / HV_SMALL;
	unsigned long end = first + range.size / HV_SMALL;
	long before, hosted, nr, i, inside = 0, own = 0;
	struct hv_box boxes[HV_BOXES];
	const char *lacks;

	if (missing)
		SKIP(return, "%s", missing);
	lacks = hv_lacks(HV_NEED_SYSCTL | HV_NEED_KPAGE | HV_NEED_MAP);
	if (lacks)
		SKIP(return, "%s", lacks);

	before = hv_named_value("/proc/vmstat", "htlb_vmemmap_optimize_hosted");
	nr = hv_resize(4000);
	ASSERT_EQ(4000, nr);
	ASSERT_EQ(nr, hv_heads(heads, 8192));
	for (i = 0; i < nr; i++) {
		if (heads[i] < first || heads[i] >= end)
			continue;
		inside++;
		/* Nobody has even taken the mapping of the map apart */
		own += !hv_boxes(heads[i], boxes) && boxes[1].large;
	}
	hosted = hv_named_value("/proc/vmstat", "htlb_vmemmap_optimize_hosted") - before;
	TH_LOG("%ld of %ld pages in the added memory, %ld with a map of their own", inside,
	       nr, own);
	EXPECT_LT(3000, inside);
	EXPECT_EQ(nr - is_hosted() * inside, hv_pool("optimized_hugepages"));
	EXPECT_EQ(is_hosted() * inside, own);
	/* Without CONFIG_VM_EVENT_COUNTERS nobody knows */
	EXPECT_EQ(before < 0 ? 0 : is_hosted() * inside, hosted);
}

TEST_HARNESS_MAIN
