// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO pins what a device may reach.  Needs a device that is bound to vfio-pci behind an
 * IOMMU; if it is QEMU's "edu", it also has to find the data.
 */
#include "kselftest_harness.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include "pin.h"

#define MIB		(1UL << 20)
#define LEN		(96 * MIB)
#define IOVA		(16 * MIB)	/* edu reaches 256 MiB */
#define GROUPS		"/sys/kernel/iommu_groups"

/* Registers of edu, and its buffer as it sees it itself */
#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_CMD	0x98
#define EDU_DMA_RUN	1
#define EDU_DMA_TO_RAM	2
#define EDU_BUFFER	0x40000

FIXTURE(vfio) {
	const char *missing;
	int container, group, device;
	long held;
	char name[64];		/* of the device */
	bool edu;
	__u64 bar;		/* offset of its registers in the device file */
	char *mem;
};

static bool is_edu(const char *name)
{
	char path[128], id[16];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/device", name);
	return hv_read_text(path, id, sizeof(id)) > 0 && !strncmp(id, "0x11e8", 6);
}

/* The first group that can be used, and a device of it: a file or -1 */
static int open_group(char *name, size_t size)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	DIR *dir = opendir("/dev/vfio"), *devices;
	struct dirent *entry;
	int fd = -1;
	char path[300];

	while (dir && fd < 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/%s", entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		snprintf(path, sizeof(path), GROUPS "/%s/devices",
			 entry->d_name);
		devices = opendir(path);
		name[0] = 0;
		while (devices && (entry = readdir(devices)))
			if (entry->d_name[0] != '.')
				snprintf(name, size, "%.60s", entry->d_name);
		if (devices)
			closedir(devices);
		if (ioctl(fd, VFIO_GROUP_GET_STATUS, &status) ||
		    !(status.flags & VFIO_GROUP_FLAGS_VIABLE) || !name[0]) {
			close(fd);
			fd = -1;
		}
	}
	if (dir)
		closedir(dir);
	return fd;
}

FIXTURE_SETUP(vfio)
{
	struct vfio_region_info bar = { .argsz = sizeof(bar) };

	hv_reset();
	self->container = -1;
	self->group = -1;
	self->device = -1;
	self->held = pin_held();
	self->missing = pin_lacks_movable(256);
	if (self->missing)
		return;
	self->missing = "needs a device that is bound to vfio-pci";
	self->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	self->group = open_group(self->name, sizeof(self->name));
	if (self->container < 0 || self->group < 0 ||
	    ioctl(self->group, VFIO_GROUP_SET_CONTAINER, &self->container) ||
	    ioctl(self->container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU))
		return;
	self->device = ioctl(self->group, VFIO_GROUP_GET_DEVICE_FD, self->name);
	if (self->device < 0)
		return;
	self->missing = NULL;
	self->edu = is_edu(self->name);
	bar.index = VFIO_PCI_BAR0_REGION_INDEX;
	if (self->edu && !ioctl(self->device, VFIO_DEVICE_GET_REGION_INFO, &bar))
		self->bar = bar.offset;
	self->mem = mmap(NULL, LEN + 2 * HV_HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	self->mem += -(unsigned long)self->mem % HV_HUGE;
	madvise(self->mem, LEN, MADV_NOHUGEPAGE);
}

FIXTURE_TEARDOWN(vfio)
{
	close(self->device);
	close(self->group);
	close(self->container);
	HV_EXPECT_NO_COMPLAINT();
	EXPECT_EQ(self->held, pin_settle(self->held));
	hv_reset();
}

static int map_dma(int container, void *addr, size_t len, __u64 iova,
		   bool writable)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ |
			 (writable ? VFIO_DMA_MAP_FLAG_WRITE : 0),
		.vaddr = (unsigned long)addr,
		.iova = iova,
		.size = len,
	};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

/* How much was unmapped */
static __u64 unmap_dma(int container, size_t len, __u64 iova)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = len,
	};

	return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? 0 : unmap.size;
}

