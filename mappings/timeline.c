/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/timeline.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mappings/timeline_internal.h"

void
timeline_problem(struct building *b, const char *source, const char *code,
    const char *fmt, ...)
{
	struct problem *p = ARENA_PUSH(b->arena, &b->timeline->problems);
	va_list ap;

	p->source = source;
	p->code = code;
	va_start(ap, fmt);
	p->detail = arena_vprintf(b->arena, fmt, ap);
	va_end(ap);
}

static int
compare(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
by_problem(const void *va, const void *vb)
{
	const struct problem *a = va, *b = vb;
	int c = compare(a->source, b->source);

	if (c == 0)
		c = compare(a->code, b->code);
	return c != 0 ? c : compare(a->detail, b->detail);
}

static void
sort_problems(struct building *b)
{
	struct timeline *t = b->timeline;
	size_t kept = 0;

	for (size_t i = 0; i < b->facts->problems.n; i++) {
		*ARENA_PUSH(b->arena, &t->problems) =
		    b->facts->problems.items[i];
	}
	if (t->problems.n == 0)
		return;
	qsort(t->problems.items, t->problems.n, sizeof(*t->problems.items),
	    by_problem);
	for (size_t i = 0; i < t->problems.n; i++) {
		if (kept == 0 || by_problem(&t->problems.items[kept - 1],
				     &t->problems.items[i]) != 0)
			t->problems.items[kept++] = t->problems.items[i];
	}
	t->problems.n = kept;
}

/* ---- Therapy -------------------------------------------------------- */

static int
by_dose(const void *va, const void *vb)
{
	const struct dose_fact *const *a = va, *const *b = vb;

	if ((*a)->day != (*b)->day)
		return (*a)->day < (*b)->day ? -1 : 1;
	return strcmp((*a)->source.reference, (*b)->source.reference);
}

static struct agent *
agent_for(struct building *b, const struct dose_fact *d)
{
	struct timeline *t = b->timeline;
	struct agent *g;

	for (size_t i = 0; i < t->agents.n; i++) {
		g = &t->agents.items[i];
		if (strcmp(g->name, d->name) == 0 &&
		    strcmp(g->ici_class, d->ici_class) == 0)
			return g;
	}
	g = ARENA_PUSH(b->arena, &t->agents);
	g->name = d->name;
	g->ici_class = d->ici_class;
	g->first = d->day;
	g->last = DAY_NONE;
	return g;
}

/* A dose recorded twice on one day is one dose (interop D-67). */
static void
agent_add(
    struct building *b, struct agent *g, const struct dose_fact *d, size_t most)
{
	const char **sources;

	if (g->sources == NULL)
		g->sources = arena_alloc(b->arena, most * sizeof(*sources));
	memcpy(&sources, &g->sources, sizeof(sources));
	sources[g->n_sources++] = d->source.reference;
	if (g->doses == 0 || d->day != g->last)
		g->doses++;
	g->last = d->day;
}

static void
build_therapy(struct building *b)
{
	const struct patient_facts *f = b->facts;
	struct timeline *t = b->timeline;
	const struct dose_fact **doses =
	    arena_alloc(b->arena, f->doses.n * sizeof(*doses));
	size_t n = 0;

	t->therapy_start = t->therapy_last = DAY_NONE;
	for (size_t i = 0; i < f->doses.n; i++) {
		const struct dose_fact *d = &f->doses.items[i];

		if (d->ici_class != NULL && d->day != DAY_NONE)
			doses[n++] = d;
	}
	if (n == 0)
		return;
	qsort(doses, n, sizeof(*doses), by_dose);
	for (size_t i = 0; i < n; i++) {
		agent_add(b, agent_for(b, doses[i]), doses[i], n);
		if (doses[i]->last_day != DAY_NONE &&
		    doses[i]->last_day > t->therapy_last)
			t->therapy_last = doses[i]->last_day;
		if (doses[i]->day > t->therapy_last)
			t->therapy_last = doses[i]->day;
	}
	t->therapy_start = doses[0]->day;
}

/* ---- Baseline and phases -------------------------------------------- */

static bool
has_readings(const struct timeline *t, size_t tp)
{
	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct reading *r = t->lesions.items[i].at[tp];

		if (r != NULL && r->state != READING_NOT_EVALUABLE)
			return true;
	}
	return t->timepoints.items[tp].said.non_target != NULL ||
	       t->timepoints.items[tp].said.new_lesion != UNKNOWN;
}

