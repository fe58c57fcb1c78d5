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
		    (r != NULL && r->equivocal) ||
		    !measurable_both_ways(c, r) || contains(chosen, n, i) ||
		    !has_room(c, chosen, n, i) || product(r) <= best_product)
			continue;
		best = i;
		best_product = product(r);
	}
	return best;
}

/* Read with one diameter that would do, the other not given. */
static bool
is_flat(const struct assess_case *c, const struct reading *r)
{
	struct reading square;

	if (!reading_is_evaluated(r) || product(r) != AREA_NONE)
		return false;
	square = *r;
	if (r->longest_tmm == TMM_NONE)
		square.longest_tmm = r->short_tmm;
	else
		square.short_tmm = r->longest_tmm;
	return measurable_both_ways(c, &square);
}

/* Of each lesion: the first visit after the baseline where it is measurable,
 * as far as can be told; SIZE_MAX for never. */
static const size_t *
find_measurable(const struct assess_case *c)
{
	size_t n = c->timeline->lesions.n;
	size_t *from = arena_alloc(c->arena, n * sizeof(*from));

	for (size_t i = 0; i < n; i++) {
		from[i] = SIZE_MAX;
		for (size_t k = c->n_visits; k-- > 1;) {
			const struct reading *r =
			    reading_at(c, (int)i, &c->visits[k]);

			if (measurable_both_ways(c, r) || is_flat(c, r))
				from[i] = k;
		}
	}
	return from;
}

/* The largest new lesion of visit k that is to count from there and has room,
 * -1 when none is left. */
static int
next_new(const struct assess_case *c, const size_t *measurable_from, size_t k,
    const int *chosen, size_t n)
{
	const struct visit *v = &c->visits[k];
	int64_t best_product = INT64_MIN;
	int best = -1;

	for (size_t i = 0; i < v->n_news; i++) {
		int lesion = v->news[i].lesion;
		int64_t p;

		if (lesion < 0 || !v->news[i].definite ||
		    measurable_from[lesion] > k ||
		    contains(chosen, n, lesion) ||
		    !has_room(c, chosen, n, lesion))
			continue;
		p = product(reading_at(c, lesion, v));
		if (best < 0 || p > best_product) {
			best = lesion;
			best_product = p;
		}
	}
	return best;
}

/*= irrc §2 from first appearance on */
static void
choose_news(const struct assess_case *c, struct area_index *x)
{
	size_t n = c->timeline->lesions.n;
	struct area_new *list = arena_alloc(c->arena, n * sizeof(*list));
	int *chosen = arena_alloc(c->arena, n * sizeof(*chosen));
	const size_t *from = find_measurable(c);
	int next;

	for (size_t k = 1; k < c->n_visits; k++) {
		while ((next = next_new(c, from, k, chosen, x->n_news)) >= 0) {
			list[x->n_news].lesion = next;
			list[x->n_news].from = k;
			chosen[x->n_news++] = next;
		}
	}
	x->news = list;
}

struct area_index
area_choose(const struct assess_case *c)
{
	int *list =
	    arena_alloc(c->arena, c->timeline->lesions.n * sizeof(*list));
	struct area_index x = {.lesions = list};
	int next;

	choose_news(c, &x);
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
add_missing(const struct assess_case *c, int lesion, const struct visit *v,
    struct burden *b)
{
	const char *key = lesion_at(c, lesion)->key;

	b->complete = false;
	*ARENA_PUSH(c->arena, &b->missing) = key;
	if (is_flat(c, reading_at(c, lesion, v)))
		*ARENA_PUSH(c->arena, &b->flat) = key;
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
			b->targets_gone = false;
			add_missing(c, x->lesions[i], v, b);
			continue;
		}
		b->value += p;
		b->targets_gone = b->targets_gone && p == 0;
		if (reading_source(r) != NULL)
			b->sources[b->n_sources++] = reading_source(r);
	}
}

/* Does it count at this visit? */
static bool
is_counted(const struct assess_case *c, const struct area_index *x, int lesion,
    const struct visit *v)
{
	for (size_t i = 0; i < x->n_news; i++) {
		if (x->news[i].lesion == lesion)
			return c->visits[x->news[i].from].index <= v->index;
	}
	return false;
}

static void
add_new(const struct assess_case *c, const struct area_index *x,
    const struct visit *v, const struct new_lesion_fact *f, struct burden *b)
{
	int64_t p;

	if (!f->definite)
		return;
	b->news_gone = b->news_gone && f->resolved;
	if (f->lesion < 0 || !is_counted(c, x, f->lesion, v))
		return;
	if (f->resolved && !f->evaluated)
		return; /* gone when last read */
	p = product(reading_at(c, f->lesion, v));
	if (p == AREA_NONE)
		add_missing(c, f->lesion, v, b);
	else
		b->value += p;
	if (f->source != NULL)
		b->sources[b->n_sources++] = f->source;
}

struct burden
area_burden(const struct assess_case *c, const struct area_index *x,
    const struct visit *v)
{
	struct burden b = {
	    .complete = v->imaged && x->n > 0, .news_gone = true};

	b.sources =
	    arena_alloc(c->arena, (x->n + v->n_news + 1) * sizeof(*b.sources));
	add_index(c, x, v, &b);
	for (size_t i = 0; i < v->n_news; i++)
		add_new(c, x, v, &v->news[i], &b);
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