/* Let edu copy @len bytes between its buffer and memory: false if it does not */
static bool edu_dma(int fd, __u64 bar, __u64 iova, __u64 len, bool to_ram)
{
	__u64 src = to_ram ? EDU_BUFFER : iova, dst = to_ram ? iova : EDU_BUFFER;
	__u64 cmd = EDU_DMA_RUN | (to_ram ? EDU_DMA_TO_RAM : 0);
	int i;

	if (pwrite(fd, &src, 8, bar + EDU_DMA_SRC) != 8 ||
	    pwrite(fd, &dst, 8, bar + EDU_DMA_DST) != 8 ||
	    pwrite(fd, &len, 8, bar + EDU_DMA_COUNT) != 8 ||
	    pwrite(fd, &cmd, 8, bar + EDU_DMA_CMD) != 8)
		return false;
	for (i = 0; i < 100; i++) {
		if (pread(fd, &cmd, 8, bar + EDU_DMA_CMD) != 8)
			return false;
		if (!(cmd & EDU_DMA_RUN))
			return true;
		usleep(20000);
	}
	return false;
}

/* Memory space and bus mastering on */
static void enable(int fd)
{
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	__u16 command;

	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &config) ||
	    pread(fd, &command, 2, config.offset + 4) != 2)
		return;
	command |= 6;
	if (pwrite(fd, &command, 2, config.offset + 4) != 2)
		return;
}

TEST_F_TIMEOUT(vfio, touched, HV_TIMEOUT)
{
	unsigned char byte = 0x5a;
	size_t at;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	pin_fill(self->mem, LEN);
	ASSERT_LT(0, pin_count_movable(self->mem, LEN));
	ASSERT_EQ(0, map_dma(self->container, self->mem, LEN, IOVA, true));
	EXPECT_EQ(0, pin_count_movable(self->mem, LEN));
	EXPECT_EQ(0, pin_wrong(self->mem, LEN));
	EXPECT_EQ(self->held + LEN / PIN_PAGE, pin_held());

	if (self->edu) {
		enable(self->device);
		/* From the first to the last page, and the data is what we see */
		for (at = 0; at < LEN; at += 12345 * PIN_PAGE) {
			memset(self->mem + at, byte++, PIN_PAGE);
			ASSERT_TRUE(edu_dma(self->device, self->bar, IOVA + at,
					    1024, false));
			ASSERT_TRUE(edu_dma(self->device, self->bar,
					    IOVA + LEN - PIN_PAGE, 1024, true));
			EXPECT_EQ(0, memcmp(self->mem + at,
					    self->mem + LEN - PIN_PAGE, 1024));
		}
	}
	EXPECT_EQ(LEN, unmap_dma(self->container, LEN, IOVA));
	EXPECT_EQ(self->held, pin_settle(self->held));
}

/* Pages in any order, so that every one begins a new piece for the IOMMU */
TEST_F_TIMEOUT(vfio, scattered, HV_TIMEOUT)
{
	size_t len = 8 * MIB, i, pages = len / PIN_PAGE;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	for (i = 0; i < pages; i++)
		self->mem[(i * 1021 % pages) * PIN_PAGE] = 1;
	pin_fill(self->mem, len);
	ASSERT_EQ(0, map_dma(self->container, self->mem, len, IOVA, true));
	EXPECT_EQ(0, pin_count_movable(self->mem, len));
	EXPECT_EQ(0, pin_wrong(self->mem, len));
	EXPECT_EQ(self->held + pages, pin_held());
	EXPECT_EQ(len, unmap_dma(self->container, len, IOVA));
	EXPECT_EQ(self->held, pin_settle(self->held));
}

/* Nothing there yet, read and written: zero pages are not pinned in the end */
TEST_F_TIMEOUT(vfio, zero_pages, HV_TIMEOUT)
{
	size_t len = 8 * MIB;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, map_dma(self->container, self->mem, len, IOVA, false));
	self->mem[len] = 1;
	EXPECT_EQ(len, unmap_dma(self->container, len, IOVA));
	ASSERT_EQ(0, map_dma(self->container, self->mem, len, IOVA, true));
	EXPECT_EQ(0, pin_count_movable(self->mem, len));
	EXPECT_EQ(len, unmap_dma(self->container, len, IOVA));
	EXPECT_EQ(self->held, pin_settle(self->held));
}

