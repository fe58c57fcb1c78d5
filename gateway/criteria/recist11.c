/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RECIST 1.1.
 *
 * After the first progression the later categories are informational; only
 * the best overall response stops there.
 */
#include "gateway/best.h"
#include "gateway/rules.h"
#include "gateway/wording.h"

struct state {
	int64_t nadir;
	int32_t nadir_day;
	bool cr_before;   /* an overall CR at an earlier visit */
	bool hold_pr;     /* row 7 of §1.5 */
	int32_t pr_since; /* first PR or CR of the run, DAY_NONE */
	int32_t first_pd; /* DAY_NONE */
	struct best_sequence sequence;
};

static void
start(void *state, const struct assess_case *c)
{
	struct state *s = state;

	s->nadir = c->base_tmm;
	s->nadir_day = c->n_visits > 0 ? c->visits[0].day : DAY_NONE;
	s->pr_since = DAY_NONE;
	s->first_pd = DAY_NONE;
}

/* A visit without imaging is NE whatever was known before. */
static enum category
judge_overall(const struct assess_case *c, const struct visit *v,
    const struct state *s, struct verdict *ret)
{
	enum category overall;
	const char *rule;

	if (!v->imaged) { /*= recist11 §1.8 no imaging */
		rules_not_imaged(c, v, "recist11.overall.not_imaged", ret);
		return CAT_NE;
	}
	overall = rules_overall(
	    ret->target, ret->non_target, ret->new_lesion, s->cr_before, &rule);
	because_add(c->arena, &ret->because, rule, NULL, 0,
	    "target %s, non-target %s, new lesion %s: %s",
	    category_name(ret->target), category_name(ret->non_target),
	    ret->new_lesion ? "yes" : "no", category_name(overall));
	return overall;
}

/* Carry a PR on until progression. */
/*= recist11 §1.5 row 7 */
static void
update_hold(const struct assess_case *c, const struct visit *v,
    enum category target, enum category overall, struct state *s)
{
	if (overall == CAT_PD) {
		s->hold_pr = false;
		s->pr_since = DAY_NONE;
		return;
	}
	if (!c->options->pr_sticky || (target != CAT_PR && target != CAT_CR))
		return;
	if (s->pr_since == DAY_NONE)
		s->pr_since = v->last_day;
	s->hold_pr = !c->options->confirm_response ||
		     v->last_day - s->pr_since >= c->options->confirm_min_days;
}

static void
update(const struct assess_case *c, const struct visit *v,
    const struct verdict *ret, struct state *s)
{
	bool enters = c->options->ne_tp_in_nadir || ret->overall != CAT_NE;

	/*= recist11 §1.4: complete sums only */
	if (v->complete && v->n_targets > 0 && enters &&
	    s->nadir != BURDEN_NONE && v->sum_tmm < s->nadir) {
		s->nadir = v->sum_tmm;
		s->nadir_day = v->day;
	}
	update_hold(c, v, ret->target, ret->overall, s);
	if (ret->overall == CAT_CR)
		s->cr_before = true;
	if (ret->overall == CAT_PD && s->first_pd == DAY_NONE)
		s->first_pd = v->day;
	best_add(c->arena, &s->sequence, rules_dated(v, ret->overall),
	    ret->overall, ret->overall == CAT_PD);
	/*= recist11 §1.8: NE does not count as disease */
	s->sequence.list.items[s->sequence.list.n - 1].unseen =
	    ret->target == CAT_CR && ret->non_target == CAT_NE;
}

static void
step(void *state, const struct assess_case *c, const struct visit *v,
    struct verdict *ret)
{
	struct state *s = state;
	struct target_call t = rules_target(
	    &c->options->contested, v, c->base_tmm, s->nadir, s->hold_pr);

	ret->target = t.category;
	ret->non_target = rules_non_target(v->non_target);
	ret->new_lesion = rules_new_lesion(v);
	ret->base = c->base_tmm;
	ret->nadir = s->nadir;
	ret->burden =
	    v->complete && v->n_targets > 0 ? v->sum_tmm : BURDEN_NONE;
	rules_target_explain(c, v, &t, s->nadir, s->nadir_day, ret);
	rules_non_target_explain(c, v, ret);
	rules_new_lesion_explain(c, v, ret);
	rules_visit_flags(c, v, ret);
	ret->overall = judge_overall(c, v, s, ret);
	if (s->first_pd != DAY_NONE)
		verdict_flag(c->arena, ret, "AFTER_PD");
	update(c, v, ret, s);
}

static void
finish(void *state, const struct assess_case *c, struct best_overall *ret)
{
	struct state *s = state;
	struct best_rules r = {&best_recist, rules_reference_day(c),
	    c->options->sd_min_days, c->options->confirm_min_days, true};

	ret->unconfirmed = best_unconfirmed(&s->sequence, &r);
	ret->confirmed = best_confirmed(&s->sequence, &r);
	ret->progression_day = s->first_pd;
	best_measure(&s->sequence, &r, ret);
	because_add(c->arena, &ret->because, "recist11.best", NULL, 0,
	    "best of %zu visits%s%s; stable disease counts from day %d after "
	    "%s, a response is confirmed after %d days",
	    s->sequence.list.n,
	    s->first_pd == DAY_NONE ? "" : " through progression on ",
	    s->first_pd == DAY_NONE ? "" : wording_day(c->arena, s->first_pd),
	    r.sd_min_days, wording_day(c->arena, r.reference_day),
	    r.confirm_min_days);
}

extern const struct criterion criterion_recist11;
const struct criterion criterion_recist11 = {
    .id = "recist11",
    .version = "1.1",
    .citation = "Eisenhauer EA et al. Eur J Cancer 2009;45:228-247",
    .state_size = sizeof(struct state),
    .start = start,
    .step = step,
    .finish = finish,
};
