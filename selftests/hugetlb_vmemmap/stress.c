// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once: pools of two sizes grow and shrink on all nodes, the switch
 * flips, free pages are optimized, pages are used, shared and overcommitted, while
 * others walk all PFNs, compact memory, take it offline and back, poison it, and
 * let the kernel's allocations fail.  What comes of each step does not matter; that
 * the kernel does not complain, and that all memory is back at the end, does.
 *
 *	stress [seconds [worker...]]	(10, and all of them, if not given)
 */
#include "kselftest_harness.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "util.h"

#define NODES	"/sys/devices/system/node/"
#define GIG	"/sys/kernel/mm/hugepages/hugepages-1048576kB/"

static long seconds = 10;
static char **chosen;	/* names of workers, NULL: all */

static void __attribute__((constructor)) read_arguments(int argc, char **argv)
{
	if (argc > 1 && atol(argv[1]) > 0)
		seconds = atol(argv[1]);
	if (argc > 2)
		chosen = argv + 2;
}

/* Room for the pool, shared out among those who grow it */
static long room;

static long pick(long below)
{
	return below > 0 ? random() % below : 0;
}

/* What a worker does over and over; false: there is no such thing here */
typedef bool (*work_fn)(void);

static bool resize(void)
{
	return hv_set_pool("nr_hugepages", pick(4) ? pick(room / 2) : 0) != -ENOENT;
}

static bool resize_node(void)
{
	char path[128];

	snprintf(path, sizeof(path),
		 NODES "node%ld/hugepages/hugepages-2048kB/nr_hugepages", pick(2));
	hv_write_long(path, pick(room / 4));
	return true;
}

static bool resize_gigantic(void)
{
	return hv_write_long(GIG "nr_hugepages", pick(3)) != -ENOENT;
}

static bool flip(void)
{
	hv_set_sysctl(pick(2));
	usleep(pick(100000));
	return hv_has_sysctl();
}

static bool optimize(void)
{
	usleep(pick(100000));
	hv_write_long(GIG "optimize_free_hugepages", 1);
	return hv_set_pool("optimize_free_hugepages", pick(room)) != -ENOENT;
}

static bool overcommit(void)
{
	hv_set_pool("nr_overcommit_hugepages", pick(64));
	usleep(pick(100000));
	return true;
}

/*
 * Privately or as a file, by a child: a page may be poisoned, or gone, which is a
 * signal.  The file stays when its pages go: 5.10 prints the name of the file of a
 * page that it cannot move offline, and dies if that goes away meanwhile.
 */
static bool use(void)
{
	static int fd = -1;
	size_t len = (1 + pick(8)) * HV_HUGE, at;
	bool file = pick(2);
	char *addr;
	pid_t pid;

	if (fd < 0)
		fd = memfd_create("stress", MFD_HUGETLB);
	if (file && ftruncate(fd, len))
		return fd >= 0;
	addr = mmap(NULL, len, PROT_READ | PROT_WRITE, file ? MAP_SHARED :
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, file ? fd : -1, 0);
	if (addr == MAP_FAILED) {
		usleep(1000);
	} else {
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (at = 0; at < len; at += HV_HUGE / 4)
				addr[at] = 1;
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
		munmap(addr, len);
	}
	return !file || !ftruncate(fd, 0);
}

/*
 * Readers of struct pages and taking memory offline, one or the other: 5.10 does
 * not keep a block online while they look at it, and with DEBUG_VM the struct
 * pages of an offline block are filled with ones.
 */
static void lock_blocks(int how)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/self/exe", O_RDONLY);
	flock(fd, how);
}

static bool walk(const char *path, bool mark)
{
	static __u64 entries[4096];
	int fd = open(path, mark ? O_RDWR : O_RDONLY);
	off_t at = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	memset(entries, 0xff, sizeof(entries));
	lock_blocks(LOCK_SH);
	while ((n = mark ? pwrite(fd, entries, sizeof(entries), at) :
			   pread(fd, entries, sizeof(entries), at)) > 0)
		at += n;
	lock_blocks(LOCK_UN);
	close(fd);
	return true;
}

static bool walk_flags(void)
{
	return walk("/proc/kpageflags", false);
}

static bool walk_count(void)
{
	return walk("/proc/kpagecount", false);
}

static bool mark_idle(void)
{
	return walk("/sys/kernel/mm/page_idle/bitmap", true);
}

static bool compact(void)
{
	usleep(pick(50000));
	return !hv_write_text("/proc/sys/vm/compact_memory", "1");
}

/* Up to half of the free memory, to make it short now and then */
static bool fill(void)
{
	size_t len = pick(hv_free_kb() / 2) * 1024;
	char *addr = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (addr != MAP_FAILED)
		munmap(addr, len);
	usleep(pick(200000));
	return true;
}

static long nr_blocks(void)
{
	char path[96];
	long nr = 0;

	do {
		snprintf(path, sizeof(path), HV_MEMORY "memory%ld", nr);
	} while (!access(path, F_OK) && ++nr);
	return nr;
}

static bool offline(void)
{
	long block = pick(nr_blocks());
	bool there;

	lock_blocks(LOCK_EX);
	there = hv_set_block(block, "offline", 2) != -ENOENT;
	usleep(pick(20000));
	hv_set_block(block, "online", 2);
	lock_blocks(LOCK_UN);
	usleep(pick(50000));
	return there;
}

