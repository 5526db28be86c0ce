// SPDX-License-Identifier: GPL-2.0-only
/*
 * hm_wrong_map: maps the memory map of one huge page wrongly, for tests of what
 * looks at it. Loading it makes the fault, unloading it takes the fault away.
 *
 *	insmod hm_wrong_map.ko pfn=0x12a00 fault=writable
 *
 * pfn is the first frame of a huge page of 2 MiB whose memory map is remapped:
 * pages 1 and up read-only on a frame that they share. Nobody may release it
 * before the module is gone. Faults:
 *
 *	split     every page on a writable frame of its own: split, nothing saved
 *	writable  page 3 is writable, though its frame is shared
 *	torn      page 3 alone has a frame of its own
 *	tail      as split, and a struct page of page 5 leads nowhere
 *
 * It changes page tables that no interface is for, so it belongs into guests
 * that exist for nothing else.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/tlbflush.h>

#define NR_PAGES 8 /* of memory map that a huge page of 2 MiB has */

static unsigned long pfn;
module_param(pfn, ulong, 0);
MODULE_PARM_DESC(pfn, "first frame of a remapped huge page of 2 MiB");

static char *fault = "";
module_param(fault, charp, 0);
MODULE_PARM_DESC(fault, "split, writable, torn or tail");

static unsigned long start; /* virtual address of the first page */
static pte_t *ptes;
static pte_t before[NR_PAGES];
static struct page *own[NR_PAGES];

static pte_t *find_ptes(unsigned long addr)
{
	/* The kernel's part of every process's tables is the same. */
	pgd_t *pgd = pgd_offset_pgd(current->active_mm->pgd, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (pgd_none(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud) || pud_large(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	if (pmd_none(*pmd) || pmd_large(*pmd))
		return NULL;
	return pte_offset_kernel(pmd, addr);
}

static void flush(void *unused)
{
	__flush_tlb_all();
}

/* Page i on a writable frame of its own, with the same contents. */
static int give_frame(unsigned int i)
{
	own[i] = alloc_page(GFP_KERNEL);
	if (!own[i])
		return -ENOMEM;
	memcpy(page_address(own[i]), (void *)(start + i * PAGE_SIZE), PAGE_SIZE);
	set_pte(ptes + i, mk_pte(own[i], PAGE_KERNEL));
	return 0;
}

static int give_frames(void)
{
	unsigned int i;
	int err = 0;

	for (i = 1; i < NR_PAGES && !err; i++)
		err = give_frame(i);
	return err;
}

static void undo(void)
{
	unsigned int i;

	for (i = 1; i < NR_PAGES; i++)
		set_pte(ptes + i, before[i]);
	on_each_cpu(flush, NULL, 1);
	for (i = 1; i < NR_PAGES; i++)
		if (own[i])
			__free_page(own[i]);
}

static int make(void)
{
	int err;

	if (!strcmp(fault, "split"))
		return give_frames();
	if (!strcmp(fault, "writable")) {
		set_pte(ptes + 3, pte_mkwrite(before[3]));
		return 0;
	}
	if (!strcmp(fault, "torn"))
		return give_frame(3);
	if (!strcmp(fault, "tail")) {
		err = give_frames();
		if (!err) {
			struct page *tails = page_address(own[5]);

			/* the word that leads to the head, whatever it is called */
			tails[7].lru.next = NULL;
		}
		return err;
	}
	pr_err("there is no fault \"%s\"\n", fault);
	return -EINVAL;
}

static int __init wrong_map_init(void)
{
	unsigned int i;
	int err;

	if (!pfn_valid(pfn) || pfn & (PMD_SIZE / PAGE_SIZE - 1)) {
		pr_err("pfn=%#lx is not the first frame of a huge page\n", pfn);
		return -EINVAL;
	}
	start = (unsigned long)pfn_to_page(pfn);
	ptes = find_ptes(start);
	if (!ptes || pte_pfn(ptes[1]) != pte_pfn(ptes[2]) || pte_write(ptes[2])) {
		pr_err("the memory map of pfn %#lx is not remapped\n", pfn);
		return -EINVAL;
	}
	for (i = 0; i < NR_PAGES; i++)
		before[i] = ptes[i];
	err = make();
	if (err) {
		undo();
		return err;
	}
	on_each_cpu(flush, NULL, 1);
	return 0;
}

static void __exit wrong_map_exit(void)
{
	undo();
}

module_init(wrong_map_init);
module_exit(wrong_map_exit);

MODULE_LICENSE("GPL v2");
MODULE_DESCRIPTION("Maps the memory map of a huge page wrongly, for tests");
/*
 * Not true, but otherwise every guest with it were tainted, and a taint is how
 * the tests notice that the kernel has complained.
 */
MODULE_INFO(intree, "Y");
