// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped files of a file system that has a device below it: their pages leave
 * ZONE_MOVABLE when they are pinned for long, and what is written to them still
 * reaches the device.
 *
 *	files [folder]		(the current one)
 */
#include "kselftest_harness.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include "pin.h"

#define LEN	(8UL << 20)

static const char *folder = ".";

static void __attribute__((constructor)) read_arguments(int argc, char **argv)
{
	if (argc > 1)
		folder = argv[1];
}

FIXTURE(files) {
	const char *missing;
	char path[256];
	int fd;
	char *addr;
	long held;
};

FIXTURE_VARIANT(files) {
	int flags;
	enum pinner who;
};

FIXTURE_VARIANT_ADD(files, shared) { MAP_SHARED, PIN_GUP };
FIXTURE_VARIANT_ADD(files, shared_fast) { MAP_SHARED, PIN_GUP_FAST };
FIXTURE_VARIANT_ADD(files, shared_read) { MAP_SHARED, PIN_GUP_READ };
FIXTURE_VARIANT_ADD(files, private) { MAP_PRIVATE, PIN_GUP };
FIXTURE_VARIANT_ADD(files, private_read) { MAP_PRIVATE, PIN_GUP_READ };

static const char *lacks(void)
{
	struct statfs about;

	if (statfs(folder, &about))
		return "needs a folder that is there";
	if (about.f_type == TMPFS_MAGIC || about.f_type == RAMFS_MAGIC)
		return "needs a folder on a device, not in memory";
	return pin_lacks_movable(64);
}

FIXTURE_SETUP(files)
{
	self->fd = -1;
	self->missing = lacks();
	if (!self->missing)
		self->missing = pin_lacks(variant->who);
	self->held = pin_held();
	if (self->missing)
		return;
	snprintf(self->path, sizeof(self->path), "%s/longterm_pin.%d", folder,
		 getpid());
	self->fd = open(self->path, O_RDWR | O_CREAT | O_EXCL, 0600);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, posix_fallocate(self->fd, 0, LEN));
	/* What is there comes from the device, so that its pages are the page cache's */
	self->addr = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			  self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->addr);
	pin_fill(self->addr, LEN);
	ASSERT_EQ(0, msync(self->addr, LEN, MS_SYNC));
	ASSERT_EQ(0, munmap(self->addr, LEN));
	ASSERT_EQ(0, posix_fadvise(self->fd, 0, LEN, POSIX_FADV_DONTNEED));
	self->addr = mmap(NULL, LEN, PROT_READ | PROT_WRITE, variant->flags,
			  self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->addr);
}

FIXTURE_TEARDOWN(files)
{
	if (self->fd >= 0) {
		munmap(self->addr, LEN);
		close(self->fd);
		unlink(self->path);
	}
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
}

TEST_F(files, leave_zone_movable)
{
	static char copy[LEN], expected[LEN];
	int fd;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	EXPECT_EQ(0, pin_wrong(self->addr, LEN));
	EXPECT_LT(0, pin_count_movable(self->addr, LEN));

	fd = pin_start(variant->who, self->addr, LEN);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pin_count_movable(self->addr, LEN));
	EXPECT_EQ(0, pin_read(fd, copy));
	EXPECT_EQ(0, pin_wrong(copy, LEN));

	/* What is written to pinned pages of the file is written to the device */
	memset(self->addr, 0x5a, LEN);
	EXPECT_EQ(0, msync(self->addr, LEN, MS_SYNC));
	close(fd);
	EXPECT_EQ(self->held, pin_settle(self->held));
	ASSERT_EQ(0, munmap(self->addr, LEN));
	EXPECT_EQ(0, posix_fadvise(self->fd, 0, LEN, POSIX_FADV_DONTNEED));
	EXPECT_EQ(LEN, pread(self->fd, copy, LEN, 0));
	if (variant->flags == MAP_SHARED) {
		memset(expected, 0x5a, LEN);
		EXPECT_EQ(0, memcmp(copy, expected, LEN));
	} else {
		EXPECT_EQ(0, pin_wrong(copy, LEN));
	}
	self->addr = mmap(NULL, LEN, PROT_READ, MAP_SHARED, self->fd, 0);
}

/* Files were never to be registered with io_uring, and still are not */
TEST_F(files, io_uring_refuses)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (pin_lacks(PIN_URING))
		SKIP(return, "%s", pin_lacks(PIN_URING));
	if (variant->flags != MAP_SHARED)
		SKIP(return, "needs a mapping that is shared");
	EXPECT_EQ(-EOPNOTSUPP, pin_start(PIN_URING, self->addr, LEN));
}

TEST_HARNESS_MAIN
