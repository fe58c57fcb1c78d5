/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worked examples of tests/cases/criteria_examples.json, all of the kinds
 * the assessor judges: series, series_spd, matrix, selection and sequences of
 * categories.  Other kinds belong to other modules and are counted aloud.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/best.h"
#include "gateway/readings.h"
#include "gateway/rules.h"
#include "tests/support/check_main.h"
#include "tests/support/series.h"

#define FILE_NAME "tests/cases/criteria_examples.json"

static struct json_doc *doc;

static void
load(void)
{
	size_t n;
	char *s = check_read_file(FILE_NAME, &n);
	struct err e;

	ck_assert_int_eq(json_parse(s, n, &doc, &e), ERR_OK);
	free(s);
}

static void
unload(void)
{
	json_free(doc);
}

static bool
is_kind(const struct json_value *c, const char *kind)
{
	return strcmp(json_string_at(c, "kind"), kind) == 0;
}

/* Where a check stands, for its message. */
struct place {
	const char *id, *label;
};

static const char *
normal_category(const char *s)
{
	return strcmp(s, "NON_CR_NON_PD") == 0 ? "NON-CR/NON-PD" : s;
}

/* "irPD_unconfirmed" is irPD with confirmed false; plain irPD and imPD are
 * confirmed. */
static void
expect_overall(struct place at, const char *criterion, const struct verdict *v,
    const char *want)
{
	size_t n = strcspn(want, "_");
	bool unconfirmed = strcmp(want + n, "_unconfirmed") == 0;
	char name[32];

	want = normal_category(want);
	snprintf(name, sizeof(name), "%.*s",
	    unconfirmed ? (int)n : (int)sizeof(name) - 1, want);
	ck_assert_msg(strcmp(category_name(v->overall), name) == 0,
	    "%s %s: %s is %s, want %s", at.id, at.label, criterion,
	    category_name(v->overall), want);
	if (v->overall == CAT_IRPD || v->overall == CAT_IMPD)
		ck_assert_msg(v->confirmed == (unconfirmed ? NO : YES),
		    "%s %s: %s confirmation", at.id, at.label, criterion);
}

static void
expect_number(struct place at, const char *what, int64_t got,
    const struct json_value *want, int64_t unit)
{
	int64_t n = BURDEN_NONE;

	if (json_type(want) == JSON_NUMBER)
		n = series_tmm(want) * unit;
	ck_assert_msg(got == n, "%s %s: %s is %ld, want %ld", at.id, at.label,
	    what, (long)got, (long)n);
}

static bool
any_flag(const struct assessment *x, size_t i, const char *flag)
{
	for (size_t k = 0; k < x->criteria.n; k++) {
		if (verdict_has_flag(&x->criteria.items[k].at[i], flag))
			return true;
	}
	return false;
}

static void
expect_flags(struct place at, const struct assessment *x, size_t i,
    const struct json_value *flags)
{
	for (size_t k = 0; k < json_length(flags); k++)
		ck_assert_msg(any_flag(x, i, json_string(json_at(flags, k))),
		    "%s %s: no flag %s", at.id, at.label,
		    json_string(json_at(flags, k)));
}

/* The target category before a held PR. */
static const char *
raw_target(const struct verdict *v)
{
	return verdict_has_flag(v, "PR_CONTINUED") ? "SD"
						   : category_name(v->target);
}

static void
expect_one(struct place at, const struct assessment *x, size_t i,
    const char *key, const struct json_value *want)
{
	const struct verdict *r11 = series_verdict(x, "recist11", i);

	if (strcmp(key, "flags") == 0) {
		expect_flags(at, x, i, want);
	} else if (strcmp(key, "target") == 0) {
		ck_assert_msg(
		    strcmp(category_name(r11->target), json_string(want)) == 0,
		    "%s %s: target is %s, want %s", at.id, at.label,
		    category_name(r11->target), json_string(want));
	} else if (strcmp(key, "target_raw") == 0) {
		ck_assert_msg(strcmp(raw_target(r11), json_string(want)) == 0,
		    "%s %s: raw target is %s", at.id, at.label,
		    raw_target(r11));
	} else if (strcmp(key, "sod") == 0) {
		expect_number(at, key, r11->burden, want, 1);
	} else if (strcmp(key, "nlt_sum") == 0) {
		expect_number(
		    at, key, series_verdict(x, "irecist", i)->nlt_sum, want, 1);
	} else if (strcmp(key, "tmtb") == 0) {
		expect_number(
		    at, key, series_verdict(x, "irrecist", i)->burden, want, 1);
	} else if (strcmp(key, "burden_mm2") == 0) {
		expect_number(
		    at, key, series_verdict(x, "irrc", i)->burden, want, 10);
	} else {
		expect_overall(
		    at, key, series_verdict(x, key, i), json_string(want));
	}
}

