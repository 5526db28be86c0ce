// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adding and removing memory, see add.h
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "add.h"

#define FIRMWARE	"/sys/firmware/memmap/"

/* --- memory to add --- */

/* Does the kernel have the range, or anything in it, as memory or for another use? */
static bool is_used(unsigned long start, unsigned long end)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long from, to;
	bool used = false;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		/* What is indented is part of something; windows of a bus are not used */
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from < end &&
		    to >= start && !strstr(line, "PCI Bus"))
			used = true;
	}
	if (file)
		fclose(file);
	return used;
}

/* The largest range of RAM that firmware has reported and the kernel does not use */
static void find_spare(struct mm_range *range)
{
	DIR *dir = opendir(FIRMWARE);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		unsigned long start, end, mask = range->block_size - 1;
		char path[300], type[32];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), FIRMWARE "%s/type", entry->d_name);
		if (hv_read_text(path, type, sizeof(type)) < 0 ||
		    strncmp(type, "System RAM", 10))
			continue;
		snprintf(path, sizeof(path), FIRMWARE "%s/start", entry->d_name);
		start = (hv_read_long(path) + mask) & ~mask;
		snprintf(path, sizeof(path), FIRMWARE "%s/end", entry->d_name);
		end = (hv_read_long(path) + 1) & ~mask;
		if (start < end && end - start > range->size && !is_used(start, end)) {
			range->start = start;
			range->size = end - start;
		}
	}
	if (dir)
		closedir(dir);
}

const char *mm_lacks(struct mm_range *range, unsigned long gib)
{
	if (access(MM_PARAMETER, F_OK))
		return "needs CONFIG_MHP_MEMMAP_ON_MEMORY";
	if (access(MM_TEST_DIR "add", W_OK))
		return "needs CONFIG_TEST_MEMORY_HOTPLUG, and root";
	if (access(FIRMWARE, F_OK))
		return "needs CONFIG_FIRMWARE_MEMMAP";
	*range = (struct mm_range){ .block_size = hv_block_size() };
	if (!range->block_size)
		return "needs memory blocks";
	find_spare(range);
	if (!range->size || range->size < gib * MM_GIB)
		return "needs memory that the kernel does not use: boot with mem=";
	if (gib)
		range->size = gib * MM_GIB;
	range->first = range->start / range->block_size;
	range->nr = range->size / range->block_size;
	return NULL;
}

const char *mm_wanted(void)
{
	static char buf[16];

	if (hv_read_text(MM_PARAMETER, buf, sizeof(buf)) < 0)
		return "N";
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

void mm_request(const struct mm_range *range, char *text, size_t size)
{
	snprintf(text, size, "%#lx %#lx %d", range->start, range->size, range->node);
}

static int ask(const char *file, const struct mm_range *range)
{
	char text[80];

	mm_request(range, text, sizeof(text));
	return hv_write_text(file, text);
}

int mm_add(const struct mm_range *range)
{
	return ask(MM_TEST_DIR "add", range);
}

int mm_remove(const struct mm_range *range)
{
	return ask(MM_TEST_DIR "remove", range);
}

int mm_offline_and_remove(const struct mm_range *range)
{
	return ask(MM_TEST_DIR "offline_and_remove", range);
}

/* --- blocks --- */

int mm_block_text(unsigned long block, const char *file, char *buf, size_t size)
{
	char path[128];
	int ret;

	snprintf(path, sizeof(path), HV_MEMORY "memory%lu/%s", block, file);
	ret = hv_read_text(path, buf, size);
	if (ret >= 0)
		buf[strcspn(buf, "\n")] = '\0';
	return ret;
}

int mm_is_online(unsigned long block)
{
	char buf[32];
	int ret = mm_block_text(block, "state", buf, sizeof(buf));

	return ret < 0 ? ret : !strcmp(buf, "online");
}

int mm_set(unsigned long block, const char *state)
{
	return hv_set_block(block, state, 0);
}

long mm_host(unsigned long block)
{
	char buf[32];
	long host;

	if (mm_block_text(block, "memmap_host", buf, sizeof(buf)) < 0 ||
	    sscanf(buf, "memory%ld", &host) != 1)
		return -1;
	return host;
}

unsigned long mm_all_offline(const struct mm_range *range)
{
	unsigned long i, left = 0;

	for (i = range->nr; i--;)
		if (mm_is_online(range->first + i) == 1 &&
		    mm_set(range->first + i, "offline"))
			left++;
	return left;
}

/* --- before and after --- */

/* Lines of /proc/zoneinfo that say what a zone consists of */
static void read_zones(char *buf, size_t size)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	size_t len = 0;
	char line[256];

	buf[0] = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Node", 4) && !strstr(line, "spanned") &&
		    !strstr(line, "present ") && !strstr(line, "managed") &&
		    !strstr(line, "start_pfn"))
			continue;
		if (len + strlen(line) >= size)
			break;
		strcpy(buf + len, line);
		len += strlen(line);
	}
	if (file)
		fclose(file);
}

static void read_nodes(char *buf, size_t size)
{
	static const char * const files[] = { "online", "has_memory", "has_normal_memory" };
	size_t len = 0, i;

	buf[0] = '\0';
	for (i = 0; i < 3; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/sys/devices/system/node/%s", files[i]);
		if (hv_read_text(path, buf + len, size - len) > 0)
			len = strlen(buf);
	}
}

int mm_baseline(struct mm_baseline *base)
{
	int ret = hv_read_text("/proc/iomem", base->iomem, sizeof(base->iomem));

	if (ret < 0)
		return ret;
	read_zones(base->zones, sizeof(base->zones));
	read_nodes(base->nodes, sizeof(base->nodes));
	base->total_kb = hv_named_value("/proc/meminfo", "MemTotal");
	base->bad_kb = hv_named_value("/proc/meminfo", "HardwareCorrupted");
	hv_write_text("/proc/sys/vm/drop_caches", "3");
	base->free_kb = hv_free_kb();
	return 0;
}

const char *mm_differs(const struct mm_baseline *before, long slack_kb)
{
	static struct mm_baseline after;
	static char text[128];
	int tries;

	/* Devices and what RCU frees go a little later */
	for (tries = 0; tries < 50; tries++) {
		if (mm_baseline(&after))
			return "cannot be read";
		if (after.free_kb + slack_kb >= before->free_kb)
			break;
		usleep(100 * 1000);
	}
	if (strcmp(before->iomem, after.iomem))
		return "/proc/iomem";
	if (strcmp(before->zones, after.zones))
		return "/proc/zoneinfo";
	if (strcmp(before->nodes, after.nodes))
		return "nodes that are online or have memory";
	if (before->bad_kb != after.bad_kb)
		snprintf(text, sizeof(text), "HardwareCorrupted: %ld, was %ld KiB",
			 after.bad_kb, before->bad_kb);
	else if (before->total_kb != after.total_kb)
		snprintf(text, sizeof(text), "MemTotal: %ld, was %ld KiB",
			 after.total_kb, before->total_kb);
	else if (after.free_kb + slack_kb < before->free_kb)
		snprintf(text, sizeof(text), "free memory: %ld, was %ld KiB",
			 after.free_kb, before->free_kb);
	else
		return NULL;
	return text;
}
