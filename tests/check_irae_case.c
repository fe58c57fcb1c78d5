/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From facts to the assessment's `irae`, its work-up, and what it means for a
 * new lesion.
 */
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/course_irae.h"

/* --- values --- */

START_TEST(own_range_first)
{
	const struct irae_episode *e;
	struct assessment *x;

	course_give(0);
	course_lab("lab_alt", 30, 260, 50, "U/L");
	x = course_assess();
	course_expect_irae(x, "hepatitis", 3, "possible", "open", "PH");
	ck_assert(!course_has_problem(x, "range_default"));
	e = course_episode(x, "hepatitis");
	ck_assert_int_eq(e->onset, COURSE_START + 30);
	ck_assert_int_eq(e->resolved, DAY_NONE);
	ck_assert(course_says(
	    &e->because, "ALT 260 U/L on 2024-01-31, 5.2 x ULN of 50 (CTCAE v5 grade 3)"));
	ck_assert_uint_eq(e->n_sources, 1);
}
END_TEST

START_TEST(default_range_last_and_said)
{
	struct assessment *x;

	course_give(0);
	course_lab("lab_alt", 30, 260, 0, "U/L");
	course_lab("lab_lipase", 30, 2600, 0, "U/L");
	x = course_assess();
	course_expect_irae(x, "hepatitis", 3, "possible", "open", "PH");
	ck_assert(course_has_problem(x, "range_default"));
	ck_assert(course_says(&course_episode(x, "hepatitis")->because,
	    "6.5 x ULN of 40, of a default range"));
	/* assays that differ too much are not graded, and that is said */
	ck_assert_ptr_null(course_episode(x, "pancreatitis"));
	ck_assert(course_has_problem(x, "range_missing"));
}
END_TEST

START_TEST(units)
{
	struct assessment *x;

	course_give(0);
	course_lab("lab_cortisol", 60, 27, 500, "nmol/L"); /* 0.98 ug/dL */
	course_lab("lab_acth", 60, 5, 63, "ng/L");
	course_lab("lab_alt", 60, 900, 40, "furlong");
	x = course_assess();
	course_expect_irae(x, "hypophysitis", 2, "probable", "open", "PH");
	ck_assert_ptr_null(course_episode(x, "hepatitis"));
	ck_assert(course_has_problem(x, "unit_unknown"));
}
END_TEST

/* A range in another unit than its value; where infarction begins. */
START_TEST(limits_of_their_own)
{
	struct finding_fact *f;

	course_give(0);
	f = course_lab("lab_creatinine", 30, 442, 1, "umol/L"); /* 5.0 x 1 mg/dL */
	f->range_unit = "mg/dL";
	course_expect_irae(course_assess(), "nephritis", 3, "possible", "open", "PH");
	f = course_lab("lab_troponin_t_hs", 30, 52, 14, "ng/L");
	course_expect_irae(course_assess(), "myocarditis", 1, "possible", "open", "PH");
	f->infarction = 52;
	course_expect_irae(course_assess(), "myocarditis", 3, "possible", "open", "PH");
}
END_TEST

START_TEST(a_letter_without_a_number)
{
	struct finding_fact *f;
	struct assessment *x;

	course_give(0);
	f = course_lab("lab_troponin_i_hs", 20, 0, 0, NULL);
	f->has_value = false;
	f->interpretation = "HH";
	f = course_lab("lab_alt", 20, 0, 0, NULL);
	f->has_value = false;
	f->interpretation = "H";
	x = course_assess();
	course_expect_irae(x, "myocarditis", 1, "possible", "open", "PH");
	ck_assert_ptr_null(course_episode(x, "hepatitis"));
}
END_TEST

START_TEST(comparators)
{
	struct finding_fact *f;
	struct assessment *x;

	course_give(0);
	f = course_lab("lab_alt", 30, 120, 40, "U/L"); /* 3.0 x ULN is grade 1 */
	f->comparator = '>';
	x = course_assess();
	course_expect_irae(x, "hepatitis", 2, "possible", "open", "PM");
	f = course_lab("lab_platelets", 30, 75, 0, "10*3/uL");
	f->comparator = '<';
	course_expect_irae(course_assess(), "heme_itp", 2, "possible", "open", "PM");
}
END_TEST

/* --- drugs and diagnoses --- */

START_TEST(steroid_of_one_and_of_many_days)
{
	struct assessment *x;

	course_give(0);
	course_lab("lab_alt", 30, 260, 40, "U/L");
	for (int day = 31; day < 40; day++)
		course_medicate("drug_dexamethasone", "dexamethasone", day, day, 8);
	x = course_assess();
	course_expect_irae(x, "hepatitis", 3, "probable", "confirmed", "PH");
	ck_assert_uint_eq(course_episode(x, "hepatitis")->changes.n, 2);
}
END_TEST

