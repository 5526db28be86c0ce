// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 512 struct pages of a 2 MiB page, optimized or not, as /proc/kpageflags
 * and /proc/kpagecount tell about them and as they are in memory: what
 * compound_head() needs while the page exists, and equal to those of a page
 * that was never optimized when it is gone.
 */
#include "kselftest_harness.h"
#include "util.h"

#define PAGES	32L

#define BIT_HUGE	hv_bit(KPF_HUGE)
#define BIT_HEAD	hv_bit(KPF_COMPOUND_HEAD)
#define BIT_TAIL	hv_bit(KPF_COMPOUND_TAIL)
#define BIT_BUDDY	hv_bit(KPF_BUDDY)

FIXTURE(struct_pages) {
	unsigned long heads[PAGES];
};

FIXTURE_SETUP(struct_pages)
{
	hv_reset();
}

FIXTURE_TEARDOWN(struct_pages)
{
	HV_EXPECT_NO_COMPLAINT();
	hv_reset();
}

/* The first page of a pool of a kind; 0 if there is none */
static unsigned long make_page(long on)
{
	unsigned long head;

	hv_resize(0);
	if (hv_has_sysctl())
		hv_set_sysctl(on);
	if (hv_resize(1) != 1 || hv_heads(&head, 1) != 1)
		return 0;
	return head;
}

/* Where two arrays of HV_NR differ first; HV_NR if nowhere */
static int first_difference(const __u64 *a, const __u64 *b)
{
	int i;

	for (i = 0; i < HV_NR; i++)
		if (a[i] != b[i])
			break;
	return i;
}

/*
 * Free and in use, optimized and not: a free page may differ from a used one,
 * an optimized one may not differ from an ordinary one.
 */
TEST_F_TIMEOUT(struct_pages, kpageflags, HV_TIMEOUT)
{
	const char *missing = hv_lacks(HV_NEED_KPAGE);
	__u64 flags[2][2][HV_NR];	/* [on][used] */
	int on, used, i, wrong;
	unsigned long head;
	void *addr;

	if (missing)
		SKIP(return, "%s", missing);
	for (on = 0; on <= hv_has_sysctl(); on++) {
		head = make_page(on);
		ASSERT_NE(0, head);
		ASSERT_EQ(0, hv_kpageflags(head, HV_NR, flags[on][0]));
		addr = hv_map(1);
		ASSERT_NE(MAP_FAILED, addr);
		ASSERT_EQ(head, hv_pfn(addr));
		ASSERT_EQ(0, hv_kpageflags(head, HV_NR, flags[on][1]));
		ASSERT_EQ(0, munmap(addr, HV_HUGE));

		for (used = 0; used <= 1; used++) {
			const __u64 *f = flags[on][used];

			EXPECT_EQ(BIT_HUGE | BIT_HEAD,
				  f[0] & (BIT_HUGE | BIT_HEAD | BIT_TAIL));
			wrong = 0;
			for (i = 1; i < HV_NR; i++)
				if ((f[i] & (BIT_HUGE | BIT_HEAD | BIT_TAIL)) !=
				    (BIT_HUGE | BIT_TAIL))
					wrong++;
			EXPECT_EQ(0, wrong)
				TH_LOG("%d of 511 tails, %s, optimized %d",
				       wrong, used ? "in use" : "free", on);
			EXPECT_EQ(used, f[0] >> KPF_MMAP & 1);
		}
	}
	if (!hv_has_sysctl())
		return;
	for (used = 0; used <= 1; used++) {
		i = first_difference(flags[0][used], flags[1][used]);
		EXPECT_EQ(HV_NR, i)
			TH_LOG("%s page, struct page %d: %#jx, optimized %#jx",
			       used ? "used" : "free", i,
			       (uintmax_t)flags[0][used][i],
			       (uintmax_t)flags[1][used][i]);
	}
}

TEST_F_TIMEOUT(struct_pages, kpagecount, HV_TIMEOUT)
{
	const char *missing = hv_lacks(HV_NEED_KPAGE);
	__u64 count[2][2][HV_NR];	/* [on][used] */
	int on, used, i;
	unsigned long head;
	void *addr;

	if (missing)
		SKIP(return, "%s", missing);
	for (on = 0; on <= hv_has_sysctl(); on++) {
		head = make_page(on);
		ASSERT_NE(0, head);
		ASSERT_EQ(0, hv_kpagecount(head, HV_NR, count[on][0]));
		addr = hv_map(1);
		ASSERT_NE(MAP_FAILED, addr);
		ASSERT_EQ(0, hv_kpagecount(head, HV_NR, count[on][1]));
		ASSERT_EQ(0, munmap(addr, HV_HUGE));
		for (used = 0; used <= 1; used++) {
			for (i = 0; i < HV_NR; i++)
				if (count[on][used][i] != (__u64)used)
					break;
			EXPECT_EQ(HV_NR, i)
				TH_LOG("struct page %d of a %s page, optimized %d: %jd times",
				       i, used ? "used" : "free", on,
				       (intmax_t)count[on][used][i]);
		}
	}
}

