/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assessor: a timeline in, an assessment out.  Pure: no clock, no I/O, no
 * global state.
 *
 * First the facts every criterion shares are computed once per visit
 * (spec/criteria.md §0.4 steps 1–3); then each criterion, a fold over the
 * visits with a state of its own, gives its verdict.
 */
#ifndef RESCAN_ASSESS_H
#define RESCAN_ASSESS_H

#include "gateway/irae/irae.h"
#include "mappings/assessment.h"

/* The contested points of spec/criteria.md §10, each with the reading taken as
 * its default; those with a name of their own stand in assess_options. */
struct contested {
	bool round_percent;           /* C1, no */
	bool cr_before_pd;            /* C2 */
	bool nadir_zero_needs_mm;     /* C3 */
	bool partial_sum_pd;          /* C6 */
	bool node_waits;              /* C7 */
	bool nlt_ref_lowest;          /* C9 */
	bool growth_inclusive;        /* C10 */
	bool other_category_confirms; /* C12 */
	bool survivors_by_size;       /* C13 */
	bool icr_needs_news_gone;     /* C14 */
	bool early_symptom_confirms;  /* C15 */
	bool late_confirms;           /* C16 */
	bool ne_keeps_pending;        /* C17 */
	bool icpd_terminal;           /* C18 */
	bool repeat_confirms;         /* C19 in iRECIST, no */
	bool burden_repeat_confirms;  /* C19 in the others */
	bool small_nlt;               /* C20 */
	bool irrc_side_inclusive;     /* C21 */
	bool irpd_first;              /* C22 */
	bool irrecist_non_target_pd;  /* C23 */
	int32_t imrecist_min_tmm;     /* C24, 50 */
	bool ratio_needs_growth;      /* C25 */
	int two_months_days;          /* C26, 60 */
	bool psp_through_sd;          /* C27 */
	bool percist_both;            /* C28 */
	bool pecrit_rise_is_good;     /* C29 */
	int percimt_new_lesions;      /* C30, 4 */
	int matos_new_lesions;        /* C31, 2 */
	bool small_node_is_normal;    /* C32 */
	bool relapse_is_iupd;         /* C33 */
};
#define CONTESTED_DEFAULTS                                                     \
	{                                                                      \
		false, true, true, true, true, true, true, true, true, true,   \
		    true, true, true, true, false, true, true, true, true,     \
		    true, 50, true, 60, true, true, true, 4, 2, true, true     \
	}

struct assess_options {
	int32_t as_of;         /* DAY_NONE: the newest timepoint's day */
	const char *criteria;  /* "recist11,irecist", NULL: all */
	int confirm_min_days;  /* 28 */
	int confirm_max_days;  /* 56 */
	int grace_days;        /* 2 */
	bool pr_sticky;        /* C4, true */
	bool confirm_response; /* §1.9, false: randomised design */
	int sd_min_days;       /* §1.9, 42 */
	bool ne_tp_in_nadir;   /* C5, true */
	bool icpd_ref_anchor;  /* C8, true: iUPD anchor; false: block minimum */
	int32_t change_tmm;    /* C11, 50: a fall that is a change */
	int max_targets, max_per_organ;             /* 5, 2 */
	int next_scan_min_days, next_scan_max_days; /* §9 routine: 42, 84 */
	int durable_response_days; /* after the last dose [derived], 180 */
	struct contested contested;
	struct irae_options irae;
	bool irae_default_ranges; /* for results without one of their own */
};
#define ASSESS_DEFAULTS                                                        \
	{                                                                      \
		DAY_NONE, NULL, 28, 56, 2, true, false, 42, true, true, 50, 5, \
		    2, 42, 84, 180, CONTESTED_DEFAULTS, IRAE_DEFAULTS, true    \
	}

enum nt_status { NT_NA, NT_CR, NT_NON, NT_PD, NT_NE };

/*= irecist §4.9 clinical status, beside the category, never in it */
enum clinical { CLINICAL_UNKNOWN, CLINICAL_STABLE, CLINICAL_UNSTABLE };

/* A baseline target at a visit. */
struct target_fact {
	int lesion;
	bool evaluated;
	int32_t value_tmm;  /* what enters the sum of diameters (§1.3) */
	bool normal;        /* absent, or a node below 10.0 mm (§1.5 row 4) */
	const char *source; /* or NULL */
};

/* A definite or doubtful lesion not there at baseline, from its first
 * appearance on. */
struct new_lesion_fact {
	int lesion;      /* -1: only the indicator "new lesion: yes" */
	bool definite;   /* false: equivocal, kept, not counted */
	bool indicated;  /* was one of lesion -1 before it got its name */
	bool borderline; /* §1.7 node 10–14.9 mm alone */
	bool target;     /* NLT, else NLNT (§4.1) */
	bool nodal;
	bool evaluated;            /* read at this visit */
	bool resolved;             /* absent, or a node below 10.0 mm */
	bool first_seen;           /* at this visit */
	int32_t value_tmm;         /* TMM_NONE */
	enum lesion_change change; /* as stated of this visit */
	const char *source;
};

/* The facts of one visit, shared by all unidimensional criteria. */
struct visit {
	int index; /* timepoint */
	int32_t day, last_day;
	bool imaged; /* anything evaluated at all */
	const struct target_fact *targets;
	size_t n_targets;
	size_t n_evaluated;
	bool complete;   /* every target evaluated */
	int64_t sum_tmm; /* of the evaluated ones */
	bool all_normal; /* complete and every target normal */
	enum nt_status non_target;
	enum lesion_change nt_change; /* against the last assessment */
	size_t
	    n_nt_worse; /* non-targets unequivocally worse, not better since */
	const char *const *nt_sources;
	size_t n_nt_sources;
	const struct new_lesion_fact *news;
	size_t n_news;
	bool no_new_lesion_assumed; /* nothing said either way */
	bool unscheduled;           /* scan for a new symptom */
	int ecog;                   /* -1 */
	enum clinical clinical;
};

/* What a criterion sees besides the visits. */
struct assess_case {
	const struct assess_options *options;
	const struct timeline *timeline;
	struct arena *arena;
	const struct visit *visits; /* baseline first; n_visits may be 0 */
	size_t n_visits;
	int64_t base_tmm; /* sum at baseline, BURDEN_NONE when incomplete */
};

/* One criterion, a file of its own under criteria/.  Thresholds and category
 * tables are data in that file, each with its citation. */
struct criterion {
	const char *id, *version, *citation;
	/* State of one run, zeroed, of state_size bytes. */
	size_t state_size;
	void (*start)(void *state, const struct assess_case *c);
	/* Judge visit v (never the baseline); v's verdict is zeroed. */
	void (*step)(void *state, const struct assess_case *c,
	    const struct visit *v, struct verdict *ret);
	/* Best overall response from the state. */
	void (*finish)(
	    void *state, const struct assess_case *c, struct best_overall *ret);
	/* The burden at baseline where it is not the sum of diameters; else
	 * NULL. */
	void (*baseline)(const struct assess_case *c, const struct visit *v,
	    struct verdict *ret);
};

/* Made from the folder criteria/ by the Makefile, ends with NULL. */
extern const struct criterion *const criterion_registry[];

/* Assess in arena a; the timeline must outlive the result.  May select roles
 * for lesions that had none stated (in the result's lesions). */
struct assessment *assess_run(
    struct timeline *t, const struct assess_options *o, struct arena *a);

#endif
