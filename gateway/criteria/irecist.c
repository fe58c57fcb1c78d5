/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iRECIST: progression is unconfirmed (iUPD) until a scan four to eight weeks
 * later shows more, and is taken back when the next assessment improves.
 *
 * A state machine over the visits (spec/criteria.md §4.4) with a nadir of its
 * own: scans that are disregarded leave no trace in it.
 */
#include "gateway/irecist.h"

#include "gateway/wording.h"

static void
start(void *state, const struct assess_case *c)
{
	struct irecist_state *s = state;

	s->nadir = c->base_tmm;
	s->nadir_day = c->n_visits > 0 ? c->visits[0].day : DAY_NONE;
	s->seen = arena_alloc(
	    c->arena, (c->timeline->lesions.n + 1) * sizeof(*s->seen));
	for (size_t i = 0; i <= c->timeline->lesions.n; i++)
		s->seen[i].value_tmm = TMM_NONE;
	s->nlt_lowest = BURDEN_NONE;
	s->pr_since = DAY_NONE;
	s->progression_day = DAY_NONE;
}

static void
open_pending(struct irecist_scene *x, unsigned causes)
{
	const struct irecist_facts *f = &x->f;
	bool whole = x->v->complete && x->v->n_targets > 0;
	struct irecist_anchor a = {
	    .day = x->v->day,
	    .causes = causes,
	    .reappeared_t = f->reappeared_t,
	    .reappeared_nt = f->reappeared_nt,
	    .sum = whole ? x->v->sum_tmm : BURDEN_NONE,
	    .nlt = f->nlt_complete ? f->nlt : BURDEN_NONE,
	    .rank = f->matrix,
	    .nt_pd = f->non_target == CAT_PD,
	};

	a.sum_min = a.sum;
	a.nlt_min = a.nlt;
	x->s->anchor = a;
	x->s->phase = IRECIST_PENDING;
}

/*= irecist §10 C14 */
static bool
has_residual(const struct irecist_scene *x)
{
	return x->f.unresolved && x->c->options->contested.icr_needs_news_gone;
}

/* The matrix in iRECIST's words. */
static enum category
map_matrix(const struct irecist_scene *x)
{
	switch (x->f.matrix) {
	case CAT_CR:
		return has_residual(x) ? CAT_IPR : CAT_ICR;
	case CAT_PR:
		return CAT_IPR;
	case CAT_SD:
		return CAT_ISD;
	case CAT_NON:
		return CAT_INON;
	case CAT_NED:
		return CAT_NA;
	default:
		return CAT_NE;
	}
}

static enum category
say_mapped(const struct irecist_scene *x)
{
	enum category result = map_matrix(x);

	if (x->f.matrix == CAT_CR && has_residual(x))
		irecist_say(x, IRECIST_NL, "irecist.residual_new_lesion",
		    "baseline disease is gone but a new lesion remains: iPR");
	irecist_say(x, 0, "irecist.overall", "target %s, non-target %s: %s",
	    category_name(x->f.target), category_name(x->f.non_target),
	    category_name(result));
	return result;
}

static enum category
not_evaluable(struct irecist_scene *x)
{
	if (!x->v->imaged) {
		rules_not_imaged(x->c, x->v, "irecist.ne.not_imaged", x->ret);
	} else if (x->f.missing) {
		verdict_flag(x->c->arena, x->ret, "NEW_LESION_NOT_EVALUATED");
		irecist_say(x, IRECIST_NL, "irecist.ne.new_lesion",
		    "a known new lesion was not evaluated");
	} else {
		irecist_say(x, IRECIST_T | IRECIST_NT, "irecist.ne",
		    "target %s, non-target %s: NE", category_name(x->f.target),
		    category_name(x->f.non_target));
	}
	x->s->anchor.ne_since = true;
	if (x->s->phase == IRECIST_PENDING)
		irecist_say(x, 0, "irecist.pending_kept",
		    "the iUPD of %s stays pending",
		    wording_day(x->c->arena, x->s->anchor.day));
	return CAT_NE;
}

