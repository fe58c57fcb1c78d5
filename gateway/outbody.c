/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/outbody.h"

#include "fhir/decimal.h"
#include "fhir/json_writer.h"
#include "fhir/util/digest.h"
#include "mappings/to_fhir.h"

#include <stdlib.h>
#include <string.h>

#define URN       "urn:rescan:"
#define MAX_BYTES ((size_t)16 << 20)

/* --- resolving --- */

struct rewrite {
	const struct outbody_request *r; /* NULL: copy */
	const char *status;              /* replaces the root's, or NULL */
	bool wait;
};

/* 0 no placeholder, else its outref; ret is the reference to write. */
static bool
placeholder(struct rewrite *w, const struct json_value *v, enum outref *ret_how,
    const char **ret)
{
	const char *s = json_string(json_get(v, "reference"));
	const char *end;
	char *identifier;

	if (w->r == NULL || s == NULL || strncmp(s, URN, strlen(URN)) != 0)
		return false;
	s += strlen(URN);
	end = strchr(s, '#');
	identifier = arena_strndup(
	    w->r->arena, s, end == NULL ? strlen(s) : (size_t)(end - s));
	*ret_how =
	    w->r->ref(w->r->ctx, identifier, end != NULL, w->r->arena, ret);
	if (*ret_how == OUTREF_WAIT)
		w->wait = true;
	return true;
}

/* Nothing of it is left to write. */
static bool
gone(struct rewrite *w, const struct json_value *v)
{
	enum outref how;
	const char *s;
	size_t n = json_length(v);

	switch (json_type(v)) {
	case JSON_OBJECT:
		return placeholder(w, v, &how, &s) && how == OUTREF_NONE;
	case JSON_ARRAY:
		for (size_t i = 0; i < n; i++) {
			if (!gone(w, json_at(v, i)))
				return false;
		}
		return n > 0;
	default:
		return false;
	}
}

/* "Type/id", and so of the server it was read from. */
static bool
is_relative(
    const struct rewrite *w, const char *name, const struct json_value *v)
{
	const char *s = json_string(v);

	return w->r != NULL && w->r->base != NULL && s != NULL &&
	       strcmp(name, "reference") == 0 && s[0] != '#' &&
	       strchr(s, ':') == NULL && strchr(s, '/') != NULL;
}

static void copy(struct rewrite *w, struct json_writer *out, const char *name,
    const struct json_value *v);

static void
copy_members(
    struct rewrite *w, struct json_writer *out, const struct json_value *v)
{
	struct json_iter it = {NULL, NULL, NULL};
	enum outref how;
	const char *reference = NULL;
	bool is_ours =
	    placeholder(w, v, &how, &reference) && how == OUTREF_KNOWN;

	while (json_next(v, &it)) {
		if (is_ours && strcmp(it.name, "reference") == 0)
			json_put_string(out, it.name, reference);
		else if (is_relative(w, it.name, it.value))
			json_put_string(out, it.name,
			    arena_printf(w->r->arena, "%s/%s", w->r->base,
				json_string(it.value)));
		else if (!gone(w, it.value))
			copy(w, out, it.name, it.value);
	}
}

static void
copy(struct rewrite *w, struct json_writer *out, const char *name,
    const struct json_value *v)
{
	const char *s = json_string(v);

	switch (json_type(v)) {
	case JSON_OBJECT:
		json_begin_object(out, name);
		copy_members(w, out, v);
		json_end_object(out);
		break;
	case JSON_ARRAY:
		json_begin_array(out, name);
		for (size_t i = 0; i < json_length(v); i++) {
			if (!gone(w, json_at(v, i)))
				copy(w, out, NULL, json_at(v, i));
		}
		json_end_array(out);
		break;
	default:
		if (w->r != NULL && s != NULL && strcmp(s, "@recorded") == 0)
			json_put_string(out, name, w->r->recorded);
		else
			json_put_raw(out, name, json_text(v));
	}
}

static void
copy_root(
    struct rewrite *w, struct json_writer *out, const struct json_value *v)
{
	struct json_iter it = {NULL, NULL, NULL};

	json_begin_object(out, NULL);
	while (json_next(v, &it)) {
		if (w->status != NULL && strcmp(it.name, "status") == 0)
			json_put_string(out, it.name, w->status);
		else if (!gone(w, it.value))
			copy(w, out, it.name, it.value);
		if (w->r != NULL && w->r->id[0] != '\0' &&
		    strcmp(it.name, "resourceType") == 0)
			json_put_string(out, "id", w->r->id);
	}
	json_end_object(out);
}

static enum err_code
rewrite(struct rewrite *w, struct arena *a, const char *body, char **ret,
    struct err *e)
{
	struct json_doc *doc = NULL;
	struct json_writer out;
	struct strbuf text;
	enum err_code rc = json_parse(body, strlen(body), &doc, e);

