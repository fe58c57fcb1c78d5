/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/datetime.h"

#include <string.h>
#include <time.h>

#include "tests/support/check_main.h"

static const struct {
	const char *s;
	enum date_precision precision;
	const char *day;
	int32_t ms;
	bool zone;
	int minutes;
	const char *instant;
} good[] = {
    {"2026", DATE_YEAR, "2026-01-01", 0, false, 0, "2026-01-01T00:00:00.000Z"},
    {"2026-11", DATE_MONTH, "2026-11-01", 0, false, 0,
	"2026-11-01T00:00:00.000Z"},
    {"2026-11-25", DATE_DAY, "2026-11-25", 0, false, 0,
	"2026-11-25T00:00:00.000Z"},
    {"1900", DATE_YEAR, "1900-01-01", 0, false, 0, "1900-01-01T00:00:00.000Z"},
    {"2024-02-29", DATE_DAY, "2024-02-29", 0, false, 0,
	"2024-02-29T00:00:00.000Z"},
    {"2000-02-29", DATE_DAY, "2000-02-29", 0, false, 0,
	"2000-02-29T00:00:00.000Z"},
    {"2026-11-25T13:14:15Z", DATE_SECOND, "2026-11-25", 47655000, true, 0,
	"2026-11-25T13:14:15.000Z"},
    {"2026-11-25T13:14:15", DATE_SECOND, "2026-11-25", 47655000, false, 0,
	"2026-11-25T13:14:15.000Z"},
    {"2026-11-25T13:14:15.5Z", DATE_SECOND, "2026-11-25", 47655500, true, 0,
	"2026-11-25T13:14:15.500Z"},
    {"2026-11-25T13:14:15.123456789+01:00", DATE_SECOND, "2026-11-25", 47655123,
	true, 60, "2026-11-25T12:14:15.123Z"},
    /* The civil day is that of the source's own offset. */
    {"2026-01-01T00:30:00+14:00", DATE_SECOND, "2026-01-01", 1800000, true, 840,
	"2025-12-31T10:30:00.000Z"},
    {"2026-12-31T23:30:00-05:30", DATE_SECOND, "2026-12-31", 84600000, true,
	-330, "2027-01-01T05:00:00.000Z"},
    {"2026-11-25T00:00:00-00:00", DATE_SECOND, "2026-11-25", 0, true, 0,
	"2026-11-25T00:00:00.000Z"},
    {"2016-12-31T23:59:60Z", DATE_SECOND, "2016-12-31", 86399000, true, 0,
	"2016-12-31T23:59:59.000Z"},
    {"9999-12-31T23:59:59.999Z", DATE_SECOND, "9999-12-31", 86399999, true, 0,
	"9999-12-31T23:59:59.999Z"},
};

START_TEST(parse)
{
	struct datetime t;
	struct err e = ERR_INIT;
	char day[DAY_SIZE], instant[INSTANT_SIZE];

	ck_assert_msg(datetime_parse(good[_i].s, &t, &e) == ERR_OK, "%s: %s",
	    good[_i].s, e.text);
	ck_assert_int_eq(t.precision, good[_i].precision);
	ck_assert_str_eq(day_format(t.day, day), good[_i].day);
	ck_assert_int_eq(t.ms_of_day, good[_i].ms);
	ck_assert_int_eq(t.has_zone, good[_i].zone);
	ck_assert_int_eq(t.zone_minutes, good[_i].minutes);
	ck_assert_str_eq(
	    instant_format(datetime_instant_ms(&t), instant), good[_i].instant);
}
END_TEST

static const char *const bad[] = {"", "2", "202", "20260", "2026-", "2026-1",
    "2026-00", "2026-13", "2026-11-", "2026-11-0", "2026-11-00", "2026-11-31",
    "2026-11-1", "2026-11-255", "2025-02-29", "2100-02-29", "1900-02-29",
    "0000", "0001-01-01", "1899-12-31", "-026-01-01", "+2026", "26-11-25",
    "25.11.2026", "11/25/2026", "20261125", "2026-11-25 ", " 2026-11-25",
    "2026-11-25T", "2026-11T10:00:00Z", "2026T10:00:00Z", "2026-11-25 13:14:15",
    "2026-11-25t13:14:15Z", "2026-11-25T13:14:15z", "2026-11-25T13",
    "2026-11-25T13:14", "2026-11-25T13:14Z", "2026-11-25T24:00:00Z",
    "2026-11-25T13:60:00Z", "2026-11-25T13:14:61Z", "2026-11-25T1:14:15Z",
    "2026-11-25T13:14:15.Z", "2026-11-25T13:14:15.", "2026-11-25T13:14:15,5Z",
    "2026-11-25T13:14:15+1:00", "2026-11-25T13:14:15+01",
    "2026-11-25T13:14:15+0100", "2026-11-25T13:14:15+14:01",
    "2026-11-25T13:14:15+15:00", "2026-11-25T13:14:15+01:60",
    "2026-11-25T13:14:15ZZ", "2026-11-25T13:14:15 Z", "now", "2026-W48"};

