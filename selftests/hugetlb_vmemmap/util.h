/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the HugeTLB vmemmap optimization have in common: the pool
 * of 2 MiB pages, free memory, and views of struct pages that need no help from
 * the kernel under test (/proc/kpageflags, and the raw memory map and its page
 * tables through /proc/kcore).
 *
 * Functions return a negative errno when they fail, unless they say otherwise.
 */
#ifndef __HUGETLB_VMEMMAP_UTIL_H
#define __HUGETLB_VMEMMAP_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/kernel-page-flags.h>
#include <linux/types.h>

#define HV_SMALL	4096UL			/* bytes of a base page */
#define HV_HUGE		(2UL << 20)		/* bytes of a huge page */
#define HV_HUGE_KB	2048L
#define HV_NR		512			/* base pages, struct pages of one */
#define HV_BOXES	8			/* pages of memory map of one */
#define HV_BOX_NR	(HV_NR / HV_BOXES)	/* struct pages in each */

/* For a harness test: a debug kernel without hardware virtualization is slow */
#define HV_TIMEOUT	250

#define HV_POOL		"/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define HV_SYSCTL	"/proc/sys/vm/hugetlb_optimize_vmemmap"

/* Something is missing that a test needs: the reason to skip, or NULL */
enum hv_need {
	HV_NEED_SYSCTL	= 1 << 0,	/* the kernel knows the optimization */
	HV_NEED_KPAGE	= 1 << 1,	/* /proc/kpageflags, /proc/kpagecount */
	HV_NEED_RAW	= 1 << 2,	/* struct pages through /proc/kcore */
	HV_NEED_MAP	= 1 << 3,	/* page tables through /proc/kcore */
};

const char *hv_lacks(unsigned int needs);
bool hv_has_sysctl(void);

/* Start of a test that wants nothing changed: kernel log read up */
void hv_start(void);
/* Start or end of a test: the same, empty pool, optimization on */
void hv_reset(void);
/* What the kernel complained about since then, or NULL */
const char *hv_complaint(void);

/* The kernel log from now on, to be closed */
int hv_log_open(void);
/* How many lines there are since the last time that have both words; has one @text? */
long hv_log_count(int log, const char *word, const char *word2);
bool hv_log_has(int log, const char *text);

/* In a harness test: the kernel has not complained since hv_reset() or hv_start() */
#define HV_EXPECT_NO_COMPLAINT() do {				\
	const char *__complaint = hv_complaint();		\
								\
	EXPECT_EQ(NULL, __complaint)				\
		TH_LOG("kernel log: %s", __complaint);		\
} while (0)

/* Small files */
long hv_read_long(const char *path);
int hv_read_text(const char *path, char *buf, size_t size);
int hv_write_text(const char *path, const char *text);
int hv_write_long(const char *path, long value);

/* Files of the 2 MiB pool, such as "nr_hugepages" */
long hv_pool(const char *file);
int hv_set_pool(const char *file, long value);
/* Write nr_hugepages and read it back */
long hv_resize(long nr);
long hv_sysctl(void);
int hv_set_sysctl(long on);
/* Huge pages that the pool can grow by and leave a third of memory free */
long hv_room(void);

/* Free memory, that of the per-CPU lists included, in KiB */
long hv_free_kb(void);

/* A line "NAME VALUE" or "NAME: VALUE" of a file of them; -1 if there is none */
long hv_named_value(const char *path, const char *name);

/* A counter of /proc/vmstat, its name without "htlb_vmemmap_" */
long hv_counted(const char *what);

/* Where ZONE_MOVABLE of a node lies: PFNs, and base pages that it manages */
struct hv_zone {
	unsigned long start, end, managed;
};

/* Those that span anything: how many, at most @max */
int hv_movable_zones(struct hv_zone *zones, int max);
bool hv_in_zones(unsigned long pfn, const struct hv_zone *zones, int nr);

/* Map @nr huge pages and touch each; MAP_FAILED if there are not that many */
void *hv_map(unsigned long nr);

