/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the assessor concludes over all visits: best overall response,
 * recommendations, target choice, and the words it says it in.
 */
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/series.h"

/* Best overall response, unconfirmed and confirmed (§1.9). */
START_TEST(best)
{
	static const struct {
		const char *tps, *unconfirmed, *confirmed;
	} rows[] = {
	    {TP("42", T1("0")) "," TP("70", T1("0")), "CR", "CR"},
	    {TP("42", T1("0")) "," TP("69", T1("0")), "CR", "SD"},
	    {TP("42", T1("0")) "," TP("70", T1("4")), "CR", "SD"},
	    {TP("42", T1("0")) "," TP("70", "'not_done':true"), "CR", "SD"},
	    {TP("42", T1("0")) "," TP("60", "'not_done':true") "," TP(
		 "77", T1("0")),
		"CR", "CR"},
	    {TP("42", T1("0")) "," TP("60", "'not_done':true") "," TP(
		 "77", "'not_done':true") "," TP("90", T1("0")),
		"CR", "SD"},
	    {TP("42", T1("60")) "," TP("70", T1("60")), "PR", "PR"},
	    /* SD and responses count from their last scan */
	    {TP("41", T1("100")), "NE", "NE"},
	    {TP("41", T1("100") ",'span':1"), "SD", "SD"},
	    {TP("42", T1("60")) "," TP("69", T1("60") ",'span':1"), "PR", "PR"},
	    {TP("42", T1("60") ",'span':1") "," TP("70", T1("60")), "PR", "SD"},
	    {TP("42", T1("60")) "," TP("70", T1("0")), "CR", "PR"},
	    {TP("42", T1("60")) "," TP("70", T1("72")), "PR", "SD"},
	    {TP("20", T1("60")) "," TP("70", T1("72")), "PR", "PD"},
	    {TP("20", T1("60")) "," TP("70", "'not_done':true"), "PR", "NE"},
	    {TP("20", T1("100")), "NE", "NE"},
	    {TP("42", T1("100")), "SD", "SD"},
	    {TP("20", T1("100")) "," TP("60", T1("130")), "PD", "PD"},
	    {TP("42", T1("130")) "," TP("84", T1("0")), "PD", "PD"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena *a = arena_new();
		const char *text = arena_printf(a,
		    "{'params':{'sd_min_days':42}," ONE(
			"100") ",'timepoints':[%s]}",
		    rows[i].tps);
		const struct criterion_result *r =
		    assessment_criterion(series_assess(text, a), "recist11");
		const char *u = category_name(r->best.unconfirmed);
		const char *c = category_name(r->best.confirmed);

		ck_assert_msg(strcmp(u, rows[i].unconfirmed) == 0 &&
				  strcmp(c, rows[i].confirmed) == 0,
		    "row %zu: %s, confirmed %s; want %s, %s", i, u, c,
		    rows[i].unconfirmed, rows[i].confirmed);
		arena_free(a);
	}
}
END_TEST

/* What is recommended: kind, window and state on a day. */
START_TEST(advice)
{
	static const struct {
		const char *tps;
		int as_of;
		const char *kind;
		int from, to;
		enum due state;
	} rows[] = {
	    {TP("42", T1("125")), 60, "confirmation_scan", 70, 98,
		DUE_UPCOMING},
	    {TP("42", T1("125")), 70, "confirmation_scan", 70, 98, DUE_NOW},
	    {TP("42", T1("125")), 98, "confirmation_scan", 70, 98, DUE_NOW},
	    {TP("42", T1("125")), 99, "confirmation_scan", 70, 98, DUE_OVERDUE},
	    {TP("42", T1("125")) "," TP("56", T1("140")), 60,
		"confirmation_scan", 70, 98, DUE_UPCOMING},
	    {TP("42", T1("125")) "," TP("72", T1("110")), 80,
		"confirmation_scan", 70, 98, DUE_DONE},
	    {TP("42", T1("125")) "," TP("72", T1("110")), 80, "next_assessment",
		114, 156, DUE_UPCOMING},
	    /* on the day, not with what came later */
	    {TP("42", T1("125")) "," TP("72", T1("110")), 71,
		"confirmation_scan", 70, 98, DUE_NOW},
	    {TP("42", T1("125")) "," TP("72", T1("110")), 69,
		"confirmation_scan", 70, 98, DUE_UPCOMING},
	    {TP("42", T1("125")) "," TP("72", T1("110")), 72,
		"confirmation_scan", 70, 98, DUE_DONE},
	    {TP("42", T1("125")) "," TP("72", T1("110")), 41, "next_assessment",
		42, 84, DUE_UPCOMING},
	    {TP("42", T1("100")), 100, "next_assessment", 84, 126, DUE_NOW},
	    {TP("42", "'not_done':true"), 50, "review_data", 49, 84, DUE_NOW},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena *a = arena_new();
		const char *text = arena_printf(
		    a, "{" ONE("100") ",'timepoints':[%s]}", rows[i].tps);
		const struct assessment *x =
		    series_assess_as_of(text, rows[i].as_of, a);
		const struct recommendation *found = NULL;

		for (size_t k = 0; k < x->recommendations.n; k++) {
			if (strcmp(x->recommendations.items[k].kind,
				rows[i].kind) == 0)
				found = &x->recommendations.items[k];
		}
		ck_assert_msg(found != NULL, "row %zu: none", i);
		ck_assert_int_eq(found->from, SERIES_EPOCH + rows[i].from);
		ck_assert_int_eq(found->to, SERIES_EPOCH + rows[i].to);
		ck_assert_msg(
		    found->state == rows[i].state, "row %zu: state", i);
		ck_assert_uint_gt(found->because.n, 0);
		arena_free(a);
	}
}
END_TEST

/* A scan too early to repeat a progression neither drops it nor asks twice. */
START_TEST(early_scan_asks_once)
{
	struct arena *a = arena_new();
	struct assess_options o = series_options(NULL);
	struct assessment *x = series_assess(
	    CASE(ONE("100"), TP("42", T1("120")) "," TP("60", T1("105")) "," TP(
				 "65", T1("120"))),
	    a);
	struct timeline t = *x->timeline;
	size_t n = 0;

	o.criteria = "imrecist";
	x = assess_run(&t, &o, a);
	for (size_t i = 0; i < x->recommendations.n; i++)
		n += strcmp(x->recommendations.items[i].kind,
			 "confirmation_scan") == 0;
	ck_assert_uint_eq(n, 1);
	arena_free(a);
}
END_TEST

/* Target choice where the data states none. */
START_TEST(choice)
{
	struct arena *a = arena_new();
	struct assessment *x =
	    series_assess("{'baseline':{'day':0,'lesions':["
			  "{'id':'a','organ':'lung','mm':50},"
			  "{'id':'b','organ':'left lung','mm':40},"
			  "{'id':'c','organ':'right lung','mm':30},"
			  "{'id':'d','organ':'liver','mm':15},"
			  "{'id':'e','organ':'liver','mm':12},"
			  "{'id':'f','organ':'liver','mm':12},"
			  "{'id':'g','node':true,'mm':16},"
			  "{'id':'h','node':true,'mm':12},"
			  "{'id':'i','node':true,'mm':9.9}]},'timepoints':["
			  "{'day':42,'targets':{'i':12}}]}",
		a);
	static const enum lesion_role want[] = {ROLE_TARGET, ROLE_TARGET,
	    ROLE_NON_TARGET, ROLE_TARGET, ROLE_TARGET, ROLE_NON_TARGET,
	    ROLE_TARGET, ROLE_NON_TARGET, ROLE_NEW};
	const struct verdict *v = series_verdict(x, "recist11", 0);

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		ck_assert_msg(x->timeline->lesions.items[i].role == want[i],
		    "lesion %s", x->timeline->lesions.items[i].key);
	ck_assert_int_eq(v->burden, 500 + 400 + 150 + 120 + 160);
	ck_assert_str_eq(v->because.items[0].rule, "recist11.target.selection");
	arena_free(a);
}
END_TEST

/* The wording carries its numbers. */
START_TEST(wording)
{
	struct arena *a = arena_new();
	struct assessment *x = series_assess(
	    CASE(ONE("60"), TP("42", T1("50")) "," TP("60", T1("64"))), a);
	const struct verdict *v = series_verdict(x, "irecist", 2);
	const char *text = NULL;

	for (size_t i = 0; i < v->because.n; i++) {
		if (strcmp(v->because.items[i].rule, "irecist.iupd.target") ==
		    0) {
			text = v->because.items[i].text;
			ck_assert_str_eq(
			    v->because.items[i].sources[0], "Observation/T1-2");
		}
	}
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text,
	    "sum 64.0 mm is 28.0 % (+14.0 mm) above the nadir of 50.0 mm on "
	    "2024-02-12");
	arena_free(a);
}
END_TEST

