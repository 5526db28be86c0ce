// SPDX-License-Identifier: GPL-2.0-only
/*
 * vm.hugetlb_optimize_vmemmap decides about pages that join the pool from then
 * on.  Pages that are in the pool stay what they are and are freed by what they
 * are, whatever the switch says by then.
 */
#include "kselftest_harness.h"
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "util.h"

#define PAGES	32L

FIXTURE(toggle) {
	const char *missing;
	long before;
	unsigned long heads[4 * PAGES];
};

FIXTURE_SETUP(toggle)
{
	hv_reset();
	self->missing = hv_lacks(HV_NEED_SYSCTL | HV_NEED_KPAGE | HV_NEED_MAP);
	self->before = hv_free_kb();
}

FIXTURE_TEARDOWN(toggle)
{
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

TEST_F_TIMEOUT(toggle, only_0_and_1, HV_TIMEOUT)
{
	static const char * const wrong[] = {
		"2", "-1", "on", "yes", "4294967296", "4294967297",
	};
	const char *missing = hv_lacks(HV_NEED_SYSCTL);
	unsigned int i;
	long on;

	if (missing)
		SKIP(return, "%s", missing);
	for (on = 0; on <= 1; on++) {
		ASSERT_EQ(0, hv_set_sysctl(on));
		ASSERT_EQ(on, hv_sysctl());
		for (i = 0; i < ARRAY_SIZE(wrong); i++) {
			EXPECT_EQ(-EINVAL, hv_write_text(HV_SYSCTL, wrong[i]))
				TH_LOG("'%s' was taken", wrong[i]);
			EXPECT_EQ(on, hv_sysctl());
		}
	}
}

/* Both ways round: what is there does not change, what comes does. */
TEST_F_TIMEOUT(toggle, new_pages_only, HV_TIMEOUT)
{
	long on, nr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (on = 0; on <= 1; on++) {
		const enum hv_state old = on ? HV_SHARED : HV_OWN;
		const enum hv_state new = on ? HV_OWN : HV_SHARED;

		ASSERT_EQ(0, hv_set_sysctl(on));
		ASSERT_EQ(PAGES, hv_resize(PAGES));
		nr = hv_heads(self->heads, PAGES);
		ASSERT_EQ(PAGES, nr);
		EXPECT_EQ(PAGES, hv_count_state(self->heads, nr, old));

		ASSERT_EQ(0, hv_set_sysctl(!on));
		EXPECT_EQ(PAGES, hv_count_state(self->heads, nr, old));

		ASSERT_EQ(2 * PAGES, hv_resize(2 * PAGES));
		EXPECT_EQ(PAGES, hv_count_state(self->heads, nr, old));
		nr = hv_heads(self->heads, 2 * PAGES);
		ASSERT_EQ(2 * PAGES, nr);
		EXPECT_EQ(PAGES, hv_count_state(self->heads, nr, old));
		EXPECT_EQ(PAGES, hv_count_state(self->heads, nr, new));

		ASSERT_EQ(0, hv_resize(0));
		EXPECT_EQ(nr, hv_count_state(self->heads, nr, HV_OWN))
			TH_LOG("released pages have no memory map of their own");
		EXPECT_LE(self->before - hv_free_kb(), 1024);
	}
}

/* The switch says the opposite of what the pages are when they go. */
TEST_F_TIMEOUT(toggle, freed_against_the_switch, HV_TIMEOUT)
{
	long on, nr, round;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (round = 0; round < 3; round++) {
		for (on = 0; on <= 1; on++) {
			ASSERT_EQ(0, hv_set_sysctl(on));
			ASSERT_EQ(4 * PAGES, hv_resize(4 * PAGES));
			nr = hv_heads(self->heads, 4 * PAGES);
			ASSERT_EQ(4 * PAGES, nr);
			ASSERT_EQ(0, hv_set_sysctl(!on));
			ASSERT_EQ(0, hv_resize(0));
			EXPECT_EQ(nr, hv_count_state(self->heads, nr, HV_OWN));
			EXPECT_LE(self->before - hv_free_kb(), 1024);
		}
	}
}

/* Free pages become optimized when told so, as many as asked for. */
TEST_F_TIMEOUT(toggle, free_pages_on_demand, HV_TIMEOUT)
{
	static const char * const wrong[] = { "x", "-1", "1 2" };
	const char *file = HV_POOL "optimize_free_hugepages";
	long nr, used = 0;
	unsigned int i;
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, hv_set_sysctl(0));
	ASSERT_EQ(4 * PAGES, hv_resize(4 * PAGES));
	nr = hv_heads(self->heads, 4 * PAGES);
	ASSERT_EQ(4 * PAGES, nr);

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT_GT(0, hv_write_text(file, wrong[i]));
	EXPECT_EQ(0, hv_write_long(file, 0));
	EXPECT_EQ(0, hv_pool("optimized_hugepages"));

	EXPECT_EQ(0, hv_write_long(file, 3));
	EXPECT_EQ(3, hv_pool("optimized_hugepages"));
	EXPECT_EQ(3, hv_count_state(self->heads, nr, HV_SHARED));

	/* Those in use and those that are reserved remain what they are */
	addr = hv_map(PAGES);
	ASSERT_NE(MAP_FAILED, addr);
	for (i = 0; i < PAGES; i++)
		used += hv_state(hv_pfn(addr + i * HV_HUGE)) == HV_SHARED;
	EXPECT_EQ(0, hv_write_long(file, 1000000));
	EXPECT_EQ(nr - PAGES + used, hv_pool("optimized_hugepages"));
	EXPECT_EQ(nr - PAGES, hv_pool("free_hugepages"));
	munmap(addr, PAGES * HV_HUGE);

	EXPECT_EQ(0, hv_write_long(file, 1000000));
	EXPECT_EQ(nr, hv_count_state(self->heads, nr, HV_SHARED));
	EXPECT_EQ(nr, hv_pool("free_hugepages"));
	EXPECT_EQ(0, hv_pool("surplus_hugepages"));

	ASSERT_EQ(0, hv_resize(0));
	EXPECT_EQ(nr, hv_count_state(self->heads, nr, HV_OWN));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

#define ON_DEMAND	"optimize_free_hugepages"
#define NODE(nr)	"/sys/devices/system/node/node" #nr "/hugepages/hugepages-2048kB/"

/* It can be written and nothing else, and says nothing but what it has done. */
TEST_F_TIMEOUT(toggle, on_demand_tells_counts, HV_TIMEOUT)
{
	struct stat st;
	char buf[32];
	int log;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, stat(HV_POOL ON_DEMAND, &st));
	EXPECT_EQ(0200, st.st_mode & 0777);
	EXPECT_EQ(-EACCES, hv_read_text(HV_POOL ON_DEMAND, buf, sizeof(buf)));

	ASSERT_EQ(0, hv_set_sysctl(0));
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	log = hv_log_open();
	ASSERT_LE(0, log);
	ASSERT_EQ(0, hv_write_long(HV_POOL ON_DEMAND, 5));
	EXPECT_TRUE(hv_log_has(log, "HugeTLB: 5 free pages of 2048 KiB optimized, 0 could not be"));
	/* As many as there are */
	ASSERT_EQ(0, hv_write_long(HV_POOL ON_DEMAND, 2 * PAGES));
	EXPECT_TRUE(hv_log_has(log, "27 free pages of 2048 KiB optimized, 0 could not be"));
	ASSERT_EQ(0, hv_write_long(HV_POOL ON_DEMAND, PAGES));
	EXPECT_TRUE(hv_log_has(log, "HugeTLB: 0 free pages of 2048 KiB optimized, 0 could not be"));
	close(log);
}