	if (rc != ERR_OK)
		return rc;
	strbuf_init(&text, MAX_BYTES);
	json_writer_init(&out, &text, false);
	copy_root(w, &out, json_root(doc));
	if (text.overflow)
		rc = err_set(
		    e, ERR_LIMIT, "a body above %zu MiB", MAX_BYTES >> 20);
	else
		*ret = w->wait ? NULL : arena_strdup(a, text.s);
	strbuf_done(&text);
	json_free(doc);
	return rc;
}

enum err_code
outbody_resolve(const char *body, const struct outbody_request *r, char **ret,
    struct err *e)
{
	struct rewrite w = {r, NULL, false};

	return rewrite(&w, r->arena, body, ret, e);
}

char *
outbody_retract(struct arena *a, const char *body)
{
	struct rewrite w = {NULL, "entered-in-error", false};
	struct json_doc *doc = NULL;
	struct err unheard = ERR_INIT;
	char *ret = NULL;

	if (json_parse(body, strlen(body), &doc, &unheard) != ERR_OK)
		return NULL;
	if (json_get(json_root(doc), "status") != NULL &&
	    rewrite(&w, a, body, &ret, &unheard) != ERR_OK)
		ret = NULL;
	json_free(doc);
	return ret;
}

char *
outbody_hash(struct arena *a, const char *body, outbody_hash_fn fn, void *ctx)
{
	char hex[SHA256_HEX_SIZE];
	struct strbuf all;
	const char *at = body;

	strbuf_init(&all, 2 * MAX_BYTES);
	strbuf_adds(&all, body);
	while ((at = strstr(at, URN)) != NULL) {
		size_t n;
		const char *hash;
		char *identifier;

		at += strlen(URN);
		n = strcspn(at, "#\"");
		if (strncmp(at + n, "#version", 8) != 0)
			continue;
		identifier = arena_strndup(a, at, n);
		hash = fn(ctx, identifier);
		strbuf_addf(&all, "\n%s", hash == NULL ? "" : hash);
	}
	sha256_hex(all.s, all.len, hex);
	strbuf_done(&all);
	return arena_strdup(a, hex);
}

/* --- comparing --- */

/* What the server may set as it likes. */
static bool
is_theirs(const char *name)
{
	static const char *const names[] = {"meta", "id", "text", "recorded"};

	for (size_t i = 0; i < 4; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static size_t
members(const struct json_value *v, bool root)
{
	struct json_iter it = {NULL, NULL, NULL};
	size_t n = 0;

	while (json_next(v, &it))
		n += !(root && is_theirs(it.name));
	return n;
}

/* "1.10" and "1.1" are one number, and so are "1e1" and "10". */
static bool
same_number(const char *a, const char *b)
{
	struct decimal x, y;
	struct err unheard = ERR_INIT;

	if (decimal_parse(a, &x, &unheard) != ERR_OK ||
	    decimal_parse(b, &y, &unheard) != ERR_OK)
		return strcmp(a, b) == 0;
	return decimal_compare(&x, &y) == 0;
}

/* "https://h/fhir/Patient/1" and "Patient/1" are one; so are "Flag/1" and
 * "Flag/1/_history/2", for some servers keep no version in a reference. */
static bool
same_reference(const char *a, const char *b)
{
	const char *va = strstr(a, "/_history/"), *vb = strstr(b, "/_history/");
	size_t n = strlen(a), m = strlen(b);

	if (va != NULL && vb == NULL)
		n = (size_t)(va - a);
	if (vb != NULL && va == NULL)
		m = (size_t)(vb - b);
	if (n > m)
		return a[n - m - 1] == '/' && strncmp(a + n - m, b, m) == 0;
	if (n < m)
		return b[m - n - 1] == '/' && strncmp(b + m - n, a, n) == 0;
	return strncmp(a, b, n) == 0;
}

static bool
same_text(const char *name, const char *a, const char *b)
{
	if (name != NULL && strcmp(name, "reference") == 0)
		return same_reference(a, b);
	return strcmp(a, b) == 0;
}

struct comparing {
	bool exact; /* nothing more on the other side */
};

static bool covers(const struct comparing *c, const char *name,
    const struct json_value *ours, const struct json_value *theirs, bool root);

static bool
covers_object(const struct comparing *c, const struct json_value *ours,
    const struct json_value *theirs, bool root)
{
	struct json_iter it = {NULL, NULL, NULL};

	if (c->exact && members(ours, root) != members(theirs, root))
		return false;
	while (json_next(ours, &it)) {
		if (root && is_theirs(it.name))
			continue;
		if (!covers(
			c, it.name, it.value, json_get(theirs, it.name), false))
			return false;
	}
	return true;
}

static bool
covers_array(const struct comparing *c, const char *name,
    const struct json_value *ours, const struct json_value *theirs)
{
	size_t n = json_length(ours), m = json_length(theirs);

	if (c->exact && n != m)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool found = c->exact && covers(c, name, json_at(ours, i),
					     json_at(theirs, i), false);

		for (size_t j = 0; j < m && !found && !c->exact; j++) {
			found = covers(c, name, json_at(ours, i),
			    json_at(theirs, j), false);
		}
		if (!found)
			return false;
	}
	return true;
}

static bool
covers(const struct comparing *c, const char *name,
    const struct json_value *ours, const struct json_value *theirs, bool root)
{
	if (json_type(ours) != json_type(theirs))
		return false;
	switch (json_type(ours)) {
	case JSON_OBJECT:
		return covers_object(c, ours, theirs, root);
	case JSON_ARRAY:
		return covers_array(c, name, ours, theirs);
	case JSON_STRING:
		return same_text(name, json_string(ours), json_string(theirs));
	case JSON_NUMBER:
		return same_number(json_number(ours), json_number(theirs));
	case JSON_BOOL:
		return json_true(ours) == json_true(theirs);
	default:
		return true;
	}
}

bool
outbody_same(const struct json_value *a, const struct json_value *b)
{
	struct comparing c = {true};

	return covers(&c, NULL, a, b, true);
}

bool
outbody_within(const struct json_value *ours, const struct json_value *theirs)
{
	struct comparing c = {false};

	return covers(&c, NULL, ours, theirs, true);
}

static bool
parsed(const char *s, struct json_doc **ret)
{
	struct err unheard = ERR_INIT;

	return s[0] != '\0' &&
	       json_parse(s, strlen(s), ret, &unheard) == ERR_OK;
}

static bool
is_as_raised(const struct json_value *current, const struct json_value *want)
{
	const char *is = json_string(json_get(current, "status"));
	const char *ours = json_string(json_get(want, "status"));

	return is == NULL || ours == NULL || strcmp(is, ours) == 0 ||
	       strcmp(is, "active") == 0 || strcmp(is, "preliminary") == 0;
}

#define DAY_LEN (sizeof("2024-01-31") - 1)

static const char *
noted_dismissal(const struct json_value *flag)
{
	const struct json_value *all = json_get(flag, "extension");

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *x = json_at(all, i);
		const char *url = json_string(json_get(x, "url"));

		if (url != NULL && strcmp(url, RESCAN_IRAE_DISMISSED) == 0)
			return json_string(json_get(x, "valueDate"));
	}
	return NULL;
}

