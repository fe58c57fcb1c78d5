/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/client_bulk.h"

#include <stdlib.h>
#include <string.h>

#include "fhir/client_priv.h"

#define REDIRECTS_MAX 3
#define WHAT          "$export"

static char *
full_url(const struct client *c, const char *path)
{
	struct strbuf b;

	strbuf_init(&b, (size_t)64 * 1024);
	strbuf_addf(&b, "%s/%s", c->base, path);
	return strbuf_take(&b);
}

enum err_code
client_export_start(
    struct client *c, const char *path, char **ret_status, struct err *e)
{
	char *url = full_url(c, path), *status = NULL;
	struct client_call call = {.method = "GET",
	    .url = url,
	    .what = WHAT,
	    .precondition = ERR_REFUSED,
	    .prefer = "Prefer: respond-async"};
	struct http_response r;
	enum err_code code = client_call(c, &call, &r, e);

	if (code != ERR_OK)
		goto out;
	if (r.status == 202 && r.content_location[0] != '\0')
		status = http_resolve(url, r.content_location);
	if (status == NULL)
		code = err_set(e, ERR_NOT_FHIR,
		    "$export: status %ld without Content-Location", r.status);
	else
		code = client_check_origin(c, status, e);
	http_response_done(&r);
	if (code == ERR_OK)
		*ret_status = status;
	else
		free(status);
out:
	free(url);
	return code;
}

enum err_code
client_export_look(struct client *c, const char *status,
    struct client_export *ret, struct err *e)
{
	struct client_call call = {.method = "GET",
	    .url = status,
	    .what = WHAT,
	    .precondition = ERR_REFUSED,
	    .accept = "Accept: application/json"};
	struct http_response r;
	enum err_code code = client_call(c, &call, &r, e);

	if (code != ERR_OK)
		return code;
	memset(ret, 0, sizeof(*ret));
	ret->ready = r.status != 202;
	ret->retry_after_s = r.retry_after_s;
	if (ret->ready) {
		ret->body = r.body;
		ret->len = r.body_len;
		r.body = NULL;
		r.body_len = 0;
	}
	http_response_done(&r);
	return ERR_OK;
}

enum err_code
client_export_end(struct client *c, const char *status, struct err *e)
{
	struct client_call call = {.method = "DELETE",
	    .url = status,
	    .what = WHAT,
	    .precondition = ERR_REFUSED};
	struct http_response r;
	enum err_code code = client_call(c, &call, &r, e);

	if (code == ERR_OK)
		http_response_done(&r);
	return code;
}

/* --- files --- */

struct download {
	const struct client_download *d;
	struct ndjson lines;
};

static void
begin(void *ctx)
{
	struct download *x = ctx;

	ndjson_restart(&x->lines);
	x->d->restart(x->d->ctx);
}

static bool
take(void *ctx, const char *s, size_t n)
{
	struct download *x = ctx;

	return ndjson_feed(&x->lines, s, n);
}

static enum err_code
take_line(void *ctx, const char *line, size_t n, bool too_long, struct err *e)
{
	struct download *x = ctx;

	if (x->lines.lines == 1 && line[0] != '{')
		return err_set(e, ERR_NOT_FHIR,
		    "$export: a file that is no NDJSON (a login page?)");
	return x->d->line(x->d->ctx, line, n, too_long, e);
}

/* One address; *ret_next: it leads on to another. */
static enum err_code
fetch(struct client *c, struct download *x, const char *url, bool with_token,
    char **ret_next, struct err *e)
{
	struct http_sink sink = {begin, take, x, x->d->max_file};
	struct client_call call = {.method = "GET",
	    .url = url,
	    .what = WHAT,
	    .precondition = ERR_REFUSED,
	    .accept = "Accept: application/fhir+ndjson",
	    .no_token = !with_token,
	    .no_redirect = true,
	    .sink = &sink};
	struct err why = ERR_INIT;
	struct http_response r;
	enum err_code code;

	x->lines.e = &why;
	code = client_call(c, &call, &r, e);
	if (x->lines.code != ERR_OK) { /* what a line did is the reason */
		if (code == ERR_OK)
			http_response_done(&r);
		*e = why;
		return x->lines.code;
	}
	if (code != ERR_OK)
		return code;
	if (r.status / 100 == 3) {
		*ret_next = http_resolve(url, r.location);
		if (*ret_next == NULL)
			code = err_set(e, ERR_FOREIGN,
			    "$export: a redirect that leads nowhere");
	} else {
		x->lines.e = e;
		code = ndjson_end(&x->lines);
	}
	http_response_done(&r);
	return code;
}

/*= interop B.11: over a redirect to another host no token goes along */
static bool
same_origin(const char *a, const char *b)
{
	char x[HTTP_ORIGIN_SIZE], y[HTTP_ORIGIN_SIZE];

	return http_origin(a, x) && http_origin(b, y) && strcmp(x, y) == 0;
}

enum err_code
client_export_file(struct client *c, const struct client_download *d,
    size_t *ret_lines, struct err *e)
{
	struct download x = {.d = d};
	char *url = strdup(d->url), *next = NULL;
	bool with_token = d->with_token;
	enum err_code code = ERR_OK;

	ndjson_init(&x.lines, d->max_line, take_line, &x, e);
	for (int n = 0; url != NULL && code == ERR_OK; n++) {
		if (n > REDIRECTS_MAX) {
			code = err_set(
			    e, ERR_LIMIT, "$export: too many redirects");
			break;
		}
		code = fetch(c, &x, url, with_token, &next, e);
		with_token =
		    with_token && next != NULL && same_origin(url, next);
		free(url);
		url = next;
		next = NULL;
	}
	if (code == ERR_OK)
		*ret_lines = x.lines.lines;
	ndjson_done(&x.lines);
	free(url);
	return code;
}