/*= irecist §4.4 NONE */
static enum category
step_nothing(struct irecist_scene *x)
{
	unsigned causes;

	if (!x->v->imaged)
		return not_evaluable(x);
	causes = irecist_signals(x);
	if (causes != 0) {
		irecist_say_signals(x, causes);
		open_pending(x, causes);
		return CAT_IUPD;
	}
	if (x->f.matrix == CAT_NE || x->f.missing)
		return not_evaluable(x);
	return say_mapped(x);
}

static enum category
confirmed(struct irecist_scene *x)
{
	x->s->phase = IRECIST_CONFIRMED;
	x->s->progression_day = x->s->anchor.day;
	irecist_say(x, 0, "irecist.icpd",
	    "confirms the iUPD of %s; progression is dated there",
	    wording_day(x->c->arena, x->s->anchor.day));
	return CAT_ICPD;
}

static enum category
kept(const struct irecist_scene *x, const char *rule, const char *why)
{
	irecist_say(x, IRECIST_T | IRECIST_NT | IRECIST_NL, rule,
	    "%s; the iUPD of %s stays unconfirmed", why,
	    wording_day(x->c->arena, x->s->anchor.day));
	return CAT_IUPD;
}

/* What would confirm came too late, or after a gap, for those who ask for the
 * next scan in time: a new iUPD, to be confirmed itself. */
/*= irecist §10 C16, C17 */
static bool
may_not_confirm(const struct irecist_scene *x, int days)
{
	const struct assess_options *o = x->c->options;

	return (!o->contested.late_confirms &&
		   days > o->confirm_max_days + o->grace_days) ||
	       (!o->contested.ne_keeps_pending && x->s->anchor.ne_since);
}

static enum category
reopened(struct irecist_scene *x)
{
	irecist_say(x, 0, "irecist.iupd.reopened",
	    "the scan that would confirm the iUPD of %s is late or follows a "
	    "gap: a new iUPD",
	    wording_day(x->c->arena, x->s->anchor.day));
	open_pending(x, x->s->anchor.causes | irecist_signals(x));
	return CAT_IUPD;
}

/*= irecist §4.5: too early to confirm, with one exception */
static enum category
step_early(struct irecist_scene *x, bool *ret_disregarded)
{
	int days = x->v->day - x->s->anchor.day;

	if (x->v->unscheduled && x->f.n_new > 0 &&
	    x->c->options->contested.early_symptom_confirms) { /*= C15 */
		verdict_flag(
		    x->c->arena, x->ret, "EARLY_NEW_LESION_WITH_SYMPTOM");
		irecist_say(x, IRECIST_NL, "irecist.confirm.early_with_symptom",
		    "unscheduled scan for a new symptom, %d days after the "
		    "iUPD, shows a further new lesion",
		    days);
		return confirmed(x);
	}
	*ret_disregarded = true;
	verdict_flag(x->c->arena, x->ret, "DISREGARDED_EARLY");
	irecist_say(x, 0, "irecist.disregarded_early",
	    "scan %d days after the iUPD of %s, before day %d: disregarded "
	    "and to be repeated",
	    days, wording_day(x->c->arena, x->s->anchor.day),
	    x->c->options->confirm_min_days - x->c->options->grace_days);
	return CAT_IUPD;
}

/* Better first: PD < NON < SD < PR < CR; what is not there has no rank. */
static int
matrix_rank(enum category c)
{
	static const int rank[CAT__MAX] = {[CAT_PD] = 1,
	    [CAT_NON] = 2,
	    [CAT_SD] = 3,
	    [CAT_PR] = 4,
	    [CAT_CR] = 5};

	return rank[c];
}

static bool
fell(const struct irecist_scene *x, int64_t now, int64_t anchor)
{
	return anchor != BURDEN_NONE &&
	       anchor - now >= x->c->options->change_tmm;
}

static bool
sum_fell(const struct irecist_scene *x)
{
	return x->v->complete && x->v->n_targets > 0 &&
	       fell(x, x->v->sum_tmm, x->s->anchor.sum);
}

