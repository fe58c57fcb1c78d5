/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/readings.h"

#include <string.h>

bool
reading_is_evaluated(const struct reading *r)
{
	return r != NULL && r->state != READING_NOT_EVALUABLE;
}

/*= recist11 §1.3 what enters the sum */
int32_t
reading_size(const struct lesion *l, const struct reading *r)
{
	if (!reading_is_evaluated(r))
		return TMM_NONE;
	if (r->merged_into >= 0 || r->state == READING_ABSENT)
		return 0;
	if (r->state == READING_TOO_SMALL)
		return TOO_SMALL_TMM;
	return l->nodal ? r->short_tmm : r->longest_tmm;
}

/*= recist11 §1.1 a node below 10 mm is normal */
bool
reading_is_gone(const struct lesion *l, const struct reading *r)
{
	int32_t size = reading_size(l, r);

	if (!reading_is_evaluated(r))
		return false;
	if (r->merged_into >= 0)
		return r->merged_gone;
	if (r->state == READING_ABSENT || size == 0)
		return true;
	return l->nodal && size != TMM_NONE && size < NODE_NORMAL_TMM;
}

/* The lesion that is left of it at a timepoint: NULL when none is read, or
 * they merged in a circle. */
static const struct lesion *
survivor(const struct timeline *t, const struct reading *r, size_t tp)
{
	const struct lesion *l = NULL;

	for (size_t i = 0; i < t->lesions.n && r != NULL; i++) {
		if (r->merged_into < 0)
			return l;
		l = &t->lesions.items[r->merged_into];
		r = l->at[tp];
	}
	return NULL;
}

/*= recist11 §1.3 a coalesced lesion is not absent while the other is there */
void
readings_settle_merged(struct timeline *t)
{
	for (size_t i = 0; i < t->lesions.n; i++) {
		for (size_t k = 0; k < t->timepoints.n; k++) {
			const struct reading *r = t->lesions.items[i].at[k];
			const struct lesion *l;
			struct reading *copy;
			bool gone;

			if (r == NULL || r->merged_into < 0)
				continue;
			l = survivor(t, r, k);
			gone = l != NULL && reading_is_gone(l, l->at[k]);
			if (gone == r->merged_gone)
				continue;
			copy = arena_alloc(t->arena, sizeof(*copy));
			*copy = *r;
			copy->merged_gone = gone;
			t->lesions.items[i].at[k] = copy;
		}
	}
}

bool
reading_is_present(const struct lesion *l, const struct reading *r)
{
	return reading_is_evaluated(r) && !reading_is_gone(l, r);
}

/*= recist11 §1.1 */
bool
reading_is_measurable(const struct lesion *l, const struct reading *r)
{
	int32_t size = reading_size(l, r);

	return size != TMM_NONE &&
	       size >= (l->nodal ? MEASURABLE_NODE_TMM : MEASURABLE_TMM);
}

const char *
reading_source(const struct reading *r)
{
	return r != NULL && r->n_sources > 0 ? r->sources[0] : NULL;
}

const char *const *
readings_sources(
    const struct timeline *t, size_t tp, struct arena *a, size_t *ret_n)
{
	const struct timepoint *p = &t->timepoints.items[tp];
	const char **list =
	    arena_alloc(a, (p->n_studies + t->lesions.n + 1) * sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < p->n_studies; i++)
		list[n++] = p->studies[i];
	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];
		const char *source = reading_source(l->at[tp]);

		if (l->role == ROLE_TARGET && source != NULL)
			list[n++] = source;
	}
	*ret_n = n;
	return list;
}

const char *
lesion_organ(const struct lesion *l)
{
	static const char *const sides[] = {
	    "left ", "right ", "left_", "right_", "Left ", "Right "};
	const char *organ = l->organ != NULL ? l->organ : l->site;

	if (l->nodal)
		return "lymph node";
	if (organ == NULL)
		return "unknown organ";
	for (size_t i = 0; i < sizeof(sides) / sizeof(*sides); i++) {
		if (strncmp(organ, sides[i], strlen(sides[i])) == 0)
			return organ + strlen(sides[i]);
	}
	return organ;
}
