/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/http.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/http_priv.h"
#include "fhir/util/clock.h"
#include "fhir/util/secret.h"

#define RETRY_AFTER_MAX (INT64_C(366) * 86400)

static volatile sig_atomic_t stopped;

void
http_stop(void)
{
	stopped = 1;
}

bool
http_stopped(void)
{
	return stopped || clock_stopped();
}

void
http_response_done(struct http_response *r)
{
	if (r->body != NULL)
		secret_wipe(r->body, r->body_len);
	free(r->body);
	memset(r, 0, sizeof(*r));
}

/* Header lines may hold a token: wiped before the memory goes back. */
static void
free_headers(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l != NULL; l = l->next)
		secret_wipe(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static enum err_code
make_headers(
    const struct http_request *r, struct curl_slist **ret, struct err *e)
{
	/* No waiting for "100 Continue" before a large body.  Set by hand, the
	 * encoding is left to http_body.c. */
	static const char *const always[] = {
	    "Expect:", "Accept-Encoding: gzip"};
	struct curl_slist *list = NULL, *more;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		more = curl_slist_append(list, always[i]);
		if (more == NULL)
			abort();
		list = more;
	}
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

/* The first header that tells of limits, for people. */
static void
read_rate(CURL *c, struct http_response *r)
{
	static const char *const names[] = {"RateLimit", "RateLimit-Remaining",
	    "X-RateLimit-Remaining", "X-Rate-Limit-Remaining",
	    "x-ms-retry-after-ms", "Retry-After"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *v = header(c, names[i]);

		if (v == NULL)
			continue;
		snprintf(r->rate, sizeof(r->rate), "%s: %.100s", names[i], v);
		return;
	}
}

static void
read_head(CURL *c, struct http_response *r)
{
	const char *date = header(c, "Date");
	time_t t = date == NULL ? -1 : curl_getdate(date, NULL);
	long version = 0;
	char *ip = NULL;

	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &r->status);
	curl_easy_getinfo(c, CURLINFO_HTTP_VERSION, &version);
	r->http2 = version == CURL_HTTP_VERSION_2_0;
	copy_header(
	    c, "Content-Type", r->content_type, sizeof(r->content_type));
	r->gzip = header(c, "Content-Encoding") != NULL;
	read_rate(c, r);
	copy_header(c, "ETag", r->etag, sizeof(r->etag));
	copy_header(c, "Location", r->location, sizeof(r->location));
	copy_header(c, "Content-Location", r->content_location,
	    sizeof(r->content_location));
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
	struct http_body body;
	enum err_code code, whole;
	CURLcode rc = CURLE_OK;

	if (!http_origin(url, origin))
		return err_set(e, ERR_USAGE, "only https URLs are used");
	code = make_headers(r, &headers, e);
	if (code != ERR_OK)
		return code;
	http_body_init(&body, h->curl, h->o.max_body);
	body.sink = r->sink;
	if (r->sink != NULL)
		r->sink->begin(r->sink->ctx);
	memset(ret, 0, sizeof(*ret));
	curl_easy_reset(h->curl);
	h->said[0] = '\0';
	code = http_set_request(h, r, url, headers, &body, e);
	if (code == ERR_OK) {
		rc = curl_easy_perform(h->curl);
		if (rc != CURLE_OK)
			code = http_fail(h, rc, origin, e);
		/* Our own objection to the body is the better reason. */
		if (rc == CURLE_OK || rc == CURLE_WRITE_ERROR) {
			whole = http_body_check(&body, origin, e);
			code = whole != ERR_OK ? whole : code;
		}
	}
	if (code == ERR_OK) {
		read_head(h->curl, ret);
		ret->body_len = body.out.len;
		ret->body = strbuf_take(&body.out);
	}
	/* Nothing of this request stays behind, the token least of all. */
	curl_easy_reset(h->curl);
	http_body_done(&body);
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

/* A transport sees whole bodies. */
static enum err_code
carry(const struct http_transport *t, struct http *h,
    const struct http_request *r, struct http_response *ret, struct err *e)
{
	struct http_request whole = *r;
	enum err_code code;

	whole.sink = NULL;
	code = t->exchange(t->ctx, h, &whole, ret, e);
	if (code != ERR_OK || r->sink == NULL || ret->status / 100 != 2)
		return code;
	r->sink->begin(r->sink->ctx);
	if (!r->sink->take(r->sink->ctx, ret->body, ret->body_len)) {
		http_response_done(ret);
		return err_set(e, ERR_LIMIT, "the body was not wanted");
	}
	ret->body_len = 0;
	ret->body[0] = '\0';
	return ERR_OK;
}

enum err_code
http_exchange(struct http *h, const struct http_request *r,
    struct http_response *ret, struct err *e)
{
	const struct http_transport *t = h->o.transport;

	return t == NULL ? http_exchange_network(h, r, ret, e)
			 : carry(t, h, r, ret, e);
}

enum err_code
http_exchange_network(struct http *h, const struct http_request *r,
    struct http_response *ret, struct err *e)
{
	struct http_response got;
	char *url = strdup(r->url), *next = NULL;
	enum err_code code;

	for (int n = 0;; n++) {
		if (http_stopped()) {
			code = err_set(e, ERR_STOPPED, "stopped on request");
			break;
		}
		code = send_once(h, r, url, &got, e);
		if (code != ERR_OK)
			break;
		if (strcmp(r->method, "GET") != 0 || r->no_redirect ||
		    !is_redirect(&got)) {
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
