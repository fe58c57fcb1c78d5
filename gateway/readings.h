/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one reading of one lesion is worth to the criteria.
 */
#ifndef RESCAN_READINGS_H
#define RESCAN_READINGS_H

#include "gateway/thresholds.h"
#include "mappings/timeline.h"

/* Said anything usable; r may be NULL. */
bool reading_is_evaluated(const struct reading *r);

/* The diameter that counts: short axis of a node, else the longest; 5 mm when
 * too small, 0 when absent or merged; TMM_NONE when there is none. */
int32_t reading_size(const struct lesion *l, const struct reading *r);

/* Absent, or a node of normal size; false when not evaluated. */
bool reading_is_gone(const struct lesion *l, const struct reading *r);

/* Evaluated and not gone. */
/* Note at readings of merged lesions whether what they merged into is gone,
 * and they with it. */
void readings_settle_merged(struct timeline *t);
bool reading_is_present(const struct lesion *l, const struct reading *r);

/* Measured at or above the size that makes a lesion measurable. */
bool reading_is_measurable(const struct lesion *l, const struct reading *r);

/* The source of its number, or NULL. */
const char *reading_source(const struct reading *r);

/* What a timepoint's target sum rests on: its studies and the readings of
 * the targets; made in a. */
const char *const *readings_sources(
    const struct timeline *t, size_t tp, struct arena *a, size_t *ret_n);

/* "lymph node" for every node, else the organ without its side. */
const char *lesion_organ(const struct lesion *l);

#endif
