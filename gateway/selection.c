/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles: as stated, else chosen at baseline.
 */
#include <string.h>

#include "gateway/readings.h"
#include "gateway/visits.h"
#include "gateway/wording.h"

static const struct reading *
at_baseline(const struct timeline *t, const struct lesion *l)
{
	return l->at[t->baseline];
}

static bool
present_between(const struct lesion *l, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (reading_is_present(l, l->at[i]))
			return true;
	}
	return false;
}

/* The reading that shows it known at baseline: there, else the last before it
 * where baseline did not read it.  NULL: unknown. */
static const struct reading *
known_by(const struct timeline *t, const struct lesion *l)
{
	const struct reading *r = at_baseline(t, l);

	if (reading_is_evaluated(r))
		return reading_is_present(l, r) ? r : NULL;
	for (size_t i = (size_t)t->baseline; i-- > 0;) {
		if (reading_is_present(l, l->at[i]))
			return l->at[i];
	}
	return NULL;
}

static enum lesion_role
role_of_stated(enum stated_role s)
{
	static const enum lesion_role role[] = {
	    [STATED_NONE] = ROLE_NON_TARGET,
	    [STATED_TARGET] = ROLE_TARGET,
	    [STATED_NON_TARGET] = ROLE_NON_TARGET,
	    [STATED_NEW] = ROLE_NEW,
	    [STATED_NEW_TARGET] = ROLE_NEW_TARGET,
	    [STATED_NEW_NON_TARGET] = ROLE_NEW_NON_TARGET,
	    [STATED_BENIGN] = ROLE_BENIGN,
	};

	return role[s];
}

/* A stated role that baseline contradicts is doubted aloud. */
static void
assign_stated(const struct timeline *t, struct lesion *l, struct assessment *x)
{
	const struct reading *r = at_baseline(t, l);
	bool is_new = l->stated == STATED_NEW ||
		      l->stated == STATED_NEW_TARGET ||
		      l->stated == STATED_NEW_NON_TARGET;

	l->role = role_of_stated(l->stated);
	l->role_stated = true;
	if (is_new && known_by(t, l) != NULL) {
		l->role = ROLE_NON_TARGET;
		l->role_stated = false;
		assess_problem(x, reading_source(known_by(t, l)),
		    "new_lesion_at_baseline",
		    "lesion %s is stated new but present %s baseline: "
		    "followed as non-target",
		    l->key, reading_is_present(l, r) ? "at" : "before");
	} else if (!is_new && l->stated != STATED_BENIGN && r != NULL &&
		   r->state == READING_ABSENT) {
		l->role = ROLE_NEW;
		l->role_stated = false;
		assess_problem(x, reading_source(r), "absent_at_baseline",
		    "lesion %s is stated as baseline disease but absent at "
		    "baseline: counted as new when it appears",
		    l->key);
	}
}

static void
assign_unstated(const struct timeline *t, struct lesion *l)
{
	size_t base = (size_t)t->baseline;

	l->role_stated = false;
	if (known_by(t, l) != NULL)
		l->role = ROLE_NON_TARGET;
	else if (present_between(l, base + 1, t->timepoints.n))
		l->role = ROLE_NEW;
	else
		l->role = ROLE_BENIGN; /* never seen, or a normal node */
}

static void
explain_normal_nodes(
    const struct timeline *t, struct arena *a, struct because_list *because)
{
	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];
		const struct reading *r = at_baseline(t, l);
		const char *source = reading_source(r);

		if (l->stated != STATED_NONE || !l->nodal || r == NULL ||
		    r->state == READING_ABSENT || !reading_is_gone(l, r))
			continue;
		because_add(a, because, "recist11.node.normal", &source, 1,
		    "lymph node %s of %s short axis is normal at baseline "
		    "(below 10.0 mm): not recorded as disease",
		    l->key, wording_mm(a, reading_size(l, r)));
	}
}

/* Target choice (spec/criteria.md §1.2). */
struct choice {
	struct timeline *timeline;
	const struct assess_options *options;
	int n_chosen;
};

static bool
is_candidate(const struct choice *c, const struct lesion *l)
{
	const struct reading *r = at_baseline(c->timeline, l);

	return l->stated == STATED_NONE && l->role == ROLE_NON_TARGET &&
	       reading_is_measurable(l, r) && !r->equivocal;
}

static int
chosen_in_organ(const struct choice *c, const char *organ)
{
	int n = 0;

	for (size_t i = 0; i < c->timeline->lesions.n; i++) {
		const struct lesion *l = &c->timeline->lesions.items[i];

		if (l->role == ROLE_TARGET &&
		    strcmp(lesion_organ(l), organ) == 0)
			n++;
	}
	return n;
}

/* Choose the largest candidate of an organ with fewer than `limit` targets;
 * the first by key among equals. */
