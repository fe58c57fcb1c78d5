/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the SQLite backend share: the handle, statements by
 * name, transactions.
 */
#ifndef RESCAN_STORE_SQLITE_H
#define RESCAN_STORE_SQLITE_H

#include "gateway/store/store.h"

#include <sqlite3.h>

enum query {
#define QUERY(id, sql) QUERY_##id,
#include "gateway/store/queries.def"
#undef QUERY
	QUERY__MAX
};

struct sqlite_store {
	struct store store; /* first */
	sqlite3 *db;
	int lock_fd; /* -1 when read-only */
	sqlite3_stmt *statements[QUERY__MAX];
};

static inline struct sqlite_store *
sqlite_of(struct store *s)
{
	return (struct sqlite_store *)(void *)s;
}

enum err_code sqlite_fail(struct sqlite_store *s, struct err *e);

/* The statement, bound: a letter a parameter from $1 on.
 * s: const char * or NULL; i: int64_t; n: int64_t, INT64_MIN is NULL;
 * d: int, DAY_NONE is NULL; b: const void *, size_t. */
enum err_code sqlite_bind(struct sqlite_store *s, enum query q,
    sqlite3_stmt **ret, struct err *e, const char *types, ...) MUST_CHECK;

/* Bind as above and run to its end; rows are not expected. */
enum err_code sqlite_run(struct sqlite_store *s, enum query q, struct err *e,
    const char *types, ...) MUST_CHECK;

/* ERR_OK: a row; ERR_END: none any more, and the statement is reset. */
enum err_code sqlite_row(
    struct sqlite_store *s, sqlite3_stmt *st, struct err *e) MUST_CHECK;
void sqlite_end(sqlite3_stmt *st); /* NULL is fine */

enum err_code sqlite_begin(struct sqlite_store *s, struct err *e) MUST_CHECK;
/* Commit when rc is ERR_OK, else roll back; what became of it. */
enum err_code sqlite_finish(
    struct sqlite_store *s, enum err_code rc, struct err *e) MUST_CHECK;

const char *sqlite_text(sqlite3_stmt *st, int column); /* never NULL */
char *sqlite_copy(sqlite3_stmt *st, int column, struct arena *a);
int64_t sqlite_time(sqlite3_stmt *st, int column); /* NULL: TIME_NONE */

/* sqlite_page.c */
enum err_code sqlite_page_put(struct store *s, const struct store_page *page,
    struct store_page_result *ret, struct err *e);

/* sqlite_quarantine.c */
enum err_code sqlite_quarantine_put(struct sqlite_store *s,
    const struct store_quarantine *q, bool *ret_new, struct err *e);
/* A search came to its end with that page. */
enum err_code sqlite_quarantine_end(
    struct sqlite_store *s, const struct store_page *p, struct err *e);
enum err_code sqlite_quarantine(struct store *s, const char *server,
    struct arena *a, struct store_quarantine **ret, size_t *ret_n,
    struct err *e);
enum err_code sqlite_quarantine_get(struct store *s, int64_t id,
    struct arena *a, struct store_quarantine *ret, struct err *e);
enum err_code sqlite_quarantine_retry(
    struct store *s, int64_t id, size_t *ret_n, struct err *e);
enum err_code sqlite_quarantine_take(struct store *s, const char *server,
    struct arena *a, struct store_quarantine **ret, size_t *ret_n,
    struct err *e);
enum err_code sqlite_resource_get(struct store *s, const char *server,
    const char *key, struct arena *a, const char **ret, struct err *e);
enum err_code sqlite_patient_again(
    struct store *s, int64_t patient_id, const char *key, struct err *e);

/* Whom the id was merged into, "" when it was not. */
enum err_code sqlite_alias_get(struct sqlite_store *s, const char *server,
    const char *key, char buf[160], struct err *e) MUST_CHECK;

/* sqlite_read.c */
enum err_code sqlite_memory_get(struct store *s, const char *server,
    const char *key, struct arena *a, const char **ret, struct err *e);
enum err_code sqlite_memory_put(struct store *s, const char *server,
    const char *key, const char *text, struct err *e);
enum err_code sqlite_patients_dirty(
    struct store *s, const char *server, struct err *e);
enum err_code sqlite_patient_hold(struct store *s, const char *server,
    const char *key, int64_t until_ms, struct err *e);
enum err_code sqlite_patient_survivor(struct store *s, const char *server,
    const char *key, struct arena *a, const char **ret, struct err *e);
enum err_code sqlite_sweep_due(struct store *s, const char *server,
    int64_t now_ms, int64_t before_ms, size_t max, struct arena *a,
    const char ***ret, size_t *ret_n, struct err *e);
enum err_code sqlite_sweep_done(struct store *s, const char *server,
    const char *key, int64_t now_ms, struct err *e);
enum err_code sqlite_sweep_all(
    struct store *s, const char *server, struct err *e);
enum err_code sqlite_keys(struct store *s, const char *server,
    const char *patient, const char *type, struct arena *a,
    struct store_key **ret, size_t *ret_n, struct err *e);

/* sqlite_patient.c */
enum err_code sqlite_references_wanted(struct store *s, int64_t patient_id,
    size_t max, struct arena *a, const char ***ret, size_t *ret_n,
    struct err *e);
enum err_code sqlite_patient_lease(struct store *s, const struct store_lease *l,
    struct arena *a, struct store_patient *ret, struct err *e);
enum err_code sqlite_patient_release(struct store *s, int64_t patient_id,
    const char *owner, int64_t until_ms, int64_t failed, struct err *e);
enum err_code sqlite_patient_load(struct store *s, int64_t patient_id,
    store_resource_fn fn, void *ctx, int64_t *ret_generation, struct err *e);
enum err_code sqlite_assessment_put(
    struct store *s, const struct store_assessment *x, struct err *e);
enum err_code sqlite_assessment_get(struct store *s, int64_t patient_id,
    struct arena *a, const char **ret, struct err *e);
enum err_code sqlite_outputs(struct store *s, int64_t patient_id,
    const char *identifier, struct arena *a, struct store_output **ret,
    size_t *ret_n, struct err *e);
enum err_code sqlite_output_put(struct store *s, const struct store_output *o,
    const struct store_quarantine *q, struct err *e);
enum err_code sqlite_patients(struct store *s, const char *server,
    struct arena *a, struct store_row **ret, size_t *ret_n, struct err *e);

#endif
