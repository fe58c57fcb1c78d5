/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program judges by, for people: every rule id with its citation,
 * every threshold, table and option.
 */
#ifndef RESCAN_RULEBOOK_H
#define RESCAN_RULEBOOK_H

#include "fhir/util/strbuf.h"

struct rule {
	const char *id, *section, *citation, *text;
};

/* NULL for an id that is not in the book. */
const struct rule *rulebook_find(const char *id);
/* The rules in the book's order; NULL after the last. */
const struct rule *rulebook_at(size_t i);

/* Everything as text a clinician can read. */
void rulebook_write(struct strbuf *out);
/* The rule ids as a Markdown table. */
void rulebook_write_ids(struct strbuf *out);

#endif
