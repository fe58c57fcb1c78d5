/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "fhir/http_priv.h"
#include "fhir/util/clock.h"
#include "fhir/util/secret.h"
#include "fhir/util/strbuf.h"

#define PINS_MAX       2048
#define PROXY_AUTH_MAX 512
#define PIN_LEN        44 /* base64 of 32 bytes */
#define MS_PER_DAY     INT64_C(86400000)

static void
global_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static char *
copy(const char *s)
{
	char *p = s == NULL ? NULL : strdup(s);

	if (s != NULL && p == NULL)
		abort();
	return p;
}

/* Options */

static bool
is_pin(const char *s, size_t n)
{
	unsigned char text[PIN_LEN + 1], out[40];

	if (n != PIN_LEN || s[n - 1] != '=' || s[n - 2] == '=')
		return false;
	memcpy(text, s, n);
	return EVP_DecodeBlock(out, text, (int)n) == 33;
}

/* "A=, B=" as libcurl's "sha256//A=;sha256//B=". */
static enum err_code
take_pins(struct http *h, const char *s, struct err *e)
{
	static const char prefix[] = "sha256//";
	struct strbuf b;
	size_t n;
	bool ok = true;

	if (s == NULL)
		return ERR_OK;
	strbuf_init(&b, PINS_MAX);
	for (; ok && *(s += strspn(s, ",; \t")) != '\0'; s += n) {
		if (strncmp(s, prefix, sizeof(prefix) - 1) == 0)
			s += sizeof(prefix) - 1;
		n = strcspn(s, ",; \t");
		ok = is_pin(s, n);
		strbuf_addf(
		    &b, "%s%s%.*s", b.len == 0 ? "" : ";", prefix, (int)n, s);
	}
	ok = ok && b.len > 0 && !b.overflow;
	h->strings[STRING_PIN] = strbuf_take(&b);
	if (ok)
		return ERR_OK;
	return err_set(e, ERR_CONFIG,
	    "pin_sha256 is not the base64 of a SHA-256 (%d characters)",
	    PIN_LEN);
}

static enum err_code
check_proxy(const struct http_options *o, struct err *e)
{
	char auth[PROXY_AUTH_MAX];
	enum err_code code = ERR_OK;

	if (o->proxy != NULL && !http_proxy_valid(o->proxy))
		return err_set(
		    e, ERR_CONFIG, "proxy is not \"http[s]://host[:port]\"");
	if (o->proxy_auth_file == NULL)
		return ERR_OK;
	if (o->proxy == NULL)
		return err_set(
		    e, ERR_CONFIG, "proxy_auth_file is given without proxy");
	code = secret_read_pair(o->proxy_auth_file, auth, sizeof(auth), e);
	secret_wipe(auth, sizeof(auth));
	return code;
}

static enum err_code
check_options(struct http *h, const struct http_options *o, struct err *e)
{
	enum err_code code;

	if (o->ca_file != NULL && access(o->ca_file, R_OK) != 0)
		return err_set(e, ERR_CONFIG, "cannot read %.300s: %s",
		    o->ca_file, strerror(errno));
	if ((o->client_cert_file == NULL) != (o->client_key_file == NULL))
		return err_set(e, ERR_CONFIG,
		    "client_cert_file and client_key_file go together");
	code = check_proxy(o, e);
	if (code == ERR_OK && o->client_cert_file != NULL)
		code = http_tls_own(o->client_cert_file, o->client_key_file,
		    &h->own_not_after_ms, e);
	if (code == ERR_OK)
		code = take_pins(h, o->pin_sha256, e);
	return code;
}

static void
keep_options(struct http *h, const struct http_options *o)
{
	char **s = h->strings;

	h->o = *o;
	h->o.ca_file = s[STRING_CA] = copy(o->ca_file);
	h->o.user_agent = s[STRING_AGENT] = copy(o->user_agent);
	h->o.client_cert_file = s[STRING_CERT] = copy(o->client_cert_file);
	h->o.client_key_file = s[STRING_KEY] = copy(o->client_key_file);
	h->o.proxy = s[STRING_PROXY] = copy(o->proxy);
	h->o.proxy_auth_file = s[STRING_PROXY_AUTH] = copy(o->proxy_auth_file);
	h->o.pin_sha256 = s[STRING_PIN];
}

enum err_code
http_new(const struct http_options *o, struct http **ret, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http *h;
	enum err_code code;

	pthread_once(&once, global_init);
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		abort();
	h->own_not_after_ms = h->tls.not_after_ms = INT64_MAX;
	code = check_options(h, o, e);
	if (code == ERR_OK && (h->curl = curl_easy_init()) == NULL)
		code = err_set(e, ERR_IO, "libcurl does not start");
	if (code != ERR_OK) {
		http_free(h);
		return code;
	}
	keep_options(h, o);
	*ret = h;
	return ERR_OK;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	for (size_t i = 0; i < STRING__MAX; i++)
		free(h->strings[i]);
	free(h);
}

