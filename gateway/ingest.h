/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the server's bytes to rows for the store: what a page or a read
 * resource is, whom it is about, what it refers to, and what of it cannot be
 * used.
 */
#ifndef RESCAN_INGEST_H
#define RESCAN_INGEST_H

#include "fhir/json.h"
#include "fhir/util/strset.h"
#include "gateway/store/store.h"

/* One page or answer on its way; everything lives in the arena. */
struct ingest {
	struct arena *arena;
	const char *server; /* name in the store */
	const char *base; /* its base URL: absolute references to it are ours */
	const char *type; /* what was asked for */
	int64_t now_ms;
	LIST_OF(struct store_resource) resources;
	LIST_OF(struct store_quarantine) quarantine;
	/* What the run has shown so far, or NULL. */
	struct strset *seen;
	bool newest_first; /* of one key only the first entry counts */
	bool restored;     /* what comes is older than what is known */
	int64_t max_updated_ms, min_updated_ms; /* seen, or TIME_NONE */
	size_t entries, own, outcomes;
	size_t nameless; /* entries without a key */
};

/* Types read besides what is polled, by reference; NULL ends. */
extern const char *const ingest_followed[];

void ingest_init(struct ingest *in, struct arena *a, const char *server,
    const char *base, const char *type, int64_t now_ms);

/* A searchset or history Bundle; entries that cannot be used are quarantined,
 * the page goes on.  `url` names entries without an id.  Errors: those of
 * json_split. */
enum err_code ingest_page(struct ingest *in, const char *url, const char *body,
    size_t len, struct err *e) MUST_CHECK;

/* The answer to reading `key`; a body that is not that resource is
 * quarantined and the key counts as missing. */
void ingest_read(
    struct ingest *in, const char *key, const char *body, size_t len);

/* One resource by itself, its line in a file; the same care. */
void ingest_text(
    struct ingest *in, const char *url, const char *text, size_t len);

/* There is none (RESOURCE_MISSING), or none any more (RESOURCE_DELETED). */
struct store_resource *ingest_absent(
    struct ingest *in, const char *key, enum resource_state state);

void ingest_quarantine(struct ingest *in, const char *key, const char *code,
    const char *text, const char *bytes, size_t len);

/* Written by us: carries our identifier or tag. */
bool ingest_is_own(const struct json_value *resource);

/* SHA-256 of the content, meta left out. */
char *ingest_hash(struct arena *a, const struct json_value *resource);

#endif
