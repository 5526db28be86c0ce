// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that others hold while somebody wants to pin them for long: the pin waits for
 * those that hold them for a moment, gives up within a time on those that do not let
 * go, and ends when it is killed.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include "pin.h"

#define MIB	(1UL << 20)

/* As documented: how often a pin tries to move what others hold, pausing in between */
#define TRIES	20

FIXTURE(busy) {
	const char *missing;
	long held;
};

FIXTURE_SETUP(busy)
{
	hv_reset();
	self->missing = pin_lacks_movable(256);
	if (!self->missing)
		self->missing = pin_lacks(PIN_URING);
	self->held = pin_held();
}

FIXTURE_TEARDOWN(busy)
{
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

/*
 * A page in a pipe: it cannot be moved, and nobody knows for how long.  Nineteen random
 * pauses of up to 128 ms have a sum of 0.9 s; below 0.2 s it is one in 10 million.
 */
TEST_F_TIMEOUT(busy, held_by_pipe, HV_TIMEOUT)
{
	struct iovec iov = { .iov_len = PIN_PAGE };
	long failed, before, held, drained;
	double begin, took;
	size_t len = 4 * MIB;
	char *addr, words[32];
	bool traced;
	int fds[2], fd;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	addr = pin_map(len, MAP_PRIVATE, false);
	ASSERT_NE(NULL, addr);
	ASSERT_LT(0, pin_count_movable(addr, len));
	traced = pin_tells_failures();
	ASSERT_TRUE(!traced || !hv_trace_start(PIN_FAIL_EVENT));
	iov.iov_base = addr + len / 2;
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(PIN_PAGE, vmsplice(fds[1], &iov, 1, 0));
	snprintf(words, sizeof(words), "pfn=%#lx ", hv_pfn(iov.iov_base));
	before = pin_vmstat("pin_migrate_fail_busy");
	drained = pin_vmstat("pin_migrate_lru_drain");
	held = pin_held();

	begin = pin_now();
	fd = pin_start(PIN_URING, addr, len);
	took = pin_now() - begin;
	failed = pin_vmstat("pin_migrate_fail_busy") - before;
	TH_LOG("%d after %.1f s, %ld pages counted as busy", fd, took, failed);
	EXPECT_EQ(-EAGAIN, fd);
	EXPECT_GT(20, took);
	EXPECT_LT(0.2, took);
	/* Counted once, at the end, and only there where events are counted */
	EXPECT_EQ(before >= 0, failed);
	/* All CPUs are asked once at the most, however often it is tried */
	EXPECT_GE(1, pin_vmstat("pin_migrate_lru_drain") - drained);
	if (traced) {
		EXPECT_EQ(TRIES, hv_trace_count(words, "cause=busy"));
		EXPECT_EQ(TRIES, hv_trace_count(words, ""));
		hv_trace_end();
	}
	EXPECT_EQ(held, pin_held());
	EXPECT_EQ(0, pin_wrong(addr, len));

	/* All goes well when it is gone */
	close(fds[0]);
	close(fds[1]);
	fd = pin_start(PIN_URING, addr, len);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pin_count_movable(addr, len));
	EXPECT_EQ(0, pin_wrong(addr, len));
	close(fd);
	munmap(addr, len);
}

struct job {
	pthread_barrier_t *barrier;
	char *addr;
	size_t len;
	int fd;
};

static void *pin_at_once(void *arg)
{
	struct job *job = arg;

	pthread_barrier_wait(job->barrier);
	job->fd = pin_start(PIN_URING, job->addr, job->len);
	return NULL;
}

