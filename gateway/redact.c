/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/redact.h"

#include "fhir/json_writer.h"
#include "fhir/util/digest.h"
#include "fhir/util/strbuf.h"
#include "mappings/to_fhir.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BODY_MAX ((size_t)1 << 30)
#define ID_CHARS                                                               \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."

void
redact_init(struct redact *r)
{
	if (getrandom(r->key, sizeof(r->key), 0) != sizeof(r->key))
		abort();
}

/* A stand-in: the first of the digest of key and value. */
static char *
stand_in(const struct redact *r, struct arena *a, const char *prefix,
    const char *s, size_t n)
{
	char hex[SHA256_HEX_SIZE];
	char *all = arena_alloc(a, sizeof(r->key) + n + 1);

	memcpy(all, r->key, sizeof(r->key));
	memcpy(all + sizeof(r->key), s, n);
	sha256_hex(all, sizeof(r->key) + n, hex);
	return arena_printf(a, "%s%.12s", prefix, hex);
}

/* "2.25.<number>", as a UID has to be. */
static char *
uid(const struct redact *r, struct arena *a, const char *s)
{
	const char *hex = stand_in(r, a, "", s, strlen(s));

	return arena_printf(a, "%s2.25.%llu",
	    strncmp(s, "urn:oid:", 8) == 0 ? "urn:oid:" : "",
	    strtoull(hex, NULL, 16));
}

/* --- texts --- */

/* Behind which a person's id stands. */
static const char *const marks[] = {"Patient/", "Practitioner/",
    "RelatedPerson/", "Patient%2F", "patient=", "subject="};

/* Bytes of the mark at s when an id follows, and of that id. */
static size_t
id_at(const char *s, size_t *ret_mark)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t n = strlen(marks[i]), id;

		if (strncmp(s, marks[i], n) != 0)
			continue;
		id = strspn(s + n, ID_CHARS);
		/* "patient=Patient/1": the id is behind the next mark. */
		if (marks[i][n - 1] == '=' &&
		    (s[n + id] == '/' || strncmp(s + n + id, "%2F", 3) == 0))
			return 0;
		*ret_mark = n;
		return id;
	}
	return 0;
}

char *
redact_text(const struct redact *r, struct arena *a, const char *s)
{
	struct strbuf out;
	char *ret;

	strbuf_init(&out, BODY_MAX);
	while (*s != '\0') {
		size_t mark = 0, id = id_at(s, &mark);

		if (id == 0) {
			strbuf_addc(&out, *s++);
			continue;
		}
		strbuf_add(&out, s, mark);
		strbuf_adds(&out, stand_in(r, a, "x", s + mark, id));
		s += mark + id;
	}
	ret = arena_strndup(a, out.s, out.len);
	strbuf_done(&out);
	return ret;
}

/* --- bodies --- */

struct walk {
	const struct redact *r;
	struct arena *a;
	struct json_writer *w;
};

static bool
is_among(const char *name, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcmp(name, *list) == 0)
			return true;
	}
	return false;
}

static const char *const left_out[] = {"telecom", "address", "birthDate",
    "photo", "contact", "note", "div", "presentedForm", "conclusion",
    "deceasedDateTime", "comment", NULL};
static const char *const names[] = {
    "family", "given", "prefix", "suffix", NULL};
static const char *const persons[] = {
    "Patient", "Practitioner", "RelatedPerson", NULL};

/* A value being copied: the member it is (NULL: the root), whether it stands
 * in an array, the object around it. */
struct at {
	const char *member;
	bool item;
	const struct json_value *within;
};

static void copy(
    const struct walk *k, const struct at *at, const struct json_value *v);

/* Where a value is that names somebody or something of theirs. */
static bool
is_name(const struct at *at, const char *type)
{
	if (is_among(at->member, names))
		return true;
	/* A coding's display stays, a reference's names somebody. */
	if (strcmp(at->member, "display") == 0)
		return json_get(at->within, "code") == NULL;
	return strcmp(at->member, "name") == 0 && type != NULL;
}

