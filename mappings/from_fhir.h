/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FHIR R4 resources → facts, by contracts/input.md.
 *
 * Resources come in any order, in any number of calls; the order changes
 * nothing.  Of several versions of one resource the newest counts (versionId
 * by number, then lastUpdated, then the larger text).  A withdrawn resource
 * (entered-in-error, deleted) says nothing.  What cannot be used becomes a
 * named problem of its patient.
 */
#ifndef RESCAN_FROM_FHIR_H
#define RESCAN_FROM_FHIR_H

#include "fhir/bundle.h"
#include "mappings/codemap.h"
#include "mappings/facts.h"

struct mapping_options {
	/* Small FHIRPath subset, or NULL: contracts/input.md, [lesion]. */
	const char *role_path, *state_path, *identity_path;
	/* Readers in order of preference, "Practitioner/1", … */
	const char *const *readers;
	size_t n_readers;
};

/* A Flag of ours about an adverse event that somebody closed, or that says
 * somebody did: it is evidence, the others are only what we wrote. */
bool flag_tells(const struct json_value *flag);

struct intake;

/* m and o are borrowed and must outlive the intake. */
struct intake *intake_new(
    const struct codemap *m, const struct mapping_options *o);
void intake_free(struct intake *in); /* NULL is fine; facts die with it */

/* Take one entry: its resource, or the deletion its request says.  Resource
 * types not in contracts/input.md are ignored.  Errors: ERR_INVALID (an id
 * that is none), ERR_LIMIT (too many resources). */
enum err_code intake_add(struct intake *in, const struct bundle_entry *entry,
    struct err *e) MUST_CHECK;

/* Has nothing of a type that is read been taken yet? */
bool intake_is_empty(const struct intake *in);

/* Say what of the input is not used and is of no patient: with the orphans. */
void intake_problem(struct intake *in, const char *source, const char *code,
    const char *fmt, ...) PRINTF(4, 5);

/* Resolve and map everything; once, after the last intake_add.  Patients in
 * order of their reference; resources whose patient cannot be told are in
 * ret_orphans (code "patient_missing"). */
enum err_code intake_finish(struct intake *in,
    struct patient_facts *const **ret_patients, size_t *ret_n,
    const struct problem **ret_orphans, size_t *ret_n_orphans,
    struct err *e) MUST_CHECK;

#endif
