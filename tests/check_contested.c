/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every contested decision of spec/criteria.md §10 that is an option: what its
 * default says, and what the other reading would.
 */
#include <string.h>

#include "gateway/kinetics.h"
#include "gateway/metabolic.h"
#include "tests/support/check_main.h"
#include "tests/support/series.h"

struct row {
	const char *decision, *other; /* the parameters of the other reading */
	const char *criterion, *base, *tps;
	const char *by_default, *otherwise;
};

static const struct row rows[] = {
    {"C1 response", "'round_percent':true", "recist11", ONE("250"),
	TP("42", T1("175.1")), "SD", "PR"}, /* -29.96 % */
    {"C1 progression", "'round_percent':true", "recist11", ONE("250"),
	TP("42", T1("299.9")), "SD", "PD"}, /* +19.96 % */
    {"C2", "'cr_before_pd':false", "recist11", NODE("16"),
	TP("42", N1("4")) "," TP("84", N1("9.5")), "CR CR", "CR PD"},
    {"C1 irRC response", "'round_percent':true", "irrc", ONE("[100,100]"),
	TP("42", T1("[90,55.6]")), "irSD", "irPR"}, /* -49.96 % */
    {"C1 irRC progression", "'round_percent':true", "irrc",
	ONE("[100,100]"), TP("42", T1("[113.6,110]")), "irSD",
	"irPD"}, /* +24.96 % */
    {"C2 irRECIST", "'cr_before_pd':false", "irrecist", NODE("16"),
	TP("42", N1("4")) "," TP("84", N1("9.5")), "irCR irCR", "irCR irPD"},
    {"C2 imRECIST", "'cr_before_pd':false", "imrecist", NODE("16"),
	TP("42", N1("4")) "," TP("84", N1("9.5")), "imCR imCR", "imCR imPD"},
    {"C3", "'nadir_zero_needs_mm':false", "recist11", ONE("30"),
	TP("42", T1("0") "," NT("NON_CR_NON_PD")) "," TP(
	    "84", T1("4") "," NT("NON_CR_NON_PD")),
	"PR PR", "PR PD"},
    {"C4", "'pr_sticky':false", "recist11", ONE("100"),
	TP("42", T1("65")) "," TP("84", T1("71")), "PR PR", "PR SD"},
    {"C5", "'ne_tp_in_nadir':false", "irecist", ONE("100"),
	TP("42", T1("100") "," NEWS(NLT("x", "12"))) "," TP(
	    "77", T1("80")) "," TP("112", T1("96") "," NEWS(NLT("x", "12"))),
	"iUPD NE iCPD", "iUPD NE iUPD"},
    {"C6", "'partial_sum_pd':false", "recist11", TWO("30", "20"),
	TP("42", T1("60")), "PD", "NE"},
    {"C6 irRC", "'partial_sum_pd':false", "irrc",
	TWO("[30,30]", "[10,10]"), TP("42", T1("[40,40]")), "irPD", "irNE"},
    {"C6 irRECIST", "'partial_sum_pd':false", "irrecist", TWO("30", "20"),
	TP("42", T1("60")), "irPD", "irNE"},
    {"C6 imRECIST", "'partial_sum_pd':false", "imrecist", TWO("30", "20"),
	TP("42", T1("60")), "imPD", "NE"},
    {"C6 iRECIST", "'partial_sum_pd':false", "irecist", TWO("30", "20"),
	TP("42", T1("60")), "iUPD", "NE"},
    {"C6 iRECIST growth", "'partial_sum_pd':false", "irecist",
	TWO("30", "20"),
	TP("42", "'targets':{'T1':60,'T2':20}") "," TP("77", T1("85")),
	"iUPD iCPD", "iUPD NE"},
    {"C6 iRECIST new lesions", "'partial_sum_pd':false", "irecist",
	ONE("100"),
	TP("42", T1("100") "," NEWS(NLT("x", "15") "," NLT("y", "15"))) "," TP(
	    "77", T1("100") "," NEWS(NLT("x", "35"))),
	"iUPD iCPD", "iUPD NE"},
    {"C7", "'node_waits':false", "recist11", ONE("30"),
	TP("42", T1("30") "," NEWS(NLN("n", "11"))), "SD", "PD"},
    {"C8", "'icpd_ref_target':'MIN_IN_BLOCK'", "irecist", ONE("100"),
	TP("56", T1("130")) "," TP("91", T1("124")) "," TP("126", T1("131")),
	"iUPD iUPD iUPD", "iUPD iUPD iCPD"},
    {"C9", "'nlt_ref_lowest':false", "irecist", ONE("100"),
	TP("42", T1("100") "," NEWS(NLT("x", "15"))) "," TP(
	    "77", T1("100") "," NEWS(NLT("x", "12"))) "," TP("112",
	    T1("100") "," NEWS(NLT("x", "17"))),
	"iUPD iUPD iCPD", "iUPD iUPD iUPD"},
    {"C10", "'growth_inclusive':false", "irecist", ONE("100"),
	TP("42", T1("125")) "," TP("77", T1("130")), "iUPD iCPD", "iUPD iUPD"},
    {"C11", "'change_mm':6", "irecist", ONE("100"),
	TP("42", T1("100") "," NEWS(NLT("x", "20"))) "," TP(
	    "77", T1("100") "," NEWS(NLT("x", "15"))),
	"iUPD iSD", "iUPD iUPD"},
    {"C12", "'other_category_confirms':false", "irecist", ONE("100"),
	TP("42", T1("125")) "," TP("77", T1("125") "," NT("PD")), "iUPD iCPD",
	"iUPD iUPD"},
    {"C13", "'survivors_by_size':false", "irecist", ONE("100"),
	TP("42", T1("100") "," NEWS(NLT("x", "40"))) "," TP(
	    "77", T1("60") "," NEWS(NLT("x", "40"))) "," TP("112",
	    T1("60") "," NEWS(NLT("x", "45"))),
	"iUPD iPR iPR", "iUPD iPR iUPD"},
    {"C14", "'icr_needs_news_gone':false", "irecist", ONE("30"),
	TP("42", T1("0") "," NEWS(NLT("x", "12"))) "," TP(
	    "77", T1("0") "," NEWS(NLT("x", "6"))),
	"iUPD iPR", "iUPD iCR"},
    {"C15 grace", "'grace_days':0", "irecist", ONE("100"),
	TP("42", T1("125")) "," TP("68", T1("131")), "iUPD iCPD", "iUPD iUPD"},
    {"C15 symptom", "'early_symptom_confirms':false", "irecist", ONE("100"),
	TP("42", T1("125")) "," TP(
	    "56", T1("125") ",'new_symptom':true," NEWS(NLT("x", "12"))),
	"iUPD iCPD", "iUPD iUPD"},
    {"C16 day 59", "'late_confirms':false", "irecist", ONE("100"),
	TP("42", T1("125")) "," TP("101", T1("131")), "iUPD iCPD", "iUPD iUPD"},
    {"C16 reopened", "'late_confirms':false", "irecist", ONE("100"),
	TP("42", T1("125")) "," TP("101", T1("131")) "," TP("136", T1("137")),
	"iUPD iCPD iCPD", "iUPD iUPD iCPD"},
    {"C17", "'ne_keeps_pending':false", "irecist", ONE("100"),
	TP("42", T1("125")) "," TP("77", "'not_done':true") "," TP(
	    "98", T1("131")),
	"iUPD NE iCPD", "iUPD NE iUPD"},
    {"C18", "'icpd_terminal':false", "irecist", ONE("100"),
	TP("42", T1("125")) "," TP("77", T1("131")) "," TP("112", T1("60")),
	"iUPD iCPD iCPD", "iUPD iCPD iPR"},
    {"C19", "'repeat_confirms':true", "irecist", ONE("100"),
	TP("42", T1("125")) "," TP("77", T1("125")), "iUPD iUPD", "iUPD iCPD"},
    {"C20", "'small_nlt':false", "irecist", ONE("100"),
	TP("42", T1("100") "," NEWS(NLT("x", "8"))) "," TP(
	    "77", T1("100") "," NEWS(NLT("x", "13"))),
	"iUPD iCPD", "iUPD iUPD"},
    {"C21", "'irrc_side_inclusive':false", "irrc",
	"'baseline':{'day':0,'lesions':[{'id':'A','organ':'liver',"
	"'mm':[5,5]}]}",
	TP("42", "'targets':{'A':[5,5]}"), "irSD", "irNE"},
    {"C22", "'irpd_first':false", "irrc", BASE("{'id':'T1','mm':[100,40]}"),
	TP("42", T1("[40,40]")) "," TP("84", T1("[50,40]")), "irPR irPD",
	"irPR irPR"},
    {"C23", "'irrecist_non_target_pd':false", "irrecist", ONE("100"),
	TP("42", T1("100") "," NT("PD")), "irPD", "irSD"},
    {"C24", "'imrecist_min_mm':0", "imrecist", ONE("20"), TP("42", T1("24")),
	"imSD", "imPD"},
    {"C32", "'small_node_is_normal':false", "recist11", NODE("16"),
	TP("42", N1("'TSTM'")), "CR", "PR"},
    {"C33", "'relapse_is_iupd':false", "irecist", ONE("30"),
	TP("42", T1("0")) "," TP("84", T1("4")), "iCR iUPD", "iCR iPR"},
};

