/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metabolic response on PET (spec/criteria.md §8.1–8.3).
 *
 * Uptake is in thousandths, compared by cross-multiplication.  An uptake
 * that is missing gives NE with a reason code, unless what is known decides.
 */
#ifndef RESCAN_METABOLIC_H
#define RESCAN_METABOLIC_H

#include "gateway/assess.h"

#define TLG_NONE ((int64_t)-1)

/* Two scans of one patient, boiled down to what a criterion compares. */
struct pet_pair {
	int64_t base, now;         /* uptake or sum of uptakes, -1: missing */
	const char *missing;       /* reason code for a missing uptake */
	bool partial;              /* some lesion not read: now is a minimum */
	bool new_lesion;           /* new and avid */
	bool all_resolved;         /* no uptake left in any lesion */
	int64_t tlg_base, tlg_now; /* TLG_NONE */
	int32_t extent_base, extent_now; /* TMM_NONE */
	int cycles;                      /* given before the scan, -1 */
};
#define PET_PAIR_INIT                                                          \
	{                                                                      \
		-1, -1, "UPTAKE_MISSING", false, false, false, TLG_NONE,       \
		    TLG_NONE, TMM_NONE, TMM_NONE, -1                           \
	}

struct pet_verdict {
	const char *overall; /* "PMR" */
	const char *rule;    /* "percist.pmr" */
	const char *missing; /* reason code when overall is "NE" */
	const char *flag;    /* or NULL */
};

struct pet_verdict percist_judge(const struct pet_pair *p);
struct pet_verdict eortc_judge(const struct pet_pair *p);
struct pet_verdict impercist5_judge(const struct pet_pair *sums);

/* A lesion's uptake and where it is; organ may be NULL. */
struct pet_uptake {
	int32_t value;
	const char *organ;
};
/* Sum of the five hottest, two of one organ at most; sorts u. */
int64_t impercist5_sum(struct pet_uptake *u, size_t n);

/* RECIST 1.1 at the same visit, and the hottest lesion's change; days since
 * the first dose, -1 unknown. */
struct pet_verdict pecrit_judge(
    enum category recist, const struct pet_pair *p, int days);

/* Functional diameters of the new avid lesions, tmm; TMM_NONE unknown. */
struct pet_verdict percimt_judge(
    const int32_t *diameters, size_t n, bool all_resolved);

/* A fold over PERCIST verdicts. */
struct ipercist {
	bool pending, confirmed;
	int32_t since;
};
struct pet_verdict ipercist_step(
    struct ipercist *s, int32_t day, struct pet_verdict percist);

/* The last PET with any uptake at or before the baseline timepoint; -1. */
int metabolic_baseline(const struct timeline *t);

/* Fill x->metabolic for each PET after that. */
void metabolic_run(const struct assess_case *c, struct assessment *x);

#endif
