/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FHIR decimals (R4 datatypes, "decimal") as scaled integers, read from their
 * source text: no binary floating point on the way.
 */
#ifndef RESCAN_DECIMAL_H
#define RESCAN_DECIMAL_H

#include <stdint.h>

#include "fhir/util/err.h"

struct decimal {
	int64_t digits; /* value = digits / 10^scale */
	int scale;      /* 0..18; trailing zeros of the source are kept */
};

/* Read a JSON number's text, exponent allowed.  What a double prints beyond 18
 * significant digits or decimal places is dropped, not rounded: one rounding,
 * later and to fewer places, is then as of the whole.  Errors: ERR_INVALID
 * (not a number), ERR_LIMIT (beyond ±10^9). */
enum err_code decimal_parse(
    const char *text, struct decimal *ret, struct err *e) MUST_CHECK;

/* value × num/den × 10^scale, rounded half away from zero once.  ERR_LIMIT
 * when it does not fit. */
enum err_code decimal_scaled(const struct decimal *d, int64_t num, int64_t den,
    int scale, int64_t *ret, struct err *e) MUST_CHECK;

/* a < b: -1, equal: 0, a > b: 1; by value, 1.10 equals 1.1. */
int decimal_compare(const struct decimal *a, const struct decimal *b);

/* digits/10^scale as text, e.g. (-5, 1) "-0.5". */
#define DECIMAL_SIZE 32
char *decimal_format(int64_t digits, int scale, char buf[DECIMAL_SIZE]);

#endif
