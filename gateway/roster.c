/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/roster.h"

#include "fhir/json.h"
#include "fhir/resource.h"
#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "fhir/util/strset.h"
#include "gateway/poll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 200

static struct roster *
roster_new(void)
{
	struct roster *x = calloc(1, sizeof(*x));

	if (x == NULL)
		abort();
	x->arena = arena_new();
	return x;
}

void
roster_free(struct roster *x)
{
	if (x == NULL)
		return;
	arena_free(x->arena);
	free(x);
}

/* Being filled: each patient once, no more than max. */
struct filling {
	struct roster *to;
	struct strset seen;
	bool too_many;
};

static void
fill_begin(struct filling *f, struct roster *to, size_t max)
{
	f->to = to;
	f->too_many = false;
	strset_init(&f->seen, to->arena, max);
}

static void
fill(struct filling *f, const char *key)
{
	if (strset_has(&f->seen, key))
		return;
	strset_add(&f->seen, key);
	if (f->seen.full)
		f->too_many = true;
	else
		*ARENA_PUSH(f->to->arena, &f->to->patients) =
		    arena_strdup(f->to->arena, key);
}

static enum err_code
fill_end(struct filling *f, struct err *e)
{
	size_t max = f->seen.max;

	strset_done(&f->seen);
	if (!f->too_many)
		return ERR_OK;
	return err_set(e, ERR_LIMIT,
	    "the roster has more than %zu patients (roster_max)", max);
}

/* --- Group, List --- */

static bool
is_true(const struct json_value *v)
{
	const char *text = v == NULL ? NULL : json_text(v);

	return text != NULL && strcmp(text, "true") == 0;
}

/* "Patient/1" of an element's reference, when it is one of this server. */
static const char *
patient_in(
    const struct json_value *reference, const char *base, struct arena *a)
{
	struct reference r;

	if (!reference_read(reference, NULL, a, &r) || r.type == NULL ||
	    r.id == NULL || strcmp(r.type, "Patient") != 0)
		return NULL;
	if (r.base != NULL && strcmp(r.base, base) != 0)
		return NULL;
	return arena_printf(a, "Patient/%s", r.id);
}

/* How a roster resource lists its members. */
static const struct roster_kind {
	const char *type, *list, *reference, *out;
} kinds[] = {
    {"Group", "member", "entity", "inactive"},
    {"List", "entry", "item", "deleted"},
};

enum err_code
roster_members(const struct json_value *resource, const char *base, size_t max,
    struct roster *ret, struct err *e)
{
	const char *type = json_string_at(resource, "resourceType");
	const struct roster_kind *kind = NULL;
	const struct json_value *list;
	struct filling f;

	for (size_t i = 0; i < 2 && type != NULL; i++) {
		if (strcmp(kinds[i].type, type) == 0)
			kind = &kinds[i];
	}
	if (kind == NULL)
		return err_set(
		    e, ERR_INVALID, "the roster is no Group and no List");
	list = json_get(resource, kind->list);
	fill_begin(&f, ret, max);
	for (size_t i = 0; i < json_length(list); i++) {
		const struct json_value *m = json_at(list, i);
		const char *key =
		    patient_in(json_get(m, kind->reference), base, ret->arena);

		if (key != NULL && !is_true(json_get(m, kind->out)))
			fill(&f, key);
	}
	return fill_end(&f, e);
}

static enum err_code
from_resource(struct read *r, struct roster *to, struct err *e)
{
	const char *what = r->server->roster, *slash = strchr(what, '/');
	struct json_doc *doc = NULL;
	char *body = NULL;
	size_t len;
	enum err_code rc = client_read(r->client,
	    arena_strndup(to->arena, what, (size_t)(slash - what)), slash + 1,
	    &body, &len, e);

	r->report->reads++;
	if (rc == ERR_OK)
		rc = json_parse(body, len, &doc, e);
	if (rc == ERR_OK) {
		rc = roster_members(json_root(doc), r->server->base_url,
		    (size_t)r->server->roster_max, to, e);
	}
	json_free(doc);
	free(body);
	return rc;
}

/* --- file --- */

