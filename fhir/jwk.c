/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "fhir/jwk_priv.h"
#include "fhir/util/base64.h"
#include "fhir/util/secret.h"

static const struct jwk_alg algs[] = {
    {"ES384", "EC", EVP_PKEY_EC},
    {"RS384", "RSA", EVP_PKEY_RSA},
};

static const struct jwk_alg *
alg_find(const char *name)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (strcmp(algs[i].name, name) == 0)
			return &algs[i];
	return NULL;
}

static const struct jwk_alg *
alg_of(const EVP_PKEY *key)
{
	char curve[64] = "";
	size_t n;

	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		if (EVP_PKEY_get_base_id(key) != algs[i].type)
			continue;
		if (algs[i].type == EVP_PKEY_RSA)
			return EVP_PKEY_get_bits(key) >= JWK_RSA_BITS &&
				       EVP_PKEY_get_bits(key) <= JWK_NUMBER * 8
				   ? &algs[i]
				   : NULL;
		EVP_PKEY_get_group_name(key, curve, sizeof(curve), &n);
		return strcmp(curve, SN_secp384r1) == 0 ? &algs[i] : NULL;
	}
	return NULL;
}

enum err_code
jwk_wrap(EVP_PKEY *key, bool is_private, struct jwk **ret, struct err *e)
{
	const struct jwk_alg *alg = alg_of(key);
	struct jwk *k;

	if (alg == NULL) {
		EVP_PKEY_free(key);
		return err_set(e, ERR_CONFIG,
		    "the key is neither EC P-384 (ES384) nor RSA of %d to %d "
		    "bits (RS384)",
		    JWK_RSA_BITS, JWK_NUMBER * 8);
	}
	k = calloc(1, sizeof(*k));
	if (k == NULL)
		abort();
	k->key = key;
	k->alg = alg;
	k->is_private = is_private;
	jwk_thumbprint(k, k->kid);
	*ret = k;
	return ERR_OK;
}

void
jwk_free(struct jwk *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key);
	free(k);
}

const char *
jwk_alg(const struct jwk *k)
{
	return k->alg->name;
}

const char *
jwk_kid(const struct jwk *k)
{
	return k->kid;
}

bool
jwk_is_private(const struct jwk *k)
{
	return k->is_private;
}

enum err_code
jwk_generate(const char *alg, struct jwk **ret, struct err *e)
{
	const struct jwk_alg *a = alg_find(alg);
	EVP_PKEY *key;

	if (a == NULL)
		return err_set(e, ERR_USAGE,
		    "no algorithm %.40s: ES384 and RS384 are", alg);
	key = a->type == EVP_PKEY_EC ? EVP_EC_gen(SN_secp384r1)
				     : EVP_RSA_gen(3072);
	if (key == NULL)
		return err_set(e, ERR_IO, "OpenSSL makes no key");
	return jwk_wrap(key, true, ret, e);
}

/* From a file */

