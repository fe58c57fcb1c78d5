/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/client.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fhir/client_priv.h"
#include "fhir/outcome.h"
#include "fhir/util/clock.h"
#include "fhir/util/strbuf.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define OUTCOME_MAX ((size_t)256 * 1024)

static char *
copy(const char *s)
{
	char *p = s == NULL ? NULL : strdup(s);

	if (s != NULL && p == NULL)
		abort();
	return p;
}

static enum err_code
check_options(const struct client_options *o, struct err *e)
{
	char origin[HTTP_ORIGIN_SIZE];

	if (o->base_url == NULL || !http_origin(o->base_url, origin) ||
	    strpbrk(o->base_url, "?#") != NULL)
		return err_set(e, ERR_CONFIG,
		    "base_url is not \"https://host[:port]/path\"");
	for (size_t i = 0; i < o->n_trusted_origins; i++)
		if (!http_origin(o->trusted_origins[i], origin))
			return err_set(e, ERR_CONFIG,
			    "trusted_origins: %.200s is not "
			    "\"https://host[:port]\"",
			    o->trusted_origins[i]);
	return ERR_OK;
}

static void
keep_origins(struct client *c)
{
	size_t n = c->o.n_trusted_origins;

	http_origin(c->base, c->origin);
	c->trusted = calloc(n + 1, sizeof(*c->trusted));
	if (c->trusted == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		http_origin(c->o.trusted_origins[i], c->trusted[i]);
	c->o.trusted_origins = NULL;
}

static struct client *
make(const struct client_options *o)
{
	struct client *c = calloc(1, sizeof(*c));
	size_t n;

	if (c == NULL)
		abort();
	c->o = *o;
	c->auth = o->auth;
	c->o.base_url = c->base = copy(o->base_url);
	c->o.token_file = NULL;
	n = strlen(c->base);
	while (n > 0 && c->base[n - 1] == '/')
		c->base[--n] = '\0';
	keep_origins(c);
	limits_init(&c->limits, &o->limits, clock_monotonic_ms());
	c->told[0] = c->told[1] = INT_MAX;
	c->url_max = o->url_max > 0 ? (size_t)o->url_max : 0;
	return c;
}

enum err_code
client_new(const struct client_options *o, struct client **ret, struct err *e)
{
	struct client *c;
	enum err_code code = check_options(o, e);

	if (code != ERR_OK) {
		auth_free(o->auth);
		return code;
	}
	c = make(o);
	if (c->auth == NULL && o->token_file != NULL)
		code = auth_bearer_new(o->token_file, &c->auth, e);
	if (code == ERR_OK)
		code = http_new(&c->o.http, &c->http, e);
	if (code == ERR_OK)
		*ret = c;
	else
		client_free(c);
	return code;
}

void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	auth_free(c->auth);
	http_free(c->http);
	free(c->base);
	free(c->trusted);
	free(c);
}

bool
client_granted(const struct client *c, const char *type, char access)
{
	return c->auth == NULL || c->auth->ops->grants == NULL ||
	       c->auth->ops->grants(c->auth, type, access);
}

int
client_certificate_days_left(const struct client *c, bool own)
{
	return own ? http_own_certificate_days_left(c->http)
		   : http_certificate_days_left(c->http);
}

const char *
client_base(const struct client *c)
{
	return c->base;
}

void
client_set_header(struct client *c, const char *line)
{
	c->header = line;
}

void
client_set_post(struct client *c, enum client_post how)
{
	c->o.post_search = how;
}

void
client_set_writing(struct client *c, bool writing)
{
	c->writing = writing;
}

void
client_watch(struct client *c, client_unreadable_fn fn, void *ctx)
{
	c->unreadable = fn;
	c->unreadable_ctx = ctx;
}

enum err_code
client_tell(const struct client *c, const char *url,
    const struct http_response *r, enum err_code code, const struct err *e)
{
	struct client_unreadable what = {
	    url, r->body, r->body_len, r->status, e};
	bool odd =
	    code == ERR_NOT_JSON || code == ERR_NOT_FHIR || code == ERR_LIMIT;

	if (c->unreadable != NULL && e != NULL &&
	    (r->status < 300 ? odd : code != ERR_OK))
		c->unreadable(c->unreadable_ctx, &what);
	return code;
}

char *
client_escape(const char *value)
{
	struct strbuf b;

	strbuf_init(&b, strlen(value) * 3 + 1);
	for (const unsigned char *p = (const void *)value; *p != '\0'; p++) {
		if (isalnum(*p) || strchr("-._~", *p) != NULL)
			strbuf_addc(&b, (char)*p);
		else
			strbuf_addf(&b, "%%%02X", *p);
	}
	return strbuf_take(&b);
}

