/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text, checked without building anything: one pass, explicit stack.
 */
#ifndef RESCAN_JSON_SCAN_H
#define RESCAN_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "fhir/util/err.h"

struct json_range {
	size_t at, n;
};

struct json_checked {
	struct json_range value; /* without the white space around it */
	bool minus_zero;         /* holds the integer -0 somewhere */
};

/* Check the value that begins at `from`, white space (at 0 also a byte-order
 * mark) allowed before it, anything after it.  Errors: as json_parse. */
enum err_code json_scan_value(const char *s, size_t n, size_t from,
    struct json_checked *ret, struct err *e) MUST_CHECK;

/* The same, and nothing but white space after it. */
enum err_code json_scan_text(const char *s, size_t n, struct json_checked *ret,
    struct err *e) MUST_CHECK;

/* Write the unescaped form of s[0..n), which is the checked inside of a string,
 * to out[0..n); its length. */
size_t json_unescape(const char *s, size_t n, char *out);

#endif
