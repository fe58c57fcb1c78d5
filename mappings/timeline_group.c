/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "mappings/timeline_internal.h"

#define MAX_MODALITIES 100 /* bytes of text */

/*
 * One acquisition: a study with what was read on it, or what was read on one
 * day without naming a study.
 */
struct acquisition {
	const char *study;      /* key, NULL: none named */
	const char *modalities; /* "" when not known */
	int32_t key_day;        /* of a study-less one, else DAY_NONE */
	int32_t day;
	bool dated_by_study;
	bool unscheduled;
	bool registered; /* nothing acquired yet */
	bool read;       /* anything at all was said on it */
	int tp;
	const int *measurements; /* indices, in order of lesion */
	size_t n_measurements;
};

/* In order of key for look-up, and by day for grouping. */
struct acquisitions {
	struct acquisition *items;
	size_t n;
	struct acquisition **by_day;
	size_t n_by_day;
};

static int
compare_key(
    const char *study_a, int32_t day_a, const char *study_b, int32_t day_b)
{
	if (study_a != NULL && study_b != NULL)
		return strcmp(study_a, study_b);
	if (study_a != NULL || study_b != NULL)
		return (study_a != NULL) - (study_b != NULL);
	return (day_a > day_b) - (day_a < day_b);
}

static int
by_key(const void *va, const void *vb)
{
	const struct acquisition *a = va, *b = vb;

	return compare_key(a->study, a->key_day, b->study, b->key_day);
}

/* The acquisition of a study, or of a day without one; NULL: none. */
static struct acquisition *
acquisition_find(const struct acquisitions *all, const char *study, int32_t day)
{
	struct acquisition key = {
	    .study = study,
	    .key_day = study == NULL ? day : DAY_NONE,
	};

	if (study == NULL && day == DAY_NONE)
		return NULL; /* from_fhir has said so */
	return bsearch(&key, all->items, all->n, sizeof(key), by_key);
}

/* Does a statement make a visit?  What only describes one does not. */
static bool
makes_visit(const struct statement_fact *s)
{
	switch (s->kind) {
	case STATEMENT_ECOG:
		return false;
	case STATEMENT_UNSCHEDULED:
	case STATEMENT_TARGET_RESPONSE:
	case STATEMENT_OVERALL_RESPONSE:
		return s->study != NULL;
	default:
		return true;
	}
}

static void
acquisition_add(struct acquisitions *all, const char *study, int32_t day)
{
	if (study == NULL && day == DAY_NONE)
		return;
	all->items[all->n++] = (struct acquisition){
	    .study = study,
	    .modalities = "",
	    .key_day = study == NULL ? day : DAY_NONE,
	    .day = DAY_NONE,
	    .tp = -1,
	};
}

/* One acquisition for every study and every day without one. */
static void
collect(struct building *b, struct acquisitions *all)
{
	const struct patient_facts *f = b->facts;
	size_t kept = 0;

	all->items = arena_alloc(
	    b->arena, (f->studies.n + f->measurements.n + f->statements.n) *
			  sizeof(*all->items));
	for (size_t i = 0; i < f->studies.n; i++)
		acquisition_add(
		    all, f->studies.items[i].source.reference, DAY_NONE);
	for (size_t i = 0; i < f->measurements.n; i++)
		acquisition_add(all, f->measurements.items[i].study,
		    f->measurements.items[i].day);
	for (size_t i = 0; i < f->statements.n; i++) {
		if (makes_visit(&f->statements.items[i]))
			acquisition_add(all, f->statements.items[i].study,
			    f->statements.items[i].day);
	}
	if (all->n == 0)
		return;
	qsort(all->items, all->n, sizeof(*all->items), by_key);
	for (size_t i = 0; i < all->n; i++) {
		if (kept == 0 ||
		    by_key(&all->items[kept - 1], &all->items[i]) != 0)
			all->items[kept++] = all->items[i];
	}
	all->n = kept;
}

static void
date_by(struct acquisition *x, int32_t day)
{
	if (!x->dated_by_study && day != DAY_NONE &&
	    (x->day == DAY_NONE || day < x->day))
		x->day = day;
}

