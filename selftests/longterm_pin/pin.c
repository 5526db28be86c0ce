// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of long-term pins have in common, see pin.h
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/if_xdp.h>
#include <linux/io_uring.h>
#include <linux/vhost.h>
#include <rdma/ib_user_verbs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "pin.h"

#ifndef AF_XDP
#define AF_XDP	44
#endif
#ifndef SOL_XDP
#define SOL_XDP	283
#endif

#define GUP_FILE		"/sys/kernel/debug/gup_benchmark"
#define LONGTERM_START		_IOW('g', 7, struct longterm)
#define LONGTERM_STOP		_IO('g', 8)
#define LONGTERM_READ		_IOW('g', 9, __u64)
#define LONGTERM_USE_WRITE	1
#define LONGTERM_USE_FAST	2

struct longterm {
	__u64 addr;
	__u64 size;
	__u32 flags;
};

/* --- who pins --- */

const char *pin_name(enum pinner who)
{
	static const char * const names[] = {
		"io_uring", "gup", "fast gup", "gup, read only", "AF_XDP",
		"vhost-vdpa", "RDMA"
	};

	return names[who];
}

static int pin_uring(void *addr, size_t len)
{
	struct io_uring_params params = {};
	struct iovec iov = { addr, len };
	int fd, ret;

	fd = syscall(__NR_io_uring_setup, 1, &params);
	if (fd < 0)
		return -errno;
	if (!len)
		return fd;
	ret = syscall(__NR_io_uring_register, fd, IORING_REGISTER_BUFFERS,
		      &iov, 1);
	if (ret < 0) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

static int pin_gup(void *addr, size_t len, unsigned int flags)
{
	struct longterm args = {
		.addr = (uintptr_t)addr,
		.size = len,
		.flags = flags,
	};
	int fd = open(GUP_FILE, O_RDWR | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, len ? LONGTERM_START : LONGTERM_STOP, &args) < 0)
		ret = -errno;
	if (ret < 0)
		close(fd);
	return ret < 0 ? ret : fd;
}

