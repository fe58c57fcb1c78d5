/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which measurements known by site alone are ambiguous: the quick answer
 * against the plain rule, on anything.
 */
#include <stdint.h>
#include <string.h>

#include "mappings/intake.h"
#include "tests/support/check_main.h"

#define ROUNDS 4000
#define MOST   9

static uint32_t seed = 20240101;

static size_t
any(size_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 16) % n;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
overlap(const struct measurement_fact *a, const struct measurement_fact *b)
{
	return (a->longest_tmm != TMM_NONE && b->longest_tmm != TMM_NONE) ||
	       (a->short_tmm != TMM_NONE && b->short_tmm != TMM_NONE) ||
	       (a->state != STATE_NONE && b->state != STATE_NONE) ||
	       (a->suv[SUV_MAX] != SUV_NONE && b->suv[SUV_MAX] != SUV_NONE);
}

/* Could b be another lesion at a's site, at the same visit? */
static bool
confuses(const struct work *a, const struct work *b)
{
	const struct measurement_fact *x = &a->fact, *y = &b->fact;

	if (!same_text(a->site_key, b->site_key))
		return false;
	if (x->study != NULL && y->study != NULL
		? !same_text(x->study, y->study)
		: x->day != y->day)
		return false;
	if (!b->by_site)
		return true;
	if (x->reader != NULL && y->reader != NULL &&
	    !same_text(x->reader, y->reader))
		return false;
	return overlap(x, y);
}

static void
make_work(struct arena *a, size_t i, struct work *w)
{
	static const char *const sites[] = {"liver", "lung", NULL};
	static const char *const studies[] = {NULL, "S/1", "S/2"};
	static const char *const readers[] = {NULL, "P/1", "P/2"};
	struct measurement_fact *f = &w->fact;

	w->by_site = any(3) > 0;
	w->site_key = sites[any(w->by_site ? 2 : 3)];
	f->source.reference = arena_printf(a, "Observation/%zu", i);
	f->lesion = w->by_site ? arena_printf(a, "site:%s", w->site_key)
			       : arena_printf(a, "L/%zu", any(3));
	f->role = any(5) == 0 ? STATED_NEW : STATED_NONE;
	f->study = studies[any(3)];
	f->reader = readers[any(3)];
	f->day = (int32_t)any(2);
	f->axis_tmm = TMM_NONE;
	f->longest_tmm = any(3) == 0 ? 100 : TMM_NONE;
	f->short_tmm = any(3) == 0 ? 100 : TMM_NONE;
	f->state = any(4) == 0 ? STATE_PRESENT : STATE_NONE;
	for (size_t k = 0; k < SUV__MAX; k++)
		f->suv[k] = SUV_NONE;
	if (any(4) == 0)
		f->suv[SUV_MAX] = 3000;
}

static const struct measurement_fact *
kept_as(const struct patient_facts *facts, const struct work *w)
{
	for (size_t i = 0; i < facts->measurements.n; i++) {
		if (same_text(facts->measurements.items[i].source.reference,
			w->fact.source.reference))
			return &facts->measurements.items[i];
	}
	return NULL;
}

static size_t
count(const struct patient_facts *facts, const char *code)
{
	size_t n = 0;

	for (size_t i = 0; i < facts->problems.n; i++)
		n += same_text(facts->problems.items[i].code, code) ? 1 : 0;
	return n;
}

/* The lesion it is taken for: the only one with an identity of its own at its
 * site, unless it is said to be new. */
static const char *
lesion_of(const struct mapping *m, const struct work *w)
{
	const char *only = NULL;

	if (!w->by_site || w->fact.role == STATED_NEW)
		return w->fact.lesion;
	for (size_t i = 0; i < m->works.n; i++) {
		const struct work *x = &m->works.items[i];

		if (x->by_site || !same_text(x->site_key, w->site_key))
			continue;
		if (only != NULL && !same_text(only, x->fact.lesion))
			return w->fact.lesion;
		only = x->fact.lesion;
	}
	return only != NULL ? only : w->fact.lesion;
}

START_TEST(as_the_plain_rule)
{
	size_t kept = 0, unclear = 0, assumed = 0;

	for (size_t round = 0; round < ROUNDS; round++) {
		struct arena *a = arena_new();
		struct patient_facts facts = {.arena = a};
		struct mapping m = {.arena = a, .facts = &facts};
		size_t n = any(MOST + 1);

		for (size_t i = 0; i < n; i++)
			make_work(a, i, ARENA_PUSH(a, &m.works));
		works_finish(&m);
		ck_assert_uint_eq(facts.measurements.n +
				      count(&facts, "lesion_identity_missing"),
		    n);
		assumed += count(&facts, "lesion_identity_assumed");
		for (size_t i = 0; i < n; i++) {
			const struct work *w = &m.works.items[i];
			bool want = true;

			for (size_t j = 0; w->by_site && j < n; j++)
				want =
				    want &&
				    (i == j || !confuses(w, &m.works.items[j]));
			ck_assert_msg((kept_as(&facts, w) != NULL) == want,
			    "round %zu, work %zu of %zu", round, i, n);
			if (want)
				ck_assert_str_eq(kept_as(&facts, w)->lesion,
				    lesion_of(&m, w));
			kept += want;
			unclear += !want;
		}
		arena_free(a);
	}
	ck_assert_uint_gt(kept, 1000);
	ck_assert_uint_gt(unclear, 1000);
	ck_assert_uint_gt(assumed, 1000);
}
END_TEST

static Suite *
suite_same_site(void)
{
	Suite *s = suite_create("same_site");
	TCase *t = tcase_create("random");

	tcase_add_test(t, as_the_plain_rule);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_same_site())
