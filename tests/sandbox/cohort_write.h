/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files that write the cohort as R4 share.
 */
#ifndef RESCAN_TESTS_COHORT_WRITE_H
#define RESCAN_TESTS_COHORT_WRITE_H

#include "fhir/json_writer.h"
#include "tests/sandbox/cohort.h"

#define THO "http://terminology.hl7.org/CodeSystem/"

struct cohort_out {
	struct json_writer w;
	struct arena *a;
	const struct cohort_patient *p;
};

/* An entry of the Bundle: everything between is the resource's. */
void entry_begin(struct cohort_out *o, const char *type, const char *id);
void entry_end(struct cohort_out *o, const char *type, const char *id);

void put_coding(struct cohort_out *o, const char *name, const char *system,
    const char *code, const char *display);
void put_concept(struct cohort_out *o, const char *name, const char *system,
    const char *code, const char *display);
void put_code(
    struct cohort_out *o, const char *name, const struct code_row *row);
/* A CodeableConcept alone in an array. */
void put_one_code(
    struct cohort_out *o, const char *name, const struct code_row *row);
void put_one_concept(struct cohort_out *o, const char *name, const char *system,
    const char *code, const char *display);
void put_reference(struct cohort_out *o, const char *name, const char *fmt, ...)
    PRINTF(3, 4);
/* The record a day's facts stand under, as member `name`. */
void put_subject(struct cohort_out *o, const char *name, int32_t day);

/* "20260126"; and times of that day. */
const char *day_id(struct cohort_out *o, int32_t day);
const char *day_time(struct cohort_out *o, int32_t day, const char *time);
/* A DICOM UID of one's own from a text: "2.25.…". */
const char *made_up_uid(struct cohort_out *o, const char *text);
/* The study of that day, "…-study-20260126". */
const char *study_id(struct cohort_out *o, int32_t day);

void write_reading(struct cohort_out *o, const struct cohort_reading *v);
void write_fact(struct cohort_out *o, const struct cohort_fact *f);
void write_patient(struct cohort_out *o);

#endif
