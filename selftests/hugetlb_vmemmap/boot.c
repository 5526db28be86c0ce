// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pool of 2 MiB pages that boot made is like one that is made later: its pages
 * are as the switch says, and all of their memory is there when they go.
 *
 * Needs such a pool, that nobody has used: boot with hugepages=64.
 */
#include "kselftest_harness.h"
#include "util.h"

#define MAX	4096L

FIXTURE(boot) {
	const char *missing;
	long nr;
	enum hv_state state;
	unsigned long heads[MAX];
};

/* No hv_reset(): it would empty the pool */
FIXTURE_SETUP(boot)
{
	self->missing = hv_lacks(HV_NEED_KPAGE | HV_NEED_MAP);
	self->nr = hv_pool("nr_hugepages");
	if (!self->missing && (self->nr < 1 || self->nr > MAX))
		self->missing = "needs a pool made by boot, as with hugepages=64";
	self->state = hv_sysctl() == 1 ? HV_SHARED : HV_OWN;
}

/* Of the whole log: what boot complained about, too */
FIXTURE_TEARDOWN(boot)
{
	if (!self->missing)
		HV_EXPECT_NO_COMPLAINT();
}

TEST_F_TIMEOUT(boot, pages, HV_TIMEOUT)
{
	const __u64 kind = hv_bit(KPF_HUGE) | hv_bit(KPF_COMPOUND_HEAD) |
			   hv_bit(KPF_COMPOUND_TAIL);
	__u64 flags[HV_NR], want;
	long i, wrong = 0;
	int k;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(self->nr, hv_pool("free_hugepages"));
	ASSERT_EQ(self->nr, hv_heads(self->heads, MAX));
	EXPECT_EQ(self->nr, hv_count_state(self->heads, self->nr, self->state));
	if (hv_has_sysctl())
		EXPECT_EQ(self->state == HV_SHARED ? self->nr : 0,
			  hv_pool("optimized_hugepages"));

	for (i = 0; i < self->nr; i++) {
		ASSERT_EQ(0, hv_kpageflags(self->heads[i], HV_NR, flags));
		for (k = 0; k < HV_NR; k++) {
			want = hv_bit(KPF_HUGE) |
			       hv_bit(k ? KPF_COMPOUND_TAIL : KPF_COMPOUND_HEAD);
			wrong += (flags[k] & kind) != want;
		}
	}
	EXPECT_EQ(0, wrong)
		TH_LOG("%ld struct pages say something else", wrong);
}

/* Last, as it takes the pool away: its memory, and the memory map boot gave it */
TEST_F_TIMEOUT(boot, release, HV_TIMEOUT)
{
	long kb = self->state == HV_SHARED ? 2020 : 2048;
	long total, before, freed;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(self->nr, hv_heads(self->heads, MAX));
	hv_free_kb();
	total = hv_named_value("/proc/meminfo", "MemTotal");
	before = hv_free_kb();
	ASSERT_EQ(0, hv_resize(0));
	freed = hv_free_kb() - before;
	TH_LOG("%ld pages were %ld KiB each, and %ld KiB", self->nr,
	       freed / self->nr, freed % self->nr);
	/* Half of the smallest mistake that can be made with each page */
	EXPECT_LE(self->nr * (kb - 2), freed);
	EXPECT_GE(self->nr * (kb + 2), freed);
	EXPECT_EQ(self->nr, hv_count_state(self->heads, self->nr, HV_OWN));
	EXPECT_EQ(total, hv_named_value("/proc/meminfo", "MemTotal"));

	ASSERT_EQ(self->nr, hv_resize(self->nr));
	ASSERT_EQ(self->nr, hv_heads(self->heads, MAX));
	EXPECT_EQ(self->nr, hv_count_state(self->heads, self->nr, self->state));
	ASSERT_EQ(0, hv_resize(0));
	EXPECT_LE(before + freed - hv_free_kb(), 1024);
}

TEST_HARNESS_MAIN
