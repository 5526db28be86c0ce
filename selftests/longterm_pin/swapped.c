// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is swapped out when it is pinned for long: it comes back where it can
 * stay.  Makes a swap area of its own, of zram.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include "pin.h"

#define MIB	(1UL << 20)
#define LEN	(16 * MIB)
#define ZRAM	"/dev/zram0"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

FIXTURE(swapped) {
	const char *missing;
	long held;
};

/* Version 1 of the format: include/linux/swap.h, union swap_header */
static bool make_swap(size_t len)
{
	static char page[PIN_PAGE];
	__u32 *info = (__u32 *)(page + 1024);
	int fd = open(ZRAM, O_WRONLY | O_CLOEXEC);
	bool good;

	info[0] = 1;
	info[1] = len / PIN_PAGE - 1;
	memcpy(page + PIN_PAGE - 10, "SWAPSPACE2", 10);
	good = fd >= 0 && write(fd, page, sizeof(page)) == sizeof(page);
	close(fd);
	return good;
}

FIXTURE_SETUP(swapped)
{
	hv_reset();
	self->held = pin_held();
	self->missing = pin_lacks_movable(256);
	if (!self->missing)
		self->missing = pin_lacks(PIN_URING);
	if (self->missing)
		return;
	if (access(ZRAM, F_OK) ||
	    hv_write_long("/sys/block/zram0/disksize", 4 * LEN) ||
	    !make_swap(4 * LEN) || swapon(ZRAM, 0))
		self->missing = "needs an unused " ZRAM " (CONFIG_ZRAM) and CONFIG_SWAP";
}

FIXTURE_TEARDOWN(swapped)
{
	HV_EXPECT_NO_COMPLAINT();
	if (!self->missing) {
		EXPECT_EQ(0, swapoff(ZRAM));
		hv_write_long("/sys/block/zram0/reset", 1);
	}
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

/* All of it out; then what is pinned comes from swap, or from the swap cache */
TEST_F_TIMEOUT(swapped, comes_back, HV_TIMEOUT)
{
	unsigned long blocks[1024];
	double slowest = 0;
	size_t i, bad = 0;
	int fd, tries;
	char *mem;
	long left, nr, kept;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	nr = pin_movable_blocks(blocks, 1024);
	pin_cycle_blocks(blocks, &nr, &slowest);
	mem = pin_map(LEN, MAP_PRIVATE, false);
	ASSERT_NE(NULL, mem);
	for (tries = 0, left = 1; left && tries < 20; tries++) {
		ASSERT_EQ(0, madvise(mem, LEN, MADV_PAGEOUT));
		left = pin_count_present(mem, LEN);
	}
	TH_LOG("%ld pages are not swapped out", left);
	EXPECT_GT(LEN / PIN_PAGE / 4, left);

	/* Some are read again: they are in the swap cache, perhaps as movable ones */
	for (i = 0; i < LEN; i += 64 * PIN_PAGE)
		bad += *(size_t *)(mem + i) != i + 1;
	fd = pin_start(PIN_URING, mem, LEN);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pin_count_movable(mem, LEN));
	EXPECT_EQ(0, bad + pin_wrong(mem, LEN));

	/* No block is kept that went without the pin */
	kept = pin_cycle_blocks(blocks, &nr, &slowest);
	TH_LOG("%ld blocks, the slowest took %.1f s, %ld did not go", nr, slowest, kept);
	EXPECT_EQ(0, kept);
	EXPECT_EQ(0, pin_count_movable(mem, LEN) + pin_wrong(mem, LEN));
	close(fd);
	munmap(mem, LEN);
}

TEST_HARNESS_MAIN
