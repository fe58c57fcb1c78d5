/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMART Backend Services: a token for a program, for a signed assertion.
 *
 * Discovers the token endpoint, asks for a token when one is needed, renews
 * it at four fifths of its life and once after a 401.  Token and key live in
 * memory only, and are wiped.  What an operator has to mend (`invalid_client`
 * …) is not asked for again in a hurry; neither is an endpoint that is down.
 */
#ifndef RESCAN_SMART_H
#define RESCAN_SMART_H

#include "fhir/auth.h"
#include "fhir/http.h"
#include "fhir/observe.h"
#include "fhir/scope.h"

struct smart_options {
	const char *base_url; /* of the FHIR server */
	struct http_options http;
	const char *client_id;
	const char *key_file; /* PEM or JWK, nobody else's to read */
	const char *key_id;   /* "": the key's own, else its thumbprint */
	const char *alg;      /* "ES384", "RS384", "": what the key is for */
	/* Asked for, spaces between.  "": built from the needs as the server
	 * understands them; "v1", "v2": built in that version. */
	const char *scopes;
	const struct scope_need *needs;
	size_t n_needs;
	const char *token_url; /* instead of discovery, or NULL */
	int retries, backoff_ms, backoff_max_ms;
	struct observer observer;
};

/* Reads the key; talks to nobody yet.  Everything is copied.  ERR_CONFIG.
 * Of the provider's header(): ERR_AUTH (an operator has to act, here or at the
 * server) and those of http_exchange. */
enum err_code smart_new(
    const struct smart_options *o, struct auth **ret, struct err *e) MUST_CHECK;

#endif
