/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/kinetics.h"

#include <math.h>
#include <string.h>

#include "gateway/sources.h"
#include "gateway/thresholds.h"

/* What a definition is made of. */
enum part_kind {
	PART_END,
	PART_PD,           /* RECIST 1.1 PD at the first evaluation */
	PART_TGR_RATIO,    /* >= limit */
	PART_TGK_RATIO,    /* >= limit */
	PART_TGK_RATIO_GT, /* > limit */
	PART_TGR_DELTA,    /* > limit, points a month */
	PART_TTF,          /* below two months */
	PART_RISE,         /* target sum >= limit % over baseline */
	PART_RISE_GT,      /* > limit % */
	PART_VOLUME,       /* volume of the summed diameter >= limit % */
	PART_NEWS_ORGAN,   /* >= limit new lesions in an involved organ */
	PART_NEW_ORGAN,    /* spread to a new organ */
	PART_ECOG,         /* >= limit in the first two months */
	PART_EARLY_PD,     /* RECIST 1.1 PD within two months */
	PART_RISE_MM,      /* >= limit mm, at that PD */
	PART_BURDEN        /* >= limit %, or 20 % and two new lesions */
};

struct part_row {
	enum part_kind kind;
	int64_t limit_milli;
	const char *name, *test, *unit;
};

struct definition {
	const char *id, *citation;
	int at_least; /* parts needed; 0: all */
	int shown;    /* part whose number is shown; -1: how many are met */
	struct part_row parts[KINETICS_PARTS + 1];
};

#define PD_FIRST                                                               \
	{                                                                      \
		PART_PD, 0, "RECIST 1.1 PD at the first evaluation", "yes", "" \
	}
#define TTF_2MO                                                                \
	{                                                                      \
		PART_TTF, 2000, "time to treatment failure", "below 2 months", \
		    " months"                                                  \
	}

static const struct definition definitions[KINETICS_DEFINITIONS] = {
    /*= hpd §6.2 champiat2017 */
    {"champiat2017", CHAMPIAT, 0, 1,
	{PD_FIRST, {PART_TGR_RATIO, 2000, "TGR ratio", "at least 2", ""}}},
    /*= hpd §6.2 saada_bouzid2017 */
    {"saada_bouzid2017", SAADA_BOUZID, 0, 0,
	{{PART_TGK_RATIO, 2000, "TGK ratio", "at least 2", ""}}},
    /*= hpd §6.2 kato2017 */
    {"kato2017", KATO, 0, 2,
	{TTF_2MO,
	    {PART_RISE_GT, 50000, "change of the target sum", "above 50 %",
		" %"},
	    {PART_TGK_RATIO_GT, 2000, "TGK ratio", "above 2", ""}}},
    /*= hpd §6.2 ferrara2018 */
    {"ferrara2018", FERRARA, 0, 1,
	{PD_FIRST, {PART_TGR_DELTA, 50000, "TGR difference",
		       "above 50 points a month", " points a month"}}},
    /*= hpd §6.2 kas2020 */
    {"kas2020", KAS, 0, 1,
	{PD_FIRST, {PART_TGR_DELTA, 100000, "TGR difference",
		       "above 100 points a month", " points a month"}}},
    /*= hpd §6.2 lo_russo2019 */
    {"lo_russo2019", LO_RUSSO, 3, -1,
	{TTF_2MO,
	    {PART_RISE, 50000, "change of the target sum", "at least 50 %",
		" %"},
	    {PART_NEWS_ORGAN, 2000, "new lesions in an involved organ",
		"at least 2", ""},
	    {PART_NEW_ORGAN, 0, "spread to a new organ", "yes", ""},
	    {PART_ECOG, 2000, "worst ECOG in the first 2 months", "at least 2",
		""}}},
    /*= hpd §6.2 matos2020 */
    {"matos2020", MATOS, 0, 2,
	{{PART_EARLY_PD, 2000, "time to RECIST 1.1 PD", "within 2 months",
	     " months"},
	    {PART_RISE_MM, 100 * MATOS_RISE_TMM, "growth of the target sum",
		"at least 10 mm", " mm"},
	    {PART_BURDEN, 40000, "change of the target sum",
		"at least 40 %, or 20 % with 2 new lesions,", " %"}}},
    /*= hpd §6.2 kim2019 */
    {"kim2019", KIM, 0, 1,
	{TTF_2MO, {PART_TGK_RATIO, 2000, "TGK ratio", "at least 2", ""},
	    {PART_TGR_RATIO, 2000, "TGR ratio", "at least 2", ""},
	    {PART_VOLUME, 50000, "change of volume", "at least 50 %", " %"}}},
};

