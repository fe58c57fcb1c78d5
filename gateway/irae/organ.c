/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measured values, module by module.
 */
#include "gateway/irae/internal.h"

/* --- one value --- */

/* H or L where no number is given.
 *= irae §5.2: at least grade 1 */
static int
interpreted_grade(const struct irae_obs *x)
{
	return x->interpretation == irae_analyte_worse(x->analyte) ? 1 : 0;
}

static int
grade_obs(const struct irae_view *v, struct irae_evidence *e,
    const struct irae_obs *x)
{
	bool stale = false;
	const struct irae_obs *b = irae_baseline(v->run, x->analyte, &stale);
	struct irae_grade_query q = {.analyte = x->analyte,
	    .version = v->run->o->ctcae,
	    .now = x->level,
	    .base = {IRAE_NO_VALUE, IRAE_NO_VALUE, IRAE_NO_VALUE,
		IRAE_NO_VALUE},
	    .symptomatic = e->symptomatic};
	int grade;

	if (b != NULL)
		q.base = b->level;
	grade = irae_grade(&q);
	if (grade < 0 && x->interpretation != 0)
		grade = interpreted_grade(x);
	if (grade > 0 && stale)
		e->notes |= IRAE_NOTE_STALE_BASELINE;
	if (grade > 0 && x->default_range)
		e->notes |= IRAE_NOTE_DEFAULT_RANGE;
	return grade;
}

/* ", 6.5 x ULN of 40"; whose limit it is, when not the result's own */
static const char *
limit_words(struct arena *a, const struct irae_obs *x)
{
	const struct irae_level_of *l = &x->level;
	const char *whose = x->default_range ? ", of a default range" : "";
	int64_t tenths;

	if (irae_analyte_worse(x->analyte) == 'L' && l->low != IRAE_NO_VALUE)
		return arena_printf(
		    a, ", LLN %s%s", irae_number(a, l->low), whose);
	if (l->high == IRAE_NO_VALUE || l->high <= 0)
		return "";
	tenths = (10 * l->value + l->high / 2) / l->high;
	return arena_printf(a, ", %lld.%lld x ULN of %s%s",
	    (long long)tenths / 10, (long long)tenths % 10,
	    irae_number(a, l->high), whose);
}

/* "260 U/L on 2024-03-18, 6.5 x ULN of 40" */
static const char *
obs_words(struct arena *a, const struct irae_obs *x)
{
	char day[DAY_SIZE];

	day_format(x->day, day);
	if (x->level.value == IRAE_NO_VALUE)
		return arena_printf(a, "%s on %s",
		    x->interpretation == 'L' ? "low" : "high", day);
	return arena_printf(a, "%s %s on %s%s",
	    irae_number(a, x->level.value), irae_analyte_unit(x->analyte), day,
	    limit_words(a, x));
}

/* ", 1.6 x baseline" */
static const char *
base_words(const struct irae_view *v, const struct irae_obs *x)
{
	bool stale;
	const struct irae_obs *b = irae_baseline(v->run, x->analyte, &stale);
	int64_t tenths;

	if (b == NULL || b->level.value <= 0 || x->level.value == IRAE_NO_VALUE)
		return "";
	tenths = (10 * x->level.value + b->level.value / 2) / b->level.value;
	return arena_printf(v->run->arena, ", %lld.%lld x baseline",
	    (long long)tenths / 10, (long long)tenths % 10);
}

static void
say_obs(const struct irae_view *v, struct irae_evidence *e,
    const struct irae_obs *x, int grade)
{
	struct arena *a = v->run->arena;

	irae_say(v, e, "irae.value", x->source, "%s %s%s%s",
	    irae_analyte_name(x->analyte), obs_words(a, x), base_words(v, x),
	    grade > 0 ? arena_printf(
			    a, " (CTCAE v%d grade %d)", v->run->o->ctcae, grade)
		      : "");
}

int
irae_grade_current(const struct irae_view *v, struct irae_evidence *e,
    enum irae_analyte a, unsigned line, int from)
{
	const struct irae_obs *x = irae_current(v, a);
	int grade;