/* A tail says where its head is by a pointer or by a mask. */
static bool leads_to(__u64 info, __u64 tail, __u64 head)
{
	return (info & 1) && (info - 1 == head || (tail & info) == head);
}

TEST_F_TIMEOUT(struct_pages, tails_find_their_head, HV_TIMEOUT)
{
	const char *missing = hv_lacks(HV_NEED_KPAGE | HV_NEED_RAW);
	struct hv_raw raw[2][HV_NR];
	int on, i, lost, odd;
	unsigned long head;
	__u64 addr;

	if (missing)
		SKIP(return, "%s", missing);
	for (on = 0; on <= hv_has_sysctl(); on++) {
		head = make_page(on);
		ASSERT_NE(0, head);
		addr = hv_struct_page(head);
		ASSERT_EQ(0, hv_raw_pages(head, HV_NR, raw[on]));

		EXPECT_EQ(0, raw[on][0].info & 1);
		lost = 0;
		odd = 0;
		for (i = 1; i < HV_NR; i++) {
			const struct hv_raw *t = &raw[on][i];

			lost += !leads_to(t->info, hv_struct_page(head + i),
					  addr);
			odd += t->refcount != 0 || t->mapcount != -1;
		}
		EXPECT_EQ(0, lost)
			TH_LOG("%d tails lead elsewhere, optimized %d", lost, on);
		EXPECT_EQ(0, odd)
			TH_LOG("%d tails are counted, optimized %d", odd, on);
	}
	if (!hv_has_sysctl())
		return;
	for (i = HV_BOX_NR; i < HV_NR; i++) {
		const struct hv_raw *own = &raw[0][i], *shared = &raw[1][i];

		/* The two may lie in different zones, which the upper half says */
		ASSERT_EQ((__u32)own->flags, (__u32)shared->flags)
			TH_LOG("flags of struct page %d", i);
		ASSERT_EQ(raw[1][0].flags >> 32, shared->flags >> 32)
			TH_LOG("zone of struct page %d", i);
		ASSERT_EQ(own->mapping, shared->mapping)
			TH_LOG("mapping of struct page %d", i);
		ASSERT_EQ(0, shared->private)
			TH_LOG("private of struct page %d", i);
	}
}

/* Seven read-only views of one frame, and the same frame for the next page. */
TEST_F_TIMEOUT(struct_pages, one_read_only_frame, HV_TIMEOUT)
{
	const char *missing = hv_lacks(HV_NEED_SYSCTL | HV_NEED_KPAGE |
				       HV_NEED_MAP);
	unsigned long frames[16], nr_frames = 0, f;
	struct hv_box box[HV_BOXES];
	__u64 flags;
	long i;

	if (missing)
		SKIP(return, "%s", missing);
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	ASSERT_EQ(PAGES, hv_heads(self->heads, PAGES));
	for (i = 0; i < PAGES; i++) {
		enum hv_state state = hv_state(self->heads[i]);

		ASSERT_EQ(HV_SHARED, state)
			TH_LOG("PFN %#lx: %s", self->heads[i],
			       hv_state_name(state));
		ASSERT_EQ(0, hv_boxes(self->heads[i], box));
		for (f = 0; f < nr_frames; f++)
			if (frames[f] == box[1].pfn)
				break;
		ASSERT_NE(16, f)
			TH_LOG("more than 16 shared frames: not one a zone");
		if (f == nr_frames)
			frames[nr_frames++] = box[1].pfn;
	}
	/* One a zone: here, each page of a 2 GiB guest lies in the same two */
	TH_LOG("%ld pages share %lu frames", PAGES, nr_frames);
	EXPECT_LE(nr_frames, PAGES / 4);
	for (f = 0; f < nr_frames; f++) {
		ASSERT_EQ(0, hv_kpageflags(frames[f], 1, &flags));
		EXPECT_EQ(0, flags & BIT_BUDDY)
			TH_LOG("the frame all tails are in is free memory");
	}
}