START_TEST(steroid_of_unknown_amount)
{
	struct assessment *x;

	course_give(0);
	course_lab("lab_alt", 30, 260, 40, "U/L");
	course_medicate("drug_prednisone", "prednisone", 31, 60, -1);
	course_medicate("drug_prednisone", "prednisone cream", 31, 60, 50)->local =
	    true;
	x = course_assess();
	course_expect_irae(x, "hepatitis", 3, "possible", "open", "PH");
	ck_assert(course_has_problem(x, "steroid_dose_missing"));
}
END_TEST

/*= irae §4.1 T: replacement doses, by the day's sum; §4.5 controlled */
START_TEST(small_doses_replace)
{
	static const struct {
		const char *concept, *name;
		int mg, times;
		bool replaces;
	} rows[] = {
	    {"drug_prednisone", "prednisone", 5, 1, true},
	    {"drug_prednisone", "prednisone", 5, 2, false},
	    {"drug_hydrocortisone", "hydrocortisone", 10, 3, true},
	    {"drug_hydrocortisone", "hydrocortisone", 20, 2, false},
	    {"drug_dexamethasone", "dexamethasone", 1, 1, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		course_tear_down();
		course_set_up();
		course_give(0);
		course_lab("lab_cortisol", 60, 1, 25, "ug/dL");
		course_lab("lab_acth", 60, 5, 63, "ng/L");
		for (int k = 0; k < rows[i].times; k++)
			course_medicate(
			    rows[i].concept, rows[i].name, 61, 95, rows[i].mg);
		course_lab("lab_sodium", 95, 140, 145, "mmol/L");
		course_expect_irae(course_assess(), "hypophysitis", 2, "probable",
		    rows[i].replaces ? "controlled" : "stable",
		    rows[i].replaces ? "PL" : "PH");
	}
}
END_TEST

/*= irae §4.4 cortisol under a steroid, whatever it is given for */
START_TEST(cortisol_on_replacement)
{
	course_give(0);
	course_medicate("drug_prednisone", "prednisone", 40, 70, 5);
	course_lab("lab_cortisol", 60, 1, 25, "ug/dL");
	ck_assert_ptr_null(course_episode(course_assess(), "hypophysitis"));
}
END_TEST

START_TEST(weight_decides_what_is_high)
{
	struct assessment *x;

	course_give(0);
	course_lab("vital_body_weight", -1, 120, 0, "kg");
	course_lab("lab_alt", 30, 260, 40, "U/L");
	course_medicate("drug_prednisone", "prednisone", 31, 60, 50);
	course_expect_irae(course_assess(), "hepatitis", 3, "possible", "open", "PH");
	course_medicate("drug_prednisone", "prednisone", 31, 60, 10);
	x = course_assess();
	course_expect_irae(x, "hepatitis", 3, "probable", "confirmed", "PH");
}
END_TEST

START_TEST(code_alone_and_code_that_blames)
{
	struct finding_fact *f;
	struct assessment *x;

	course_give(0);
	course_diagnose("dx_colitis_toxic", 50);
	x = course_assess();
	course_expect_irae(x, "colitis", 1, "possible", "open", "PL");
	ck_assert(!course_episode(x, "colitis")->changes.items[0].notify);
	f = course_diagnose("dx_adverse_effect_ici", 50);
	ck_assert_ptr_nonnull(f);
	course_expect_irae(course_assess(), "colitis", 1, "definite", "open", "PL");
}
END_TEST

/* One that explains, one that casts doubt, and one that was over long ago. */
START_TEST(other_causes)
{
	struct assessment *x;

	course_give(0);
	course_diagnose("cause_urinary_obstruction", 20);
	course_diagnose("cause_viral_hepatitis", -900);
	course_diagnose("cause_pneumonia", -900);
	course_lab("lab_creatinine", 25, 3, 1, "mg/dL");
	course_lab("lab_alt", 25, 150, 40, "U/L");
	x = course_assess();
	ck_assert_ptr_null(course_episode(x, "nephritis"));
	ck_assert_ptr_null(course_episode(x, "hepatitis"));
	course_lab("lab_alt", 30, 260, 40, "U/L");
	course_image("ground_glass_opacity", 30, true);
	x = course_assess();
	course_expect_irae(x, "hepatitis", 3, "possible", "open", "PH");
	course_expect_irae(x, "pneumonitis", 1, "possible", "open", "PM");
	course_diagnose("cause_pneumonia", 29);
	ck_assert_ptr_null(course_episode(course_assess(), "pneumonitis"));
}
END_TEST

static const struct {
	int tenths, grade;
	const char *priority;
} extents[] = {{249, 1, "PM"}, {250, 2, "PM"}, {500, 2, "PM"}, {501, 3, "PH"}};

START_TEST(extent_of_the_lung)
{
	struct finding_fact *f;

	course_give(0);
	f = course_image("ground_glass_opacity", 30, true);
	f->has_value = true;
	f->value = extents[_i].tenths;
	f->scale = 1;
	f->unit = "%";
	course_expect_irae(course_assess(), "pneumonitis", extents[_i].grade, "possible",
	    "open", extents[_i].priority);
}
END_TEST

START_TEST(adverse_event)
{
	course_give(0);
	course_diagnose("dx_myocarditis", 40)->attributed = true;
	course_last_finding()->grade = 3;
	course_expect_irae(course_assess(), "myocarditis", 3, "definite", "open", "PH");
}
END_TEST

START_TEST(known_before)
{
	struct assessment *x;
	struct finding_fact *f;

	course_give(0);
	course_diagnose("dx_hypothyroidism", -300);
	f = course_lab("lab_tsh", 60, 30, 4, "m[IU]/L");
	ck_assert_ptr_nonnull(f);
	x = course_assess();
	ck_assert_ptr_null(course_episode(x, "thyroiditis"));
}
END_TEST

START_TEST(dismissed_by_a_person)
{
	struct flag_action_fact *a;
	struct assessment *x;

	course_give(0);
	course_lab("lab_alt", 30, 150, 40, "U/L");
	course_lab("lab_alt", 40, 145, 40, "U/L");
	a = ARENA_PUSH(course_arena, &course_facts->flag_actions);
	a->day = COURSE_START + 32;
	a->event = "hepatitis";
	a->episode = 1;
	a->dismissed = true;
	a->source.reference = "Flag/1";
	x = course_assess();
	course_expect_irae(x, "hepatitis", 2, "possible", "snoozed", "-");
	ck_assert_uint_eq(x->irae.n, 1);
	ck_assert_int_eq(course_episode(x, "hepatitis")->resolved, COURSE_START + 32);
	ck_assert_ptr_null(course_workup(x));
}
END_TEST

/* --- advice --- */

START_TEST(advice)
{
	const struct recommendation *r;

	course_give(0);
	course_lab("lab_troponin_t_hs", 20, 30, 14, "ng/L");
	r = course_workup(course_assess());
	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(r->state, DUE_NOW);
	ck_assert_int_eq(r->from, COURSE_START + 20);
	ck_assert(course_says(&r->because, "Consider (ASCO 2021 unless said)"));
	ck_assert(course_says(&r->because, "troponin again in 6 h"));
	ck_assert(course_says(&r->because, "referral: cardiology at once"));
	ck_assert(course_says(&r->because, "check or exclude: CK"));
	/* With CK known it is not asked for again. */
	course_lab("lab_ck", 20, 100, 170, "U/L");
	r = course_workup(course_assess());
	ck_assert(!course_says(&r->because, "check or exclude: CK"));
}
END_TEST

/*= irae §4.4 hypothyroid pattern needs cortisol first */
START_TEST(no_levothyroxine_without_cortisol)
{
	struct finding_fact *f;
	const struct recommendation *r;

	course_give(0);
	course_lab("lab_tsh", 100, 60, 4, "m[IU]/L");
	f = course_lab("lab_free_t4", 100, 4, 22, "pmol/L");
	f->low = 12;
	course_medicate("drug_levothyroxine", "levothyroxine", 101, 140, -1);
	r = course_workup(course_assess());
	ck_assert(course_says(&r->because, "cortisol is not known"));
	ck_assert(!course_says(&r->because, "levothyroxine; exclude"));
	course_lab("lab_cortisol", 100, 15, 25, "ug/dL");
	r = course_workup(course_assess());
	ck_assert(course_says(&r->because, "levothyroxine; exclude"));
}
END_TEST

/* --- images and new lesions --- */

START_TEST(both_readings_of_a_new_lesion)
{
	const struct criterion_result *r;
	struct assessment *x;
	const struct verdict *v;

	course_measure("liver", -1, 500);
	course_give(0);
	course_measure("liver", 56, 500);
	course_measure("lung", 56, 150);
	course_image("ground_glass_opacity", 56, true);
	course_lab("vital_spo2_pulseox", 56, 90, 0, "%");
	x = course_assess();
	course_expect_irae(x, "pneumonitis", 2, "probable", "open", "PM");
	r = assessment_criterion(x, "recist11");
	v = &r->at[1];
	ck_assert_int_eq(v->overall, CAT_PD); /* counted all the same */
	ck_assert(verdict_has_flag(v, "IRAE_EXPLAINS_LESION"));
	ck_assert(course_says(&v->because,
	    "the new lung lesion may be pneumonitis (irAE mimic)"));
	v = &assessment_criterion(x, "irecist")->at[1];
	ck_assert_int_eq(v->overall, CAT_IUPD);
	ck_assert(verdict_has_flag(v, "IRAE_EXPLAINS_LESION"));
	/* Both readings stand there. */
	ck_assert(verdict_has_flag(v, "NEW_LESION_MAY_BE_INFLAMMATION"));
	ck_assert(course_says(&v->because,
	    "iUPD as a new lesion, which counts; iSD as inflammation"));
}
END_TEST

START_TEST(resolved_by_a_clear_study)
{
	struct assessment *x;

	course_give(0);
	course_image("ground_glass_opacity", 56, true);
	course_image("ground_glass_opacity", 84, false);
	x = course_assess();
	course_expect_irae(x, "pneumonitis", 0, "possible", "resolved", "-");
	ck_assert_int_eq(
	    course_episode(x, "pneumonitis")->resolved, COURSE_START + 84);
}
END_TEST

START_TEST(a_picture_without_an_organ)
{
	struct assessment *x;
	struct finding_fact *f;

	course_give(0);
	course_image("diffuse_fdg_uptake", 56, true);
	x = course_assess();
	ck_assert_uint_eq(x->irae.n, 0);
	ck_assert(course_has_problem(x, "site_missing"));
	f = course_image("diffuse_fdg_uptake", 57, true);
	f->organ = "thyroid";
	course_expect_irae(course_assess(), "thyroiditis", 1, "possible", "open", "PL");
	course_image("colon_diffuse_wall_thickening", 57, true);
	course_expect_irae(course_assess(), "colitis", 1, "possible", "open", "PL");
}
END_TEST

/*= irae §1.2 hepatitis: liver metastases confound */
START_TEST(growing_liver_metastasis)
{
	course_measure("liver", -1, 300);
	course_give(0);
	course_measure("liver", 56, 450);
	course_lab("lab_alt", 58, 150, 40, "U/L");
	ck_assert_ptr_null(course_episode(course_assess(), "hepatitis"));
	course_lab("lab_alt", 60, 250, 40, "U/L");
	course_expect_irae(course_assess(), "hepatitis", 3, "possible", "open", "PH");
}
END_TEST

/*= irae §1.2 sarcoid_like: nodes and targets that do not grow */
START_TEST(sarcoid_like)
{
	struct finding_fact *f;

	course_measure("lung", -1, 300);
	course_give(0);
	course_measure("lung", 56, 290);
	f = course_image("hilar_lymphadenopathy", 56, true);
	ck_assert_ptr_null(course_episode(course_assess(), "sarcoid_like"));
	f->bilateral = true;
	course_expect_irae(course_assess(), "sarcoid_like", 1, "probable", "open", "PL");
}
END_TEST

START_TEST(nothing_without_a_dose)
{
	struct assessment *x;

	course_lab("lab_alt", 30, 2600, 40, "U/L");
	x = course_assess();
	ck_assert_uint_eq(x->irae.n, 0);
	ck_assert_ptr_null(course_workup(x));
}
END_TEST

static Suite *
suite_case(void)
{
	Suite *s = suite_create("irae_case");
	TCase *c = tcase_create("case");

	tcase_add_checked_fixture(c, course_set_up, course_tear_down);
	tcase_add_test(c, own_range_first);
	tcase_add_test(c, default_range_last_and_said);
	tcase_add_test(c, units);
	tcase_add_test(c, limits_of_their_own);
	tcase_add_test(c, a_letter_without_a_number);
	tcase_add_test(c, comparators);
	tcase_add_test(c, steroid_of_one_and_of_many_days);
	tcase_add_test(c, steroid_of_unknown_amount);
	tcase_add_test(c, small_doses_replace);
	tcase_add_test(c, cortisol_on_replacement);
	tcase_add_test(c, weight_decides_what_is_high);
	tcase_add_test(c, code_alone_and_code_that_blames);
	tcase_add_test(c, adverse_event);
	tcase_add_test(c, other_causes);
	tcase_add_loop_test(c, extent_of_the_lung, 0,
	    (int)(sizeof(extents) / sizeof(*extents)));
	tcase_add_test(c, known_before);
	tcase_add_test(c, dismissed_by_a_person);
	tcase_add_test(c, advice);
	tcase_add_test(c, no_levothyroxine_without_cortisol);
	tcase_add_test(c, both_readings_of_a_new_lesion);
	tcase_add_test(c, resolved_by_a_clear_study);
	tcase_add_test(c, a_picture_without_an_organ);
	tcase_add_test(c, growing_liver_metastasis);
	tcase_add_test(c, sarcoid_like);
	tcase_add_test(c, nothing_without_a_dose);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_case())
