/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "fhir/jwk_priv.h"
#include "fhir/util/base64.h"

/*= rfc7518 §3.4: OpenSSL's DER as R then S, each 48 bytes */
static bool
to_raw(const unsigned char *der, size_t n, unsigned char raw[2 * JWK_ES_BYTES])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	bool ok = sig != NULL;

	ok = ok &&
	     BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, JWK_ES_BYTES) ==
		 JWK_ES_BYTES &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + JWK_ES_BYTES,
		 JWK_ES_BYTES) == JWK_ES_BYTES;
	ECDSA_SIG_free(sig);
	return ok;
}

static bool
sign(const struct jwk *k, const char *bytes, size_t n, unsigned char *sig,
    size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok =
	    ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, k->key) == 1 &&
	    EVP_DigestSign(ctx, sig, len, (const unsigned char *)bytes, n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

enum err_code
jwk_sign(const struct jwk *k, const char *bytes, size_t n, struct strbuf *out,
    struct err *e)
{
	unsigned char sig[JWK_NUMBER], raw[2 * JWK_ES_BYTES];
	char text[BASE64_SIZE(JWK_NUMBER)];
	size_t len = sizeof(sig);
	bool ok = k->is_private && sign(k, bytes, n, sig, &len);

	if (ok && k->alg->type == EVP_PKEY_EC) {
		ok = to_raw(sig, len, raw);
		base64url_encode(raw, sizeof(raw), text);
	} else if (ok) {
		base64url_encode(sig, len, text);
	}
	if (!ok) {
		ERR_clear_error();
		return err_set(e, ERR_CONFIG, "the key does not sign");
	}
	strbuf_adds(out, text);
	return ERR_OK;
}
