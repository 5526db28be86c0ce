// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens when the kernel gets no memory for its part: fail_page_alloc
 * fails every page allocation of a task but those for users, which huge pages
 * are, while the pool shrinks or grows.
 */
#include "kselftest_harness.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include "util.h"

#define PAGES	128L

static long resize_failing(long nr, long percent, long *failures)
{
	return hv_resize_failing(HV_POOL "nr_hugepages", nr, percent, failures);
}

/*
 * Can a page give memory of its own for its memory map, and so always go?  Not
 * where memory has to remain movable.
 */
static bool pages_can_donate(void)
{
	struct hv_zone zones[64];
	bool movable = false;
	int nr;

	if (hv_named_value("/proc/vmstat", "htlb_vmemmap_donate") < 0 ||
	    hv_named_value("/proc/meminfo", "CmaTotal") > 0)
		return false;
	for (nr = hv_movable_zones(zones, 64); nr > 0; nr--)
		movable |= zones[nr - 1].managed;
	return !movable;
}

FIXTURE(failure) {
	const char *missing;
	bool can_see;
	long before;
	unsigned long heads[PAGES];
};

FIXTURE_SETUP(failure)
{
	hv_reset();
	self->missing = hv_lacks(HV_NEED_SYSCTL);
	if (!self->missing)
		self->missing = hv_lacks_injection();
	self->can_see = !hv_lacks(HV_NEED_KPAGE | HV_NEED_MAP);
	self->before = hv_free_kb();
}

