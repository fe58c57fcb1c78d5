/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The most of one patient that is assessed: a lesion is looked up, and
 * explained, at every timepoint.  No patient comes near these bounds; a server
 * that mixes patients up, or means harm, does.
 */
#include <stdlib.h>
#include <string.h>

#include "mappings/timeline_internal.h"

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Distinct keys; a fragment counts. */
static size_t
count_lesions(const struct building *b)
{
	const struct patient_facts *f = b->facts;
	size_t n = 0, distinct = 0;
	const char **keys = arena_alloc(
	    b->arena, (f->measurements.n + f->lesions.n + 1) * sizeof(*keys));

	for (size_t i = 0; i < f->measurements.n; i++)
		keys[n++] = f->measurements.items[i].lesion;
	for (size_t i = 0; i < f->lesions.n; i++) {
		if (f->lesions.items[i].role != STATED_NONE)
			keys[n++] = f->lesions.items[i].key;
	}
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || strcmp(keys[i - 1], keys[i]) != 0;
	return distinct;
}

/* The newest stay, so that the last visit is said not to be assessed. */
static void
cut_timepoints(struct timeline *t, size_t most)
{
	size_t n = t->timepoints.n;

	if (n <= most)
		return;
	memmove(t->timepoints.items, t->timepoints.items + (n - most),
	    most * sizeof(*t->timepoints.items));
	t->timepoints.n = most;
}

bool
timeline_is_too_large(struct building *b)
{
	const struct timeline_options *o = b->options;
	struct timeline *t = b->timeline;
	size_t n_lesions = count_lesions(b), n_resources = b->facts->sources.n;
	size_t n_timepoints = t->timepoints.n;

	if (n_lesions <= (size_t)o->max_lesions &&
	    n_timepoints <= (size_t)o->max_timepoints &&
	    n_lesions * n_timepoints <= (size_t)o->max_readings &&
	    n_resources <= (size_t)o->max_resources)
		return false;
	t->too_large = true;
	timeline_problem(b, NULL, "patient_too_large",
	    "%zu lesions, %zu timepoints, %zu resources: more than the %d, %d "
	    "(%d readings) and %d that one patient may have; not assessed",
	    n_lesions, n_timepoints, n_resources, o->max_lesions,
	    o->max_timepoints, o->max_readings, o->max_resources);
	cut_timepoints(t, (size_t)o->max_timepoints);
	return true;
}
