/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fhir/client_priv.h"
#include "fhir/outcome.h"
#include "fhir/util/strbuf.h"

#define URL_MAX ((size_t)64 * 1024)

struct search {
	struct client *c;
	client_page_fn fn;
	void *ctx;
	const char *kind; /* of Bundle */
	char what[65];    /* the type, for texts */
	char *url;        /* of the page to read, owned */
	struct arena *arena;
	LIST_OF(uint64_t) visited;
	int64_t entries;
	int number;
};

/* FNV-1a, 64 bits: whom a server could mislead with a collision is itself. */
static uint64_t
hash(const char *s)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h;
}

/*= interop D-21: a link seen before is a loop */
static enum err_code
visit(struct search *s, struct err *e)
{
	uint64_t h = hash(s->url);

	for (size_t i = 0; i < s->visited.n; i++)
		if (s->visited.items[i] == h)
			return err_set(e, ERR_LOOP,
			    "GET %s: page %d links to an earlier page", s->what,
			    s->number);
	*ARENA_PUSH(s->arena, &s->visited) = h;
	return ERR_OK;
}

/* What a page is when it is no Bundle. */
struct glance {
	char type[41];
	struct err outcome;
};

static enum err_code
look(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	struct glance *g = ctx;
	const char *type = json_string_at(entry->resource, "resourceType");

	(void)e;
	if (g->type[0] == '\0' && type != NULL) {
		snprintf(g->type, sizeof(g->type), "%.40s", type);
		outcome_read(entry->resource, ERR_REFUSED, &g->outcome);
	}
	return ERR_OK;
}

static enum err_code
read_head(const struct http_response *r, const char *kind, struct arena *a,
    struct bundle_head *ret, struct err *e)
{
	struct glance g = {"", ERR_INIT};
	enum err_code code;

	if (r->body_len == 0)
		return err_set(
		    e, ERR_NOT_FHIR, "status %ld without a body", r->status);
	ret->entries = SIZE_MAX; /* stays when it is no Bundle */
	code = bundle_read(r->body, r->body_len, a, ret, look, &g, e);
	if (code != ERR_OK)
		return code;
	if (ret->entries == SIZE_MAX) {
		client_flatten(&g.outcome);
		if (g.outcome.code == ERR_REFUSED)
			return err_set(e, ERR_REFUSED, "%s", g.outcome.text);
		return err_set(
		    e, ERR_NOT_FHIR, "a %s instead of a Bundle", g.type);
	}
	if (ret->type == NULL || strcmp(ret->type, kind) != 0)
		return err_set(e, ERR_NOT_FHIR,
		    "a Bundle of type %.40s, not %s",
		    ret->type == NULL ? "(none)" : ret->type, kind);
	return ERR_OK;
}

/*= interop B.2 rules 1 to 3: the link as given, resolved against the page it
 * stands in; only its absence ends the search */
static enum err_code
go_on(struct search *s, const struct bundle_head *head, struct err *e)
{
	char *next;

	if (s->number + 1 >= s->c->o.max_pages)
		return err_set(e, ERR_LIMIT, "GET %s: more than %d pages",
		    s->what, s->c->o.max_pages);
	next = http_resolve(s->url, head->next);
	if (next == NULL)
		return err_set(e, ERR_FOREIGN,
		    "GET %s: page %d has an unusable next link", s->what,
		    s->number);
	free(s->url);
	s->url = next;
	s->number++;
	return ERR_OK;
}

static enum err_code
hand_over(struct search *s, const struct http_response *r,
    const struct bundle_head *head, struct err *e)
{
	struct client_page page = {s->url, r->body, r->body_len, head,
	    r->date_ms, s->number, head->next == NULL};

	s->entries += (int64_t)head->entries;
	if (s->entries > s->c->o.max_entries)
		return err_set(e, ERR_LIMIT, "GET %s: more than %lld entries",
		    s->what, (long long)s->c->o.max_entries);
	return s->fn(s->ctx, &page, e);
}

