// SPDX-License-Identifier: GPL-2.0-only
/*
 * With memory of several kinds pinned, every movable memory block goes offline, each
 * within a time; what is pinned stays what and where it was.
 */
#define _GNU_SOURCE
#include "kinds.h"
#include <sys/uio.h>

#define LEN	(64 * MIB)

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
	bad = pin_cycle_blocks(blocks, &nr, &slowest);
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
	bad = pin_cycle_blocks(blocks, &nr, &slowest);
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

/* Those of @blocks that are not among @went, which is in the same order */
static long others(const unsigned long *blocks, long nr, const unsigned long *went,
		   long nr_went, unsigned long *rest)
{
	long i, next = 0, nr_rest = 0;

	for (i = 0; i < nr; i++) {
		if (next < nr_went && went[next] == blocks[i])
			next++;
		else
			rest[nr_rest++] = blocks[i];
	}
	return nr_rest;
}

/* Memory of every kind, each alone: none of it keeps a block */
TEST_F_TIMEOUT(kinds, offline, HV_TIMEOUT)
{
	const char *missing = self->missing, *bad;
	unsigned long blocks[1024], went[1024], rest[1024];
	long nr, nr_went, nr_rest, left = 0;
	double slowest = 0;
	struct mem mem;
	int fd;

	if (!missing)
		missing = pin_lacks(PIN_URING);
	if (!missing && access(HV_MEMORY "block_size_bytes", F_OK))
		missing = "needs CONFIG_MEMORY_HOTREMOVE";
	if (missing)
		SKIP(return, "%s", missing);
	bad = hold(variant->kind, PIN_URING, &mem, &fd, &left);
	if (bad && !strncmp(bad, "needs ", 6))
		SKIP(return, "%s", bad);
	ASSERT_LE(0, fd)
		TH_LOG("%s (%ld)", bad, left);
	EXPECT_EQ(NULL, bad)
		TH_LOG("%s (%ld)", bad, left);
	nr = pin_movable_blocks(blocks, 1024);
	ASSERT_LT(0, nr);
	memcpy(went, blocks, sizeof(went));
	nr_went = nr;
	pin_cycle_blocks(went, &nr_went, &slowest);
	TH_LOG("%ld blocks, %ld went, the slowest took %.1f s", nr, nr_went,
	       slowest);
	EXPECT_LT(0, nr_went);
	EXPECT_EQ(0, pin_count_movable(mem.addr, mem.len));
	EXPECT_TRUE(!has_content(variant->kind) || !pin_wrong(mem.addr, mem.len));

	/* What was allocated at boot keeps its block from ever going, pinned or not */
	close(fd);
	unmake(&mem);
	EXPECT_EQ(self->held, pin_settle(self->held));
	nr_rest = others(blocks, nr, went, nr_went, rest);
	pin_cycle_blocks(rest, &nr_rest, &slowest);
	EXPECT_EQ(0, nr_rest)
		TH_LOG("memory%lu goes only when nothing is pinned", rest[0]);
}

/* A page that looks pinned, by its references, without being so: in a full pipe */
static bool fill_pipe(int fd, void *page, unsigned int references)
{
	struct iovec iov[256];
	unsigned int i;

	for (i = 0; i < 256; i++)
		iov[i] = (struct iovec){ page, PIN_PAGE };
	if (fcntl(fd, F_SETPIPE_SZ, references * PIN_PAGE) < 0)
		return false;
	for (i = 0; i < references; i += 256)
		if (vmsplice(fd, iov, 256, SPLICE_F_NONBLOCK) != 256 * PIN_PAGE)
			return false;
	return true;
}

/* As much memory as has a page in a block that can go */
#define TOLD	(256 * MIB)

