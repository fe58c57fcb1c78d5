/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/assess.h"

#include <string.h>

#include "gateway/advice.h"
#include "gateway/inflamed.h"
#include "gateway/irae/irae_case.h"
#include "gateway/kinetics.h"
#include "gateway/metabolic.h"
#include "gateway/patterns.h"
#include "gateway/readers.h"
#include "gateway/visits.h"
#include "gateway/wording.h"

/* Is id one of the comma-separated names?  NULL: all are. */
static bool
is_listed(const char *list, const char *id)
{
	size_t n = strlen(id);

	if (list == NULL || *list == '\0')
		return true;
	while (*list != '\0') {
		size_t len;

		list += strspn(list, ", ");
		len = strcspn(list, ", ");
		if (len == n && memcmp(list, id, n) == 0)
			return true;
		list += len;
	}
	return false;
}

static int32_t
default_as_of(const struct timeline *t)
{
	if (t->timepoints.n > 0)
		return t->timepoints.items[t->timepoints.n - 1].day;
	return t->therapy_last;
}

static bool
has_problem(const struct assessment *x, const char *code)
{
	for (size_t i = 0; i < x->problems.n; i++) {
		if (strcmp(x->problems.items[i].code, code) == 0)
			return true;
	}
	return false;
}

static void
verdict_clear(struct verdict *v)
{
	*v = (struct verdict){0};
	v->burden = v->nadir = v->base = v->nlt_sum = BURDEN_NONE;
	v->confirm_from = v->confirm_to = DAY_NONE;
}

static void
copy_because(
    struct arena *a, const struct because_list *from, struct because_list *to)
{
	for (size_t i = 0; i < from->n; i++)
		*ARENA_PUSH(a, to) = from->items[i];
}

/* The baseline is judged by nobody: NA, with the choice of targets. */
static void
judge_baseline(const struct assess_case *c, const struct criterion *k,
    const struct because_list *selection, struct verdict *ret)
{
	const struct visit *v = &c->visits[0];

	ret->target = ret->non_target = ret->overall = CAT_NA;
	ret->has_irecist = strcmp(k->id, "irecist") == 0;
	ret->burden = ret->nadir = ret->base = c->base_tmm;
	if (k->baseline != NULL)
		k->baseline(c, v, ret); /* chooses lesions of its own */
	else
		copy_because(c->arena, selection, &ret->because);
	if (!c->timeline->baseline_stale)
		return;
	verdict_flag(c->arena, ret, "BASELINE_STALE");
	because_add(c->arena, &ret->because, "recist11.baseline.stale", NULL, 0,
	    "baseline of %s is more than 28 days before the first dose "
	    "on %s",
	    wording_day(c->arena, v->day),
	    wording_day(c->arena, c->timeline->therapy_start));
}

static void
best_clear(struct best_overall *b)
{
	*b = (struct best_overall){0};
	b->progression_day = b->response_day = DAY_NONE;
	b->duration_days = b->progression_days = -1;
}

static void
explain_unassessed(const struct assess_case *c, struct verdict *ret)
{
	if (c->timeline->too_large) {
		verdict_flag(c->arena, ret, "PATIENT_TOO_LARGE");
		because_add(c->arena, &ret->because, "patient.too_large", NULL,
		    0,
		    "more lesions, timepoints or resources than one patient "
		    "may have: not assessed");
		return;
	}
	verdict_flag(c->arena, ret, "BASELINE_MISSING");
	missing_add(c->arena, &ret->missing, "BASELINE_MISSING", "baseline");
	because_add(c->arena, &ret->because, "recist11.baseline.missing", NULL,
	    0, "no usable baseline: nothing to compare with");
}

/* With no baseline nothing can be compared: NE throughout. */
static void
judge_without_baseline(const struct assess_case *c, const struct criterion *k,
    struct criterion_result *ret)
{
	enum category ne = strncmp(k->id, "irr", 3) == 0 ? CAT_IRNE : CAT_NE;

	for (size_t i = 0; i < c->timeline->timepoints.n; i++) {
		ret->at[i].target = ret->at[i].non_target = CAT_NE;
		ret->at[i].overall = ne;
		ret->at[i].has_irecist = strcmp(k->id, "irecist") == 0;
		explain_unassessed(c, &ret->at[i]);
	}
	best_clear(&ret->best);
	ret->best.unconfirmed = ret->best.confirmed = ne;
}

static void
run_criterion(const struct assess_case *c, const struct criterion *k,
    const struct because_list *selection, struct criterion_result *ret)
{
	size_t n = c->timeline->timepoints.n;
	void *state = arena_alloc(c->arena, k->state_size);

	ret->id = k->id;
	ret->version = k->version;
	ret->citation = k->citation;
	ret->at = arena_alloc(c->arena, n * sizeof(*ret->at));
	for (size_t i = 0; i < n; i++)
		verdict_clear(&ret->at[i]);
	if (c->n_visits == 0) {
		judge_without_baseline(c, k, ret);
		return;
	}
	judge_baseline(c, k, selection, &ret->at[c->visits[0].index]);
	k->start(state, c);
	for (size_t i = 1; i < c->n_visits; i++)
		k->step(state, c, &c->visits[i], &ret->at[c->visits[i].index]);
	best_clear(&ret->best);
	k->finish(state, c, &ret->best);
}

