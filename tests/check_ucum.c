/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "mappings/ucum.h"
#include "tests/support/check_main.h"

#define UCUM "http://unitsofmeasure.org"

static const struct {
	const char *code, *spellings;
	enum ucum_dimension dimension;
	int64_t num, den;
} rows[] = {
#define UNIT_ROW(code, dim, num, den, spellings)                               \
	{code, spellings, UCUM_##dim, num, den},
#include "mappings/ucum.def"
#undef UNIT_ROW
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

/* Every row is found by its code, and by each spelling only itself. */
START_TEST(every_row_round_trips)
{
	const struct ucum_unit *u = ucum_find(UCUM, rows[_i].code, NULL);
	char *copy = strdup(rows[_i].spellings), *save = NULL, *s;

	ck_assert_ptr_nonnull(u);
	ck_assert_str_eq(u->code, rows[_i].code);
	ck_assert_int_eq(u->dimension, rows[_i].dimension);
	ck_assert_int_eq(u->num, rows[_i].num);
	ck_assert_int_eq(u->den, rows[_i].den);
	ck_assert_ptr_eq(ucum_find(NULL, rows[_i].code, NULL), u);
	ck_assert_ptr_eq(ucum_find(NULL, NULL, rows[_i].code), u);
	for (s = strtok_r(copy, "|", &save); s != NULL;
	     s = strtok_r(NULL, "|", &save)) {
		ck_assert_msg(ucum_find(NULL, NULL, s) == u,
		    "'%s' is not found as %s", s, rows[_i].code);
		ck_assert_msg(ucum_find(UCUM, s, NULL) == NULL,
		    "spelling '%s' must not pass as UCUM code", s);
		ck_assert_msg(ucum_find("http://other", s, s) == NULL,
		    "'%s' of another system must not pass", s);
	}
	free(copy);
}
END_TEST

START_TEST(near_misses_are_refused)
{
	static const char *const bad[] = {"", "MM", "Mm", " mm", "mm ", "mmm",
	    "inch-ish", "linear", "pixel", "|", "mm|millimeter", "kg"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_msg(ucum_find(UCUM, bad[i], NULL) == NULL,
		    "code '%s' passed", bad[i]);
		ck_assert_msg(ucum_find(NULL, NULL, bad[i]) == NULL,
		    "unit '%s' passed", bad[i]);
	}
	ck_assert_ptr_null(ucum_find(NULL, NULL, NULL));
	ck_assert_ptr_null(ucum_find(UCUM, NULL, NULL));
	/* A wrong code is not saved by a right text. */
	ck_assert_ptr_null(ucum_find(UCUM, "foo", "mm"));
	ck_assert_ptr_null(ucum_find(NULL, "foo", "mm"));
}
END_TEST

static const struct {
	const char *value, *code;
	int32_t tmm; /* -1: refused */
	enum err_code err;
} lengths[] = {
    {"31", "mm", 310, ERR_OK},
    {"31.04", "mm", 310, ERR_OK},
    {"31.05", "mm", 311, ERR_OK},
    {"1.5", "cm", 150, ERR_OK},
    {"1.555", "cm", 156, ERR_OK},
    {"0.05", "m", 500, ERR_OK},
    {"1", "[in_i]", 254, ERR_OK},
    {"49", "um", 0, ERR_OK},
    {"50", "um", 1, ERR_OK},
    {"0", "mm", 0, ERR_OK},
    {"10", "m", 100000, ERR_OK},
    {"10.0001", "m", -1, ERR_LIMIT},
    {"-1", "mm", -1, ERR_LIMIT},
    {"-0.01", "mm", -1, ERR_LIMIT},
    {"3", "mm2", -1, ERR_INVALID},
    {"3", "mL", -1, ERR_INVALID},
    {"3", "g/ml{SUVbw}", -1, ERR_INVALID},
};

START_TEST(lengths_are_exact)
{
	struct err e = ERR_INIT;
	struct decimal d;
	int32_t tmm = -1;

	ck_assert_int_eq(decimal_parse(lengths[_i].value, &d, &e), ERR_OK);
	ck_assert_int_eq(
	    ucum_length_tmm(
		ucum_find(UCUM, lengths[_i].code, NULL), &d, &tmm, &e),
	    lengths[_i].err);
	ck_assert_int_eq(tmm, lengths[_i].tmm);
}
END_TEST

static Suite *
suite_ucum(void)
{
	Suite *s = suite_create("ucum");
	TCase *t = tcase_create("units");

	tcase_add_loop_test(t, every_row_round_trips, 0, (int)N_ROWS);
	tcase_add_test(t, near_misses_are_refused);
	tcase_add_loop_test(
	    t, lengths_are_exact, 0, (int)(sizeof(lengths) / sizeof(*lengths)));
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_ucum())
