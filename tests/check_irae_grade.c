/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CTCAE 5.0 and 6.0 at their edges, and units.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/irae/units.h"
#include "tests/support/check_main.h"

#define NONE IRAE_NO_VALUE

/* Millionths of a decimal written here. */
static int64_t
micro(const char *text)
{
	struct decimal d;
	int64_t v;

	if (text == NULL)
		return NONE;
	ck_assert_int_eq(decimal_parse(text, &d, NULL), ERR_OK);
	ck_assert_int_eq(decimal_scaled(&d, 1, 1, 6, &v, NULL), ERR_OK);
	return v;
}

struct edge {
	int analyte; /* 0 based */
	const char *value, *low, *high, *base;
	int v5, v6; /* grades */
	bool symptomatic;
};

static const struct edge edges[] = {
    /*= irae §2.2 alt: upper bounds are inclusive */
    {IRAE_ALT, "40", NULL, "40", "20", 0, 0, false},
    {IRAE_ALT, "40.1", NULL, "40", "20", 1, 1, false},
    {IRAE_ALT, "120", NULL, "40", "20", 1, 1, false},
    {IRAE_ALT, "120.0001", NULL, "40", "20", 2, 2, false},
    {IRAE_ALT, "200", NULL, "40", "20", 2, 2, false},
    {IRAE_ALT, "201", NULL, "40", "20", 3, 3, false},
    {IRAE_ALT, "800", NULL, "40", "20", 3, 3, false},
    {IRAE_ALT, "801", NULL, "40", NULL, 4, 4, false},
    /* a baseline of exactly ULN is normal */
    {IRAE_ALT, "60", NULL, "40", "40", 1, 1, false},
    /*= irae §2.3 alt: abnormal baseline */
    {IRAE_ALT, "80", NULL, "40", "80", 0, 1, false},
    {IRAE_ALT, "79.9", NULL, "40", "80", 0, 0, false},
    {IRAE_ALT, "119.9", NULL, "40", "80", 0, 1, false},
    {IRAE_ALT, "120", NULL, "40", "80", 1, 1, false},
    {IRAE_ALT, "120.1", NULL, "40", "80", 1, 2, false},
    {IRAE_AST, "160", NULL, "40", "80", 1, 2, false},
    {IRAE_AST, "161", NULL, "40", "80", 1, 3, false},
    {IRAE_AST, "320", NULL, "40", "80", 2, 3, false},
    {IRAE_AST, "321", NULL, "40", "80", 2, 4, false},
    {IRAE_AST, "1601", NULL, "40", "80", 4, 4, false},
    /*= irae §2.3 alp: grades 2 to 4 are gone */
    {IRAE_ALP, "601", NULL, "120", "100", 3, 1, false},
    {IRAE_ALP, "300", NULL, "120", "100", 1, 1, false},
    {IRAE_ALP, "300.1", NULL, "120", "100", 2, 1, false},
    {IRAE_ALP, "399.9", NULL, "120", "200", 0, 1, false},
    {IRAE_ALP, "400", NULL, "120", "200", 1, 1, false},
    {IRAE_GGT, "151", NULL, "60", "100", 0, 2, false},
    {IRAE_GGT, "301", NULL, "60", "100", 2, 3, false},
    /*= irae §2.2 bilirubin */
    {IRAE_TBILI, "1.8", NULL, "1.2", NULL, 1, 1, false},
    {IRAE_TBILI, "1.81", NULL, "1.2", NULL, 2, 2, false},
    {IRAE_TBILI, "3.6", NULL, "1.2", NULL, 2, 2, false},
    {IRAE_TBILI, "5.1", NULL, "1.2", "2.0", 2, 3, false},
    {IRAE_TBILI, "2.0", NULL, "1.2", "2.0", 0, 1, false},
    /*= irae §2.2 creatinine: B or ULN, the worse */
    {IRAE_CREAT, "0.9", "0.5", "1.1", "0.6", 0, 0, false},
    {IRAE_CREAT, "1.0", "0.5", "1.1", "0.6", 2, 0, false},
    {IRAE_CREAT, "1.81", "0.5", "1.1", "0.6", 3, 2, false},
    {IRAE_CREAT, "1.65", "0.5", "1.1", "1.1", 1, 1, false},
    {IRAE_CREAT, "1.66", "0.5", "1.1", "1.1", 2, 2, false},
    {IRAE_CREAT, "6.61", "0.5", "1.1", NULL, 4, 4, false},
    /*= irae §2.3 creatinine: a baseline below LLN */
    {IRAE_CREAT, "0.7", "0.5", "1.1", "0.4", 2, 2, false},
    /*= irae §2.2 lipase */
    {IRAE_LIP, "90", NULL, "60", NULL, 1, 1, false},
    {IRAE_LIP, "300", NULL, "60", NULL, 2, 2, false},
    {IRAE_LIP, "301", NULL, "60", NULL, 3, 3, false},
    {IRAE_LIP, "121", NULL, "60", NULL, 3, 2, true},
    {IRAE_LIP, "181", NULL, "60", NULL, 3, 3, true},
    {IRAE_LIP, "301", NULL, "60", NULL, 4, 4, true},
    {IRAE_AMY, "121", NULL, "60", NULL, 3, 3, true},
    {IRAE_CK, "437.5", NULL, "175", NULL, 1, 1, false},
    {IRAE_CK, "1751", NULL, "175", NULL, 4, 4, false},
    /*= irae §2.2 platelets: the bound belongs to the milder grade */
    {IRAE_PLT, "150", "150", NULL, NULL, 0, 0, false},
    {IRAE_PLT, "75", "150", NULL, NULL, 1, 1, false},
    {IRAE_PLT, "74.9", "150", NULL, NULL, 2, 2, false},
    {IRAE_PLT, "50", "150", NULL, NULL, 2, 2, false},
    {IRAE_PLT, "25", "150", NULL, NULL, 3, 3, false},
    {IRAE_PLT, "24", "150", NULL, NULL, 4, 3, false},
    {IRAE_PLT, "9.9", "150", NULL, NULL, 4, 4, false},
    /* no range: absolute grades all the same */
    {IRAE_PLT, "40", NULL, NULL, NULL, 3, 3, false},
    {IRAE_PLT, "100", NULL, NULL, NULL, 0, 0, false},
    {IRAE_ALT, "400", NULL, NULL, NULL, -1, -1, false},
    {IRAE_ANC, "1.5", "2.0", NULL, NULL, 1, 0, false},
    {IRAE_ANC, "1.49", "2.0", NULL, NULL, 2, 1, false},
    {IRAE_ANC, "0.49", "2.0", NULL, NULL, 4, 3, false},
    {IRAE_ANC, "0.09", "2.0", NULL, NULL, 4, 4, false},
    {IRAE_HGB, "100", "130", NULL, NULL, 1, 1, false},
    {IRAE_HGB, "99", "130", NULL, NULL, 2, 2, false},
    {IRAE_HGB, "79", "130", NULL, NULL, 3, 3, false},
    /*= irae §2.3 sodium: no gaps */
    {IRAE_NA, "130", "136", "145", NULL, 1, 1, false},
    {IRAE_NA, "129.5", "136", "145", NULL, 2, 2, false},
    {IRAE_NA, "129", "136", "145", NULL, 3, 3, true},
    {IRAE_NA, "124.5", "136", "145", NULL, 3, 3, false},
    {IRAE_NA, "119", "136", "145", NULL, 4, 4, false},
    {IRAE_NA, "151", "136", "145", NULL, 2, 2, false},
    {IRAE_K, "6.0", "3.5", "5.0", NULL, 2, 2, false},
    {IRAE_K, "6.1", "3.5", "5.0", NULL, 3, 3, false},
    {IRAE_K, "3.2", "3.5", "5.0", NULL, 1, 1, false},
    {IRAE_K, "3.2", "3.5", "5.0", NULL, 2, 2, true},
    {IRAE_GLU, "251", NULL, "100", NULL, -1, 3, false},
    /*= irae §2.5 pneumonitis, colitis, rash */
    {IRAE_SPO2, "92", NULL, NULL, NULL, 0, 0, false},
    {IRAE_SPO2, "91", NULL, NULL, NULL, 2, 2, false},
    {IRAE_SPO2, "88", NULL, NULL, NULL, 2, 2, false},
    {IRAE_SPO2, "87", NULL, NULL, NULL, 3, 3, false},
    {IRAE_O2, "2", NULL, NULL, NULL, 3, 3, false},
    {IRAE_STOOLS, "3", NULL, NULL, NULL, 1, 1, false},
    {IRAE_STOOLS, "4", NULL, NULL, NULL, 2, 2, false},
    {IRAE_STOOLS, "7", NULL, NULL, NULL, 3, 3, false},
    {IRAE_BSA, "10", NULL, NULL, NULL, 2, 2, false},
    {IRAE_BSA, "30", NULL, NULL, NULL, 2, 2, false},
    {IRAE_BSA, "35", NULL, NULL, NULL, 3, 2, false},
};

