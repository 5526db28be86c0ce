/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs and the C++ of hugemem have in common: the values that
 * lie in maps. Included by both, so plain C and fixed widths only.
 */
#ifndef HUGEMEM_ABI_H
#define HUGEMEM_ABI_H

/*
 * Buckets of a latency: values below 16 have one each; above, every power of
 * two is cut into 16 equal parts, so a bucket is at most 1/16 of its value
 * wide. There is no upper cap: 60 groups of 16 after the first cover 64 bits.
 */
#define HM_SUB_BITS 4
#define HM_SUB (1u << HM_SUB_BITS)
#define HM_BUCKETS ((64 - HM_SUB_BITS + 1) * HM_SUB)

/* Two entries further apart than this lie on different stacks (task, interrupt). */
#define HM_STACK_SPAN 65536ull

/* How many calls of one event may be under way at once on the machine. */
#define HM_MAX_INFLIGHT 4096u

/* What a return value says. */
enum hm_ret {
	HM_RET_VOID = 0,    /* nothing: every call that ends has done its work */
	HM_RET_NONZERO = 1, /* non-zero is success (a pointer, a bool, a count of 1) */
	HM_RET_ZERO = 2,    /* zero is success (an errno) */
};

/* Smallest and largest value of one interval; valid when epoch is that interval's. */
struct hm_extreme {
	unsigned long long epoch;
	unsigned long long min;
	unsigned long long max;
};

/*
 * One per CPU and event. Everything but `extreme` only ever grows: who wants an
 * interval subtracts two readings, so nothing is cleared under a writer.
 */
struct hm_lat {
	unsigned long long starts;    /* outermost entries seen */
	unsigned long long ends;      /* outermost returns matched to an entry */
	unsigned long long failed;    /* of those, returned "nothing done" */
	unsigned long long nested;    /* entries inside another one of the same task */
	unsigned long long unmatched; /* returns whose entry was not seen */
	unsigned long long dropped;   /* entries lost because the table was full */
	unsigned long long lost;      /* entries whose return was never seen */
	unsigned long long sum;       /* of the successful calls, in nanoseconds */
	unsigned long long failed_sum; /* of the failed calls, in nanoseconds */
	struct hm_extreme extreme[2]; /* of the successful calls; index: epoch & 1 */
	unsigned long long bucket[HM_BUCKETS]; /* of the successful calls */
};

/* The open call of one task. */
struct hm_start {
	unsigned long long at; /* nanoseconds, CLOCK_MONOTONIC, of the outermost entry */
	unsigned long long sp; /* where on the stack that entry was */
	unsigned int depth;    /* 1 in the outermost call */
	unsigned int pad;
};

/* Most bytes that one run of the reader copies. */
#define HM_READ_MAX 4096u

/* What the reader program is asked and what it answers. */
struct hm_read {
	unsigned long long addr; /* in: kernel virtual address */
	unsigned int len;        /* in: bytes, 1..HM_READ_MAX */
	int err;                 /* out: 0 or -errno of the copy */
	/* out, always: facts about the calling task, for finding the page tables */
	unsigned long long pgd;         /* current->mm->pgd */
	unsigned long long stack;       /* current->stack */
	unsigned long long stack_page0; /* stack_vm_area->pages[0], 0 without VMAP_STACK */
	unsigned char data[HM_READ_MAX];
};

#endif /* HUGEMEM_ABI_H */
