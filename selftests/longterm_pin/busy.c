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
	const char *complaint = hv_complaint();

	EXPECT_EQ(NULL, complaint)
		TH_LOG("kernel log: %s", complaint);
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

static char *get(size_t len, int flags)
{
	char *addr = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_ANONYMOUS | flags, -1, 0);
	size_t i;

	if (addr == MAP_FAILED)
		return NULL;
	madvise(addr, len, MADV_NOHUGEPAGE);
	for (i = 0; i < len; i += PIN_PAGE)
		*(size_t *)(addr + i) = i + 1;
	return addr;
}

static size_t wrong(const char *addr, size_t len)
{
	size_t i, bad = 0;

	for (i = 0; i < len; i += PIN_PAGE)
		bad += *(size_t *)(addr + i) != i + 1;
	return bad;
}

/* A page in a pipe: it cannot be moved, and nobody knows for how long */
TEST_F_TIMEOUT(busy, held_by_pipe, HV_TIMEOUT)
{
	struct iovec iov = { .iov_len = PIN_PAGE };
	long failed, before, held;
	double begin, took;
	size_t len = 4 * MIB;
	int fds[2], fd;
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	addr = get(len, MAP_PRIVATE);
	ASSERT_NE(NULL, addr);
	ASSERT_LT(0, pin_count_movable(addr, len));
	iov.iov_base = addr + len / 2;
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(PIN_PAGE, vmsplice(fds[1], &iov, 1, 0));
	before = pin_vmstat("pin_migrate_fail_busy");
	held = pin_held();

	begin = pin_now();
	fd = pin_start(PIN_URING, addr, len);
	took = pin_now() - begin;
	failed = pin_vmstat("pin_migrate_fail_busy") - before;
	TH_LOG("%d after %.1f s, %ld pages counted as busy", fd, took, failed);
	EXPECT_EQ(-EAGAIN, fd);
	EXPECT_GT(20, took);
	if (before >= 0)
		EXPECT_EQ(1, failed);
	EXPECT_EQ(held, pin_held());
	EXPECT_EQ(0, wrong(addr, len));

	/* All goes well when it is gone */
	close(fds[0]);
	close(fds[1]);
	fd = pin_start(PIN_URING, addr, len);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pin_count_movable(addr, len));
	EXPECT_EQ(0, wrong(addr, len));
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

	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (round = 0; round < 30; round++) {
		char *addr = get(len, round % 2 ? MAP_PRIVATE : MAP_SHARED);

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
		EXPECT_EQ(0, wrong(addr, len));
		for (i = 0; i < 2; i++)
			if (jobs[i].fd >= 0)
				close(jobs[i].fd);
		munmap(addr, len);
	}
	EXPECT_EQ(0, failed);
}

/* Killed at any time: nothing stays pinned */
TEST_F_TIMEOUT(busy, killed, HV_TIMEOUT)
{
	size_t len = 64 * MIB;
	long free_kb;
	int round;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	free_kb = hv_free_kb();
	for (round = 0; round < 20; round++) {
		double begin;
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid) {
			for (;;) {
				char *addr = get(len, MAP_PRIVATE);
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
		waitpid(pid, NULL, 0);
		EXPECT_GT(5, pin_now() - begin);
	}
	EXPECT_EQ(self->held, pin_settle(self->held));
	EXPECT_LE(free_kb - hv_free_kb(), 4096);
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
	addr = get(len, MAP_PRIVATE);
	ASSERT_NE(NULL, addr);
	fd = pin_start(PIN_GUP, addr, len);
	ASSERT_LE(0, fd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(wrong(addr, len) != 0);
	for (i = 0; i < len; i += PIN_PAGE)
		*(size_t *)(addr + i) = 7 * i;
	ASSERT_EQ(0, pin_read(fd, copy));
	EXPECT_EQ(0, memcmp(copy, addr, len));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(fd);
	munmap(addr, len);
}

TEST_HARNESS_MAIN
