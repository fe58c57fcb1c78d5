/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of strings, up to a bound.
 */
#ifndef RESCAN_UTIL_STRSET_H
#define RESCAN_UTIL_STRSET_H

#include "fhir/util/arena.h"

struct strset {
	struct arena *arena; /* the strings live there */
	const char **slots;
	size_t n, n_slots, max;
	bool full; /* something was left out */
};

void strset_init(struct strset *s, struct arena *a, size_t max);
void strset_done(struct strset *s);

/* true when it was not in the set before.  At the bound it is left out and
 * `full` is set. */
bool strset_add(struct strset *s, const char *text);
void strset_add_all(struct strset *s, const struct strset *more);
bool strset_has(const struct strset *s, const char *text);

#endif
