// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who pays for a huge page is noted in its first tails.  The hugetlb cgroup counts
 * optimized pages as any others: in use, at the limit, as surplus pages, when they
 * move, when the pool goes, and when the group goes before them.
 */
#include "kselftest_harness.h"
#include <linux/mempolicy.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "util.h"

#define PAGES	8L
#define MOUNT	"/tmp/hugetlb_vmemmap-cgroup"
#define GROUP	MOUNT "/test"

FIXTURE(cgroup) {
	const char *missing;
	long before;
	long charged;	/* of all groups, without ours */
};

FIXTURE_VARIANT(cgroup) {
	long on;
};

FIXTURE_VARIANT_ADD(cgroup, on) {
	.on = 1,
};

FIXTURE_VARIANT_ADD(cgroup, off) {
	.on = 0,
};

static long read_group(const char *group, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/hugetlb.2MB.%s", group, file);
	return hv_read_long(path);
}

/* In huge pages */
static long usage(const char *group)
{
	long bytes = read_group(group, "usage_in_bytes");

	return bytes < 0 || bytes % HV_HUGE ? -1 : bytes / (long)HV_HUGE;
}

static int set_limit(long pages)
{
	return hv_write_long(GROUP "/hugetlb.2MB.limit_in_bytes",
			     pages < 0 ? -1 : pages * (long)HV_HUGE);
}

static int join(const char *group)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	return hv_write_text(path, "0");
}

static const char *mount_cgroup(void)
{
	mkdir(MOUNT, 0700);
	if (mount("none", MOUNT, "cgroup", 0, "hugetlb"))
		return "needs CONFIG_CGROUP_HUGETLB, not in use by cgroup2";
	/* Of a test that died */
	rmdir(GROUP);
	if (mkdir(GROUP, 0700) || join(GROUP))
		return "cannot make a cgroup";
	return NULL;
}

FIXTURE_SETUP(cgroup)
{
	hv_reset();
	self->missing = hv_lacks(variant->on ? HV_NEED_SYSCTL : 0);
	if (!self->missing)
		self->missing = mount_cgroup();
	if (self->missing)
		return;
	self->charged = usage(MOUNT);
	self->before = hv_free_kb();
	if (hv_has_sysctl())
		ASSERT_EQ(0, hv_set_sysctl(variant->on));
}

/* Nothing is charged any more, wherever: the group could go, and the pool too */
FIXTURE_TEARDOWN(cgroup)
{
	if (!self->missing) {
		join(MOUNT);
		if (!access(GROUP, F_OK)) {
			EXPECT_EQ(0, usage(GROUP));
			EXPECT_EQ(0, read_group(GROUP, "rsvd.usage_in_bytes"));
			EXPECT_EQ(0, rmdir(GROUP));
		}
		EXPECT_EQ(self->charged, usage(MOUNT));
		EXPECT_EQ(0, hv_set_pool("nr_overcommit_hugepages", 0));
		EXPECT_EQ(0, hv_resize(0));
		EXPECT_LE(self->before - hv_free_kb(), 1024);
		HV_EXPECT_NO_COMPLAINT();
	}
	umount(MOUNT);
	rmdir(MOUNT);
	hv_reset();
}

/* Are the pages of a mapping what the variant says?  How many are not */
static long differ(char *addr, long on)
{
	enum hv_state want = on ? HV_SHARED : HV_OWN;
	long i, nr = 0;

	if (hv_lacks(HV_NEED_KPAGE | HV_NEED_MAP))
		return 0;
	for (i = 0; i < PAGES; i++)
		nr += hv_state(hv_pfn(addr + i * HV_HUGE)) != want;
	return nr;
}

/* By page faults, in a child: how it ended, its exit code or minus the signal */
static int touch(long pages)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		_exit(hv_map(pages) == MAP_FAILED);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 255;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST_F_TIMEOUT(cgroup, usage, HV_TIMEOUT)
{
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(2 * PAGES, hv_resize(2 * PAGES));
	EXPECT_EQ(0, usage(GROUP))
		TH_LOG("pages of the pool are charged to nobody");
	addr = hv_map(PAGES);
	ASSERT_NE(MAP_FAILED, addr);
	EXPECT_EQ(0, differ(addr, variant->on));
	EXPECT_EQ(PAGES, usage(GROUP));
	EXPECT_EQ(PAGES * (long)HV_HUGE,
		  read_group(GROUP, "rsvd.usage_in_bytes"));
	ASSERT_EQ(0, munmap(addr, 3 * HV_HUGE));
	EXPECT_EQ(PAGES - 3, usage(GROUP));
	ASSERT_EQ(0, munmap(addr + 3 * HV_HUGE, (PAGES - 3) * HV_HUGE));
	EXPECT_EQ(0, usage(GROUP));
	EXPECT_EQ(PAGES * (long)HV_HUGE, read_group(GROUP, "max_usage_in_bytes"));
}

