/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the writers of to_fhir share: one run over one assessment, and the
 * elements that many resources have.  Used by to_fhir*.c only.
 */
#ifndef RESCAN_TO_FHIR_PARTS_H
#define RESCAN_TO_FHIR_PARTS_H

#include "fhir/json_writer.h"
#include "mappings/to_fhir.h"

#define SYSTEM_LOINC "http://loinc.org"
#define SYSTEM_NCIT  "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
#define SYSTEM_UCUM  "http://unitsofmeasure.org"
#define SYSTEM_HL7   "http://terminology.hl7.org/CodeSystem/"

/* What every conclusion must say. */
#define DISCLAIMER                                                             \
	"Decision support, not a diagnosis: computed by software, to be "      \
	"judged by a clinician."

struct to_fhir_run {
	const struct assessment *x;
	const struct to_fhir_options *o;
	struct arena *a;
	LIST_OF(struct output) out;
	struct fact_source *sources; /* all inputs, by reference */
	size_t n_sources;
	/* Identifiers of what has been written, NULL where nothing was. */
	const char *device;
	const char **reports; /* by timepoint */
	const char **settled; /* flags, by the timepoint that settled them */
	const char *open;     /* the flag that waits, of timepoint open_at */
	size_t open_at;
};

/* A body being written. */
struct body {
	struct strbuf text;
	struct json_writer w;
};

/* Begin a resource; body_end closes it and gives its text in the arena. */
void body_begin(struct body *b, const char *type);
const char *body_end(struct body *b, struct arena *a, size_t *ret_len);

/* SHA-256 in hex over the texts, each with its length. */
const char *part_token(struct arena *a, const char *const *s, size_t n);
/* The identifier of a thing said about this run's patient. */
const char *part_identify(
    const struct to_fhir_run *run, const char *kind, const char *subject);

/* meta.security: asserted by a device; meta.tag where tag is not NULL. */
void part_meta(struct json_writer *w, const char *tag_system,
    const char *tag_code, const char *tag_display);
void part_identifier(struct json_writer *w, const char *value);
/* text: escaped paragraphs, one for each line of s. */
void part_narrative(struct json_writer *w, const char *s);
void part_coding(struct json_writer *w, const char *system, const char *code,
    const char *display);
/* A CodeableConcept of one coding; system NULL: only text, text NULL: none. */
void part_codeable(struct json_writer *w, const char *name, const char *system,
    const char *code, const char *display, const char *text);
void part_reference(struct json_writer *w, const char *name, const char *to);
/* To another output, by its identifier. */
void part_reference_own(
    struct json_writer *w, const char *name, const char *identifier);
void part_day(struct json_writer *w, const char *name, int32_t day);

/* The code of an output concept in a system; it is in the built-in map. */
const char *part_output_code(
    const struct to_fhir_run *run, const char *concept, const char *system);

/* Push the finished body as an output; type "Provenance" is found by tag. */
struct output *part_emit(struct to_fhir_run *run, const char *type,
    const char *kind, const char *identifier, struct body *b,
    const char *label);

const char *part_base64(struct arena *a, const char *s, size_t n);

/* Words for people. */
const char *words_criterion(const char *id); /* "RECIST 1.1" */
const char *words_category(enum category c); /* "partial response" */

/* The verdict of a criterion at a timepoint, NULL when there is none. */
const struct verdict *run_verdict(
    const struct to_fhir_run *run, const char *criterion, size_t timepoint);

/* The writers, in the order in which they run. */
void to_fhir_sources(struct to_fhir_run *run);
void to_fhir_device(struct to_fhir_run *run);
void to_fhir_results(struct to_fhir_run *run, size_t timepoint,
    const char **ret, size_t *ret_n); /* identifiers, of at most 4 */
void to_fhir_report(struct to_fhir_run *run, size_t timepoint, bool newest);
void to_fhir_flags(struct to_fhir_run *run);
/* Who made the targets (identifiers), and from what as of the timepoint. */
void to_fhir_provenance(struct to_fhir_run *run, size_t timepoint,
    const char *const *targets, size_t n);

/* The Flags of suspected immune-related adverse events, each with its
 * Provenance. */
void to_fhir_irae(struct to_fhir_run *run);
void to_fhir_provenance_irae(
    struct to_fhir_run *run, const struct irae_episode *e, const char *target);

#define RESULTS_MAX 4

#endif