/* A month is 365.25 / 12 days. */
/*= hpd §6.1 */
#define DAYS_TO_MILLI_MONTHS(d) (48000 * (int64_t)(d) / 1461)
#define TOLERANCE               1e-9

const char *
kinetics_definition(size_t i)
{
	return definitions[i].id;
}

const char *
kinetics_part(size_t definition, size_t part, const char **ret_test)
{
	const struct part_row *row = &definitions[definition].parts[part];

	if (row->kind == PART_END)
		return NULL;
	*ret_test = row->test;
	return row->name;
}

int
kinetics_parts_needed(size_t definition)
{
	return definitions[definition].at_least;
}

const char *
kinetics_citation(size_t i)
{
	return definitions[i].citation;
}

struct kinetics_rate
kinetics_rate(int32_t day_a, int64_t sum_a, int32_t day_b, int64_t sum_b)
{
	struct kinetics_rate r = {0};
	double months;

	if (day_a == DAY_NONE || day_b == DAY_NONE || day_b <= day_a ||
	    sum_a <= 0 || sum_b <= 0)
		return r;
	r.defined = true;
	r.growth_tmm = sum_b - sum_a;
	r.days = day_b - day_a;
	/*= hpd §6.1 TGR */
	months = r.days * 12 / 365.25;
	r.tgr =
	    100 * (exp(3 * log((double)sum_b / (double)sum_a) / months) - 1);
	return r;
}

bool
kinetics_unreliable(const struct kinetics_input *in)
{
	if (in->day_base == DAY_NONE)
		return false;
	if (in->day_therapy != DAY_NONE &&
	    in->day_therapy - in->day_base > BASELINE_OLD_DAYS)
		return true;
	if (in->day_pre != DAY_NONE &&
	    in->day_base - in->day_pre < PERIOD_SHORT_DAYS)
		return true;
	return in->day_first != DAY_NONE &&
	       in->day_first - in->day_base < PERIOD_SHORT_DAYS;
}

static void
part_missing(struct kinetics_part *p, const char *reason)
{
	p->met = UNKNOWN;
	p->missing = reason;
}

static void
part_number(struct kinetics_part *p, bool met, int64_t milli)
{
	p->met = met ? YES : NO;
	p->has_value = true;
	p->value_milli = milli;
}

static void
part_real(struct kinetics_part *p, bool met, double value)
{
	p->met = met ? YES : NO;
	p->has_value = fabs(value) < 1e12;
	p->value_milli = p->has_value ? llround(value * 1000) : 0;
}

/* Why a sum cannot be used, NULL when it can. */
static const char *
sum_missing(int64_t sum, const char *why, const char *otherwise)
{
	if (sum == BURDEN_NONE)
		return why != NULL ? why : otherwise;
	return sum <= 0 ? "SUM_NOT_POSITIVE" : NULL;
}

static const char *
baseline_missing(const struct kinetics_input *in)
{
	return sum_missing(in->sum_base, in->base_missing, "BASELINE_MISSING");
}

/* Both periods; a reason code when one is not defined. */
static const char *
both_rates(const struct kinetics_input *in, struct kinetics_rate *ref,
    struct kinetics_rate *exp)
{
	const char *why = baseline_missing(in);

	if (why == NULL)
		why = sum_missing(
		    in->sum_pre, in->pre_missing, "PRE_BASELINE_MISSING");
	if (why == NULL)
		why = sum_missing(in->sum_first, in->first_missing,
		    "FIRST_EVALUATION_MISSING");
	if (why != NULL)
		return why;
	*ref =
	    kinetics_rate(in->day_pre, in->sum_pre, in->day_base, in->sum_base);
	*exp = kinetics_rate(
	    in->day_base, in->sum_base, in->day_first, in->sum_first);
	return ref->defined && exp->defined ? NULL : "INTERVAL_NOT_POSITIVE";
}

static void
judge_rates(const struct part_row *row, const struct kinetics_input *in,
    struct kinetics_part *p)
{
	struct kinetics_rate ref, now;
	const char *why = both_rates(in, &ref, &now);
	double limit = (double)row->limit_milli / 1000;
	int64_t left, right;

