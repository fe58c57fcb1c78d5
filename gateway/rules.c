/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/rules.h"

#include "gateway/thresholds.h"

/*= recist11 §0.1 size tests: 30 % down; 20 % and 5 mm up */

/*= recist11 §10 C1 */
bool
rules_falls(const struct contested *k, int64_t now, int64_t base, int pct)
{
	int64_t tenths;

	if (k->round_percent && change_tenths_pct(now, base, &tenths))
		return tenths <= -10 * pct;
	return 100 * now <= (100 - pct) * base;
}

bool
rules_rises(const struct contested *k, int64_t now, int64_t reference, int pct)
{
	int64_t tenths;

	if (k->round_percent && change_tenths_pct(now, reference, &tenths))
		return tenths >= 10 * pct;
	return 100 * now >= (100 + pct) * reference;
}

bool
rules_is_pr(const struct contested *k, int64_t now, int64_t base)
{
	return rules_falls(k, now, base, PR_FALL_PCT);
}

/*= recist11 §10 C3 */
bool
rules_is_pd_by(const struct contested *k, int64_t now, int64_t reference,
    int32_t least_tmm)
{
	if (reference == 0 && !k->nadir_zero_needs_mm)
		return now > 0;
	return now > reference && now - reference >= least_tmm &&
	       (reference == 0 || rules_rises(k, now, reference, PD_RISE_PCT));
}

bool
rules_is_pd(const struct contested *k, int64_t now, int64_t reference)
{
	return rules_is_pd_by(k, now, reference, PD_RISE_TMM);
}

int64_t
rules_min(int64_t a, int64_t b)
{
	if (a == BURDEN_NONE)
		return b;
	if (b == BURDEN_NONE)
		return a;
	return a < b ? a : b;
}

/* Rows 1 to 6 and 8 of recist11 §1.5, the first that holds. */
static enum category
target_raw(const struct contested *k, const struct visit *v, int64_t base,
    int64_t nadir, bool *partial)
{
	bool grown;

	if (v->n_targets == 0) /*= recist11 §1.5 row 1 */
		return CAT_NA;
	if (base == BURDEN_NONE || nadir == BURDEN_NONE)
		return CAT_NE;
	grown = v->n_evaluated > 0 && rules_is_pd(k, v->sum_tmm, nadir);
	if (!v->complete) { /*= recist11 §1.5 rows 2, 3 */
		*partial = grown && k->partial_sum_pd; /*= C6 */
		return *partial ? CAT_PD : CAT_NE;
	}
	if (v->all_normal && (k->cr_before_pd || !grown))
		return CAT_CR; /*= recist11 §1.5 row 4, C2 */
	if (grown)             /*= recist11 §1.5 row 5 */
		return CAT_PD;
	if (rules_is_pr(k, v->sum_tmm, base)) /*= recist11 §1.5 row 6 */
		return CAT_PR;
	return CAT_SD; /*= recist11 §1.5 row 8 */
}

struct target_call
rules_target(const struct contested *k, const struct visit *v, int64_t base,
    int64_t nadir, bool hold_pr)
{
	struct target_call t = {0};

	t.raw = target_raw(k, v, base, nadir, &t.partial);
	t.held = hold_pr && t.raw == CAT_SD; /*= recist11 §1.5 row 7 */
	t.category = t.held ? CAT_PR : t.raw;
	return t;
}

enum category
rules_non_target(enum nt_status s)
{
	static const enum category category[] = {
	    [NT_NA] = CAT_NA,
	    [NT_CR] = CAT_CR,
	    [NT_NON] = CAT_NON,
	    [NT_PD] = CAT_PD,
	    [NT_NE] = CAT_NE,
	};

	return category[s];
}

#define ANY    UINT32_MAX
#define BIT(c) (UINT32_C(1) << (c))
#define QUIET  (BIT(CAT_CR) | BIT(CAT_NON) | BIT(CAT_NE) | BIT(CAT_NA))

enum when { ALWAYS, WHEN_NEW, WHEN_CR_BEFORE };

