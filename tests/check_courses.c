/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole courses, from facts to the lists of the assessment: growth rates,
 * patterns and PET criteria as a reader of the document sees them.
 */
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/course.h"

/* 40, 50 and 80 mm, 61 days apart: fast before, faster under treatment. */
START_TEST(hyperprogression)
{
	static const char *const order[] = {"champiat2017", "saada_bouzid2017",
	    "kato2017", "ferrara2018", "kas2020", "lo_russo2019", "matos2020",
	    "kim2019"};
	struct assessment *x;

	course_measure("lung", -62, 400);
	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 50, 800);
	x = course_assess();
	ck_assert_uint_eq(x->hyperprogression.n, 8);
	for (size_t i = 0; i < 8; i++)
		ck_assert_str_eq(
		    x->hyperprogression.items[i].definition, order[i]);
	ck_assert_int_eq(course_hpd(x, "champiat2017")->met, YES);
	ck_assert_int_gt(course_hpd(x, "champiat2017")->value_milli, 2000);
	ck_assert(course_says(&course_hpd(x, "champiat2017")->because,
	    "HPD_PENDING_CONFIRMATION"));
	ck_assert_int_eq(
	    course_advice(x, "hyperprogression", 0)->from, COURSE_START + 50);
	ck_assert_int_eq(
	    course_advice(x, "hyperprogression", 0)->to, COURSE_START + 78);
	ck_assert_ptr_null(course_advice(x, "hyperprogression", 1));
	ck_assert(course_says(&course_hpd(x, "champiat2017")->because,
	    "before baseline: TGR 39.658 % a month, TGK 0.163 mm a day"));
	ck_assert_int_eq(course_hpd(x, "matos2020")->met, YES);
	ck_assert(course_says(&course_hpd(x, "matos2020")->because,
	    "growth of the target sum 30 mm, at least 10 mm needed: met"));
	ck_assert_uint_eq(
	    course_hpd(x, "champiat2017")->because.items[2].n_sources, 1);
	ck_assert_int_eq(course_hpd(x, "kato2017")->met, UNKNOWN);
	ck_assert(course_says(
	    &course_hpd(x, "kato2017")->because, "THERAPY_STOP_UNKNOWN"));
	/* One open item (TTF), one more (ECOG), one met: could be three. */
	ck_assert_int_eq(course_hpd(x, "lo_russo2019")->met, UNKNOWN);
	ck_assert(course_says(
	    &course_hpd(x, "lo_russo2019")->because, "ECOG_MISSING"));
}
END_TEST

START_TEST(hyperprogression_stop)
{
	struct assessment *x;

	course_measure("lung", -62, 400);
	course_measure("lung", -1, 500);
	course_give(0);
	course_give(21);
	course_measure("lung", 50, 800);
	/* No dose after the progression, and 84 days gone by. */
	course_measure("lung", 106, 900);
	x = course_assess();
	ck_assert_int_eq(
	    course_advice(x, "hyperprogression", 0)->state, DUE_DONE);
	ck_assert_int_eq(
	    course_advice(course_assess_as_of(105), "hyperprogression", 0)
		->state,
	    DUE_OVERDUE);
	ck_assert_ptr_null(
	    course_advice(course_assess_as_of(49), "hyperprogression", 0));
	ck_assert_int_eq(course_hpd(x, "kato2017")->met, YES);
	ck_assert(!course_says(&course_hpd(x, "champiat2017")->because,
	    "HPD_PENDING_CONFIRMATION"));
	/* A later dose: treated for longer than two months. */
	course_give(63);
	ck_assert_int_eq(course_hpd(course_assess(), "kato2017")->met, NO);
}
END_TEST

START_TEST(hyperprogression_other_targets)
{
	struct assessment *x;

	course_measure("lung", -62, 400);
	course_measure("lung", -1, 500);
	course_measure("liver", -1, 300);
	course_give(0);
	course_measure("lung", 50, 800);
	course_measure("liver", 50, 300);
	x = course_assess();
	ck_assert_int_eq(course_hpd(x, "champiat2017")->met, UNKNOWN);
	ck_assert(!course_hpd(x, "champiat2017")->has_value);
	ck_assert(course_says(
	    &course_hpd(x, "champiat2017")->because, "TARGET_SET_DIFFERS"));
}
END_TEST

START_TEST(no_data)
{
	struct assessment *x = course_assess();

	ck_assert_uint_eq(x->hyperprogression.n, 8);
	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(x->hyperprogression.items[i].met, UNKNOWN);
	ck_assert_uint_eq(x->patterns.n, 0);
	ck_assert_uint_eq(x->metabolic.n, 0);
}
END_TEST

