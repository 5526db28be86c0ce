// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas of CMA: processes have memory in them until somebody needs the area.  What is
 * pinned for long is not there, so all of an area can be had.
 */
#include "kselftest_harness.h"
#include <errno.h>
#include <glob.h>
#include <sys/mman.h>
#include "pin.h"

#define MIB	(1UL << 20)
#define LEN	(16 * MIB)

FIXTURE(cma) {
	const char *missing;
	char dir[192];
	long pages;
	long held;
};

FIXTURE_SETUP(cma)
{
	char path[256];
	glob_t found;

	hv_reset();
	self->held = pin_held();
	if (!glob(PIN_CMA_AREAS, GLOB_ONLYDIR, NULL, &found)) {
		snprintf(self->dir, sizeof(self->dir), "%s", found.gl_pathv[0]);
		globfree(&found);
	}
	snprintf(path, sizeof(path), "%s/count", self->dir);
	self->pages = hv_read_long(path);
	if (self->pages < (long)(256 * MIB / PIN_PAGE))
		self->missing = "needs CONFIG_CMA_DEBUGFS and an area, as by hugetlb_cma=1G";
}

FIXTURE_TEARDOWN(cma)
{
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

/* Take @pages from the area, or give them back */
static int area(const char *dir, const char *file, long pages)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return hv_write_long(path, pages);
}

/* The whole area, with patience: what is on its way somewhere cannot be moved */
static int take_whole(const char *dir, long pages)
{
	int i, ret = -EBUSY;

	for (i = 0; i < 20 && ret; i++) {
		if (i)
			usleep(50000);
		ret = area(dir, "alloc", pages);
	}
	return ret;
}

/* What another process takes of the area, in shared memory */
struct taker {
	bool stop;
	long taken;
};

FIXTURE_VARIANT(cma) {
	enum pinner who;
};

FIXTURE_VARIANT_ADD(cma, io_uring) { .who = PIN_URING };
FIXTURE_VARIANT_ADD(cma, gup) { .who = PIN_GUP };
FIXTURE_VARIANT_ADD(cma, gup_fast) { .who = PIN_GUP_FAST };
FIXTURE_VARIANT_ADD(cma, af_xdp) { .who = PIN_XDP };

/* All of it can be had while memory that was in it is pinned */
TEST_F_TIMEOUT(cma, whole, HV_TIMEOUT)
{
	const char *missing = self->missing;
	char *addr;
	int fd;

	if (!missing)
		missing = pin_lacks(variant->who);
	if (missing)
		SKIP(return, "%s", missing);
	addr = pin_map(LEN, MAP_PRIVATE, false);
	ASSERT_NE(NULL, addr);
	ASSERT_LT(0, pin_count_movable(addr, LEN));
	fd = pin_start(variant->who, addr, LEN);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pin_count_movable(addr, LEN));

	EXPECT_EQ(0, take_whole(self->dir, self->pages));
	EXPECT_EQ(0, pin_wrong(addr, LEN));
	area(self->dir, "free", self->pages);
	close(fd);
	munmap(addr, LEN);
}

/* Takes an eighth of the area and gives it back until told to stop; how often */
static void keep_taking(const char *dir, long pages, struct taker *taker)
{
	while (!__atomic_load_n(&taker->stop, __ATOMIC_RELAXED) && getppid() != 1) {
		if (area(dir, "alloc", pages / 8))
			continue;
		taker->taken++;
		area(dir, "free", pages / 8);
	}
	_exit(0);
}

/* Pageblocks of the area are isolated, its pages moved, while they are being pinned */
TEST_F_TIMEOUT(cma, at_work, HV_TIMEOUT)
{
	const char *missing = self->missing;
	struct taker *taker;
	int round, fd, pinned = 0;
	long met = 0;
	pid_t child;

	if (!missing)
		missing = pin_lacks(variant->who);
	if (missing)
		SKIP(return, "%s", missing);
	taker = mmap(NULL, sizeof(*taker), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, taker);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		keep_taking(self->dir, self->pages, taker);
	for (round = 0; round < 50; round++) {
		char *addr = pin_map(LEN, MAP_PRIVATE, round % 2);

		ASSERT_NE(NULL, addr);
		met += pin_count_movable(addr, LEN);
		fd = pin_start(variant->who, addr, LEN);
		/* What the other one moves is busy; that may last */
		EXPECT_TRUE(fd >= 0 || fd == -EAGAIN);
		EXPECT_TRUE(fd < 0 || !pin_count_movable(addr, LEN));
		EXPECT_EQ(0, pin_wrong(addr, LEN));
		pinned += fd >= 0;
		if (fd >= 0)
			close(fd);
		munmap(addr, LEN);
	}
	__atomic_store_n(&taker->stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	TH_LOG("%d of 50 pinned, %ld pages were in the area before, %ld times taken",
	       pinned, met, taker->taken);
	EXPECT_LT(0, taker->taken);
	EXPECT_LT(0, met);
	EXPECT_LT(25, pinned);
}

TEST_HARNESS_MAIN
