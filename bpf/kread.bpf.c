// SPDX-License-Identifier: GPL-2.0-only
/*
 * kread: copy up to 4 KiB of kernel memory to user space, on demand.
 *
 * A raw_tp program that is attached to nothing: user space runs it with
 * BPF_PROG_TEST_RUN, which executes it once in the caller's own context
 * (Linux 5.10 and later), so "current" is the caller. The request and
 * the answer lie in .bss, which user space maps. It reads; it writes
 * nothing but that answer. All loops and all judgement are in user space.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "hugemem_abi.h"

char LICENSE[] SEC("license") = "GPL";

struct hm_read req;

SEC("raw_tp")
int kread(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct___vmap_stack *vtask = (void *)task;
	u32 len = req.len;

	req.pgd = (u64)BPF_CORE_READ(task, mm, pgd);
	req.stack = (u64)BPF_CORE_READ(task, stack);
	req.stack_page0 = 0;
	if (bpf_core_field_exists(vtask->stack_vm_area)) {
		struct page **pages = BPF_CORE_READ(vtask, stack_vm_area, pages);
		u64 page = 0;

		bpf_probe_read_kernel(&page, sizeof(page), pages);
		req.stack_page0 = page;
	}

	if (!len || len > HM_READ_MAX) {
		req.err = -22; /* EINVAL */
		return 0;
	}
	req.err = bpf_probe_read_kernel(req.data, len, (const void *)req.addr);
	return 0;
}
