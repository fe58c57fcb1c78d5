/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing keys: ES384 and RS384, from PEM or JWK, and their public half as a
 * JWK.  Signatures are OpenSSL's; only their JOSE form is ours.
 */
#ifndef RESCAN_JWK_H
#define RESCAN_JWK_H

#include "fhir/json_writer.h"
#include "fhir/util/err.h"
#include "fhir/util/strbuf.h"

#define JWK_THUMBPRINT_SIZE 44 /* base64url of 32 bytes, NUL included */

struct jwk;

/* A private key from a file nobody else can read, PEM without passphrase or a
 * JWK.  alg "ES384", "RS384" or "" (whichever it is good for); kid "" takes
 * the JWK's own or else the thumbprint.  ERR_CONFIG. */
enum err_code jwk_read(const char *path, const char *alg, const char *kid,
    struct jwk **ret, struct err *e) MUST_CHECK;

/* A JWK's text, private or public. */
enum err_code jwk_parse(
    const char *s, size_t n, struct jwk **ret, struct err *e) MUST_CHECK;

enum err_code jwk_generate(
    const char *alg, struct jwk **ret, struct err *e) MUST_CHECK;
void jwk_free(struct jwk *k); /* NULL is fine */

const char *jwk_alg(const struct jwk *k);
const char *jwk_kid(const struct jwk *k);
bool jwk_is_private(const struct jwk *k);

/*= rfc7638 §3: of the public half */
void jwk_thumbprint(const struct jwk *k, char buf[JWK_THUMBPRINT_SIZE]);

/* The signature of n bytes, base64url, appended to out; ES384 as R then S
 * (rfc7518 §3.4). */
enum err_code jwk_sign(const struct jwk *k, const char *bytes, size_t n,
    struct strbuf *out, struct err *e) MUST_CHECK;

/* The private half as PEM into a new file of mode 0600.  ERR_IO, also when
 * there is a file already. */
enum err_code jwk_write_pem(
    const struct jwk *k, const char *path, struct err *e) MUST_CHECK;

/* The public half as an object for a JWKS. */
void jwk_put_public(
    struct json_writer *w, const char *name, const struct jwk *k);

#endif
