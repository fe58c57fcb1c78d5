/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/capability.h"

#include <string.h>

static const char *
text_or_empty(struct arena *a, const char *s)
{
	return s == NULL ? "" : arena_strdup(a, s);
}

static void
read_type(const struct json_value *v, struct arena *a, struct capability *c)
{
	const char *name = json_string(json_get(v, "type"));
	const struct json_value *list = json_get(v, "interaction");
	struct capability_type *t;

	if (name == NULL)
		return;
	t = ARENA_PUSH(a, &c->types);
	t->name = arena_strdup(a, name);
	t->states_interactions = json_length(list) > 0;
	for (size_t i = 0; i < json_length(list); i++) {
		const char *code =
		    json_string(json_get(json_at(list, i), "code"));

		if (code == NULL)
			continue;
		t->create = t->create || strcmp(code, "create") == 0;
		t->update = t->update || strcmp(code, "update") == 0;
	}
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
	resources = json_get(server_side(v), "resource");
	c.lists_types = json_length(resources) > 0;
	for (size_t i = 0; i < json_length(resources); i++)
		read_type(json_at(resources, i), a, &c);
	*ret = c;
	return ERR_OK;
}

const char *
capability_refuses(const struct capability *c, const char *type, bool update)
{
	for (size_t i = 0; i < c->types.n; i++) {
		const struct capability_type *t = &c->types.items[i];

		if (strcmp(t->name, type) != 0)
			continue;
		if (!t->states_interactions || (update ? t->update : t->create))
			return NULL;
		return update ? "update" : "create";
	}
	if (!c->lists_types)
		return NULL;
	return update ? "update" : "create";
}
