/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a timeline's PET scans to the pairs of metabolic.h, and back to the
 * document.
 */
#include "gateway/metabolic.h"

#include <string.h>

#include "gateway/lymphoma.h"
#include "gateway/readings.h"
#include "gateway/wording.h"

struct run {
	const struct assess_case *c;
	struct assessment *x;
	struct arena *arena;
	const struct timeline *t;
	int base; /* baseline PET, -1 */
};

static bool
has_uptake(const struct reading *r)
{
	if (r == NULL)
		return false;
	for (size_t k = 0; k < LESION_TLG; k++) {
		if (r->suv[k] >= 0)
			return true;
	}
	return false;
}

static bool
counts(const struct lesion *l, const struct reading *r)
{
	return r != NULL && !r->equivocal && l->role != ROLE_BENIGN;
}

static bool
scan_has_uptake(const struct timeline *t, size_t tp)
{
	for (size_t i = 0; i < t->lesions.n; i++) {
		if (has_uptake(t->lesions.items[i].at[tp]))
			return true;
	}
	return false;
}

static bool
is_pet(const struct timeline *t, size_t tp)
{
	const char *m = t->timepoints.items[tp].modalities;

	return scan_has_uptake(t, tp) || (m != NULL && strstr(m, "PT") != NULL);
}

int
metabolic_baseline(const struct timeline *t)
{
	for (int i = t->baseline; i >= 0; i--) {
		if (scan_has_uptake(t, (size_t)i))
			return i;
	}
	return -1;
}

/* Uptake of one kind; 0 for a lesion that is gone, -1 when not known. */
static int32_t
uptake(const struct reading *r, enum suv_kind kind)
{
	if (r == NULL || r->state == READING_NOT_EVALUABLE)
		return -1;
	return r->state == READING_ABSENT && r->suv[kind] < 0 ? 0
							      : r->suv[kind];
}

static bool
is_new_avid(const struct run *run, const struct lesion *l, int tp)
{
	const struct reading *r = l->at[tp];

	if (!counts(l, r) || l->first <= run->base ||
	    r->state == READING_ABSENT)
		return false;
	for (size_t k = 0; k < LESION_TLG; k++) {
		if (r->suv[k] > 0)
			return true;
	}
	return false;
}

/* Avid at the baseline PET. */
static bool
was_avid(const struct run *run, const struct lesion *l)
{
	const struct reading *r = l->at[run->base];

	return counts(l, r) && has_uptake(r);
}

/* Nothing said of the lesion's uptake now. */
static bool
is_unread(const struct reading *r)
{
	return r == NULL || r->state == READING_NOT_EVALUABLE ||
	       (!has_uptake(r) && r->state != READING_ABSENT);
}

static bool
is_resolved(const struct reading *r)
{
	bool gone = r->state == READING_ABSENT;

	for (size_t k = 0; k < LESION_TLG; k++) {
		if (r->suv[k] > 0)
			return false;
		gone |= r->suv[k] == 0;
	}
	return gone;
}

static void
hottest(const struct run *run, struct pet_scan *s, enum suv_kind kind,
    struct pet_pair *p)
{
	for (size_t i = 0; i < run->t->lesions.n; i++) {
		const struct lesion *l = &run->t->lesions.items[i];
		const struct reading *r = l->at[s->tp];
		int32_t v;

		if (was_avid(run, l) && l->at[run->base]->suv[kind] > p->base)
			p->base = l->at[run->base]->suv[kind];
		if (!counts(l, r))
			continue;
		v = uptake(r, kind);
		if (v > p->now && (v > 0 || was_avid(run, l)))
			p->now = v;
	}
}

