/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/patterns.h"

#include <string.h>

#include "tests/support/case_file.h"
#include "tests/support/check_main.h"

#define SEQ_MAX 16

static size_t
load(const struct json_value *rows, struct response_at *seq)
{
	size_t n = json_length(rows);

	ck_assert_uint_le(n, SEQ_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct json_value *row = json_at(rows, i);

		seq[i].day = (int32_t)case_scaled(json_at(row, 0), 0, 0);
		seq[i].category = category_parse(json_string(json_at(row, 1)));
	}
	return n;
}

/* The words of the cases; the therapy starts at day 0. */
static void
check_psp(const struct json_value *in, const struct json_value *want)
{
	struct response_at seq[SEQ_MAX];
	size_t n = load(json_get(in, "seq"), seq), i = 0;
	const char *kind = json_string_at(want, "kind");
	struct pseudoprogression p;

	ck_assert(pattern_next_pseudoprogression(seq, n, true, &i, &p));
	if (strcmp(kind, "NONE") == 0) {
		ck_assert_int_eq(p.state, PSP_REFUTED);
		return;
	}
	if (strcmp(kind, "PENDING") == 0) {
		ck_assert_int_eq(p.state, PSP_PENDING);
		return;
	}
	ck_assert_int_eq(p.state, PSP_CONFIRMED);
	ck_assert_int_eq(pattern_is_early(seq[p.at].day, 0),
	    strcmp(kind, "EARLY") == 0 ? YES : NO);
	ck_assert_int_eq(
	    p.strict, strcmp(json_string_at(want, "grade"), "STRICT") == 0);
	ck_assert_int_eq(
	    seq[p.at].day, case_scaled(json_get(want, "day"), 0, -1));
	ck_assert_int_eq(seq[p.resolved].day,
	    case_scaled(json_get(want, "resolved_day"), 0, -1));
	ck_assert(!pattern_next_pseudoprogression(seq, n, true, &i, &p));
}

START_TEST(published)
{
	size_t i = 0, n = 0;
	const struct json_value *c;

	while ((c = case_file_next(&i, "pseudoprogression", NULL)) != NULL) {
		const struct json_value *rows = json_get(c, "rows");

		for (size_t r = 0; r < json_length(rows); r++, n++)
			check_psp(json_at(json_at(rows, r), 0),
			    json_at(json_at(rows, r), 1));
	}
	ck_assert_uint_eq(n, 6);
}
END_TEST

START_TEST(blocks)
{
	static const struct response_at seq[] = {{50, CAT_IUPD}, {80, CAT_ISD},
	    {120, CAT_IPR}, {160, CAT_NE}, {200, CAT_IUPD}, {230, CAT_ISD},
	    {260, CAT_IUPD}, {290, CAT_NE}, {320, CAT_ICPD}, {350, CAT_ICPD}};
	static const struct {
		enum psp_state state;
		bool strict;
		size_t at, resolved;
	} want[] = {
	    /* iSD, then iPR: strict, resolved by the iPR. */
	    {PSP_CONFIRMED, true, 0, 2},
	    {PSP_CONFIRMED, false, 4, 5},
	    {PSP_REFUTED, false, 6, 8},
	};
	size_t i = 0;
	struct pseudoprogression p;

	for (size_t w = 0; w < 3; w++) {
		ck_assert(
		    pattern_next_pseudoprogression(seq, 10, true, &i, &p));
		ck_assert_int_eq(p.state, want[w].state);
		ck_assert_int_eq(p.strict, want[w].strict);
		ck_assert_uint_eq(p.at, want[w].at);
		ck_assert_uint_eq(p.resolved, want[w].resolved);
	}
	ck_assert(!pattern_next_pseudoprogression(seq, 10, true, &i, &p));
	/* A visit that is not evaluable decides nothing. */
	i = 6;
	ck_assert(pattern_next_pseudoprogression(seq, 8, true, &i, &p));
	ck_assert_int_eq(p.state, PSP_PENDING);
}
END_TEST

START_TEST(early)
{
	ck_assert_int_eq(pattern_is_early(84, 0), YES);
	ck_assert_int_eq(pattern_is_early(85, 0), NO);
	ck_assert_int_eq(pattern_is_early(85, DAY_NONE), UNKNOWN);
}
END_TEST

static struct size_pair
sizes(const struct json_value *in)
{
	struct size_pair s = {
	    (int32_t)case_scaled(json_get(in, "size_base"), 1, -1),
	    (int32_t)case_scaled(json_get(in, "size_cur"), 1, -1)};

	return s;
}

