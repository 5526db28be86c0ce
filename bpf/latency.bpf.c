// SPDX-License-Identifier: GPL-2.0-only
/*
 * latency: how long one kernel function takes, entry to return.
 *
 * Loaded once per function that is followed; the objects of one event share
 * their two maps. User space picks the pair of programs (fentry and fexit,
 * kprobe.multi, kprobe and kretprobe) and leaves the rest unloaded.
 *
 * A call is keyed by the task's address, not by its id: the idle tasks of all
 * CPUs have the id 0, and they do run softirqs that free huge pages. Only the
 * outermost of nested calls counts, so an event may follow several functions
 * that call each other and still count each huge page once.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "hugemem_abi.h"

char LICENSE[] SEC("license") = "GPL";

/*
 * Set before loading, constant afterwards: the verifier drops what they exclude.
 * Types as C has them: these variables appear in the skeleton, for C++.
 */
const volatile unsigned int nr_args = 0;         /* of the followed function, fexit only */
const volatile unsigned int ret_kind = HM_RET_VOID;
const volatile unsigned long long ret_mask = ~0ull;   /* a bool comes in the low 8 bits of a register */
const volatile unsigned long long unit_ns = 1;        /* histogram unit in nanoseconds */
const volatile unsigned int only_tgid = 0;      /* 0: every process */
const volatile unsigned int only_cgroup = 0;    /* 1: tasks below the one in `cgroup` */

/* Raised by user space at the end of each interval. */
unsigned long long epoch;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hm_lat);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HM_MAX_INFLIGHT);
	__type(key, u64);
	__type(value, struct hm_start);
} inflight SEC(".maps");

/* Not created unless only_cgroup is set. */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} cgroup SEC(".maps");

/* Whether the calling task is one of those asked for. */
static __always_inline int wanted(void)
{
	if (only_tgid && bpf_get_current_pid_tgid() >> 32 != only_tgid)
		return 0;
	return !only_cgroup || bpf_current_task_under_cgroup(&cgroup, 0) == 1;
}

static __always_inline struct hm_lat *my_stats(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&stats, &zero);
}

/* Per-CPU memory, yet on a preemptible kernel two tasks can meet in it. */
#define ADD(var, n) ((void)__sync_fetch_and_add(&(var), (n)))

static __always_inline u32 log2_u64(u64 v)
{
	u32 r = 0;

	if (v >> 32) { v >>= 32; r += 32; }
	if (v >> 16) { v >>= 16; r += 16; }
	if (v >> 8) { v >>= 8; r += 8; }
	if (v >> 4) { v >>= 4; r += 4; }
	if (v >> 2) { v >>= 2; r += 2; }
	if (v >> 1) r += 1;
	return r;
}

/* The inverse of Histogram::lower() in user space; tested against each other. */
static __always_inline u32 bucket_of(u64 v)
{
	u32 l;

	if (v < HM_SUB)
		return v;
	l = log2_u64(v);
	return ((l - HM_SUB_BITS + 1) << HM_SUB_BITS) +
	       ((v >> (l - HM_SUB_BITS)) & (HM_SUB - 1));
}

/* sp: any address in the frame of this call, the same for all entries of one kind */
static __always_inline int enter(u64 sp)
{
	u64 task = bpf_get_current_task();
	struct hm_start first = { .sp = sp, .depth = 1 };
	struct hm_lat *lat = my_stats();
	struct hm_start *start;

	if (!lat || !wanted())
		return 0;

	start = bpf_map_lookup_elem(&inflight, &task);
	if (start) {
		/*
		 * A call inside the other lies deeper on the stack. One that
		 * does not proves that the other has returned unseen, say for
		 * want of a kretprobe instance; it must not hide this one.
		 */
		if (sp < start->sp || sp - start->sp > HM_STACK_SPAN) {
			start->depth++;
			ADD(lat->nested, 1);
			return 0;
		}
		bpf_map_delete_elem(&inflight, &task);
		ADD(lat->lost, 1);
	}
	ADD(lat->starts, 1);
	first.at = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&inflight, &task, &first, BPF_NOEXIST))
		ADD(lat->dropped, 1);
	return 0;
}

static __always_inline int leave(u64 ret)
{
	u64 now = bpf_ktime_get_ns();
	u64 task = bpf_get_current_task();
	struct hm_lat *lat = my_stats();
	struct hm_extreme *ext;
	struct hm_start *start;
	u64 ns, v, e, b;

	if (!lat || !wanted())
		return 0;

	start = bpf_map_lookup_elem(&inflight, &task);
	if (!start) {
		ADD(lat->unmatched, 1);
		return 0;
	}
	if (start->depth > 1) {
		start->depth--;
		return 0;
	}
	ns = now - start->at;
	bpf_map_delete_elem(&inflight, &task);
	ADD(lat->ends, 1);

	ret &= ret_mask;
	if ((ret_kind == HM_RET_NONZERO && !ret) || (ret_kind == HM_RET_ZERO && ret)) {
		ADD(lat->failed, 1);
		ADD(lat->failed_sum, ns);
		return 0;
	}
	ADD(lat->sum, ns);
	v = unit_ns > 1 ? ns / unit_ns : ns;
	b = bucket_of(v);
	/* The check has to be made on the very register that becomes the index. */
	asm volatile("" : "+r"(b));
	if (b >= HM_BUCKETS)
		return 0;
	ADD(lat->bucket[b], 1);

	e = epoch;
	ext = &lat->extreme[e & 1];
	if (ext->epoch != e) {
		ext->epoch = e;
		ext->min = ns;
		ext->max = ns;
		return 0;
	}
	if (ns < ext->min)
		ext->min = ns;
	if (ns > ext->max)
		ext->max = ns;
	return 0;
}

SEC("fentry")
int lat_fentry(u64 *ctx)
{
	u64 sp = 0;

	/*
	 * The trampoline builds ctx on the stack, so its address serves. Copied
	 * by a helper, since the verifier knows it for a pointer otherwise, with
	 * which one may neither calculate nor fill a map.
	 */
	bpf_probe_read_kernel(&sp, sizeof(sp), &ctx);
	return enter(sp);
}

SEC("fexit")
int lat_fexit(u64 *ctx)
{
	u64 ret = 0;

	/*
	 * The return value follows the arguments. By a helper, since what is
	 * loaded from ctx has the type of the function's result, and the
	 * verifier allows no masking of a pointer.
	 */
	if (ret_kind != HM_RET_VOID)
		bpf_probe_read_kernel(&ret, sizeof(ret), ctx + nr_args);
	return leave(ret);
}

SEC("kprobe.multi")
int lat_kmulti(struct pt_regs *ctx)
{
	return enter(ctx->sp);
}

SEC("kretprobe.multi")
int lat_kmulti_ret(struct pt_regs *ctx)
{
	return leave(ctx->ax);
}

SEC("kprobe")
int lat_kprobe(struct pt_regs *ctx)
{
	return enter(ctx->sp);
}

SEC("kretprobe")
int lat_kretprobe(struct pt_regs *ctx)
{
	return leave(ctx->ax);
}
