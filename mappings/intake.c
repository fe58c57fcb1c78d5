/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/intake.h"

#include <stdlib.h>

#define MAX_RECORDS ((size_t)4000000)

static const char *const types[] = {
    "AdverseEvent",
    "BodyStructure",
    "Condition",
    "DiagnosticReport",
    "Flag",
    "ImagingStudy",
    "Medication",
    "MedicationAdministration",
    "Observation",
    "Patient",
};

static bool
type_wanted(const char *type, size_t n)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (strlen(types[i]) == n && memcmp(types[i], type, n) == 0)
			return true;
	}
	return false;
}

struct intake *
intake_new(const struct codemap *m, const struct mapping_options *o)
{
	struct arena *a = arena_new();
	struct intake *in = arena_alloc(a, sizeof(*in));

	in->arena = a;
	in->maps = m;
	in->options = o;
	return in;
}

void
intake_free(struct intake *in)
{
	if (in == NULL)
		return;
	for (size_t i = 0; i < in->taken.n; i++)
		json_free(in->taken.items[i].doc);
	for (size_t i = 0; i < in->patients.n; i++)
		arena_free(in->patients.items[i]->arena);
	arena_free(in->arena);
}

bool
intake_is_empty(const struct intake *in)
{
	return in->taken.n == 0 && in->orphans.n == 0;
}

static struct record *
record_push(struct intake *in, const char *key)
{
	struct record *r = ARENA_PUSH(in->arena, &in->taken);

	r->key = arena_strdup(in->arena, key);
	r->type = arena_strndup(in->arena, key, strcspn(key, "/"));
	r->version = "";
	r->updated_ms = INT64_MIN;
	return r;
}

/* The version in an ETag, W/"3". */
static const char *
etag_version(struct arena *a, const char *etag)
{
	const char *from = etag == NULL ? NULL : strchr(etag, '"');
	const char *to = from == NULL ? NULL : strchr(from + 1, '"');

	return to == NULL ? ""
			  : arena_strndup(a, from + 1, (size_t)(to - from - 1));
}

static const char *
first_key(struct arena *a, const struct bundle_entry *entry)
{
	const char *const urls[] = {
	    entry->url, entry->location, entry->full_url};

	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		const char *key = reference_key(a, urls[i]);

		if (key != NULL)
			return key;
	}
	return NULL;
}

void
intake_problem(struct intake *in, const char *source, const char *code,
    const char *fmt, ...)
{
	struct problem *p = ARENA_PUSH(in->arena, &in->orphans);
	va_list ap;

	p->source = arena_strdup(in->arena, source);
	p->code = code;
	va_start(ap, fmt);
	p->detail = arena_vprintf(in->arena, fmt, ap);
	va_end(ap);
}

static void
add_deletion(struct intake *in, const struct bundle_entry *entry)
{
	const char *key = first_key(in->arena, entry);
	struct record *r;

	if (key == NULL) {
		intake_problem(in, NULL, "deletion_unclear",
		    "a deletion that does not name its resource");
		return;
	}
	if (!type_wanted(key, strcspn(key, "/")))
		return;
	r = record_push(in, key);
	r->deleted = true;
	r->version = etag_version(in->arena, entry->etag);
}

static bool
is_deletion(const struct bundle_entry *entry)
{
	if (same(entry->method, "DELETE"))
		return true;
	return entry->resource == NULL && entry->status != NULL &&
	       strncmp(entry->status, "410", 3) == 0;
}

/* "Type/id": by its own id, else by the uuid or the url it stands under. */
static const char *
entry_key(struct arena *a, const struct bundle_entry *entry,
    const struct resource_id *id)
{
	const char *url = entry->full_url, *key;

	if (id->id[0] != '\0')
		return arena_printf(a, "%s/%s", id->type, id->id);
	if (url != NULL && strncmp(url, "urn:uuid:", 9) == 0 && url[9] != '\0')
		return arena_printf(a, "%s/%s", id->type, url + 9);
	key = reference_key(a, url);
	if (key != NULL && strncmp(key, id->type, strlen(id->type)) == 0 &&
	    key[strlen(id->type)] == '/')
		return key;
	return NULL;
}

