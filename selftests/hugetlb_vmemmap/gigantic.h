/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of pages of 1 GiB have in common.
 */
#ifndef __HUGETLB_VMEMMAP_GIGANTIC_H
#define __HUGETLB_VMEMMAP_GIGANTIC_H

#include "util.h"

#define GIG_POOL "/sys/kernel/mm/hugepages/hugepages-1048576kB/"
#define POOL	GIG_POOL "nr_hugepages"
#define GIG_NR	(1U << 18)		/* base pages, struct pages of one */
#define GIG_ORDER 18
#define GIG_SAVED (4095 * (long)HV_SMALL)	/* bytes, of the 16 MiB of one */

static inline long resize(long nr)
{
	if (hv_write_long(POOL, nr) < 0)
		return -1;
	return hv_read_long(POOL);
}

/* A page of 1 GiB needs a whole free GiB, which small machines do not have */
static inline const char *lacks(bool on)
{
	const char *missing = hv_lacks(on ? HV_NEED_SYSCTL : 0);
	long got;

	if (missing)
		return missing;
	if (hv_read_long(POOL) < 0)
		return "needs pages of 1 GiB";
	if (hv_has_sysctl())
		hv_set_sysctl(0);
	got = resize(1);
	resize(0);
	if (got != 1)
		return "needs a free GiB in one piece";
	if (hv_has_sysctl())
		hv_set_sysctl(on);
	return NULL;
}

/* The head of the only one */
static inline unsigned long find_head(void)
{
	unsigned long head;

	return hv_heads(&head, 1) == 1 ? head : 0;
}

#endif /* __HUGETLB_VMEMMAP_GIGANTIC_H */
