/* SPDX-License-Identifier: Apache-2.0 */
/*
 * irRECIST: one total burden of target and new measurable lesions in one
 * dimension; progression must be repeated.
 */
#include "gateway/burden.h"

static const struct burden_rules names = {
    "irrecist", CAT_IRPD, CAT_IRNE, &best_irrecist, false};

static void
start(void *state, const struct assess_case *c)
{
	int64_t base = c->visits[0].n_targets == 0 ? 0 : c->base_tmm;

	burden_start(state, &names, c, base);
}

/* Progression, from whichever cause (Bohnsack's reading, C23). */
/*= irrecist §3 irPD */
static bool
progresses(const struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, struct verdict *ret)
{
	int64_t ref = burden_reference(s);
	bool any = false;

	if (ref != BURDEN_NONE && burden_may_progress(c, b) &&
	    rules_is_pd(&c->options->contested, b->value, ref)) {
		any = true;
		if (!b->complete)
			verdict_flag(c->arena, ret, "PARTIAL_SUM_PD");
		burden_say(s, c, b, ret, "pd.burden", "%s",
		    burden_to_reference(s, c, b));
	}
	if (v->non_target == NT_PD &&
	    c->options->contested.irrecist_non_target_pd) { /*= C23 */
		any = true;
		burden_say(s, c, b, ret, "pd.non_target",
		    "unequivocal progression of non-target disease");
	}
	if (b->news_worse) {
		any = true;
		burden_say(s, c, b, ret, "pd.new_non_target",
		    "unequivocal progression of a new non-measurable lesion");
	}
	return any;
}

/* Non-target disease only: no burden to compare. */
/*= irrecist §3 irNN */
static enum category
judge_non_target_only(const struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, struct verdict *ret)
{
	burden_say(s, c, b, ret, "non_target_only",
	    "no target lesions at baseline: judged by non-target disease");
	if (v->non_target == NT_NA)
		missing_add(c->arena, &ret->missing, "NO_DISEASE", "baseline");
	if (v->non_target == NT_NE || v->non_target == NT_NA)
		return CAT_IRNE;
	return v->non_target == NT_CR && b->news_gone ? CAT_IRCR : CAT_IRNN;
}

static enum category
judge(const struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, struct verdict *ret)
{
	bool nt_gone = v->non_target == NT_CR || v->non_target == NT_NA;

	if (v->imaged && progresses(s, c, v, b, ret))
		return CAT_IRPD;
	if (!b->complete || s->base == BURDEN_NONE) {
		burden_say_missing(s, c, v, b, ret);
		return CAT_IRNE;
	}
	if (v->n_targets == 0)
		return judge_non_target_only(s, c, v, b, ret);
	if (b->targets_gone && nt_gone && b->news_gone) {
		/*= irrecist §3 irCR */
		burden_say(s, c, b, ret, "cr",
		    "targets, non-targets and new lesions are gone");
		return CAT_IRCR;
	}
	burden_say(s, c, b, ret, "burden", "%s; %s", burden_to_base(s, c, b),
	    burden_to_reference(s, c, b));
	/*= irrecist §3 irPR */
	return rules_is_pr(&c->options->contested, b->value, s->base)
		   ? CAT_IRPR
		   : CAT_IRSD;
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

extern const struct criterion criterion_irrecist;
const struct criterion criterion_irrecist = {
    .id = "irrecist",
    .version = "2014",
    .citation = "Nishino M et al. Clin Cancer Res 2013;19:3936-3943; "
		"Bohnsack O et al. Ann Oncol 2014;25(suppl 4):iv361",
    .state_size = sizeof(struct burden_state),
    .start = start,
    .step = step,
    .finish = finish,
};
