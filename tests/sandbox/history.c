/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET [type]/_history: every version of every resource of a type, newest
 * first, deletions among them.  Pages are offsets into a list made anew.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/internal.h"

struct moment {
	const struct resource *r;
	size_t n; /* version, from 1 */
};

struct moments {
	LIST_OF(struct moment) all;
};

static int
newest_first(const void *x, const void *y)
{
	const struct moment *a = x, *b = y;
	int64_t s = a->r->versions[a->n - 1].updated_ms;
	int64_t t = b->r->versions[b->n - 1].updated_ms;

	if (s != t)
		return s > t ? -1 : 1;
	if (a->r != b->r)
		return a->r->seq > b->r->seq ? -1 : 1;
	return a->n > b->n ? -1 : 1;
}

static const char *
param(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->params.n; i++)
		if (strcmp(x->params.items[i].name, name) == 0)
			return x->params.items[i].value;
	return NULL;
}

static size_t
number(const struct exchange *x, const char *name, size_t otherwise)
{
	const char *text = param(x, name);

	return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

static void
collect(
    struct exchange *x, const char *type, int64_t since, struct moments *ret)
{
	struct type_row *row = store_type(&x->s->store, type);

	for (size_t i = 0; i < row->n; i++)
		for (size_t n = 1; n <= row->items[i]->n; n++)
			if (row->items[i]->versions[n - 1].updated_ms >=
				since &&
			    !search_hides(x, row->items[i]))
				*ARENA_PUSH(x->a, &ret->all) =
				    (struct moment){row->items[i], n};
	if (ret->all.n > 1)
		qsort(ret->all.items, ret->all.n, sizeof(*ret->all.items),
		    newest_first);
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
put_links(struct exchange *x, struct json_writer *w, const char *type,
    size_t next, size_t count)
{
	const char *since = param(x, "_since");
	const char *self = arena_printf(x->a, "%s/%s/_history?_count=%zu%s%s",
	    x->base, type, count, since == NULL ? "" : "&_since=",
	    since == NULL ? "" : query_encode(x->a, since));

	json_begin_array(w, "link");
	put_link(w, "self", self);
	if (next > 0)
		put_link(w, "next",
		    fault_next(x,
			arena_printf(x->a, "%s&_offset=%zu", self, next),
			self));
	json_end_array(w);
}

void
handle_type_history(struct exchange *x, const char *type)
{
	const char *since = param(x, "_since");
	size_t count = number(x, "_count", (size_t)x->s->options.page_count);
	size_t from = number(x, "_offset", 0), until;
	int64_t ms = INT64_MIN, unused;
	struct moments m = {{NULL, 0, 0}};
	struct json_writer w;

	COUNT(x, type, histories);
	if (x->s->options.habits.no_history) {
		exchange_fail(x, 405, "not-supported", "no history of a type");
		return;
	}
	if (since != NULL && !date_interval(since, &ms, &unused)) {
		exchange_fail(x, 400, "invalid", "_since is no instant");
		return;
	}
	collect(x, type, ms, &m);
	from = from > m.all.n ? m.all.n : from;
	until = m.all.n - from > count ? from + count : m.all.n;
	json_writer_init(&w, &x->out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "resourceType", "Bundle");
	json_put_string(&w, "type", "history");
	json_put_int(&w, "total", (int64_t)m.all.n);
	put_links(x, &w, type, until < m.all.n ? until : 0, count);
	json_begin_array(&w, "entry");
	for (size_t i = from; i < until; i++)
		put_version(x, &w, m.all.items[i].r, m.all.items[i].n);
	json_end_array(&w);
	json_end_object(&w);
	x->status = 200;
}
