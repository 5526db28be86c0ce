// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages in memory that has to remain movable: optimized like any others, unless
 * vm.hugetlb_optimize_vmemmap_movable says no.
 *
 * Needs ZONE_MOVABLE with room for some pages: boot with movablecore=1G.
 */
#include "kselftest_harness.h"
#include "util.h"

#define SYSCTL	"/proc/sys/vm/hugetlb_optimize_vmemmap_movable"
#define PAGES	1024L

FIXTURE(movable) {
	const char *missing;
	struct hv_zone zones[8];
	int nr_zones;
	long before;
};

FIXTURE_SETUP(movable)
{
	hv_reset();
	self->missing = hv_lacks(HV_NEED_SYSCTL | HV_NEED_KPAGE | HV_NEED_MAP);
	self->nr_zones = hv_movable_zones(self->zones, ARRAY_SIZE(self->zones));
	if (!self->missing && !self->nr_zones)
		self->missing = "needs ZONE_MOVABLE, as with movablecore=1G";
	self->before = hv_free_kb();
}

FIXTURE_TEARDOWN(movable)
{
	HV_EXPECT_NO_COMPLAINT();
	hv_write_long(SYSCTL, 1);
	hv_reset();
}

TEST_F_TIMEOUT(movable, policy, HV_TIMEOUT)
{
	static unsigned long heads[PAGES];
	long allowed, nr, i, movable, shared, optimized, left_alone;
	bool is;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	EXPECT_EQ(1, hv_read_long(SYSCTL));
	for (allowed = 1; allowed >= 0; allowed--) {
		ASSERT_EQ(0, hv_write_long(SYSCTL, allowed));
		optimized = hv_counted("optimize");
		left_alone = hv_counted("optimize_movable");
		nr = hv_resize(hv_room() < PAGES ? hv_room() : PAGES);
		ASSERT_LT(0, nr);
		ASSERT_EQ(nr, hv_heads(heads, nr));
		movable = 0;
		shared = 0;
		for (i = 0; i < nr; i++) {
			is = hv_in_zones(heads[i], self->zones, self->nr_zones);
			movable += is;
			shared += hv_state(heads[i]) == HV_SHARED;
			EXPECT_EQ(is && !allowed ? HV_OWN : HV_SHARED,
				  hv_state(heads[i]))
				TH_LOG("PFN %#lx, %smovable, allowed %ld",
				       heads[i], is ? "" : "not ", allowed);
		}
		TH_LOG("allowed %ld: %ld pages, %ld movable, %ld optimized",
		       allowed, nr, movable, shared);
		EXPECT_LT(0, movable);
		EXPECT_EQ(shared, hv_pool("optimized_hugepages"));
		if (optimized >= 0) {
			EXPECT_EQ(optimized + shared, hv_counted("optimize"));
			EXPECT_EQ(left_alone + (allowed ? 0 : movable),
				  hv_counted("optimize_movable"));
		}
		ASSERT_EQ(0, hv_resize(0));
		EXPECT_EQ(nr, hv_count_state(heads, nr, HV_OWN));
		EXPECT_LE(self->before - hv_free_kb(), 1024);
	}
}

/* With 0 they have what they need to go: nothing of theirs waits for memory. */
TEST_F_TIMEOUT(movable, go_without_memory, HV_TIMEOUT)
{
	const char *missing = self->missing ? self->missing :
					      hv_lacks_injection();
	static unsigned long heads[PAGES];
	long nr, i, failures, nomem, movable = 0;

	if (missing)
		SKIP(return, "%s", missing);

	ASSERT_EQ(0, hv_write_long(SYSCTL, 0));
	nr = hv_resize(hv_room() < 64 ? hv_room() : 64);
	ASSERT_EQ(nr, hv_heads(heads, nr));
	for (i = 0; i < nr; i++)
		movable += hv_in_zones(heads[i], self->zones, self->nr_zones);
	ASSERT_LT(0, movable);

	nomem = hv_counted("restore_nomem");
	EXPECT_EQ(0, hv_resize_failing(HV_POOL "nr_hugepages", 0, 100, &failures));
	if (movable == nr)
		EXPECT_EQ(nomem, hv_counted("restore_nomem"));
	EXPECT_EQ(nr, hv_count_state(heads, nr, HV_OWN));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

/* Without memory they stay, and nothing of theirs becomes memory map. */
TEST_F_TIMEOUT(movable, stay_without_memory, HV_TIMEOUT)
{
	const char *missing = self->missing ? self->missing :
					      hv_lacks_injection();
	static unsigned long heads[PAGES];
	long nr, i, left, failures, movable = 0, restored, nomem, donated;

	if (missing)
		SKIP(return, "%s", missing);

	nr = hv_resize(hv_room() < 64 ? hv_room() : 64);
	ASSERT_EQ(nr, hv_heads(heads, nr));
	for (i = 0; i < nr; i++)
		movable += hv_in_zones(heads[i], self->zones, self->nr_zones);
	ASSERT_LT(0, movable);

	restored = hv_counted("restore");
	nomem = hv_counted("restore_nomem");
	donated = hv_counted("donate");
	left = hv_resize_failing(HV_POOL "nr_hugepages", 0, 100, &failures);
	TH_LOG("%ld pages, %ld movable: %ld left", nr, movable, left);
	if (restored >= 0) {
		EXPECT_EQ(restored + nr - left, hv_counted("restore"));
		EXPECT_LT(nomem, hv_counted("restore_nomem"));
		if (movable == nr)
			EXPECT_EQ(donated, hv_counted("donate"));
	}
	EXPECT_LT(0, failures);
	/* The reserve of a node is good for one; others may have memory to give */
	EXPECT_GE(movable, left);
	if (movable == nr)
		EXPECT_LE(nr - self->nr_zones, left);

	EXPECT_EQ(0, hv_resize(0));
	EXPECT_EQ(nr, hv_count_state(heads, nr, HV_OWN));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

TEST_HARNESS_MAIN
