/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lymphoma: Lugano and LYRIC (spec/criteria.md §8.5).
 *
 * Emitted only for scans with a Deauville score: nothing else in the data
 * says that they apply.
 */
#ifndef RESCAN_LYMPHOMA_H
#define RESCAN_LYMPHOMA_H

#include "gateway/metabolic.h"

#define DEAUVILLE_NONE 0
#define DEAUVILLE_X    (-1) /* new uptake that is hardly lymphoma */

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

/* What CT shows of the lesions followed, products in tmm². */
struct lymphoma_ct {
	int64_t spd, spd_base, spd_nadir; /* BURDEN_NONE; up to six largest */
	bool all_normal;                  /* nodes at most 15 mm, others gone */
	bool lesion_grew;                 /* one of them progresses */
	bool new_lesion;
};
struct pet_verdict lugano_judge_ct(const struct lymphoma_ct *ct);

/* A visit as LYRIC sees it. */
struct lyric_visit {
	int32_t day;
	struct lymphoma_ct ct;
	bool uptake_up;
	enum clinical clinical;
	struct pet_verdict lugano; /* where LYRIC has nothing to say */
};
struct lyric {
	bool pending;
	int64_t spd; /* at the indeterminate response */
};
struct pet_verdict lyric_step(
    struct lyric *s, int32_t therapy_start, const struct lyric_visit *v);

/* --- from the timeline --- */

/* The Deauville score of a timepoint, DEAUVILLE_NONE without one. */
int lymphoma_deauville(
    const struct timeline *t, size_t tp, const char **ret_source);
/* Uptake of a scan against baseline's, and new foci. */
enum uptake_change lymphoma_uptake(const struct pet_scan *s);
/* The scores now and at baseline, for people. */
const char *lymphoma_scores(const struct pet_scan *s);
struct lymphoma_ct lymphoma_load_ct(const struct pet_scan *s);

#endif
