// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel tells about the optimization is what it does: files of the pool,
 * counters of /proc/vmstat, tracepoints.
 */
#include "kselftest_harness.h"
#include "util.h"

#define PAGES	128L
#define SAVED	(7 * (long)HV_SMALL)	/* bytes of each page */
#define ORDER	9
#define NODES	"/sys/devices/system/node/"

/* Causes, as /proc/vmstat names them */
enum cause {
	OPTIMIZE, OPTIMIZE_NOMEM, OPTIMIZE_POISON, OPTIMIZE_MOVABLE,
	OPTIMIZE_HOSTED, RESTORE, RESTORE_NOMEM, DONATE, MOVE_HEAD, NR_CAUSES,
};

static const char * const names[NR_CAUSES] = {
	"optimize", "optimize_nomem", "optimize_poison", "optimize_movable",
	"optimize_hosted", "restore", "restore_nomem", "donate", "move_head",
};

struct counts {
	long of[NR_CAUSES];
};

static struct counts count(void)
{
	struct counts now;
	int i;

	for (i = 0; i < NR_CAUSES; i++)
		now.of[i] = hv_counted(names[i]);
	return now;
}

FIXTURE(counters) {
	const char *missing;
	struct counts before;
	unsigned long heads[PAGES];
};

FIXTURE_SETUP(counters)
{
	hv_reset();
	self->missing = hv_lacks(HV_NEED_SYSCTL | HV_NEED_KPAGE | HV_NEED_MAP);
	self->before = count();
}

