/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every FHIR resource has, read: type, id, version, references, codings.
 * Borrowed from the JSON document.
 */
#ifndef RESCAN_RESOURCE_H
#define RESCAN_RESOURCE_H

#include "fhir/datetime.h"
#include "fhir/json.h"
#include "fhir/util/arena.h"

struct resource_id {
	const char *type, *id, *version;
	int64_t last_updated_ms; /* INT64_MIN when not said */
};

/* Errors: ERR_NOT_FHIR (no resourceType), ERR_INVALID (id outside
 * [A-Za-z0-9.-]{1,64}; a missing id is "" and no error). */
enum err_code resource_identify(const struct json_value *resource,
    struct resource_id *ret, struct err *e) MUST_CHECK;

/* A Reference, taken apart (R4 references: relative, absolute, versioned,
 * contained, urn:uuid, logical by identifier). */
struct reference {
	const char *text;    /* as given, or NULL */
	char *type, *id, *version; /* NULL when not a RESTful reference */
	char *base;          /* "https://h/fhir" of an absolute one, or NULL */
	const struct json_value *contained; /* the target of "#x", or NULL */
	const char *identifier_system, *identifier_value; /* or NULL */
};

/* Take apart a Reference element (object with reference/identifier); `within`
 * is the resource it stands in, for contained ones.  false when v is absent
 * or holds neither. */
bool reference_read(const struct json_value *v,
    const struct json_value *within, struct arena *a, struct reference *ret);

/* "Type/id" of a reference or url text, in a; NULL when there is none. */
char *reference_key(struct arena *a, const char *text);

/* The value of the resource's identifier of that system, "" when it has no
 * value; NULL when there is no such identifier. */
const char *resource_identifier(
    const struct json_value *resource, const char *system);

/* The patient a resource is about, as the Reference element: subject,
 * patient, or (Patient) NULL. */
const struct json_value *resource_subject(const struct json_value *resource);

/* Walk every Reference with a literal `reference` inside the resource, also in
 * its contained resources; one by identifier alone leads nowhere. */
typedef void (*reference_fn)(void *ctx, const struct json_value *reference);
void resource_each_reference(
    const struct json_value *resource, reference_fn fn, void *ctx);

struct coding {
	const char *system, *code, *display;
};
/* Codings of a CodeableConcept one after another; i from 0, false at end. */
bool codeable_coding(
    const struct json_value *codeable, size_t i, struct coding *ret);
/* CodeableConcept.text, else the first display, else the first code. */
const char *codeable_text(const struct json_value *codeable);

#endif
