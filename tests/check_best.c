/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Best overall response and durations over sequences of categories
 * (spec/criteria.md §1.9, §4.9).
 */
#include "gateway/best.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"

static const struct best_rules recist = {&best_recist, 0, 42, 28, true};
static const struct best_rules irecist = {&best_irecist, 0, 42, 28, false};

/* "42 PR, 84 CR": a progression of RECIST and a confirmed one end it. */
static struct best_sequence
sequence(struct arena *a, const char *text)
{
	struct best_sequence s = {0};

	while (*text != '\0') {
		char *rest;
		int32_t day = (int32_t)strtol(text, &rest, 10);
		size_t n = strcspn(rest + 1, ",");
		enum category c =
		    category_parse(arena_printf(a, "%.*s", (int)n, rest + 1));

		ck_assert_int_ne(c, CAT_NONE);
		best_add(a, &s, day, c, c == CAT_PD || c == CAT_ICPD);
		text = rest + 1 + n;
		text += strspn(text, ", ");
	}
	return s;
}

static const struct {
	const char *sequence, *unconfirmed, *confirmed;
} rows[] = {
    {"42 CR, 70 CR", "CR", "CR"},
    {"42 CR, 69 CR", "CR", "SD"},
    {"42 CR, 84 PR", "CR", "SD"}, /* disease after a true CR is PD */
    {"41 CR, 84 PR", "CR", "PD"},
    {"42 CR, 84 SD", "CR", "SD"},
    {"41 CR, 84 PD", "CR", "PD"},
    {"42 CR, 84 NE", "CR", "SD"},
    {"41 CR, 84 NE", "CR", "NE"},
    {"42 PR, 84 CR", "CR", "PR"},
    {"42 PR, 84 PR", "PR", "PR"},
    {"42 PR, 84 SD", "PR", "SD"},
    {"42 PR, 84 PD", "PR", "SD"},
    {"41 PR, 84 PD", "PR", "PD"},
    {"41 PR, 84 NE", "PR", "NE"},
    {"42 NE, 84 NE", "NE", "NE"},
    /* One NE may stand between, two may not. */
    {"42 PR, 70 NE, 98 PR", "PR", "PR"},
    {"42 PR, 60 NE, 80 NE, 98 PR", "PR", "SD"},
    /* BOR-1 subject 6: the later PR does not confirm past a CR. */
    {"42 PR, 56 CR, 84 PR", "CR", "SD"},
    {"42 SD", "SD", "SD"},
    {"41 SD", "NE", "NE"},
    {"42 NON-CR/NON-PD", "NON-CR/NON-PD", "NON-CR/NON-PD"},
    {"42 NED", "NED", "NED"},
    {"42 PD, 84 CR", "PD", "PD"},
    {"42 SD, 84 PD", "SD", "SD"},
};

START_TEST(recist_best)
{
	struct arena *a = arena_new();
	struct best_sequence s = sequence(a, rows[_i].sequence);

	ck_assert_str_eq(
	    category_name(best_unconfirmed(&s, &recist)), rows[_i].unconfirmed);
	ck_assert_str_eq(
	    category_name(best_confirmed(&s, &recist)), rows[_i].confirmed);
	arena_free(a);
}
END_TEST

static const struct {
	const struct best_rules *rules;
	const char *sequence;
	int progression; /* DAY_NONE */
	int response, duration, open, to_progression;
} spans[] = {
    {&recist, "42 PR, 84 PR, 126 PD", 126, 42, 84, 0, 126},
    {&recist, "42 SD, 84 CR, 126 CR, 168 NE", DAY_NONE, 84, 42, 1, -1},
    {&recist, "42 SD, 84 PD", 84, DAY_NONE, -1, 0, 84},
    {&recist, "42 PD, 84 PR", 42, DAY_NONE, -1, 0, 42},
    {&irecist, "42 iPR, 84 iUPD, 119 iCPD", 84, 42, 42, 0, 84},
    {&irecist, "42 iUPD, 77 iCPD, 119 iPR", 42, DAY_NONE, -1, 0, 42},
    {&irecist, "42 iUPD, 77 iPR", DAY_NONE, 77, 0, 1, -1},
};

START_TEST(durations)
{
	struct arena *a = arena_new();
	struct best_sequence s = sequence(a, spans[_i].sequence);
	struct best_overall b = {.progression_day = spans[_i].progression,
	    .duration_days = -1,
	    .progression_days = -1};

	best_measure(&s, spans[_i].rules, &b);
	ck_assert_int_eq(b.response_day, spans[_i].response);
	ck_assert_int_eq(b.duration_days, spans[_i].duration);
	ck_assert_int_eq(b.duration_open, spans[_i].open);
	ck_assert_int_eq(b.progression_days, spans[_i].to_progression);
	arena_free(a);
}
END_TEST

#define LOOP(t, f, list)                                                       \
	tcase_add_loop_test(t, f, 0, (int)(sizeof(list) / sizeof((list)[0])))

static Suite *
suite_best(void)
{
	Suite *s = suite_create("best");
	TCase *c = tcase_create("best");

	LOOP(c, recist_best, rows);
	LOOP(c, durations, spans);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_best())
