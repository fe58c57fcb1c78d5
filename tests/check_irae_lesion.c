/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where adverse events and response meet: a new lesion that an event may
 * explain is counted, and both readings are shown.
 */
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/course_irae.h"

#define DAY 56

static struct measurement_fact *
lesion(const char *name, const char *site, const char *organ, bool nodal)
{
	struct measurement_fact *m = course_measure(name, DAY, 200);

	m->site = site;
	m->organ = organ;
	m->site_is_nodal = nodal;
	m->axis_tmm = m->short_tmm = 180;
	return m;
}

static const struct verdict *
verdict_of(const struct assessment *x, const char *criterion)
{
	return &assessment_criterion(x, criterion)->at[1];
}

/*= irae §1.3 hand-off, §1.2 the pictures that can look like a lesion */
static const struct {
	const char *finding, *site, *organ;
	bool nodal, explained;
} pictures[] = {
    {"lung_ground_glass", "lung", "lung", false, true},
    {"lung_organizing_pneumonia", "lung", "lung", false, true},
    {"lung_diffuse_fdg_uptake", "lung", "lung", false, true},
    {"colon_diffuse_wall_thickening", "colon", "colon", false, true},
    {"colon_diffuse_fdg_uptake", "colon", "colon", false, true},
    {"pancreas_focal_fdg_uptake", "pancreas", "pancreas", false, true},
    {"pancreas_focal_enlargement", "pancreas", "pancreas", false, true},
    {"pituitary_enlargement", "pituitary", "pituitary", false, true},
    {"pituitary_focal_fdg_uptake", "pituitary", "pituitary", false, true},
    {"adrenal_bilateral_enlargement", "adrenal", "adrenal", false, true},
    {"adrenal_bilateral_fdg_uptake", "adrenal", "adrenal", false, true},
    {"thyroid_diffuse_fdg_uptake", "thyroid", "thyroid", false, true},
    {"muscle_diffuse_fdg_uptake", "muscle", "muscle", false, true},
    {"thymus_diffuse_fdg_uptake", "mediastinum", "mediastinum", false, true},
    {"lymph_node_bilateral_symmetric_hilar_mediastinal",
	"mediastinal_lymph_node", "lymph_node", true, true},
    {"lymph_node_bilateral_symmetric_hilar_mediastinal", "hilar_lymph_node",
	"lymph_node", true, true},
    {"lymph_node_bilateral_symmetric_hilar_mediastinal", "lymph_node",
	"lymph_node", true, true},
    /* Not of the pattern: P19's external iliac node. */
    {"lymph_node_bilateral_symmetric_hilar_mediastinal", "pelvic_lymph_node",
	"lymph_node", true, false},
    /* Focal lesions of liver, bone and brain never are. */
    {"liver_diffuse_hepatomegaly", "liver", "liver", false, false},
    {"liver_diffuse_fdg_increase", "liver", "liver", false, false},
    {"brain_limbic_t2_hyperintensity", "brain", "brain", false, false},
    {"brain_leptomeningeal_enhancement", "brain", "brain", false, false},
    {"joint_synovitis", "bone", "bone", false, false},
    /* Of another organ, or no line of evidence. */
    {"lung_ground_glass", "colon", "colon", false, false},
    {"colon_focal_fdg_uptake", "colon", "colon", false, false},
    {"adrenal_atrophy", "adrenal", "adrenal", false, false},
};

START_TEST(new_lesion_of_an_organ)
{
	const char *flag = pictures[_i].nodal ? "IRAE_EXPLAINS_NODE"
					      : "IRAE_EXPLAINS_LESION";
	bool want = pictures[_i].explained;
	struct assessment *x;
	const struct verdict *v;

	course_measure("kidney", -1, 500);
	course_give(0);
	course_measure("kidney", DAY, 500);
	lesion("new", pictures[_i].site, pictures[_i].organ,
	    pictures[_i].nodal);
	course_image(pictures[_i].finding, DAY, true);
	x = course_assess();
	v = verdict_of(x, "recist11");
	ck_assert_int_eq(v->overall, CAT_PD);
	ck_assert_msg(verdict_has_flag(v, flag) == want, "%s of %s",
	    pictures[_i].finding, pictures[_i].organ);
	ck_assert_int_eq(
	    verdict_has_flag(v, "NEW_LESION_MAY_BE_INFLAMMATION"), want);
	ck_assert_int_eq(
	    course_says(&v->because, "PD as a new lesion, which counts; SD as "
				     "inflammation"),
	    want);
	ck_assert_int_eq(course_has_problem(x, "new_lesion_or_irae"), want);
	v = verdict_of(x, "irecist");
	ck_assert_int_eq(v->overall, CAT_IUPD);
	ck_assert_int_eq(verdict_has_flag(v, flag), want);
}
END_TEST

