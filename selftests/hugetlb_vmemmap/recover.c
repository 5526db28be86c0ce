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
