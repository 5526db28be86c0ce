// SPDX-License-Identifier: GPL-2.0-only
/*
 * More is to be pinned than fits outside of ZONE_MOVABLE, which has plenty of room: the
 * pin fails with ENOMEM, in time, and nobody is killed for it.
 */
#include "kselftest_harness.h"
#include <sys/mman.h>
#include "pin.h"

#define MIB	(1UL << 20)
#define PIECE	(16 * MIB)
#define PIECES	4096

FIXTURE(pressure) {
	const char *missing;
	long held, oom_kills, free_kb;
};

FIXTURE_VARIANT(pressure) {
	bool touched;
	enum pinner who;
	bool thp;
};

/* What is there has to move, what is not is made where it can stay */
FIXTURE_VARIANT_ADD(pressure, touched) {
	.touched = true,
	.who = PIN_URING,
};

FIXTURE_VARIANT_ADD(pressure, untouched) {
	.who = PIN_URING,
};

/* There is no huge page to move to in the end, and then no page at all */
FIXTURE_VARIANT_ADD(pressure, thp) {
	.touched = true,
	.who = PIN_URING,
	.thp = true,
};

FIXTURE_VARIANT_ADD(pressure, touched_fast) {
	.touched = true,
	.who = PIN_GUP_FAST,
};

FIXTURE_SETUP(pressure)
{
	hv_reset();
	self->missing = pin_lacks_movable(512);
	if (!self->missing)
		self->missing = pin_lacks(variant->who);
	self->held = pin_held();
	self->oom_kills = pin_vmstat("oom_kill");
	self->free_kb = hv_free_kb();
}

FIXTURE_TEARDOWN(pressure)
{
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
	EXPECT_EQ(self->oom_kills, pin_vmstat("oom_kill"));
	EXPECT_LE(self->free_kb - hv_free_kb(), 16384);
	hv_reset();
}

/* Pins until that fails: the error, and for how long the last one took */
static int pin_all(bool touched, bool thp, enum pinner who, long *pieces,
		   double *took)
{
	static char *addrs[PIECES];
	static int fds[PIECES];
	double begin = 0;
	long nr, i;
	int ret = 0;
	size_t off;

	for (nr = 0; nr < PIECES; nr++) {
		addrs[nr] = mmap(NULL, PIECE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (addrs[nr] == MAP_FAILED)
			break;
		if (thp)
			pin_want_thp(addrs[nr], PIECE);
		else
			madvise(addrs[nr], PIECE, MADV_NOHUGEPAGE);
		for (off = 0; touched && off < PIECE; off += PIN_PAGE)
			addrs[nr][off] = 1;
		begin = pin_now();
		fds[nr] = pin_start(who, addrs[nr], PIECE);
		if (fds[nr] < 0) {
			ret = fds[nr];
			*took = pin_now() - begin;
			munmap(addrs[nr], PIECE);
			break;
		}
	}
	*pieces = nr;
	for (i = 0; i < nr; i++) {
		close(fds[i]);
		munmap(addrs[i], PIECE);
	}
	return ret;
}

TEST_F_TIMEOUT(pressure, exhausted, HV_TIMEOUT)
{
	double took = 0;
	long pieces = 0;
	int ret;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ret = pin_all(variant->touched, variant->thp, variant->who, &pieces,
		      &took);
	TH_LOG("%ld MiB, then %d after %.1f s", pieces * 16, ret, took);
	EXPECT_EQ(-ENOMEM, ret);
	EXPECT_GT(30, took);
	EXPECT_LT(0, pieces);
}

TEST_HARNESS_MAIN
