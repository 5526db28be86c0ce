// SPDX-License-Identifier: GPL-2.0-only
/*
 * With no memory for its memory map, a page is released with memory of its own, and
 * nobody could have the whole range again.  It moves out when there is memory, at the
 * latest when somebody changes the number of pages.
 */
#include "kselftest_harness.h"
#include "gigantic.h"

FIXTURE(recover) {
};

FIXTURE_VARIANT(recover) {
	long on;
};

FIXTURE_VARIANT_ADD(recover, on) {
	.on = 1,
};

FIXTURE_VARIANT_ADD(recover, off) {
	.on = 0,
};

FIXTURE_SETUP(recover)
{
	hv_reset();
}

FIXTURE_TEARDOWN(recover)
{
	HV_EXPECT_NO_COMPLAINT();
	resize(0);
	hv_reset();
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
 * What moves out of one range must not spoil another, however often.  The kernel's other
 * allocations may, so one is allowed to be lost, but no more with each round.
 */
TEST_F_TIMEOUT(recover, sum, HV_TIMEOUT)
{
	const char *missing = lacks(variant->on);
	long most, failures;
	int round;

	if (!missing)
		missing = hv_lacks_injection();
	if (missing)
		SKIP(return, "%s", missing);
	/* Nothing is moved: there is nothing to see */
	if (!variant->on)
		return;

	most = resize(1000);
	EXPECT_EQ(0, resize(0));
	TH_LOG("%ld pages of 1 GiB at most", most);
	if (most < 3)
		SKIP(return, "needs three free GiB");
	for (round = 0; round < 5; round++) {
		ASSERT_EQ(2, resize(2));
		EXPECT_EQ(0, hv_resize_failing(POOL, 0, 100, &failures));
		EXPECT_EQ(0, resize(0));
		EXPECT_LE(most - 1, resize(1000))
			TH_LOG("round %d", round);
		EXPECT_EQ(0, resize(0));
	}
}

#define SMALL_PAGES	128L	/* of 2 MiB */

/* Pages of both sizes go with no memory at all, and come again */
TEST_F_TIMEOUT(recover, both_sizes, HV_TIMEOUT)
{
	const char *missing = lacks(variant->on);
	long before, failures[2], left[2];
	int round;

	if (!missing)
		missing = hv_lacks_injection();
	if (missing)
		SKIP(return, "%s", missing);

	before = hv_free_kb();
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(2, resize(2))
			TH_LOG("round %d", round);
		ASSERT_EQ(SMALL_PAGES, hv_resize(SMALL_PAGES))
			TH_LOG("round %d", round);
		left[0] = hv_resize_failing(POOL, 0, 100, &failures[0]);
		left[1] = hv_resize_failing(HV_POOL "nr_hugepages", 0, 100,
					    &failures[1]);
		TH_LOG("round %d: %ld of 2 pages of 1 GiB stayed after %ld failed allocations, %ld of %ld of 2 MiB after %ld",
		       round, left[0], failures[0], left[1], SMALL_PAGES,
		       failures[1]);
		EXPECT_EQ(0, left[0]);
		EXPECT_EQ(0, left[1]);
		if (variant->on) {
			EXPECT_LT(0, failures[0]);
			EXPECT_LT(0, failures[1]);
		}
	}
	EXPECT_EQ(2, resize(2));
	EXPECT_EQ(SMALL_PAGES, hv_resize(SMALL_PAGES));
	EXPECT_EQ(0, resize(0));
	EXPECT_EQ(0, hv_resize(0));
	EXPECT_LE(before - hv_free_kb(), 1024);
}

/*
 * Donors of 2 MiB, whose memory map does not move out again, cost ranges of 1 GiB.  They
 * should lie together: the 400 MiB of 100 times two of them may cost one range, no more.
 */
TEST_F_TIMEOUT(recover, ranges_after_cycles, 2 * HV_TIMEOUT)
{
	const char *missing = lacks(variant->on);
	long most, after, before, lost, failures, donated;
	int cycle;

	if (!missing)
		missing = hv_lacks_injection();
	if (missing)
		SKIP(return, "%s", missing);
	/* There are no donors: there is nothing to see */
	if (!variant->on)
		return;

	most = resize(1000);
	EXPECT_EQ(0, resize(0));
	if (most < 3)
		SKIP(return, "needs three free GiB");
	before = hv_free_kb();
	donated = hv_counted("donate");
	for (cycle = 0; cycle < 100; cycle++) {
		ASSERT_EQ(SMALL_PAGES, hv_resize(SMALL_PAGES))
			TH_LOG("cycle %d", cycle);
		EXPECT_EQ(0, hv_resize_failing(HV_POOL "nr_hugepages", 0, 100,
					       &failures));
	}
	donated = hv_counted("donate") - donated;
	lost = before - hv_free_kb();
	after = resize(1000);
	EXPECT_EQ(0, resize(0));
	TH_LOG("%ld pages of 1 GiB before, %ld after %d cycles with %ld donors of 2 MiB; %ld KiB less free",
	       most, after, cycle, donated, lost);
	EXPECT_LT(0, donated);
	EXPECT_LE(most - 1, after);
	EXPECT_GE(1024, lost);
}

TEST_F_TIMEOUT(recover, range, HV_TIMEOUT)
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