/* The file of a node is about pages of that node, whatever the other has. */
TEST_F_TIMEOUT(toggle, on_demand_by_node, HV_TIMEOUT)
{
	if (!self->missing && access(NODE(1), F_OK))
		self->missing = "needs two NUMA nodes with memory";
	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, hv_set_sysctl(0));
	ASSERT_EQ(0, hv_write_long(NODE(0) "nr_hugepages", PAGES));
	ASSERT_EQ(0, hv_write_long(NODE(1) "nr_hugepages", PAGES));
	ASSERT_EQ(2 * PAGES, hv_pool("nr_hugepages"));

	EXPECT_EQ(0, hv_write_long(NODE(1) ON_DEMAND, 2 * PAGES));
	EXPECT_EQ(PAGES, hv_read_long(NODE(1) "optimized_hugepages"));
	EXPECT_EQ(0, hv_read_long(NODE(0) "optimized_hugepages"));
	EXPECT_EQ(0, hv_write_long(NODE(0) ON_DEMAND, 7));
	EXPECT_EQ(PAGES, hv_read_long(NODE(1) "optimized_hugepages"));
	EXPECT_EQ(7, hv_read_long(NODE(0) "optimized_hugepages"));

	ASSERT_EQ(2 * PAGES, hv_heads(self->heads, 2 * PAGES));
	EXPECT_EQ(PAGES + 7, hv_count_state(self->heads, 2 * PAGES, HV_SHARED));
	EXPECT_EQ(PAGES - 7, hv_count_state(self->heads, 2 * PAGES, HV_OWN));
}

static void nothing(int sig)
{
}

/* Writes as a child, which gets a signal as soon as a page is optimized. */
static int interrupted_write(void)
{
	struct sigaction action = { .sa_handler = nothing };
	int status;
	pid_t pid;

	/* No SA_RESTART: the write is to end */
	sigaction(SIGUSR1, &action, NULL);
	pid = fork();
	if (!pid)
		_exit(-hv_write_long(HV_POOL ON_DEMAND, 1000000));
	while (pid > 0 && !waitpid(pid, &status, WNOHANG)) {
		if (hv_pool("optimized_hugepages") > 0)
			kill(pid, SIGUSR1);
	}
	return pid > 0 && WIFEXITED(status) ? -WEXITSTATUS(status) : -ENODATA;
}

/*
 * A signal ends it between batches.  What is done stays done, and all pages are
 * there.  Most are reserved, so that batches are small.
 */
