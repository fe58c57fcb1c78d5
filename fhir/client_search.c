/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fhir/client_priv.h"
#include "fhir/outcome.h"
#include "fhir/util/strbuf.h"
#include "fhir/util/strset.h"

#define URL_MAX ((size_t)64 * 1024)
/* Keys of one search that are remembered. */
#define MAX_KEYS ((size_t)500000)
/* Pages in a row without a new entry that are an endless feed. */
#define MAX_STALE 5
/* A page that is too large is asked for with so much fewer entries. */
#define SMALLER 5

struct search {
	struct client *c;
	client_page_fn fn;
	void *ctx;
	const char *kind; /* of Bundle */
	char what[65];    /* the type, for texts */
	char *url;        /* of the page to read, owned */
	struct arena *arena;
	LIST_OF(uint64_t) visited;
	struct strset seen; /* type/id/version of the entries */
	int stale;          /* pages in a row that brought nothing new */
	bool own_count;     /* _count is the client's, not the query's */
	bool too_large;     /* the last page was */
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

/* What a page is when it is no Bundle, and what in it is new. */
struct glance {
	char type[41];
	struct err outcome;
	struct strset *seen;
	bool versions; /* each counts, as in a history */
	size_t named, fresh;
};

static void
note_key(struct glance *g, const char *type, const struct json_value *resource)
{
	const char *id = json_string_at(resource, "id");
	const char *version = json_string_at(resource, "meta.versionId");
	char key[200];

	if (version == NULL)
		version = json_string_at(resource, "meta.lastUpdated");
	if (type == NULL || id == NULL || (g->versions && version == NULL)) {
		g->fresh++; /* cannot be told from another */
		return;
	}
	snprintf(key, sizeof(key), "%.40s/%.70s/%.70s", type, id,
	    version == NULL ? "" : version);
	g->named++;
	g->fresh += strset_add(g->seen, key) || g->seen->full;
}

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
	note_key(g, type, entry->resource);
	return ERR_OK;
}

static enum err_code
read_head(struct search *s, const struct http_response *r, struct arena *a,
    struct bundle_head *ret, struct err *e)
{
	struct glance g = {
	    "", ERR_INIT, &s->seen, strcmp(s->kind, "searchset") != 0, 0, 0};
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
	if (ret->type == NULL || strcmp(ret->type, s->kind) != 0)
		return err_set(e, ERR_NOT_FHIR,
		    "a Bundle of type %.40s, not %s",
		    ret->type == NULL ? "(none)" : ret->type, s->kind);
	s->stale = g.named == 0 || g.fresh > 0 ? 0 : s->stale + 1;
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
	/*= interop D-22: links that are always new to the same content */
	if (s->stale >= MAX_STALE)
		return err_set(e, ERR_LOOP,
		    "GET %s: %d pages in a row brought nothing new", s->what,
		    s->stale);
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

/*= interop D-06: fewer entries in it; a page in the midst cannot be asked for
 * otherwise, so the caller begins again as after a paging state that
 * expired. */
static enum err_code
ask_smaller(struct search *s, enum err_code code, struct err *e)
{
	struct client *c = s->c;

	s->too_large = false;
	if (code != ERR_LIMIT || !s->own_count || c->o.page_count <= 1)
		return code;
	c->o.page_count =
	    c->o.page_count < SMALLER ? 1 : c->o.page_count / SMALLER;
	observe(&c->o.observer, &(struct notice){.event = NOTICE_SMALLER_PAGES,
				    .n = c->o.page_count});
	s->too_large = s->number == 0;
	if (s->number > 0)
		return err_set(e, ERR_GONE,
		    "GET %s: page %d is too large; fewer entries are asked for",
		    s->what, s->number);
	return code;
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
		code = ask_smaller(s, fetch_page(s, &r, e), e);
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
	code = client_tell(s->c, s->url, &r, read_head(s, &r, a, &head, e), e);
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
begin(struct search *s, const char *query, struct err *e)
{
	free(s->url);
	s->url = first_url(s->c, query);
	if (s->url == NULL)
		return err_set(e, ERR_USAGE, "GET %s: query too long", s->what);
	return ERR_OK;
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
	s.own_count = strstr(query, "_count=") == NULL;
	s.arena = arena_new();
	strset_init(&s.seen, s.arena, MAX_KEYS);
	code = begin(&s, query, e);
	while (code == ERR_OK && !last) {
		code = read_page(&s, &last, e);
		if (s.too_large)
			code = begin(&s, query, e);
	}
	strset_done(&s.seen);
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