/* Never asks the terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf, (void)size, (void)writing, (void)ctx;
	return -1;
}

static enum err_code
parse_pem(const char *s, size_t n, struct jwk **ret, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(s, (int)n);
	EVP_PKEY *key = NULL;

	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (key == NULL)
		return err_set(e, ERR_CONFIG,
		    "neither a PEM private key without passphrase nor a JWK");
	return jwk_wrap(key, true, ret, e);
}

static enum err_code
settle(struct jwk *k, const char *alg, const char *kid, struct err *e)
{
	if (!k->is_private)
		return err_set(e, ERR_CONFIG, "holds no private key");
	if (alg[0] != '\0' && strcmp(alg, k->alg->name) != 0)
		return err_set(e, ERR_CONFIG, "the key is for %s, not %.40s",
		    k->alg->name, alg);
	if (strlen(kid) >= sizeof(k->kid))
		return err_set(e, ERR_CONFIG, "key_id is too long");
	if (kid[0] != '\0')
		memcpy(k->kid, kid, strlen(kid) + 1);
	return ERR_OK;
}

enum err_code
jwk_read(const char *path, const char *alg, const char *kid, struct jwk **ret,
    struct err *e)
{
	char *text = malloc(JWK_FILE_MAX);
	struct jwk *k = NULL;
	size_t n = 0;
	enum err_code code;

	if (text == NULL)
		abort();
	code = secret_read(path, text, JWK_FILE_MAX, &n, e);
	if (code != ERR_OK)
		goto out;
	code = text[strspn(text, " \t\r\n")] == '{' ? jwk_parse(text, n, &k, e)
						    : parse_pem(text, n, &k, e);
	if (code == ERR_OK)
		code = settle(k, alg, kid, e);
	if (code != ERR_OK) {
		err_context(e, "%.300s", path);
		jwk_free(k);
	} else {
		*ret = k;
	}
out:
	secret_wipe(text, JWK_FILE_MAX);
	free(text);
	return code;
}

enum err_code
jwk_write_pem(const struct jwk *k, const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	bool ok;

	if (f == NULL)
		return err_set(e, ERR_IO, "%.300s: %s", path, strerror(errno));
	ok = PEM_write_PrivateKey(f, k->key, NULL, NULL, 0, NULL, NULL) == 1 &&
	     fflush(f) == 0 && fsync(fd) == 0;
	ok = fclose(f) == 0 && ok;
	if (ok)
		return ERR_OK;
	unlink(path);
	return err_set(e, ERR_IO, "%.300s: cannot be written", path);
}

/* The public half */

static void
put_number(struct json_writer *w, const char *name, const EVP_PKEY *key,
    const char *param, int width)
{
	unsigned char bytes[JWK_NUMBER];
	char text[BASE64_SIZE(JWK_NUMBER)];
	BIGNUM *n = NULL;

	if (EVP_PKEY_get_bn_param(key, param, &n) != 1)
		abort();
	width = width == 0 ? BN_num_bytes(n) : width;
	if (BN_bn2binpad(n, bytes, width) != width)
		abort();
	base64url_encode(bytes, (size_t)width, text);
	json_put_string(w, name, text);
	BN_free(n);
}

/*= rfc7638 §3.2: the required members alone, in the order of their names */
static void
put_required(struct json_writer *w, const struct jwk *k)
{
	bool ec = k->alg->type == EVP_PKEY_EC;

	if (ec)
		json_put_string(w, "crv", "P-384");
	else
		put_number(w, "e", k->key, OSSL_PKEY_PARAM_RSA_E, 0);
	json_put_string(w, "kty", k->alg->kty);
	if (ec) {
		put_number(
		    w, "x", k->key, OSSL_PKEY_PARAM_EC_PUB_X, JWK_ES_BYTES);
		put_number(
		    w, "y", k->key, OSSL_PKEY_PARAM_EC_PUB_Y, JWK_ES_BYTES);
	} else {
		put_number(w, "n", k->key, OSSL_PKEY_PARAM_RSA_N, 0);
	}
}

void
jwk_thumbprint(const struct jwk *k, char buf[JWK_THUMBPRINT_SIZE])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	struct json_writer w;
	struct strbuf b;
	unsigned n = 0;

	strbuf_init(&b, 4096);
	json_writer_init(&w, &b, false);
	json_begin_object(&w, NULL);
	put_required(&w, k);
	json_end_object(&w);
	if (b.overflow ||
	    EVP_Digest(b.s, b.len, sum, &n, EVP_sha256(), NULL) != 1)
		abort();
	base64url_encode(sum, n, buf);
	strbuf_done(&b);
}

void
jwk_put_public(struct json_writer *w, const char *name, const struct jwk *k)
{
	json_begin_object(w, name);
	put_required(w, k);
	json_put_string(w, "use", "sig");
	json_put_string(w, "alg", k->alg->name);
	json_put_string(w, "kid", k->kid);
	json_begin_array(w, "key_ops");
	json_put_string(w, NULL, "verify");
	json_end_array(w);
	json_end_object(w);
}
