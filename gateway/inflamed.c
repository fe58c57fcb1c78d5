/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/inflamed.h"

#include <string.h>

#include "gateway/readings.h"
#include "gateway/visits.h"
#include "gateway/wording.h"

static bool
is_new(const struct lesion *l)
{
	return l->first >= 0 &&
	       (l->role == ROLE_NEW || l->role == ROLE_NEW_TARGET ||
		   l->role == ROLE_NEW_NON_TARGET);
}

/* Does the site explain a lesion that appears there and then? */
static bool
explains(const struct inflamed_site *s, const struct timeline *t,
    const struct lesion *l)
{
	int32_t day = t->timepoints.items[l->first].day;

	if ((s->from != DAY_NONE && day < s->from) ||
	    (s->to != DAY_NONE && day > s->to))
		return false;
	if (l->nodal)
		return s->nodes;
	return s->organ != NULL && strcmp(s->organ, lesion_organ(l)) == 0;
}

/* The timeline with that lesion benign. */
static struct timeline *
without_lesion(const struct timeline *t, size_t lesion, struct arena *a)
{
	struct timeline *copy = arena_alloc(a, sizeof(*copy));
	struct lesion *lesions =
	    arena_alloc(a, t->lesions.n * sizeof(*lesions));

	*copy = *t;
	copy->arena = a;
	memcpy(lesions, t->lesions.items, t->lesions.n * sizeof(*lesions));
	lesions[lesion].stated = STATED_BENIGN;
	copy->lesions.items = lesions;
	return copy;
}

/* Both readings, where they differ. */
static size_t
state_both(struct assessment *x, const struct assessment *other,
    const struct lesion *l, const struct inflamed_site *s)
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
			because_add(x->arena, &v->because,
			    "recist11.new_lesion.inflammation", &s->source, 1,
			    "new lesion %s may be %s: %s as a new lesion, "
			    "which counts; %s as inflammation",
			    l->key, s->event, category_name(v->overall),
			    category_name(theirs));
		}
	}
	return n;
}

static void
compare_one(const struct timeline *t, const struct assess_options *o,
    readers_judge_fn judge, size_t lesion, const struct inflamed_site *s,
    struct assessment *x)
{
	const struct lesion *l = &t->lesions.items[lesion];
	struct arena *a = arena_new();
	size_t n =
	    state_both(x, judge(without_lesion(t, lesion, a), o, a), l, s);

	arena_free(a);
	assess_problem(x, s->source, "new_lesion_or_irae",
	    "lesion %s, new on %s, lies where %s inflames: counted as a new "
	    "lesion; as inflammation %zu categories would differ",
	    l->key, wording_day(x->arena, t->timepoints.items[l->first].day),
	    s->event, n);
}

/*= irecist §7, §1.7: not silently counted */
void
inflamed_compare(const struct timeline *t, const struct assess_options *o,
    readers_judge_fn judge, const struct inflamed_site *sites, size_t n,
    struct assessment *x)
{
	for (size_t i = 0; i < t->lesions.n; i++) {
		for (size_t k = 0; k < n; k++) {
			if (!is_new(&t->lesions.items[i]) ||
			    !explains(&sites[k], t, &t->lesions.items[i]))
				continue;
			compare_one(t, o, judge, i, &sites[k], x);
			break;
		}
	}
}
