// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of 1 GiB in CMA memory, which has to remain movable: optimized or left alone
 * as vm.hugetlb_optimize_vmemmap_movable says, and never made memory map of.
 *
 * Needs an area for them: boot with hugetlb_cma=1G.
 */
#include "kselftest_harness.h"
#include "gigantic.h"

#define SYSCTL	"/proc/sys/vm/hugetlb_optimize_vmemmap_movable"
#define GIG_KB	(1L << 20)

/* What the rest of the system does meanwhile */
#define NOISE_KB 1024L
/* Others may have some of an area while nobody needs it, as free lists of CPUs */
#define AREA_NOISE_KB 8192L

static long free_cma_kb(void)
{
	hv_read_long("/proc/sys/vm/stat_refresh");
	return hv_named_value("/proc/vmstat", "nr_free_cma") *
	       (long)(HV_SMALL / 1024);
}

FIXTURE(gigantic_cma) {
	const char *missing;
	long free_kb, cma_kb;
	long optimized, left_alone, restored, nomem, donated;
};

FIXTURE_VARIANT(gigantic_cma) {
	long allowed;
};

FIXTURE_VARIANT_ADD(gigantic_cma, allowed) {
	.allowed = 1,
};

FIXTURE_VARIANT_ADD(gigantic_cma, forbidden) {
	.allowed = 0,
};

FIXTURE_SETUP(gigantic_cma)
{
	hv_reset();
	self->missing = lacks(true);
	if (!self->missing)
		self->missing = hv_lacks(HV_NEED_KPAGE | HV_NEED_MAP);
	if (!self->missing && hv_named_value("/proc/meminfo", "CmaTotal") < GIG_KB)
		self->missing = "needs an area for pages of 1 GiB, as by hugetlb_cma=1G";
	if (!self->missing && hv_counted("optimize") < 0)
		self->missing = "needs CONFIG_VM_EVENT_COUNTERS";
	if (self->missing)
		return;
	ASSERT_EQ(0, hv_write_long(SYSCTL, variant->allowed));
	self->free_kb = hv_free_kb();
	self->cma_kb = free_cma_kb();
	self->optimized = hv_counted("optimize");
	self->left_alone = hv_counted("optimize_movable");
	self->restored = hv_counted("restore");
	self->nomem = hv_counted("restore_nomem");
	self->donated = hv_counted("donate");
}

/* All memory is back, and in the area */
FIXTURE_TEARDOWN(gigantic_cma)
{
	EXPECT_EQ(0, resize(0));
	if (!self->missing) {
		EXPECT_LE(self->free_kb - hv_free_kb(), NOISE_KB);
		EXPECT_LE(self->cma_kb - free_cma_kb(), AREA_NOISE_KB)
			TH_LOG("%ld of %ld KiB are free in areas", free_cma_kb(),
			       self->cma_kb);
		EXPECT_EQ(self->donated, hv_counted("donate"));
		hv_write_long(SYSCTL, 1);
	}
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/* From the area, and as the policy wants it */
static void make(struct __test_metadata *_metadata, long allowed,
		 unsigned long *head)
{
	long before = free_cma_kb();

	ASSERT_EQ(1, resize(1));
	EXPECT_LE(GIG_KB - AREA_NOISE_KB, before - free_cma_kb());
	*head = find_head();
	ASSERT_NE(0, *head);
	EXPECT_EQ(allowed ? HV_SHARED : HV_OWN, hv_state(*head));
	EXPECT_EQ(allowed, hv_read_long(GIG_POOL "optimized_hugepages"));
	EXPECT_EQ(allowed * GIG_SAVED,
		  hv_read_long(GIG_POOL "vmemmap_saved_bytes"));
}

TEST_F_TIMEOUT(gigantic_cma, policy, HV_TIMEOUT)
{
	unsigned long head;
	long kb;
	int round;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (round = 1; round <= 2; round++) {
		kb = hv_free_kb();
		make(_metadata, variant->allowed, &head);
		kb -= hv_free_kb();
		TH_LOG("round %d: took %ld KiB", round, kb);
		EXPECT_GE(NOISE_KB, labs(kb - GIG_KB +
					 variant->allowed * GIG_SAVED / 1024));
		EXPECT_EQ(self->optimized + variant->allowed * round,
			  hv_counted("optimize"));
		EXPECT_EQ(self->left_alone + !variant->allowed * round,
			  hv_counted("optimize_movable"));
		ASSERT_EQ(0, resize(0));
		EXPECT_EQ(HV_OWN, hv_state(head));
		EXPECT_EQ(self->restored + variant->allowed * round,
			  hv_counted("restore"));
	}
	EXPECT_EQ(self->nomem, hv_counted("restore_nomem"));
}

/* What policy left alone stays so when somebody asks for it by hand */
TEST_F_TIMEOUT(gigantic_cma, on_demand, HV_TIMEOUT)
{
	const char *file = GIG_POOL "optimize_free_hugepages";

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, hv_set_sysctl(0));
	ASSERT_EQ(1, resize(1));
	EXPECT_EQ(variant->allowed ? 0 : -ENOMEM, hv_write_long(file, 1));
	EXPECT_EQ(variant->allowed, hv_read_long(GIG_POOL "optimized_hugepages"));
	EXPECT_EQ(self->left_alone + !variant->allowed,
		  hv_counted("optimize_movable"));
}

/* One that needs memory to be released waits for it; one that does not goes */
TEST_F_TIMEOUT(gigantic_cma, release_without_memory, HV_TIMEOUT)
{
	const char *missing = self->missing ? self->missing :
					      hv_lacks_injection();
	unsigned long head;
	long left, failures;

	if (missing)
		SKIP(return, "%s", missing);
	make(_metadata, variant->allowed, &head);
	left = hv_resize_failing(POOL, 0, 100, &failures);
	TH_LOG("%ld left, %ld failed allocations", left, failures);
	EXPECT_EQ(variant->allowed, left);
	EXPECT_EQ(left, hv_read_long(GIG_POOL "free_hugepages"));
	EXPECT_EQ(left, hv_read_long(GIG_POOL "optimized_hugepages"));
	EXPECT_EQ(self->nomem + left, hv_counted("restore_nomem"));
	EXPECT_EQ(left ? HV_SHARED : HV_OWN, hv_state(head));
	ASSERT_EQ(0, resize(0));
	EXPECT_EQ(HV_OWN, hv_state(head));
	EXPECT_EQ(self->restored + left, hv_counted("restore"));
}

TEST_HARNESS_MAIN
