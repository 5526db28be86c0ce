// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memory policy, or a cpuset, of a node that has nothing but movable memory: what is
 * pinned for long comes from elsewhere.
 */
#include "kselftest_harness.h"
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "pin.h"

#define MIB	(1UL << 20)
#define LEN	(16 * MIB)
#define CPUSET	"/tmp/longterm_pin.cpuset"

#define BIND	2	/* MPOL_BIND */

FIXTURE(policy) {
	const char *missing;
	int node;
	long held;
	char *mem;
};

FIXTURE_VARIANT(policy) {
	bool touched, cpuset, hugetlb;
};

FIXTURE_VARIANT_ADD(policy, bind_touched) { .touched = true };
FIXTURE_VARIANT_ADD(policy, bind_untouched) { };
FIXTURE_VARIANT_ADD(policy, bind_hugetlb) { .hugetlb = true };
FIXTURE_VARIANT_ADD(policy, cpuset_touched) { .cpuset = true, .touched = true };
FIXTURE_VARIANT_ADD(policy, cpuset_untouched) { .cpuset = true };
FIXTURE_VARIANT_ADD(policy, cpuset_hugetlb) { .cpuset = true, .hugetlb = true };

/* Nodes of a list such as "0,2-3", as bits */
static unsigned long node_list(const char *path)
{
	char text[64], *at = text;
	unsigned long bits = 0;

	if (hv_read_text(path, text, sizeof(text)) <= 0)
		return 0;
	while (*at >= '0' && *at <= '9') {
		unsigned long from = strtoul(at, &at, 10), to = from;

		if (*at == '-')
			to = strtoul(at + 1, &at, 10);
		for (; from <= to && from < 64; from++)
			bits |= 1UL << from;
		at += *at == ',';
	}
	return bits;
}

static int movable_node(void)
{
	unsigned long bits;

	bits = node_list("/sys/devices/system/node/has_memory") &
	       ~node_list("/sys/devices/system/node/has_normal_memory");
	return bits ? __builtin_ctzl(bits) : -1;
}

FIXTURE_SETUP(policy)
{
	hv_reset();
	self->held = pin_held();
	self->node = movable_node();
	self->missing = pin_lacks(PIN_URING);
	if (self->node < 0)
		self->missing = "needs a node with nothing but movable memory";
}

FIXTURE_TEARDOWN(policy)
{
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

/* Confine this process to the node: why not, or NULL */
static const char *enter_cpuset(int node)
{
	char text[32];

	mkdir(CPUSET, 0700);
	if (mount("cpuset", CPUSET, "cpuset", 0, NULL) && errno != EBUSY)
		return "needs CONFIG_CPUSETS";
	mkdir(CPUSET "/movable", 0700);
	snprintf(text, sizeof(text), "%d", node);
	if (hv_write_text(CPUSET "/movable/cpuset.cpus", "0") &&
	    hv_write_text(CPUSET "/movable/cpus", "0"))
		return "cannot set the CPUs of a cpuset";
	if (hv_write_text(CPUSET "/movable/cpuset.mems", text) &&
	    hv_write_text(CPUSET "/movable/mems", text))
		return "cannot set the nodes of a cpuset";
	snprintf(text, sizeof(text), "%d", getpid());
	if (hv_write_text(CPUSET "/movable/tasks", text))
		return "cannot enter a cpuset";
	return NULL;
}

/* In a child, which leaves nothing behind: 0, 4 to skip, or what is wrong */
static int try(bool cpuset, bool touched, bool hugetlb, int node)
{
	unsigned long nodes = 1UL << node;
	const char *reason = NULL;
	char *mem;
	int fd;

	if (cpuset)
		reason = enter_cpuset(node);
	if (reason) {
		fprintf(stderr, "# %s\n", reason);
		return 4;
	}
	mem = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		   MAP_ANONYMOUS | (hugetlb ? MAP_HUGETLB : 0), -1, 0);
	if (mem == MAP_FAILED)
		return 5;
	if (!cpuset && syscall(__NR_mbind, mem, LEN, BIND, &nodes, 64, 0))
		return 6;
	madvise(mem, LEN, MADV_NOHUGEPAGE);
	if (touched)
		pin_fill(mem, LEN);
	if (touched && pin_count_movable(mem, LEN) != LEN / PIN_PAGE)
		return 7;
	fd = pin_start(PIN_URING, mem, LEN);
	if (fd < 0) {
		fprintf(stderr, "# cannot be pinned: %s\n", strerror(-fd));
		return 8;
	}
	if (pin_count_movable(mem, LEN))
		return 9;
	return touched && pin_wrong(mem, LEN) ? 10 : 0;
}

TEST_F_TIMEOUT(policy, movable_node_only, HV_TIMEOUT)
{
	char path[128];
	int status;
	pid_t pid;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (variant->hugetlb) {
		/* All of the pool where it cannot stay */
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%d/hugepages/hugepages-2048kB/nr_hugepages",
			 self->node);
		ASSERT_EQ(0, hv_write_long(path, LEN / HV_HUGE));
		ASSERT_EQ(LEN / HV_HUGE, hv_read_long(path));
	}
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(try(variant->cpuset, variant->touched, variant->hugetlb,
			  self->node));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 4)
		SKIP(return, "needs CONFIG_CPUSETS");
	EXPECT_EQ(0, status)
		TH_LOG("step %d", WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
