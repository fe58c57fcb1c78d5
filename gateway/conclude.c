/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/conclude.h"

#include "fhir/util/clock.h"
#include "fhir/util/printable.h"
#include "gateway/outbody.h"
#include "mappings/document.h"
#include "mappings/to_fhir.h"

#include <string.h>

#define DOCUMENT_MAX ((size_t)256 << 20)

/* --- store → facts --- */

struct loading {
	struct intake *intake;
	struct arena *arena;
	/* Not there: referred to, or once known and withdrawn since. */
	LIST_OF(const char *) absent, withdrawn;
};

static enum err_code
take_present(struct loading *l, const struct store_resource *r, struct err *e)
{
	struct bundle_entry entry = {0};
	struct json_doc *doc = NULL;
	enum err_code rc = json_parse(r->body, r->len, &doc, e);

	if (rc != ERR_OK)
		return rc;
	entry.resource = json_root(doc);
	rc = intake_add(l->intake, &entry, e);
	json_free(doc);
	return rc;
}

static enum err_code
take_resource(void *ctx, const struct store_resource *r, struct err *e)
{
	struct loading *l = ctx;

	if (r->state == RESOURCE_PRESENT)
		return take_present(l, r, e);
	if (r->state == RESOURCE_DELETED && r->patient != NULL) {
		*ARENA_PUSH(l->arena, &l->withdrawn) =
		    arena_strdup(l->arena, r->key);
	} else {
		*ARENA_PUSH(l->arena, &l->absent) =
		    arena_strdup(l->arena, r->key);
	}
	return ERR_OK;
}

/* The leased patient's own; others can only be strays. */
static struct patient_facts *
pick(struct patient_facts *const *all, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(all[i]->patient, key) == 0)
			return all[i];
	}
	return NULL;
}

static struct patient_facts *
no_facts(struct arena *a, const char *key)
{
	struct patient_facts *f = arena_alloc(a, sizeof(*f));

	f->arena = a;
	f->patient = arena_strdup(a, key);
	f->patient_version = "";
	return f;
}

static void
say_absent(struct loading *l, struct patient_facts *f)
{
	for (size_t i = 0; i < l->absent.n; i++) {
		facts_problem(f, l->absent.items[i], "reference_missing",
		    "it is referred to, but the server does not have it");
	}
	for (size_t i = 0; i < l->withdrawn.n; i++) {
		facts_problem(f, l->withdrawn.items[i], "resource_withdrawn",
		    "the server no longer has it; it is not counted");
	}
}

/*= interop D-35: no data is no evidence of absence */
static enum err_code
say_gaps(struct store *s, const struct config *c, const struct store_patient *p,
    struct arena *a, struct patient_facts *f, struct err *e)
{
	const struct config_list *more = &c->poll_irae_types;
	const char *why;

	for (size_t i = 0; i < c->poll_types.n + more->n; i++) {
		const char *type = i < c->poll_types.n
				       ? c->poll_types.items[i]
				       : more->items[i - c->poll_types.n];
		enum err_code rc = s->ops->memory_get(
		    s, p->server, arena_printf(a, "gap:%s", type), a, &why, e);

		if (rc != ERR_OK)
			return rc;
		if (why[0] != '\0') {
			facts_problem(f, NULL, "coverage_missing",
			    "no %s data: %s; nothing is concluded from their "
			    "absence",
			    type, why);
		}
	}
	return ERR_OK;
}

static enum err_code
load_facts(struct store *s, const struct config *c,
    const struct store_patient *p, struct arena *a, struct conclusion *ret,
    struct patient_facts **ret_facts, struct err *e)
{
	struct loading l = {ret->intake, a, {NULL, 0, 0}, {NULL, 0, 0}};
	struct patient_facts *const *all;
	const struct problem *orphans;
	size_t n, n_orphans;
	enum err_code rc = s->ops->patient_load(
	    s, p->id, take_resource, &l, &ret->generation, e);

	if (rc == ERR_GONE) { /*= interop D-63: what was said is taken back */
		ret->generation = p->generation;
		ret->merged = true;
		*ret_facts = no_facts(a, p->key);
		facts_problem(*ret_facts, p->key, "patient_merged",
		    "this record was merged into another");
		return ERR_OK;
	}
	if (rc == ERR_OK) {
		rc = intake_finish(
		    ret->intake, &all, &n, &orphans, &n_orphans, e);
	}
	if (rc != ERR_OK)
		return rc;
	*ret_facts = pick(all, n, p->key);
	if (*ret_facts == NULL)
		*ret_facts = no_facts(a, p->key);
	say_absent(&l, *ret_facts);
	return say_gaps(s, c, p, a, *ret_facts, e);
}

