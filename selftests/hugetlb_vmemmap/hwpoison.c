// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad memory in huge pages.  One page of 4 KiB is lost for each error, no more;
 * it is the one that was named, and nobody gets it again.
 *
 * What is poisoned is taken back into use at the end.
 */
#include "kselftest_harness.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "util.h"

#define PAGES	8L

/* Free memory is not exactly what it was, but 2 MiB are told from 4 KiB */
#define NOISE_KB 1024L

/* Head, first frame, its last struct page, first and last shared one, between */
static const int indices[] = { 0, 1, 5, 6, 63, 64, 300, 511 };

FIXTURE(hwpoison) {
	const char *missing;
};

FIXTURE_SETUP(hwpoison)
{
	hv_reset();
	self->missing = hv_lacks(HV_NEED_KPAGE);
	if (!self->missing)
		self->missing = hv_lacks_poison();
	if (!self->missing && !hv_has_sysctl())
		self->missing = "the kernel loses more than 4 KiB without the optimization";
}

FIXTURE_TEARDOWN(hwpoison)
{
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

static bool has_flag(unsigned long pfn, int kpf)
{
	__u64 flags = 0;

	return !hv_kpageflags(pfn, 1, &flags) && (flags & hv_bit(kpf));
}

static bool poisoned(unsigned long pfn)
{
	return has_flag(pfn, KPF_HWPOISON);
}

/* How many of the pages that belonged to a huge page are flagged */
static int nr_poisoned(unsigned long head)
{
	__u64 flags[HV_NR];
	int i, nr = 0;

	if (hv_kpageflags(head, HV_NR, flags))
		return -1;
	for (i = 0; i < HV_NR; i++)
		nr += !!(flags[i] & hv_bit(KPF_HWPOISON));
	return nr;
}

/*
 * The pool is empty.  Of the memory that @head was, the pages @bad are flagged and
 * lost, and the rest is in use again: when the pool takes some of the memory that
 * was freed last, and for one of the pages all it can get.
 */
static void check_lost(struct __test_metadata *_metadata, unsigned long head,
		       const int *bad, int nr, long before_kb)
{
	unsigned long *heads;
	long i, got;

	EXPECT_EQ(nr, nr_poisoned(head));
	for (i = 0; i < nr; i++)
		EXPECT_TRUE(poisoned(head + bad[i]))
			TH_LOG("page %d is not flagged", bad[i]);

	got = hv_resize(bad[0] == 300 || hv_room() < 64 ? hv_room() : 64);
	ASSERT_LT(0, got);
	heads = calloc(got, sizeof(*heads));
	ASSERT_NE(NULL, heads);
	got = hv_heads(heads, got);
	for (i = 0; i < got; i++)
		EXPECT_NE(head, heads[i])
			TH_LOG("bad memory is in the pool again");
	free(heads);
	hv_resize(0);
	EXPECT_LT(before_kb - hv_free_kb(), NOISE_KB);

	for (i = 0; i < nr; i++)
		hv_write_long(HV_UNPOISON, head + bad[i]);
	EXPECT_EQ(0, nr_poisoned(head));
}

/* Empty pool, switch set; free memory, which tells what is lost later */
static long prepare(int on)
{
	hv_resize(0);
	hv_set_sysctl(on);
	return hv_free_kb();
}

/* A page that is free, in the pool or after the pool is gone */
static void unused(struct __test_metadata *_metadata, bool in_pool)
{
	unsigned long heads[PAGES], pfn;
	unsigned int i;
	long before;
	int on;

	for (on = 0; on <= 1; on++) {
		for (i = 0; i < ARRAY_SIZE(indices); i++) {
			before = prepare(on);
			ASSERT_EQ(PAGES, hv_resize(PAGES));
			ASSERT_EQ(PAGES, hv_heads(heads, PAGES));
			if (!in_pool)
				hv_resize(0);
			pfn = heads[3] + indices[i];
			EXPECT_EQ(0, hv_poison(pfn));
			if (in_pool) {
				/* Taken apart at once: the others remain */
				EXPECT_EQ(PAGES - 1, hv_pool("nr_hugepages"));
			} else {
				EXPECT_FALSE(has_flag(pfn, KPF_BUDDY))
					TH_LOG("page %d is still free",
					       indices[i]);
			}
			hv_resize(0);
			check_lost(_metadata, heads[3], &indices[i], 1, before);
		}
	}
}

TEST_F_TIMEOUT(hwpoison, free_in_pool, HV_TIMEOUT)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	unused(_metadata, true);
}

