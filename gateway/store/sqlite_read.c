/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite backend: what reading remembers; holds and sweeps.
 */
#include "gateway/store/sqlite.h"

enum err_code
sqlite_memory_get(struct store *store, const char *server, const char *key,
    struct arena *a, const char **ret, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite3_stmt *st;
	enum err_code rc =
	    sqlite_bind(s, QUERY_MEMORY_GET, &st, e, "ss", server, key);

	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc != ERR_OK && rc != ERR_END)
		return rc;
	*ret = "";
	if (rc == ERR_OK) {
		*ret = sqlite_copy(st, 0, a);
		sqlite_end(st);
	}
	return ERR_OK;
}

enum err_code
sqlite_memory_put(struct store *store, const char *server, const char *key,
    const char *text, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);

	if (text[0] == '\0')
		return sqlite_run(s, QUERY_MEMORY_DROP, e, "ss", server, key);
	return sqlite_run(s, QUERY_MEMORY_PUT, e, "sss", server, key, text);
}

enum err_code
sqlite_patients_dirty(struct store *store, const char *server, struct err *e)
{
	return sqlite_run(sqlite_of(store), QUERY_DIRTY_ALL, e, "s", server);
}

enum err_code
sqlite_patient_hold(struct store *store, const char *server, const char *key,
    int64_t until_ms, struct err *e)
{
	return sqlite_run(sqlite_of(store), QUERY_PATIENT_HOLD, e, "ssi",
	    server, key, until_ms);
}

enum err_code
sqlite_patient_survivor(struct store *store, const char *server,
    const char *key, struct arena *a, const char **ret, struct err *e)
{
	char buf[160];
	enum err_code rc =
	    sqlite_alias_get(sqlite_of(store), server, key, buf, e);

	if (rc == ERR_OK)
		*ret = arena_strdup(a, buf[0] == '\0' ? key : buf);
	return rc;
}

/* --- sweeps --- */

enum err_code
sqlite_sweep_due(struct store *store, const char *server, int64_t now_ms,
    int64_t before_ms, size_t max, struct arena *a, const char ***ret,
    size_t *ret_n, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	LIST_OF(const char *) list = {NULL, 0, 0};
	sqlite3_stmt *st;
	enum err_code rc =
	    sqlite_run(s, QUERY_SWEEP_BEGIN, e, "si", server, now_ms);

	if (rc == ERR_OK) {
		rc = sqlite_bind(s, QUERY_SWEEP_DUE, &st, e, "sii", server,
		    before_ms, (int64_t)max);
	}
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

enum err_code
sqlite_sweep_done(struct store *store, const char *server, const char *key,
    int64_t now_ms, struct err *e)
{
	return sqlite_run(
	    sqlite_of(store), QUERY_SWEEP_DONE, e, "ssi", server, key, now_ms);
}

enum err_code
sqlite_sweep_all(struct store *store, const char *server, struct err *e)
{
	return sqlite_run(sqlite_of(store), QUERY_SWEEP_ALL, e, "s", server);
}

enum err_code
sqlite_keys(struct store *store, const char *server, const char *patient,
    const char *type, struct arena *a, struct store_key **ret, size_t *ret_n,
    struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	LIST_OF(struct store_key) list = {NULL, 0, 0};
	sqlite3_stmt *st;
	enum err_code rc = sqlite_bind(
	    s, QUERY_RESOURCE_KEYS, &st, e, "sss", server, patient, type);

	if (rc != ERR_OK)
		return rc;
	while ((rc = sqlite_row(s, st, e)) == ERR_OK) {
		struct store_key *k = ARENA_PUSH(a, &list);

		k->key = sqlite_copy(st, 0, a);
		k->missed = sqlite3_column_int(st, 1);
	}
	if (rc != ERR_END)
		return rc;
	*ret = list.items;
	*ret_n = list.n;
	return ERR_OK;
}
