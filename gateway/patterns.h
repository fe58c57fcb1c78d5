/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns over the whole course (spec/criteria.md §7, §8.4): progression
 * that was none, late and durable response, lesions that disagree.
 *
 * Read in retrospect on every run; no category of a criterion is changed.
 */
#ifndef RESCAN_PATTERNS_H
#define RESCAN_PATTERNS_H

#include "gateway/assess.h"

/* An iRECIST (or other) category in order of day. */
struct response_at {
	int32_t day;
	enum category category;
};

enum psp_state { PSP_NONE, PSP_PENDING, PSP_CONFIRMED, PSP_REFUTED };

/* One block opened by an iUPD. */
struct pseudoprogression {
	enum psp_state state;
	bool strict;         /* resolved by iPR or iCR, not iSD alone */
	size_t at, resolved; /* indices: the iUPD, what decided it */
};

/* The next block at or after *i, which is moved on; false when there is none.
 * Start with *i = 0.  through_sd: iSD alone resolves it, leniently. */
bool pattern_next_pseudoprogression(const struct response_at *seq, size_t n,
    bool through_sd, size_t *i, struct pseudoprogression *ret);

/* An iUPD at most 84 days after the first dose; UNKNOWN without one. */
enum tristate pattern_is_early(int32_t day, int32_t therapy_start);

/* Sizes of one lesion, tmm. */
struct size_pair {
	int32_t base, now;
};
/* Some shrink by 30 %, others grow by 20 % and 5 mm. */
bool pattern_is_dissociated(const struct size_pair *p, size_t n);

/* Size against uptake of one lesion: "LARGER_LESS_AVID" … ,
 * "CONCORDANT_STABLE".  Lengths tmm, uptake thousandths. */
const char *pattern_size_uptake(
    struct size_pair size, int32_t uptake_base, int32_t uptake_now);

/* The index in seq from which a response has lasted `days` after the last
 * dose (or after its own beginning, if later); -1: none. */
int pattern_durable_response(
    const struct response_at *seq, size_t n, int32_t last_dose, int32_t days);

/* Its part that looks at uptake: larger and yet less avid, or the reverse. */
void patterns_add_discordance(
    const struct assess_case *c, struct assessment *x);

/* Fill x->patterns. */
void patterns_run(const struct assess_case *c, struct assessment *x);

#endif
