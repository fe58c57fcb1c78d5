/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lesions and their readings: which facts speak of which lesion at which
 * timepoint, and what they say together.
 */
#include <stdlib.h>
#include <string.h>

#include "mappings/timeline_internal.h"

#define TOO_SMALL_TMM 50

/* ---- Lesions ---------------------------------------------------------- */

static int
by_lesion_fact(const void *va, const void *vb)
{
	const struct lesion_fact *a = va, *b = vb;
	int c = strcmp(a->key, b->key);

	return c != 0 ? c : strcmp(a->source.reference, b->source.reference);
}

static int
by_cell(const void *va, const void *vb)
{
	const struct cell_fact *a = va, *b = vb;
	int c = strcmp(a->lesion, b->lesion);

	if (c != 0)
		return c;
	if (a->tp != b->tp)
		return a->tp < b->tp ? -1 : 1;
	c = strcmp(a->m->lesion, b->m->lesion);
	if (c != 0)
		return c;
	return strcmp(a->m->source.reference, b->m->source.reference);
}

static int
by_row(const void *va, const void *vb)
{
	const struct measurement_row *a = va, *b = vb;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return strcmp(a->source, b->source);
}

/* Where data state two roles, the earlier counts; "new" made precise is no
 * contradiction. */
static void
take_role(struct building *b, struct lesion *l, enum stated_role role,
    const char *source)
{
	if (role == STATED_NONE || role == l->stated)
		return;
	if (l->stated == STATED_NONE ||
	    (l->stated == STATED_NEW &&
		(role == STATED_NEW_TARGET || role == STATED_NEW_NON_TARGET))) {
		l->stated = role;
		return;
	}
	if (role == STATED_NEW && (l->stated == STATED_NEW_TARGET ||
				      l->stated == STATED_NEW_NON_TARGET))
		return;
	timeline_problem(b, source, "role_conflict",
	    "states another role than was stated before for lesion %s; the "
	    "earlier counts",
	    l->key);
}

static enum lesion_role
role_of(enum stated_role s)
{
	switch (s) {
	case STATED_TARGET:
		return ROLE_TARGET;
	case STATED_NON_TARGET:
		return ROLE_NON_TARGET;
	case STATED_NEW_TARGET:
		return ROLE_NEW_TARGET;
	case STATED_NEW_NON_TARGET:
		return ROLE_NEW_NON_TARGET;
	case STATED_BENIGN:
		return ROLE_BENIGN;
	default:
		return ROLE_NEW;
	}
}

static void
describe_lesion(struct building *b, struct lesion *l,
    const struct lesion_fact *facts, size_t n_facts,
    const struct cell_fact *cells, size_t n_cells)
{
	for (size_t i = 0; i < n_facts; i++) {
		if (strcmp(facts[i].key, l->key) != 0)
			continue;
		if (l->site == NULL) {
			l->site = facts[i].site;
			l->organ = facts[i].organ;
		}
		l->nodal = l->nodal || facts[i].nodal;
		take_role(b, l, facts[i].role, facts[i].source.reference);
	}
	for (size_t i = 0; i < n_cells; i++) {
		const struct measurement_fact *m = cells[i].m;

		if (l->site == NULL) {
			l->site = m->site;
			l->organ = m->organ;
		}
		if (l->label == NULL)
			l->label = m->label;
		l->nodal = l->nodal || m->site_is_nodal;
		if (strcmp(m->lesion, l->key) == 0)
			take_role(b, l, m->role, m->source.reference);
	}
	l->role_stated = l->stated != STATED_NONE;
	l->role = role_of(l->stated);
}

static void
add_rows(struct building *b, struct lesion *l, const struct cell_fact *cells,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct measurement_fact *m = cells[i].m;
		struct sizes z = cell_sizes(m, l->nodal);
		struct measurement_row *row;

		if (cells[i].day == DAY_NONE)
			continue;
		row = ARENA_PUSH(b->arena, &l->rows);
		row->day = cells[i].day;
		row->state = cell_state(m->state, cell_has_number(m),
		    (l->nodal ? z.shortest : z.longest) == 0);
		row->longest_tmm = z.longest;
		row->short_tmm = z.shortest;
		row->suv_max = m->suv[SUV_MAX];
		row->source = m->source.reference;
	}
	if (l->rows.n > 1)
		qsort(l->rows.items, l->rows.n, sizeof(*l->rows.items), by_row);
}

