/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One patient's resources, mapped: the frame, and what all kinds share.
 */
#include "mappings/intake.h"
#include "mappings/to_fhir.h"

#include <stdlib.h>
#include <strings.h>

static const struct {
	const char *status;
	enum evidence evidence;
} statuses[] = {
    /* contracts/input.md, "Status counts" */
    {"amended", EVIDENCE_USE},
    {"appended", EVIDENCE_USE},
    {"available", EVIDENCE_USE},
    {"cancelled", EVIDENCE_NONE},
    {"completed", EVIDENCE_USE},
    {"corrected", EVIDENCE_USE},
    {"entered-in-error", EVIDENCE_NONE},
    {"final", EVIDENCE_USE},
    {"in-progress", EVIDENCE_USE},
    {"not-done", EVIDENCE_NONE},
    {"preliminary", EVIDENCE_USE},
    {"stopped", EVIDENCE_USE},
};

enum evidence
mapping_evidence(const struct record *r)
{
	const char *status = json_string_at(r->json, "status");

	if (strcmp(r->type, "Condition") == 0) {
		const char *v =
		    json_string_at(r->json, "verificationStatus.coding.code");

		return same(v, "entered-in-error") || same(v, "refuted")
			   ? EVIDENCE_NONE
			   : EVIDENCE_USE;
	}
	if (strcmp(r->type, "Patient") == 0 ||
	    strcmp(r->type, "AdverseEvent") == 0 ||
	    strcmp(r->type, "BodyStructure") == 0)
		return EVIDENCE_USE;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		if (same(status, statuses[i].status))
			return statuses[i].evidence;
	}
	return EVIDENCE_DOUBT;
}

struct fact_source
mapping_source(struct mapping *m, const struct record *r)
{
	struct fact_source s;

	s.reference = arena_strdup(m->arena, r->key);
	s.version = arena_strdup(m->arena, r->version);
	s.preliminary = same(json_string_at(r->json, "status"), "preliminary");
	return s;
}

const char *
mapping_lookup(
    const struct mapping *m, const char *map, const struct json_value *codeable)
{
	const char *c = codemap_codeable(m->in->maps, map, codeable);

	return arena_strdup(m->arena, c);
}

const char *
mapping_own(const struct mapping *m, const char *map, const char *own,
    const char *concept)
{
	const char *c = codemap_lookup(m->in->maps, map, own, concept);

	return arena_strdup(m->arena, c);
}

const char *
mapping_value_concept(
    const struct mapping *m, const char *map, const struct json_value *v)
{
	const char *own = arena_printf(m->arena, OWN_SYSTEM("%s"), map);
	const char *s = json_string(v), *c;

	if (s != NULL)
		return mapping_own(m, map, own, s);
	if (json_get(v, "coding") != NULL)
		return mapping_lookup(m, map, v);
	c = codemap_lookup(m->in->maps, map, json_string_at(v, "system"),
	    json_string_at(v, "code"));
	return arena_strdup(m->arena, c);
}

int32_t
mapping_day(
    struct mapping *m, const struct record *r, const struct json_value *v)
{
	const char *s = json_string(v);
	struct datetime t;

	if (s == NULL)
		return DAY_NONE;
	if (datetime_parse(s, &t, NULL) != ERR_OK) {
		facts_problem(
		    m->facts, r->key, "date_invalid", "a date that is none");
		return DAY_NONE;
	}
	if (t.precision < DATE_DAY) {
		facts_problem(m->facts, r->key, "date_imprecise",
		    "a date less precise than a day (%s)",
		    t.precision == DATE_YEAR ? "year" : "month");
		return DAY_NONE;
	}
	return t.day;
}

int32_t
mapping_effective(struct mapping *m, const struct record *r, int32_t *ret_last)
{
	const struct json_value *j = r->json;
	const struct json_value *period = json_get(j, "effectivePeriod");
	const struct json_value *one = json_get(j, "effectiveDateTime");
	int32_t day, last;

	if (one == NULL)
		one = json_get(j, "effectiveInstant");
	if (one == NULL)
		one = json_path(j, "effectiveTiming.event");
	if (json_type(one) == JSON_ARRAY)
		one = json_at(one, 0);
	if (period == NULL) {
		day = last = mapping_day(m, r, one);
	} else {
		day = mapping_day(m, r, json_get(period, "start"));
		last = mapping_day(m, r, json_get(period, "end"));
		if (day == DAY_NONE)
			day = last;
		if (last < day)
			last = day;
	}
	if (ret_last != NULL)
		*ret_last = last;
	return day;
}

