/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/datetime.h"

#include <stdio.h>
#include <string.h>

#define MS_PER_MINUTE INT64_C(60000)
#define MS_PER_DAY    INT64_C(86400000)
#define FIRST_YEAR    1900
#define MAX_ZONE      (14 * 60)

/* Exactly n digits at *p as a number, *p moved past them; -1 if they are not
 * there. */
static int
take_digits(const char **p, int n)
{
	int v = 0;

	for (; n > 0; n--, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

static bool
take(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* YYYY, YYYY-MM or YYYY-MM-DD at *p. */
static bool
take_date(const char **p, struct datetime *t)
{
	int y = take_digits(p, 4), m = 1, d = 1;

	if (y < 1)
		return false;
	t->precision = DATE_YEAR;
	if (take(p, '-')) {
		m = take_digits(p, 2);
		if (m < 1 || m > 12)
			return false;
		t->precision = DATE_MONTH;
		if (take(p, '-')) {
			d = take_digits(p, 2);
			if (d < 1 || d > days_in_month(y, m))
				return false;
			t->precision = DATE_DAY;
		}
	}
	t->day = day_from_civil(y, m, d);
	return true;
}

/* Digits after the second, at least one; what is finer than a millisecond is
 * dropped. */
static bool
take_fraction(const char **p, int *ret_ms)
{
	int unit = 100, ms = 0;

	if (!take(p, '.'))
		return true;
	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
		ms += unit * (**p - '0');
	*ret_ms = ms;
	return true;
}

static bool
take_time(const char **p, struct datetime *t)
{
	int h, m, s, ms = 0;

	h = take_digits(p, 2);
	if (h < 0 || h > 23 || !take(p, ':'))
		return false;
	m = take_digits(p, 2);
	if (m < 0 || m > 59 || !take(p, ':'))
		return false;
	s = take_digits(p, 2);
	if (s < 0 || s > 60 || !take_fraction(p, &ms))
		return false;
	if (s == 60)
		s = 59;
	t->precision = DATE_SECOND;
	t->ms_of_day = ((h * 60 + m) * 60 + s) * 1000 + ms;
	return true;
}

static bool
take_zone(const char **p, struct datetime *t)
{
	int sign = **p == '-' ? -1 : 1, h, m;

	if (**p == '\0')
		return true;
	t->has_zone = true;
	if (take(p, 'Z'))
		return true;
	if (!take(p, '+') && !take(p, '-'))
		return false;
	h = take_digits(p, 2);
	if (h < 0 || !take(p, ':'))
		return false;
	m = take_digits(p, 2);
	if (m < 0 || m > 59 || h * 60 + m > MAX_ZONE)
		return false;
	t->zone_minutes = (int16_t)(sign * (h * 60 + m));
	return true;
}

enum err_code
datetime_parse(const char *s, struct datetime *ret, struct err *e)
{
	struct datetime t;
	const char *p = s;

	memset(&t, 0, sizeof(t));
	if (s == NULL || !take_date(&p, &t))
		return err_set(e, ERR_INVALID, "not a date or time of FHIR");
	if (t.day < day_from_civil(FIRST_YEAR, 1, 1))
		return err_set(e, ERR_INVALID, "date before 1900");
	if (t.precision == DATE_DAY && take(&p, 'T') &&
	    (!take_time(&p, &t) || !take_zone(&p, &t)))
		return err_set(e, ERR_INVALID, "not a time of FHIR");
	if (*p != '\0')
		return err_set(e, ERR_INVALID, "more after a date or time");
	*ret = t;
	return ERR_OK;
}

int64_t
datetime_instant_ms(const struct datetime *t)
{
	return t->day * MS_PER_DAY + t->ms_of_day -
	       t->zone_minutes * MS_PER_MINUTE;
}

char *
instant_format(int64_t ms, char buf[INSTANT_SIZE])
{
	int64_t day = ms / MS_PER_DAY, rest = ms % MS_PER_DAY;
	unsigned r;
	int y, m, d;

	if (rest < 0) {
		rest += MS_PER_DAY;
		day--;
	}
	r = (unsigned)rest;
	day_to_civil((int32_t)day, &y, &m, &d);
	snprintf(buf, INSTANT_SIZE, "%04d-%02d-%02dT%02u:%02u:%02u.%03uZ", y, m,
	    d, r / 3600000, r / 60000 % 60, r / 1000 % 60, r % 1000);
	return buf;
}

/*
 * The year is taken to begin in March, so that the leap day is its last, and
 * split into eras of 400 years (146097 days); 719468 days lie between
 * 0000-03-01 and 1970-01-01.
 */
int32_t
day_from_civil(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = (y >= 0 ? y : y - 399) / 400;
	int yoe = y - era * 400;
	int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

void
day_to_civil(int32_t day, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t z = (int64_t)day + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int doe = (int)(z - era * 146097);
	int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int mp = (5 * doy + 2) / 153;

	*ret_day = doy - (153 * mp + 2) / 5 + 1;
	*ret_month = mp < 10 ? mp + 3 : mp - 9;
	*ret_year = (int)(yoe + era * 400) + (*ret_month <= 2);
}

int32_t
day_parse(const char *s)
{
	struct datetime t;
	const char *p = s;

	if (s == NULL || !take_date(&p, &t) || *p != '\0' ||
	    t.precision != DATE_DAY)
		return DAY_NONE;
	return t.day;
}

char *
day_format(int32_t day, char buf[DAY_SIZE])
{
	int y, m, d;

	buf[0] = '\0';
	if (day == DAY_NONE)
		return buf;
	day_to_civil(day, &y, &m, &d);
	snprintf(buf, DAY_SIZE, "%04d-%02u-%02u", y, (unsigned)m & 31,
	    (unsigned)d & 31);
	return buf;
}

int
day_weekday(int32_t day)
{
	return (day % 7 + 10) % 7;
}
