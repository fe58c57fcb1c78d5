/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an episode, day by day.
 */
#include "gateway/irae/internal.h"

#define HYS_LAW (IRAE_NOTE_HYS_FDA | IRAE_NOTE_HYS_NR)

/* One step: a module on a day. */
struct step {
	struct irae_run *run;
	struct irae_tracker *t;
	struct irae_view view;
	struct irae_evidence e;
	struct irae_judgement j;
	unsigned lines;
	int grade; /* what is shown */
	bool dismissed;
	bool review; /* nothing was found that day */
};

/* --- what the day says --- */

static unsigned
lines_of(const struct step *s)
{
	unsigned lines = s->e.lines | (s->t->open ? s->t->lines : 0);

	return s->t->treated && lines != 0 ? lines | LINE_T : lines;
}

static int
shown_grade(const struct step *s)
{
	int grade = s->e.coded > s->e.data ? s->e.coded : s->e.data;

	if (s->lines != 0 && s->e.treatment > grade)
		grade = s->e.treatment;
	return grade;
}

static bool
is_dismissed(const struct step *s)
{
	const struct irae_input *in = s->run->in;

	for (size_t i = 0; i < in->dismissals.n; i++) {
		const struct irae_action *x = &in->dismissals.items[i];

		if (x->module == s->view.module && x->day == s->view.day &&
		    (x->episode == 0 || x->episode == s->t->number))
			return true;
	}
	return false;
}

static bool
is_steroid_free(const struct step *s)
{
	return irae_steroid_ug(s->run, s->view.day) <=
	       (int64_t)s->run->o->steroid_free_mg * 1000;
}

/* --- recovery --- */

/* Where recovery is an image; without one, values decide. */
static bool
is_imaged(const struct step *s)
{
	return (irae_traits(s->view.module) & TRAIT_IMAGED) != 0 &&
	       (s->lines & LINE_I) != 0;
}

static const struct irae_drug *
replacement(const struct step *s)
{
	switch (s->view.module) {
	case IRAE_THYROIDITIS:
		return irae_drug_on(&s->view, IRAE_LEVOTHYROXINE);
	case IRAE_HYPOPHYSITIS:
	case IRAE_ADRENALITIS:
		return irae_drug_on(&s->view, IRAE_REPLACEMENT);
	case IRAE_ICI_DIABETES:
		return irae_drug_on(&s->view, IRAE_INSULIN);
	default:
		return NULL;
	}
}

static bool
is_normal_today(const struct step *s)
{
	/*= irae §1.2: what is replaced has not come back */
	if ((irae_traits(s->view.module) & TRAIT_PERMANENT) != 0 &&
	    replacement(s) != NULL)
		return false;
	if (is_imaged(s))
		return s->e.image_gone && !s->e.image_present && s->grade == 0;
	if (s->t->measured)
		return s->e.normal && s->e.reported == 0;
	return s->grade == 0;
}

/* Keep the run of normal values. */
static void
note_normal(struct step *s)
{
	struct irae_tracker *t = s->t;

	t->measured = t->measured || s->e.fresh;
	if (t->measured && !is_imaged(s) && !s->e.fresh)
		return;
	if (!is_normal_today(s)) {
		t->normal_first = DAY_NONE;
		return;
	}
	if (t->normal_first == DAY_NONE)
		t->normal_first = s->view.day;
	t->normal_last = s->view.day;
}

static bool
is_recovering(const struct step *s)
{
	return s->t->normal_first != DAY_NONE && is_normal_today(s);
}

/*= irae §4.5 resolved: two normal values, 7 days apart; or one clear study */
static bool
is_recovered(const struct step *s)
{
	if (!is_recovering(s) || !is_steroid_free(s))
		return false;
	return is_imaged(s) || s->t->normal_last - s->t->normal_first >=
				   s->run->o->normal_gap_days;
}