enum err_code
intake_add(struct intake *in, const struct bundle_entry *entry, struct err *e)
{
	struct resource_id id;
	struct record *r;
	const char *key, *text;
	enum err_code rc;

	if (is_deletion(entry)) {
		add_deletion(in, entry);
		return ERR_OK;
	}
	if (entry->resource == NULL)
		return ERR_OK;
	rc = resource_identify(entry->resource, &id, e);
	if (rc != ERR_OK)
		return rc;
	if (!type_wanted(id.type, strlen(id.type)))
		return ERR_OK;
	if (in->taken.n >= MAX_RECORDS) {
		return err_set(
		    e, ERR_LIMIT, "more than %zu resources", MAX_RECORDS);
	}
	key = entry_key(in->arena, entry, &id);
	if (key == NULL) {
		intake_problem(
		    in, NULL, "id_missing", "%s without an id", id.type);
		return ERR_OK;
	}
	r = record_push(in, key);
	text = json_text(entry->resource);
	r->len = strlen(text);
	r->text = arena_strndup(in->arena, text, r->len);
	r->version = arena_strdup(in->arena, id.version);
	r->updated_ms = id.last_updated_ms;
	r->full_url = arena_strdup(in->arena, entry->full_url);
	return ERR_OK;
}

static bool
is_number(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && s[n] == '\0';
}

/* Two decimal numbers of any length. */
static int
compare_numbers(const char *a, const char *b)
{
	a += strspn(a, "0");
	b += strspn(b, "0");
	if (strlen(a) != strlen(b))
		return strlen(a) < strlen(b) ? -1 : 1;
	return strcmp(a, b);
}

static int
compare_text(const struct record *a, const struct record *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->len == 0 ? 0 : memcmp(a->text, b->text, a->len);
}

/* Is b, in place of a, the one that counts?  numbered: every version of this
 * resource has a number. */
static bool
is_newer(const struct record *a, const struct record *b, bool numbered)
{
	int c = numbered ? compare_numbers(a->version, b->version) : 0;

	if (c != 0)
		return c < 0;
	if (a->deleted != b->deleted)
		return b->deleted;
	if (a->updated_ms != b->updated_ms)
		return a->updated_ms < b->updated_ms;
	return compare_text(a, b) < 0;
}

static bool
same_version(const struct record *a, const struct record *b)
{
	return !a->deleted && !b->deleted &&
	       strcmp(a->version, b->version) == 0 &&
	       a->updated_ms == b->updated_ms;
}

/* Do two of them stand at different servers? */
static bool
other_sender(const struct record *a, const struct record *b)
{
	size_t n = strlen(a->key);
	size_t x = a->full_url == NULL ? 0 : strlen(a->full_url);
	size_t y = b->full_url == NULL ? 0 : strlen(b->full_url);

	return x > n && y > n && strncmp(a->full_url, "http", 4) == 0 &&
	       strncmp(b->full_url, "http", 4) == 0 &&
	       strcmp(a->full_url + x - n, a->key) == 0 &&
	       strcmp(b->full_url + y - n, a->key) == 0 &&
	       strcmp(a->full_url, b->full_url) != 0;
}

static struct record *
choose(struct record **of, size_t n)
{
	struct record *best = of[0];
	bool numbered = true;

	for (size_t i = 0; i < n; i++)
		numbered = numbered && is_number(of[i]->version);
	/* A deletion without a version comes after everything said. */
	for (size_t i = 1; i < n; i++) {
		if (is_newer(best, of[i], numbered))
			best = of[i];
	}
	for (size_t i = 1; i < n; i++)
		best->senders = best->senders || other_sender(of[0], of[i]);
	for (size_t i = 0; i < n; i++) {
		if (of[i] != best && same_version(best, of[i]) &&
		    compare_text(best, of[i]) != 0)
			best->conflict = true;
		if (best->full_url == NULL)
			best->full_url = of[i]->full_url;
	}
	return best;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct record *x = *(struct record *const *)a;
	const struct record *y = *(struct record *const *)b;

	return strcmp(x->key, y->key);
}

static void
choose_versions(struct intake *in)
{
	struct record **all =
	    arena_alloc(in->arena, (in->taken.n + 1) * sizeof(*all));
	size_t n = in->taken.n, end;

	for (size_t i = 0; i < n; i++)
		all[i] = &in->taken.items[i];
	if (n > 0)
		qsort(all, n, sizeof(*all), compare_keys);
	for (size_t i = 0; i < n; i = end) {
		struct record *r;

		for (end = i + 1;
		     end < n && strcmp(all[i]->key, all[end]->key) == 0; end++)
			;
		r = choose(&all[i], end - i);
		if (!r->deleted)
			*ARENA_PUSH(in->arena, &in->records) = r;
	}
}

