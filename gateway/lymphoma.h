/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lymphoma: Lugano and LYRIC (spec/criteria.md §8.5).
 *
 * Emitted only for patients with a Deauville score (concept
 * "deauville_score"): nothing else in the data says that they apply.
 */
#ifndef RESCAN_LYMPHOMA_H
#define RESCAN_LYMPHOMA_H

#include "gateway/metabolic.h"

#define DEAUVILLE_NONE 0

/* Uptake against baseline. */
enum uptake_change { UPTAKE_UNKNOWN, UPTAKE_LOWER, UPTAKE_SAME, UPTAKE_HIGHER };

/* Lugano PET: CMR, PMR, NMR, PMD. */
struct pet_verdict lugano_judge_pet(
    int deauville, enum uptake_change change, bool new_foci);

/* One lesion on CT: both diameters now, at its smallest product. */
struct lymphoma_lesion {
	int32_t long_tmm, short_tmm;
	int32_t nadir_long_tmm, nadir_short_tmm;
};
/* Lugano CT progression of a single lesion. */
bool lugano_lesion_progresses(const struct lymphoma_lesion *l);

/* A visit as LYRIC sees it.  Products are tmm²; spd is of the up to six
 * largest. */
struct lyric_visit {
	int32_t day;
	int64_t spd, spd_nadir; /* BURDEN_NONE */
	bool new_lesion;
	bool lesion_grew; /* one product by 50 % */
	bool uptake_up;
	struct pet_verdict lugano; /* where LYRIC has nothing to say */
};
struct lyric {
	bool pending;
	int64_t spd; /* at the indeterminate response */
};
struct pet_verdict lyric_step(
    struct lyric *s, int32_t therapy_start, const struct lyric_visit *v);

/* Append Lugano and LYRIC entries to x->metabolic. */
void lymphoma_run(const struct assess_case *c, struct assessment *x);

#endif
