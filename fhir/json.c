/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/json.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* json-c has a type of our function's name. */
#define json_type json_c_type
#include <json-c/json.h>
#undef json_type

#include "fhir/json_walk.h"

#define PLAIN (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/*
 * json-c keeps the text of what it takes for a double, but makes 0 of the
 * integer -0.  Such a number is fed to it with an exponent the scan lets
 * nobody else have, and gets its own text back in the tree.
 */
#define MINUS_ZERO_TAIL "e100"
#define MINUS_ZERO_FED  "-0" MINUS_ZERO_TAIL

struct json_doc {
	struct json_object *root; /* NULL is JSON's null */
};

struct json_value {
	char unused;
};

/* json-c's null is a NULL pointer, which here means "absent". */
static const struct json_value null_value;

static const struct json_value *
value_of(struct json_object *o)
{
	return o == NULL ? &null_value : (const struct json_value *)(void *)o;
}

static struct json_object *
object_of(const struct json_value *v)
{
	return v == &null_value ? NULL : (struct json_object *)(uintptr_t)v;
}

static void
restore_minus_zero(struct json_object *o)
{
	const char *text;

	switch (json_object_get_type(o)) {
	case json_type_double:
		text = json_object_get_userdata(o);
		if (text != NULL && strcmp(text, MINUS_ZERO_FED) == 0)
			json_object_set_serializer(o,
			    json_object_userdata_to_json_string, strdup("-0"),
			    json_object_free_userdata);
		break;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(o); i++)
			restore_minus_zero(json_object_array_get_idx(o, i));
		break;
	case json_type_object:
		for (struct lh_entry *p = json_object_get_object(o)->head;
		     p != NULL; p = lh_entry_next(p))
			restore_minus_zero(lh_entry_v(p));
		break;
	default:
		break;
	}
}

struct builder {
	struct json_tokener *tok;
	struct json_object *root;
	enum json_tokener_error error; /* _continue until the value is whole */
};

static void
feed(struct builder *b, const char *s, size_t n)
{
	if (n == 0 || b->error != json_tokener_continue)
		return;
	b->root = json_tokener_parse_ex(b->tok, s, (int)n);
	b->error = json_tokener_get_error(b->tok);
}

static void
feed_range(
    struct builder *b, const char *s, size_t from, size_t to, bool minus_zero)
{
	size_t z;

	while (minus_zero && (z = json_walk_minus_zero(s, from, to)) != 0) {
		feed(b, s + from, z - from);
		feed(b, MINUS_ZERO_TAIL, strlen(MINUS_ZERO_TAIL));
		from = z;
	}
	feed(b, s + from, to - from);
}

/* Build the checked value without the bytes of `cut`. */
static enum err_code
build(const char *s, const struct json_checked *c, struct json_range cut,
    struct json_doc **ret_doc, struct err *e)
{
	size_t end = c->value.at + c->value.n;
	struct builder b = {NULL, NULL, json_tokener_continue};
	enum err_code code = ERR_OK;
	struct json_doc *doc;