static enum err_code
record_open(struct record *r, struct err *e)
{
	enum err_code rc = ERR_OK;

	if (r->doc == NULL)
		rc = json_parse(r->text, r->len, &r->doc, e);
	r->json = json_root(r->doc);
	return rc;
}

static bool
is_medication(const struct record *r)
{
	return strcmp(r->type, "Medication") == 0;
}

/* A Medication may be referred to by any patient's resources: it stays. */
static void
record_close(struct record *r)
{
	if (is_medication(r))
		return;
	json_free(r->doc);
	r->doc = NULL;
	r->json = NULL;
}

/* What is needed to tell whose a resource is; one tree at a time. */
static enum err_code
note_records(struct intake *in, struct err *e)
{
	for (size_t i = 0; i < in->records.n; i++) {
		struct record *r = in->records.items[i];
		enum err_code rc = record_open(r, e);

		if (rc != ERR_OK)
			return rc;
		/* What can say nothing any more is no orphan. */
		r->silent =
		    is_medication(r) || mapping_evidence(r) == EVIDENCE_NONE;
		intake_note(in, r);
		intake_note_patient(in, r);
		record_close(r);
	}
	return ERR_OK;
}

static enum err_code
parse_paths(struct intake *in, struct err *e)
{
	const struct mapping_options *o = in->options;
	const struct {
		const char *text;
		const struct path **to;
	} rows[] = {
	    {o->role_path, &in->role_path},
	    {o->state_path, &in->state_path},
	    {o->identity_path, &in->identity_path},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum err_code rc;

		if (rows[i].text == NULL || rows[i].text[0] == '\0')
			continue;
		rc = path_parse(rows[i].text, in->arena, rows[i].to, e);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

static int
compare_patients(const void *a, const void *b)
{
	const struct record *x = *(struct record *const *)a;
	const struct record *y = *(struct record *const *)b;
	int c = strcmp(x->patient, y->patient);

	return c != 0 ? c : strcmp(x->key, y->key);
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

/* The trees of one patient at a time. */
static enum err_code
map_patient(struct intake *in, struct record **r, size_t n, struct err *e)
{
	enum err_code rc = ERR_OK;

	for (size_t i = 0; rc == ERR_OK && i < n; i++)
		rc = record_open(r[i], e);
	if (rc == ERR_OK) {
		*ARENA_PUSH(in->arena, &in->patients) =
		    mapping_run(in, r[0]->patient, r, n);
	}
	for (size_t i = 0; i < n; i++)
		record_close(r[i]);
	return rc;
}

static enum err_code
map_patients(struct intake *in, struct err *e)
{
	struct record **own =
	    arena_alloc(in->arena, (in->records.n + 1) * sizeof(*own));
	enum err_code rc = ERR_OK;
	size_t n = 0, end;

	for (size_t i = 0; i < in->records.n; i++) {
		struct record *r = in->records.items[i];

		if (r->patient != NULL) {
			own[n++] = r;
		} else if (!r->silent) {
			intake_problem(in, r->key, "patient_missing",
			    "names no patient that can be told");
		}
	}
	if (n > 0)
		qsort(own, n, sizeof(*own), compare_patients);
	for (size_t i = 0; rc == ERR_OK && i < n; i = end) {
		for (end = i + 1;
		     end < n && strcmp(own[i]->patient, own[end]->patient) == 0;
		     end++)
			;
		rc = map_patient(in, &own[i], end - i, e);
	}
	return rc;
}

enum err_code
intake_finish(struct intake *in, struct patient_facts *const **ret_patients,
    size_t *ret_n, const struct problem **ret_orphans, size_t *ret_n_orphans,
    struct err *e)
{
	enum err_code rc = parse_paths(in, e);

	if (rc != ERR_OK)
		return rc;
	choose_versions(in);
	rc = note_records(in, e);
	if (rc != ERR_OK)
		return rc;
	intake_index(in);
	intake_attribute(in);
	rc = map_patients(in, e);
	if (rc != ERR_OK)
		return rc;
	if (in->orphans.n > 0) {
		qsort(in->orphans.items, in->orphans.n,
		    sizeof(*in->orphans.items), compare_problems);
	}
	*ret_patients = in->patients.items;
	*ret_n = in->patients.n;
	*ret_orphans = in->orphans.items;
	*ret_n_orphans = in->orphans.n;
	return ERR_OK;
}
