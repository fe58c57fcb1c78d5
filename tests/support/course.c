/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/course.h"

#include <string.h>

#include "tests/support/check_main.h"

struct arena *course_arena;
struct patient_facts *course_facts;
const char *course_criteria;

void
course_set_up(void)
{
	course_arena = arena_new();
	course_facts = arena_alloc(course_arena, sizeof(*course_facts));
	course_facts->arena = course_arena;
	course_facts->patient = "Patient/course";
	course_criteria = NULL;
}

void
course_tear_down(void)
{
	arena_free(course_arena);
}

struct measurement_fact *
course_measure(const char *lesion, int day, int32_t tmm)
{
	struct measurement_fact *m =
	    ARENA_PUSH(course_arena, &course_facts->measurements);

	m->source.reference = arena_printf(
	    course_arena, "Observation/%zu", course_facts->measurements.n);
	m->source.version = "1";
	m->day = COURSE_START + day;
	m->lesion = lesion;
	m->site = m->organ = lesion;
	m->longest_tmm = tmm;
	m->short_tmm = m->axis_tmm = TMM_NONE;
	m->issued_ms = INT64_MIN;
	for (size_t k = 0; k < SUV__MAX; k++)
		m->suv[k] = SUV_NONE;
	return m;
}

void
course_measure_uptake(
    const char *lesion, int day, int32_t tmm, enum suv_kind kind, int32_t value)
{
	course_measure(lesion, day, tmm)->suv[kind] = value;
}

void
course_say_absent(const char *lesion, int day)
{
	course_measure(lesion, day, TMM_NONE)->state = STATE_ABSENT;
}

void
course_give(int day)
{
	struct dose_fact *d = ARENA_PUSH(course_arena, &course_facts->doses);

	d->source.reference = arena_printf(course_arena,
	    "MedicationAdministration/%zu", course_facts->doses.n);
	d->source.version = "1";
	d->day = d->last_day = COURSE_START + day;
	d->concept = "ici_pembrolizumab";
	d->name = "pembrolizumab";
	d->ici_class = "PD-1";
}

void
course_find(const char *concept, int day, int value)
{
	struct finding_fact *f =
	    ARENA_PUSH(course_arena, &course_facts->findings);

	f->source.reference = arena_printf(
	    course_arena, "Observation/f%zu", course_facts->findings.n);
	f->concept = concept;
	f->day = COURSE_START + day;
	f->has_value = true;
	f->value = value;
	f->low = f->high = f->infarction = INT64_MIN;
	f->minute = -1;
	f->end_day = DAY_NONE;
	f->modalities = "";
}

static struct assessment *
assess_on(int32_t as_of)
{
	struct timeline_options to = TIMELINE_DEFAULTS;
	struct assess_options *o = arena_alloc(course_arena, sizeof(*o));
	const struct assess_options defaults = ASSESS_DEFAULTS;

	*o = defaults;
	o->as_of = as_of;
	o->criteria = course_criteria;
	return assess_run(
	    timeline_build(course_facts, &to, course_arena), o, course_arena);
}

struct assessment *
course_assess(void)
{
	return assess_on(DAY_NONE);
}

struct assessment *
course_assess_as_of(int day)
{
	return assess_on(COURSE_START + day);
}

const struct hyperprogression *
course_hpd(const struct assessment *x, const char *id)
{
	for (size_t i = 0; i < x->hyperprogression.n; i++) {
		if (strcmp(x->hyperprogression.items[i].definition, id) == 0)
			return &x->hyperprogression.items[i];
	}
	ck_abort_msg("no entry %s", id);
	return NULL;
}

bool
course_says(const struct because_list *b, const char *words)
{
	for (size_t i = 0; i < b->n; i++) {
		if (strstr(b->items[i].text, words) != NULL)
			return true;
	}
	return false;
}

const struct pattern *
course_pattern(const struct assessment *x, const char *kind, size_t nth)
{
	for (size_t i = 0; i < x->patterns.n; i++) {
		if (strcmp(x->patterns.items[i].kind, kind) == 0 && nth-- == 0)
			return &x->patterns.items[i];
	}
	return NULL;
}

const struct metabolic *
course_pet(const struct assessment *x, const char *criterion, int day)
{
	for (size_t i = 0; i < x->metabolic.n; i++) {
		const struct metabolic *m = &x->metabolic.items[i];

		if (strcmp(m->criterion, criterion) == 0 &&
		    m->day == COURSE_START + day)
			return m;
	}
	return NULL;
}

/* The nth scan asked for by a criterion. */
const struct recommendation *
course_advice(const struct assessment *x, const char *criterion, size_t nth)
{
	for (size_t i = 0; i < x->recommendations.n; i++) {
		const struct recommendation *r = &x->recommendations.items[i];

		if (r->criterion != NULL &&
		    strcmp(r->criterion, criterion) == 0 && nth-- == 0)
			return r;
	}
	return NULL;
}

void
course_expect_pet(const struct assessment *x, const char *criterion, int day,
    const char *want)
{
	const struct metabolic *m = course_pet(x, criterion, day);

	ck_assert_msg(m != NULL, "no %s at day %d", criterion, day);
	ck_assert_msg(strcmp(m->overall, want) == 0, "%s at day %d: %s",
	    criterion, day, m->overall);
	ck_assert_uint_gt(m->because.n, 0);
}

static void
state(enum statement_kind kind, int day, const char *value)
{
	struct statement_fact *s =
	    ARENA_PUSH(course_arena, &course_facts->statements);

	s->source.reference = arena_printf(
	    course_arena, "Observation/e%zu", course_facts->statements.n);
	s->kind = kind;
	s->day = COURSE_START + day;
	s->value = value;
	s->issued_ms = INT64_MIN;
}

void
course_ecog(int day, const char *score)
{
	state(STATEMENT_ECOG, day, score);
}

void
course_score(int day, const char *deauville)
{
	state(STATEMENT_DEAUVILLE, day, deauville);
}
