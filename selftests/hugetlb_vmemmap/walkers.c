// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who look at every PFN, whatever it is, while pages join and leave the
 * pool: some only read struct pages, some take a reference for a moment, which
 * is a write that a read-only tail must never see.
 *
 *	walkers [seconds]	(5 if not given)
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include "util.h"

#define PAGES	128L
#define BATCH	4096

static double seconds = 5;

static void __attribute__((constructor)) read_arguments(int argc, char **argv)
{
	if (argc > 1 && atof(argv[1]) > 0)
		seconds = atof(argv[1]);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Of this walker, seen by the test */
static unsigned long *steps;

/* What a walker does over and over; false: there is no such thing here */
typedef bool (*walk_fn)(void);

static bool read_all(const char *path)
{
	static __u64 entries[BATCH];
	int fd = open(path, O_RDONLY);
	off_t at = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = pread(fd, entries, sizeof(entries), at)) > 0) {
		at += n;
		++*steps;
	}
	close(fd);
	return at > 0;
}

static bool walk_flags(void)
{
	return read_all("/proc/kpageflags");
}

static bool walk_count(void)
{
	return read_all("/proc/kpagecount");
}

static bool walk_cgroup(void)
{
	return read_all("/proc/kpagecgroup");
}

/* Marks pages as idle: takes a reference to each page that is on an LRU list */
static bool walk_idle(void)
{
	static __u64 ones[BATCH / 8];
	int fd = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR);
	off_t at = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	memset(ones, 0xff, sizeof(ones));
	while ((n = pwrite(fd, ones, sizeof(ones), at)) > 0) {
		if (pread(fd, ones, n, at) < 0)
			break;
		memset(ones, 0xff, sizeof(ones));
		at += n;
		++*steps;
	}
	close(fd);
	return at > 0;
}

static bool walk_compact(void)
{
	++*steps;
	return !hv_write_text("/proc/sys/vm/compact_memory", "1");
}

/* Ordinary pages come and go, so that the walkers meet some */
static bool walk_memory(void)
{
	const size_t len = 16 << 20;
	char *addr = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t at;

	if (addr == MAP_FAILED)
		return false;
	for (at = 0; at < len; at += HV_SMALL)
		addr[at] = 1;
	++*steps;
	munmap(addr, len);
	return true;
}

/* Users of whatever the pool has at the moment */
static bool walk_users(void)
{
	char *addr = mmap(NULL, 4 * HV_HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (addr != MAP_FAILED) {
		memset(addr, 1, 4 * HV_HUGE);
		munmap(addr, 4 * HV_HUGE);
		++*steps;
	} else {
		usleep(1000);
	}
	return true;
}

static const struct {
	const char *name;
	walk_fn fn;
} walker[] = {
	{ "kpageflags", walk_flags },
	{ "kpagecount", walk_count },
	{ "kpagecgroup", walk_cgroup },
	{ "page_idle", walk_idle },
	{ "compact_memory", walk_compact },
	{ "memory", walk_memory },
	{ "users", walk_users },
};

struct tally {
	bool missing;
	unsigned long steps;
};

FIXTURE(walkers) {
	const char *missing;
	long before;
	struct tally *tally;
	pid_t pid[ARRAY_SIZE(walker)];
};

FIXTURE_VARIANT(walkers) {
	long on;	/* 2: switched all the time */
};

FIXTURE_VARIANT_ADD(walkers, on) {
	.on = 1,
};

FIXTURE_VARIANT_ADD(walkers, off) {
	.on = 0,
};

FIXTURE_VARIANT_ADD(walkers, switched) {
	.on = 2,
};

FIXTURE_SETUP(walkers)
{
	unsigned int i;

	hv_reset();
	self->missing = hv_lacks(variant->on ? HV_NEED_SYSCTL : 0);
	if (!self->missing && hv_room() < PAGES)
		self->missing = "needs 768 MiB of free memory";
	if (self->missing)
		return;
	if (hv_has_sysctl())
		ASSERT_EQ(0, hv_set_sysctl(!!variant->on));
	self->before = hv_free_kb();
	self->tally = mmap(NULL, sizeof(*self->tally) * ARRAY_SIZE(walker),
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	ASSERT_NE(MAP_FAILED, self->tally);
	for (i = 0; i < ARRAY_SIZE(walker); i++) {
		self->pid[i] = fork();
		if (self->pid[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		steps = &self->tally[i].steps;
		while (walker[i].fn())
			;
		self->tally[i].missing = true;
		_exit(0);
	}
}

FIXTURE_TEARDOWN(walkers)
{
	if (self->missing)
		return;
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

TEST_F_TIMEOUT(walkers, resize, HV_TIMEOUT + 600)
{
	static unsigned long heads[PAGES];
	const double end = now() + seconds;
	long resizes = 0, odd = 0, nr;
	unsigned int i;
	int status;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	do {
		/* Users of the moment keep their pages, and may want more */
		nr = hv_resize(resizes % 2 ? PAGES : PAGES / 4);
		odd += nr < (resizes % 2 ? PAGES : PAGES / 4);
		nr = hv_resize(resizes % 3 ? 0 : 8);
		odd += nr < 0 || nr > 8;
		if (variant->on == 2)
			odd += hv_set_sysctl(resizes & 1) < 0;
		resizes++;
	} while (now() < end);
	nr = hv_resize(PAGES);
	odd += nr != PAGES;

	for (i = 0; i < ARRAY_SIZE(walker); i++) {
		kill(self->pid[i], SIGKILL);
		ASSERT_EQ(self->pid[i], waitpid(self->pid[i], &status, 0));
		if (self->tally[i].missing) {
			TH_LOG("%s: not in this kernel", walker[i].name);
			EXPECT_TRUE(WIFEXITED(status));
			continue;
		}
		TH_LOG("%s: %lu steps", walker[i].name, self->tally[i].steps);
		/* An oops would have killed it with another signal */
		EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	TH_LOG("%ld times resized", 2 * resizes);
	EXPECT_EQ(0, odd);
	EXPECT_GT(resizes, 0);

	if (!hv_lacks(HV_NEED_KPAGE | HV_NEED_MAP)) {
		ASSERT_EQ(PAGES, hv_heads(heads, PAGES));
		EXPECT_EQ(0, hv_count_state(heads, PAGES, HV_BROKEN));
	}
	ASSERT_EQ(0, hv_resize(0));
	if (!hv_lacks(HV_NEED_KPAGE | HV_NEED_MAP))
		EXPECT_EQ(PAGES, hv_count_state(heads, PAGES, HV_OWN));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

TEST_HARNESS_MAIN
