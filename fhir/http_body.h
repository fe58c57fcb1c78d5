/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of one answer as it arrives: expanded, capped, and known to be
 * whole.  libcurl takes a gzip stream cut in the middle for a whole one when
 * the cut has the announced length (interop D-05), so it is expanded here.
 */
#ifndef RESCAN_HTTP_BODY_H
#define RESCAN_HTTP_BODY_H

#include <curl/curl.h>
#include <zlib.h>

#include "fhir/http.h"
#include "fhir/util/strbuf.h"

enum http_coding { CODING_UNKNOWN, CODING_NONE, CODING_GZIP, CODING_OTHER };

struct http_body {
	CURL *curl;        /* borrowed: the headers are asked of it */
	struct strbuf out; /* what has arrived, expanded */
	enum http_coding coding;
	z_stream z;
	bool ended, damaged;
	const struct http_sink *sink; /* or NULL */
	size_t sunk;
	bool unwanted; /* by the sink */
};

void http_body_init(struct http_body *b, CURL *curl, size_t max);
void http_body_done(struct http_body *b); /* the text is wiped */

/* A CURLOPT_WRITEFUNCTION with the body as its context. */
size_t http_body_write(char *s, size_t size, size_t n, void *ctx);

/* What is wrong with the body, whether libcurl minded or not: ERR_LIMIT,
 * ERR_TRUNCATED, ERR_NOT_FHIR (an encoding nobody asked for). */
enum err_code http_body_check(
    const struct http_body *b, const char *origin, struct err *e) MUST_CHECK;

#endif
