/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Non-target disease at each visit: what the reader says, else what the
 * lesions' states say.  Progression never comes from numbers.
 */
#include <string.h>

#include "gateway/readings.h"
#include "gateway/visits.h"

struct tally {
	size_t n, n_gone, n_unknown, n_worse;
	bool unequivocal; /* stated at this visit for the first time */
	bool restated;    /* stated at this visit, the first time or again */
	bool increased, decreased, same;
	LIST_OF(const char *) sources;
};

/* What carries over from visit to visit. */
struct memory {
	bool *lesion_pd;    /* per lesion: unequivocal progression stands */
	bool stated_pd;     /* the reader's last word on the whole was PD */
	bool any_statement; /* a status was ever stated */
};

static enum lesion_change
change_of(const struct reading *r)
{
	if (r->change != CHANGE_UNKNOWN)
		return r->change;
	if (r->state == READING_INCREASED)
		return CHANGE_INCREASED;
	if (r->state == READING_UNEQUIVOCAL)
		return CHANGE_UNEQUIVOCAL;
	return CHANGE_UNKNOWN;
}

static void
tally_change(struct tally *y, bool *stands, const struct reading *r)
{
	switch (change_of(r)) {
	case CHANGE_UNEQUIVOCAL:
		y->unequivocal = y->unequivocal || !*stands;
		y->restated = true;
		*stands = true;
		break;
	case CHANGE_INCREASED:
		y->increased = true;
		break;
	case CHANGE_DECREASED:
		y->decreased = true;
		*stands = false;
		break;
	case CHANGE_SAME:
		y->same = true;
		break;
	case CHANGE_UNKNOWN:
		break;
	}
}

static void
tally_lesion(const struct builder *b, size_t k, size_t i, struct tally *y,
    struct memory *m)
{
	const struct lesion *l = &b->timeline->lesions.items[i];
	const struct reading *r = builder_reading(b, i, k);

	y->n++;
	if (!reading_is_evaluated(r)) {
		y->n_unknown++;
		return;
	}
	if (reading_source(r) != NULL)
		*ARENA_PUSH(b->arena, &y->sources) = reading_source(r);
	if (reading_is_gone(l, r)) {
		y->n_gone++;
		m->lesion_pd[i] = false;
		return;
	}
	if (k > 0)
		tally_change(y, &m->lesion_pd[i], r);
	y->n_worse += m->lesion_pd[i];
}

static struct tally
tally_visit(const struct builder *b, size_t k, struct memory *m)
{
	struct tally y = {0};

	for (size_t i = 0; i < b->timeline->lesions.n; i++) {
		if (b->timeline->lesions.items[i].role == ROLE_NON_TARGET)
			tally_lesion(b, k, i, &y, m);
	}
	return y;
}

static bool
status_of_word(const char *word, enum nt_status *ret)
{
	static const struct {
		const char *word;
		enum nt_status status;
	} words[] = {
	    {"CR", NT_CR},
	    {"NON-CR/NON-PD", NT_NON},
	    {"PR", NT_NON},
	    {"SD", NT_NON},
	    {"PD", NT_PD},
	    {"NE", NT_NE},
	    {"NA", NT_NA},
	};

	for (size_t i = 0; word != NULL && i < sizeof(words) / sizeof(*words);
	     i++) {
		if (strcmp(words[i].word, word) == 0) {
			*ret = words[i].status;
			return true;
		}
	}
	return false;
}

/*= recist11 §1.6 */
static enum nt_status
derive(const struct tally *y, const struct memory *m)
{
	bool better = y->decreased || y->n_gone > 0;

	if (y->n == 0)
		return m->any_statement ? NT_NE : NT_NA;
	if (y->n_worse > 0 || (m->stated_pd && !better && y->n_unknown < y->n))
		return NT_PD;
	if (y->n_unknown > 0)
		return NT_NE;
	return y->n_gone == y->n ? NT_CR : NT_NON;
}

static enum lesion_change
overall_change(const struct visit_statements *said, const struct tally *y)
{
	if (said->non_target_worse == YES || y->increased)
		return CHANGE_INCREASED;
	if (y->unequivocal)
		return CHANGE_UNEQUIVOCAL;
	if (said->non_target_worse == NO || y->same)
		return y->decreased ? CHANGE_DECREASED : CHANGE_SAME;
	return y->decreased ? CHANGE_DECREASED : CHANGE_UNKNOWN;
}

static void
check_conflict(const struct builder *b, size_t k, const struct tally *y,
    enum nt_status stated)
{
	if (y->n_worse == 0 || stated == NT_PD)
		return;
	assess_problem(b->out, builder_said(b, k)->non_target_source,
	    "non_target_conflict",
	    "the visit's non-target response is not PD although a lesion is "
	    "stated to have progressed unequivocally%s",
	    y->restated ? ": PD is used"
			: " earlier and not to have shrunk since: the "
			  "statement is used");
}

static void
add_status(struct builder *b, size_t k, struct memory *m)
{
	struct visit *v = &b->visits[k];
	const struct visit_statements *said = builder_said(b, k);
	struct tally y = tally_visit(b, k, m);
	enum nt_status stated;

	if (status_of_word(said->non_target, &stated)) {
		if (k > 0)
			check_conflict(b, k, &y, stated);
		m->any_statement = m->any_statement || stated != NT_NA;
		if (stated != NT_NE)
			m->stated_pd = stated == NT_PD;
		/*= recist11 §1.6 unequivocal progression first */
		v->non_target = k > 0 && y.restated ? NT_PD : stated;
		*ARENA_PUSH(b->arena, &y.sources) = said->non_target_source;
	} else {
		v->non_target = derive(&y, m);
		if (v->non_target != NT_NE && v->non_target != NT_PD)
			m->stated_pd = false;
	}
	v->nt_change = overall_change(said, &y);
	v->n_nt_worse = y.n_worse;
	if (said->non_target_worse != UNKNOWN)
		*ARENA_PUSH(b->arena, &y.sources) =
		    said->non_target_worse_source;
	v->nt_sources = (const char *const *)y.sources.items;
	v->n_nt_sources = y.sources.n;
}

void
visits_add_non_target(struct builder *b)
{
	struct memory m = {0};

	m.lesion_pd = arena_alloc(
	    b->arena, b->timeline->lesions.n * sizeof(*m.lesion_pd));
	for (size_t k = 0; k < b->n; k++)
		add_status(b, k, &m);
}
