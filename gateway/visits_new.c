/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lesions not there at baseline, from their first appearance on
 * (spec/criteria.md §1.7, §4.1).
 */
#include <string.h>

#include "gateway/readings.h"
#include "gateway/rules.h"
#include "gateway/visits.h"

#define NEVER     SIZE_MAX
#define INDICATED (-1) /* said by the reader, no lesion in the data */

/* One new lesion through the visits. */
struct track {
	int lesion;
	size_t first;    /* visit of its first appearance */
	size_t definite; /* visit from which it counts, NEVER */
	bool borderline; /* a node of 10–14.9 mm alone where it counts from */
	bool target;
};

struct tracks {
	LIST_OF(struct track) list;
};

static const struct lesion *
lesion_of(const struct builder *b, const struct track *t)
{
	return &b->timeline->lesions.items[t->lesion];
}

static bool
is_new_role(enum lesion_role r)
{
	return r == ROLE_NEW || r == ROLE_NEW_TARGET ||
	       r == ROLE_NEW_NON_TARGET;
}

/* Doubtful: the reader says so, or says "no new lesion" of a visit where the
 * data calls nothing new itself. */
static bool
is_doubtful(const struct builder *b, const struct lesion *l,
    const struct reading *r, size_t k)
{
	return r->equivocal ||
	       (!l->role_stated && builder_said(b, k)->new_lesion == NO);
}

/* Where it appears, and where the run of sightings begins that became
 * definite: an equivocal lesion later found definite counts from its first
 * appearance. */
/*= recist11 §1.7 */
static void
find_appearance(const struct builder *b, struct track *t, size_t from)
{
	const struct lesion *l = lesion_of(b, t);
	size_t run = NEVER;

	t->definite = NEVER;
	for (size_t k = from; k < b->n; k++) {
		const struct reading *r =
		    builder_reading(b, (size_t)t->lesion, k);

		if (!reading_is_evaluated(r))
			continue;
		if (reading_is_gone(l, r)) {
			run = NEVER;
			continue;
		}
		if (t->first == NEVER)
			t->first = k;
		if (run == NEVER)
			run = k;
		if (!is_doubtful(b, l, r, k)) {
			t->definite = run;
			return;
		}
	}
}

static bool
borderline_size(const struct builder *b, const struct track *t)
{
	const struct lesion *l = lesion_of(b, t);
	int32_t size =
	    reading_size(l, builder_reading(b, (size_t)t->lesion, t->definite));

	return l->nodal && size != TMM_NONE && size >= NODE_NORMAL_TMM &&
	       size < MEASURABLE_NODE_TMM;
}

/* The next visit that read it, n when none did. */
static size_t
next_read(const struct builder *b, const struct track *t)
{
	size_t k = t->definite + 1;

	while (k < b->n &&
	       !reading_is_evaluated(builder_reading(b, (size_t)t->lesion, k)))
		k++;
	return k;
}

/* Do targets or non-targets progress at visit k? */
static bool
progresses_otherwise(const struct builder *b, size_t k)
{
	const struct visit *v = b->visits;
	int64_t nadir =
	    v[0].complete && v[0].n_targets > 0 ? v[0].sum_tmm : BURDEN_NONE;

	if (v[k].non_target == NT_PD)
		return true;
	if (nadir == BURDEN_NONE)
		return false;
	for (size_t i = 1; i < k; i++) {
		if (v[i].complete)
			nadir = rules_min(nadir, v[i].sum_tmm);
	}
	return v[k].n_evaluated > 0 && !v[k].all_normal &&
	       rules_is_pd(&b->options->contested, v[k].sum_tmm, nadir);
}

