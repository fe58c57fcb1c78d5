/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signs of the catalogue one by one, from facts to the event they speak
 * for.
 */
#include <string.h>

#include "gateway/irae/irae.h"
#include "tests/support/check_main.h"
#include "tests/support/course_irae.h"

/*= irae §5.2: a letter where there is no number; without one, a problem */
static const struct {
	const char *letter;
	bool raised, problem;
} letters[] = {
    {"H", true, false},
    {"HH", true, false},
    {"HU", true, false},
    {">", true, false},
    {"POS", true, false},
    {"DET", true, false},
    {"N", false, false},
    {"NEG", false, false},
    {"ND", false, false},
    {"L", false, false},
    /* which way is not said */
    {"A", false, true},
    {"AA", false, true},
    {NULL, false, true},
};

START_TEST(letters_and_nothing)
{
	struct finding_fact *f;
	struct assessment *x;

	course_give(0);
	f = course_lab("lab_troponin_t", 20, 0, 0, NULL);
	f->has_value = false;
	f->interpretation = letters[_i].letter;
	x = course_assess();
	ck_assert_int_eq(
	    course_episode(x, "myocarditis") != NULL, letters[_i].raised);
	ck_assert_int_eq(
	    course_has_problem(x, "value_missing"), letters[_i].problem);
}
END_TEST

/*= irae §2.2 diarrhoea: 4 more a day than before is grade 2, 7 grade 3 */
static const struct {
	int count, grade; /* before: 2 */
	const char *priority;
} stools[] = {{5, 0, NULL}, {6, 2, "PM"}, {8, 2, "PM"}, {9, 3, "PH"}};

START_TEST(stools_of_a_day)
{
	struct assessment *x;

	course_give(0);
	course_lab("stool_frequency_24h", 30, stools[_i].count, 0, "/d");
	x = course_assess();
	ck_assert_ptr_null(course_episode(x, "colitis"));
	ck_assert(course_has_problem(x, "baseline_unknown"));
	course_lab("stool_frequency_24h", -60, 4, 0, "/d");
	course_lab("stool_frequency_24h", -3, 2, 0, "/d");
	x = course_assess();
	ck_assert(!course_has_problem(x, "baseline_unknown"));
	if (stools[_i].grade == 0)
		ck_assert_ptr_null(course_episode(x, "colitis"));
	else
		course_expect_irae(x, "colitis", stools[_i].grade, "possible",
		    "open", stools[_i].priority);
}
END_TEST

/*= irae §1.2 V of each card: what an uncoded grade counts for, §2.5 */
static const struct {
	const char *symptom, *module;
	int grade;
	const char *priority;
} symptoms[] = {
    {"symptom_diarrhea", "colitis", 1, "PL"},
    {"symptom_abdominal_pain", "colitis", 2, "PM"},
    {"symptom_blood_in_stool", "colitis", 2, "PM"},
    {"symptom_dyspnoea", "pneumonitis", 2, "PM"},
    {"symptom_cough", "pneumonitis", 2, "PM"},
    {"symptom_headache", "hypophysitis", 2, "PH"},
    {"symptom_visual_disturbance", "hypophysitis", 2, "PH"},
    {"symptom_dyspnoea", "myocarditis", 2, "PH"},
    {"symptom_chest_pain", "myocarditis", 2, "PH"},
    {"symptom_palpitations", "myocarditis", 2, "PH"},
    {"symptom_syncope", "myocarditis", 2, "PH"},
    {"symptom_muscle_weakness", "myositis", 2, "PM"},
    {"symptom_myalgia", "myositis", 2, "PM"},
    {"symptom_dysphagia", "myositis", 2, "PM"},
};

START_TEST(symptoms_of_a_card)
{
	struct finding_fact *f;

	course_give(0);
	f = course_diagnose(symptoms[_i].symptom, 30);
	course_expect_irae(course_assess(), symptoms[_i].module,
	    symptoms[_i].grade, "possible", "open", symptoms[_i].priority);
	/* One that is blamed on the drug names no organ yet. */
	f->attributed = true;
	course_expect_irae(course_assess(), symptoms[_i].module,
	    symptoms[_i].grade, "possible", "open", symptoms[_i].priority);
	/* It had it before. */
	f->day = COURSE_START - 5;
	ck_assert_ptr_null(course_episode(course_assess(), symptoms[_i].module));
}
END_TEST

