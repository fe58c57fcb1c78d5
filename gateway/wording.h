/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and dates as the explanations print them.
 */
#ifndef RESCAN_WORDING_H
#define RESCAN_WORDING_H

#include "mappings/assessment.h"

/* "64.0 mm" from tenths of a millimetre; "unknown" for BURDEN_NONE. */
const char *wording_mm(struct arena *a, int64_t tmm);

/* "1250.00 mm2" from hundredths of a square millimetre. */
const char *wording_mm2(struct arena *a, int64_t tmm2);

/* "2024-03-01"; "an unknown date" for DAY_NONE. */
const char *wording_day(struct arena *a, int32_t day);

/* "28.0 % (+14.0 mm) above", "30.0 % (-30.0 mm) below" or "equal to": how
 * `now` stands to `from`. */
const char *wording_change(struct arena *a, int64_t now, int64_t from);
const char *wording_change_area(struct arena *a, int64_t now, int64_t from);

/* Uptake from thousandths, "7.25", "8.0"; "unknown" below 0; and its change as
 * above. */
const char *wording_uptake(struct arena *a, int64_t milli);
const char *wording_change_uptake(struct arena *a, int64_t now, int64_t from);

/* Names in a sentence.  Who has thousands names the first and counts the
 * rest. */
#define WORDING_NAMES 10
struct wording_names {
	const char *names[WORDING_NAMES];
	size_t n; /* the rest included */
};
void wording_name(struct wording_names *x, const char *name);

/* "a, b"; "a, b and 3 more"; "" for none. */
const char *wording_join(struct arena *a, const struct wording_names *x);

#endif
