/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "fhir/http_tls.h"
#include "fhir/util/clock.h"
#include "fhir/util/strbuf.h"

#define RETRY_AFTER_MAX (INT64_C(366) * 86400)

struct http {
	CURL *curl;
	struct http_options o; /* strings owned below */
	char *ca_file, *user_agent;
	struct http_tls tls;
	char said[CURL_ERROR_SIZE];
};

static volatile sig_atomic_t stopped;

void
http_stop(void)
{
	stopped = 1;
}

static void
global_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static char *
copy_or_null(const char *s)
{
	return s == NULL ? NULL : strdup(s);
}

enum err_code
http_new(const struct http_options *o, struct http **ret, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http *h;

	if (o->ca_file != NULL && access(o->ca_file, R_OK) != 0)
		return err_set(e, ERR_CONFIG, "cannot read %.300s: %s",
		    o->ca_file, strerror(errno));
	pthread_once(&once, global_init);
	h = calloc(1, sizeof(*h));
	if (h != NULL)
		h->curl = curl_easy_init();
	if (h == NULL || h->curl == NULL) {
		http_free(h);
		return err_set(e, ERR_IO, "libcurl does not start");
	}
	h->o = *o;
	h->o.ca_file = h->ca_file = copy_or_null(o->ca_file);
	h->o.user_agent = h->user_agent = copy_or_null(o->user_agent);
	*ret = h;
	return ERR_OK;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	free(h->ca_file);
	free(h->user_agent);
	free(h);
}

void
http_response_done(struct http_response *r)
{
	free(r->body);
	memset(r, 0, sizeof(*r));
}

/* Callbacks */

static size_t
on_body(char *s, size_t size, size_t n, void *ctx)
{
	struct strbuf *body = ctx;

	strbuf_add(body, s, size * n);
	return body->overflow ? 0 : size * n;
}

static int
on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)ctx, (void)a, (void)b, (void)c, (void)d;
	return stopped || clock_stopped();
}

/* Setting up */

