/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assessment of one patient: what the assessor concluded.
 *
 * Filled by gateway/assess; read by document (JSON, table), to_fhir and
 * explain.
 * Everything lives in one arena.  Lengths are tenths of a millimetre, areas
 * hundredths of a square millimetre (tmm²), days civil days.
 */
#ifndef RESCAN_ASSESSMENT_H
#define RESCAN_ASSESSMENT_H

#include "fhir/util/strbuf.h"
#include "mappings/timeline.h"

/* Response categories of every criterion; CAT_NONE where none is given. */
enum category {
	CAT_NONE,
	CAT_CR,
	CAT_PR,
	CAT_SD,
	CAT_PD,
	CAT_NON, /* NON-CR/NON-PD */
	CAT_NE,
	CAT_NED,
	CAT_NA,
	CAT_IRCR,
	CAT_IRPR,
	CAT_IRSD,
	CAT_IRPD,
	CAT_IRNN,
	CAT_IRNE,
	CAT_ICR,
	CAT_IPR,
	CAT_ISD,
	CAT_INON, /* NON-iCR/NON-iUPD */
	CAT_IUPD,
	CAT_ICPD,
	CAT_IMCR,
	CAT_IMPR,
	CAT_IMSD,
	CAT_IMPD,
	CAT__MAX
};
const char *category_name(enum category c);
enum category category_parse(const char *name); /* CAT_NONE if unknown */

/* One step of the explanation. */
struct because {
	const char *rule; /* stable id, "irecist.iupd.target" */
	const char *text; /* with its numbers */
	const char *const *sources;
	size_t n_sources;
};
struct because_list {
	struct because *items;
	size_t n, cap;
};

/* Why something could not be computed: a stable code, and the id of what is
 * missing (a lesion, a resource, "baseline", a day). */
struct missing {
	const char *code, *item;
};
struct missing_list {
	struct missing *items;
	size_t n, cap;
};

#define BURDEN_NONE INT64_MIN

/* One criterion at one timepoint. */
struct verdict {
	enum category target, non_target, overall;
	bool new_lesion;
	bool area;                   /* burden is tmm² (irrc), else tmm */
	int64_t burden, nadir, base; /* BURDEN_NONE */
	int64_t nlt_sum;  /* irecist new_lesion_target_mm, BURDEN_NONE */
	bool has_irecist; /* write irecist's own members */
	bool bar_reset;
	int32_t confirm_from, confirm_to; /* DAY_NONE */
	const char *clinical; /* at an iUPD: "stable", "unstable", "unknown" */
	enum tristate confirmed; /* irPD / imPD; UNKNOWN: not written */
	LIST_OF(const char *) flags;
	struct missing_list missing; /* never empty when overall is NE */
	struct because_list because;
};

struct best_overall {
	enum category unconfirmed, confirmed;
	int32_t progression_day; /* of the event that counts, DAY_NONE */
	/* The best response's first day (CR or PR), DAY_NONE; days from there
	 * to progression, else to the last evaluable visit (open); -1. */
	int32_t response_day;
	int duration_days;
	bool duration_open;
	int progression_days; /* from the first dose, else baseline; -1 */
	struct because_list because;
};

struct criterion_result {
	const char *id; /* "recist11" */
	const char *version, *citation;
	struct verdict *at; /* n_timepoints; overall CAT_NONE: none given */
	struct best_overall best;
};

struct pattern {
	const char *kind, *status, *variant; /* variant or NULL */
	int32_t day;
	struct because_list because;
};

struct hyperprogression {
	const char *definition;
	enum tristate met; /* UNKNOWN: not computable */
	bool has_value;
	int64_t value_milli, threshold_milli; /* thousandths, for display */
	bool has_threshold;
	struct missing_list missing;
	struct because_list because;
};

struct metabolic {
	const char *criterion;
	int32_t day;
	const char *overall;
	struct missing_list missing;
	struct because_list because;
};

/* How a suspected immune-related adverse event stood from a day on
 * (spec/irae.md section 4). */
struct irae_change {
	int32_t day;
	int grade;             /* 0: none */
	const char *certainty; /* "possible" … or NULL */
	const char *flag, *state;
	const char *priority; /* "PH", "PM", "PL" or NULL */
	bool notify;
};

struct irae_episode {
	const char *event; /* "hepatitis" */
	const char *words; /* for people: "suspected hepatitis" … */
	int episode;
	int grade, worst; /* now and ever, 0: none */
	int ctcae;        /* version 5 or 6 */
	const char *certainty, *flag, *state, *priority;
	int32_t onset, resolved;    /* DAY_NONE */
	int32_t dismissed;          /* by a person, the last time; DAY_NONE */
	const char *evidence;       /* "laboratory value, treatment started" */
	const char *headline;       /* the value that says most, or NULL */
	const char *advice;         /* what to consider, or NULL */
	const char *const *sources; /* of the evidence, each once */
	size_t n_sources;
	LIST_OF(struct irae_change) changes;
	struct because_list because;
};

enum due { DUE_UPCOMING, DUE_NOW, DUE_OVERDUE, DUE_DONE };

struct recommendation {
	const char *kind; /* "confirmation_scan" … */
	int32_t from, to; /* DAY_NONE: null */
	enum due state;
	const char *criterion; /* or NULL */
	int32_t anchor;        /* day of the event it follows; its identity */
	struct because_list because;
};

struct assessment {
	struct arena *arena;
	const struct timeline *timeline;
	int32_t as_of;
	LIST_OF(struct criterion_result) criteria; /* registry order */
	LIST_OF(struct pattern) patterns;
	LIST_OF(struct hyperprogression) hyperprogression;
	LIST_OF(struct metabolic) metabolic;
	LIST_OF(struct irae_episode) irae; /* by onset */
	int32_t irae_due; /* next day one may change by itself, DAY_NONE */
	LIST_OF(struct recommendation) recommendations;
	LIST_OF(struct problem) problems; /* timeline's and the assessor's */
};

const struct criterion_result *assessment_criterion(
    const struct assessment *x, const char *id);

/* Append a step; text is formatted into the arena, sources are copied. */
void because_add(struct arena *a, struct because_list *list, const char *rule,
    const char *const *sources, size_t n_sources, const char *fmt, ...)
    PRINTF(6, 7);
/* Once each; after the first MISSING_NAMED of a code only "others". */
#define MISSING_NAMED 50
void missing_add(struct arena *a, struct missing_list *list, const char *code,
    const char *item);
void verdict_flag(struct arena *a, struct verdict *v, const char *flag);
bool verdict_has_flag(const struct verdict *v, const char *flag);

/* Percent change to one decimal, in tenths of a percent, rounded half away
 * from zero; false when `from` is 0 or either is BURDEN_NONE. */
bool change_tenths_pct(int64_t now, int64_t from, int64_t *ret);

#endif