/*
 * The last timepoint on or before the first dose, at most baseline_days
 * before it; else the first within baseline_after_days after it.  A scan
 * nobody read gives way to one that was read.
 */
static int
find_baseline(const struct building *b)
{
	const struct timeline *t = b->timeline;
	int unread = -1;

	for (size_t i = t->timepoints.n; i-- > 0;) {
		int32_t before = t->therapy_start - t->timepoints.items[i].day;

		if (before < 0 || before > b->options->baseline_days)
			continue;
		if (has_readings(t, i))
			return (int)i;
		if (unread < 0)
			unread = (int)i;
	}
	for (size_t i = 0; i < t->timepoints.n; i++) {
		int32_t after = t->timepoints.items[i].day - t->therapy_start;

		if (after > 0 && after <= b->options->baseline_after_days &&
		    has_readings(t, i))
			return (int)i;
	}
	return unread;
}

/* Without therapy: the first timepoint that was read, else the first. */
static int
first_read(const struct timeline *t)
{
	for (size_t i = 0; i < t->timepoints.n; i++) {
		if (has_readings(t, i))
			return (int)i;
	}
	return t->timepoints.n > 0 ? 0 : -1;
}

static void
build_baseline(struct building *b)
{
	struct timeline *t = b->timeline;

	t->baseline = -1;
	if (t->timepoints.n == 0 && t->therapy_start == DAY_NONE)
		return;
	if (t->therapy_start == DAY_NONE) {
		timeline_problem(b, NULL, "therapy_start_missing",
		    "no dose of a checkpoint inhibitor in the data; the first "
		    "timepoint is taken as the baseline");
		t->baseline = first_read(t);
		return;
	}
	t->baseline = find_baseline(b);
	if (t->baseline < 0) {
		timeline_problem(b, NULL, "baseline_missing",
		    "no scan within %d days before or %d days after the first "
		    "dose; no response can be judged",
		    b->options->baseline_days, b->options->baseline_after_days);
		return;
	}
	t->baseline_stale =
	    t->therapy_start - t->timepoints.items[t->baseline].day >
	    b->options->baseline_stale_days;
}

static bool
is_read_at(const struct lesion *l, size_t tp)
{
	const struct reading *r = l->at[tp];

	return r != NULL && r->state != READING_NOT_EVALUABLE;
}

/* Disease an earlier scan of the baseline window shows and the baseline scan
 * does not: it has no size to compare with, and that must be known. */
static void
check_baseline(struct building *b)
{
	const struct timeline *t = b->timeline;
	size_t base = (size_t)t->baseline;

	for (size_t i = 0; i < t->lesions.n && t->baseline >= 0; i++) {
		const struct lesion *l = &t->lesions.items[i];
		const struct reading *before = NULL;
		bool after = false;

		for (size_t k = 0; k < base; k++) {
			if (is_read_at(l, k) &&
			    t->therapy_start - t->timepoints.items[k].day <=
				b->options->baseline_days)
				before = l->at[k];
		}
		for (size_t k = base + 1; k < t->timepoints.n; k++)
			after = after || is_read_at(l, k);
		if (before == NULL || before->state == READING_ABSENT ||
		    !after || is_read_at(l, base))
			continue;
		timeline_problem(b,
		    before->n_sources > 0 ? before->sources[0] : NULL,
		    "lesion_not_read_at_baseline",
		    "lesion %s is read before and after the baseline but not "
		    "at it: no size there to compare with",
		    l->key);
	}
}