/*= irecist §4.7 change when an unresolved new lesion was a cause (C11) */
static bool
has_changed(const struct irecist_scene *x)
{
	const struct irecist_anchor *a = &x->s->anchor;

	return (matrix_rank(a->rank) > 0 &&
		   matrix_rank(x->f.matrix) > matrix_rank(a->rank)) ||
	       (a->nt_pd && x->f.non_target != CAT_PD) || sum_fell(x) ||
	       (x->f.any_nlt && x->f.nlt_complete &&
		   fell(x, x->f.nlt, a->nlt)) ||
	       !x->f.unresolved;
}

/* Disease that came back after iCR is still there. */
static bool
relapse_stands(const struct irecist_scene *x)
{
	const struct irecist_anchor *a = &x->s->anchor;
	bool there = (a->reappeared_t &&
			 (x->f.target == CAT_PR || x->f.target == CAT_SD)) ||
		     (a->reappeared_nt && x->f.non_target == CAT_NON);

	return there && !sum_fell(x);
}

static enum category
reset(struct irecist_scene *x)
{
	x->s->phase = IRECIST_NOTHING;
	x->s->hold_pr = false;
	x->s->pr_since = DAY_NONE;
	x->ret->bar_reset = true;
	verdict_flag(x->c->arena, x->ret, "BAR_RESET");
	irecist_say(x, IRECIST_T | IRECIST_NT | IRECIST_NL, "irecist.bar_reset",
	    "no progression at this assessment: the iUPD of %s is dropped",
	    wording_day(x->c->arena, x->s->anchor.day));
	irecist_gather_targets(x, false);
	return say_mapped(x);
}

/* The states of §4.4 after "no confirmation". */
static enum category
judge_unconfirmed(struct irecist_scene *x)
{
	unsigned causes = x->s->anchor.causes;

	if (x->f.matrix == CAT_NE || x->f.missing ||
	    ((causes & IRECIST_NT) && x->f.non_target == CAT_NE))
		return not_evaluable(x); /* NE never clears (§4.10) */
	if ((x->f.target == CAT_PD || x->f.non_target == CAT_PD) &&
	    x->c->options->contested.repeat_confirms) { /*= C19 */
		irecist_say(x, IRECIST_T | IRECIST_NT,
		    "irecist.confirm.repeated",
		    "progression is seen again without further growth");
		return confirmed(x);
	}
	if (x->f.target == CAT_PD || x->f.non_target == CAT_PD)
		return kept(x, "irecist.iupd.no_further_growth",
		    "still in the range of progression without further "
		    "growth");
	if (relapse_stands(x))
		return kept(x, "irecist.iupd.relapse_stands",
		    "the disease that returned after iCR is unchanged");
	if ((causes & IRECIST_NL) && x->f.unresolved && !has_changed(x))
		return kept(x, "irecist.iupd.no_change",
		    "the new lesion is still there and nothing changed");
	return reset(x);
}

/*= irecist §4.4 PENDING */
static enum category
step_pending(struct irecist_scene *x, bool *ret_disregarded)
{
	const struct assess_options *o = x->c->options;
	int days = x->v->day - x->s->anchor.day;
	enum category result;

	if (!x->v->imaged)
		return not_evaluable(x);
	if (days < o->confirm_min_days - o->grace_days)
		return step_early(x, ret_disregarded);
	if (irecist_confirm(x))
		result = may_not_confirm(x, days) ? reopened(x) : confirmed(x);
	else
		result = judge_unconfirmed(x);
	if (days > o->confirm_max_days + o->grace_days && result != CAT_NE) {
		verdict_flag(x->c->arena, x->ret, "LATE_CONFIRMATION");
		irecist_say(x, 0, "irecist.late",
		    "%d days after the iUPD of %s, later than day %d", days,
		    wording_day(x->c->arena, x->s->anchor.day),
		    o->confirm_max_days + o->grace_days);
	}
	return result;
}

