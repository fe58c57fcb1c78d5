/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/course_irae.h"

#include <check.h>
#include <string.h>

/* --- facts --- */

struct finding_fact *
course_last_finding(void)
{
	return &course_facts->findings.items[course_facts->findings.n - 1];
}

/* A value with its range, all whole numbers. */
struct finding_fact *
course_lab(const char *concept, int day, int value, int high, const char *unit)
{
	struct finding_fact *f;

	course_find(concept, day, value);
	f = course_last_finding();
	f->unit = unit;
	f->high = high > 0 ? high : INT64_MIN;
	return f;
}

struct finding_fact *
course_image(const char *concept, int day, bool present)
{
	struct finding_fact *f;

	course_find(concept, day, 0);
	f = course_last_finding();
	f->has_value = false;
	f->absent = !present;
	f->modalities = "CT";
	return f;
}

struct finding_fact *
course_diagnose(const char *concept, int day)
{
	struct finding_fact *f = course_image(concept, day, true);

	f->source.reference = arena_printf(
	    course_arena, "Condition/%zu", course_facts->findings.n);
	return f;
}

struct dose_fact *
course_medicate(const char *concept, const char *name, int day, int last, int mg)
{
	struct dose_fact *d;

	course_give(day);
	d = &course_facts->doses.items[course_facts->doses.n - 1];
	d->last_day = COURSE_START + last;
	d->concept = concept;
	d->name = name;
	d->ici_class = NULL;
	d->dose_ug = mg < 0 ? DOSE_NONE : (int64_t)mg * 1000;
	return d;
}

/* --- what came out --- */

const struct irae_episode *
course_episode(const struct assessment *x, const char *event)
{
	for (size_t i = 0; i < x->irae.n; i++) {
		if (strcmp(x->irae.items[i].event, event) == 0)
			return &x->irae.items[i];
	}
	return NULL;
}

void
course_expect_irae(const struct assessment *x, const char *event, int grade,
    const char *certainty, const char *state, const char *priority)
{
	const struct irae_episode *e = course_episode(x, event);

	ck_assert_msg(e != NULL, "no %s", event);
	ck_assert_msg(
	    e->grade == grade && strcmp(e->certainty, certainty) == 0 &&
		strcmp(e->state, state) == 0 &&
		strcmp(e->priority == NULL ? "-" : e->priority, priority) == 0,
	    "%s: grade %d %s %s %s", event, e->grade, e->certainty, e->state,
	    e->priority);
}

bool
course_has_problem(const struct assessment *x, const char *code)
{
	for (size_t i = 0; i < x->problems.n; i++) {
		if (strcmp(x->problems.items[i].code, code) == 0)
			return true;
	}
	return false;
}

const struct recommendation *
course_workup(const struct assessment *x)
{
	for (size_t i = 0; i < x->recommendations.n; i++) {
		if (strcmp(x->recommendations.items[i].kind, "irae_workup") ==
		    0)
			return &x->recommendations.items[i];
	}
	return NULL;
}
