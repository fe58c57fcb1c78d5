/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BodyStructure: a lesion, one over time by its identifiers.
 */
#include "mappings/intake.h"

#include <stdlib.h>

static const struct {
	const char *concept;
	enum stated_role role;
} roles[] = {
    {"target", STATED_TARGET},
    {"non_target", STATED_NON_TARGET},
    {"new", STATED_NEW},
    {"new_target", STATED_NEW_TARGET},
    {"new_non_target", STATED_NEW_NON_TARGET},
    {"benign", STATED_BENIGN},
};

enum stated_role
role_of(const char *concept)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		if (same(concept, roles[i].concept))
			return roles[i].role;
	}
	return STATED_NONE;
}

/* In a list of CodeableConcepts. */
static const char *
any_concept(struct mapping *m, const char *map, const struct json_value *list)
{
	const char *c = NULL;

	for (size_t i = 0; c == NULL && i < json_length(list); i++)
		c = mapping_lookup(m, map, json_at(list, i));
	return c;
}

/* In extensions with a coded value. */
static const char *
extension_concept(
    struct mapping *m, const char *map, const struct json_value *v)
{
	const struct json_value *all = json_get(v, "extension");
	const char *c = NULL;

	for (size_t i = 0; c == NULL && i < json_length(all); i++) {
		const struct json_value *x = json_at(all, i);

		c = mapping_value_concept(
		    m, map, json_get(x, "valueCodeableConcept"));
		if (c == NULL) {
			c = mapping_value_concept(
			    m, map, json_get(x, "valueCoding"));
		}
	}
	return c;
}

static enum stated_role
body_role(struct mapping *m, const struct json_value *body)
{
	const char *map = "lesion-role", *c = NULL;
	struct path_result p = path_values(m->in->role_path, body, m->arena);

	for (size_t i = 0; c == NULL && i < p.n; i++)
		c = mapping_value_concept(m, map, p.items[i]);
	if (c == NULL)
		c = mapping_lookup(m, map, json_get(body, "morphology"));
	if (c == NULL)
		c = extension_concept(m, map, body);
	if (c == NULL)
		c = any_concept(m, map, json_get(body, "locationQualifier"));
	return role_of(c);
}

/* DICOM's tracking UID and identifier may stand as identifiers of a type. */
static void
body_token(struct mapping *m, struct body *b, const struct json_value *id)
{
	const char *value = json_string_at(id, "value");
	const char *type =
	    mapping_lookup(m, "lesion-measurement", json_get(id, "type"));

	if (value == NULL)
		return;
	*ARENA_PUSH(m->arena, &b->tokens) =
	    identifier_token(m->arena, json_string_at(id, "system"), value);
	if (same(type, "tracking_uid")) {
		*ARENA_PUSH(m->arena, &b->tokens) =
		    identifier_token(m->arena, "urn:dicom:uid", value);
	} else if (same(type, "tracking_identifier")) {
		*ARENA_PUSH(m->arena, &b->tokens) =
		    arena_printf(m->arena, "tracking|%s", value);
	}
}

static void
body_tokens(struct mapping *m, struct body *b)
{
	const struct json_value *ids = json_get(b->record->json, "identifier");
	struct path_result p =
	    path_values(m->in->identity_path, b->record->json, m->arena);

	for (size_t i = 0; i < json_length(ids); i++)
		body_token(m, b, json_at(ids, i));
	for (size_t i = 0; i < p.n; i++) {
		const char *s = json_string(p.items[i]);

		if (s != NULL) {
			*ARENA_PUSH(m->arena, &b->tokens) =
			    identifier_token(m->arena, NULL, s);
		} else {
			body_token(m, b, p.items[i]);
		}
	}
}

static void
body_add(struct mapping *m, const struct record *r)
{
	const struct json_value *location = json_get(r->json, "location");
	struct site site = mapping_site(m, location);
	struct body *b = ARENA_PUSH(m->arena, &m->bodies);

	site_check(m, r, &site);
	b->record = r;
	b->key = arena_strdup(m->arena, r->key);
	b->site = site.site;
	b->site_unknown = site.unknown;
	b->organ = site.organ;
	b->side = site.side != NULL
		      ? site.side
		      : any_concept(m, "laterality",
			    json_get(r->json, "locationQualifier"));
	b->site_key = site.key;
	if (site.key != NULL && site.side == NULL && b->side != NULL) {
		b->site_key =
		    arena_printf(m->arena, "%s/%s", site.key, b->side);
	}
	b->nodal = site.nodal || mapping_lookup(m, "nodal-site",
				     json_get(r->json, "morphology")) != NULL;
	b->label = mapping_label(m, json_string_at(r->json, "description"));
	b->role = body_role(m, r->json);
	body_tokens(m, b);
}

