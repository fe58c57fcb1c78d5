/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assessments built by hand, for what only reads them: one patient on
 * pembrolizumab, one target lesion in the lung, one node, a new lesion.
 */
#ifndef RESCAN_TESTS_ASSESSMENT_FIXTURE_H
#define RESCAN_TESTS_ASSESSMENT_FIXTURE_H

#include "mappings/assessment.h"

enum fixture {
	FIXTURE_BASELINE,  /* only the baseline scan */
	FIXTURE_PENDING,   /* then an iUPD */
	FIXTURE_NE,        /* then a scan that cannot be judged */
	FIXTURE_CONFIRMED, /* or iCPD */
	FIXTURE_RESET,     /* or iPR: pseudoprogression */
	FIXTURE_NO_THERAPY,
	FIXTURE_EMPTY, /* nothing but a patient and a problem */
	FIXTURE__MAX
};
const char *fixture_name(enum fixture f);

/* Days of the fixture's timepoints. */
#define FIXTURE_DAY_BASELINE "2024-01-02"
#define FIXTURE_DAY_IUPD     "2024-03-19"
#define FIXTURE_DAY_NEXT     "2024-04-20"

/* In arena a; a fresh one each time, to be changed freely. */
struct assessment *fixture_assessment(struct arena *a, enum fixture f);

#endif
