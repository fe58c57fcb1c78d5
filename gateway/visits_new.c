/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lesions not there at baseline, from their first appearance on: which are
 * measured, and the facts of each visit (spec/criteria.md §1.7, §4.1).
 */
#include <string.h>

#include "gateway/readings.h"
#include "gateway/rules.h"
#include "gateway/tracks.h"

/* New target lesions: stated, else from the first visit where they are
 * measurable, while there is room. */
/*= irecist §4.1 */
static bool
has_room(
    const struct builder *b, const struct tracks *all, const struct track *t)
{
	int n = 0, n_organ = 0;

	for (size_t i = 0; i < all->list.n; i++) {
		const struct track *o = &all->list.items[i];

		if (o->measured == NEVER)
			continue;
		n++;
		n_organ += strcmp(lesion_organ(track_lesion(b, o)),
			       lesion_organ(track_lesion(b, t))) == 0;
	}
	return n < b->options->max_targets &&
	       n_organ < b->options->max_per_organ;
}

/* The first visit at which it is measurable, NEVER. */
static size_t
first_measurable(const struct builder *b, const struct track *t)
{
	for (size_t k = t->definite; k < b->n; k++) {
		if (reading_is_measurable(track_lesion(b, t),
			builder_reading(b, (size_t)t->lesion, k)))
			return k;
	}
	return NEVER;
}

static int32_t
size_at(const struct builder *b, const struct track *t, size_t k)
{
	return reading_size(
	    track_lesion(b, t), builder_reading(b, (size_t)t->lesion, k));
}

/* The next lesion to be considered: earliest, then largest, then by key. */
static struct track *
next_candidate(const struct builder *b, struct tracks *all, const size_t *from)
{
	size_t best = NEVER;

	for (size_t i = 0; i < all->list.n; i++) {
		const struct track *t = &all->list.items[i];

		if (from[i] == NEVER)
			continue;
		if (best == NEVER || from[i] < from[best] ||
		    (from[i] == from[best] &&
			size_at(b, t, from[i]) >
			    size_at(b, &all->list.items[best], from[i])))
			best = i;
	}
	return best == NEVER ? NULL : &all->list.items[best];
}

/* A stated new target below the measurable size is taken as such, aloud. */
/*= irecist §10 C20 */
static bool
stated_target(const struct builder *b, const struct track *t)
{
	const struct lesion *l = track_lesion(b, t);
	const struct reading *r;

	if (l->role != ROLE_NEW_TARGET)
		return false;
	if (t->definite == NEVER)
		return true;
	r = builder_reading(b, (size_t)t->lesion, t->definite);
	if (reading_size(l, r) == TMM_NONE || reading_is_measurable(l, r))
		return true;
	assess_problem(b->out, reading_source(r), "new_target_not_measurable",
	    "new target lesion %s is below the size of a measurable lesion "
	    "where it first appears: %s",
	    l->key,
	    b->options->contested.small_nlt ? "taken as stated"
					    : "followed as non-target");
	return b->options->contested.small_nlt;
}

static void
choose_new_targets(const struct builder *b, struct tracks *all)
{
	size_t *from = arena_alloc(b->arena, all->list.n * sizeof(*from));
	struct track *t;

	for (size_t i = 0; i < all->list.n; i++) {
		t = &all->list.items[i];
		from[i] = NEVER;
		if (t->lesion == INDICATED)
			continue;
		if (stated_target(b, t))
			t->measured = 0;
		if (t->definite != NEVER &&
		    track_lesion(b, t)->role == ROLE_NEW)
			from[i] = first_measurable(b, t);
	}
	while ((t = next_candidate(b, all, from)) != NULL) {
		if (has_room(b, all, t))
			t->measured = from[t - all->list.items];
		from[t - all->list.items] = NEVER;
	}
}

static enum lesion_change
stated_change(const struct reading *r)
{
	if (r->change != CHANGE_UNKNOWN)
		return r->change;
	if (r->state == READING_INCREASED)
		return CHANGE_INCREASED;
	return r->state == READING_UNEQUIVOCAL ? CHANGE_UNEQUIVOCAL
					       : CHANGE_UNKNOWN;
}

static const struct reading *
last_read(const struct builder *b, const struct track *t, size_t k)
{
	while (k-- > t->first) {
		const struct reading *r =
		    builder_reading(b, (size_t)t->lesion, k);

		if (reading_is_evaluated(r))
			return r;
	}
	return NULL;
}

static void
add_fact(const struct builder *b, const struct track *t, size_t k,
    struct new_lesion_fact *f)
{
	const struct lesion *l = track_lesion(b, t);
	const struct reading *r = builder_reading(b, (size_t)t->lesion, k);
	const struct reading *before = last_read(b, t, k);

