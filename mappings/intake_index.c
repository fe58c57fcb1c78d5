/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding resources: by key, by the url they stand under, by identifier.
 */
#include "mappings/intake.h"

#include <stdlib.h>

#define DICOM_UID  "urn:dicom:uid"
#define OID_PREFIX "urn:oid:"

const char *
identifier_token(struct arena *a, const char *system, const char *value)
{
	bool uid = strncmp(value, OID_PREFIX, strlen(OID_PREFIX)) == 0;

	if (uid) {
		value += strlen(OID_PREFIX);
		/* "system says what it is" or the value itself does */
		if (system == NULL || same(system, "urn:ietf:rfc:3986"))
			system = DICOM_UID;
	}
	return arena_printf(a, "%s|%s", system == NULL ? "" : system, value);
}

static int
compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c != 0 ? c : strcmp(x->record->key, y->record->key);
}

static int
compare_name(const void *name, const void *b)
{
	return strcmp(name, ((const struct named *)b)->name);
}

/* The smallest key of that name. */
static const struct named *
find_named(const struct named *items, size_t n, const char *name)
{
	const struct named *x =
	    n == 0 ? NULL
		   : bsearch(name, items, n, sizeof(*items), compare_name);

	if (x == NULL)
		return NULL;
	while (x > items && strcmp(x[-1].name, name) == 0)
		x--;
	return x;
}

void
intake_note(struct intake *in, struct record *r)
{
	const struct json_value *ids = json_get(r->json, "identifier");

	if (r->full_url != NULL) {
		struct named *x = ARENA_PUSH(in->arena, &in->urls);

		x->name = r->full_url;
		x->record = r;
	}
	if (strcmp(r->type, "Observation") == 0)
		return;
	for (size_t i = 0; i < json_length(ids); i++) {
		const struct json_value *id = json_at(ids, i);
		const char *value = json_string_at(id, "value");
		struct named *x;

		if (value == NULL)
			continue;
		x = ARENA_PUSH(in->arena, &in->identifiers);
		x->name = arena_printf(in->arena, "%s|%s", r->type,
		    identifier_token(
			in->arena, json_string_at(id, "system"), value));
		x->record = r;
	}
}

void
intake_index(struct intake *in)
{
	if (in->urls.n > 0) {
		qsort(in->urls.items, in->urls.n, sizeof(*in->urls.items),
		    compare_named);
	}
	if (in->identifiers.n > 0) {
		qsort(in->identifiers.items, in->identifiers.n,
		    sizeof(*in->identifiers.items), compare_named);
	}
}

static int
compare_key(const void *key, const void *b)
{
	return strcmp(key, (*(struct record *const *)b)->key);
}

const struct record *
intake_record(const struct intake *in, const char *key)
{
	struct record *const *r =
	    in->records.n == 0 || key == NULL
		? NULL
		: bsearch(key, in->records.items, in->records.n,
		      sizeof(*in->records.items), compare_key);

	return r == NULL ? NULL : *r;
}

static const struct named *
find_identified(const struct intake *in, const char *type, const char *system,
    const char *value, struct arena *a)
{
	if (value == NULL)
		return NULL;
	return find_named(in->identifiers.items, in->identifiers.n,
	    arena_printf(a, "%s|%s", type, identifier_token(a, system, value)));
}

const struct record *
intake_identified(const struct intake *in, const char *type,
    const char *system, const char *value, struct arena *a)
{
	const struct named *x =
	    find_identified(in, type, system, value, a);

	return x == NULL ? NULL : x->record;
}

bool
intake_patient_is_clear(const struct intake *in, const char *system,
    const char *value, struct arena *a)
{
	const struct named *end = in->identifiers.items + in->identifiers.n;
	const struct named *x =
	    find_identified(in, "Patient", system, value, a);

	for (const struct named *y = x; y != NULL && y < end; y++) {
		if (strcmp(y->name, x->name) != 0)
			break;
		if (strcmp(intake_patient_of(in, y->record->key),
			intake_patient_of(in, x->record->key)) != 0)
			return false;
	}
	return true;
}

