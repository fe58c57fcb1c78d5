/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thresholds to the day, the tenth of a millimetre and the lesion, over whole
 * courses and series; what tests/mutate.py found nobody noticed.
 */
#include <string.h>

#include "gateway/inflamed.h"
#include "tests/support/check_main.h"
#include "tests/support/course.h"
#include "tests/support/series.h"

/* --- series --- */

struct row {
	const char *name, *criterion, *text, *want;
};

#define UNSTATED(list)        "'baseline':{'day':0,'lesions':[" list "]}"
#define LESION(id, organ, mm) "{'id':'" id "','organ':'" organ "','mm':" mm "}"
#define NEW(id, organ, mm)                                                     \
	"{'id':'" id "','organ':'" organ "','kind':'unstated','mm':" mm "}"

static const struct row category_rows[] = {
    {"PR confirmed on day 28 holds", "recist11",
	CASE_P("'confirm_response':true", ONE("100"),
	    TP("42", T1("65")) "," TP("70", T1("65")) "," TP("112", T1("71"))),
	"PR PR PR"},
    {"PR seen again on day 27 does not", "recist11",
	CASE_P("'confirm_response':true", ONE("100"),
	    TP("42", T1("65")) "," TP("69", T1("65")) "," TP("112", T1("71"))),
	"PR PR SD"},
    {"iPR confirmed on day 28 holds", "irecist",
	CASE_P("'confirm_response':true", ONE("100"),
	    TP("42", T1("65")) "," TP("70", T1("65")) "," TP("112", T1("71"))),
	"iPR iPR iPR"},
    {"iPR seen again on day 27 does not", "irecist",
	CASE_P("'confirm_response':true", ONE("100"),
	    TP("42", T1("65")) "," TP("69", T1("65")) "," TP("112", T1("71"))),
	"iPR iPR iSD"},
    {"a node of 10.0 mm alone waits", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(NLN("n", "10")))), "SD"},
    {"a new lesion is no index lesion from 5 by 4.9 mm", "irrc",
	CASE(BASE("{'id':'T1','mm':[40,25]}"),
	    TP("42", T1("[40,25]") "," NEWS(PLAIN("x", "[80,4.9]")))),
	"irSD"},
    {"but from 50 by 5.0 mm", "irrc",
	CASE(BASE("{'id':'T1','mm':[40,25]}"),
	    TP("42", T1("[40,25]") "," NEWS(PLAIN("x", "[50,5]")))),
	"irPD"},
    {"irRC too small is 5 by 5 mm", "irrc",
	CASE(BASE("{'id':'T1','mm':[10,5]}"), TP("42", T1("'TSTM'"))), "irPR"},
};

START_TEST(categories)
{
	const struct row *r = &category_rows[_i];
	struct arena *a = arena_new();
	const struct assessment *x = series_assess(r->text, a);
	const char *s = "";

	for (size_t i = 1; i < x->timeline->timepoints.n; i++)
		s = arena_printf(a, "%s%s%s", s, *s != '\0' ? " " : "",
		    category_name(series_verdict(x, r->criterion, i)->overall));
	ck_assert_msg(
	    strcmp(s, r->want) == 0, "%s: %s, want %s", r->name, s, r->want);
	arena_free(a);
}
END_TEST