static bool
other_new_lesion(
    const struct builder *b, const struct tracks *all, const struct track *t)
{
	for (size_t i = 0; i < all->list.n; i++) {
		const struct track *o = &all->list.items[i];

		if (o != t && o->definite != NEVER && !o->borderline &&
		    o->definite <= t->definite &&
		    (o->lesion == INDICATED ||
			!reading_is_gone(lesion_of(b, o),
			    builder_reading(
				b, (size_t)o->lesion, t->definite))))
			return true;
	}
	return false;
}

static bool
is_alone(
    const struct builder *b, const struct tracks *all, const struct track *t)
{
	return builder_said(b, t->definite)->new_lesion != YES &&
	       !progresses_otherwise(b, t->definite) &&
	       !other_new_lesion(b, all, t);
}

/* Let one small node count only if the next visit still sees it. */
static void
hold_track(const struct builder *b, const struct tracks *all, struct track *t)
{
	while (t->borderline && is_alone(b, all, t)) {
		size_t next = next_read(b, t);

		if (next >= b->n) {
			t->definite = NEVER;
			return;
		}
		if (!reading_is_gone(lesion_of(b, t),
			builder_reading(b, (size_t)t->lesion, next)))
			return;
		find_appearance(b, t, next); /* it went; does it return? */
		if (t->definite == NEVER)
			return;
		t->borderline = borderline_size(b, t);
	}
	t->borderline = false;
}

/*= recist11 §10 C7: a small node as the only sign waits for the next visit */
static void
hold_borderline(const struct builder *b, struct tracks *all)
{
	for (size_t i = 0; i < all->list.n && b->options->contested.node_waits;
	     i++) {
		struct track *t = &all->list.items[i];

		if (t->lesion != INDICATED && t->definite != NEVER)
			t->borderline = borderline_size(b, t);
	}
	for (size_t i = 0; i < all->list.n; i++)
		hold_track(b, all, &all->list.items[i]);
}

/* The reader's "new lesion: yes" with none in the data. */
static void
add_indicated(const struct builder *b, struct tracks *all)
{
	for (size_t k = 1; k < b->n; k++) {
		bool known = false;

		if (builder_said(b, k)->new_lesion != YES)
			continue;
		for (size_t i = 0; i < all->list.n; i++) {
			const struct track *t = &all->list.items[i];

			known =
			    known ||
			    (t->first <= k &&
				!reading_is_gone(lesion_of(b, t),
				    builder_reading(b, (size_t)t->lesion, k)));
		}
		if (known)
			continue;
		*ARENA_PUSH(b->arena, &all->list) = (struct track){
		    .lesion = INDICATED, .first = k, .definite = k};
		return;
	}
}

static void
find_tracks(const struct builder *b, struct tracks *all)
{
	for (size_t i = 0; i < b->timeline->lesions.n; i++) {
		struct track t = {.lesion = (int)i, .first = NEVER};

		if (!is_new_role(b->timeline->lesions.items[i].role))
			continue;
		find_appearance(b, &t, 1);
		if (t.first != NEVER)
			*ARENA_PUSH(b->arena, &all->list) = t;
	}
	add_indicated(b, all);
	hold_borderline(b, all);
}

/* New target lesions: stated, else measurable at first appearance while there
 * is room. */
/*= irecist §4.1 */
static bool
has_room(
    const struct builder *b, const struct tracks *all, const struct track *t)
{
	int n = 0, n_organ = 0;

	for (size_t i = 0; i < all->list.n; i++) {
		const struct track *o = &all->list.items[i];

		if (!o->target)
			continue;
		n++;
		n_organ += strcmp(lesion_organ(lesion_of(b, o)),
			       lesion_organ(lesion_of(b, t))) == 0;
	}
	return n < b->options->max_targets &&
	       n_organ < b->options->max_per_organ;
}

static int32_t
first_size(const struct builder *b, const struct track *t)
{
	return reading_size(lesion_of(b, t),
	    builder_reading(b, (size_t)t->lesion, t->definite));
}

