/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/decimal.h"

#include "tests/support/check_main.h"

static const struct {
	const char *s;
	enum err_code code;
	int64_t digits;
	int scale;
} texts[] = {
    {"0", ERR_OK, 0, 0},
    {"-0", ERR_OK, 0, 0},
    {"-0.0", ERR_OK, 0, 1},
    {"0.000000000000000000000", ERR_OK, 0, 18},
    {"0e99", ERR_OK, 0, 0},
    {"0e-99", ERR_OK, 0, 18},
    {"1", ERR_OK, 1, 0},
    {"14.0", ERR_OK, 140, 1},
    {"1.10", ERR_OK, 110, 2},
    {"25.05", ERR_OK, 2505, 2},
    {"-25.05", ERR_OK, -2505, 2},
    {"0.1", ERR_OK, 1, 1},
    {"0.001", ERR_OK, 1, 3},
    {"1e3", ERR_OK, 1000, 0},
    {"1E+2", ERR_OK, 100, 0},
    {"1.5e1", ERR_OK, 15, 0},
    {"1.10e1", ERR_OK, 110, 1},
    {"1.10e-1", ERR_OK, 110, 3},
    {"12e-1", ERR_OK, 12, 1},
    {"1e-18", ERR_OK, 1, 18},
    {"1000000000", ERR_OK, 1000000000, 0},
    {"-1e9", ERR_OK, -1000000000, 0},
    {"1000000000.00", ERR_OK, INT64_C(100000000000), 2},
    {"1234567.89012345678", ERR_OK, INT64_C(123456789012345678), 11},
    {"0.123456789012345678", ERR_OK, INT64_C(123456789012345678), 18},
    {"0.000000000000000001", ERR_OK, 1, 18},

    {"1000000001", ERR_LIMIT, 0, 0},
    {"-1000000001", ERR_LIMIT, 0, 0},
    {"1000000000.01", ERR_LIMIT, 0, 0},
    {"1e10", ERR_LIMIT, 0, 0},
    {"1e400", ERR_LIMIT, 0, 0},
    {"1e-400", ERR_OK, 0, 18},
    {"1e-19", ERR_OK, 0, 18},
    {"1e99999999999999999999", ERR_LIMIT, 0, 0},
    {"-1e-99999999999999999999", ERR_OK, 0, 18},
    {"1.000000000000000000", ERR_OK, INT64_C(100000000000000000), 17},
    {"1234567.890123456789", ERR_OK, INT64_C(123456789012345678), 11},
    {"-31.499999999999996447286321199499070644378662109375", ERR_OK,
	-INT64_C(314999999999999964), 16},
    {"0.0314999999999999964473", ERR_OK, INT64_C(31499999999999996), 18},
    {"12345678901234567890e-12", ERR_OK, INT64_C(123456789012345678), 10},
    {"123456789012345678", ERR_LIMIT, 0, 0},
    {"9999999999999999999999", ERR_LIMIT, 0, 0},

    {"", ERR_INVALID, 0, 0},
    {"-", ERR_INVALID, 0, 0},
    {"+1", ERR_INVALID, 0, 0},
    {"01", ERR_INVALID, 0, 0},
    {"-01.5", ERR_INVALID, 0, 0},
    {".5", ERR_INVALID, 0, 0},
    {"5.", ERR_INVALID, 0, 0},
    {"5.e1", ERR_INVALID, 0, 0},
    {"1e", ERR_INVALID, 0, 0},
    {"1e+", ERR_INVALID, 0, 0},
    {"1,5", ERR_INVALID, 0, 0},
    {"1 ", ERR_INVALID, 0, 0},
    {" 1", ERR_INVALID, 0, 0},
    {"12 mm", ERR_INVALID, 0, 0},
    {"0x1", ERR_INVALID, 0, 0},
    {"NaN", ERR_INVALID, 0, 0},
    {"Infinity", ERR_INVALID, 0, 0},
    {"--1", ERR_INVALID, 0, 0},
    {"1.2.3", ERR_INVALID, 0, 0},
};

