// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation fails in turn, and each notifier refuses, while memory is added, goes
 * online and offline, and is removed: what fails says so, leaves nothing behind, and works
 * the next time.
 *
 *	faults [cycles]		(50, of the last test)
 */
#include "kselftest_harness.h"
#include <errno.h>
#include <fcntl.h>
#include "add.h"

#define SLAB		"/sys/kernel/debug/failslab/"
#define PAGES		"/sys/kernel/debug/fail_page_alloc/"
#define NOTIFIER	"/sys/kernel/debug/notifier-error-inject/memory/actions/"
#define SLACK_KB	768
#define MOST_FAULTS	20000

static long cycles = 50;

static void __attribute__((constructor)) read_arguments(int argc, char **argv)
{
	if (argc > 1 && atol(argv[1]) > 0)
		cycles = atol(argv[1]);
}

static const char *lacks_faults(void)
{
	static const char * const settings[][2] = {
		{ SLAB "ignore-gfp-wait", "N" }, { SLAB "verbose", "0" },
		{ PAGES "ignore-gfp-wait", "N" }, { PAGES "ignore-gfp-highmem", "N" },
		{ PAGES "min-order", "0" }, { PAGES "verbose", "0" },
	};
	unsigned int i;

	if (access("/proc/thread-self/fail-nth", W_OK))
		return "needs CONFIG_FAULT_INJECTION";
	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (hv_write_text(settings[i][0], settings[i][1]))
			return "needs CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC, and debugfs";
	return NULL;
}

/*
 * Write @text to @path while the @nth allocation of this task fails. Returns what
 * write() has returned, a negative errno or 0; @reached says if there were so many.
 */
static int write_failing(const char *path, const char *text, int nth, bool *reached)
{
	int nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	int fd = open(path, O_WRONLY), ret, len;
	char buf[16] = "";

	if (fd < 0 || nth_fd < 0)
		return -ENXIO;
	len = snprintf(buf, sizeof(buf), "%d", nth);
	if (write(nth_fd, buf, len) != len)
		return -ENXIO;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	memset(buf, 0, sizeof(buf));
	if (pread(nth_fd, buf, sizeof(buf) - 1, 0) <= 0)
		ret = -ENXIO;
	*reached = !atoi(buf);
	if (!*reached)
		pwrite(nth_fd, "0", 1, 0);
	close(fd);
	close(nth_fd);
	return ret;
}

static int add_failing(const struct mm_range *range, int nth, bool *reached)
{
	char text[80];

	mm_request(range, text, sizeof(text));
	return write_failing(MM_TEST_DIR "add", text, nth, reached);
}

static int set_failing(unsigned long block, const char *state, int nth, bool *reached)
{
	char path[128];

	snprintf(path, sizeof(path), HV_MEMORY "memory%lu/state", block);
	return write_failing(path, state, nth, reached);
}

FIXTURE(faults) {
	struct mm_range range;
	struct mm_baseline before;
	const char *missing;
};

FIXTURE_SETUP(faults)
{
	hv_reset();
	/* More than a GiB, so that mapping it takes a page table even with large pages */
	self->missing = mm_lacks(&self->range, 2);
	if (!self->missing)
		self->missing = lacks_faults();
	if (self->missing)
		return;
	/* The first time, caches and page tables grow that stay */
	ASSERT_EQ(0, mm_add(&self->range));
	ASSERT_EQ(0, mm_offline_and_remove(&self->range));
	ASSERT_EQ(0, mm_baseline(&self->before));
}