START_TEST(size_uptake_published)
{
	size_t i = 0, n = 0;
	const struct json_value *c;

	while ((c = case_file_next(&i, "pet", "dissociation")) != NULL) {
		const struct json_value *rows = json_get(c, "rows");

		for (size_t r = 0; r < json_length(rows); r++, n++) {
			const struct json_value *in =
			    json_at(json_at(rows, r), 0);

			ck_assert_str_eq(
			    pattern_size_uptake(sizes(in),
				(int32_t)case_scaled(
				    json_get(in, "sul_base"), 3, -1),
				(int32_t)case_scaled(
				    json_get(in, "sul_cur"), 3, -1)),
			    json_string(json_at(json_at(rows, r), 1)));
		}
	}
	ck_assert_uint_eq(n, 6);
}
END_TEST

/* Both tests of both axes, on the edge and just off it. */
static const struct {
	struct size_pair size;
	int32_t base, now;
	const char *want;
} size_uptake_rows[] = {
    {{250, 300}, 4000, 2800, "LARGER_LESS_AVID"},
    {{250, 299}, 4000, 2800, "STABLE_SIZE_LESS_AVID"},
    {{200, 249}, 4000, 4000, "CONCORDANT_STABLE"},
    {{200, 140}, 4000, 5200, "SMALLER_MORE_AVID"},
    {{200, 141}, 4000, 5199, "CONCORDANT_STABLE"},
    {{200, 0}, 4000, 0, "SMALLER_LESS_AVID"},
    {{250, 300}, 2000, 1201, "CONCORDANT_STABLE"}, /* 0.799 */
    {{250, 300}, 2000, 1200, "LARGER_LESS_AVID"},  /* 0.8 */
    {{250, 300}, 2000, 2800, "LARGER_MORE_AVID"},
};

START_TEST(size_uptake_edges)
{
	ck_assert_str_eq(
	    pattern_size_uptake(size_uptake_rows[_i].size,
		size_uptake_rows[_i].base, size_uptake_rows[_i].now),
	    size_uptake_rows[_i].want);
}
END_TEST

START_TEST(dissociated)
{
	struct size_pair p[] = {{300, 210}, {250, 300}, {200, 200}};

	ck_assert(pattern_is_dissociated(p, 3));
	ck_assert(!pattern_is_dissociated(p, 1));
	p[0].now = 211;
	ck_assert(!pattern_is_dissociated(p, 3));
	p[0].now = 0;
	p[1].now = 299;
	ck_assert(!pattern_is_dissociated(p, 3));
	/* 20 % but less than 5 mm. */
	p[1].base = 200;
	p[1].now = 249;
	ck_assert(!pattern_is_dissociated(p, 3));
	p[1].now = 250;
	ck_assert(pattern_is_dissociated(p, 3));
}
END_TEST

START_TEST(durable)
{
	struct response_at seq[] = {{50, CAT_IPR}, {150, CAT_IPR},
	    {200, CAT_NE}, {280, CAT_ICR}, {400, CAT_ICR}};

	ck_assert_int_eq(pattern_durable_response(seq, 5, 100, 180), 3);
	ck_assert_int_eq(pattern_durable_response(seq, 5, 101, 180), 4);
	ck_assert_int_eq(pattern_durable_response(seq, 4, 101, 180), -1);
	ck_assert_int_eq(pattern_durable_response(seq, 5, DAY_NONE, 180), -1);
	/* Stable disease between begins it anew. */
	seq[1].category = CAT_ISD;
	ck_assert_int_eq(pattern_durable_response(seq, 5, 100, 180), -1);
	ck_assert_int_eq(pattern_durable_response(seq, 5, 100, 120), 4);
}
END_TEST

static Suite *
suite_patterns(void)
{
	Suite *s = suite_create("patterns");
	TCase *t = tcase_create("sequences");

	tcase_add_test(t, published);
	tcase_add_test(t, blocks);
	tcase_add_test(t, early);
	tcase_add_test(t, durable);
	suite_add_tcase(s, t);
	t = tcase_create("lesions");
	tcase_add_test(t, size_uptake_published);
	tcase_add_loop_test(t, size_uptake_edges, 0,
	    (int)(sizeof(size_uptake_rows) / sizeof(size_uptake_rows[0])));
	tcase_add_test(t, dissociated);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_patterns())
