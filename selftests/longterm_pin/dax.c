// SPDX-License-Identifier: GPL-2.0-only
/*
 * Persistent memory, mapped: files of a file system on it cannot be pinned for long,
 * for the file system would have to ask before it gives their blocks to others; a device
 * of its own can, and its pages stay where they are.
 *
 *	dax [folder|device]		(the current folder)
 */
#include "kselftest_harness.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "pin.h"

#ifndef STATX_ATTR_DAX
#define STATX_ATTR_DAX	0x00200000
#endif

#define LEN	(4UL << 20)	/* what a device maps is aligned to 2 MiB */

static const char *place = ".";

static void __attribute__((constructor)) read_arguments(int argc, char **argv)
{
	if (argc > 1)
		place = argv[1];
}

static bool is_device(void)
{
	struct stat about;

	return !stat(place, &about) && S_ISCHR(about.st_mode);
}

static bool is_dax(int fd)
{
	struct statx about;

	return !syscall(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &about) &&
	       about.stx_attributes & STATX_ATTR_DAX;
}

FIXTURE(dax) {
	const char *missing;
	long held;
	int fd;
};

FIXTURE_VARIANT(dax) {
	enum pinner who;
};

FIXTURE_VARIANT_ADD(dax, gup) { PIN_GUP };
FIXTURE_VARIANT_ADD(dax, fast) { PIN_GUP_FAST };
FIXTURE_VARIANT_ADD(dax, read) { PIN_GUP_READ };
FIXTURE_VARIANT_ADD(dax, uring) { PIN_URING };

FIXTURE_SETUP(dax)
{
	char path[256];

	hv_start();
	self->missing = pin_lacks(variant->who);
	self->held = pin_held();
	if (is_device()) {
		self->fd = open(place, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, self->fd);
		return;
	}
	snprintf(path, sizeof(path), "%s/longterm_pin.%d", place, getpid());
	self->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, posix_fallocate(self->fd, 0, LEN));
	if (!self->missing && !is_dax(self->fd))
		self->missing = "needs a folder of a file system that was mounted with -o dax";
}

FIXTURE_TEARDOWN(dax)
{
	close(self->fd);
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
}

static char *map_it(int fd, void *at, int flags)
{
	char *addr = mmap(at, LEN, PROT_READ | PROT_WRITE,
			  flags | (at ? MAP_FIXED : 0), fd, 0);

	if (addr == MAP_FAILED)
		return NULL;
	pin_fill(addr, LEN);
	return addr;
}

TEST_F(dax, files_refuse)
{
	long acquired;
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (is_device())
		SKIP(return, "needs a folder");
	addr = map_it(self->fd, NULL, MAP_SHARED);
	ASSERT_NE(NULL, addr);
	acquired = pin_vmstat("nr_foll_pin_acquired");
	EXPECT_EQ(-EOPNOTSUPP, pin_start(variant->who, addr, LEN));
	/* Who pins may refuse as well, but only when all is pinned */
	EXPECT_EQ(acquired, pin_vmstat("nr_foll_pin_acquired"));
	EXPECT_EQ(self->held, pin_settle(self->held));
	EXPECT_EQ(0, pin_wrong(addr, LEN));
	/* Others can have the blocks at once */
	EXPECT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_EQ(0, munmap(addr, LEN));
}

/* Memory before a file is not pinned either */
TEST_F(dax, all_or_none)
{
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (is_device())
		SKIP(return, "needs a folder");
	addr = pin_map(2 * LEN, MAP_PRIVATE, false);
	ASSERT_NE(NULL, addr);
	ASSERT_NE(NULL, map_it(self->fd, addr + LEN, MAP_SHARED));
	EXPECT_EQ(-EOPNOTSUPP, pin_start(variant->who, addr, 2 * LEN));
	EXPECT_EQ(self->held, pin_settle(self->held));
	EXPECT_EQ(0, pin_wrong(addr, LEN));
	EXPECT_EQ(0, munmap(addr, 2 * LEN));
}

TEST_F(dax, devices_stay)
{
	static char copy[LEN];
	long moved = pin_vmstat("pin_migrate_success");
	char *addr;
	int fd;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (!is_device())
		SKIP(return, "needs a device, as /dev/dax0.0");
	addr = map_it(self->fd, NULL, MAP_SHARED);
	ASSERT_NE(NULL, addr);
	fd = pin_start(variant->who, addr, LEN);
	if (variant->who == PIN_URING) {
		/* It registers no file but those of HugeTLB */
		EXPECT_EQ(-EOPNOTSUPP, fd);
		return;
	}
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pin_read(fd, copy));
	EXPECT_EQ(0, pin_wrong(copy, LEN));
	EXPECT_EQ(moved, pin_vmstat("pin_migrate_success"));
	EXPECT_EQ(0, pin_wrong(addr, LEN));
	close(fd);
	EXPECT_EQ(self->held, pin_settle(self->held));
	EXPECT_EQ(0, munmap(addr, LEN));
}

TEST_HARNESS_MAIN
