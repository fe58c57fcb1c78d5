/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time, sleep and jitter, replaceable in tests.
 */
#ifndef RESCAN_UTIL_CLOCK_H
#define RESCAN_UTIL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock_ops {
	int64_t (*now_ms)(void);       /* since 1970-01-01T00:00:00Z */
	int64_t (*monotonic_ms)(void); /* never goes back */
	void (*sleep_ms)(int64_t ms);  /* ends early after clock_stop() */
	int64_t (*jitter_ms)(int64_t max); /* uniform in [0, max] */
};

int64_t clock_now_ms(void);
int64_t clock_monotonic_ms(void);
void clock_sleep_ms(int64_t ms);
int64_t clock_jitter_ms(int64_t max);

/* Today's civil day in UTC. */
int32_t clock_today(void);

/* Make this and every later sleep return at once; async-signal-safe.
 * clock_stopped() tells loops to end. */
void clock_stop(void);
bool clock_stopped(void);

/* Those in use, to be put back or wrapped. */
const struct clock_ops *clock_in_use(void);

/* Use these instead (NULL: the system's again).  Borrowed. */
void clock_replace(const struct clock_ops *ops);

#endif