static void
expect_best(
    const char *id, const struct assessment *x, const struct json_value *want)
{
	const struct best_overall *r11 =
	    &assessment_criterion(x, "recist11")->best;
	const struct best_overall *ir =
	    &assessment_criterion(x, "irecist")->best;
	const char *bor = json_string_at(want, "bor");
	const char *ibor = json_string_at(want, "ibor");
	const char *day = json_number(json_get(want, "i_pd_day"));

	if (bor != NULL)
		ck_assert_msg(strcmp(category_name(r11->unconfirmed), bor) == 0,
		    "%s: bor is %s, want %s", id,
		    category_name(r11->unconfirmed), bor);
	if (ibor != NULL)
		ck_assert_msg(strcmp(category_name(ir->unconfirmed), ibor) == 0,
		    "%s: ibor is %s, want %s", id,
		    category_name(ir->unconfirmed), ibor);
	if (day != NULL)
		ck_assert_msg(
		    ir->progression_day == SERIES_EPOCH + strtol(day, NULL, 10),
		    "%s: progression is dated %d, want day %s", id,
		    ir->progression_day - SERIES_EPOCH, day);
}

static void
run_series(const struct json_value *c)
{
	struct arena *a = arena_new();
	struct assess_options o = series_options(json_get(c, "params"));
	struct timeline *t = series_timeline(c, a);
	struct assessment *x = assess_run(t, &o, a);
	const struct json_value *tps = json_get(c, "timepoints");
	struct place at = {json_string_at(c, "id"), NULL};

	for (size_t i = 0; i < json_length(tps); i++) {
		const struct json_value *tp = json_at(tps, i);
		struct json_iter it = {0};

		at.label = json_string_at(tp, "label");
		while (json_next(json_get(tp, "expect"), &it))
			expect_one(at, x, i + 1, it.name, it.value);
	}
	expect_best(at.id, x, json_get(c, "expect"));
	arena_free(a);
}

/* Run fn on every case of a kind; fails when there is none. */
static void
each(const char *kind, void (*fn)(const struct json_value *c))
{
	const struct json_value *cases = json_get(json_root(doc), "cases");
	size_t n = 0;

	for (size_t i = 0; i < json_length(cases); i++) {
		if (!is_kind(json_at(cases, i), kind))
			continue;
		fn(json_at(cases, i));
		n++;
	}
	ck_assert_msg(n > 0, "no case of kind %s", kind);
}

START_TEST(series)
{
	each("series", run_series);
}
END_TEST

START_TEST(series_spd)
{
	each("series_spd", run_series);
}
END_TEST

static void
run_matrix(const struct json_value *c)
{
	const struct json_value *rows = json_get(c, "rows");

	for (size_t i = 0; i < json_length(rows); i++) {
		const struct json_value *r = json_at(rows, i);
		const char *target = json_string(json_at(r, 0));
		const char *nt = json_string(json_at(r, 1));
		const char *want = json_string(json_at(r, 3));
		enum category got =
		    rules_overall(category_parse(normal_category(target)),
			category_parse(normal_category(nt)),
			json_true(json_at(r, 2)), false, NULL);

		ck_assert_msg(got == category_parse(normal_category(want)),
		    "%s row %zu: %s, want %s", json_string_at(c, "id"), i,
		    category_name(got), want);
	}
}

START_TEST(matrix)
{
	each("matrix", run_matrix);
}
END_TEST

