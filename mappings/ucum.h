/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The units we accept, each with its exact factor; anything else is refused
 * with a name, never guessed.
 */
#ifndef RESCAN_UCUM_H
#define RESCAN_UCUM_H

#include <stdbool.h>

#include "fhir/decimal.h"

enum ucum_dimension {
	UCUM_LENGTH, /* base: mm */
	UCUM_AREA,   /* mm2 */
	UCUM_VOLUME, /* mm3 */
	UCUM_SUV,    /* g/ml, by kind */
	UCUM_TLG,    /* g: uptake times volume */
	UCUM__MAX
};

struct ucum_unit {
	const char *code;             /* UCUM, case-sensitive */
	const char *spellings;        /* exact unit texts accepted, "|"-separated */
	enum ucum_dimension dimension;
	int64_t num, den;             /* to the base unit */
};

/* A Quantity's unit: by system+code when the system is UCUM, by code or unit
 * text exactly one of the spellings when there is no system.  NULL when it is
 * none of ours. */
const struct ucum_unit *ucum_find(
    const char *system, const char *code, const char *unit);

/* Is the text beside the unit's code the spelling of another unit? */
bool ucum_contradicts(const struct ucum_unit *u, const char *unit);

/* A length in tenths of a millimetre, rounded half away from zero once
 * (criteria §0.1).  Errors: ERR_INVALID (not a length), ERR_LIMIT (negative,
 * or above 10 m). */
enum err_code ucum_length_tmm(const struct ucum_unit *u,
    const struct decimal *value, int32_t *ret_tmm, struct err *e) MUST_CHECK;

#endif