static int
grade_of(const struct edge *x, int version)
{
	struct irae_grade_query q = {.analyte = (enum irae_analyte)x->analyte,
	    .version = version,
	    .now = {micro(x->value), micro(x->low), micro(x->high), NONE},
	    .base = {micro(x->base), micro(x->low), micro(x->high), NONE},
	    .symptomatic = x->symptomatic};

	return irae_grade(&q);
}

START_TEST(at_the_edges)
{
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		const struct edge *x = &edges[i];
		const char *name =
		    irae_analyte_name((enum irae_analyte)x->analyte);

		ck_assert_msg(grade_of(x, 5) == x->v5,
		    "%s %s: version 5 gives %d, want %d", name, x->value,
		    grade_of(x, 5), x->v5);
		ck_assert_msg(grade_of(x, 6) == x->v6,
		    "%s %s: version 6 gives %d, want %d", name, x->value,
		    grade_of(x, 6), x->v6);
	}
}
END_TEST

START_TEST(infarction_level)
{
	struct irae_grade_query q = {.analyte = IRAE_TNT,
	    .version = 5,
	    .now = {micro("51.9"), NONE, micro("14"), micro("52")},
	    .base = {NONE, NONE, NONE, NONE}};

	ck_assert_int_eq(irae_grade(&q), 1);
	q.now.value = micro("52");
	ck_assert_int_eq(irae_grade(&q), 3);
	q.now.mi = NONE;
	ck_assert_int_eq(irae_grade(&q), 1);
}
END_TEST

