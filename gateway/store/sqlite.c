/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The embedded backend: opening, statements, transactions.
 */
#include "gateway/store/sqlite.h"

#include "gateway/store/schema.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 10000
#define LOCK_TRIES      20

static const char *const sql[QUERY__MAX] = {
#define QUERY(id, text) text,
#include "gateway/store/queries.def"
#undef QUERY
};

const char *
output_state_name(enum output_state s)
{
	static const char *const names[OUTPUT__MAX] = {
	    "pending", "sending", "written", "absent", "refused", "dismissed"};

	assert(s < OUTPUT__MAX);
	return names[s];
}

/* --- statements --- */

enum err_code
sqlite_fail(struct sqlite_store *s, struct err *e)
{
	return err_set(e, ERR_STORE, "store: %s", sqlite3_errmsg(s->db));
}

static int
bind_one(sqlite3_stmt *st, int at, char type, va_list *ap)
{
	const char *text;
	const void *bytes;
	int64_t i;
	int day;

	switch (type) {
	case 's':
		text = va_arg(*ap, const char *);
		return sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
	case 'i':
		return sqlite3_bind_int64(st, at, va_arg(*ap, int64_t));
	case 'n':
		i = va_arg(*ap, int64_t);
		return i == INT64_MIN ? sqlite3_bind_null(st, at)
				      : sqlite3_bind_int64(st, at, i);
	case 'd':
		day = va_arg(*ap, int);
		return day == DAY_NONE ? sqlite3_bind_null(st, at)
				       : sqlite3_bind_int(st, at, day);
	case 'b':
		bytes = va_arg(*ap, const void *);
		return sqlite3_bind_blob64(st, at, bytes == NULL ? "" : bytes,
		    va_arg(*ap, size_t), SQLITE_STATIC);
	default:
		assert(!"a type letter");
		return SQLITE_MISUSE;
	}
}

static enum err_code
bind_all(struct sqlite_store *s, enum query q, sqlite3_stmt **ret,
    struct err *e, const char *types, va_list *ap)
{
	sqlite3_stmt *st = s->statements[q];
	char name[16];

