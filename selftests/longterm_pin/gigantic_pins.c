// SPDX-License-Identifier: GPL-2.0-only
/*
 * HugeTLB pages of 1 GiB: one in ZONE_MOVABLE is exchanged for a free one of the pool
 * that is elsewhere, or not pinned at all.
 */
#include "kselftest_harness.h"
#include <errno.h>
#include <sys/mman.h>
#include "gigantic.h"
#include "pin.h"

#define GIB		(1UL << 30)
#define MOST		16

#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB	(30 << 26)
#endif

FIXTURE(gigantic) {
	const char *missing;
	char *mapped[MOST];
	long held;
	int nr;
};

FIXTURE_VARIANT(gigantic) {
	enum pinner who;
};

FIXTURE_VARIANT_ADD(gigantic, gup) { PIN_GUP };
FIXTURE_VARIANT_ADD(gigantic, fast) { PIN_GUP_FAST };
FIXTURE_VARIANT_ADD(gigantic, uring) { PIN_URING };

static char *map_one(void)
{
	char *addr = mmap(NULL, GIB, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB, -1, 0);

	if (addr == MAP_FAILED)
		return NULL;
	pin_fill(addr, GIB);
	return addr;
}

/* Pages of the pool that are not in ZONE_MOVABLE */
static long outside(void)
{
	struct hv_zone zones[64];
	unsigned long heads[MOST];
	long nr = hv_heads(heads, MOST), found = 0, i;
	int nr_zones = hv_movable_zones(zones, 64);

	for (i = 0; i < nr && i < MOST; i++)
		found += !hv_in_zones(heads[i], zones, nr_zones);
	return found;
}

FIXTURE_SETUP(gigantic)
{
	hv_reset();
	self->nr = 0;
	self->held = pin_held();
	self->missing = pin_lacks_movable(1024);
	if (!self->missing)
		self->missing = pin_lacks(variant->who);
	if (!self->missing)
		self->missing = lacks(false);
}

FIXTURE_TEARDOWN(gigantic)
{
	while (self->nr)
		munmap(self->mapped[--self->nr], GIB);
	if (hv_read_long(POOL) > 0)
		EXPECT_EQ(0, resize(0));
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

TEST_F_TIMEOUT(gigantic, stays_without_another, HV_TIMEOUT)
{
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(1, resize(1));
	if (outside())
		SKIP(return, "needs a whole GiB in ZONE_MOVABLE");
	addr = map_one();
	ASSERT_NE(NULL, addr);
	self->mapped[self->nr++] = addr;

	EXPECT_EQ(-ENOMEM, pin_start(variant->who, addr, GIB));
	EXPECT_EQ(self->held, pin_settle(self->held));
	EXPECT_EQ((long)GIG_NR, pin_count_movable(addr, GIB));
	EXPECT_EQ(0, pin_wrong(addr, GIB));
}

TEST_F_TIMEOUT(gigantic, moves_to_another, HV_TIMEOUT)
{
	long free_outside;
	char *addr;
	int fd;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_LE(2, resize(MOST));
	free_outside = outside();
	do {
		addr = map_one();
		if (!addr)
			SKIP(return, "needs a whole GiB in ZONE_MOVABLE");
		self->mapped[self->nr++] = addr;
		free_outside -= !pin_count_movable(addr, GIB);
	} while (!pin_count_movable(addr, GIB) && self->nr < MOST);
	if (free_outside < 1)
		SKIP(return, "needs two whole GiB outside of ZONE_MOVABLE");

	fd = pin_start(variant->who, addr, GIB);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pin_count_movable(addr, GIB));
	EXPECT_EQ(0, pin_wrong(addr, GIB));
	close(fd);
	EXPECT_EQ(self->held, pin_settle(self->held));
}

TEST_HARNESS_MAIN
