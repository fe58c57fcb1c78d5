/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/ingest.h"

#include "fhir/resource.h"
#include "fhir/util/digest.h"
#include "fhir/util/strbuf.h"
#include "mappings/from_fhir.h"
#include "mappings/to_fhir.h"

#include <string.h>

/* Of one resource; more is a defect. */
#define MAX_REFERENCES 500
#define MAX_BYTES      ((size_t)64 << 20)

const char *const ingest_followed[] = {
    "Patient", "Condition", "BodyStructure", "Medication", NULL};

void
ingest_init(struct ingest *in, struct arena *a, const char *server,
    const char *base, const char *type, int64_t now_ms)
{
	memset(in, 0, sizeof(*in));
	in->arena = a;
	in->server = server;
	in->base = base;
	in->type = type;
	in->now_ms = now_ms;
	in->max_updated_ms = in->min_updated_ms = TIME_NONE;
}

void
ingest_quarantine(struct ingest *in, const char *key, const char *code,
    const char *text, const char *bytes, size_t len)
{
	struct store_quarantine *q = ARENA_PUSH(in->arena, &in->quarantine);

	q->server = in->server;
	q->key = arena_strdup(in->arena, key);
	q->type = in->type;
	q->code = code;
	q->text = arena_strdup(in->arena, text);
	q->bytes = arena_strndup(in->arena, bytes, len);
	q->len = len;
	q->at_ms = in->now_ms;
}

/* --- what a resource says of itself --- */

static bool
is_tagged(const struct json_value *resource, const char *system)
{
	const struct json_value *list =
	    json_get(json_get(resource, "meta"), "tag");

	for (size_t i = 0; i < json_length(list); i++) {
		const char *s =
		    json_string(json_get(json_at(list, i), "system"));

		if (s != NULL && strcmp(s, system) == 0)
			return true;
	}
	return false;
}

bool
ingest_is_own(const struct json_value *resource)
{
	return resource_identifier(resource, RESCAN_IDENTIFIER_SYSTEM) !=
		   NULL ||
	       is_tagged(resource, RESCAN_IDENTIFIER_SYSTEM);
}

char *
ingest_hash(struct arena *a, const struct json_value *resource)
{
	char hex[SHA256_HEX_SIZE];
	struct json_iter it = {NULL, NULL, NULL};
	struct strbuf all;

	strbuf_init(&all, MAX_BYTES);
	while (json_next(resource, &it)) {
		if (strcmp(it.name, "meta") == 0)
			continue;
		strbuf_addf(&all, "%s:", it.name);
		strbuf_adds(&all, json_text(it.value));
		strbuf_addc(&all, '\n');
	}
	sha256_hex(all.s, all.len, hex);
	strbuf_done(&all);
	return arena_strdup(a, hex);
}

/* "Type/id" when v refers to a resource on this server, else NULL. */
static const char *
local_key(const struct ingest *in, const struct json_value *v,
    const struct json_value *within, const char **ret_type)
{
	struct reference r;

	if (!reference_read(v, within, in->arena, &r) || r.contained != NULL ||
	    r.type == NULL || r.id == NULL)
		return NULL;
	if (r.base != NULL && strcmp(r.base, in->base) != 0)
		return NULL;
	*ret_type = r.type;
	return arena_printf(in->arena, "%s/%s", r.type, r.id);
}

struct walk {
	const struct ingest *in;
	const struct json_value *resource;
	LIST_OF(const char *) keys;
};

static void
note_reference(void *ctx, const struct json_value *v)
{
	struct walk *w = ctx;
	const char *type, *key = local_key(w->in, v, w->resource, &type);
	bool wanted = false;

	if (key == NULL || w->keys.n >= MAX_REFERENCES)
		return;
	for (size_t i = 0; ingest_followed[i] != NULL; i++)
		wanted = wanted || strcmp(type, ingest_followed[i]) == 0;
	for (size_t i = 0; i < w->keys.n && wanted; i++)
		wanted = strcmp(w->keys.items[i], key) != 0;
	if (wanted)
		*ARENA_PUSH(w->in->arena, &w->keys) = key;
}

/* Patient.link of type replaced-by. */
static const char *
survivor(const struct ingest *in, const struct json_value *patient)
{
	const struct json_value *links = json_get(patient, "link");
	const char *type, *key;

	for (size_t i = 0; i < json_length(links); i++) {
		const struct json_value *link = json_at(links, i);
		const char *how = json_string(json_get(link, "type"));

		if (how == NULL || strcmp(how, "replaced-by") != 0)
			continue;
		key = local_key(in, json_get(link, "other"), patient, &type);
		if (key != NULL && strcmp(type, "Patient") == 0)
			return key;
	}
	return NULL;
}