/* What a choice of lesions adds up to, at visit `at`. */
static const struct {
	const char *name, *criterion;
	size_t at;
	const char *text;
	int64_t want; /* tmm, tmm² */
} burden_rows[] = {
    {"10.0 mm is measurable, 9.9 not", "recist11", 0,
	"{" UNSTATED(LESION("A", "liver", "10") "," LESION(
	    "B", "lung", "9.9")) ",'timepoints':[]}",
	100},
    {"a node of 15.0 mm is measurable, 14.9 not", "recist11", 0,
	"{" UNSTATED("{'id':'A','node':true,'mm':15},"
		     "{'id':'B','node':true,'mm':14.9}") ",'timepoints':[]}",
	150},
    {"two of one organ", "recist11", 0,
	"{" UNSTATED(LESION("A", "lung", "30") "," LESION("B", "lung",
	    "20") "," LESION("C", "lung", "10")) ",'timepoints':[]}",
	500},
    {"five in all", "recist11", 0,
	"{" UNSTATED(LESION("A", "lung", "60") "," LESION(
	    "B", "liver", "50") "," LESION("C", "bone", "40") "," LESION("D",
	    "skin", "30") "," LESION("E", "brain", "20") "," LESION("F",
	    "kidney", "10")) ",'timepoints':[]}",
	2000},
    {"irRC: five of one organ", "irrc", 0,
	"{" UNSTATED(LESION("A", "lung", "[10,10]") "," LESION("B", "lung",
	    "[10,10]") "," LESION("C", "lung", "[10,10]") "," LESION("D",
	    "lung", "[10,10]") "," LESION("E", "lung",
	    "[10,10]") "," LESION("F", "lung", "[10,10]")) ",'timepoints':[]}",
	50000},
    {"irRC: ten visceral, and skin beside them", "irrc", 0,
	"{" UNSTATED(LESION("A", "lung", "[10,10]") "," LESION("B", "lung",
	    "[10,10]") "," LESION("C", "lung", "[10,10]") "," LESION("D",
	    "lung", "[10,10]") "," LESION("E", "liver",
	    "[10,10]") "," LESION("F", "liver", "[10,10]") "," LESION("G",
	    "liver", "[10,10]") "," LESION("H", "liver",
	    "[10,10]") "," LESION("I", "bone", "[10,10]") "," LESION("J",
	    "bone", "[10,10]") "," LESION("K", "bone",
	    "[10,10]") "," LESION("L", "skin", "[10,10]")) ",'timepoints':[]}",
	110000},
    {"five new targets", "irrecist", 1,
	CASE(ONE("100"),
	    TP("42", T1("100") "," NEWS(NEW("a", "lung", "10") "," NEW(
			 "b", "liver", "10") "," NEW("c", "bone",
			 "10") "," NEW("d", "brain", "10") "," NEW("e",
			 "kidney", "10") "," NEW("f", "skin", "10")))),
	1500},
    {"irRC: a sixth, tiny new lesion displaces none", "irrc", 2,
	CASE(BASE("{'id':'T1','mm':[50,50]}"),
	    TP("42", T1("[50,50]") "," NEWS(NEW("b", "lung", "[10,10]") "," NEW(
			 "c", "lung", "[10,10]") "," NEW("d", "lung",
			 "[10,10]") "," NEW("e", "lung", "[10,10]") "," NEW("f",
			 "lung", "[10,10]"))) "," TP("84",
		T1("[50,50]") "," NEWS(NEW("a", "lung", "[5,5]") "," NEW(
		    "b", "lung", "[10,10]") "," NEW("c", "lung",
		    "[10,10]") "," NEW("d", "lung", "[10,10]") "," NEW("e",
		    "lung", "[10,10]") "," NEW("f", "lung", "[10,10]")))),
	300000},
    {"irRC: of six at once the largest five", "irrc", 1,
	CASE(BASE("{'id':'T1','mm':[50,50]}"),
	    TP("42", T1("[50,50]") "," NEWS(NEW("a", "lung", "[5,5]") "," NEW(
			 "b", "lung", "[10,10]") "," NEW("c", "lung",
			 "[10,10]") "," NEW("d", "lung", "[10,10]") "," NEW("e",
			 "lung", "[10,10]") "," NEW("f", "lung", "[10,10]")))),
	300000},
    {"two new targets of one organ", "irrecist", 1,
	CASE(ONE("100"),
	    TP("42", T1("100") "," NEWS(NEW("a", "lung", "10") "," NEW(
			 "b", "lung", "10") "," NEW("c", "lung", "10")))),
	1200},
};

START_TEST(burdens)
{
	struct arena *a = arena_new();
	const struct assessment *x = series_assess(burden_rows[_i].text, a);
	int64_t got =
	    series_verdict(x, burden_rows[_i].criterion, burden_rows[_i].at)
		->burden;

	ck_assert_msg(got == burden_rows[_i].want, "%s: %ld",
	    burden_rows[_i].name, (long)got);
	arena_free(a);
}
END_TEST

/* A first progression alone: what is best without confirmation is PD, with it
 * nothing is known yet. */
START_TEST(single_progression)
{
	static const struct {
		const char *criterion, *unconfirmed, *confirmed;
	} want[] = {
	    {"recist11", "PD", "PD"},
	    {"irecist", "iUPD", "iUPD"},
	    {"irrc", "irPD", "irNE"},
	    {"irrecist", "irPD", "irNE"},
	    {"imrecist", "imPD", "NE"},
	};
	struct arena *a = arena_new();
	const struct assessment *x = series_assess(
	    CASE(BASE("{'id':'T1','mm':[100,40]}"), TP("42", T1("[130,40]"))),
	    a);

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct best_overall *b =
		    &assessment_criterion(x, want[i].criterion)->best;

		ck_assert_str_eq(
		    category_name(b->unconfirmed), want[i].unconfirmed);
		ck_assert_str_eq(
		    category_name(b->confirmed), want[i].confirmed);
	}
	arena_free(a);
}
END_TEST

