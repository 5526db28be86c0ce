// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several take blocks online and offline at random, one adds and removes the memory,
 * others use it, walk all pages and compact memory.  What comes of each step does not
 * matter; that the kernel does not complain, and that all is as before, does.
 *
 *	togglers [seconds]	(10, at most 1000)
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include "add.h"

#define SLACK_KB	2048
#define MAX_SECONDS	1000

static long seconds = 10;
static struct mm_range range;
static int done;

static bool is_done(void)
{
	return __atomic_load_n(&done, __ATOMIC_RELAXED);
}

static void __attribute__((constructor)) read_arguments(int argc, char **argv)
{
	if (argc > 1 && atol(argv[1]) > 0 && atol(argv[1]) <= MAX_SECONDS)
		seconds = atol(argv[1]);
}

/* A fixture for the sake of a time limit: that of TEST() is 30 s */
FIXTURE(togglers) {
	const char *missing;
};

FIXTURE_SETUP(togglers)
{
	self->missing = mm_lacks(&range, 2);
	hv_reset();
}

FIXTURE_TEARDOWN(togglers)
{
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

static void *toggle(void *arg)
{
	unsigned int seed = (unsigned long)arg;
	unsigned long steps = 0;

	while (!is_done()) {
		/* The first blocks hold map, or are next to it */
		unsigned long nr = rand_r(&seed) % 4 ? rand_r(&seed) % 8 :
						       rand_r(&seed) % range.nr;

		steps += !mm_set(range.first + nr,
				 rand_r(&seed) % 2 ? "online_movable" : "offline");
	}
	return (void *)steps;
}

static void *come_and_go(void *arg)
{
	unsigned long rounds = 0;

	while (!is_done()) {
		usleep(300 * 1000);
		if (!mm_offline_and_remove(&range)) {
			rounds++;
			mm_add(&range);
		}
	}
	return (void *)rounds;
}

static void *use(void *arg)
{
	size_t len = 64UL << 20;

	while (!is_done()) {
		char *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (mem != MAP_FAILED) {
			memset(mem, 1, len);
			munmap(mem, len);
		}
	}
	return NULL;
}

static void *walk(void *arg)
{
	static __u64 buf[4096];
	int fd = open("/proc/kpageflags", O_RDONLY);
	unsigned long pfn = 0;

	while (!is_done() && fd >= 0) {
		ssize_t n = pread(fd, buf, sizeof(buf), pfn * 8);

		pfn = n == sizeof(buf) ? pfn + 4096 : 0;
		if (!pfn)
			hv_write_text("/proc/sys/vm/compact_memory", "1");
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

TEST_F_TIMEOUT(togglers, all, MAX_SECONDS + HV_TIMEOUT)
{
	static void *(* const work[])(void *) = {
		toggle, toggle, toggle, come_and_go, use, walk,
	};
	const int nr = sizeof(work) / sizeof(*work);
	static struct mm_baseline before;
	unsigned long result[6];
	pthread_t threads[6];
	long i;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, mm_add(&range));
	ASSERT_EQ(0, mm_offline_and_remove(&range));
	ASSERT_EQ(0, mm_baseline(&before));
	ASSERT_EQ(0, mm_add(&range));

	for (i = 0; i < nr; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, work[i],
					    (void *)(i + 1)));
	sleep(seconds);
	__atomic_store_n(&done, 1, __ATOMIC_RELAXED);
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], (void **)&result[i]);
	TH_LOG("%lu + %lu + %lu steps, %lu times removed and added", result[0],
	       result[1], result[2], result[3]);
	EXPECT_LT(0, result[0] + result[1] + result[2]);
	EXPECT_LT(0, result[3]);

	if (mm_is_online(range.first) >= 0) {
		EXPECT_EQ(0, mm_all_offline(&range));
		EXPECT_EQ(0, mm_remove(&range));
	}
	MM_EXPECT_AS_BEFORE(&before, SLACK_KB);
}

/* What a reader found online it may read to the end of */
static void *read_block(void *path)
{
	unsigned long pfn = (range.start + range.block_size) / HV_SMALL;
	bool bits = strstr(path, "page_idle");
	size_t len = range.block_size / HV_SMALL * 8 / (bits ? 64 : 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned long rounds = 0;
	char *buf = malloc(len);

	while (!is_done() && fd >= 0 && buf)
		rounds += pread(fd, buf, len, bits ? pfn / 8 : pfn * 8) > 0;
	free(buf);
	if (fd >= 0)
		close(fd);
	return (void *)rounds;
}

/*
 * One block comes and goes while its struct pages are read.  A debug kernel spoils
 * them when the block is offline; they are unmapped when the memory is removed.
 */
TEST_F_TIMEOUT(togglers, readers, MAX_SECONDS + HV_TIMEOUT)
{
	static const char * const files[] = {
		"/proc/kpageflags", "/proc/kpagecount", "/proc/kpagecgroup",
		"/sys/kernel/mm/page_idle/bitmap",
	};
	const int nr = sizeof(files) / sizeof(*files);
	time_t end = time(NULL) + seconds;
	unsigned long rounds, steps = 0;
	pthread_t threads[4];
	int i;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, mm_add(&range));
	for (i = 0; i < nr; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, read_block,
					    (void *)files[i]));
	for (; time(NULL) < end; steps++) {
		/* The first one may hold the map of the other */
		ASSERT_EQ(0, mm_set(range.first, "online_movable"));
		ASSERT_EQ(0, mm_set(range.first + 1, "online_movable"));
		ASSERT_EQ(0, mm_set(range.first + 1, "offline"));
		ASSERT_EQ(0, mm_all_offline(&range));
		ASSERT_EQ(0, mm_remove(&range));
		ASSERT_EQ(0, mm_add(&range));
	}
	__atomic_store_n(&done, 1, __ATOMIC_RELAXED);
	for (i = 0; i < nr; i++) {
		pthread_join(threads[i], (void **)&rounds);
		TH_LOG("%s: %lu times", files[i], rounds);
		if (!access(files[i], R_OK))
			EXPECT_LT(0, rounds);
	}
	TH_LOG("%lu times online, offline, removed and added", steps);
	EXPECT_LT(0, steps);
	EXPECT_EQ(0, mm_all_offline(&range));
	EXPECT_EQ(0, mm_remove(&range));
}

TEST_HARNESS_MAIN