/* A sum with an unknown part is unknown. */
static void
add_up(int32_t *sum, int32_t more)
{
	*sum = *sum == TMM_NONE || more == TMM_NONE ? TMM_NONE : *sum + more;
}

/* Too small to measure counts 5 mm, a vanished part nothing. */
static int32_t
counted(enum reading_state s, int32_t size)
{
	if (s == READING_TOO_SMALL)
		return TOO_SMALL_TMM;
	return s == READING_ABSENT ? 0 : size;
}

/* Before a further part is added. */
static void
whole_size(struct reading *r)
{
	r->longest_tmm = counted(r->state, r->longest_tmm);
	r->short_tmm = counted(r->state, r->short_tmm);
}

/* Take one identity's combined fact into the reading; the second and later
 * ones are fragments, whose diameters add up (criteria §1.3). */
static void
take_part(struct building *b, struct reading *r, const struct lesion *l,
    const struct measurement_fact *m, int32_t day)
{
	struct sizes z = cell_judge(b, m, l->nodal);
	enum reading_state s = cell_state(m->state, cell_has_number(m),
	    (l->nodal ? z.shortest : z.longest) == 0);
	bool fragment = strcmp(m->lesion, l->key) != 0;

	if (r->n_sources == 0) {
		r->state = s;
		r->day = day;
		r->change = cell_change(m->state);
		r->longest_tmm = z.longest;
		r->short_tmm = z.shortest;
		memcpy(r->suv, m->suv, sizeof(r->suv));
	} else if (s == READING_NOT_EVALUABLE ||
		   r->state == READING_NOT_EVALUABLE) {
		r->state = READING_NOT_EVALUABLE; /* a part is not known */
	} else {
		whole_size(r);
		add_up(&r->longest_tmm, counted(s, z.longest));
		add_up(&r->short_tmm, counted(s, z.shortest));
		if (s == READING_MEASURED || s == READING_TOO_SMALL)
			r->state = READING_MEASURED;
	}
	for (int k = 0; k < SUV__MAX; k++) {
		if (k == LESION_TLG && fragment && m->suv[k] >= 0 &&
		    r->n_fragments > 0 && r->suv[k] >= 0 &&
		    r->suv[k] <= INT32_MAX - m->suv[k])
			r->suv[k] += m->suv[k];
		else if (m->suv[k] > r->suv[k])
			r->suv[k] = m->suv[k];
	}
	r->equivocal = r->equivocal || m->state == STATE_EQUIVOCAL;
	if (fragment)
		r->n_fragments++;
}

/* Facts of one lesion at one timepoint, in order of identity. */
static struct reading *
make_reading(struct building *b, const struct lesion *l,
    struct cell_fact *cells, size_t n)
{
	struct reading *r = arena_alloc(b->arena, sizeof(*r));
	const char **sources = arena_alloc(b->arena, n * sizeof(*sources));
	size_t first = 0;

	r->merged_into = -1;
	r->sources = sources;
	for (size_t i = 1; i <= n; i++) {
		struct measurement_fact m;

		if (i < n &&
		    strcmp(cells[i].m->lesion, cells[first].m->lesion) == 0)
			continue;
		cell_sort(b->options, cells + first, i - first);
		m = cell_combine(cells + first, i - first, &r->reader_conflict);
		take_part(b, r, l, &m, cells[first].day);
		for (size_t k = first; k < i; k++)
			sources[r->n_sources++] = cells[k].m->source.reference;
		first = i;
	}
	return r;
}

static bool
is_present(const struct reading *r)
{
	return r->state != READING_ABSENT && r->state != READING_NOT_EVALUABLE;
}

