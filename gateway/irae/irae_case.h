/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the assessor and the irAE engine: a patient's facts and timeline as
 * the engine's input, and its result as part of the assessment.
 */
#ifndef RESCAN_IRAE_CASE_H
#define RESCAN_IRAE_CASE_H

#include "gateway/assess.h"
#include "gateway/inflamed.h"
#include "gateway/irae/irae.h"

/* Suspected immune-related adverse events of x's patient: x->irae, the
 * recommended work-up, what they mean for new lesions, and a problem for every
 * signal that could not be read.  ret gets where a new lesion may be
 * inflammation, for both readings.  Comes after the criteria. */
void irae_assess(const struct assess_case *c, struct assessment *x,
    struct inflamed_list *ret);

/* --- its parts --- */

/* What the facts say, as the engine's input.  NULL: no checkpoint inhibitor
 * was given. */
struct irae_input *irae_case_build(
    const struct assess_case *c, struct assessment *x);
/* irae_case_lab.c: values and vital signs; what cannot be used becomes a
 * problem. */
void irae_case_labs(
    const struct assess_case *c, struct irae_input *in, struct assessment *x);
/* irae_case_drug.c */
void irae_case_drugs(
    const struct assess_case *c, struct irae_input *in, struct assessment *x);
/* irae_case_said.c: diagnoses, other causes, dismissals. */
void irae_case_statements(const struct assess_case *c, struct irae_input *in);
/* irae_case_lesion.c: is a lesion that an image of that site and day may show
 * new then?  And what the events mean for new lesions: the verdicts say it,
 * ret gets those that may be inflammation. */
bool irae_case_lesion(const struct timeline *t, const char *site, int32_t day);
void irae_case_lesions(const struct assess_case *c, const struct irae_input *in,
    const struct irae_result *r, struct assessment *x,
    struct inflamed_list *ret);
/* irae_episodes.c: rows as episodes with their changes and explanation. */
void irae_episodes_add(const struct assess_case *c, const struct irae_result *r,
    struct assessment *x);
/* irae_advice.c: what to consider for every open episode. */
void irae_advice_add(const struct assess_case *c, const struct irae_result *r,
    struct assessment *x);
/* The line of spec/irae.md §3 for an event at a grade, NULL: none. */
const char *irae_advice_line(enum irae_module m, const struct irae_row *row);
/* The same, but levothyroxine only where cortisol is known (§4.4). */
const char *irae_advice_safe(const struct irae_result *x, enum irae_module m,
    const struct irae_row *row);

#endif