	if (st == NULL) {
		if (sqlite3_prepare_v3(s->db, sql[q], -1,
			SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
			return sqlite_fail(s, e);
		s->statements[q] = st;
	}
	for (int i = 0; types[i] != '\0'; i++) {
		int at;

		snprintf(name, sizeof(name), "$%d", i + 1);
		at = sqlite3_bind_parameter_index(st, name);
		assert(at > 0);
		if (bind_one(st, at, types[i], ap) != SQLITE_OK) {
			sqlite_end(st);
			return sqlite_fail(s, e);
		}
	}
	*ret = st;
	return ERR_OK;
}

enum err_code
sqlite_bind(struct sqlite_store *s, enum query q, sqlite3_stmt **ret,
    struct err *e, const char *types, ...)
{
	va_list ap;
	enum err_code rc;

	va_start(ap, types);
	rc = bind_all(s, q, ret, e, types, &ap);
	va_end(ap);
	return rc;
}

enum err_code
sqlite_run(
    struct sqlite_store *s, enum query q, struct err *e, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	enum err_code rc;

	va_start(ap, types);
	rc = bind_all(s, q, &st, e, types, &ap);
	va_end(ap);
	if (rc != ERR_OK)
		return rc;
	if (sqlite3_step(st) != SQLITE_DONE)
		rc = sqlite_fail(s, e);
	sqlite_end(st);
	return rc;
}

enum err_code
sqlite_row(struct sqlite_store *s, sqlite3_stmt *st, struct err *e)
{
	int step = sqlite3_step(st);

	if (step == SQLITE_ROW)
		return ERR_OK;
	if (step != SQLITE_DONE)
		sqlite_fail(s, e);
	sqlite_end(st);
	return step == SQLITE_DONE ? ERR_END : ERR_STORE;
}

void
sqlite_end(sqlite3_stmt *st)
{
	if (st != NULL) {
		sqlite3_reset(st);
		sqlite3_clear_bindings(st);
	}
}

enum err_code
sqlite_begin(struct sqlite_store *s, struct err *e)
{
	return sqlite_run(s, QUERY_BEGIN, e, "");
}

enum err_code
sqlite_finish(struct sqlite_store *s, enum err_code rc, struct err *e)
{
	struct err unheard = ERR_INIT;

	if (rc == ERR_OK)
		rc = sqlite_run(s, QUERY_COMMIT, e, "");
	if (rc != ERR_OK && !sqlite3_get_autocommit(s->db) &&
	    sqlite_run(s, QUERY_ROLLBACK, &unheard, "") != ERR_OK)
		err_context(e, "roll-back failed");
	return rc;
}

const char *
sqlite_text(sqlite3_stmt *st, int column)
{
	const unsigned char *s = sqlite3_column_text(st, column);

	return s == NULL ? "" : (const char *)s;
}

char *
sqlite_copy(sqlite3_stmt *st, int column, struct arena *a)
{
	return arena_strdup(a, sqlite_text(st, column));
}

int64_t
sqlite_time(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL
		   ? TIME_NONE
		   : sqlite3_column_int64(st, column);
}

/* --- opening --- */

static enum err_code
execute(struct sqlite_store *s, const char *text, struct err *e)
{
	return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK
		   ? ERR_OK
		   : sqlite_fail(s, e);
}

/* The schema's version; 0 for an empty store. */
static enum err_code
schema_version(struct sqlite_store *s, int *ret, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int version = 0;

	if (sqlite3_prepare_v2(s->db,
		"SELECT COUNT(*) FROM sqlite_master WHERE name = 'meta'", -1,
		&st, NULL) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW)
		goto fail;
	if (sqlite3_column_int(st, 0) > 0) {
		sqlite3_finalize(st);
		if (sqlite3_prepare_v2(s->db,
			"SELECT value FROM meta WHERE key = 'schema'", -1, &st,
			NULL) != SQLITE_OK ||
		    sqlite3_step(st) != SQLITE_ROW)
			goto fail;
		version = (int)strtol(sqlite_text(st, 0), NULL, 10);
	}
	sqlite3_finalize(st);
	*ret = version;
	return ERR_OK;
fail:
	sqlite3_finalize(st);
	return sqlite_fail(s, e);
}

static enum err_code
upgrade(struct sqlite_store *s, enum store_mode mode, struct err *e)
{
	char set[128];
	int version = 0, known = 0;
	enum err_code rc = schema_version(s, &version, e);

	while (store_schema[known] != NULL)
		known++;
	if (rc != ERR_OK)
		return rc;
	if (version > known || (mode != STORE_WRITER && version < known)) {
		return err_set(e, ERR_STORE,
		    "store has schema %d, this program knows %d", version,
		    known);
	}
	for (int i = version; i < known && rc == ERR_OK; i++) {
		snprintf(set, sizeof(set),
		    "INSERT INTO meta VALUES ('schema', '%d') ON CONFLICT "
		    "(key) DO UPDATE SET value = excluded.value",
		    i + 1);
		rc = sqlite_begin(s, e);
		if (rc != ERR_OK)
			break;
		rc = execute(s, store_schema[i], e);
		if (rc == ERR_OK)
			rc = execute(s, set, e);
		rc = sqlite_finish(s, rc, e);
	}
	return rc;
}

/* One gateway a file: a lock of its own beside it, held while open; its
 * members share it.  One that was killed a moment ago may take a moment. */
static bool
take_lock(int fd, enum store_mode mode)
{
	int how = mode == STORE_WRITER ? LOCK_EX : LOCK_SH;
	struct timespec moment = {0, 50000000};

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, how | LOCK_NB) == 0)
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

static enum err_code
lock(struct sqlite_store *s, const char *path, enum store_mode mode,
    struct err *e)
{
	char name[4096];
	int fd;

