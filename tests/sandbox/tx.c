/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles posted to the base: batch, and transaction (R4 http §3.1.0.11).
 */
#include <stdlib.h>
#include <string.h>

#include "fhir/datetime.h"
#include "tests/sandbox/internal.h"

struct entry {
	const char *full_url, *method, *url, *if_none_exist, *if_match;
	const char *text;   /* the resource, references rewritten */
	const char *type;   /* POST, PUT: of the url */
	const char *new_id; /* POST: the id it will have */
	const char *target; /* "Type/id" its full_url stands for, or NULL */
	struct exchange *x; /* its answer */
};

struct tx {
	struct exchange *x;
	bool transaction;
	LIST_OF(struct entry) entries;
};

/* Replace every JSON string that is exactly `from` by `to`. */
static char *
replace_string(
    struct arena *a, const char *text, const char *from, const char *to)
{
	char *quoted = arena_printf(a, "\"%s\"", from);
	size_t n = strlen(quoted);
	const char *p, *rest = text;
	struct strbuf out;
	char *kept;

	if (strstr(text, quoted) == NULL)
		return arena_strdup(a, text);
	strbuf_init(&out, SANDBOX_BODY_MAX * 2);
	while ((p = strstr(rest, quoted)) != NULL) {
		bool escaped = p > text && p[-1] == '\\';

		strbuf_add(&out, rest, (size_t)(p - rest));
		if (escaped)
			strbuf_add(&out, p, n);
		else
			strbuf_addf(&out, "\"%s\"", to);
		rest = p + n;
	}
	strbuf_adds(&out, rest);
	kept = arena_strdup(a, out.s);
	strbuf_done(&out);
	return kept;
}

static const char *
text_at(struct tx *t, const struct json_value *v, const char *path)
{
	return arena_strdup(t->x->a, json_string_at(v, path));
}

static bool
read_entry(struct tx *t, const struct json_value *v)
{
	const struct json_value *resource = json_get(v, "resource");
	struct entry *n = ARENA_PUSH(t->x->a, &t->entries);

	n->full_url = text_at(t, v, "fullUrl");
	n->method = text_at(t, v, "request.method");
	n->url = text_at(t, v, "request.url");
	n->if_none_exist = text_at(t, v, "request.ifNoneExist");
	n->if_match = text_at(t, v, "request.ifMatch");
	n->text =
	    resource == NULL ? "" : arena_strdup(t->x->a, json_text(resource));
	if (n->method != NULL && n->url != NULL)
		return true;
	exchange_fail(t->x, 400, "required",
	    "an entry needs request.method and request.url");
	return false;
}

/* What a POST's full_url will stand for: the match of ifNoneExist, or a new
 * id.  false: answered with an error. */
static bool
resolve_post(struct tx *t, struct entry *n)
{
	struct store *st = &t->x->s->store;
	struct resource *match = NULL;
	char id[24];
	int found = 0;

	n->type = arena_strndup(t->x->a, n->url, strcspn(n->url, "/?"));
	if (store_type(st, n->type) == NULL) {
		exchange_fail(
		    t->x, 400, "not-supported", "no such resource type");
		return false;
	}
	if (n->if_none_exist != NULL)
		found =
		    search_condition(t->x, n->type, n->if_none_exist, &match);
	if (found < 0)
		return false;
	if (found > 1) {
		exchange_fail(t->x, 412, "multiple-matches",
		    "more than one resource matches ifNoneExist");
		return false;
	}
	n->new_id = arena_strdup(t->x->a, store_new_id(st, n->type, id));
	n->target = arena_printf(
	    t->x->a, "%s/%s", n->type, found == 1 ? match->id : n->new_id);
	return true;
}

static bool
resolve_targets(struct tx *t)
{
	for (size_t i = 0; i < t->entries.n; i++) {
		struct entry *n = &t->entries.items[i];

		if (strcmp(n->method, "POST") == 0 &&
		    strstr(n->url, "_search") == NULL) {
			if (!resolve_post(t, n))
				return false;
		} else if (strcmp(n->method, "PUT") == 0 &&
			   strchr(n->url, '?') == NULL) {
			n->target = n->url;
		}
	}
	return true;
}

/* One identity may be written once only. */
static bool
refuse_twice(struct tx *t)
{
	for (size_t i = 0; i < t->entries.n; i++)
		for (size_t k = 0; k < i; k++) {
			const char *a = t->entries.items[i].target;
			const char *b = t->entries.items[k].target;

			if (a == NULL || b == NULL || strcmp(a, b) != 0 ||
			    t->entries.items[i].if_none_exist != NULL)
				continue;
			exchange_fail(t->x, 400, "invalid",
			    "a transaction writes one resource twice");
			return true;
		}
	return false;
}

static void
rewrite_references(struct tx *t)
{
	for (size_t i = 0; i < t->entries.n; i++) {
		const struct entry *from = &t->entries.items[i];

		if (from->full_url == NULL || from->target == NULL ||
		    strncmp(from->full_url, "urn:", 4) != 0)
			continue;
		for (size_t k = 0; k < t->entries.n; k++) {
			struct entry *n = &t->entries.items[k];

			if (strstr(n->text, from->full_url) != NULL)
				n->text = replace_string(t->x->a, n->text,
				    from->full_url, from->target);
		}
	}
}

