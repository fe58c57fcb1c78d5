/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMART system scopes, of version 1 (system/Flag.read) and 2
 * (system/Flag.rs): what is needed, asked for, granted.
 */
#ifndef RESCAN_SCOPE_H
#define RESCAN_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "fhir/util/strbuf.h"

struct scope_need {
	const char *type;
	bool read, write;
	bool remove; /* beside write; write of version 1 is that, too */
};

/* Scopes for the needs, spaces between, appended. */
void scope_build(
    const struct scope_need *needs, size_t n, int version, struct strbuf *out);

/* Do the scopes let us 'c', 'r', 'u', 'd' or 's' the type, at least for some
 * resources?  true when they name no resource type at all (other schemes). */
bool scope_grants(const char *granted, const char *type, char access);

/* Append those of `asked` that `granted` does not cover. */
void scope_missing(const char *asked, const char *granted, struct strbuf *out);

#endif