static bool
has_status(const struct json_value *v, const char *status)
{
	const char *is = json_string(json_get(v, "status"));

	return is != NULL && strcmp(is, status) == 0;
}

bool
outbody_reopens(const struct json_value *current, const struct json_value *want)
{
	const char *noted = noted_dismissal(want);
	const char *closed = json_string_at(current, "period.end");

	if (closed == NULL)
		closed = json_string_at(current, "meta.lastUpdated");
	/* Days of one form: closed once more since, it stays so. */
	return noted != NULL && closed != NULL && has_status(want, "active") &&
	       has_status(current, "inactive") &&
	       strlen(noted) == DAY_LEN && strncmp(noted, closed, DAY_LEN) >= 0;
}

bool
outbody_untouched(const struct json_value *current,
    const struct json_value *want, const char *landed, const char *sent)
{
	struct json_doc *landed_doc = NULL, *sent_doc = NULL;
	bool same = false;

	if (landed[0] == '\0' && sent[0] == '\0')
		return is_as_raised(current, want);
	if (parsed(landed, &landed_doc))
		same = outbody_same(json_root(landed_doc), current);
	if (!same && parsed(sent, &sent_doc))
		same = outbody_within(json_root(sent_doc), current);
	json_free(landed_doc);
	json_free(sent_doc);
	return same;
}

static bool
carries(const struct json_value *list, const char *member, const char *value)
{
	for (size_t i = 0; i < json_length(list); i++) {
		const struct json_value *v = json_at(list, i);
		const char *system = json_string(json_get(v, "system"));
		const char *is = json_string(json_get(v, member));

		if (system != NULL && is != NULL &&
		    strcmp(system, RESCAN_IDENTIFIER_SYSTEM) == 0 &&
		    strcmp(is, value) == 0)
			return true;
	}
	return false;
}

bool
outbody_carries(const struct json_value *resource, const char *identifier)
{
	return carries(json_get(resource, "identifier"), "value", identifier) ||
	       carries(json_get(json_get(resource, "meta"), "tag"), "code",
		   identifier);
}

bool
outbody_is_moot(const char *body)
{
	struct json_doc *doc = NULL;
	struct err unheard = ERR_INIT;
	const char *type;
	bool moot = false;

	if (json_parse(body, strlen(body), &doc, &unheard) == ERR_OK) {
		type = json_string_at(json_root(doc), "resourceType");
		moot = type != NULL && strcmp(type, "Provenance") == 0 &&
		       json_get(json_root(doc), "target") == NULL;
	}
	json_free(doc);
	return moot;
}
