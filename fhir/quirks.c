/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/quirks.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *name, *text;
} flags[] = {
#define FLAG(id, text) {#id, text},
#include "fhir/quirks.def"
};

static const struct quirks products[] = {
#define PRODUCT(match, bits) {match, bits},
#include "fhir/quirks.def"
};

struct quirks
quirks_for(const char *software)
{
	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
		if (strcasestr(software, products[i].product) != NULL)
			return products[i];
	}
	return (struct quirks){NULL, 0};
}

const char *
quirk_name(enum quirk_bit b)
{
	assert(b < QUIRK_BIT__MAX);
	return flags[b].name;
}

const char *
quirk_text(enum quirk_bit b)
{
	assert(b < QUIRK_BIT__MAX);
	return flags[b].text;
}

void
quirks_apply(struct quirks q, struct client *c)
{
	if (q.flags & QUIRK_STRONG_READS)
		client_set_header(
		    c, "x-amz-fhir-history-consistency-level: strong");
	if (q.flags & QUIRK_NO_FORM)
		client_set_post(c, CLIENT_POST_NEVER);
}

bool
quirks_condition(struct quirks q, const char *search)
{
	return !(q.flags & QUIRK_IDENTIFIER_ONLY) ||
	       strncmp(search, "identifier=", 11) == 0;
}