/*= irecist §10 C18 */
static enum category
step_confirmed(struct irecist_scene *x)
{
	verdict_flag(x->c->arena, x->ret, "AFTER_ICPD");
	irecist_say(x, 0, "irecist.after_icpd",
	    "progression of %s is confirmed; nothing after it changes that",
	    wording_day(x->c->arena, x->s->progression_day));
	if (x->c->options->contested.icpd_terminal || irecist_signals(x) != 0)
		return CAT_ICPD;
	if (!x->v->imaged || x->f.matrix == CAT_NE || x->f.missing)
		return not_evaluable(x);
	return say_mapped(x);
}

/* What the visit leaves behind. */

static void
commit_seen(struct irecist_scene *x, const struct new_lesion_fact *n)
{
	struct irecist_seen *seen = irecist_seen(x, n);

	if (!n->evaluated)
		return;
	if (n->definite && !n->resolved)
		seen->known = true;
	if (n->definite && n->indicated) /* it has its name now */
		x->s->seen[x->c->timeline->lesions.n].known = false;
	seen->read = true;
	seen->change = n->change;
	if (n->value_tmm == TMM_NONE)
		return;
	seen->value_tmm = n->value_tmm;
	seen->in_sum = seen->in_sum || (n->definite && n->target);
}

static void
commit_new_lesions(struct irecist_scene *x)
{
	struct irecist_state *s = x->s;
	const struct irecist_facts *f = &x->f;
	bool opened = s->anchor.day == x->v->day;

	for (size_t i = 0; i < x->v->n_news; i++)
		commit_seen(x, &x->v->news[i]);
	s->nt_worse = x->v->n_nt_worse;
	if (!f->any_nlt || !f->nlt_complete)
		return;
	if (f->n_new > 0)
		s->nlt_lowest = f->nlt;
	else
		s->nlt_lowest =
		    rules_min(irecist_with_joined(x, s->nlt_lowest), f->nlt);
	if (s->phase != IRECIST_PENDING || opened)
		return;
	if (s->anchor.nlt == BURDEN_NONE) {
		s->anchor.nlt = s->anchor.nlt_min = f->nlt;
		return;
	}
	s->anchor.nlt += f->joined;
	s->anchor.nlt_min = rules_min(s->anchor.nlt_min + f->joined, f->nlt);
}

static void
commit_sum(struct irecist_scene *x, enum category result)
{
	struct irecist_state *s = x->s;
	int64_t sum = x->v->sum_tmm;

	if (!x->v->complete || x->v->n_targets == 0 || s->nadir == BURDEN_NONE)
		return;
	if (s->phase == IRECIST_PENDING) {
		if (s->anchor.sum == BURDEN_NONE)
			s->anchor.sum = sum;
		s->anchor.sum_min = rules_min(s->anchor.sum_min, sum);
	}
	/*= irecist §10 C5 */
	if (result == CAT_NE && !x->c->options->ne_tp_in_nadir)
		return;
	if (sum < s->nadir) {
		s->nadir = sum;
		s->nadir_day = x->v->day;
	}
}

static void
commit_hold(struct irecist_scene *x)
{
	const struct assess_options *o = x->c->options;
	struct irecist_state *s = x->s;

	if (x->f.target == CAT_PD) {
		s->hold_pr = false;
		s->pr_since = DAY_NONE;
	} else if (o->pr_sticky &&
		   (x->f.target == CAT_PR || x->f.target == CAT_CR)) {
		if (s->pr_since == DAY_NONE)
			s->pr_since = x->v->last_day;
		s->hold_pr =
		    !o->confirm_response ||
		    x->v->last_day - s->pr_since >= o->confirm_min_days;
	}
}

static void
fill(const struct irecist_scene *x)
{
	struct verdict *ret = x->ret;

	ret->has_irecist = true;
	ret->target = x->f.target;
	ret->non_target = x->f.non_target;
	ret->new_lesion = rules_new_lesion(x->v);
	ret->base = x->c->base_tmm;
	ret->nadir = x->s->nadir;
	ret->burden =
	    x->v->complete && x->v->n_targets > 0 ? x->v->sum_tmm : BURDEN_NONE;
	ret->nlt_sum =
	    x->f.any_nlt && x->f.nlt_complete ? x->f.nlt : BURDEN_NONE;
}

