/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Administrations as courses of drugs.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/irae/irae_case.h"
#include "gateway/visits.h"

/* Days between two administrations of one course [rule]. */
#define STEROID_GAP 2
#define CHRONIC_GAP 35
/*= irae §4.1 T: replacement doses, hydrocortisone up to 30 mg a day (7.5 mg of
 * prednisone), prednisone up to 7.5 mg */
#define REPLACEMENT_UG 7500

static const struct medicine {
	const char *concept;
	enum irae_drug_role role;
	int pred_milli;
} medicines[] = {
#define IRAE_MEDICINE(concept, role, pred_milli)                               \
	{concept, IRAE_##role, pred_milli},
#include "gateway/irae/concepts.def"
#undef IRAE_MEDICINE
};

static const struct medicine *
medicine_of(const char *concept)
{
	for (size_t i = 0; i < sizeof(medicines) / sizeof(*medicines); i++) {
		if (strcmp(medicines[i].concept, concept) == 0)
			return &medicines[i];
	}
	return NULL;
}

/* A steroid's part; false when its amount cannot be told. */
static bool
read_steroid(struct assessment *x, const struct dose_fact *f,
    const struct medicine *m, struct irae_drug *d)
{
	if (f->dose_ug == DOSE_NONE || m->pred_milli == 0) {
		assess_problem(x, f->source.reference, "steroid_dose_missing",
		    "%s: its prednisone equivalent cannot be told", f->name);
		return false;
	}
	d->pred_ug = f->dose_ug * m->pred_milli / 1000;
	return true;
}

/* By what is given in a day, not at a time. */
static void
tell_replacement(struct irae_drug *d)
{
	static const char *const agents[] = {
	    "hydrocortisone", "prednisone", "prednisolone"};

	for (size_t i = 0; i < sizeof(agents) / sizeof(*agents); i++) {
		if (d->role == IRAE_STEROID && d->pred_ug <= REPLACEMENT_UG &&
		    strcmp(d->agent, agents[i]) == 0)
			d->role = IRAE_REPLACEMENT;
	}
}

static int
by_course(const void *p, const void *q)
{
	const struct irae_drug *a = p, *b = q;
	int c = (int)a->role - (int)b->role;

	if (c == 0)
		c = strcmp(a->agent, b->agent);
	if (c == 0)
		c = (a->day > b->day) - (a->day < b->day);
	if (c == 0)
		c = (a->end_day > b->end_day) - (a->end_day < b->end_day);
	return c != 0 ? c : strcmp(a->source, b->source);
}

static bool
is_same_drug(const struct irae_drug *a, const struct irae_drug *b)
{
	return a->role == b->role && strcmp(a->agent, b->agent) == 0;
}

/* Two of one day are one dose of twice the amount. */
static bool
add_up(struct irae_drug *to, const struct irae_drug *d)
{
	if (!is_same_drug(to, d) || to->day != d->day ||
	    to->end_day != d->end_day)
		return false;
	to->pred_ug += d->pred_ug;
	return true;
}

/* The next of the same course makes it longer. */
static bool
go_on(struct irae_drug *to, const struct irae_drug *d)
{
	int gap = d->role == IRAE_STEROID ? STEROID_GAP : CHRONIC_GAP;

	if (!is_same_drug(to, d) || d->role == IRAE_CHEMO ||
	    to->pred_ug != d->pred_ug || to->end_day == DAY_NONE ||
	    d->day - to->end_day > gap || d->day < to->end_day)
		return false;
	to->end_day = d->end_day;
	return true;
}

static size_t
fold(struct irae_input *in,
    bool (*merge)(struct irae_drug *, const struct irae_drug *))
{
	struct irae_drug *all = in->drugs.items;
	size_t n = 0;

	for (size_t i = 0; i < in->drugs.n; i++) {
		if (n == 0 || !merge(&all[n - 1], &all[i]))
			all[n++] = all[i];
	}
	return n;
}

void
irae_case_drugs(
    const struct assess_case *c, struct irae_input *in, struct assessment *x)
{
	const struct patient_facts *p = c->timeline->facts;

	for (size_t i = 0; i < p->doses.n; i++) {
		const struct dose_fact *f = &p->doses.items[i];
		const struct medicine *m = medicine_of(f->concept);
		struct irae_drug d;

		if (m == NULL || f->local)
			continue;
		d = (struct irae_drug){.day = f->day,
		    .end_day = f->ongoing ? DAY_NONE : f->last_day + 1,
		    .agent = f->name,
		    .role = m->role,
		    .source = f->source.reference};
		if (m->role == IRAE_STEROID && !read_steroid(x, f, m, &d))
			continue;
		*ARENA_PUSH(in->arena, &in->drugs) = d;
	}
	if (in->drugs.n > 1)
		qsort(in->drugs.items, in->drugs.n, sizeof(*in->drugs.items),
		    by_course);
	in->drugs.n = fold(in, add_up);
	for (size_t i = 0; i < in->drugs.n; i++)
		tell_replacement(&in->drugs.items[i]);
	in->drugs.n = fold(in, go_on);
}
