/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole course from facts, without any FHIR: days count from the first
 * dose, which course_give(0) gives.
 */
#ifndef RESCAN_TESTS_COURSE_H
#define RESCAN_TESTS_COURSE_H

#include "gateway/assess.h"

#define COURSE_START 19723 /* 2024-01-01 */

/* The facts so far; a checked fixture makes and frees them. */
extern struct arena *course_arena;
extern struct patient_facts *course_facts;
extern const char *course_criteria; /* to assess; NULL: all */
void course_set_up(void);
void course_tear_down(void);

/* A lesion is named by its organ. */
struct measurement_fact *course_measure(
    const char *lesion, int day, int32_t tmm);
void course_measure_uptake(const char *lesion, int day, int32_t tmm,
    enum suv_kind kind, int32_t value);
void course_say_absent(const char *lesion, int day);
void course_give(int day);
void course_find(const char *concept, int day, int value);
void course_ecog(int day, const char *score);
void course_score(int day, const char *deauville);

struct assessment *course_assess(void);
struct assessment *course_assess_as_of(int day);

/* What the assessment says; NULL where it says nothing. */
const struct hyperprogression *course_hpd(
    const struct assessment *x, const char *id);
bool course_says(const struct because_list *b, const char *words);
const struct pattern *course_pattern(
    const struct assessment *x, const char *kind, size_t nth);
const struct metabolic *course_pet(
    const struct assessment *x, const char *criterion, int day);
/* The nth recommendation of a criterion. */
const struct recommendation *course_advice(
    const struct assessment *x, const char *criterion, size_t nth);
void course_expect_pet(const struct assessment *x, const char *criterion,
    int day, const char *want);

#endif
