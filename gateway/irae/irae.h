/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suspected immune-related adverse events: a patient's signals in, episodes
 * with their whole history out.
 *
 * Pure: no clock, no I/O, no global state.  The history is recomputed from
 * all facts each time, a fold over the days on which something was dated
 * (spec/irae.md §4.7), so that late, amended and withdrawn results change it.
 * Nothing here is an order: a clinician decides.
 */
#ifndef RESCAN_IRAE_H
#define RESCAN_IRAE_H

#include "gateway/irae/grade.h"
#include "mappings/assessment.h"

enum irae_module {
#define IRAE_MODULE(id, name, words, symptom_grade, traits, referral) IRAE_##id,
#include "gateway/irae/modules.def"
#undef IRAE_MODULE
	IRAE__MAX
};

/* --- input --- */

enum irae_class { IRAE_PD1 = 1, IRAE_CTLA4 = 2, IRAE_LAG3 = 4 };

struct irae_dose {
	int32_t day;
	unsigned ici_class; /* of enum irae_class */
	const char *source;
};

struct irae_obs {
	int32_t day;
	int32_t minute; /* of the day; equal: the worse counts */
	enum irae_analyte analyte;
	struct irae_level_of level; /* value IRAE_NO_VALUE: interpretation */
	char interpretation;        /* 'H', 'L', 'N' or 0 */
	bool default_range;         /* not the result's own */
	const char *source;
};

struct irae_image {
	int32_t day;
	const char *modality, *site, *finding; /* keys of §1.2 */
	bool present;                          /* false: looked for and gone */
	int extent_pct;                        /* -1 */
	bool lesion_like;
	int blamed; /* module histology may give it to, -1 */
	const char *source;
};

enum irae_drug_role {
	IRAE_STEROID,
	IRAE_INFLIXIMAB,
	IRAE_VEDOLIZUMAB,
	IRAE_MYCOPHENOLATE,
	IRAE_IVIG,
	IRAE_PYRIDOSTIGMINE,
	IRAE_LEVOTHYROXINE,
	IRAE_ANTITHYROID,
	IRAE_BETA_BLOCKER,
	IRAE_REPLACEMENT, /* of cortisol */
	IRAE_INSULIN,
	IRAE_ORAL_ANTIDIABETIC,
	IRAE_CHEMO,
	IRAE_DRUG__MAX
};

struct irae_drug {
	int32_t day, end_day; /* end exclusive, DAY_NONE: open */
	const char *agent;
	enum irae_drug_role role;
	int64_t pred_ug; /* prednisone equivalent, micrograms a day */
	const char *source;
};

enum irae_condition_kind {
	IRAE_ATTRIBUTED, /* by a clinician to the drug, or by histology */
	IRAE_ORGAN,      /* a bare diagnosis */
	IRAE_SYMPTOM,
	IRAE_ECG,
	IRAE_SEVERITY,
	IRAE_CONFOUNDER,
	IRAE_DAT_POSITIVE,
	IRAE_CONTEXT
};

struct irae_condition {
	int32_t day, end_day; /* end exclusive, DAY_NONE: open */
	enum irae_module module;
	enum irae_condition_kind kind;
	int grade;     /* explicit CTCAE grade, 0 none */
	bool explains; /* confounder: the strong kind */
	bool specific; /* neurologic symptom */
	bool histology;
	bool severe; /* SJS, TEN, DRESS: high priority at once */
	const char *text, *source;
};

struct irae_action {
	int32_t day;
	enum irae_module module;
	int episode; /* 0: whichever is open */
	const char *source;
};

struct irae_input {
	struct arena *arena;
	LIST_OF(struct irae_dose) doses;
	LIST_OF(struct irae_obs) observations;
	LIST_OF(struct irae_image) images;
	LIST_OF(struct irae_drug) drugs;
	LIST_OF(struct irae_condition) conditions;
	LIST_OF(struct irae_action) dismissals;
	LIST_OF(int32_t) reviews; /* days on which it is judged besides */
	int64_t weight_g;         /* 0: unknown */
	int32_t as_of;            /* later facts are not seen; DAY_NONE: all */
};

/* Every number spec/irae.md marks [rule]. */
struct irae_options {
	int ctcae;                 /* 5 or 6 */
	int lookback_days;         /* 28: older values are not current */
	int baseline_days;         /* 28 */
	int baseline_stale_days;   /* 180 */
	int delayed_from_days;     /* 90: later is a delayed event */
	int delayed_to_days;       /* 853 */
	int reopen_days;           /* 30 */
	int normal_gap_days;       /* 7 */
	int steroid_free_mg;       /* 10: recovery counts up to this */
	int high_steroid_mg;       /* 40, when the weight is unknown */
	int high_steroid_ug_kg;    /* 500 */
	int treat_before_days;     /* 3: T before the first other line */
	int treat_after_days;      /* 30 */
	int premed_days;           /* 4 */
	int premed_chemo_days;     /* 2 */
	int cortisol_steroid_days; /* 14 */
	int cortisol_steroid_mg;   /* 5 */
	int glucose_steroid_days;  /* 7 */
	int chemo_days;            /* 35 */
	int pair_days;             /* 14: TSH and FT4; Hy's law */
	int explicit_days;         /* 14: a coded grade holds */
	int replaced_days;         /* 28: then a permanent one is controlled */
	int spo2_low_pct;          /* 92 */
	int spo2_drop_pct;         /* 4 */
	int stale_days;            /* 90 */
	int lapse_days;            /* 180 */
	int recheck_min_days, recheck_max_days; /* 28, 56 */
};
#define IRAE_DEFAULTS                                                          \
	{                                                                      \
		5, 28, 28, 180, 90, 853, 30, 7, 10, 40, 500, 3, 30, 4, 2, 14,  \
		    5, 7, 35, 14, 14, 28, 92, 4, 90, 180, 28, 56               \
	}

