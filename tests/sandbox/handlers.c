/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routing, and what is done with single resources.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fhir/datetime.h"
#include "tests/sandbox/internal.h"

/* "Patient/1/_history/2" cut at its slashes. */
#define SEGMENTS_MAX 4
struct route {
	char *segment[SEGMENTS_MAX];
	size_t n;
	const char *type, *id; /* segments 0 and 1, or NULL */
};

static bool
route_read(struct exchange *x, struct route *ret)
{
	char *p = arena_strdup(x->a, x->path), *save = NULL;

	memset(ret, 0, sizeof(*ret));
	for (p = strtok_r(p, "/", &save); p != NULL;
	     p = strtok_r(NULL, "/", &save)) {
		if (ret->n == SEGMENTS_MAX)
			return false;
		ret->segment[ret->n++] = p;
	}
	ret->type = ret->n > 0 ? ret->segment[0] : NULL;
	ret->id = ret->n > 1 ? ret->segment[1] : NULL;
	return true;
}

/* The version number of W/"3", "3" or 3; 0 when it is none. */
static size_t
etag_version(const char *s)
{
	char *end;
	size_t n;

	if (strncasecmp(s, "W/", 2) == 0)
		s += 2;
	if (*s == '"')
		s++;
	n = strtoul(s, &end, 10);
	return end != s && (*end == '\0' || *end == '"') ? n : 0;
}

static void
gone_or_missing(struct exchange *x, const struct resource *r)
{
	if (r == NULL)
		exchange_fail(x, 404, "not-found", "no such resource");
	else
		exchange_fail(x, 410, "deleted", "the resource is deleted");
}

static void
handle_read(struct exchange *x, const struct route *route)
{
	struct resource *r = store_find(&x->s->store, route->type, route->id);

	COUNT(x, route->type, reads);
	if (search_hides(x, r) && x->s->options.habits.hide_status != 0) {
		exchange_fail(x, x->s->options.habits.hide_status, "not-found",
		    "not to be seen");
		return;
	}
	if (!store_alive(r)) {
		gone_or_missing(x, r);
		return;
	}
	exchange_resource(x, 200, r, store_latest(r));
	if (*x->if_none_match != '\0' &&
	    etag_version(x->if_none_match) == r->n) {
		x->status = 304;
		strbuf_reset(&x->out);
	}
}

static void
handle_vread(struct exchange *x, const struct route *route)
{
	struct resource *r = store_find(&x->s->store, route->type, route->id);
	size_t n = etag_version(route->segment[3]);

	COUNT(x, route->type, reads);
	if (r == NULL || n < 1 || n > r->n)
		exchange_fail(x, 404, "not-found", "no such version");
	else if (r->versions[n - 1].text == NULL)
		gone_or_missing(x, r);
	else
		exchange_resource(x, 200, r, &r->versions[n - 1]);
}

void
put_version(struct exchange *x, struct json_writer *w, const struct resource *r,
    size_t n)
{
	char at[INSTANT_SIZE];
	const struct version *v = &r->versions[n - 1];
	const char *url = arena_printf(x->a, "%s/%s", r->type, r->id);

	json_begin_object(w, NULL);
	json_put_string(
	    w, "fullUrl", arena_printf(x->a, "%s/%s", x->base, url));
	if (v->text != NULL)
		json_put_raw(w, "resource", v->text);
	json_begin_object(w, "request");
	json_put_string(w, "method", v->text == NULL ? "DELETE" : "PUT");
	json_put_string(w, "url", url);
	json_end_object(w);
	json_begin_object(w, "response");
	json_put_string(w, "status",
	    v->text == NULL ? "204"
	    : v->created    ? "201"
			    : "200");
	json_put_string(w, "etag", arena_printf(x->a, "W/\"%zu\"", n));
	json_put_string(w, "lastModified", instant_format(v->updated_ms, at));
	json_end_object(w);
	json_end_object(w);
}

static void
handle_history(struct exchange *x, const struct route *route)
{
	struct resource *r = store_find(&x->s->store, route->type, route->id);
	struct json_writer w;

	COUNT(x, route->type, reads);
	if (r == NULL) {
		gone_or_missing(x, r);
		return;
	}
	json_writer_init(&w, &x->out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "resourceType", "Bundle");
	json_put_string(&w, "type", "history");
	json_put_int(&w, "total", (int64_t)r->n);
	json_begin_array(&w, "link");
	json_begin_object(&w, NULL);
	json_put_string(&w, "relation", "self");
	json_put_string(
	    &w, "url", arena_printf(x->a, "%s%s", x->base, x->path));
	json_end_object(&w);
	json_end_array(&w);
	json_begin_array(&w, "entry");
	for (size_t n = r->n; n > 0; n--)
		put_version(x, &w, r, n);
	json_end_array(&w);
	json_end_object(&w);
	x->status = 200;
}

