/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/advice.h"

#include <string.h>

#include "gateway/windows.h"
#include "gateway/wording.h"

/*= advice §9 windows after the scan that showed progression, by rule of
 * gateway/windows.c; the one of iRECIST comes from the options */
static const struct {
	const char *id, *rule;
} pd_windows[] = {
    {"irrecist", "irrecist_confirm"},
    {"irrc", "irrc_confirm"},
    {"imrecist", "imrecist_confirm"},
};

struct recommendation *
advice_recommend(struct assessment *x, const char *kind, const char *criterion,
    int32_t anchor, int32_t from, int32_t to)
{
	struct recommendation *r = ARENA_PUSH(x->arena, &x->recommendations);
	const struct window w = {.from = from, .to = to};

	r->kind = kind;
	r->criterion = criterion;
	r->anchor = anchor;
	r->from = from;
	r->to = to;
	r->state = window_state(&w, x->as_of);
	return r;
}

static bool
is_ne(enum category c)
{
	return c == CAT_NE || c == CAT_IRNE || c == CAT_NONE;
}

static int32_t
plus(int32_t day, int days)
{
	return days == WINDOW_OPEN ? DAY_NONE : day + days;
}

/* A progression that waits for a scan. */
struct wait {
	const char *criterion, *rule; /* of gateway/windows.c */
	int32_t anchor;               /* day of the scan that showed it */
	int min_days, max_days, grace_days;
};

/* The first visit after the anchor that can answer: late enough and
 * evaluable.  n_visits when there is none. */
static size_t
answer_of(const struct assess_case *c, const struct criterion_result *r,
    const struct wait *w)
{
	for (size_t i = 1; i < c->n_visits; i++) {
		const struct visit *v = &c->visits[i];
		const struct verdict *d = &r->at[v->index];

		if (v->day - w->anchor >= w->min_days - w->grace_days &&
		    v->day > w->anchor && !is_ne(d->overall))
			return i;
		if (v->day > w->anchor &&
		    verdict_has_flag(d, "EARLY_NEW_LESION_WITH_SYMPTOM"))
			return i;
	}
	return c->n_visits;
}

/* True when a scan came too early: then the repeat's day is preferred. */
static bool
explain_early_scans(const struct assess_case *c,
    const struct criterion_result *r, const struct wait *w,
    struct recommendation *ret)
{
	bool any = false;

	for (size_t i = 1; i < c->n_visits; i++) {
		const struct visit *v = &c->visits[i];

		if (v->day <= w->anchor ||
		    v->day - w->anchor >= w->min_days - w->grace_days ||
		    !verdict_has_flag(&r->at[v->index], "DISREGARDED_EARLY"))
			continue;
		any = true;
		because_add(c->arena, &ret->because, "advice.repeat_early",
		    NULL, 0,
		    "the scan of %s, %d days after, was too early and is to "
		    "be repeated",
		    wording_day(c->arena, v->day), v->day - w->anchor);
		because_add(c->arena, &ret->because, "window.irecist_repeat",
		    NULL, 0, "repeat it about %s",
		    wording_day(c->arena,
			w->anchor +
			    window_rule_find("irecist_repeat")->preferred));
	}
	return any;
}

static void
explain_wait(const struct assess_case *c, const struct wait *w,
    struct recommendation *ret)
{
	struct arena *a = c->arena;

	if (w->max_days == WINDOW_OPEN)
		because_add(a, &ret->because, "advice.confirm_pd", NULL, 0,
		    "progression of %s (%s) is unconfirmed: a scan from %d "
		    "days after it confirms or drops it",
		    wording_day(a, w->anchor), w->criterion, w->min_days);
	else
		because_add(a, &ret->because, "advice.confirm_pd", NULL, 0,
		    "progression of %s (%s) is unconfirmed: a scan %d to %d "
		    "days after it confirms or drops it",
		    wording_day(a, w->anchor), w->criterion, w->min_days,
		    w->max_days);
}

static void
explain_overdue(
    const struct assess_case *c, int32_t as_of, struct recommendation *ret)
{
	if (ret->state == DUE_OVERDUE)
		because_add(c->arena, &ret->because, "advice.window_passed",
		    NULL, 0,
		    "the window closed on %s; a later scan still counts and "
		    "is marked late",
		    wording_day(c->arena, ret->to));
	if (ret->state == DUE_OVERDUE && strcmp(ret->criterion, "irecist") == 0)
		because_add(c->arena, &ret->because, "window.irecist_late",
		    NULL, 0, "LATE: scan now, by %s",
		    wording_day(c->arena,
			as_of + window_rule_find("irecist_late")->latest));
}

