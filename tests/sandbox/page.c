/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to a search: order, pages and their links.  A search's result is
 * kept as a snapshot under an opaque token; the least recently used ones are
 * forgotten.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/internal.h"

#define COUNT_MAX 1000

struct control {
	int count;        /* entries a page */
	bool only_count;  /* _summary=count */
	bool no_total;    /* _total=none */
	const char *sort; /* or NULL */
};

enum control_result { USED, UNUSED, REFUSED };

static enum control_result
set_count(struct control *c, const char *v)
{
	char *end;
	long n = strtol(v, &end, 10);

	if (end == v || *end != '\0' || n < 0)
		return REFUSED;
	c->count = n > COUNT_MAX ? COUNT_MAX : (int)n;
	c->only_count |= n == 0;
	return USED;
}

static enum control_result
set_summary(struct control *c, const char *v)
{
	c->only_count |= strcmp(v, "count") == 0;
	return strcmp(v, "count") == 0 || strcmp(v, "false") == 0 ? USED
								  : UNUSED;
}

static enum control_result
set_total(struct control *c, const char *v)
{
	c->no_total = strcmp(v, "none") == 0;
	return c->no_total || strcmp(v, "accurate") == 0 ||
		       strcmp(v, "estimate") == 0
		   ? USED
		   : REFUSED;
}

static enum control_result
set_sort(struct control *c, const char *v)
{
	const char *name = *v == '-' ? v + 1 : v;

	if (strcmp(name, "_lastUpdated") != 0 && strcmp(name, "_id") != 0)
		return UNUSED;
	c->sort = v;
	return USED;
}

static enum control_result
set_format(struct control *c, const char *v)
{
	(void)c;
	return strstr(v, "json") != NULL ? USED : REFUSED;
}

static enum control_result
set_nothing(struct control *c, const char *v)
{
	(void)c;
	(void)v;
	return USED;
}

static const struct {
	const char *name;
	enum control_result (*set)(struct control *c, const char *v);
} controls[] = {
    {"_count", set_count},
    {"_summary", set_summary},
    {"_total", set_total},
    {"_sort", set_sort},
    {"_format", set_format},
    {"_pretty", set_nothing},
};

/* Result parameters; false: answered with an error. */
static bool
read_controls(struct exchange *x, struct control *c)
{
	for (size_t i = 0; i < x->params.n; i++) {
		struct query_param *p = &x->params.items[i];
		enum control_result got = UNUSED;

		for (size_t k = 0; k < sizeof(controls) / sizeof(*controls);
		     k++)
			if (strcmp(controls[k].name, p->name) == 0)
				got = controls[k].set(c, p->value);
		if (got == REFUSED) {
			exchange_fail(x, 400, "invalid",
			    "the value of %s is not supported", p->name);
			return false;
		}
		p->used |= got == USED;
	}
	return true;
}

/* Unknown parameters: refused under Prefer: handling=strict. */
static bool
refuse_unknown(struct exchange *x)
{
	for (size_t i = 0; i < x->params.n; i++)
		if (!x->params.items[i].used &&
		    exchange_prefers(x, "handling=strict")) {
			exchange_fail(x, 400, "not-supported",
			    "a search parameter is not supported: %s",
			    x->params.items[i].name);
			return true;
		}
	return false;
}

/* The self link tells what was used, and nothing else. */
static char *
self_link(struct exchange *x, const char *type)
{
	char *link = arena_printf(x->a, "%s/%s", x->base, type);
	char sep = '?';

	for (size_t i = 0; i < x->params.n; i++)
		if (x->params.items[i].used) {
			link = arena_printf(
			    x->a, "%s%c%s", link, sep, x->params.items[i].raw);
			sep = '&';
		}
	return link;
}