static void
run_ibor(const struct json_value *c)
{
	const struct json_value *rows = json_get(c, "rows");
	struct best_rules rules = {&best_irecist, 0, 0, 28, false};

	for (size_t i = 0; i < json_length(rows); i++) {
		const struct json_value *seq = json_at(json_at(rows, i), 0);
		const char *want = json_string(json_at(json_at(rows, i), 1));
		struct arena *a = arena_new();
		struct best_sequence s = {0};
		enum category got;

		for (size_t k = 0; k < json_length(seq); k++) {
			enum category e =
			    category_parse(json_string(json_at(seq, k)));

			best_add(a, &s, 42 * ((int)k + 1), e, e == CAT_ICPD);
		}
		got = best_unconfirmed(&s, &rules);
		ck_assert_msg(got == category_parse(want),
		    "%s row %zu: %s, want %s", json_string_at(c, "id"), i,
		    category_name(got), want);
		arena_free(a);
	}
}

START_TEST(ibor_sequence)
{
	each("ibor_sequence", run_ibor);
}
END_TEST

/* A baseline of lesions without stated roles. */
static void
run_selection(const struct json_value *c)
{
	struct arena *a = arena_new();
	struct assess_options o = ASSESS_DEFAULTS;
	const struct json_value *ids = json_path(c, "expect");
	char *text = arena_printf(a, "{\"baseline\":{\"lesions\":%s}}",
	    json_text(json_get(c, "lesions")));
	struct json_doc *d;
	struct err e;
	struct timeline *t;
	struct assessment *x;
	size_t n = 0;

	ck_assert_int_eq(json_parse(text, strlen(text), &d, &e), ERR_OK);
	t = series_timeline(json_root(d), a);
	x = assess_run(t, &o, a);
	for (size_t i = 0; i < t->lesions.n; i++)
		n += t->lesions.items[i].role == ROLE_TARGET;
	expect_number((struct place){json_string_at(c, "id"), "baseline"},
	    "sod", series_verdict(x, "recist11", 0)->burden,
	    json_get(ids, "sod"), 1);
	ids = json_get(ids, "ids");
	ck_assert_uint_eq(n, json_length(ids));
	for (size_t i = 0; i < json_length(ids); i++) {
		const char *id = json_string(json_at(ids, i));

		for (size_t k = 0; k < t->lesions.n; k++) {
			if (strcmp(t->lesions.items[k].key, id) == 0)
				ck_assert_msg(
				    t->lesions.items[k].role == ROLE_TARGET,
				    "%s: %s not chosen",
				    json_string_at(c, "id"), id);
		}
	}
	json_free(d);
	arena_free(a);
}

START_TEST(selection)
{
	each("selection", run_selection);
}
END_TEST

/* The kinds other modules run: name them, and let no unknown kind slip. */
START_TEST(other_kinds)
{
	static const char *const ours[] = {
	    "series", "series_spd", "matrix", "ibor_sequence", "selection"};
	static const char *const theirs[] = {"hpd", "pet", "pet_series",
	    "pseudoprogression", "window", "erratum"};
	const struct json_value *cases = json_get(json_root(doc), "cases");
	size_t n_theirs = 0;

	for (size_t i = 0; i < json_length(cases); i++) {
		const struct json_value *c = json_at(cases, i);
		bool known = false;

		for (size_t k = 0; k < sizeof(ours) / sizeof(*ours); k++)
			known = known || is_kind(c, ours[k]);
		for (size_t k = 0; k < sizeof(theirs) / sizeof(*theirs); k++) {
			if (!is_kind(c, theirs[k]))
				continue;
			known = true;
			n_theirs++;
			printf("%s (%s) is run elsewhere\n",
			    json_string_at(c, "id"), theirs[k]);
		}
		ck_assert_msg(
		    known, "%s: unknown kind", json_string_at(c, "id"));
	}
	printf("%zu cases, %zu of them run elsewhere\n", json_length(cases),
	    n_theirs);
}
END_TEST

static Suite *
suite_examples(void)
{
	Suite *s = suite_create("criteria_examples");
	TCase *c = tcase_create("examples");

	tcase_add_checked_fixture(c, load, unload);
	tcase_add_test(c, series);
	tcase_add_test(c, series_spd);
	tcase_add_test(c, matrix);
	tcase_add_test(c, ibor_sequence);
	tcase_add_test(c, selection);
	tcase_add_test(c, other_kinds);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_examples())