/* Laterality as a second coding, or in an extension (mCODE). */
static const char *
site_side(struct mapping *m, const struct json_value *codeable)
{
	const char *side = mapping_lookup(m, "laterality", codeable);
	const struct json_value *all = json_get(codeable, "extension");

	for (size_t i = 0; side == NULL && i < json_length(all); i++) {
		side = mapping_lookup(m, "laterality",
		    json_get(json_at(all, i), "valueCodeableConcept"));
	}
	return side;
}

/* The first coding that is no laterality, as "system#code". */
static const char *
site_raw(struct mapping *m, const struct json_value *codeable)
{
	struct coding c;

	for (size_t i = 0; codeable_coding(codeable, i, &c); i++) {
		if (c.code == NULL || codemap_lookup(m->in->maps, "laterality",
					  c.system, c.code) != NULL)
			continue;
		return arena_printf(m->arena, "%s#%s",
		    c.system == NULL ? "" : c.system, c.code);
	}
	return NULL;
}

/* By its name where no code is known, with the side before or behind it. */
static const char *
site_named(struct mapping *m, const char *text, const char **side)
{
	static const char *const sides[] = {"left", "right"};
	const char *c = codemap_named(m->in->maps, "body-site", text);
	size_t len = text == NULL ? 0 : strlen(text);

	for (size_t i = 0; c == NULL && i < 2; i++) {
		size_t n = strlen(sides[i]);
		const char *rest = NULL;

		if (len > n && strncasecmp(text, sides[i], n) == 0)
			rest = text + n;
		else if (len > n && strcasecmp(text + len - n, sides[i]) == 0)
			rest = arena_strndup(m->arena, text, len - n);
		c = codemap_named(m->in->maps, "body-site", rest);
		if (c != NULL && *side == NULL)
			*side = sides[i];
	}
	return arena_strdup(m->arena, c);
}

static void
site_by_name(
    struct mapping *m, const struct json_value *codeable, struct site *s)
{
	const struct json_value *all = json_get(codeable, "coding");
	const char *text = json_string_at(codeable, "text");

	s->site = site_named(m, text, &s->side);
	for (size_t i = 0; s->site == NULL && i < json_length(all); i++) {
		s->site = site_named(
		    m, json_string_at(json_at(all, i), "display"), &s->side);
	}
}

/* Words that say a lymph node, whichever it is. */
static bool
names_node(const char *text)
{
	return text != NULL && (strcasestr(text, "lymph node") != NULL ||
				   strcasestr(text, "lymphnode") != NULL);
}

struct site
mapping_site(struct mapping *m, const struct json_value *codeable)
{
	struct site s = {0};

	if (codeable == NULL)
		return s;
	s.site = mapping_lookup(m, "body-site", codeable);
	s.side = site_side(m, codeable);
	s.nodal = mapping_lookup(m, "nodal-site", codeable) != NULL;
	/* Words tell what it is, but are no identity. */
	s.key = s.site != NULL ? s.site : site_raw(m, codeable);
	if (s.site == NULL)
		site_by_name(m, codeable, &s);
	if (s.site != NULL) {
		s.organ = mapping_own(
		    m, "site-organ", OWN_SYSTEM("body-site"), s.site);
		s.nodal =
		    s.nodal || mapping_own(m, "nodal-site",
				   OWN_SYSTEM("body-site"), s.site) != NULL;
	} else {
		s.site = arena_strdup(m->arena, codeable_text(codeable));
		s.unknown = s.site != NULL;
		s.node_by_name = !s.nodal && names_node(s.site);
		s.nodal = s.nodal || s.node_by_name;
	}
	if (s.key != NULL && s.side != NULL)
		s.key = arena_printf(m->arena, "%s/%s", s.key, s.side);
	return s;
}

void
site_check(struct mapping *m, const struct record *r, const struct site *s)
{
	if (s->unknown) {
		facts_problem(m->facts, r->key, "site_unknown",
		    "no map knows the site '%.60s'%s", s->site,
		    s->node_by_name ? "; taken as a lymph node by its name"
				    : "");
	}
}