/* Each keeps the other's pages from moving, for a moment */
TEST_F_TIMEOUT(busy, two_pinners, HV_TIMEOUT)
{
	pthread_barrier_t barrier;
	struct job jobs[2];
	pthread_t threads[2];
	size_t len = 4 * MIB;
	int round, i, failed = 0;
	bool traced;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	traced = pin_tells_failures();
	ASSERT_TRUE(!traced || !hv_trace_start(PIN_FAIL_EVENT));
	for (round = 0; round < 30; round++) {
		char *addr = pin_map(len, round % 2 ? MAP_PRIVATE : MAP_SHARED,
				     false);

		ASSERT_NE(NULL, addr);
		pthread_barrier_init(&barrier, NULL, 2);
		for (i = 0; i < 2; i++) {
			jobs[i] = (struct job){ &barrier, addr, len, -1 };
			pthread_create(&threads[i], NULL, pin_at_once, &jobs[i]);
		}
		for (i = 0; i < 2; i++) {
			pthread_join(threads[i], NULL);
			failed += jobs[i].fd < 0;
		}
		EXPECT_EQ(0, pin_count_movable(addr, len));
		EXPECT_EQ(0, pin_wrong(addr, len));
		for (i = 0; i < 2; i++)
			if (jobs[i].fd >= 0)
				close(jobs[i].fd);
		munmap(addr, len);
	}
	EXPECT_EQ(0, failed);
	if (traced) {
		long isolate = hv_trace_count("pfn=", "cause=isolate");
		long busy = hv_trace_count("pfn=", "cause=busy");

		TH_LOG("tried in vain: %ld isolated by the other, %ld held by it",
		       isolate, busy);
		/* They did get into each other's way */
		EXPECT_LT(0, isolate + busy);
		hv_trace_end();
	}
}

/* Killed at any time: nothing stays pinned */
TEST_F_TIMEOUT(busy, killed, HV_TIMEOUT)
{
	size_t len = 64 * MIB;
	int round, status;
	long free_kb;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	free_kb = hv_free_kb();
	for (round = 0; round < 20; round++) {
		double begin;
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid) {
			for (;;) {
				char *addr = pin_map(len, MAP_PRIVATE, false);
				int fd = pin_start(PIN_URING, addr, len);

				if (fd < 0)
					_exit(1);
				close(fd);
				munmap(addr, len);
			}
		}
		usleep(20000 + 37000 * round);
		begin = pin_now();
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		/* If not, it could not pin */
		EXPECT_TRUE(WIFSIGNALED(status));
		EXPECT_GT(5, pin_now() - begin);
	}
	EXPECT_EQ(self->held, pin_settle(self->held));
	EXPECT_LE(free_kb - hv_free_kb(), 4096);
}

/* All or none: what fast GUP had before the error is let go */
TEST_F_TIMEOUT(busy, hole_behind_fast, HV_TIMEOUT)
{
	const char *missing = self->missing;
	size_t len = 4 * MIB;
	char *addr;
	int fd;

	if (!missing)
		missing = pin_lacks(PIN_GUP_FAST);
	if (missing)
		SKIP(return, "%s", missing);
	addr = pin_map(len, MAP_PRIVATE, false);
	ASSERT_NE(NULL, addr);
	/* It need not move any more after this, so fast GUP takes it */
	fd = pin_start(PIN_GUP_FAST, addr, len);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(self->held, pin_held());
	ASSERT_EQ(0, munmap(addr + len - PIN_PAGE, PIN_PAGE));
	EXPECT_EQ(-EFAULT, pin_start(PIN_GUP_FAST, addr, len));
	EXPECT_EQ(self->held, pin_held());
	EXPECT_EQ(-EFAULT, pin_start(PIN_GUP, addr, len));
	EXPECT_EQ(self->held, pin_held());
	munmap(addr, len);
}

static char *map_again(char *addr, size_t len, size_t times)
{
	char *again = mmap(NULL, len * times, PROT_NONE, MAP_PRIVATE |
			   MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t i;

	if (again == MAP_FAILED)
		return NULL;
	/* An old size of 0 leaves the shared mapping where it is */
	for (i = 0; i < times; i++)
		if (mremap(addr, 0, len, MREMAP_MAYMOVE | MREMAP_FIXED,
			   again + i * len) == MAP_FAILED)
			return NULL;
	return again;
}

/* The same pages are met again and again in one range */
TEST_F_TIMEOUT(busy, met_again, HV_TIMEOUT)
{
	size_t len = 2 * MIB, times = 3;
	char *addr, *again;
	int fd;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	addr = pin_map(len, MAP_SHARED, false);
	ASSERT_NE(NULL, addr);
	ASSERT_LT(0, pin_count_movable(addr, len));
	again = map_again(addr, len, times);
	ASSERT_NE(NULL, again);
	fd = pin_start(PIN_URING, again, times * len);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pin_count_movable(again, times * len));
	EXPECT_EQ(0, pin_wrong(addr, len));
	EXPECT_EQ(self->held + times * len / PIN_PAGE, pin_held());
	close(fd);
	munmap(again, times * len);
	munmap(addr, len);
}

