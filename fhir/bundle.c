/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/bundle.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 4

struct reading {
	bundle_entry_fn each;
	void *ctx;
	size_t base; /* offset of the text within the input */
};

struct span {
	const char *s;
	size_t n, offset;
};
struct span_list {
	struct arena *arena;
	LIST_OF(struct span) list;
};

static bool
is_bundle(const struct json_value *v)
{
	const char *type = json_string_at(v, "resourceType");

	return type != NULL && strcmp(type, "Bundle") == 0;
}

static enum err_code walk_bundle(struct reading *r,
    const struct json_value *bundle, size_t offset, int depth, struct err *e);

/* One entry: itself, and in its place the entries of a Bundle it holds. */
static enum err_code
give_entry(struct reading *r, const struct json_value *v, size_t offset,
    int depth, struct err *e)
{
	const struct json_value *request = json_get(v, "request");
	const struct json_value *response = json_get(v, "response");
	struct bundle_entry entry = {
		.full_url = json_string_at(v, "fullUrl"),
		.resource = json_get(v, "resource"),
		.method = json_string(json_get(request, "method")),
		.url = json_string(json_get(request, "url")),
		.mode = json_string_at(v, "search.mode"),
		.status = json_string(json_get(response, "status")),
		.etag = json_string(json_get(response, "etag")),
		.location = json_string(json_get(response, "location")),
		.outcome = json_get(response, "outcome"),
		.offset = offset,
	};

	if (json_type(v) != JSON_OBJECT)
		entry.resource = v; /* resource_identify will refuse it */
	if (is_bundle(entry.resource))
		return walk_bundle(r, entry.resource, offset, depth + 1, e);
	return r->each(r->ctx, &entry, e);
}

static enum err_code
walk_bundle(struct reading *r, const struct json_value *bundle, size_t offset,
    int depth, struct err *e)
{
	const struct json_value *entries = json_get(bundle, "entry");
	enum err_code rc = ERR_OK;

	if (depth > NESTING_MAX) {
		return err_set(e, ERR_LIMIT,
		    "Bundles nested more than %d deep", NESTING_MAX);
	}
	for (size_t i = 0; i < json_length(entries) && rc == ERR_OK; i++)
		rc = give_entry(r, json_at(entries, i), offset, depth, e);
	return rc;
}

static enum err_code
collect(void *ctx, const char *s, size_t n, size_t offset, struct err *e)
{
	struct span_list *l = ctx;
	struct span *span = ARENA_PUSH(l->arena, &l->list);

	(void)e;
	*span = (struct span){s, n, offset};
	return ERR_OK;
}

static enum err_code
give_span(struct reading *r, const struct span *span, size_t i, struct err *e)
{
	struct json_doc *doc = NULL;
	enum err_code rc = json_parse(span->s, span->n, &doc, e);

	if (rc == ERR_OK) {
		rc = give_entry(
		    r, json_root(doc), r->base + span->offset, 0, e);
	}
	json_free(doc);
	if (rc != ERR_OK && e != NULL && e->path[0] == '\0')
		err_path(e, "Bundle.entry[%zu]", i);
	return rc;
}

static char *
link_url(const struct json_value *bundle, const char *relation, struct arena *a)
{
	const struct json_value *links = json_get(bundle, "link");

	for (size_t i = 0; i < json_length(links); i++) {
		const struct json_value *l = json_at(links, i);
		const char *is = json_string_at(l, "relation");

		if (is != NULL && strcmp(is, relation) == 0)
			return arena_strdup(a, json_string_at(l, "url"));
	}
	return NULL;
}

static void
read_head(const struct json_value *v, size_t entries, struct arena *a,
    struct bundle_head *ret)
{
	const char *total = json_number(json_get(v, "total"));

	ret->type = arena_strdup(a, json_string_at(v, "type"));
	ret->self = link_url(v, "self", a);
	ret->next = link_url(v, "next", a);
	ret->previous = link_url(v, "previous", a);
	ret->version_tag = arena_strdup(a, json_string_at(v, "meta.versionId"));
	ret->total = total == NULL ? -1 : strtoll(total, NULL, 10);
	ret->entries = entries;
}

static enum err_code
refuse_html(const char *s, size_t n, struct err *e)
{
	size_t i = 0;

	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		i = 3;
	while (i < n && isspace((unsigned char)s[i]))
		i++;
	if (i < n && s[i] == '<') {
		return err_set(e, ERR_NOT_FHIR,
		    "an HTML or XML page, not FHIR JSON (a login page?)");
	}
	return ERR_OK;
}

/* Anything but a Bundle: itself, as the only entry. */
static enum err_code
give_single(struct reading *r, const char *s, size_t n, struct err *e)
{
	struct json_doc *doc = NULL;
	struct bundle_entry entry = {.offset = r->base};
	enum err_code rc = json_parse(s, n, &doc, e);

	if (rc == ERR_OK) {
		entry.resource = json_root(doc);
		rc = r->each(r->ctx, &entry, e);
	}
	json_free(doc);
	return rc;
}

static enum err_code
read_text(struct reading *r, const char *s, size_t n, struct arena *a,
    struct bundle_head *ret_head, struct err *e)
{
	struct span_list spans = {.arena = a};
	struct json_doc *head = NULL;
	enum err_code rc = refuse_html(s, n, e);

	if (rc != ERR_OK)
		return rc;
	rc = json_split(s, n, "entry", collect, &spans, &head, e);
	if (rc != ERR_OK)
		goto out;
	if (json_string_at(json_root(head), "resourceType") == NULL) {
		rc = err_set(e, ERR_NOT_FHIR,
		    "JSON without a resourceType, not a FHIR resource");
		goto out;
	}
	if (!is_bundle(json_root(head))) {
		rc = give_single(r, s, n, e);
		goto out;
	}
	if (ret_head != NULL)
		read_head(json_root(head), spans.list.n, a, ret_head);
	for (size_t i = 0; i < spans.list.n && rc == ERR_OK; i++)
		rc = give_span(r, &spans.list.items[i], i, e);
out:
	json_free(head);
	return rc;
}

enum err_code
bundle_read(const char *s, size_t n, struct arena *a,
    struct bundle_head *ret_head, bundle_entry_fn each, void *ctx,
    struct err *e)
{
	struct reading r = {each, ctx, 0};

	return read_text(&r, s, n, a, ret_head, e);
}

static bool
blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isspace((unsigned char)s[i]))
			return false;
	}
	return true;
}

enum err_code
resources_read(const char *s, size_t n, struct arena *a, bundle_entry_fn each,
    void *ctx, struct err *e)
{
	struct reading r = {each, ctx, 0};
	enum err_code rc = refuse_html(s, n, e);
	size_t at = 0;

	if (rc == ERR_OK && blank(s, n))
		rc = err_set(e, ERR_NOT_JSON, "nothing in it");
	while (rc == ERR_OK && !blank(s + at, n - at)) {
		size_t len = json_span(s + at, n - at);

		/* Where no value can be told, the parser says why. */
		if (len == 0)
			len = n - at;
		r.base = at;
		rc = read_text(&r, s + at, len, a, NULL, e);
		if (rc != ERR_OK && at > 0)
			err_context(e, "value starting at byte %zu", at);
		at += len;
	}
	return rc;
}