FIXTURE_TEARDOWN(faults)
{
	if (!self->missing)
		MM_EXPECT_AS_BEFORE(&self->before, SLACK_KB);
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/* Add while one allocation after the other fails: how many adds failed. */
static int fail_each(struct __test_metadata *_metadata, const struct mm_range *range)
{
	int nth, failed = 0, survived = 0;
	bool reached = true;

	for (nth = 1; reached && nth < MOST_FAULTS; nth++) {
		int ret = add_failing(range, nth, &reached);

		if (ret) {
			failed++;
			/*
			 * A resource that was not allocated is taken for a conflict, a
			 * device whose name was not for one without a name.
			 */
			EXPECT_TRUE(ret == -ENOMEM || ret == -EEXIST || ret == -EINVAL)
				TH_LOG("allocation %d: %d", nth, ret);
			EXPECT_EQ(-ENOENT, mm_is_online(range->first));
		} else {
			/* What is not vital, or went another way */
			survived += reached;
			EXPECT_EQ(0, mm_remove(range));
		}
		if (!_metadata->passed)
			break;
	}
	TH_LOG("%d allocations: %d adds failed, %d went on", nth - 1, failed, survived);
	return failed;
}

/* Every allocation of an add, one at a time. */
TEST_F_TIMEOUT(faults, add, 3 * HV_TIMEOUT)
{
	if (self->missing)
		SKIP(return, "%s", self->missing);
	EXPECT_LT(10, fail_each(_metadata, &self->range));
	ASSERT_EQ(0, mm_add(&self->range));
	ASSERT_EQ(0, mm_remove(&self->range));
}

/* The same for a node that is not online, and has to be each time. */
TEST_F_TIMEOUT(faults, new_node, 3 * HV_TIMEOUT)
{
	char possible[64] = "", online[64] = "";

	if (self->missing)
		SKIP(return, "%s", self->missing);
	hv_read_text("/sys/devices/system/node/possible", possible, sizeof(possible));
	hv_read_text("/sys/devices/system/node/online", online, sizeof(online));
	if (strcmp(possible, "0-1\n") || strcmp(online, "0\n"))
		SKIP(return, "needs a node 1 that is possible, but not online");

	self->range.size = MM_GIB;
	self->range.nr = self->range.size / self->range.block_size;
	self->range.node = 1;
	/* Once, so that what a node needs is there and stays */
	ASSERT_EQ(0, mm_add(&self->range));
	ASSERT_EQ(0, mm_remove(&self->range));
	ASSERT_EQ(0, mm_baseline(&self->before));
	EXPECT_LT(10, fail_each(_metadata, &self->range));
}

/* Every allocation of going online, which brings the host along, and offline. */
TEST_F_TIMEOUT(faults, online, HV_TIMEOUT)
{
	unsigned long last = self->range.first + self->range.nr - 1;
	int nth, failed = 0;
	bool reached = true;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	ASSERT_EQ(0, mm_add(&self->range));
	for (nth = 1; reached && nth < MOST_FAULTS; nth++) {
		int ret = set_failing(last, "online_movable", nth, &reached);

		failed += !!ret;
		ASSERT_EQ(!ret, mm_is_online(last));
		ASSERT_EQ(0, mm_all_offline(&self->range));
	}
	TH_LOG("%d allocations of going online, %d failed", nth - 1, failed);

	reached = true;
	failed = 0;
	for (nth = 1; reached && nth < MOST_FAULTS; nth++) {
		int ret;

		ASSERT_TRUE(mm_is_online(last) == 1 ||
			    !mm_set(last, "online_movable"));
		ret = set_failing(last, "offline", nth, &reached);
		failed += !!ret;
		ASSERT_EQ(!!ret, mm_is_online(last));
	}
	TH_LOG("%d allocations of going offline, %d failed", nth - 1, failed);
	ASSERT_EQ(0, mm_all_offline(&self->range));
	ASSERT_EQ(0, mm_remove(&self->range));
}

/* Somebody says no. */
TEST_F_TIMEOUT(faults, notifiers, HV_TIMEOUT)
{
	unsigned long last = self->range.first + self->range.nr - 1, host;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (access(NOTIFIER, F_OK))
		SKIP(return, "needs CONFIG_MEMORY_NOTIFIER_ERROR_INJECT");

	ASSERT_EQ(0, mm_add(&self->range));
	host = mm_host(last) < 0 ? last : (unsigned long)mm_host(last);

	hv_write_text(NOTIFIER "MEM_GOING_ONLINE/error", "-12");
	EXPECT_EQ(-ENOMEM, mm_set(last, "online_movable"));
	hv_write_text(NOTIFIER "MEM_GOING_ONLINE/error", "0");
	EXPECT_EQ(0, mm_is_online(last));
	EXPECT_EQ(0, mm_is_online(host));

	/* With its host there it is refused itself, and the host stays */
	ASSERT_EQ(0, mm_set(host, "online_movable"));
	hv_write_text(NOTIFIER "MEM_GOING_ONLINE/error", "-12");
	EXPECT_EQ(host == last ? -EINVAL : -ENOMEM, mm_set(last, "online_movable"));
	hv_write_text(NOTIFIER "MEM_GOING_ONLINE/error", "0");
	EXPECT_EQ(host == last, mm_is_online(last));
	EXPECT_EQ(1, mm_is_online(host));
	ASSERT_EQ(0, mm_all_offline(&self->range));

	ASSERT_EQ(0, mm_set(last, "online_movable"));
	hv_write_text(NOTIFIER "MEM_GOING_OFFLINE/error", "-12");
	EXPECT_EQ(-ENOMEM, mm_set(last, "offline"));
	EXPECT_EQ(1, mm_is_online(last));
	EXPECT_EQ(-ENOMEM, mm_offline_and_remove(&self->range));
	EXPECT_EQ(1, mm_is_online(last));
	hv_write_text(NOTIFIER "MEM_GOING_OFFLINE/error", "0");
	EXPECT_EQ(0, mm_offline_and_remove(&self->range));
}

/* Any step fails, anywhere, over and over. */
TEST_F_TIMEOUT(faults, cycles, 20 * HV_TIMEOUT)
{
	unsigned int seed = 262;
	long cycle, added = 0;
	bool reached;

	if (self->missing)
		SKIP(return, "%s", self->missing);

	for (cycle = 0; cycle < cycles; cycle++) {
		unsigned long i, last = self->range.first + self->range.nr - 1;

		if (add_failing(&self->range, 1 + rand_r(&seed) % 600, &reached))
			continue;
		added++;
		for (i = 0; i < self->range.nr; i++)
			set_failing(last - i, "online_movable",
				    1 + rand_r(&seed) % 80, &reached);
		for (i = 0; i < self->range.nr; i++)
			set_failing(last - i, "offline", 1 + rand_r(&seed) % 80,
				    &reached);
		ASSERT_EQ(0, mm_all_offline(&self->range));
		ASSERT_EQ(0, mm_remove(&self->range));
	}
	TH_LOG("%ld cycles, %ld times the memory was added", cycles, added);
	EXPECT_LT(0, added);
}

TEST_HARNESS_MAIN