/* --- output --- */

enum irae_level {
	IRAE_NONE,
	IRAE_WATCH,
	IRAE_POSSIBLE,
	IRAE_PROBABLE,
	IRAE_DEFINITE
};
enum irae_flag { IRAE_NO_FLAG, IRAE_ACTIVE, IRAE_INACTIVE };
enum irae_priority { IRAE_NO_PRIORITY, IRAE_PL, IRAE_PM, IRAE_PH };
enum irae_state {
	IRAE_IS_NONE,
	IRAE_IS_WATCH,
	IRAE_IS_OPEN,
	IRAE_IS_REOPENED,
	IRAE_IS_STABLE,
	IRAE_IS_IMPROVING,
	IRAE_IS_ESCALATED,
	IRAE_IS_CONFIRMED,
	IRAE_IS_REBOUND,
	IRAE_IS_PHASE_CHANGE,
	IRAE_IS_RESOLVING,
	IRAE_IS_CONTROLLED,
	IRAE_IS_STALE,
	IRAE_IS_RESOLVED,
	IRAE_IS_REFUTED,
	IRAE_IS_DISMISSED,
	IRAE_IS_SNOOZED,
	IRAE_IS_LAPSED
};
enum irae_phase {
	IRAE_PHASE_UNKNOWN,
	IRAE_PHASE_NORMAL,
	IRAE_PHASE_THYROTOXIC,
	IRAE_PHASE_SUBCLINICAL_HYPER,
	IRAE_PHASE_HYPOTHYROID,
	IRAE_PHASE_SUBCLINICAL_HYPO,
	IRAE_PHASE_CENTRAL
};

/* Annotations of a row, bits. */
enum irae_note {
	IRAE_NOTE_EXPLAINED = 1 << 0,
	IRAE_NOTE_CONFOUNDER = 1 << 1,
	IRAE_NOTE_DELAYED = 1 << 2,
	IRAE_NOTE_BEYOND_WINDOW = 1 << 3,
	IRAE_NOTE_HYS_FDA = 1 << 4,
	IRAE_NOTE_HYS_NR = 1 << 5,
	IRAE_NOTE_CENTRAL_HYPOTHYROID = 1 << 6,
	IRAE_NOTE_CORTISOL_UNUSABLE = 1 << 7,
	IRAE_NOTE_STEROID_HYPERGLYCAEMIA = 1 << 8,
	IRAE_NOTE_UNSPECIFIC_ANAEMIA = 1 << 9,
	IRAE_NOTE_MUSCLE_SOURCE = 1 << 10,
	IRAE_NOTE_ATYPICAL_TIMING = 1 << 11,
	IRAE_NOTE_STALE_BASELINE = 1 << 12,
	IRAE_NOTE_DEFAULT_RANGE = 1 << 13,
	IRAE_NOTE_SODIUM_ALONE = 1 << 14
};

/* How one module stood on one day. */
struct irae_row {
	int32_t day;
	int grade; /* 0 none */
	enum irae_level level;
	enum irae_flag flag;
	enum irae_state state;
	enum irae_priority priority;
	bool notify;
	int episode; /* 0: belongs to none */
	unsigned notes;
	unsigned lines;      /* of evidence, see irae_lines_words */
	int guideline_grade; /* ASCO, creatinine; 0: none or the same scale */
	enum irae_phase phase;
	struct because_list because;
};

struct irae_course {
	LIST_OF(struct irae_row) rows;
};

/* What the response assessment should make of a lesion-like finding. */
struct irae_handoff {
	int32_t day;
	const char *site, *finding, *source;
	int owner; /* module, -1 */
	bool count_as_new_lesion;
	const char *label;
	int32_t recheck_from, recheck_to; /* DAY_NONE */
	int32_t revised_day;              /* DAY_NONE: never revised */
	bool revised_count;
};

/* One message: everything that interrupts on one day. */
struct irae_notice {
	int32_t day;
	LIST_OF(enum irae_module) modules;
};

struct irae_result {
	struct irae_course courses[IRAE__MAX];
	LIST_OF(struct irae_handoff) handoffs; /* by day */
	LIST_OF(struct irae_notice) notices;   /* by day */
	/* The next day after as_of on which it may read otherwise without any
	 * new data; DAY_NONE: never, or no as_of. */
	int32_t due_day;
};

/* The input's lists are put in order; everything else stays as it is. */
struct irae_result *irae_run(
    struct irae_input *in, const struct irae_options *o, struct arena *a);

const char *irae_module_name(enum irae_module m);  /* "heme_itp" */
const char *irae_module_words(enum irae_module m); /* "thrombocytopenia" */
const char *irae_module_referral(enum irae_module m);
int irae_module_parse(const char *name); /* -1 */
const char *irae_level_name(enum irae_level l);
const char *irae_flag_name(enum irae_flag f);
const char *irae_state_name(enum irae_state s);
const char *irae_priority_name(enum irae_priority p); /* NULL: none */
const char *irae_phase_name(enum irae_phase p);
int irae_drug_role_parse(const char *name); /* -1 */
/* "laboratory value, imaging finding". */
const char *irae_lines_words(struct arena *a, unsigned lines);

/* The module whose picture has this finding, -1: none. */
int irae_image_owner(const struct irae_image *x);

#endif
