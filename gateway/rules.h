/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rule pieces more than one unidimensional criterion uses: the size tests,
 * the target category, the response matrix, the best overall response.
 *
 * Pure functions over integers; a criterion calls these, never another
 * criterion.
 */
#ifndef RESCAN_RULES_H
#define RESCAN_RULES_H

#include "gateway/assess.h"

/* At least pct below or above, rounded first where C1 says so. */
bool rules_falls(
    const struct contested *k, int64_t now, int64_t base, int pct);
bool rules_rises(
    const struct contested *k, int64_t now, int64_t reference, int pct);

/* Size tests (spec/criteria.md §0.1), all inclusive.  The second with another
 * least growth than the criterion's 5 mm. */
bool rules_is_pr(const struct contested *k, int64_t now, int64_t base);
bool rules_is_pd(const struct contested *k, int64_t now, int64_t reference);
bool rules_is_pd_by(const struct contested *k, int64_t now, int64_t reference,
    int32_t least_tmm);

/* The smaller; BURDEN_NONE stands for "no value yet". */
int64_t rules_min(int64_t a, int64_t b);

/* The target category of one visit. */
struct target_call {
	enum category category; /* after a held PR */
	enum category raw;      /* before */
	bool partial;           /* PD shown by a part of the targets */
	bool held;              /* PR held although the sum says SD */
};
struct target_call rules_target(const struct contested *k,
    const struct visit *v, int64_t base, int64_t nadir, bool hold_pr);

/* The same said in words; sets PARTIAL_SUM_PD, TARGET_NOT_EVALUATED and
 * PR_CONTINUED. */
void rules_target_explain(const struct assess_case *c, const struct visit *v,
    const struct target_call *t, int64_t nadir, int32_t nadir_day,
    struct verdict *ret);

enum category rules_non_target(enum nt_status s);
void rules_non_target_explain(
    const struct assess_case *c, const struct visit *v, struct verdict *ret);

/* The rows of that table, for printing; false after the last. */
struct rules_row {
	const char *target, *non_target, *when, *overall, *rule;
};
bool rules_matrix_row(size_t i, struct arena *a, struct rules_row *ret);

/* Target × non-target × new lesion (§1.8); cr_before: the overall response
 * was CR at an earlier visit.  ret_rule names the row that fired. */
enum category rules_overall(enum category target, enum category non_target,
    bool new_lesion, bool cr_before, const char **ret_rule);

/* Any counted new lesion not gone; with its sources in the explanation. */
bool rules_new_lesion(const struct visit *v);
void rules_new_lesion_explain(
    const struct assess_case *c, const struct visit *v, struct verdict *ret);

/* Nothing was evaluated: flag, reason and explanation. */
void rules_not_imaged(const struct assess_case *c, const struct visit *v,
    const char *rule, struct verdict *ret);

/* Flags every criterion repeats: NODE_BORDERLINE, NO_NEW_LESION_ASSUMED,
 * EQUIVOCAL_NEW_LESION. */
void rules_visit_flags(
    const struct assess_case *c, const struct visit *v, struct verdict *ret);

/* The day a category is dated: progression by the first scan of the visit,
 * anything else by the last (§0.2). */
int32_t rules_dated(const struct visit *v, enum category c);

/* Days from which the shortest stable disease is counted: first dose, else
 * baseline. */
int32_t rules_reference_day(const struct assess_case *c);

#endif
