/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of long-term pins have in common: ways to pin that outlast a system
 * call, where memory lies, and counters.
 *
 * Functions return a negative errno when they fail, unless they say otherwise.
 */
#ifndef __LONGTERM_PIN_H
#define __LONGTERM_PIN_H

#include "util.h"

#define PIN_PAGE	4096UL

/* Who pins */
enum pinner {
	PIN_URING,	/* registered buffers of io_uring, GUP that may sleep */
	PIN_GUP,	/* the gup test module, likewise */
	PIN_GUP_FAST,	/* the gup test module, fast GUP first */
	PIN_GUP_READ,	/* the gup test module, to read only */
	PIN_XDP,	/* the memory of an AF_XDP socket */
	PIN_VDPA,	/* what the device behind vhost-vdpa may reach */
	PIN_RDMA,	/* a memory region of verbs */
	NR_PINNERS
};

const char *pin_name(enum pinner who);
/* Why it cannot pin here, or NULL */
const char *pin_lacks(enum pinner who);
/* Why there is nothing to test here, or NULL: needs ZONE_MOVABLE, or CMA, with room */
const char *pin_lacks_movable(unsigned long mib);

/* Pin for long: a file descriptor, which is closed to let go again */
int pin_start(enum pinner who, void *addr, size_t len);
/* Copy what is pinned by the test module to @to */
int pin_read(int fd, void *to);

#define PIN_CMA_AREAS	"/sys/kernel/debug/cma/*"	/* a folder for each */

/* Anonymous memory, filled, of huge pages if wanted; NULL if there is none */
char *pin_map(size_t len, int flags, bool thp);
/* Say in each page which it is, and count those that do not say so */
void pin_fill(char *addr, size_t len);
size_t pin_wrong(const char *addr, size_t len);

/* Pages of a mapping that are in ZONE_MOVABLE or CMA, or there at all */
long pin_count_movable(const void *addr, size_t len);
long pin_count_present(const void *addr, size_t len);

/* Have huge pages here, which hv_reset() turns off for the whole process */
int pin_want_thp(void *addr, size_t len);

/* A line of /proc/vmstat; -1 if there is none */
long pin_vmstat(const char *name);
/* Pins there are: what was acquired less what was released */
long pin_held(void);
/*
 * Wait until there are @held pins: io_uring and AF_XDP let go of memory some time after
 * they were closed.  Returns how many there are, after 10 s at the latest.
 */
long pin_settle(long held);

/* Memory blocks that are online in ZONE_MOVABLE: how many, at most @max are stored */
long pin_movable_blocks(unsigned long *blocks, long max);

/* Blocks go offline while pages are pinned within so many seconds */
#define PIN_OFFLINE_SECONDS	15
/*
 * Offline and online each of @nr blocks.  Returns how many did not go in time; @blocks
 * and @nr are those that did, and @slowest how long one of them took at most.
 */
long pin_cycle_blocks(unsigned long *blocks, long *nr, double *slowest);

/* For hv_trace_start(): each page that could not be moved at some try */
#define PIN_FAIL_EVENT	"migrate/mm_pin_migrate_fail"
/* Is it there? Only kernels with the series have it */
bool pin_tells_failures(void);

/* Seconds on a clock that only goes forward */
double pin_now(void);

#endif /* __LONGTERM_PIN_H */