/*= irecist §4.9 beside the category */
static void
say_clinical(const struct irecist_scene *x)
{
	static const char *const words[] = {[CLINICAL_UNKNOWN] = "unknown",
	    [CLINICAL_STABLE] = "stable",
	    [CLINICAL_UNSTABLE] = "unstable"};

	x->ret->clinical = words[x->v->clinical];
	if (x->v->clinical == CLINICAL_UNSTABLE)
		verdict_flag(x->c->arena, x->ret, "CLINICAL_REVIEW");
	irecist_say(x, 0, "irecist.clinical",
	    "clinical state at this visit: %s%s", x->ret->clinical,
	    x->v->clinical == CLINICAL_UNSTABLE
		? "; prompt clinical review, whatever the next scan shows"
		: "");
}

static void
step(void *state, const struct assess_case *c, const struct visit *v,
    struct verdict *ret)
{
	struct irecist_state *s = state;
	struct irecist_scene x = {.c = c, .v = v, .s = s, .ret = ret};
	bool disregarded = false;

	irecist_gather(&x);
	rules_target_explain(c, v, &x.f.t, s->nadir, s->nadir_day, ret);
	rules_non_target_explain(c, v, ret);
	rules_new_lesion_explain(c, v, ret);
	rules_visit_flags(c, v, ret);
	fill(&x);
	if (s->phase == IRECIST_CONFIRMED)
		ret->overall = step_confirmed(&x);
	else if (s->phase == IRECIST_PENDING)
		ret->overall = step_pending(&x, &disregarded);
	else
		ret->overall = step_nothing(&x);
	ret->target = x.f.target; /* a reset may let go of a held PR */
	if (ret->overall == CAT_IUPD) {
		ret->confirm_from =
		    s->anchor.day + c->options->confirm_min_days;
		ret->confirm_to = s->anchor.day + c->options->confirm_max_days;
		say_clinical(&x);
	}
	if (!disregarded) {
		commit_new_lesions(&x);
		commit_sum(&x, ret->overall);
		commit_hold(&x);
		if (ret->overall != CAT_NE)
			s->was_icr = ret->overall == CAT_ICR;
	}
	best_add(c->arena, &s->sequence, rules_dated(v, ret->overall),
	    ret->overall, ret->overall == CAT_ICPD);
}

static void
finish(void *state, const struct assess_case *c, struct best_overall *ret)
{
	struct irecist_state *s = state;
	struct best_rules r = {&best_irecist, rules_reference_day(c),
	    c->options->sd_min_days, c->options->confirm_min_days, false};

	ret->unconfirmed = best_unconfirmed(&s->sequence, &r);
	ret->confirmed = best_confirmed(&s->sequence, &r);
	ret->progression_day = s->progression_day;
	best_measure(&s->sequence, &r, ret);
	because_add(c->arena, &ret->because, "irecist.best", NULL, 0,
	    "best of %zu visits, through iCPD", s->sequence.list.n);
	if (s->phase == IRECIST_CONFIRMED)
		because_add(c->arena, &ret->because, "irecist.progression_date",
		    NULL, 0,
		    "progression is dated at the iUPD of %s that was "
		    "confirmed",
		    wording_day(c->arena, s->progression_day));
	if (s->phase == IRECIST_PENDING)
		because_add(c->arena, &ret->because, "irecist.pending", NULL, 0,
		    "the iUPD of %s is neither confirmed nor dropped",
		    wording_day(c->arena, s->anchor.day));
}

extern const struct criterion criterion_irecist;
const struct criterion criterion_irecist = {
    .id = "irecist",
    .version = "2017",
    .citation = "Seymour L et al. Lancet Oncol 2017;18:e143-e152",
    .state_size = sizeof(struct irecist_state),
    .start = start,
    .step = step,
    .finish = finish,
};
