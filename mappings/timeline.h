/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A patient's facts as a timeline: therapy, lesions, timepoints.
 *
 * Pure: the same facts and options give the same timeline.  Nothing is
 * judged here but what contracts/assessment.md ("What the fields mean") and
 * contracts/input.md define: grouping, phase, baseline, identity, role, state.
 */
#ifndef RESCAN_TIMELINE_H
#define RESCAN_TIMELINE_H

#include "mappings/facts.h"

struct timeline_options {
	int group_days;          /* 14: a timepoint's studies span at most this */
	int baseline_days;       /* 42: baseline at most this before first dose */
	int baseline_stale_days; /* 28: more is flagged BASELINE_STALE */
	int baseline_after_days; /* 7: serves if there is none before */
	int post_treatment_days; /* 84 after the last dose: post_treatment */
	const char *const *readers; /* preference, see mapping_options */
	size_t n_readers;
	/* A patient with more is not assessed. */
	int max_lesions, max_timepoints; /* 1000, 300 */
	int max_readings;                /* lesions times timepoints, 30000 */
	int max_resources;               /* 100000 */
};
#define TIMELINE_DEFAULTS                                                      \
	{                                                                      \
		14, 42, 28, 7, 84, NULL, 0, 1000, 300, 30000, 100000           \
	}

enum phase {
	PHASE_PRE_BASELINE,
	PHASE_BASELINE,
	PHASE_ON_TREATMENT,
	PHASE_POST_TREATMENT
};

enum lesion_role {
	ROLE_TARGET,
	ROLE_NON_TARGET,
	ROLE_NEW,
	ROLE_NEW_TARGET,
	ROLE_NEW_NON_TARGET,
	ROLE_BENIGN
};

/* The state words of the assessment document. */
enum reading_state {
	READING_MEASURED,
	READING_ABSENT,
	READING_TOO_SMALL,
	READING_PRESENT,
	READING_INCREASED,
	READING_UNEQUIVOCAL,
	READING_NOT_EVALUABLE
};

enum lesion_change {
	CHANGE_UNKNOWN,
	CHANGE_DECREASED,
	CHANGE_SAME,
	CHANGE_INCREASED,
	CHANGE_UNEQUIVOCAL
};

/* One lesion at one timepoint.  A split lesion's fragments are added up here;
 * n_fragments says how many there were. */
struct reading {
	enum reading_state state;
	enum lesion_change change; /* as stated; CHANGE_UNKNOWN otherwise */
	int32_t day;
	int32_t longest_tmm, short_tmm; /* TMM_NONE */
	int32_t suv[SUV__MAX];
	bool equivocal;    /* a doubtful new lesion */
	bool reader_conflict;
	int merged_into;   /* lesion index, -1 */
	bool merged_gone;  /* assess: what it merged into is gone */
	int n_fragments;   /* 0 when not split */
	const char *const *sources; /* first is the number's */
	size_t n_sources;
};

/* Every single observation, for the document's `measurements`. */
struct measurement_row {
	int32_t day;
	enum reading_state state;
	int32_t longest_tmm, short_tmm;
	int32_t suv_max; /* thousandths */
	const char *source;
};

struct lesion {
	const char *key, *label, *site, *organ;
	bool nodal;
	enum stated_role stated; /* as the data said it, STATED_NONE */
	enum lesion_role role;   /* stated, or selected by assess */
	bool role_stated;
	int first;                      /* first timepoint seen (present), -1 */
	const struct reading **at;      /* n_timepoints pointers, NULL: not read */
	LIST_OF(struct measurement_row) rows; /* by day, then source */
};

enum tristate { UNKNOWN, NO, YES };

/* What a reader said of the visit; NULL/UNKNOWN where nothing was said. */
struct visit_statements {
	const char *non_target, *non_target_source; /* category word */
	enum tristate non_target_worse;
	const char *non_target_worse_source;
	enum tristate new_lesion;
	const char *new_lesion_source;
	const char *target_response, *target_source;
	const char *overall_response, *overall_source;
	bool unscheduled; /* scan for a new symptom */
	const char *unscheduled_source;
	const char *deauville, *deauville_source; /* "1" to "5", "X" */
	bool deauville_of_lesion; /* the highest of the lesions' */
};

struct timepoint {
	int32_t day, last_day; /* earliest and latest acquisition of the group */
	enum phase phase;
	const char *const *studies;
	size_t n_studies;
	const char *modalities;
	struct visit_statements said;
};

struct agent {
	const char *name, *ici_class;
	int32_t first, last;
	int doses;
	const char *const *sources;
	size_t n_sources;
};

struct ecog_row {
	int32_t day;
	int score;
	const char *source;
};

struct timeline {
	struct arena *arena; /* borrowed */
	const struct patient_facts *facts;
	const char *patient;
	int32_t therapy_start, therapy_last; /* first / last ICI dose, DAY_NONE */
	LIST_OF(struct agent) agents;
	LIST_OF(struct lesion) lesions;     /* in order of key */
	LIST_OF(struct timepoint) timepoints; /* in order of day */
	int baseline;                       /* timepoint index, -1 */
	bool baseline_stale;
	bool too_large; /* no lesions, no baseline, the newest timepoints */
	LIST_OF(struct ecog_row) ecog; /* by day */
	LIST_OF(struct problem) problems; /* facts' and ours, sorted */
};

/* Build it in arena a; the facts must outlive it. */
struct timeline *timeline_build(const struct patient_facts *f,
    const struct timeline_options *o, struct arena *a);

const char *phase_name(enum phase p);
const char *role_name(enum lesion_role r);
const char *reading_state_name(enum reading_state s);

#endif
