/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/clock.h"

#include <signal.h>
#include <stddef.h>
#include <sys/random.h>
#include <time.h>

#define MS_PER_DAY INT64_C(86400000)
#define SLICE_MS   INT64_C(100)

static volatile sig_atomic_t stopped;

static int64_t
read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t
system_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

static int64_t
system_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* In slices: a signal may arrive in another thread or between the check of
 * the flag and the sleep. */
static void
system_sleep(int64_t ms)
{
	int64_t end = system_monotonic() + ms, left;

	while (!stopped && (left = end - system_monotonic()) > 0) {
		int64_t now = left < SLICE_MS ? left : SLICE_MS;
		struct timespec t = {0, (long)now * 1000000};

		nanosleep(&t, NULL);
	}
}

static int64_t
system_jitter(int64_t max)
{
	uint64_t r = 0;

	if (max <= 0 || getrandom(&r, sizeof(r), 0) != sizeof(r))
		return 0;
	return (int64_t)(r % ((uint64_t)max + 1));
}

static const struct clock_ops system_ops = {
	system_now, system_monotonic, system_sleep, system_jitter};
static const struct clock_ops *ops = &system_ops;

int64_t
clock_now_ms(void)
{
	return ops->now_ms();
}

int64_t
clock_monotonic_ms(void)
{
	return ops->monotonic_ms();
}

void
clock_sleep_ms(int64_t ms)
{
	ops->sleep_ms(ms);
}

int64_t
clock_jitter_ms(int64_t max)
{
	return ops->jitter_ms(max);
}

int32_t
clock_today(void)
{
	return (int32_t)(clock_now_ms() / MS_PER_DAY);
}

void
clock_stop(void)
{
	stopped = 1;
}

bool
clock_stopped(void)
{
	return stopped != 0;
}

const struct clock_ops *
clock_in_use(void)
{
	return ops;
}

void
clock_replace(const struct clock_ops *o)
{
	ops = o == NULL ? &system_ops : o;
	if (o == NULL)
		stopped = 0;
}