static int
compare_children(const void *a, const void *b)
{
	const struct child *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	return c != 0 ? c : strcmp(x->group->key, y->group->key);
}

/* Written by us: no evidence. */
static bool
is_ours(const struct record *r)
{
	return resource_identifier(r->json, RESCAN_IDENTIFIER_SYSTEM) != NULL;
}

/* Which resources of a type list an Observation in that member. */
static void
index_members(struct mapping *m, const char *type, const char *member,
    struct children *to)
{
	for (size_t i = 0; i < m->records.n; i++) {
		const struct record *r = m->records.items[i];
		const struct json_value *all = json_get(r->json, member);

		if (strcmp(r->type, type) != 0 ||
		    mapping_evidence(r) == EVIDENCE_NONE || is_ours(r))
			continue;
		for (size_t j = 0; j < json_length(all); j++) {
			struct target t;

			if (!intake_resolve(m->in, json_at(all, j), r->json,
				"Observation", m->arena, &t) ||
			    t.key == NULL || strcmp(t.key, r->key) == 0)
				continue;
			*ARENA_PUSH(m->arena, &to->list) =
			    (struct child){t.key, r};
		}
	}
	if (to->list.n > 0) {
		qsort(to->list.items, to->list.n, sizeof(*to->list.items),
		    compare_children);
	}
}

static const struct record *
parent_of(const struct children *c, const struct record *r)
{
	size_t lo = 0, hi = c->list.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(c->list.items[mid].key, r->key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < c->list.n && strcmp(c->list.items[lo].key, r->key) == 0)
		return c->list.items[lo].group;
	return NULL;
}

const struct record *
mapping_group(const struct mapping *m, const struct record *r)
{
	return parent_of(&m->members, r);
}

const struct record *
mapping_report(const struct mapping *m, const struct record *r)
{
	return parent_of(&m->results, r);
}

/* Data of one person may stand under two patients that nothing joins. */
static void
check_shared(struct mapping *m, const struct record *r)
{
	const struct json_value *ids = json_get(r->json, "identifier");

	for (size_t i = 0; i < json_length(ids); i++) {
		const struct json_value *id = json_at(ids, i);
		const char *system = json_string_at(id, "system");

		if (system != NULL &&
		    !intake_patient_is_clear(m->in, system,
			json_string_at(id, "value"), m->arena)) {
			facts_problem(m->facts, r->key,
			    "patient_identifier_shared",
			    "another patient has an identifier of this one, "
			    "and nothing says that they are one");
			return;
		}
	}
}

static void
add_source(struct mapping *m, const struct record *r)
{
	*ARENA_PUSH(m->arena, &m->facts->sources) = mapping_source(m, r);
	if (r->conflict) {
		facts_problem(m->facts, r->key, "version_conflict",
		    "two different contents under one version; the larger "
		    "text was taken");
	}
	if (r->senders) {
		facts_problem(m->facts, r->key, "sender_conflict",
		    "it stands at more than one server; taken as one");
	}
	if (strcmp(r->type, "Patient") != 0)
		return;
	check_shared(m, r);
	if (strcmp(r->key, m->facts->patient) == 0) {
		m->facts->patient_version = arena_strdup(m->arena, r->version);
	}
}

/* What we would read by itself, but not within another resource. */
static void
check_contained(struct mapping *m, const struct record *r)
{
	static const char *const types[] = {"AdverseEvent", "Condition",
	    "MedicationAdministration", "Observation"};
	const struct json_value *all = json_get(r->json, "contained");
	size_t n = 0;

	if (is_ours(r) || mapping_evidence(r) == EVIDENCE_NONE)
		return;
	for (size_t i = 0; i < json_length(all); i++) {
		const char *is =
		    json_string_at(json_at(all, i), "resourceType");

		for (size_t k = 0; k < sizeof(types) / sizeof(*types); k++)
			n += same(is, types[k]) ? 1 : 0;
	}
	if (n > 0) {
		facts_problem(m->facts, r->key, "contained_unread",
		    "%zu of the resources contained in it are not read", n);
	}
}

