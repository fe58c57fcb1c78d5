/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a resource is, with merged patients as one.
 */
#include "mappings/intake.h"

#include <stdlib.h>

/* Patient.link: "replaced-by" stands on the old record, "replaces" on the
 * one that lives on; either makes both ids one patient. */
static void
note_links(struct intake *in, const struct record *r)
{
	const struct json_value *links = json_get(r->json, "link");

	for (size_t i = 0; i < json_length(links); i++) {
		const struct json_value *link = json_at(links, i);
		const char *type = json_string_at(link, "type");
		bool by = same(type, "replaced-by");

		if (by || same(type, "replaces"))
			*ARENA_PUSH(in->arena, &in->links) = (struct link){r,
			    by,
			    intake_pointer(
				in, json_get(link, "other"), r->json)};
	}
}

static void
follow_links(struct intake *in)
{
	for (size_t i = 0; i < in->links.n; i++) {
		const struct link *l = &in->links.items[i];
		const char *key = l->patient->key;
		struct target t;
		struct alias *x;

		if (!intake_follow(in, &l->other, "Patient", in->arena, &t) ||
		    t.key == NULL || strcmp(t.key, key) == 0)
			continue;
		x = ARENA_PUSH(in->arena, &in->aliases);
		x->from = l->replaced_by ? key : t.key;
		x->to = l->replaced_by ? t.key : key;
	}
}

static int
compare_aliases(const void *a, const void *b)
{
	const struct alias *x = a, *y = b;
	int c = strcmp(x->from, y->from);

	return c != 0 ? c : strcmp(x->to, y->to);
}

static int
compare_survivors(const void *a, const void *b)
{
	const struct alias *x = *(const struct alias *const *)a;
	const struct alias *y = *(const struct alias *const *)b;
	int c = strcmp(x->survivor, y->survivor);

	return c != 0 ? c : strcmp(x->from, y->from);
}

static int
compare_from(const void *key, const void *b)
{
	return strcmp(key, ((const struct alias *)b)->from);
}

/* NULL: replaced by nobody. */
static struct alias *
alias_of(const struct intake *in, const char *key)
{
	return in->aliases.n == 0
		   ? NULL
		   : bsearch(key, in->aliases.items, in->aliases.n,
			 sizeof(*in->aliases.items), compare_from);
}

/* In order, each key once: with the smallest of those it was replaced by. */
static void
sort_aliases(struct intake *in)
{
	size_t n = 0;

	if (in->aliases.n == 0)
		return;
	qsort(in->aliases.items, in->aliases.n, sizeof(*in->aliases.items),
	    compare_aliases);
	for (size_t i = 0; i < in->aliases.n; i++) {
		if (n == 0 || strcmp(in->aliases.items[n - 1].from,
				  in->aliases.items[i].from) != 0)
			in->aliases.items[n++] = in->aliases.items[i];
	}
	in->aliases.n = n;
}

/* In a circle the smallest key survives. */
static const char *
smallest_of_circle(const struct intake *in, const struct alias *first)
{
	const char *smallest = first->from;

	for (const struct alias *x = alias_of(in, first->to); x != first;
	     x = alias_of(in, x->to)) {
		if (strcmp(x->from, smallest) < 0)
			smallest = x->from;
	}
	return smallest;
}

/* Follow to the survivor, and note it all along the way: no step of a chain
 * is made twice. */
static void
settle(const struct intake *in, struct alias *first, size_t walk)
{
	const char *survivor = NULL;
	struct alias *x = first;

	while (survivor == NULL) {
		struct alias *next = alias_of(in, x->to);

		x->walk = walk;
		if (next == NULL)
			survivor = x->to;
		else if (next->survivor != NULL)
			survivor = next->survivor;
		else if (next->walk == walk)
			survivor = smallest_of_circle(in, next);
		x = next;
	}
	for (x = first; x != NULL && x->survivor == NULL;
	     x = alias_of(in, x->to))
		x->survivor = survivor;
}

