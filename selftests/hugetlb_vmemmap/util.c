// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of the HugeTLB vmemmap optimization have in common, see util.h
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

/* --- small files --- */

int hv_read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t got = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (got < size - 1) {
		n = read(fd, buf + got, size - 1 - got);
		if (n <= 0)
			break;
		got += n;
	}
	n = n < 0 ? -errno : (ssize_t)got;
	buf[got] = '\0';
	close(fd);
	return n;
}

long hv_read_long(const char *path)
{
	char buf[32];
	int ret = hv_read_text(path, buf, sizeof(buf));

	return ret < 0 ? ret : strtol(buf, NULL, 0);
}

int hv_write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int ret;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	ret = n < 0 ? -errno : n == (ssize_t)strlen(text) ? 0 : -EIO;
	close(fd);
	return ret;
}

int hv_write_long(const char *path, long value)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%ld", value);
	return hv_write_text(path, buf);
}

/* --- the pool --- */

long hv_pool(const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), HV_POOL "%s", file);
	return hv_read_long(path);
}

int hv_set_pool(const char *file, long value)
{
	char path[128];

	snprintf(path, sizeof(path), HV_POOL "%s", file);
	return hv_write_long(path, value);
}

long hv_resize(long nr)
{
	int ret = hv_set_pool("nr_hugepages", nr);

	return ret < 0 ? ret : hv_pool("nr_hugepages");
}

bool hv_has_sysctl(void)
{
	return !access(HV_SYSCTL, F_OK);
}

long hv_sysctl(void)
{
	return hv_read_long(HV_SYSCTL);
}

int hv_set_sysctl(long on)
{
	return hv_write_long(HV_SYSCTL, on);
}

long hv_room(void)
{
	return hv_free_kb() * 2 / 3 / HV_HUGE_KB;
}

/* --- what was there before us is there after us --- */

static struct {
	pid_t pid;
	bool in_use;
	long nr;
	long overcommit;
	long sysctl;
	int kmsg;
} before = { .kmsg = -1 };

static void put_back(void)
{
	if (getpid() != before.pid || before.in_use)
		return;
	if (before.sysctl >= 0)
		hv_set_sysctl(before.sysctl);
	hv_set_pool("nr_overcommit_hugepages", before.overcommit);
	hv_set_pool("nr_hugepages", before.nr);
}

static void on_signal(int sig)
{
	put_back();
	_exit(128 + sig);
}

static void __attribute__((constructor)) look_around(void)
{
	before.pid = getpid();
	before.nr = hv_pool("nr_hugepages");
	before.overcommit = hv_pool("nr_overcommit_hugepages");
	before.sysctl = hv_sysctl();
	before.in_use = before.nr != hv_pool("free_hugepages") ||
			hv_pool("resv_hugepages") > 0;
	before.kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	/* Reports of one process are read by the next through a pipe */
	setvbuf(stdout, NULL, _IOLBF, 0);
	atexit(put_back);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGHUP, on_signal);
}