	if (why != NULL) {
		part_missing(p, why);
		return;
	}
	if (row->kind == PART_TGR_DELTA) {
		part_real(p, now.tgr - ref.tgr > limit + TOLERANCE,
		    now.tgr - ref.tgr);
		return;
	}
	/*= hpd §6.1 NE_RATIO, C25 */
	if (ref.growth_tmm <= 0) {
		if (in->contested->ratio_needs_growth)
			part_missing(p, "NE_RATIO");
		else
			p->met = now.growth_tmm > 0 ? YES : NO;
		return;
	}
	if (row->kind == PART_TGR_RATIO) {
		part_real(p, now.tgr / ref.tgr >= limit - TOLERANCE,
		    now.tgr / ref.tgr);
		return;
	}
	left = 1000 * now.growth_tmm * ref.days;
	right = row->limit_milli * ref.growth_tmm * now.days;
	part_real(p, row->kind == PART_TGK_RATIO ? left >= right : left > right,
	    (double)(now.growth_tmm * ref.days) /
		(double)(ref.growth_tmm * now.days));
}

/* now/base of a sum against 100 + limit percent. */
static void
judge_rise(const struct part_row *row, int64_t now, int64_t base,
    struct kinetics_part *p)
{
	int64_t left = 100000 * (now - base), right = row->limit_milli * base;

	part_number(p, row->kind == PART_RISE_GT ? left > right : left >= right,
	    100000 * (now - base) / base);
}

static void
judge_volume(const struct part_row *row, int64_t now, int64_t base,
    struct kinetics_part *p)
{
	double ratio = (double)now / (double)base;

	part_real(p,
	    100 * (ratio * ratio * ratio - 1) >=
		(double)row->limit_milli / 1000 - TOLERANCE,
	    100 * (ratio * ratio * ratio - 1));
}

static void
judge_first(const struct part_row *row, const struct kinetics_input *in,
    struct kinetics_part *p)
{
	const char *why = baseline_missing(in);

	if (why == NULL && in->sum_first == BURDEN_NONE)
		why = in->first_missing != NULL ? in->first_missing
						: "FIRST_EVALUATION_MISSING";
	if (why != NULL)
		part_missing(p, why);
	else if (row->kind == PART_VOLUME)
		judge_volume(row, in->sum_first, in->sum_base, p);
	else
		judge_rise(row, in->sum_first, in->sum_base, p);
}

/*= hpd §10 C26 */
static bool
below_2_months(const struct kinetics_input *in, int days)
{
	return days <= in->contested->two_months_days;
}

static void
judge_ttf(const struct kinetics_input *in, struct kinetics_part *p)
{
	int days = in->ttf_days >= 0 ? in->ttf_days : in->ttf_at_least;

	if (in->ttf_days < 0 && below_2_months(in, in->ttf_at_least))
		part_missing(p, in->day_therapy == DAY_NONE
				    ? "THERAPY_START_MISSING"
				    : "THERAPY_STOP_UNKNOWN");
	else
		part_number(
		    p, below_2_months(in, days), DAYS_TO_MILLI_MONTHS(days));
}

static void
judge_count(const struct part_row *row, struct kinetics_count c,
    struct kinetics_part *p)
{
	int64_t n = 1000 * (int64_t)c.n;

	if (n < row->limit_milli && n + 1000 * c.open >= row->limit_milli)
		part_missing(p, "NEW_LESION_ORGAN_UNKNOWN");
	else
		part_number(p, n >= row->limit_milli, n);
}

static void
judge_early_pd(const struct kinetics_input *in, struct kinetics_part *p)
{
	int days;

	if (in->day_pd == DAY_NONE) {
		if (in->pd_at_first == UNKNOWN)
			part_missing(p, "RECIST_UNKNOWN");
		else
			p->met = NO;
		return;
	}
	if (in->day_therapy == DAY_NONE) {
		part_missing(p, "THERAPY_START_MISSING");
		return;
	}
	days = in->day_pd - in->day_therapy;
	part_number(p, below_2_months(in, days), DAYS_TO_MILLI_MONTHS(days));
}

/* The parts of Matos that look at the visit of an early PD. */
static void
judge_at_pd(const struct part_row *row, const struct kinetics_input *in,
    struct kinetics_part *p)
{
	const struct part_row lower = {
	    PART_RISE, 1000 * MATOS_LOWER_PCT, "", "", ""};
	struct kinetics_part early = {0};
	const char *why = baseline_missing(in);

	judge_early_pd(in, &early);
	if (early.met != YES) {
		p->met = early.met;
		p->missing = early.missing;
		return;
	}
	if (why == NULL && in->sum_pd == BURDEN_NONE)
		why = "TARGET_NOT_EVALUATED";
	if (why != NULL) {
		part_missing(p, why);
		return;
	}
	if (row->kind == PART_RISE_MM) {
		int64_t milli = 100 * (in->sum_pd - in->sum_base);

		part_number(p, milli >= row->limit_milli, milli);
		return;
	}
	judge_rise(&lower, in->sum_pd, in->sum_base, &early);
	judge_rise(row, in->sum_pd, in->sum_base, p);
	if (p->met == YES || early.met == NO ||
	    in->news_pd.n + in->news_pd.open < in->contested->matos_new_lesions)
		return;
	p->limit_milli = lower.limit_milli;
	/*= hpd §6.2 matos2020, C31 */
	if (in->news_pd.n >= in->contested->matos_new_lesions)
		p->met = YES;
	else
		part_missing(p, "NEW_LESION_COUNT_UNKNOWN");
}