/* --- outbox --- */

/* Hash of the new output of that identifier, for those that cite it. */
struct hashes {
	const struct output *outputs;
	const char **hash;
	size_t n;
};

static const char *
hash_of(void *ctx, const char *identifier)
{
	const struct hashes *h = ctx;

	for (size_t i = 0; i < h->n; i++) {
		if (strcmp(h->outputs[i].identifier, identifier) == 0)
			return h->hash[i];
	}
	return NULL;
}

static const struct store_output *
find_before(const struct conclusion *x, const char *identifier)
{
	for (size_t i = 0; i < x->n_before; i++) {
		if (strcmp(x->before[i].identifier, identifier) == 0)
			return &x->before[i];
	}
	return NULL;
}

/* A row of its own patient, or of another (the Device, said once). */
static enum err_code
row_before(struct store *s, const struct store_patient *p,
    const struct conclusion *x, const char *identifier, struct arena *a,
    const struct store_output **ret, struct err *e)
{
	struct store_output *row;
	size_t n;
	enum err_code rc;

	*ret = find_before(x, identifier);
	if (*ret != NULL)
		return ERR_OK;
	rc = s->ops->outputs(s, p->id, identifier, a, &row, &n, e);
	if (rc == ERR_OK && n > 0)
		*ret = row;
	return rc;
}

static void
push_changed(struct conclusion *x, struct arena *a, const struct output *o,
    const char *hash, int seq)
{
	struct store_output *c = ARENA_PUSH(a, &x->changed);

	c->seq = seq;
	c->identifier = o->identifier;
	c->type = o->type;
	c->kind = o->kind;
	c->label = o->label;
	c->search = o->search;
	c->body = o->body;
	c->hash = hash;
	c->only_if_exists = o->only_if_exists;
	c->reopens = o->reopens;
}

/* Whether a row has to be written (again) for this output. */
static bool
is_news(
    const struct store_output *was, const struct output *o, const char *hash)
{
	if (was == NULL)
		return true;
	if (strcmp(was->hash, hash) == 0 ||
	    (was->state == OUTPUT_DISMISSED && !o->reopens))
		return false;
	/* Nothing there, and still nothing to say. */
	return !(was->state == OUTPUT_ABSENT && o->only_if_exists);
}

static enum err_code
compare(struct store *s, const struct store_patient *p,
    const struct output *outputs, size_t n, struct arena *a,
    struct conclusion *x, struct err *e)
{
	struct hashes h = {outputs, arena_alloc(a, n * sizeof(*h.hash)), 0};

	for (size_t i = 0; i < n; i++) {
		const struct store_output *was;
		enum err_code rc =
		    row_before(s, p, x, outputs[i].identifier, a, &was, e);

		if (rc != ERR_OK)
			return rc;
		/* What is referred to stands before, so h.n = i will do. */
		h.hash[i] = outbody_hash(a, outputs[i].body, hash_of, &h);
		h.n = i + 1;
		if (is_news(was, &outputs[i], h.hash[i]))
			push_changed(x, a, &outputs[i], h.hash[i], (int)i);
	}
	return ERR_OK;
}

static bool
is_said(const struct output *outputs, size_t n, const char *identifier)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(outputs[i].identifier, identifier) == 0)
			return true;
	}
	return false;
}

#define WITHDRAWN "Withdrawn: "

static const char *
withdrawn_label(const char *label, struct arena *a)
{
	return strncmp(label, WITHDRAWN, strlen(WITHDRAWN)) == 0
		   ? label
		   : arena_printf(a, WITHDRAWN "%s", label);
}

/*= interop D-61: what is no longer concluded is withdrawn. */
static void
retract(const struct output *outputs, size_t n, struct arena *a,
    struct conclusion *x)
{
	for (size_t i = 0; i < x->n_before; i++) {
		const struct store_output *was = &x->before[i];
		struct output o = {.type = was->type,
		    .identifier = was->identifier,
		    .kind = was->kind,
		    .label = withdrawn_label(was->label, a),
		    .search = was->search,
		    .only_if_exists = true};
		const char *hash;

		if (is_said(outputs, n, was->identifier) ||
		    strcmp(was->kind, "device") == 0)
			continue;
		o.body = outbody_retract(a, was->body);
		if (o.body == NULL)
			continue;
		hash = outbody_hash(
		    a, o.body, hash_of, &(struct hashes){NULL, NULL, 0});
		if (is_news(was, &o, hash))
			push_changed(x, a, &o, hash, (int)n + was->seq);
	}
}

/* --- days --- */

