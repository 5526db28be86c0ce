// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which blocks of added memory can be online when, in any order of steps; and nothing is
 * left behind when the memory is gone.
 */
#include "kselftest_harness.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "add.h"

#define SLACK_KB	1024

FIXTURE(order) {
	struct mm_range range;
	struct mm_baseline before;
	const char *missing;
	bool added;
};

FIXTURE_SETUP(order)
{
	hv_reset();
	self->added = false;
	self->missing = mm_lacks(&self->range, 8);
	if (self->missing)
		return;
	/* The first time, caches and page tables grow that stay */
	if (!mm_add(&self->range))
		mm_offline_and_remove(&self->range);
	ASSERT_EQ(0, mm_baseline(&self->before));
	ASSERT_EQ(0, mm_add(&self->range));
	self->added = true;
}

FIXTURE_TEARDOWN(order)
{
	if (self->added) {
		EXPECT_EQ(0, mm_all_offline(&self->range));
		EXPECT_EQ(0, mm_remove(&self->range));
		MM_EXPECT_AS_BEFORE(&self->before, SLACK_KB);
	}
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/* The id of the block that is to hold the map of the @nr-th of a range */
static long expected_host(const struct mm_range *range, unsigned long nr)
{
	if (!strcmp(mm_wanted(), "N"))
		return -1;
	if (!strcmp(mm_wanted(), "block"))
		return range->first + nr;
	return range->first + nr / MM_PAGES_PER_MAP_PAGE;
}

/* Where the map lies is what was asked for, in every block. */
TEST_F(order, modes)
{
	const char *mode = "system";
	unsigned long i;
	char buf[32];

	if (self->missing)
		SKIP(return, "%s", self->missing);

	if (!strcmp(mm_wanted(), "block"))
		mode = "block";
	else if (!strcmp(mm_wanted(), "Y"))
		mode = "group";
	for (i = 0; i < self->range.nr; i++) {
		unsigned long block = self->range.first + i;

		ASSERT_LT(0, mm_block_text(block, "memmap_mode", buf, sizeof(buf)));
		EXPECT_STREQ(mode, buf);
		EXPECT_EQ(expected_host(&self->range, i), mm_host(block));
	}
	/* Memory of boot has its map where boot put it */
	ASSERT_LT(0, mm_block_text(0, "memmap_mode", buf, sizeof(buf)));
	EXPECT_STREQ("system", buf);
}

/* Adding takes next to nothing from elsewhere, if the map lies in what is added. */
TEST_F(order, cost)
{
	bool hosted = strcmp(mm_wanted(), "N");
	long lost;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	lost = self->before.free_kb - hv_free_kb();
	TH_LOG("%ld KiB of other memory for %lu GiB", lost, self->range.size / MM_GIB);
	EXPECT_GE(hosted ? 1024 : LONG_MAX, lost);
	EXPECT_LT(hosted ? LONG_MIN : 100 * 1024, lost);
}

/* A block brings its host along, in the same way; the host leaves after it. */
TEST_F(order, host_first)
{
	unsigned long block = self->range.first + self->range.nr - 1;
	char zone[64];
	long host;
	int i;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	host = mm_host(block);
	if (host < 0 || (unsigned long)host == block)
		SKIP(return, "no block of this memory holds the map of others");

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, mm_is_online(host));
		ASSERT_EQ(0, mm_set(block, "online_movable"));
		EXPECT_EQ(1, mm_is_online(host));
		ASSERT_LT(0, mm_block_text(host, "valid_zones", zone, sizeof(zone)));
		EXPECT_STREQ("Movable", zone);

		EXPECT_EQ(-EBUSY, mm_set(host, "offline"));
		EXPECT_EQ(1, mm_is_online(host));
		EXPECT_EQ(0, mm_set(block, "offline"));
		EXPECT_EQ(1, mm_is_online(host));
		EXPECT_EQ(0, mm_set(host, "offline"));
	}
}

