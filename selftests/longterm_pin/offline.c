// SPDX-License-Identifier: GPL-2.0-only
/*
 * With memory of several kinds pinned, every movable memory block goes offline, each
 * within a time; what is pinned stays what and where it was.
 */
#include "kselftest_harness.h"
#include <sys/mman.h>
#include "pin.h"

#define MIB	(1UL << 20)
#define LEN	(64 * MIB)
#define SECONDS	15

FIXTURE(offline) {
	const char *missing;
	long held;
};

FIXTURE_SETUP(offline)
{
	hv_reset();
	self->missing = pin_lacks_movable(256);
	if (!self->missing)
		self->missing = pin_lacks(PIN_URING);
	if (!self->missing && access(HV_MEMORY "block_size_bytes", F_OK))
		self->missing = "needs CONFIG_MEMORY_HOTREMOVE";
	self->held = pin_held();
}

FIXTURE_TEARDOWN(offline)
{
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

/*
 * Offline and online each of @nr blocks.  Returns how many did not go in time; @blocks
 * and @nr are those that did.
 */
static long cycle(unsigned long *blocks, long *nr, double *slowest)
{
	long i, bad, went = 0;

	for (i = 0; i < *nr; i++) {
		double begin = pin_now(), took;

		if (hv_set_block(blocks[i], "offline", SECONDS))
			continue;
		took = pin_now() - begin;
		if (took > *slowest)
			*slowest = took;
		hv_set_block(blocks[i], "online_movable", SECONDS);
		blocks[went++] = blocks[i];
	}
	bad = *nr - went;
	*nr = went;
	return bad;
}

TEST_F_TIMEOUT(offline, all_blocks, HV_TIMEOUT)
{
	unsigned long blocks[1024], before[64];
	char *mem[3] = {};
	double slowest = 0;
	int fds[3], i, j;
	long nr, bad;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	/* What was allocated at boot keeps its block from ever going */
	nr = pin_movable_blocks(blocks, 1024);
	bad = cycle(blocks, &nr, &slowest);
	TH_LOG("%ld blocks without pins, the slowest took %.1f s, %ld never go",
	       nr, slowest, bad);
	ASSERT_LT(0, nr);

	mem[0] = pin_map(LEN, MAP_PRIVATE, false);
	mem[1] = pin_map(LEN, MAP_PRIVATE, true);
	ASSERT_EQ(8, hv_resize(8));
	mem[2] = hv_map(8);
	ASSERT_NE(NULL, mem[0]);
	ASSERT_NE(NULL, mem[1]);
	ASSERT_NE(MAP_FAILED, mem[2]);
	for (i = 0; i < 3; i++) {
		size_t len = i == 2 ? 8 * HV_HUGE : LEN;

		EXPECT_LT(0, pin_count_movable(mem[i], len));
		fds[i] = pin_start(PIN_URING, mem[i], len);
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(0, pin_count_movable(mem[i], len));
	}
	for (j = 0; j < 64; j++)
		before[j] = hv_pfn(mem[0] + j * MIB);

	slowest = 0;
	bad = cycle(blocks, &nr, &slowest);
	TH_LOG("%ld blocks, the slowest took %.1f s, %ld did not go", nr,
	       slowest, bad);
	EXPECT_EQ(0, bad);

	for (j = 0; j < 64; j++)
		EXPECT_EQ(before[j], hv_pfn(mem[0] + j * MIB));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, pin_wrong(mem[i], LEN));
	for (i = 0; i < 3; i++)
		close(fds[i]);
	munmap(mem[0], LEN);
	munmap(mem[1], LEN);
	munmap(mem[2], 8 * HV_HUGE);
}

TEST_HARNESS_MAIN
