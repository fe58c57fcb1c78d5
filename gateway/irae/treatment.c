/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line T: a treatment that a clinician began speaks for the module it treats.
 */
#include "gateway/irae/internal.h"

/* A short course beside chemotherapy.
 *= irae §4.1 T, excluded: premedication */
static bool
is_premedication(const struct irae_run *r, const struct irae_drug *d)
{
	if (d->end_day == DAY_NONE || d->end_day - d->day > r->o->premed_days)
		return false;
	for (size_t i = 0; i < r->in->drugs.n; i++) {
		const struct irae_drug *c = &r->in->drugs.items[i];
		int32_t gap =
		    c->day > d->day ? c->day - d->day : d->day - c->day;

		if (c->role == IRAE_CHEMO && gap <= r->o->premed_chemo_days)
			return true;
	}
	return false;
}

/* High dose from this day on, and not the day before. */
static bool
is_steroid_start(const struct irae_run *r, const struct irae_drug *d)
{
	return d->role == IRAE_STEROID &&
	       irae_is_high_dose(r, irae_steroid_ug(r, d->day)) &&
	       !irae_is_high_dose(r, irae_steroid_ug(r, d->day - 1)) &&
	       !is_premedication(r, d);
}

static bool
treats(enum irae_module m, enum irae_drug_role role)
{
	for (size_t i = 0; i < irae_n_treatments; i++) {
		if (irae_treatments[i].module == m &&
		    irae_treatments[i].role == role &&
		    irae_treatments[i].effect == LINE)
			return true;
	}
	return false;
}

struct irae_view
irae_view_of(const struct irae_run *r, enum irae_module m, int32_t day)
{
	const struct irae_tracker *t = &r->trackers[m];
	struct irae_view v = {.run = r,
	    .module = m,
	    .day = day,
	    .since = (t->open ? t->onset : day) - r->o->lookback_days,
	    .open = t->open,
	    .onset = t->open ? t->onset : day};

	if (v.since <= r->start)
		v.since = r->start + 1;
	if (t->evidence_from != DAY_NONE && v.since < t->evidence_from)
		v.since = t->evidence_from;
	return v;
}

/* How a module stands as a candidate for a treatment begun on `begun`:
 * its grade, or -1 when it is none. */
static int
candidate_grade(
    const struct irae_run *r, enum irae_module m, int32_t day, int32_t begun)
{
	const struct irae_tracker *t = &r->trackers[m];
	struct irae_view v = irae_view_of(r, m, day);
	struct irae_evidence e;
	int32_t first;

	irae_evidence_read(&v, &e);
	first = t->open ? t->first_line : e.first_day;
	if (first == DAY_NONE || e.explained ||
	    begun < first - r->o->treat_before_days ||
	    begun > first + r->o->treat_after_days)
		return -1;
	return e.coded > e.data ? e.coded : e.data;
}

static void
give(struct irae_run *r, enum irae_module m, int32_t begun)
{
	r->trackers[m].treated = true;
	r->trackers[m].treated_day = begun;
}

/* To the module or modules with the highest grade that day.
 *= irae §4.1 T, one start is credited once (D35) */
static bool
credit_steroid(struct irae_run *r, int32_t day, int32_t begun)
{
	int grades[IRAE__MAX], best = -1;

	for (int m = 0; m < IRAE__MAX; m++) {
		grades[m] = candidate_grade(r, (enum irae_module)m, day, begun);
		if (grades[m] > best)
			best = grades[m];
	}
	for (int m = 0; m < IRAE__MAX && best >= 0; m++) {
		if (grades[m] == best)
			give(r, (enum irae_module)m, begun);
	}
	return best >= 0;
}

static bool
credit_specific(struct irae_run *r, int32_t day, const struct irae_drug *d)
{
	bool given = false;

	for (int m = 0; m < IRAE__MAX; m++) {
		if (!treats((enum irae_module)m, d->role) ||
		    candidate_grade(r, (enum irae_module)m, day, d->day) < 0)
			continue;
		give(r, (enum irae_module)m, d->day);
		given = true;
	}
	return given;
}

void
irae_treatment_credit(struct irae_run *r, int32_t day)
{
	for (size_t i = 0; i < r->in->drugs.n; i++) {
		const struct irae_drug *d = &r->in->drugs.items[i];

		if (d->day > day)
			break;
		if (r->credited[i] || day - d->day > r->o->treat_before_days)
			continue;
		if (is_steroid_start(r, d))
			r->credited[i] = credit_steroid(r, day, d->day);
		else
			r->credited[i] = credit_specific(r, day, d);
	}
}