	if (x == NULL)
		return -1;
	grade = grade_obs(v, e, x);
	if (grade > 0 || x->day == v->day)
		say_obs(v, e, x, grade);
	/* A letter alone is watched. */
	if (line != 0 && grade >= from &&
	    (x->level.value != IRAE_NO_VALUE || from == 1))
		irae_evidence_line(e, line, x->day);
	return grade;
}

enum tristate
irae_is_high(const struct irae_view *v, enum irae_analyte a)
{
	const struct irae_obs *x = irae_current(v, a);

	if (x == NULL)
		return UNKNOWN;
	if (x->level.value != IRAE_NO_VALUE && x->level.high != IRAE_NO_VALUE)
		return x->level.value > x->level.high ? YES : NO;
	if (x->interpretation == 0)
		return UNKNOWN;
	return x->interpretation == 'H' ? YES : NO;
}

enum tristate
irae_is_low(const struct irae_view *v, enum irae_analyte a)
{
	const struct irae_obs *x = irae_current(v, a);

	if (x == NULL)
		return UNKNOWN;
	if (x->level.value != IRAE_NO_VALUE && x->level.low != IRAE_NO_VALUE)
		return x->level.value < x->level.low ? YES : NO;
	if (x->interpretation == 0)
		return UNKNOWN;
	return x->interpretation == 'L' ? YES : NO;
}

static int
worst(int a, int b)
{
	return a > b ? a : b;
}

/* Is the value at least `milli` thousandths of its ULN (more, if strict)? */
static bool
is_multiple(const struct irae_obs *x, int milli, bool strict)
{
	int c;

	if (x == NULL || x->level.value == IRAE_NO_VALUE ||
	    x->level.high == IRAE_NO_VALUE)
		return false;
	c = irae_compare(x->level.value, milli, x->level.high);
	return strict ? c > 0 : c >= 0;
}

/* --- liver --- */

/*= irae §4.4 muscle source */
static bool
is_muscle(const struct irae_view *v)
{
	struct irae_view muscle = *v;
	struct irae_evidence scratch = {.first_day = DAY_NONE};

	muscle.module = IRAE_MYOSITIS;
	return irae_grade_current(&muscle, &scratch, IRAE_CK, 0, 0) >= 2 &&
	       irae_is_high(v, IRAE_TBILI) == NO &&
	       (irae_is_high(v, IRAE_ALP) == NO ||
		   irae_is_high(v, IRAE_GGT) == NO);
}

static bool
is_paired(const struct irae_view *v, const struct irae_obs *a,
    const struct irae_obs *b)
{
	int32_t gap;

	if (a == NULL || b == NULL)
		return false;
	gap = a->day > b->day ? a->day - b->day : b->day - a->day;
	return gap <= v->run->o->pair_days;
}

/*= irae §2.4 Hy's law, FDA form and nR form */
static void
read_hys_law(const struct irae_view *v, struct irae_evidence *e,
    const struct irae_obs *t)
{
	const struct irae_obs *bili = irae_current(v, IRAE_TBILI);
	const struct irae_obs *alp = irae_current(v, IRAE_ALP);

	if (!is_multiple(t, 3000, false) || !is_multiple(bili, 2000, true) ||
	    !is_paired(v, t, bili) || !is_paired(v, t, alp) ||
	    !is_paired(v, bili, alp) || !is_multiple(alp, 0, true))
		return;
	if (!is_multiple(alp, 2000, true))
		e->notes |= IRAE_NOTE_HYS_FDA;
	else if (irae_compare_ratio(t->level.value, t->level.high, 5000,
		     alp->level.value, alp->level.high) >= 0)
		e->notes |= IRAE_NOTE_HYS_NR;
	else
		return;
	irae_say(v, e, "irae.hys_law", bili->source,
	    "Hy's law (%s form): transaminase from 3 x ULN, bilirubin above "
	    "2 x ULN",
	    (e->notes & IRAE_NOTE_HYS_FDA) != 0 ? "FDA" : "nR");
}