static const char *
judged(struct arena *a, const struct row *r, const char *params)
{
	const struct assessment *x = series_assess(
	    arena_printf(a, "{'params':{%s},%s,'timepoints':[%s]}", params,
		r->base, r->tps),
	    a);
	const char *s = "";

	for (size_t i = 1; i < x->timeline->timepoints.n; i++)
		s = arena_printf(a, "%s%s%s", s, *s != '\0' ? " " : "",
		    category_name(series_verdict(x, r->criterion, i)->overall));
	return s;
}

START_TEST(decision)
{
	const struct row *r = &rows[_i];
	struct arena *a = arena_new();
	const char *one = judged(a, r, "");
	const char *other = judged(a, r, r->other);

	ck_assert_str_ne(r->by_default, r->otherwise);
	ck_assert_msg(strcmp(one, r->by_default) == 0,
	    "%s: %s by default, want %s", r->decision, one, r->by_default);
	ck_assert_msg(strcmp(other, r->otherwise) == 0,
	    "%s: %s otherwise, want %s", r->decision, other, r->otherwise);
	arena_free(a);
}
END_TEST

/* C19 beyond iRECIST: is the second progression confirmed, by default and
 * where growth is asked for? */
static const struct {
	const char *params, *criterion, *base, *first, *second;
	enum tristate otherwise;
} repeats[] = {
    {"", "irrc", "[100,100]", "[130,100]", "[130,100]", NO},
    {"", "irrc", "[100,100]", "[130,100]", "[130.1,100]", YES},
    {"", "irrecist", "100", "130", "130", NO},
    {"", "irrecist", "100", "130", "134.9", NO},
    {"", "irrecist", "100", "130", "135", YES},
    {",'growth_inclusive':false", "irrecist", "100", "130", "135", NO},
    {",'growth_inclusive':false", "irrecist", "100", "130", "135.1", YES},
    {"", "imrecist", "100", "130", "134.9", NO},
    {"", "imrecist", "100", "130", "135", YES},
};

