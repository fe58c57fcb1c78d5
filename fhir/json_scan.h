/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text, checked and walked without building anything.
 *
 * The check is one pass with an explicit stack.  The walks below it skip over
 * checked text without looking at it again and hold no memory.
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

/* In checked text: member `name` of the object at `object`, found by its
 * unescaped name.  ret_name_at (may be NULL) is where its quoted name begins.
 * false when the value is no object or has no such member. */
bool json_scan_member(const char *s, struct json_range object, const char *name,
    size_t *ret_name_at, struct json_range *ret_value);

/* In checked text: the element after *it of the array at `array`; *it starts
 * as {0, 0}.  false at the end and for what is no array. */
bool json_scan_element(
    const char *s, struct json_range array, struct json_range *it);

/* In checked text: the end of the next integer -0 in [from, to), 0 when none.
 */
size_t json_scan_minus_zero(const char *s, size_t from, size_t to);

/* Is the value at r the string `text`? */
bool json_scan_is(const char *s, struct json_range r, const char *text);

#endif
