// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free huge pages that are taken apart from outside of the pool, because a page
 * of them is to be retired or because their memory goes offline.  The outcome
 * is the same whether they are optimized or not, whichever struct page is named.
 *
 * What is retired is taken back into use at the end.
 */
#include "kselftest_harness.h"
#include "util.h"

#define PAGES	8L

FIXTURE(dissolve) {
	const char *missing;
	long before;
};

FIXTURE_SETUP(dissolve)
{
	hv_reset();
	self->missing = hv_lacks(HV_NEED_KPAGE);
	self->before = hv_free_kb();
}

FIXTURE_TEARDOWN(dissolve)
{
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/* --- retiring one page of 4 KiB --- */

/* HardwareCorrupted of /proc/meminfo, in KiB */
static long corrupted_kb(void)
{
	static char buf[8192];
	const char *line;

	if (hv_read_text("/proc/meminfo", buf, sizeof(buf)) <= 0)
		return 0;
	line = strstr(buf, "HardwareCorrupted:");
	/* A 5.10 kernel can count below zero */
	return line ? (long)strtoul(line + 18, NULL, 10) : 0;
}

/* What came of retiring a page */
struct outcome {
	long ret;		/* of the write */
	long left;		/* huge pages in the pool */
	long counted_kb;	/* as HardwareCorrupted */
	int flagged;		/* struct pages with the flag */
	int which;		/* the first of them */
	long lost_kb;		/* free memory when the pool is gone */
};

static int flagged(unsigned long head, int *which)
{
	__u64 flags[HV_NR];
	int i, nr = 0;

	*which = -1;
	if (hv_kpageflags(head, HV_NR, flags))
		return -1;
	for (i = 0; i < HV_NR; i++) {
		if (!(flags[i] & hv_bit(KPF_HWPOISON)))
			continue;
		if (!nr++)
			*which = i;
	}
	return nr;
}

/*
 * Retire struct page @index of a free huge page.  A huge page that stays in the
 * pool leaves it when the pool goes.
 */
static struct outcome retire(const char *file, long on, int index)
{
	struct outcome out = {};
	unsigned long heads[PAGES], head;
	char path[80], text[32];
	long free_kb, counted;
	int i, which;

	hv_resize(0);
	if (hv_has_sysctl())
		hv_set_sysctl(on);
	free_kb = hv_free_kb();
	if (hv_resize(PAGES) != PAGES || hv_heads(heads, PAGES) != PAGES) {
		out.ret = -ENODATA;
		return out;
	}
	head = heads[PAGES / 2];
	counted = corrupted_kb();

	snprintf(path, sizeof(path), HV_MEMORY "%s", file);
	snprintf(text, sizeof(text), "%#lx", (head + index) * HV_SMALL);
	out.ret = hv_write_text(path, text);
	out.left = hv_pool("nr_hugepages");
	out.counted_kb = corrupted_kb() - counted;
	out.flagged = flagged(head, &out.which);

	/* Back into use; a flag may be on the page or on the head of it */
	for (i = 0; i < HV_NR && flagged(head, &which) > 0; i++)
		hv_write_long(HV_UNPOISON, head + which);
	hv_resize(0);
	out.lost_kb = (free_kb - hv_free_kb()) / 512 * 512;
	return out;
}

static const int indices[] = { 0, 1, 4, 63, 64, 300, 511 };

static void compare(struct __test_metadata *_metadata, const char *file)
{
	struct outcome off, on;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		off = retire(file, 0, indices[i]);
		TH_LOG("%s %d: %ld, pool %ld, counted %ld KiB, %d flagged, first %d, lost %ld KiB",
		       file, indices[i], off.ret, off.left, off.counted_kb,
		       off.flagged, off.which, off.lost_kb);
		EXPECT_EQ(0, off.ret);
		EXPECT_LE(off.lost_kb, 0);
		if (!hv_has_sysctl())
			continue;
		on = retire(file, 1, indices[i]);
		EXPECT_EQ(off.ret, on.ret);
		EXPECT_EQ(off.left, on.left);
		EXPECT_EQ(off.counted_kb, on.counted_kb);
		EXPECT_EQ(off.flagged, on.flagged);
		EXPECT_EQ(off.which, on.which);
		EXPECT_LE(on.lost_kb, 0);
	}
}

TEST_F_TIMEOUT(dissolve, soft_offline_free, HV_TIMEOUT)
{
	const char *missing = self->missing ? self->missing : hv_lacks_poison();

	if (missing)
		SKIP(return, "%s", missing);
	compare(_metadata, "soft_offline_page");
}

/*
 * A page in use is moved to another.  With a free page in the pool that is the
 * target; without one, a page is made for the purpose and the old one released.
 */
static long move_away(long on, bool spare, bool *intact)
{
	unsigned long pfn, head;
	char text[32];
	int which, i;
	char *addr;
	long ret;

	*intact = false;
	hv_resize(0);
	if (hv_has_sysctl())
		hv_set_sysctl(on);
	if (hv_resize(1 + spare) != 1 + spare)
		return -ENODATA;
	addr = hv_map(1);
	if (addr == MAP_FAILED)
		return -ENODATA;
	memset(addr, 0x33, HV_HUGE);
	head = hv_pfn(addr);

	snprintf(text, sizeof(text), "%#lx", (head + 300) * HV_SMALL);
	ret = hv_write_text(HV_MEMORY "soft_offline_page", text);
	pfn = hv_pfn(addr);
	*intact = addr[0] == 0x33 && addr[300 * HV_SMALL] == 0x33 &&
		  addr[HV_HUGE - 1] == 0x33 && (ret || pfn != head);
	munmap(addr, HV_HUGE);
	for (i = 0; i < HV_NR && flagged(head, &which) > 0; i++)
		hv_write_long(HV_UNPOISON, head + which);
	hv_resize(0);
	return ret;
}