static int
compare_seq(const struct resource *a, const struct resource *b)
{
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int
by_updated(const void *x, const void *y)
{
	const struct resource *a = *(struct resource *const *)x;
	const struct resource *b = *(struct resource *const *)y;
	int64_t s = store_latest(a)->updated_ms;
	int64_t t = store_latest(b)->updated_ms;

	return s < t ? -1 : s > t ? 1 : compare_seq(a, b);
}

static int
by_updated_down(const void *x, const void *y)
{
	return by_updated(y, x);
}

static int
by_id(const void *x, const void *y)
{
	const struct resource *a = *(struct resource *const *)x;
	const struct resource *b = *(struct resource *const *)y;

	return strcmp(a->id, b->id);
}

static int
by_id_down(const void *x, const void *y)
{
	return by_id(y, x);
}

static void
sort_matches(struct match_list *m, const char *sort)
{
	bool down = sort != NULL && *sort == '-';

	if (sort == NULL || m->n < 2)
		return;
	if (strcmp(sort + down, "_id") == 0)
		qsort(m->items, m->n, sizeof(*m->items),
		    down ? by_id_down : by_id);
	else
		qsort(m->items, m->n, sizeof(*m->items),
		    down ? by_updated_down : by_updated);
}

/*
 * Snapshots.
 */

static void
snapshot_clear(struct snapshot *n)
{
	free(n->items);
	memset(n, 0, sizeof(*n));
}

void
snapshots_free(struct sandbox *s)
{
	for (int i = 0; i < s->options.max_snapshots; i++)
		snapshot_clear(&s->snapshots[i]);
	free(s->snapshots);
}

static struct snapshot *
snapshot_new(struct sandbox *s)
{
	struct snapshot *oldest = &s->snapshots[0];

	for (int i = 1; i < s->options.max_snapshots; i++)
		if (s->snapshots[i].used < oldest->used)
			oldest = &s->snapshots[i];
	snapshot_clear(oldest);
	oldest->used = ++s->snapshot_clock;
	/* Opaque, and not 0: an odd multiplier keeps tokens apart. */
	oldest->token =
	    (oldest->used ^ s->snapshot_salt) * UINT64_C(0x9e3779b97f4a7c15) |
	    UINT64_C(1) << 63;
	return oldest;
}

static struct snapshot *
snapshot_find(struct sandbox *s, uint64_t token)
{
	for (int i = 0; i < s->options.max_snapshots; i++)
		if (s->snapshots[i].token == token && token != 0) {
			s->snapshots[i].used = ++s->snapshot_clock;
			return &s->snapshots[i];
		}
	return NULL;
}

static char *
page_link(struct exchange *x, const struct snapshot *n, size_t offset)
{
	return arena_printf(x->a, "%s?_page=%llx.%zx", x->base,
	    (unsigned long long)n->token, offset);
}

static void
put_link(struct json_writer *w, const char *relation, const char *url)
{
	json_begin_object(w, NULL);
	json_put_string(w, "relation", relation);
	json_put_string(w, "url", url);
	json_end_object(w);
}

static void
put_entry(struct exchange *x, struct json_writer *w, const struct resource *r)
{
	json_begin_object(w, NULL);
	json_put_string(w, "fullUrl",
	    arena_printf(x->a, "%s/%s/%s", x->base, r->type, r->id));
	json_put_raw(w, "resource", store_latest(r)->text);
	json_begin_object(w, "search");
	json_put_string(w, "mode", "match");
	json_end_object(w);
	json_end_object(w);
}

static void
put_entries(struct exchange *x, struct json_writer *w, const struct snapshot *n,
    size_t from, size_t until)
{
	bool any = false;

	for (size_t i = from; i < until; i++) {
		/* Deleted since the search: left out. */
		if (!store_alive(n->items[i]))
			continue;
		if (!any)
			json_begin_array(w, "entry");
		any = true;
		put_entry(x, w, n->items[i]);
	}
	if (any)
		json_end_array(w);
}

static void
write_page(struct exchange *x, const struct snapshot *n, size_t offset,
    const char *here)
{
	size_t until = offset + (size_t)n->count;
	struct json_writer w;

	if (until > n->n)
		until = n->n;
	json_writer_init(&w, &x->out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "resourceType", "Bundle");
	json_put_string(&w, "type", "searchset");
	if (n->total >= 0)
		json_put_int(&w, "total", n->total);
	json_begin_array(&w, "link");
	put_link(&w, "self", here);
	if (until < n->n)
		put_link(&w, "next",
		    fault_next(
			x, page_link(x, n, until), page_link(x, n, offset)));
	json_end_array(&w);
	put_entries(x, &w, n, offset, until);
	json_end_object(&w);
	x->status = 200;
}

static bool
has_param(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->params.n; i++)
		if (strcmp(x->params.items[i].name, name) == 0)
			return true;
	return false;
}

