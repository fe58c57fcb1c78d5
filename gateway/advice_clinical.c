/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the patient's state adds to the advice at a progression that waits for
 * another scan, in every criterion that waits
 * (spec/criteria.md §4.9): it never changes the category.
 */
#include <string.h>

#include "gateway/advice.h"
#include "gateway/windows.h"
#include "gateway/wording.h"

/* The last score at or before a day, -1. */
static int
score_by(const struct timeline *t, int32_t day)
{
	int score = -1;

	for (size_t i = 0; i < t->ecog.n && t->ecog.items[i].day <= day; i++)
		score = t->ecog.items[i].score;
	return score;
}

/* The visit of a day; NULL for a PET without measurements. */
static const struct visit *
visit_on(const struct assess_case *c, int32_t day)
{
	for (size_t i = 1; i < c->n_visits; i++) {
		if (c->visits[i].day <= day && day <= c->visits[i].last_day)
			return &c->visits[i];
	}
	return NULL;
}

/* On the day of a progression, or since: scores noted after it are worse, or
 * no worse, than the last before. */
static enum clinical
state_since(const struct assess_case *c, int32_t day, int32_t as_of,
    const struct ecog_row **ret_row)
{
	const struct timeline *t = c->timeline;
	const struct visit *v = visit_on(c, day);
	int32_t last = v != NULL ? v->last_day : day;
	enum clinical state = v != NULL ? v->clinical : CLINICAL_UNKNOWN;
	int before = score_by(t, last);

	*ret_row = NULL;
	for (size_t i = 0; i < t->ecog.n && before >= 0; i++) {
		const struct ecog_row *e = &t->ecog.items[i];

		if (e->day <= last || e->day > as_of ||
		    state == CLINICAL_UNSTABLE)
			continue;
		state = CLINICAL_STABLE;
		if (e->score > before) {
			*ret_row = e;
			state = CLINICAL_UNSTABLE;
		}
	}
	return state;
}

/* One review of one day, whichever criteria wait. */
static bool
is_asked(const struct assessment *x, int32_t from)
{
	for (size_t i = 0; i < x->recommendations.n; i++) {
		const struct recommendation *r = &x->recommendations.items[i];

		for (size_t k = 0; k < r->because.n && r->from == from &&
				   strcmp(r->kind, "review_data") == 0;
		     k++) {
			if (strcmp(r->because.items[k].rule,
				"advice.clinical_unstable") == 0)
				return true;
		}
	}
	return false;
}

/*= advice §9 iUPD + new symptoms: now */
static void
add_review(const struct assess_case *c, struct assessment *x,
    const char *criterion, int32_t anchor, const struct ecog_row *row)
{
	struct window w;
	int32_t day = row != NULL ? row->day : anchor;
	struct recommendation *r;

	if (!window_for("irecist_symptom", day, &w) || is_asked(x, w.from))
		return;
	r = advice_recommend(
	    x, "review_data", criterion, anchor, w.from, DAY_NONE);
	because_add(c->arena, &r->because, "advice.clinical_unstable",
	    row != NULL ? &row->source : NULL, row != NULL,
	    "%s with the progression of %s: prompt clinical review, scan now",
	    row != NULL ? "ECOG is worse" : "the patient declines",
	    wording_day(c->arena, anchor));
	if (strcmp(criterion, "irecist") == 0)
		because_add(c->arena, &r->because, "window.irecist_symptom",
		    NULL, 0,
		    "a scan less than %d days after it confirms only by a "
		    "further new lesion",
		    c->options->confirm_min_days);
}

void
advice_add_clinical(
    const struct assess_case *c, struct assessment *x, size_t wait)
{
	struct recommendation *r = &x->recommendations.items[wait];
	const struct ecog_row *row = NULL;

	switch (state_since(c, r->anchor, x->as_of, &row)) {
	case CLINICAL_STABLE:
		because_add(c->arena, &r->because, "advice.clinical_stable",
		    NULL, 0,
		    "ECOG is no worse: a stable patient may go on until the "
		    "scan decides");
		break;
	case CLINICAL_UNKNOWN:
		because_add(c->arena, &r->because, "advice.clinical_unknown",
		    NULL, 0,
		    "clinical state unknown, no ECOG before and at or after "
		    "the progression: waiting is advised for stable patients "
		    "only");
		break;
	case CLINICAL_UNSTABLE:
		because_add(c->arena, &r->because, "advice.clinical_decline",
		    row != NULL ? &row->source : NULL, row != NULL,
		    "the patient declines: not to wait for this scan without "
		    "a clinical review");
		add_review(c, x, r->criterion, r->anchor, row);
		break;
	}
}

/*= advice §9 equivocal new lesion or borderline node */
void
advice_add_equivocal(const struct assess_case *c, struct assessment *x)
{
	const struct visit *v = &c->visits[c->n_visits - 1];
	struct recommendation *r = NULL;
	struct window w;

	if (c->n_visits < 2 || !window_for("equivocal", v->day, &w))
		return;
	for (size_t i = 0; i < v->n_news; i++) {
		const struct new_lesion_fact *f = &v->news[i];

		if (f->definite || f->resolved || !f->evaluated ||
		    f->lesion < 0)
			continue;
		if (r == NULL)
			r = advice_recommend(x, "confirmation_scan", "recist11",
			    v->day, w.from,
			    v->day + c->options->next_scan_max_days);
		because_add(c->arena, &r->because, "advice.equivocal",
		    &f->source, 1,
		    "lesion %s of %s is doubtful: read it again at the next "
		    "scan",
		    c->timeline->lesions.items[f->lesion].key,
		    wording_day(c->arena, v->day));
	}
	if (r != NULL)
		because_add(c->arena, &r->because, "window.equivocal", NULL, 0,
		    "at least %d days after, the next routine scan will do",
		    w.rule->earliest);
}
