/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Observation about one lesion: its numbers, its state, its role.
 */
#include "mappings/intake.h"

#include <stdlib.h>

/* Of two states said in one Observation the higher rank stands. */
static const struct {
	const char *concept;
	enum stated_state state;
	int rank;
} states[] = {
    {"present", STATE_PRESENT, 1},
    {"unchanged", STATE_UNCHANGED, 2},
    {"decreased", STATE_DECREASED, 3},
    {"increased", STATE_INCREASED, 4},
    {"unequivocal", STATE_UNEQUIVOCAL, 5},
    {"equivocal", STATE_EQUIVOCAL, 6},
    {"too_small", STATE_TOO_SMALL, 7},
    {"absent", STATE_ABSENT, 8},
    {"merged", STATE_MERGED, 9},
    {"not_evaluable", STATE_NOT_EVALUABLE, 10},
};

enum stated_state
state_of(const char *concept)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (same(concept, states[i].concept))
			return states[i].state;
	}
	return STATE_NONE;
}

static int
state_rank(enum stated_state s)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (states[i].state == s)
			return states[i].rank;
	}
	return 0;
}

/* What an Observation says besides numbers. */
struct said {
	enum stated_state state;
	enum stated_role role;
	bool nodal; /* a role such as "nodal target" */
	bool conflict;
};

static bool
contradict(enum stated_state a, enum stated_state b)
{
	if (b == STATE_ABSENT)
		return a == STATE_PRESENT || a == STATE_INCREASED ||
		       a == STATE_UNEQUIVOCAL;
	return a == STATE_ABSENT && b != STATE_ABSENT && contradict(b, a);
}

static void
say_state(struct said *s, enum stated_state state)
{
	if (state == STATE_NONE)
		return;
	s->conflict = s->conflict || contradict(s->state, state);
	if (state_rank(state) > state_rank(s->state))
		s->state = state;
}

static void
say(struct mapping *m, const struct json_value *v, struct said *s)
{
	if (v == NULL)
		return;
	say_state(s, state_of(mapping_value_concept(m, "lesion-state", v)));
	if (s->role == STATED_NONE) {
		s->role = role_of(mapping_value_concept(m, "lesion-role", v));
	}
	if (mapping_value_concept(m, "nodal-site", v) != NULL)
		s->nodal = true;
}

static void
say_each(struct mapping *m, const struct json_value *list, struct said *s)
{
	for (size_t i = 0; i < json_length(list); i++)
		say(m, json_at(list, i), s);
}

/* A code that is itself a state or role holds unless its value says no. */
static void
say_code(struct mapping *m, const struct json_value *holder, struct said *s)
{
	const struct json_value *flag = json_get(holder, "valueBoolean");
	const char *yes_no = mapping_lookup(
	    m, "yes-no", json_get(holder, "valueCodeableConcept"));
	bool no = (json_type(flag) == JSON_BOOL && !json_true(flag)) ||
		  same(yes_no, "no");

	if (!no)
		say(m, json_get(holder, "code"), s);
}

static void
say_path(struct mapping *m, const struct record *r, struct said *s)
{
	struct path_result role =
	    path_values(m->in->role_path, r->json, m->arena);
	struct path_result state =
	    path_values(m->in->state_path, r->json, m->arena);

	for (size_t i = 0; i < role.n; i++) {
		if (s->role == STATED_NONE) {
			s->role = role_of(mapping_value_concept(
			    m, "lesion-role", role.items[i]));
		}
	}
	for (size_t i = 0; i < state.n; i++) {
		say_state(s, state_of(mapping_value_concept(
				 m, "lesion-state", state.items[i])));
	}
}

