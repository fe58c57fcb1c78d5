/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tumour growth rates and hyperprogression (spec/criteria.md §6).
 *
 * Every published definition is answered for itself: true, false or not
 * computable; they are never folded into one.  A definition of which an
 * input is missing is not computable, whatever its other parts say.
 */
#ifndef RESCAN_KINETICS_H
#define RESCAN_KINETICS_H

#include "gateway/assess.h"

/* A count of which a part may be unknown: at least n, at most n + open. */
struct kinetics_count {
	int n, open;
};

/* Sums are of the same target lesions, tmm; BURDEN_NONE where there is none
 * (and then `*_missing` may say why, as a reason code). */
struct kinetics_input {
	int32_t day_pre, day_base, day_first; /* DAY_NONE */
	int64_t sum_pre, sum_base, sum_first;
	const char *pre_missing, *base_missing, *first_missing;
	int32_t day_therapy;           /* first dose, DAY_NONE */
	enum tristate pd_at_first;     /* RECIST 1.1 at the first evaluation */
	int32_t day_pd;                /* first RECIST 1.1 PD, DAY_NONE */
	int64_t sum_pd;                /* sum at that visit */
	struct kinetics_count news_pd; /* new lesions at that visit */
	int ttf_days;     /* time to treatment failure, -1: unknown */
	int ttf_at_least; /* treated so many days for certain */
	/* New lesions at the first evaluation, in an organ already involved. */
	struct kinetics_count news_same_organ;
	enum tristate new_organ;       /* spread to another organ by then */
	int ecog_2mo;                  /* worst of the first two months, -1 */
	bool followed_up;              /* a later evaluable scan exists */
	int at_pre, at_base, at_first; /* timepoints, -1 */
	const struct contested *contested;
};

/* Growth rates of one period. */
struct kinetics_rate {
	bool defined;
	double tgr; /* lint: display; percent of volume per month */
	int64_t growth_tmm;
	int32_t days; /* TGK is growth_tmm / days */
};

/* One condition of a definition, as it was found. */
struct kinetics_part {
	const char *name, *test, *unit; /* "TGR ratio", "at least 2", "" */
	enum tristate met;
	const char *missing; /* reason code when UNKNOWN */
	bool has_value;
	int64_t value_milli, limit_milli;
};

#define KINETICS_PARTS 5
struct kinetics_result {
	enum tristate met;
	bool ne_ratio; /* not computable for an undefined ratio alone */
	bool has_value;
	int64_t value_milli, threshold_milli; /* the number compared */
	int n_met;                            /* of the parts */
	struct kinetics_part parts[KINETICS_PARTS];
	size_t n_parts;
};

/* Growth from a to b; not defined for a sum or an interval that is not
 * positive. */
struct kinetics_rate kinetics_rate(
    int32_t day_a, int64_t sum_a, int32_t day_b, int64_t sum_b);

/* The definitions, in the order of the document. */
#define KINETICS_DEFINITIONS 8
const char *kinetics_definition(size_t i);
const char *kinetics_citation(size_t i);
struct kinetics_result kinetics_judge(
    size_t definition, const struct kinetics_input *in);

/* The parts of a definition, for printing; NULL after the last.  How many must
 * hold, 0: all. */
const char *kinetics_part(
    size_t definition, size_t part, const char **ret_test);
int kinetics_parts_needed(size_t definition);

/* Baseline older than 28 days at the first dose, or a period below 14 days. */
bool kinetics_unreliable(const struct kinetics_input *in);

/* What the timeline and the visits say; x gives the RECIST 1.1 verdicts. */
struct kinetics_input kinetics_collect(
    const struct assess_case *c, const struct assessment *x);

/* Fill x->hyperprogression: always every definition. */
void kinetics_run(const struct assess_case *c, struct assessment *x);

#endif
