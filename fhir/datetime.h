/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FHIR date, dateTime and instant (R4 datatypes, "date", "dateTime",
 * "instant"): read with their precision and zone, never filled up.
 *
 * A civil day is an int32_t: days since 1970-01-01 in the proleptic Gregorian
 * calendar.  Clinical rules count civil days of acquisition in the source's
 * own offset; no time zone arithmetic is done on them.
 */
#ifndef RESCAN_DATETIME_H
#define RESCAN_DATETIME_H

#include <stdbool.h>
#include <stdint.h>

#include "fhir/util/err.h"

#define DAY_NONE INT32_MIN

enum date_precision {
	DATE_NONE,
	DATE_YEAR,
	DATE_MONTH,
	DATE_DAY,
	DATE_SECOND /* or finer */
};

struct datetime {
	enum date_precision precision;
	int32_t day;         /* in its own offset; first day of a year/month */
	int32_t ms_of_day;   /* 0 unless DATE_SECOND */
	bool has_zone;
	int16_t zone_minutes; /* east of UTC */
};

/* Read any of the three types.  Refused (ERR_INVALID): other shapes, days
 * that do not exist, years before 1900, 24:00, time without seconds.  A time
 * without zone is read with has_zone false.  :60 is accepted as :59. */
enum err_code datetime_parse(
    const char *s, struct datetime *ret, struct err *e) MUST_CHECK;

/* Milliseconds since 1970-01-01T00:00:00Z; a missing zone counts as UTC. */
int64_t datetime_instant_ms(const struct datetime *t);

/* Instant as "YYYY-MM-DDThh:mm:ss.sssZ" into buf. */
#define INSTANT_SIZE 32
char *instant_format(int64_t ms, char buf[INSTANT_SIZE]);

/* Civil days.  day_parse takes exactly YYYY-MM-DD, DAY_NONE if it is not. */
int32_t day_from_civil(int year, int month, int day);
void day_to_civil(int32_t day, int *ret_year, int *ret_month, int *ret_day);
int32_t day_parse(const char *s);
#define DAY_SIZE 16
char *day_format(int32_t day, char buf[DAY_SIZE]); /* "" for DAY_NONE */
int day_weekday(int32_t day);                      /* 0 Monday … 6 Sunday */

#endif