static int by_value(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* After release every frame is there, writable, and there once. */
TEST_F_TIMEOUT(struct_pages, released_pages_own_their_map, HV_TIMEOUT)
{
	const char *missing = hv_lacks(HV_NEED_SYSCTL | HV_NEED_KPAGE |
				       HV_NEED_MAP);
	static unsigned long frames[PAGES * HV_BOXES];
	struct hv_box box[HV_BOXES];
	int i, b, twice = 0, is_free = 0;
	__u64 flags;

	if (missing)
		SKIP(return, "%s", missing);
	ASSERT_EQ(PAGES, hv_resize(PAGES));
	ASSERT_EQ(PAGES, hv_heads(self->heads, PAGES));
	ASSERT_EQ(0, hv_resize(0));
	for (i = 0; i < PAGES; i++) {
		enum hv_state state = hv_state(self->heads[i]);

		EXPECT_EQ(HV_OWN, state)
			TH_LOG("PFN %#lx: %s", self->heads[i],
			       hv_state_name(state));
		ASSERT_EQ(0, hv_boxes(self->heads[i], box));
		for (b = 0; b < HV_BOXES; b++)
			frames[i * HV_BOXES + b] = box[b].pfn;
	}
	qsort(frames, PAGES * HV_BOXES, sizeof(frames[0]), by_value);
	for (i = 0; i < PAGES * HV_BOXES; i++) {
		twice += i && frames[i] == frames[i - 1];
		ASSERT_EQ(0, hv_kpageflags(frames[i], 1, &flags));
		is_free += !!(flags & BIT_BUDDY);
	}
	EXPECT_EQ(0, twice)
		TH_LOG("%d frames of memory map are in two places", twice);
	EXPECT_EQ(0, is_free)
		TH_LOG("%d frames of memory map are free memory", is_free);
}

struct snapshot {
	unsigned long head;
	struct hv_raw raw[HV_NR];
};

static bool all_free(unsigned long head)
{
	__u64 flags[HV_NR];
	int i;

	if (hv_kpageflags(head, HV_NR, flags))
		return false;
	for (i = 0; i < HV_NR; i++)
		if (!(flags[i] & BIT_BUDDY))
			return false;
	return true;
}

/*
 * Grow, shrink, and keep the struct pages of those blocks that nobody took in
 * the meantime.
 */
static long snapshots(unsigned long *heads, long on, struct snapshot *out)
{
	long i, nr = 0;

	hv_resize(0);
	if (hv_has_sysctl())
		hv_set_sysctl(on);
	if (hv_resize(PAGES) != PAGES || hv_heads(heads, PAGES) != PAGES)
		return 0;
	hv_resize(0);
	for (i = 0; i < PAGES; i++) {
		struct snapshot *s = out + nr;

		s->head = heads[i];
		if (all_free(s->head) &&
		    !hv_raw_pages(s->head, HV_NR, s->raw) && all_free(s->head))
			nr++;
	}
	return nr;
}

/*
 * The same block if it was released in the first round too, else one in the
 * same zone; node and zone are in the uppermost bits of flags.
 */
static const struct snapshot *counterpart(const struct snapshot *s,
					  const struct snapshot *own, long nr)
{
	const struct snapshot *found = NULL;
	long i;

	for (i = 0; i < nr; i++) {
		if (own[i].head == s->head)
			return own + i;
		if (own[i].raw[1].flags >> 48 == s->raw[1].flags >> 48)
			found = own + i;
	}
	return found;
}

TEST_F_TIMEOUT(struct_pages, released_equal_untouched, HV_TIMEOUT)
{
	const char *missing = hv_lacks(HV_NEED_SYSCTL | HV_NEED_KPAGE |
				       HV_NEED_RAW);
	static struct snapshot own[PAGES], restored[PAGES];
	long nr_own, nr_restored, i, compared = 0, same = 0, strange = 0;
	int k, odd;

	if (missing)
		SKIP(return, "%s", missing);
	nr_own = snapshots(self->heads, 0, own);
	ASSERT_GT(nr_own, 0);
	nr_restored = snapshots(self->heads, 1, restored);
	ASSERT_GT(nr_restored, 0);

	for (i = 0; i < nr_restored; i++) {
		const struct snapshot *is = restored + i;
		const struct snapshot *want = counterpart(is, own, nr_own);

		if (!want)
			continue;
		compared++;
		odd = -1;
		same += is->head == want->head;

		/* A head is part of the free lists; flags and counts must do */
		ASSERT_EQ(want->raw[0].flags, is->raw[0].flags);
		ASSERT_EQ(want->raw[0].refcount, is->raw[0].refcount);
		ASSERT_EQ(want->raw[0].mapping, is->raw[0].mapping);

		for (k = 1; k < HV_NR; k++) {
			const struct hv_raw *a = want->raw + k;
			const struct hv_raw *b = is->raw + k;

			ASSERT_EQ(a->flags, b->flags)
				TH_LOG("flags of struct page %d", k);
			ASSERT_EQ(a->info, b->info)
				TH_LOG("compound_info of struct page %d", k);
			ASSERT_EQ(a->mapping, b->mapping)
				TH_LOG("mapping of struct page %d", k);
			ASSERT_EQ(a->refcount, b->refcount)
				TH_LOG("refcount of struct page %d", k);
			ASSERT_EQ(a->mapcount, b->mapcount)
				TH_LOG("mapcount of struct page %d", k);
			if (b->private && a->private != b->private &&
			    odd < 0)
				odd = k;
		}
		if (odd >= 0) {
			TH_LOG("PFN %#lx: private of struct page %d is %#llx",
			       is->head, odd, is->raw[odd].private);
			strange++;
		}
	}
	/*
	 * Nobody clears ->private of a page that is freed, so somebody who had
	 * one of these pages for a moment may have left it behind in a block.
	 */
	EXPECT_LE(4 * strange, compared);
	TH_LOG("%ld blocks compared, %ld of them with themselves", compared,
	       same);
	ASSERT_GT(compared, 0);
}

TEST_HARNESS_MAIN
