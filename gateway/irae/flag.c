/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Flag's side of a row: priority, whether to interrupt, whether the row
 * is worth keeping, and one message for all that interrupts on a day.
 */
#include "gateway/irae/internal.h"

#define HYS_LAW (IRAE_NOTE_HYS_FDA | IRAE_NOTE_HYS_NR)

/*= irae §4.5 priority: the larger of the last two grades */
static enum irae_priority
priority_of(const struct irae_tracker *t, enum irae_module m,
    const struct irae_evidence *e, const struct irae_judgement *j,
    const int grades[2])
{
	unsigned traits = irae_traits(m);
	int worst = grades[0] > grades[1] ? grades[0] : grades[1];
	bool low = (traits & TRAIT_LOW) != 0;

	if (low)
		return IRAE_PL;
	if ((traits & TRAIT_NEVER_SUPPRESS) != 0 || e->severe ||
	    (j->notes & HYS_LAW) != 0 ||
	    (m == IRAE_ICI_DIABETES && (t->lines & LINE_X) != 0))
		return IRAE_PH;
	if (worst >= 3)
		return j->isolated ? IRAE_PM : IRAE_PH;
	if (worst == 2 || (traits & TRAIT_FLOOR_PM) != 0)
		return IRAE_PM;
	return IRAE_PL;
}

/*= irae §4.5 notify; §4.6 never for what a clinician did or coded */
static bool
interrupts(const struct irae_tracker *t, enum irae_state state)
{
	switch (state) {
	case IRAE_IS_OPEN:
		return (t->lines & LINES_DATA) != 0;
	case IRAE_IS_REOPENED:
	case IRAE_IS_ESCALATED:
	case IRAE_IS_REBOUND:
	case IRAE_IS_PHASE_CHANGE:
		return true;
	default:
		return false;
	}
}

/*= irae §4.6 never twice for the same state */
static bool
is_told(const struct irae_tracker *t, const struct irae_row *row)
{
	const struct irae_row *last = &t->told;

	return !t->quiet_since && last->episode == row->episode &&
	       last->state == row->state && last->grade == row->grade &&
	       last->level == row->level &&
	       (last->notes & HYS_LAW) == (row->notes & HYS_LAW);
}

static bool
is_quiet(enum irae_state s)
{
	return s == IRAE_IS_NONE || s == IRAE_IS_WATCH || s == IRAE_IS_STABLE ||
	       s == IRAE_IS_SNOOZED;
}

/* A day on which the module itself was looked at is kept; any other only
 * when it changed something. */
static bool
is_worth_keeping(const struct irae_course *c, const struct irae_row *row,
    enum irae_concern concern)
{
	const struct irae_row *last;

	if (concern == CONCERN_OWN)
		return true;
	if (c->rows.n == 0 || row->state == IRAE_IS_NONE ||
	    row->state == IRAE_IS_WATCH)
		return !is_quiet(row->state);
	last = &c->rows.items[c->rows.n - 1];
	if (last->grade != row->grade || last->level != row->level ||
	    last->flag != row->flag || last->priority != row->priority)
		return true;
	if (concern == CONCERN_REVIEW || row->state == IRAE_IS_CONTROLLED)
		return !is_quiet(row->state) && row->state != last->state;
	return !is_quiet(row->state);
}

void
irae_flag_emit(struct irae_run *r, enum irae_module m,
    const struct irae_evidence *e, const struct irae_judgement *j,
    enum irae_concern concern, struct irae_row *row)
{
	struct irae_tracker *t = &r->trackers[m];
	struct irae_course *c = &r->result->courses[m];

	if (row->flag == IRAE_ACTIVE) {
		const int grades[2] = {row->grade,
		    concern == CONCERN_REVIEW ? t->grade_before : t->grade};

		row->priority = priority_of(t, m, e, j, grades);
		if (row->state == IRAE_IS_CONTROLLED ||
		    row->state == IRAE_IS_STALE)
			row->priority = IRAE_PL;
	}
	row->notify = interrupts(t, row->state) && !is_told(t, row);
	if (!row->notify && !is_worth_keeping(c, row, concern))
		return;
	if (row->notify)
		t->told = *row;
	t->quiet_since = !interrupts(t, row->state);
	*ARENA_PUSH(r->arena, &c->rows) = *row;
}

/* --- one message a day --- */

static struct irae_notice *
notice_of(struct irae_run *r, int32_t day)
{
	struct irae_result *x = r->result;
	size_t at = 0;
	struct irae_notice *n;

	while (at < x->notices.n && x->notices.items[at].day < day)
		at++;
	if (at < x->notices.n && x->notices.items[at].day == day)
		return &x->notices.items[at];
	ARENA_PUSH(r->arena, &x->notices);
	for (size_t i = x->notices.n - 1; i > at; i--)
		x->notices.items[i] = x->notices.items[i - 1];
	n = &x->notices.items[at];
	*n = (struct irae_notice){.day = day};
	return n;
}

/*= irae §4.6 bundle what interrupts within 24 hours */
void
irae_flag_bundle(struct irae_run *r)
{
	for (int m = 0; m < IRAE__MAX; m++) {
		const struct irae_course *c = &r->result->courses[m];

		for (size_t i = 0; i < c->rows.n; i++) {
			struct irae_notice *n;

			if (!c->rows.items[i].notify)
				continue;
			n = notice_of(r, c->rows.items[i].day);
			*ARENA_PUSH(r->arena, &n->modules) =
			    (enum irae_module)m;
		}
	}
}
