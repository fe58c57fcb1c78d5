/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite backend: patients, leases, assessments, outbox.
 */
#include "gateway/store/sqlite.h"

enum err_code
sqlite_references_wanted(struct store *store, int64_t patient_id, size_t max,
    struct arena *a, const char ***ret, size_t *ret_n, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	LIST_OF(const char *) list = {NULL, 0, 0};
	sqlite3_stmt *st;
	enum err_code rc = sqlite_bind(
	    s, QUERY_REFERENCES_WANTED, &st, e, "ii", patient_id, (int64_t)max);

	if (rc != ERR_OK)
		return rc;
	while ((rc = sqlite_row(s, st, e)) == ERR_OK)
		*ARENA_PUSH(a, &list) = sqlite_copy(st, 0, a);
	if (rc != ERR_END)
		return rc;
	*ret = list.items;
	*ret_n = list.n;
	return ERR_OK;
}

/* --- leases --- */

enum err_code
sqlite_patient_lease(struct store *store, const struct store_lease *l,
    struct arena *a, struct store_patient *ret, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite3_stmt *st;
	enum err_code rc = sqlite_bind(s, QUERY_PATIENT_LEASE, &st, e,
	    "siisidi", l->server, l->now_ms, l->until_ms, l->owner, l->after,
	    (int)l->today, (int64_t)l->deliver);

	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc != ERR_OK)
		return rc;
	ret->id = sqlite3_column_int64(st, 0);
	ret->server = arena_strdup(a, l->server);
	ret->key = sqlite_copy(st, 1, a);
	ret->generation = sqlite3_column_int64(st, 2);
	ret->dirty = sqlite3_column_int(st, 3) != 0;
	/* To its end: RETURNING is done only then. */
	rc = sqlite_row(s, st, e);
	return rc == ERR_END ? ERR_OK : rc;
}

enum err_code
sqlite_patient_release(struct store *store, int64_t patient_id,
    const char *owner, int64_t until_ms, int64_t failed, struct err *e)
{
	return sqlite_run(sqlite_of(store), QUERY_PATIENT_RELEASE, e, "isii",
	    patient_id, owner, until_ms, failed);
}

/* --- loading --- */

static enum err_code
generation(
    struct sqlite_store *s, int64_t patient_id, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st;
	bool merged;
	enum err_code rc =
	    sqlite_bind(s, QUERY_PATIENT_GENERATION, &st, e, "i", patient_id);

	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc == ERR_END)
		return err_set(e, ERR_NOT_FOUND, "no such patient row");
	if (rc != ERR_OK)
		return rc;
	*ret = sqlite3_column_int64(st, 0);
	merged = sqlite3_column_type(st, 1) != SQLITE_NULL;
	sqlite_end(st);
	return merged ? err_set(e, ERR_GONE, "merged into another patient")
		      : ERR_OK;
}

static enum err_code
load(struct sqlite_store *s, int64_t patient_id, store_resource_fn fn,
    void *ctx, struct err *e)
{
	sqlite3_stmt *st;
	enum err_code rc =
	    sqlite_bind(s, QUERY_PATIENT_LOAD, &st, e, "i", patient_id);

	if (rc != ERR_OK)
		return rc;
	while ((rc = sqlite_row(s, st, e)) == ERR_OK) {
		struct store_resource r = {
		    .key = sqlite_text(st, 0),
		    .type = sqlite_text(st, 1),
		    .version = sqlite_text(st, 2),
		    .last_updated_ms = sqlite_time(st, 3),
		    .hash = sqlite_text(st, 5),
		    .body = sqlite_text(st, 6),
		    .len = (size_t)sqlite3_column_bytes(st, 6),
		    .state = (enum resource_state)sqlite3_column_int(st, 7),
		};

		if (sqlite3_column_type(st, 4) != SQLITE_NULL)
			r.patient = sqlite_text(st, 4);
		rc = fn(ctx, &r, e);
		if (rc != ERR_OK) {
			sqlite_end(st);
			return rc;
		}
	}
	return rc == ERR_END ? ERR_OK : rc;
}

enum err_code
sqlite_patient_load(struct store *store, int64_t patient_id,
    store_resource_fn fn, void *ctx, int64_t *ret_generation, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	int64_t was = 0;
	enum err_code rc = sqlite_begin(s, e);

	if (rc != ERR_OK)
		return rc;
	rc = generation(s, patient_id, &was, e);
	if (rc == ERR_OK)
		rc = load(s, patient_id, fn, ctx, e);
	rc = sqlite_finish(s, rc, e);
	if (rc == ERR_OK)
		*ret_generation = was;
	return rc;
}

/* --- assessments --- */

static enum err_code
queue(struct sqlite_store *s, int64_t patient_id, const struct store_output *o,
    struct err *e)
{
	return sqlite_run(s, QUERY_OUTPUT_QUEUE, e, "isissssssii", patient_id,
	    o->identifier, (int64_t)o->seq, o->type, o->kind, o->label,
	    o->search, o->body, o->hash, (int64_t)o->only_if_exists,
	    (int64_t)o->reopens);
}

