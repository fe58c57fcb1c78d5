/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How hard a server may be asked: pauses between attempts, a budget of
 * requests, and a circuit breaker.  No clock of its own and no sleeping.
 */
#ifndef RESCAN_LIMITS_H
#define RESCAN_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "fhir/util/err.h"

/* Full jitter under a ceiling that doubles with n (from 0), never sooner than
 * the server asked for (seconds, of which 15 minutes count; -1: nothing). */
int64_t limits_pause_ms(
    int64_t first_ms, int64_t most_ms, int n, int64_t retry_after_s);

struct limits_options {
	int requests_per_minute; /* 0: no budget */
	int requests_per_day;    /* 0: none */
	int breaker_failures;    /* in a row until it opens; 0: never */
	int64_t breaker_pause_ms, breaker_pause_max_ms;
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBING };

struct limits {
	struct limits_options o;
	int64_t budget, filled_ms;
	int today;      /* requests of the day at hand */
	int64_t day_ms; /* its begin */
	enum breaker_state state;
	int failures, trips;
	int64_t open_until_ms;
};

void limits_init(
    struct limits *l, const struct limits_options *o, int64_t now_ms);

/* Take one request from the budget: milliseconds to wait before sending it.
 * A tenth of a minute's budget may go at once, then they are evenly spaced. */
int64_t limits_take(struct limits *l, int64_t now_ms);

/* Is there anything left of 24 hours' budget, which begin with the first
 * request?  A tenth is kept for `writing`.  When not, *ret_ms is how long. */
bool limits_take_of_day(
    struct limits *l, bool writing, int64_t now_ms, int64_t *ret_ms);

/* May a request be sent?  When not, *ret_ms is how long not.  Once the pause
 * is over exactly one may: the probe. */
bool limits_enter(struct limits *l, int64_t now_ms, int64_t *ret_ms);

/* How it went.  true when the breaker has just changed its state. */
bool limits_leave(struct limits *l, enum err_code code, int64_t now_ms);

#endif
