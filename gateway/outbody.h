/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies on their way out: placeholders, retraction, comparison with what
 * stands on the server.
 */
#ifndef RESCAN_OUTBODY_H
#define RESCAN_OUTBODY_H

#include "fhir/json.h"
#include "fhir/util/arena.h"

enum outref {
	OUTREF_KNOWN,
	OUTREF_WAIT, /* not written yet: the body cannot be sent */
	OUTREF_NONE  /* never will be: the reference is left out */
};

/* What stands for "urn:rescan:<identifier>[#version]". */
typedef enum outref (*outbody_ref_fn)(void *ctx, const char *identifier,
    bool version, struct arena *a, const char **ret);

struct outbody_request {
	const char *id;       /* the resource's on the server, or "" */
	const char *recorded; /* instant for "@recorded" */
	const char *base;     /* put before relative references; or NULL */
	outbody_ref_fn ref;
	void *ctx;
	struct arena *arena;
};

/* The body as it is sent; NULL when it has to wait.  An empty array or
 * object left behind by OUTREF_NONE goes, too. */
enum err_code outbody_resolve(const char *body, const struct outbody_request *r,
    char **ret, struct err *e) MUST_CHECK;

/* The body with status entered-in-error; NULL when it has no status. */
char *outbody_retract(struct arena *a, const char *body);

/* SHA-256 of a body; what it refers to by version counts with the hash that
 * `ref` (identifier → hash) gives, so that it changes with those. */
typedef const char *(*outbody_hash_fn)(void *ctx, const char *identifier);
char *outbody_hash(
    struct arena *a, const char *body, outbody_hash_fn fn, void *ctx);

/* The same content: meta, id, text and recorded at the root left out, the
 * order of members nothing. */
bool outbody_same(const struct json_value *a, const struct json_value *b);

/* All that `ours` says is said by `theirs`, which may say more. */
bool outbody_within(
    const struct json_value *ours, const struct json_value *theirs);

/* A person closed what stands there, `want` knows of it and raises it again:
 * the evidence has grown since (irae §4.5). */
bool outbody_reopens(
    const struct json_value *current, const struct json_value *want);

/* What stands there is what we left: the same as `landed`, or holding all of
 * `sent`.  With neither on record ("" both): nobody has closed or promoted
 * what `want` would raise. */
bool outbody_untouched(const struct json_value *current,
    const struct json_value *want, const char *landed, const char *sent);

/* Our identifier (Provenance: tag) still stands in it. */
bool outbody_carries(const struct json_value *resource, const char *identifier);

/* A Provenance, resolved, that is about nothing: none of its targets stands,
 * or none as we wrote it. */
bool outbody_is_moot(const char *body);

/* Print what changes between two bodies, a line a leaf: "- path: old",
 * "+ path: new".  `before` may be NULL. */
void outbody_print_changes(const char *before, const char *after, FILE *out);

#endif
