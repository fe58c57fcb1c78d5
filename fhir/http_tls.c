/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/http_tls.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "fhir/util/secret.h"

#define KEY_MAX 65536

static int slot = -1; /* where an SSL_CTX keeps its struct http_tls */

static void
name_text(const X509_NAME *name, char *buf, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n = 0;

	if (bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE) > 0)
		n = BIO_read(bio, buf, (int)size - 1);
	buf[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
}

static int64_t
not_after_ms(const X509 *cert)
{
	struct tm t;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &t) != 1)
		return INT64_MAX;
	return (int64_t)timegm(&t) * 1000;
}

/* Called by OpenSSL per certificate, the leaf last when all is well. */
static int
look(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct http_tls *w = NULL;
	const X509 *cert = X509_STORE_CTX_get_current_cert(store);

	if (ssl != NULL)
		w = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot);
	if (w == NULL || w->fault != X509_V_OK)
		return ok;
	if (!ok)
		w->fault = X509_STORE_CTX_get_error(store);
	if (cert != NULL) {
		name_text(X509_get_subject_name(cert), w->subject,
		    sizeof(w->subject));
		name_text(
		    X509_get_issuer_name(cert), w->issuer, sizeof(w->issuer));
		if (ok && X509_STORE_CTX_get_error_depth(store) == 0)
			w->not_after_ms = not_after_ms(cert);
	}
	return ok;
}

/* Called when the server asks for a certificate and none is set. */
static int
ask(SSL *ssl, X509 **cert, EVP_PKEY **key)
{
	struct http_tls *w = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot);

	(void)cert, (void)key;
	if (w != NULL && SSL_get_certificate(ssl) == NULL)
		w->asked = true;
	return 0;
}

static CURLcode
attach(CURL *c, void *ssl_ctx, void *arg)
{
	SSL_CTX *ctx = ssl_ctx;

	(void)c;
	if (slot < 0 || SSL_CTX_set_ex_data(ctx, slot, arg) != 1)
		return CURLE_ABORTED_BY_CALLBACK;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, look);
	if (SSL_CTX_get0_certificate(ctx) == NULL)
		SSL_CTX_set_client_cert_cb(ctx, ask);
	return CURLE_OK;
}

static void
reserve_slot(void)
{
	slot = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

CURLcode
http_tls_watch(CURL *c, struct http_tls *w)
{
	static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
	CURLcode rc;

	if (CRYPTO_THREAD_run_once(&once, reserve_slot) != 1)
		return CURLE_OUT_OF_MEMORY;
	w->fault = X509_V_OK;
	w->subject[0] = w->issuer[0] = '\0';
	w->asked = false;
	rc = curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, attach);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, w);
	return rc;
}

/* No passphrase, and nobody is asked for one. */
static int
no_passphrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf, (void)size, (void)writing, (void)ctx;
	return -1;
}

static enum err_code
read_key(const char *path, EVP_PKEY **ret, struct err *e)
{
	char *text = malloc(KEY_MAX);
	size_t n = 0;
	BIO *bio = NULL;
	enum err_code code;

	if (text == NULL)
		abort();
	code = secret_read(path, text, KEY_MAX, &n, e);
	if (code == ERR_OK)
		bio = BIO_new_mem_buf(text, (int)n);
	if (bio != NULL)
		*ret = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (code == ERR_OK && *ret == NULL)
		code = err_set(e, ERR_CONFIG,
		    "%.300s: no PEM private key without passphrase", path);
	BIO_free(bio);
	secret_wipe(text, KEY_MAX);
	free(text);
	return code;
}

enum err_code
http_tls_own(const char *cert_file, const char *key_file,
    int64_t *ret_not_after_ms, struct err *e)
{
	BIO *bio = BIO_new_file(cert_file, "r");
	X509 *cert = NULL;
	EVP_PKEY *key = NULL;
	enum err_code code = ERR_OK;

	if (bio != NULL)
		cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	if (cert == NULL)
		code = err_set(
		    e, ERR_CONFIG, "%.300s: no PEM certificate", cert_file);
	if (code == ERR_OK)
		code = read_key(key_file, &key, e);
	if (code == ERR_OK && X509_check_private_key(cert, key) != 1)
		code = err_set(e, ERR_CONFIG, "%.200s is not the key of %.200s",
		    key_file, cert_file);
	if (code == ERR_OK)
		*ret_not_after_ms = not_after_ms(cert);
	ERR_clear_error();
	EVP_PKEY_free(key);
	X509_free(cert);
	BIO_free(bio);
	return code;
}

/*= interop D-02 */
bool
http_tls_about_ours(const struct http_tls *w, bool have_own, const char *origin,
    const char *said, struct err *e)
{
	static const char *const signs[] = {"alert certificate required",
	    "alert bad certificate", "alert unknown ca",
	    "alert certificate unknown", "alert certificate expired",
	    "alert certificate revoked", "alert unsupported certificate"};
	bool about = w->asked && strstr(said, "handshake failure") != NULL;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		about |= strstr(said, signs[i]) != NULL;
	if (about && have_own)
		err_set(e, ERR_TLS,
		    "%s: refuses our client certificate: %.200s", origin, said);
	else if (about)
		err_set(e, ERR_TLS,
		    "%s: asks for a client certificate, and none is configured",
		    origin);
	return about;
}

/* libcurl has one code for "the handshake failed", whoever's fault it is. */
static bool
is_broken_line(const char *said)
{
	static const char *const signs[] = {"SSL_ERROR_SYSCALL",
	    "unexpected eof", "Connection reset", "Broken pipe"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strstr(said, signs[i]) != NULL)
			return true;
	return false;
}

enum err_code
http_tls_error(CURL *c, const struct http_tls *w, const char *origin,
    const char *said, struct err *e)
{
	long verify = X509_V_OK, proxy = X509_V_OK;
	const char *why = said;

	curl_easy_getinfo(c, CURLINFO_SSL_VERIFYRESULT, &verify);
	curl_easy_getinfo(c, CURLINFO_PROXY_SSL_VERIFYRESULT, &proxy);
	if (proxy != X509_V_OK && proxy != X509_V_ERR_UNSPECIFIED)
		return err_set(e, ERR_TLS, "%s: the proxy: %s", origin,
		    X509_verify_cert_error_string(proxy));
	if (w->fault != X509_V_OK)
		verify = w->fault;
	/* "Unspecified" is what libcurl begins with. */
	if (verify != X509_V_OK && verify != X509_V_ERR_UNSPECIFIED)
		why = X509_verify_cert_error_string(verify);
	else if (strstr(said, "subject name") != NULL)
		why = "host name does not match the certificate";
	else if (is_broken_line(said))
		return err_set(e, ERR_CONNECT,
		    "%s: connection broke in the TLS handshake", origin);
	if (w->subject[0] == '\0')
		return err_set(e, ERR_TLS, "%s: %.200s", origin, why);
	return err_set(e, ERR_TLS, "%s: %s (subject %s, issuer %s)", origin,
	    why, w->subject, w->issuer);
}
