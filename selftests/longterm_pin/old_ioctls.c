// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CONFIG_GUP_BENCHMARK could before it held pins for longer than a call, it still
 * can: numbers, argument and results are the same.
 */
#include "kselftest_harness.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "pin.h"

#define MIB	(1UL << 20)
#define FILE_NAME	"/sys/kernel/debug/gup_benchmark"

struct gup_benchmark {
	__u64 get_delta_usec;
	__u64 put_delta_usec;
	__u64 addr;
	__u64 size;
	__u32 nr_pages_per_call;
	__u32 flags;
	__u64 expansion[10];
};

#define OLD_IOCTL(nr)	_IOWR('g', nr, struct gup_benchmark)

FIXTURE(old_ioctls) {
	const char *missing;
	long held;
	int fd;
	char *addr;
};

FIXTURE_VARIANT(old_ioctls) {
	unsigned int nr;
	long pins;		/* of each page: 0 where it is FOLL_GET */
};

FIXTURE_VARIANT_ADD(old_ioctls, gup_fast) { .nr = 1 };
FIXTURE_VARIANT_ADD(old_ioctls, gup) { .nr = 2 };
FIXTURE_VARIANT_ADD(old_ioctls, pin_fast) { .nr = 3, .pins = 1 };
FIXTURE_VARIANT_ADD(old_ioctls, pin) { .nr = 4, .pins = 1 };
FIXTURE_VARIANT_ADD(old_ioctls, pin_longterm) { .nr = 5, .pins = 1 };

FIXTURE_SETUP(old_ioctls)
{
	hv_reset();
	self->held = pin_held();
	self->fd = open(FILE_NAME, O_RDWR | O_CLOEXEC);
	if (self->fd < 0)
		self->missing = "needs CONFIG_GUP_BENCHMARK";
	self->addr = pin_map(4 * MIB, MAP_PRIVATE, false);
	ASSERT_NE(NULL, self->addr);
}

FIXTURE_TEARDOWN(old_ioctls)
{
	HV_EXPECT_NO_COMPLAINT();
	if (self->fd >= 0)
		close(self->fd);
	munmap(self->addr, 4 * MIB);
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

/* All of it, in pieces that do not divide it; nothing is kept */
TEST_F_TIMEOUT(old_ioctls, whole, HV_TIMEOUT)
{
	long acquired = pin_vmstat("nr_foll_pin_acquired");
	struct gup_benchmark gup = {
		.addr = (unsigned long)self->addr,
		.size = 4 * MIB,
		.nr_pages_per_call = 100,
		.flags = 1,	/* FOLL_WRITE */
	};

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, ioctl(self->fd, OLD_IOCTL(variant->nr), &gup));
	EXPECT_EQ(4 * MIB, gup.size);
	EXPECT_EQ((unsigned long)self->addr, gup.addr);
	EXPECT_EQ(0, pin_wrong(self->addr, 4 * MIB));
	EXPECT_EQ(self->held, pin_held());
	/* Pages that had to move were pinned before and after */
	EXPECT_LE(variant->pins * 1024, pin_vmstat("nr_foll_pin_acquired") - acquired);
	if (!variant->pins)
		EXPECT_EQ(acquired, pin_vmstat("nr_foll_pin_acquired"));
}

/* As far as the first hole, which is no error of the call */
TEST_F_TIMEOUT(old_ioctls, hole, HV_TIMEOUT)
{
	struct gup_benchmark gup = {
		.addr = (unsigned long)self->addr,
		.size = 4 * MIB,
		.nr_pages_per_call = 256,
		.flags = 1,
	};

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, munmap(self->addr + 2 * MIB, MIB));
	ASSERT_EQ(0, ioctl(self->fd, OLD_IOCTL(variant->nr), &gup));
	EXPECT_EQ(2 * MIB, gup.size);
	EXPECT_EQ(self->held, pin_held());
}

/* Numbers that mean nothing are refused as before */
TEST(old_ioctls_others)
{
	struct gup_benchmark gup = { .size = PIN_PAGE, .nr_pages_per_call = 1 };
	int fd = open(FILE_NAME, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		SKIP(return, "needs CONFIG_GUP_BENCHMARK");
	EXPECT_EQ(-1, ioctl(fd, OLD_IOCTL(0), &gup));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(fd, OLD_IOCTL(6), &gup));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
}

TEST_HARNESS_MAIN