/* Repeated on day 28, not on day 27. */
START_TEST(repeated_progression)
{
	struct arena *a = arena_new();
	const struct assessment *x = series_assess(
	    CASE(ONE("100"), TP("42", T1("120")) "," TP("69", T1("120")) "," TP(
				 "70", T1("120"))),
	    a);

	ck_assert_int_eq(series_verdict(x, "irrecist", 2)->confirmed, NO);
	ck_assert_int_eq(series_verdict(x, "irrecist", 3)->confirmed, YES);
	ck_assert_int_eq(series_verdict(x, "imrecist", 2)->confirmed, NO);
	ck_assert_int_eq(series_verdict(x, "imrecist", 3)->confirmed, YES);
	ck_assert_int_eq(
	    assessment_criterion(x, "imrecist")->best.confirmed, CAT_IMPD);
	ck_assert_int_eq(
	    assessment_criterion(x, "imrecist")->best.progression_day,
	    SERIES_EPOCH + 42);
	arena_free(a);
}
END_TEST

/* --- courses --- */

/* A progression ends treatment when no dose follows for more than 84 days,
 * and when it came no later than 84 days after the last. */
START_TEST(end_of_treatment)
{
	course_measure("lung", -62, 400);
	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 50, 800);
	course_measure("lung", 84, 850);
	ck_assert_int_eq(course_hpd(course_assess(), "kato2017")->met, UNKNOWN);
	course_measure("lung", 100, 900);
	ck_assert_int_eq(course_hpd(course_assess(), "kato2017")->met, YES);
}
END_TEST

START_TEST(end_of_treatment_to_the_day)
{
	course_measure("lung", -62, 400);
	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 50, 550);
	course_measure("lung", 84, 850);
	course_measure("lung", 170, 900);
	ck_assert(course_says(
	    &course_hpd(course_assess(), "kato2017")->because, "taken as"));
	course_tear_down();
	course_set_up();
	course_measure("lung", -62, 400);
	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 50, 550);
	course_measure("lung", 85, 850);
	course_measure("lung", 170, 900);
	ck_assert(course_says(&course_hpd(course_assess(), "kato2017")->because,
	    "THERAPY_STOP_UNKNOWN"));
}
END_TEST

START_TEST(ecog_of_two_months)
{
	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 50, 800);
	course_ecog(61, "2");
	ck_assert(
	    course_says(&course_hpd(course_assess(), "lo_russo2019")->because,
		"ECOG_MISSING"));
	course_ecog(60, "2");
	ck_assert(
	    !course_says(&course_hpd(course_assess(), "lo_russo2019")->because,
		"ECOG_MISSING"));
}
END_TEST

/* CT and PET two weeks apart are compared still, more are not even where a
 * site takes them for one timepoint. */
START_TEST(ct_and_pet)
{
	struct assess_options o = ASSESS_DEFAULTS;
	struct timeline_options to = TIMELINE_DEFAULTS;

	to.group_days = 30;
	course_measure_uptake("lung", -1, 300, SUL_PEAK, 8000);
	course_give(0);
	course_measure_uptake("lung", 56, 380, SUL_PEAK, 4000);
	course_measure("liver", 70, 100);
	ck_assert_ptr_nonnull(course_pattern(
	    assess_run(timeline_build(course_facts, &to, course_arena), &o,
		course_arena),
	    "metabolic_discordance", 0));
	course_measure("bone", 71, 100);
	ck_assert_ptr_null(course_pattern(
	    assess_run(timeline_build(course_facts, &to, course_arena), &o,
		course_arena),
	    "metabolic_discordance", 0));
}
END_TEST

static void
nodes(int day, int32_t longest, int32_t shortest)
{
	struct measurement_fact *m = course_measure("axilla", day, longest);

	m->site_is_nodal = true;
	m->short_tmm = shortest;
}

/* Lugano's normal node is at most 15.0 mm long. */
START_TEST(lugano_node)
{
	const struct assessment *x;

	nodes(-1, 300, 200);
	course_score(-1, "5");
	course_give(0);
	nodes(60, 150, 90);
	course_score(60, "3");
	nodes(120, 151, 90);
	course_score(120, "3");
	x = course_assess();
	ck_assert(
	    course_says(&course_pet(x, "lugano", 60)->because, "CT alone: CR"));
	ck_assert(course_says(
	    &course_pet(x, "lugano", 120)->because, "CT alone: PR"));
}
END_TEST