/* A bit of /proc/kpageflags, KPF_* */
static inline __u64 hv_bit(int kpf)
{
	return (__u64)1 << kpf;
}

/* PFN behind an address of this process; 0 if there is none */
unsigned long hv_pfn(const void *addr);
int hv_kpageflags(unsigned long pfn, unsigned int nr, __u64 *flags);
int hv_kpagecount(unsigned long pfn, unsigned int nr, __u64 *count);
/* PFNs of the heads of all HugeTLB pages: how many, at most @max are stored */
long hv_heads(unsigned long *heads, long max);
/* How many stretches of 128 MiB, the reach of one page table, they lie in */
long hv_stretches(const unsigned long *heads, long nr);

/* A struct page, as far as VMCOREINFO tells where its fields are */
struct hv_raw {
	__u64 flags;
	__u64 info;		/* compound_info, compound_head, lru.next */
	__u64 mapping;
	__u64 private;
	__s32 refcount;
	__s32 mapcount;
};

/* Address of a struct page; 0 if there is none */
__u64 hv_struct_page(unsigned long pfn);
int hv_raw_pages(unsigned long pfn, unsigned int nr, struct hv_raw *raw);

/* What maps a page of memory map */
struct hv_box {
	unsigned long pfn;
	bool writable;
	bool large;	/* by a PMD: was never taken apart */
};

int hv_boxes(unsigned long head, struct hv_box *boxes);

enum hv_state {
	HV_OWN,		/* eight frames, each its own, writable */
	HV_SHARED,	/* the head's writable, the other seven one read-only */
	HV_BROKEN,	/* anything else */
};

enum hv_state hv_state(unsigned long head);
const char *hv_state_name(enum hv_state state);
/* How many of the pages are in a state */
long hv_count_state(const unsigned long *heads, long nr, enum hv_state state);

/*
 * Tracepoints, one ("migrate/mm_pin_migrate_fail") or all of a system, in a buffer of
 * their own.  Start: the reason why they cannot be had, or NULL.
 */
const char *hv_trace_start(const char *events);
void hv_trace_end(void);
#define HV_EVENTS	"hugetlb_vmemmap"	/* those of the optimization */
/* How many lines have a word, and the other one behind it */
long hv_trace_count(const char *word, const char *word2);
/* How many times an event of HV_EVENTS was hit, with @text in what it tells */
long hv_traced(const char *event, const char *text);
/* ... that a page of an order came to @ret */
long hv_traced_page(const char *event, unsigned long pfn, int order, int ret);

#define HV_MEMORY	"/sys/devices/system/memory/"

/* Bytes of a memory block, 0 if there are none */
unsigned long hv_block_size(void);
/*
 * Write "offline" or "online" to the state of a memory block: -EINTR after @seconds,
 * for 5.10 tries to offline for as long as nobody interrupts it; 0: never.
 */
int hv_set_block(unsigned long block, const char *state, unsigned int seconds);

/* Makes a page bad by its address, without killing anybody; takes one back by PFN */
#define HV_POISON	HV_MEMORY "hard_offline_page"
#define HV_UNPOISON	"/sys/kernel/debug/hwpoison/unpoison-pfn"

/* The reason why a page cannot be made bad, or not be taken back, or NULL */
const char *hv_lacks_poison(void);
int hv_poison(unsigned long pfn);
void hv_unpoison_all(void);

/* The reason why allocations cannot be made to fail, or NULL */
const char *hv_lacks_injection(void);
/*
 * From now on allocations of tasks that are marked fail.  Those for users do
 * not (GFP_HIGHUSER): a page fault would try again for ever, and huge pages are
 * such memory too.  What the kernel needs for itself never is.
 */
void hv_inject(long percent);
/* Stop, and tell how many allocations failed */
long hv_inject_end(void);
/*
 * Write a number to a file of a pool while @percent of the kernel's allocations
 * for itself fail, and read it back.  @failures: how many did fail.
 */
long hv_resize_failing(const char *file, long nr, long percent, long *failures);

#endif /* __HUGETLB_VMEMMAP_UTIL_H */
