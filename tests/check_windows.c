/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/windows.h"

#include "tests/support/case_file.h"
#include "tests/support/check_main.h"

START_TEST(published)
{
	size_t i = 0, rows = 0;
	const struct json_value *c;

	while ((c = case_file_next(&i, "window", NULL)) != NULL) {
		const struct json_value *all = json_get(c, "rows");

		for (size_t r = 0; r < json_length(all); r++, rows++) {
			const struct json_value *in =
			    json_at(json_at(all, r), 0);
			const struct json_value *out =
			    json_at(json_at(all, r), 1);
			const char *rule = json_string_at(in, "rule");
			struct window w;

			ck_assert_msg(window_for(rule,
					  (int32_t)case_scaled(
					      json_get(in, "anchor_day"), 0, 0),
					  &w),
			    "%s", rule);
			ck_assert_msg(
			    w.from == case_scaled(json_at(out, 0), 0, DAY_NONE),
			    "%s: from %d", rule, (int)w.from);
			ck_assert_msg(
			    w.to == case_scaled(json_at(out, 1), 0, DAY_NONE),
			    "%s: to %d", rule, (int)w.to);
		}
	}
	ck_assert_uint_eq(rows, 6);
}
END_TEST

/* The other rows of the table, by hand; an anchor on a Monday. */
static const struct {
	const char *rule;
	int from, to, preferred;
} rows[] = {
    {"baseline", -28, 0, 0},
    {"pre_baseline", -84, -28, -56},
    {"routine", 42, 84, 56},
    {"irecist_confirm", 28, 56, 35},
    {"irecist_symptom", 0, 0, 0},
    {"irecist_repeat", 28, 56, 28},
    {"irecist_late", 0, 7, 0},
    {"irrecist_confirm", 28, 84, 35},
    {"ipercist_confirm", 28, 56, 42},
    {"lyric_ir", 0, 84, 56},
    {"hyperprogression", 0, 28, 0},
    {"equivocal", 28, 84, 28},
    {"not_evaluable", 7, 84, 7},
};

START_TEST(table)
{
	int32_t monday = day_parse("2024-01-01");
	struct window w;

	ck_assert(window_for(rows[_i].rule, monday, &w));
	ck_assert_int_eq(w.from - monday, rows[_i].from);
	ck_assert_int_eq(w.to - monday, rows[_i].to);
	ck_assert_int_eq(w.preferred - monday, rows[_i].preferred);
	ck_assert_ptr_nonnull(w.rule->citation);
}
END_TEST

START_TEST(working_days)
{
	/* U+35 of a Saturday is a Saturday: the Monday after. */
	int32_t saturday = day_parse("2024-01-06");
	struct window w;

	ck_assert(window_for("irecist_confirm", saturday, &w));
	ck_assert_int_eq(w.preferred, saturday + 37);
	/* Never past the latest day. */
	ck_assert(window_for("irecist_symptom", saturday, &w));
	ck_assert_int_eq(w.preferred, saturday);
	ck_assert(window_for("irrc_confirm", saturday + 1, &w));
	ck_assert_int_eq(w.preferred, saturday + 37);
	ck_assert_int_eq(w.to, DAY_NONE);
}
END_TEST

START_TEST(states)
{
	struct window w;

	ck_assert(window_for("irecist_confirm", 100, &w));
	ck_assert_int_eq(window_state(&w, 127), DUE_UPCOMING);
	ck_assert_int_eq(window_state(&w, 128), DUE_NOW);
	ck_assert_int_eq(window_state(&w, 156), DUE_NOW);
	ck_assert_int_eq(window_state(&w, 157), DUE_OVERDUE);
	ck_assert(window_for("irrc_confirm", 100, &w));
	ck_assert_int_eq(window_state(&w, 10000), DUE_NOW);
	ck_assert(!window_for("no_such_rule", 100, &w));
	ck_assert(!window_for("routine", DAY_NONE, &w));
}
END_TEST

static Suite *
suite_windows(void)
{
	Suite *s = suite_create("windows");
	TCase *t = tcase_create("windows");

	tcase_add_test(t, published);
	tcase_add_loop_test(t, table, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(t, working_days);
	tcase_add_test(t, states);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_windows())
