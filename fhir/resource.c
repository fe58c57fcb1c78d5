/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/resource.h"

#include <ctype.h>
#include <string.h>

#define ID_MAX   64
#define TYPE_MAX 40
#define WALK_MAX JSON_MAX_DEPTH

static bool
id_valid(const char *s, size_t n)
{
	if (n == 0 || n > ID_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (!isalnum(c) && c != '-' && c != '.')
			return false;
	}
	return true;
}

static bool
type_valid(const char *s, size_t n)
{
	if (n == 0 || n > TYPE_MAX || !isupper((unsigned char)s[0]))
		return false;
	for (size_t i = 1; i < n; i++) {
		if (!isalpha((unsigned char)s[i]))
			return false;
	}
	return true;
}

static int64_t
instant_of(const struct json_value *v)
{
	struct datetime t;
	const char *s = json_string(v);

	if (s == NULL || datetime_parse(s, &t, NULL) != ERR_OK ||
	    t.precision != DATE_SECOND)
		return INT64_MIN;
	return datetime_instant_ms(&t);
}

enum err_code
resource_identify(
    const struct json_value *resource, struct resource_id *ret, struct err *e)
{
	const char *type = json_string_at(resource, "resourceType");
	const char *id = json_string_at(resource, "id");
	const char *version = json_string_at(resource, "meta.versionId");

	if (type == NULL || !type_valid(type, strlen(type))) {
		return err_set(
		    e, ERR_NOT_FHIR, "no resourceType, not a FHIR resource");
	}
	if (json_type(json_get(resource, "id")) != JSON_ABSENT &&
	    (id == NULL || !id_valid(id, strlen(id)))) {
		return err_set(e, ERR_INVALID,
		    "%s.id is not a FHIR id (1 to 64 of A-Z a-z 0-9 - .)",
		    type);
	}
	ret->type = type;
	ret->id = id == NULL ? "" : id;
	ret->version = version == NULL ? "" : version;
	ret->last_updated_ms =
	    instant_of(json_path(resource, "meta.lastUpdated"));
	return ERR_OK;
}

/* "https://host…" and "" (a path from the root) can stand before Type/id. */
static bool
base_valid(const char *s, size_t n)
{
	static const char *const schemes[] = {"https://", "http://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t len = strlen(schemes[i]);

		if (n > len && strncmp(s, schemes[i], len) == 0)
			return true;
	}
	return n == 0 || s[0] == '/';
}

/* Split "[base/]Type/id[/_history/version]"; parts into ret. */
static bool
split_restful(const char *text, struct arena *a, struct reference *ret)
{
	size_t n = strcspn(text, "?#");
	const char *history = strstr(text, "/_history/");
	const char *end = text + n, *id, *type;
	size_t base;

	if (history != NULL && history < end) {
		const char *v = history + strlen("/_history/");

		if (!id_valid(v, (size_t)(end - v)))
			return false;
		ret->version = arena_strndup(a, v, (size_t)(end - v));
		end = history;
	}
	for (id = end; id > text && id[-1] != '/'; id--)
		;
	if (id == text || !id_valid(id, (size_t)(end - id)))
		return false;
	for (type = id - 1; type > text && type[-1] != '/'; type--)
		;
	if (!type_valid(type, (size_t)(id - 1 - type)))
		return false;
	base = type > text ? (size_t)(type - 1 - text) : 0;
	if (!base_valid(text, base))
		return false;
	ret->type = arena_strndup(a, type, (size_t)(id - 1 - type));
	ret->id = arena_strndup(a, id, (size_t)(end - id));
	if (base > 0 && text[0] != '/')
		ret->base = arena_strndup(a, text, base);
	return true;
}

static const struct json_value *
contained_find(const struct json_value *within, const char *id)
{
	const struct json_value *all = json_get(within, "contained");

	if (id[0] == '\0') /* "#": the resource itself */
		return within;
	for (size_t i = 0; i < json_length(all); i++) {
		const char *is = json_string_at(json_at(all, i), "id");

		if (is != NULL && strcmp(is, id) == 0)
			return json_at(all, i);
	}
	return NULL;
}

bool
reference_read(const struct json_value *v, const struct json_value *within,
    struct arena *a, struct reference *ret)
{
	struct reference r = {0};

	r.text = json_string_at(v, "reference");
	r.identifier_system = json_string_at(v, "identifier.system");
	r.identifier_value = json_string_at(v, "identifier.value");
	if (r.text == NULL && r.identifier_value == NULL)
		return false;
	if (r.text != NULL && r.text[0] == '#') {
		r.contained = contained_find(within, r.text + 1);
	} else if (r.text != NULL && !split_restful(r.text, a, &r)) {
		r.type = r.id = r.version = r.base = NULL;
	}
	*ret = r;
	return true;
}

char *
reference_key(struct arena *a, const char *text)
{
	struct reference r = {0};

	if (text == NULL || text[0] == '#' || !split_restful(text, a, &r))
		return NULL;
	return arena_printf(a, "%s/%s", r.type, r.id);
}

const char *
resource_identifier(const struct json_value *resource, const char *system)
{
	const struct json_value *all = json_get(resource, "identifier");

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *v = json_at(all, i);
		const char *of = json_string(json_get(v, "system"));
		const char *value = json_string(json_get(v, "value"));

		if (of != NULL && strcmp(of, system) == 0)
			return value != NULL ? value : "";
	}
	return NULL;
}

const struct json_value *
resource_subject(const struct json_value *resource)
{
	const struct json_value *v = json_get(resource, "subject");

	return v != NULL ? v : json_get(resource, "patient");
}

static void
walk(const struct json_value *v, int depth, reference_fn fn, void *ctx)
{
	struct json_iter it = {0};

	if (depth > WALK_MAX)
		return;
	if (json_type(v) == JSON_ARRAY) {
		for (size_t i = 0; i < json_length(v); i++)
			walk(json_at(v, i), depth + 1, fn, ctx);
		return;
	}
	if (json_type(v) != JSON_OBJECT)
		return;
	if (json_type(json_get(v, "reference")) == JSON_STRING)
		fn(ctx, v);
	while (json_next(v, &it))
		walk(it.value, depth + 1, fn, ctx);
}

void
resource_each_reference(
    const struct json_value *resource, reference_fn fn, void *ctx)
{
	walk(resource, 0, fn, ctx);
}

bool
codeable_coding(const struct json_value *codeable, size_t i, struct coding *ret)
{
	const struct json_value *c = json_at(json_get(codeable, "coding"), i);

	if (c == NULL)
		return false;
	ret->system = json_string_at(c, "system");
	ret->code = json_string_at(c, "code");
	ret->display = json_string_at(c, "display");
	return true;
}

const char *
codeable_text(const struct json_value *codeable)
{
	const char *s = json_string_at(codeable, "text");

	if (s == NULL)
		s = json_string_at(codeable, "coding.display");
	if (s == NULL)
		s = json_string_at(codeable, "coding.code");
	return s;
}