/*= interop B.2 rule 12: the same search with its parameters in the body */
static enum err_code
post_page(struct search *s, struct http_response *ret, struct err *e)
{
	size_t n = strcspn(s->url, "?");
	struct client_call call = {.method = "POST",
	    .what = s->what,
	    .body = s->url + n + (s->url[n] == '?'),
	    .form = true,
	    .precondition = ERR_REFUSED};
	struct strbuf url;
	enum err_code code;

	strbuf_init(&url, URL_MAX);
	strbuf_addf(&url, "%.*s/_search", (int)n, s->url);
	call.url = url.s;
	code = client_call(s->c, &call, ret, e);
	strbuf_done(&url);
	return code;
}

/* GET, or POST where that is known or found to be too long. */
static enum err_code
fetch_page(struct search *s, struct http_response *ret, struct err *e)
{
	struct client *c = s->c;
	enum client_post how = c->o.post_search;
	bool can =
	    how != CLIENT_POST_NEVER && strcmp(s->kind, "searchset") == 0;
	size_t len = strlen(s->url);
	struct client_call call = {.method = "GET",
	    .url = s->url,
	    .what = s->what,
	    .another_way = can,
	    .precondition = ERR_REFUSED};
	struct err unheard = ERR_INIT;
	enum err_code code;

	if (can && ((how == CLIENT_POST_ALWAYS && s->number == 0) ||
		       (c->url_max > 0 && len > c->url_max)))
		return post_page(s, ret, e);
	code = client_call(c, &call, ret, e);
	if (code == ERR_OK || !can || !client_too_long(c->status, &call))
		return code;
	/* Its answer counts only when it is better. */
	if (post_page(s, ret, &unheard) != ERR_OK)
		return code;
	c->url_max = len - 1;
	if (e != NULL)
		*e = unheard;
	return ERR_OK;
}

static enum err_code
read_page(struct search *s, bool *ret_last, struct err *e)
{
	struct arena *a = NULL;
	struct bundle_head head = {0};
	struct http_response r;
	enum err_code code = visit(s, e);

	if (code == ERR_OK)
		code = fetch_page(s, &r, e);
	/*= interop D-27: the server forgot where we were */
	if (s->number > 0 && (code == ERR_NOT_FOUND || code == ERR_GONE)) {
		err_context(e, "paging state expired at page %d", s->number);
		if (e != NULL)
			e->code = ERR_GONE;
		return ERR_GONE;
	}
	if (code != ERR_OK)
		return code;
	a = arena_new();
	code = client_tell(
	    s->c, s->url, &r, read_head(&r, s->kind, a, &head, e), e);
	if (code != ERR_OK)
		err_context(e, "GET %s: page %d", s->what, s->number);
	else
		code = hand_over(s, &r, &head, e);
	*ret_last = head.next == NULL;
	if (code == ERR_OK && head.next != NULL)
		code = go_on(s, &head, e);
	http_response_done(&r);
	arena_free(a);
	return code;
}

static char *
first_url(const struct client *c, const char *query)
{
	struct strbuf b;

	strbuf_init(&b, URL_MAX);
	strbuf_addf(&b, "%s/%s", c->base, query);
	if (c->o.page_count > 0 && strstr(query, "_count=") == NULL)
		strbuf_addf(&b, "%s_count=%d",
		    strchr(query, '?') == NULL ? "?" : "&", c->o.page_count);
	if (b.overflow) {
		strbuf_done(&b);
		return NULL;
	}
	return strbuf_take(&b);
}

static enum err_code
read_all(struct client *c, const char *kind, const char *query,
    client_page_fn fn, void *ctx, struct err *e)
{
	struct search s = {.c = c, .kind = kind, .fn = fn, .ctx = ctx};
	enum err_code code = ERR_OK;
	bool last = false;

	snprintf(
	    s.what, sizeof(s.what), "%.*s", (int)strcspn(query, "?/ "), query);
	s.url = first_url(c, query);
	if (s.url == NULL)
		return err_set(e, ERR_USAGE, "GET %s: query too long", s.what);
	s.arena = arena_new();
	while (code == ERR_OK && !last)
		code = read_page(&s, &last, e);
	arena_free(s.arena);
	free(s.url);
	return code;
}

enum err_code
client_search(struct client *c, const char *query, client_page_fn fn, void *ctx,
    struct err *e)
{
	return read_all(c, "searchset", query, fn, ctx, e);
}

enum err_code
client_history(struct client *c, const char *query, client_page_fn fn,
    void *ctx, struct err *e)
{
	return read_all(c, "history", query, fn, ctx, e);
}
