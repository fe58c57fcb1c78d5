/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite backend: what was set aside, and trying it again.
 */
#include "gateway/store/sqlite.h"

#include <string.h>

/* Of a page and of a write only the last is kept. */
static bool
replaces_older(const struct store_quarantine *q)
{
	return strcmp(q->code, QUARANTINE_PAGE) == 0 ||
	       strcmp(q->code, QUARANTINE_WRITE) == 0 ||
	       strcmp(q->code, QUARANTINE_DROPPED) == 0;
}

enum err_code
sqlite_quarantine_put(struct sqlite_store *s, const struct store_quarantine *q,
    bool *ret_new, struct err *e)
{
	const char *type = q->type == NULL ? "" : q->type;
	sqlite3_stmt *st;
	enum err_code rc = sqlite_bind(s, QUERY_QUARANTINE_HAS, &st, e, "sssb",
	    q->server, q->key, q->code, q->bytes, q->len);

	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc == ERR_OK) {
		*ret_new = false;
		while ((rc = sqlite_row(s, st, e)) == ERR_OK)
			;
		return rc == ERR_END ? ERR_OK : rc;
	}
	if (rc != ERR_END)
		return rc;
	*ret_new = true;
	rc = ERR_OK;
	if (replaces_older(q)) {
		rc = sqlite_run(s, QUERY_QUARANTINE_OLDER, e, "ssss", q->server,
		    q->key, q->code, type);
	}
	if (rc != ERR_OK)
		return rc;
	return sqlite_run(s, QUERY_QUARANTINE_PUT, e, "sssbsiss", q->server,
	    q->key, q->code, q->bytes, q->len, q->text, q->at_ms, type,
	    q->answer == NULL ? "" : q->answer);
}

enum err_code
sqlite_quarantine_end(
    struct sqlite_store *s, const struct store_page *p, struct err *e)
{
	const char *run = p->cursor == NULL ? p->type : p->cursor;
	enum err_code rc =
	    sqlite_run(s, QUERY_QUARANTINE_PAGE_DROP, e, "ss", p->server, run);

	if (rc != ERR_OK)
		return rc;
	return sqlite_run(s, QUERY_QUARANTINE_END, e, "ss", p->server, p->type);
}

static void
row_read(sqlite3_stmt *st, struct arena *a, struct store_quarantine *q)
{
	q->id = sqlite3_column_int64(st, 0);
	q->server = sqlite_copy(st, 1, a);
	q->key = sqlite_copy(st, 2, a);
	q->code = sqlite_copy(st, 3, a);
	q->text = sqlite_copy(st, 4, a);
	q->len = (size_t)sqlite3_column_int64(st, 5);
	q->at_ms = sqlite3_column_int64(st, 6);
	q->type = sqlite_copy(st, 7, a);
	q->retry = sqlite3_column_int(st, 8) != 0;
}

static enum err_code
rows_read(struct sqlite_store *s, sqlite3_stmt *st, struct arena *a,
    struct store_quarantine **ret, size_t *ret_n, struct err *e)
{
	LIST_OF(struct store_quarantine) list = {NULL, 0, 0};
	enum err_code rc;

	while ((rc = sqlite_row(s, st, e)) == ERR_OK)
		row_read(st, a, ARENA_PUSH(a, &list));
	if (rc != ERR_END)
		return rc;
	*ret = list.items;
	*ret_n = list.n;
	return ERR_OK;
}

enum err_code
sqlite_quarantine(struct store *store, const char *server, struct arena *a,
    struct store_quarantine **ret, size_t *ret_n, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite3_stmt *st;
	enum err_code rc =
	    sqlite_bind(s, QUERY_QUARANTINE_LIST, &st, e, "s", server);

	return rc == ERR_OK ? rows_read(s, st, a, ret, ret_n, e) : rc;
}

enum err_code
sqlite_quarantine_get(struct store *store, int64_t id, struct arena *a,
    struct store_quarantine *ret, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	const void *bytes;
	sqlite3_stmt *st;
	enum err_code rc =
	    sqlite_bind(s, QUERY_QUARANTINE_GET, &st, e, "i", id);

	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc == ERR_END) {
		return err_set(e, ERR_NOT_FOUND,
		    "nothing set aside has id %lld", (long long)id);
	}
	if (rc != ERR_OK)
		return rc;
	memset(ret, 0, sizeof(*ret));
	row_read(st, a, ret);
	bytes = sqlite3_column_blob(st, 9);
	ret->bytes = arena_strndup(a, bytes == NULL ? "" : bytes, ret->len);
	ret->answer = sqlite_copy(st, 10, a);
	sqlite_end(st);
	return ERR_OK;
}

/* --- another try --- */

enum err_code
sqlite_quarantine_retry(
    struct store *store, int64_t id, size_t *ret_n, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	enum err_code rc = sqlite_run(s, QUERY_QUARANTINE_RETRY, e, "i", id);

	if (rc == ERR_OK)
		*ret_n = (size_t)sqlite3_changes(s->db);
	return rc;
}

enum err_code
sqlite_quarantine_take(struct store *store, const char *server, struct arena *a,
    struct store_quarantine **ret, size_t *ret_n, struct err *e)
{
	static const enum query steps[] = {QUERY_QUARANTINE_TAKE,
	    QUERY_OUTPUT_AGAIN, QUERY_UNSAFE_AGAIN, QUERY_CURSOR_AGAIN};
	struct sqlite_store *s = sqlite_of(store);
	sqlite3_stmt *st;
	enum err_code rc = sqlite_begin(s, e);

	if (rc != ERR_OK)
		return rc;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == ERR_OK;
	     i++)
		rc = sqlite_run(s, steps[i], e, "s", server);
	if (rc == ERR_OK) {
		rc = sqlite_bind(
		    s, QUERY_QUARANTINE_TAKEN, &st, e, "s", server);
	}
	if (rc == ERR_OK)
		rc = rows_read(s, st, a, ret, ret_n, e);
	return sqlite_finish(s, rc, e);
}

enum err_code
sqlite_resource_get(struct store *store, const char *server, const char *key,
    struct arena *a, const char **ret, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite3_stmt *st;
	enum err_code rc =
	    sqlite_bind(s, QUERY_RESOURCE_BODY, &st, e, "ss", server, key);

	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc == ERR_END)
		return err_set(e, ERR_NOT_FOUND, "no such resource is stored");
	if (rc != ERR_OK)
		return rc;
	*ret = sqlite_copy(st, 0, a);
	sqlite_end(st);
	return ERR_OK;
}

enum err_code
sqlite_patient_again(
    struct store *store, int64_t patient_id, const char *key, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	enum err_code rc = sqlite_begin(s, e);

	if (rc != ERR_OK)
		return rc;
	rc = sqlite_run(s, QUERY_PATIENT_AGAIN, e, "i", patient_id);
	if (rc == ERR_OK && sqlite3_changes(s->db) != 1)
		rc = err_set(e, ERR_NOT_FOUND, "no such patient row");
	if (rc == ERR_OK && key != NULL)
		rc = sqlite_run(
		    s, QUERY_RESOURCE_AGAIN, e, "is", patient_id, key);
	return sqlite_finish(s, rc, e);
}