START_TEST(pseudoprogression)
{
	const struct pattern *p;

	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 56, 620);
	p = course_pattern(course_assess(), "pseudoprogression", 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(p->status, "suspected");
	ck_assert_str_eq(p->variant, "early");
	course_measure("lung", 91, 300);
	p = course_pattern(course_assess(), "pseudoprogression", 0);
	ck_assert_str_eq(p->status, "confirmed");
	ck_assert_str_eq(p->variant, "strict,early");
	ck_assert_int_eq(p->day, COURSE_START + 56);
}
END_TEST

/* Without iRECIST the first PD is looked back at, never suspected. */
START_TEST(pseudoprogression_recist)
{
	const struct pattern *p;

	course_criteria = "recist11";
	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 56, 620);
	ck_assert_ptr_null(
	    course_pattern(course_assess(), "pseudoprogression", 0));
	course_measure("lung", 91, 500);
	p = course_pattern(course_assess(), "pseudoprogression", 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(p->variant, "lenient,early");
	course_measure("lung", 130, 350);
	p = course_pattern(course_assess(), "pseudoprogression", 0);
	ck_assert_str_eq(p->status, "confirmed");
	ck_assert_str_eq(p->variant, "strict,early");
	ck_assert_int_eq(p->day, COURSE_START + 56);
	ck_assert(course_says(&p->because, "PD on 2024-02-26"));
	ck_assert(course_says(&p->because, "PR on 2024-05-10"));
}
END_TEST

START_TEST(late_response)
{
	struct assessment *x;

	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 56, 620);
	course_measure("lung", 91, 700);
	course_measure("lung", 150, 350);
	x = course_assess();
	ck_assert_str_eq(
	    course_pattern(x, "pseudoprogression", 0)->status, "refuted");
	ck_assert_str_eq(
	    course_pattern(x, "delayed_response", 0)->status, "suspected");
	course_measure("lung", 178, 340);
	x = course_assess();
	ck_assert_str_eq(
	    course_pattern(x, "delayed_response", 0)->status, "confirmed");
	ck_assert_int_eq(
	    course_pattern(x, "delayed_response", 0)->day, COURSE_START + 150);
	/* From the first visit 30 % below baseline on, and there alone. */
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(
		    verdict_has_flag(&assessment_criterion(x, "irecist")->at[i],
			"LATE_RESPONSE_AFTER_ICPD"),
		    i >= 3);
}
END_TEST

START_TEST(durable_response)
{
	course_measure("lung", -1, 500);
	course_give(0);
	course_give(42);
	course_measure("lung", 60, 300);
	course_measure("lung", 221, 300); /* 179 days after the last dose */
	ck_assert_ptr_null(
	    course_pattern(course_assess(), "durable_response_after_stop", 0));
	course_measure("lung", 240, 300);
	ck_assert_int_eq(
	    course_pattern(course_assess(), "durable_response_after_stop", 0)
		->day,
	    COURSE_START + 240);
}
END_TEST

START_TEST(dissociated_response)
{
	struct assessment *x;

	course_measure("lung", -1, 300);
	course_measure("liver", -1, 300);
	course_give(0);
	course_measure("lung", 56, 200);
	course_measure("liver", 56, 370);
	course_measure("lung", 91, 190);
	course_measure("liver", 91, 380);
	x = course_assess();
	ck_assert_int_eq(course_pattern(x, "dissociated_response", 0)->day,
	    COURSE_START + 56);
	ck_assert_ptr_null(course_pattern(x, "dissociated_response", 1));
	ck_assert(
	    course_says(&course_pattern(x, "dissociated_response", 0)->because,
		"liver: 37.0 mm is 23.3 % (+7.0 mm) above 30.0 mm at "
		"baseline"));
}
END_TEST