/* The one that is the larger multiple of its ULN. */
static const struct irae_obs *
larger_multiple(const struct irae_obs *a, const struct irae_obs *b)
{
	if (!is_multiple(a, 0, false) || a->level.high <= 0)
		return b;
	if (!is_multiple(b, 0, false) || b->level.high <= 0)
		return a;
	return irae_compare_ratio(a->level.value, a->level.high, 1000,
		   b->level.value, b->level.high) >= 0
		   ? a
		   : b;
}

/*= irae §2.5 hepatitis; L from grade 2 */
static void
read_liver(const struct irae_view *v, struct irae_evidence *e)
{
	int t = worst(irae_grade_current(v, e, IRAE_ALT, LINE_L, 2),
	    irae_grade_current(v, e, IRAE_AST, LINE_L, 2));
	int bili = t >= 1 ? irae_grade_current(v, e, IRAE_TBILI, LINE_L, 2) : 0;

	irae_evidence_data(e, worst(t, bili));
	read_hys_law(v, e,
	    larger_multiple(
		irae_current(v, IRAE_ALT), irae_current(v, IRAE_AST)));
	if (t < 1 || !is_muscle(v))
		return;
	e->explained = true;
	e->notes |= IRAE_NOTE_MUSCLE_SOURCE | IRAE_NOTE_EXPLAINED;
	irae_say(v, e, "irae.muscle_source", NULL,
	    "CK is raised and bilirubin and ALP or GGT are normal: the "
	    "transaminases come from muscle");
}

/* --- gut, lung, pancreas, kidney --- */

static void
read_gut(const struct irae_view *v, struct irae_evidence *e)
{
	irae_evidence_data(e, irae_grade_current(v, e, IRAE_STOOLS, LINE_V, 2));
}

/*= irae §1.2 pneumonitis V: below 92 % or 4 points below baseline */
static void
read_lung(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_options *o = v->run->o;
	const struct irae_obs *x = irae_current(v, IRAE_SPO2), *b;
	int grade = irae_grade_current(v, e, IRAE_SPO2, LINE_V, 2);
	bool stale;

	irae_evidence_data(e, grade);
	irae_evidence_data(e, irae_grade_current(v, e, IRAE_O2, LINE_V, 1));
	if (x == NULL || x->level.value == IRAE_NO_VALUE || grade >= 2)
		return;
	b = irae_baseline(v->run, IRAE_SPO2, &stale);
	if (x->level.value >= (int64_t)o->spo2_low_pct * IRAE_MICRO &&
	    (b == NULL || b->level.value - x->level.value <
			      (int64_t)o->spo2_drop_pct * IRAE_MICRO))
		return;
	irae_evidence_line(e, LINE_V, x->day);
	irae_evidence_data(e, 2);
	irae_say(v, e, "irae.spo2_drop", x->source,
	    "oxygen saturation is low, or %d points below its baseline",
	    o->spo2_drop_pct);
}

/* A diffuse pancreas on an image up to this day, and not gone since. */
static bool
is_diffuse(const struct irae_view *v)
{
	const struct irae_input *in = v->run->in;

	for (size_t i = 0; i < in->images.n; i++) {
		const struct irae_image *x = &in->images.items[i];
		const struct irae_image_row *r = irae_image_row(x);

		if (r != NULL && r->module == v->module && x->present &&
		    x->day <= v->day && x->day >= v->since &&
		    irae_is_last_word(v, i) &&
		    (x->finding[0] == 'd' || x->finding[0] == 'p'))
			return true;
	}
	return false;
}

/*= irae §1.2 pancreatitis L */
static void
read_enzyme(
    const struct irae_view *v, struct irae_evidence *e, enum irae_analyte a)
{
	const struct irae_obs *x = irae_current(v, a);
	int grade = irae_grade_current(v, e, a, LINE_L, e->symptomatic ? 2 : 3);

	irae_evidence_data(e, grade);
	if (is_multiple(x, 3000, true) && is_diffuse(v))
		irae_evidence_line(e, LINE_L, x->day);
}

static void
read_pancreas(const struct irae_view *v, struct irae_evidence *e)
{
	read_enzyme(v, e, IRAE_LIP);
	read_enzyme(v, e, IRAE_AMY);
}

