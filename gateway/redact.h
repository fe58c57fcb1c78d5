/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who somebody is, taken out of what goes over the wire, so that it still
 * hangs together: the same name, identifier or person's id becomes the same
 * stand-in throughout one capture, and another one in the next.
 *
 * Replaced: names, identifiers (ours and codes are none), DICOM UIDs, ids of
 * Patient, Practitioner and RelatedPerson.  Left out: narratives, addresses,
 * numbers, birth dates, photos, contacts, notes, attachments.  What stays is
 * values and codes, and so free text that stands as a value.
 */
#ifndef RESCAN_REDACT_H
#define RESCAN_REDACT_H

#include "fhir/json.h"
#include "fhir/util/arena.h"

struct redact {
	unsigned char key[32]; /* of this capture, kept nowhere */
};
void redact_init(struct redact *r);

/* A URL, a header, a text: ids of persons in it.  In a. */
char *redact_text(const struct redact *r, struct arena *a, const char *s);

/* A body; what is no JSON becomes a word that is none either.  In a. */
char *redact_body(const struct redact *r, struct arena *a, const char *s,
    size_t n, size_t *ret_n);

#endif