/* The day the table of windows prefers, if this window has it. */
static void
explain_preferred(const struct assess_case *c, const struct wait *w,
    struct recommendation *ret)
{
	struct window best;

	if (ret->state == DUE_OVERDUE ||
	    !window_for(w->rule, w->anchor, &best) ||
	    best.preferred < ret->from ||
	    (ret->to != DAY_NONE && best.preferred > ret->to))
		return;
	because_add(c->arena, &ret->because, "advice.preferred_day", NULL, 0,
	    "preferably about %s", wording_day(c->arena, best.preferred));
}

/* Recommend the scan; true while it is still to come. */
static bool
add_wait(const struct assess_case *c, const struct criterion_result *r,
    const struct wait *w, struct assessment *x)
{
	size_t answer = answer_of(c, r, w);
	struct recommendation *ret =
	    advice_recommend(x, "confirmation_scan", w->criterion, w->anchor,
		w->anchor + w->min_days, plus(w->anchor, w->max_days));
	bool repeat;

	explain_wait(c, w, ret);
	repeat = explain_early_scans(c, r, w, ret);
	if (answer == c->n_visits) {
		explain_overdue(c, x->as_of, ret);
		if (!repeat)
			explain_preferred(c, w, ret);
		advice_add_clinical(c, x, x->recommendations.n - 1);
		return true;
	}
	ret->state = DUE_DONE;
	because_add(c->arena, &ret->because, "advice.answered", NULL, 0,
	    "answered by the scan of %s: %s",
	    wording_day(c->arena, c->visits[answer].day),
	    category_name(r->at[c->visits[answer].index].overall));
	return false;
}

/* Every iUPD that opened a block. */
static bool
add_irecist_waits(const struct assess_case *c, const struct criterion_result *r,
    struct assessment *x)
{
	const struct assess_options *o = c->options;
	int32_t last = DAY_NONE;
	bool open = false;

	for (size_t i = 1; i < c->n_visits; i++) {
		const struct verdict *v = &r->at[c->visits[i].index];
		struct wait w = {r->id, "irecist_confirm", DAY_NONE,
		    o->confirm_min_days, o->confirm_max_days, o->grace_days};

		if (v->overall != CAT_IUPD)
			continue;
		w.anchor = v->confirm_from - o->confirm_min_days;
		if (w.anchor == last)
			continue;
		last = w.anchor;
		open = add_wait(c, r, &w, x);
	}
	return open;
}

/* The criteria that confirm by repeating. */
static bool
add_other_waits(const struct assess_case *c, const struct criterion_result *r,
    const char *rule, struct assessment *x)
{
	const struct window_rule *days = window_rule_find(rule);
	bool pending = false, open = false;
	int32_t anchor = DAY_NONE;

	for (size_t i = 1; i < c->n_visits; i++) {
		const struct verdict *v = &r->at[c->visits[i].index];
		struct wait w = {r->id, rule, c->visits[i].day, days->earliest,
		    days->latest, 0};

		if (is_ne(v->overall))
			continue;
		if (pending && v->confirmed != NO &&
		    w.anchor - anchor < days->earliest)
			continue; /* too early to drop it */
		if (v->confirmed == NO && !pending) {
			anchor = w.anchor;
			open = add_wait(c, r, &w, x);
		}
		pending = v->confirmed == NO;
	}
	return open;
}

/* One scan answers every criterion; iRECIST's window asks for it when iRECIST
 * is assessed, else the others' own. */
static bool
add_confirmations(const struct assess_case *c, struct assessment *x)
{
	const struct criterion_result *r = assessment_criterion(x, "irecist");
	bool open = false;

	if (r != NULL)
		return add_irecist_waits(c, r, x);
	for (size_t i = 0; i < sizeof(pd_windows) / sizeof(*pd_windows); i++) {
		r = assessment_criterion(x, pd_windows[i].id);
		if (r != NULL && add_other_waits(c, r, pd_windows[i].rule, x))
			open = true;
	}
	return open;
}

/* The criterion whose NE tells of missing data. */
static const struct criterion_result *
leading(const struct assessment *x)
{
	const struct criterion_result *r = assessment_criterion(x, "recist11");

	if (r == NULL)
		r = assessment_criterion(x, "irecist");
	return r == NULL && x->criteria.n > 0 ? &x->criteria.items[0] : r;
}

