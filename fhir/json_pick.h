/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values out of JSON that holds secrets: checked like all JSON, but no
 * tree is built of it, so nothing stays in memory that cannot be wiped.
 */
#ifndef RESCAN_JSON_PICK_H
#define RESCAN_JSON_PICK_H

#include <stdbool.h>
#include <stdint.h>

#include "fhir/json_scan.h"

struct json_pick {
	const char *s; /* borrowed */
	struct json_checked checked;
};

/* Errors: as json_parse; ERR_NOT_JSON for what is no object. */
enum err_code json_pick_init(
    struct json_pick *p, const char *s, size_t n, struct err *e) MUST_CHECK;

/* The string member into buf (its bytes; may hold no NUL).  false when there
 * is none or its text, escapes and all, does not fit; buf is "" then. */
bool json_pick_string(
    const struct json_pick *p, const char *name, char *buf, size_t size);

/* A whole number, also one that a server wrote as a string. */
bool json_pick_int(const struct json_pick *p, const char *name, int64_t *ret);

#endif
