/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Lugano and LYRIC look at, from the timeline.
 */
#include "gateway/lymphoma.h"

#include <string.h>

#include "gateway/rules.h"
#include "gateway/thresholds.h"

int
lymphoma_deauville(const struct timeline *t, size_t tp, const char **ret_source)
{
	const struct visit_statements *said = &t->timepoints.items[tp].said;

	if (said->deauville == NULL)
		return DEAUVILLE_NONE;
	*ret_source = said->deauville_source;
	return strcmp(said->deauville, "X") == 0 ? DEAUVILLE_X
						 : said->deauville[0] - '0';
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

/* The score before treatment: of the baseline, else of an earlier PET. */
static int
score_before(const struct pet_scan *s)
{
	const struct timeline *t = s->c->timeline;
	const char *source;
	int before = lymphoma_deauville(t, (size_t)t->baseline, &source);

	if (before < 1 && s->base_tp >= 0)
		before = lymphoma_deauville(t, (size_t)s->base_tp, &source);
	return before;
}

/* By score; within one score, or without one at baseline, as a lesion's
 * uptake [derived, §8.4]. */
/*= dissociation §8.4 */
enum uptake_change
lymphoma_uptake(const struct pet_scan *s)
{
	const struct timeline *t = s->c->timeline;
	int before = score_before(s);
	int64_t a = hottest_at(t, s->base_tp >= 0 ? s->base_tp : t->baseline);
	int64_t b = hottest_at(t, s->tp);

	if (before >= 1 && before != s->deauville)
		return s->deauville < before ? UPTAKE_LOWER : UPTAKE_HIGHER;
	if (a < 0 || b < 0)
		return before >= 1 ? UPTAKE_SAME : UPTAKE_UNKNOWN;
	if (b - a >= UPTAKE_MILLI && pet_rises(a, b, UPTAKE_PCT, false))
		return UPTAKE_HIGHER;
	return a - b >= UPTAKE_MILLI && pet_falls(a, b, UPTAKE_PCT, false)
		   ? UPTAKE_LOWER
		   : UPTAKE_SAME;
}

const char *
lymphoma_scores(const struct pet_scan *s)
{
	int before = score_before(s);

	if (s->deauville == DEAUVILLE_X)
		return "Deauville score X: new uptake that is hardly lymphoma "
		       "is no score of the disease";
	if (before < 1)
		return arena_printf(s->c->arena,
		    "Deauville score %d; none at baseline: uptake is compared "
		    "by SUVmax where both scans give it",
		    s->deauville);
	return arena_printf(s->c->arena, "Deauville score %d, %d at baseline",
	    s->deauville, before);
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

/* Sum of products of up to six targets; BURDEN_NONE if one is missing. */
/*= lugano §8.5 CT */
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

/*= lugano §8.5 CT CR: nodes of at most 15 mm, everything else gone */
static bool
is_normal(const struct lesion *l, int tp)
{
	const struct reading *r = l->at[tp];

	if (r == NULL)
		return false;
	if (l->nodal && r->longest_tmm != TMM_NONE &&
	    r->state != READING_NOT_EVALUABLE)
		return r->longest_tmm <= LUGANO_NODE_TMM;
	return r->state == READING_ABSENT;
}

static bool
all_normal_at(const struct assess_case *c, int tp)
{
	size_t n = 0;

	for (size_t i = 0; i < c->timeline->lesions.n; i++) {
		const struct lesion *l = &c->timeline->lesions.items[i];

		if (l->role != ROLE_TARGET && l->role != ROLE_NON_TARGET)
			continue;
		n++;
		if (!is_normal(l, tp))
			return false;
	}
	return n > 0;
}

struct lymphoma_ct
lymphoma_load_ct(const struct pet_scan *s)
{
	const struct timeline *t = s->c->timeline;
	int base = t->baseline;
	struct lymphoma_ct ct = {.spd = BURDEN_NONE,
	    .spd_base = BURDEN_NONE,
	    .spd_nadir = BURDEN_NONE};

	ct.new_lesion = new_lesion_at(t, s->tp, base);
	for (size_t i = 0; i < t->lesions.n; i++)
		ct.lesion_grew |=
		    lesion_grew(&t->lesions.items[i], base, s->tp);
	if (s->c->n_visits == 0)
		return ct;
	ct.spd = spd_at(s->c, s->tp);
	ct.spd_base = spd_at(s->c, base);
	ct.all_normal = all_normal_at(s->c, s->tp);
	for (int i = base; i < s->tp; i++)
		ct.spd_nadir = rules_min(ct.spd_nadir, spd_at(s->c, i));
	return ct;
}
