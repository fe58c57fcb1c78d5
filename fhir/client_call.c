/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call: as many attempts as may help, within the limits.
 */
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "fhir/client_priv.h"
#include "fhir/util/clock.h"
#include "fhir/util/secret.h"
#include "fhir/util/strbuf.h"

#define URL_MAX ((size_t)64 * 1024)
/* An address that nobody finds too long. */
#define URL_SHORT 2000
#define SKEW_MS   INT64_C(60000)

static void
tell(const struct client *c, enum notice_event event, enum err_code code,
    int64_t n)
{
	observe(&c->o.observer,
	    &(struct notice){.event = event, .code = code, .n = n});
}

/*= interop D-01: 30, 14 and 7 days before, each once */
static void
warn_of(struct client *c, bool own)
{
	static const int days[] = {7, 14, 30};
	int left = client_certificate_days_left(c, own);
	size_t i = 0;

	while (i < sizeof(days) / sizeof(days[0]) && left > days[i])
		i++;
	if (i == sizeof(days) / sizeof(days[0])) {
		c->told[own] = INT_MAX;
		return;
	}
	if (days[i] >= c->told[own])
		return;
	c->told[own] = days[i];
	tell(
	    c, own ? NOTICE_OWN_CERTIFICATE : NOTICE_CERTIFICATE, ERR_OK, left);
}

/*= interop D-11: how far the server's Date lies outside the time of the
 * exchange; said when it exceeds a minute, and when it no longer does */
static void
judge_clock(struct client *c, int64_t start_ms, int64_t date_ms)
{
	int64_t end_ms = clock_now_ms(), skew = 0;
	bool skewed;

	if (date_ms == INT64_MIN)
		return;
	if (date_ms > end_ms)
		skew = date_ms - end_ms;
	else if (date_ms + 999 < start_ms)
		skew = date_ms + 999 - start_ms;
	skewed = skew > SKEW_MS || skew < -SKEW_MS;
	if (skewed != c->skewed)
		tell(c, NOTICE_SKEW, ERR_OK, skewed ? skew / 1000 : 0);
	c->skewed = skewed;
}

/* The server is not asked: as good as out of reach. */
static enum err_code
within_day(struct client *c, struct err *e)
{
	int64_t wait = 0;
	bool ok = limits_take_of_day(
	    &c->limits, c->writing, clock_monotonic_ms(), &wait);

	if (!ok && !c->day_over)
		tell(c, NOTICE_DAY_OVER, ERR_OK, wait);
	c->day_over = !ok;
	if (ok)
		return ERR_OK;
	return err_set(e, ERR_CONNECT,
	    "%.200s: not asked for another %lld s: requests_per_day (%d) are "
	    "used up%s",
	    c->origin, (long long)((wait + 999) / 1000),
	    c->limits.o.requests_per_day,
	    c->writing ? "" : ", but for those kept for writing");
}

/* Breaker and budget. */
static enum err_code
admit(struct client *c, struct err *e)
{
	int64_t wait = 0;

	if (!limits_enter(&c->limits, clock_monotonic_ms(), &wait))
		return err_set(e, ERR_CONNECT,
		    "%.200s: not asked for another %lld s after %d failures in "
		    "a row (circuit breaker)",
		    c->origin, (long long)((wait + 999) / 1000),
		    c->limits.failures);
	if (within_day(c, e) != ERR_OK)
		return ERR_CONNECT;
	if (c->limits.state == BREAKER_PROBING)
		tell(c, NOTICE_BREAKER_PROBE, ERR_OK, 0);
	wait = limits_take(&c->limits, clock_monotonic_ms());
	if (wait > 0) {
		tell(c, NOTICE_BUDGET, ERR_OK, wait);
		clock_sleep_ms(wait);
	}
	return ERR_OK;
}

static void
conclude(struct client *c, enum err_code code)
{
	bool changed = limits_leave(&c->limits, code, clock_monotonic_ms());

	if (changed && c->limits.state == BREAKER_OPEN)
		tell(c, NOTICE_BREAKER_OPEN, code,
		    c->limits.open_until_ms - clock_monotonic_ms());
	else if (changed)
		tell(c, NOTICE_BREAKER_CLOSED, ERR_OK, 0);
}

static enum err_code
exchange(struct client *c, const struct http_request *r,
    struct http_response *ret, struct err *e)
{
	int64_t start = clock_monotonic_ms(), at = clock_now_ms();
	enum err_code code = http_exchange(c->http, r, ret, e);
	struct notice n = {.event = NOTICE_EXCHANGE, .code = code};

	n.n = clock_monotonic_ms() - start;
	if (code == ERR_OK) {
		n.status = ret->status;
		n.bytes = ret->body_len;
		warn_of(c, false);
		warn_of(c, true);
		judge_clock(c, at, ret->date_ms);
	}
	observe(&c->o.observer, &n);
	return code;
}

