/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the keys only.
 */
#ifndef RESCAN_JWK_PRIV_H
#define RESCAN_JWK_PRIV_H

#include <openssl/evp.h>

#include "fhir/jwk.h"

#define JWK_ES_BYTES 48 /* of a coordinate of P-384 */
#define JWK_RSA_BITS 2048
#define JWK_NUMBER   1024 /* largest number of a key, bytes: RSA-8192 */
#define JWK_FILE_MAX 65536

struct jwk_alg {
	const char *name, *kty;
	int type; /* EVP_PKEY_… */
};

struct jwk {
	EVP_PKEY *key;
	const struct jwk_alg *alg;
	char kid[256];
	bool is_private;
};

/* Takes the key over.  Finds its algorithm; ERR_CONFIG when it is good for
 * none of ours. */
enum err_code jwk_wrap(
    EVP_PKEY *key, bool is_private, struct jwk **ret, struct err *e) MUST_CHECK;

#endif