/* What a reader said of a response stands beside ours; a difference shows. */
static void
note_reader(const struct assess_case *c, struct verdict *v, const char *what,
    const char *said, const char *source, enum category ours)
{
	verdict_flag(c->arena, v, "READER_DIFFERS");
	because_add(c->arena, &v->because, "reader.differs", &source, 1,
	    "the reader's %s response is %s, ours %s", what, said,
	    category_name(ours));
}

/* Theirs, where it is a word of this criterion and another than ours. */
static bool
reader_differs(const char *said, enum category lowest, enum category highest,
    enum category ours)
{
	enum category theirs = said == NULL ? CAT_NONE : category_parse(said);

	return theirs >= lowest && theirs <= highest && theirs != ours;
}

static void
compare_reader(const struct assess_case *c, const char *id,
    enum category lowest, enum category highest, struct assessment *x)
{
	const struct criterion_result *r = assessment_criterion(x, id);

	for (size_t i = 1; r != NULL && i < c->n_visits; i++) {
		size_t k = (size_t)c->visits[i].index;
		const struct visit_statements *said =
		    &c->timeline->timepoints.items[k].said;
		struct verdict *v = &r->at[k];

		if (reader_differs(
			said->overall_response, lowest, highest, v->overall))
			note_reader(c, v, "overall", said->overall_response,
			    said->overall_source, v->overall);
		if (reader_differs(
			said->target_response, lowest, highest, v->target))
			note_reader(c, v, "target", said->target_response,
			    said->target_source, v->target);
	}
}

static void
assign_roles_without_baseline(struct timeline *t)
{
	for (size_t i = 0; i < t->lesions.n; i++) {
		struct lesion *l = &t->lesions.items[i];

		if (l->stated == STATED_NONE) {
			l->role = ROLE_NON_TARGET;
			l->role_stated = false;
		}
	}
}

static void
check_criteria_list(const char *list, struct assessment *x)
{
	size_t n_listed = 0;

	for (size_t i = 0; criterion_registry[i] != NULL; i++)
		n_listed += is_listed(list, criterion_registry[i]->id);
	if (n_listed == 0)
		assess_problem(x, NULL, "criterion_unknown",
		    "no criterion of that name is known");
}

static struct assessment *
assessment_new(
    struct timeline *t, const struct assess_options *o, struct arena *a)
{
	struct assessment *x = arena_alloc(a, sizeof(*x));

	x->arena = a;
	x->timeline = t;
	x->as_of = o->as_of != DAY_NONE ? o->as_of : default_as_of(t);
	for (size_t i = 0; i < t->problems.n; i++)
		*ARENA_PUSH(a, &x->problems) = t->problems.items[i];
	return x;
}

/* The verdicts, without what is drawn from them. */
static struct assessment *
judge(struct timeline *t, struct assess_case *c)
{
	const struct assess_options *o = c->options;
	struct assessment *x = assessment_new(t, o, c->arena);
	struct because_list selection = {0};

	visits_build(c, t, x, &selection);
	if (c->n_visits == 0) {
		assign_roles_without_baseline(t);
		if (!t->too_large && !has_problem(x, "baseline_missing"))
			assess_problem(x, NULL, "baseline_missing",
			    "no usable baseline: every response is NE");
	}
	for (size_t i = 0; criterion_registry[i] != NULL; i++) {
		const struct criterion *k = criterion_registry[i];

		if (is_listed(o->criteria, k->id))
			run_criterion(c, k, &selection,
			    ARENA_PUSH(c->arena, &x->criteria));
	}
	return x;
}

static struct assessment *
judge_other_reader(
    struct timeline *t, const struct assess_options *o, struct arena *a)
{
	struct assess_case c = {.options = o, .timeline = t, .arena = a};

	return judge(t, &c);
}

static struct assessment *
judge_with_pet(
    struct timeline *t, const struct assess_options *o, struct arena *a)
{
	struct assess_case c = {.options = o, .timeline = t, .arena = a};
	struct assessment *x = judge(t, &c);

	metabolic_run(&c, x);
	return x;
}

struct assessment *
assess_run(struct timeline *t, const struct assess_options *o, struct arena *a)
{
	struct assess_case c = {.options = o, .timeline = t, .arena = a};
	struct assessment *x = judge(t, &c);
	struct inflamed_list inflamed = {0};

	readers_compare(t, o, judge_other_reader, x);
	check_criteria_list(o->criteria, x);
	compare_reader(&c, "recist11", CAT_CR, CAT_NED, x);
	compare_reader(&c, "irecist", CAT_ICR, CAT_ICPD, x);
	kinetics_run(&c, x);
	patterns_run(&c, x);
	metabolic_run(&c, x);
	advice_add(&c, x);
	irae_assess(&c, x, &inflamed);
	inflamed_compare(t, o, judge_with_pet, inflamed.items, inflamed.n, x);
	return x;
}
