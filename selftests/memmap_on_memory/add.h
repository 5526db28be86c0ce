/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of memory map in hot-added memory have in common: memory that the kernel
 * was told not to use (mem=) is added and removed through lib/test_memory_hotplug.c, and
 * the machine compared before and after.
 *
 * Functions return a negative errno when they fail, unless they say otherwise.
 */
#ifndef __MEMMAP_ON_MEMORY_ADD_H
#define __MEMMAP_ON_MEMORY_ADD_H

#include "util.h"

#define MM_GIB		(1UL << 30)
#define MM_PAGES_PER_MAP_PAGE	64	/* struct pages of 64 bytes in a page of 4 KiB */

#define MM_PARAMETER	"/sys/module/memory_hotplug/parameters/memmap_on_memory"

#define MM_TEST_DIR	"/sys/kernel/debug/test_memory_hotplug/"

/* Memory to add: what the firmware knows and the kernel does not use, by whole blocks */
struct mm_range {
	unsigned long start;		/* bytes */
	unsigned long size;
	unsigned long block_size;
	unsigned long first;		/* id of its first block */
	unsigned long nr;		/* number of its blocks */
	int node;			/* 0, if nobody says otherwise */
};

/*
 * The reason why there is nothing to test here, or NULL. @range becomes the first @gib
 * GiB of the largest range there is, 0 for all of it.
 */
const char *mm_lacks(struct mm_range *range, unsigned long gib);

/* Where the map of new memory goes: "N", "block" or "Y" */
const char *mm_wanted(void);
/* What is written to a file of MM_TEST_DIR for a range */
void mm_request(const struct mm_range *range, char *text, size_t size);
int mm_add(const struct mm_range *range);
int mm_remove(const struct mm_range *range);
int mm_offline_and_remove(const struct mm_range *range);

/* A file of a memory block, without its end of line */
int mm_block_text(unsigned long block, const char *file, char *buf, size_t size);
/* Is it online? Negative if there is no such block */
int mm_is_online(unsigned long block);
/* Write to its state: "online_kernel", "online_movable" or "offline" */
int mm_set(unsigned long block, const char *state);
/* Which block holds its memory map; -1 if none does */
long mm_host(unsigned long block);
/* Take blocks offline, the last first: how many did not go */
unsigned long mm_all_offline(const struct mm_range *range);

/* What has to be as it was when memory has come and gone */
struct mm_baseline {
	char iomem[16384];	/* /proc/iomem */
	char zones[16384];	/* of /proc/zoneinfo: spanned, present, managed, start */
	char nodes[256];	/* online, and with memory */
	long total_kb;		/* MemTotal */
	long bad_kb;		/* HardwareCorrupted */
	long free_kb;
};

int mm_baseline(struct mm_baseline *base);
/*
 * Compare: NULL, or what differs. Memory may be missing up to @slack_kb, which is not
 * exact for what the kernel caches.
 */
const char *mm_differs(const struct mm_baseline *before, long slack_kb);

#define MM_EXPECT_AS_BEFORE(before, slack_kb) do {			\
	const char *__difference = mm_differs(before, slack_kb);	\
									\
	EXPECT_EQ(NULL, __difference)					\
		TH_LOG("not as before: %s", __difference);		\
} while (0)

#endif /* __MEMMAP_ON_MEMORY_ADD_H */