START_TEST(refuse)
{
	struct datetime t, was;
	struct err e = ERR_INIT;

	memset(&was, 0x55, sizeof(was));
	memcpy(&t, &was, sizeof(t));
	ck_assert_msg(
	    datetime_parse(bad[_i], &t, &e) == ERR_INVALID, "%s", bad[_i]);
	ck_assert_mem_eq(&t, &was, sizeof(t));
	ck_assert_str_ne(e.text, "");
}
END_TEST

START_TEST(refuse_null)
{
	struct datetime t;

	ck_assert_int_eq(datetime_parse(NULL, &t, NULL), ERR_INVALID);
	ck_assert_int_eq(day_parse(NULL), DAY_NONE);
}
END_TEST

/* Every day of four centuries against the C library. */
START_TEST(civil)
{
	int32_t from = day_from_civil(1890, 1, 1);
	int32_t to = day_from_civil(2310, 1, 1);
	struct tm tm;
	time_t s;
	char buf[DAY_SIZE], want[DAY_SIZE];
	int y, m, d;

	for (int32_t day = from; day < to; day++) {
		s = (time_t)day * 86400;
		gmtime_r(&s, &tm);
		day_to_civil(day, &y, &m, &d);
		ck_assert(y == tm.tm_year + 1900 && m == tm.tm_mon + 1 &&
			  d == tm.tm_mday);
		ck_assert_int_eq(day_from_civil(y, m, d), day);
		ck_assert_int_eq(day_weekday(day), (tm.tm_wday + 6) % 7);
		strftime(want, sizeof(want), "%Y-%m-%d", &tm);
		ck_assert_str_eq(day_format(day, buf), want);
		ck_assert_int_eq(day_parse(buf), day);
	}
}
END_TEST

START_TEST(day)
{
	char buf[DAY_SIZE] = "x";
	int y, m, d;

	ck_assert_int_eq(day_parse("1970-01-01"), 0);
	ck_assert_int_eq(day_parse("2026-11-25"), 20782);
	ck_assert_int_eq(day_parse("2026-11"), DAY_NONE);
	ck_assert_int_eq(day_parse("2026-11-25T00:00:00Z"), DAY_NONE);
	ck_assert_int_eq(day_parse("2026-02-30"), DAY_NONE);
	ck_assert_int_eq(day_parse(""), DAY_NONE);
	ck_assert_str_eq(day_format(DAY_NONE, buf), "");
	ck_assert_int_eq(day_weekday(day_parse("2026-11-25")), 2);
	ck_assert_int_eq(day_weekday(day_parse("1969-12-28")), 6);
	day_to_civil(day_from_civil(-1, 3, 1), &y, &m, &d);
	ck_assert(y == -1 && m == 3 && d == 1);
}
END_TEST

START_TEST(instant)
{
	char buf[INSTANT_SIZE];

	ck_assert_str_eq(instant_format(0, buf), "1970-01-01T00:00:00.000Z");
	ck_assert_str_eq(instant_format(-1, buf), "1969-12-31T23:59:59.999Z");
	ck_assert_str_eq(
	    instant_format(-86400000, buf), "1969-12-31T00:00:00.000Z");
	ck_assert_str_eq(instant_format(INT64_C(1795612455123), buf),
	    "2026-11-25T13:14:15.123Z");
	/* Not a time of this world, but no harm either. */
	instant_format(INT64_MAX, buf);
	instant_format(INT64_MIN, buf);
	ck_assert_uint_lt(strlen(buf), sizeof(buf));
}
END_TEST

static Suite *
suite_datetime(void)
{
	Suite *s = suite_create("datetime");
	TCase *t = tcase_create("datetime");

	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, parse, 0, sizeof(good) / sizeof(*good));
	tcase_add_loop_test(t, refuse, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_test(t, refuse_null);
	tcase_add_test(t, civil);
	tcase_add_test(t, day);
	tcase_add_test(t, instant);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_datetime())
