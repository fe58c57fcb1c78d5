/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to consider for an open episode: text for a clinician, never an order.
 */
#include <string.h>

#include "gateway/advice.h"
#include "gateway/irae/irae_case.h"

static const struct {
	enum irae_module module;
	enum irae_phase phase;
	const char *lines[4];
} lines[] = {
#define IRAE_ADVICE(module, phase, g1, g2, g3, g4)                             \
	{IRAE_##module, IRAE_PHASE_##phase, {g1, g2, g3, g4}},
#include "gateway/irae/advice.def"
#undef IRAE_ADVICE
};

/*= irae §3 general, for events without a line of their own */
static const char *const general[4] = {
    "continue with monitoring",
    "consider holding, resume at grade 1 or less; prednisone 0.5-1 mg/kg",
    "hold; 1-2 mg/kg, taper over 4-6 weeks or more",
    "stop permanently",
};

static bool
is_hypothyroid(const struct irae_row *r)
{
	return r->phase == IRAE_PHASE_HYPOTHYROID ||
	       r->phase == IRAE_PHASE_SUBCLINICAL_HYPO;
}

const char *
irae_advice_line(enum irae_module m, const struct irae_row *r)
{
	/*= irae §2.6 advice uses the guideline's own grade */
	int grade = r->guideline_grade > 0 ? r->guideline_grade : r->grade;
	enum irae_phase phase =
	    is_hypothyroid(r) ? IRAE_PHASE_HYPOTHYROID : IRAE_PHASE_UNKNOWN;

	if (grade < 1)
		return NULL;
	if (grade > 4)
		grade = 4;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (lines[i].module == m && lines[i].phase == phase)
			return lines[i].lines[grade - 1];
	}
	return m == IRAE_THYMIC_HYPERPLASIA ? NULL : general[grade - 1];
}

/* --- work-up --- */

/* Is any value of the analyte among the facts the engine saw? */
static bool
is_known(const struct irae_row *r, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < r->because.n; i++) {
		if (strncmp(r->because.items[i].text, name, n) == 0 &&
		    r->because.items[i].text[n] == ' ')
			return true;
	}
	return false;
}

/* Tests that would decide more.
 *= irae §1.2 cards; §4.4 cross-module rules */
static const struct {
	enum irae_module module;
	enum irae_phase phase; /* UNKNOWN: any */
	const char *analyte;   /* not needed when this is known; or NULL */
	const char *text;
} workup[] = {
    {IRAE_THYROIDITIS, IRAE_PHASE_HYPOTHYROID, NULL,
	"morning cortisol before levothyroxine is started"},
    {IRAE_HYPOPHYSITIS, IRAE_PHASE_UNKNOWN, "CORT",
	"morning cortisol and ACTH before any steroid; MR of the pituitary (a "
	"normal one does not exclude it)"},
    {IRAE_HYPOPHYSITIS, IRAE_PHASE_UNKNOWN, "ACTH", "ACTH"},
    {IRAE_ADRENALITIS, IRAE_PHASE_UNKNOWN, NULL,
	"adrenal CT: metastasis and haemorrhage are the commonest causes"},
    {IRAE_ICI_DIABETES, IRAE_PHASE_UNKNOWN, "CPEP", "C-peptide"},
    {IRAE_ICI_DIABETES, IRAE_PHASE_UNKNOWN, "BOHB", "ketones"},
    {IRAE_MYOCARDITIS, IRAE_PHASE_UNKNOWN, "CK",
	"CK, and signs of myositis and myasthenia (the three come together)"},
    {IRAE_MYOCARDITIS, IRAE_PHASE_UNKNOWN, NULL, "ECG, cardiac MR"},
    {IRAE_MYOSITIS, IRAE_PHASE_UNKNOWN, NULL,
	"troponin (I where it can be had), and signs of myasthenia"},
    {IRAE_NEURO, IRAE_PHASE_UNKNOWN, NULL, "CK and troponin"},
    {IRAE_HEPATITIS, IRAE_PHASE_UNKNOWN, NULL,
	"viral and metastatic cause, biliary obstruction, other drugs; CK for "
	"isolated transaminases"},
    {IRAE_COLITIS, IRAE_PHASE_UNKNOWN, NULL,
	"C. difficile, CMV and enteric pathogens"},
    {IRAE_PNEUMONITIS, IRAE_PHASE_UNKNOWN, NULL,
	"infection, radiation field, embolism, heart failure, lymphangitic "
	"spread"},
    {IRAE_NEPHRITIS, IRAE_PHASE_UNKNOWN, NULL,
	"obstruction, volume, sepsis, other drugs; urine sediment"},
    {IRAE_HEME_AIHA, IRAE_PHASE_UNKNOWN, "HAPTO",
	"haptoglobin, LDH, direct antiglobulin test"},
};

