/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days to come on which the history reads otherwise without any new data.
 */
#include "gateway/irae/internal.h"

struct wait {
	int32_t as_of, day;
};

static void
may_change(struct wait *x, int32_t day)
{
	if (day != DAY_NONE && day > x->as_of &&
	    (x->day == DAY_NONE || day < x->day))
		x->day = day;
}

/* What is dated later than the day it is judged on, and what ends then. */
static void
add_facts(const struct irae_input *in, struct wait *x)
{
	for (size_t i = 0; i < in->observations.n; i++)
		may_change(x, in->observations.items[i].day);
	for (size_t i = 0; i < in->images.n; i++)
		may_change(x, in->images.items[i].day);
	for (size_t i = 0; i < in->drugs.n; i++) {
		may_change(x, in->drugs.items[i].day);
		may_change(x, in->drugs.items[i].end_day);
	}
	for (size_t i = 0; i < in->conditions.n; i++) {
		may_change(x, in->conditions.items[i].day);
		may_change(x, in->conditions.items[i].end_day);
	}
	for (size_t i = 0; i < in->dismissals.n; i++)
		may_change(x, in->dismissals.items[i].day);
}

static bool
is_controlled(const struct irae_course *c)
{
	return c->rows.n > 0 &&
	       c->rows.items[c->rows.n - 1].state == IRAE_IS_CONTROLLED;
}

/*= irae §4.5 stale, lapsed, controlled; §2.5 an explicit grade holds 14 days */
static void
add_episode(const struct irae_run *r, enum irae_module m, struct wait *x)
{
	const struct irae_tracker *t = &r->trackers[m];
	const struct irae_input *in = r->in;

	if (!t->open || is_controlled(&r->result->courses[m]))
		return;
	may_change(x, t->last_data + r->o->stale_days);
	if (t->level == IRAE_POSSIBLE)
		may_change(x, t->last_data + r->o->lapse_days);
	for (size_t i = 0; i < in->conditions.n; i++) {
		const struct irae_condition *c = &in->conditions.items[i];

		if (c->module == m && c->grade > 0)
			may_change(x, c->day + r->o->explicit_days + 1);
	}
	for (size_t i = 0; i < in->drugs.n; i++) {
		const struct irae_drug *d = &in->drugs.items[i];

		if ((irae_traits(m) & TRAIT_PERMANENT) != 0 &&
		    (d->role == IRAE_REPLACEMENT || d->role == IRAE_INSULIN))
			may_change(x, d->day + r->o->replaced_days);
	}
}

int32_t
irae_due(const struct irae_run *r)
{
	struct wait x = {r->in->as_of, DAY_NONE};

	if (x.as_of == DAY_NONE)
		return DAY_NONE;
	add_facts(r->in, &x);
	for (int m = 0; m < IRAE__MAX; m++)
		add_episode(r, (enum irae_module)m, &x);
	return x.day;
}