	snprintf(name, sizeof(name), "%s.lock", path);
	s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0) {
		return err_set(e, ERR_STORE, "%s: %s", name, strerror(errno));
	}
	if (!take_lock(s->lock_fd, mode)) {
		return err_set(
		    e, ERR_STORE, "%s: another gateway runs on it", path);
	}
	if (mode == STORE_MEMBER)
		return ERR_OK;
	/* SQLite would make it with the mode of the umask. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		return err_set(e, ERR_STORE, "%s: %s", path, strerror(errno));
	}
	fchmod(fd, 0600);
	close(fd);
	return ERR_OK;
}

static void
sqlite_close(struct store *store)
{
	struct sqlite_store *s = sqlite_of(store);

	if (s == NULL)
		return;
	for (int i = 0; i < QUERY__MAX; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s);
}

static enum err_code
prepare(struct sqlite_store *s, enum store_mode mode, struct err *e)
{
	enum err_code rc = ERR_OK;

	if (mode != STORE_READER) {
		rc = execute(s,
		    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		    "PRAGMA foreign_keys = ON",
		    e);
	}
	if (rc == ERR_OK)
		rc = upgrade(s, mode, e);
	if (rc == ERR_OK && mode == STORE_WRITER)
		rc = sqlite_run(
		    s, QUERY_LEASES_END, e, "s", (const char *)NULL);
	return rc;
}

static enum err_code
sqlite_open(
    const char *where, enum store_mode mode, struct store **ret, struct err *e)
{
	struct sqlite_store *s = calloc(1, sizeof(*s));
	enum err_code rc = ERR_OK;

	if (s == NULL)
		abort();
	s->store.ops = &store_sqlite;
	s->lock_fd = -1;
	if (mode == STORE_WRITER || mode == STORE_MEMBER)
		rc = lock(s, where, mode, e);
	if (rc != ERR_OK)
		goto out;
	if (sqlite3_open_v2(where, &s->db,
		(mode == STORE_READER ? SQLITE_OPEN_READONLY
				      : SQLITE_OPEN_READWRITE) |
		    SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK) {
		rc = err_set(e, ERR_STORE, "%s: %s", where,
		    s->db == NULL ? "?" : sqlite3_errmsg(s->db));
		goto out;
	}
	sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	rc = prepare(s, mode, e);
	if (rc != ERR_OK)
		err_context(e, "%s", where);
out:
	if (rc != ERR_OK)
		sqlite_close(&s->store);
	else
		*ret = &s->store;
	return rc;
}

/* --- small ones --- */

static enum err_code
is_empty(struct store *store, bool *ret, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite3_stmt *st;
	enum err_code rc = sqlite_bind(s, QUERY_ANYTHING, &st, e, "");

	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc != ERR_OK)
		return rc;
	*ret = sqlite3_column_int(st, 0) == 0;
	sqlite_end(st);
	return ERR_OK;
}

static enum err_code
copy(struct store *store, const char *path, struct err *e)
{
	/* Made before, so that nobody else can read it while it fills. */
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(e, ERR_STORE, "%s: %s", path, strerror(errno));
	close(fd);
	return sqlite_run(sqlite_of(store), QUERY_COPY, e, "s", path);
}

static enum err_code
leases_end(struct store *store, const char *server, struct err *e)
{
	return sqlite_run(
	    sqlite_of(store), QUERY_LEASES_END, e, "s", server);
}

static enum err_code
cursor_get(struct store *store, const char *server, const char *type,
    int64_t *ret_ms, struct err *e)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite3_stmt *st;
	int64_t ms = TIME_NONE;
	enum err_code rc =
	    sqlite_bind(s, QUERY_CURSOR_GET, &st, e, "ss", server, type);

	if (rc == ERR_OK)
		rc = sqlite_row(s, st, e);
	if (rc == ERR_OK) {
		ms = sqlite_time(st, 0);
		sqlite_end(st);
	} else if (rc != ERR_END) {
		return rc;
	}
	*ret_ms = ms;
	return ERR_OK;
}

const struct store_ops store_sqlite = {
    .name = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .is_empty = is_empty,
    .copy = copy,
    .leases_end = leases_end,
    .cursor_get = cursor_get,
    .page_put = sqlite_page_put,
    .references_wanted = sqlite_references_wanted,
    .patient_lease = sqlite_patient_lease,
    .patient_release = sqlite_patient_release,
    .patient_load = sqlite_patient_load,
    .assessment_put = sqlite_assessment_put,
    .assessment_get = sqlite_assessment_get,
    .outputs = sqlite_outputs,
    .output_put = sqlite_output_put,
    .memory_get = sqlite_memory_get,
    .memory_put = sqlite_memory_put,
    .patients_dirty = sqlite_patients_dirty,
    .patient_hold = sqlite_patient_hold,
    .patient_survivor = sqlite_patient_survivor,
    .sweep_due = sqlite_sweep_due,
    .sweep_done = sqlite_sweep_done,
    .sweep_all = sqlite_sweep_all,
    .keys = sqlite_keys,
    .patients = sqlite_patients,
    .quarantine = sqlite_quarantine,
    .quarantine_get = sqlite_quarantine_get,
    .quarantine_retry = sqlite_quarantine_retry,
    .quarantine_take = sqlite_quarantine_take,
    .resource_get = sqlite_resource_get,
    .patient_again = sqlite_patient_again,
};
