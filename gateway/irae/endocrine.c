/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Glands: patterns of paired values instead of grades.
 */
#include "gateway/irae/internal.h"

#define UNITS(n) ((int64_t)(n)*IRAE_MICRO)

static bool
is_near(const struct irae_view *v, const struct irae_obs *a,
    const struct irae_obs *b)
{
	int32_t gap;

	if (a == NULL || b == NULL)
		return false;
	gap = a->day > b->day ? a->day - b->day : b->day - a->day;
	return gap <= v->run->o->pair_days;
}

static int32_t
later(const struct irae_obs *a, const struct irae_obs *b)
{
	if (b == NULL || a->day > b->day)
		return a->day;
	return b->day;
}

/* --- thyroid --- */

/*= irae §1.2 thyroiditis: phases from paired TSH and free T4 */
static enum irae_phase
thyroid_phase(const struct irae_view *v)
{
	const struct irae_obs *tsh = irae_current(v, IRAE_TSH);
	bool paired = is_near(v, tsh, irae_current(v, IRAE_FT4));
	enum tristate tsh_low = irae_is_low(v, IRAE_TSH);
	enum tristate tsh_high = irae_is_high(v, IRAE_TSH);
	enum tristate t4_low = paired ? irae_is_low(v, IRAE_FT4) : UNKNOWN;
	enum tristate t4_high = paired ? irae_is_high(v, IRAE_FT4) : UNKNOWN;

	if (tsh == NULL)
		return IRAE_PHASE_UNKNOWN;
	if (tsh_low == YES && t4_high == YES)
		return IRAE_PHASE_THYROTOXIC;
	if (tsh_high == YES && t4_low == YES)
		return IRAE_PHASE_HYPOTHYROID;
	if (tsh_high != YES && t4_low == YES)
		return IRAE_PHASE_CENTRAL;
	if (tsh_low == YES)
		return IRAE_PHASE_SUBCLINICAL_HYPER;
	if (tsh_high == YES)
		return IRAE_PHASE_SUBCLINICAL_HYPO;
	return IRAE_PHASE_NORMAL;
}

/* TSH of 10 or more is a line by itself. */
static bool
is_frank(const struct irae_view *v)
{
	const struct irae_obs *tsh = irae_current(v, IRAE_TSH);

	return tsh != NULL && tsh->level.value != IRAE_NO_VALUE &&
	       tsh->level.value >= UNITS(10);
}

static void
say_thyroid(const struct irae_view *v, struct irae_evidence *e)
{
	irae_grade_current(v, e, IRAE_TSH, 0, 0);
	irae_grade_current(v, e, IRAE_FT4, 0, 0);
	if (e->phase > IRAE_PHASE_NORMAL)
		irae_say(v, e, "irae.phase", irae_current(v, IRAE_TSH)->source,
		    "the pattern of TSH and free T4 is %s",
		    irae_phase_name(e->phase));
}

void
irae_read_thyroid(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_obs *tsh = irae_current(v, IRAE_TSH);
	const struct irae_obs *t4 = irae_current(v, IRAE_FT4);

	e->phase = thyroid_phase(v);
	e->normal_set = true;
	e->normal = e->phase == IRAE_PHASE_NORMAL;
	say_thyroid(v, e);
	switch (e->phase) {
	case IRAE_PHASE_THYROTOXIC:
	case IRAE_PHASE_HYPOTHYROID:
		irae_evidence_line(e, LINE_X, later(tsh, t4));
		irae_evidence_data(e, 1);
		break;
	case IRAE_PHASE_SUBCLINICAL_HYPO:
		if (is_frank(v))
			irae_evidence_line(e, LINE_L, tsh->day);
		irae_evidence_data(e, 1);
		break;
	case IRAE_PHASE_SUBCLINICAL_HYPER:
		irae_evidence_data(e, 1);
		break;
	default:
		break;
	}
}

/* --- cortisol --- */

enum cortisol { CORTISOL_UNKNOWN, CORTISOL_FINE, CORTISOL_LOW };