TEST_F_TIMEOUT(dissolve, soft_offline_used, HV_TIMEOUT)
{
	const char *missing = self->missing ? self->missing : hv_lacks_poison();
	bool intact;
	int spare;
	long off;

	if (missing)
		SKIP(return, "%s", missing);
	for (spare = 1; spare >= 0; spare--) {
		off = move_away(0, spare, &intact);
		TH_LOG("%s a spare page: %ld", spare ? "with" : "without", off);
		EXPECT_EQ(0, off);
		EXPECT_TRUE(intact);
		if (hv_has_sysctl()) {
			EXPECT_EQ(off, move_away(1, spare, &intact))
				TH_LOG("optimized, %s a spare page",
				       spare ? "with" : "without");
			EXPECT_TRUE(intact);
		}
	}
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

/* --- memory that goes offline --- */

static unsigned long block_pfns(void)
{
	char buf[32];

	if (hv_read_text(HV_MEMORY "block_size_bytes", buf, sizeof(buf)) <= 0)
		return 0;
	return strtoul(buf, NULL, 16) / HV_SMALL;
}

/* Huge pages in a block of which the rest is free memory; -1 for others */
static long huge_in_block(unsigned long block, unsigned long pfns)
{
	__u64 flags[HV_NR];
	unsigned long pfn;
	long nr = 0;
	int i;

	for (pfn = block * pfns; pfn < (block + 1) * pfns; pfn += HV_NR) {
		if (hv_kpageflags(pfn, HV_NR, flags))
			return -1;
		for (i = 0; i < HV_NR; i++)
			if (!(flags[i] & (hv_bit(KPF_HUGE) | hv_bit(KPF_BUDDY))))
				return -1;
		nr += !!(flags[0] & hv_bit(KPF_HUGE));
	}
	return nr;
}

static void offline(struct __test_metadata *_metadata, long on, bool used)
{
	unsigned long pfns = block_pfns(), block;
	long want = hv_room(), nr, mapped, left, inside, ret = -ENODATA;
	long tried = 0, i, bad = 0;
	char *addr = NULL;

	if (hv_has_sysctl())
		ASSERT_EQ(0, hv_set_sysctl(on));
	nr = hv_resize(want);
	ASSERT_GE(nr, want / 2);
	mapped = nr;
	if (used) {
		/*
		 * All pages, so that fresh ones take their place: 5.10 would
		 * move them for ever between free pages of the same block.
		 */
		addr = hv_map(mapped);
		ASSERT_NE(MAP_FAILED, addr);
		for (i = 0; i < mapped; i++)
			memset(addr + i * HV_HUGE + 300 * HV_SMALL, i, HV_SMALL);
	}

	/* Where the kernel itself is not, and enough huge pages are */
	for (block = 1; tried < 4 && block < 64; block++) {
		inside = huge_in_block(block, pfns);
		if (inside < (long)pfns / HV_NR / 4)
			continue;
		tried++;
		nr = hv_pool("nr_hugepages");
		ret = hv_set_block(block, "offline", 20);
		TH_LOG("block %lu with %ld huge pages, optimized %ld: %ld",
		       block, inside, on, ret);
		if (ret)
			continue;
		/* Pages in use are replaced, by pages of the pool if it can */
		left = hv_pool("nr_hugepages");
		EXPECT_LE(nr - inside, left);
		EXPECT_GE(used ? nr : nr - inside, left);
		ASSERT_EQ(0, hv_set_block(block, "online", 20));
		break;
	}
	for (i = 0; used && i < mapped; i++)
		bad += addr[i * HV_HUGE + 301 * HV_SMALL - 1] != (char)i;
	EXPECT_EQ(0, bad);
	if (used)
		munmap(addr, mapped * HV_HUGE);
	ASSERT_EQ(0, hv_resize(0));
	if (!tried)
		SKIP(return, "no memory block with huge and free pages only, a quarter of them huge");
	EXPECT_EQ(0, ret);
}

TEST_F_TIMEOUT(dissolve, offline_free, HV_TIMEOUT)
{
	long on;

	if (!self->missing && access(HV_MEMORY "block_size_bytes", F_OK))
		self->missing = "needs CONFIG_MEMORY_HOTREMOVE";
	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (on = 0; on <= hv_has_sysctl(); on++)
		offline(_metadata, on, false);
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

TEST_F_TIMEOUT(dissolve, offline_used, HV_TIMEOUT)
{
	long on;

	if (!self->missing && access(HV_MEMORY "block_size_bytes", F_OK))
		self->missing = "needs CONFIG_MEMORY_HOTREMOVE";
	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (on = 0; on <= hv_has_sysctl(); on++)
		offline(_metadata, on, true);
	EXPECT_LE(self->before - hv_free_kb(), 1024);
}

/*
 * Last, because taking the poison from a tail that 5.10 did not count brings
 * its count of poisoned pages below zero.
 */
TEST_F_TIMEOUT(dissolve, hard_offline_free, HV_TIMEOUT)
{
	const char *missing = self->missing ? self->missing : hv_lacks_poison();

	if (missing)
		SKIP(return, "%s", missing);
	compare(_metadata, "hard_offline_page");
}

TEST_HARNESS_MAIN
