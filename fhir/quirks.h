/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server products and what is particular about them: quirks.def.
 */
#ifndef RESCAN_QUIRKS_H
#define RESCAN_QUIRKS_H

#include "fhir/client.h"

enum quirk_bit {
#define FLAG(id, text) QUIRK_BIT_##id,
#include "fhir/quirks.def"
	QUIRK_BIT__MAX
};

enum quirk {
#define FLAG(id, text) QUIRK_##id = 1 << QUIRK_BIT_##id,
#include "fhir/quirks.def"
};

struct quirks {
	const char *product; /* the row that matched; NULL: not known */
	unsigned flags;
};

/* For CapabilityStatement.software.name. */
struct quirks quirks_for(const char *software);

/* "REQUIRES_PATIENT", and what it changes. */
const char *quirk_name(enum quirk_bit b);
const char *quirk_text(enum quirk_bit b);

/* What concerns every request. */
void quirks_apply(struct quirks q, struct client *c);

/* May a create carry this condition ("identifier=…")? */
bool quirks_condition(struct quirks q, const char *search);

#endif