/* Header lines may hold a token: wiped before the memory goes back. */
static void
free_headers(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l != NULL; l = l->next)
		OPENSSL_cleanse(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static enum err_code
make_headers(
    const struct http_request *r, struct curl_slist **ret, struct err *e)
{
	/* No waiting for "100 Continue" before a large body. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"), *more;

	for (size_t i = 0; list != NULL && i < r->n_headers; i++) {
		if (strpbrk(r->headers[i], "\r\n") != NULL) {
			free_headers(list);
			return err_set(e, ERR_USAGE, "line break in a header");
		}
		more = curl_slist_append(list, r->headers[i]);
		if (more == NULL)
			free_headers(list);
		list = more;
	}
	if (list == NULL)
		return err_set(e, ERR_IO, "out of memory");
	*ret = list;
	return ERR_OK;
}

#define SET(opt, value)                                                        \
	(rc = rc != CURLE_OK ? rc : curl_easy_setopt(h->curl, (opt), (value)))

static CURLcode
set_safety(struct http *h)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (h->ca_file != NULL) {
		SET(CURLOPT_CAINFO, h->ca_file);
		SET(CURLOPT_CAPATH, NULL);
	}
	if (rc == CURLE_OK)
		rc = http_tls_watch(h->curl, &h->tls);
	/* One request at a time needs no HTTP/2, and HTTP/1.1 has no refused
	 * streams that libcurl would send again by itself. */
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_USERAGENT, h->user_agent);
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
set_request(struct http *h, const struct http_request *r, const char *url,
    struct curl_slist *headers, struct strbuf *body)
{
	CURLcode rc = set_safety(h);

	SET(CURLOPT_URL, url);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, body);
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

/* What went wrong */

static const struct {
	CURLcode rc;
	enum err_code code;
	const char *text;
} failures[] = {
    {CURLE_ABORTED_BY_CALLBACK, ERR_STOPPED, "stopped on request"},
    {CURLE_COULDNT_RESOLVE_HOST, ERR_CONNECT, "host name is not known"},
    {CURLE_COULDNT_RESOLVE_PROXY, ERR_CONNECT, "proxy name is not known"},
    {CURLE_COULDNT_CONNECT, ERR_CONNECT, NULL},
    {CURLE_GOT_NOTHING, ERR_CONNECT, "closed without an answer"},
    {CURLE_SEND_ERROR, ERR_CONNECT, NULL},
    {CURLE_PROXY, ERR_CONNECT, NULL},
    {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, NULL},
    {CURLE_PARTIAL_FILE, ERR_TRUNCATED, "the body was cut short"},
    {CURLE_BAD_CONTENT_ENCODING, ERR_TRUNCATED,
	"the compressed body is damaged or cut short"},
    {CURLE_UNSUPPORTED_PROTOCOL, ERR_NOT_FHIR, "the answer is not HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, ERR_NOT_FHIR, "the answer is not HTTP"},
    {CURLE_FILESIZE_EXCEEDED, ERR_LIMIT, NULL},
    {CURLE_URL_MALFORMAT, ERR_USAGE, "URL is not usable"},
    {CURLE_SSL_CACERT_BADFILE, ERR_CONFIG, "ca_file is not usable"},
};

static enum err_code
fail(struct http *h, CURLcode rc, const char *origin, bool overflow,
    struct err *e)
{
	const char *said =
	    h->said[0] == '\0' ? curl_easy_strerror(rc) : h->said;
	long status = 0;

	if (overflow)
		return err_set(e, ERR_LIMIT, "%s: body of more than %zu bytes",
		    origin, h->o.max_body);
	if (rc == CURLE_SSL_CONNECT_ERROR ||
	    rc == CURLE_PEER_FAILED_VERIFICATION ||
	    rc == CURLE_SSL_ISSUER_ERROR || rc == CURLE_USE_SSL_FAILED)
		return http_tls_error(h->curl, &h->tls, origin, said, e);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].rc == rc)
			return err_set(e, failures[i].code, "%s: %.200s",
			    origin,
			    failures[i].text != NULL ? failures[i].text : said);
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	return err_set(e, status > 0 ? ERR_TRUNCATED : ERR_CONNECT,
	    "%s: %.200s", origin, said);
}

/* Reading the answer's head */

