/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Provenance: this program made that version of a report or flag out of those
 * versions of the inputs.  It has no identifier in R4; its token, a tag, is
 * derived from its targets' content and from its sources, so that the same
 * statement is made once and another one is added when either changes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mappings/to_fhir_parts.h"

/* So many are listed; a patient of a real server has fewer. */
#define ENTITIES_MAX 5000

struct sources {
	const struct to_fhir_run *run;
	struct arena *arena;        /* for the list alone */
	LIST_OF(const char *) refs; /* "Observation/7/_history/2" */
};

/* Is it "Type/id"? */
static bool
is_reference(const char *s)
{
	const char *slash = strchr(s, '/');

	return slash != NULL && s[0] >= 'A' && s[0] <= 'Z' &&
	       slash[1] != '\0' && strpbrk(s, " :?#|") == NULL;
}

static int
source_compare(const void *a, const void *b)
{
	const struct fact_source *x = a, *y = b;

	return strcmp(x->reference, y->reference);
}

void
to_fhir_sources(struct to_fhir_run *run)
{
	const struct patient_facts *f = run->x->timeline->facts;
	size_t n = f == NULL ? 0 : f->sources.n;

	run->sources = arena_alloc(run->a, n * sizeof(*run->sources));
	run->n_sources = n;
	if (n > 0) {
		memcpy(
		    run->sources, f->sources.items, n * sizeof(*run->sources));
		qsort(run->sources, n, sizeof(*run->sources), source_compare);
	}
}

static void
cite(struct sources *l, const char *ref)
{
	const struct fact_source key = {.reference = ref}, *s = NULL;

	if (ref == NULL || !is_reference(ref))
		return;
	if (l->run->n_sources > 0)
		s = bsearch(&key, l->run->sources, l->run->n_sources,
		    sizeof(key), source_compare);
	*ARENA_PUSH(l->arena, &l->refs) =
	    s == NULL || s->version == NULL || s->version[0] == '\0'
		? ref
		: arena_printf(l->arena, "%s/_history/%s", ref, s->version);
}

static void
cite_all(struct sources *l, const char *const *refs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cite(l, refs[i]);
}

static void
cite_because(struct sources *l, const struct because_list *b)
{
	for (size_t i = 0; i < b->n; i++)
		cite_all(l, b->items[i].sources, b->items[i].n_sources);
}

