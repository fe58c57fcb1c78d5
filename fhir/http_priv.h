/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the HTTP client only.
 */
#ifndef RESCAN_HTTP_PRIV_H
#define RESCAN_HTTP_PRIV_H

#include <curl/curl.h>

#include "fhir/http.h"
#include "fhir/http_body.h"
#include "fhir/http_tls.h"

enum http_string {
	STRING_CA,
	STRING_AGENT,
	STRING_CERT,
	STRING_KEY,
	STRING_PROXY,
	STRING_PROXY_AUTH,
	STRING_PIN, /* as libcurl wants it */
	STRING__MAX
};

struct http {
	CURL *curl;
	struct http_options o; /* its strings are those below */
	char *strings[STRING__MAX];
	struct http_tls tls;
	int64_t own_not_after_ms;
	bool http2_failed;
	char said[CURL_ERROR_SIZE];
};

bool http_stopped(void);

/* Everything libcurl is to know of one request.  `headers` and `body` are
 * borrowed until curl_easy_reset. */
enum err_code http_set_request(struct http *h, const struct http_request *r,
    const char *url, struct curl_slist *headers, struct http_body *body,
    struct err *e) MUST_CHECK;

/* Fill e for a transfer that ended with rc. */
enum err_code http_fail(
    struct http *h, CURLcode rc, const char *origin, struct err *e);

#endif