static const char *
header(CURL *c, const char *name)
{
	struct curl_header *found;

	if (curl_easy_header(c, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
		return NULL;
	return found->value;
}

/* A value too long to keep is as good as absent; half of one is not. */
static void
copy_header(CURL *c, const char *name, char *buf, size_t size)
{
	const char *v = header(c, name);

	buf[0] = '\0';
	if (v != NULL && strlen(v) < size)
		memcpy(buf, v, strlen(v) + 1);
}

/*= rfc9110 §10.2.3: seconds or a date, the latter against the server's own
 * clock when it told */
static int64_t
retry_after(const char *v, int64_t server_ms)
{
	int64_t s = 0;
	time_t t;

	if (v == NULL || *v == '\0')
		return -1;
	if (strspn(v, "0123456789") == strlen(v)) {
		for (; *v != '\0' && s < RETRY_AFTER_MAX; v++)
			s = s * 10 + (*v - '0');
		return s < RETRY_AFTER_MAX ? s : RETRY_AFTER_MAX;
	}
	t = strchr(v, ':') == NULL ? -1 : curl_getdate(v, NULL);
	if (t == -1)
		return -1;
	if (server_ms == INT64_MIN)
		server_ms = clock_now_ms();
	s = (int64_t)t - server_ms / 1000;
	return s < 0 ? 0 : s < RETRY_AFTER_MAX ? s : RETRY_AFTER_MAX;
}

static void
read_head(CURL *c, struct http_response *r)
{
	const char *date = header(c, "Date");
	time_t t = date == NULL ? -1 : curl_getdate(date, NULL);
	char *ip = NULL;

	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &r->status);
	copy_header(
	    c, "Content-Type", r->content_type, sizeof(r->content_type));
	copy_header(c, "ETag", r->etag, sizeof(r->etag));
	copy_header(c, "Location", r->location, sizeof(r->location));
	copy_header(
	    c, "Last-Modified", r->last_modified, sizeof(r->last_modified));
	r->date_ms = t == -1 ? INT64_MIN : (int64_t)t * 1000;
	r->retry_after_s = retry_after(header(c, "Retry-After"), r->date_ms);
	if (curl_easy_getinfo(c, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK &&
	    ip != NULL)
		snprintf(r->primary_ip, sizeof(r->primary_ip), "%s", ip);
}

/* One request, no redirect followed. */
static enum err_code
send_once(struct http *h, const struct http_request *r, const char *url,
    struct http_response *ret, struct err *e)
{
	char origin[HTTP_ORIGIN_SIZE];
	struct curl_slist *headers = NULL;
	struct strbuf body;
	enum err_code code;
	CURLcode rc;

	if (!http_origin(url, origin))
		return err_set(e, ERR_USAGE, "only https URLs are used");
	code = make_headers(r, &headers, e);
	if (code != ERR_OK)
		return code;
	strbuf_init(&body, h->o.max_body);
	memset(ret, 0, sizeof(*ret));
	curl_easy_reset(h->curl);
	h->said[0] = '\0';
	rc = set_request(h, r, url, headers, &body);
	if (rc == CURLE_OK)
		rc = curl_easy_perform(h->curl);
	if (rc == CURLE_OK) {
		read_head(h->curl, ret);
		ret->body_len = body.len;
		ret->body = strbuf_take(&body);
	} else {
		code = fail(h, rc, origin, body.overflow, e);
	}
	/* Nothing of this request stays behind, the token least of all. */
	curl_easy_reset(h->curl);
	strbuf_done(&body);
	free_headers(headers);
	return code;
}

static bool
is_redirect(const struct http_response *r)
{
	switch (r->status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return r->location[0] != '\0';
	default:
		return false;
	}
}

/* Where a redirect leads, when it may be followed. */
static enum err_code
redirect(const char *url, const char *location, char **ret, struct err *e)
{
	char from[HTTP_ORIGIN_SIZE], to[HTTP_ORIGIN_SIZE];
	char *next = http_resolve(url, location);

	if (!http_origin(url, from))
		from[0] = '\0';
	if (next == NULL || !http_origin(next, to)) {
		free(next);
		return err_set(e, ERR_FOREIGN,
		    "%s: redirect to something that is no https URL", from);
	}
	if (strcmp(from, to) != 0) {
		free(next);
		return err_set(
		    e, ERR_FOREIGN, "%.200s: redirect to %.200s", from, to);
	}
	*ret = next;
	return ERR_OK;
}

enum err_code
http_exchange(struct http *h, const struct http_request *r,
    struct http_response *ret, struct err *e)
{
	struct http_response got;
	char *url = strdup(r->url), *next = NULL;
	enum err_code code;

	for (int n = 0;; n++) {
		if (stopped || clock_stopped()) {
			code = err_set(e, ERR_STOPPED, "stopped on request");
			break;
		}
		code = send_once(h, r, url, &got, e);
		if (code != ERR_OK)
			break;
		if (strcmp(r->method, "GET") != 0 || !is_redirect(&got)) {
			*ret = got;
			break;
		}
		code = redirect(url, got.location, &next, e);
		http_response_done(&got);
		if (code == ERR_OK && n >= h->o.max_redirects)
			code = err_set(e, ERR_LIMIT, "more than %d redirects",
			    h->o.max_redirects);
		free(url);
		url = next;
		next = NULL;
		if (code != ERR_OK)
			break;
	}
	free(url);
	return code;
}