/*= irae §2.1: another laboratory, multiples of ULN are compared */
START_TEST(another_assay)
{
	struct irae_grade_query q = {.analyte = IRAE_ALT,
	    .version = 5,
	    .now = {micro("120"), NONE, micro("60"), NONE},
	    .base = {micro("80"), NONE, micro("40"), NONE}};

	ck_assert_int_eq(irae_grade(&q), 0); /* 2 x ULN both times */
	q.now.value = micro("180");          /* 3 x ULN: 1.5 x baseline */
	ck_assert_int_eq(irae_grade(&q), 1);
	q.now.value = micro("179.9");
	ck_assert_int_eq(irae_grade(&q), 0);
}
END_TEST

/* The values up to 400 in the direction that is worse. */
static void
expect_monotone(enum irae_analyte a, int version)
{
	bool up = irae_analyte_worse(a) == 'H';
	const int64_t one = IRAE_MICRO;
	int last = -1;

	for (int i = 0; i <= 4000; i++) {
		int at = up ? i : 4000 - i;
		struct irae_grade_query q = {.analyte = a,
		    .version = version,
		    .now = {at * one / 10, 30 * one, 40 * one, 60 * one},
		    .base = {35 * one, 30 * one, 40 * one, NONE}};
		int g = irae_grade(&q);

		if (g < last)
			ck_abort_msg("%s at %d/10: %d after %d",
			    irae_analyte_name(a), at, g, last);
		last = g;
	}
}

