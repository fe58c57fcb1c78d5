/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Laboratory values and vital signs: unit, comparator, range, letter.
 */
#include <string.h>

#include "gateway/irae/irae_case.h"
#include "gateway/irae/units.h"
#include "gateway/visits.h"

static const struct {
	const char *concept;
	enum irae_analyte analyte;
} concepts[] = {
#define IRAE_LAB(concept, analyte) {concept, IRAE_##analyte},
#include "gateway/irae/concepts.def"
#undef IRAE_LAB
};

static const struct {
	enum irae_analyte analyte;
	int64_t low, high;
} ranges[] = {
#define IRAE_RANGE(analyte, low, high) {IRAE_##analyte, low, high},
#include "gateway/irae/ranges.def"
#undef IRAE_RANGE
};

/* Results without a range of their own, by analyte. */
struct rangeless {
	size_t n;
	const char *first; /* source */
	bool graded;       /* by a default */
};

static enum irae_analyte
analyte_of(const char *concept)
{
	for (size_t i = 0; i < sizeof(concepts) / sizeof(*concepts); i++) {
		if (strcmp(concepts[i].concept, concept) == 0)
			return concepts[i].analyte;
	}
	return IRAE_ANALYTE__MAX;
}

/* 'H', 'L', 'N', or 0: what is only abnormal ("A") says no direction. */
static char
letter_of(const char *interpretation)
{
	static const struct {
		const char *code;
		char letter;
	} codes[] = {{"H", 'H'}, {"HH", 'H'}, {"HU", 'H'}, {">", 'H'},
	    {"POS", 'H'}, {"DET", 'H'}, {"L", 'L'}, {"LL", 'L'}, {"LU", 'L'},
	    {"<", 'L'}, {"N", 'N'}, {"NEG", 'N'}, {"ND", 'N'}};

	for (size_t i = 0;
	     interpretation != NULL && i < sizeof(codes) / sizeof(*codes);
	     i++) {
		if (strcmp(codes[i].code, interpretation) == 0)
			return codes[i].letter;
	}
	return 0;
}

/* A limit of the fact in millionths of the canonical unit. */
static int64_t
limit(enum irae_analyte a, const struct finding_fact *f, int64_t v,
    const char *unit)
{
	const struct decimal d = {v, f->scale};
	int64_t micro;

	if (v == INT64_MIN ||
	    irae_unit_micro(a, unit, &d, &micro, NULL) != ERR_OK)
		return IRAE_NO_VALUE;
	return micro;
}

/* "<x" is just below x, ">x" just above: by more than rounding can be, by
 * less than any laboratory prints.
 *= irae §5.2 comparator */
#define JUST 100

static int64_t
compared(int64_t v, char comparator)
{
	if (comparator == '<')
		return v - JUST;
	return comparator == '>' ? v + JUST : v;
}

/* The limit that matters, absolute scales aside. */
static bool
needs_range(enum irae_analyte a)
{
	static const enum irae_analyte absolute[] = {IRAE_SPO2, IRAE_O2,
	    IRAE_STOOLS, IRAE_BSA, IRAE_LVEF, IRAE_GLU, IRAE_BOHB, IRAE_CORT};

	for (size_t i = 0; i < sizeof(absolute) / sizeof(*absolute); i++) {
		if (absolute[i] == a)
			return false;
	}
	return true;
}

static bool
is_rangeless(const struct irae_obs *x)
{
	const struct irae_level_of *l = &x->level;

	if (l->value == IRAE_NO_VALUE || !needs_range(x->analyte))
		return false;
	return irae_analyte_worse(x->analyte) == 'H' ? l->high == IRAE_NO_VALUE
						     : l->low == IRAE_NO_VALUE;
}

/* The default range, last. */
static void
fall_back(const struct assess_case *c, struct irae_obs *x, struct rangeless *r)
{
	if (!is_rangeless(x))
		return;
	if (r->n++ == 0)
		r->first = x->source;
	for (size_t i = 0; c->options->irae_default_ranges &&
			   i < sizeof(ranges) / sizeof(*ranges);
	     i++) {
		if (ranges[i].analyte != x->analyte)
			continue;
		if (x->level.low == IRAE_NO_VALUE)
			x->level.low = ranges[i].low;
		if (x->level.high == IRAE_NO_VALUE)
			x->level.high = ranges[i].high;
		x->default_range = r->graded = true;
	}
}