static int
days_left(int64_t not_after_ms)
{
	/* Asked in any case: a replayed run asks as often as the first. */
	int64_t now = clock_now_ms(), left;

	if (not_after_ms == INT64_MAX)
		return INT_MAX;
	left = not_after_ms - now;
	return left < 0 ? -1 : (int)(left / MS_PER_DAY);
}

int
http_certificate_days_left(const struct http *h)
{
	return days_left(h->tls.not_after_ms);
}

int
http_own_certificate_days_left(const struct http *h)
{
	return days_left(h->own_not_after_ms);
}

/* One request */

static int
on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)ctx, (void)a, (void)b, (void)c, (void)d;
	return http_stopped();
}

#define SET(opt, value)                                                        \
	(rc = rc != CURLE_OK ? rc : curl_easy_setopt(h->curl, (opt), (value)))

static CURLcode
set_tls(struct http *h)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (h->o.ca_file != NULL) {
		SET(CURLOPT_CAINFO, h->o.ca_file);
		SET(CURLOPT_CAPATH, NULL);
	}
	if (h->o.pin_sha256 != NULL)
		SET(CURLOPT_PINNEDPUBLICKEY, h->o.pin_sha256);
	if (h->o.client_cert_file != NULL) {
		SET(CURLOPT_SSLCERT, h->o.client_cert_file);
		SET(CURLOPT_SSLKEY, h->o.client_key_file);
		SET(CURLOPT_KEYPASSWD, ""); /* never asks the terminal */
	}
	return rc != CURLE_OK ? rc : http_tls_watch(h->curl, &h->tls);
}

static CURLcode
set_proxy_auth(struct http *h, char *auth)
{
	CURLcode rc = CURLE_OK;
	char *colon = strchr(auth, ':');

	*colon = '\0';
	SET(CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
	SET(CURLOPT_PROXYUSERNAME, auth);
	SET(CURLOPT_PROXYPASSWORD, colon + 1);
	return rc;
}

static CURLcode
set_proxy(struct http *h)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
	if (h->o.ca_file != NULL) {
		SET(CURLOPT_PROXY_CAINFO, h->o.ca_file);
		SET(CURLOPT_PROXY_CAPATH, NULL);
	}
	if (h->o.proxy != NULL) {
		SET(CURLOPT_PROXY, h->o.proxy);
		SET(CURLOPT_NOPROXY, ""); /* what is configured counts */
		SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
	}
	return rc;
}

static CURLcode
set_rest(struct http *h)
{
	CURLcode rc = CURLE_OK;
	bool http2 = h->o.http2 && !h->http2_failed &&
		     (curl_version_info(CURLVERSION_NOW)->features &
			 CURL_VERSION_HTTP2) != 0;

	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	/* HTTP/1.1 has no refused streams that libcurl sends again by itself
	 * (up to five times; interop D-04). */
	SET(CURLOPT_HTTP_VERSION,
	    http2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_USERAGENT, h->o.user_agent);
	SET(CURLOPT_CONNECTTIMEOUT_MS, h->o.connect_timeout_ms);
	SET(CURLOPT_TIMEOUT_MS, h->o.total_timeout_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, h->o.low_speed_bytes);
	SET(CURLOPT_LOW_SPEED_TIME, h->o.low_speed_seconds);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_ERRORBUFFER, h->said);
	return rc;
}

static CURLcode
set_exchange(struct http *h, const struct http_request *r, const char *url,
    struct curl_slist *headers, struct http_body *body)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, url);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_WRITEFUNCTION, http_body_write);
	SET(CURLOPT_WRITEDATA, body);
	if (r->sink != NULL) /* low speed is the only limit on a file */
		SET(CURLOPT_TIMEOUT_MS, 0L);
	if (strcmp(r->method, "GET") != 0) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_CUSTOMREQUEST, r->method);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
		SET(CURLOPT_POSTFIELDS, r->body == NULL ? "" : r->body);
		/*= interop D-42: on a dead kept connection libcurl would
		 * send the write again without saying so */
		SET(CURLOPT_FRESH_CONNECT, 1L);
	}
	return rc;
}

enum err_code
http_set_request(struct http *h, const struct http_request *r, const char *url,
    struct curl_slist *headers, struct http_body *body, struct err *e)
{
	char auth[PROXY_AUTH_MAX];
	enum err_code code = ERR_OK;
	CURLcode rc = set_rest(h);

	if (rc == CURLE_OK)
		rc = set_tls(h);
	if (rc == CURLE_OK)
		rc = set_proxy(h);
	if (rc == CURLE_OK && h->o.proxy_auth_file != NULL) {
		code = secret_read_pair(
		    h->o.proxy_auth_file, auth, sizeof(auth), e);
		if (code == ERR_OK)
			rc = set_proxy_auth(h, auth);
		secret_wipe(auth, sizeof(auth));
	}
	if (rc == CURLE_OK)
		rc = set_exchange(h, r, url, headers, body);
	if (code == ERR_OK && rc != CURLE_OK)
		code = err_set(e, ERR_CONFIG, "libcurl refuses an option: %s",
		    curl_easy_strerror(rc));
	return code;
}