static void
target_record(struct target *t, const struct record *r)
{
	t->record = r;
	t->key = r->key;
	t->type = r->type;
	t->json = r->json;
}

/* By text: the url it stands under, else "Type/id". */
static void
resolve_text(const struct intake *in, const struct reference *ref,
    struct arena *a, struct target *t)
{
	const struct named *x =
	    find_named(in->urls.items, in->urls.n, ref->text);
	const struct record *r = x == NULL ? NULL : x->record;

	if (r == NULL && ref->id != NULL) {
		t->type = ref->type;
		t->key = arena_printf(a, "%s/%s", ref->type, ref->id);
		r = intake_record(in, t->key);
	}
	if (r != NULL)
		target_record(t, r);
}

/* A conditional reference, "Type?identifier=system|value". */
static void
resolve_search(struct target *t, const char *text, struct arena *a)
{
	static const char by[] = "?identifier=";
	const char *at = text == NULL ? NULL : strstr(text, by), *bar;

	if (at == NULL)
		return;
	bar = strchr(at, '|');
	if (bar == NULL || bar[1] == '\0' || strpbrk(at, "&,%") != NULL)
		return;
	at += strlen(by);
	t->type = arena_strndup(a, text, strcspn(text, "?"));
	t->system = at == bar ? NULL : arena_strndup(a, at, (size_t)(bar - at));
	t->value = bar + 1;
}

struct pointer
intake_pointer(struct intake *in, const struct json_value *v,
    const struct json_value *within)
{
	struct pointer p = {0};
	struct reference *ref = &p.ref;

	p.said = reference_read(v, within, in->arena, ref);
	if (!p.said)
		return p;
	p.type = arena_strdup(in->arena, json_string_at(v, "type"));
	ref->text = arena_strdup(in->arena, ref->text);
	ref->identifier_system =
	    arena_strdup(in->arena, ref->identifier_system);
	ref->identifier_value = arena_strdup(in->arena, ref->identifier_value);
	ref->contained = NULL;
	return p;
}

bool
intake_resolve(const struct intake *in, const struct json_value *v,
    const struct json_value *within, const char *type, struct arena *a,
    struct target *ret)
{
	struct pointer p = {.type = json_string_at(v, "type")};

	p.said = reference_read(v, within, a, &p.ref);
	return intake_follow(in, &p, type, a, ret);
}

bool
intake_follow(const struct intake *in, const struct pointer *p,
    const char *type, struct arena *a, struct target *ret)
{
	const struct reference *ref = &p->ref;
	struct target t = {.type = ""};
	const struct record *r = NULL;

	if (!p->said)
		return false;
	if (ref->contained != NULL) {
		t.json = ref->contained;
		t.type = json_string_at(ref->contained, "resourceType");
		t.type = t.type == NULL ? "" : t.type;
	} else if (ref->text != NULL) {
		resolve_text(in, ref, a, &t);
	}
	if (t.type[0] == '\0' && p->type != NULL)
		t.type = p->type;
	t.system = ref->identifier_system;
	t.value = ref->identifier_value;
	if (t.record == NULL && t.json == NULL && t.value == NULL)
		resolve_search(&t, ref->text, a);
	if (type != NULL && t.type[0] != '\0' && strcmp(t.type, type) != 0)
		return false;
	if (t.value == NULL && ref->text != NULL &&
	    strncmp(ref->text, OID_PREFIX, strlen(OID_PREFIX)) == 0)
		t.value = ref->text;
	if (t.record == NULL && t.json == NULL && t.value != NULL) {
		const char *of = type != NULL ? type : t.type;

		r = intake_identified(in, of, t.system, t.value, a);
		t.by_identifier = r != NULL;
	}
	if (r != NULL)
		target_record(&t, r);
	*ret = t;
	return true;
}