static bool
is_uid(const struct at *at, const char *s)
{
	return strcmp(at->member, "uid") == 0 ||
	       strncmp(s, "urn:oid:1.", 10) == 0 ||
	       strncmp(s, "urn:oid:2.", 10) == 0;
}

static bool
is_identifier(const struct at *at)
{
	const char *system = json_string(json_get(at->within, "system"));

	return strcmp(at->member, "value") == 0 && system != NULL &&
	       json_get(at->within, "code") == NULL &&
	       strcmp(system, RESCAN_IDENTIFIER_SYSTEM) != 0;
}

/* What stands for a string. */
static const char *
string_for(const struct walk *k, const struct at *at, const char *s)
{
	const char *type = json_string(json_get(at->within, "resourceType"));

	if (at->member == NULL)
		return redact_text(k->r, k->a, s);
	if (is_name(at, type))
		return stand_in(k->r, k->a, "Name-", s, strlen(s));
	if (is_uid(at, s))
		return uid(k->r, k->a, s);
	if (strcmp(at->member, "id") == 0 && type != NULL &&
	    is_among(type, persons))
		return stand_in(k->r, k->a, "x", s, strlen(s));
	if (is_identifier(at))
		return stand_in(k->r, k->a, "id-", s, strlen(s));
	return redact_text(k->r, k->a, s);
}

static bool
is_left_out(const char *around, const struct json_iter *it)
{
	if (is_among(it->name, left_out))
		return true;
	if (strcmp(it->name, "text") != 0)
		return false;
	/* A narrative, a whole name. */
	return json_get(it->value, "div") != NULL ||
	       (around != NULL && strcmp(around, "name") == 0);
}

static void
copy(const struct walk *k, const struct at *at, const struct json_value *v)
{
	const char *name = at->item ? NULL : at->member;
	struct json_iter it = {NULL, NULL, NULL};

	switch (json_type(v)) {
	case JSON_OBJECT:
		json_begin_object(k->w, name);
		while (json_next(v, &it)) {
			struct at in = {it.name, false, v};

			if (!is_left_out(at->member, &it))
				copy(k, &in, it.value);
		}
		json_end_object(k->w);
		break;
	case JSON_ARRAY:
		json_begin_array(k->w, name);
		for (size_t i = 0; i < json_length(v); i++) {
			struct at in = {at->member, true, at->within};

			copy(k, &in, json_at(v, i));
		}
		json_end_array(k->w);
		break;
	case JSON_STRING:
		json_put_string(k->w, name, string_for(k, at, json_string(v)));
		break;
	default:
		json_put_raw(k->w, name, json_text(v));
	}
}

/* One JSON value; false when it is none. */
static bool
add_value(const struct redact *r, struct arena *a, const char *s, size_t n,
    struct strbuf *out)
{
	struct json_doc *doc = NULL;
	struct err unheard = ERR_INIT;
	struct json_writer w;
	struct walk k = {r, a, &w};
	struct at root = {NULL, false, NULL};

	if (json_parse(s, n, &doc, &unheard) != ERR_OK)
		return false;
	json_writer_init(&w, out, false);
	copy(&k, &root, json_root(doc));
	json_free(doc);
	return true;
}

char *
redact_body(const struct redact *r, struct arena *a, const char *s, size_t n,
    size_t *ret_n)
{
	struct strbuf out;
	size_t at = 0;
	char *ret;

	strbuf_init(&out, BODY_MAX);
	/* A value, or NDJSON. */
	while (at < n) {
		size_t len = json_span(s + at, n - at);

		if (len == 0 || !add_value(r, a, s + at, len, &out)) {
			if (strspn(s + at, " \t\r\n") >= n - at)
				break;
			strbuf_addf(
			    &out, "(%zu bytes that are no JSON)", n - at);
			break;
		}
		at += len;
		if (at < n)
			strbuf_addc(&out, '\n');
	}
	ret = arena_strndup(a, out.s, out.len);
	*ret_n = out.len;
	strbuf_done(&out);
	return ret;
}