/* Two mappings side by side, then a hole: none of it remains pinned */
TEST_F_TIMEOUT(vfio, hole, HV_TIMEOUT)
{
	size_t len = 3 * MIB;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(0, mprotect(self->mem + MIB, MIB,
			      PROT_READ | PROT_WRITE | PROT_EXEC));
	pin_fill(self->mem, len);
	ASSERT_EQ(0, map_dma(self->container, self->mem, len, IOVA, true));
	EXPECT_EQ(0, pin_count_movable(self->mem, len));
	EXPECT_EQ(0, pin_wrong(self->mem, len));
	EXPECT_EQ(len, unmap_dma(self->container, len, IOVA));

	ASSERT_EQ(0, munmap(self->mem + 2 * MIB + 5 * PIN_PAGE, PIN_PAGE));
	EXPECT_EQ(-EFAULT, map_dma(self->container, self->mem, len, IOVA, true));
	EXPECT_EQ(self->held, pin_settle(self->held));
}

/* More than RLIMIT_MEMLOCK, for one who has to heed it */
TEST_F_TIMEOUT(vfio, limited, HV_TIMEOUT)
{
	struct rlimit limit = { 4 * MIB, 4 * MIB };
	int status, ret;
	pid_t pid;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	pin_fill(self->mem, 8 * MIB);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		setrlimit(RLIMIT_MEMLOCK, &limit);
		if (setuid(65534))
			_exit(9);
		ret = map_dma(self->container, self->mem, 8 * MIB, IOVA, true);
		if (ret != -ENOMEM)
			_exit(1);
		ret = map_dma(self->container, self->mem, 2 * MIB, IOVA, true);
		if (ret)
			_exit(2);
		/* Only the one who mapped it may do that */
		if (unmap_dma(self->container, 2 * MIB, IOVA) != 2 * MIB)
			_exit(3);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(self->held, pin_settle(self->held));
}

/* Huge pages: they leave as what they are, and the device finds what is in them */
static void huge_pages(struct __test_metadata *_metadata, int container, char *mem,
		       size_t len)
{
	long held = pin_held();

	pin_fill(mem, len);
	ASSERT_LT(0, pin_count_movable(mem, len));
	ASSERT_EQ(0, map_dma(container, mem, len, IOVA, true));
	EXPECT_EQ(0, pin_count_movable(mem, len));
	EXPECT_EQ(0, pin_wrong(mem, len));
	EXPECT_EQ(held + len / PIN_PAGE, pin_held());
}

/* Copied by the device from one end to the other */
static void copy_huge(struct __test_metadata *_metadata, int device, __u64 bar, char *mem,
		      size_t len)
{
	size_t at, to;

	enable(device);
	for (at = 0; at < len / 2; at += HV_HUGE) {
		to = len - PIN_PAGE - at;
		memset(mem + at, 0xc3 + at / HV_HUGE, 1024);
		ASSERT_TRUE(edu_dma(device, bar, IOVA + at, 1024, false));
		ASSERT_TRUE(edu_dma(device, bar, IOVA + to, 1024, true));
		EXPECT_EQ(0, memcmp(mem + at, mem + to, 1024));
	}
}

TEST_F_TIMEOUT(vfio, thp, HV_TIMEOUT)
{
	__u64 flags = 0;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (pin_want_thp(self->mem, 16 * MIB))
		SKIP(return, "needs CONFIG_TRANSPARENT_HUGEPAGE");
	self->mem[0] = 1;
	EXPECT_EQ(0, hv_kpageflags(hv_pfn(self->mem), 1, &flags));
	EXPECT_NE(0, flags & hv_bit(KPF_THP));
	huge_pages(_metadata, self->container, self->mem, 16 * MIB);
	if (self->edu)
		copy_huge(_metadata, self->device, self->bar, self->mem, 16 * MIB);
	EXPECT_EQ(16 * MIB, unmap_dma(self->container, 16 * MIB, IOVA));
	EXPECT_EQ(self->held, pin_settle(self->held));
}

