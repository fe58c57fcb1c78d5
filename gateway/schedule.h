/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When: cycles at an interval, with jitter; longer pauses while they fail.
 */
#ifndef RESCAN_SCHEDULE_H
#define RESCAN_SCHEDULE_H

#include "gateway/pipeline.h"

struct schedule {
	bool once;
	int64_t phase_ms; /* before the first cycle */
	void (*begin)(void *ctx); /* before each cycle; or NULL */
	/* Hears of every cycle; e is NULL when it went well. */
	void (*fn)(
	    void *ctx, const struct cycle_report *r, const struct err *e);
	/* Asked between two cycles, after schedule_ask: leave?  NULL: yes. */
	bool (*leave)(void *ctx);
	void *ctx;
};

/* The pause before the next cycle after so many failed ones. */
int64_t schedule_pause_ms(const struct config *c, int failures);

/* The same after that cycle: sooner when something moved while it read. */
int64_t schedule_next_ms(
    const struct config *c, const struct cycle_report *r, int failures);

/* End the pause, or wait for the end of the cycle, and ask `leave`;
 * async-signal-safe. */
void schedule_ask(void);

/* Cycle until clock_stop(), until `leave` says so, or once.  Passing failures
 * are waited out; what will not pass (configuration, certificate, not FHIR
 * R4) is returned, and when `once` is set, so is every failure.  ERR_OK after
 * a stop and after leaving. */
enum err_code schedule_run(struct pipeline *p, const struct config *c,
    const struct schedule *how, struct err *e) MUST_CHECK;

#endif
