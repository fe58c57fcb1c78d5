/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metabolic response on PET (spec/criteria.md §8), a criterion a file under
 * gateway/pet/.
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
struct pet_verdict pet_said(const char *overall, const char *rule);
struct pet_verdict pet_not_evaluable(const char *rule, const char *missing);

/* Change against baseline, at least `pct` or, with `above`, more than it;
 * base is positive. */
bool pet_rises(int64_t base, int64_t now, int pct, bool above);
bool pet_falls(int64_t base, int64_t now, int pct, bool above);

/* How far up is progression, how far down response. */
struct pet_limits {
	int up_pct;
	bool up_above; /* more than, not "at least" */
	int down_pct;
	bool down_above;
	int32_t change; /* and by so much, thousandths */
	int tlg_pct;    /* 0: not looked at */
	int extent_pct;
};
/* Rule ids of one criterion, in the order of the table of §8.1. */
struct pet_rules {
	const char *fresh, *cmr, *up, *tlg, *extent, *pmr, *smd, *ne;
};
/* The first row of the table that holds. */
struct pet_verdict pet_judge_pair(const struct pet_limits *l,
    const struct pet_rules *r, const struct pet_pair *p);

/* The judgements, each in its criterion's file. */
struct pet_verdict percist_judge(
    const struct contested *k, const struct pet_pair *p);
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
struct pet_verdict pecrit_judge(const struct contested *k, enum category recist,
    const struct pet_pair *p, int days);

/* Functional diameters of the new avid lesions, tmm; TMM_NONE unknown. */
struct pet_verdict percimt_judge(const struct contested *k,
    const int32_t *diameters, size_t n, bool all_resolved);

/* A fold over PERCIST verdicts. */
struct ipercist {
	bool pending, confirmed;
	int32_t since;
};
struct pet_verdict ipercist_step(
    struct ipercist *s, int32_t day, struct pet_verdict percist);

/* One scan as every criterion sees it. */
struct pet_scan {
	const struct assess_case *c;
	int tp;      /* timepoint */
	int base_tp; /* of the baseline PET, -1 */
	int32_t day;
	int days;             /* since the first dose, -1 */
	struct pet_pair peak; /* hottest SULpeak */
	struct pet_pair suv;  /* hottest SUV, EORTC */
	struct pet_pair sums; /* five hottest SULpeak */
	const char *suv_name;
	const char *unread;         /* key of a lesion not read, or NULL */
	LIST_OF(int32_t) diameters; /* of the new avid lesions */
	LIST_OF(const char *) sources;
	enum category recist;
	enum clinical clinical;
	int deauville; /* 1 to 5, DEAUVILLE_X, 0 without one */
	const char *deauville_source;
};

/* What a criterion answers: the verdict, the pair it rests on and what that
 * is, and more to be said. */
struct pet_answer {
	struct pet_verdict verdict;
	const struct pet_pair *pair; /* or NULL */
	const char *what;            /* "hottest SULpeak" */
	const char *text;            /* instead of a pair, or NULL */
	const char *note_rule, *note;
};

/* One criterion, a file of its own under pet/. */
struct pet_criterion {
	const char *id, *version, *citation;
	bool deauville; /* for scans with that score, else for any PET */
	size_t state_size;
	void (*step)(
	    void *state, const struct pet_scan *s, struct pet_answer *ret);
};
/* Made from the folder pet/ by the Makefile, ends with NULL. */
extern const struct pet_criterion *const pet_registry[];

/* The last PET with any uptake at or before the baseline timepoint; -1. */
int metabolic_baseline(const struct timeline *t);

/* Fill x->metabolic for each PET after that. */
void metabolic_run(const struct assess_case *c, struct assessment *x);

#endif