static void
say_all(struct mapping *m, const struct record *r, struct said *s)
{
	const struct json_value *all = json_get(r->json, "component");
	const struct json_value *ext = json_get(r->json, "extension");

	say_path(m, r, s);
	say_code(m, r->json, s);
	say(m, json_get(r->json, "valueCodeableConcept"), s);
	say_each(m, json_get(r->json, "interpretation"), s);
	say_each(m, json_get(r->json, "category"), s);
	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *c = json_at(all, i);

		say_code(m, c, s);
		say(m, json_get(c, "valueCodeableConcept"), s);
		say_each(m, json_get(c, "interpretation"), s);
	}
	for (size_t i = 0; i < json_length(ext); i++) {
		const struct json_value *x = json_at(ext, i);

		say(m, json_get(x, "valueCodeableConcept"), s);
		say(m, json_get(x, "valueCoding"), s);
	}
}

/* Pathology, or a method that never measures: not for this timeline. */
static bool
is_excluded(struct mapping *m, const struct record *r, const char *method,
    const char *modalities, const struct dimensions *d)
{
	if (json_get(r->json, "specimen") != NULL ||
	    same(method, "gross_pathology")) {
		facts_problem(m->facts, r->key, "not_imaging",
		    "a measurement of a specimen");
		return true;
	}
	/*= recist11 §1.1: ultrasound never measures */
	if (d->any && (same(method, "us") ||
			  (method == NULL && same(modalities, "US")))) {
		facts_problem(m->facts, r->key, "method_not_measuring",
		    "ultrasound does not measure a lesion");
		return true;
	}
	return false;
}

static int
compare_descending(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Sizes that do not say which axis they are, against each other. */
static void
put_axes(struct mapping *m, struct measurement_fact *f, struct dimensions *d)
{
	int32_t v[1 + sizeof(d->others) / sizeof(*d->others)];
	size_t n = 0, first;

	if (d->longest != TMM_NONE)
		v[n++] = d->longest;
	for (size_t i = 0; i < d->n_others; i++)
		v[n++] = d->others[i];
	f->longest_tmm = d->long_axis;
	f->short_tmm = d->short_axis;
	if (n == 0)
		return;
	qsort(v, n, sizeof(*v), compare_descending);
	if (d->longest != TMM_NONE && v[0] > d->longest)
		facts_problem(m->facts, f->source.reference, "axes_swapped",
		    "another dimension exceeds the one said to be the "
		    "longest; the largest was taken as the longest");
	if (n == 1 && d->long_axis == TMM_NONE && d->short_axis == TMM_NONE) {
		if (d->longest != TMM_NONE)
			f->longest_tmm = v[0];
		else
			f->axis_tmm = v[0];
		return;
	}
	if (d->long_axis == TMM_NONE)
		f->longest_tmm = v[0];
	if (d->short_axis != TMM_NONE)
		return;
	/* The plane's perpendicular of three; a node's smallest. */
	first = d->long_axis == TMM_NONE ? 1 : 0;
	f->short_tmm = f->site_is_nodal ? v[n - 1] : v[first];
	if (f->site_is_nodal && n - first > 1) {
		facts_problem(m->facts, f->source.reference,
		    "node_axis_assumed",
		    "the smallest of three dimensions was taken");
	}
}

static void
put_state(struct mapping *m, struct measurement_fact *f, struct said *s,
    const struct dimensions *d)
{
	bool size = f->longest_tmm != TMM_NONE || f->short_tmm != TMM_NONE ||
		    f->axis_tmm != TMM_NONE;
	bool zero = size && f->longest_tmm <= 0 && f->short_tmm <= 0 &&
		    f->axis_tmm <= 0;

	if (s->conflict || (s->state == STATE_ABSENT && size && !zero)) {
		facts_problem(m->facts, f->source.reference, "state_conflict",
		    "its statements contradict each other");
		if (size && s->state == STATE_ABSENT)
			s->state = STATE_NONE;
		else
			s->state = STATE_NOT_EVALUABLE;
	}
	f->state = s->state;
	if (zero && s->state == STATE_NONE)
		f->state = STATE_ABSENT;
	else if (d->too_small && !size && s->state != STATE_NOT_EVALUABLE)
		f->state = STATE_TOO_SMALL;
	else if (!d->any && d->unusable && s->state == STATE_NONE)
		f->state = STATE_NOT_EVALUABLE;
}

/* The method, else what the study alone can be. */
static const char *
method_of(struct mapping *m, const struct record *r, const char *modalities)
{
	static const struct {
		const char *modalities, *method;
	} rows[] = {{"CT", "ct"}, {"MR", "mr"}, {"PT", "pet"}, {"CT+PT", "ct"},
	    {"MR+PT", "mr"}, {"US", "us"}};
	const char *c =
	    mapping_lookup(m, "method", json_get(r->json, "method"));

	if (c != NULL && strcmp(c, "imaging") != 0)
		return c;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(modalities, rows[i].modalities) == 0)
			return rows[i].method;
	}
	return NULL;
}