static void
sum_hottest(const struct run *run, struct pet_scan *s)
{
	size_t room = run->t->lesions.n + 1, n_base = 0, n_now = 0;
	struct pet_uptake *base = arena_alloc(run->arena, room * sizeof(*base));
	struct pet_uptake *now = arena_alloc(run->arena, room * sizeof(*now));

	for (size_t i = 0; i < run->t->lesions.n; i++) {
		const struct lesion *l = &run->t->lesions.items[i];
		const char *organ = l->nodal ? "lymph node" : l->organ;
		const struct reading *r = l->at[s->tp];

		if (was_avid(run, l) && l->at[run->base]->suv[SUL_PEAK] >= 0)
			base[n_base++] = (struct pet_uptake){
			    l->at[run->base]->suv[SUL_PEAK], organ};
		if (counts(l, r) && uptake(r, SUL_PEAK) >= 0)
			now[n_now++] =
			    (struct pet_uptake){uptake(r, SUL_PEAK), organ};
	}
	if (n_base > 0)
		s->sums.base = impercist5_sum(base, n_base);
	if (n_now > 0)
		s->sums.now = impercist5_sum(now, n_now);
}

/* What is common to all pairs: new lesions, lesions gone, lesions missing. */
static void
look(const struct run *run, struct pet_scan *s)
{
	bool any = false, all = true;

	for (size_t i = 0; i < run->t->lesions.n; i++) {
		const struct lesion *l = &run->t->lesions.items[i];
		const struct reading *r = l->at[s->tp];

		if (is_new_avid(run, l, s->tp)) {
			s->peak.new_lesion = true;
			*ARENA_PUSH(run->arena, &s->diameters) =
			    reading_size(l, r);
		}
		if (has_uptake(r) && r->n_sources > 0)
			*ARENA_PUSH(run->arena, &s->sources) = r->sources[0];
		if (!was_avid(run, l))
			continue;
		any = true;
		if (is_unread(r)) {
			s->peak.partial = true;
			s->unread = l->key;
		} else {
			all &= is_resolved(r);
		}
	}
	s->peak.all_resolved =
	    any && all && !s->peak.partial && !s->peak.new_lesion;
}

/* Of the lesions it was given for at baseline; one not read now adds nothing,
 * so that the sum can only prove growth. */
static void
load_tlg(const struct run *run, struct pet_scan *s)
{
	for (size_t i = 0; i < run->t->lesions.n; i++) {
		const struct lesion *l = &run->t->lesions.items[i];
		const struct reading *a = l->at[run->base], *b = l->at[s->tp];

		if (!counts(l, a) || a->suv[LESION_TLG] < 0)
			continue;
		if (s->peak.tlg_base == TLG_NONE)
			s->peak.tlg_base = s->peak.tlg_now = 0;
		s->peak.tlg_base += a->suv[LESION_TLG];
		if (counts(l, b) && b->suv[LESION_TLG] > 0)
			s->peak.tlg_now += b->suv[LESION_TLG];
	}
}

/* Doses on different days before the scan, -1 when no dose is known. */
static int
cycles_before(const struct timeline *t, int32_t day)
{
	const struct patient_facts *f = t->facts;
	int n = 0;

	if (t->therapy_start == DAY_NONE || f == NULL)
		return -1;
	for (size_t i = 0; i < f->doses.n; i++) {
		const struct dose_fact *d = &f->doses.items[i];
		bool repeated = false;

		if (d->ici_class == NULL || d->day >= day)
			continue;
		for (size_t j = 0; j < i; j++)
			repeated |= f->doses.items[j].ici_class != NULL &&
				    f->doses.items[j].day == d->day;
		n += !repeated;
	}
	return n;
}

static void
load_suv(const struct run *run, struct pet_scan *s)
{
	static const struct {
		enum suv_kind kind;
		const char *name;
	} kinds[] = {
	    {SUV_MEAN, "SUVmean"}, {SUV_MAX, "SUVmax"}, {SUV_PEAK, "SUVpeak"}};
	struct pet_pair empty = s->suv;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		s->suv = empty;
		s->suv_name = kinds[i].name;
		hottest(run, s, kinds[i].kind, &s->suv);
		if (s->suv.base >= 0 && s->suv.now >= 0)
			return;
	}
	s->suv = empty;
	s->suv_name = "SUV";
}