static void
set_phases(struct building *b)
{
	struct timeline *t = b->timeline;

	for (size_t i = 0; i < t->timepoints.n; i++) {
		struct timepoint *tp = &t->timepoints.items[i];
		bool before = t->baseline >= 0 ? (int)i < t->baseline
					       : tp->day < t->therapy_start;

		if (before)
			tp->phase = PHASE_PRE_BASELINE;
		else if ((int)i == t->baseline)
			tp->phase = PHASE_BASELINE;
		else if (t->therapy_last != DAY_NONE &&
			 tp->day - t->therapy_last >
			     b->options->post_treatment_days)
			tp->phase = PHASE_POST_TREATMENT;
		else
			tp->phase = PHASE_ON_TREATMENT;
	}
}

/* ---- Statements about a visit --------------------------------------- */

static enum tristate
yes_no(const char *value)
{
	if (value == NULL)
		return UNKNOWN;
	return strcmp(value, "yes") == 0  ? YES
	       : strcmp(value, "no") == 0 ? NO
					  : UNKNOWN;
}

/* Set a word and its source; a second, different one is a problem and it
 * counts, as it comes by precedence. */
static void
say(struct building *b, const struct statement_fact *s, const char **word,
    const char **source)
{
	const char *ref = s->source.reference;

	if (*word != NULL && strcmp(*word, s->value) != 0)
		timeline_problem(b, *source, "statement_conflict",
		    "says %s where %s says %s of the same visit; the latter "
		    "counts",
		    *word, ref, s->value);
	*word = s->value;
	*source = ref;
}

/* X, uptake that is no lymphoma, gives way to any number; a lesion's score to
 * the scan's own. */
enum score_rank { SCORE_NONE, SCORE_X, SCORE_OF_LESION, SCORE_OF_SCAN };

static enum score_rank
score_rank(const char *score, bool of_lesion)
{
	if (score == NULL)
		return SCORE_NONE;
	if (strcmp(score, "X") == 0)
		return SCORE_X;
	return of_lesion ? SCORE_OF_LESION : SCORE_OF_SCAN;
}

/* Of lesions the highest counts; two of the scan must agree. */
static void
say_deauville(struct building *b, const struct statement_fact *s,
    struct visit_statements *v)
{
	enum score_rank was = score_rank(v->deauville, v->deauville_of_lesion);
	enum score_rank is = score_rank(s->value, s->of_lesion);

	if (is < was || (is == was && is == SCORE_X) ||
	    (is == was && is == SCORE_OF_LESION &&
		strcmp(s->value, v->deauville) <= 0))
		return;
	if (is > was || is == SCORE_OF_LESION)
		v->deauville = NULL; /* no contradiction */
	say(b, s, &v->deauville, &v->deauville_source);
	v->deauville_of_lesion = s->of_lesion;
}

static void
apply_statement(struct building *b, const struct statement_fact *s,
    struct visit_statements *v, const char **new_word, const char **worse_word)
{
	switch (s->kind) {
	case STATEMENT_NON_TARGET:
		say(b, s, &v->non_target, &v->non_target_source);
		break;
	case STATEMENT_NON_TARGET_WORSE:
		say(b, s, worse_word, &v->non_target_worse_source);
		v->non_target_worse = yes_no(*worse_word);
		break;
	case STATEMENT_NEW_LESION:
		say(b, s, new_word, &v->new_lesion_source);
		v->new_lesion = yes_no(*new_word);
		break;
	case STATEMENT_TARGET_RESPONSE:
		say(b, s, &v->target_response, &v->target_source);
		break;
	case STATEMENT_OVERALL_RESPONSE:
		say(b, s, &v->overall_response, &v->overall_source);
		break;
	case STATEMENT_UNSCHEDULED:
		if (yes_no(s->value) != NO)
			v->unscheduled_source = s->source.reference;
		break;
	case STATEMENT_DEAUVILLE:
		say_deauville(b, s, v);
		break;
	case STATEMENT_ECOG:
		break;
	}
}

/* A statement and where it belongs. */
struct said {
	const struct statement_fact *s;
	size_t rank; /* of its reader */
	int tp;
};

/* What counts comes last: the preferred reader, the latest issued, the larger
 * source id, whatever the order of the facts. */
