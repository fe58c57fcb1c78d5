/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/assessment_fixture.h"

#include "fhir/datetime.h"

static const char *const names[] = {
    [FIXTURE_BASELINE] = "baseline",
    [FIXTURE_PENDING] = "pending",
    [FIXTURE_NE] = "not_evaluable",
    [FIXTURE_CONFIRMED] = "confirmed",
    [FIXTURE_RESET] = "reset",
    [FIXTURE_NO_THERAPY] = "no_therapy",
    [FIXTURE_EMPTY] = "empty",
};

const char *
fixture_name(enum fixture f)
{
	return names[f];
}

/* Sums of diameters in tmm at baseline, iUPD and the scan after it. */
#define SUM_BASELINE 520
#define SUM_IUPD     666
#define SUM_NEXT     300

static const char *const studies[][1] = {
    {"ImagingStudy/1"}, {"ImagingStudy/2"}, {"ImagingStudy/3"}};

static struct patient_facts *
make_facts(struct arena *a)
{
	static const struct fact_source all[] = {
	    {"Patient/42", "3", false},
	    {"ImagingStudy/1", "1", false},
	    {"ImagingStudy/2", "1", false},
	    {"ImagingStudy/3", "2", false},
	    {"Observation/7", "1", false},
	    {"Observation/8", "", false},
	    {"Observation/9", "2", true},
	    {"Observation/10", "1", false},
	    {"MedicationAdministration/1", "1", false},
	    {"BodyStructure/l1", "5", false},
	};
	struct patient_facts *f = arena_alloc(a, sizeof(*f));

	f->arena = a;
	f->patient = "Patient/42";
	f->patient_version = "3";
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		*ARENA_PUSH(a, &f->sources) = all[i];
	return f;
}

static void
make_therapy(struct arena *a, struct timeline *t)
{
	static const char *const doses[] = {"MedicationAdministration/1"};
	struct agent *g = ARENA_PUSH(a, &t->agents);

	g->name = "pembrolizumab";
	g->ici_class = "PD-1";
	g->first = t->therapy_start = day_parse("2024-01-10");
	g->last = t->therapy_last = day_parse("2024-02-21");
	g->doses = 3;
	g->sources = doses;
	g->n_sources = 1;
}

static void
make_timepoints(struct arena *a, struct timeline *t, size_t n)
{
	static const char *const days[] = {
	    FIXTURE_DAY_BASELINE, FIXTURE_DAY_IUPD, FIXTURE_DAY_NEXT};

	for (size_t i = 0; i < n; i++) {
		struct timepoint *p = ARENA_PUSH(a, &t->timepoints);

		p->day = p->last_day = day_parse(days[i]);
		p->phase = i == 0 ? PHASE_BASELINE : PHASE_ON_TREATMENT;
		p->studies = studies[i];
		p->n_studies = 1;
		p->modalities = "CT";
	}
	t->baseline = n > 0 ? 0 : -1;
}

static void
make_reading(struct arena *a, struct lesion *l, const struct timeline *t,
    size_t at, enum reading_state state, int32_t tmm, const char *source)
{
	struct reading *r = arena_alloc(a, sizeof(*r));
	struct measurement_row *row = ARENA_PUSH(a, &l->rows);
	const char **sources = arena_alloc(a, sizeof(*sources));

	sources[0] = source;
	r->state = row->state = state;
	r->day = row->day = t->timepoints.items[at].day;
	r->longest_tmm = row->longest_tmm = tmm;
	r->short_tmm = row->short_tmm = TMM_NONE;
	r->merged_into = -1;
	r->sources = sources;
	r->n_sources = 1;
	row->suv_max = SUV_NONE;
	row->source = source;
	l->at[at] = r;
}

static struct lesion *
make_lesion(struct arena *a, struct timeline *t, const char *key,
    const char *site, enum lesion_role role, bool stated)
{
	struct lesion *l = ARENA_PUSH(a, &t->lesions);

	l->key = key;
	l->site = l->organ = site;
	l->role = role;
	l->role_stated = stated;
	l->at = arena_alloc(a, t->timepoints.n * sizeof(struct reading *));
	return l;
}

static void
make_lesions(struct arena *a, struct timeline *t)
{
	struct lesion *l =
	    make_lesion(a, t, "BodyStructure/l1", "lung", ROLE_TARGET, true);

	make_reading(
	    a, l, t, 0, READING_MEASURED, SUM_BASELINE, "Observation/7");
	l->rows.items[0].suv_max = 8250;
	l->rows.items[0].short_tmm = 180;
	if (t->timepoints.n > 1)
		make_reading(
		    a, l, t, 1, READING_MEASURED, SUM_IUPD, "Observation/8");
	if (t->timepoints.n > 2)
		make_reading(
		    a, l, t, 2, READING_MEASURED, SUM_NEXT, "Observation/10");
	if (t->timepoints.n > 1) {
		l = make_lesion(
		    a, t, "BodyStructure/n1", NULL, ROLE_NEW, false);
		l->label = "new in the liver <1>";
		make_reading(
		    a, l, t, 1, READING_PRESENT, TMM_NONE, "Observation/9");
	}
}

static void
make_verdict(
    struct verdict *v, enum category overall, int64_t burden, int64_t nadir)
{
	v->overall = v->target = overall;
	v->non_target = CAT_NA;
	v->burden = burden;
	v->nadir = nadir;
	v->base = SUM_BASELINE;
	v->nlt_sum = BURDEN_NONE;
	v->confirm_from = v->confirm_to = DAY_NONE;
}