void hv_start(void)
{
	/* The harness runs each test as a child; none outlives the program */
	if (getpid() != before.pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (before.kmsg >= 0)
		lseek(before.kmsg, 0, SEEK_END);
}

void hv_reset(void)
{
	hv_start();
	/* A thread's stack in a transparent huge page would look like a leak */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (before.in_use)
		return;
	hv_set_pool("nr_overcommit_hugepages", 0);
	hv_set_pool("nr_hugepages", 0);
	if (hv_has_sysctl())
		hv_set_sysctl(1);
	hv_start();
}

/* The next line of the kernel log; false if there is none yet */
static bool log_line(int log, char *line, size_t size)
{
	ssize_t n;

	do {
		n = read(log, line, size - 1);
	} while (n < 0 && errno == EPIPE);	/* overwritten before we read it */
	if (n <= 0)
		return false;
	line[n] = '\0';
	return true;
}

const char *hv_complaint(void)
{
	static const char * const words[] = {
		"BUG:", "WARNING:", "Bad page", "Oops", "INFO: task",
		"general protection fault", "list_add corruption",
		"list_del corruption", "Out of memory", "kernel BUG", NULL
	};
	static char line[1024];
	unsigned int i;

	if (before.kmsg < 0)
		return NULL;
	while (log_line(before.kmsg, line, sizeof(line))) {
		for (i = 0; words[i]; i++) {
			if (!strstr(line, words[i]))
				continue;
			line[strcspn(line, "\n")] = '\0';
			return strchr(line, ';') ? strchr(line, ';') + 1 : line;
		}
	}
	return NULL;
}

int hv_log_open(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (log >= 0)
		lseek(log, 0, SEEK_END);
	return log;
}

long hv_log_count(int log, const char *word, const char *word2)
{
	char line[1024];
	long nr = 0;

	while (log_line(log, line, sizeof(line)))
		nr += strstr(line, word) && strstr(line, word2);
	return nr;
}

bool hv_log_has(int log, const char *text)
{
	return hv_log_count(log, text, "") > 0;
}

/* --- memory --- */

long hv_free_kb(void)
{
	static char buf[256 * 1024];
	long pages = 0, n;
	char *line, *next;

	/* Fold what the CPUs have not told the zones yet */
	hv_read_long("/proc/sys/vm/stat_refresh");

	if (hv_read_text("/proc/zoneinfo", buf, sizeof(buf)) <= 0)
		return -EIO;
	for (line = buf; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (sscanf(line, " pages free %ld", &n) == 1 ||
		    sscanf(line, " count: %ld", &n) == 1)
			pages += n;
	}
	return pages * (long)(HV_SMALL / 1024);
}

long hv_named_value(const char *path, const char *name)
{
	char line[256];
	size_t len = strlen(name);
	long value = -1;
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, len) && strchr(": \t", line[len]))
			value = strtol(line + len + 1, NULL, 10);
	if (file)
		fclose(file);
	return value;
}

long hv_counted(const char *what)
{
	char name[64];

	snprintf(name, sizeof(name), "htlb_vmemmap_%s", what);
	return hv_named_value("/proc/vmstat", name);
}

int hv_movable_zones(struct hv_zone *zones, int max)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	unsigned long spanned = 0, managed = 0, start;
	bool inside = false;
	char line[256];
	int nr = 0;

	while (file && nr < max && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "Node", 4))
			inside = strstr(line, "Movable");
		/* In this order */
		if (!inside || sscanf(line, " spanned %lu", &spanned) == 1 ||
		    sscanf(line, " managed %lu", &managed) == 1 ||
		    sscanf(line, " start_pfn: %lu", &start) != 1 || !spanned)
			continue;
		zones[nr++] = (struct hv_zone){ start, start + spanned, managed };
	}
	if (file)
		fclose(file);
	return nr;
}

bool hv_in_zones(unsigned long pfn, const struct hv_zone *zones, int nr)
{
	while (nr--)
		if (pfn >= zones[nr].start && pfn < zones[nr].end)
			return true;
	return false;
}