/* Two readers of one lesion: a problem only when the other number would have
 * changed a category. */
START_TEST(readers)
{
	static const struct {
		int32_t other_tmm;
		const char *effect; /* NULL: none */
	} rows[] = {
	    {1100, NULL},
	    {1200, "irecist on 2024-02-12 from iSD to iUPD"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena *a = arena_new();
		struct assess_options o = series_options(NULL);
		struct timeline *t;
		struct assessment *x =
		    series_assess(CASE(ONE("100"), TP("42", T1("105"))), a);
		struct reading r;
		const struct problem *p = NULL;

		t = arena_alloc(a, sizeof(*t));
		*t = *x->timeline;
		r = *t->lesions.items[0].at[1];
		r.reader_conflict = true;
		t->lesions.items[0].at[1] = &r;
		*ARENA_PUSH(a, &t->lesions.items[0].rows) =
		    (struct measurement_row){r.day, READING_MEASURED,
			rows[i].other_tmm, TMM_NONE, SUV_NONE,
			"Observation/other"};
		o.criteria = "recist11,irecist";
		x = assess_run(t, &o, a);
		for (size_t k = 0; k < x->problems.n; k++) {
			if (strcmp(x->problems.items[k].code,
				"reader_conflict") == 0)
				p = &x->problems.items[k];
		}
		ck_assert((p != NULL) == (rows[i].effect != NULL));
		if (p != NULL)
			ck_assert_msg(strstr(p->detail, rows[i].effect) != NULL,
			    "%s", p->detail);
		arena_free(a);
	}
}
END_TEST

static Suite *
suite_conclusions(void)
{
	Suite *s = suite_create("conclusions");
	TCase *c = tcase_create("conclusions");

	tcase_add_test(c, best);
	tcase_add_test(c, advice);
	tcase_add_test(c, early_scan_asks_once);
	tcase_add_test(c, choice);
	tcase_add_test(c, wording);
	tcase_add_test(c, readers);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_conclusions())