START_TEST(parse)
{
	struct decimal d = {-77, 77};
	struct err e = ERR_INIT;
	enum err_code code = decimal_parse(texts[_i].s, &d, &e);

	ck_assert_msg(code == texts[_i].code, "%s: %s %s", texts[_i].s,
	    err_name(code), e.text);
	if (code != ERR_OK) {
		ck_assert_int_eq(d.digits, -77);
		ck_assert_int_eq(d.scale, 77);
		return;
	}
	ck_assert_msg(
	    d.digits == texts[_i].digits && d.scale == texts[_i].scale,
	    "%s: %lld/10^%d", texts[_i].s, (long long)d.digits, d.scale);
}
END_TEST

START_TEST(parse_null)
{
	struct decimal d;

	ck_assert_int_eq(decimal_parse(NULL, &d, NULL), ERR_INVALID);
}
END_TEST

static const struct {
	const char *s;
	int64_t num, den;
	int scale;
	int64_t want;
} scaled[] = {
    /* cm to tenths of a millimetre */
    {"25.05", 100, 1, 0, 2505},
    {"2.505", 100, 1, 0, 251},
    {"-2.505", 100, 1, 0, -251},
    {"2.5049999999", 100, 1, 0, 250},
    {"1.1", 10, 1, 1, 110},
    /* exactly, where binary floating point is not: 14.0*0.7, 0.1*3, 1.15 */
    {"14.0", 7, 10, 1, 98},
    {"14.0", 7, 10, 0, 10},
    {"0.1", 3, 1, 1, 3},
    {"1.15", 1, 1, 1, 12},
    {"1.005", 1, 1, 2, 101},
    {"2.675", 1, 1, 2, 268},
    /* half away from zero, once: 0.449 must not go up by way of 0.45 */
    {"0.5", 1, 1, 0, 1},
    {"-0.5", 1, 1, 0, -1},
    {"1.5", 1, 1, 0, 2},
    {"2.5", 1, 1, 0, 3},
    {"-2.5", 1, 1, 0, -3},
    {"0.449", 1, 1, 1, 4},
    {"0.49999999999", 1, 1, 0, 0},
    {"-0.49999999999", 1, 1, 0, 0},
    /* what a double prints is rounded once, as the whole number */
    {"31.449999999999999289457264239899814128875732421875", 1, 1, 1, 314},
    {"3.1499999999999999111821580299874767661094665527343750", 10, 1, 1, 315},
    {"-31.45000000000000000000000000001", 1, 1, 1, -315},
    {"0.04999999999999999999999999999", 1, 1, 1, 0},
    {"0", 1, 1, 18, 0},
    {"-0.0", 254, 10, 1, 0},
    /* inches, thirds */
    {"1", 254, 10, 1, 254},
    {"1", 1, 3, 0, 0},
    {"2", 1, 3, 0, 1},
    {"1", 1, 3, 3, 333},
    {"10", -1, 4, 0, -3},
    {"1e-18", 1, 1, 18, 1},
    {"1e9", 1000000000, 1, 0, INT64_C(1000000000000000000)},
};

START_TEST(scale)
{
	struct decimal d;
	struct err e = ERR_INIT;
	int64_t got = 0;

	ck_assert_int_eq(decimal_parse(scaled[_i].s, &d, &e), ERR_OK);
	ck_assert_int_eq(decimal_scaled(&d, scaled[_i].num, scaled[_i].den,
			     scaled[_i].scale, &got, &e),
	    ERR_OK);
	ck_assert_msg(
	    got == scaled[_i].want, "%s: %lld", scaled[_i].s, (long long)got);
}
END_TEST