/* What the facts say of each acquisition: its day, its modality, its use. */
static void
describe(struct building *b, struct acquisitions *all)
{
	const struct patient_facts *f = b->facts;
	struct acquisition *x;

	for (size_t i = 0; i < f->studies.n; i++) {
		const struct study_fact *s = &f->studies.items[i];

		x = acquisition_find(all, s->source.reference, DAY_NONE);
		x->modalities = s->modalities == NULL ? "" : s->modalities;
		x->unscheduled = s->unscheduled;
		x->registered = s->registered;
		x->day = s->day;
		x->dated_by_study = s->day != DAY_NONE;
	}
	for (size_t i = 0; i < f->measurements.n; i++) {
		const struct measurement_fact *m = &f->measurements.items[i];

		x = acquisition_find(all, m->study, m->day);
		if (x == NULL)
			continue;
		x->read = true;
		date_by(x, m->day);
		x->n_measurements++;
	}
	for (size_t i = 0; i < f->statements.n; i++) {
		const struct statement_fact *s = &f->statements.items[i];

		x = acquisition_find(all, s->study, s->day);
		if (x == NULL)
			continue;
		if (makes_visit(s)) {
			x->read = true;
			date_by(x, s->day);
		}
		if (s->kind == STATEMENT_UNSCHEDULED &&
		    (s->value == NULL || strcmp(s->value, "no") != 0))
			x->unscheduled = true;
	}
}

/* "This scan was for a new symptom", said of a day, holds for its studies. */
static void
mark_unscheduled_days(struct building *b, struct acquisitions *all)
{
	const struct patient_facts *f = b->facts;

	for (size_t i = 0; i < f->statements.n; i++) {
		const struct statement_fact *s = &f->statements.items[i];

		if (s->kind != STATEMENT_UNSCHEDULED || s->study != NULL ||
		    s->day == DAY_NONE ||
		    (s->value != NULL && strcmp(s->value, "no") == 0))
			continue;
		for (size_t k = 0; k < all->n; k++) {
			if (all->items[k].day == s->day)
				all->items[k].unscheduled = true;
		}
	}
}

struct placed {
	struct acquisition *x;
	const char *lesion;
	int measurement;
};

static int
by_place(const void *va, const void *vb)
{
	const struct placed *a = va, *b = vb;
	int c;

	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	c = strcmp(a->lesion, b->lesion);
	return c != 0 ? c : a->measurement - b->measurement;
}

/* Hand each acquisition its measurements, in order of lesion. */
static void
distribute(struct building *b, struct acquisitions *all)
{
	const struct patient_facts *f = b->facts;
	struct placed *placed =
	    arena_alloc(b->arena, f->measurements.n * sizeof(*placed));
	int *order = arena_alloc(b->arena, f->measurements.n * sizeof(*order));
	size_t n = 0;

	for (size_t i = 0; i < f->measurements.n; i++) {
		const struct measurement_fact *m = &f->measurements.items[i];
		struct acquisition *x = acquisition_find(all, m->study, m->day);

		if (x != NULL)
			placed[n++] = (struct placed){x, m->lesion, (int)i};
	}
	if (n == 0)
		return;
	qsort(placed, n, sizeof(*placed), by_place);
	for (size_t i = 0; i < n; i++) {
		order[i] = placed[i].measurement;
		if (placed[i].x->measurements == NULL)
			placed[i].x->measurements = &order[i];
	}
}

static bool
has_modality(const char *list, const char *modality)
{
	return strstr(list, modality) != NULL;
}

/* A scan nobody read is a visit only if it could have shown the lesions. */
static bool
could_assess(const struct acquisition *x)
{
	if (x->registered)
		return false;
	return x->modalities[0] == '\0' || has_modality(x->modalities, "CT") ||
	       has_modality(x->modalities, "MR") ||
	       has_modality(x->modalities, "PT");
}

