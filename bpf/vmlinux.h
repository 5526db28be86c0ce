/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel types that the BPF programs of hugemem use, and nothing else.
 *
 * Written by hand, not generated: every struct that is read through CO-RE
 * carries preserve_access_index and lists only the members that are read, so
 * that one object file fits every kernel with BTF. A member that exists under
 * another name on other kernels gets a flavour (struct NAME___WHAT), and the
 * program asks bpf_core_field_exists() before it reads either.
 */
#ifndef HUGEMEM_VMLINUX_H
#define HUGEMEM_VMLINUX_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;

typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

typedef _Bool bool;

enum {
	false = 0,
	true = 1,
};

/* Values of the BPF user-space interface, which never change. */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_CGROUP_ARRAY = 8,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
	BPF_F_MMAPABLE = 1024,
};

/*
 * x86-64, the frame a kprobe hands over. The layout is what the kprobe context
 * is defined to be, hence no relocation.
 */
struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long cs;
	unsigned long flags;
	unsigned long sp;
	unsigned long ss;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct page;

typedef struct {
	unsigned long pgd;
} pgd_t;

struct mm_struct {
	pgd_t *pgd;
};

struct vm_struct {
	struct page **pages;
	unsigned int nr_pages;
};

struct task_struct {
	void *stack;
	int pid;
	int tgid;
	struct mm_struct *mm;
};

/* CONFIG_VMAP_STACK only */
struct task_struct___vmap_stack {
	struct vm_struct *stack_vm_area;
};

#pragma clang attribute pop

#endif /* HUGEMEM_VMLINUX_H */
