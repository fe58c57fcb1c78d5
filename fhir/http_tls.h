/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What certificates say, and why one was refused, in words an administrator
 * can act on.  Between http.c and OpenSSL only.
 */
#ifndef RESCAN_HTTP_TLS_H
#define RESCAN_HTTP_TLS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "fhir/util/err.h"

/* The certificate looked at last: the faulty one when there is a fault. */
struct http_tls {
	int fault; /* X509_V_ERR_…, X509_V_OK */
	char subject[100], issuer[100];
	int64_t not_after_ms; /* of the server's; kept, INT64_MAX at first */
	bool asked;           /* the server wants ours, and there is none */
};

/* Have OpenSSL tell w what it sees.  Verification itself is not touched. */
CURLcode http_tls_watch(CURL *c, struct http_tls *w);

/* Our own certificate and its key: readable, fitting, the key nobody else's
 * to read.  ret is when it runs out.  ERR_CONFIG. */
enum err_code http_tls_own(const char *cert_file, const char *key_file,
    int64_t *ret_not_after_ms, struct err *e) MUST_CHECK;

/* The server's alert is about our certificate: fill e with ERR_TLS. */
bool http_tls_about_ours(const struct http_tls *w, bool have_own,
    const char *origin, const char *said, struct err *e);

/* Fill e for a failed handshake with `origin`; `said` is libcurl's text.
 * ERR_TLS, or ERR_CONNECT when the connection just broke. */
enum err_code http_tls_error(CURL *c, const struct http_tls *w,
    const char *origin, const char *said, struct err *e);

#endif
