/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bulk Data $export as a client (hl7.org/fhir/uv/bulkdata): kick-off, status,
 * files, end.
 *
 * The token goes where it may go and, to files, only when the manifest asks
 * for it; redirects lead to trusted origins only, and lose the token on the
 * way to another one.
 */
#ifndef RESCAN_CLIENT_BULK_H
#define RESCAN_CLIENT_BULK_H

#include "fhir/client.h"
#include "fhir/ndjson.h"

/* GET [base]/[path] ("Group/1/$export?_type=…").  Caller frees *ret_status,
 * the job's address.  ERR_REFUSED, ERR_THROTTLED … as for any call;
 * ERR_NOT_FHIR when there is no address in the answer. */
enum err_code client_export_start(struct client *c, const char *path,
    char **ret_status, struct err *e) MUST_CHECK;

struct client_export {
	bool ready;
	int64_t retry_after_s; /* not ready: -1 when not said */
	char *body;            /* ready: the manifest; free it */
	size_t len;
};
/* ERR_NOT_FOUND, ERR_GONE: there is no such job (any more). */
enum err_code client_export_look(struct client *c, const char *status,
    struct client_export *ret, struct err *e) MUST_CHECK;

/* The server need not keep it any longer. */
enum err_code client_export_end(
    struct client *c, const char *status, struct err *e) MUST_CHECK;

struct client_download {
	const char *url;
	bool with_token;
	size_t max_line, max_file;
	void (*restart)(void *ctx); /* an attempt begins, perhaps again */
	ndjson_fn line;
	void *ctx;
};
/* *ret_lines: how many.  ERR_NOT_FHIR: what came is no NDJSON. */
enum err_code client_export_file(struct client *c,
    const struct client_download *d, size_t *ret_lines,
    struct err *e) MUST_CHECK;

struct bulk_file {
	const char *type, *url;
	int64_t count; /* -1: not said */
};
struct bulk_files {
	struct bulk_file *items;
	size_t n, cap;
};
struct bulk_manifest {
	int64_t time_ms; /* transactionTime */
	bool requires_token;
	struct bulk_files output, deleted, error;
};
/* Strings in a.  ERR_INVALID, ERR_LIMIT. */
enum err_code bulk_manifest_read(const struct json_value *v, struct arena *a,
    struct bulk_manifest *ret, struct err *e) MUST_CHECK;

#endif