/*= irae §2.6 creatinine, ASCO */
static int
asco_creatinine(const struct irae_obs *x, const struct irae_obs *b)
{
	int64_t v = x->level.value, base;

	if (v == IRAE_NO_VALUE || b == NULL || b->level.value <= 0)
		return 0;
	base = b->level.value;
	if (irae_compare(v, 6000, base) >= 0)
		return 4;
	if (irae_compare(v, 3000, base) > 0 || v > 4 * IRAE_MICRO)
		return 3;
	if (irae_compare(v, 2000, base) > 0)
		return 2;
	if (irae_compare(v, 1500, base) >= 0 || v - base >= 3 * IRAE_MICRO / 10)
		return 1;
	return 0;
}

static void
read_kidney(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_obs *x = irae_current(v, IRAE_CREAT);
	bool stale;

	irae_evidence_data(e, irae_grade_current(v, e, IRAE_CREAT, LINE_L, 2));
	if (x == NULL)
		return;
	e->guideline_grade =
	    asco_creatinine(x, irae_baseline(v->run, IRAE_CREAT, &stale));
	if (e->guideline_grade > 0)
		irae_say(v, e, "irae.asco_grade", x->source,
		    "ASCO grade %d by its own creatinine scale",
		    e->guideline_grade);
}

/* --- heart and muscle --- */

/*= irae §1.2 myocarditis: troponin I where both exist */
static enum irae_analyte
troponin(const struct irae_view *v)
{
	const struct irae_obs *i = irae_current(v, IRAE_TNI);
	const struct irae_obs *t = irae_current(v, IRAE_TNT);

	return i != NULL && (t == NULL || i->day >= t->day) ? IRAE_TNI
							    : IRAE_TNT;
}

static void
read_heart(const struct irae_view *v, struct irae_evidence *e)
{
	enum irae_analyte which = troponin(v);
	const struct irae_obs *x = irae_current(v, which);
	int grade = irae_grade_current(v, e, which, LINE_L, 1);
	int strain = irae_grade_current(v, e, IRAE_NTPROBNP, 0, 0);

	irae_grade_current(v, e, IRAE_CK, 0, 0);
	if (x != NULL) {
		e->troponin = x->level.value;
		e->troponin_high = grade >= 1;
	}
	if (grade >= 1 && (strain >= 1 || e->symptomatic))
		grade = worst(grade, 2);
	if (grade >= 1 && irae_is_high(v, IRAE_CK) == YES) {
		irae_evidence_line(e, LINE_X, x->day);
		irae_say(v, e, "irae.combination",
		    irae_current(v, IRAE_CK)->source,
		    "troponin and CK are both raised");
	}
	if (grade >= 1 && e->ecg_grade > 0)
		irae_evidence_line(e, LINE_X, x->day);
	grade = worst(grade, irae_grade_current(v, e, IRAE_LVEF, LINE_I, 3));
	irae_evidence_data(e, grade);
}

static void
read_muscle(const struct irae_view *v, struct irae_evidence *e)
{
	irae_evidence_data(e, irae_grade_current(v, e, IRAE_CK, LINE_L, 2));
}

/* --- skin and blood --- */

static void
read_skin(const struct irae_view *v, struct irae_evidence *e)
{
	irae_evidence_data(e, irae_grade_current(v, e, IRAE_BSA, LINE_V, 2));
}

static void
read_platelets(const struct irae_view *v, struct irae_evidence *e)
{
	irae_evidence_data(e, irae_grade_current(v, e, IRAE_PLT, LINE_L, 2));
}

static void
read_neutrophils(const struct irae_view *v, struct irae_evidence *e)
{
	irae_evidence_data(e, irae_grade_current(v, e, IRAE_ANC, LINE_L, 2));
}