static void
settle_aliases(struct intake *in)
{
	sort_aliases(in);
	for (size_t i = 0; i < in->aliases.n; i++) {
		struct alias *x = &in->aliases.items[i];

		if (x->survivor == NULL)
			settle(in, x, i + 1);
		*ARENA_PUSH(in->arena, &in->merged) = x;
	}
	if (in->merged.n > 0) {
		qsort(in->merged.items, in->merged.n,
		    sizeof(const struct alias *), compare_survivors);
	}
}

const char *
intake_patient_of(const struct intake *in, const char *key)
{
	const struct alias *x = alias_of(in, key);

	return x == NULL ? key : x->survivor;
}

void
intake_add_aliases(const struct intake *in, struct patient_facts *f)
{
	size_t lo = 0, hi = in->merged.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(in->merged.items[mid]->survivor, f->patient) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < in->merged.n; lo++) {
		const struct alias *x = in->merged.items[lo];

		if (strcmp(x->survivor, f->patient) != 0)
			return;
		if (strcmp(x->from, f->patient) != 0)
			*ARENA_PUSH(f->arena, &f->aliases) =
			    arena_strdup(f->arena, x->from);
	}
}

/* What identifies the Patient that a reference says is contained. */
static void
note_contained(
    struct intake *in, struct subject *s, const struct json_value *patient)
{
	const struct json_value *all = json_get(patient, "identifier");
	struct identifier *ids =
	    arena_alloc(in->arena, (json_length(all) + 1) * sizeof(*ids));

	s->ids = ids;
	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *id = json_at(all, i);

		ids[s->n_ids++] = (struct identifier){
		    arena_strdup(in->arena, json_string_at(id, "system")),
		    arena_strdup(in->arena, json_string_at(id, "value"))};
	}
}

void
intake_note_patient(struct intake *in, struct record *r)
{
	const struct json_value *subject = resource_subject(r->json);
	struct reference ref;

	if (strcmp(r->type, "Patient") == 0) {
		note_links(in, r);
		return;
	}
	r->subject.to = intake_pointer(in, subject, r->json);
	if (reference_read(subject, r->json, in->arena, &ref) &&
	    same(json_string_at(ref.contained, "resourceType"), "Patient"))
		note_contained(in, &r->subject, ref.contained);
}

/* A contained Patient is one of ours by what identifies it. */
static const char *
contained_patient(struct intake *in, const struct subject *s)
{
	const char *found = NULL;

	for (size_t i = 0; i < s->n_ids; i++) {
		const struct identifier *id = &s->ids[i];
		const struct record *r = intake_identified(
		    in, "Patient", id->system, id->value, in->arena);

		if ((r != NULL && found != NULL &&
			strcmp(r->key, found) != 0) ||
		    !intake_patient_is_clear(
			in, id->system, id->value, in->arena))
			return NULL;
		found = r != NULL ? r->key : found;
	}
	return found;
}

static void
attribute(struct intake *in, struct record *r)
{
	struct target t;
	const char *key = NULL;

	if (strcmp(r->type, "Patient") == 0)
		key = r->key;
	else if (r->subject.n_ids > 0)
		key = contained_patient(in, &r->subject);
	else if (intake_follow(
		     in, &r->subject.to, "Patient", in->arena, &t) &&
		 /* Of two patients nobody can tell which is meant. */
		 (!t.by_identifier || intake_patient_is_clear(in, t.system,
					  t.value, in->arena)))
		key = t.key;
	if (key != NULL && strncmp(key, "Patient/", 8) == 0)
		r->patient = intake_patient_of(in, key);
}

void
intake_attribute(struct intake *in)
{
	follow_links(in);
	settle_aliases(in);
	for (size_t i = 0; i < in->records.n; i++)
		attribute(in, in->records.items[i]);
}