/*
 * Poison a page of some huge page.  It is taken back at the end: 5.10 does not
 * expect a page to have users when that is done.
 */
static bool poison(void)
{
	static unsigned long heads[4096];
	static int left = 500;
	long nr;

	if (hv_lacks_poison())
		return false;
	usleep(pick(200000));
	if (left <= 0)
		return true;
	lock_blocks(LOCK_SH);
	nr = hv_heads(heads, 4096);
	if (nr > 0) {
		hv_poison(heads[pick(nr < 4096 ? nr : 4096)] + pick(HV_NR));
		left--;
	}
	lock_blocks(LOCK_UN);
	return true;
}

/* A third of the allocations for one resize fail */
static bool fail(void)
{
	long failures;

	if (hv_lacks_injection())
		return false;
	hv_resize_failing(HV_POOL "nr_hugepages", pick(room / 2), 33, &failures);
	hv_resize_failing(GIG "nr_hugepages", pick(2), 33, &failures);
	return true;
}

static const struct {
	const char *name;
	work_fn fn;
} worker[] = {
	{ "resize", resize },
	{ "resize-node", resize_node },
	{ "resize-gigantic", resize_gigantic },
	{ "switch", flip },
	{ "optimize", optimize },
	{ "overcommit", overcommit },
	{ "use", use },
	{ "use-too", use },
	{ "kpageflags", walk_flags },
	{ "kpagecount", walk_count },
	{ "page_idle", mark_idle },
	{ "compact", compact },
	{ "fill", fill },
	{ "offline", offline },
	{ "poison", poison },
	{ "fail", fail },
};

struct tally {
	bool missing;
	unsigned long steps;
};

FIXTURE(stress) {
};

FIXTURE_SETUP(stress)
{
	hv_reset();
}

FIXTURE_TEARDOWN(stress)
{
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

static bool is_chosen(const char *name)
{
	char **one;

	for (one = chosen; one && *one; one++)
		if (!strcmp(*one, name))
			return true;
	return !chosen;
}

static void run(unsigned int i, struct tally *tally)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srandom(i + 1);
	while (worker[i].fn())
		tally->steps++;
	tally->missing = true;
	_exit(0);
}

TEST_F_TIMEOUT(stress, all_at_once, 3600)
{
	const char *missing = hv_lacks(HV_NEED_SYSCTL | HV_NEED_KPAGE |
				       HV_NEED_MAP);
	static unsigned long heads[16384];
	long before, nr, block, gigantic, gone = 0;
	pid_t pid[ARRAY_SIZE(worker)];
	struct tally *tally;
	unsigned int i;
	int status;

	if (missing)
		SKIP(return, "%s", missing);
	room = hv_room();
	if (room < 64)
		SKIP(return, "needs 384 MiB of free memory");
	/* Page tables of the memory map and shared frames stay: not in the count */
	hv_resize(room);
	hv_resize(0);
	before = hv_free_kb();

	tally = mmap(NULL, sizeof(*tally) * ARRAY_SIZE(worker),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, tally);
	for (i = 0; i < ARRAY_SIZE(worker); i++) {
		pid[i] = 0;
		if (!is_chosen(worker[i].name))
			continue;
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			run(i, &tally[i]);
	}
	sleep(seconds);
	for (i = 0; i < ARRAY_SIZE(worker); i++)
		if (pid[i])
			kill(pid[i], SIGKILL);
	for (i = 0; i < ARRAY_SIZE(worker); i++) {
		if (!pid[i])
			continue;
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		TH_LOG("%s: %lu steps%s", worker[i].name, tally[i].steps,
		       tally[i].missing ? ", not in this kernel" : "");
		/* An oops would have killed it with another signal */
		EXPECT_TRUE(tally[i].missing || (WIFSIGNALED(status) &&
						 WTERMSIG(status) == SIGKILL));
	}

	/*
	 * Killed in the middle of it: undo what they left.  Blocks that went offline with
	 * bad pages in them do not come back.
	 */
	hv_inject_end();
	for (block = nr_blocks() - 1; block >= 0; block--)
		if (hv_set_block(block, "online", 2) == -EHWPOISON)
			gone += hv_block_size() / 1024;
	hv_set_sysctl(1);
	hv_set_pool("nr_overcommit_hugepages", 0);
	hv_write_long(GIG "nr_hugepages", 0);
	hv_unpoison_all();
	/* Users of the moment, surplus pages */
	for (i = 0; i < 50 && hv_resize(0); i++)
		usleep(100000);

	/* It all still works */
	gigantic = hv_read_long(GIG "nr_hugepages");
	EXPECT_GE(0, gigantic);
	EXPECT_EQ(0, hv_pool("nr_hugepages"));
	EXPECT_EQ(0, hv_pool("optimized_hugepages"));
	nr = hv_resize(room / 2);
	EXPECT_EQ(room / 2, nr);
	ASSERT_EQ(nr, hv_heads(heads, ARRAY_SIZE(heads)));
	EXPECT_EQ(nr, hv_count_state(heads, nr, HV_SHARED));
	EXPECT_EQ(0, hv_resize(0));
	EXPECT_EQ(nr, hv_count_state(heads, nr, HV_OWN));
	TH_LOG("%ld KiB not back, %ld KiB offline as they hold bad pages",
	       before - gone - hv_free_kb(), gone);
	EXPECT_LE(before - gone - hv_free_kb(), 4096);
}

TEST_HARNESS_MAIN