/* Store the body as type/id (id NULL: ours to choose) and answer. */
static void
write_body(struct exchange *x, const char *type, const char *id)
{
	struct resource *r = NULL;
	struct err e = ERR_INIT;
	bool same;

	if (store_write(&x->s->store, type, id, x->body, x->body_len, &r, &same,
		&e) != ERR_OK) {
		exchange_fail_err(x, e.code == ERR_INVALID ? 422 : 400, &e);
		return;
	}
	exchange_resource(x, !same && store_latest(r)->created ? 201 : 200, r,
	    store_latest(r));
}

/* POST [type], or (id not NULL) with an id a transaction has given already.
 *= R4 http §3.1.0.8.1: If-None-Exist 0 / 1 / more → 201 / 200 / 412 */
void
handle_create(struct exchange *x, const char *type, const char *id)
{
	struct resource *match = NULL;

	if (*x->if_none_exist != '\0') {
		int n = search_condition(x, type, x->if_none_exist, &match);

		if (n < 0)
			return;
		if (n > 1) {
			exchange_fail(x, 412, "multiple-matches",
			    "more than one resource matches If-None-Exist");
			return;
		}
		if (n == 1) {
			COUNT(x, type, matched);
			exchange_resource(x, 200, match, store_latest(match));
			return;
		}
	}
	COUNT(x, type, creates);
	write_body(x, type, id);
}

/*= R4 http §3.1.0.5: a stale If-Match is 412 */
static bool
stale(struct exchange *x, const struct resource *r)
{
	size_t now = store_alive(r) ? r->n : 0;

	if (*x->if_match == '\0' || etag_version(x->if_match) == now)
		return false;
	exchange_fail(
	    x, 412, "conflict", "If-Match does not name the current version");
	return true;
}

static void
handle_update(struct exchange *x, const struct route *route)
{
	struct json_doc *doc = NULL;
	struct err e = ERR_INIT;
	bool has_id;

	COUNT(x, route->type, updates);
	if (json_parse(x->body, x->body_len, &doc, &e) != ERR_OK) {
		exchange_fail_err(x, 400, &e);
		return;
	}
	has_id = json_string_at(json_root(doc), "id") != NULL;
	json_free(doc);
	if (!has_id)
		exchange_fail(
		    x, 400, "invalid", "an update's resource needs its id");
	else if (!stale(x, store_find(&x->s->store, route->type, route->id)))
		write_body(x, route->type, route->id);
}

static void
handle_conditional_update(struct exchange *x, const struct route *route)
{
	struct resource *match = NULL;
	int n = search_condition(x, route->type, x->query, &match);

	COUNT(x, route->type, updates);
	if (n < 0)
		return;
	if (n > 1)
		exchange_fail(x, 412, "multiple-matches",
		    "more than one resource matches");
	else if (n == 0)
		write_body(x, route->type, NULL);
	else if (!stale(x, match))
		write_body(x, route->type, match->id);
}

static void
handle_delete(struct exchange *x, const struct route *route)
{
	struct resource *r = store_find(&x->s->store, route->type, route->id);

	COUNT(x, route->type, deletes);
	if (r == NULL) {
		gone_or_missing(x, r);
		return;
	}
	if (stale(x, r))
		return;
	store_remove(&x->s->store, r);
	x->status = 204;
	x->etag = arena_printf(x->a, "W/\"%zu\"", r->n);
}

static void
handle_post_search(struct exchange *x, const struct route *route)
{
	if (strstr(x->content_type, "application/x-www-form-urlencoded") ==
	    NULL) {
		exchange_fail(
		    x, 415, "not-supported", "a search by POST needs a form");
		return;
	}
	query_parse(x, x->query);
	query_parse(x, arena_strndup(x->a, x->body, x->body_len));
	handle_search(x, route->type);
}

static void
handle_get_search(struct exchange *x, const struct route *route)
{
	query_parse(x, x->query);
	handle_search(x, route->type);
}

static void
handle_history_of_type(struct exchange *x, const struct route *route)
{
	query_parse(x, x->query);
	handle_type_history(x, route->type);
}

static void
handle_system_export(struct exchange *x, const struct route *route)
{
	(void)route;
	query_parse(x, x->query);
	handle_export(x, NULL);
}

static void
handle_group_export(struct exchange *x, const struct route *route)
{
	query_parse(x, x->query);
	handle_export(x, route->id);
}

static void
handle_status(struct exchange *x, const struct route *route)
{
	handle_export_status(x, route->segment[1]);
}

static void
handle_file(struct exchange *x, const struct route *route)
{
	handle_export_file(x, route->segment[1]);
}

static void
handle_end(struct exchange *x, const struct route *route)
{
	handle_export_end(x, route->segment[1]);
}

