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

	if (!reading_is_evaluated(r) || r->merged_into >= 0)
		return false;
	if (r->state == READING_ABSENT || size == 0)
		return true;
	return l->nodal && size != TMM_NONE && size < NODE_NORMAL_TMM;
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
readings_sources(const struct timeline *t, size_t tp, struct arena *a,
    size_t *ret_n)
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
