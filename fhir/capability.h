/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CapabilityStatement → what this server lets us do.
 */
#ifndef RESCAN_CAPABILITY_H
#define RESCAN_CAPABILITY_H

#include "fhir/json.h"
#include "fhir/util/arena.h"

struct capability_type {
	const char *name;
	bool states_interactions;             /* else nothing is known */
	bool create, update, search, history; /* the last two: of the type */
	bool states_params;
	bool last_updated; /* _lastUpdated is among the search parameters */
};

struct capability {
	const char *fhir_version, *software; /* "" when not said */
	bool lists_types; /* a type not listed is not offered */
	bool exports;     /* the $export operation */
	LIST_OF(struct capability_type) types;
};

/* Read one, strings in a.  Errors: ERR_NOT_FHIR (no CapabilityStatement),
 * ERR_INVALID (not FHIR R4 4.0.x; the text says which). */
enum err_code capability_read(const struct json_value *v, struct arena *a,
    struct capability *ret, struct err *e) MUST_CHECK;

/* NULL when the type is not listed. */
const struct capability_type *capability_type_find(
    const struct capability *c, const char *name);

/* NULL when the type may be created (updated), as far as the server says;
 * else why not. */
const char *capability_refuses(
    const struct capability *c, const char *type, bool update);

#endif
