/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Newline-delimited JSON as it arrives, a line at a time, each bounded.
 */
#ifndef RESCAN_NDJSON_H
#define RESCAN_NDJSON_H

#include "fhir/util/err.h"
#include "fhir/util/strbuf.h"

/* A line without its end, never empty; too_long: its first bytes only. */
typedef enum err_code (*ndjson_fn)(
    void *ctx, const char *line, size_t n, bool too_long, struct err *e);

struct ndjson {
	size_t max; /* of a line */
	ndjson_fn fn;
	void *ctx;
	struct strbuf line;
	bool too_long;
	size_t lines; /* handed over */
	enum err_code code;
	struct err *e;
};

void ndjson_init(
    struct ndjson *x, size_t max, ndjson_fn fn, void *ctx, struct err *e);
void ndjson_done(struct ndjson *x);
void ndjson_restart(struct ndjson *x); /* as if nothing had come */

/* false once fn has failed; the code stands in x->code. */
bool ndjson_feed(struct ndjson *x, const char *s, size_t n);
/* The last line may lack its end. */
enum err_code ndjson_end(struct ndjson *x) MUST_CHECK;

#endif