static int
by_precedence(const void *va, const void *vb)
{
	const struct said *a = va, *b = vb;

	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	if (a->s->issued_ms != b->s->issued_ms)
		return a->s->issued_ms < b->s->issued_ms ? -1 : 1;
	return strcmp(a->s->source.reference, b->s->source.reference);
}

static void
build_statements(struct building *b)
{
	const struct patient_facts *f = b->facts;
	struct timeline *t = b->timeline;
	size_t n = t->timepoints.n, n_said = 0;
	const char **new_words = arena_alloc(b->arena, n * sizeof(char *));
	const char **worse = arena_alloc(b->arena, n * sizeof(char *));
	struct said *all =
	    arena_alloc(b->arena, (f->statements.n + 1) * sizeof(*all));

	for (size_t i = 0; i < f->statements.n; i++) {
		const struct statement_fact *s = &f->statements.items[i];

		if (b->statement_tp[i] < 0 || s->value == NULL)
			continue;
		all[n_said].s = s;
		all[n_said].rank = cell_reader_rank(b->options, s->reader);
		all[n_said++].tp = b->statement_tp[i];
	}
	qsort(all, n_said, sizeof(*all), by_precedence);
	for (size_t i = 0; i < n_said; i++)
		apply_statement(b, all[i].s,
		    &t->timepoints.items[all[i].tp].said, &new_words[all[i].tp],
		    &worse[all[i].tp]);
}

static int
by_ecog(const void *va, const void *vb)
{
	const struct ecog_row *a = va, *b = vb;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return strcmp(a->source, b->source);
}

static void
build_ecog(struct building *b)
{
	const struct patient_facts *f = b->facts;
	struct timeline *t = b->timeline;

	for (size_t i = 0; i < f->statements.n; i++) {
		const struct statement_fact *s = &f->statements.items[i];
		struct ecog_row *row;

		if (s->kind != STATEMENT_ECOG || s->day == DAY_NONE ||
		    s->value == NULL)
			continue;
		row = ARENA_PUSH(b->arena, &t->ecog);
		row->day = s->day;
		row->score = s->value[0] - '0';
		row->source = s->source.reference;
	}
	if (t->ecog.n > 1)
		qsort(
		    t->ecog.items, t->ecog.n, sizeof(*t->ecog.items), by_ecog);
}

struct timeline *
timeline_build(const struct patient_facts *f, const struct timeline_options *o,
    struct arena *a)
{
	struct building b = {
	    .facts = f,
	    .options = o,
	    .arena = a,
	    .timeline = arena_alloc(a, sizeof(struct timeline)),
	    .measurement_tp = arena_alloc(a, f->measurements.n * sizeof(int)),
	    .measurement_day =
		arena_alloc(a, f->measurements.n * sizeof(int32_t)),
	    .statement_tp = arena_alloc(a, f->statements.n * sizeof(int)),
	};

	b.timeline->arena = a;
	b.timeline->facts = f;
	b.timeline->patient = f->patient;
	build_therapy(&b);
	timeline_group(&b);
	b.timeline->baseline = -1;
	if (!timeline_is_too_large(&b)) {
		build_statements(&b);
		timeline_lesions(&b);
		build_baseline(&b);
		check_baseline(&b);
	}
	set_phases(&b);
	build_ecog(&b);
	sort_problems(&b);
	return b.timeline;
}

const char *
phase_name(enum phase p)
{
	static const char *const names[] = {
	    "pre_baseline", "baseline", "on_treatment", "post_treatment"};

	assert(p <= PHASE_POST_TREATMENT);
	return names[p];
}

const char *
role_name(enum lesion_role r)
{
	static const char *const names[] = {"target", "non_target", "new",
	    "new_target", "new_non_target", "benign"};

	assert(r <= ROLE_BENIGN);
	return names[r];
}

const char *
reading_state_name(enum reading_state s)
{
	static const char *const names[] = {"measured", "absent", "too_small",
	    "present", "increased", "unequivocal_progression", "not_evaluable"};

	assert(s <= READING_NOT_EVALUABLE);
	return names[s];
}