/* What keeps a block is named in the kernel log: after 5 s, and when it is given up */
TEST_F_TIMEOUT(offline, told, HV_TIMEOUT)
{
	unsigned long blocks[1024], block, pfn;
	char words[64], *mem, *page;
	double slowest = 0;
	int fds[2], log;
	long nr, i;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (!pin_tells_failures())
		SKIP(return, "needs a kernel that tells of pins: no " PIN_FAIL_EVENT);
	/* One page that is where a block goes as long as nobody holds it */
	nr = pin_movable_blocks(blocks, 1024);
	pin_cycle_blocks(blocks, &nr, &slowest);
	mem = pin_map(TOLD, MAP_PRIVATE, false);
	ASSERT_NE(NULL, mem);
	for (page = mem; page < mem + TOLD; page += PIN_PAGE) {
		pfn = hv_pfn(page);
		block = pfn * PIN_PAGE / hv_block_size();
		for (i = 0; i < nr && blocks[i] != block; i++)
			;
		if (i < nr)
			break;
	}
	ASSERT_GT(mem + TOLD, page);
	ASSERT_EQ(0, pipe(fds));
	ASSERT_TRUE(fill_pipe(fds[1], page, 1024));
	ASSERT_EQ(pfn, hv_pfn(page));

	log = hv_log_open();
	ASSERT_LE(0, log);
	ASSERT_NE(0, hv_set_block(block, "offline", 8));
	snprintf(words, sizeof(words), "the first is pfn %#lx, order 0", pfn);
	EXPECT_EQ(2, hv_log_count(log, ": 1 pages look pinned", words));

	/* Nothing is told of a block that goes */
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(0, hv_set_block(block, "offline", PIN_OFFLINE_SECONDS));
	EXPECT_EQ(0, hv_set_block(block, "online_movable", PIN_OFFLINE_SECONDS));
	EXPECT_EQ(0, hv_log_count(log, "look pinned", ""));
	close(log);
	munmap(mem, TOLD);
}

/* What a child that pins by fast GUP has come to, in shared memory */
struct fast {
	bool stop;
	long good, busy, bad;
};

static void pin_fast_until_stopped(struct fast *fast)
{
	size_t len = 2 * MIB;
	int i, fd;

	while (!__atomic_load_n(&fast->stop, __ATOMIC_RELAXED) && getppid() != 1) {
		char *addr = pin_map(len, MAP_PRIVATE, false);

		/* The second finds what the first has moved */
		for (i = 0; addr && i < 2; i++) {
			fd = pin_start(PIN_GUP_FAST, addr, len);
			if (fd == -EAGAIN)
				fast->busy++;
			else if (fd < 0 || pin_count_movable(addr, len) ||
				 pin_wrong(addr, len))
				fast->bad++;
			else
				fast->good++;
			if (fd >= 0)
				close(fd);
		}
		if (addr)
			munmap(addr, len);
		else
			fast->bad++;
	}
	_exit(0);
}

/* Blocks go and come while somebody pins what may be in them */
TEST_F_TIMEOUT(offline, fast_gup, HV_TIMEOUT)
{
	const char *missing = self->missing;
	unsigned long blocks[1024], went[1024];
	struct fast *fast;
	double slowest = 0;
	long nr, nr_went, bad = 0;
	int round;
	pid_t child;

	if (!missing)
		missing = pin_lacks(PIN_GUP_FAST);
	if (missing)
		SKIP(return, "%s", missing);
	nr = pin_movable_blocks(blocks, 1024);
	pin_cycle_blocks(blocks, &nr, &slowest);
	ASSERT_LT(0, nr);
	fast = mmap(NULL, sizeof(*fast), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, fast);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		pin_fast_until_stopped(fast);
	for (round = 0; round < 10; round++) {
		memcpy(went, blocks, sizeof(went));
		nr_went = nr;
		bad += pin_cycle_blocks(went, &nr_went, &slowest);
	}
	__atomic_store_n(&fast->stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	TH_LOG("10 times %ld blocks, the slowest took %.1f s; %ld pins, %ld busy",
	       nr, slowest, fast->good, fast->busy);
	EXPECT_EQ(0, bad);
	EXPECT_EQ(0, fast->bad);
	EXPECT_LT(10, fast->good);
	/* Offlining holds a page for a moment only, and a pin tries for a second */
	EXPECT_GT(fast->good / 10 + 1, fast->busy);
	munmap(fast, sizeof(*fast));
}

TEST_HARNESS_MAIN