#define HEADERS_MAX 9
struct header_lines {
	const char *all[HEADERS_MAX];
	char token[AUTH_HEADER_SIZE];
};

/* The lines of a call but the token's; how many. */
static size_t
add_headers(const struct client *c, const struct client_call *call,
    const char *headers[HEADERS_MAX])
{
	size_t n = 0;

	headers[n++] = call->accept != NULL ? call->accept
					    : "Accept: application/fhir+json";
	if (call->prefer != NULL)
		headers[n++] = call->prefer;
	if (call->form) {
		headers[n++] =
		    "Content-Type: application/x-www-form-urlencoded";
		headers[n++] = "Cache-Control: no-cache";
	} else if (call->body != NULL) {
		headers[n++] = "Content-Type: application/fhir+json";
		headers[n++] = "Prefer: return=representation";
	} else {
		/* HAPI gives an earlier answer for up to a minute. */
		headers[n++] = "Cache-Control: no-cache";
	}
	if (call->condition != NULL)
		headers[n++] = call->condition;
	if (c->header != NULL)
		headers[n++] = c->header;
	return n;
}

static enum err_code
make_request(struct client *c, const struct client_call *call,
    struct header_lines *lines, struct http_request *ret, struct err *e)
{
	*ret = (struct http_request){.method = call->method,
	    .url = call->url,
	    .headers = lines->all,
	    .n_headers = add_headers(c, call, lines->all),
	    .body = call->body,
	    .body_len = call->body == NULL ? 0 : strlen(call->body),
	    .no_redirect = call->no_redirect,
	    .sink = call->sink};
	if (c->auth == NULL || call->no_token)
		return ERR_OK;
	lines->all[ret->n_headers++] = lines->token;
	return c->auth->ops->header(c->auth, lines->token, e);
}

/* One attempt; *ret_sent says whether it came to an exchange. */
static enum err_code
attempt(struct client *c, const struct client_call *call,
    struct http_response *ret, bool *ret_sent, struct err *e)
{
	struct header_lines lines;
	struct http_request r;
	enum err_code code = make_request(c, call, &lines, &r, e);

	*ret_sent = code == ERR_OK;
	if (code == ERR_OK)
		code = exchange(c, &r, ret, e);
	secret_wipe(lines.token, sizeof(lines.token));
	return code;
}

/* Reads, and writes whose condition makes a second one harmless.  A write
 * without one is repeated only when it was certainly not done. */
static bool
may_repeat(const struct client_call *call, enum err_code code)
{
	switch (code) {
	case ERR_THROTTLED:
		return true;
	case ERR_CONNECT:
	case ERR_TIMEOUT:
	case ERR_TRUNCATED:
	case ERR_SERVER:
		return call->body == NULL || call->form ||
		       call->condition != NULL;
	default:
		return false;
	}
}

/* Servers and what stands before them say it with 414 or 431, with 400 or 404
 * as well. */
bool
client_too_long(long status, const struct client_call *call)
{
	return status == 414 || status == 431 ||
	       ((status == 400 || status == 404 || status == 413) &&
		   strlen(call->url) > URL_SHORT);
}

/* One attempt and what its answer is; *ret_again when it may be repeated. */
static enum err_code
try(struct client *c, const struct client_call *call, struct http_response *r,
    bool *ret_again, struct err *e)
{
	bool sent = false;
	enum err_code code;

	*ret_again = false;
	memset(r, 0, sizeof(*r));
	r->retry_after_s = -1;
	code = admit(c, e);
	if (code != ERR_OK)
		return code;
	code = attempt(c, call, r, &sent, e);
	if (!sent)
		return code;
	c->status = code == ERR_OK ? r->status : 0;
	if (code == ERR_OK && !(call->no_redirect && r->status / 100 == 3)) {
		code = client_classify(r, call->precondition, e);
		if (!call->another_way || !client_too_long(r->status, call))
			client_tell(c, call->url, r, code, e);
	}
	conclude(c, code);
	*ret_again = may_repeat(call, code) && c->limits.state != BREAKER_OPEN;
	return code;
}

/*= interop D-33: a 401 did nothing, so writes too may be sent again */
static bool
renew(struct client *c, const struct http_response *r, bool *renewed)
{
	if (r->status != 401 || *renewed || c->auth == NULL ||
	    c->auth->ops->renew == NULL || !c->auth->ops->renew(c->auth))
		return false;
	return *renewed = true;
}

static enum err_code
repeat(struct client *c, const struct client_call *call,
    struct http_response *ret, struct err *e)
{
	struct http_response r;
	bool unanswered = false, renewed = false, again;
	int64_t wait;
	enum err_code code;

