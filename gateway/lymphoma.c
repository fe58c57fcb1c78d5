/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lymphoma.h"

#include <string.h>

#include "gateway/wording.h"

#define DEAUVILLE_CONCEPT "deauville_score"
/*= lugano §8.5 Deauville 1–3 */
#define DEAUVILLE_CMR 3
/*= lugano §8.5 CT PD */
#define LUGANO_LONG_TMM         150
#define LUGANO_SMALL_TMM        200
#define LUGANO_GROWTH_SMALL_TMM 50
#define LUGANO_GROWTH_LARGE_TMM 100
/*= lugano §8.5 CT, SPD of up to 6 */
#define LUGANO_TARGETS 6
/*= lyric §8.5 IR1 */
#define LYRIC_EARLY_DAYS 84

static struct pet_verdict
said(const char *overall, const char *rule)
{
	struct pet_verdict v = {overall, rule, NULL, NULL};

	return v;
}

struct pet_verdict
lugano_judge_pet(int deauville, enum uptake_change change, bool new_foci)
{
	if (deauville < 1 || deauville > 5) {
		struct pet_verdict v = {
		    "NE", "lugano.ne", "DEAUVILLE_INVALID", NULL};

		return v;
	}
	if (deauville <= DEAUVILLE_CMR && !new_foci)
		return said("CMR", "lugano.cmr");
	if (new_foci)
		return said("PMD", "lugano.pmd.new_foci");
	switch (change) {
	case UPTAKE_LOWER:
		return said("PMR", "lugano.pmr");
	case UPTAKE_SAME:
		return said("NMR", "lugano.nmr");
	case UPTAKE_HIGHER:
		return said("PMD", "lugano.pmd.uptake");
	default: {
		struct pet_verdict v = {
		    "NE", "lugano.ne", "BASELINE_PET_MISSING", NULL};

		return v;
	}
	}
}

/* Up by half or more (products, sums of products). */
static bool
up_by_half(int64_t now, int64_t nadir)
{
	return now > nadir && 2 * now >= 3 * nadir;
}

bool
lugano_lesion_progresses(const struct lymphoma_lesion *l)
{
	int32_t needed = l->long_tmm <= LUGANO_SMALL_TMM
			     ? LUGANO_GROWTH_SMALL_TMM
			     : LUGANO_GROWTH_LARGE_TMM;

	if (l->long_tmm <= LUGANO_LONG_TMM ||
	    !up_by_half((int64_t)l->long_tmm * l->short_tmm,
		(int64_t)l->nadir_long_tmm * l->nadir_short_tmm))
		return false;
	return l->long_tmm - l->nadir_long_tmm >= needed ||
	       l->short_tmm - l->nadir_short_tmm >= needed;
}

/*= lyric §8.5 IR1, IR2a, IR2b, IR3 */
struct pet_verdict
lyric_step(struct lyric *s, int32_t therapy_start, const struct lyric_visit *v)
{
	bool sums = v->spd != BURDEN_NONE && v->spd_nadir != BURDEN_NONE;
	bool large = sums && up_by_half(v->spd, v->spd_nadir);
	bool early = therapy_start != DAY_NONE &&
		     v->day - therapy_start <= LYRIC_EARLY_DAYS;
	struct pet_verdict r = v->lugano;

	if (s->pending && sums && s->spd != BURDEN_NONE && v->spd > s->spd)
		return said("PD", "lyric.pd.still_growing");
	if (large && therapy_start == DAY_NONE) {
		struct pet_verdict ne = {
		    "NE", "lyric.ne", "THERAPY_START_MISSING", NULL};

		return ne;
	}
	if (large)
		r = early ? said("IR1", "lyric.ir1")
			  : said("PD", "lyric.pd.burden");
	else if (v->new_lesion)
		r = said("IR2a", "lyric.ir2a");
	else if (v->lesion_grew)
		r = said("IR2b", "lyric.ir2b");
	else if (v->uptake_up)
		r = said("IR3", "lyric.ir3");
	s->pending = strncmp(r.overall, "IR", 2) == 0;
	s->spd = s->pending ? v->spd : BURDEN_NONE;
	return r;
}

/* --- from the timeline --- */

/* The Deauville score of a timepoint, DEAUVILLE_NONE without one. */
static int
deauville_at(const struct timeline *t, size_t tp, const char **source)
{
	const struct timepoint *p = &t->timepoints.items[tp];

	for (size_t i = 0; t->facts != NULL && i < t->facts->findings.n; i++) {
		const struct finding_fact *f = &t->facts->findings.items[i];

		if (strcmp(f->concept, DEAUVILLE_CONCEPT) != 0 ||
		    !f->has_value || f->scale != 0 || f->day < p->day ||
		    f->day > p->last_day)
			continue;
		*source = f->source.reference;
		return f->value >= 1 && f->value <= 5 ? (int)f->value : -1;
	}
	return DEAUVILLE_NONE;
}

static bool
is_new(const struct lesion *l, const struct reading *r, int base)
{
	return l->first > base && l->role != ROLE_BENIGN && r != NULL &&
	       !r->equivocal && r->state != READING_ABSENT &&
	       r->state != READING_NOT_EVALUABLE;
}

/* A new lesion at a timepoint; base is the baseline's. */
static bool
new_lesion_at(const struct timeline *t, int tp, int base)
{
	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];

		if (is_new(l, l->at[tp], base))
			return true;
	}
	return false;
}

