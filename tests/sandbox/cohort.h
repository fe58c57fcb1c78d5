/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Synthetic patients: a short text (cohort.txt says the words) read, and
 * written as R4 resources.  The same input gives the same bytes.
 */
#ifndef RESCAN_TESTS_COHORT_H
#define RESCAN_TESTS_COHORT_H

#include <stdbool.h>
#include <stdint.h>

#include "fhir/util/arena.h"
#include "fhir/util/strbuf.h"

#define COHORT_FILE "tests/sandbox/cohort.txt"
#define COHORT_MAX  ((size_t)64 << 20)

/* Rows of codes.def. */
enum code_group {
	CODE_SITE,
	CODE_ROLE,
	CODE_STATE,
	CODE_CANCER,
	CODE_DRUG,
	CODE_LAB,
	CODE_FINDING,
	CODE_DX,
	CODE_QUESTION,
	CODE_ANSWER,
	CODE_MODALITY,
	CODE_AXIS
};
struct code_row {
	enum code_group group;
	const char *name, *system, *code, *display;
	const char *extra; /* SITE "node"; LAB its unit; QUESTION "" … */
};
const struct code_row *cohort_code(enum code_group group, const char *name);

/* How a site's software writes a measurement. */
enum cohort_shape {
	SHAPE_MCODE,    /* LOINC 21889-1 with components, in mm */
	SHAPE_MCODE_CM, /* the same in cm */
	SHAPE_SR,       /* one Observation an axis, focus on the lesion */
	SHAPE_SR_UID    /* one an axis, lesion known by its tracking UID */
};

struct cohort_lesion {
	const char *id;
	const struct code_row *site, *role;
	bool nodal;
};

/* One lesion at one visit; lengths are tenths of a millimetre, 0 none. */
struct cohort_cell {
	size_t lesion;
	int32_t longest, other;       /* other: the second or short axis */
	int32_t suvmax, sulpeak;      /* hundredths, 0 none */
	const struct code_row *state; /* or NULL */
	const char *unit; /* said instead of mm, without a code; or NULL */
};

struct cohort_reading {
	int32_t day;
	const struct code_row *modality;
	const char *reader; /* "a" or "b" */
	bool second;        /* another reader of the study before */
	bool unscheduled;
	LIST_OF(struct cohort_cell) cells;
};

struct cohort_dose {
	const struct code_row *drug;
	int32_t day, last_day; /* last_day = day unless a course */
	const char *mg;        /* or NULL */
	bool by_reference;     /* through a Medication resource */
};

enum cohort_fact_kind {
	FACT_LAB,
	FACT_FINDING,
	FACT_DX,
	FACT_STATEMENT,
	FACT_ECOG
};
struct cohort_fact {
	enum cohort_fact_kind kind;
	int32_t day;
	const struct code_row *code;   /* NULL for ECOG */
	const struct code_row *answer; /* STATEMENT */
	const char *value;             /* LAB, ECOG: number text */
};

struct cohort_patient {
	const char *id, *sex, *birth, *given, *family, *shows;
	enum cohort_shape shape;
	const struct code_row *cancer; /* or NULL */
	int32_t cancer_day;
	const char *was;   /* a merged record's id, or NULL */
	int32_t was_until; /* what is older stands under it */
	LIST_OF(struct cohort_lesion) lesions;
	LIST_OF(struct cohort_reading) readings;
	LIST_OF(struct cohort_dose) doses;
	LIST_OF(struct cohort_fact) facts;
};

struct cohort {
	LIST_OF(struct cohort_patient) patients;
};

/* Read a cohort's text into a.  Errors: ERR_INVALID, with the line. */
enum err_code cohort_read(const char *text, struct arena *a, struct cohort *ret,
    struct err *e) MUST_CHECK;

/* One transaction Bundle of PUTs under fixed ids. */
void cohort_write(const struct cohort *c, struct strbuf *out);

/* The Bundle of a cohort's file (COHORT_FILE). */
enum err_code cohort_bundle(
    const char *path, struct strbuf *out, struct err *e) MUST_CHECK;

/* The Bundle of the i-th of any number of made-up patients, for load. */
void cohort_bulk_bundle(uint64_t seed, unsigned i, struct strbuf *out);

#endif