	for (int n = 0;;) {
		code = try(c, call, &r, &again, e);
		if (renew(c, &r, &renewed)) {
			http_response_done(&r);
			continue;
		}
		if (code == ERR_OK)
			*ret = r;
		if (!again || n >= c->o.retries)
			break;
		unanswered |= code != ERR_THROTTLED;
		wait = limits_pause_ms(
		    c->o.backoff_ms, c->o.backoff_max_ms, n, r.retry_after_s);
		n++;
		http_response_done(&r);
		tell(c, NOTICE_RETRY, code, wait);
		clock_sleep_ms(wait);
	}
	if (code != ERR_OK)
		http_response_done(&r);
	/* The conflict may be with our own first attempt. */
	if (code == ERR_CONFLICT && unanswered)
		err_context(e, "after an attempt of unknown outcome");
	return code;
}

static bool
is_trusted(const struct client *c, const char *origin)
{
	if (strcmp(origin, c->origin) == 0)
		return true;
	for (size_t i = 0; i < c->o.n_trusted_origins; i++)
		if (strcmp(origin, c->trusted[i]) == 0)
			return true;
	return false;
}

enum err_code
client_check_origin(const struct client *c, const char *url, struct err *e)
{
	char origin[HTTP_ORIGIN_SIZE];

	if (!http_origin(url, origin))
		return err_set(e, ERR_FOREIGN, "a link that is no https URL");
	if (!is_trusted(c, origin))
		return err_set(e, ERR_FOREIGN, "a link to %.200s, not %.200s",
		    origin, c->origin);
	return ERR_OK;
}

/* The call of a request as it is; its URL is written into *url. */
static enum err_code
plain_call(const struct client *c, const struct client_request *r,
    struct strbuf *url, struct client_call *ret, struct err *e)
{
	*ret = (struct client_call){.method = r->method,
	    .condition = r->header,
	    .body = r->body,
	    .form = r->form};
	strbuf_init(url, URL_MAX);
	if (strncmp(r->path, "https://", 8) == 0)
		strbuf_adds(url, r->path);
	else
		strbuf_addf(url, "%s%s%s", c->base,
		    r->path[0] == '\0' ? "" : "/", r->path);
	ret->url = url->s;
	return client_check_origin(c, url->s, e);
}

enum err_code
client_exchange(struct client *c, const struct client_request *r,
    struct http_response *ret, struct err *e)
{
	struct client_call call;
	struct strbuf url;
	enum err_code code = plain_call(c, r, &url, &call, e);
	bool sent;

	if (code == ERR_OK)
		code = attempt(c, &call, ret, &sent, e);
	strbuf_done(&url);
	return code;
}

/* One of several at once. */
struct lane {
	pthread_t thread;
	struct http *http;
	const struct http_request *r;
	struct http_response *ret;
	bool running;
};

static void *
run_lane(void *arg)
{
	struct lane *l = arg;
	struct err unheard = ERR_INIT;

	if (http_exchange(l->http, l->r, l->ret, &unheard) != ERR_OK)
		memset(l->ret, 0, sizeof(*l->ret));
	return NULL;
}

/* Each lane has a connection of its own. */
static enum err_code
run_lanes(struct client *c, const struct http_request *r,
    struct lane lanes[CLIENT_AT_ONCE], struct http_response *ret, struct err *e)
{
	enum err_code code = ERR_OK;

	for (size_t i = 0; i < CLIENT_AT_ONCE && code == ERR_OK; i++) {
		lanes[i].r = r;
		lanes[i].ret = &ret[i];
		code = http_new(&c->o.http, &lanes[i].http, e);
	}
	for (size_t i = 0; i < CLIENT_AT_ONCE && code == ERR_OK; i++)
		lanes[i].running = pthread_create(&lanes[i].thread, NULL,
				       run_lane, &lanes[i]) == 0;
	for (size_t i = 0; i < CLIENT_AT_ONCE; i++) {
		if (lanes[i].running)
			pthread_join(lanes[i].thread, NULL);
		http_free(lanes[i].http);
	}
	return code;
}

enum err_code
client_exchange_at_once(struct client *c, const struct client_request *r,
    struct http_response ret[CLIENT_AT_ONCE], struct err *e)
{
	struct lane lanes[CLIENT_AT_ONCE] = {0};
	struct header_lines lines;
	struct client_call call;
	struct http_request q;
	struct strbuf url;
	enum err_code code = plain_call(c, r, &url, &call, e);

	memset(ret, 0, CLIENT_AT_ONCE * sizeof(*ret));
	if (code == ERR_OK) {
		code = make_request(c, &call, &lines, &q, e);
		if (code == ERR_OK)
			code = run_lanes(c, &q, lanes, ret, e);
		secret_wipe(lines.token, sizeof(lines.token));
	}
	strbuf_done(&url);
	return code;
}

enum err_code
client_call(struct client *c, const struct client_call *call,
    struct http_response *ret, struct err *e)
{
	enum err_code code = client_check_origin(c, call->url, e);

	if (code == ERR_OK)
		code = repeat(c, call, ret, e);
	if (code != ERR_OK)
		err_context(e, "%s %s", call->method, call->what);
	return code;
}