/* SUVmax of the hottest lesion; -1 when none is given. */
static int32_t
hottest_at(const struct timeline *t, int tp)
{
	int32_t v = -1;

	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct reading *r = t->lesions.items[i].at[tp];

		if (r != NULL && r->suv[SUV_MAX] > v)
			v = r->suv[SUV_MAX];
	}
	return v;
}

/* By score; within one score by 30 % and 0.8 of SUVmax [derived, §8.4]. */
static enum uptake_change
change_since(
    const struct timeline *t, int base, int score_base, int now, int score_now)
{
	int64_t a = hottest_at(t, base), b = hottest_at(t, now);

	if (score_base == DEAUVILLE_NONE)
		return UPTAKE_UNKNOWN;
	if (score_base != score_now)
		return score_now < score_base ? UPTAKE_LOWER : UPTAKE_HIGHER;
	if (a < 0 || b < 0)
		return UPTAKE_SAME;
	if (b - a >= 800 && 10 * b >= 13 * a)
		return UPTAKE_HIGHER;
	return a - b >= 800 && 10 * b <= 7 * a ? UPTAKE_LOWER : UPTAKE_SAME;
}

/* Product of the two diameters at a timepoint; BURDEN_NONE when unknown. */
static int64_t
product_at(const struct lesion *l, int tp)
{
	const struct reading *r = l->at[tp];

	if (r == NULL)
		return BURDEN_NONE;
	if (r->state == READING_ABSENT)
		return 0;
	if (r->longest_tmm == TMM_NONE || r->short_tmm == TMM_NONE)
		return BURDEN_NONE;
	return (int64_t)r->longest_tmm * r->short_tmm;
}

/* Sum of products of the first six targets; BURDEN_NONE if one is missing. */
static int64_t
spd_at(const struct assess_case *c, int tp)
{
	const struct visit *base = &c->visits[0];
	int64_t sum = 0;

	if (base->n_targets == 0)
		return BURDEN_NONE;
	for (size_t i = 0; i < base->n_targets && i < LUGANO_TARGETS; i++) {
		int64_t v = product_at(
		    &c->timeline->lesions.items[base->targets[i].lesion], tp);

		if (v == BURDEN_NONE)
			return BURDEN_NONE;
		sum += v;
	}
	return sum;
}

static bool
lesion_grew(const struct lesion *l, int base, int now)
{
	struct lymphoma_lesion f;
	int64_t nadir = BURDEN_NONE;

	if (product_at(l, now) <= 0) /* BURDEN_NONE is below, too */
		return false;
	f.long_tmm = l->at[now]->longest_tmm;
	f.short_tmm = l->at[now]->short_tmm;
	for (int i = base; i < now; i++) {
		int64_t v = product_at(l, i);

		if (v <= 0 || (nadir != BURDEN_NONE && v >= nadir))
			continue;
		nadir = v;
		f.nadir_long_tmm = l->at[i]->longest_tmm;
		f.nadir_short_tmm = l->at[i]->short_tmm;
	}
	return nadir != BURDEN_NONE && lugano_lesion_progresses(&f);
}

static struct lyric_visit
lyric_load(const struct assess_case *c, int base, int now)
{
	const struct timeline *t = c->timeline;
	struct lyric_visit v = {.day = t->timepoints.items[now].day,
	    .spd = BURDEN_NONE,
	    .spd_nadir = BURDEN_NONE};

	if (c->n_visits > 0) {
		v.spd = spd_at(c, now);
		for (int i = base; i < now; i++) {
			int64_t s = spd_at(c, i);

			if (s != BURDEN_NONE &&
			    (v.spd_nadir == BURDEN_NONE || s < v.spd_nadir))
				v.spd_nadir = s;
		}
	}
	for (size_t i = 0; i < t->lesions.n; i++)
		v.lesion_grew |= lesion_grew(&t->lesions.items[i], base, now);
	return v;
}

static void
emit(const struct assess_case *c, struct assessment *x, const char *criterion,
    int tp, const struct pet_verdict *v, int score, const char *source)
{
	struct metabolic *m = ARENA_PUSH(c->arena, &x->metabolic);

	m->criterion = criterion;
	m->day = c->timeline->timepoints.items[tp].day;
	m->overall = v->overall;
	if (v->missing != NULL)
		because_add(
		    c->arena, &m->because, v->rule, NULL, 0, "%s", v->missing);
	because_add(c->arena, &m->because, v->rule, &source, 1,
	    "Deauville score %d on %s", score, wording_day(c->arena, m->day));
}

void
lymphoma_run(const struct assess_case *c, struct assessment *x)
{
	const struct timeline *t = c->timeline;
	struct lyric lyric = {false, BURDEN_NONE};
	const char *source = NULL;
	int base = t->baseline, score_base;

	if (base < 0)
		return;
	score_base = deauville_at(t, (size_t)base, &source);
	for (size_t i = (size_t)base + 1; i < t->timepoints.n; i++) {
		int now = (int)i, score = deauville_at(t, i, &source);
		struct lyric_visit v;
		enum uptake_change change;

		if (score == DEAUVILLE_NONE)
			continue;
		change = change_since(t, base, score_base, now, score);
		v = lyric_load(c, base, now);
		v.new_lesion = new_lesion_at(t, now, base);
		v.uptake_up = change == UPTAKE_HIGHER;
		v.lugano = lugano_judge_pet(score, change, v.new_lesion);
		emit(c, x, "lugano", now, &v.lugano, score, source);
		v.lugano = lyric_step(&lyric, t->therapy_start, &v);
		emit(c, x, "lyric", now, &v.lugano, score, source);
	}
}