bool
client_id_valid(const char *s)
{
	size_t n = strlen(s);

	for (const unsigned char *p = (const void *)s; *p != '\0'; p++)
		if (!isalnum(*p) && *p != '-' && *p != '.')
			return false;
	return n > 0 && n <= 64;
}

/* What an answer is: the status first. */

static const struct {
	int from, to;
	enum err_code code;
} statuses[] = {
    {200, 299, ERR_OK},
    {401, 401, ERR_AUTH},
    {403, 403, ERR_FORBIDDEN},
    {404, 404, ERR_NOT_FOUND},
    {407, 407, ERR_SERVER}, /* somebody in between */
    {408, 408, ERR_TIMEOUT},
    {409, 409, ERR_CONFLICT},
    {410, 410, ERR_GONE},
    {429, 429, ERR_THROTTLED},
    {501, 501, ERR_REFUSED}, /* "not implemented" does not pass */
    {500, 599, ERR_SERVER},
};

static enum err_code
status_code(long status, enum err_code precondition)
{
	if (status == 412)
		return precondition;
	for (size_t i = 0; i < COUNT(statuses); i++)
		if (status >= statuses[i].from && status <= statuses[i].to)
			return statuses[i].code;
	return ERR_REFUSED;
}

void
client_flatten(struct err *e)
{
	if (e == NULL)
		return;
	for (char *p = e->text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
}

/* "text/html;charset=x" is "text/html". */
static bool
media_is(const struct http_response *r, const char *type)
{
	size_t n = strcspn(r->content_type, "; \t");

	return strlen(type) == n && strncasecmp(r->content_type, type, n) == 0;
}

/*= interop D-08: a gateway's own page, in whatever charset */
static bool
is_proxy_page(const struct http_response *r)
{
	return r->status == 407 || ((r->status == 502 || r->status == 504) &&
				       media_is(r, "text/html"));
}

static enum err_code
refused(const struct http_response *r, enum err_code code, struct err *e)
{
	struct json_doc *doc = NULL;
	struct err ignored = ERR_INIT;

	if (is_proxy_page(r))
		return err_set(e, code, "proxy said %ld", r->status);
	if (r->body_len > OUTCOME_MAX ||
	    json_parse(r->body, r->body_len, &doc, &ignored) != ERR_OK ||
	    !outcome_read(json_root(doc), code, e))
		err_set(e, code, "%s", err_text(code));
	json_free(doc);
	client_flatten(e);
	err_context(e, "status %ld", r->status);
	return code;
}

/* Then the media type.  None at all is left to the parser to judge. */
static enum err_code
check_media(const struct http_response *r, struct err *e)
{
	static const char *const fine[] = {"", "application/fhir+json",
	    "application/json", "application/json+fhir", "text/json"};

	for (size_t i = 0; i < COUNT(fine); i++)
		if (media_is(r, fine[i]))
			return ERR_OK;
	if (media_is(r, "text/html"))
		return err_set(e, ERR_NOT_FHIR,
		    "status %ld: an HTML page, not FHIR (a login page?)",
		    r->status);
	err_set(e, ERR_NOT_FHIR, "status %ld: media type %.60s, not FHIR JSON",
	    r->status, r->content_type);
	client_flatten(e);
	return ERR_NOT_FHIR;
}

enum err_code
client_classify(
    const struct http_response *r, enum err_code precondition, struct err *e)
{
	enum err_code code = status_code(r->status, precondition);

	if (code != ERR_OK)
		return refused(r, code, e);
	return r->body_len == 0 ? ERR_OK : check_media(r, e);
}

enum err_code
client_parse(const struct http_response *r, const char *type,
    struct json_doc **ret, struct err *e)
{
	struct json_doc *doc = NULL;
	const char *is;
	enum err_code code;

	if (r->body_len == 0)
		return err_set(
		    e, ERR_NOT_FHIR, "status %ld without a body", r->status);
	code = json_parse(r->body, r->body_len, &doc, e);
	if (code != ERR_OK)
		return code;
	is = json_string_at(json_root(doc), "resourceType");
	if (is == NULL) {
		code = err_set(e, ERR_NOT_FHIR, "JSON without a resourceType");
	} else if (strcmp(is, type) != 0) {
		if (!outcome_read(json_root(doc), code = ERR_REFUSED, e))
			code = err_set(e, ERR_NOT_FHIR,
			    "a %.40s instead of a %s", is, type);
		client_flatten(e);
	}
	if (code == ERR_OK)
		*ret = doc;
	else
		json_free(doc);
	return code;
}