	if (c->value.n > INT_MAX)
		return err_set(e, ERR_LIMIT, "more than 2 GiB of JSON");
	doc = malloc(sizeof(*doc));
	b.tok = json_tokener_new_ex(JSON_MAX_DEPTH + 2);
	if (doc == NULL || b.tok == NULL)
		abort();
	json_tokener_set_flags(
	    b.tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	feed_range(&b, s, c->value.at, cut.at, c->minus_zero);
	feed_range(&b, s, cut.at + cut.n, end, c->minus_zero);
	feed(&b, " ", 1); /* ends a bare number */
	if (b.error != json_tokener_success) {
		code = err_set(e, ERR_NOT_JSON, "byte %zu: %s", c->value.at,
		    json_tokener_error_desc(b.error));
		free(doc);
		goto out;
	}
	if (c->minus_zero)
		restore_minus_zero(b.root);
	doc->root = b.root;
	*ret_doc = doc;
out:
	json_tokener_free(b.tok);
	return code;
}

enum err_code
json_parse(const char *s, size_t n, struct json_doc **ret_doc, struct err *e)
{
	struct json_checked c;
	enum err_code code = json_scan_text(s, n, &c, e);

	if (code != ERR_OK)
		return code;
	return build(s, &c, (struct json_range){c.value.at, 0}, ret_doc, e);
}

void
json_free(struct json_doc *doc)
{
	if (doc == NULL)
		return;
	json_object_put(doc->root);
	free(doc);
}

const struct json_value *
json_root(const struct json_doc *doc)
{
	return doc == NULL ? NULL : value_of(doc->root);
}

enum json_type
json_type(const struct json_value *v)
{
	static const enum json_type types[] = {
	    [json_type_null] = JSON_NULL,
	    [json_type_boolean] = JSON_BOOL,
	    [json_type_double] = JSON_NUMBER,
	    [json_type_int] = JSON_NUMBER,
	    [json_type_object] = JSON_OBJECT,
	    [json_type_array] = JSON_ARRAY,
	    [json_type_string] = JSON_STRING,
	};

	if (v == NULL)
		return JSON_ABSENT;
	return types[json_object_get_type(object_of(v))];
}

const struct json_value *
json_get(const struct json_value *object, const char *name)
{
	struct json_object *o;

	if (json_type(object) != JSON_OBJECT ||
	    !json_object_object_get_ex(object_of(object), name, &o))
		return NULL;
	return value_of(o);
}

size_t
json_length(const struct json_value *v)
{
	switch (json_type(v)) {
	case JSON_ARRAY:
		return json_object_array_length(object_of(v));
	case JSON_OBJECT:
		return (size_t)json_object_object_length(object_of(v));
	default:
		return 0;
	}
}

const struct json_value *
json_at(const struct json_value *array, size_t i)
{
	if (json_type(array) != JSON_ARRAY || i >= json_length(array))
		return NULL;
	return value_of(json_object_array_get_idx(object_of(array), i));
}

const struct json_value *
json_path(const struct json_value *v, const char *path)
{
	char name[128];
	size_t len;

	for (;;) {
		while (json_type(v) == JSON_ARRAY)
			v = json_at(v, 0);
		len = strcspn(path, ".");
		assert(len < sizeof(name));
		memcpy(name, path, len);
		name[len] = '\0';
		v = json_get(v, name);
		if (path[len] == '\0' || v == NULL)
			return v;
		path += len + 1;
	}
}

const char *
json_string(const struct json_value *v)
{
	if (json_type(v) != JSON_STRING)
		return NULL;
	return json_object_get_string(object_of(v));
}

const char *
json_number(const struct json_value *v)
{
	const char *text;

	if (json_type(v) != JSON_NUMBER)
		return NULL;
	text = json_object_get_userdata(object_of(v));
	if (text != NULL)
		return text;
	return json_object_to_json_string_ext(object_of(v), PLAIN);
}

bool
json_true(const struct json_value *v)
{
	return json_type(v) == JSON_BOOL &&
	       json_object_get_boolean(object_of(v));
}

const char *
json_string_at(const struct json_value *v, const char *path)
{
	return json_string(json_path(v, path));
}

bool
json_next(const struct json_value *object, struct json_iter *it)
{
	struct lh_entry *p;

	if (json_type(object) != JSON_OBJECT)
		return false;
	if (it->priv == NULL)
		p = json_object_get_object(object_of(object))->head;
	else
		p = lh_entry_next((const struct lh_entry *)it->priv);
	if (p == NULL)
		return false;
	it->priv = p;
	it->name = lh_entry_k(p);
	it->value = value_of(lh_entry_v(p));
	return true;
}

const char *
json_text(const struct json_value *v)
{
	if (v == NULL)
		return NULL;
	return json_object_to_json_string_ext(object_of(v), PLAIN);
}

/* The member from its name to its value's end, with the comma that would be
 * one too many without it. */
static struct json_range
member_cut(const char *s, size_t name_at, struct json_range value)
{
	size_t from = name_at, to = value.at + value.n, i;

	for (i = to; strchr(" \t\r\n", s[i]) != NULL;)
		i++;
	if (s[i] == ',')
		return (struct json_range){from, i + 1 - from};
	for (i = from - 1; strchr(" \t\r\n", s[i]) != NULL;)
		i--;
	if (s[i] == ',')
		from = i;
	return (struct json_range){from, to - from};
}

enum err_code
json_split(const char *s, size_t n, const char *name, json_element_fn each,
    void *ctx, struct json_doc **ret_head, struct err *e)
{
	struct json_range member = {0, 0}, it = {0, 0}, cut;
	struct json_doc *head = NULL;
	struct json_checked c;
	enum err_code code;
	size_t at;

	code = json_scan_text(s, n, &c, e);
	if (code != ERR_OK)
		return code;
	cut = (struct json_range){c.value.at, 0};
	if (json_walk_member(s, c.value, name, &at, &member) &&
	    s[member.at] == '[')
		cut = member_cut(s, at, member);
	if (ret_head != NULL) {
		code = build(s, &c, cut, &head, e);
		if (code != ERR_OK)
			return code;
	}
	while (code == ERR_OK && json_walk_element(s, member, &it))
		code = each(ctx, s + it.at, it.n, it.at, e);
	if (code != ERR_OK)
		json_free(head);
	else if (ret_head != NULL)
		*ret_head = head;
	return code;
}

size_t
json_span(const char *s, size_t n)
{
	struct json_checked c;

	if (json_scan_value(s, n, 0, &c, NULL) != ERR_OK)
		return 0;
	return c.value.at + c.value.n;
}