static const char *
patient_of(const struct ingest *in, const struct json_value *resource,
    const struct resource_id *id, const char *key)
{
	const char *type = NULL, *patient;

	if (strcmp(id->type, "Patient") == 0)
		return key;
	patient = local_key(in, resource_subject(resource), resource, &type);
	return patient != NULL && strcmp(type, "Patient") == 0 ? patient : NULL;
}

static void
add_resource(struct ingest *in, const struct json_value *resource,
    const struct resource_id *id)
{
	struct arena *a = in->arena;
	struct store_resource *r = ARENA_PUSH(a, &in->resources);
	struct walk w = {in, resource, {NULL, 0, 0}};

	r->key = arena_printf(a, "%s/%s", id->type, id->id);
	r->type = arena_strdup(a, id->type);
	r->version = id->version == NULL ? "" : arena_strdup(a, id->version);
	r->last_updated_ms = id->last_updated_ms;
	r->patient = patient_of(in, resource, id, r->key);
	r->hash = ingest_hash(a, resource);
	r->body = arena_strdup(a, json_text(resource));
	r->len = strlen(r->body);
	r->state = RESOURCE_PRESENT;
	resource_each_reference(resource, note_reference, &w);
	r->references = w.keys.items;
	r->n_references = w.keys.n;
	if (strcmp(r->type, "Patient") == 0)
		r->replaced_by = survivor(in, resource);
	if (r->patient == NULL && strcmp(r->type, "Medication") != 0) {
		ingest_quarantine(in, r->key, "patient_missing",
		    "it names no Patient on this server", r->body, r->len);
	}
}

struct store_resource *
ingest_absent(struct ingest *in, const char *key, enum resource_state state)
{
	struct store_resource *r = ARENA_PUSH(in->arena, &in->resources);

	r->key = arena_strdup(in->arena, key);
	r->type = arena_strndup(in->arena, key, strcspn(key, "/"));
	r->version = "";
	r->last_updated_ms = TIME_NONE;
	/* A deleted polled resource still wakes its patient: the store knows
	 * whom it was about. */
	r->patient = strcmp(r->type, "Patient") == 0 ? r->key : NULL;
	r->hash = r->body = "";
	r->state = state;
	return r;
}

/* --- pages --- */

struct page_walk {
	struct ingest *in;
	const char *url;
};

/* Whether it is to be looked at: of several versions in a feed the first. */
static bool
is_first(struct ingest *in, const char *key)
{
	return in->seen == NULL || strset_add(in->seen, key) ||
	       !in->newest_first;
}

static void
note_time(struct ingest *in, int64_t ms)
{
	if (ms == TIME_NONE)
		return;
	if (ms > in->max_updated_ms)
		in->max_updated_ms = ms;
	in->min_updated_ms = time_earlier(in->min_updated_ms, ms);
}

/* 'W/"3"' is "3". */
static const char *
etag_version(struct arena *a, const char *etag)
{
	const char *from = etag == NULL ? NULL : strchr(etag, '"');
	const char *to = from == NULL ? NULL : strchr(from + 1, '"');

	if (to == NULL || to == from + 1 || to - from > 64)
		return "";
	return arena_strndup(a, from + 1, (size_t)(to - from - 1));
}

static void
add_deletion(struct ingest *in, const char *url, const struct json_value *entry,
    const char *bytes, size_t len)
{
	const char *key =
	    reference_key(in->arena, json_string_at(entry, "request.url"));
	const char *said = json_string_at(entry, "response.lastModified");
	struct err unheard = ERR_INIT;
	struct datetime at;
	struct store_resource *r;
	size_t n = strlen(in->type);

	if (key == NULL ||
	    (n > 0 && (strncmp(key, in->type, n) != 0 || key[n] != '/'))) {
		in->nameless++;
		ingest_quarantine(in, url, "deletion_unclear",
		    "a deletion that names nothing of the type asked for",
		    bytes, len);
		return;
	}
	if (!is_first(in, key))
		return;
	r = ingest_absent(in, key, RESOURCE_DELETED);
	r->version =
	    etag_version(in->arena, json_string_at(entry, "response.etag"));
	if (said != NULL && datetime_parse(said, &at, &unheard) == ERR_OK)
		r->last_updated_ms = datetime_instant_ms(&at);
	note_time(in, r->last_updated_ms);
}

