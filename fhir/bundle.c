/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/bundle.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/json_walk.h"

#define NESTING_MAX 4
#define PATH_SIZE   160

struct reading {
	bundle_entry_fn each;
	bundle_head_fn head; /* of every Bundle, or NULL */
	void *ctx;
	struct arena *a;             /* of the heads */
	struct bundle_head *outmost; /* or NULL */
};

/* A Bundle whose entries are being handed over. */
struct level {
	struct reading *r;
	size_t base;    /* byte offset of its text within the input */
	int depth;      /* 0 is the outermost */
	size_t entries; /* so far */
	const char *path;
};

static enum err_code walk_bundle(
    struct level *l, const char *s, size_t n, struct err *e);

static bool
says_bundle(const char *s, struct json_range resource)
{
	struct json_range type;

	return json_walk_member(s, resource, "resourceType", NULL, &type) &&
	       json_walk_is(s, type, "Bundle");
}

static enum err_code
give_entry(
    struct level *l, const char *s, size_t n, size_t offset, struct err *e)
{
	struct json_doc *doc = NULL;
	enum err_code rc = json_parse(s, n, &doc, e);
	const struct json_value *v = json_root(doc);
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
	if (rc == ERR_OK)
		rc = l->r->each(l->r->ctx, &entry, e);
	json_free(doc);
	return rc;
}

/* One entry: itself, or in its place the entries of a Bundle it holds; its
 * tree is not built to find out. */
static enum err_code
on_entry(void *ctx, const char *s, size_t n, size_t offset, struct err *e)
{
	struct level *l = ctx;
	struct json_range resource;
	char path[PATH_SIZE], resource_path[PATH_SIZE];
	struct level inner = {l->r, 0, l->depth + 1, 0, resource_path};
	enum err_code rc;

	snprintf(
	    path, sizeof(path), "%.120s.entry[%zu]", l->path, l->entries++);
	if (json_walk_member(
		s, (struct json_range){0, n}, "resource", NULL, &resource) &&
	    says_bundle(s, resource)) {
		snprintf(resource_path, PATH_SIZE, "%.150s.resource", path);
		inner.base = l->base + offset + resource.at;
		return walk_bundle(&inner, s + resource.at, resource.n, e);
	}
	rc = give_entry(l, s, n, l->base + offset, e);
	if (rc != ERR_OK && e != NULL && e->path[0] == '\0')
		err_path(e, "%s", path);
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

/* Bundle.total when it is a plain count, else -1. */
static int64_t
read_total(const struct json_value *v)
{
	const char *s = json_number(json_get(v, "total"));

	if (s == NULL || s[strspn(s, "0123456789")] != '\0')
		return -1;
	return strtoll(s, NULL, 10);
}

static void
read_head(const struct json_value *v, size_t entries, struct arena *a,
    struct bundle_head *ret)
{
	ret->type = arena_strdup(a, json_string_at(v, "type"));
	ret->self = link_url(v, "self", a);
	ret->next = link_url(v, "next", a);
	ret->previous = link_url(v, "previous", a);
	if (ret->previous == NULL)
		ret->previous = link_url(v, "prev", a);
	ret->version_tag = arena_strdup(a, json_string_at(v, "meta.versionId"));
	ret->total = read_total(v);
	ret->entries = entries;
}

static enum err_code
walk_bundle(struct level *l, const char *s, size_t n, struct err *e)
{
	struct bundle_head *out = l->depth == 0 ? l->r->outmost : NULL;
	bool wanted = out != NULL || l->r->head != NULL;
	struct bundle_head head = {0};
	struct json_doc *doc = NULL;
	enum err_code rc;

	if (l->depth > NESTING_MAX) {
		rc = err_set(e, ERR_LIMIT, "Bundles nested more than %d deep",
		    NESTING_MAX);
		err_path(e, "%s", l->path);
		return rc;
	}
	rc = json_split(
	    s, n, "entry", on_entry, l, wanted ? &doc : NULL, e);
	if (rc != ERR_OK || !wanted)
		return rc;
	read_head(json_root(doc), l->entries, l->r->a, &head);
	if (out != NULL)
		*out = head;
	if (l->r->head != NULL)
		l->r->head(l->r->ctx, &head);
	json_free(doc);
	return ERR_OK;
}

static enum err_code
refuse_markup(const char *s, size_t n, struct err *e)
{
	static const char fhir[] = "http://hl7.org/fhir\"";
	size_t i = 0;

	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		i = 3;
	while (i < n && isspace((unsigned char)s[i]))
		i++;
	if (i == n || s[i] != '<')
		return ERR_OK;
	if (n > 4096)
		n = 4096;
	if (memmem(s, n, fhir, strlen(fhir)) != NULL)
		return err_set(
		    e, ERR_NOT_FHIR, "FHIR in XML; only JSON is read");
	return err_set(e, ERR_NOT_FHIR,
	    "an HTML or XML page, not FHIR JSON (a login page?)");
}

/* Anything but a Bundle: itself, as the only entry. */
static enum err_code
give_single(
    struct reading *r, const char *s, size_t n, size_t base, struct err *e)
{
	struct json_doc *doc = NULL;
	struct bundle_entry entry = {.offset = base};
	enum err_code rc = json_parse(s, n, &doc, e);

	if (rc == ERR_OK) {
		entry.resource = json_root(doc);
		rc = r->each(r->ctx, &entry, e);
	}
	json_free(doc);
	return rc;
}

static enum err_code
read_text(
    struct reading *r, const char *s, size_t n, size_t base, struct err *e)
{
	struct level top = {r, base, 0, 0, "Bundle"};
	struct json_checked c;
	struct json_range type;
	enum err_code rc = refuse_markup(s, n, e);

	if (rc == ERR_OK)
		rc = json_scan_text(s, n, &c, e);
	if (rc != ERR_OK)
		return rc;
	if (!json_walk_member(s, c.value, "resourceType", NULL, &type) ||
	    s[type.at] != '"')
		return err_set(e, ERR_NOT_FHIR,
		    "JSON without a resourceType, not a FHIR resource");
	if (!json_walk_is(s, type, "Bundle"))
		return give_single(r, s, n, base, e);
	return walk_bundle(&top, s, n, e);
}

enum err_code
bundle_read(const char *s, size_t n, struct arena *a,
    struct bundle_head *ret_head, bundle_entry_fn each, void *ctx,
    struct err *e)
{
	struct reading r = {each, NULL, ctx, a, ret_head};

	return read_text(&r, s, n, 0, e);
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
    bundle_head_fn head, void *ctx, struct err *e)
{
	struct reading r = {each, head, ctx, a, NULL};
	enum err_code rc = refuse_markup(s, n, e);
	size_t at = 0;

	if (rc == ERR_OK && blank(s, n))
		rc = err_set(e, ERR_NOT_JSON, "nothing in it");
	while (rc == ERR_OK && !blank(s + at, n - at)) {
		size_t len = json_span(s + at, n - at);

		/* Where no value can be told, the parser says why. */
		if (len == 0)
			len = n - at;
		rc = read_text(&r, s + at, len, at, e);
		if (rc != ERR_OK && at > 0)
			err_context(e, "value starting at byte %zu", at);
		at += len;
	}
	return rc;
}
