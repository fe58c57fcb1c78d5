/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one fact says of a lesion, and which of several counts.
 */
#include <stdlib.h>
#include <string.h>

#include "mappings/timeline_internal.h"

/* ---- What one fact says ---------------------------------------------- */

/*
 * Longest and short axis of one fact.  A node by its short axis: the axis
 * said to be short, else the smaller of two, else the one there is, and said
 * so (contracts/input.md, "Nodal").
 */
struct sizes
cell_sizes(const struct measurement_fact *m, bool nodal)
{
	struct sizes z = {m->longest_tmm, m->short_tmm};
	int32_t axis = m->axis_tmm;

	if (z.longest == TMM_NONE && axis != TMM_NONE && !nodal)
		z.longest = axis;
	else if (axis != TMM_NONE && z.shortest == TMM_NONE)
		z.shortest = axis;
	if (z.longest != TMM_NONE && z.shortest != TMM_NONE &&
	    z.shortest > z.longest) {
		int32_t swap = z.longest;

		z.longest = z.shortest;
		z.shortest = swap;
	}
	return z;
}

/* What had to be assumed of all that was said is said as a problem. */
struct sizes
cell_judge(struct building *b, const struct measurement_fact *m, bool nodal)
{
	struct sizes z = cell_sizes(m, nodal);

	if (m->longest_tmm != TMM_NONE && m->short_tmm > m->longest_tmm)
		timeline_problem(b, m->source.reference, "axes_swapped",
		    "its longest diameter is smaller than its other one; taken "
		    "the other way round");
	if (!nodal)
		return z;
	if (z.shortest == TMM_NONE && z.longest != TMM_NONE) {
		z.shortest = z.longest;
		if (z.longest == 0)
			return z; /* gone along either axis */
		timeline_problem(b, m->source.reference, "node_axis_assumed",
		    "only the longest dimension of a lymph node; taken as its "
		    "short axis, which cannot be larger");
	} else if (z.longest == TMM_NONE && m->short_tmm == TMM_NONE &&
		   m->axis_tmm != TMM_NONE) {
		timeline_problem(b, m->source.reference, "node_axis_assumed",
		    "one dimension of a lymph node, not said which; taken as "
		    "its short axis");
	}
	return z;
}

bool
cell_has_number(const struct measurement_fact *m)
{
	return m->longest_tmm != TMM_NONE || m->short_tmm != TMM_NONE ||
	       m->axis_tmm != TMM_NONE;
}

enum reading_state
cell_state(enum stated_state stated, bool number, bool zero)
{
	switch (stated) {
	case STATE_ABSENT:
		return READING_ABSENT;
	case STATE_TOO_SMALL:
		return READING_TOO_SMALL;
	case STATE_NOT_EVALUABLE:
		return READING_NOT_EVALUABLE;
	case STATE_UNEQUIVOCAL:
		return number ? READING_MEASURED : READING_UNEQUIVOCAL;
	case STATE_INCREASED:
		return number ? READING_MEASURED : READING_INCREASED;
	default:
		if (!number)
			return READING_PRESENT;
		return zero ? READING_ABSENT : READING_MEASURED;
	}
}

enum lesion_change
cell_change(enum stated_state s)
{
	switch (s) {
	case STATE_DECREASED:
		return CHANGE_DECREASED;
	case STATE_UNCHANGED:
		return CHANGE_SAME;
	case STATE_INCREASED:
		return CHANGE_INCREASED;
	case STATE_UNEQUIVOCAL:
		return CHANGE_UNEQUIVOCAL;
	default:
		return CHANGE_UNKNOWN;
	}
}

/* ---- Several facts of one cell --------------------------------------- */

size_t
cell_reader_rank(const struct timeline_options *o, const char *reader)
{
	for (size_t i = 0; i < o->n_readers; i++) {
		if (reader != NULL && strcmp(o->readers[i], reader) == 0)
			return i;
	}
	return o->n_readers;
}

static bool
by_pet(const struct measurement_fact *m)
{
	return m->method != NULL && strcmp(m->method, "pet") == 0;
}