/* Its number; false when there is one that cannot be read. */
static bool
read_number(struct assessment *x, const struct finding_fact *f,
    enum irae_analyte a, struct irae_obs *o)
{
	const char *unit = f->range_unit != NULL ? f->range_unit : f->unit;
	const struct decimal d = {f->value, f->scale};
	int64_t micro;

	if (!f->has_value && o->interpretation == 0)
		assess_problem(x, f->source.reference, "value_missing",
		    "%s: neither a number nor a letter that says high or low",
		    f->concept);
	if (!f->has_value || f->unit == NULL)
		return o->interpretation != 0;
	switch (irae_unit_micro(a, f->unit, &d, &micro, NULL)) {
	case ERR_OK:
		break;
	case ERR_LIMIT:
		assess_problem(x, f->source.reference, "value_implausible",
		    "%s: a number out of bounds", f->concept);
		return false;
	default:
		assess_problem(x, f->source.reference, "unit_unknown",
		    "%s: not in a unit known for it", f->concept);
		return false;
	}
	o->level.value = compared(micro, f->comparator);
	o->level.low = limit(a, f, f->low, unit);
	o->level.high = limit(a, f, f->high, unit);
	o->level.mi = limit(a, f, f->infarction, f->unit);
	return true;
}

static void
say_rangeless(struct assessment *x, const struct rangeless *r)
{
	for (int a = 0; a < IRAE_ANALYTE__MAX; a++) {
		const char *name = irae_analyte_name((enum irae_analyte)a);

		if (r[a].n == 0)
			continue;
		if (r[a].graded)
			assess_problem(x, r[a].first, "range_default",
			    "%zu of %s without a reference range: a default "
			    "range was used",
			    r[a].n, name);
		else
			assess_problem(x, r[a].first, "range_missing",
			    "%zu of %s without a reference range: not "
			    "graded by its limit",
			    r[a].n, name);
	}
}

/* Stools are counted; the grade wants their increase over the patient's own
 * count before treatment.
 *= irae §2.2 diarrhoea; §2.1 the last within 180 days */
static bool
over_baseline(const struct assess_case *c, struct assessment *x,
    struct finding_fact *f)
{
	const struct timeline *t = c->timeline;
	const struct finding_fact *b = NULL;

	if (strcmp(f->concept, "stool_frequency_24h") != 0 || !f->has_value)
		return true;
	for (size_t i = 0; i < t->facts->findings.n; i++) {
		const struct finding_fact *g = &t->facts->findings.items[i];

		if (strcmp(g->concept, f->concept) == 0 && g->has_value &&
		    g->scale == f->scale && g->day <= t->therapy_start &&
		    t->therapy_start - g->day <=
			c->options->irae.baseline_stale_days &&
		    (b == NULL || g->day > b->day ||
			(g->day == b->day && g->minute > b->minute)))
			b = g;
	}
	if (f->day <= t->therapy_start)
		return false;
	if (b == NULL) {
		assess_problem(x, f->source.reference, "baseline_unknown",
		    "%s: no count from before the treatment to compare with",
		    f->concept);
		return false;
	}
	f->value = f->value > b->value ? f->value - b->value : 0;
	return true;
}

void
irae_case_labs(
    const struct assess_case *c, struct irae_input *in, struct assessment *x)
{
	const struct patient_facts *p = c->timeline->facts;
	struct rangeless missing[IRAE_ANALYTE__MAX] = {0};

	for (size_t i = 0; i < p->findings.n; i++) {
		struct finding_fact copy = p->findings.items[i], *f = &copy;
		enum irae_analyte a = analyte_of(f->concept);
		struct irae_obs o = {.day = f->day,
		    .minute = f->minute,
		    .analyte = a,
		    .level = {IRAE_NO_VALUE, IRAE_NO_VALUE, IRAE_NO_VALUE,
			IRAE_NO_VALUE},
		    .interpretation = letter_of(f->interpretation),
		    .source = f->source.reference};

		if (a == IRAE_ANALYTE__MAX || !over_baseline(c, x, f) ||
		    !read_number(x, f, a, &o))
			continue;
		fall_back(c, &o, &missing[a]);
		*ARENA_PUSH(in->arena, &in->observations) = o;
	}
	say_rangeless(x, missing);
}