FIXTURE_TEARDOWN(counters)
{
	hv_trace_end();
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/* Since the last time; all must have risen by what is said, others not at all */
static void expect(struct __test_metadata *_metadata, struct counts *before,
		   struct counts risen)
{
	struct counts now = count();
	int i;

	for (i = 0; i < NR_CAUSES && now.of[i] >= 0; i++) {
		EXPECT_EQ(risen.of[i], now.of[i] - before->of[i])
			TH_LOG("htlb_vmemmap_%s", names[i]);
	}
	*before = now;
}

/* The sum of a file of all nodes; how many nodes there are */
static long sum(const char *file, int *nr_nodes)
{
	char path[128];
	long nr, all = 0;
	int node;

	*nr_nodes = 0;
	for (node = 0; node < 64; node++) {
		snprintf(path, sizeof(path),
			 NODES "node%d/hugepages/hugepages-2048kB/%s", node, file);
		nr = hv_read_long(path);
		if (nr >= 0) {
			all += nr;
			++*nr_nodes;
		}
	}
	return all;
}

/* The reason why the kernel does not count, or NULL */
static const char *lacks_counts(void)
{
	return hv_counted("optimize") < 0 ? "needs CONFIG_VM_EVENT_COUNTERS" : NULL;
}

static void expect_saved(struct __test_metadata *_metadata, long optimized)
{
	int nodes;

	EXPECT_EQ(optimized, hv_pool("optimized_hugepages"));
	EXPECT_EQ(optimized, sum("optimized_hugepages", &nodes));
	EXPECT_EQ(optimized * SAVED, hv_pool("vmemmap_saved_bytes"));
	EXPECT_EQ(optimized * SAVED, sum("vmemmap_saved_bytes", &nodes));
}

/* First, while there may be no page table nor shared frame yet: no memory for any */
TEST_F_TIMEOUT(counters, optimize_nomem, HV_TIMEOUT)
{
	const char *missing = self->missing ? self->missing :
					      hv_lacks_injection();
	long nr, failures, optimized;

	if (!missing)
		missing = lacks_counts();
	if (missing)
		SKIP(return, "%s", missing);
	nr = hv_resize_failing(HV_POOL "nr_hugepages", PAGES, 100, &failures);
	ASSERT_LT(0, nr);
	optimized = hv_pool("optimized_hugepages");
	TH_LOG("%ld pages, %ld optimized, %ld failed allocations", nr, optimized,
	       failures);
	expect(_metadata, &self->before, (struct counts){ .of = {
		[OPTIMIZE] = optimized, [OPTIMIZE_NOMEM] = nr - optimized,
	} });
	expect_saved(_metadata, optimized);
}

/* Each way for a page to become optimized, and to cease */
TEST_F_TIMEOUT(counters, optimize_and_restore, HV_TIMEOUT)
{
	char *addr;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	/* Page by page, so that no heads move */
	ASSERT_EQ(1, hv_resize(1));
	expect(_metadata, &self->before, (struct counts){ .of = {
		[OPTIMIZE] = 1 } });
	expect_saved(_metadata, 1);

	/* Those that keep their memory map are not counted */
	ASSERT_EQ(0, hv_set_sysctl(0));
	ASSERT_EQ(8, hv_resize(8));
	expect(_metadata, &self->before, (struct counts){});
	expect_saved(_metadata, 1);
	ASSERT_EQ(0, hv_write_long(HV_POOL "optimize_free_hugepages", 3));
	expect(_metadata, &self->before, (struct counts){ .of = {
		[OPTIMIZE] = 3 } });
	expect_saved(_metadata, 4);
	ASSERT_EQ(0, hv_resize(0));
	expect(_metadata, &self->before, (struct counts){ .of = {
		[RESTORE] = 4 } });
	expect_saved(_metadata, 0);

	/* Surplus pages, whose release the write waits for */
	ASSERT_EQ(0, hv_set_sysctl(1));
	ASSERT_EQ(0, hv_set_pool("nr_overcommit_hugepages", 4));
	addr = hv_map(4);
	ASSERT_NE(MAP_FAILED, addr);
	expect(_metadata, &self->before, (struct counts){ .of = {
		[OPTIMIZE] = 4 } });
	expect_saved(_metadata, 4);
	munmap(addr, 4 * HV_HUGE);
	ASSERT_EQ(0, hv_set_pool("nr_overcommit_hugepages", 0));
	ASSERT_EQ(0, hv_resize(0));
	expect(_metadata, &self->before, (struct counts){ .of = {
		[RESTORE] = 4 } });
	expect_saved(_metadata, 0);
}

/* The frame of the first struct page of all that could be a huge page */
static unsigned long *homes(unsigned long nr)
{
	unsigned long *home = calloc(nr, sizeof(*home)), i;
	struct hv_box box[HV_BOXES];

	for (i = 0; home && i < nr; i++)
		if (!hv_boxes(i * HV_NR, box))
			home[i] = box[0].pfn;
	return home;
}

/* Those heads that have moved are as many as are counted */
TEST_F_TIMEOUT(counters, move_head, HV_TIMEOUT)
{
	static unsigned long heads[1024];
	unsigned long *home, end = 1UL << 14;	/* 32 GiB */
	struct hv_box box[HV_BOXES];
	long nr, i, moved = 0;

	if (!self->missing)
		self->missing = lacks_counts();
	if (self->missing)
		SKIP(return, "%s", self->missing);
	home = homes(end);
	ASSERT_NE(NULL, home);
	nr = hv_resize(hv_room() < 1024 ? hv_room() : 1024);
	ASSERT_LT(0, nr);
	ASSERT_EQ(nr, hv_heads(heads, 1024));
	for (i = 0; i < nr; i++) {
		ASSERT_GT(end, heads[i] / HV_NR);
		ASSERT_EQ(0, hv_boxes(heads[i], box));
		moved += box[0].pfn != home[heads[i] / HV_NR];
	}
	TH_LOG("%ld pages, %ld heads moved", nr, moved);
	expect(_metadata, &self->before, (struct counts){ .of = {
		[OPTIMIZE] = nr, [MOVE_HEAD] = moved,
	} });
	ASSERT_EQ(0, hv_resize(0));
	expect(_metadata, &self->before, (struct counts){ .of = {
		[RESTORE] = nr } });
	free(home);
}

/* Each page and each batch, when it joins the pool and when it leaves */
TEST_F_TIMEOUT(counters, tracepoints, HV_TIMEOUT)
{
	const char *missing = self->missing ? self->missing : hv_trace_start(HV_EVENTS);
	long nr = PAGES / 4, i;
	char text[64];

	if (missing)
		SKIP(return, "%s", missing);
	ASSERT_EQ(nr, hv_resize(nr));
	ASSERT_EQ(nr, hv_heads(self->heads, nr));
	ASSERT_EQ(0, hv_resize(0));

	EXPECT_EQ(nr, hv_traced("optimize", ""));
	EXPECT_EQ(nr, hv_traced("restore", ""));
	for (i = 0; i < nr; i++) {
		EXPECT_EQ(1, hv_traced_page("optimize", self->heads[i], ORDER, 0));
		EXPECT_EQ(1, hv_traced_page("restore", self->heads[i], ORDER, 0));
	}
	/* One batch, that took some time */
	snprintf(text, sizeof(text), "order=%d nr=%ld done=%ld ns=", ORDER, nr, nr);
	EXPECT_EQ(1, hv_traced("optimize_batch", ""));
	EXPECT_EQ(1, hv_traced("optimize_batch", text));
	EXPECT_EQ(0, hv_traced("optimize_batch", "ns=0\n"));
	EXPECT_EQ(1, hv_traced("restore_batch", ""));
	EXPECT_EQ(1, hv_traced("restore_batch", text));
	EXPECT_EQ(0, hv_traced("restore_batch", "ns=0\n"));
}

/*
 * With no memory, pages go as far as others help; each attempt that fails is
 * counted and traced.
 */
TEST_F_TIMEOUT(counters, restore_nomem, HV_TIMEOUT)
{
	const char *missing = self->missing ? self->missing :
					      hv_lacks_injection();
	struct counts risen;
	long failures, left, i, traced = 0;
	int nodes;

	if (!missing)
		missing = lacks_counts();
	if (!missing)
		missing = hv_trace_start(HV_EVENTS);
	if (missing)
		SKIP(return, "%s", missing);
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	ASSERT_EQ(PAGES, hv_heads(self->heads, PAGES));
	self->before = count();
	left = hv_resize_failing(HV_POOL "nr_hugepages", 0, 100, &failures);
	risen = count();
	for (i = 0; i < NR_CAUSES; i++)
		risen.of[i] -= self->before.of[i];
	TH_LOG("%ld of %ld pages stayed; %ld restored, %ld times no memory, %ld donors",
	       left, PAGES, risen.of[RESTORE], risen.of[RESTORE_NOMEM],
	       risen.of[DONATE]);

	EXPECT_LT(0, risen.of[RESTORE_NOMEM]);
	EXPECT_EQ(risen.of[RESTORE_NOMEM], hv_traced("restore", "ret=-12\n"));
	for (i = 0; i < PAGES; i++)
		traced += hv_traced_page("restore", self->heads[i], ORDER, 0);
	EXPECT_EQ(PAGES - left, traced);
	/* Each node had memory for one; a donor is good for 73, none is without need */
	sum("nr_hugepages", &nodes);
	EXPECT_GE(73 * risen.of[DONATE] + nodes, PAGES - left);
	EXPECT_LE(risen.of[DONATE], risen.of[RESTORE_NOMEM]);
	expect(_metadata, &self->before, (struct counts){ .of = {
		[RESTORE] = PAGES - left,
		[RESTORE_NOMEM] = risen.of[RESTORE_NOMEM],
		[DONATE] = risen.of[DONATE],
	} });
	expect_saved(_metadata, left);
	ASSERT_EQ(0, hv_resize(0));
	expect(_metadata, &self->before, (struct counts){ .of = {
		[RESTORE] = left } });
}

TEST_HARNESS_MAIN