static int
compare_null(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

/* Negative: a counts before b.  What was evaluated; its size by CT or MR;
 * the preferred reader; the latest issued; the larger source id. */
static int
precedence(const struct timeline_options *o, const struct measurement_fact *a,
    const struct measurement_fact *b)
{
	bool na = a->state == STATE_NOT_EVALUABLE;
	bool nb = b->state == STATE_NOT_EVALUABLE;
	size_t ra, rb;

	if (na != nb)
		return na ? 1 : -1;
	if (cell_has_number(a) != cell_has_number(b))
		return cell_has_number(a) ? -1 : 1;
	if (by_pet(a) != by_pet(b))
		return by_pet(a) ? 1 : -1;
	ra = cell_reader_rank(o, a->reader);
	rb = cell_reader_rank(o, b->reader);
	if (ra != rb)
		return ra < rb ? -1 : 1;
	if (a->issued_ms != b->issued_ms)
		return a->issued_ms > b->issued_ms ? -1 : 1;
	return -strcmp(a->source.reference, b->source.reference);
}

/* Where a reader is not said it may be the same. */
static bool
same_reader(const struct measurement_fact *a, const struct measurement_fact *b)
{
	return a->reader == NULL || b->reader == NULL ||
	       strcmp(a->reader, b->reader) == 0;
}

static bool
differ(int32_t a, int32_t b)
{
	return a != TMM_NONE && b != TMM_NONE && a != b;
}

static bool
gone(const struct measurement_fact *m)
{
	return m->state == STATE_ABSENT;
}

/* Do two facts of one cell contradict each other? */
static bool
contradicts(const struct measurement_fact *a, const struct measurement_fact *b)
{
	if (compare_null(a->study, b->study) != 0 ||
	    a->state == STATE_NOT_EVALUABLE || b->state == STATE_NOT_EVALUABLE)
		return false;
	if (differ(a->longest_tmm, b->longest_tmm) ||
	    differ(a->short_tmm, b->short_tmm) ||
	    differ(a->axis_tmm, b->axis_tmm))
		return true;
	return gone(a) != gone(b) &&
	       (cell_has_number(a) || a->state != STATE_NONE) &&
	       (cell_has_number(b) || b->state != STATE_NONE);
}

/* Two dimensions of one reader, neither said which: they are each other's. */
static void
pair_axes(struct measurement_fact *m, const struct measurement_fact *o)
{
	bool larger = o->axis_tmm > m->axis_tmm;

	m->longest_tmm = larger ? o->axis_tmm : m->axis_tmm;
	m->short_tmm = larger ? m->axis_tmm : o->axis_tmm;
	m->axis_tmm = TMM_NONE;
}

static bool
makes_pair(const struct measurement_fact *m, const struct measurement_fact *o)
{
	return compare_null(m->reader, o->reader) == 0 &&
	       compare_null(m->study, o->study) == 0 &&
	       m->longest_tmm == TMM_NONE && m->short_tmm == TMM_NONE &&
	       o->longest_tmm == TMM_NONE && o->short_tmm == TMM_NONE &&
	       differ(m->axis_tmm, o->axis_tmm);
}

static int
by_precedence(const void *va, const void *vb, void *options)
{
	const struct cell_fact *a = va, *b = vb;

	return precedence(options, a->m, b->m);
}

void
cell_sort(const struct timeline_options *o, struct cell_fact *cell, size_t n)
{
	struct timeline_options copy = *o;

	qsort_r(cell, n, sizeof(*cell), by_precedence, &copy);
}

struct measurement_fact
cell_combine(const struct cell_fact *cell, size_t n, bool *ret_conflict)
{
	struct measurement_fact m = *cell[0].m;

	for (size_t i = 1; i < n; i++) {
		const struct measurement_fact *o = cell[i].m;

		if (makes_pair(&m, o))
			pair_axes(&m, o);
		else if (contradicts(&m, o))
			*ret_conflict = true;
		for (int k = 0; k < SUV__MAX; k++) {
			if (m.suv[k] == SUV_NONE)
				m.suv[k] = o->suv[k];
		}
		if (!same_reader(cell[0].m, o) ||
		    o->state == STATE_NOT_EVALUABLE)
			continue;
		if (m.longest_tmm == TMM_NONE)
			m.longest_tmm = o->longest_tmm;
		if (m.short_tmm == TMM_NONE)
			m.short_tmm = o->short_tmm;
		if (m.axis_tmm == TMM_NONE &&
		    (m.longest_tmm == TMM_NONE || m.short_tmm == TMM_NONE))
			m.axis_tmm = o->axis_tmm;
		if (m.state == STATE_NONE &&
		    !(o->state == STATE_ABSENT && cell_has_number(&m)))
			m.state = o->state;
		if (m.other_lesion == NULL)
			m.other_lesion = o->other_lesion;
	}
	return m;
}