/*= irae §4.5 controlled */
static bool
is_controlled(const struct step *s)
{
	const struct irae_drug *d = replacement(s);

	if (d == NULL)
		return false;
	if ((irae_traits(s->view.module) & TRAIT_PERMANENT) != 0)
		return s->view.day - d->day >= s->run->o->replaced_days;
	return is_recovering(s) && s->t->normal_last - s->t->normal_first >=
				       s->run->o->normal_gap_days;
}

/* --- worsening --- */

static bool
is_phase_change(const struct step *s)
{
	return s->t->phase == IRAE_PHASE_THYROTOXIC &&
	       s->e.phase == IRAE_PHASE_HYPOTHYROID;
}

/*= irae §4.5 escalated */
static bool
is_escalated(const struct step *s)
{
	return s->e.data > s->t->data_peak ||
	       s->j.data_level > s->t->data_level_peak || s->e.event ||
	       ((s->j.notes & HYS_LAW) != 0 && !s->t->hys_law);
}

/*= irae §4.5 rebound */
static bool
is_rebound(const struct step *s)
{
	int64_t nadir = s->t->troponin_nadir;

	if (s->e.data > s->t->data_grade && s->e.data >= 2)
		return true;
	return s->e.fresh && s->e.troponin_high && nadir != IRAE_NO_VALUE &&
	       irae_compare(s->e.troponin, 2000, nadir) >= 0;
}

/* In the order of precedence. */
static enum irae_state
next_state(const struct step *s)
{
	if (s->dismissed)
		return IRAE_IS_DISMISSED;
	if (s->e.explained && (s->lines & LINE_A) == 0)
		return IRAE_IS_REFUTED;
	if (is_phase_change(s))
		return IRAE_IS_PHASE_CHANGE;
	if (is_escalated(s))
		return IRAE_IS_ESCALATED;
	if (is_rebound(s))
		return IRAE_IS_REBOUND;
	if (s->j.level > s->t->level || s->grade > s->t->grade)
		return IRAE_IS_CONFIRMED;
	if (is_controlled(s))
		return IRAE_IS_CONTROLLED;
	if (is_recovered(s))
		return IRAE_IS_RESOLVED;
	if (is_recovering(s))
		return IRAE_IS_RESOLVING;
	return s->grade < s->t->grade ? IRAE_IS_IMPROVING : IRAE_IS_STABLE;
}

/* --- bookkeeping --- */

static void
note_peaks(struct step *s, enum irae_state state)
{
	struct irae_tracker *t = s->t;
	bool afresh = state == IRAE_IS_OPEN || state == IRAE_IS_PHASE_CHANGE;

	t->lines = s->lines & ~(unsigned)LINE_T;
	if (afresh || s->e.data > t->data_peak)
		t->data_peak = s->e.data;
	if (afresh || s->j.data_level > t->data_level_peak)
		t->data_level_peak = s->j.data_level;
	t->hys_law = t->hys_law || (s->j.notes & HYS_LAW) != 0;
	/* what lies between the two phases does not part them */
	if (s->e.phase == IRAE_PHASE_THYROTOXIC ||
	    s->e.phase == IRAE_PHASE_HYPOTHYROID)
		t->phase = s->e.phase;
	if (s->e.troponin != IRAE_NO_VALUE &&
	    (t->troponin_nadir == IRAE_NO_VALUE || state == IRAE_IS_REBOUND ||
		s->e.troponin < t->troponin_nadir))
		t->troponin_nadir = s->e.troponin;
}

static void
begin(struct step *s)
{
	struct irae_tracker *t = s->t;
	int number = t->number + 1;
	struct irae_row told = t->told;
	int32_t treated_day = t->treated_day;
	bool treated =
	    t->treated &&
	    treated_day >= s->e.first_day - s->run->o->treat_before_days;

	*t = (struct irae_tracker){.open = true,
	    .number = number,
	    .onset = s->view.day,
	    .ended = DAY_NONE,
	    .evidence_from = t->evidence_from,
	    .first_line = s->e.first_day,
	    .treated = treated,
	    .treated_day = treated_day,
	    .troponin_nadir = IRAE_NO_VALUE,
	    .measured = s->e.fresh,
	    .normal_first = DAY_NONE,
	    .normal_last = DAY_NONE,
	    .told = told,
	    .last_data = s->view.day};
}

