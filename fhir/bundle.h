/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources in containers: Bundles of any type, single resources, NDJSON.
 *
 * Large inputs are walked an entry at a time; only one entry's tree exists at
 * once.
 */
#ifndef RESCAN_BUNDLE_H
#define RESCAN_BUNDLE_H

#include "fhir/json.h"
#include "fhir/util/arena.h"

struct bundle_entry {
	const char *full_url;              /* or NULL */
	const struct json_value *resource; /* or NULL */
	const char *method, *url;  /* request.method / .url, or NULL */
	const char *mode;          /* search.mode, or NULL */
	const char *status, *etag, *location; /* response.*, or NULL */
	const struct json_value *outcome;     /* response.outcome, or NULL */
	size_t offset; /* byte offset of the entry in the input */
};

/* Everything in an entry is borrowed and dies when the call returns.  A code
 * other than ERR_OK ends the reading and is returned. */
typedef enum err_code (*bundle_entry_fn)(
    void *ctx, const struct bundle_entry *entry, struct err *e);

struct bundle_head {
	char *type;                  /* "searchset" …, or NULL */
	char *self, *next, *previous; /* link urls as given, or NULL */
	char *version_tag;            /* meta.versionId, or NULL */
	int64_t total;                /* -1 when not said */
	size_t entries;
};

/*
 * Read one JSON text that must be a FHIR resource.  A Bundle gives its
 * entries (a Bundle inside an entry gives its own in turn, to a depth of 4),
 * anything else itself as a single entry.  ret_head (may be NULL) is filled
 * for a Bundle, strings in a.
 *
 * An entry whose resource is no FHIR resource is handed over all the same:
 * the caller asks resource_identify() and names the problem, so that one bad
 * entry does not cost the others.
 *
 * Errors: ERR_NOT_FHIR (an HTML page, recognised and said; JSON without a
 * resourceType), ERR_NOT_JSON, ERR_LIMIT, or what `each` returned.
 */
enum err_code bundle_read(const char *s, size_t n, struct arena *a,
    struct bundle_head *ret_head, bundle_entry_fn each, void *ctx,
    struct err *e) MUST_CHECK;

/* A Bundle after its entries, a nested one too; what it points at lives in
 * the arena. */
typedef void (*bundle_head_fn)(void *ctx, const struct bundle_head *head);

/* As bundle_read for files: one resource, or NDJSON / several resources one
 * after another.  An error's text names the offset.  head may be NULL. */
enum err_code resources_read(const char *s, size_t n, struct arena *a,
    bundle_entry_fn each, bundle_head_fn head, void *ctx,
    struct err *e) MUST_CHECK;

#endif
