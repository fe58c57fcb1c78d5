/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token endpoint's judgement of a request for the scripted server: form,
 * header, signature (by OpenSSL, from the registered public key) and claims.
 */
#ifndef RESCAN_TESTS_OAUTH_H
#define RESCAN_TESTS_OAUTH_H

#include "tests/support/scripted.h"

#include <stdint.h>

/* The client as it is registered; set before the server is used. */
struct oauth_client {
	const char *client_id;
	const char *key_file; /* PEM, private or public */
	const char *alg, *kid;
	const char *scope;    /* expected */
	const char *audience; /* "{origin}/token" and the like */
	int64_t ahead_s;      /* its clock, of ours */
};
extern struct oauth_client oauth_client;

/* A `judge` of scripted_exchange. */
const char *oauth_judge(
    const struct scripted *s, const char *head, const char *body);

/* Verify a compact JWS with a PEM key. */
const char *oauth_verify(
    const char *jws, const char *key_file, const char *alg);

#endif
