/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store without the wire, for tests.
 */
#include <stdlib.h>
#include <string.h>

#include "fhir/bundle.h"
#include "tests/sandbox/internal.h"

size_t
sandbox_count(struct sandbox *s, const char *type)
{
	struct type_row *row;
	size_t n = 0;

	sandbox_lock(s);
	row = store_type(&s->store, type);
	for (size_t i = 0; row != NULL && i < row->n; i++)
		n += store_alive(row->items[i]);
	sandbox_unlock(s);
	return n;
}

static char *
text_of(const struct resource *r)
{
	return store_alive(r) ? strdup(store_latest(r)->text) : NULL;
}

char *
sandbox_get(struct sandbox *s, const char *type, const char *id)
{
	char *text;

	sandbox_lock(s);
	text = text_of(store_find(&s->store, type, id));
	sandbox_unlock(s);
	return text;
}

char *
sandbox_nth(struct sandbox *s, const char *type, size_t i)
{
	struct type_row *row;
	char *text = NULL;

	sandbox_lock(s);
	row = store_type(&s->store, type);
	for (size_t k = 0; row != NULL && k < row->n && text == NULL; k++)
		if (store_alive(row->items[k]) && i-- == 0)
			text = text_of(row->items[k]);
	sandbox_unlock(s);
	return text;
}

static enum err_code
put_value(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	struct sandbox *s = ctx;
	const char *type = json_string_at(entry->resource, "resourceType");
	const char *id = json_string_at(entry->resource, "id");
	const char *text;
	struct resource *r;
	bool same;

	if (type == NULL || id == NULL)
		return err_set(e, ERR_INVALID, "a resource without type or id");
	text = json_text(entry->resource);
	return store_write(
	    &s->store, type, id, text, strlen(text), &r, &same, e);
}

enum err_code
sandbox_put(struct sandbox *s, const char *json, struct err *e)
{
	struct json_doc *doc = NULL;
	struct bundle_entry entry = {0};
	enum err_code code;

	if ((code = json_parse(json, strlen(json), &doc, e)) != ERR_OK)
		return code;
	entry.resource = json_root(doc);
	sandbox_lock(s);
	code = put_value(s, &entry, e);
	sandbox_unlock(s);
	json_free(doc);
	return code;
}

bool
sandbox_delete(struct sandbox *s, const char *type, const char *id)
{
	struct resource *r;
	bool there;

	sandbox_lock(s);
	r = store_find(&s->store, type, id);
	there = store_alive(r);
	if (there)
		store_remove(&s->store, r);
	sandbox_unlock(s);
	return there;
}

/* As if posted to the base; what it did is not counted as requests. */
static enum err_code
carry_out(struct sandbox *s, struct arena *a, const char *json, struct err *e)
{
	struct exchange *x = exchange_new(s, a);
	enum err_code code = ERR_OK;

	x->method = "POST";
	x->in_bundle = true;
	x->body = json;
	x->body_len = strlen(json);
	s->uncounted = true;
	handle_bundle(x);
	s->uncounted = false;
	if (x->status != 200)
		code =
		    err_set(e, ERR_REFUSED, "%d: %.300s", x->status, x->out.s);
	exchange_done(x);
	return code;
}

enum err_code
sandbox_load_bundle(struct sandbox *s, const char *json, struct err *e)
{
	struct arena *a = arena_new();
	struct json_doc *doc = NULL;
	enum err_code code;
	const char *type;

	if ((code = json_parse(json, strlen(json), &doc, e)) != ERR_OK)
		goto out;
	type = json_string_at(json_root(doc), "type");
	sandbox_lock(s);
	if (type != NULL &&
	    (strcmp(type, "transaction") == 0 || strcmp(type, "batch") == 0))
		code = carry_out(s, a, json, e);
	else
		code =
		    bundle_read(json, strlen(json), a, NULL, put_value, s, e);
	sandbox_unlock(s);
out:
	json_free(doc);
	arena_free(a);
	return code;
}

struct sandbox_counts
sandbox_requests(struct sandbox *s, const char *type)
{
	struct sandbox_counts counts = {0};
	struct type_row *row;

	sandbox_lock(s);
	if (type == NULL)
		counts = s->counts;
	else if ((row = store_type(&s->store, type)) != NULL)
		counts = row->counts;
	sandbox_unlock(s);
	return counts;
}

void
sandbox_behave(struct sandbox *s, const struct sandbox_habits *h)
{
	sandbox_lock(s);
	s->options.habits = *h;
	sandbox_unlock(s);
}

void
sandbox_pass_ms(struct sandbox *s, int64_t ms)
{
	sandbox_lock(s);
	s->store.ahead_ms += ms;
	if (ms <= -60000)
		s->store.last_ms = INT64_MIN;
	sandbox_unlock(s);
}

void
sandbox_set_back(struct sandbox *s, int64_t ms)
{
	sandbox_lock(s);
	store_set_back(&s->store, ms);
	sandbox_unlock(s);
}

int64_t
sandbox_now_ms(struct sandbox *s)
{
	int64_t ms;

	sandbox_lock(s);
	ms = store_now_ms(&s->store);
	sandbox_unlock(s);
	return ms;
}
