/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CTCAE grades of laboratory values and vital signs, versions 5.0 and 6.0.
 *
 * Values are integers in millionths of the canonical unit, and multiples are
 * compared by cross-multiplication; what differs by no more than the rounding
 * of conversions is equal.  The thresholds are the rows of grades.def.
 */
#ifndef RESCAN_IRAE_GRADE_H
#define RESCAN_IRAE_GRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IRAE_MICRO     1000000
#define IRAE_NO_VALUE  INT64_MIN
#define IRAE_VALUE_MAX ((int64_t)1000000 * IRAE_MICRO)

enum irae_analyte {
#define IRAE_ANALYTE(id, name, unit, worse) IRAE_##id,
#include "gateway/irae/signals.def"
#undef IRAE_ANALYTE
	IRAE_ANALYTE__MAX
};

const char *irae_analyte_name(enum irae_analyte a);
const char *irae_analyte_unit(enum irae_analyte a); /* UCUM */
char irae_analyte_worse(enum irae_analyte a);       /* 'H' or 'L' */
/* IRAE_ANALYTE__MAX when there is none of that name. */
enum irae_analyte irae_analyte_parse(const char *name);

/* One value with the limits of its own result; any may be IRAE_NO_VALUE. */
struct irae_level_of {
	int64_t value, low, high, mi;
};

struct irae_grade_query {
	enum irae_analyte analyte;
	int version;                    /* 5 or 6 */
	struct irae_level_of now, base; /* base.value: IRAE_NO_VALUE if none */
	bool symptomatic;
};

/* 0 to 4; -1 when there is nothing to compare with (no range). */
int irae_grade(const struct irae_grade_query *q);

/* The ith row of thresholds for people: "ALT, CTCAE 5 and 6, normal baseline:
 * grade 1 above 1.000 x ULN, …"; false behind the last.  Appends to out. */
struct strbuf;
bool irae_grade_describe(size_t i, struct strbuf *out);

/* value compared with milli/1000 × of: -1, 0, 1. */
int irae_compare(int64_t value, int milli, int64_t of);

/* (a / b) compared with milli/1000 × (c / d); all positive. */
int irae_compare_ratio(int64_t a, int64_t b, int milli, int64_t c, int64_t d);

#endif