static void
put_identity(struct measurement_fact *f, const struct identity *id)
{
	f->lesion = id->key;
	f->label = id->label;
	f->site = id->site.site;
	f->organ = id->site.organ;
	f->site_is_nodal = id->site.nodal;
	f->other_lesion = id->other;
}

static struct said
said_of(struct mapping *m, const struct record *r)
{
	const struct record *group = mapping_group(m, r);
	struct said s = {STATE_NONE, STATED_NONE, false, false};
	struct said of_group = {STATE_NONE, STATED_NONE, false, false};

	say_all(m, r, &s);
	if (group != NULL)
		say_all(m, group, &of_group);
	if (s.state == STATE_NONE)
		s.state = of_group.state;
	if (s.role == STATED_NONE)
		s.role = of_group.role;
	s.nodal = s.nodal || of_group.nodal;
	return s;
}

/* It is about a lesion, yet says nothing we can read. */
static void
check_empty(struct mapping *m, const struct record *r)
{
	if (json_get(r->json, "hasMember") != NULL)
		return;
	if (json_get(r->json, "valueQuantity") != NULL &&
	    mapping_lookup(
		m, "lesion-measurement", json_get(r->json, "code")) != NULL)
		return; /* what is wrong with it has been said */
	if (json_get(r->json, "valueCodeableConcept") != NULL) {
		facts_problem(
		    m->facts, r->key, "value_unknown", "a value no map knows");
	} else if (json_get(r->json, "valueString") != NULL) {
		facts_problem(m->facts, r->key, "narrative_only",
		    "a value that is text only");
	} else {
		facts_problem(
		    m->facts, r->key, "value_missing", "it has no value");
	}
}

void
from_lesion(struct mapping *m, const struct record *r)
{
	struct measurement_fact f = {0};
	struct dimensions d;
	struct identity id;
	struct said s = said_of(m, r);
	struct place at;
	struct work *w;

	dimensions_read(m, r, &d);
	if (json_get(r->json, "dataAbsentReason") != NULL)
		d.unusable = true;
	f.source = mapping_source(m, r);
	if (!mapping_place(m, r, &at))
		return;
	f.study = at.study;
	f.day = at.day;
	f.method = method_of(m, r, at.modalities);
	if (is_excluded(m, r, f.method, at.modalities, &d))
		return;
	id = identity_of(m, r);
	if (id.key == NULL)
		return;
	put_identity(&f, &id);
	if (s.nodal || same(mapping_lookup(m, "lesion-question",
				json_get(r->json, "code")),
			   "q_lymph_node_state"))
		f.site_is_nodal = true;
	f.axis_tmm = TMM_NONE;
	put_axes(m, &f, &d);
	memcpy(f.suv, d.suv, sizeof(f.suv));
	put_state(m, &f, &s, &d);
	if (!d.any && f.state == STATE_NONE && s.role == STATED_NONE) {
		check_empty(m, r);
		return;
	}
	f.role = s.role != STATED_NONE ? s.role : id.role;
	f.fragment = f.other_lesion != NULL && f.state != STATE_MERGED;
	f.reader = mapping_reader(m, r);
	f.issued_ms = mapping_issued(r);
	w = ARENA_PUSH(m->arena, &m->works);
	w->fact = f;
	w->site_key = id.site.key;
	w->by_site = id.by_site;
}
