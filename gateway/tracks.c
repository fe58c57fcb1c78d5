/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/tracks.h"

#include "gateway/readings.h"
#include "gateway/rules.h"

const struct lesion *
track_lesion(const struct builder *b, const struct track *t)
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
	const struct lesion *l = track_lesion(b, t);
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
	const struct lesion *l = track_lesion(b, t);
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
			!reading_is_gone(track_lesion(b, o),
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
		if (!reading_is_gone(track_lesion(b, t),
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
mark_borderline(const struct builder *b, struct tracks *all)
{
	for (size_t i = 0; i < all->list.n && b->options->contested.node_waits;
	     i++) {
		struct track *t = &all->list.items[i];

		if (t->lesion != INDICATED && t->definite != NEVER)
			t->borderline = borderline_size(b, t);
	}
}

static bool
is_sighted(const struct builder *b, const struct track *t, size_t k)
{
	return reading_is_present(
	    track_lesion(b, t), builder_reading(b, (size_t)t->lesion, k));
}

/* Was it there when last read, up to visit k? */
static bool
is_standing(const struct builder *b, const struct track *t, size_t k)
{
	for (size_t i = k + 1; i-- > t->first;) {
		if (reading_is_evaluated(
			builder_reading(b, (size_t)t->lesion, i)))
			return is_sighted(b, t, i);
	}
	return true;
}

/* Does a lesion that counts at visit k explain a "new lesion: yes" there?  A
 * node that may yet be let go does only where it was read. */
static bool
explains_yes(const struct builder *b, const struct track *t, size_t k)
{
	if (t->lesion == INDICATED)
		return t->definite <= k;
	if (t->definite > k)
		return t->said <= k;
	return t->borderline ? is_sighted(b, t, k) : is_standing(b, t, k);
}

static bool
is_explained(const struct builder *b, const struct tracks *all, size_t k)
{
	for (size_t i = 0; i < all->list.n; i++) {
		if (explains_yes(b, &all->list.items[i], k))
			return true;
	}
	return false;
}

/* The one doubtful lesion sighted at a visit, NULL: none or several. */
static struct track *
only_doubtful(const struct builder *b, struct tracks *all, size_t k)
{
	struct track *found = NULL;

	for (size_t i = 0; i < all->list.n; i++) {
		struct track *t = &all->list.items[i];

		if (t->lesion == INDICATED || !is_sighted(b, t, k))
			continue;
		if (found != NULL)
			return NULL;
		found = t;
	}
	return found;
}

/* Where the unbroken run of sightings up to visit k began. */
static size_t
run_start(const struct builder *b, const struct track *t, size_t k)
{
	size_t start = k;

	for (; k > 0; k--) {
		if (!reading_is_evaluated(
			builder_reading(b, (size_t)t->lesion, k)))
			continue;
		if (!is_sighted(b, t, k))
			break;
		start = k;
	}
	return start;
}

/* The first lesion named later is the one indicated, unless the reader said
 * "no new lesion" between the two. */
static struct track *
named_later(const struct builder *b, struct tracks *all, size_t k)
{
	struct track *found = NULL;

	for (size_t i = 0; i < all->list.n; i++) {
		struct track *t = &all->list.items[i];

		if (t->definite != NEVER && t->definite > k &&
		    t->said == NEVER &&
		    (found == NULL || t->definite < found->definite))
			found = t;
	}
	for (size_t i = k + 1; found != NULL && i < found->definite; i++) {
		if (builder_said(b, i)->new_lesion == NO)
			return NULL;
	}
	return found;
}

/* The reader's "new lesion: yes" where no lesion that counts explains it:
 * makes the one doubtful lesion definite, else is a lesion without a name
 * until one is named. */
/*= recist11 §1.7 */
static void
add_indicated(const struct builder *b, struct tracks *all, bool settled)
{
	for (size_t k = 1; k < b->n; k++) {
		struct track *t;

		if (builder_said(b, k)->new_lesion != YES ||
		    is_explained(b, all, k))
			continue;
		t = only_doubtful(b, all, k);
		if (t != NULL) {
			t->definite = run_start(b, t, k);
			continue;
		}
		t = settled ? named_later(b, all, k) : NULL;
		if (t != NULL)
			t->said = k;
		else
			*ARENA_PUSH(b->arena, &all->list) =
			    (struct track){.lesion = INDICATED,
				.measured = NEVER,
				.first = k,
				.definite = k,
				.said = k};
	}
}

/* Which small nodes wait depends on what the reader indicated, and the other
 * way round: once before and once after. */
void
tracks_find(const struct builder *b, struct tracks *all)
{
	size_t n;

	for (size_t i = 0; i < b->timeline->lesions.n; i++) {
		struct track t = {.lesion = (int)i,
		    .first = NEVER,
		    .said = NEVER,
		    .measured = NEVER};

		if (!is_new_role(b->timeline->lesions.items[i].role))
			continue;
		find_appearance(b, &t, 1);
		if (t.first != NEVER)
			*ARENA_PUSH(b->arena, &all->list) = t;
	}
	n = all->list.n;
	mark_borderline(b, all);
	add_indicated(b, all, false);
	mark_borderline(b, all);
	for (size_t i = 0; i < all->list.n; i++)
		hold_track(b, all, &all->list.items[i]);
	all->list.n = n;
	add_indicated(b, all, true);
}
