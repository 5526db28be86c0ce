// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limit of a memory cgroup: what moves for a pin is not charged twice for good, and
 * needs no room below the limit.
 */
#include "kselftest_harness.h"
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "pin.h"

#define MIB	(1UL << 20)
#define LEN	(32 * MIB)
#define MEMCG	"/tmp/longterm_pin.memcg"
#define GROUP	MEMCG "/limited/"

FIXTURE(memcg) {
	const char *missing;
	long held, free_kb;
};

FIXTURE_SETUP(memcg)
{
	hv_reset();
	self->held = pin_held();
	self->missing = pin_lacks(PIN_URING);
	if (!self->missing)
		self->missing = pin_lacks_movable(64);
	mkdir(MEMCG, 0700);
	if (mount("memcg", MEMCG, "cgroup", 0, "memory") && errno != EBUSY)
		self->missing = "needs CONFIG_MEMCG, and its controller for version 1";
	mkdir(GROUP, 0700);
	self->free_kb = hv_free_kb();
}

FIXTURE_TEARDOWN(memcg)
{
	int tries;

	EXPECT_EQ(self->held, pin_settle(self->held));
	if (!self->missing) {
		/* A group goes when the last of its processes has been buried */
		for (tries = 0; rmdir(GROUP) && tries < 50; tries++)
			usleep(100000);
		EXPECT_NE(50, tries);
		EXPECT_LE(self->free_kb - hv_free_kb(), 8192);
	}
	umount(MEMCG);
	hv_reset();
}

static long usage(void)
{
	return hv_read_long(GROUP "memory.usage_in_bytes");
}

static int enter(void)
{
	return hv_write_long(GROUP "tasks", getpid());
}

/* In a child: 0, or which step went wrong */
static int pin_what_is_there(void)
{
	long before;
	char *mem;
	int fd;

	if (enter())
		return 1;
	mem = pin_map(LEN, MAP_PRIVATE, false);
	if (!mem)
		return 2;
	if (pin_count_movable(mem, LEN) != LEN / PIN_PAGE)
		return 3;
	/* Not a page more than there is */
	before = usage();
	if (before < (long)LEN || hv_write_long(GROUP "memory.limit_in_bytes", before + MIB))
		return 4;
	fd = pin_start(PIN_URING, mem, LEN);
	if (fd < 0) {
		fprintf(stderr, "# cannot be pinned: %s\n", strerror(-fd));
		return 5;
	}
	if (pin_count_movable(mem, LEN) || pin_wrong(mem, LEN))
		return 6;
	if (labs(usage() - before) > (long)MIB) {
		fprintf(stderr, "# charged with %ld before, %ld now\n", before, usage());
		return 7;
	}
	return hv_read_long(GROUP "memory.failcnt") > 64 ? 8 : 0;
}

TEST_F_TIMEOUT(memcg, moves_below_the_limit, HV_TIMEOUT)
{
	int status;
	pid_t pid;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(pin_what_is_there());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status)
		TH_LOG("step %d, signal %d", WEXITSTATUS(status), WTERMSIG(status));
	HV_EXPECT_NO_COMPLAINT();
}

TEST_HARNESS_MAIN