/* A free page that is reserved stays in the pool, with all that is known of it. */
TEST_F_TIMEOUT(hwpoison, reserved_in_pool, HV_TIMEOUT)
{
	static const int bad[] = { 0, 7, 300, 511 };
	unsigned long head;
	long before;
	char *addr;
	int on, i;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	for (on = 0; on <= 1; on++) {
		before = prepare(on);
		ASSERT_EQ(1, hv_resize(1));
		ASSERT_EQ(1, hv_heads(&head, 1));
		addr = mmap(NULL, HV_HUGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		ASSERT_NE(MAP_FAILED, addr);
		for (i = ARRAY_SIZE(bad) - 1; i >= 0; i--)
			EXPECT_EQ(0, hv_poison(head + bad[i]));
		EXPECT_EQ(1, hv_pool("nr_hugepages"));
		munmap(addr, HV_HUGE);
		EXPECT_EQ(0, hv_resize(0));
		check_lost(_metadata, head, bad, ARRAY_SIZE(bad), before);
	}
}

/*
 * An ordinary page of the pool that has bad memory in it, and stays as it is
 * reserved: later, nobody optimizes it by hand, and it is released like others.
 */
TEST_F_TIMEOUT(hwpoison, not_optimized, HV_TIMEOUT)
{
	const char *file = HV_POOL "optimize_free_hugepages";
	static const int bad[] = { 300 };
	unsigned long heads[PAGES];
	long before, optimized;
	char *addr;

	if (!self->missing && hv_lacks(HV_NEED_MAP))
		self->missing = hv_lacks(HV_NEED_MAP);
	if (self->missing)
		SKIP(return, "%s", self->missing);
	before = prepare(0);
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	ASSERT_EQ(PAGES, hv_heads(heads, PAGES));
	addr = mmap(NULL, PAGES * HV_HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, addr);
	EXPECT_EQ(0, hv_poison(heads[3] + bad[0]));
	EXPECT_EQ(PAGES, hv_pool("nr_hugepages"));
	munmap(addr, PAGES * HV_HUGE);
	EXPECT_EQ(PAGES, hv_pool("free_hugepages"));

	optimized = hv_counted("optimize");
	EXPECT_EQ(0, hv_write_long(file, PAGES));
	EXPECT_EQ(HV_OWN, hv_state(heads[3]));
	EXPECT_EQ(PAGES - 1, hv_count_state(heads, PAGES, HV_SHARED));
	EXPECT_EQ(PAGES - 1, hv_pool("optimized_hugepages"));
	/* With CONFIG_VM_EVENT_COUNTERS */
	if (optimized >= 0)
		EXPECT_EQ(optimized + PAGES - 1, hv_counted("optimize"));
	/* Again, when there is no other */
	EXPECT_EQ(0, hv_write_long(file, PAGES));
	EXPECT_EQ(HV_OWN, hv_state(heads[3]));
	EXPECT_EQ(0, hv_resize(0));
	check_lost(_metadata, heads[3], bad, 1, before);
}

#define MANY	32L	/* more than are done without an ordinary grace period */

/* Which of the pages somebody holds who is not its user; its index, or -1 */
static int taken_out(const unsigned long *heads, long nr)
{
	struct hv_raw raw;
	long i;

	for (i = 0; i < nr; i++)
		if (!hv_raw_pages(heads[i], 1, &raw) && raw.refcount == 1)
			return i;
	return -1;
}

/*
 * While free pages are being optimized by hand, which waits for a grace period, one
 * of them goes bad.  It is not optimized, and it does not return to the pool.
 */
TEST_F_TIMEOUT(hwpoison, while_optimized, HV_TIMEOUT)
{
	unsigned long heads[MANY];
	long before, poisoned, tries;
	int bad = 300, victim = -1, status;
	pid_t pid;

	if (!self->missing)
		self->missing = hv_lacks(HV_NEED_RAW);
	if (!self->missing && hv_counted("optimize_poison") < 0)
		self->missing = "needs CONFIG_VM_EVENT_COUNTERS";
	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (tries = 0; tries < 20; tries++) {
		before = prepare(0);
		poisoned = hv_counted("optimize_poison");
		ASSERT_EQ(MANY, hv_resize(MANY));
		ASSERT_EQ(MANY, hv_heads(heads, MANY));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(!!hv_write_long(HV_POOL "optimize_free_hugepages",
					      MANY));
		do {
			victim = taken_out(heads, MANY);
		} while (victim < 0 && !waitpid(pid, &status, WNOHANG));
		if (victim >= 0) {
			/* It may be told that somebody has it */
			hv_poison(heads[victim] + bad);
			waitpid(pid, &status, 0);
			if (hv_counted("optimize_poison") != poisoned)
				break;
		}
		/* It was too late for this time */
		hv_resize(0);
		hv_unpoison_all();
	}
	ASSERT_GT(20, tries);
	TH_LOG("page %d went bad in time at try %ld", victim, tries);
	EXPECT_EQ(0, status);
	EXPECT_EQ(poisoned + 1, hv_counted("optimize_poison"));
	EXPECT_EQ(MANY - 1, hv_resize(MANY - 1));
	EXPECT_EQ(MANY - 1, hv_pool("optimized_hugepages"));
	hv_resize(0);
	check_lost(_metadata, heads[victim], &bad, 1, before);
}

static void used(struct __test_metadata *_metadata, bool file)
{
	unsigned long head;
	unsigned int i;
	long before;
	char *addr;
	int on, fd;

	for (on = 0; on <= 1; on++) {
		for (i = 0; i < ARRAY_SIZE(indices); i++) {
			before = prepare(on);
			ASSERT_EQ(2, hv_resize(2));
			fd = -1;
			if (file) {
				fd = memfd_create("huge", MFD_HUGETLB);
				ASSERT_LE(0, fd);
				ASSERT_EQ(0, ftruncate(fd, HV_HUGE));
			}
			addr = mmap(NULL, HV_HUGE, PROT_READ | PROT_WRITE,
				    file ? MAP_SHARED : MAP_PRIVATE |
				    MAP_ANONYMOUS | MAP_HUGETLB, fd, 0);
			ASSERT_NE(MAP_FAILED, addr);
			memset(addr, 0x5a, HV_HUGE);
			head = hv_pfn(addr);
			ASSERT_NE(0, head);
			EXPECT_EQ(0, hv_poison(head + indices[i]));
			munmap(addr, HV_HUGE);
			if (file)
				close(fd);
			EXPECT_EQ(1, hv_pool("nr_hugepages"));
			hv_resize(0);
			check_lost(_metadata, head, &indices[i], 1, before);
		}
	}
}

TEST_F_TIMEOUT(hwpoison, used_privately, HV_TIMEOUT)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	used(_metadata, false);
}

TEST_F_TIMEOUT(hwpoison, used_as_file, HV_TIMEOUT)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	used(_metadata, true);
}

/*
 * Free memory that no huge page has yet: the page leaves the free lists, and the
 * pool grows around it.
 */
TEST_F_TIMEOUT(hwpoison, free_memory, HV_TIMEOUT)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	unused(_metadata, false);
}

TEST_HARNESS_MAIN