/* Is a part read here, or what it split into in turn? */
static bool
has_part(const struct cell_fact *cells, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		const struct measurement_fact *m = cells[i].m;

		if (strcmp(m->lesion, key) == 0 ||
		    (m->fragment && strcmp(m->other_lesion, key) == 0))
			return true;
	}
	return false;
}

/* A fragment read before and not now leaves the sum of the others short. */
static void
check_parts(struct building *b, const struct lesion *l, struct reading *r,
    const struct cell_fact *before, size_t n_before,
    const struct cell_fact *now, size_t n_now)
{
	if (r->n_fragments == 0)
		return;
	for (size_t i = 0; i < n_before; i++) {
		const char *key = before[i].m->lesion;

		if (strcmp(key, l->key) == 0 || has_part(now, n_now, key))
			continue;
		r->state = READING_NOT_EVALUABLE;
		timeline_problem(b, now[0].m->source.reference,
		    "fragment_missing",
		    "fragment %s of lesion %s was not read again", key, l->key);
	}
}

static void
read_lesion(
    struct building *b, struct lesion *l, struct cell_fact *cells, size_t n)
{
	size_t n_tp = b->timeline->timepoints.n, first = 0, before = 0;
	const struct reading **at = arena_alloc(b->arena, n_tp * sizeof(*at));

	l->at = at;
	l->first = -1;
	for (size_t i = 1; i <= n; i++) {
		if (i < n && cells[i].tp == cells[first].tp)
			continue;
		if (cells[first].tp >= 0) {
			struct reading *r =
			    make_reading(b, l, cells + first, i - first);

			check_parts(b, l, r, cells + before, first - before,
			    cells + first, i - first);
			at[cells[first].tp] = r;
			if (l->first < 0 && is_present(r))
				l->first = cells[first].tp;
		}
		before = first;
		first = i;
	}
}

/* "Merged": the surviving lesion is the second focus; by key, when all
 * lesions are known. */
static int
by_lesion_key(const void *key, const void *v)
{
	return strcmp(key, ((const struct lesion *)v)->key);
}

static void
link_merged(struct building *b, const struct fragments *fragments,
    const struct cell_fact *cells, size_t n)
{
	struct timeline *t = b->timeline;

	for (size_t i = 0; i < n; i++) {
		const struct measurement_fact *m = cells[i].m;
		struct lesion *l, *into = NULL;
		struct reading *r;

		if (m->state != STATE_MERGED || cells[i].tp < 0)
			continue;
		l = bsearch(cells[i].lesion, t->lesions.items, t->lesions.n,
		    sizeof(*l), by_lesion_key);
		if (m->other_lesion != NULL)
			into =
			    bsearch(fragments_whole(fragments, m->other_lesion),
				t->lesions.items, t->lesions.n, sizeof(*l),
				by_lesion_key);
		memcpy(&r, &l->at[cells[i].tp], sizeof(r));
		if (into == NULL || into == l) {
			r->state = READING_NOT_EVALUABLE;
			timeline_problem(b, m->source.reference,
			    "merge_target_missing",
			    "says the lesion merged, but not into which lesion "
			    "of this patient");
			continue;
		}
		r->merged_into = (int)(into - t->lesions.items);
		r->state = READING_MEASURED;
		r->longest_tmm = r->short_tmm = 0;
	}
}

static bool
is_read(const struct lesion *l, size_t tp)
{
	return l->at[tp] != NULL && l->at[tp]->state != READING_NOT_EVALUABLE;
}

/* Merged once it stays merged: where the lesion is not read again but the
 * one it went into is, it still counts nothing and is not missing. */
static void
keep_merged(struct building *b, struct lesion *l)
{
	struct timeline *t = b->timeline;
	const struct reading *last = NULL;

	for (size_t i = 0; i < t->timepoints.n; i++) {
		struct reading *r;

		if (l->at[i] != NULL) {
			last = l->at[i]->merged_into < 0 ? NULL : l->at[i];
			continue;
		}
		if (last == NULL ||
		    !is_read(&t->lesions.items[last->merged_into], i))
			continue;
		r = arena_alloc(b->arena, sizeof(*r));
		*r = *last;
		r->day = t->lesions.items[last->merged_into].at[i]->day;
		l->at[i] = r;
	}
}

