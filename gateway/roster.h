/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom mode patient reads: a Group, a List, a file, or whoever has a
 * MedicationAdministration.
 */
#ifndef RESCAN_ROSTER_H
#define RESCAN_ROSTER_H

#include "gateway/read.h"

struct roster {
	struct arena *arena;
	LIST_OF(const char *) patients; /* "Patient/1", each once */
	int64_t read_ms;                /* when; the gateway's clock */
};

void roster_free(struct roster *x); /* NULL is fine */

/* r->roster as it should be now: read, or read again after
 * roster_refresh_s; when that fails and there is one, that one goes on (and
 * the report says so).  Errors: of the first reading; ERR_LIMIT (more than
 * roster_max), ERR_INVALID (not what it should be), ERR_IO. */
enum err_code roster_refresh(struct read *r, struct err *e) MUST_CHECK;

/* Members of a Group resource in order of reading, those inactive left out;
 * `max` and errors as above. */
enum err_code roster_members(const struct json_value *resource,
    const char *base, size_t max, struct roster *ret, struct err *e) MUST_CHECK;

#endif
