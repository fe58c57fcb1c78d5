/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measurements known by their site alone: with another lesion at the site, at
 * the same visit, nobody can tell which of them is meant.
 *
 * The same visit is the same study; where one of two names no study, the same
 * day.  Readings of different readers, and such as say different things, are
 * of one lesion.  Ordered lists find them without comparing all with all.
 */
#include "mappings/intake.h"

#include <stdlib.h>

/* A work where one looks for it.  A lesion with an identity of its own stands
 * as of no reader: it is another one whoever read it. */
struct spot {
	const char *site, *study, *reader;
	int32_t day;
	unsigned aspects; /* 0: any */
	const struct work *work;
};

struct spots {
	LIST_OF(struct spot) list;
};

/* What of a lesion an Observation says, as bits. */
static unsigned
aspects(const struct measurement_fact *f)
{
	unsigned bits = 0;

	if (f->axis_tmm != TMM_NONE || f->longest_tmm != TMM_NONE)
		bits |= 1;
	if (f->short_tmm != TMM_NONE)
		bits |= 2;
	if (f->state != STATE_NONE)
		bits |= 4;
	for (size_t i = 0; i < SUV__MAX; i++) {
		if (f->suv[i] != SUV_NONE)
			bits |= 8u << i;
	}
	return bits;
}

/* NULL first. */
static int
compare(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
compare_visit(const struct spot *x, const struct spot *y)
{
	int c = strcmp(x->site, y->site);

	if (c == 0)
		c = compare(x->study, y->study);
	return c != 0 ? c : (x->day > y->day) - (x->day < y->day);
}

static int
compare_spots(const void *a, const void *b)
{
	const struct spot *x = a, *y = b;
	int c = compare_visit(x, y);

	if (c == 0)
		c = compare(x->reader, y->reader);
	return c != 0 ? c
		      : (x->aspects > y->aspects) - (x->aspects < y->aspects);
}

static void
add(struct mapping *m, struct spots *to, const struct work *w,
    const char *study, int32_t day)
{
	*ARENA_PUSH(m->arena, &to->list) = (struct spot){w->site_key, study,
	    w->by_site ? w->fact.reader : NULL, day,
	    w->by_site ? aspects(&w->fact) : 0, w};
}

/* In order; of those that are alike two are enough for anyone to find
 * another. */
static void
sort(struct spots *s)
{
	struct spot *x = s->list.items;
	size_t n = 0;

	if (s->list.n < 2)
		return;
	qsort(x, s->list.n, sizeof(*x), compare_spots);
	for (size_t i = 0; i < s->list.n; i++) {
		if (n < 2 || compare_spots(&x[n - 2], &x[i]) != 0)
			x[n++] = x[i];
	}
	s->list.n = n;
}

/* Another lesion than w from `at` on, by this reader, or by any. */
static bool
find_from(const struct spots *s, const struct spot *at, bool any)
{
	const struct work *w = at->work;
	size_t lo = 0, hi = s->list.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const struct spot *x = &s->list.items[mid];
		int c = compare_visit(x, at);

		if (c == 0)
			c = compare(x->reader, at->reader);
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < s->list.n; lo++) {
		const struct spot *x = &s->list.items[lo];

		if (compare_visit(x, at) != 0 ||
		    (!any && compare(x->reader, at->reader) != 0))
			return false;
		if (x->work != w &&
		    (x->aspects == 0 || (x->aspects & at->aspects) != 0))
			return true;
	}
	return false;
}

static bool
find_other(
    const struct spots *s, const struct work *w, const char *study, int32_t day)
{
	struct spot at = {w->site_key, study, NULL, day, aspects(&w->fact), w};

	if (w->fact.reader == NULL)
		return find_from(s, &at, true);
	if (find_from(s, &at, false))
		return true;
	at.reader = w->fact.reader;
	return find_from(s, &at, false);
}

/* A lesion with an identity of its own, where it is. */
struct resident {
	const char *site, *lesion;
};

