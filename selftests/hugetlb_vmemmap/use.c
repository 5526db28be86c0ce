// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that users of huge pages do works on optimized pages as on
 * ordinary ones.  What reaches into the middle of a huge page (pipes, other
 * processes' memory, registered buffers, files) takes references by way of its
 * tails, so all of that depends on compound_head() of tails that are shared.
 */
#include "kselftest_harness.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/io_uring.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "util.h"

#define PAGES	8L

#ifndef MFD_HUGETLB
#define MFD_HUGETLB	4U
#endif

FIXTURE(use) {
	const char *missing;
	long before;
	bool can_see;	/* whether pages are optimized */
	char *addr;
};

FIXTURE_VARIANT(use) {
	long on;
};

FIXTURE_VARIANT_ADD(use, on) {
	.on = 1,
};

FIXTURE_VARIANT_ADD(use, off) {
	.on = 0,
};

FIXTURE_SETUP(use)
{
	hv_reset();
	self->addr = MAP_FAILED;
	self->missing = hv_lacks(variant->on ? HV_NEED_SYSCTL : 0);
	if (self->missing)
		return;
	self->can_see = !hv_lacks(HV_NEED_KPAGE | HV_NEED_MAP);
	self->before = hv_free_kb();
	if (hv_has_sysctl())
		ASSERT_EQ(0, hv_set_sysctl(variant->on));
	ASSERT_EQ(2 * PAGES, hv_resize(2 * PAGES));
	self->addr = hv_map(PAGES);
	ASSERT_NE(MAP_FAILED, self->addr);
}

FIXTURE_TEARDOWN(use)
{
	int tries;

	if (self->missing)
		return;
	munmap(self->addr, PAGES * HV_HUGE);
	EXPECT_EQ(2 * PAGES, hv_pool("free_hugepages"))
		TH_LOG("a reference to a huge page was lost");
	EXPECT_EQ(0, hv_resize(0));
	/* What holds a page for a moment may outlive the write */
	for (tries = 0; tries < 50 && self->before - hv_free_kb() > 1024; tries++)
		usleep(100000);
	EXPECT_LE(self->before - hv_free_kb(), 1024);
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/* Each 4 KiB page gets words of its own at both ends. */
static void fill(void *addr, size_t len, __u64 seed)
{
	size_t at;

	for (at = 0; at < len; at += HV_SMALL) {
		__u64 *word = (__u64 *)((char *)addr + at);

		word[0] = seed ^ at;
		word[HV_SMALL / 8 - 1] = ~(seed ^ at);
	}
}

/* How many 4 KiB pages are not as fill() left them */
static long differ(const void *addr, size_t len, __u64 seed)
{
	long nr = 0;
	size_t at;

	for (at = 0; at < len; at += HV_SMALL) {
		const __u64 *word;

		word = (const __u64 *)((const char *)addr + at);
		nr += word[0] != (seed ^ at) ||
		      word[HV_SMALL / 8 - 1] != ~(seed ^ at);
	}
	return nr;
}

/* How a child ended: its exit code, or minus the signal */
static int child_status(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 255;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Does a write (or a read) at @addr end a process with @sig? */
static bool faults(char *addr, bool write, int sig)
{
	pid_t pid = fork();

	if (!pid) {
		signal(sig, SIG_DFL);
		if (write)
			__atomic_store_n(addr, 1, __ATOMIC_RELAXED);
		else
			__atomic_load_n(addr, __ATOMIC_RELAXED);
		_exit(0);
	}
	return child_status(pid) == -sig;
}

TEST_F_TIMEOUT(use, write_and_read, HV_TIMEOUT)
{
	long i;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	fill(self->addr, PAGES * HV_HUGE, 1);
	EXPECT_EQ(0, differ(self->addr, PAGES * HV_HUGE, 1));
	if (!self->can_see)
		return;
	for (i = 0; i < PAGES; i++) {
		enum hv_state want = variant->on ? HV_SHARED : HV_OWN;
		unsigned long pfn = hv_pfn(self->addr + i * HV_HUGE);

		ASSERT_NE(0, pfn);
		EXPECT_EQ(want, hv_state(pfn))
			TH_LOG("PFN %#lx: %s", pfn, hv_state_name(hv_state(pfn)));
	}
}

TEST_F_TIMEOUT(use, fork_and_copy, HV_TIMEOUT)
{
	pid_t pid;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	fill(self->addr, PAGES * HV_HUGE, 2);
	pid = fork();
	if (!pid) {
		if (differ(self->addr, PAGES * HV_HUGE, 2))
			_exit(1);
		fill(self->addr, PAGES * HV_HUGE, 3);
		_exit(differ(self->addr, PAGES * HV_HUGE, 3) ? 2 : 0);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(0, differ(self->addr, PAGES * HV_HUGE, 2));
}

TEST_F_TIMEOUT(use, protect_and_unmap, HV_TIMEOUT)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	fill(self->addr, PAGES * HV_HUGE, 4);
	ASSERT_EQ(0, mprotect(self->addr, PAGES * HV_HUGE, PROT_READ));
	EXPECT_TRUE(faults(self->addr + 5 * HV_SMALL, true, SIGSEGV));
	EXPECT_EQ(0, differ(self->addr, PAGES * HV_HUGE, 4));
	ASSERT_EQ(0, mprotect(self->addr, PAGES * HV_HUGE,
			      PROT_READ | PROT_WRITE));
	fill(self->addr, PAGES * HV_HUGE, 5);

	ASSERT_EQ(0, munmap(self->addr, HV_HUGE));
	EXPECT_EQ(PAGES + 1, hv_pool("free_hugepages"));
	EXPECT_TRUE(faults(self->addr, false, SIGSEGV));
	EXPECT_EQ(0, differ(self->addr + 3 * HV_HUGE, HV_HUGE,
			    5 ^ (3 * HV_HUGE)));
}

TEST_F_TIMEOUT(use, advise, HV_TIMEOUT)
{
	const size_t len = PAGES * HV_HUGE;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (madvise(self->addr, len, MADV_NORMAL))
		SKIP(return, "needs CONFIG_ADVISE_SYSCALLS: %s",
		     strerror(errno));
	fill(self->addr, len, 13);
	EXPECT_EQ(0, madvise(self->addr, len, MADV_DONTFORK));
	EXPECT_TRUE(faults(self->addr + 5 * HV_SMALL, false, SIGSEGV));
	EXPECT_EQ(0, madvise(self->addr, len, MADV_DOFORK));
	EXPECT_FALSE(faults(self->addr + 5 * HV_SMALL, false, SIGSEGV));
	EXPECT_EQ(0, madvise(self->addr, len, MADV_DONTDUMP));
	EXPECT_EQ(0, madvise(self->addr, len, MADV_DODUMP));
	EXPECT_EQ(0, differ(self->addr, len, 13));
}

TEST_F_TIMEOUT(use, file, HV_TIMEOUT)
{
	static __u64 copy[HV_SMALL / 8];
	char *map;
	int fd;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	fd = syscall(SYS_memfd_create, "hugetlb_vmemmap", MFD_HUGETLB);
	if (fd < 0)
		SKIP(return, "memfd_create(MFD_HUGETLB): %s", strerror(errno));
	ASSERT_EQ(0, ftruncate(fd, PAGES * HV_HUGE));
	map = mmap(NULL, PAGES * HV_HUGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		   fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	fill(map, PAGES * HV_HUGE, 6);
	EXPECT_EQ(0, hv_pool("free_hugepages"));

	/* read() goes through the tail that holds the bytes */
	ASSERT_EQ(HV_SMALL, pread(fd, copy, HV_SMALL, HV_HUGE + 300 * HV_SMALL));
	EXPECT_EQ(6 ^ (HV_HUGE + 300 * HV_SMALL), copy[0]);
	EXPECT_EQ(~copy[0], copy[HV_SMALL / 8 - 1]);

	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       3 * HV_HUGE, HV_HUGE));
	EXPECT_EQ(1, hv_pool("free_hugepages"));
	EXPECT_EQ(0, ((__u64 *)(map + 3 * HV_HUGE))[HV_SMALL / 8 * 300]);
	EXPECT_EQ(0, hv_pool("free_hugepages"));

	ASSERT_EQ(0, ftruncate(fd, 2 * HV_HUGE));
	EXPECT_EQ(PAGES - 2, hv_pool("free_hugepages"));
	EXPECT_TRUE(faults(map + 2 * HV_HUGE, false, SIGBUS));
	EXPECT_EQ(0, differ(map, 2 * HV_HUGE, 6));

	ASSERT_EQ(0, munmap(map, PAGES * HV_HUGE));
	close(fd);
}

/*
 * A pipe holds a reference to the head for a piece of a tail, and none to the
 * tail, whose count nobody may write.
 */
TEST_F_TIMEOUT(use, splice_from_tails, HV_TIMEOUT)
{
	static const unsigned int subpages[] = { 1, 63, 64, 65, 300, 511 };
	struct hv_raw head_before, head, tail;
	unsigned long pfn;
	unsigned int i;
	__u64 word;
	int fd[2];

	if (self->missing)
		SKIP(return, "%s", self->missing);
	fill(self->addr, HV_HUGE, 7);
	pfn = hv_pfn(self->addr);
	ASSERT_EQ(0, pipe(fd));
	for (i = 0; i < ARRAY_SIZE(subpages); i++) {
		const size_t at = subpages[i] * HV_SMALL;
		struct iovec iov = { self->addr + at, sizeof(word) };

		if (self->can_see)
			ASSERT_EQ(0, hv_raw_pages(pfn, 1, &head_before));
		ASSERT_EQ(sizeof(word), vmsplice(fd[1], &iov, 1, 0))
			TH_LOG("vmsplice of page %u: %s", subpages[i],
			       strerror(errno));
		if (self->can_see) {
			ASSERT_EQ(0, hv_raw_pages(pfn, 1, &head));
			ASSERT_EQ(0, hv_raw_pages(pfn + subpages[i], 1, &tail));
			EXPECT_EQ(head_before.refcount + 1, head.refcount);
			EXPECT_EQ(0, tail.refcount);
		}
		ASSERT_EQ(sizeof(word), read(fd[0], &word, sizeof(word)));
		EXPECT_EQ(7 ^ at, word);
		if (self->can_see) {
			ASSERT_EQ(0, hv_raw_pages(pfn, 1, &head));
			EXPECT_EQ(head_before.refcount, head.refcount);
		}
	}

	/* The page outlives its mapping while the pipe holds it */
	struct iovec iov = { self->addr + 300 * HV_SMALL, sizeof(word) };

	ASSERT_EQ(sizeof(word), vmsplice(fd[1], &iov, 1, 0));
	ASSERT_EQ(0, munmap(self->addr, HV_HUGE));
	EXPECT_EQ(PAGES, hv_pool("free_hugepages"));
	ASSERT_EQ(sizeof(word), read(fd[0], &word, sizeof(word)));
	EXPECT_EQ(7 ^ (300 * HV_SMALL), word);
	EXPECT_EQ(PAGES + 1, hv_pool("free_hugepages"));
	close(fd[0]);
	close(fd[1]);
}

/* A child reads and writes the pages of its parent, by way of a file. */
TEST_F_TIMEOUT(use, proc_mem, HV_TIMEOUT)
{
	const size_t from = 100 * HV_SMALL + 12, len = HV_HUGE;
	char *copy = malloc(len);
	char path[40];
	pid_t pid;
	int fd;

	ASSERT_NE(NULL, copy);
	if (self->missing)
		SKIP(return, "%s", self->missing);
	fill(self->addr, PAGES * HV_HUGE, 14);
	snprintf(path, sizeof(path), "/proc/%d/mem", getpid());
	pid = fork();
	if (!pid) {
		off_t at = (off_t)(self->addr + from);

		fd = open(path, O_RDWR);
		if (fd < 0)
			_exit(1);
		if (pread(fd, copy, len, at) != (ssize_t)len ||
		    memcmp(copy, self->addr + from, len))
			_exit(2);
		memset(copy, 0xa5, len);
		_exit(pwrite(fd, copy, len, at) == (ssize_t)len ? 0 : 3);
	}
	EXPECT_EQ(0, child_status(pid));
	memset(copy, 0xa5, len);
	EXPECT_EQ(0, memcmp(copy, self->addr + from, len));
	free(copy);
}

/* The same by system calls. */
TEST_F_TIMEOUT(use, process_vm, HV_TIMEOUT)
{
	const size_t from = 100 * HV_SMALL + 12, len = HV_HUGE;
	char *copy = malloc(len);
	struct iovec local = { copy, len };
	struct iovec remote = { self->addr + from, len };
	pid_t parent = getpid(), pid;

	ASSERT_NE(NULL, copy);
	/* Reading it unwritten would make the huge zero page, which stays */
	memset(copy, 0, len);
	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (process_vm_readv(parent, &local, 1, &local, 1, 0) < 0)
		SKIP(return, "needs CONFIG_CROSS_MEMORY_ATTACH: %s",
		     strerror(errno));
	fill(self->addr, PAGES * HV_HUGE, 8);
	pid = fork();
	if (!pid) {
		if (process_vm_readv(parent, &local, 1, &remote, 1, 0) !=
		    (ssize_t)len || memcmp(copy, self->addr + from, len))
			_exit(2);
		memset(copy, 0x5a, len);
		_exit(process_vm_writev(parent, &local, 1, &remote, 1, 0) ==
		      (ssize_t)len ? 0 : 3);
	}
	EXPECT_EQ(0, child_status(pid));
	memset(copy, 0x5a, len);
	EXPECT_EQ(0, memcmp(copy, self->addr + from, len));
	free(copy);
}

/* Pinned for as long as it is registered, tails and all. */
TEST_F_TIMEOUT(use, registered_buffer, HV_TIMEOUT)
{
	struct iovec iov = { self->addr + 37 * HV_SMALL, HV_HUGE };
	struct io_uring_params params = {};
	struct hv_raw before, during, after;
	unsigned long pfn;
	int fd;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	fd = syscall(SYS_io_uring_setup, 1, &params);
	if (fd < 0)
		SKIP(return, "needs io_uring: %s", strerror(errno));
	fill(self->addr, PAGES * HV_HUGE, 9);
	pfn = hv_pfn(self->addr);
	if (self->can_see)
		ASSERT_EQ(0, hv_raw_pages(pfn, 1, &before));
	ASSERT_EQ(0, syscall(SYS_io_uring_register, fd,
			     IORING_REGISTER_BUFFERS, &iov, 1));
	if (self->can_see) {
		ASSERT_EQ(0, hv_raw_pages(pfn, 1, &during));
		EXPECT_GT(during.refcount, before.refcount);
	}
	fill(self->addr, PAGES * HV_HUGE, 10);
	ASSERT_EQ(0, syscall(SYS_io_uring_register, fd,
			     IORING_UNREGISTER_BUFFERS, NULL, 0));
	if (self->can_see) {
		ASSERT_EQ(0, hv_raw_pages(pfn, 1, &after));
		EXPECT_EQ(before.refcount, after.refcount);
	}
	EXPECT_EQ(0, differ(self->addr, PAGES * HV_HUGE, 10));
	close(fd);
}

/* Pages that no pool was asked for: made and released by use. */
TEST_F_TIMEOUT(use, surplus, HV_TIMEOUT)
{
	enum hv_state want = variant->on ? HV_SHARED : HV_OWN;
	unsigned long heads[PAGES];
	long i, round, left;
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (round = 0; round < 4; round++) {
		/* The pool of the fixture is in use or reserved */
		ASSERT_EQ(PAGES, hv_resize(PAGES));
		ASSERT_EQ(0, hv_set_pool("nr_overcommit_hugepages", PAGES));
		addr = hv_map(PAGES);
		ASSERT_NE(MAP_FAILED, addr);
		EXPECT_EQ(PAGES, hv_pool("surplus_hugepages"));
		fill(addr, PAGES * HV_HUGE, 11);
		for (i = 0; self->can_see && i < PAGES; i++) {
			heads[i] = hv_pfn(addr + i * HV_HUGE);
			EXPECT_EQ(want, hv_state(heads[i]));
		}
		EXPECT_EQ(0, differ(addr, PAGES * HV_HUGE, 11));
		ASSERT_EQ(0, munmap(addr, PAGES * HV_HUGE));

		/* The count falls at once; memory may follow a little later */
		EXPECT_EQ(0, hv_pool("surplus_hugepages"));
		EXPECT_EQ(PAGES, hv_pool("nr_hugepages"));
		if (!(round & 1))
			sleep(1);
		/* A write to the pool waits for it */
		ASSERT_EQ(PAGES, hv_resize(PAGES));
		left = 0;
		for (i = 0; self->can_see && i < PAGES; i++)
			left += hv_state(heads[i]) != HV_OWN;
		EXPECT_EQ(0, left)
			TH_LOG("%ld surplus pages not released", left);
	}
	ASSERT_EQ(0, hv_set_pool("nr_overcommit_hugepages", 0));
	/* As the fixture leaves it */
	ASSERT_EQ(2 * PAGES, hv_resize(2 * PAGES));
}

static int other_node(void)
{
	char path[80];
	int node, nodes = 0, found = -1;

	for (node = 0; node < 64; node++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%d/hugepages", node);
		if (access(path, F_OK))
			continue;
		nodes++;
		found = node;
	}
	return nodes > 1 ? found : -1;
}

TEST_F_TIMEOUT(use, move_to_other_node, HV_TIMEOUT)
{
	int node = other_node(), status[PAGES], nodes[PAGES];
	void *pages[PAGES];
	unsigned long pfn;
	long i;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (node < 0)
		SKIP(return, "needs two NUMA nodes with memory");
	fill(self->addr, PAGES * HV_HUGE, 12);
	for (i = 0; i < PAGES; i++) {
		pages[i] = self->addr + i * HV_HUGE;
		nodes[i] = node;
		status[i] = -1;
	}
	/* No free pages on any node: the targets have to be made */
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	pfn = hv_pfn(self->addr);
	ASSERT_EQ(0, syscall(SYS_move_pages, 0, PAGES, pages, nodes, status,
			     MPOL_MF_MOVE));
	for (i = 0; i < PAGES; i++)
		EXPECT_EQ(node, status[i]);
	EXPECT_EQ(0, differ(self->addr, PAGES * HV_HUGE, 12));
	for (i = 0; i < PAGES; i++)
		nodes[i] = !node;
	ASSERT_EQ(0, syscall(SYS_move_pages, 0, PAGES, pages, nodes, status,
			     MPOL_MF_MOVE));
	EXPECT_EQ(0, differ(self->addr, PAGES * HV_HUGE, 12));
	if (self->can_see) {
		enum hv_state want = variant->on ? HV_SHARED : HV_OWN;

		EXPECT_NE(pfn, hv_pfn(self->addr));
		EXPECT_EQ(want, hv_state(hv_pfn(self->addr)));
	}
	ASSERT_EQ(2 * PAGES, hv_resize(2 * PAGES));
}

TEST_HARNESS_MAIN