/* More than an array of one call had room for: 2.25 GiB, all of it the same 8 MiB */
TEST_F_TIMEOUT(busy, more_than_2g, HV_TIMEOUT)
{
	size_t len = 8 * MIB, times = 288;
	const char *missing = self->missing;
	char *addr, *again;
	int first, fd;

	if (!missing)
		missing = pin_lacks(PIN_GUP);
	if (missing)
		SKIP(return, "%s", missing);
	addr = pin_map(len, MAP_SHARED, false);
	ASSERT_NE(NULL, addr);
	first = pin_start(PIN_GUP, addr, len);
	ASSERT_LE(0, first);
	again = map_again(addr, len, times);
	ASSERT_NE(NULL, again);
	fd = pin_start(PIN_GUP, again, times * len);
	ASSERT_LE(0, fd);
	EXPECT_EQ(self->held + (times + 1) * len / PIN_PAGE, pin_held());
	close(fd);
	close(first);
	munmap(again, times * len);
	munmap(addr, len);
}

/* A child does not take the pinned page away */
TEST_F_TIMEOUT(busy, forked, HV_TIMEOUT)
{
	static char copy[4 * MIB];
	size_t len = sizeof(copy), i;
	const char *missing = self->missing;
	int status, fd;
	char *addr;
	pid_t pid;

	if (!missing)
		missing = pin_lacks(PIN_GUP);
	if (missing)
		SKIP(return, "%s", missing);
	addr = pin_map(len, MAP_PRIVATE, false);
	ASSERT_NE(NULL, addr);
	fd = pin_start(PIN_GUP, addr, len);
	ASSERT_LE(0, fd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(pin_wrong(addr, len) != 0);
	for (i = 0; i < len; i += PIN_PAGE)
		*(size_t *)(addr + i) = 7 * i;
	ASSERT_EQ(0, pin_read(fd, copy));
	EXPECT_EQ(0, memcmp(copy, addr, len));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(fd);
	munmap(addr, len);
}

static void *fork_until_stopped(void *arg)
{
	bool *stop = arg;
	long nr = 0;
	pid_t pid;

	for (; !__atomic_load_n(stop, __ATOMIC_RELAXED); nr++) {
		pid = fork();
		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return (void *)-1L;
	}
	return (void *)nr;
}

FIXTURE(forks) {
	const char *missing;
	long held;
};

FIXTURE_VARIANT(forks) {
	enum pinner who;
	bool thp;
};

FIXTURE_VARIANT_ADD(forks, gup) { .who = PIN_GUP };
FIXTURE_VARIANT_ADD(forks, gup_fast) { .who = PIN_GUP_FAST };
FIXTURE_VARIANT_ADD(forks, gup_thp) { .who = PIN_GUP, .thp = true };

FIXTURE_SETUP(forks)
{
	hv_reset();
	self->missing = pin_lacks_movable(256);
	if (!self->missing)
		self->missing = pin_lacks(variant->who);
	self->held = pin_held();
}

FIXTURE_TEARDOWN(forks)
{
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

/* Forks at any moment of a pin that moves pages: what is pinned stays what is mapped */
TEST_F_TIMEOUT(forks, meanwhile, HV_TIMEOUT)
{
	static char copy[4 * MIB];
	size_t len = sizeof(copy), i;
	int round, fd, lost = 0, failed = 0;
	bool stop = false;
	pthread_t thread;
	long met = 0;
	void *forks;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, pthread_create(&thread, NULL, fork_until_stopped,
				    &stop));
	for (round = 0; round < 30; round++) {
		char *addr = pin_map(len, MAP_PRIVATE, variant->thp);

		ASSERT_NE(NULL, addr);
		met += pin_count_movable(addr, len);
		fd = pin_start(variant->who, addr, len);
		failed += fd < 0;
		if (fd >= 0) {
			EXPECT_EQ(0, pin_count_movable(addr, len));
			EXPECT_EQ(0, pin_wrong(addr, len));
			for (i = 0; i < len; i += PIN_PAGE)
				*(size_t *)(addr + i) = 7 * i + round;
			lost += pin_read(fd, copy) || memcmp(copy, addr, len);
			close(fd);
		}
		munmap(addr, len);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, &forks);
	TH_LOG("%ld forks, %ld pages were to be moved", (long)forks, met);
	EXPECT_LT(10, (long)forks);
	EXPECT_LT(0, met);
	EXPECT_EQ(0, failed);
	EXPECT_EQ(0, lost);
}

TEST_HARNESS_MAIN