/* What is online, or but a part of what was added, stays, and nothing is touched. */
TEST_F(order, refusals)
{
	struct mm_range part = self->range;
	static struct mm_baseline before;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	ASSERT_EQ(0, mm_set(self->range.first + self->range.nr - 1, "online_movable"));
	ASSERT_EQ(0, mm_baseline(&before));
	EXPECT_EQ(-EBUSY, mm_remove(&self->range));
	EXPECT_EQ(-EEXIST, mm_add(&self->range));
	MM_EXPECT_AS_BEFORE(&before, SLACK_KB);
	EXPECT_EQ(0, mm_all_offline(&self->range));

	/* Blocks that do not share their map can be removed one by one; others cannot */
	if (strcmp(mm_wanted(), "Y"))
		return;
	part.size = part.block_size;
	EXPECT_EQ(-EINVAL, mm_remove(&part));
	part.start += self->range.size - part.size;
	EXPECT_EQ(-EINVAL, mm_remove(&part));
	EXPECT_EQ(0, mm_is_online(self->range.first));
	EXPECT_EQ(0, mm_is_online(self->range.first + self->range.nr - 1));
}

/* A block that has a map of its own, or elsewhere, comes and goes alone. */
TEST_F(order, parts)
{
	struct mm_range last = self->range, rest = self->range;
	char *mem;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (!strcmp(mm_wanted(), "Y"))
		SKIP(return, "all blocks of this memory share their map");

	last.size = last.block_size;
	last.start += rest.size - last.size;
	last.first += last.nr - 1;
	last.nr = 1;
	rest.size -= last.size;
	rest.nr--;
	ASSERT_EQ(0, mm_remove(&last));
	ASSERT_EQ(0, mm_add(&last));
	/* What is mapped beside it is mapped still */
	ASSERT_EQ(0, mm_set(last.first, "online_movable"));
	ASSERT_EQ(0, mm_set(last.first - 1, "online_movable"));
	mem = mmap(NULL, 2 * last.size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, mem);
	munmap(mem, 2 * last.size);
	ASSERT_EQ(0, mm_set(last.first - 1, "offline"));
	ASSERT_EQ(0, mm_offline_and_remove(&last));
	ASSERT_EQ(0, mm_remove(&rest));
	ASSERT_EQ(0, mm_add(&self->range));
}

/* Base pages in a pageblock, which memory that is for use begins with; 0 if nobody says so */
static unsigned long pageblock_pages(void)
{
	FILE *file = fopen("/proc/pagetypeinfo", "r");
	unsigned long pages = 0;
	char line[512];

	while (file && !pages && fgets(line, sizeof(line), file))
		sscanf(line, "Pages per block: %lu", &pages);
	if (file)
		fclose(file);
	return pages;
}

/* KiB that the memory map of a range takes of it: whole pageblocks of each host */
static unsigned long hosted_kb(const struct mm_range *range)
{
	unsigned long blocks, map, pages = 0, nr, pageblock = pageblock_pages();

	if (!strcmp(mm_wanted(), "N"))
		return 0;
	blocks = strcmp(mm_wanted(), "block") ? MM_PAGES_PER_MAP_PAGE : 1;
	map = range->block_size / HV_SMALL / MM_PAGES_PER_MAP_PAGE;
	for (nr = range->nr; nr; nr -= blocks) {
		if (blocks > nr)
			blocks = nr;
		pages += (blocks * map + pageblock - 1) / pageblock * pageblock;
	}
	return pages * (HV_SMALL / 1024);
}

/*
 * Online as a whole and gone with one call, again and again.  Movable: what is online for
 * the kernel is in use by it at once, and stays.
 */
TEST_F_TIMEOUT(order, whole, HV_TIMEOUT)
{
	unsigned long i, usable;
	const char *difference;
	long grown;
	int round;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	ASSERT_NE(0, pageblock_pages());
	usable = self->range.size / 1024 - hosted_kb(&self->range);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < self->range.nr; i++)
			ASSERT_EQ(0, mm_set(self->range.first + i,
					    "online_movable"));
		/* All that is not map is for use */
		grown = hv_named_value("/proc/meminfo", "MemTotal") -
			self->before.total_kb;
		EXPECT_EQ(usable, grown);
		ASSERT_EQ(0, mm_offline_and_remove(&self->range));
		difference = mm_differs(&self->before, SLACK_KB);
		EXPECT_EQ(NULL, difference)
			TH_LOG("round %d: not as before: %s", round, difference);
		ASSERT_EQ(0, mm_add(&self->range));
	}
}

static void ring(int signal)
{
}

/*
 * A child that sends SIGALRM when a block is offline, and a second more has gone by. It
 * fails, and sends it all the same, when that takes a minute.
 */
static pid_t ring_when_offline(unsigned long block)
{
	pid_t child = fork();
	int i;

	if (child)
		return child;
	for (i = 0; i < 600 && mm_is_online(block) != 0; i++)
		usleep(100 * 1000);
	sleep(1);
	kill(getppid(), SIGALRM);
	_exit(i == 600);
}