static void
add_known(struct ingest *in, const struct json_value *resource,
    const struct resource_id *id)
{
	const char *key = arena_printf(in->arena, "%s/%s", id->type, id->id);
	bool new = in->seen == NULL || !strset_has(in->seen, key);
	bool unknown = false;
	struct store_resource *r;

	if (!is_first(in, key))
		return;
	note_time(in, id->last_updated_ms);
	if (ingest_is_own(resource)) {
		/* No loop: what we wrote is no evidence, what a person made of
		 * it is. */
		in->own++;
		if (strcmp(id->type, "Flag") != 0)
			return;
		unknown = !flag_tells(resource);
	}
	add_resource(in, resource, id);
	r = &in->resources.items[in->resources.n - 1];
	r->restored = in->restored && new;
	r->if_known = unknown;
}

static void
add_content(struct ingest *in, const char *url,
    const struct json_value *resource, const char *mode, const char *bytes,
    size_t len)
{
	struct resource_id id;
	struct err why = ERR_INIT;
	const char *code = NULL, *text = NULL;

	if (resource == NULL) {
		code = "entry_empty";
		text = "an entry without a resource";
	} else if (resource_identify(resource, &id, &why) != ERR_OK) {
		code = "not_fhir";
		text = why.text;
	} else if ((mode != NULL && strcmp(mode, "outcome") == 0) ||
		   strcmp(id.type, "OperationOutcome") == 0) {
		in->outcomes++;
	} else if (id.id[0] == '\0') {
		code = "id_missing";
		text = "a resource without an id";
	} else if (strcmp(id.type, in->type) != 0) {
		code = "type_unexpected";
		text = "not the type that was asked for";
	} else {
		add_known(in, resource, &id);
	}
	if (code != NULL) {
		in->nameless++;
		ingest_quarantine(in, url, code, text, bytes, len);
	}
}

static void
add_entry(struct ingest *in, const char *url, const struct json_value *entry,
    const char *bytes, size_t len)
{
	const char *method = json_string_at(entry, "request.method");

	if (method != NULL && strcmp(method, "DELETE") == 0)
		add_deletion(in, url, entry, bytes, len);
	else
		add_content(in, url, json_get(entry, "resource"),
		    json_string_at(entry, "search.mode"), bytes, len);
}

void
ingest_text(struct ingest *in, const char *url, const char *text, size_t len)
{
	struct json_doc *doc = NULL;
	struct err why = ERR_INIT;

	in->entries++;
	if (json_parse(text, len, &doc, &why) != ERR_OK) {
		in->nameless++;
		ingest_quarantine(in, url, "not_json", why.text, text, len);
		return;
	}
	add_content(in, url, json_root(doc), NULL, text, len);
	json_free(doc);
}

static enum err_code
take_element(void *ctx, const char *s, size_t n, size_t offset, struct err *e)
{
	struct page_walk *w = ctx;
	struct json_doc *doc = NULL;
	struct err why = ERR_INIT;

	(void)offset;
	(void)e;
	w->in->entries++;
	if (json_parse(s, n, &doc, &why) != ERR_OK) {
		w->in->nameless++;
		ingest_quarantine(w->in, w->url, "not_json", why.text, s, n);
		return ERR_OK;
	}
	add_entry(w->in, w->url, json_root(doc), s, n);
	json_free(doc);
	return ERR_OK;
}

enum err_code
ingest_page(struct ingest *in, const char *url, const char *body, size_t len,
    struct err *e)
{
	struct page_walk w = {in, url};

	return json_split(body, len, "entry", take_element, &w, NULL, e);
}

void
ingest_read(struct ingest *in, const char *key, const char *body, size_t len)
{
	struct json_doc *doc = NULL;
	struct resource_id id;
	struct err why = ERR_INIT;
	const char *code = NULL;
	size_t before = in->resources.n;

	if (json_parse(body, len, &doc, &why) != ERR_OK) {
		code = "not_json";
	} else if (resource_identify(json_root(doc), &id, &why) != ERR_OK) {
		code = "not_fhir";
	} else {
		add_resource(in, json_root(doc), &id);
		if (strcmp(in->resources.items[before].key, key) != 0) {
			in->resources.n = before;
			code = "type_unexpected";
			err_set(
			    &why, ERR_INVALID, "reading gave another resource");
		}
	}
	json_free(doc);
	if (code != NULL) {
		ingest_absent(in, key, RESOURCE_MISSING);
		ingest_quarantine(in, key, code, why.text, body, len);
	}
}