static int
compare_tokens(const void *a, const void *b)
{
	const struct body_token *x = a, *y = b;
	int c = strcmp(x->token, y->token);

	return c != 0 ? c : (x->body > y->body) - (x->body < y->body);
}

static void
index_tokens(struct mapping *m)
{
	for (size_t i = 0; i < m->bodies.n; i++) {
		const struct body *b = &m->bodies.items[i];

		for (size_t j = 0; j < b->tokens.n; j++)
			*ARENA_PUSH(m->arena, &m->tokens) =
			    (struct body_token){b->tokens.items[j], i};
	}
	if (m->tokens.n > 1) {
		qsort(m->tokens.items, m->tokens.n, sizeof(*m->tokens.items),
		    compare_tokens);
	}
}

/* The first of those that body i is one with; ways are shortened. */
static size_t
first_of(size_t *one, size_t i)
{
	while (one[i] != i) {
		one[i] = one[one[i]];
		i = one[i];
	}
	return i;
}

/* Those that share an identifier are one lesion; its key is the smallest of
 * theirs.  Bodies come in order of key, so the first stays. */
static void
join_bodies(struct mapping *m)
{
	size_t *one = arena_alloc(m->arena, m->bodies.n * sizeof(*one));

	for (size_t i = 0; i < m->bodies.n; i++)
		one[i] = i;
	for (size_t i = 1; i < m->tokens.n; i++) {
		const struct body_token *x = &m->tokens.items[i - 1];
		size_t a, b;

		if (strcmp(x[0].token, x[1].token) != 0)
			continue;
		a = first_of(one, x[0].body);
		b = first_of(one, x[1].body);
		one[a < b ? b : a] = a < b ? a : b;
	}
	for (size_t i = 0; i < m->bodies.n; i++)
		m->bodies.items[i].key = m->bodies.items[first_of(one, i)].key;
}

static void
lesion_add(struct mapping *m, const struct body *b)
{
	struct lesion_fact *l = ARENA_PUSH(m->arena, &m->facts->lesions);

	l->source = mapping_source(m, b->record);
	l->key = b->key;
	l->site = b->site;
	l->organ = b->organ;
	l->nodal = b->nodal;
	l->role = b->role;
}

void
from_bodies(struct mapping *m)
{
	for (size_t i = 0; i < m->records.n; i++) {
		const struct record *r = m->records.items[i];

		if (strcmp(r->type, "BodyStructure") == 0)
			body_add(m, r);
	}
	index_tokens(m);
	join_bodies(m);
	for (size_t i = 0; i < m->bodies.n; i++)
		lesion_add(m, &m->bodies.items[i]);
}

static int
compare_body(const void *key, const void *b)
{
	return strcmp(key, ((const struct body *)b)->record->key);
}

/* Records, and so bodies, come in order of key. */
const struct body *
body_find(const struct mapping *m, const char *key)
{
	return m->bodies.n == 0 ? NULL
				: bsearch(key, m->bodies.items, m->bodies.n,
				      sizeof(*m->bodies.items), compare_body);
}

const struct body *
body_with(const struct mapping *m, const char *token)
{
	size_t lo = 0, hi = m->tokens.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(m->tokens.items[mid].token, token) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < m->tokens.n && strcmp(m->tokens.items[lo].token, token) == 0)
		return &m->bodies.items[m->tokens.items[lo].body];
	return NULL;
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool
role_is_new(enum stated_role role)
{
	return role == STATED_NEW || role == STATED_NEW_TARGET ||
	       role == STATED_NEW_NON_TARGET;
}

void
bodies_check(struct mapping *m)
{
	struct patient_facts *f = m->facts;
	const char **seen =
	    arena_alloc(m->arena, (f->measurements.n + 1) * sizeof(*seen));
	size_t n = f->measurements.n;

	for (size_t i = 0; i < n; i++)
		seen[i] = f->measurements.items[i].lesion;
	if (n > 0)
		qsort(seen, n, sizeof(*seen), compare_text);
	for (size_t i = 0; i < f->lesions.n; i++) {
		const struct lesion_fact *l = &f->lesions.items[i];

		if (role_is_new(l->role) && bsearch(&l->key, seen, n,
					   sizeof(*seen), compare_text) == NULL) {
			facts_problem(f, l->source.reference,
			    "new_lesion_undated",
			    "said to be new, but nothing says when it was "
			    "seen; not counted");
		}
	}
}
