/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do next, and when (spec/criteria.md §9).
 */
#ifndef RESCAN_ADVICE_H
#define RESCAN_ADVICE_H

#include "gateway/assess.h"

/* Append recommendations to x from its verdicts, judged as of x->as_of. */
void advice_add(const struct assess_case *c, struct assessment *x);

/* Its parts that stand for themselves: a scan after hyperprogression, and
 * after an unconfirmed iPERCIST or an indeterminate LYRIC response. */
void advice_add_hyperprogression(
    const struct assess_case *c, struct assessment *x);
void advice_add_metabolic(const struct assess_case *c, struct assessment *x);

/* What the patient's state adds to a wait for a confirming scan, which is the
 * recommendation of that index: reassurance, a warning, or a review. */
void advice_add_clinical(
    const struct assess_case *c, struct assessment *x, size_t wait);
/* A doubtful new lesion or a small node at the newest visit. */
void advice_add_equivocal(const struct assess_case *c, struct assessment *x);

/* Append one, with its state as of x->as_of. */
struct recommendation *advice_recommend(struct assessment *x, const char *kind,
    const char *criterion, int32_t anchor, int32_t from, int32_t to);

#endif