/*= irae §1.2 AIHA: 20 g/L below baseline and two signs of haemolysis */
static void
read_haemolysis(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_obs *x = irae_current(v, IRAE_HGB), *b;
	int grade = irae_grade_current(v, e, IRAE_HGB, 0, 0);
	int signs = (irae_is_low(v, IRAE_HAPTO) == YES) +
		    (irae_is_high(v, IRAE_LDH) == YES) + e->dat_positive;
	bool fell, stale;

	irae_grade_current(v, e, IRAE_HAPTO, 0, 0);
	irae_grade_current(v, e, IRAE_LDH, 0, 0);
	if (x == NULL || x->level.value == IRAE_NO_VALUE)
		return;
	b = irae_baseline(v->run, IRAE_HGB, &stale);
	fell = b != NULL &&
	       b->level.value - x->level.value >= 20 * (int64_t)IRAE_MICRO;
	if (fell && signs >= 2) {
		irae_evidence_line(e, LINE_X, x->day);
		irae_say(v, e, "irae.haemolysis", x->source,
		    "haemoglobin fell by 20 g/L or more, with %d signs of "
		    "haemolysis",
		    signs);
	} else if (!v->open) {
		if (grade > 0)
			e->notes |= IRAE_NOTE_UNSPECIFIC_ANAEMIA;
		return;
	}
	irae_evidence_data(e, grade);
}

/* --- all of them --- */

static void (*const readers[IRAE__MAX])(
    const struct irae_view *, struct irae_evidence *) = {
    [IRAE_COLITIS] = read_gut,
    [IRAE_PNEUMONITIS] = read_lung,
    [IRAE_THYROIDITIS] = irae_read_thyroid,
    [IRAE_HEPATITIS] = read_liver,
    [IRAE_HYPOPHYSITIS] = irae_read_pituitary,
    [IRAE_ADRENALITIS] = irae_read_adrenal,
    [IRAE_ICI_DIABETES] = irae_read_diabetes,
    [IRAE_PANCREATITIS] = read_pancreas,
    [IRAE_NEPHRITIS] = read_kidney,
    [IRAE_MYOCARDITIS] = read_heart,
    [IRAE_MYOSITIS] = read_muscle,
    [IRAE_DERMATITIS] = read_skin,
    [IRAE_HEME_ITP] = read_platelets,
    [IRAE_HEME_NEUTROPENIA] = read_neutrophils,
    [IRAE_HEME_AIHA] = read_haemolysis,
};

/*= irae §4.5 Normal: grade 0, or not worse than the baseline */
static bool
is_normal_value(const struct irae_view *v, const struct irae_obs *x)
{
	struct irae_evidence scratch = {.first_day = DAY_NONE};
	const struct irae_obs *b;
	bool stale;

	if (grade_obs(v, &scratch, x) <= 0)
		return true;
	b = irae_baseline(v->run, x->analyte, &stale);
	if (b == NULL || x->level.value == IRAE_NO_VALUE)
		return false;
	return irae_analyte_worse(x->analyte) == 'H'
		   ? x->level.value <= b->level.value
		   : x->level.value >= b->level.value;
}

/*= irae §1.2 colitis: calprotectin supports, alone it opens nothing */
void
irae_organ_support(const struct irae_view *v, struct irae_evidence *e)
{
	if (v->module == IRAE_COLITIS &&
	    irae_grade_current(v, e, IRAE_FCALPRO, 0, 0) >= 1 &&
	    (e->lines != 0 || v->open))
		irae_evidence_line(
		    e, LINE_L, irae_current(v, IRAE_FCALPRO)->day);
}

void
irae_organ_read(const struct irae_view *v, struct irae_evidence *e)
{
	bool normal = true;

	for (size_t i = 0; i < irae_n_reads; i++) {
		const struct irae_obs *x;

		if (irae_reads[i].module != v->module ||
		    irae_reads[i].use != GRADED)
			continue;
		x = irae_current(v, irae_reads[i].analyte);
		if (x == NULL)
			continue;
		e->measured = true;
		e->fresh = e->fresh || x->day == v->day;
		if (x->day > e->measured_day)
			e->measured_day = x->day;
		normal = normal && is_normal_value(v, x);
	}
	if (readers[v->module] != NULL)
		readers[v->module](v, e);
	if (!e->normal_set)
		e->normal = e->measured && (normal || e->data == 0);
}
