/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/inflamed.h"

#include <string.h>

#include "gateway/readings.h"
#include "gateway/visits.h"
#include "gateway/wording.h"

#define RULE "recist11.new_lesion.inflammation"

/* What one event may explain. */
struct group {
	const struct timeline *t;
	const struct inflamed_lesion *all, *first;
	size_t n;
};

static bool
is_new(const struct lesion *l)
{
	return l->first >= 0 &&
	       (l->role == ROLE_NEW || l->role == ROLE_NEW_TARGET ||
		   l->role == ROLE_NEW_NON_TARGET);
}

static bool
is_of(const struct group *g, size_t i)
{
	return strcmp(g->all[i].event, g->first->event) == 0 &&
	       is_new(&g->t->lesions.items[g->all[i].lesion]);
}

/* The timeline with those lesions benign. */
static struct timeline *
without_lesions(const struct group *g, struct arena *a)
{
	const struct timeline *t = g->t;
	struct timeline *copy = arena_alloc(a, sizeof(*copy));
	struct lesion *lesions =
	    arena_alloc(a, t->lesions.n * sizeof(*lesions));

	*copy = *t;
	copy->arena = a;
	memcpy(lesions, t->lesions.items, t->lesions.n * sizeof(*lesions));
	for (size_t i = 0; i < g->n; i++) {
		if (is_of(g, i))
			lesions[g->all[i].lesion].stated = STATED_BENIGN;
	}
	copy->lesions.items = lesions;
	return copy;
}

/* "new lesion a", "new lesions a and b" */
static const char *
names_of(const struct group *g, struct arena *a)
{
	struct wording_names names = {0};
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (!is_of(g, i))
			continue;
		wording_name(
		    &names, g->t->lesions.items[g->all[i].lesion].key);
		n++;
	}
	return arena_printf(a, "new lesion%s %s", n == 1 ? "" : "s",
	    wording_join(a, &names));
}

static void
say_both(struct assessment *x, struct because_list *because,
    const struct group *g, const char *counted, const char *other)
{
	because_add(x->arena, because, RULE, &g->first->source,
	    g->first->source != NULL ? 1 : 0,
	    "%s may be %s: %s as a new lesion, which counts; %s as "
	    "inflammation",
	    names_of(g, x->arena), g->first->event, counted, other);
}

/* Both readings of CT and MR, where they differ. */
static size_t
compare_verdicts(struct assessment *x, const struct assessment *other,
    const struct group *g)
{
	size_t n = 0;

	for (size_t k = 0; k < x->criteria.n; k++) {
		for (size_t i = 0; i < x->timeline->timepoints.n; i++) {
			struct verdict *v = &x->criteria.items[k].at[i];
			enum category theirs =
			    other->criteria.items[k].at[i].overall;

			if (v->overall == theirs)
				continue;
			n++;
			verdict_flag(
			    x->arena, v, "NEW_LESION_MAY_BE_INFLAMMATION");
			say_both(x, &v->because, g, category_name(v->overall),
			    category_name(theirs));
		}
	}
	return n;
}

static const struct metabolic *
metabolic_at(const struct assessment *x, const struct metabolic *like)
{
	for (size_t i = 0; i < x->metabolic.n; i++) {
		const struct metabolic *m = &x->metabolic.items[i];

		if (m->day == like->day &&
		    strcmp(m->criterion, like->criterion) == 0)
			return m;
	}
	return NULL;
}

/* And of PET. */
static size_t
compare_metabolic(struct assessment *x, const struct assessment *other,
    const struct group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < x->metabolic.n; i++) {
		struct metabolic *m = &x->metabolic.items[i];
		const struct metabolic *theirs = metabolic_at(other, m);

		if (theirs == NULL || m->overall == NULL ||
		    theirs->overall == NULL ||
		    strcmp(m->overall, theirs->overall) == 0)
			continue;
		n++;
		say_both(x, &m->because, g, m->overall, theirs->overall);
	}
	return n;
}

static void
compare_group(const struct group *g, const struct assess_options *o,
    readers_judge_fn judge, struct assessment *x)
{
	const struct timeline *t = g->t;
	struct arena *a = arena_new();
	const struct assessment *other = judge(without_lesions(g, a), o, a);
	size_t n = compare_verdicts(x, other, g) +
		   compare_metabolic(x, other, g);

	arena_free(a);
	for (size_t i = 0; i < g->n; i++) {
		const struct lesion *l = &t->lesions.items[g->all[i].lesion];

		if (!is_of(g, i))
			continue;
		assess_problem(x, g->all[i].source, "new_lesion_or_irae",
		    "lesion %s, new on %s, lies where %s inflames: counted as "
		    "a new lesion; as inflammation %zu categories would differ",
		    l->key,
		    wording_day(x->arena, t->timepoints.items[l->first].day),
		    g->first->event, n);
	}
}

/*= irecist §7, §1.7: not silently counted */
void
inflamed_compare(const struct timeline *t, const struct assess_options *o,
    readers_judge_fn judge, const struct inflamed_lesion *all, size_t n,
    struct assessment *x)
{
	for (size_t i = 0; i < n; i++) {
		struct group g = {
		    .t = t, .all = all, .first = &all[i], .n = n};
		bool begun = false;

		for (size_t k = 0; k < i; k++)
			begun = begun || is_of(&g, k);
		if (!begun && is_of(&g, i))
			compare_group(&g, o, judge, x);
	}
}
