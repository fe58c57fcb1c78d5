/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/area.h"

#include <string.h>

#include "gateway/readings.h"
#include "gateway/thresholds.h"

#define AREA_NONE INT64_MIN

static int64_t
product(const struct reading *r)
{
	if (!reading_is_evaluated(r))
		return AREA_NONE;
	if (r->state == READING_ABSENT || r->merged_into >= 0)
		return 0;
	if (r->state == READING_TOO_SMALL)
		return (int64_t)TOO_SMALL_TMM * TOO_SMALL_TMM;
	if (r->longest_tmm == 0 || r->short_tmm == 0)
		return 0;
	if (r->longest_tmm == TMM_NONE || r->short_tmm == TMM_NONE)
		return AREA_NONE;
	return (int64_t)r->longest_tmm * r->short_tmm;
}

/*= irrc §2: measurable from 5 x 5 mm, inclusive (C21) */
static bool
measurable_both_ways(const struct assess_case *c, const struct reading *r)
{
	int32_t least = IRRC_SIDE_TMM;

	if (!c->options->contested.irrc_side_inclusive)
		least++;
	return reading_is_evaluated(r) && r->state != READING_ABSENT &&
	       r->merged_into < 0 && r->longest_tmm >= least &&
	       r->short_tmm >= least;
}

static const struct lesion *
lesion_at(const struct assess_case *c, int i)
{
	return &c->timeline->lesions.items[i];
}

/*= irrc §2: 5 per organ, 10 visceral and 5 cutaneous */
/* Room for one more beside those already in the list? */
static bool
has_room(const struct assess_case *c, const int *chosen, size_t n, int next)
{
	const char *organ = lesion_organ(lesion_at(c, next));
	bool skin = strcmp(organ, "skin") == 0;
	int n_organ = 0, n_kind = 0;

	for (size_t i = 0; i < n; i++) {
		const char *o = lesion_organ(lesion_at(c, chosen[i]));

		n_organ += strcmp(o, organ) == 0;
		n_kind += (strcmp(o, "skin") == 0) == skin;
	}
	return n_organ < IRRC_PER_ORGAN &&
	       n_kind < (skin ? IRRC_CUTANEOUS : IRRC_VISCERAL);
}

static bool
contains(const int *list, size_t n, int i)
{
	for (size_t k = 0; k < n; k++) {
		if (list[k] == i)
			return true;
	}
	return false;
}

static const struct reading *
reading_at(const struct assess_case *c, int lesion, const struct visit *v)
{
	return lesion_at(c, lesion)->at[v->index];
}

/* The largest not yet chosen that has room; -1 when none is left. */
static int
largest_left(const struct assess_case *c, const int *chosen, size_t n)
{
	int64_t best_product = 0;
	int best = -1;

	for (int i = 0; i < (int)c->timeline->lesions.n; i++) {
		const struct lesion *l = lesion_at(c, i);
		const struct reading *r = reading_at(c, i, &c->visits[0]);

		if (l->stated != STATED_NONE ||
		    (l->role != ROLE_TARGET && l->role != ROLE_NON_TARGET) ||
		    !measurable_both_ways(c, r) || contains(chosen, n, i) ||
		    !has_room(c, chosen, n, i) || product(r) <= best_product)
			continue;
		best = i;
		best_product = product(r);
	}
	return best;
}

struct area_index
area_choose(const struct assess_case *c)
{
	int *list =
	    arena_alloc(c->arena, c->timeline->lesions.n * sizeof(*list));
	struct area_index x = {.lesions = list};
	int next;

	for (int i = 0; i < (int)c->timeline->lesions.n; i++) {
		if (lesion_at(c, i)->stated != STATED_TARGET ||
		    lesion_at(c, i)->role != ROLE_TARGET)
			continue;
		x.stated = true;
		x.missing_perpendicular =
		    x.missing_perpendicular ||
		    product(reading_at(c, i, &c->visits[0])) == AREA_NONE;
		list[x.n++] = i;
	}
	if (x.stated)
		return x;
	while ((next = largest_left(c, list, x.n)) >= 0)
		list[x.n++] = next;
	return x;
}

static void
add_index(const struct assess_case *c, const struct area_index *x,
    const struct visit *v, struct burden *b)
{
	b->targets_gone = x->n > 0;
	for (size_t i = 0; i < x->n; i++) {
		const struct reading *r = reading_at(c, x->lesions[i], v);
		int64_t p = product(r);

		if (p == AREA_NONE) {
			b->complete = b->targets_gone = false;
			*ARENA_PUSH(c->arena, &b->missing) =
			    lesion_at(c, x->lesions[i])->key;
			continue;
		}
		b->value += p;
		b->targets_gone = b->targets_gone && p == 0;
		if (reading_source(r) != NULL)
			b->sources[b->n_sources++] = reading_source(r);
	}
}

/* Was a new lesion ever measurable up to this visit? */
static bool
became_measurable(
    const struct assess_case *c, int lesion, const struct visit *v)
{
	for (size_t k = 1; k < c->n_visits; k++) {
		if (c->visits[k].index > v->index)
			return false;
		if (measurable_both_ways(
			c, reading_at(c, lesion, &c->visits[k])))
			return true;
	}
	return false;
}

static void
add_new(const struct assess_case *c, const struct visit *v, int *list,
    size_t *n, const struct new_lesion_fact *f, struct burden *b)
{
	int64_t p;

	if (!f->definite)
		return;
	b->news_gone = b->news_gone && f->resolved;
	if (f->lesion < 0 || !became_measurable(c, f->lesion, v) ||
	    !has_room(c, list, *n, f->lesion))
		return;
	list[(*n)++] = f->lesion;
	if (f->resolved && !f->evaluated)
		return; /* gone when last read */
	p = product(reading_at(c, f->lesion, v));
	if (p == AREA_NONE) {
		b->complete = false;
		*ARENA_PUSH(c->arena, &b->missing) =
		    lesion_at(c, f->lesion)->key;
	} else {
		b->value += p;
	}
	if (f->source != NULL)
		b->sources[b->n_sources++] = f->source;
}

struct burden
area_burden(const struct assess_case *c, const struct area_index *x,
    const struct visit *v)
{
	struct burden b = {
	    .complete = v->imaged && x->n > 0, .news_gone = true};
	int *list = arena_alloc(c->arena, (v->n_news + 1) * sizeof(*list));
	size_t n = 0;

	b.sources =
	    arena_alloc(c->arena, (x->n + v->n_news + 1) * sizeof(*b.sources));
	add_index(c, x, v, &b);
	for (size_t i = 0; i < v->n_news; i++)
		add_new(c, v, list, &n, &v->news[i], &b);
	return b;
}

static bool
is_outside(const struct assess_case *c, const struct area_index *x, int i)
{
	const struct lesion *l = lesion_at(c, i);

	return (l->role == ROLE_TARGET || l->role == ROLE_NON_TARGET) &&
	       !contains(x->lesions, x->n, i);
}

enum nt_status
area_non_index(const struct assess_case *c, const struct area_index *x,
    const struct visit *v)
{
	enum nt_status status = NT_NA;

	if (x->stated ||
	    c->timeline->timepoints.items[v->index].said.non_target != NULL)
		return v->non_target;
	for (int i = 0; i < (int)c->timeline->lesions.n; i++) {
		const struct reading *r = reading_at(c, i, v);

		if (!is_outside(c, x, i))
			continue;
		if (!reading_is_evaluated(r))
			return NT_NE;
		if (!reading_is_gone(lesion_at(c, i), r))
			status = NT_NON;
		else if (status == NT_NA)
			status = NT_CR;
	}
	return status;
}