struct residents {
	LIST_OF(struct resident) list; /* in order, each once */
};

static int
compare_residents(const void *a, const void *b)
{
	const struct resident *x = a, *y = b;
	int c = strcmp(x->site, y->site);

	return c != 0 ? c : strcmp(x->lesion, y->lesion);
}

static void
move_in(struct mapping *m, struct residents *to, const char *site,
    const char *lesion)
{
	if (site != NULL)
		*ARENA_PUSH(m->arena, &to->list) =
		    (struct resident){site, lesion};
}

static void
find_residents(struct mapping *m, struct residents *to)
{
	size_t n = 0;

	for (size_t i = 0; i < m->bodies.n; i++) {
		const struct body *b = &m->bodies.items[i];

		if (b->role != STATED_BENIGN)
			move_in(m, to, b->site_key, b->key);
	}
	for (size_t i = 0; i < m->works.n; i++) {
		const struct work *w = &m->works.items[i];

		if (!w->by_site && w->fact.role != STATED_BENIGN)
			move_in(m, to, w->site_key, w->fact.lesion);
	}
	if (to->list.n > 0) {
		qsort(to->list.items, to->list.n, sizeof(*to->list.items),
		    compare_residents);
	}
	for (size_t i = 0; i < to->list.n; i++) {
		struct resident *x = &to->list.items[i];

		if (n == 0 ||
		    compare_residents(&to->list.items[n - 1], x) != 0)
			to->list.items[n++] = *x;
	}
	to->list.n = n;
}

/* The only lesion of its own at a site, or NULL. */
static const char *
only_resident(const struct residents *r, const char *site)
{
	size_t lo = 0, hi = r->list.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(r->list.items[mid].site, site) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == r->list.n || strcmp(r->list.items[lo].site, site) != 0 ||
	    (lo + 1 < r->list.n &&
		strcmp(r->list.items[lo + 1].site, site) == 0))
		return NULL;
	return r->list.items[lo].lesion;
}

/* Nothing but its site says which lesion it is, and there is one that is
 * called by name; what is said to be new is another. */
static void
settle_in(struct mapping *m, const struct residents *r,
    struct measurement_fact *f, const char *site)
{
	const char *lesion;

	if (role_is_new(f->role) || f->role == STATED_BENIGN)
		return;
	lesion = only_resident(r, site);
	if (lesion == NULL)
		return;
	f->lesion = lesion;
	facts_problem(m->facts, f->source.reference, "lesion_identity_assumed",
	    "taken for %s, the only lesion known at its site", lesion);
}

void
works_finish(struct mapping *m)
{
	struct spots by_study = {0}, by_day = {0}, without_study = {0};
	struct residents residents = {0};

	for (size_t i = 0; i < m->works.n; i++) {
		const struct work *w = &m->works.items[i];

		if (w->site_key == NULL ||
		    (w->by_site && aspects(&w->fact) == 0))
			continue; /* no other lesion to anybody */
		add(m, &by_day, w, NULL, w->fact.day);
		if (w->fact.study != NULL)
			add(m, &by_study, w, w->fact.study, 0);
		else
			add(m, &without_study, w, NULL, w->fact.day);
	}
	find_residents(m, &residents);
	sort(&by_study);
	sort(&by_day);
	sort(&without_study);
	for (size_t i = 0; i < m->works.n; i++) {
		struct work *w = &m->works.items[i];
		int32_t day = w->fact.day;
		bool unclear =
		    w->by_site &&
		    (w->fact.study == NULL
			    ? find_other(&by_day, w, NULL, day)
			    : find_other(&by_study, w, w->fact.study, 0) ||
				  find_other(&without_study, w, NULL, day));

		if (unclear) {
			facts_problem(m->facts, w->fact.source.reference,
			    "lesion_identity_missing",
			    "more than one lesion at this site that day");
			continue;
		}
		if (w->by_site)
			settle_in(m, &residents, &w->fact, w->site_key);
		*ARENA_PUSH(m->arena, &m->facts->measurements) = w->fact;
	}
}
