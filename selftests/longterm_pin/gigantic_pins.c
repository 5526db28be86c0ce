// SPDX-License-Identifier: GPL-2.0-only
/*
 * HugeTLB pages of 1 GiB: one in ZONE_MOVABLE is exchanged for a free one of the pool
 * that is elsewhere, or not pinned at all.
 */
#include "kselftest_harness.h"
#include <errno.h>
#include <sys/mman.h>
#include "pin.h"

#define POOL		"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
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

FIXTURE_SETUP(gigantic)
{
	hv_start();
	self->nr = 0;
	self->held = pin_held();
	self->missing = pin_lacks_movable(1024);
	if (!self->missing)
		self->missing = pin_lacks(variant->who);
	if (!self->missing && hv_read_long(POOL) < 1)
		self->missing = "needs pages of 1 GiB, as by hugepagesz=1G hugepages=6";
}

FIXTURE_TEARDOWN(gigantic)
{
	while (self->nr)
		munmap(self->mapped[--self->nr], GIB);
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
}

/* Pages that boot made may lie in ZONE_MOVABLE, others never do */
TEST_F_TIMEOUT(gigantic, exchanged_or_refused, HV_TIMEOUT)
{
	int elsewhere = 0, fd, i;
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	while (self->nr < MOST && (addr = map_one()))
		self->mapped[self->nr++] = addr;
	/* Those that are elsewhere are free for the others */
	for (i = 0; i < self->nr; i++) {
		if (pin_count_movable(self->mapped[i], GIB))
			continue;
		munmap(self->mapped[i], GIB);
		self->mapped[i--] = self->mapped[--self->nr];
		elsewhere++;
	}
	if (self->nr <= elsewhere || !elsewhere)
		SKIP(return, "needs some in ZONE_MOVABLE, fewer elsewhere, not %d and %d",
		     self->nr, elsewhere);

	for (i = 0; i < self->nr; i++) {
		addr = self->mapped[i];
		fd = pin_start(variant->who, addr, GIB);
		if (i < elsewhere) {
			ASSERT_LE(0, fd);
			EXPECT_EQ(0, pin_count_movable(addr, GIB));
			close(fd);
		} else {
			EXPECT_EQ(-ENOMEM, fd);
			EXPECT_EQ(GIB / PIN_PAGE, pin_count_movable(addr, GIB));
		}
		EXPECT_EQ(self->held, pin_settle(self->held));
		EXPECT_EQ(0, pin_wrong(addr, GIB));
	}
}

TEST_HARNESS_MAIN