static void
judge_said(enum tristate said, const char *reason, struct kinetics_part *p)
{
	p->met = said;
	p->missing = said == UNKNOWN ? reason : NULL;
}

static void
judge_part(const struct part_row *row, const struct kinetics_input *in,
    struct kinetics_part *p)
{
	p->name = row->name;
	p->test = row->test;
	p->unit = row->unit;
	p->limit_milli = row->limit_milli;
	switch (row->kind) {
	case PART_END:
		break;
	case PART_PD:
		judge_said(in->pd_at_first, "RECIST_UNKNOWN", p);
		break;
	case PART_TGR_RATIO:
	case PART_TGK_RATIO:
	case PART_TGK_RATIO_GT:
	case PART_TGR_DELTA:
		judge_rates(row, in, p);
		break;
	case PART_RISE:
	case PART_RISE_GT:
	case PART_VOLUME:
		judge_first(row, in, p);
		break;
	case PART_TTF:
		judge_ttf(in, p);
		break;
	case PART_NEWS_ORGAN:
		judge_count(row, in->news_same_organ, p);
		break;
	case PART_NEW_ORGAN:
		judge_said(in->new_organ, "NEW_LESION_ORGAN_UNKNOWN", p);
		break;
	case PART_ECOG:
		if (in->ecog_2mo < 0)
			part_missing(p, "ECOG_MISSING");
		else
			part_number(p, in->ecog_2mo >= row->limit_milli / 1000,
			    1000 * (int64_t)in->ecog_2mo);
		break;
	case PART_EARLY_PD:
		judge_early_pd(in, p);
		break;
	case PART_RISE_MM:
	case PART_BURDEN:
		judge_at_pd(row, in, p);
		break;
	}
}

/* All of the parts.  A missing input leaves the whole not computable; an
 * undefined ratio (all inputs there) only where nothing else says no. */
static void
decide_all(struct kinetics_result *r)
{
	bool missing = false, undefined = false, refused = false;

	for (size_t i = 0; i < r->n_parts; i++) {
		const struct kinetics_part *p = &r->parts[i];
		bool ratio =
		    p->met == UNKNOWN && strcmp(p->missing, "NE_RATIO") == 0;

		undefined |= ratio;
		missing |= p->met == UNKNOWN && !ratio;
		refused |= p->met == NO;
	}
	if (missing)
		r->met = UNKNOWN;
	else if (refused)
		r->met = NO;
	else
		r->met = undefined ? UNKNOWN : YES;
	r->ne_ratio = !missing && !refused && undefined;
}

/* So many of the parts.  An open part matters only if it could decide; a
 * target sum that is missing always does (§11). */
static void
decide_count(const struct definition *d, struct kinetics_result *r)
{
	int open = 0;
	bool sum_missed = false;

	for (size_t i = 0; i < r->n_parts; i++) {
		open += r->parts[i].met == UNKNOWN;
		sum_missed |=
		    r->parts[i].met == UNKNOWN && d->parts[i].kind == PART_RISE;
	}
	if (r->n_met >= d->at_least)
		r->met = YES;
	else if (sum_missed || r->n_met + open >= d->at_least)
		r->met = UNKNOWN;
	else
		r->met = NO;
}

struct kinetics_result
kinetics_judge(size_t definition, const struct kinetics_input *in)
{
	const struct definition *d = &definitions[definition];
	struct kinetics_result r = {0};

	while (r.n_parts < KINETICS_PARTS &&
	       d->parts[r.n_parts].kind != PART_END) {
		struct kinetics_part *p = &r.parts[r.n_parts];

		judge_part(&d->parts[r.n_parts++], in, p);
		r.n_met += p->met == YES;
	}
	if (d->at_least > 0)
		decide_count(d, &r);
	else
		decide_all(&r);
	if (d->shown >= 0) {
		r.has_value = r.parts[d->shown].has_value;
		r.value_milli = r.parts[d->shown].value_milli;
		r.threshold_milli = r.parts[d->shown].limit_milli;
	} else {
		r.has_value = r.met != UNKNOWN;
		r.value_milli = 1000 * (int64_t)r.n_met;
		r.threshold_milli = 1000 * (int64_t)d->at_least;
	}
	return r;
}