static void
run_entry(struct tx *t, struct entry *n)
{
	struct exchange *x = exchange_new(t->x->s, t->x->a);
	size_t path = strcspn(n->url, "?");

	n->x = x;
	x->in_bundle = true;
	x->method = n->method;
	x->base = t->x->base;
	x->prefer = t->x->prefer;
	x->path = arena_printf(
	    t->x->a, "/%s", query_decode(t->x->a, n->url, path, false));
	x->query = n->url[path] == '?' ? n->url + path + 1 : "";
	x->body = n->text;
	x->body_len = strlen(n->text);
	if (n->if_none_exist != NULL)
		x->if_none_exist = n->if_none_exist;
	if (n->if_match != NULL)
		x->if_match = n->if_match;
	if (n->new_id != NULL)
		handle_create(x, n->type, n->new_id);
	else
		exchange_handle(x);
}

/* In the order R4 gives; false when an entry of a transaction failed. */
static bool
run_entries(struct tx *t)
{
	static const char *const order[] = {
	    "DELETE", "POST", "PUT", "PATCH", "GET", "HEAD"};

	for (size_t o = 0; o < sizeof(order) / sizeof(*order); o++)
		for (size_t i = 0; i < t->entries.n; i++) {
			struct entry *n = &t->entries.items[i];

			if (strcmp(n->method, order[o]) != 0)
				continue;
			run_entry(t, n);
			if (t->transaction && n->x->status >= 400)
				return false;
		}
	return true;
}

static const char *
status_text(struct tx *t, int status)
{
	static const struct {
		int status;
		const char *text;
	} names[] = {{200, "OK"}, {201, "Created"}, {204, "No Content"},
	    {304, "Not Modified"}, {400, "Bad Request"}, {404, "Not Found"},
	    {405, "Method Not Allowed"}, {410, "Gone"},
	    {412, "Precondition Failed"}, {422, "Unprocessable Entity"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].status == status)
			return arena_printf(
			    t->x->a, "%d %s", status, names[i].text);
	return arena_printf(t->x->a, "%d", status);
}

static void
put_answer(struct tx *t, struct json_writer *w, const struct entry *n)
{
	static const struct exchange unknown = {.status = 400};
	const struct exchange *x = n->x == NULL ? &unknown : n->x;
	bool body = n->x != NULL && x->out.len > 0 &&
		    (strcmp(n->method, "GET") == 0 ||
			exchange_prefers(t->x, "return=representation"));
	char instant[32];

	json_begin_object(w, NULL);
	if (body && x->status < 400)
		json_put_raw(w, "resource", x->out.s);
	json_begin_object(w, "response");
	json_put_string(w, "status", status_text(t, x->status));
	json_put_optional(w, "location", x->location);
	json_put_optional(w, "etag", x->etag);
	if (x->status < 400 && x->modified_ms != INT64_MIN)
		json_put_string(
		    w, "lastModified", instant_format(x->modified_ms, instant));
	if (x->status >= 400 && n->x != NULL)
		json_put_raw(w, "outcome", x->out.s);
	json_end_object(w);
	json_end_object(w);
}

static void
answer(struct tx *t)
{
	struct json_writer w;

	strbuf_reset(&t->x->out);
	json_writer_init(&w, &t->x->out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "resourceType", "Bundle");
	json_put_string(&w, "type",
	    t->transaction ? "transaction-response" : "batch-response");
	if (t->entries.n > 0) {
		json_begin_array(&w, "entry");
		for (size_t i = 0; i < t->entries.n; i++)
			put_answer(t, &w, &t->entries.items[i]);
		json_end_array(&w);
	}
	json_end_object(&w);
	t->x->status = 200;
}

/* The failed entry's answer becomes the whole answer. */
static void
answer_failure(struct tx *t)
{
	for (size_t i = 0; i < t->entries.n; i++) {
		const struct exchange *x = t->entries.items[i].x;

		if (x == NULL || x->status < 400)
			continue;
		strbuf_reset(&t->x->out);
		strbuf_add(&t->x->out, x->out.s, x->out.len);
		t->x->status = x->status;
		return;
	}
}

static void
run_transaction(struct tx *t)
{
	struct store *st = &t->x->s->store;

	if (!resolve_targets(t) || refuse_twice(t))
		return;
	rewrite_references(t);
	store_begin(st);
	if (run_entries(t)) {
		store_commit(st);
		answer(t);
	} else {
		store_rollback(st);
		answer_failure(t);
	}
}

static bool
read_bundle(struct tx *t, const struct json_value *root)
{
	const char *type = json_string_at(root, "type");
	const struct json_value *entries = json_get(root, "entry");

	if (type == NULL ||
	    (strcmp(type, "transaction") != 0 && strcmp(type, "batch") != 0)) {
		exchange_fail(t->x, 400, "invalid",
		    "the body must be a Bundle of type batch or transaction");
		return false;
	}
	t->transaction = strcmp(type, "transaction") == 0;
	for (size_t i = 0; i < json_length(entries); i++)
		if (!read_entry(t, json_at(entries, i)))
			return false;
	return true;
}

void
handle_bundle(struct exchange *x)
{
	struct tx t = {.x = x};
	struct json_doc *doc = NULL;
	struct err e = ERR_INIT;
	bool ok;

	COUNT(x, NULL, bundles);
	if (json_parse(x->body, x->body_len, &doc, &e) != ERR_OK) {
		exchange_fail_err(x, 400, &e);
		return;
	}
	ok = read_bundle(&t, json_root(doc));
	json_free(doc);
	if (ok && t.transaction) {
		run_transaction(&t);
	} else if (ok) {
		(void)run_entries(&t);
		answer(&t);
	}
	for (size_t i = 0; i < t.entries.n; i++)
		if (t.entries.items[i].x != NULL)
			exchange_done(t.entries.items[i].x);
}
