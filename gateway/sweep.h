/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sweeps: what the server has of a patient, id by id, against what is known.
 *
 * Finds what searches by time have missed, and what was deleted or withdrawn
 * without a word.  Gone (410) counts at once; what is merely not there counts
 * as withdrawn the second time in a row.
 */
#ifndef RESCAN_SWEEP_H
#define RESCAN_SWEEP_H

#include "gateway/read.h"

/* A few of the patients that are due ([poll] sweep_hours, sweep_patients).  A
 * sweep that fails for a passing reason is left for another time.  Errors:
 * those after which nothing else helps (read_is_final). */
enum err_code sweep_some(struct read *r, struct err *e) MUST_CHECK;

#endif
