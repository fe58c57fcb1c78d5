/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lesion an Observation is about: contracts/input.md, "Identity".
 */
#include "mappings/intake.h"

#include <string.h>
#include <strings.h>

#include "fhir/util/utf8.h"

#define BODY_SITE_EXTENSION "http://hl7.org/fhir/StructureDefinition/bodySite"
#define MAX_DEPTH           4
#define MAX_KEY             1000 /* a key stands in every explanation */
#define MAX_LABEL           200

const char *
mapping_label(struct mapping *m, const char *s)
{
	size_t n = 0, len = s == NULL ? 0 : strlen(s);

	if (len <= MAX_LABEL)
		return arena_strdup(m->arena, s);
	while (n + 4 <= MAX_LABEL)
		n += utf8_length(s + n, len - n);
	return arena_printf(m->arena, "%.*s…", (int)n, s);
}

static void
take_body(struct identity *id, const struct body *b)
{
	id->key = b->key;
	id->role = id->role == STATED_NONE ? b->role : id->role;
	id->label = id->label == NULL ? b->label : id->label;
	if (id->site.site == NULL || (id->site.unknown && !b->site_unknown)) {
		id->site.site = b->site != NULL ? b->site : id->site.site;
		id->site.organ = b->organ;
		id->site.unknown = id->site.unknown && b->site == NULL;
	}
	if (b->site_key != NULL)
		id->site.key = b->site_key;
	id->site.nodal = id->site.nodal || b->nodal;
}

/* A BodyStructure reference as a lesion key.  NULL when it is none. */
static const char *
body_reference(struct mapping *m, const struct record *r,
    const struct json_value *v, struct identity *id, bool first)
{
	const struct body *b = NULL;
	const char *value;
	struct target t;

	if (!intake_resolve(m->in, v, r->json, "BodyStructure", m->arena, &t) ||
	    strcmp(t.type, "BodyStructure") != 0)
		return NULL;
	if (t.record != NULL && !same(t.record->patient, m->facts->patient)) {
		facts_problem(m->facts, r->key, "patient_mismatch",
		    "its lesion %s is another patient's", t.record->key);
		id->foreign = true;
		return NULL;
	}
	value = t.value;
	if (t.record == NULL && t.json != NULL) {
		const struct json_value *own =
		    json_at(json_get(t.json, "identifier"), 0);

		t.system = json_string_at(own, "system");
		value = json_string_at(own, "value");
		if (first && id->site.site == NULL) {
			id->site =
			    mapping_site(m, json_get(t.json, "location"));
		}
	}
	if (t.key != NULL)
		b = body_find(m, t.key);
	else if (value != NULL)
		b = body_with(m, identifier_token(m->arena, t.system, value));
	if (b != NULL) {
		if (first)
			take_body(id, b);
		return b->key;
	}
	if (t.key != NULL) {
		id->missing = true;
		return t.key;
	}
	return value == NULL ? NULL
			     : arena_printf(m->arena, "identifier:%s",
				   identifier_token(m->arena, t.system, value));
}

/* focus: the first BodyStructure is the lesion, the second the other one. */
static void
by_focus(struct mapping *m, const struct record *r, struct identity *id)
{
	const struct json_value *all = json_get(r->json, "focus");
	const struct json_value *ext =
	    json_get(json_get(r->json, "bodySite"), "extension");

	for (size_t i = 0; i < json_length(all) && id->other == NULL; i++) {
		const char *key =
		    body_reference(m, r, json_at(all, i), id, id->key == NULL);

		if (id->key == NULL)
			id->key = key;
		else if (key != NULL && strcmp(key, id->key) != 0)
			id->other = key;
	}
	for (size_t i = 0; id->key == NULL && i < json_length(ext); i++) {
		const struct json_value *x = json_at(ext, i);

		if (same(json_string_at(x, "url"), BODY_SITE_EXTENSION)) {
			id->key = body_reference(
			    m, r, json_get(x, "valueReference"), id, true);
		}
	}
}

/* A component's or identifier's text of a DICOM concept. */
static const char *
dicom_text(struct mapping *m, const struct record *r, const char *concept)
{
	const struct json_value *all = json_get(r->json, "component");
	const struct json_value *ids = json_get(r->json, "identifier");
	const char *map = "lesion-measurement";

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *c = json_at(all, i);
		const char *s = json_string_at(c, "valueString");

		if (s != NULL &&
		    same(mapping_lookup(m, map, json_get(c, "code")), concept))
			return s;
	}
	for (size_t i = 0; i < json_length(ids); i++) {
		const struct json_value *id = json_at(ids, i);
		const char *s = json_string_at(id, "value");

		if (s != NULL &&
		    same(mapping_lookup(m, map, json_get(id, "type")), concept))
			return s;
	}
	return NULL;
}

