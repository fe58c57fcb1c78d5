/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/http_tls.h"

#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

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
	}
	return ok;
}

static CURLcode
attach(CURL *c, void *ssl_ctx, void *arg)
{
	SSL_CTX *ctx = ssl_ctx;

	(void)c;
	if (slot < 0 || SSL_CTX_set_ex_data(ctx, slot, arg) != 1)
		return CURLE_ABORTED_BY_CALLBACK;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, look);
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
	memset(w, 0, sizeof(*w));
	rc = curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, attach);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, w);
	return rc;
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
	long verify = X509_V_OK;
	const char *why = said;

	curl_easy_getinfo(c, CURLINFO_SSL_VERIFYRESULT, &verify);
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