static void
load_about(const struct run *run, int tp, struct pet_scan *s)
{
	const struct criterion_result *recist =
	    assessment_criterion(run->x, "recist11");
	int32_t start = run->t->therapy_start;

	s->c = run->c;
	s->tp = tp;
	s->base_tp = run->base;
	s->day = run->t->timepoints.items[tp].day;
	s->days = start == DAY_NONE ? -1 : s->day - start;
	if (recist != NULL)
		s->recist = recist->at[tp].overall;
	for (size_t i = 0; i < run->c->n_visits; i++) {
		if (run->c->visits[i].index == tp)
			s->clinical = run->c->visits[i].clinical;
	}
	s->deauville =
	    lymphoma_deauville(run->t, (size_t)tp, &s->deauville_source);
}

static struct pet_scan
load_scan(const struct run *run, int tp)
{
	const struct pet_pair empty = PET_PAIR_INIT;
	struct pet_scan s = {.peak = empty, .suv_name = "SUV"};

	load_about(run, tp, &s);
	s.peak.missing =
	    run->base < 0 ? "BASELINE_PET_MISSING" : "SULPEAK_MISSING";
	if (run->base < 0) {
		s.suv = s.sums = s.peak;
		return s;
	}
	look(run, &s);
	s.suv = s.sums = s.peak;
	hottest(run, &s, SUL_PEAK, &s.peak);
	load_tlg(run, &s);
	sum_hottest(run, &s);
	s.suv.missing = "SUV_MISSING";
	s.suv.cycles = cycles_before(run->t, s.day);
	load_suv(run, &s);
	return s;
}

/* --- the document --- */

/* The item whose absence made it NE. */
static const char *
missing_item(const struct pet_scan *s, const char *code)
{
	if (strcmp(code, "LESION_NOT_READ") == 0 && s->unread != NULL)
		return s->unread;
	return NULL;
}

static void
explain_missing(const struct run *run, const struct pet_scan *s,
    const struct pet_verdict *v, struct metabolic *m)
{
	const char *item = missing_item(s, v->missing);
	const struct timepoint *tp = &run->t->timepoints.items[s->tp];

	if (strncmp(v->missing, "BASELINE", 8) == 0)
		missing_add(run->arena, &m->missing, v->missing,
		    "PET before the first dose");
	else if (strcmp(v->missing, "THERAPY_START_MISSING") == 0)
		missing_add(run->arena, &m->missing, v->missing, "first dose");
	else
		missing_add(run->arena, &m->missing, v->missing,
		    item != NULL        ? item
		    : tp->n_studies > 0 ? tp->studies[0]
					: wording_day(run->arena, tp->day));
	if (item != NULL)
		because_add(run->arena, &m->because, v->rule, NULL, 0,
		    "%s: no uptake of %s", v->missing, item);
	else
		because_add(run->arena, &m->because, v->rule, NULL, 0, "%s",
		    v->missing);
}

/* "hottest SULpeak 7.0 is 30.0 % (-3.0) below 10.0 at the baseline PET". */
static const char *
pair_text(const struct run *run, const struct pet_answer *a)
{
	const struct pet_pair *p = a->pair;
	const char *day =
	    wording_day(run->arena, run->t->timepoints.items[run->base].day);
	const char *now = wording_uptake(run->arena, p->now);
	const char *base = wording_uptake(run->arena, p->base);
	const char *fresh = p->new_lesion ? "; new avid lesion" : "";

	if (p->now < 0 && p->base < 0)
		return arena_printf(run->arena,
		    "%s unknown here and at the baseline PET of %s%s", a->what,
		    day, fresh);
	if (p->now < 0 || p->base < 0)
		return arena_printf(run->arena,
		    "%s %s, %s at the baseline PET of %s%s", a->what, now, base,
		    day, fresh);
	return arena_printf(run->arena,
	    "%s %s is %s %s at the baseline PET of %s%s", a->what, now,
	    wording_change_uptake(run->arena, p->now, p->base), base, day,
	    fresh);
}