/*
 * A page of a block of the range that is not the last, in a pipe, so that the block
 * cannot go offline: the descriptor to read from, or a negative errno.
 */
static int hold_a_page(const struct mm_range *range)
{
	size_t len = 3 * range->block_size, i, found = len;
	unsigned long last = range->first + range->nr - 1, block;
	struct iovec iov = { .iov_len = HV_SMALL };
	int ends[2], ret;
	char *mem;

	mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (mem == MAP_FAILED || pipe(ends))
		return -errno;
	for (i = 0; i < len && found == len; i += 16 * HV_SMALL) {
		block = hv_pfn(mem + i) * HV_SMALL / range->block_size;
		if (block > range->first && block < last)
			found = i;
	}
	iov.iov_base = mem + found;
	ret = found == len ? -ENOENT : vmsplice(ends[1], &iov, 1, 0) < 0 ? -errno : ends[0];
	close(ends[1]);
	munmap(mem, len);
	if (ret < 0)
		close(ends[0]);
	return ret;
}

/* A block that cannot go keeps those online that went before it, as they were. */
TEST_F_TIMEOUT(order, half_way, HV_TIMEOUT)
{
	const struct sigaction act = { .sa_handler = ring };
	static struct mm_baseline online;
	int held, status;
	unsigned long i;
	char zone[64];
	pid_t child;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	for (i = 0; i < self->range.nr; i++)
		ASSERT_EQ(0, mm_set(self->range.first + i, "online_movable"));
	ASSERT_EQ(0, mm_baseline(&online));
	held = hold_a_page(&self->range);
	ASSERT_LE(0, held);

	/* It goes on until somebody has enough of it, who has seen blocks go */
	ASSERT_EQ(0, sigaction(SIGALRM, &act, NULL));
	child = ring_when_offline(self->range.first + self->range.nr - 1);
	EXPECT_EQ(-EINTR, mm_offline_and_remove(&self->range));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	for (i = 0; i < self->range.nr; i++) {
		EXPECT_EQ(1, mm_is_online(self->range.first + i));
		EXPECT_LT(0, mm_block_text(self->range.first + i, "valid_zones", zone,
					   sizeof(zone)));
		EXPECT_STREQ("Movable", zone);
	}
	MM_EXPECT_AS_BEFORE(&online, SLACK_KB);

	close(held);
	EXPECT_EQ(0, mm_offline_and_remove(&self->range));
	ASSERT_EQ(0, mm_add(&self->range));
}

/* Would a step do, as the blocks are? */
static int allowed(const struct mm_range *range, const bool *online, unsigned long nr)
{
	unsigned long i;

	if (!online[nr])
		return 0;
	for (i = 0; i < range->nr; i++)
		if (i != nr && online[i] &&
		    expected_host(range, i) == (long)(range->first + nr))
			return -EBUSY;
	return 0;
}

/* Any steps, legal and not: each does what the rules say, and nothing else changes. */
TEST_F_TIMEOUT(order, random, HV_TIMEOUT)
{
	bool *online = calloc(self->range.nr, sizeof(*online));
	unsigned int seed = 262, step;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	for (step = 0; step < 400; step++) {
		/* Few blocks, of them the host, so that steps meet */
		unsigned long nr = rand_r(&seed) % 6, i;
		bool up = rand_r(&seed) % 2;
		int want, got;

		if (nr == 5)
			nr = self->range.nr - 1;
		if (up) {
			want = 0;
			got = mm_set(self->range.first + nr, "online_movable");
			/* One that is online already is asked to be so */
			if (online[nr])
				want = -EINVAL;
		} else {
			want = online[nr] ? allowed(&self->range, online, nr) : -EINVAL;
			got = mm_set(self->range.first + nr, "offline");
		}
		ASSERT_EQ(want, got)
			TH_LOG("step %u: block %lu %s", step, nr, up ? "up" : "down");
		if (!got) {
			online[nr] = up;
			if (up && expected_host(&self->range, nr) >= 0)
				online[expected_host(&self->range, nr) -
				       self->range.first] = true;
		}
		for (i = 0; i < self->range.nr; i++)
			ASSERT_EQ(online[i], mm_is_online(self->range.first + i));
	}
	free(online);
}

TEST_HARNESS_MAIN