/* Within one score uptake changes by 30 % and 0.8. */
START_TEST(same_score)
{
	const struct assessment *x;

	course_measure_uptake("spleen", -1, 300, SUV_MAX, 2000);
	course_score(-1, "4");
	course_give(0);
	course_measure_uptake("spleen", 60, 300, SUV_MAX, 2800);
	course_score(60, "4");
	course_measure_uptake("spleen", 120, 300, SUV_MAX, 1200);
	course_score(120, "4");
	course_measure_uptake("spleen", 180, 300, SUV_MAX, 2799);
	course_score(180, "4");
	x = course_assess();
	course_expect_pet(x, "lugano", 60, "PMD");
	course_expect_pet(x, "lyric", 60, "IR3");
	course_expect_pet(x, "lugano", 120, "PMR");
	course_expect_pet(x, "lugano", 180, "NMR");
}
END_TEST

/* --- the patient's state --- */

static const struct recommendation *
clinical(const char *rule, const char *kind, const struct assessment *x)
{
	for (size_t i = 0; i < x->recommendations.n; i++) {
		const struct recommendation *r = &x->recommendations.items[i];

		if (strcmp(r->kind, kind) != 0)
			continue;
		for (size_t k = 0; k < r->because.n; k++) {
			if (strcmp(r->because.items[k].rule, rule) == 0)
				return r;
		}
	}
	return NULL;
}

static const struct verdict *
iupd(const struct assessment *x)
{
	return &assessment_criterion(x, "irecist")->at[1];
}

static void
progress(void)
{
	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 56, 620);
}

START_TEST(clinical_unknown)
{
	const struct assessment *x;

	progress();
	x = course_assess();
	ck_assert_str_eq(iupd(x)->clinical, "unknown");
	ck_assert_ptr_nonnull(
	    clinical("advice.clinical_unknown", "confirmation_scan", x));
	/* One score alone tells of no change. */
	course_ecog(50, "1");
	ck_assert_str_eq(iupd(course_assess())->clinical, "unknown");
}
END_TEST

START_TEST(clinical_stable)
{
	const struct assessment *x;

	progress();
	course_ecog(-3, "1");
	course_ecog(50, "1");
	x = course_assess();
	ck_assert_str_eq(iupd(x)->clinical, "stable");
	ck_assert_ptr_nonnull(
	    clinical("advice.clinical_stable", "confirmation_scan", x));
	ck_assert_ptr_null(
	    clinical("advice.clinical_unstable", "review_data", x));
}
END_TEST

START_TEST(clinical_unstable)
{
	const struct recommendation *r;
	const struct assessment *x;

	progress();
	course_ecog(-3, "1");
	course_ecog(50, "2");
	x = course_assess();
	/* The category is the same, the advice is not. */
	ck_assert_int_eq(iupd(x)->overall, CAT_IUPD);
	ck_assert_str_eq(iupd(x)->clinical, "unstable");
	ck_assert(verdict_has_flag(iupd(x), "CLINICAL_REVIEW"));
	r = clinical("advice.clinical_unstable", "review_data", x);
	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(r->from, COURSE_START + 56);
	ck_assert_int_eq(r->state, DUE_NOW);
}
END_TEST

/* A decline after the scan counts from its own day, once it is known. */
static const struct recommendation *
review_as_of(int day)
{
	return clinical("advice.clinical_unstable", "review_data",
	    course_assess_as_of(day));
}

START_TEST(clinical_decline_later)
{
	progress();
	course_ecog(50, "1");
	course_ecog(60, "1");
	course_ecog(70, "3");
	ck_assert_ptr_null(review_as_of(56));
	ck_assert_ptr_null(review_as_of(69));
	ck_assert_ptr_nonnull(review_as_of(70));
	ck_assert_int_eq(review_as_of(90)->from, COURSE_START + 70);
	/* The next scan answers; there is nothing to wait for. */
	course_measure("lung", 91, 300);
	ck_assert_ptr_null(review_as_of(91));
	ck_assert_ptr_nonnull(review_as_of(90));
}
END_TEST

/* The day asked for, before, after an early scan, and when it is late. */
START_TEST(preferred_day)
{
	const struct recommendation *r;

	progress();
	r = course_advice(course_assess(), "irecist", 0);
	ck_assert(course_says(&r->because, "preferably about 2024-04-01"));
	r = course_advice(course_assess_as_of(113), "irecist", 0);
	ck_assert(course_says(&r->because, "LATE: scan now, by 2024-04-30"));
	course_measure("lung", 76, 250);
	r = course_advice(course_assess(), "irecist", 0);
	ck_assert(course_says(&r->because, "repeat it about 2024-03-25"));
	ck_assert(!course_says(&r->because, "preferably"));
}
END_TEST