START_TEST(discordance)
{
	const struct pattern *p;

	course_measure_uptake("lung", -1, 300, SUL_PEAK, 8000);
	course_give(0);
	course_measure_uptake("lung", 56, 380, SUL_PEAK, 4000);
	p = course_pattern(course_assess(), "metabolic_discordance", 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(p->variant, "LARGER_LESS_AVID");
	ck_assert_str_eq(p->status, "suspected");
	ck_assert_str_eq(
	    p->because.items[1].rule, "pattern.metabolic_discordance");
	ck_assert_str_eq(p->because.items[1].text,
	    "lung: 38.0 mm is 26.7 % (+8.0 mm) above 30.0 mm at baseline; "
	    "SULpeak 4.0 is 50.0 % (-4.0) below 8.0");
}
END_TEST

START_TEST(discordance_suvmax)
{
	const struct pattern *p;

	course_measure_uptake("lung", -1, 300, SUV_MAX, 8000);
	course_give(0);
	course_measure_uptake("lung", 56, 380, SUV_MAX, 4000);
	p = course_pattern(course_assess(), "metabolic_discordance", 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(
	    p->because.items[1].rule, "pattern.metabolic_discordance.suvmax");
}
END_TEST

START_TEST(pet_course)
{
	struct assessment *x;

	course_measure_uptake("lung", -1, 300, SUL_PEAK, 10000);
	course_measure_uptake("liver", -1, 300, SUL_PEAK, 5000);
	course_give(0);
	course_measure_uptake("lung", 25, 300, SUL_PEAK, 14000);
	course_measure_uptake("liver", 25, 300, SUL_PEAK, 5000);
	course_measure_uptake("lung", 60, 300, SUL_PEAK, 6000);
	course_measure_uptake("liver", 60, 300, SUL_PEAK, 2000);
	course_say_absent("lung", 120);
	course_say_absent("liver", 120);
	x = course_assess();
	course_expect_pet(x, "percist", 25, "PMD");
	course_expect_pet(x, "ipercist", 25, "UPMD");
	course_expect_pet(x, "pecrit", 25, "BENEFIT");
	course_expect_pet(x, "percimt", 25, "SMD");
	course_expect_pet(x, "impercist5", 25, "SMD"); /* 19 against 15 */
	course_expect_pet(x, "eortc_pet", 25, "NE");   /* no SUV */
	course_expect_pet(x, "percist", 60, "PMR");
	course_expect_pet(x, "ipercist", 60, "PMR");
	course_expect_pet(x, "impercist5", 60, "PMR");
	course_expect_pet(x, "pecrit", 60, "NE");
	ck_assert(course_says(
	    &course_pet(x, "percist", 60)->because, "COMPARABILITY"));
	ck_assert(course_says(&course_pet(x, "percist", 60)->because,
	    "hottest SULpeak 6.0 is 40.0 % (-4.0) below 10.0 at the "
	    "baseline PET of 2023-12-31"));
	/* No PET modality and no uptake: not a PET. */
	ck_assert_ptr_null(course_pet(x, "percist", 120));
	ck_assert_ptr_null(course_pet(x, "lugano", 60));
}
END_TEST

START_TEST(pet_advice)
{
	const struct recommendation *r;

	course_measure_uptake("lung", -1, 300, SUL_PEAK, 10000);
	course_give(0);
	course_measure_uptake("lung", 60, 300, SUL_PEAK, 14000);
	r = course_advice(course_assess(), "ipercist", 0);
	ck_assert_int_eq(r->from, COURSE_START + 88);
	ck_assert_int_eq(r->to, COURSE_START + 116);
	ck_assert_int_eq(r->state, DUE_UPCOMING);
	/* A PET after 27 days answers nothing and asks nothing new. */
	course_measure_uptake("lung", 87, 300, SUL_PEAK, 14000);
	ck_assert_int_eq(
	    course_advice(course_assess(), "ipercist", 0)->state, DUE_UPCOMING);
	ck_assert_ptr_null(course_advice(course_assess(), "ipercist", 1));
	course_measure_uptake("lung", 102, 300, SUL_PEAK, 14000);
	ck_assert_int_eq(
	    course_advice(course_assess(), "ipercist", 0)->state, DUE_DONE);
	course_expect_pet(course_assess(), "ipercist", 102, "CPMD");
	/* The day before, that PET was still to come. */
	r = course_advice(course_assess_as_of(101), "ipercist", 0);
	ck_assert_int_eq(r->state, DUE_NOW);
	ck_assert_ptr_null(
	    course_advice(course_assess_as_of(59), "ipercist", 0));
}
END_TEST

START_TEST(pet_suvmax_only)
{
	struct assessment *x;

	course_measure_uptake("lung", -1, 300, SUV_MAX, 10000);
	course_give(0);
	course_give(21);
	course_measure_uptake("lung", 60, 300, SUV_MAX, 7400);
	x = course_assess();
	course_expect_pet(x, "percist", 60, "NE");
	ck_assert(course_says(
	    &course_pet(x, "percist", 60)->because, "SULPEAK_MISSING"));
	course_expect_pet(x, "impercist5", 60, "NE");
	course_expect_pet(x, "eortc_pet", 60, "PMR");
}
END_TEST

START_TEST(pet_new_and_unread)
{
	struct assessment *x;

	course_measure_uptake("lung", -1, 300, SUL_PEAK, 10000);
	course_measure_uptake("liver", -1, 300, SUL_PEAK, 9000);
	course_give(0);
	course_measure_uptake("lung", 60, 300, SUL_PEAK, 5000);
	x = course_assess();
	course_expect_pet(x, "percist", 60, "NE");
	ck_assert(course_says(&course_pet(x, "percist", 60)->because, "liver"));
	course_measure_uptake("bone", 60, 160, SUL_PEAK, 3000);
	course_measure_uptake("brain", 60, 160, SUL_PEAK, 3000);
	x = course_assess();
	course_expect_pet(x, "percist", 60, "PMD");
	course_expect_pet(x, "percimt", 60, "PMD");
}
END_TEST

/* Glycolysis shows progression where SULpeak does not; a lesion not read adds
 * nothing to it. */
START_TEST(pet_glycolysis)
{
	struct assessment *x;

	course_measure("lung", -1, 300)->suv[LESION_TLG] = 100000;
	course_measure_uptake("lung", -1, 300, SUL_PEAK, 10000);
	course_measure("liver", -1, 300)->suv[LESION_TLG] = 50000;
	course_measure_uptake("liver", -1, 300, SUL_PEAK, 5000);
	course_give(0);
	course_measure("lung", 60, 300)->suv[LESION_TLG] = 262500;
	course_measure_uptake("lung", 60, 300, SUL_PEAK, 11000);
	course_measure_uptake("liver", 60, 300, SUL_PEAK, 5000);
	x = course_assess();
	course_expect_pet(x, "percist", 60, "SMD"); /* 75.0 %, not more */
	course_expect_pet(x, "impercist5", 60, "SMD");
	course_measure("liver", 60, 300)->suv[LESION_TLG] = 1;
	x = course_assess();
	course_expect_pet(x, "percist", 60, "PMD");
	course_expect_pet(x, "ipercist", 60, "UPMD");
	course_expect_pet(x, "impercist5", 60, "SMD");
	ck_assert_str_eq(course_pet(x, "percist", 60)->because.items[0].rule,
	    "percist.pmd.tlg");
	ck_assert(course_says(&course_pet(x, "percist", 60)->because,
	    "total lesion glycolysis 262.501 is 75.0 % (+112.501) above "
	    "150.0 at baseline"));
}
END_TEST

/* What PERCIMT counts is said. */
START_TEST(pet_new_sizes)
{
	struct assessment *x;

	course_measure_uptake("lung", -1, 300, SUL_PEAK, 5000);
	course_give(0);
	course_measure_uptake("lung", 60, 300, SUL_PEAK, 5000);
	course_measure_uptake("bone", 60, 160, SUL_PEAK, 5000);
	x = course_assess();
	ck_assert(course_says(&course_pet(x, "percimt", 60)->because,
	    "1 new avid lesion: 16.0 mm"));
	course_measure_uptake("liver", 60, 155, SUL_PEAK, 5000);
	x = course_assess();
	course_expect_pet(x, "percimt", 60, "PMD");
	ck_assert(course_says(&course_pet(x, "percimt", 60)->because,
	    "2 new avid lesions: 16.0 mm, 15.5 mm"));
}
END_TEST

START_TEST(pet_without_baseline)
{
	struct assessment *x;

	course_measure("lung", -1, 300);
	course_give(0);
	course_measure_uptake("lung", 60, 300, SUL_PEAK, 5000);
	x = course_assess();
	course_expect_pet(x, "percist", 60, "NE");
	ck_assert(course_says(
	    &course_pet(x, "percist", 60)->because, "BASELINE_PET_MISSING"));
	course_expect_pet(x, "percimt", 60, "NE");
}
END_TEST

START_TEST(lymphoma)
{
	struct assessment *x;

	course_measure_uptake("spleen", -1, 300, SUV_MAX, 10000);
	course_score(-1, "5");
	course_give(0);
	course_measure_uptake("spleen", 60, 250, SUV_MAX, 6000);
	course_score(60, "4");
	course_measure_uptake("spleen", 120, 250, SUV_MAX, 2000);
	course_score(120, "2");
	x = course_assess();
	course_expect_pet(x, "lugano", 60, "PMR");
	course_expect_pet(x, "lyric", 60, "PMR");
	course_expect_pet(x, "lugano", 120, "CMR");
}
END_TEST

static Suite *
suite_courses(void)
{
	Suite *s = suite_create("courses");
	TCase *t = tcase_create("courses");

	tcase_add_checked_fixture(t, course_set_up, course_tear_down);
	tcase_add_test(t, hyperprogression);
	tcase_add_test(t, hyperprogression_stop);
	tcase_add_test(t, hyperprogression_other_targets);
	tcase_add_test(t, no_data);
	tcase_add_test(t, pseudoprogression);
	tcase_add_test(t, pseudoprogression_recist);
	tcase_add_test(t, late_response);
	tcase_add_test(t, durable_response);
	tcase_add_test(t, dissociated_response);
	tcase_add_test(t, discordance);
	tcase_add_test(t, discordance_suvmax);
	tcase_add_test(t, pet_course);
	tcase_add_test(t, pet_advice);
	tcase_add_test(t, pet_suvmax_only);
	tcase_add_test(t, pet_new_and_unread);
	tcase_add_test(t, pet_glycolysis);
	tcase_add_test(t, pet_new_sizes);
	tcase_add_test(t, pet_without_baseline);
	tcase_add_test(t, lymphoma);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_courses())