/* FHIR: what has a modifier nobody here understands must not be used. */
static bool
is_modified(const struct json_value *v)
{
	const struct json_value *all = json_get(v, "component");
	bool modified = json_length(json_get(v, "modifierExtension")) > 0 ||
			json_get(v, "implicitRules") != NULL;

	for (size_t i = 0; i < json_length(all) && !modified; i++)
		modified = is_modified(json_at(all, i));
	return modified;
}

static void
map_record(struct mapping *m, const struct record *r)
{
	static const struct {
		const char *type;
		void (*from)(struct mapping *m, const struct record *r);
	} rows[] = {
	    {"AdverseEvent", from_adverse_event},
	    {"Condition", from_condition},
	    {"DiagnosticReport", from_report},
	    {"Flag", from_flag},
	    {"ImagingStudy", from_study},
	    {"MedicationAdministration", from_administration},
	    {"Observation", from_observation},
	};

	/* A Flag is a source only when a person has acted on it, a report
	 * when it is not ours. */
	if (strcmp(r->type, "Flag") != 0 &&
	    strcmp(r->type, "DiagnosticReport") != 0)
		add_source(m, r);
	if (is_modified(r->json) && mapping_evidence(r) != EVIDENCE_NONE &&
	    !is_ours(r)) {
		facts_problem(m->facts, r->key, "modifier_unknown",
		    "a modifier that is not understood: not used");
		return;
	}
	check_contained(m, r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(r->type, rows[i].type) == 0)
			rows[i].from(m, r);
	}
}

static int
compare_problems(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;
	int c = strcmp(x->source == NULL ? "" : x->source,
	    y->source == NULL ? "" : y->source);

	if (c == 0)
		c = strcmp(x->code, y->code);
	return c != 0 ? c : strcmp(x->detail, y->detail);
}

/* In order, each once. */
static void
sort_problems(struct patient_facts *f)
{
	size_t n = 0;

	if (f->problems.n == 0)
		return;
	qsort(f->problems.items, f->problems.n, sizeof(*f->problems.items),
	    compare_problems);
	for (size_t i = 0; i < f->problems.n; i++) {
		if (n == 0 || compare_problems(&f->problems.items[n - 1],
				  &f->problems.items[i]) != 0)
			f->problems.items[n++] = f->problems.items[i];
	}
	f->problems.n = n;
}

struct patient_facts *
mapping_run(struct intake *in, const char *patient, struct record **r, size_t n)
{
	struct arena *a = arena_new();
	struct mapping *m = arena_alloc(in->arena, sizeof(*m));

	m->in = in;
	m->arena = a;
	m->facts = arena_alloc(a, sizeof(*m->facts));
	m->facts->arena = a;
	m->facts->patient = arena_strdup(a, patient);
	m->facts->patient_version = "";
	m->records.items = r;
	m->records.n = n;
	intake_add_aliases(in, m->facts);
	index_members(m, "Observation", "hasMember", &m->members);
	index_members(m, "DiagnosticReport", "result", &m->results);
	from_bodies(m);
	for (size_t i = 0; i < n; i++)
		map_record(m, r[i]);
	works_finish(m);
	bodies_check(m);
	sort_problems(m->facts);
	return m->facts;
}

const char *
mapping_reader(struct mapping *m, const struct record *r)
{
	const struct json_value *all = json_get(r->json, "performer");
	const struct mapping_options *o = m->in->options;
	const char *best = NULL;

	for (size_t i = 0; i < json_length(all); i++) {
		const char *key = reference_key(
		    m->arena, json_string_at(json_at(all, i), "reference"));

		if (key == NULL) {
			key =
			    json_string_at(json_at(all, i), "identifier.value");
		}
		if (key != NULL && best == NULL)
			best = arena_strdup(m->arena, key);
		for (size_t k = 0; key != NULL && k < o->n_readers; k++) {
			if (strcmp(o->readers[k], key) == 0)
				return arena_strdup(m->arena, key);
		}
	}
	return best;
}

int64_t
mapping_issued(const struct record *r)
{
	const char *s = json_string_at(r->json, "issued");
	struct datetime t;

	if (s == NULL || datetime_parse(s, &t, NULL) != ERR_OK)
		return INT64_MIN;
	return datetime_instant_ms(&t);
}