/*= irae §1.2 I: a picture opens the event whose card names it, and no other */
static const struct {
	const char *site, *finding;
	enum irae_module module;
	bool line;
} rows[] = {
#define OWN       true
#define FINDING   true
#define COMPANION false
#define IRAE_IMAGE(module, site, finding, modality, use)                       \
	{site, finding, IRAE_##module, use},
#include "gateway/irae/signals.def"
#undef IRAE_IMAGE
#undef OWN
#undef FINDING
#undef COMPANION
};

START_TEST(pictures_of_a_card)
{
	struct finding_fact *f;
	struct assessment *x;

	course_give(0);
	f = course_image(rows[_i].finding, 40, true);
	f->organ = rows[_i].site[0] == '*' ? "brain" : rows[_i].site;
	x = course_assess();
	ck_assert_uint_eq(x->irae.n, rows[_i].line ? 1 : 0);
	if (rows[_i].line)
		ck_assert_str_eq(x->irae.items[0].event,
		    irae_module_name(rows[_i].module));
	/* Of another organ it is nobody's. */
	f->organ = "bladder";
	if (rows[_i].site[0] != '*')
		ck_assert_uint_eq(course_assess()->irae.n, 0);
	/* Nor when it was looked for and not there. */
	f->organ = rows[_i].site;
	f->absent = true;
	ck_assert_uint_eq(course_assess()->irae.n, 0);
}
END_TEST

/*= irae §1.2 pancreatitis: above 3 x ULN with a diffuse picture, while it is
 * there */
START_TEST(enzymes_beside_a_picture)
{
	struct finding_fact *gone;

	course_give(0);
	course_image("pancreas_diffuse_enlargement", 30, true);
	gone = course_image("pancreas_diffuse_enlargement", 50, false);
	course_lab("lab_lipase", 52, 240, 60, "U/L");
	course_expect_irae(
	    course_assess(), "pancreatitis", 2, "possible", "escalated", "PM");
	gone->absent = false;
	course_expect_irae(
	    course_assess(), "pancreatitis", 2, "probable", "escalated", "PM");
}
END_TEST

/*= irae §1.2 diagnoses: a bare code is one line of evidence; beside the word
 * of a clinician that it is the drug, an attribution (§4.1 A) */
static const struct {
	const char *concept;
	enum irae_module module;
	enum irae_condition_kind kind;
	int grade;
} codes[] = {
#define IRAE_DX(concept, module, kind, grade, by_drug)                         \
	{concept, IRAE_##module, IRAE_##kind, grade},
#include "gateway/irae/concepts.def"
#undef IRAE_DX
};

START_TEST(codes_of_a_card)
{
	const char *event = irae_module_name(codes[_i].module);
	bool line = codes[_i].kind != IRAE_CONFOUNDER;
	const struct irae_episode *e;
	struct finding_fact *f;

	course_give(0);
	f = course_diagnose(codes[_i].concept, 40);
	e = course_episode(course_assess(), event);
	ck_assert_msg((e != NULL) == line, "%s", codes[_i].concept);
	if (line) {
		ck_assert_str_eq(e->certainty, "possible");
		ck_assert_int_ge(e->grade, codes[_i].grade);
	}
	f->attributed = true;
	e = course_episode(course_assess(), event);
	if (line && strncmp(codes[_i].concept, "symptom_", 8) != 0)
		ck_assert_str_eq(e->certainty, "definite");
	/* Not there, and from before the first dose. */
	f->absent = true;
	ck_assert_ptr_null(course_episode(course_assess(), event));
	f->absent = false;
	f->day = COURSE_START - 10;
	ck_assert_ptr_null(course_episode(course_assess(), event));
}
END_TEST

static Suite *
suite_signs(void)
{
	Suite *s = suite_create("irae_signs");
	TCase *c = tcase_create("signs");

	tcase_add_checked_fixture(c, course_set_up, course_tear_down);
	tcase_add_loop_test(c, letters_and_nothing, 0,
	    (int)(sizeof(letters) / sizeof(*letters)));
	tcase_add_loop_test(c, stools_of_a_day, 0,
	    (int)(sizeof(stools) / sizeof(*stools)));
	tcase_add_loop_test(c, symptoms_of_a_card, 0,
	    (int)(sizeof(symptoms) / sizeof(*symptoms)));
	tcase_add_test(c, enzymes_beside_a_picture);
	tcase_add_loop_test(
	    c, codes_of_a_card, 0, (int)(sizeof(codes) / sizeof(*codes)));
	tcase_add_loop_test(
	    c, pictures_of_a_card, 0, (int)(sizeof(rows) / sizeof(*rows)));
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_signs())
