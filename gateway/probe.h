/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a FHIR server can and cannot do for us: what it says (its
 * CapabilityStatement) against what it does (interop C.4).
 *
 * Reads only, unless told to write; then only resources of its own, tagged as
 * a test, which it deletes again.
 */
#ifndef RESCAN_PROBE_H
#define RESCAN_PROBE_H

#include "fhir/capability.h"
#include "fhir/client.h"
#include "fhir/quirks.h"
#include "gateway/config.h"
#include "gateway/profile.h"

enum probe_level {
	PROBE_GOOD,
	PROBE_NOTE,    /* otherwise than usual; we can live with it */
	PROBE_BAD,     /* something we need is not to be had */
	PROBE_UNKNOWN, /* nothing to measure it on */
	PROBE__MAX
};
const char *probe_level_name(enum probe_level l);

struct probe_finding {
	const char *id;       /* "search.filter" */
	const char *type;     /* resource type, or "" */
	const char *says;     /* what the server says of it, or "" */
	const char *measured; /* in words */
	enum probe_level level;
};

struct probe_options {
	const struct config *config; /* borrowed, all of them */
	const struct config_server *server;
	const char *patient; /* id whose data is asked for, or NULL */
	bool write;
	void (*progress)(void *ctx, int n, const char *what); /* or NULL */
	void *ctx;
};

/* Lives in its arena. */
struct probe_report {
	struct arena *arena;
	const char *base, *software, *version, *fhir;
	int64_t at_ms;
	int requests;
	bool wrote;
	LIST_OF(struct probe_finding) findings;
	LIST_OF(const char *) left; /* tests that could not be deleted */
	struct quirks quirks;
	struct profile profile;
};

/* ret is to be given to probe_done, also after an error.  Errors: those that
 * leave nothing to say: no connection, no CapabilityStatement of R4,
 * ERR_STOPPED (what was written has been deleted). */
enum err_code probe_run(const struct probe_options *o, struct probe_report *ret,
    struct err *e) MUST_CHECK;
void probe_done(struct probe_report *r);
bool probe_is_fit(const struct probe_report *r); /* nothing is PROBE_BAD */

void probe_print(const struct probe_report *r, FILE *out);
void probe_json(const struct probe_report *r, struct strbuf *out);

#endif