/* A CR or PR of the last evaluable visit that no later visit confirms. */
static void
add_response_confirmation(const struct assess_case *c,
    const struct criterion_result *r, struct assessment *x)
{
	const struct assess_options *o = c->options;
	const struct visit *last = NULL;
	struct recommendation *ret;

	if (!o->confirm_response || strcmp(r->id, "recist11") != 0 ||
	    r->best.confirmed == r->best.unconfirmed)
		return;
	for (size_t i = 1; i < c->n_visits; i++) {
		if (!is_ne(r->at[c->visits[i].index].overall))
			last = &c->visits[i];
	}
	if (last == NULL || r->at[last->index].overall != r->best.unconfirmed ||
	    (r->best.unconfirmed != CAT_CR && r->best.unconfirmed != CAT_PR))
		return;
	/*= advice §9 CR/PR needing confirmation */
	ret = advice_recommend(x, "confirmation_scan", r->id, last->last_day,
	    last->last_day + o->confirm_min_days,
	    last->last_day + o->next_scan_max_days);
	because_add(c->arena, &ret->because, "advice.confirm_response", NULL, 0,
	    "the %s of %s counts when a scan at least %d days later shows "
	    "it again",
	    category_name(r->best.unconfirmed),
	    wording_day(c->arena, last->last_day), o->confirm_min_days);
}

/* The newest visit could not be evaluated. */
static void
add_review(const struct assess_case *c, const struct criterion_result *r,
    struct assessment *x)
{
	const struct visit *v = &c->visits[c->n_visits - 1];
	const struct verdict *d = &r->at[v->index];
	struct recommendation *ret;

	if (c->n_visits < 2 || !is_ne(d->overall))
		return;
	/*= advice §9 NE visit */
	ret = advice_recommend(x, "review_data", r->id, v->day,
	    v->day + window_rule_find("not_evaluable")->earliest,
	    v->day + c->options->next_scan_min_days);
	because_add(c->arena, &ret->because, "advice.not_evaluable", NULL, 0,
	    "the assessment of %s is NE: complete the data or repeat the "
	    "missing part",
	    wording_day(c->arena, v->day));
	for (size_t i = 0; i < d->because.n; i++) {
		if (strstr(d->because.items[i].rule, ".ne") != NULL)
			*ARENA_PUSH(c->arena, &ret->because) =
			    d->because.items[i];
	}
}

static void
add_routine(const struct assess_case *c, const struct criterion_result *r,
    struct assessment *x)
{
	const struct assess_options *o = c->options;
	const struct visit *last = &c->visits[0];
	struct recommendation *ret;

	for (size_t i = 1; i < c->n_visits; i++) {
		if (!is_ne(r->at[c->visits[i].index].overall))
			last = &c->visits[i];
	}
	/*= advice §9 routine */
	ret = advice_recommend(x, "next_assessment", NULL, last->day,
	    last->day + o->next_scan_min_days,
	    last->day + o->next_scan_max_days);
	because_add(c->arena, &ret->because, "advice.routine", NULL, 0,
	    "last evaluable scan on %s; the next is due %d to %d days later",
	    wording_day(c->arena, last->day), o->next_scan_min_days,
	    o->next_scan_max_days);
}

/* Nothing can be assessed at all before there is a baseline. */
static void
add_baseline_review(const struct assess_case *c, struct assessment *x)
{
	struct recommendation *ret;

	if (c->timeline->timepoints.n == 0)
		return;
	ret = advice_recommend(x, "review_data", NULL,
	    c->timeline->timepoints.items[0].day, DAY_NONE, DAY_NONE);
	ret->state = DUE_NOW;
	if (c->timeline->too_large) {
		because_add(c->arena, &ret->because, "advice.too_large", NULL,
		    0,
		    "not assessed for its size: look whether it is one "
		    "patient's data");
		return;
	}
	because_add(c->arena, &ret->because, "advice.baseline_missing", NULL, 0,
	    "no usable baseline: name one, or complete its measurements");
}

/* What was known on that day: later scans had not been made. */
static struct assess_case
case_as_of(const struct assess_case *c, int32_t as_of)
{
	struct assess_case seen = *c;

	while (as_of != DAY_NONE && seen.n_visits > 1 &&
	       seen.visits[seen.n_visits - 1].day > as_of)
		seen.n_visits--;
	return seen;
}

void
advice_add(const struct assess_case *c, struct assessment *x)
{
	const struct criterion_result *r = leading(x);
	const struct assess_case seen = case_as_of(c, x->as_of);

	if (r == NULL)
		return;
	if (c->n_visits == 0) {
		add_baseline_review(c, x);
		return;
	}
	if (!add_confirmations(&seen, x))
		add_routine(&seen, r, x);
	add_response_confirmation(&seen, r, x);
	add_review(&seen, r, x);
	advice_add_equivocal(&seen, x);
	advice_add_hyperprogression(&seen, x);
	advice_add_metabolic(&seen, x);
}