	f->lesion = t->lesion;
	f->definite = k >= t->definite;
	f->indicated = t->said != NEVER;
	f->target = k >= t->measured;
	f->borderline = t->borderline && k >= t->first &&
			(t->definite == NEVER || k == t->definite);
	f->nodal = l->nodal;
	f->evaluated = reading_is_evaluated(r);
	f->value_tmm = reading_size(l, r);
	f->resolved = reading_is_gone(l, f->evaluated ? r : before);
	f->source = reading_source(r);
	if (f->evaluated)
		f->change = stated_change(r);
}

/* All that is known of an indicated lesion is whether somebody looked. */
static void
add_indicated_fact(const struct builder *b, size_t k, struct new_lesion_fact *f)
{
	const struct visit_statements *said = builder_said(b, k);

	f->evaluated = said->new_lesion != UNKNOWN;
	f->value_tmm = TMM_NONE;
	f->source = said->new_lesion_source;
	f->lesion = INDICATED;
	f->definite = true;
}

static void
add_facts(struct builder *b, const struct tracks *all, size_t k)
{
	struct visit *v = &b->visits[k];
	struct new_lesion_fact *facts =
	    arena_alloc(b->arena, all->list.n * sizeof(*facts));
	bool any_read = false;

	for (size_t i = 0; i < all->list.n; i++) {
		const struct track *t = &all->list.items[i];
		struct new_lesion_fact *f = &facts[v->n_news];
		bool unnamed = t->said <= k && k < t->definite;

		if (t->first > k && !unnamed)
			continue;
		v->n_news++;
		f->first_seen = k == (unnamed ? t->said : t->first);
		if (t->lesion == INDICATED || unnamed)
			add_indicated_fact(b, k, f);
		else
			add_fact(b, t, k, f);
		any_read = any_read || f->evaluated;
	}
	v->news = facts;
	v->no_new_lesion_assumed = v->imaged && k > 0 && !any_read &&
				   builder_said(b, k)->new_lesion == UNKNOWN;
}

/* "No new lesion" where the data itself calls one new. */
static void
check_statements(const struct builder *b, const struct tracks *all)
{
	for (size_t i = 0; i < all->list.n; i++) {
		const struct track *t = &all->list.items[i];

		if (t->lesion == INDICATED ||
		    builder_said(b, t->first)->new_lesion != NO)
			continue;
		assess_problem(b->out,
		    builder_said(b, t->first)->new_lesion_source,
		    "new_lesion_conflict",
		    "the visit is said to have no new lesion, yet lesion %s "
		    "appears there: %s",
		    track_lesion(b, t)->key,
		    t->definite != NEVER ? "counted as new" : "not counted");
	}
}

/* Growth in numbers alone of what is followed without them is no growth to a
 * criterion, and nothing to be silent about. */
/*= irecist §4.1 */
static void
report_growth(const struct builder *b, const struct track *t)
{
	int64_t least = BURDEN_NONE;

	for (size_t k = t->definite; k < b->n && t->measured == NEVER; k++) {
		const struct reading *r =
		    builder_reading(b, (size_t)t->lesion, k);
		int32_t size = size_at(b, t, k);

		if (size == TMM_NONE)
			continue;
		if (least != BURDEN_NONE &&
		    stated_change(r) == CHANGE_UNKNOWN &&
		    rules_is_pd(&b->options->contested, size, least)) {
			assess_problem(b->out, reading_source(r),
			    "new_non_target_grew",
			    "new lesion %s is followed as non-target: its "
			    "growth by size is not counted until a reader "
			    "states it",
			    track_lesion(b, t)->key);
			return;
		}
		least = rules_min(least, size);
	}
}

/* Write back what NLT and NLNT were decided to be. */
static void
assign_roles(const struct builder *b, const struct tracks *all)
{
	for (size_t i = 0; i < all->list.n; i++) {
		const struct track *t = &all->list.items[i];
		struct lesion *l;

		if (t->lesion == INDICATED || t->definite == NEVER)
			continue;
		l = &b->timeline->lesions.items[t->lesion];
		if (l->role == ROLE_NEW && !l->role_stated)
			l->role = t->measured != NEVER ? ROLE_NEW_TARGET
						       : ROLE_NEW_NON_TARGET;
	}
}

void
visits_add_new_lesions(struct builder *b)
{
	struct tracks all = {0};

	tracks_find(b, &all);
	choose_new_targets(b, &all);
	for (size_t k = 0; k < b->n; k++)
		add_facts(b, &all, k);
	check_statements(b, &all);
	for (size_t i = 0; i < all.list.n; i++) {
		if (all.list.items[i].lesion != INDICATED &&
		    all.list.items[i].definite != NEVER)
			report_growth(b, &all.list.items[i]);
	}
	assign_roles(b, &all);
}