START_TEST(scale_limits)
{
	static const struct {
		struct decimal d;
		int64_t num, den;
		int scale;
	} rows[] = {
	    {{1000000000, 0}, 1, 1, 18},
	    {{1000000000, 0}, INT64_MAX, 1, 0},
	    {{-1000000000, 0}, INT64_MAX, 1, 18},
	    {{1, 18}, 1, INT64_MAX, 0},
	    {{INT64_C(999999999999999999), 0}, INT64_MAX, 1, 18},
	    {{-10, 0}, INT64_MAX, 1, 0},
	};
	struct err e = ERR_INIT;
	int64_t got = 42;
	enum err_code code;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		code = decimal_scaled(&rows[i].d, rows[i].num, rows[i].den,
		    rows[i].scale, &got, &e);
		if (i == 3) { /* very small, but it fits */
			ck_assert_int_eq(code, ERR_OK);
			ck_assert_int_eq(got, 0);
			got = 42;
			continue;
		}
		ck_assert_msg(code == ERR_LIMIT, "row %zu", i);
		ck_assert_int_eq(got, 42);
	}
}
END_TEST

START_TEST(compare)
{
	static const struct {
		const char *a, *b;
		int want;
	} rows[] = {{"1.10", "1.1", 0}, {"1", "2", -1}, {"2", "1", 1},
	    {"-1", "1", -1}, {"-0.0", "0", 0}, {"1e3", "1000.000", 0},
	    {"0.000000000000000001", "0", 1}, {"-2", "-1.999", -1},
	    {"1000000000", "0.123456789012345678", 1}, {"10e-1", "1", 0}};
	struct decimal a, b;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert_int_eq(decimal_parse(rows[i].a, &a, NULL), ERR_OK);
		ck_assert_int_eq(decimal_parse(rows[i].b, &b, NULL), ERR_OK);
		ck_assert_msg(decimal_compare(&a, &b) == rows[i].want, "%s %s",
		    rows[i].a, rows[i].b);
		ck_assert_int_eq(decimal_compare(&b, &a), -rows[i].want);
	}
}
END_TEST

START_TEST(format)
{
	static const struct {
		int64_t digits;
		int scale;
		const char *want;
	} rows[] = {{-5, 1, "-0.5"}, {314, 1, "31.4"}, {0, 0, "0"},
	    {0, 1, "0.0"}, {7, 0, "7"}, {-7, 0, "-7"}, {100, 2, "1.00"},
	    {5, 18, "0.000000000000000005"},
	    {INT64_MIN, 0, "-9223372036854775808"},
	    {INT64_MIN, 18, "-9.223372036854775808"},
	    {INT64_MAX, 3, "9223372036854775.807"}};
	char buf[DECIMAL_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_str_eq(
		    decimal_format(rows[i].digits, rows[i].scale, buf),
		    rows[i].want);
}
END_TEST

/* Every tenth of a millimetre up to half a metre goes there and back. */
START_TEST(round_trip)
{
	struct decimal d;
	char buf[DECIMAL_SIZE];
	int64_t got;

	for (int64_t v = -5000; v <= 5000; v++) {
		ck_assert_int_eq(
		    decimal_parse(decimal_format(v, 1, buf), &d, NULL), ERR_OK);
		ck_assert_int_eq(d.digits, v);
		ck_assert_int_eq(d.scale, 1);
		ck_assert_int_eq(
		    decimal_scaled(&d, 1, 1, 1, &got, NULL), ERR_OK);
		ck_assert_int_eq(got, v);
	}
}
END_TEST

static Suite *
suite_decimal(void)
{
	Suite *s = suite_create("decimal");
	TCase *t = tcase_create("decimal");

	tcase_add_loop_test(t, parse, 0, sizeof(texts) / sizeof(*texts));
	tcase_add_test(t, parse_null);
	tcase_add_loop_test(t, scale, 0, sizeof(scaled) / sizeof(*scaled));
	tcase_add_test(t, scale_limits);
	tcase_add_test(t, compare);
	tcase_add_test(t, format);
	tcase_add_test(t, round_trip);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_decimal())