static struct criterion_result *
make_criterion(struct arena *a, struct assessment *x, const char *id)
{
	struct criterion_result *r = ARENA_PUSH(a, &x->criteria);
	size_t n = x->timeline->timepoints.n;

	r->id = id;
	r->version = "1";
	r->citation = "a citation";
	r->at = arena_alloc(a, n * sizeof(*r->at));
	r->best.unconfirmed = r->best.confirmed = CAT_NE;
	r->best.progression_day = DAY_NONE;
	if (n > 0)
		make_verdict(&r->at[0], CAT_NA, SUM_BASELINE, SUM_BASELINE);
	return r;
}

static void
make_iupd(struct arena *a, struct verdict *v)
{
	static const char *const sources[] = {"Observation/8", "Observation/9"};

	make_verdict(v, CAT_IUPD, SUM_IUPD, SUM_BASELINE);
	v->new_lesion = true;
	v->has_irecist = true;
	v->confirm_from = day_parse("2024-04-16");
	v->confirm_to = day_parse("2024-05-14");
	because_add(a, &v->because, "irecist.iupd.target", sources, 2,
	    "sum %s mm is 28.1 %% (+14.6 mm) above the nadir of 52.0 mm & "
	    "> 20 %%",
	    "66.6");
	because_add(a, &v->because, "irecist.iupd", sources, 2, "%s",
	    v->because.items[0].text);
	verdict_flag(a, v, "NODE_BORDERLINE");
}

static const enum category next_category[][2] = {
    [FIXTURE_NE] = {CAT_NE, CAT_NE},
    [FIXTURE_CONFIRMED] = {CAT_PD, CAT_ICPD},
    [FIXTURE_RESET] = {CAT_PD, CAT_IPR},
};

static void
make_criteria(struct arena *a, struct assessment *x, enum fixture f)
{
	struct criterion_result *recist = make_criterion(a, x, "recist11");
	/* Pointers into the list do not outlive its growth. */
	struct verdict *r = recist->at, *i, *m;

	i = make_criterion(a, x, "irecist")->at;
	i[0].has_irecist = true;
	m = make_criterion(a, x, "irrc")->at;
	m[0].area = true;
	m[0].burden = m[0].nadir = m[0].base = 93650;
	if (x->timeline->timepoints.n > 1) {
		make_verdict(&r[1], CAT_PD, SUM_IUPD, SUM_BASELINE);
		make_iupd(a, &i[1]);
		make_verdict(&m[1], CAT_IRPD, 117000, 93650);
		m[1].area = true;
		m[1].base = 93650;
		m[1].confirmed = NO;
	}
	if (x->timeline->timepoints.n > 2) {
		bool ne = f == FIXTURE_NE;

		make_verdict(&r[2], next_category[f][0],
		    ne ? BURDEN_NONE : SUM_NEXT, SUM_BASELINE);
		make_verdict(&i[2], next_category[f][1],
		    ne ? BURDEN_NONE : SUM_NEXT, SUM_BASELINE);
		i[2].has_irecist = true;
		i[2].bar_reset = f == FIXTURE_RESET;
	}
}

static void
make_findings(struct arena *a, struct assessment *x)
{
	struct recommendation *r = ARENA_PUSH(a, &x->recommendations);
	struct hyperprogression *h = ARENA_PUSH(a, &x->hyperprogression);
	struct pattern *p = ARENA_PUSH(a, &x->patterns);

	*r = (struct recommendation){.kind = "next_assessment",
	    .from = day_parse("2024-06-01"),
	    .to = day_parse("2024-07-13"),
	    .state = DUE_UPCOMING,
	    .anchor = day_parse(FIXTURE_DAY_IUPD)};
	h->definition = "champiat2017";
	h->met = NO;
	h->has_value = true;
	h->value_milli = -1404;
	h->has_threshold = true;
	h->threshold_milli = 2000;
	h = ARENA_PUSH(a, &x->hyperprogression);
	h->definition = "kim2019";
	because_add(a, &h->because, "hpd.kim2019.input", NULL, 0,
	    "no scan before the baseline");
	p->kind = "pseudoprogression";
	p->status = "suspected";
	p->variant = "strict";
	p->day = day_parse(FIXTURE_DAY_IUPD);
}

static void
make_problem(struct arena *a, struct assessment *x)
{
	struct problem *p = ARENA_PUSH(a, &x->problems);

	p->source = "Observation/9";
	p->code = "unit_unknown";
	p->detail = "valueQuantity in 'inch-ish'";
	p = ARENA_PUSH(a, &x->problems);
	p->code = "no_new_lesion_assumed";
	p->detail = "nothing was said of new lesions";
}

struct assessment *
fixture_assessment(struct arena *a, enum fixture f)
{
	static const size_t n_timepoints[] = {
	    [FIXTURE_BASELINE] = 1,
	    [FIXTURE_PENDING] = 2,
	    [FIXTURE_NE] = 3,
	    [FIXTURE_CONFIRMED] = 3,
	    [FIXTURE_RESET] = 3,
	    [FIXTURE_NO_THERAPY] = 2,
	    [FIXTURE_EMPTY] = 0,
	};
	struct assessment *x = arena_alloc(a, sizeof(*x));
	struct timeline *t = arena_alloc(a, sizeof(*t));

	t->arena = x->arena = a;
	t->facts = make_facts(a);
	t->patient = "Patient/42";
	t->therapy_start = t->therapy_last = DAY_NONE;
	make_timepoints(a, t, n_timepoints[f]);
	if (f != FIXTURE_NO_THERAPY && f != FIXTURE_EMPTY)
		make_therapy(a, t);
	x->timeline = t;
	x->as_of = day_parse("2024-04-20");
	make_problem(a, x);
	if (f == FIXTURE_EMPTY)
		return x;
	make_lesions(a, t);
	make_criteria(a, x, f);
	make_findings(a, x);
	return x;
}