/*= irae §1.2: below 3 ug/dL; §4.4 unusable under exogenous steroid */
static enum cortisol
cortisol(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_obs *x = irae_current(v, IRAE_CORT);
	const struct irae_options *o = v->run->o;

	if (x == NULL || x->level.value == IRAE_NO_VALUE)
		return CORTISOL_UNKNOWN;
	if (irae_steroid_within(v->run, x->day, o->cortisol_steroid_days,
		(int64_t)o->cortisol_steroid_mg * 1000)) {
		e->notes |= IRAE_NOTE_CORTISOL_UNUSABLE;
		irae_say(v, e, "irae.cortisol_unusable", x->source,
		    "cortisol cannot be read: systemic steroid in the last %d "
		    "days",
		    o->cortisol_steroid_days);
		return CORTISOL_UNKNOWN;
	}
	irae_grade_current(v, e, IRAE_CORT, 0, 0);
	return x->level.value < UNITS(3) ? CORTISOL_LOW : CORTISOL_FINE;
}

/* Is ACTH above `milli` thousandths of its ULN?  UNKNOWN: no value near. */
static enum tristate
acth_over(const struct irae_view *v, int milli)
{
	const struct irae_obs *x = irae_current(v, IRAE_ACTH);

	if (!is_near(v, x, irae_current(v, IRAE_CORT)) ||
	    x->level.value == IRAE_NO_VALUE || x->level.high == IRAE_NO_VALUE)
		return UNKNOWN;
	return irae_compare(x->level.value, milli, x->level.high) > 0 ? YES
								      : NO;
}

/*= irae §2.5 hypophysitis, adrenalitis: Na < 125 or K > 6.0 is grade 3 */
static void
read_salts(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_obs *na = irae_current(v, IRAE_NA);
	const struct irae_obs *k = irae_current(v, IRAE_K);

	if (na != NULL && irae_is_low(v, IRAE_NA) != NO &&
	    na->level.value != IRAE_NO_VALUE) {
		irae_grade_current(v, e, IRAE_NA, 0, 0);
		if (na->level.value < UNITS(125))
			irae_evidence_data(e, 3);
	}
	if (v->module == IRAE_ADRENALITIS && k != NULL &&
	    k->level.value != IRAE_NO_VALUE && k->level.value > UNITS(6)) {
		irae_grade_current(v, e, IRAE_K, 0, 0);
		irae_evidence_data(e, 3);
	}
}

static void
say_cortisol(const struct irae_view *v, struct irae_evidence *e,
    const char *rule, const char *words)
{
	irae_say(v, e, rule, irae_current(v, IRAE_CORT)->source, "%s", words);
}

/* Settle a gland: the salts speak only beside a line, alone they never open
 * anything (case P05). */
static void
settle_gland(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_tracker *t = &v->run->trackers[v->module];

	e->normal_set = true;
	e->normal = e->measured && e->lines == 0;
	if (e->lines != 0 || (v->open && t->lines != 0 && !e->normal))
		read_salts(v, e);
	else if (irae_is_low(v, IRAE_NA) == YES)
		e->notes |= IRAE_NOTE_SODIUM_ALONE;
}

void
irae_read_pituitary(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_obs *x = irae_current(v, IRAE_CORT);
	enum cortisol c = cortisol(v, e);
	enum tristate acth = c == CORTISOL_LOW ? acth_over(v, 1000) : UNKNOWN;

	if (thyroid_phase(v) == IRAE_PHASE_CENTRAL) {
		irae_evidence_line(e, LINE_L, irae_current(v, IRAE_FT4)->day);
		irae_evidence_data(e, 1);
		e->notes |= IRAE_NOTE_CENTRAL_HYPOTHYROID;
		irae_say(v, e, "irae.central_thyroid",
		    irae_current(v, IRAE_FT4)->source,
		    "free T4 is low and TSH is not raised");
	}
	if (c == CORTISOL_LOW && acth == NO) {
		irae_evidence_line(
		    e, LINE_X, later(x, irae_current(v, IRAE_ACTH)));
		irae_evidence_data(e, 2);
		say_cortisol(v, e, "irae.central_cortisol",
		    "cortisol is below 3 ug/dL and ACTH is not raised");
	} else if (c == CORTISOL_LOW && acth == UNKNOWN) {
		irae_evidence_line(e, LINE_L, x->day);
		irae_evidence_data(e, 1);
		say_cortisol(v, e, "irae.low_cortisol",
		    "cortisol is below 3 ug/dL, ACTH is not known");
	}
	settle_gland(v, e);
}