static int pin_xdp(void *addr, size_t len)
{
	struct xdp_umem_reg reg = {
		.addr = (uintptr_t)addr,
		.len = len,
		.chunk_size = PIN_PAGE,
	};
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -errno;
	if (len && setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

static int pin_vdpa(void *addr, size_t len)
{
	const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	struct vhost_msg_v2 msg = {
		.type = VHOST_IOTLB_MSG_V2,
		.iotlb = {
			.size = len,
			.uaddr = (uintptr_t)addr,
			.perm = VHOST_ACCESS_RW,
			.type = VHOST_IOTLB_UPDATE,
		},
	};
	int fd, ret;

	fd = open("/dev/vhost-vdpa-0", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!len)
		return fd;
	/* It does not ask who may lock memory */
	if (setrlimit(RLIMIT_MEMLOCK, &limit) || ioctl(fd, VHOST_SET_OWNER) ||
	    write(fd, &msg, sizeof(msg)) != sizeof(msg)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

/* A command of verbs, as write() takes them; 0, or a negative errno */
static int verb(int fd, __u32 command, void *args, size_t len, void *answer,
		size_t answer_len)
{
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		__u64 args[8];
	} msg = {
		.hdr = {
			.command = command,
			.in_words = (sizeof(msg.hdr) + len) / 4,
			.out_words = answer_len / 4,
		},
	};

	/* All of them begin with where the answer goes */
	*(__u64 *)args = (uintptr_t)answer;
	memcpy(msg.args, args, len);
	return write(fd, &msg, sizeof(msg.hdr) + len) < 0 ? -errno : 0;
}

static int pin_rdma(void *addr, size_t len)
{
	struct ib_uverbs_get_context_resp context;
	struct ib_uverbs_get_context open_it = {};
	struct ib_uverbs_alloc_pd alloc_pd = {};
	struct ib_uverbs_alloc_pd_resp pd;
	struct ib_uverbs_reg_mr_resp mr;
	struct ib_uverbs_reg_mr reg_mr = {
		.start = (uintptr_t)addr,
		.length = len,
		.hca_va = (uintptr_t)addr,
		.access_flags = 1,	/* IB_ACCESS_LOCAL_WRITE */
	};
	int fd, ret;

	fd = open("/dev/infiniband/uverbs0", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!len)
		return fd;
	ret = verb(fd, IB_USER_VERBS_CMD_GET_CONTEXT, &open_it, sizeof(open_it),
		   &context, sizeof(context));
	if (!ret) {
		close(context.async_fd);
		ret = verb(fd, IB_USER_VERBS_CMD_ALLOC_PD, &alloc_pd,
			   sizeof(alloc_pd), &pd, sizeof(pd));
	}
	if (!ret) {
		reg_mr.pd_handle = pd.pd_handle;
		ret = verb(fd, IB_USER_VERBS_CMD_REG_MR, &reg_mr, sizeof(reg_mr),
			   &mr, sizeof(mr));
	}
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int pin_start(enum pinner who, void *addr, size_t len)
{
	switch (who) {
	case PIN_URING:
		return pin_uring(addr, len);
	case PIN_GUP:
		return pin_gup(addr, len, LONGTERM_USE_WRITE);
	case PIN_GUP_FAST:
		return pin_gup(addr, len, LONGTERM_USE_WRITE | LONGTERM_USE_FAST);
	case PIN_GUP_READ:
		return pin_gup(addr, len, 0);
	case PIN_XDP:
		return pin_xdp(addr, len);
	case PIN_VDPA:
		return pin_vdpa(addr, len);
	case PIN_RDMA:
		return pin_rdma(addr, len);
	default:
		return -EINVAL;
	}
}

int pin_read(int fd, void *to)
{
	__u64 addr = (uintptr_t)to;

	return ioctl(fd, LONGTERM_READ, &addr) ? -errno : 0;
}

const char *pin_lacks(enum pinner who)
{
	int fd = pin_start(who, NULL, 0);

	if (fd >= 0) {
		close(fd);
		return NULL;
	}
	switch (fd) {
	case -EPERM:
		return "needs root";
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
	case -ENOSYS:
	case -ENOTTY:
	case -EINVAL:
	case -EAFNOSUPPORT:
		break;
	default:
		/* It is there and does not work: the test will say why */
		return NULL;
	}
	switch (who) {
	case PIN_URING:
		return "needs CONFIG_IO_URING";
	case PIN_XDP:
		return "needs CONFIG_XDP_SOCKETS";
	case PIN_VDPA:
		return "needs /dev/vhost-vdpa-0, as of CONFIG_VDPA_SIM";
	case PIN_RDMA:
		return "needs /dev/infiniband/uverbs0, as of CONFIG_RDMA_RXE";
	default:
		return "needs CONFIG_GUP_BENCHMARK that knows PIN_LONGTERM_TEST_START";
	}
}

/* --- memory, and where it lies --- */

/* Areas of CMA, as CONFIG_CMA_DEBUGFS tells */
static int cma_areas(struct hv_zone *areas, int max)
{
	char path[256];
	glob_t found;
	int nr = 0;
	size_t i;

	if (glob(PIN_CMA_AREAS, GLOB_ONLYDIR, NULL, &found))
		return 0;
	for (i = 0; i < found.gl_pathc && nr < max; i++) {
		struct hv_zone *area = &areas[nr];

		snprintf(path, sizeof(path), "%s/base_pfn", found.gl_pathv[i]);
		area->start = hv_read_long(path);
		snprintf(path, sizeof(path), "%s/count", found.gl_pathv[i]);
		area->managed = hv_read_long(path);
		area->end = area->start + area->managed;
		nr += (long)area->start > 0 && (long)area->managed > 0;
	}
	globfree(&found);
	return nr;
}

/* Where nothing may be pinned for long; how many there are, at most 128 */
static int movable_ranges(struct hv_zone ranges[128])
{
	int nr = hv_movable_zones(ranges, 64);

	return nr + cma_areas(ranges + nr, 64);
}

const char *pin_lacks_movable(unsigned long mib)
{
	struct hv_zone ranges[128];
	unsigned long managed = 0;
	int nr;

	for (nr = movable_ranges(ranges); nr > 0; nr--)
		managed += ranges[nr - 1].managed;
	if (managed < mib << 8)
		return "needs ZONE_MOVABLE with room, as by movablecore=1G";
	if (geteuid())
		return "needs root";
	return NULL;
}

static long count(const void *addr, size_t len, bool movable_only)
{
	struct hv_zone ranges[128];
	int fd, nr = movable_ranges(ranges);
	__u64 entries[512], pfn;
	size_t i, at, n, pages = len / PIN_PAGE;
	long found = 0;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (at = 0; at < pages; at += n) {
		n = pages - at < 512 ? pages - at : 512;
		if (pread(fd, entries, n * 8, ((uintptr_t)addr / PIN_PAGE + at) * 8) !=
		    (ssize_t)(n * 8)) {
			found = -EIO;
			break;
		}
		for (i = 0; i < n; i++) {
			if (!(entries[i] >> 63))
				continue;
			pfn = entries[i] & ((1ULL << 55) - 1);
			found += !movable_only || hv_in_zones(pfn, ranges, nr);
		}
	}
	close(fd);
	return found;
}

long pin_count_movable(const void *addr, size_t len)
{
	return count(addr, len, true);
}

long pin_count_present(const void *addr, size_t len)
{
	return count(addr, len, false);
}

long pin_movable_blocks(unsigned long *blocks, long max)
{
	unsigned long block;
	char path[96], text[64];
	long nr = 0;

	for (block = 0; block < 4096; block++) {
		snprintf(path, sizeof(path), HV_MEMORY "memory%lu/valid_zones",
			 block);
		if (hv_read_text(path, text, sizeof(text)) <= 0 ||
		    strncmp(text, "Movable", 7))
			continue;
		snprintf(path, sizeof(path), HV_MEMORY "memory%lu/state", block);
		if (hv_read_text(path, text, sizeof(text)) <= 0 ||
		    strncmp(text, "online", 6))
			continue;
		if (nr < max)
			blocks[nr] = block;
		nr++;
	}
	return nr;
}

long pin_cycle_blocks(unsigned long *blocks, long *nr, double *slowest)
{
	long i, bad, went = 0;

	for (i = 0; i < *nr; i++) {
		double begin = pin_now(), took;

		if (hv_set_block(blocks[i], "offline", PIN_OFFLINE_SECONDS))
			continue;
		took = pin_now() - begin;
		if (took > *slowest)
			*slowest = took;
		hv_set_block(blocks[i], "online_movable", PIN_OFFLINE_SECONDS);
		blocks[went++] = blocks[i];
	}
	bad = *nr - went;
	*nr = went;
	return bad;
}

void pin_fill(char *addr, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PIN_PAGE)
		*(size_t *)(addr + i) = i + 1;
}

size_t pin_wrong(const char *addr, size_t len)
{
	size_t i, bad = 0;

	for (i = 0; i < len; i += PIN_PAGE)
		bad += *(size_t *)(addr + i) != i + 1;
	return bad;
}

char *pin_map(size_t len, int flags, bool thp)
{
	char *addr = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_ANONYMOUS | flags, -1, 0);

	if (addr == MAP_FAILED)
		return NULL;
	if (thp)
		pin_want_thp(addr, len);
	else
		madvise(addr, len, MADV_NOHUGEPAGE);
	pin_fill(addr, len);
	return addr;
}

int pin_want_thp(void *addr, size_t len)
{
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	return madvise(addr, len, MADV_HUGEPAGE) ? -errno : 0;
}

/* --- counters --- */

long pin_vmstat(const char *name)
{
	/* The counters of all CPUs are to be in it */
	hv_write_text("/proc/sys/vm/stat_refresh", "1");
	return hv_named_value("/proc/vmstat", name);
}

long pin_held(void)
{
	return pin_vmstat("nr_foll_pin_acquired") -
	       pin_vmstat("nr_foll_pin_released");
}

long pin_settle(long held)
{
	long now = pin_held();
	int i;

	for (i = 0; i < 200 && now != held; i++) {
		usleep(50000);
		now = pin_held();
	}
	return now;
}

bool pin_tells_failures(void)
{
	return !access("/sys/kernel/debug/tracing/events/" PIN_FAIL_EVENT, F_OK);
}

double pin_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}
