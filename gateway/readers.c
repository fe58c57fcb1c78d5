/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/readers.h"

#include <string.h>

#include "gateway/visits.h"
#include "gateway/wording.h"

/* Each is an assessment of its own. */
#define MAX_TRIED 16

/* Another reader's sizes of the same lesion within the timepoint. */
static const struct measurement_row *
other_row(const struct timeline *t, const struct lesion *l, size_t k,
    const struct reading *r)
{
	const struct timepoint *p = &t->timepoints.items[k];

	for (size_t i = 0; i < l->rows.n; i++) {
		const struct measurement_row *row = &l->rows.items[i];
		bool ours =
		    r->n_sources > 0 && strcmp(row->source, r->sources[0]) == 0;

		if (!ours && row->day >= p->day && row->day <= p->last_day &&
		    (row->longest_tmm != r->longest_tmm ||
			row->short_tmm != r->short_tmm) &&
		    (row->longest_tmm != TMM_NONE ||
			row->short_tmm != TMM_NONE))
			return row;
	}
	return NULL;
}

/* The timeline with that one reading replaced. */
static struct timeline *
with_row(const struct timeline *t, size_t lesion, size_t k,
    const struct measurement_row *row, struct arena *a)
{
	struct timeline *copy = arena_alloc(a, sizeof(*copy));
	struct lesion *lesions =
	    arena_alloc(a, t->lesions.n * sizeof(*lesions));
	const struct reading **at =
	    arena_alloc(a, t->timepoints.n * sizeof(*at));
	struct reading *r = arena_alloc(a, sizeof(*r));

	*copy = *t;
	copy->arena = a;
	memcpy(lesions, t->lesions.items, t->lesions.n * sizeof(*lesions));
	copy->lesions.items = lesions;
	memcpy(at, lesions[lesion].at, t->timepoints.n * sizeof(*at));
	*r = *at[k];
	r->state = row->state;
	r->longest_tmm = row->longest_tmm;
	r->short_tmm = row->short_tmm;
	at[k] = r;
	lesions[lesion].at = at;
	return copy;
}

/* "recist11 on 2024-03-01 from SD to PD", the first that differs. */
static const char *
first_difference(const struct assessment *ours, const struct assessment *theirs)
{
	for (size_t i = 0; i < ours->timeline->timepoints.n; i++) {
		for (size_t k = 0; k < ours->criteria.n; k++) {
			const struct criterion_result *r =
			    &ours->criteria.items[k];
			enum category a = r->at[i].overall;
			enum category b =
			    theirs->criteria.items[k].at[i].overall;

			if (a == b)
				continue;
			return arena_printf(ours->arena,
			    "%s on %s from %s to %s", r->id,
			    wording_day(ours->arena,
				ours->timeline->timepoints.items[i].day),
			    category_name(a), category_name(b));
		}
	}
	return NULL;
}

/* Is there anything to report, and what? */
static bool
try_other(const struct timeline *t, const struct assess_options *o,
    readers_judge_fn judge, const struct assessment *x, size_t lesion, size_t k,
    const char **ret_effect)
{
	const struct lesion *l = &t->lesions.items[lesion];
	const struct measurement_row *row = other_row(t, l, k, l->at[k]);
	struct arena *a;
	const char *difference;

	if (row == NULL) {
		*ret_effect = "what the other would change is not known";
		return true;
	}
	a = arena_new();
	difference =
	    first_difference(x, judge(with_row(t, lesion, k, row, a), o, a));
	arena_free(a);
	if (difference == NULL)
		return false;
	*ret_effect =
	    arena_printf(x->arena, "the other would change %s", difference);
	return true;
}

void
readers_compare(const struct timeline *t, const struct assess_options *o,
    readers_judge_fn judge, struct assessment *x)
{
	int n_tried = 0;

	for (size_t i = 0; i < t->lesions.n; i++) {
		for (size_t k = 0; k < t->timepoints.n; k++) {
			const struct reading *r = t->lesions.items[i].at[k];
			const char *effect = "too many differ to try each";

			if (r == NULL || !r->reader_conflict)
				continue;
			if (n_tried++ < MAX_TRIED &&
			    !try_other(t, o, judge, x, i, k, &effect))
				continue;
			assess_problem(x,
			    r->n_sources > 0 ? r->sources[0] : NULL,
			    "reader_conflict",
			    "readers differ on lesion %s on %s; this one is "
			    "used, %s",
			    t->lesions.items[i].key,
			    wording_day(x->arena, r->day), effect);
		}
	}
}
