/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as episodes: what stood when, and why.
 */
#include <string.h>

#include "gateway/irae/irae_case.h"
#include "gateway/wording.h"

static bool
has_step(const struct because_list *list, const struct because *b)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->items[i].rule, b->rule) == 0 &&
		    strcmp(list->items[i].text, b->text) == 0)
			return true;
	}
	return false;
}

static const struct {
	unsigned note;
	const char *rule, *text;
} notes[] = {
    /*= irae §4.3 adjustments; §1.0 timing; §2.1 baseline; §5.2 ranges */
    {IRAE_NOTE_DELAYED, "irae.delayed",
	"more than 90 days after the last dose: a lone line of evidence is "
	"never more than possible"},
    {IRAE_NOTE_CONFOUNDER, "irae.confounder",
	"another cause is possible: one level less"},
    {IRAE_NOTE_EXPLAINED, "irae.explained", "another cause explains it"},
    {IRAE_NOTE_ATYPICAL_TIMING, "irae.atypical_timing",
	"outside the usual time after the first dose"},
    {IRAE_NOTE_STALE_BASELINE, "irae.baseline_stale",
	"the baseline value is older than 28 days"},
    {IRAE_NOTE_DEFAULT_RANGE, "irae.default_range",
	"a result brought no reference range: a default range was used"},
};

/*= irae §4.5 life cycle */
static const char *const state_rules[] = {
    [IRAE_IS_NONE] = NULL,
    [IRAE_IS_WATCH] = NULL,
    [IRAE_IS_OPEN] = "irae.state.open",
    [IRAE_IS_REOPENED] = "irae.state.reopened",
    [IRAE_IS_STABLE] = "irae.state.stable",
    [IRAE_IS_IMPROVING] = "irae.state.improving",
    [IRAE_IS_ESCALATED] = "irae.state.escalated",
    [IRAE_IS_CONFIRMED] = "irae.state.confirmed",
    [IRAE_IS_REBOUND] = "irae.state.rebound",
    [IRAE_IS_PHASE_CHANGE] = "irae.state.phase_change",
    [IRAE_IS_RESOLVING] = "irae.state.resolving",
    [IRAE_IS_CONTROLLED] = "irae.state.controlled",
    [IRAE_IS_STALE] = "irae.state.stale",
    [IRAE_IS_RESOLVED] = "irae.state.resolved",
    [IRAE_IS_REFUTED] = "irae.state.refuted",
    [IRAE_IS_DISMISSED] = "irae.state.dismissed",
    [IRAE_IS_SNOOZED] = "irae.state.snoozed",
    [IRAE_IS_LAPSED] = "irae.state.lapsed",
};

static const char *
level_word(enum irae_level l)
{
	return l >= IRAE_POSSIBLE ? irae_level_name(l) : NULL;
}

/* The change itself, then what was new in its evidence. */
static void
explain(struct arena *a, const struct irae_row *r, struct irae_episode *e)
{
	for (size_t i = 0; i < r->because.n; i++) {
		if (!has_step(&e->because, &r->because.items[i]))
			*ARENA_PUSH(a, &e->because) = r->because.items[i];
	}
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
		const struct because b = {
		    notes[i].rule, notes[i].text, NULL, 0};

		if ((r->notes & notes[i].note) != 0 &&
		    !has_step(&e->because, &b))
			*ARENA_PUSH(a, &e->because) = b;
	}
	because_add(a, &e->because, state_rules[r->state], NULL, 0,
	    "%s: %s, %s by %s%s", wording_day(a, r->day),
	    irae_state_name(r->state),
	    r->level >= IRAE_POSSIBLE ? irae_level_name(r->level) : "held back",
	    irae_lines_words(a, r->lines),
	    r->grade > 0 ? arena_printf(a, ", grade %d", r->grade) : "");
}

/* The step that says most: a value of the highest grade, else an image or
 * what was coded. */
static const char *
headline(const struct irae_row *r)
{
	static const char *const rules[] = {"irae.value", "irae.imaging",
	    "irae.symptom", "irae.diagnosis", "irae.attributed"};

	for (int grade = 5; grade >= 0; grade--) {
		char want[12] = "grade ";

		want[6] = (char)('0' + grade);
		for (size_t i = 0; grade > 0 && i < r->because.n; i++) {
			if (strstr(r->because.items[i].text, want) != NULL)
				return r->because.items[i].text;
		}
	}
	for (size_t k = 0; k < sizeof(rules) / sizeof(*rules); k++) {
		for (size_t i = 0; i < r->because.n; i++) {
			if (strcmp(r->because.items[i].rule, rules[k]) == 0)
				return r->because.items[i].text;
		}
	}
	return NULL;
}

