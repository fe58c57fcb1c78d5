/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over JSON text that json_scan has checked: what is not asked for is
 * skipped, nothing is built, no memory is held.
 */
#ifndef RESCAN_JSON_WALK_H
#define RESCAN_JSON_WALK_H

#include "fhir/json_scan.h"

/* Member `name` of the object at `object`, found by its
 * unescaped name.  ret_name_at (may be NULL) is where its quoted name begins.
 * false when the value is no object or has no such member. */
bool json_walk_member(const char *s, struct json_range object, const char *name,
    size_t *ret_name_at, struct json_range *ret_value);

/* The element after *it of the array at `array`; *it starts
 * as {0, 0}.  false at the end and for what is no array. */
bool json_walk_element(
    const char *s, struct json_range array, struct json_range *it);

/* The end of the next integer -0 in [from, to), 0 when none.
 */
size_t json_walk_minus_zero(const char *s, size_t from, size_t to);

/* Is the value at r the string `text`? */
bool json_walk_is(const char *s, struct json_range r, const char *text);

#endif
