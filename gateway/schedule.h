/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When: cycles at an interval, with jitter; longer pauses while they fail.
 */
#ifndef RESCAN_SCHEDULE_H
#define RESCAN_SCHEDULE_H

#include "gateway/pipeline.h"

/* Hears of every cycle; e is NULL when it went well. */
typedef void (*schedule_fn)(
    void *ctx, const struct cycle_report *r, const struct err *e);

/* The pause before the next cycle after so many failed ones. */
int64_t schedule_pause_ms(const struct config *c, int failures);

/* The same after that cycle: sooner when something moved while it read. */
int64_t schedule_next_ms(
    const struct config *c, const struct cycle_report *r, int failures);

/* Cycle until clock_stop(), or once.  Passing failures are waited out;
 * what will not pass (configuration, certificate, not FHIR R4) is returned,
 * and when `once` is set, so is every failure.  ERR_OK after a stop. */
enum err_code schedule_run(struct pipeline *p, const struct config *c,
    bool once, schedule_fn fn, void *ctx, struct err *e) MUST_CHECK;

#endif
