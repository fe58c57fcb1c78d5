/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/limits.h"

#include "fhir/util/clock.h"

#define RETRY_AFTER_CAP INT64_C(900) /* seconds */
#define MINUTE_MS       INT64_C(60000)
#define DAY_MS          INT64_C(86400000)

/*= interop D-36 */
int64_t
limits_pause_ms(int64_t first_ms, int64_t most_ms, int n, int64_t retry_after_s)
{
	int64_t most = first_ms, asked = 0;

	while (n-- > 0 && most < most_ms)
		most *= 2;
	if (most > most_ms)
		most = most_ms;
	if (retry_after_s > RETRY_AFTER_CAP)
		retry_after_s = RETRY_AFTER_CAP;
	if (retry_after_s > 0)
		asked = retry_after_s * 1000;
	return asked + clock_jitter_ms(most);
}

/* The budget grows by the rate each millisecond, and a request costs as much
 * as a minute has of them: no fractions. */
static int64_t
burst(const struct limits *l)
{
	int n = l->o.requests_per_minute / 10;

	return (n < 1 ? 1 : n) * MINUTE_MS;
}

void
limits_init(struct limits *l, const struct limits_options *o, int64_t now_ms)
{
	*l = (struct limits){.o = *o, .filled_ms = now_ms};
	l->budget = burst(l);
}

int64_t
limits_take(struct limits *l, int64_t now_ms)
{
	int64_t rate = l->o.requests_per_minute;
	int64_t idle = now_ms - l->filled_ms;

	if (rate == 0)
		return 0;
	l->filled_ms = now_ms;
	if (idle > MINUTE_MS)
		idle = MINUTE_MS;
	if (idle > 0)
		l->budget += idle * rate;
	if (l->budget > burst(l))
		l->budget = burst(l);
	l->budget -= MINUTE_MS;
	return l->budget >= 0 ? 0 : (-l->budget + rate - 1) / rate;
}

/*= interop D-41: what was read can still be answered */
bool
limits_take_of_day(
    struct limits *l, bool writing, int64_t now_ms, int64_t *ret_ms)
{
	int most = l->o.requests_per_day;

	if (most == 0)
		return true;
	if (l->today == 0 || now_ms - l->day_ms >= DAY_MS) {
		l->day_ms = now_ms;
		l->today = 0;
	}
	if (!writing)
		most -= (most + 9) / 10;
	*ret_ms = l->day_ms + DAY_MS - now_ms;
	if (l->today >= most)
		return false;
	l->today++;
	return true;
}

/*= interop D-37: open, then a single probe */
bool
limits_enter(struct limits *l, int64_t now_ms, int64_t *ret_ms)
{
	if (l->state != BREAKER_OPEN)
		return true;
	*ret_ms = l->open_until_ms - now_ms;
	if (*ret_ms > 0)
		return false;
	l->state = BREAKER_PROBING;
	return true;
}

/* Nobody there, or nobody well.  "Too many requests" is an answer. */
static bool
is_failure(enum err_code code)
{
	return code == ERR_CONNECT || code == ERR_TIMEOUT ||
	       code == ERR_TRUNCATED || code == ERR_SERVER;
}

static void
trip(struct limits *l, int64_t now_ms)
{
	int64_t pause = l->o.breaker_pause_ms;

	for (int i = 0; i < l->trips && pause < l->o.breaker_pause_max_ms; i++)
		pause *= 2;
	if (pause > l->o.breaker_pause_max_ms)
		pause = l->o.breaker_pause_max_ms;
	l->trips++;
	l->state = BREAKER_OPEN;
	l->open_until_ms = now_ms + pause;
}

bool
limits_leave(struct limits *l, enum err_code code, int64_t now_ms)
{
	bool was_closed = l->state == BREAKER_CLOSED;

	if (l->o.breaker_failures == 0 || code == ERR_STOPPED)
		return false;
	if (!is_failure(code)) {
		l->failures = l->trips = 0;
		l->state = BREAKER_CLOSED;
		return !was_closed;
	}
	l->failures++;
	if (was_closed && l->failures < l->o.breaker_failures)
		return false;
	trip(l, now_ms);
	return true;
}