/* May this evidence reopen the last episode instead of beginning another?
 *= irae §4.5 reopened: 30 days after the end */
static bool
is_same_episode(const struct step *s)
{
	const struct irae_tracker *t = s->t;

	return (t->end == END_RECOVERED || t->end == END_DISMISSED) &&
	       s->view.day - t->ended <= s->run->o->reopen_days;
}

static void
end(struct step *s, enum irae_end how)
{
	struct irae_tracker *t = s->t;

	t->open = false;
	t->end = how;
	t->ended = s->view.day;
	t->dismissed_grade = s->grade;
	t->dismissed_level = s->j.level;
	t->normal_first = DAY_NONE;
	if (how == END_DISMISSED)
		return;
	t->evidence_from = s->view.day + 1;
	t->treated = false;
	t->grade = t->data_grade = 0;
}

/* --- rows --- */

/*= irae §1.1 typical windows annotate only */
static bool
is_atypical(const struct step *s)
{
	static const struct {
		enum irae_module module;
		int first, last; /* tenths of a week */
	} windows[] = {
#define IRAE_WINDOW(module, first, last) {IRAE_##module, first, last},
#include "gateway/irae/windows.def"
#undef IRAE_WINDOW
	};
	int32_t days = s->t->onset - s->run->start;

	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		if (windows[i].module == s->view.module)
			return 10 * days < 7 * windows[i].first ||
			       10 * days > 7 * windows[i].last;
	}
	return false;
}

static struct irae_row
row_of(const struct step *s, enum irae_state state, enum irae_flag flag)
{
	bool owned = flag != IRAE_NO_FLAG && state != IRAE_IS_DISMISSED &&
		     state != IRAE_IS_SNOOZED;

	return (struct irae_row){.day = s->view.day,
	    .grade = s->grade,
	    .level = s->j.level,
	    .flag = flag,
	    .state = state,
	    .episode = owned ? s->t->number : 0,
	    .notes = s->j.notes |
		     (owned && is_atypical(s) ? IRAE_NOTE_ATYPICAL_TIMING : 0),
	    .lines = s->lines,
	    .guideline_grade = s->e.guideline_grade,
	    .phase = s->e.phase,
	    .because = s->e.because};
}

static bool
ends_flag(const struct step *s, enum irae_state state)
{
	bool permanent = (irae_traits(s->view.module) & TRAIT_PERMANENT) != 0;

	return state == IRAE_IS_REFUTED || state == IRAE_IS_DISMISSED ||
	       state == IRAE_IS_RESOLVED ||
	       (state == IRAE_IS_CONTROLLED && !permanent);
}

/* The Flag is up: let the day change it. */
static struct irae_row
go_on(struct step *s)
{
	enum irae_state state;
	enum irae_flag flag = IRAE_ACTIVE;

	note_normal(s);
	state = next_state(s);
	/*= irae §4.5 stale: until there is something new */
	if (s->review && s->t->stale && !ends_flag(s, state) &&
	    state != IRAE_IS_CONTROLLED)
		state = IRAE_IS_STALE;
	note_peaks(s, state);
	if (ends_flag(s, state))
		flag = IRAE_INACTIVE;
	return row_of(s, state, flag);
}

static void
close_if_ended(struct step *s, const struct irae_row *row)
{
	if (row->flag != IRAE_INACTIVE || !s->t->open)
		return;
	if (row->state == IRAE_IS_REFUTED)
		end(s, END_REFUTED);
	else if (row->state == IRAE_IS_DISMISSED)
		end(s, END_DISMISSED);
	else
		end(s, END_RECOVERED);
}