/* The numbers a verdict rests on, and what is not in the data. */
static void
explain_pair(const struct run *run, const struct pet_scan *s,
    const struct pet_answer *a, struct metabolic *m)
{
	const struct pet_pair *p = a->pair;

	if (run->base < 0 ||
	    (a->verdict.missing != NULL && p->base < 0 && p->now < 0))
		return;
	because_add(run->arena, &m->because, a->verdict.rule, s->sources.items,
	    s->sources.n, "%s", pair_text(run, a));
	if (p->tlg_base > 0)
		because_add(run->arena, &m->because, a->verdict.rule, NULL, 0,
		    "total lesion glycolysis %s is %s %s at baseline",
		    wording_uptake(run->arena, p->tlg_now),
		    wording_change_uptake(run->arena, p->tlg_now, p->tlg_base),
		    wording_uptake(run->arena, p->tlg_base));
	if (a->verdict.missing == NULL)
		because_add(run->arena, &m->because, "pet.comparability", NULL,
		    0,
		    "COMPARABILITY_UNKNOWN: liver reference and uptake time "
		    "are not in the data; the scans are taken as comparable");
}

static void
explain_text(const struct run *run, const struct pet_scan *s,
    const struct pet_answer *a, bool deauville, struct metabolic *m)
{
	const char *const *src = s->sources.items;
	size_t n = s->sources.n;

	if (deauville) {
		src = &s->deauville_source;
		n = 1;
	}
	because_add(
	    run->arena, &m->because, a->verdict.rule, src, n, "%s", a->text);
}

static void
emit(const struct run *run, const struct pet_scan *s,
    const struct pet_criterion *k, const struct pet_answer *a)
{
	struct metabolic *m = ARENA_PUSH(run->arena, &run->x->metabolic);

	m->criterion = k->id;
	m->day = s->day;
	m->overall = a->verdict.overall;
	if (a->verdict.missing != NULL)
		explain_missing(run, s, &a->verdict, m);
	if (a->verdict.flag != NULL)
		because_add(run->arena, &m->because, a->verdict.rule, NULL, 0,
		    "%s", a->verdict.flag);
	if (a->pair != NULL)
		explain_pair(run, s, a, m);
	if (a->text != NULL)
		explain_text(run, s, a, k->deauville, m);
	if (a->note != NULL)
		because_add(run->arena, &m->because, a->note_rule, NULL, 0,
		    "%s", a->note);
}

/* Does the criterion have anything to say of this timepoint? */
static bool
applies(const struct run *run, const struct pet_criterion *k, int tp,
    const struct pet_scan *s)
{
	int from = run->base >= 0 ? run->base : run->t->baseline;

	if (k->deauville)
		return run->t->baseline >= 0 && tp > run->t->baseline &&
		       s->deauville != DEAUVILLE_NONE;
	return tp > from && is_pet(run->t, (size_t)tp);
}

static size_t
count_criteria(void)
{
	size_t n = 0;

	while (pet_registry[n] != NULL)
		n++;
	return n;
}

void
metabolic_run(const struct assess_case *c, struct assessment *x)
{
	struct run run = {.c = c,
	    .x = x,
	    .arena = c->arena,
	    .t = c->timeline,
	    .base = metabolic_baseline(c->timeline)};
	size_t n = count_criteria();
	void **states = arena_alloc(c->arena, n * sizeof(*states));

	for (size_t k = 0; k < n; k++)
		states[k] =
		    arena_alloc(c->arena, pet_registry[k]->state_size + 1);
	for (size_t i = 0; i < run.t->timepoints.n; i++) {
		struct pet_scan s = load_scan(&run, (int)i);

		for (size_t k = 0; k < n; k++) {
			struct pet_answer a = {0};

			if (!applies(&run, pet_registry[k], (int)i, &s))
				continue;
			pet_registry[k]->step(states[k], &s, &a);
			emit(&run, &s, pet_registry[k], &a);
		}
	}
}
