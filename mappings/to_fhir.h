/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An assessment as FHIR R4 resources to write back: Device, Observation
 * (results), DiagnosticReport, Flag, Provenance.
 *
 * Every resource carries one identifier derived from what it says (system
 * RESCAN_IDENTIFIER_SYSTEM; SHA-256 over the kind, the patient, the subject
 * matter — never the wording), so that writing it again finds it again.
 * Reports are `preliminary`; a DiagnosticReport has no Device performer in R4,
 * so software authorship stands in Provenance.  The same assessment and
 * options give the same bytes.
 */
#ifndef RESCAN_TO_FHIR_H
#define RESCAN_TO_FHIR_H

#include "mappings/assessment.h"
#include "mappings/codemap.h"

#define RESCAN_IDENTIFIER_SYSTEM "https://rescan.example/fhir/identifier"
#define RESCAN_CODE_SYSTEM       "https://rescan.example/fhir/CodeSystem"

#define RESCAN_EXTENSION "https://rescan.example/fhir/StructureDefinition"

/* Of a Flag for a suspected immune-related adverse event: the code is
 * RESCAN_IRAE_FLAG and the event's name; the sub-state and the episode are
 * extensions. */
#define RESCAN_IRAE_FLAG    "suspected-"
#define RESCAN_IRAE_STATE   RESCAN_EXTENSION "/irae-state"
#define RESCAN_IRAE_EPISODE RESCAN_EXTENSION "/irae-episode"
/* The day a person dismissed it; stays, whatever becomes of the Flag. */
#define RESCAN_IRAE_DISMISSED RESCAN_EXTENSION "/irae-dismissed"

/* One resource to stand on the server. */
struct output {
	const char *type;       /* "Flag" */
	const char *identifier; /* value within RESCAN_IDENTIFIER_SYSTEM */
	const char
	    *kind; /* "report", "result", "flag", "provenance", "device" */
	const char *label; /* one plain line for people and the demo */
	/* The search that finds it again, for If-None-Exist: "identifier=…",
	 * for Provenance (which has no identifier in R4) "_tag=…".  Escaped. */
	const char *search;
	/* The body; references to other outputs are written as
	 * "urn:rescan:<identifier>" and replaced by the deliverer with
	 * "Type/id" once those are written ("urn:rescan:<identifier>#version":
	 * "Type/id/_history/version").  Outputs come in an order in which
	 * every referred one stands before.  Provenance.recorded is written
	 * as the text "@recorded", which the deliverer replaces with the
	 * instant of delivery: the assessment knows no clock. */
	const char *body;
	size_t len;
	/* A Flag that is not (no longer) raised: written only if it stands on
	 * the server already. */
	bool only_if_exists;
	/* A Flag that a person closed, and the evidence has grown since. */
	bool reopens;
};

struct to_fhir_options {
	const struct codemap *maps;
	const char *version; /* of the program */
};

void to_fhir(const struct assessment *x, const struct to_fhir_options *o,
    struct arena *a, const struct output **ret, size_t *ret_n);

/* All of them as one transaction Bundle (urn:uuid, ifNoneExist), for
 * `rescan assess --format fhir`. */
void to_fhir_bundle(
    const struct output *o, size_t n, const char *recorded, struct strbuf *out);

#endif