/*= recist11 §1.8: the time-point table, the first row that holds */
static const struct {
	uint32_t target, non_target;
	enum when when;
	enum category overall;
	const char *rule;
} matrix[] = {
    {ANY, ANY, WHEN_NEW, CAT_PD, "recist11.overall.new_lesion"},
    {BIT(CAT_PD), ANY, ALWAYS, CAT_PD, "recist11.overall.target_pd"},
    {ANY, BIT(CAT_PD), ALWAYS, CAT_PD, "recist11.overall.non_target_pd"},
    {BIT(CAT_PR) | BIT(CAT_SD), ANY, WHEN_CR_BEFORE, CAT_PD,
	"recist11.overall.reappeared"},
    {ANY, BIT(CAT_NON), WHEN_CR_BEFORE, CAT_PD, "recist11.overall.reappeared"},
    {BIT(CAT_CR), BIT(CAT_CR) | BIT(CAT_NA), ALWAYS, CAT_CR,
	"recist11.overall.cr"},
    {BIT(CAT_CR), BIT(CAT_NON), ALWAYS, CAT_PR,
	"recist11.overall.cr_non_target_persists"},
    {BIT(CAT_CR), BIT(CAT_NE), ALWAYS, CAT_PR,
	"recist11.overall.cr_non_target_unknown"},
    {BIT(CAT_PR), QUIET, ALWAYS, CAT_PR, "recist11.overall.pr"},
    {BIT(CAT_SD), QUIET, ALWAYS, CAT_SD, "recist11.overall.sd"},
    {BIT(CAT_NE), QUIET, ALWAYS, CAT_NE, "recist11.overall.ne"},
    {BIT(CAT_NA), BIT(CAT_CR), ALWAYS, CAT_CR,
	"recist11.overall.non_target_only_cr"},
    {BIT(CAT_NA), BIT(CAT_NON), ALWAYS, CAT_NON,
	"recist11.overall.non_target_only"},
    {BIT(CAT_NA), BIT(CAT_NE), ALWAYS, CAT_NE,
	"recist11.overall.non_target_only_ne"},
    {BIT(CAT_NA), BIT(CAT_NA), ALWAYS, CAT_NED, "recist11.overall.no_disease"},
};

/* "PR or SD", "any" */
static const char *
set_text(struct arena *a, uint32_t set)
{
	const char *text = "";

	if (set == ANY)
		return "any";
	for (int c = 0; c < CAT__MAX; c++) {
		if (set & BIT(c))
			text = arena_printf(a, "%s%s%s", text,
			    *text != '\0' ? " or " : "",
			    category_name((enum category)c));
	}
	return text;
}

bool
rules_matrix_row(size_t i, struct arena *a, struct rules_row *ret)
{
	static const char *const when[] = {[ALWAYS] = "",
	    [WHEN_NEW] = "a new lesion",
	    [WHEN_CR_BEFORE] = "CR at an earlier visit"};

	if (i >= sizeof(matrix) / sizeof(*matrix))
		return false;
	ret->target = set_text(a, matrix[i].target);
	ret->non_target = set_text(a, matrix[i].non_target);
	ret->when = when[matrix[i].when];
	ret->overall = category_name(matrix[i].overall);
	ret->rule = matrix[i].rule;
	return true;
}

enum category
rules_overall(enum category target, enum category non_target, bool new_lesion,
    bool cr_before, const char **ret_rule)
{
	for (size_t i = 0; i < sizeof(matrix) / sizeof(*matrix); i++) {
		if ((matrix[i].target & BIT(target)) == 0 ||
		    (matrix[i].non_target & BIT(non_target)) == 0 ||
		    (matrix[i].when == WHEN_NEW && !new_lesion) ||
		    (matrix[i].when == WHEN_CR_BEFORE && !cr_before))
			continue;
		if (ret_rule != NULL)
			*ret_rule = matrix[i].rule;
		return matrix[i].overall;
	}
	if (ret_rule != NULL)
		*ret_rule = "recist11.overall.ne";
	return CAT_NE;
}

bool
rules_new_lesion(const struct visit *v)
{
	for (size_t i = 0; i < v->n_news; i++) {
		if (v->news[i].definite && !v->news[i].resolved)
			return true;
	}
	return false;
}

int32_t
rules_dated(const struct visit *v, enum category c)
{
	switch (c) {
	case CAT_PD:
	case CAT_IUPD:
	case CAT_ICPD:
	case CAT_IRPD:
	case CAT_IMPD:
		return v->day;
	default:
		return v->last_day;
	}
}

int32_t
rules_reference_day(const struct assess_case *c)
{
	if (c->timeline->therapy_start != DAY_NONE)
		return c->timeline->therapy_start;
	return c->n_visits > 0 ? c->visits[0].day : DAY_NONE;
}