/* Symmetric nodes are several: all of them are taken away together. */
START_TEST(nodes_of_both_sides)
{
	struct assessment *x;
	const struct verdict *v;

	course_measure("kidney", -1, 500);
	course_give(0);
	course_measure("kidney", DAY, 500);
	lesion("left", "hilar_lymph_node", "lymph_node", true);
	lesion("right", "hilar_lymph_node", "lymph_node", true);
	course_image(
	    "lymph_node_bilateral_symmetric_hilar_mediastinal", DAY, true);
	x = course_assess();
	v = verdict_of(x, "recist11");
	ck_assert_int_eq(v->overall, CAT_PD);
	ck_assert(course_says(&v->because,
	    "new lesions left, right may be sarcoid-like reaction: PD as a new "
	    "lesion, which counts; SD as inflammation"));
	/* A node elsewhere is progression by itself. */
	lesion("groin", "inguinal_lymph_node", "lymph_node", true);
	v = verdict_of(course_assess(), "recist11");
	ck_assert(verdict_has_flag(v, "IRAE_EXPLAINS_NODE"));
	ck_assert(!verdict_has_flag(v, "NEW_LESION_MAY_BE_INFLAMMATION"));
}
END_TEST

/* The criteria of PET say both, too. */
START_TEST(both_readings_of_pet)
{
	const struct metabolic *m;
	struct assessment *x;

	course_measure_uptake("kidney", -1, 500, SUL_PEAK, 8000);
	course_give(0);
	course_measure_uptake("kidney", DAY, 500, SUL_PEAK, 8000);
	lesion("new", "pancreas", "pancreas", false)->suv[SUL_PEAK] =
	    6000;
	x = course_assess();
	m = course_pet(x, "percist", DAY);
	ck_assert_str_eq(m->overall, "PMD");
	ck_assert(!course_says(&m->because, "pancreatitis"));
	course_image("pancreas_focal_fdg_uptake", DAY, true);
	x = course_assess();
	m = course_pet(x, "percist", DAY);
	ck_assert_str_eq(m->overall, "PMD");
	ck_assert(course_says(
	    &m->because, "the new pancreas lesion may be pancreatitis"));
	ck_assert(course_says(&m->because,
	    "PMD as a new lesion, which counts; SMD as inflammation"));
}
END_TEST

/* P19: a single node, told to be granulomatous later. */
START_TEST(histology_revises)
{
	struct finding_fact *f;
	const struct verdict *v;

	course_measure("kidney", -1, 500);
	course_give(0);
	course_measure("kidney", DAY, 500);
	lesion("iliac", "pelvic_lymph_node", "lymph_node", true);
	f = course_diagnose("dx_sarcoid_type_granuloma", 70);
	v = verdict_of(course_assess(), "recist11");
	ck_assert(!verdict_has_flag(v, "IRAE_EXPLAINS_NODE"));
	f->attributed = true;
	v = verdict_of(course_assess(), "recist11");
	ck_assert_int_eq(v->overall, CAT_PD);
	ck_assert(verdict_has_flag(v, "IRAE_EXPLAINS_NODE"));
	ck_assert(course_says(&v->because, "may revise the new lymph_node"));
	ck_assert(course_says(&v->because, "SD as inflammation"));
	/* Not yet known, and of something before the lesion. */
	v = verdict_of(course_assess_as_of(60), "recist11");
	ck_assert(!verdict_has_flag(v, "IRAE_EXPLAINS_NODE"));
	f->day = COURSE_START + 50;
	v = verdict_of(course_assess(), "recist11");
	ck_assert(!verdict_has_flag(v, "IRAE_EXPLAINS_NODE"));
}
END_TEST

static Suite *
suite_lesion(void)
{
	Suite *s = suite_create("irae_lesion");
	TCase *c = tcase_create("lesion");

	tcase_add_checked_fixture(c, course_set_up, course_tear_down);
	tcase_add_loop_test(c, new_lesion_of_an_organ, 0,
	    (int)(sizeof(pictures) / sizeof(*pictures)));
	tcase_add_test(c, nodes_of_both_sides);
	tcase_add_test(c, both_readings_of_pet);
	tcase_add_test(c, histology_revises);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_lesion())