static enum tristate
repeated(struct arena *a, int i, const char *params)
{
	const char *text = arena_printf(a,
	    "{'params':{%s}," BASE("{'id':'T1','mm':%s}") ",'timepoints':[" TP(
		"42", T1("%s")) "," TP("77", T1("%s")) "]}",
	    params, repeats[i].base, repeats[i].first, repeats[i].second);
	const struct assessment *x = series_assess(text, a);

	ck_assert_int_eq(
	    series_verdict(x, repeats[i].criterion, 1)->confirmed, NO);
	return series_verdict(x, repeats[i].criterion, 2)->confirmed;
}

START_TEST(repeat)
{
	struct arena *a = arena_new();
	const char *other = arena_printf(
	    a, "'burden_repeat_confirms':false%s", repeats[_i].params);

	ck_assert_int_eq(repeated(a, _i, ""), YES);
	ck_assert_int_eq(repeated(a, _i, other), repeats[_i].otherwise);
	arena_free(a);
}
END_TEST

/* A scan on the last day of the grace is not late. */
START_TEST(late_to_the_day)
{
	static const struct row edge = {"C16 day 58", "'late_confirms':false",
	    "irecist", ONE("100"), TP("42", T1("125")) "," TP("100", T1("131")),
	    "", "iUPD iCPD"};
	struct arena *a = arena_new();

	ck_assert_str_eq(judged(a, &edge, edge.other), edge.otherwise);
	arena_free(a);
}
END_TEST

/* C20 warns, whichever way it is taken. */
START_TEST(small_new_target)
{
	struct arena *a = arena_new();
	const struct assessment *x = series_assess(
	    CASE(ONE("100"), TP("42", T1("100") "," NEWS(
					  NLT("x", "9.9") "," NLT("y", "10")))),
	    a);
	size_t n = 0;

	for (size_t i = 0; i < x->problems.n; i++)
		n += strcmp(x->problems.items[i].code,
			 "new_target_not_measurable") == 0;
	ck_assert_uint_eq(n, 1);
	arena_free(a);
}
END_TEST

/* --- those that are no category of a size criterion --- */

static const struct contested defaults = CONTESTED_DEFAULTS;

