/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a certificate was refused, in words an administrator can act on.
 * Between http.c and OpenSSL only.
 */
#ifndef RESCAN_HTTP_TLS_H
#define RESCAN_HTTP_TLS_H

#include <curl/curl.h>

#include "fhir/util/err.h"

/* The certificate looked at last: the faulty one when there is a fault. */
struct http_tls {
	int fault; /* X509_V_ERR_…, X509_V_OK */
	char subject[100], issuer[100];
};

/* Have OpenSSL tell w what it sees.  Verification itself is not touched. */
CURLcode http_tls_watch(CURL *c, struct http_tls *w);

/* Fill e for a failed handshake with `origin`; `said` is libcurl's text.
 * ERR_TLS, or ERR_CONNECT when the connection just broke. */
enum err_code http_tls_error(CURL *c, const struct http_tls *w,
    const char *origin, const char *said, struct err *e);

#endif
