/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of SMART only.
 */
#ifndef RESCAN_SMART_PRIV_H
#define RESCAN_SMART_PRIV_H

#include "fhir/json.h"
#include "fhir/jwk.h"
#include "fhir/smart.h"
#include "fhir/util/arena.h"

#define SMART_TOKEN_SIZE 8192
#define SMART_SCOPE_SIZE 8192

struct smart {
	struct auth base;
	struct arena *arena; /* what was copied */
	struct smart_options o;
	struct jwk *key;
	struct http *http;      /* to the FHIR server's origin */
	struct http *elsewhere; /* to another one: without pins */
	char *endpoint;         /* owned; NULL until known */
	int version;            /* of scopes, as discovered */
	char asked[SMART_SCOPE_SIZE], granted[SMART_SCOPE_SIZE];
	char token[SMART_TOKEN_SIZE]; /* "" when there is none */
	int64_t renew_ms, end_ms;     /* monotonic */
	int64_t not_before_ms;        /* the next attempt */
	int64_t refused_ms;           /* the last 401, INT64_MIN */
	int failures;
	int64_t skew_s;      /* the server's clock ahead of ours, when used */
	int64_t told_skew_s; /* by the last answer */
	struct err why; /* of the last failure */
};

/* Fill in endpoint and version. */
enum err_code smart_discover(struct smart *s, struct err *e) MUST_CHECK;

/* The signed assertion for an audience, appended. */
enum err_code smart_assert(const struct smart *s, const char *audience,
    struct strbuf *out, struct err *e) MUST_CHECK;

/* One attempt at a token; ret_after_s as http_response has it. */
enum err_code smart_fetch(
    struct smart *s, int64_t *ret_after_s, struct err *e) MUST_CHECK;

#endif
