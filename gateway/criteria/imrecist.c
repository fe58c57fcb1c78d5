/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imRECIST: RECIST 1.1 sizes over target and new measurable lesions; new
 * lesions and non-targets alone are no progression, but stand against a
 * complete response.
 */
#include "gateway/burden.h"

static const struct burden_rules names = {
    "imrecist", CAT_IMPD, CAT_NE, &best_imrecist, false};

static void
start(void *state, const struct assess_case *c)
{
	burden_start(state, &names, c, c->base_tmm);
}

/*= imrecist §5 (5 mm minimum: C24) */
static enum category
judge_burden(const struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, struct verdict *ret)
{
	bool nt_gone = v->non_target == NT_CR || v->non_target == NT_NA;

	if (b->targets_gone && nt_gone && b->news_gone) {
		burden_say(
		    s, c, b, ret, "cr", "all disease of any kind is gone");
		return CAT_IMCR;
	}
	burden_say(s, c, b, ret, "burden", "%s; %s", burden_to_base(s, c, b),
	    burden_to_reference(s, c, b));
	if (!b->news_gone)
		burden_say(s, c, b, ret, "new_lesion_counts",
		    "new lesions are no progression by themselves, which "
		    "does not make them reassuring");
	return rules_is_pr(&c->options->contested, b->value, s->base)
		   ? CAT_IMPR
		   : CAT_IMSD;
}

static enum category
judge_not_measurable(const struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, struct verdict *ret)
{
	if (v->n_targets == 0 && v->non_target == NT_CR && b->news_gone) {
		burden_say(s, c, b, ret, "cr", "all disease is gone");
		return CAT_IMCR;
	}
	if (v->imaged && v->n_targets == 0) {
		verdict_flag(c->arena, ret, "NO_TARGET_LESION");
		missing_add(
		    c->arena, &ret->missing, "NO_TARGET_LESION", "baseline");
		burden_say(s, c, b, ret, "ne.no_target_lesion",
		    "no target lesions at baseline: no burden to compare");
		return CAT_NE;
	}
	burden_say_missing(s, c, v, b, ret);
	return CAT_NE;
}

static enum category
judge(const struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, struct verdict *ret)
{
	int64_t ref = burden_reference(s);

	if (v->imaged && ref != BURDEN_NONE && burden_may_progress(c, b) &&
	    rules_is_pd_by(&c->options->contested, b->value, ref,
		c->options->contested.imrecist_min_tmm)) {
		if (!b->complete)
			verdict_flag(c->arena, ret, "PARTIAL_SUM_PD");
		burden_say(
		    s, c, b, ret, "pd", "%s", burden_to_reference(s, c, b));
		return CAT_IMPD;
	}
	if (!b->complete || s->base == BURDEN_NONE)
		return judge_not_measurable(s, c, v, b, ret);
	return judge_burden(s, c, v, b, ret);
}

static void
step(void *state, const struct assess_case *c, const struct visit *v,
    struct verdict *ret)
{
	struct burden_state *s = state;
	struct burden b = burden_of_diameters(c, v);

	burden_describe(c, v, ret);
	burden_conclude(s, c, v, &b, judge(s, c, v, &b, ret), ret);
}

static void
finish(void *state, const struct assess_case *c, struct best_overall *ret)
{
	burden_finish(state, c, ret);
}

extern const struct criterion criterion_imrecist;
const struct criterion criterion_imrecist = {
    .id = "imrecist",
    .version = "2018",
    .citation = "Hodi FS et al. J Clin Oncol 2018;36:850-858",
    .state_size = sizeof(struct burden_state),
    .start = start,
    .step = step,
    .finish = finish,
};