static enum tristate
hpd(const char *id, const struct contested *k, int64_t sum_pre, int days,
    int news, int64_t sum_first)
{
	struct kinetics_input in = {.contested = k,
	    .day_pre = -60,
	    .day_base = 0,
	    .day_first = days,
	    .sum_pre = sum_pre,
	    .sum_base = 1000,
	    .sum_first = sum_first,
	    .pd_at_first = YES,
	    .day_pd = days,
	    .sum_pd = sum_first,
	    .news_pd = {news, 0},
	    .ttf_days = -1,
	    .ecog_2mo = -1};

	for (size_t i = 0; i < KINETICS_DEFINITIONS; i++) {
		if (strcmp(kinetics_definition(i), id) == 0)
			return kinetics_judge(i, &in).met;
	}
	ck_abort_msg("no definition %s", id);
	return UNKNOWN;
}

START_TEST(kinetics)
{
	struct contested other = defaults;

	/* C25: shrinking before, growing after. */
	ck_assert_int_eq(
	    hpd("champiat2017", &defaults, 1100, 50, 0, 1500), UNKNOWN);
	other.ratio_needs_growth = false;
	ck_assert_int_eq(hpd("champiat2017", &other, 1100, 50, 0, 1500), YES);
	/* C26: the sixty-first day. */
	ck_assert_int_eq(hpd("matos2020", &defaults, 900, 60, 0, 1500), YES);
	ck_assert_int_eq(hpd("matos2020", &defaults, 900, 61, 0, 1500), NO);
	other.two_months_days = 61;
	ck_assert_int_eq(hpd("matos2020", &other, 900, 61, 0, 1500), YES);
	/* C31: +20 % needs several new lesions. */
	ck_assert_int_eq(hpd("matos2020", &defaults, 900, 60, 2, 1200), YES);
	ck_assert_int_eq(hpd("matos2020", &defaults, 900, 60, 1, 1200), NO);
	ck_assert_int_eq(hpd("matos2020", &defaults, 900, 60, 2, 1199), NO);
	other.matos_new_lesions = 1;
	ck_assert_int_eq(hpd("matos2020", &other, 900, 60, 1, 1200), YES);
}
END_TEST

static const struct pattern *
psp(struct arena *a, const char *params)
{
	const struct assessment *x =
	    series_assess(arena_printf(a,
			      "{'params':{%s}," ONE("100") ",'timepoints':[" TP(
				  "42", T1("125")) "," TP("77", T1("110")) "]}",
			      params),
		a);

	for (size_t i = 0; i < x->patterns.n; i++) {
		if (strcmp(x->patterns.items[i].kind, "pseudoprogression") == 0)
			return &x->patterns.items[i];
	}
	ck_abort_msg("no pseudoprogression");
	return NULL;
}

/* C27 */
START_TEST(lenient)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(psp(a, "")->status, "confirmed");
	ck_assert_str_eq(psp(a, "")->variant, "lenient,early");
	ck_assert_str_eq(psp(a, "'psp_through_sd':false")->status, "suspected");
	arena_free(a);
}
END_TEST

/* C28, C29, C30 */
START_TEST(pet)
{
	static const int32_t sizes[] = {50, 50, 50, 50};
	struct contested other = defaults;
	struct pet_pair p = PET_PAIR_INIT;

	p.base = 2000;
	p.now = 2700;
	ck_assert_str_eq(percist_judge(&defaults, &p).overall, "SMD");
	ck_assert_str_eq(
	    pecrit_judge(&defaults, CAT_SD, &p, 25).overall, "BENEFIT");
	ck_assert_str_eq(
	    percimt_judge(&defaults, sizes, 4, false).overall, "PMD");
	ck_assert_str_eq(
	    percimt_judge(&defaults, sizes, 3, false).overall, "SMD");
	other.percist_both = other.pecrit_rise_is_good = false;
	other.percimt_new_lesions = 5;
	ck_assert_str_eq(percist_judge(&other, &p).overall, "PMD");
	ck_assert_str_eq(
	    pecrit_judge(&other, CAT_SD, &p, 25).overall, "NO_BENEFIT");
	ck_assert_str_eq(percimt_judge(&other, sizes, 4, false).overall, "SMD");
}
END_TEST

static Suite *
suite_contested(void)
{
	Suite *s = suite_create("contested");
	TCase *c = tcase_create("decisions");

	tcase_add_loop_test(
	    c, decision, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(
	    c, repeat, 0, (int)(sizeof(repeats) / sizeof(repeats[0])));
	tcase_add_test(c, late_to_the_day);
	tcase_add_test(c, small_new_target);
	tcase_add_test(c, kinetics);
	tcase_add_test(c, lenient);
	tcase_add_test(c, pet);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_contested())