/* The next day on which a window opens or runs out, or an adverse event
 * changes by the calendar alone; DAY_NONE: never. */
static int32_t
next_due(const struct assessment *x, int32_t today)
{
	int32_t due = x->irae_due;

	for (size_t i = 0; i < x->recommendations.n; i++) {
		const struct recommendation *r = &x->recommendations.items[i];
		int32_t day = DAY_NONE;

		if (r->state == DUE_UPCOMING)
			day = r->from;
		else if (r->state == DUE_NOW && r->to != DAY_NONE)
			day = r->to + 1;
		if (day == DAY_NONE)
			continue;
		if (day <= today)
			day = today + 1;
		if (due == DAY_NONE || day < due)
			due = day;
	}
	return due;
}

/* Somebody this program has something to say about. */
static bool
is_subject(const struct timeline *t)
{
	return t->timepoints.n > 0 || t->therapy_start != DAY_NONE;
}

enum err_code
conclude(struct store *s, const struct config *c, const struct codemap *maps,
    const struct store_patient *p, int32_t today, struct arena *a,
    struct conclusion *ret, struct err *e)
{
	struct to_fhir_options how = {maps, RESCAN_VERSION};
	struct assess_options options = c->assess;
	struct patient_facts *facts;
	struct timeline *t;
	const struct output *outputs = NULL;
	size_t n = 0;
	enum err_code rc;

	memset(ret, 0, sizeof(*ret));
	ret->intake = intake_new(maps, &c->mapping);
	rc = load_facts(s, c, p, a, ret, &facts, e);
	if (rc != ERR_OK)
		return rc;
	options.as_of = today;
	t = timeline_build(facts, &c->timeline, a);
	ret->assessment = assess_run(t, &options, a);
	ret->due_day = next_due(ret->assessment, today);
	if (is_subject(t))
		to_fhir(ret->assessment, &how, a, &outputs, &n);
	rc =
	    s->ops->outputs(s, p->id, NULL, a, &ret->before, &ret->n_before, e);
	if (rc == ERR_OK)
		rc = compare(s, p, outputs, n, a, ret, e);
	if (rc == ERR_OK)
		retract(outputs, n, a, ret);
	return rc;
}

/* --- storing --- */

static char *
maps_json(const struct codemap *maps, struct arena *a)
{
	const struct codemap_source *sources;
	size_t n = codemap_sources(maps, &sources);
	struct json_writer w;
	struct strbuf text;
	char *ret;

	strbuf_init(&text, (size_t)1 << 20);
	json_writer_init(&w, &text, false);
	json_begin_array(&w, NULL);
	for (size_t i = 0; i < n; i++) {
		json_begin_object(&w, NULL);
		json_put_optional(&w, "url", sources[i].url);
		json_put_optional(&w, "version", sources[i].version);
		json_put_string(&w, "sha256", sources[i].sha256);
		json_end_object(&w);
	}
	json_end_array(&w);
	ret = arena_strdup(a, text.s);
	strbuf_done(&text);
	return ret;
}

enum err_code
conclude_store(struct store *s, const struct codemap *maps,
    const struct store_patient *p, const struct conclusion *x,
    const char *owner, struct arena *a, struct err *e)
{
	struct store_assessment row = {.patient_id = p->id,
	    .generation = x->generation,
	    .owner = owner,
	    .maps = maps_json(maps, a),
	    .as_of = x->assessment->as_of,
	    .due_day = x->due_day,
	    .made_ms = clock_now_ms(),
	    .outputs = x->changed.items,
	    .n_outputs = x->changed.n};
	struct json_writer w;
	struct strbuf text;
	enum err_code rc;

	strbuf_init(&text, DOCUMENT_MAX);
	json_writer_init(&w, &text, false);
	document_write(x->assessment, &w);
	row.document = text.s;
	if (text.overflow)
		rc = err_set(e, ERR_LIMIT, "the document is too large");
	else
		rc = s->ops->assessment_put(s, &row, e);
	strbuf_done(&text);
	return rc;
}

void
conclude_print_changes(const struct conclusion *x, FILE *out)
{
	for (size_t i = 0; i < x->changed.n; i++) {
		const struct store_output *o = &x->changed.items[i];
		const struct store_output *was = find_before(x, o->identifier);
		bool there = was != NULL && was->server_id[0] != '\0';

		if (o->only_if_exists && !there)
			continue;
		if (there) {
			printable_print(out, "would update %s/%s: %s", o->type,
			    was->server_id, o->label);
			outbody_print_changes(was->body, o->body, out);
		} else {
			printable_print(
			    out, "would create %s: %s", o->type, o->label);
		}
	}
}
