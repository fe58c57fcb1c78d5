/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input in order, and what of it is current on a day.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/irae/internal.h"

/* --- order --- */

static int
by_number(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
by_text(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
}

/* The worse of two results at one moment comes last.
 *= irae §5.2 two results the same day */
static int
obs_order(const void *p, const void *q)
{
	const struct irae_obs *a = p, *b = q;
	int c = by_number(a->day, b->day);

	if (c == 0)
		c = by_number(a->analyte, b->analyte);
	if (c == 0)
		c = by_number(a->minute, b->minute);
	if (c == 0)
		c = by_number(a->level.value, b->level.value) *
		    (irae_analyte_worse(a->analyte) == 'H' ? 1 : -1);
	return c != 0 ? c : by_text(a->source, b->source);
}

static int
image_order(const void *p, const void *q)
{
	const struct irae_image *a = p, *b = q;
	int c = by_number(a->day, b->day);

	if (c == 0)
		c = by_text(a->site, b->site);
	if (c == 0)
		c = by_text(a->finding, b->finding);
	if (c == 0) /* present is worse */
		c = by_number(a->present, b->present);
	if (c == 0)
		c = by_number(a->extent_pct, b->extent_pct);
	return c != 0 ? c : by_text(a->source, b->source);
}

static int
drug_order(const void *p, const void *q)
{
	const struct irae_drug *a = p, *b = q;
	int c = by_number(a->day, b->day);

	if (c == 0)
		c = by_number(a->role, b->role);
	if (c == 0)
		c = by_number(a->pred_ug, b->pred_ug);
	if (c == 0)
		c = by_number(a->end_day, b->end_day);
	return c != 0 ? c : by_text(a->source, b->source);
}

static int
condition_order(const void *p, const void *q)
{
	const struct irae_condition *a = p, *b = q;
	int c = by_number(a->day, b->day);

	if (c == 0)
		c = by_number(a->module, b->module);
	if (c == 0)
		c = by_number(a->kind, b->kind);
	if (c == 0)
		c = by_text(a->text, b->text);
	return c != 0 ? c : by_text(a->source, b->source);
}

static int
dose_order(const void *p, const void *q)
{
	const struct irae_dose *a = p, *b = q;

	return by_number(a->day, b->day);
}

#define SORT(list, order)                                                      \
	do {                                                                   \
		if ((list).n > 1)                                              \
			qsort((list).items, (list).n, sizeof(*(list).items),   \
			    (order));                                          \
	} while (0)

void
irae_input_sort(struct irae_input *in)
{
	SORT(in->doses, dose_order);
	SORT(in->observations, obs_order);
	SORT(in->images, image_order);
	SORT(in->drugs, drug_order);
	SORT(in->conditions, condition_order);
}

void
irae_series_build(struct irae_run *r)
{
	for (size_t i = 0; i < r->in->observations.n; i++) {
		const struct irae_obs *x = &r->in->observations.items[i];

		*ARENA_PUSH(r->arena, &r->series[x->analyte].obs) = x;
	}
}

/* --- values --- */

bool
irae_is_active(int32_t day, int32_t end_day, int32_t on)
{
	return day <= on && (end_day == DAY_NONE || on < end_day);
}

bool
irae_was_explained(const struct irae_view *v, int32_t day)
{
	const struct irae_input *in = v->run->in;

	for (size_t i = 0; i < in->conditions.n; i++) {
		const struct irae_condition *c = &in->conditions.items[i];

		if (c->kind == IRAE_CONFOUNDER && c->explains &&
		    c->module == v->module && c->end_day != DAY_NONE &&
		    c->end_day <= v->day &&
		    irae_is_active(c->day, c->end_day, day))
			return true;
	}
	return (irae_traits(v->module) & TRAIT_CYTOPENIA) != 0 &&
	       irae_chemo_explains(v->run, day) &&
	       !irae_chemo_explains(v->run, v->day);
}

/* How many observations of a series are dated up to a day. */
static size_t
count_up_to(const struct irae_series *s, int32_t day)
{
	size_t low = 0, high = s->obs.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->obs.items[mid]->day <= day)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct irae_obs *
irae_current(const struct irae_view *v, enum irae_analyte a)
{
	const struct irae_series *s = &v->run->series[a];

	for (size_t i = count_up_to(s, v->day); i > 0; i--) {
		const struct irae_obs *x = s->obs.items[i - 1];

		if (x->day < v->since)
			break;
		if (!irae_was_explained(v, x->day))
			return x;
	}
	return NULL;
}

/*= irae §2.1 baseline */
const struct irae_obs *
irae_baseline(const struct irae_run *r, enum irae_analyte a, bool *ret_stale)
{
	const struct irae_series *s = &r->series[a];

	for (size_t i = count_up_to(s, r->start); i > 0; i--) {
		const struct irae_obs *x = s->obs.items[i - 1];
		int32_t before = r->start - x->day;

		if (x->level.value == IRAE_NO_VALUE)
			continue;
		if (before > r->o->baseline_stale_days)
			break;
		*ret_stale = before > r->o->baseline_days;
		return x;
	}
	return NULL;
}

/* --- drugs --- */

int64_t
irae_steroid_ug(const struct irae_run *r, int32_t day)
{
	int64_t sum = 0;

	for (size_t i = 0; i < r->in->drugs.n; i++) {
		const struct irae_drug *d = &r->in->drugs.items[i];

		if (d->role == IRAE_STEROID &&
		    irae_is_active(d->day, d->end_day, day))
			sum += d->pred_ug;
	}
	return sum;
}

/*= irae §4.1 T: 0.5 mg/kg/day, 40 mg/day when the weight is unknown */
bool
irae_is_high_dose(const struct irae_run *r, int64_t ug)
{
	if (r->in->weight_g > 0)
		return ug * 1000 >= r->o->high_steroid_ug_kg * r->in->weight_g;
	return ug >= (int64_t)r->o->high_steroid_mg * 1000;
}

bool
irae_steroid_within(const struct irae_run *r, int32_t day, int days, int64_t ug)
{
	for (size_t i = 0; i < r->in->drugs.n; i++) {
		const struct irae_drug *d = &r->in->drugs.items[i];

		if ((d->role == IRAE_STEROID || d->role == IRAE_REPLACEMENT) &&
		    d->pred_ug >= ug && d->day < day &&
		    (d->end_day == DAY_NONE || d->end_day > day - days))
			return true;
	}
	return false;
}

const struct irae_drug *
irae_drug_on(const struct irae_view *v, enum irae_drug_role role)
{
	const struct irae_input *in = v->run->in;

	for (size_t i = 0; i < in->drugs.n; i++) {
		const struct irae_drug *d = &in->drugs.items[i];

		if (d->role == role && d->day > v->run->start &&
		    irae_is_active(d->day, d->end_day, v->day))
			return d;
	}
	return NULL;
}

/*= irae §1.2 haematologic: cytotoxic chemotherapy explains a cytopenia */
bool
irae_chemo_explains(const struct irae_run *r, int32_t day)
{
	for (size_t i = 0; i < r->in->drugs.n; i++) {
		const struct irae_drug *d = &r->in->drugs.items[i];
		int32_t last = d->end_day != DAY_NONE ? d->end_day - 1 : d->day;

		if (d->role == IRAE_CHEMO && d->day <= day &&
		    day - last <= r->o->chemo_days)
			return true;
	}
	return false;
}

int32_t
irae_last_dose(const struct irae_run *r, int32_t day)
{
	int32_t last = DAY_NONE;

	for (size_t i = 0; i < r->in->doses.n; i++) {
		if (r->in->doses.items[i].day <= day)
			last = r->in->doses.items[i].day;
	}
	return last;
}