static void
handle_post_create(struct exchange *x, const struct route *route)
{
	handle_create(x, route->type, NULL);
}

static void
handle_base_get(struct exchange *x, const struct route *route)
{
	(void)route;
	query_parse(x, x->query);
	for (size_t i = 0; i < x->params.n; i++)
		if (strcmp(x->params.items[i].name, "_page") == 0) {
			handle_page(x, x->params.items[i].value);
			return;
		}
	exchange_fail(x, 400, "not-supported",
	    "a search over all types is not supported");
}

static void
handle_base_post(struct exchange *x, const struct route *route)
{
	(void)route;
	handle_bundle(x);
}

static void
handle_metadata_get(struct exchange *x, const struct route *route)
{
	(void)route;
	handle_metadata(x);
}

/* T a resource type, * any segment, ? with a query; first fit wins. */
static const struct {
	const char *method, *shape;
	void (*handle)(struct exchange *x, const struct route *route);
} routes[] = {
    {"GET", "", handle_base_get},
    {"POST", "", handle_base_post},
    {"GET", "metadata", handle_metadata_get},
    {"GET", "T", handle_get_search},
    {"GET", "T _history", handle_history_of_type},
    {"GET", "$export", handle_system_export},
    {"GET", "Group * $export", handle_group_export},
    {"GET", "$export-status *", handle_status},
    {"DELETE", "$export-status *", handle_end},
    {"GET", "$export-file *", handle_file},
    {"POST", "T", handle_post_create},
    {"PUT", "T?", handle_conditional_update},
    {"POST", "T _search", handle_post_search},
    {"GET", "T *", handle_read},
    {"PUT", "T *", handle_update},
    {"DELETE", "T *", handle_delete},
    {"GET", "T * _history", handle_history},
    {"GET", "T * _history *", handle_vread},
};

static bool
segment_fits(struct exchange *x, const char *want, size_t n, const char *got)
{
	if (n == 1 && *want == 'T')
		return store_type(&x->s->store, got) != NULL;
	if (n == 1 && *want == '*')
		return *got != '_' && *got != '$';
	return strlen(got) == n && strncmp(want, got, n) == 0;
}

static bool
route_fits(struct exchange *x, const char *shape, const struct route *route)
{
	size_t i = 0;

	while (*shape != '\0' && *shape != '?') {
		size_t n = strcspn(shape, " ?");

		if (i == route->n ||
		    !segment_fits(x, shape, n, route->segment[i++]))
			return false;
		shape += shape[n] == ' ' ? n + 1 : n;
	}
	return i == route->n && (*shape != '?' || *x->query != '\0');
}

static void
no_route(struct exchange *x, const struct route *route, bool other_method)
{
	if (other_method)
		exchange_fail(x, 405, "not-supported",
		    "this method is not supported here");
	else if (route->n > 0 && store_type(&x->s->store, route->type) == NULL)
		exchange_fail(x, 404, "not-supported", "no such resource type");
	else
		exchange_fail(x, 404, "not-found", "nothing stands here");
}

static bool
json_media(const char *type)
{
	return strstr(type, "application/fhir+json") != NULL ||
	       strstr(type, "application/json") != NULL;
}

/* Media types and token; false: answered with an error. */
static bool
admitted(struct exchange *x)
{
	const char *a = x->accept;
	bool writes = strcmp(x->method, "PUT") == 0 ||
		      (strcmp(x->method, "POST") == 0 &&
			  strstr(x->path, "/_search") == NULL);

	if (x->s->token != NULL && strcmp(x->path, "/metadata") != 0 &&
	    (strncasecmp(x->authorization, "Bearer ", 7) != 0 ||
		strcmp(x->authorization + 7, x->s->token) != 0))
		exchange_fail(x, 401, "login", "a bearer token is needed");
	else if (*a != '\0' && !json_media(a) && strstr(a, "*/*") == NULL &&
		 strstr(a, "ndjson") == NULL &&
		 strstr(a, "application/*") == NULL)
		exchange_fail(x, 406, "not-supported", "JSON only");
	else if (writes && !json_media(x->content_type))
		exchange_fail(x, 415, "not-supported",
		    "the body must be application/fhir+json");
	else
		return true;
	return false;
}

void
exchange_handle(struct exchange *x)
{
	struct route route;
	bool fits_otherwise = false;

	if (!x->in_bundle && !admitted(x))
		return;
	if (!route_read(x, &route)) {
		exchange_fail(x, 404, "not-found", "nothing stands here");
		return;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (!route_fits(x, routes[i].shape, &route))
			continue;
		if (strcmp(routes[i].method, x->method) == 0) {
			routes[i].handle(x, &route);
			return;
		}
		fits_otherwise = true;
	}
	no_route(x, &route, fits_otherwise);
}
