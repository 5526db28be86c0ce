// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frames that optimizing gives back hold other people's data, and nothing
 * that is written there shows up in a struct page.  And the other way round:
 * shrinking the pool when memory is nearly full, when frames for the memory map
 * are hard to get.
 */
#include "kselftest_harness.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include "util.h"

#define USED		16L	/* huge pages that hold data */
#define CHUNK_KB	1024L

/* Filling all memory is for small machines and guests */
#define MOST_KB		(8L << 20)

#define BIT_HUGE	hv_bit(KPF_HUGE)
#define BIT_HEAD	hv_bit(KPF_COMPOUND_HEAD)
#define BIT_TAIL	hv_bit(KPF_COMPOUND_TAIL)

FIXTURE(reuse) {
	const char *missing;
	char why[80];
	long before;
};

FIXTURE_SETUP(reuse)
{
	hv_reset();
	self->missing = hv_lacks(HV_NEED_SYSCTL);
	self->before = hv_free_kb();
	if (!self->missing && self->before > MOST_KB) {
		snprintf(self->why, sizeof(self->why),
			 "would fill all memory: run in a guest with less than %ld GiB",
			 MOST_KB >> 20);
		self->missing = self->why;
	}
}

FIXTURE_TEARDOWN(reuse)
{
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/* Most of memory, so that what is left is filled soon */
static long most_pages(void)
{
	return hv_free_kb() * 5 / 6 / HV_HUGE_KB;
}

/*
 * Free memory that users can take before reclaim starts, in KiB: what each zone
 * has above its high watermark and above what it keeps for lower zones.
 */
static long takable_kb(void)
{
	static char buf[256 * 1024];
	long pages, high, sum = 0, keep, k;
	char *line, *next, *at;

	hv_read_long("/proc/sys/vm/stat_refresh");
	if (hv_read_text("/proc/zoneinfo", buf, sizeof(buf)) <= 0)
		return 0;
	for (line = buf; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (sscanf(line, " pages free %ld", &pages) == 1)
			continue;
		/* One "high" belongs to the zone, those after it to CPUs */
		if (sscanf(line, " high %ld", &high) == 1)
			continue;
		at = strstr(line, "protection: (");
		if (!at)
			continue;
		keep = 0;
		for (at = strchr(at, '('); at; at = strchr(at + 1, ',')) {
			k = strtol(at + 1, NULL, 10);
			if (k > keep)
				keep = k;
		}
		if (pages > high + keep)
			sum += pages - high - keep;
	}
	return sum * (long)(HV_SMALL / 1024);
}

/*
 * A child that takes memory until @leave_kb are left, tells that it is done,
 * and then checks its memory as often as it is asked to.  If anybody has to die
 * for want of memory, it is the child.
 */
struct hog {
	pid_t pid;
	int ask;
	int answer;
	long kb;
};

static __u64 pattern(const __u64 *word)
{
	return (uintptr_t)word * 0x9e3779b97f4a7c15ULL;
}

static long check_chunk(__u64 *chunk, bool write)
{
	const size_t words = CHUNK_KB * 1024 / sizeof(*chunk);
	long bad = 0;
	size_t i;

	for (i = 0; i < words; i += HV_SMALL / sizeof(*chunk) / 4) {
		if (write)
			chunk[i] = pattern(chunk + i);
		else
			bad += chunk[i] != pattern(chunk + i);
	}
	return bad;
}

static void hog_run(int in, int out, long leave_kb)
{
	const long max = MOST_KB / CHUNK_KB;
	const size_t len = CHUNK_KB * 1024;
	char *area;
	long nr, i, step, bad;
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	hv_write_text("/proc/self/oom_score_adj", "1000");
	area = mmap(NULL, max * len, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		_exit(1);
	madvise(area, max * len, MADV_NOHUGEPAGE);
	/* Half of the way at a time: asking how far it is costs as much */
	for (nr = 0; nr < max; nr += step) {
		step = (takable_kb() - leave_kb) / CHUNK_KB;
		if (step < 1)
			break;
		step = step > 16 ? step / 2 : 1;
		if (step > max - nr)
			step = max - nr;
		for (i = nr; i < nr + step; i++)
			check_chunk((__u64 *)(area + i * len), true);
	}

	bad = nr * CHUNK_KB;
	do {
		if (write(out, &bad, sizeof(bad)) != sizeof(bad))
			_exit(2);
		if (read(in, &c, 1) != 1)
			_exit(0);
		bad = 0;
		for (i = 0; i < nr; i++)
			bad += check_chunk((__u64 *)(area + i * len), false);
	} while (1);
}

static bool hog_start(struct hog *hog, long leave_kb)
{
	int ask[2], answer[2];

	if (pipe(ask) || pipe(answer))
		return false;
	hog->pid = fork();
	if (!hog->pid) {
		close(ask[1]);
		close(answer[0]);
		hog_run(ask[0], answer[1], leave_kb);
	}
	close(ask[0]);
	close(answer[1]);
	hog->ask = ask[1];
	hog->answer = answer[0];
	return hog->pid > 0 &&
	       read(hog->answer, &hog->kb, sizeof(hog->kb)) == sizeof(hog->kb);
}

/* Words that are not what was written; -1 if the child is gone */
static long hog_check(struct hog *hog)
{
	long bad;

	if (write(hog->ask, "?", 1) != 1 ||
	    read(hog->answer, &bad, sizeof(bad)) != sizeof(bad))
		return -1;
	return bad;
}

/* Whether it was there to be stopped, not killed before */
static bool hog_stop(struct hog *hog)
{
	int status;

	close(hog->ask);
	close(hog->answer);
	return waitpid(hog->pid, &status, 0) == hog->pid &&
	       WIFEXITED(status) && !WEXITSTATUS(status);
}

/* Struct pages of pool pages that do not say so */
static long odd_struct_pages(const unsigned long *heads, long nr)
{
	static __u64 flags[HV_NR];
	long i, odd = 0;
	int k;

	for (i = 0; i < nr; i++) {
		if (hv_kpageflags(heads[i], HV_NR, flags))
			return -1;
		for (k = 0; k < HV_NR; k++) {
			__u64 want = BIT_HUGE | (k ? BIT_TAIL : BIT_HEAD);

			odd += (flags[k] & (BIT_HUGE | BIT_HEAD | BIT_TAIL)) !=
			       want;
		}
	}
	return odd;
}

TEST_F_TIMEOUT(reuse, freed_frames_hold_data, HV_TIMEOUT)
{
	static unsigned long heads[MOST_KB / HV_HUGE_KB];
	__u64 *huge;
	struct hog hog;
	long nr, i, bad = 0;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	nr = hv_resize(most_pages());
	ASSERT_GT(nr, USED);
	huge = hv_map(USED);
	ASSERT_NE(MAP_FAILED, huge);
	for (i = 0; i < USED; i++)
		huge[i * HV_HUGE / 8 + 77] = pattern(huge + i);

	ASSERT_TRUE(hog_start(&hog, 4096));
	TH_LOG("%ld huge pages gave %ld KiB of %ld KiB that hold data", nr,
	       nr * (HV_HUGE_KB - 2020), hog.kb);
	EXPECT_EQ(0, hog_check(&hog));

	for (i = 0; i < USED; i++)
		bad += huge[i * HV_HUGE / 8 + 77] != pattern(huge + i);
	EXPECT_EQ(0, bad)
		TH_LOG("%ld huge pages lost their data", bad);
	if (!hv_lacks(HV_NEED_KPAGE)) {
		ASSERT_EQ(nr, hv_heads(heads, nr));
		EXPECT_EQ(0, odd_struct_pages(heads, nr));
	}
	EXPECT_EQ(0, hog_check(&hog));
	EXPECT_TRUE(hog_stop(&hog));
	ASSERT_EQ(0, munmap(huge, USED * HV_HUGE));
	ASSERT_EQ(0, hv_resize(0));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

/*
 * Either pages come back or they stay in the pool, counted, and come back when
 * there is memory again.  Nobody is killed for it.
 */
TEST_F_TIMEOUT(reuse, release_when_full, HV_TIMEOUT)
{
	static unsigned long heads[MOST_KB / HV_HUGE_KB];
	const bool can_see = !hv_lacks(HV_NEED_KPAGE | HV_NEED_MAP);
	long nr, left, odd = 0;
	struct hog hog;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	nr = hv_resize(most_pages());
	ASSERT_GT(nr, USED);
	if (can_see)
		ASSERT_EQ(nr, hv_heads(heads, nr));
	ASSERT_TRUE(hog_start(&hog, 0));
	TH_LOG("%ld KiB left above the watermarks", takable_kb());

	left = hv_resize(0);
	TH_LOG("%ld of %ld pages stayed in the pool", left, nr);
	ASSERT_GE(left, 0);
	EXPECT_EQ(left, hv_pool("free_hugepages"));
	EXPECT_EQ(0, hv_pool("surplus_hugepages"));
	if (can_see) {
		/* Those that are in the pool are whole, the others are gone */
		EXPECT_EQ(0, hv_count_state(heads, nr, HV_BROKEN));
		EXPECT_EQ(left, hv_heads(heads, nr));
		odd = odd_struct_pages(heads, left);
	}
	EXPECT_EQ(0, odd);
	EXPECT_EQ(0, hog_check(&hog));
	EXPECT_TRUE(hog_stop(&hog));

	ASSERT_EQ(0, hv_resize(0));
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

TEST_HARNESS_MAIN