static struct irae_episode *
episode_of(struct assessment *x, enum irae_module m, int number)
{
	for (size_t i = 0; i < x->irae.n; i++) {
		if (x->irae.items[i].episode == number &&
		    strcmp(x->irae.items[i].event, irae_module_name(m)) == 0)
			return &x->irae.items[i];
	}
	return NULL;
}

static struct irae_episode *
episode_new(const struct assess_case *c, struct assessment *x,
    enum irae_module m, const struct irae_row *r)
{
	struct irae_episode *e = ARENA_PUSH(c->arena, &x->irae);

	e->event = irae_module_name(m);
	e->words = irae_module_words(m);
	e->episode = r->episode;
	e->ctcae = c->options->irae.ctcae;
	e->onset = r->day;
	e->resolved = e->dismissed = DAY_NONE;
	return e;
}

static void
take_row(const struct assess_case *c, const struct irae_result *x,
    enum irae_module m, const struct irae_row *r, struct irae_episode *e)
{
	struct arena *a = c->arena;
	const char *line = headline(r);

	e->grade = r->grade;
	e->certainty = level_word(r->level);
	e->flag = irae_flag_name(r->flag);
	e->state = irae_state_name(r->state);
	e->priority = irae_priority_name(r->priority);
	e->evidence = irae_lines_words(a, r->lines);
	e->advice = r->flag == IRAE_ACTIVE ? irae_advice_safe(x, m, r) : NULL;
	if (line != NULL && r->flag == IRAE_ACTIVE && r->grade >= e->worst) {
		e->headline = line;
		e->worst = r->grade;
	}
	if (r->state == IRAE_IS_DISMISSED)
		e->dismissed = r->day;
	if (r->flag == IRAE_ACTIVE)
		e->resolved = DAY_NONE;
	else if (e->resolved == DAY_NONE)
		e->resolved = r->day;
	*ARENA_PUSH(a, &e->changes) = (struct irae_change){.day = r->day,
	    .grade = r->grade,
	    .certainty = e->certainty,
	    .flag = e->flag,
	    .state = e->state,
	    .priority = e->priority,
	    .notify = r->notify};
	explain(a, r, e);
}

/* Each source of the evidence once. */
static void
collect_sources(struct arena *a, struct irae_episode *e)
{
	LIST_OF(const char *) all = {NULL, 0, 0};

	for (size_t i = 0; i < e->because.n; i++) {
		const struct because *b = &e->because.items[i];

		for (size_t k = 0; k < b->n_sources; k++) {
			size_t j = 0;

			while (j < all.n &&
			       strcmp(all.items[j], b->sources[k]) != 0)
				j++;
			if (j == all.n)
				*ARENA_PUSH(a, &all) = b->sources[k];
		}
	}
	e->sources = all.items;
	e->n_sources = all.n;
}

static void
add_course(const struct assess_case *c, enum irae_module m,
    const struct irae_result *result, struct assessment *x)
{
	const struct irae_course *course = &result->courses[m];
	int number = 0;

	for (size_t i = 0; i < course->rows.n; i++) {
		const struct irae_row *r = &course->rows.items[i];
		struct irae_episode *e;

		if (r->flag == IRAE_NO_FLAG)
			continue;
		if (r->episode != 0)
			number = r->episode;
		/* What is dismissed or asleep belongs to the last one. */
		e = episode_of(x, m, number);
		if (e == NULL)
			e = episode_new(c, x, m, r);
		take_row(c, result, m, r, e);
	}
}

/* By onset; of one day in the order of modules.def. */
static void
sort_episodes(struct assessment *x)
{
	struct irae_episode *all = x->irae.items;

	for (size_t i = 1; i < x->irae.n; i++) {
		struct irae_episode e = all[i];
		size_t k = i;

		for (; k > 0 && all[k - 1].onset > e.onset; k--)
			all[k] = all[k - 1];
		all[k] = e;
	}
}

void
irae_episodes_add(const struct assess_case *c, const struct irae_result *r,
    struct assessment *x)
{
	for (int m = 0; m < IRAE__MAX; m++)
		add_course(c, (enum irae_module)m, r, x);
	for (size_t i = 0; i < x->irae.n; i++)
		collect_sources(c->arena, &x->irae.items[i]);
	sort_episodes(x);
}
