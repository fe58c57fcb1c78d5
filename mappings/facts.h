/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts: what the resources of one patient say, each with its source.
 *
 * Small records between FHIR (from_fhir) and the timeline.  Lengths are
 * int32_t tenths of a millimetre (tmm), SUV int32_t thousandths of g/ml,
 * dates civil days (fhir/datetime.h).  Strings live in the arena of the
 * patient's facts.  `source` is "Type/id", `version` its versionId or "".
 */
#ifndef RESCAN_FACTS_H
#define RESCAN_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "fhir/datetime.h"
#include "fhir/util/arena.h"

#define TMM_NONE ((int32_t)-1)
#define SUV_NONE ((int32_t)-1)

/* What a reader said of a lesion (contracts/input.md, "Role and state"). */
enum stated_role {
	STATED_NONE,
	STATED_TARGET,
	STATED_NON_TARGET,
	STATED_NEW,
	STATED_NEW_TARGET,
	STATED_NEW_NON_TARGET,
	STATED_BENIGN
};

enum stated_state {
	STATE_NONE, /* says nothing but its numbers */
	STATE_ABSENT,
	STATE_PRESENT,
	STATE_TOO_SMALL,
	STATE_INCREASED,
	STATE_UNEQUIVOCAL,
	STATE_DECREASED,
	STATE_UNCHANGED,
	STATE_EQUIVOCAL,
	STATE_NOT_EVALUABLE,
	STATE_MERGED
};

enum suv_kind {
	SUV_MAX,
	SUV_PEAK,
	SUV_MEAN,
	SUL_MAX,
	SUL_PEAK,
	SUL_MEAN,
	LESION_TLG, /* total lesion glycolysis, g; no uptake by itself */
	SUV__MAX
};

struct fact_source {
	const char *reference; /* "Observation/7" */
	const char *version;
	bool preliminary;
};

struct study_fact {
	struct fact_source source;
	int32_t day;            /* DAY_NONE when nothing dates it */
	const char *modalities; /* "CT", "CT+PT", "" */
	const char *body_site;  /* concept or NULL */
	bool unscheduled;       /* reasonCode: new symptom */
	bool registered;        /* known, but nothing acquired yet */
};

/* A lesion as BodyStructure describes it; key is the identity. */
struct lesion_fact {
	struct fact_source source;
	const char *key;  /* "BodyStructure/l1" */
	const char *site; /* body_site concept, or text, or NULL */
	const char *organ;
	bool nodal;
	enum stated_role role;
};

/* One Observation about one lesion: numbers, state, or both. */
struct measurement_fact {
	struct fact_source source;
	int32_t day;        /* DAY_NONE: takes its study's */
	const char *study;  /* "ImagingStudy/1" or NULL */
	const char *lesion; /* identity key */
	const char *label;  /* tracking identifier for people, or NULL */
	const char *site, *organ;
	bool site_is_nodal;
	enum stated_role role;
	enum stated_state state;
	const char *other_lesion; /* second focus: merged into / split from */
	bool fragment;            /* second focus names where it came from */
	int32_t longest_tmm, short_tmm, axis_tmm; /* axis: not said which */
	int32_t suv[SUV__MAX];
	const char *reader; /* performer reference, or NULL */
	int64_t issued_ms;  /* INT64_MIN when not said */
	const char *method; /* "ct", "mr", "pet", … or NULL */
};

/* A statement about a whole visit. */
enum statement_kind {
	STATEMENT_NON_TARGET,       /* value: category concept */
	STATEMENT_NON_TARGET_WORSE, /* yes / no */
	STATEMENT_NEW_LESION,       /* yes / no */
	STATEMENT_TARGET_RESPONSE,  /* the reader's own */
	STATEMENT_OVERALL_RESPONSE,
	STATEMENT_UNSCHEDULED, /* scan for a new symptom */
	STATEMENT_DEAUVILLE,   /* number 1..5, or X */
	STATEMENT_ECOG         /* number 0..5 */
};

struct statement_fact {
	struct fact_source source;
	enum statement_kind kind;
	int32_t day;
	const char *study;
	const char *value;  /* "CR", "NON-CR/NON-PD", "yes", "1", … */
	const char *reader; /* performer reference, or NULL */
	int64_t issued_ms;  /* INT64_MIN when not said */
	bool of_lesion;     /* a score of one lesion, not of the scan */
};

/* A dose of anything the maps know: checkpoint inhibitors, steroids … */
struct dose_fact {
	struct fact_source source;
	int32_t day, last_day; /* last_day = day unless a Period */
	const char *concept;   /* "ici_pembrolizumab", "drug_prednisone" */
	const char *name;      /* INN */
	const char *ici_class; /* "PD-1" …, NULL when no checkpoint inhibitor */
	int64_t dose_ug;       /* a day, DOSE_NONE when not said */
	bool local;            /* by a route that is not systemic */
	bool ongoing;          /* in progress, its end not said */
};
#define DOSE_NONE ((int64_t)-1)

/* A laboratory value, vital sign, imaging finding or diagnosis the maps know;
 * what the irAE rules read. */
struct finding_fact {
	struct fact_source source;
	const char *concept; /* "lab_alt", "dx_colitis" … */
	int32_t day;
	bool has_value;
	int64_t value; /* value / 10^scale */
	int scale;
	char comparator;  /* 0, '<', '>' */
	const char *unit; /* UCUM code or text */
	int64_t low,
	    high; /* reference range at the same scale; INT64_MIN none */
	int64_t infarction;         /* from here on the maker says infarction */
	const char *range_unit;     /* when it is not the value's, or NULL */
	const char *interpretation; /* "H", "HH", "N" … or NULL */
	int32_t minute;             /* of the day, -1 when not said */
	int32_t end_day; /* the first day it no longer held, DAY_NONE */
	const char *site, *organ; /* of an imaging finding, or NULL */
	const char *modalities;   /* of its study, "CT+PT", "" */
	bool bilateral;
	bool absent;     /* an imaging finding looked for and not there */
	bool attributed; /* a clinician's: due to a checkpoint inhibitor */
	int grade;       /* explicit CTCAE grade, 0 */
};

/* What a person did with a Flag of ours. */
struct flag_action_fact {
	struct fact_source source;
	int32_t day;
	const char *event; /* "hepatitis" */
	int episode;       /* 0: not said */
	bool dismissed;
};

struct problem {
	const char *source; /* or NULL */
	const char *code;   /* stable: "unit_unknown" */
	const char *detail; /* for people */
};

struct patient_facts {
	struct arena *arena; /* owns everything below */
	const char *patient; /* "Patient/42" */
	const char *patient_version;
	LIST_OF(const char *) aliases; /* merged ids, "Patient/41" */
	LIST_OF(struct study_fact) studies;
	LIST_OF(struct lesion_fact) lesions;
	LIST_OF(struct measurement_fact) measurements;
	LIST_OF(struct statement_fact) statements;
	LIST_OF(struct dose_fact) doses;
	LIST_OF(struct finding_fact) findings;
	LIST_OF(struct flag_action_fact) flag_actions;
	LIST_OF(struct problem) problems;
	/* Everything read for this patient, used or not, for Provenance. */
	LIST_OF(struct fact_source) sources;
};

struct problem *facts_problem(struct patient_facts *p, const char *source,
    const char *code, const char *fmt, ...) PRINTF(4, 5);

#endif