static bool
is_clinical(const char *type)
{
	return strcmp(type, "ImagingStudy") == 0 ||
	       strcmp(type, "Observation") == 0 ||
	       strcmp(type, "MedicationAdministration") == 0;
}

/* What this server demands; true: answered with an error. */
static bool
refused_by_habit(struct exchange *x, const char *type)
{
	const struct sandbox_habits *h = &x->s->options.habits;
	bool named = has_param(x, "patient") || has_param(x, "subject") ||
		     has_param(x, "_id") || has_param(x, "identifier");
	const char *why = NULL;

	if (h->require_patient && is_clinical(type) && !named)
		why = "patient is required";
	else if (h->require_category && strcmp(type, "Observation") == 0 &&
		 has_param(x, "patient") && !has_param(x, "category") &&
		 !has_param(x, "code"))
		why = "category or code is required";
	else if (h->refuse_last_updated && has_param(x, "_lastUpdated"))
		why = "_lastUpdated is not supported";
	if (why != NULL)
		exchange_fail(x, 400, "required", "%s", why);
	return why != NULL;
}

/* A page of a search that is made anew each time. */
static void
write_offset_page(
    struct exchange *x, const struct snapshot *n, const char *self)
{
	size_t from = 0, until;
	struct json_writer w;

	for (size_t i = 0; i < x->params.n; i++)
		if (strcmp(x->params.items[i].name, "_offset") == 0)
			from = strtoul(x->params.items[i].value, NULL, 10);
	if (from > n->n)
		from = n->n;
	until = n->n - from > (size_t)n->count ? from + (size_t)n->count : n->n;
	json_writer_init(&w, &x->out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "resourceType", "Bundle");
	json_put_string(&w, "type", "searchset");
	if (n->total >= 0)
		json_put_int(&w, "total", n->total);
	json_begin_array(&w, "link");
	put_link(&w, "self", self);
	if (until < n->n)
		put_link(&w, "next",
		    arena_printf(x->a, "%s%c_offset=%zu", self,
			strchr(self, '?') == NULL ? '?' : '&', until));
	json_end_array(&w);
	put_entries(x, &w, n, from, until);
	json_end_object(&w);
	x->status = 200;
}

static void
keep_snapshot(
    struct exchange *x, const struct snapshot *local, const char *self)
{
	struct snapshot *n = snapshot_new(x->s);
	size_t size = local->n * sizeof(struct resource *);

	n->count = local->count;
	n->total = local->total;
	n->n = local->n;
	n->items = malloc(size);
	if (n->items == NULL)
		abort();
	memcpy(n->items, local->items, size);
	write_page(x, n, 0, self);
}

void
handle_search(struct exchange *x, const char *type)
{
	const struct sandbox_habits *h = &x->s->options.habits;
	struct control c = {x->s->options.page_count, false, false, NULL};
	struct match_list found = {0};
	struct snapshot local = {0};
	char *self;

	COUNT(x, type, searches);
	if (refused_by_habit(x, type) || !search_match(x, type, &found) ||
	    !read_controls(x, &c) || refuse_unknown(x))
		return;
	sort_matches(&found, c.sort);
	self = self_link(x, type);
	local.count = c.count;
	local.total = c.no_total && !c.only_count ? -1 : (int64_t)found.n;
	if (local.total >= 0 && h->wrong_total)
		local.total++;
	local.n = c.only_count ? 0 : found.n;
	local.items = found.items;
	if (h->offset_paging)
		write_offset_page(x, &local, self);
	else if (local.n <= (size_t)c.count)
		write_page(x, &local, 0, self);
	else
		keep_snapshot(x, &local, self);
}

void
handle_page(struct exchange *x, const char *token)
{
	char *end;
	uint64_t key = strtoull(token, &end, 16);
	size_t offset = *end == '.' ? strtoull(end + 1, NULL, 16) : 0;
	struct snapshot *n = snapshot_find(x->s, key);

	COUNT(x, NULL, pages);
	if (n == NULL || offset >= n->n) {
		exchange_fail(x, 410, "expired",
		    "this page is not kept any more; search again");
		return;
	}
	write_page(x, n, offset, page_link(x, n, offset));
}