/* No Flag is up: does the day raise one? */
static struct irae_row
look(struct step *s)
{
	struct irae_tracker *t = s->t;
	enum irae_state state = IRAE_IS_OPEN;

	if (s->j.level < IRAE_POSSIBLE)
		return row_of(s,
		    s->j.level == IRAE_WATCH ? IRAE_IS_WATCH : IRAE_IS_NONE,
		    IRAE_NO_FLAG);
	/*= irae §4.5 snoozed: until grade or level exceeds the dismissed */
	if (t->end == END_DISMISSED && s->grade <= t->dismissed_grade &&
	    s->j.level <= t->dismissed_level)
		return row_of(s, IRAE_IS_SNOOZED, IRAE_INACTIVE);
	if (is_same_episode(s)) {
		state = IRAE_IS_REOPENED;
		t->open = true;
		t->ended = DAY_NONE;
		t->grade = 0;
		/*= irae §4.1 lines accumulate over an episode */
		s->lines |= t->lines;
		s->view = irae_view_of(s->run, s->view.module, s->view.day);
		irae_level_judge(&s->view, &s->e, s->lines, s->grade, &s->j);
	} else {
		begin(s);
	}
	note_peaks(s, state);
	return row_of(s, state, IRAE_ACTIVE);
}

void
irae_episode_step(struct irae_run *r, enum irae_module m, int32_t day,
    enum irae_concern concern)
{
	struct irae_tracker *t = &r->trackers[m];
	struct step s = {.run = r,
	    .t = t,
	    .view = irae_view_of(r, m, day),
	    .review = concern == CONCERN_REVIEW};
	struct irae_row row;

	irae_evidence_read(&s.view, &s.e);
	s.lines = lines_of(&s);
	s.grade = shown_grade(&s);
	irae_level_judge(&s.view, &s.e, s.lines, s.grade, &s.j);
	s.dismissed = t->open && is_dismissed(&s);
	row = t->open ? go_on(&s) : look(&s);
	irae_flag_emit(r, m, &s.e, &s.j, concern, &row);
	if (concern != CONCERN_REVIEW) {
		t->last_data = day;
		t->stale = false;
		t->grade_before = t->open ? t->grade : 0;
		t->grade = s.grade;
		t->data_grade = s.e.data;
		t->level = s.j.level;
	}
	close_if_ended(&s, &row);
}

/* --- time without data --- */

static void
emit_wait(struct irae_run *r, enum irae_module m, int32_t day,
    enum irae_state state, enum irae_flag flag)
{
	struct irae_tracker *t = &r->trackers[m];
	struct step s = {.run = r, .t = t, .view = irae_view_of(r, m, day)};
	struct irae_row row;

	irae_evidence_read(&s.view, &s.e);
	s.lines = lines_of(&s);
	s.grade = t->grade;
	irae_level_judge(&s.view, &s.e, s.lines, s.grade, &s.j);
	s.j.level = t->level;
	row = row_of(&s, state, flag);
	irae_flag_emit(r, m, &s.e, &s.j, CONCERN_OWN, &row);
	close_if_ended(&s, &row);
}

/* What comes on the last day still comes in time. */
static bool
is_past(const struct irae_tracker *t, int32_t day, int days,
    enum irae_concern concern)
{
	bool silent = concern == CONCERN_NONE || concern == CONCERN_REVIEW;

	return day - t->last_data >= days + (silent ? 0 : 1);
}

/*= irae §4.5 stale at 90 days; possible ones lapse at 180 */
void
irae_episode_wait(struct irae_run *r, enum irae_module m, int32_t day,
    enum irae_concern concern)
{
	struct irae_tracker *t = &r->trackers[m];
	bool controlled = false;
	const struct irae_course *c = &r->result->courses[m];

	if (c->rows.n > 0)
		controlled =
		    c->rows.items[c->rows.n - 1].state == IRAE_IS_CONTROLLED;
	if (!t->open || controlled)
		return;
	if (!t->stale && is_past(t, day, r->o->stale_days, concern)) {
		t->stale = true;
		emit_wait(r, m, t->last_data + r->o->stale_days, IRAE_IS_STALE,
		    IRAE_ACTIVE);
	}
	if (t->level == IRAE_POSSIBLE &&
	    is_past(t, day, r->o->lapse_days, concern))
		emit_wait(r, m, t->last_data + r->o->lapse_days, IRAE_IS_LAPSED,
		    IRAE_INACTIVE);
}