void *hv_map(unsigned long nr)
{
	char *addr = mmap(NULL, nr * HV_HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	unsigned long i;

	if (addr == MAP_FAILED)
		return addr;
	for (i = 0; i < nr; i++)
		addr[i * HV_HUGE] = 1;
	return addr;
}

/* --- struct pages as the kernel tells --- */

static int read_entries(const char *path, unsigned long index, unsigned int nr,
			__u64 *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t want = nr * sizeof(*out), got = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (got < want) {
		n = pread(fd, (char *)out + got, want - got,
			  index * sizeof(*out) + got);
		if (n <= 0)
			break;
		got += n;
	}
	close(fd);
	return got == want ? 0 : -EIO;
}

int hv_kpageflags(unsigned long pfn, unsigned int nr, __u64 *flags)
{
	return read_entries("/proc/kpageflags", pfn, nr, flags);
}

int hv_kpagecount(unsigned long pfn, unsigned int nr, __u64 *count)
{
	return read_entries("/proc/kpagecount", pfn, nr, count);
}

unsigned long hv_pfn(const void *addr)
{
	__u64 entry;

	if (read_entries("/proc/self/pagemap", (unsigned long)addr / HV_SMALL, 1,
			 &entry))
		return 0;
	return entry >> 63 ? entry & ((1ULL << 55) - 1) : 0;
}

long hv_heads(unsigned long *heads, long max)
{
	const __u64 want = hv_bit(KPF_HUGE) | hv_bit(KPF_COMPOUND_HEAD);
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	unsigned long pfn;
	__u64 flags;
	long nr = 0;

	if (fd < 0)
		return -errno;
	for (pfn = 0; pread(fd, &flags, sizeof(flags), pfn * sizeof(flags)) ==
	     sizeof(flags); pfn += HV_NR) {
		if ((flags & want) != want || flags >> KPF_NOPAGE & 1)
			continue;
		if (nr < max)
			heads[nr] = pfn;
		nr++;
	}
	close(fd);
	return nr;
}

long hv_stretches(const unsigned long *heads, long nr)
{
	const unsigned long reach = (128UL << 20) / HV_SMALL;
	long i, count = 0;

	/* hv_heads() gives them in order */
	for (i = 0; i < nr; i++)
		if (!i || heads[i] / reach != heads[i - 1] / reach)
			count++;
	return count;
}

/* --- struct pages as they are --- */

static struct {
	bool tried;
	const char *missing;
	int fd;
	unsigned int nr;
	struct elf64_phdr *ph;
	char *info;
	__u64 mem_section, section_size, section_off, section_bits;
	__u64 pgd, encryption;
	bool five_levels;
	size_t page_size;
	size_t flags, refcount, mapcount, mapping, private, info_off;
} kcore = { .fd = -1 };

/* Segments that are not at one place in physical memory */
#define NO_PADDR	(~(__u64)0)

/* A line of VMCOREINFO: "KEY=value" */
static bool vmcoreinfo(const char *key, int base, __u64 *value)
{
	size_t len = strlen(key);
	const char *line = kcore.info;

	while (line) {
		if (!strncmp(line, key, len) && line[len] == '=') {
			*value = strtoull(line + len + 1, NULL, base);
			return true;
		}
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return false;
}

static bool vmcoreinfo_size(const char *key, size_t *value)
{
	__u64 v;

	if (!vmcoreinfo(key, 10, &v))
		return false;
	*value = v;
	return true;
}

static bool kcore_read_virt(__u64 addr, void *buf, size_t len)
{
	unsigned int i;

	for (i = 0; i < kcore.nr; i++) {
		const struct elf64_phdr *ph = kcore.ph + i;

		if (ph->p_type == PT_LOAD && addr >= ph->p_vaddr &&
		    addr - ph->p_vaddr + len <= ph->p_memsz)
			return pread(kcore.fd, buf, len, ph->p_offset + addr -
				     ph->p_vaddr) == (ssize_t)len;
	}
	return false;
}

static bool kcore_read_phys(__u64 addr, void *buf, size_t len)
{
	unsigned int i;

	for (i = 0; i < kcore.nr; i++) {
		const struct elf64_phdr *ph = kcore.ph + i;

		if (ph->p_type == PT_LOAD && ph->p_paddr != NO_PADDR &&
		    addr >= ph->p_paddr &&
		    addr - ph->p_paddr + len <= ph->p_memsz)
			return pread(kcore.fd, buf, len, ph->p_offset + addr -
				     ph->p_paddr) == (ssize_t)len;
	}
	return false;
}

/* The VMCOREINFO note among the notes of /proc/kcore, as a string */
static bool find_vmcoreinfo(const struct elf64_phdr *ph)
{
	char *notes = malloc(ph->p_filesz);
	size_t at = 0;

	if (!notes || pread(kcore.fd, notes, ph->p_filesz, ph->p_offset) !=
		      (ssize_t)ph->p_filesz) {
		free(notes);
		return false;
	}
	while (at + sizeof(struct elf64_note) < ph->p_filesz) {
		const struct elf64_note *note = (void *)(notes + at);
		const char *name = (const char *)(note + 1);
		const char *desc = name + ((note->n_namesz + 3) & ~3U);

		if (!strncmp(name, "VMCOREINFO", note->n_namesz)) {
			kcore.info = strndup(desc, note->n_descsz);
			break;
		}
		at = desc + ((note->n_descsz + 3) & ~3U) - notes;
	}
	free(notes);
	return kcore.info;
}

static const char *open_kcore(void)
{
	struct elf64_hdr eh;
	unsigned int i;
	__u64 v;

	kcore.fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	if (kcore.fd < 0)
		return "needs CONFIG_PROC_KCORE and the right to read /proc/kcore";
	if (pread(kcore.fd, &eh, sizeof(eh), 0) != sizeof(eh) ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64)
		return "needs a 64-bit /proc/kcore";
	kcore.ph = calloc(eh.e_phnum, sizeof(*kcore.ph));
	if (!kcore.ph || pread(kcore.fd, kcore.ph, eh.e_phnum * sizeof(*kcore.ph),
			       eh.e_phoff) !=
			 (ssize_t)(eh.e_phnum * sizeof(*kcore.ph)))
		return "cannot read the segments of /proc/kcore";
	kcore.nr = eh.e_phnum;
	for (i = 0; i < kcore.nr; i++)
		if (kcore.ph[i].p_type == PT_NOTE)
			find_vmcoreinfo(kcore.ph + i);
	if (!kcore.info)
		return "needs the VMCOREINFO note in /proc/kcore";

	if (!vmcoreinfo_size("SIZE(page)", &kcore.page_size) ||
	    !vmcoreinfo_size("OFFSET(page.flags)", &kcore.flags) ||
	    !vmcoreinfo_size("OFFSET(page._refcount)", &kcore.refcount) ||
	    !vmcoreinfo_size("OFFSET(page._mapcount)", &kcore.mapcount) ||
	    !vmcoreinfo_size("OFFSET(page.mapping)", &kcore.mapping) ||
	    !vmcoreinfo_size("OFFSET(page.private)", &kcore.private) ||
	    !(vmcoreinfo_size("OFFSET(page.compound_info)", &kcore.info_off) ||
	      vmcoreinfo_size("OFFSET(page.compound_head)", &kcore.info_off)))
		return "VMCOREINFO does not tell the fields of struct page";
	if (!vmcoreinfo("SYMBOL(mem_section)", 16, &kcore.mem_section) ||
	    !vmcoreinfo("SIZE(mem_section)", 10, &kcore.section_size) ||
	    !vmcoreinfo("OFFSET(mem_section.section_mem_map)", 10,
			&kcore.section_off) ||
	    !vmcoreinfo("NUMBER(SECTION_SIZE_BITS)", 10, &kcore.section_bits))
		return "needs CONFIG_SPARSEMEM";

	if (vmcoreinfo("NUMBER(pgtable_l5_enabled)", 10, &v))
		kcore.five_levels = v;
	if (!vmcoreinfo("NUMBER(sme_mask)", 10, &kcore.encryption))
		kcore.encryption = 0;
	if (!vmcoreinfo("SYMBOL(swapper_pg_dir)", 16, &kcore.pgd))
		kcore.pgd = 0;
	return NULL;
}

static const char *raw_missing(void)
{
	if (!kcore.tried) {
		kcore.tried = true;
		kcore.missing = open_kcore();
		/* Any PFN that exists will do to try it out */
		if (!kcore.missing && !hv_struct_page(0x1000))
			kcore.missing = "cannot read struct pages in /proc/kcore";
	}
	return kcore.missing;
}

__u64 hv_struct_page(unsigned long pfn)
{
	/* CONFIG_SPARSEMEM_EXTREME: a table of pages full of sections */
	unsigned long nr = pfn >> (kcore.section_bits - 12);
	unsigned long in_root = HV_SMALL / kcore.section_size;
	__u64 root, map;

	if (!kcore_read_virt(kcore.mem_section + nr / in_root * sizeof(root),
			     &root, sizeof(root)) || !root)
		return 0;
	if (!kcore_read_virt(root + nr % in_root * kcore.section_size +
			     kcore.section_off, &map, sizeof(map)) || !map)
		return 0;
	/* The memory map counts from PFN 0; flags are in the low bits */
	return (map & ~(HV_SMALL - 1)) + pfn * kcore.page_size;
}

int hv_raw_pages(unsigned long pfn, unsigned int nr, struct hv_raw *raw)
{
	__u64 addr = hv_struct_page(pfn);
	char *buf = malloc(nr * kcore.page_size);
	unsigned int i;
	int ret = -EIO;

	if (buf && addr && kcore_read_virt(addr, buf, nr * kcore.page_size)) {
		for (i = 0; i < nr; i++) {
			const char *page = buf + i * kcore.page_size;

			memcpy(&raw[i].flags, page + kcore.flags, 8);
			memcpy(&raw[i].info, page + kcore.info_off, 8);
			memcpy(&raw[i].mapping, page + kcore.mapping, 8);
			memcpy(&raw[i].private, page + kcore.private, 8);
			memcpy(&raw[i].refcount, page + kcore.refcount, 4);
			memcpy(&raw[i].mapcount, page + kcore.mapcount, 4);
		}
		ret = 0;
	}
	free(buf);
	return ret;
}

/* Walk the kernel's page tables, x86-64 only; see HV_NEED_MAP */
static int walk(__u64 addr, struct hv_box *box)
{
	const __u64 present = 1, rw = 2, large = 0x80;
	const __u64 frame = ((1ULL << 52) - 1) & ~(HV_SMALL - 1);
	int shift = kcore.five_levels ? 48 : 39;
	__u64 table = 0, entry, at;
	bool top = true;

	box->writable = true;
	for (;; shift -= 9) {
		at = (addr >> shift & 511) * sizeof(entry);
		if (top ? !kcore_read_virt(kcore.pgd + at, &entry, sizeof(entry)) :
			  !kcore_read_phys(table + at, &entry, sizeof(entry)))
			return -EIO;
		top = false;
		if (!(entry & present))
			return -ENOENT;
		if (!(entry & rw))
			box->writable = false;
		table = entry & frame & ~kcore.encryption;
		if (shift == 12 || (shift <= 30 && entry & large))
			break;
	}
	box->large = shift > 12;
	table &= ~((1ULL << shift) - 1);
	box->pfn = (table | (addr & ((1ULL << shift) - 1))) / HV_SMALL;
	return 0;
}

int hv_boxes(unsigned long head, struct hv_box *boxes)
{
	__u64 addr = hv_struct_page(head);
	int i, ret;

	if (!addr)
		return -EIO;
	for (i = 0; i < HV_BOXES; i++) {
		ret = walk(addr + i * HV_SMALL, boxes + i);
		if (ret)
			return ret;
	}
	return 0;
}

enum hv_state hv_state(unsigned long head)
{
	struct hv_box box[HV_BOXES];
	int i, j, same = 0, readonly = 0;

	if (hv_boxes(head, box) || !box[0].writable)
		return HV_BROKEN;
	for (i = 1; i < HV_BOXES; i++) {
		readonly += !box[i].writable;
		for (j = 0; j < i; j++)
			same += box[i].pfn == box[j].pfn;
	}
	if (!same && !readonly)
		return HV_OWN;
	/* Seven that are the same make 21 pairs, none with the head's */
	if (same == 21 && box[0].pfn != box[1].pfn && readonly == HV_BOXES - 1)
		return HV_SHARED;
	return HV_BROKEN;
}

const char *hv_state_name(enum hv_state state)
{
	switch (state) {
	case HV_OWN:
		return "own";
	case HV_SHARED:
		return "shared";
	default:
		return "broken";
	}
}

long hv_count_state(const unsigned long *heads, long nr, enum hv_state state)
{
	long i, count = 0;

	for (i = 0; i < nr; i++)
		count += hv_state(heads[i]) == state;
	return count;
}

/* --- what a test can rely on --- */

const char *hv_lacks(unsigned int needs)
{
	__u64 flags;

	if (geteuid())
		return "needs root";
	if (before.nr < 0)
		return "needs CONFIG_HUGETLBFS and 2 MiB pages";
	if (before.in_use)
		return "somebody uses 2 MiB pages: the pool cannot be emptied";
	if ((needs & HV_NEED_SYSCTL) && !hv_has_sysctl())
		return "kernel without vm.hugetlb_optimize_vmemmap";
	if ((needs & HV_NEED_KPAGE) && (hv_kpageflags(0x1000, 1, &flags) ||
					hv_kpagecount(0x1000, 1, &flags)))
		return "needs CONFIG_PROC_PAGE_MONITOR";
	if (needs & (HV_NEED_RAW | HV_NEED_MAP)) {
		const char *missing = raw_missing();

		if (missing)
			return missing;
	}
	if (needs & HV_NEED_MAP) {
#ifdef __x86_64__
		if (!kcore.pgd || kcore.page_size * HV_NR != HV_BOXES * HV_SMALL)
			return "needs swapper_pg_dir and 64 bytes of struct page";
#else
		return "knows the page tables of x86-64 only";
#endif
	}
	return NULL;
}

/* --- tracepoints --- */

static char trace_dir[80], trace_enable[160];

const char *hv_trace_start(const char *events)
{
	static const char * const mounts[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing", NULL
	};
	char path[160];
	unsigned int i;

	for (i = 0; mounts[i]; i++) {
		snprintf(path, sizeof(path), "%s/events/%s/enable", mounts[i], events);
		if (access(path, F_OK))
			continue;
		snprintf(trace_dir, sizeof(trace_dir), "%s/instances/selftests",
			 mounts[i]);
		/* Of a test that died */
		rmdir(trace_dir);
		if (mkdir(trace_dir, 0700))
			return "cannot make an instance of tracing";
		snprintf(trace_enable, sizeof(trace_enable), "%s/events/%s/enable",
			 trace_dir, events);
		return hv_write_text(trace_enable, "1") ?
		       "cannot enable tracepoints" : NULL;
	}
	return "needs tracepoints, and tracefs at /sys/kernel/tracing";
}

void hv_trace_end(void)
{
	if (!trace_dir[0])
		return;
	hv_write_text(trace_enable, "0");
	rmdir(trace_dir);
}

long hv_trace_count(const char *word, const char *word2)
{
	char path[128], line[512], *at;
	FILE *file;
	long nr = 0;

	snprintf(path, sizeof(path), "%s/trace", trace_dir);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		at = line[0] == '#' ? NULL : strstr(line, word);
		nr += at && strstr(at, word2);
	}
	fclose(file);
	return nr;
}

long hv_traced(const char *event, const char *text)
{
	char name[64];

	snprintf(name, sizeof(name), ": hugetlb_vmemmap_%s: ", event);
	return hv_trace_count(name, text);
}

long hv_traced_page(const char *event, unsigned long pfn, int order, int ret)
{
	char text[80];

	snprintf(text, sizeof(text), "pfn=%#lx order=%d ret=%d\n", pfn, order, ret);
	return hv_traced(event, text);
}

/* --- memory blocks --- */

unsigned long hv_block_size(void)
{
	char buf[32];

	if (hv_read_text(HV_MEMORY "block_size_bytes", buf, sizeof(buf)) < 0)
		return 0;
	return strtoul(buf, NULL, 16);
}

static void on_alarm(int sig)
{
}

int hv_set_block(unsigned long block, const char *state, unsigned int seconds)
{
	/* No SA_RESTART: the write is to end */
	struct sigaction action = { .sa_handler = on_alarm };
	char path[96];
	int ret;

	sigaction(SIGALRM, &action, NULL);
	snprintf(path, sizeof(path), HV_MEMORY "memory%lu/state", block);
	alarm(seconds);
	ret = hv_write_text(path, state);
	alarm(0);
	return ret;
}

/* --- bad memory --- */

const char *hv_lacks_poison(void)
{
	if (access(HV_POISON, F_OK))
		return "needs CONFIG_MEMORY_FAILURE";
	if (access(HV_UNPOISON, F_OK))
		return "needs CONFIG_HWPOISON_INJECT and debugfs, to undo what it does";
	return NULL;
}

int hv_poison(unsigned long pfn)
{
	char text[32];

	snprintf(text, sizeof(text), "%#lx", pfn * HV_SMALL);
	return hv_write_text(HV_POISON, text);
}

void hv_unpoison_all(void)
{
	static __u64 flags[HV_NR];
	unsigned long pfn;
	ssize_t n, i;
	int fd;

	fd = open("/proc/kpageflags", O_RDONLY);
	for (pfn = 0; fd >= 0; pfn += n / sizeof(*flags)) {
		n = pread(fd, flags, sizeof(flags), pfn * sizeof(*flags));
		if (n <= 0)
			break;
		for (i = 0; i < n / (ssize_t)sizeof(*flags); i++)
			if (flags[i] & hv_bit(KPF_HWPOISON))
				hv_write_long(HV_UNPOISON, pfn + i);
	}
	if (fd >= 0)
		close(fd);
}

/* --- allocations that fail --- */

#define FAIL	"/sys/kernel/debug/fail_page_alloc/"
#define TIMES	1000000L
#define NR_SETTINGS 9

static const struct {
	const char *file;
	const char *value;
} setting[NR_SETTINGS] = {
	/* First and last: nothing happens while the others change */
	{ FAIL "probability", "0" },
	{ FAIL "interval", "1" },
	{ FAIL "space", "0" },
	{ FAIL "verbose", "0" },
	{ FAIL "task-filter", "Y" },
	{ FAIL "min-order", "0" },
	{ FAIL "ignore-gfp-wait", "N" },
	{ FAIL "ignore-gfp-highmem", "Y" },
	{ FAIL "times", "1000000" },
};

static struct {
	pid_t pid;
	char value[NR_SETTINGS][32];
} injection;

static void put_back_settings(void)
{
	int i;

	if (getpid() != injection.pid)
		return;
	for (i = NR_SETTINGS - 1; i >= 0; i--)
		hv_write_text(setting[i].file, injection.value[i]);
}

static void __attribute__((constructor)) keep_settings(void)
{
	unsigned int i;

	if (hv_read_long(FAIL "probability") < 0)
		return;
	injection.pid = getpid();
	for (i = 0; i < NR_SETTINGS; i++)
		hv_read_text(setting[i].file, injection.value[i],
			     sizeof(injection.value[i]));
	atexit(put_back_settings);
}

const char *hv_lacks_injection(void)
{
	if (access("/proc/self/make-it-fail", F_OK))
		return "needs CONFIG_FAULT_INJECTION";
	if (access(FAIL "task-filter", F_OK))
		return "needs CONFIG_FAIL_PAGE_ALLOC, and debugfs at /sys/kernel/debug";
	return NULL;
}

void hv_inject(long percent)
{
	unsigned int i;

	for (i = 0; i < NR_SETTINGS; i++)
		hv_write_text(setting[i].file, setting[i].value);
	hv_write_long(FAIL "probability", percent);
}

long hv_inject_end(void)
{
	hv_write_text(FAIL "probability", "0");
	return TIMES - hv_read_long(FAIL "times");
}

/*
 * While they fail, this task must not do anything else that takes memory, so all
 * files are open before.  The write itself needs a few bytes, so it may have to be
 * tried again.
 */
long hv_resize_failing(const char *file, long nr, long percent, long *failures)
{
	int pool = open(file, O_WRONLY);
	int mark = open("/proc/self/make-it-fail", O_WRONLY);
	long len, ret = -1;
	char text[32];
	int i;

	*failures = 0;
	len = snprintf(text, sizeof(text), "%ld", nr);
	for (i = 0; i < 20 && ret < 0; i++) {
		hv_inject(percent);
		if (pwrite(mark, "1", 1, 0) == 1)
			ret = pwrite(pool, text, len, 0);
		pwrite(mark, "0", 1, 0);
		*failures += hv_inject_end();
	}
	close(pool);
	close(mark);
	return ret < 0 ? -ENOMEM : hv_read_long(file);
}