/* What was read at one timepoint. */
static void
cite_timepoint(struct sources *l, const struct timeline *t, size_t i)
{
	const struct timepoint *p = &t->timepoints.items[i];
	const struct visit_statements *s = &p->said;

	cite_all(l, p->studies, p->n_studies);
	cite(l, s->non_target_source);
	cite(l, s->non_target_worse_source);
	cite(l, s->new_lesion_source);
	cite(l, s->target_source);
	cite(l, s->overall_source);
	cite(l, s->unscheduled_source);
	for (size_t k = 0; k < t->lesions.n; k++) {
		const struct lesion *x = &t->lesions.items[k];

		if (x->at == NULL || x->at[i] == NULL)
			continue;
		cite(l, x->key);
		cite_all(l, x->at[i]->sources, x->at[i]->n_sources);
	}
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once. */
static void
sort_once(struct sources *l)
{
	size_t n = 0;

	if (l->refs.n == 0)
		return;
	qsort(l->refs.items, l->refs.n, sizeof(*l->refs.items), compare);
	for (size_t i = 0; i < l->refs.n; i++) {
		if (n == 0 ||
		    strcmp(l->refs.items[n - 1], l->refs.items[i]) != 0)
			l->refs.items[n++] = l->refs.items[i];
	}
	l->refs.n = n;
}

/* The patient, and the first dose. */
static void
cite_patient(struct sources *l, const struct timeline *t)
{
	cite(l, t->patient);
	for (size_t i = 0; i < t->agents.n; i++) {
		if (t->agents.items[i].first == t->therapy_start &&
		    t->agents.items[i].n_sources > 0)
			cite(l, t->agents.items[i].sources[0]);
	}
}

/* Everything a timepoint's conclusion rests on: the patient, the first dose
 * (which places the baseline), all readings up to then, and what the steps of
 * its explanation cite.  Sorted, each once. */
static void
sources_collect(struct sources *l, size_t timepoint)
{
	const struct to_fhir_run *run = l->run;
	const struct timeline *t = run->x->timeline;

	cite_patient(l, t);
	for (size_t i = 0; i <= timepoint; i++)
		cite_timepoint(l, t, i);
	for (size_t k = 0; k < run->x->criteria.n; k++) {
		const struct verdict *v =
		    run_verdict(run, run->x->criteria.items[k].id, timepoint);

		if (v != NULL)
			cite_because(l, &v->because);
	}
	sort_once(l);
}

static const struct output *
output_find(const struct to_fhir_run *run, const char *identifier)
{
	for (size_t i = 0; i < run->out.n; i++) {
		if (strcmp(run->out.items[i].identifier, identifier) == 0)
			return &run->out.items[i];
	}
	return NULL;
}

static const char *
token(struct to_fhir_run *run, const struct sources *l,
    const char *const *targets, size_t n)
{
	const char **all =
	    arena_alloc(l->arena, (1 + 2 * n + l->refs.n) * sizeof(*all));
	size_t k = 0;

	all[k++] = "provenance";
	for (size_t i = 0; i < n; i++) {
		const struct output *o = output_find(run, targets[i]);

		assert(o != NULL);
		all[k++] = o->identifier;
		all[k++] = o->body;
	}
	for (size_t i = 0; i < l->refs.n; i++)
		all[k++] = l->refs.items[i];
	return part_token(run->a, all, k);
}

static void
put_agent(struct json_writer *w, struct to_fhir_run *run)
{
	json_begin_array(w, "agent");
	json_begin_object(w, NULL);
	part_codeable(w, "type", SYSTEM_HL7 "provenance-participant-type",
	    part_output_code(run, "prov_agent_assembler",
		SYSTEM_HL7 "provenance-participant-type"),
	    "Assembler", NULL);
	part_reference_own(w, "who", run->device);
	json_end_object(w);
	json_end_array(w);
}

static void
put_entities(struct json_writer *w, const struct sources *l)
{
	if (l->refs.n == 0)
		return;
	json_begin_array(w, "entity");
	for (size_t i = 0; i < l->refs.n && i < ENTITIES_MAX; i++) {
		json_begin_object(w, NULL);
		json_put_string(w, "role", "source");
		part_reference(w, "what", l->refs.items[i]);
		json_end_object(w);
	}
	json_end_array(w);
}

/* Sources that are not listed are counted. */
static const char *
describe(const struct to_fhir_run *run, const struct sources *l,
    const char *activity)
{
	if (l->refs.n <= ENTITIES_MAX)
		return activity;
	return arena_printf(run->a, "%s; %zu more sources are not listed",
	    activity, l->refs.n - ENTITIES_MAX);
}

static void
provenance_write(struct to_fhir_run *run, const struct sources *l,
    const char *activity, const char *const *targets, size_t n)
{
	const char *tag = token(run, l, targets, n);
	const char *first = output_find(run, targets[0])->label;
	struct body b;
	struct json_writer *w = &b.w;

	body_begin(&b, "Provenance");
	part_meta(w, RESCAN_IDENTIFIER_SYSTEM, tag, NULL);
	json_begin_array(w, "target");
	for (size_t i = 0; i < n; i++)
		part_reference_own(
		    w, NULL, arena_printf(run->a, "%s#version", targets[i]));
	json_end_array(w);
	json_put_string(w, "recorded", "@recorded");
	part_codeable(
	    w, "activity", NULL, NULL, NULL, describe(run, l, activity));
	put_agent(w, run);
	put_entities(w, l);
	part_emit(run, "Provenance", "provenance", tag, &b,
	    arena_printf(run->a, "Provenance of: %s", first));
}

void
to_fhir_provenance(struct to_fhir_run *run, size_t timepoint,
    const char *const *targets, size_t n)
{
	struct sources l = {run, arena_new(), {NULL, 0, 0}};

	sources_collect(&l, timepoint);
	provenance_write(run, &l,
	    "Assessment of tumour response by fixed rules", targets, n);
	arena_free(l.arena);
}

void
to_fhir_provenance_irae(
    struct to_fhir_run *run, const struct irae_episode *e, const char *target)
{
	struct sources l = {run, arena_new(), {NULL, 0, 0}};

	cite_patient(&l, run->x->timeline);
	cite_all(&l, e->sources, e->n_sources);
	sort_once(&l);
	provenance_write(run, &l,
	    "Search for immune-related adverse events by fixed rules", &target,
	    1);
	arena_free(l.arena);
}
