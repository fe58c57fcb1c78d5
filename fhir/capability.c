/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/capability.h"

#include <string.h>

static const char *
text_or_empty(struct arena *a, const char *s)
{
	return s == NULL ? "" : arena_strdup(a, s);
}

static void
read_interactions(const struct json_value *list, struct capability_type *t)
{
	const struct {
		const char *code;
		bool *flag;
	} known[] = {{"create", &t->create}, {"update", &t->update},
	    {"search-type", &t->search}, {"history-type", &t->history}};

	t->states_interactions = json_length(list) > 0;
	for (size_t i = 0; i < json_length(list); i++) {
		const char *code =
		    json_string(json_get(json_at(list, i), "code"));

		for (size_t k = 0; code != NULL && k < 4; k++) {
			if (strcmp(code, known[k].code) == 0)
				*known[k].flag = true;
		}
	}
}

/* Whether one of a list's members has that name. */
static bool
has_name(const struct json_value *list, const char *name)
{
	for (size_t i = 0; i < json_length(list); i++) {
		const char *is =
		    json_string(json_get(json_at(list, i), "name"));

		if (is != NULL && strcmp(is, name) == 0)
			return true;
	}
	return false;
}

static bool
has_export(const struct json_value *v)
{
	const struct json_value *list = json_get(v, "operation");

	return has_name(list, "export") || has_name(list, "$export") ||
	       has_name(list, "group-export");
}

static void
read_type(const struct json_value *v, struct arena *a, struct capability *c)
{
	const char *name = json_string(json_get(v, "type"));
	const struct json_value *params = json_get(v, "searchParam");
	struct capability_type *t;

	if (name == NULL)
		return;
	t = ARENA_PUSH(a, &c->types);
	t->name = arena_strdup(a, name);
	read_interactions(json_get(v, "interaction"), t);
	t->states_params = json_length(params) > 0;
	t->last_updated = has_name(params, "_lastUpdated");
	c->exports = c->exports || has_export(v);
}

/* The first rest element of mode server, else the first. */
static const struct json_value *
server_side(const struct json_value *v)
{
	const struct json_value *rest = json_get(v, "rest");

	for (size_t i = 0; i < json_length(rest); i++) {
		const char *mode =
		    json_string(json_get(json_at(rest, i), "mode"));

		if (mode != NULL && strcmp(mode, "server") == 0)
			return json_at(rest, i);
	}
	return json_at(rest, 0);
}

enum err_code
capability_read(const struct json_value *v, struct arena *a,
    struct capability *ret, struct err *e)
{
	const char *kind = json_string(json_get(v, "resourceType"));
	const char *version = json_string(json_get(v, "fhirVersion"));
	const struct json_value *resources;
	struct capability c;

	if (kind == NULL || strcmp(kind, "CapabilityStatement") != 0) {
		return err_set(e, ERR_NOT_FHIR,
		    "the server's metadata is no CapabilityStatement");
	}
	if (version == NULL || strncmp(version, "4.0", 3) != 0) {
		return err_set(e, ERR_INVALID,
		    "the server speaks FHIR %.20s, not R4 (4.0.1)",
		    version == NULL ? "of no stated version" : version);
	}
	memset(&c, 0, sizeof(c));
	c.fhir_version = arena_strdup(a, version);
	c.software = text_or_empty(a, json_string_at(v, "software.name"));
	c.exports = has_export(server_side(v));
	resources = json_get(server_side(v), "resource");
	c.lists_types = json_length(resources) > 0;
	for (size_t i = 0; i < json_length(resources); i++)
		read_type(json_at(resources, i), a, &c);
	*ret = c;
	return ERR_OK;
}

const struct capability_type *
capability_type_find(const struct capability *c, const char *name)
{
	for (size_t i = 0; i < c->types.n; i++) {
		if (strcmp(c->types.items[i].name, name) == 0)
			return &c->types.items[i];
	}
	return NULL;
}

const char *
capability_refuses(const struct capability *c, const char *type, bool update)
{
	const struct capability_type *t = capability_type_find(c, type);

	if (t == NULL
		? !c->lists_types
		: (!t->states_interactions || (update ? t->update : t->create)))
		return NULL;
	return update ? "update" : "create";
}
