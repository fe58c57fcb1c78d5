/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "fhir/json_pick.h"
#include "fhir/jwk_priv.h"
#include "fhir/util/base64.h"
#include "fhir/util/secret.h"

/* Numbers while OpenSSL makes a key of them. */
struct parts {
	OSSL_PARAM_BLD *bld;
	BIGNUM *n[8];
	size_t count;
	unsigned char point[1 + 2 * JWK_ES_BYTES];
	bool is_private;
};

/*= rfc7518 §6.3 */
static const struct {
	const char *member, *param;
	bool secret;
} rsa[] = {
    {"n", OSSL_PKEY_PARAM_RSA_N, false},
    {"e", OSSL_PKEY_PARAM_RSA_E, false},
    {"d", OSSL_PKEY_PARAM_RSA_D, true},
    {"p", OSSL_PKEY_PARAM_RSA_FACTOR1, true},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2, true},
    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, true},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, true},
    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true},
};

static bool
pick_bytes(const struct json_pick *p, const char *name, unsigned char *out,
    size_t size, size_t *ret_n)
{
	char text[BASE64_SIZE(JWK_NUMBER)];
	bool ok = json_pick_string(p, name, text, sizeof(text)) &&
		  base64url_decode(text, strlen(text), out, size, ret_n) &&
		  *ret_n > 0;

	secret_wipe(text, sizeof(text));
	return ok;
}

static bool
push_number(struct parts *t, const struct json_pick *p, const char *name,
    const char *param)
{
	unsigned char bytes[JWK_NUMBER];
	size_t len = 0;
	bool ok = pick_bytes(p, name, bytes, sizeof(bytes), &len);
	BIGNUM *n = ok ? BN_secure_new() : NULL;

	ok = ok && n != NULL && BN_bin2bn(bytes, (int)len, n) != NULL;
	secret_wipe(bytes, sizeof(bytes));
	if (n != NULL)
		t->n[t->count++] = n;
	return ok && OSSL_PARAM_BLD_push_BN(t->bld, param, n) == 1;
}

static bool
push_rsa(struct parts *t, const struct json_pick *p)
{
	t->is_private = true;
	for (size_t i = 0; i < sizeof(rsa) / sizeof(rsa[0]); i++) {
		if (push_number(t, p, rsa[i].member, rsa[i].param))
			continue;
		if (!rsa[i].secret)
			return false;
		/* Without d public; with d, all the others are needed. */
		t->is_private = false;
		return strcmp(rsa[i].member, "d") == 0;
	}
	return true;
}

static bool
push_ec(struct parts *t, const struct json_pick *p)
{
	char curve[16];
	size_t x = 0, y = 0;

	t->point[0] = POINT_CONVERSION_UNCOMPRESSED;
	if (!json_pick_string(p, "crv", curve, sizeof(curve)) ||
	    strcmp(curve, "P-384") != 0 ||
	    !pick_bytes(p, "x", t->point + 1, JWK_ES_BYTES, &x) ||
	    !pick_bytes(
		p, "y", t->point + 1 + JWK_ES_BYTES, JWK_ES_BYTES, &y) ||
	    x != JWK_ES_BYTES || y != JWK_ES_BYTES)
		return false;
	if (OSSL_PARAM_BLD_push_utf8_string(
		t->bld, OSSL_PKEY_PARAM_GROUP_NAME, SN_secp384r1, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(t->bld, OSSL_PKEY_PARAM_PUB_KEY,
		t->point, sizeof(t->point)) != 1)
		return false;
	t->is_private = push_number(t, p, "d", OSSL_PKEY_PARAM_PRIV_KEY);
	return true;
}

static EVP_PKEY *
make(struct parts *t, const char *kty)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(t->bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kty, NULL);
	EVP_PKEY_CTX *check = NULL;
	EVP_PKEY *key = NULL;
	int what = t->is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;

	if (params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, what, params);
	if (key != NULL && t->is_private) {
		check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
		if (check == NULL || EVP_PKEY_pairwise_check(check) != 1) {
			EVP_PKEY_free(key);
			key = NULL;
		}
	}
	EVP_PKEY_CTX_free(check);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

enum err_code
jwk_parse(const char *s, size_t n, struct jwk **ret, struct err *e)
{
	struct parts t = {.bld = OSSL_PARAM_BLD_new()};
	char kty[8], kid[256];
	struct json_pick p;
	EVP_PKEY *key = NULL;
	enum err_code code = json_pick_init(&p, s, n, e);

	if (code != ERR_OK)
		goto out;
	json_pick_string(&p, "kty", kty, sizeof(kty));
	if ((strcmp(kty, "EC") == 0 && push_ec(&t, &p)) ||
	    (strcmp(kty, "RSA") == 0 && push_rsa(&t, &p)))
		key = make(&t, kty);
	ERR_clear_error();
	code = key == NULL
		   ? err_set(e, ERR_CONFIG, "no usable JWK (EC P-384 or RSA)")
		   : jwk_wrap(key, t.is_private, ret, e);
	if (code == ERR_OK && json_pick_string(&p, "kid", kid, sizeof(kid)) &&
	    kid[0] != '\0')
		memcpy((*ret)->kid, kid, sizeof(kid));
out:
	for (size_t i = 0; i < t.count; i++)
		BN_clear_free(t.n[i]);
	OSSL_PARAM_BLD_free(t.bld);
	return code;
}