START_TEST(grades_never_fall_with_worse_values)
{
	for (int a = 0; a < IRAE_ANALYTE__MAX; a++) {
		if (a == IRAE_NA || a == IRAE_K)
			continue; /* both directions are bad */
		expect_monotone((enum irae_analyte)a, 5);
		expect_monotone((enum irae_analyte)a, 6);
	}
}
END_TEST

/*= irae §2.1: exactly a multiple is the milder grade, in any unit */
START_TEST(multiples_in_other_units)
{
	static const struct {
		enum irae_analyte analyte;
		const char *unit;
		int value, high, base, want;
	} rows[] = {
	    {IRAE_TBILI, "umol/L", 63, 21, 0, 2},
	    {IRAE_TBILI, "umol/L", 64, 21, 0, 3},
	    {IRAE_CREAT, "umol/L", 90, 97, 60, 0},
	    {IRAE_CREAT, "umol/L", 91, 97, 60, 2},
	    {IRAE_CREAT, "umol/L", 147, 98, 0, 1},
	    {IRAE_CREAT, "umol/L", 582, 97, 0, 3},
	    {IRAE_ALT, "nkat/L", 1950, 650, 0, 1},
	    {IRAE_ALT, "nkat/L", 3255, 651, 0, 2},
	    {IRAE_ALT, "nkat/L", 3256, 651, 0, 3},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct irae_grade_query q = {.analyte = rows[i].analyte,
		    .version = 5,
		    .now = {NONE, NONE, NONE, NONE},
		    .base = {NONE, NONE, NONE, NONE}};
		struct decimal v = {rows[i].value, 0}, h = {rows[i].high, 0},
			       b = {rows[i].base, 0};

		ck_assert_int_eq(irae_unit_micro(q.analyte, rows[i].unit, &v,
				     &q.now.value, NULL),
		    ERR_OK);
		ck_assert_int_eq(irae_unit_micro(q.analyte, rows[i].unit, &h,
				     &q.now.high, NULL),
		    ERR_OK);
		if (rows[i].base > 0)
			ck_assert_int_eq(
			    irae_unit_micro(q.analyte, rows[i].unit, &b,
				&q.base.value, NULL),
			    ERR_OK);
		q.base.high = q.now.high;
		ck_assert_msg(irae_grade(&q) == rows[i].want,
		    "row %zu: grade %d", i, irae_grade(&q));
	}
}
END_TEST

/* --- units --- */