static int
by_day(const void *va, const void *vb)
{
	const struct acquisition *a = *(struct acquisition *const *)va;
	const struct acquisition *b = *(struct acquisition *const *)vb;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	if (a->unscheduled != b->unscheduled)
		return a->unscheduled ? 1 : -1;
	return by_key(a, b);
}

/* Modality classes that measure alike; PET counts apart from its CT. */
static const char *
modality_class(const struct measurement_fact *m, const struct acquisition *x)
{
	if (m->method != NULL && strcmp(m->method, "pet") == 0)
		return "PT";
	if (has_modality(x->modalities, "PT"))
		return "PT";
	if (has_modality(x->modalities, "MR"))
		return "MR";
	return has_modality(x->modalities, "CT") ? "CT" : "";
}

/* A size, absence, or, on a study of its own, any state: what one round of
 * reading says of a lesion once.  A state said of a day may come after the
 * measurement of the same scan. */
static bool
evaluable(const struct measurement_fact *m)
{
	if (m->state == STATE_NOT_EVALUABLE)
		return false;
	return cell_has_number(m) || m->state == STATE_ABSENT ||
	       m->state == STATE_TOO_SMALL || m->study != NULL;
}

static bool
alike(const struct measurement_fact *m, const struct acquisition *x,
    const struct measurement_fact *o, const struct acquisition *y)
{
	const char *mine = modality_class(m, x);
	const char *theirs = modality_class(o, y);

	return mine[0] == '\0' || theirs[0] == '\0' ||
	       strcmp(mine, theirs) == 0;
}

/* Was a lesion that x reads read already, evaluably and alike, by y?  Both
 * have their measurements in order of lesion. */
static bool
reads_again(const struct building *b, const struct acquisition *x,
    const struct acquisition *y)
{
	const struct measurement_fact *all = b->facts->measurements.items;
	size_t i = 0, k = 0;

	while (i < x->n_measurements && k < y->n_measurements) {
		const struct measurement_fact *m = &all[x->measurements[i]];
		const struct measurement_fact *o = &all[y->measurements[k]];
		int c = strcmp(m->lesion, o->lesion);

		if (c < 0 || !evaluable(m)) {
			i++;
		} else if (c > 0 || !evaluable(o)) {
			k++;
		} else if (alike(m, x, o, y)) {
			return true;
		} else if (i + 1 < x->n_measurements &&
			   strcmp(all[x->measurements[i + 1]].lesion,
			       m->lesion) == 0) {
			i++;
		} else {
			k++;
		}
	}
	return false;
}

/*
 * Does x fall into the timepoint whose first acquisition is `first`?  At most
 * group_days apart; a scan for a new symptom is a visit of its own, and so is
 * one that reads again what was read on another day: one round of reading
 * measures a lesion once (an early scan after iUPD, criteria §4.5).
 */
static bool
joins(const struct building *b, const struct acquisitions *all, size_t first,
    size_t i)
{
	const struct acquisition *x = all->by_day[i];

	if (x->day - all->by_day[first]->day > b->options->group_days)
		return false;
	for (size_t k = first; k < i; k++) {
		const struct acquisition *y = all->by_day[k];

		if (y->day == x->day)
			continue;
		if (x->unscheduled || reads_again(b, x, y))
			return false;
	}
	return true;
}

static const char *
join_modalities(struct arena *a, const char *have, const char *more)
{
	if (more[0] == '\0' || has_modality(have, more))
		return have;
	if (have[0] == '\0')
		return more;
	if (strlen(have) > MAX_MODALITIES)
		return has_modality(have, "others")
			   ? have
			   : arena_printf(a, "%s+others", have);
	return arena_printf(a, "%s+%s", have, more);
}

/* The timepoint of acquisitions first..end-1. */
static void
make_timepoint(
    struct building *b, struct acquisitions *all, size_t first, size_t end)
{
	struct timeline *t = b->timeline;
	int index = (int)t->timepoints.n;
	struct timepoint *tp = ARENA_PUSH(b->arena, &t->timepoints);
	const char **studies =
	    arena_alloc(b->arena, (end - first) * sizeof(*studies));
	int32_t by_study = DAY_NONE, last = DAY_NONE;