/* The next lesion to be considered: earliest, then largest, then by key. */
static struct track *
next_candidate(const struct builder *b, struct tracks *all, const bool *done)
{
	struct track *best = NULL;

	for (size_t i = 0; i < all->list.n; i++) {
		struct track *t = &all->list.items[i];

		if (done[i])
			continue;
		if (best == NULL || t->definite < best->definite ||
		    (t->definite == best->definite &&
			first_size(b, t) > first_size(b, best)))
			best = t;
	}
	return best;
}

/* A stated new target below the measurable size is taken as such, aloud. */
/*= irecist §10 C20 */
static bool
stated_target(const struct builder *b, const struct track *t)
{
	const struct lesion *l = lesion_of(b, t);
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
	bool *done = arena_alloc(b->arena, all->list.n * sizeof(*done));
	struct track *t;

	for (size_t i = 0; i < all->list.n; i++) {
		t = &all->list.items[i];
		done[i] = t->lesion == INDICATED || t->definite == NEVER ||
			  lesion_of(b, t)->role != ROLE_NEW;
		t->target = t->lesion != INDICATED && stated_target(b, t);
	}
	while ((t = next_candidate(b, all, done)) != NULL) {
		done[t - all->list.items] = true;
		t->target =
		    has_room(b, all, t) &&
		    reading_is_measurable(lesion_of(b, t),
			builder_reading(b, (size_t)t->lesion, t->definite));
	}
}

/* The change against its last reading, as stated: a restated "unequivocal
 * progression" is no further increase. */
static enum lesion_change
stated_change(const struct reading *r, const struct reading *before)
{
	enum lesion_change c = r->change;

	if (before == NULL)
		return CHANGE_UNKNOWN; /* first seen */
	if (c == CHANGE_UNKNOWN && r->state == READING_INCREASED)
		c = CHANGE_INCREASED;
	if (c == CHANGE_UNKNOWN && r->state == READING_UNEQUIVOCAL)
		c = CHANGE_UNEQUIVOCAL;
	if (c == CHANGE_UNEQUIVOCAL &&
	    (before->state == READING_UNEQUIVOCAL ||
		before->change == CHANGE_UNEQUIVOCAL))
		c = CHANGE_UNKNOWN;
	return c;
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
	const struct lesion *l = lesion_of(b, t);
	const struct reading *r = builder_reading(b, (size_t)t->lesion, k);
	const struct reading *before = last_read(b, t, k);

	f->nodal = l->nodal;
	f->evaluated = reading_is_evaluated(r);
	f->value_tmm = reading_size(l, r);
	f->resolved = reading_is_gone(l, f->evaluated ? r : before);
	f->source = reading_source(r);
	if (f->evaluated)
		f->change = stated_change(r, before);
}

/* All that is known of an indicated lesion is whether somebody looked. */
static void
add_indicated_fact(const struct builder *b, size_t k, struct new_lesion_fact *f)
{
	const struct visit_statements *said = builder_said(b, k);

	f->evaluated = said->new_lesion != UNKNOWN;
	f->value_tmm = TMM_NONE;
	f->source = said->new_lesion_source;
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

		if (t->first > k)
			continue;
		v->n_news++;
		f->lesion = t->lesion;
		f->definite = k >= t->definite;
		f->target = t->target;
		f->borderline = t->borderline && k >= t->first &&
				(t->definite == NEVER || k == t->definite);
		f->first_seen = k == t->first;
		if (t->lesion == INDICATED)
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
		    lesion_of(b, t)->key,
		    t->definite != NEVER ? "counted as new" : "not counted");
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
			l->role =
			    t->target ? ROLE_NEW_TARGET : ROLE_NEW_NON_TARGET;
	}
}

void
visits_add_new_lesions(struct builder *b)
{
	struct tracks all = {0};

	find_tracks(b, &all);
	choose_new_targets(b, &all);
	for (size_t k = 0; k < b->n; k++)
		add_facts(b, &all, k);
	check_statements(b, &all);
	assign_roles(b, &all);
}
