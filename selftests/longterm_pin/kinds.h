/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of every kind, and a fixture with a variant for each: once pinned, none of it
 * is in ZONE_MOVABLE or CMA, and it holds what it held.
 */
#ifndef __LONGTERM_PIN_KINDS_H
#define __LONGTERM_PIN_KINDS_H

#include "kselftest_harness.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "pin.h"

#ifndef MFD_HUGETLB
#define MFD_HUGETLB	4U
#endif

#define MIB		(1UL << 20)
#define HUGE_PAGES	8L

enum kind {
	BASE,		/* anonymous, 4 KiB pages */
	UNTOUCHED,	/* anonymous, nothing there yet */
	READ_ONLY,	/* anonymous and only read: the zero page */
	THP,		/* a PMD maps each */
	THP_PTES,	/* the same, taken apart into PTEs */
	SHMEM,		/* a file of shmem, shared */
	SHMEM_PRIVATE,	/* the same, private: written copies */
	HUGETLB,
	HUGETLB_SHARED,
	HUGETLB_UNTOUCHED,
	MLOCKED,
	FORKED,		/* anonymous, a child shares it */
	MIXED,		/* some pages there, some not, THP and base pages */
};

struct mem {
	char *addr;
	size_t len;
	pid_t child;
};

static char *map(size_t len, int flags, int fd)
{
	/* Aligned to a huge page */
	char *addr = mmap(NULL, len + HV_HUGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (addr == MAP_FAILED)
		return NULL;
	addr += -(unsigned long)addr % HV_HUGE;
	addr = mmap(addr, len, PROT_READ | PROT_WRITE, MAP_FIXED | flags, fd, 0);
	return addr == MAP_FAILED ? NULL : addr;
}

static char *map_file(size_t len, int flags, unsigned int mfd_flags)
{
	int fd = syscall(__NR_memfd_create, "longterm_pin", mfd_flags);
	char *addr = NULL;

	if (fd >= 0 && !ftruncate(fd, len))
		addr = map(len, flags, fd);
	close(fd);
	return addr;
}

/* Another protection of a base page takes the mapping of its huge page apart */
static bool split(struct mem *mem)
{
	size_t i;

	for (i = 0; i < mem->len; i += HV_HUGE)
		if (mprotect(mem->addr + i, PIN_PAGE, PROT_READ))
			return false;
	return !mprotect(mem->addr, mem->len, PROT_READ | PROT_WRITE);
}

/* Memory of a kind, filled; NULL or the reason why there is none */
static const char *make(enum kind kind, struct mem *mem)
{
	int anon = MAP_PRIVATE | MAP_ANONYMOUS;
	static char reason[64];
	size_t i;
	long nr;

	*mem = (struct mem){ .len = 8 * MIB };
	switch (kind) {
	case SHMEM:
		mem->addr = map_file(mem->len, MAP_SHARED, 0);
		break;
	case SHMEM_PRIVATE:
		mem->addr = map_file(mem->len, MAP_PRIVATE, 0);
		break;
	case HUGETLB:
	case HUGETLB_SHARED:
	case HUGETLB_UNTOUCHED:
		mem->len = HUGE_PAGES * HV_HUGE;
		/* io_uring's work for a task counts as a signal, which ends it early */
		for (i = 0, nr = 0; i < 20 && nr != HUGE_PAGES; i++) {
			usleep(i * 1000);
			nr = hv_resize(HUGE_PAGES);
		}
		if (nr != HUGE_PAGES) {
			snprintf(reason, sizeof(reason),
				 "needs 8 pages of 2 MiB, not %ld", nr);
			return reason;
		}
		mem->addr = kind == HUGETLB_SHARED ?
			    map_file(mem->len, MAP_SHARED, MFD_HUGETLB) :
			    map(mem->len, anon | MAP_HUGETLB, -1);
		break;
	default:
		mem->addr = map(mem->len, anon, -1);
	}
	if (!mem->addr)
		return "needs memory that can be mapped so";

	if (kind == THP || kind == THP_PTES || kind == MIXED) {
		if (pin_want_thp(mem->addr, mem->len))
			return "needs CONFIG_TRANSPARENT_HUGEPAGE";
	} else if (kind != HUGETLB && kind != HUGETLB_SHARED &&
		   kind != HUGETLB_UNTOUCHED) {
		madvise(mem->addr, mem->len, MADV_NOHUGEPAGE);
	}

	switch (kind) {
	case UNTOUCHED:
	case HUGETLB_UNTOUCHED:
		return NULL;
	case READ_ONLY:
		for (i = 0, nr = 0; i < mem->len; i += PIN_PAGE)
			nr += mem->addr[i];
		return nr ? "is not zero" : NULL;
	case MIXED:
		/* A huge page, then base pages, then nothing */
		mem->addr[0] = 1;
		madvise(mem->addr, mem->len, MADV_NOHUGEPAGE);
		for (i = HV_HUGE; i < mem->len / 2; i += 3 * PIN_PAGE)
			mem->addr[i] = 1;
		return NULL;
	default:
		pin_fill(mem->addr, mem->len);
	}
	if (kind == THP_PTES && !split(mem))
		return "cannot protect a page of it";
	if (kind == MLOCKED && mlock(mem->addr, mem->len))
		return "cannot lock it";
	if (kind == FORKED) {
		mem->child = fork();
		if (mem->child < 0)
			return "cannot fork";
		if (!mem->child) {
			pause();
			_exit(0);
		}
	}
	return NULL;
}

static void unmake(struct mem *mem)
{
	if (mem->child > 0) {
		kill(mem->child, SIGKILL);
		waitpid(mem->child, NULL, 0);
	}
	munmap(mem->addr, mem->len);
}

static bool has_content(enum kind kind)
{
	return kind != UNTOUCHED && kind != READ_ONLY && kind != MIXED &&
	       kind != HUGETLB_UNTOUCHED;
}

FIXTURE(kinds) {
	const char *missing;
	long held;
};

FIXTURE_VARIANT(kinds) {
	enum kind kind;
};

FIXTURE_VARIANT_ADD(kinds, base) { .kind = BASE };
FIXTURE_VARIANT_ADD(kinds, untouched) { .kind = UNTOUCHED };
FIXTURE_VARIANT_ADD(kinds, read_only) { .kind = READ_ONLY };
FIXTURE_VARIANT_ADD(kinds, thp) { .kind = THP };
FIXTURE_VARIANT_ADD(kinds, thp_ptes) { .kind = THP_PTES };
FIXTURE_VARIANT_ADD(kinds, shmem) { .kind = SHMEM };
FIXTURE_VARIANT_ADD(kinds, shmem_private) { .kind = SHMEM_PRIVATE };
FIXTURE_VARIANT_ADD(kinds, hugetlb) { .kind = HUGETLB };
FIXTURE_VARIANT_ADD(kinds, hugetlb_shared) { .kind = HUGETLB_SHARED };
FIXTURE_VARIANT_ADD(kinds, hugetlb_untouched) { .kind = HUGETLB_UNTOUCHED };
FIXTURE_VARIANT_ADD(kinds, mlocked) { .kind = MLOCKED };
FIXTURE_VARIANT_ADD(kinds, forked) { .kind = FORKED };
FIXTURE_VARIANT_ADD(kinds, mixed) { .kind = MIXED };

FIXTURE_SETUP(kinds)
{
	hv_reset();
	self->missing = pin_lacks_movable(256);
	self->held = pin_held();
}

FIXTURE_TEARDOWN(kinds)
{
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

/*
 * Memory of a kind, pinned where it may be: a file in @fd, and what is wrong, or NULL.
 * There is nothing to undo if @fd is negative.
 */
static const char *hold(enum kind kind, enum pinner who, struct mem *mem, int *fd,
			long *left)
{
	const char *bad = NULL, *reason = make(kind, mem);
	long held = pin_held(), pages = mem->len / PIN_PAGE;
	__u64 flags;

	*fd = -1;
	if (reason)
		return reason;
	*left = pin_count_movable(mem->addr, mem->len);
	if (!*left && has_content(kind))
		bad = "was not in ZONE_MOVABLE or CMA before";
	if ((kind == THP || kind == THP_PTES) &&
	    (hv_kpageflags(hv_pfn(mem->addr), 1, &flags) ||
	     !(flags & hv_bit(KPF_THP))))
		bad = "is no transparent huge page";

	*fd = pin_start(who, mem->addr, mem->len);
	*left = *fd;
	if (*fd < 0) {
		unmake(mem);
		return "could not be pinned";
	}
	*left = pin_count_movable(mem->addr, mem->len);
	if (*left)
		bad = "is still in ZONE_MOVABLE or CMA";
	else if (pin_held() - held < pages)
		bad = "is not pinned";
	else if (pin_count_present(mem->addr, mem->len) != pages)
		bad = "is not there, though pinned";
	if (!bad && has_content(kind) && pin_wrong(mem->addr, mem->len))
		bad = "lost what it held";
	return bad;
}

/* One kind by one pinner; what is wrong, or NULL */
static inline const char *try(enum kind kind, enum pinner who, long *left)
{
	static char copy[16 * MIB];
	const char *bad;
	struct mem mem;
	int fd;

	bad = hold(kind, who, &mem, &fd, left);
	if (fd < 0)
		return bad;
	/* What is pinned is what is mapped: the one sees what the other writes */
	if (!bad && (who == PIN_GUP || who == PIN_GUP_FAST)) {
		pin_fill(mem.addr, mem.len);
		if (pin_read(fd, copy) || pin_wrong(copy, mem.len))
			bad = "is not what is pinned";
	}
	if (!bad && who == PIN_GUP_READ && has_content(kind) &&
	    (pin_read(fd, copy) || pin_wrong(copy, mem.len)))
		bad = "is not what is pinned to read";
	close(fd);
	unmake(&mem);
	return bad;
}

static inline void one(struct __test_metadata *_metadata, const char *missing,
		       enum kind kind, enum pinner who)
{
	const char *bad;
	long left = 0;

	if (!missing)
		missing = pin_lacks(who);
	if (missing)
		SKIP(return, "%s", missing);
	bad = try(kind, who, &left);
	if (bad && !strncmp(bad, "needs ", 6))
		SKIP(return, "%s", bad);
	EXPECT_EQ(NULL, bad)
		TH_LOG("by %s: %s (%ld)", pin_name(who), bad, left);
}

#endif /* __LONGTERM_PIN_KINDS_H */
