/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a resource is, with merged patients as one.
 */
#include "mappings/intake.h"

#include <stdlib.h>

#define MAX_HOPS 16

/* Patient.link: "replaced-by" stands on the old record, "replaces" on the
 * one that lives on; either makes both ids one patient. */
static void
read_links(struct intake *in, const struct record *r)
{
	const struct json_value *links = json_get(r->json, "link");

	for (size_t i = 0; i < json_length(links); i++) {
		const struct json_value *link = json_at(links, i);
		const char *type = json_string_at(link, "type");
		struct target t;
		struct alias *x;
		bool by = same(type, "replaced-by");

		if (!by && !same(type, "replaces"))
			continue;
		if (!intake_resolve(in, json_get(link, "other"), r->json,
			"Patient", in->arena, &t) ||
		    t.key == NULL || strcmp(t.key, r->key) == 0)
			continue;
		x = ARENA_PUSH(in->arena, &in->aliases);
		x->from = by ? r->key : t.key;
		x->to = by ? t.key : r->key;
	}
}

static int
compare_aliases(const void *a, const void *b)
{
	const struct alias *x = a, *y = b;
	int c = strcmp(x->from, y->from);

	return c != 0 ? c : strcmp(x->to, y->to);
}

/* The smallest of those it was replaced by. */
static const char *
alias_of(const struct intake *in, const char *key)
{
	size_t lo = 0, hi = in->aliases.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(in->aliases.items[mid].from, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < in->aliases.n &&
		       strcmp(in->aliases.items[lo].from, key) == 0
		   ? in->aliases.items[lo].to
		   : NULL;
}

/* Follow to the survivor.  In a circle the smallest key survives. */
const char *
intake_patient_of(struct intake *in, const char *key)
{
	const char *at = key, *next, *smallest = key;

	for (int hop = 0; hop < MAX_HOPS; hop++) {
		next = alias_of(in, at);
		if (next == NULL)
			return at;
		at = next;
		if (strcmp(at, smallest) < 0)
			smallest = at;
		if (strcmp(at, key) == 0)
			break;
	}
	return smallest;
}

static void
attribute(struct intake *in, struct record *r)
{
	const struct json_value *subject = resource_subject(r->json);
	struct target t;

	if (strcmp(r->type, "Patient") == 0) {
		r->patient = intake_patient_of(in, r->key);
	} else if (intake_resolve(
		       in, subject, r->json, "Patient", in->arena, &t) &&
		   t.key != NULL && strncmp(t.key, "Patient/", 8) == 0) {
		r->patient = intake_patient_of(in, t.key);
	}
}

void
intake_attribute(struct intake *in)
{
	for (size_t i = 0; i < in->records.n; i++) {
		struct record *r = in->records.items[i];

		if (strcmp(r->type, "Patient") == 0)
			read_links(in, r);
	}
	if (in->aliases.n > 0) {
		qsort(in->aliases.items, in->aliases.n,
		    sizeof(*in->aliases.items), compare_aliases);
	}
	for (size_t i = 0; i < in->records.n; i++)
		attribute(in, in->records.items[i]);
}
