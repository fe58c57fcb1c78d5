/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder that holds what went over the wire: capture writes it, replay
 * answers from it.
 *
 *   meta.json     whom it is about, and how it was taken
 *   index.ndjson  a line an exchange, in order; a line {"cycle":n} before
 *                 each cycle, {"done":n} behind one that was not stopped
 *   NNNNNN.sent   the body of a request      NNNNNN.body  of an answer
 *   clock.txt     what the clock said each time it was asked
 *   store.db      the store as it was before, when there was one
 */
#ifndef RESCAN_RECORD_H
#define RESCAN_RECORD_H

#include "fhir/http.h"
#include "fhir/json.h"
#include "fhir/util/arena.h"

#define RECORD_META  "meta.json"
#define RECORD_INDEX "index.ndjson"
#define RECORD_CLOCK "clock.txt"
#define RECORD_STORE "store.db"

enum record_clock {
	RECORD_NOW,
	RECORD_MONOTONIC,
	RECORD_JITTER,
	RECORD_CLOCK__MAX
};

struct record_meta {
	const char *version, *server, *base_url;
	bool redacted, has_store;
};

struct record_exchange {
	int n, cycle;
	const char *method, *url;
	bool has_sent, has_body;
	enum err_code code; /* what came of it */
	const char *text;
	struct http_response r;          /* without its body */
	size_t asked[RECORD_CLOCK__MAX]; /* of the clock, until its answer */
	bool used;                       /* by a replay */
};

struct record {
	struct arena *arena;
	const char *dir;
	struct record_meta meta;
	LIST_OF(struct record_exchange) exchanges;
	int cycles, done; /* begun; the last that came to its end */
	LIST_OF(int64_t) clock[RECORD_CLOCK__MAX];
};

/* Read all but the bodies; a last line cut by a crash is left out.  ret is to
 * be given to record_done.  Errors: ERR_IO, ERR_INVALID. */
enum err_code record_load(
    const char *dir, struct record *ret, struct err *e) MUST_CHECK;
void record_done(struct record *r);

/* The body sent or received, NUL-terminated, in a.  ERR_IO. */
enum err_code record_body(const struct record *r, int n, const char *suffix,
    struct arena *a, char **ret, size_t *ret_len, struct err *e) MUST_CHECK;

/* One line of the index, and the meta file's text. */
struct strbuf;
void record_write_exchange(const struct record_exchange *x, struct strbuf *out);
void record_write_meta(const struct record_meta *m, struct strbuf *out);

/* "DIR/name", in a. */
char *record_path(struct arena *a, const char *dir, const char *name);
char *record_body_name(struct arena *a, int n, const char *suffix);

#endif