static const struct {
	enum irae_analyte analyte;
	const char *value, *unit, *want; /* NULL: refused */
} conversions[] = {
    {IRAE_ALT, "40", "U/L", "40"},
    {IRAE_ALT, "40", "[IU]/L", "40"},
    {IRAE_CK, "2", "ukat/L", "120"},
    {IRAE_ALT, "40", "mg/dL", NULL},
    {IRAE_TBILI, "17.1", "umol/L", "1"},
    {IRAE_CREAT, "88.4", "umol/L", "1"},
    {IRAE_CREAT, "0.0884", "mmol/L", "1"},
    {IRAE_GLU, "10", "mmol/L", "180.16"},
    {IRAE_CORT, "27.59", "nmol/L", "1"},
    {IRAE_CORT, "83", "nmol/L", "3.008336"},
    {IRAE_FT4, "1", "ng/dL", "12.87"},
    {IRAE_TSH, "4.5", "u[IU]/mL", "4.5"},
    {IRAE_TNI, "0.04", "ng/mL", "40"},
    {IRAE_PLT, "150", "10*3/uL", "150"},
    {IRAE_PLT, "150000", "/uL", "150"},
    {IRAE_HGB, "12.5", "g/dL", "125"},
    {IRAE_NA, "140", "meq/L", "140"},
    {IRAE_K, "4.1", "mmol/L", "4.1"},
    {IRAE_K, "4.1", "mmol", NULL},
    {IRAE_PLT, "150", NULL, NULL},
    {IRAE_ACTH, "10", "pmol/L", "45.41"},
    {IRAE_NTPROBNP, "100", "pmol/L", "845.7"},
    {IRAE_TNI, "100", "pmol/L", NULL},
    {IRAE_CPEP, "0.2", "nmol/L", "0.604"},
    {IRAE_CPEP, "200", "pmol/L", "0.604"},
    {IRAE_BOHB, "31.23", "mg/dL", "3"},
    {IRAE_HGB, "6.2", "mmol/L", "99.9068"},
    {IRAE_HAPTO, "300", "mg/L", "0.3"},
    /* one unit in the spellings UCUM holds to be one */
    {IRAE_ALT, "40", "U/l", "40"},
    {IRAE_TBILI, "1", "mg/dl", "1"},
    {IRAE_CREAT, "88.4", "\xc2\xb5mol/l", "1"},
    {IRAE_CORT, "1", "\xce\xbcg/dL", "1"},
    {IRAE_TSH, "4.5", "m[iU]/l", "4.5"},
    {IRAE_TSH, "4.5", "u[iU]/mL", "4.5"},
    {IRAE_PLT, "150", "/nl", "150"},
    {IRAE_PLT, "150000", "{cells}/uL", "150"},
    {IRAE_ANC, "1.5", "10*9/l", "1.5"},
    {IRAE_FCALPRO, "60", "ug/g{stool}", "60"},
    {IRAE_O2, "2", "l/min", "2"},
    {IRAE_ALT, "40", "U/lx", NULL},
    {IRAE_ALT, "40", "U/L but a good deal longer than any", NULL},
};

START_TEST(units)
{
	for (size_t i = 0; i < sizeof(conversions) / sizeof(*conversions);
	     i++) {
		struct decimal d;
		int64_t got = NONE;
		const char *name = irae_analyte_name(conversions[i].analyte);

		ck_assert_int_eq(
		    decimal_parse(conversions[i].value, &d, NULL), ERR_OK);
		ck_assert_msg((irae_unit_micro(conversions[i].analyte,
				   conversions[i].unit, &d, &got, NULL) ==
				  ERR_OK) == (conversions[i].want != NULL),
		    "%s in %s", name, conversions[i].unit);
		ck_assert_msg(got == micro(conversions[i].want),
		    "%s %s %s: %lld", name, conversions[i].value,
		    conversions[i].unit, (long long)got);
	}
}
END_TEST

START_TEST(beyond_all_bounds)
{
	struct decimal d = {INT64_C(999999999), 0};
	int64_t got = 7;

	ck_assert_int_eq(
	    irae_unit_micro(IRAE_TNI, "ng/mL", &d, &got, NULL), ERR_LIMIT);
	ck_assert_int_eq(got, 7);
}
END_TEST

/* Every analyte takes its own canonical unit, one to one. */
START_TEST(canonical_units)
{
	for (int a = 0; a < IRAE_ANALYTE__MAX; a++) {
		struct decimal d = {125, 1};
		int64_t got;
		enum irae_analyte x = (enum irae_analyte)a;

		ck_assert_msg(irae_unit_micro(x, irae_analyte_unit(x), &d, &got,
				  NULL) == ERR_OK,
		    "%s", irae_analyte_name(x));
		ck_assert_int_eq(got, micro("12.5"));
		ck_assert_int_eq(irae_analyte_parse(irae_analyte_name(x)), a);
	}
}
END_TEST

static Suite *
suite_grade(void)
{
	Suite *s = suite_create("irae_grade");
	TCase *c = tcase_create("grade");

	tcase_add_test(c, at_the_edges);
	tcase_add_test(c, infarction_level);
	tcase_add_test(c, another_assay);
	tcase_add_test(c, multiples_in_other_units);
	tcase_add_test(c, grades_never_fall_with_worse_values);
	suite_add_tcase(s, c);
	c = tcase_create("units");
	tcase_add_test(c, units);
	tcase_add_test(c, beyond_all_bounds);
	tcase_add_test(c, canonical_units);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_grade())