/* A lesion stated in a BodyStructure but never read still exists; a fragment
 * is read under the lesion it came from. */
static void
add_unread(struct building *b, const struct fragments *fragments,
    struct lesion_fact *facts, size_t n)
{
	struct timeline *t = b->timeline;
	size_t had = t->lesions.n;

	for (size_t i = 0; i < n; i++) {
		struct lesion *l;
		bool known =
		    i > 0 && strcmp(facts[i].key, facts[i - 1].key) == 0;

		if (facts[i].role == STATED_NONE || known ||
		    fragments_has(fragments, facts[i].key) ||
		    (had > 0 && bsearch(facts[i].key, t->lesions.items, had,
				    sizeof(*l), by_lesion_key) != NULL))
			continue;
		l = ARENA_PUSH(b->arena, &t->lesions);
		l->key = facts[i].key;
		describe_lesion(b, l, &facts[i], 1, NULL, 0);
		read_lesion(b, l, NULL, 0);
	}
}

static int
by_key(const void *va, const void *vb)
{
	const struct lesion *a = va, *b = vb;

	return strcmp(a->key, b->key);
}

/* The facts about one key, in a sorted array. */
static size_t
facts_range(const struct lesion_fact *facts, size_t n, const char *key,
    size_t *ret_first)
{
	size_t lo = 0, hi = n, end;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(facts[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < n && strcmp(facts[end].key, key) == 0; end++)
		;
	*ret_first = lo;
	return end - lo;
}

static size_t
place_cells(struct building *b, const struct fragments *fragments,
    struct cell_fact *cells)
{
	const struct patient_facts *f = b->facts;

	for (size_t i = 0; i < f->measurements.n; i++) {
		const struct measurement_fact *m = &f->measurements.items[i];

		cells[i] =
		    (struct cell_fact){m, fragments_whole(fragments, m->lesion),
			b->measurement_tp[i], b->measurement_day[i]};
	}
	if (f->measurements.n > 0)
		qsort(cells, f->measurements.n, sizeof(*cells), by_cell);
	return f->measurements.n;
}

void
timeline_lesions(struct building *b)
{
	const struct patient_facts *f = b->facts;
	struct timeline *t = b->timeline;
	struct cell_fact *cells =
	    arena_alloc(b->arena, f->measurements.n * sizeof(*cells));
	struct lesion_fact *facts =
	    arena_alloc(b->arena, f->lesions.n * sizeof(*facts));
	struct fragments fragments = {0};
	size_t n, first = 0, at;

	fragments_find(b, &fragments);
	n = place_cells(b, &fragments, cells);
	if (f->lesions.n > 0) {
		memcpy(facts, f->lesions.items, f->lesions.n * sizeof(*facts));
		qsort(facts, f->lesions.n, sizeof(*facts), by_lesion_fact);
	}
	for (size_t i = 1; i <= n && n > 0; i++) {
		struct lesion *l;
		size_t n_facts;

		if (i < n && strcmp(cells[i].lesion, cells[first].lesion) == 0)
			continue;
		l = ARENA_PUSH(b->arena, &t->lesions);
		l->key = cells[first].lesion;
		n_facts = facts_range(facts, f->lesions.n, l->key, &at);
		describe_lesion(
		    b, l, facts + at, n_facts, cells + first, i - first);
		add_rows(b, l, cells + first, i - first);
		read_lesion(b, l, cells + first, i - first);
		first = i;
	}
	add_unread(b, &fragments, facts, f->lesions.n);
	if (t->lesions.n > 1)
		qsort(t->lesions.items, t->lesions.n, sizeof(*t->lesions.items),
		    by_key);
	link_merged(b, &fragments, cells, n);
	for (size_t i = 0; i < t->lesions.n; i++)
		keep_merged(b, &t->lesions.items[i]);
}
