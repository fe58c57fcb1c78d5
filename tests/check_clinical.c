/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The patient's state at a progression that waits for a scan: the advice
 * changes with it in every criterion that waits, the category in none.
 */
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/course.h"

/* A course whose scan of day 56 waits for another, by that criterion. */
static void
larger(void)
{
	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 56, 620);
}

static void
larger_both_ways(void)
{
	course_measure("lung", -1, 500)->short_tmm = 400;
	course_give(0);
	course_measure("lung", 56, 620)->short_tmm = 500;
}

static void
more_avid(void)
{
	course_measure_uptake("lung", -1, 300, SUL_PEAK, 5000);
	course_give(0);
	course_measure_uptake("lung", 56, 300, SUL_PEAK, 9000);
}

static void
more_avid_lymphoma(void)
{
	course_measure_uptake("spleen", -1, 300, SUV_MAX, 2000);
	course_score(-1, "4");
	course_give(0);
	course_measure_uptake("spleen", 56, 300, SUV_MAX, 2800);
	course_score(56, "4");
}

static const struct {
	const char *criterion, *assessed;
	void (*course)(void);
} waits[] = {
    {"irecist", "irecist", larger},
    {"irrc", "irrc", larger_both_ways},
    {"irrecist", "irrecist", larger},
    {"imrecist", "imrecist", larger},
    {"ipercist", "recist11", more_avid},
    {"lyric", "recist11", more_avid_lymphoma},
};

static const struct {
	const char *before, *at; /* ECOG; NULL: none noted */
	const char *rule;
	bool review;
} states[] = {
    {NULL, NULL, "advice.clinical_unknown", false},
    {NULL, "1", "advice.clinical_unknown", false},
    {"1", "1", "advice.clinical_stable", false},
    {"2", "1", "advice.clinical_stable", false},
    {"1", "2", "advice.clinical_decline", true},
};

static bool
gives(const struct recommendation *r, const char *rule)
{
	for (size_t i = 0; i < r->because.n; i++) {
		if (strcmp(r->because.items[i].rule, rule) == 0)
			return true;
	}
	return false;
}

/* The recommendation of a kind that gives the rule. */
static const struct recommendation *
advice(const struct assessment *x, const char *criterion, const char *kind,
    const char *rule)
{
	for (size_t i = 0; i < x->recommendations.n; i++) {
		const struct recommendation *r = &x->recommendations.items[i];

		if (r->criterion != NULL &&
		    strcmp(r->criterion, criterion) == 0 &&
		    strcmp(r->kind, kind) == 0 && gives(r, rule))
			return r;
	}
	return NULL;
}

static const struct assessment *
assess(int wait, int state)
{
	course_tear_down();
	course_set_up();
	course_criteria = waits[wait].assessed;
	waits[wait].course();
	if (states[state].before != NULL)
		course_ecog(-3, states[state].before);
	if (states[state].at != NULL)
		course_ecog(56, states[state].at);
	return course_assess_as_of(60);
}

START_TEST(advice_by_state)
{
	for (int s = 0; s < (int)(sizeof(states) / sizeof(states[0])); s++) {
		const char *id = waits[_i].criterion;
		const struct assessment *x = assess(_i, s);
		const struct recommendation *r;

		for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++)
			ck_assert_msg((advice(x, id, "confirmation_scan",
					   states[k].rule) != NULL) ==
					  (strcmp(states[k].rule,
					       states[s].rule) == 0),
			    "%s, state %d: %s", id, s, states[k].rule);
		r = advice(x, id, "review_data", "advice.clinical_unstable");
		ck_assert_msg((r != NULL) == states[s].review,
		    "%s, state %d: review", id, s);
		if (r != NULL) {
			ck_assert_int_eq(r->from, COURSE_START + 56);
			ck_assert_int_eq(r->state, DUE_NOW);
		}
	}
}
END_TEST

/* Once a scan that can answer is there, the state says no more about it. */
START_TEST(answered)
{
	const char *id = waits[_i].criterion;
	const struct assessment *x;
	const struct recommendation *r;

	assess(_i, 4);
	if (waits[_i].course == more_avid)
		course_measure_uptake("lung", 95, 300, SUL_PEAK, 5000);
	else if (waits[_i].course == more_avid_lymphoma) {
		course_measure_uptake("spleen", 95, 300, SUV_MAX, 2000);
		course_score(95, "4");
	} else
		course_measure("lung", 95, 500)->short_tmm = 400;
	x = course_assess_as_of(95);
	r = advice(x, id, "confirmation_scan", "advice.answered");
	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(r->state, DUE_DONE);
	ck_assert(!gives(r, "advice.clinical_decline"));
	ck_assert_ptr_null(
	    advice(x, id, "review_data", "advice.clinical_unstable"));
}
END_TEST

/* Several criteria wait: one review. */
START_TEST(one_review)
{
	const struct assessment *x;
	size_t n = 0;

	larger();
	course_ecog(-3, "1");
	course_ecog(56, "2");
	course_criteria = "irrc,irrecist,imrecist";
	x = course_assess_as_of(60);
	for (size_t i = 0; i < x->recommendations.n; i++)
		n += strcmp(x->recommendations.items[i].kind, "review_data") ==
			 0 &&
		     gives(&x->recommendations.items[i],
			 "advice.clinical_unstable");
	ck_assert_uint_eq(n, 1);
	ck_assert_ptr_nonnull(advice(x, "imrecist", "confirmation_scan",
	    "advice.clinical_decline"));
	ck_assert_ptr_nonnull(advice(x, "irrecist", "confirmation_scan",
	    "advice.clinical_decline"));
}
END_TEST

static Suite *
suite_clinical(void)
{
	const int n = (int)(sizeof(waits) / sizeof(waits[0]));
	Suite *s = suite_create("clinical");
	TCase *c = tcase_create("advice");

	tcase_add_checked_fixture(c, course_set_up, course_tear_down);
	tcase_add_loop_test(c, advice_by_state, 0, n);
	tcase_add_loop_test(c, answered, 0, n);
	tcase_add_test(c, one_review);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_clinical())
