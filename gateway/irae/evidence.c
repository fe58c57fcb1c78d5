/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What speaks for a module on a day: coded statements, images, treatments,
 * and (organ.c) measured values.
 */
#include <string.h>

#include "gateway/irae/internal.h"

const struct irae_reads_row irae_reads[] = {
#define IRAE_READS(module, analyte, use) {IRAE_##module, IRAE_##analyte, use},
#include "gateway/irae/signals.def"
#undef IRAE_READS
};
const size_t irae_n_reads = sizeof(irae_reads) / sizeof(*irae_reads);

static const struct irae_image_row images[] = {
#define IRAE_IMAGE(module, site, finding, modality, use)                       \
	{IRAE_##module, site, finding, modality, use},
#include "gateway/irae/signals.def"
#undef IRAE_IMAGE
};

const struct irae_treatment_row irae_treatments[] = {
#define IRAE_TREATMENT(module, role, effect)                                   \
	{IRAE_##module, IRAE_##role, effect},
#include "gateway/irae/signals.def"
#undef IRAE_TREATMENT
};
const size_t irae_n_treatments =
    sizeof(irae_treatments) / sizeof(*irae_treatments);

/* --- notes and words --- */

void
irae_evidence_line(struct irae_evidence *e, unsigned line, int32_t day)
{
	e->lines |= line;
	if (e->first_day == DAY_NONE || day < e->first_day)
		e->first_day = day;
}

void
irae_evidence_data(struct irae_evidence *e, int grade)
{
	if (grade > e->data)
		e->data = grade;
}

void
irae_say(const struct irae_view *v, struct irae_evidence *e, const char *rule,
    const char *source, const char *fmt, ...)
{
	struct arena *a = v->run->arena;
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	because_add(
	    a, &e->because, rule, &source, source != NULL ? 1 : 0, "%s", text);
}

const char *
irae_number(struct arena *a, int64_t micro)
{
	char *s = arena_printf(a, "%s%lld.%06lld", micro < 0 ? "-" : "",
	    (long long)(micro < 0 ? -micro : micro) / IRAE_MICRO,
	    (long long)(micro < 0 ? -micro : micro) % IRAE_MICRO);
	size_t n = strlen(s);

	while (s[n - 1] == '0')
		n--;
	if (s[n - 1] == '.')
		n--;
	s[n] = '\0';
	return s;
}

/* --- coded statements --- */

/* May what is dated that day belong to the episode?
 *= irae §1.0: nothing before day 1 is an irAE */
static bool
is_in_time(const struct irae_view *v, int32_t day)
{
	const struct irae_tracker *t = &v->run->trackers[v->module];

	return day > v->run->start &&
	       (t->evidence_from == DAY_NONE || day >= t->evidence_from);
}

static bool
is_evidence_day(const struct irae_view *v, int32_t day)
{
	return is_in_time(v, day) && !irae_was_explained(v, day);
}

static void
read_confounder(const struct irae_view *v, const struct irae_condition *c,
    struct irae_evidence *e)
{
	if (c->explains)
		e->explained = true;
	else
		e->major = true;
	e->notes |= c->explains ? IRAE_NOTE_EXPLAINED : IRAE_NOTE_CONFOUNDER;
	irae_say(v, e, c->explains ? "irae.explained" : "irae.confounder",
	    c->source, "%s: %s",
	    c->explains ? "explained by" : "another possible cause", c->text);
}

static const struct {
	unsigned line;
	const char *rule, *words;
} kinds[] = {
    [IRAE_ATTRIBUTED] = {LINE_A, "irae.attributed",
	"attributed to the treatment"},
    [IRAE_ORGAN] = {LINE_D, "irae.diagnosis", "coded diagnosis"},
    [IRAE_SYMPTOM] = {LINE_V, "irae.symptom", "symptom"},
    [IRAE_ECG] = {LINE_V, "irae.ecg", "new ECG finding"},
    [IRAE_SEVERITY] = {LINE_V, "irae.severity", "complication"},
    [IRAE_CONFOUNDER] = {0, "irae.confounder", ""},
    [IRAE_DAT_POSITIVE] = {0, "irae.dat", "haemolysis marker"},
    [IRAE_CONTEXT] = {0, "irae.context", "context"},
};

static bool
is_line(const struct irae_view *v, const struct irae_condition *c)
{
	unsigned traits = irae_traits(v->module);

	if (c->kind == IRAE_SYMPTOM && (traits & TRAIT_SPECIFIC) != 0)
		return c->specific;
	return kinds[c->kind].line != 0;
}

/* What a statement without a grade of its own counts for. */
static int
implied_grade(const struct irae_view *v, const struct irae_condition *c)
{
	switch (c->kind) {
	case IRAE_SYMPTOM:
		return irae_symptom_grade(v->module);
	case IRAE_ECG: /*= irae §2.5 myocarditis */
		return 3;
	case IRAE_SEVERITY:
		return (irae_traits(v->module) & TRAIT_GRAVE) != 0 ? 4 : 3;
	default:
		return 1;
	}
}

/* Does its grade still hold, once values have been measured after it?
 *= irae §2.5: 14 days, then measurements rule */
static bool
grade_holds(const struct irae_view *v, const struct irae_condition *c,
    const struct irae_evidence *e)
{
	bool measured_since = e->measured && e->measured_day > c->day;

	if (c->grade > 0)
		return v->day - c->day <= v->run->o->explicit_days ||
		       !measured_since;
	return c->kind == IRAE_SYMPTOM || !measured_since ||
	       (c->kind != IRAE_ORGAN && c->kind != IRAE_ATTRIBUTED &&
		   v->day - c->day <= v->run->o->explicit_days);
}

static void
read_grade(const struct irae_view *v, const struct irae_condition *c,
    struct irae_evidence *e)
{
	int grade = c->grade > 0 ? c->grade : implied_grade(v, c);
	bool by_code = c->kind == IRAE_ORGAN || c->kind == IRAE_ATTRIBUTED;

	if (!grade_holds(v, c, e))
		return;
	if (grade > e->reported)
		e->reported = grade;
	if (!by_code)
		irae_evidence_data(e, grade);
	else if (grade > e->coded)
		e->coded = grade;
}

static void
read_statement(const struct irae_view *v, const struct irae_condition *c,
    struct irae_evidence *e)
{
	if (c->kind == IRAE_CONFOUNDER) {
		read_confounder(v, c, e);
		return;
	}
	if (!(c->kind == IRAE_ATTRIBUTED ? is_in_time(v, c->day)
					 : is_evidence_day(v, c->day)))
		return;
	e->symptomatic = e->symptomatic || c->kind == IRAE_SYMPTOM;
	e->dat_positive = e->dat_positive || c->kind == IRAE_DAT_POSITIVE;
	e->severe = e->severe || c->severe;
	if ((c->kind == IRAE_ECG || c->kind == IRAE_SEVERITY) &&
	    c->day == v->day)
		e->event = true;
	if (c->kind == IRAE_ECG)
		e->ecg_grade = 3;
	if (c->kind == IRAE_CONTEXT &&
	    (irae_traits(v->module) & TRAIT_CONTEXT) != 0)
		irae_evidence_line(e, LINE_V, c->day);
	if (is_line(v, c)) {
		irae_evidence_line(e, kinds[c->kind].line, c->day);
		read_grade(v, c, e);
	}
	irae_say(v, e, kinds[c->kind].rule, c->source, "%s: %s",
	    kinds[c->kind].words, c->text);
}

/* Reading grades asks what was measured later, so this comes last. */
static void
read_statements(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_input *in = v->run->in;

	for (size_t i = 0; i < in->conditions.n; i++) {
		const struct irae_condition *c = &in->conditions.items[i];

		if (c->module == v->module &&
		    irae_is_active(c->day, c->end_day, v->day))
			read_statement(v, c, e);
	}
}

/* What the values need to know before: symptoms, and when the last statement
 * came or went. */
static void
glance_at_statements(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_input *in = v->run->in;

	for (size_t i = 0; i < in->conditions.n; i++) {
		const struct irae_condition *c = &in->conditions.items[i];

		if (c->module != v->module || c->day > v->day ||
		    c->kind == IRAE_CONFOUNDER)
			continue;
		if (c->day > e->reported_day)
			e->reported_day = c->day;
		if (c->end_day != DAY_NONE && c->end_day <= v->day &&
		    c->end_day > e->reported_day)
			e->reported_day = c->end_day;
		if (!irae_is_active(c->day, c->end_day, v->day))
			continue;
		e->symptomatic = e->symptomatic || c->kind == IRAE_SYMPTOM;
		e->dat_positive =
		    e->dat_positive || c->kind == IRAE_DAT_POSITIVE;
		if (c->kind == IRAE_ECG)
			e->ecg_grade = 3;
	}
}

/* --- images --- */

const struct irae_image_row *
irae_image_row(const struct irae_image *x)
{
	for (size_t i = 0; i < sizeof(images) / sizeof(*images); i++) {
		const struct irae_image_row *r = &images[i];

		if (strcmp(r->finding, x->finding) == 0 &&
		    (r->site[0] == '*' || strcmp(r->site, x->site) == 0) &&
		    (r->modality[0] == '\0' ||
			strcmp(r->modality, x->modality) == 0))
			return r;
	}
	return NULL;
}

bool
irae_is_last_word(const struct irae_view *v, size_t at)
{
	const struct irae_input *in = v->run->in;
	const struct irae_image *x = &in->images.items[at];

	for (size_t i = at + 1; i < in->images.n; i++) {
		const struct irae_image *y = &in->images.items[i];

		if (y->day > v->day)
			break;
		if (strcmp(x->site, y->site) == 0 &&
		    strcmp(x->finding, y->finding) == 0)
			return false;
	}
	return true;
}

/*= irae §2.5 pneumonitis: extent; ARDS §1.2 */
static int
image_grade(const struct irae_image *x)
{
	if (strcmp(x->finding, "ards") == 0)
		return 3;
	if (strcmp(x->site, "lung") != 0 || x->extent_pct < 25)
		return 1;
	return x->extent_pct > 50 ? 3 : 2;
}

/* An image gives a grade of its own until something is measured or stated
 * after it; where recovery is an image, until the next image. */
static bool
image_grades(const struct irae_view *v, const struct irae_image *x,
    const struct irae_evidence *e)
{
	if ((irae_traits(v->module) & TRAIT_IMAGED) != 0)
		return true;
	return x->day >= e->reported_day &&
	       (!e->measured || x->day >= e->measured_day);
}

/*= irae §1.2 colitis: no PET line under metformin */
static bool
is_void(const struct irae_view *v, const struct irae_image *x)
{
	const struct irae_drug *d;

	if (v->module != IRAE_COLITIS || strcmp(x->modality, "PT") != 0)
		return false;
	d = irae_drug_on(v, IRAE_ORAL_ANTIDIABETIC);
	return d != NULL && strstr(d->agent, "metformin") != NULL;
}

static void
read_image(const struct irae_view *v, const struct irae_image *x,
    bool is_line_row, struct irae_evidence *e)
{
	if (!x->present) {
		e->image_gone = true;
		irae_say(v, e, "irae.imaging_resolved", x->source,
		    "%s of the %s is gone", x->finding, x->site);
		return;
	}
	irae_say(v, e, "irae.imaging", x->source, "%s: %s of the %s",
	    x->modality, x->finding, x->site);
	if (!is_line_row)
		return;
	e->image_present = true;
	irae_evidence_line(e, LINE_I, x->day);
	if (image_grades(v, x, e))
		irae_evidence_data(e, image_grade(x));
}

static void
read_images(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_input *in = v->run->in;

	for (size_t i = 0; i < in->images.n; i++) {
		const struct irae_image *x = &in->images.items[i];
		const struct irae_image_row *r = irae_image_row(x);

		if (x->day > v->day)
			break;
		if (r == NULL || r->module != v->module || x->day < v->since ||
		    !is_evidence_day(v, x->day) || is_void(v, x) ||
		    !irae_is_last_word(v, i))
			continue;
		read_image(v, x, r->use == FINDING, e);
	}
}

/* --- treatments that imply a grade --- */

static void
read_treatments(const struct irae_view *v, struct irae_evidence *e)
{
	for (size_t i = 0; i < irae_n_treatments; i++) {
		const struct irae_treatment_row *r = &irae_treatments[i];
		const struct irae_drug *d;

		if (r->module != v->module || r->effect == LINE)
			continue;
		d = irae_drug_on(v, r->role);
		if (d == NULL)
			continue;
		if (r->effect > e->treatment)
			e->treatment = r->effect;
		irae_say(v, e, "irae.treatment", d->source, "%s", d->agent);
	}
}

void
irae_evidence_read(const struct irae_view *v, struct irae_evidence *e)
{
	unsigned traits = irae_traits(v->module);

	*e = (struct irae_evidence){.first_day = DAY_NONE,
	    .measured_day = DAY_NONE,
	    .reported_day = DAY_NONE,
	    .troponin = IRAE_NO_VALUE};
	glance_at_statements(v, e);
	irae_organ_read(v, e);
	read_images(v, e);
	read_statements(v, e);
	irae_organ_support(v, e);
	read_treatments(v, e);
	if ((traits & TRAIT_CYTOPENIA) != 0 &&
	    irae_chemo_explains(v->run, v->day)) {
		e->explained = true;
		e->notes |= IRAE_NOTE_EXPLAINED;
		irae_say(v, e, "irae.chemotherapy", NULL,
		    "explained by cytotoxic chemotherapy of the last %d days",
		    v->run->o->chemo_days);
	}
}