/* From the pool and as surplus pages: no more than allowed, and all come back */
TEST_F_TIMEOUT(cgroup, limit, HV_TIMEOUT)
{
	int surplus;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, set_limit(PAGES / 2));
	EXPECT_EQ(PAGES / 2 * (long)HV_HUGE, read_group(GROUP, "limit_in_bytes"));
	for (surplus = 0; surplus <= 1; surplus++) {
		ASSERT_EQ(0, hv_set_pool("nr_overcommit_hugepages",
					 surplus ? PAGES : 0));
		ASSERT_EQ(surplus ? 0 : PAGES, hv_resize(surplus ? 0 : PAGES));
		ASSERT_EQ(0, hv_write_text(GROUP "/hugetlb.2MB.failcnt", "0"));
		EXPECT_EQ(0, touch(PAGES / 2));
		EXPECT_EQ(0, read_group(GROUP, "failcnt"));
		EXPECT_EQ(-SIGBUS, touch(PAGES / 2 + 1));
		EXPECT_EQ(1, read_group(GROUP, "failcnt"));
		EXPECT_EQ(0, usage(GROUP));
		EXPECT_EQ(surplus ? 0 : PAGES, hv_pool("free_hugepages"));
		EXPECT_EQ(0, hv_pool("surplus_hugepages"));
	}
	ASSERT_EQ(0, set_limit(-1));
	ASSERT_EQ(0, hv_set_pool("nr_overcommit_hugepages", PAGES));
	EXPECT_EQ(0, touch(PAGES));
}

TEST_F_TIMEOUT(cgroup, surplus, HV_TIMEOUT)
{
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, hv_set_pool("nr_overcommit_hugepages", PAGES));
	addr = hv_map(PAGES);
	ASSERT_NE(MAP_FAILED, addr);
	EXPECT_EQ(PAGES, hv_pool("surplus_hugepages"));
	EXPECT_EQ(0, differ(addr, variant->on));
	EXPECT_EQ(PAGES, usage(GROUP));
	ASSERT_EQ(0, munmap(addr, PAGES * HV_HUGE));
	/* Whether or not their memory is back yet */
	EXPECT_EQ(0, usage(GROUP));
}

/* The pool shrinks beneath its users: they pay until they let go */
TEST_F_TIMEOUT(cgroup, released_in_use, HV_TIMEOUT)
{
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(2 * PAGES, hv_resize(2 * PAGES));
	addr = hv_map(PAGES);
	ASSERT_NE(MAP_FAILED, addr);
	ASSERT_EQ(PAGES, hv_resize(0));
	EXPECT_EQ(PAGES, hv_pool("surplus_hugepages"));
	EXPECT_EQ(PAGES, usage(GROUP));
	ASSERT_EQ(0, munmap(addr, PAGES * HV_HUGE));
	EXPECT_EQ(0, usage(GROUP));
	EXPECT_EQ(0, hv_pool("nr_hugepages"));
}

/* The group goes first: whoever is above it pays, then nobody */
TEST_F_TIMEOUT(cgroup, group_goes_first, HV_TIMEOUT)
{
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	addr = hv_map(PAGES);
	ASSERT_NE(MAP_FAILED, addr);
	EXPECT_EQ(PAGES, usage(GROUP));
	ASSERT_EQ(0, join(MOUNT));
	ASSERT_EQ(0, rmdir(GROUP));
	/* It hands them over in the background */
	usleep(300000);
	EXPECT_EQ(self->charged + PAGES, usage(MOUNT));
	EXPECT_EQ(0, differ(addr, variant->on));
	ASSERT_EQ(0, munmap(addr, PAGES * HV_HUGE));
	EXPECT_EQ(self->charged, usage(MOUNT));
}

/* To pages that are made for it on another node, and to free ones of the pool back */
TEST_F_TIMEOUT(cgroup, migration, HV_TIMEOUT)
{
	int status[PAGES], nodes[PAGES];
	unsigned long pfn[PAGES];
	void *pages[PAGES];
	char *addr;
	long i, round, moved;

	if (!self->missing &&
	    access("/sys/devices/system/node/node1/hugepages", F_OK))
		self->missing = "needs two NUMA nodes with memory";
	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	addr = hv_map(PAGES);
	ASSERT_NE(MAP_FAILED, addr);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < PAGES; i++) {
			pages[i] = addr + i * HV_HUGE;
			nodes[i] = !round;
			pfn[i] = hv_pfn(pages[i]);
		}
		ASSERT_EQ(0, syscall(SYS_move_pages, 0, PAGES, pages, nodes,
				     status, MPOL_MF_MOVE));
		for (i = 0, moved = 0; i < PAGES; i++)
			moved += hv_pfn(pages[i]) != pfn[i];
		EXPECT_LT(0, moved);
		EXPECT_EQ(0, differ(addr, variant->on));
		EXPECT_EQ(PAGES, usage(GROUP))
			TH_LOG("round %ld, %ld pages moved", round, moved);
	}
	ASSERT_EQ(0, munmap(addr, PAGES * HV_HUGE));
	EXPECT_EQ(0, usage(GROUP));
}

TEST_HARNESS_MAIN
