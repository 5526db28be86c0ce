// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that goes bad, in the map and in the data: what is in use stays so, what has
 * been offline does not come back, and when the memory has gone the error has, too.
 */
#include "kselftest_harness.h"
#include <errno.h>
#include "add.h"

#define SLACK_KB	1024

FIXTURE(poison) {
	struct mm_range range;
	struct mm_baseline before;
	const char *missing;
};

FIXTURE_SETUP(poison)
{
	hv_reset();
	self->missing = mm_lacks(&self->range, 1);
	if (!self->missing && access(HV_POISON, F_OK))
		self->missing = "needs CONFIG_MEMORY_FAILURE";
	if (self->missing)
		return;
	ASSERT_EQ(0, mm_baseline(&self->before));
	ASSERT_EQ(0, mm_add(&self->range));
}

FIXTURE_TEARDOWN(poison)
{
	if (!self->missing) {
		EXPECT_EQ(0, mm_all_offline(&self->range));
		EXPECT_EQ(0, mm_remove(&self->range));
		MM_EXPECT_AS_BEFORE(&self->before, SLACK_KB);
		/* It is as good as new, for all the kernel knows */
		EXPECT_EQ(0, mm_add(&self->range));
		EXPECT_EQ(0, mm_set(self->range.first + self->range.nr - 1,
				    "online_movable"));
		EXPECT_EQ(0, mm_offline_and_remove(&self->range));
	}
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

static long bad_kb(void)
{
	return hv_named_value("/proc/meminfo", "HardwareCorrupted");
}

TEST_F(poison, in_data)
{
	unsigned long last = self->range.first + self->range.nr - 1;
	unsigned long pfn = (self->range.start + self->range.size) / HV_SMALL - 7;
	unsigned long other = last - 1;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	ASSERT_EQ(0, mm_set(last, "online_movable"));
	ASSERT_EQ(0, mm_set(other, "online_movable"));
	ASSERT_EQ(0, hv_poison(pfn));
	EXPECT_EQ(self->before.bad_kb + 4, bad_kb());

	ASSERT_EQ(0, mm_set(last, "offline"));
	EXPECT_EQ(self->before.bad_kb + 4, bad_kb());
	EXPECT_EQ(-EHWPOISON, mm_set(last, "online_movable"));
	EXPECT_EQ(0, mm_is_online(last));
	/* The others have nothing to do with it */
	EXPECT_EQ(0, mm_set(other, "offline"));
	EXPECT_EQ(0, mm_set(other, "online_movable"));
}

TEST_F(poison, in_map)
{
	unsigned long last = self->range.first + self->range.nr - 1;
	/* Describes pages of the map, if that is at the start */
	unsigned long pfn = self->range.start / HV_SMALL + 11;
	long host;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	host = mm_host(last);
	if (host < 0 || (unsigned long)host == last)
		SKIP(return, "no block of this memory holds the map of others");

	ASSERT_EQ(0, mm_set(last, "online_movable"));
	/* There is nothing that the kernel could do about it */
	EXPECT_EQ(-EBUSY, hv_poison(pfn));
	EXPECT_EQ(self->before.bad_kb + 4, bad_kb());
	EXPECT_EQ(1, mm_is_online(last));

	ASSERT_EQ(0, mm_set(last, "offline"));
	EXPECT_EQ(0, mm_set(last, "online_movable"));
	ASSERT_EQ(0, mm_all_offline(&self->range));
	/* Now nobody comes back, for all have their map there */
	EXPECT_EQ(-EHWPOISON, mm_set(host, "online_movable"));
	EXPECT_EQ(-EHWPOISON, mm_set(last, "online_movable"));
	EXPECT_EQ(0, mm_is_online(last));
	EXPECT_EQ(self->before.bad_kb + 4, bad_kb());
}

TEST_HARNESS_MAIN