static bool
choose_largest(struct choice *c, int limit)
{
	struct lesion *best = NULL;
	int32_t best_size = -1;

	for (size_t i = 0; i < c->timeline->lesions.n; i++) {
		struct lesion *l = &c->timeline->lesions.items[i];
		int32_t size = reading_size(l, at_baseline(c->timeline, l));

		if (!is_candidate(c, l) || size <= best_size ||
		    chosen_in_organ(c, lesion_organ(l)) >= limit)
			continue;
		best = l;
		best_size = size;
	}
	if (best == NULL || c->n_chosen >= c->options->max_targets)
		return false;
	best->role = ROLE_TARGET;
	c->n_chosen++;
	return true;
}

static void
explain_choice(
    const struct choice *c, struct arena *a, struct because_list *because)
{
	const struct timeline *t = c->timeline;
	const char **src = arena_alloc(a, t->lesions.n * sizeof(*src));
	const char *text = "";
	size_t n = 0;

	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];
		const struct reading *r = at_baseline(t, l);

		if (l->role != ROLE_TARGET)
			continue;
		src[n++] = reading_source(r);
		text = arena_printf(a, "%s%s%s (%s, %s)", text,
		    *text != '\0' ? ", " : "", l->key, lesion_organ(l),
		    wording_mm(a, reading_size(l, r)));
	}
	because_add(a, because, "recist11.target.selection", src, n,
	    "the data states no target lesion; chosen by size, at most %d and "
	    "%d an organ: %s",
	    c->options->max_targets, c->options->max_per_organ,
	    n > 0 ? text : "none is measurable");
}

static void
choose_targets(struct timeline *t, const struct assess_options *o,
    struct arena *a, struct because_list *because)
{
	struct choice c = {t, o, 0};
	bool any = false;

	for (size_t i = 0; i < t->lesions.n; i++)
		any = any || t->lesions.items[i].role == ROLE_NON_TARGET;
	if (!any)
		return;
	while (choose_largest(&c, 1)) /* one of each organ first */
		;
	while (choose_largest(&c, o->max_per_organ))
		;
	explain_choice(&c, a, because);
}

/* Stated targets are used as they are; what the rules forbid is reported. */
static void
check_one_target(
    const struct timeline *t, const struct lesion *l, struct assessment *x)
{
	const struct reading *r = at_baseline(t, l);

	if (reading_size(l, r) == TMM_NONE)
		assess_problem(x, reading_source(r),
		    "target_not_measured_at_baseline",
		    "target lesion %s has no size at baseline: no sum to "
		    "compare with",
		    l->key);
	else if (!reading_is_measurable(l, r))
		assess_problem(x, reading_source(r), "target_not_measurable",
		    "target lesion %s is below the size of a measurable "
		    "lesion at baseline",
		    l->key);
}

static void
check_targets(const struct timeline *t, const struct assess_options *o,
    struct assessment *x)
{
	struct choice c = {NULL, o, 0};
	struct timeline copy = *t;
	int n = 0;

	c.timeline = &copy;
	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];
		bool earlier = false;

		if (l->role != ROLE_TARGET)
			continue;
		n++;
		check_one_target(t, l, x);
		for (size_t j = 0; j < i; j++)
			earlier = earlier ||
				  (t->lesions.items[j].role == ROLE_TARGET &&
				      strcmp(lesion_organ(&t->lesions.items[j]),
					  lesion_organ(l)) == 0);
		if (!earlier &&
		    chosen_in_organ(&c, lesion_organ(l)) > o->max_per_organ)
			assess_problem(x, NULL, "target_organ_limit",
			    "more than %d target lesions in %s",
			    o->max_per_organ, lesion_organ(l));
	}
	if (n > o->max_targets)
		assess_problem(x, NULL, "target_too_many",
		    "%d target lesions stated, the criteria allow %d", n,
		    o->max_targets);
}

/* Disease in doubt at baseline is nothing to measure response by. */
static void
report_doubtful(const struct timeline *t, struct assessment *x)
{
	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];
		const struct reading *r = at_baseline(t, l);

		if (reading_is_present(l, r) && r->equivocal)
			assess_problem(x, reading_source(r),
			    "equivocal_at_baseline",
			    "lesion %s is doubtful at baseline: %s", l->key,
			    l->role == ROLE_TARGET ? "a target as stated"
						   : "not chosen as target");
	}
}

void
selection_assign_roles(struct timeline *t, const struct assess_options *o,
    struct assessment *x, struct because_list *because)
{
	bool any_target = false;

	for (size_t i = 0; i < t->lesions.n; i++) {
		struct lesion *l = &t->lesions.items[i];

		if (l->stated != STATED_NONE)
			assign_stated(t, l, x);
		else
			assign_unstated(t, l);
		any_target = any_target || l->stated == STATED_TARGET;
	}
	if (any_target)
		check_targets(t, o, x);
	else
		choose_targets(t, o, x->arena, because);
	explain_normal_nodes(t, x->arena, because);
	report_doubtful(t, x);
}