TEST_F_TIMEOUT(toggle, on_demand_interrupted, HV_TIMEOUT)
{
	long nr, done = 0, room = hv_room(), tries;
	unsigned long *heads;
	char *addr;
	int log;

	if (!self->missing && room < 256)
		self->missing = "needs 768 MiB of free memory";
	if (self->missing)
		SKIP(return, "%s", self->missing);
	nr = room < 512 ? room : 512;
	heads = calloc(nr, sizeof(*heads));
	ASSERT_NE(NULL, heads);
	log = hv_log_open();
	/* It may have run to its end before the signal came */
	for (tries = 0; tries < 20; tries++) {
		ASSERT_EQ(0, hv_resize(0));
		ASSERT_EQ(0, hv_set_sysctl(0));
		ASSERT_EQ(nr, hv_resize(nr));
		addr = mmap(NULL, nr / 3 * HV_HUGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		ASSERT_NE(MAP_FAILED, addr);
		if (interrupted_write() == -EINTR)
			break;
		munmap(addr, nr / 3 * HV_HUGE);
	}
	ASSERT_GT(20, tries);
	done = hv_pool("optimized_hugepages");
	TH_LOG("interrupted at try %ld with %ld of %ld pages done", tries, done, nr);
	EXPECT_LT(0, done);
	EXPECT_GT(nr, done);
	ASSERT_EQ(nr, hv_heads(heads, nr));
	EXPECT_EQ(done, hv_count_state(heads, nr, HV_SHARED));
	EXPECT_EQ(nr - done, hv_count_state(heads, nr, HV_OWN));
	EXPECT_EQ(nr, hv_pool("free_hugepages"));
	EXPECT_TRUE(hv_log_has(log, "could not be"));
	close(log);
	munmap(addr, nr / 3 * HV_HUGE);

	/* The rest later */
	EXPECT_EQ(0, hv_write_long(HV_POOL ON_DEMAND, nr));
	EXPECT_EQ(nr, hv_count_state(heads, nr, HV_SHARED));
	ASSERT_EQ(0, hv_resize(0));
	EXPECT_EQ(nr, hv_count_state(heads, nr, HV_OWN));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
	free(heads);
}

/* Pages that are reserved are there for who reserved them, at any time. */
TEST_F_TIMEOUT(toggle, reserved_pages_stay, HV_TIMEOUT)
{
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, hv_set_sysctl(0));
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	addr = mmap(NULL, PAGES * HV_HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, addr);
	EXPECT_EQ(0, hv_write_long(HV_POOL "optimize_free_hugepages", PAGES));
	EXPECT_EQ(0, hv_pool("optimized_hugepages"));
	munmap(addr, PAGES * HV_HUGE);
}

/* A pool of both kinds, grown and shrunk a page at a time. */
TEST_F_TIMEOUT(toggle, mixed_pool, HV_TIMEOUT)
{
	char *addr;
	long i, nr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (i = 0; i < PAGES; i++) {
		ASSERT_EQ(0, hv_set_sysctl(i & 1));
		ASSERT_EQ(i + 1, hv_resize(i + 1));
	}
	nr = hv_heads(self->heads, PAGES);
	ASSERT_EQ(PAGES, nr);
	EXPECT_EQ(PAGES / 2, hv_count_state(self->heads, nr, HV_OWN));
	EXPECT_EQ(PAGES / 2, hv_count_state(self->heads, nr, HV_SHARED));

	/* Use changes nothing */
	addr = hv_map(PAGES);
	ASSERT_NE(MAP_FAILED, addr);
	EXPECT_EQ(PAGES / 2, hv_count_state(self->heads, nr, HV_SHARED));
	ASSERT_EQ(0, munmap(addr, PAGES * HV_HUGE));
	EXPECT_EQ(PAGES / 2, hv_count_state(self->heads, nr, HV_SHARED));

	for (i = PAGES - 1; i >= 0; i--) {
		ASSERT_EQ(0, hv_set_sysctl(i >> 1 & 1));
		ASSERT_EQ(i, hv_resize(i));
	}
	EXPECT_EQ(nr, hv_count_state(self->heads, nr, HV_OWN));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

static bool stop;

static void *toggling(void *arg)
{
	long on;

	for (on = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); on = !on)
		hv_set_sysctl(on);
	return NULL;
}

TEST_F_TIMEOUT(toggle, while_resizing, HV_TIMEOUT)
{
	pthread_t thread;
	long i, nr, broken = 0, short_of = 0;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, pthread_create(&thread, NULL, toggling, NULL));
	for (i = 0; i < 30; i++) {
		short_of += hv_resize(2 * PAGES) != 2 * PAGES;
		nr = hv_heads(self->heads, 2 * PAGES);
		if (nr > 2 * PAGES)
			nr = 2 * PAGES;
		broken += hv_count_state(self->heads, nr, HV_BROKEN);
		short_of += hv_resize(i % PAGES) != i % PAGES;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, broken);
	EXPECT_EQ(0, short_of);

	nr = hv_heads(self->heads, 2 * PAGES);
	ASSERT_EQ(0, hv_resize(0));
	EXPECT_EQ(nr, hv_count_state(self->heads, nr, HV_OWN));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

TEST_HARNESS_MAIN