TEST_F_TIMEOUT(vfio, hugetlb, HV_TIMEOUT)
{
	char *mem;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	ASSERT_EQ(8, hv_resize(8));
	mem = hv_map(8);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	huge_pages(_metadata, self->container, mem, 8 * HV_HUGE);
	if (self->edu)
		copy_huge(_metadata, self->device, self->bar, mem, 8 * HV_HUGE);
	EXPECT_EQ(8 * HV_HUGE, unmap_dma(self->container, 8 * HV_HUGE, IOVA));
	EXPECT_EQ(self->held, pin_settle(self->held));
	munmap(mem, 8 * HV_HUGE);
	EXPECT_EQ(0, hv_resize(0));
}

#define TRACING		"/sys/kernel/debug/tracing/"
#define PROBE		"longterm_pin/calls"
#define NO_HUGE		"/sys/module/vfio_iommu_type1/parameters/disable_hugepages"

/* Count calls of the function that VFIO pins with, from now on */
static bool count_calls(void)
{
	return !hv_write_text(TRACING "kprobe_events",
			      "p:" PROBE " pin_user_pages_remote") &&
	       !hv_write_text(TRACING "events/" PROBE "/enable", "1");
}

/* How many there were, -1 if that is not known; stop counting */
static long calls_counted(void)
{
	FILE *file = fopen(TRACING "kprobe_profile", "re");
	char line[256], name[64];
	long nr = -1, hits;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %ld", name, &hits) == 2 &&
		    !strcmp(name, "calls"))
			nr = hits;
	if (file)
		fclose(file);
	hv_write_text(TRACING "events/" PROBE "/enable", "0");
	hv_write_text(TRACING "kprobe_events", "-:" PROBE);
	return nr;
}

/* There is an array for 512 pages; without it a GiB took 262,144 calls */
TEST_F_TIMEOUT(vfio, batches, HV_TIMEOUT)
{
	long calls, pages = LEN / PIN_PAGE;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (access(TRACING "kprobe_events", F_OK))
		SKIP(return, "needs CONFIG_KPROBE_EVENTS");
	pin_fill(self->mem, LEN);
	ASSERT_TRUE(count_calls());
	EXPECT_EQ(0, map_dma(self->container, self->mem, LEN, IOVA, true));
	calls = calls_counted();
	TH_LOG("%ld calls to pin %ld pages, %ld for each GiB", calls, pages,
	       calls * 262144 / pages);
	EXPECT_LT(0, calls);
	/* Every one of them full, but for a few at both ends */
	EXPECT_GE(pages / 512 + 4, calls);
	EXPECT_EQ(LEN, unmap_dma(self->container, LEN, IOVA));
}

/* Page by page if the module is told so, and it does as well */
TEST_F_TIMEOUT(vfio, single_pages, HV_TIMEOUT)
{
	size_t len = 8 * MIB;
	long calls;

	if (self->missing)
		SKIP(return, "%s", self->missing);
	if (access(NO_HUGE, W_OK))
		SKIP(return, "needs " NO_HUGE);
	if (access(TRACING "kprobe_events", F_OK))
		SKIP(return, "needs CONFIG_KPROBE_EVENTS");
	ASSERT_EQ(0, hv_write_text(NO_HUGE, "Y"));
	pin_fill(self->mem, len);
	EXPECT_TRUE(count_calls());
	EXPECT_EQ(0, map_dma(self->container, self->mem, len, IOVA, true));
	calls = calls_counted();
	hv_write_text(NO_HUGE, "N");
	EXPECT_EQ(len / PIN_PAGE, calls);
	EXPECT_EQ(0, pin_count_movable(self->mem, len));
	EXPECT_EQ(0, pin_wrong(self->mem, len));
	EXPECT_EQ(self->held + len / PIN_PAGE, pin_held());
	EXPECT_EQ(len, unmap_dma(self->container, len, IOVA));
	EXPECT_EQ(self->held, pin_settle(self->held));
}

TEST_HARNESS_MAIN