/* "1" or "Patient/1"; empty and #-lines are none. */
static enum err_code
take_line(struct filling *f, char *line, int number, struct err *e)
{
	char *s = line + strspn(line, " \t");
	const char *id;

	s[strcspn(s, " \t\r\n#")] = '\0';
	if (*s == '\0')
		return ERR_OK;
	id = strncmp(s, "Patient/", 8) == 0 ? s + 8 : s;
	if (*id == '\0' || strlen(id) > 64 ||
	    strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		       "0123456789-.") != strlen(id)) {
		return err_set(
		    e, ERR_INVALID, "roster, line %d: not a FHIR id", number);
	}
	fill(f, arena_printf(f->to->arena, "Patient/%s", id));
	return ERR_OK;
}

static enum err_code
from_file(struct read *r, struct roster *to, struct err *e)
{
	const char *path = r->server->roster + strlen("file:");
	FILE *in = fopen(path, "re");
	char line[LINE_SIZE];
	struct filling f;
	enum err_code rc = ERR_OK;

	if (in == NULL) {
		return err_set(
		    e, ERR_IO, "roster %s: %s", path, strerror(errno));
	}
	fill_begin(&f, to, (size_t)r->server->roster_max);
	for (int n = 1; rc == ERR_OK && fgets(line, sizeof(line), in) != NULL;
	     n++)
		rc = take_line(&f, line, n, e);
	if (rc == ERR_OK && ferror(in))
		rc = err_set(e, ERR_IO, "roster %s: cannot be read", path);
	fclose(in);
	if (rc == ERR_OK)
		return fill_end(&f, e);
	strset_done(&f.seen);
	return rc;
}

/* --- whoever has a dose --- */

/* Doses over all patients, by time, and then everybody who is known. */
static enum err_code
from_medications(struct read *r, struct roster *to, struct err *e)
{
	struct read_type *t = NULL;
	struct store_row *rows;
	struct filling f;
	size_t n = 0;
	enum err_code rc = ERR_OK;

	for (size_t i = 0; i < r->n_types; i++) {
		if (strcmp(r->types[i].name, "MedicationAdministration") == 0)
			t = &r->types[i];
	}
	if (t == NULL) {
		return err_set(e, ERR_CONFIG,
		    "roster = medications needs MedicationAdministration "
		    "among [poll] types");
	}
	rc = poll_type(r, t, e);
	if (rc == ERR_OK) {
		rc = r->store->ops->patients(
		    r->store, r->server->name, to->arena, &rows, &n, e);
	}
	if (rc != ERR_OK)
		return rc;
	fill_begin(&f, to, (size_t)r->server->roster_max);
	for (size_t i = 0; i < n; i++)
		fill(&f, rows[i].key);
	return fill_end(&f, e);
}

/* --- when --- */

static enum err_code
load(struct read *r, struct roster *to, struct err *e)
{
	const char *what = r->server->roster;
	enum err_code rc;

	if (strncmp(what, "file:", 5) == 0)
		rc = from_file(r, to, e);
	else if (strcmp(what, "medications") == 0)
		rc = from_medications(r, to, e);
	else
		rc = from_resource(r, to, e);
	if (rc != ERR_OK)
		err_context(e, "roster");
	return rc;
}

enum err_code
roster_refresh(struct read *r, struct err *e)
{
	int64_t now = clock_now_ms();
	struct roster *fresh;
	enum err_code rc;

	if (r->roster != NULL && now >= r->roster->read_ms &&
	    now - r->roster->read_ms <
		(int64_t)r->server->roster_refresh_s * 1000)
		return ERR_OK;
	fresh = roster_new();
	rc = load(r, fresh, e);
	if (rc != ERR_OK) {
		roster_free(fresh);
		if (r->roster == NULL || read_is_final(rc))
			return rc;
		report_note(r->report, "the roster could not be read again: %s",
		    err_text(rc));
		return ERR_OK;
	}
	fresh->read_ms = now;
	log_event(LOG_ROSTER, log_int("patients", (int64_t)fresh->patients.n));
	roster_free(r->roster);
	r->roster = fresh;
	return ERR_OK;
}
