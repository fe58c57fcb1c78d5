/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two readers of one lesion: what would the other number have changed?
 */
#ifndef RESCAN_READERS_H
#define RESCAN_READERS_H

#include "gateway/assess.h"

/* Fills c's visits and gives a bare assessment: verdicts, no advice. */
typedef struct assessment *(*readers_judge_fn)(
    struct timeline *t, const struct assess_options *o, struct arena *a);

/* For every reading two readers differ on, judge the other one too; the
 * problem reader_conflict names what it would change.  When the other number
 * cannot be told, or there are too many to try, it is reported as such. */
void readers_compare(const struct timeline *t, const struct assess_options *o,
    readers_judge_fn judge, struct assessment *x);

#endif