void
irae_read_adrenal(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_obs *x = irae_current(v, IRAE_CORT);
	enum cortisol c = cortisol(v, e);

	if (c == CORTISOL_LOW && acth_over(v, 2000) == YES) {
		irae_evidence_line(
		    e, LINE_X, later(x, irae_current(v, IRAE_ACTH)));
		irae_evidence_data(e, 2);
		say_cortisol(v, e, "irae.primary_cortisol",
		    "cortisol is below 3 ug/dL and ACTH above 2 x ULN");
	} else if (c == CORTISOL_LOW && acth_over(v, 1000) == YES) {
		irae_evidence_line(e, LINE_L, x->day);
		irae_evidence_data(e, 1);
		say_cortisol(v, e, "irae.low_cortisol",
		    "cortisol is below 3 ug/dL and ACTH above ULN");
	}
	settle_gland(v, e);
}

/* --- diabetes --- */

static bool
is_over(const struct irae_obs *x, int64_t limit)
{
	return x != NULL && x->level.value != IRAE_NO_VALUE &&
	       x->level.value >= limit;
}

/*= irae §1.2 ici_diabetes: new glucose from 200 mg/dL, 11.1 mmol/L */
#define GLUCOSE_NEW (INT64_C(111) * 18016 * 100)

static bool
is_new_hyperglycaemia(const struct irae_view *v)
{
	bool stale;

	return is_over(irae_current(v, IRAE_GLU), GLUCOSE_NEW) &&
	       !is_over(irae_baseline(v->run, IRAE_GLU, &stale), GLUCOSE_NEW);
}

static int64_t
high_dose_ug(const struct irae_run *r)
{
	if (r->in->weight_g > 0)
		return (r->o->high_steroid_ug_kg * r->in->weight_g + 999) /
		       1000;
	return (int64_t)r->o->high_steroid_mg * 1000;
}

void
irae_read_diabetes(const struct irae_view *v, struct irae_evidence *e)
{
	const struct irae_obs *g = irae_current(v, IRAE_GLU);
	bool ketones = is_over(irae_current(v, IRAE_BOHB), UNITS(3));
	bool deficit = irae_is_low(v, IRAE_CPEP) == YES;
	bool steroid = g != NULL && irae_steroid_within(v->run, g->day,
					v->run->o->glucose_steroid_days,
					high_dose_ug(v->run));

	e->normal_set = true;
	e->normal = g != NULL && !is_over(g, GLUCOSE_NEW);
	irae_grade_current(v, e, IRAE_GLU, 0, 0);
	irae_grade_current(v, e, IRAE_CPEP, 0, 0);
	irae_grade_current(v, e, IRAE_BOHB, 0, 0);
	if (!is_new_hyperglycaemia(v))
		return;
	irae_evidence_data(e, ketones ? 4 : 2);
	if (ketones || deficit) {
		irae_evidence_line(e, LINE_X, g->day);
		irae_say(v, e, "irae.combination", g->source,
		    "glucose from 200 mg/dL with %s",
		    ketones ? "ketosis" : "low C-peptide");
	} else if (steroid) {
		e->notes |= IRAE_NOTE_STEROID_HYPERGLYCAEMIA;
		irae_say(v, e, "irae.steroid_glucose", g->source,
		    "high-dose steroid in the last %d days",
		    v->run->o->glucose_steroid_days);
	} else {
		irae_evidence_line(e, LINE_L, g->day);
		irae_say(v, e, "irae.hyperglycaemia", g->source,
		    "new glucose from 200 mg/dL");
	}
}