static void
add_workup(struct arena *a, enum irae_module m, const struct irae_row *r,
    struct recommendation *ret)
{
	for (size_t i = 0; i < sizeof(workup) / sizeof(*workup); i++) {
		if (workup[i].module != m ||
		    (workup[i].phase != IRAE_PHASE_UNKNOWN &&
			!is_hypothyroid(r)) ||
		    (workup[i].analyte != NULL &&
			is_known(r, workup[i].analyte)))
			continue;
		because_add(a, &ret->because, "irae.workup", NULL, 0,
		    "check or exclude: %s", workup[i].text);
	}
}

/* Levothyroxine is not named before cortisol is known to be fine.
 *= irae §4.4 */
const char *
irae_advice_safe(
    const struct irae_result *x, enum irae_module m, const struct irae_row *r)
{
	const struct irae_course *pituitary = &x->courses[IRAE_HYPOPHYSITIS];
	const char *line = irae_advice_line(m, r);

	if (m != IRAE_THYROIDITIS || line == NULL ||
	    strstr(line, "levothyroxine") == NULL)
		return line;
	for (size_t i = 0; i < pituitary->rows.n; i++) {
		if (is_known(&pituitary->rows.items[i], "CORT"))
			return line;
	}
	return "exclude adrenal failure first: cortisol is not known";
}

/* The last row, when its Flag is up. */
static const struct irae_row *
open_row(const struct irae_course *c)
{
	const struct irae_row *r =
	    c->rows.n == 0 ? NULL : &c->rows.items[c->rows.n - 1];

	return r != NULL && r->flag == IRAE_ACTIVE ? r : NULL;
}

/* The first day of the open episode. */
static int32_t
onset_of(const struct irae_course *c, int episode)
{
	for (size_t i = 0; i < c->rows.n; i++) {
		if (c->rows.items[i].episode == episode)
			return c->rows.items[i].day;
	}
	return DAY_NONE;
}

static const char *
article_of(const struct irae_row *r)
{
	return r->level == IRAE_DEFINITE   ? "definite"
	       : r->level == IRAE_PROBABLE ? "probable"
					   : "possible";
}

static void
recommend(const struct assess_case *c, const struct irae_result *x,
    enum irae_module m, struct assessment *ret)
{
	const struct irae_row *r = open_row(&x->courses[m]);
	struct recommendation *d;
	const char *line;
	int32_t onset;

	if (r == NULL)
		return;
	onset = onset_of(&x->courses[m], r->episode);
	d = advice_recommend(ret, "irae_workup", NULL, onset, r->day, DAY_NONE);
	d->state = DUE_NOW;
	line = irae_advice_safe(x, m, r);
	because_add(c->arena, &d->because, "irae.advice", NULL, 0,
	    "%s immune-related %s, grade %d%s%s", article_of(r),
	    irae_module_words(m), r->grade,
	    line == NULL ? "" : ". Consider (ASCO 2021 unless said): ",
	    line == NULL ? "" : line);
	if (irae_module_referral(m)[0] != '\0')
		because_add(c->arena, &d->because, "irae.referral", NULL, 0,
		    "referral: %s", irae_module_referral(m));
	add_workup(c->arena, m, r, d);
}

void
irae_advice_add(const struct assess_case *c, const struct irae_result *r,
    struct assessment *x)
{
	for (int m = 0; m < IRAE__MAX; m++)
		recommend(c, r, (enum irae_module)m, x);
}