static void
by_tracking(struct mapping *m, const struct record *r, struct identity *id)
{
	const char *uid = dicom_text(m, r, "tracking_uid");
	const char *text = dicom_text(m, r, "tracking_identifier");
	const char *token = NULL, *key = NULL;
	const struct body *b;

	if (text != NULL && id->label == NULL)
		id->label = mapping_label(m, text);
	if (id->key != NULL || (uid == NULL && text == NULL))
		return;
	if (uid != NULL) {
		token = identifier_token(m->arena, "urn:dicom:uid", uid);
		key = arena_printf(m->arena, "uid:%s", strchr(token, '|') + 1);
	} else {
		token = arena_printf(m->arena, "tracking|%s", text);
		key = arena_printf(m->arena, "tracking:%s", text);
	}
	b = body_with(m, token);
	if (b != NULL)
		take_body(id, b);
	else
		id->key = key;
}

/* An Observation's own business identifier is not its lesion's: only one
 * that says so counts, by type, or by a system that names lesions. */
static bool
names_lesion(struct mapping *m, const struct json_value *id)
{
	static const char *const words[] = {"lesion", "tumor", "tumour"};
	const char *const texts[] = {
	    json_string_at(id, "system"), json_string_at(id, "type.text")};
	struct coding c;

	if (same(mapping_lookup(m, "lesion-measurement", json_get(id, "type")),
		"lesion_identifier_legacy"))
		return true;
	for (size_t i = 0; codeable_coding(json_get(id, "type"), i, &c); i++) {
		if (same(c.code, "BodyStructure"))
			return true;
	}
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; texts[i] != NULL && k < 3; k++) {
			if (strcasestr(texts[i], words[k]) != NULL)
				return true;
		}
	}
	return false;
}

static void
take_identifier(struct mapping *m, struct identity *id, const char *system,
    const char *value)
{
	const char *token = identifier_token(m->arena, system, value);
	const struct body *b = body_with(m, token);

	if (b != NULL) {
		take_body(id, b);
	} else {
		id->key = arena_printf(m->arena, "identifier:%s",
		    token[0] == '|' ? token + 1 : token);
	}
}

static void
by_identifier(struct mapping *m, const struct record *r, struct identity *id)
{
	const struct json_value *ids = json_get(r->json, "identifier");
	const char *legacy;

	if (id->key != NULL)
		return;
	legacy = dicom_text(m, r, "lesion_identifier_legacy");
	if (legacy != NULL) {
		take_identifier(m, id, NULL, legacy);
		return;
	}
	for (size_t i = 0; id->key == NULL && i < json_length(ids); i++) {
		const struct json_value *x = json_at(ids, i);
		const char *value = json_string_at(x, "value");

		if (value != NULL && names_lesion(m, x)) {
			take_identifier(
			    m, id, json_string_at(x, "system"), value);
		}
	}
}

/* What the site configured goes before what we would look for. */
static void
by_path(struct mapping *m, const struct record *r, struct identity *id)
{
	struct path_result p =
	    path_values(m->in->identity_path, r->json, m->arena);

	for (size_t i = 0; id->key == NULL && i < p.n; i++) {
		const char *s = json_string(p.items[i]);
		const char *system = NULL;

		if (s == NULL) {
			system = json_string_at(p.items[i], "system");
			s = json_string_at(p.items[i], "value");
		}
		if (s != NULL)
			take_identifier(m, id, system, s);
	}
}

static void
identify(
    struct mapping *m, const struct record *r, int depth, struct identity *id)
{
	struct site site = mapping_site(m, json_get(r->json, "bodySite"));
	const struct record *group;

	if (id->site.site == NULL)
		id->site = site;
	by_path(m, r, id);
	if (id->key == NULL)
		by_focus(m, r, id);
	by_tracking(m, r, id);
	by_identifier(m, r, id);
	if (id->key != NULL || id->foreign || depth == MAX_DEPTH)
		return;
	group = mapping_group(m, r);
	if (group != NULL)
		identify(m, group, depth + 1, id);
}

struct identity
identity_of(struct mapping *m, const struct record *r)
{
	struct identity id = {0};

	identify(m, r, 0, &id);
	if (id.foreign) {
		id.key = NULL;
		return id;
	}
	if (id.key == NULL && id.site.key != NULL) {
		id.key = arena_printf(m->arena, "site:%s", id.site.key);
		id.by_site = true;
	}
	if (id.key != NULL &&
	    (strlen(id.key) > MAX_KEY ||
		(id.other != NULL && strlen(id.other) > MAX_KEY))) {
		facts_problem(m->facts, r->key, "lesion_identity_too_long",
		    "its lesion's identifier is longer than %d bytes", MAX_KEY);
		id.key = NULL;
	} else if (id.key == NULL) {
		facts_problem(m->facts, r->key, "lesion_identity_missing",
		    "nothing says which lesion this is");
	} else if (id.site.unknown) {
		site_check(m, r, &id.site);
	} else if (id.missing && id.site.site == NULL) {
		facts_problem(m->facts, r->key, "lesion_missing",
		    "%s is not among the data; its site is not known", id.key);
	}
	return id;
}

bool
identity_has_lesion(struct mapping *m, const struct record *r)
{
	struct identity id = {0};

	by_focus(m, r, &id);
	return id.key != NULL;
}