	tp->day = all->by_day[first]->day;
	tp->last_day = all->by_day[end - 1]->day;
	tp->modalities = "";
	for (size_t i = first; i < end; i++) {
		struct acquisition *x = all->by_day[i];

		x->tp = index;
		tp->modalities =
		    join_modalities(b->arena, tp->modalities, x->modalities);
		if (x->unscheduled)
			tp->said.unscheduled = true;
		if (x->study != NULL || x->n_measurements > 0)
			last = x->day;
		if (x->study == NULL)
			continue;
		studies[tp->n_studies++] = x->study;
		if (x->dated_by_study && by_study == DAY_NONE)
			by_study = x->day;
	}
	tp->studies = studies;
	if (by_study != DAY_NONE)
		tp->day = by_study;
	if (last != DAY_NONE)
		tp->last_day = last;
}

/* Which timepoint, and which day, every measurement and statement has. */
static void
place(struct building *b, const struct acquisitions *all)
{
	const struct patient_facts *f = b->facts;
	const struct acquisition *x;

	for (size_t i = 0; i < f->measurements.n; i++) {
		const struct measurement_fact *m = &f->measurements.items[i];

		x = acquisition_find(all, m->study, m->day);
		b->measurement_tp[i] = x == NULL ? -1 : x->tp;
		b->measurement_day[i] =
		    m->day == DAY_NONE && x != NULL ? x->day : m->day;
	}
	for (size_t i = 0; i < f->statements.n; i++) {
		const struct statement_fact *s = &f->statements.items[i];

		x = acquisition_find(all, s->study, s->day);
		b->statement_tp[i] = x == NULL ? -1 : x->tp;
	}
}

/* The last visit that began on or before the day, at most group_days. */
static int
visit_before(const struct building *b, int32_t day)
{
	const struct timeline *t = b->timeline;

	for (size_t k = t->timepoints.n; k-- > 0;) {
		const struct timepoint *tp = &t->timepoints.items[k];

		if (tp->day <= day)
			return day - tp->last_day <= b->options->group_days
				   ? (int)k
				   : -1;
	}
	return -1;
}

/* A statement of a day without a study belongs to the visit before it. */
static void
place_by_day(struct building *b)
{
	const struct patient_facts *f = b->facts;

	for (size_t i = 0; i < f->statements.n; i++) {
		const struct statement_fact *s = &f->statements.items[i];

		if (b->statement_tp[i] >= 0 || s->day == DAY_NONE ||
		    s->kind == STATEMENT_ECOG)
			continue;
		b->statement_tp[i] = visit_before(b, s->day);
		if (b->statement_tp[i] < 0) {
			timeline_problem(b, s->source.reference,
			    "statement_unplaced",
			    "no scan at most %d days before it",
			    b->options->group_days);
		}
	}
}

/* In order of day: what is dated, and read or able to be read. */
static void
arrange(struct building *b, struct acquisitions *all)
{
	all->by_day = arena_alloc(b->arena, all->n * sizeof(*all->by_day));
	for (size_t i = 0; i < all->n; i++) {
		struct acquisition *x = &all->items[i];

		if (x->day == DAY_NONE) {
			timeline_problem(b, x->study, "date_missing",
			    "neither the study nor what was read on it says "
			    "when it was done; left out");
		} else if (x->read || could_assess(x)) {
			all->by_day[all->n_by_day++] = x;
		}
	}
	if (all->n_by_day > 1)
		qsort(all->by_day, all->n_by_day, sizeof(*all->by_day), by_day);
}

void
timeline_group(struct building *b)
{
	struct acquisitions all = {0};
	size_t first = 0;

	collect(b, &all);
	describe(b, &all);
	distribute(b, &all);
	mark_unscheduled_days(b, &all);
	arrange(b, &all);
	for (size_t i = 1; i <= all.n_by_day; i++) {
		if (i < all.n_by_day && joins(b, &all, first, i))
			continue;
		make_timepoint(b, &all, first, i);
		first = i;
	}
	place(b, &all);
	place_by_day(b);
}