enum err_code
sqlite_assessment_put(
    struct store *store, const struct store_assessment *x, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	enum err_code rc = sqlite_begin(s, e);

	if (rc != ERR_OK)
		return rc;
	rc = sqlite_run(s, QUERY_ASSESSED, e, "isid", x->patient_id, x->owner,
	    x->generation, (int)x->due_day);
	if (rc == ERR_OK && sqlite3_changes(s->db) != 1)
		rc = err_set(e, ERR_CONFLICT, "the lease went to another");
	if (rc == ERR_OK) {
		rc = sqlite_run(s, QUERY_ASSESSMENT_PUT, e, "issdi",
		    x->patient_id, x->document, x->maps, (int)x->as_of,
		    x->made_ms);
	}
	for (size_t i = 0; i < x->n_outputs && rc == ERR_OK; i++)
		rc = queue(s, x->patient_id, &x->outputs[i], e);
	return sqlite_finish(s, rc, e);
}

enum err_code
sqlite_assessment_get(struct store *store, int64_t patient_id, struct arena *a,
    const char **ret, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite3_stmt *st;
	enum err_code rc =
	    sqlite_bind(s, QUERY_ASSESSMENT_GET, &st, e, "i", patient_id);

	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc == ERR_END)
		return err_set(e, ERR_NOT_FOUND, "not assessed");
	if (rc != ERR_OK)
		return rc;
	*ret = sqlite_copy(st, 0, a);
	sqlite_end(st);
	return ERR_OK;
}

/* --- outbox --- */

static void
output_read(sqlite3_stmt *st, struct arena *a, struct store_output *o)
{
	int i = 0;

	o->id = sqlite3_column_int64(st, i++);
	o->patient_id = sqlite3_column_int64(st, i++);
	o->seq = sqlite3_column_int(st, i++);
	o->identifier = sqlite_copy(st, i++, a);
	o->type = sqlite_copy(st, i++, a);
	o->kind = sqlite_copy(st, i++, a);
	o->label = sqlite_copy(st, i++, a);
	o->search = sqlite_copy(st, i++, a);
	o->body = sqlite_copy(st, i++, a);
	o->hash = sqlite_copy(st, i++, a);
	o->only_if_exists = sqlite3_column_int(st, i++) != 0;
	o->state = (enum output_state)sqlite3_column_int(st, i++);
	o->server_id = sqlite_copy(st, i++, a);
	o->server_version = sqlite_copy(st, i++, a);
	o->sent = sqlite_copy(st, i++, a);
	o->landed = sqlite_copy(st, i++, a);
	o->attempts = sqlite3_column_int(st, i++);
	o->error = sqlite_copy(st, i++, a);
	o->next_try_ms = sqlite3_column_int64(st, i++);
	o->via = sqlite_copy(st, i++, a);
}

enum err_code
sqlite_outputs(struct store *store, int64_t patient_id, const char *identifier,
    struct arena *a, struct store_output **ret, size_t *ret_n, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	LIST_OF(struct store_output) list = {NULL, 0, 0};
	sqlite3_stmt *st;
	enum err_code rc;

	if (identifier == NULL) {
		rc = sqlite_bind(s, QUERY_OUTPUTS, &st, e, "i", patient_id);
	} else {
		rc = sqlite_bind(s, QUERY_OUTPUT_BY_IDENTIFIER, &st, e, "is",
		    patient_id, identifier);
	}
	if (rc != ERR_OK)
		return rc;
	while ((rc = sqlite_row(s, st, e)) == ERR_OK)
		output_read(st, a, ARENA_PUSH(a, &list));
	if (rc != ERR_END)
		return rc;
	*ret = list.items;
	*ret_n = list.n;
	return ERR_OK;
}

enum err_code
sqlite_output_put(struct store *store, const struct store_output *o,
    const struct store_quarantine *q, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	bool new;
	enum err_code rc = sqlite_begin(s, e);

	if (rc != ERR_OK)
		return rc;
	rc = sqlite_run(s, QUERY_OUTPUT_PUT, e, "iissssisis", o->id,
	    (int64_t)o->state, o->server_id, o->server_version, o->sent,
	    o->landed, (int64_t)o->attempts, o->error, o->next_try_ms,
	    o->via == NULL ? "" : o->via);
	if (rc == ERR_OK && o->state == OUTPUT_WRITTEN)
		rc = sqlite_run(s, QUERY_WRITE_DROP, e, "i", o->id);
	if (rc == ERR_OK && q != NULL)
		rc = sqlite_quarantine_put(s, q, &new, e);
	return sqlite_finish(s, rc, e);
}

enum err_code
sqlite_patients(struct store *store, const char *server, struct arena *a,
    struct store_row **ret, size_t *ret_n, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	LIST_OF(struct store_row) list = {NULL, 0, 0};
	sqlite3_stmt *st;
	enum err_code rc =
	    sqlite_bind(s, QUERY_PATIENT_LIST, &st, e, "s", server);

	if (rc != ERR_OK)
		return rc;
	while ((rc = sqlite_row(s, st, e)) == ERR_OK) {
		struct store_row *r = ARENA_PUSH(a, &list);

		r->id = sqlite3_column_int64(st, 0);
		r->key = sqlite_copy(st, 1, a);
		r->generation = sqlite3_column_int64(st, 2);
		r->assessed = sqlite3_column_int64(st, 3);
		r->due_day = sqlite3_column_type(st, 4) == SQLITE_NULL
				 ? DAY_NONE
				 : sqlite3_column_int(st, 4);
	}
	if (rc != ERR_END)
		return rc;
	*ret = list.items;
	*ret_n = list.n;
	return ERR_OK;
}
