/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals of adverse events for a course, and what the assessment says of
 * them.
 */
#ifndef RESCAN_TESTS_COURSE_IRAE_H
#define RESCAN_TESTS_COURSE_IRAE_H

#include "tests/support/course.h"

struct finding_fact *course_last_finding(void);
/* A value with its upper limit (0: none), all whole numbers. */
struct finding_fact *course_lab(
    const char *concept, int day, int value, int high, const char *unit);
struct finding_fact *course_image(const char *concept, int day, bool present);
struct finding_fact *course_diagnose(const char *concept, int day);
/* From day to last; mg < 0: its dose is not known. */
struct dose_fact *course_medicate(
    const char *concept, const char *name, int day, int last, int mg);

/* NULL: none. */
const struct irae_episode *course_episode(
    const struct assessment *x, const char *event);
void course_expect_irae(const struct assessment *x, const char *event,
    int grade, const char *certainty, const char *state, const char *priority);
bool course_has_problem(const struct assessment *x, const char *code);
const struct recommendation *course_workup(const struct assessment *x);

#endif