/* Without a checkpoint inhibitor nobody suspects pseudoprogression, and why is
 * said. */
START_TEST(no_inhibitor)
{
	const struct assessment *x;
	size_t n = 0;

	course_measure("lung", -1, 500);
	course_measure("lung", 56, 620);
	x = course_assess();
	ck_assert_int_eq(iupd(x)->overall, CAT_IUPD);
	ck_assert_ptr_null(course_pattern(x, "pseudoprogression", 0));
	for (size_t i = 0; i < x->problems.n; i++)
		n += strcmp(x->problems.items[i].code,
			 "pseudoprogression_not_computable") == 0;
	ck_assert_uint_eq(n, 1);
	for (size_t i = 0; i < x->hyperprogression.n; i++)
		ck_assert_int_ne(x->hyperprogression.items[i].met, YES);
}
END_TEST

/* A doubtful lesion is read again, 28 days on or at the routine scan. */
START_TEST(equivocal)
{
	struct arena *a = arena_new();
	const struct assessment *x = series_assess(
	    CASE(ONE("30"), TP("42", T1("30") "," NEWS(NLN("n", "11")))), a);
	const struct recommendation *r =
	    clinical("advice.equivocal", "confirmation_scan", x);

	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(r->from, SERIES_EPOCH + 70);
	ck_assert_int_eq(r->to, SERIES_EPOCH + 126);
	arena_free(a);
}
END_TEST

/* --- inflammation --- */

static struct assessment *
judge_again(struct timeline *t, const struct assess_options *o, struct arena *a)
{
	return assess_run(t, o, a);
}

START_TEST(inflammation)
{
	const struct inflamed_lesion sites[] = {
	    {"pneumonitis", 1, "Condition/p"}, {"pneumonitis", 0, NULL}};
	struct arena *a = arena_new();
	struct assess_options o = ASSESS_DEFAULTS;
	struct assessment *x = series_assess(
	    CASE(ONE("100"),
		TP("42", T1("100") "," NEWS(NEW("x", "lung", "12")))),
	    a);
	const struct verdict *v = series_verdict(x, "recist11", 1);
	size_t before = x->problems.n;

	x->timeline->lesions.items[1].first = 1;
	o.criteria = NULL;
	inflamed_compare(x->timeline, &o, judge_again, sites, 2, x);
	/* Counted still, and both readings shown. */
	ck_assert_int_eq(v->overall, CAT_PD);
	ck_assert(verdict_has_flag(v, "NEW_LESION_MAY_BE_INFLAMMATION"));
	ck_assert_str_eq(v->because.items[v->because.n - 1].text,
	    "new lesion x may be pneumonitis: PD as a new lesion, which "
	    "counts; SD as inflammation");
	ck_assert_uint_eq(x->problems.n, before + 1);
	ck_assert_str_eq(x->problems.items[before].code, "new_lesion_or_irae");
	/* A lesion that is not new is none of them. */
	inflamed_compare(x->timeline, &o, judge_again, sites + 1, 1, x);
	ck_assert_uint_eq(x->problems.n, before + 1);
	arena_free(a);
}
END_TEST

#define LOOP(t, f, list)                                                       \
	tcase_add_loop_test(t, f, 0, (int)(sizeof(list) / sizeof((list)[0])))

static void
add_courses(TCase *c)
{
	tcase_add_checked_fixture(c, course_set_up, course_tear_down);
	tcase_add_test(c, end_of_treatment);
	tcase_add_test(c, end_of_treatment_to_the_day);
	tcase_add_test(c, ecog_of_two_months);
	tcase_add_test(c, ct_and_pet);
	tcase_add_test(c, lugano_node);
	tcase_add_test(c, same_score);
	tcase_add_test(c, clinical_unknown);
	tcase_add_test(c, clinical_stable);
	tcase_add_test(c, clinical_unstable);
	tcase_add_test(c, clinical_decline_later);
	tcase_add_test(c, preferred_day);
	tcase_add_test(c, no_inhibitor);
}

static Suite *
suite_edges(void)
{
	Suite *s = suite_create("edges");
	TCase *c = tcase_create("series");

	LOOP(c, categories, category_rows);
	LOOP(c, burdens, burden_rows);
	tcase_add_test(c, single_progression);
	tcase_add_test(c, repeated_progression);
	tcase_add_test(c, equivocal);
	tcase_add_test(c, inflammation);
	suite_add_tcase(s, c);
	c = tcase_create("courses");
	add_courses(c);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_edges())