FIXTURE_TEARDOWN(failure)
{
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/* Pages can be mapped, written and read */
static bool work(long nr)
{
	char *addr;
	bool good = true;
	long i;

	if (!nr)
		return true;
	addr = hv_map(nr);
	if (addr == MAP_FAILED)
		return false;
	for (i = 0; i < nr; i++)
		memset(addr + i * HV_HUGE, i, HV_HUGE);
	for (i = 0; i < nr; i++)
		good &= addr[i * HV_HUGE + 12345] == (char)i;
	munmap(addr, nr * HV_HUGE);
	return good;
}

/*
 * First of all tests: on a machine where nothing was optimized so far, there is
 * neither a page table nor a shared frame for it, and none to be had.
 */
TEST_F_TIMEOUT(failure, grow_without_memory, HV_TIMEOUT)
{
	static unsigned long heads[8192];
	long nr, want, failures, own, shared;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	want = hv_room() < 8192 ? hv_room() : 8192;
	nr = resize_failing(want, 100, &failures);
	TH_LOG("%ld of %ld pages with %ld failed allocations", nr, want,
	       failures);
	ASSERT_GE(nr, want / 2);
	EXPECT_EQ(nr, hv_pool("free_hugepages"));
	if (self->can_see) {
		ASSERT_EQ(nr, hv_heads(heads, nr));
		own = hv_count_state(heads, nr, HV_OWN);
		shared = hv_count_state(heads, nr, HV_SHARED);
		TH_LOG("%ld as they were, %ld optimized", own, shared);
		EXPECT_EQ(nr, own + shared);
		/* What failed can only have been for pages that stayed */
		if (failures)
			EXPECT_GT(own, 0);
	}
	EXPECT_TRUE(work(nr < PAGES ? nr : PAGES));
	ASSERT_EQ(0, hv_resize(0));
	if (self->can_see)
		EXPECT_EQ(nr, hv_count_state(heads, nr, HV_OWN));
	EXPECT_LE(self->before - hv_free_kb(), 1024);

	/* And the pool is optimized when there is memory */
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	if (self->can_see) {
		ASSERT_EQ(PAGES, hv_heads(heads, PAGES));
		EXPECT_EQ(PAGES, hv_count_state(heads, PAGES, HV_SHARED));
	}
}

/*
 * Pages that cannot get their memory map back stay, whole and usable, and
 * nr_hugepages says how many; they go when asked for again.
 */
TEST_F_TIMEOUT(failure, release_without_memory, HV_TIMEOUT)
{
	long left, failures;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	if (self->can_see) {
		ASSERT_EQ(PAGES, hv_heads(self->heads, PAGES));
		ASSERT_EQ(PAGES, hv_count_state(self->heads, PAGES, HV_SHARED));
	}

	left = resize_failing(0, 100, &failures);
	TH_LOG("%ld of %ld pages stayed after %ld failed allocations", left,
	       PAGES, failures);
	ASSERT_GE(left, 0);
	ASSERT_GT(failures, 0)
		TH_LOG("no allocation failed: this proves nothing");
	if (pages_can_donate())
		EXPECT_EQ(0, left);
	EXPECT_EQ(left, hv_pool("free_hugepages"));
	EXPECT_EQ(0, hv_pool("surplus_hugepages"));
	if (self->can_see) {
		EXPECT_EQ(0, hv_count_state(self->heads, PAGES, HV_BROKEN));
		EXPECT_EQ(left, hv_heads(self->heads, 0));
	}
	EXPECT_TRUE(work(left));

	/* The pool goes on from what it has */
	ASSERT_EQ(left + 1, hv_resize(left + 1));
	ASSERT_EQ(0, hv_resize(0));
	if (self->can_see)
		EXPECT_EQ(PAGES, hv_count_state(self->heads, PAGES, HV_OWN));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

/* Again and again: what pages give of their own is not lost */
TEST_F_TIMEOUT(failure, cycles_without_memory, HV_TIMEOUT)
{
	long left, failures, i, after_first = 0;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (!pages_can_donate())
		SKIP(return, "needs pages that can give memory of their own, and no movable or CMA memory");
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(PAGES, hv_resize(PAGES));
		left = resize_failing(0, 100, &failures);
		ASSERT_EQ(0, left)
			TH_LOG("cycle %ld", i);
		if (!i)
			after_first = hv_free_kb();
	}
	TH_LOG("%ld KiB less free after %ld more cycles",
	       after_first - hv_free_kb(), i - 1);
	EXPECT_LE(after_first - hv_free_kb(), 1024);
}

/* Some allocations fail, at every step once. */
TEST_F_TIMEOUT(failure, release_with_little_memory, HV_TIMEOUT)
{
	static const long percents[] = { 3, 10, 30, 60 };
	unsigned int i;
	long left, failures;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (i = 0; i < ARRAY_SIZE(percents); i++) {
		ASSERT_EQ(PAGES, hv_resize(PAGES));
		if (self->can_see)
			ASSERT_EQ(PAGES, hv_heads(self->heads, PAGES));
		left = resize_failing(0, percents[i], &failures);
		TH_LOG("%ld of %ld pages stayed after %ld failed allocations (%ld %%)",
		       left, PAGES, failures, percents[i]);
		ASSERT_GE(left, 0);
		ASSERT_GT(failures, 0);
		EXPECT_EQ(left, hv_pool("free_hugepages"));
		if (self->can_see) {
			EXPECT_EQ(0, hv_count_state(self->heads, PAGES,
						    HV_BROKEN));
			EXPECT_EQ(left, hv_heads(self->heads, 0));
		}
		ASSERT_EQ(0, hv_resize(0));
		EXPECT_LE(self->before - hv_free_kb(), 1024);
	}
}

/* Mark the kernel's workers, which free what must not sleep where it is. */
static void mark_workers(bool on)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[64], comm[32];

	while (proc && (entry = readdir(proc))) {
		if (!isdigit(entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/comm", entry->d_name);
		if (hv_read_text(path, comm, sizeof(comm)) <= 0 ||
		    strncmp(comm, "kworker/", 8))
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/make-it-fail",
			 entry->d_name);
		hv_write_text(path, on ? "1" : "0");
	}
	if (proc)
		closedir(proc);
}

/*
 * Surplus pages that cannot be released remain surplus pages, free and counted.
 */
TEST_F_TIMEOUT(failure, surplus_without_memory, HV_TIMEOUT)
{
	long failures, left, i;
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, hv_set_pool("nr_overcommit_hugepages", PAGES));
	addr = hv_map(PAGES);
	ASSERT_NE(MAP_FAILED, addr);
	ASSERT_EQ(PAGES, hv_pool("surplus_hugepages"));
	for (i = 0; self->can_see && i < PAGES; i++)
		self->heads[i] = hv_pfn(addr + i * HV_HUGE);

	mark_workers(true);
	hv_inject(100);
	ASSERT_EQ(0, munmap(addr, PAGES * HV_HUGE));
	usleep(500 * 1000);
	failures = hv_inject_end();
	mark_workers(false);

	left = hv_pool("nr_hugepages");
	TH_LOG("%ld of %ld pages stayed after %ld failed allocations", left,
	       PAGES, failures);
	EXPECT_EQ(left, hv_pool("surplus_hugepages"));
	EXPECT_EQ(left, hv_pool("free_hugepages"));
	if (pages_can_donate())
		EXPECT_EQ(0, left);
	if (self->can_see)
		EXPECT_EQ(0, hv_count_state(self->heads, PAGES, HV_BROKEN));
	/* Whoever uses them gives them up, now that there is memory */
	EXPECT_TRUE(work(left));
	ASSERT_EQ(0, hv_set_pool("nr_overcommit_hugepages", 0));
	/* The write waits for that; one more round with what may be left */
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	EXPECT_EQ(0, hv_pool("surplus_hugepages"));
	ASSERT_EQ(0, hv_resize(0));
	if (self->can_see)
		EXPECT_EQ(PAGES, hv_count_state(self->heads, PAGES, HV_OWN));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

TEST_HARNESS_MAIN
