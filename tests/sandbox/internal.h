/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sandbox's own files share.  Everything here is called with the
 * sandbox's mutex held.
 */
#ifndef RESCAN_TESTS_SANDBOX_INTERNAL_H
#define RESCAN_TESTS_SANDBOX_INTERNAL_H

#include "fhir/json.h"
#include "fhir/json_writer.h"
#include "fhir/util/arena.h"
#include "fhir/util/strbuf.h"
#include "tests/sandbox/sandbox.h"

#define SANDBOX_BODY_MAX ((size_t)64 << 20)
#define SANDBOX_TEXT_MAX ((size_t)256 << 20) /* of an answer */

/*
 * Store: every version of every resource.
 */

enum param_kind { PARAM_TOKEN, PARAM_REFERENCE, PARAM_DATE, PARAM_STRING };

/* What one search parameter finds in a resource. */
struct index_value {
	int param;           /* row of params[] */
	char *system;        /* token: or NULL */
	char *code;          /* token, string; reference "Type/id" */
	int64_t from, until; /* date: [from, until) in ms */
};

struct version {
	char *text; /* NULL when this version is a deletion */
	size_t len;
	int64_t updated_ms;
	bool created; /* by an update-as-create or a create */
};

struct resource {
	const char *type; /* of the type table */
	char *id;
	struct version *versions;
	size_t n, cap; /* n 0: rolled back, as if never there */
	struct index_value *values;
	size_t n_values;
	uint64_t seq; /* order of creation */
};

struct type_row {
	const char *name;
	struct resource **items;
	size_t n, cap;
	struct sandbox_counts counts;
};

struct store {
	struct type_row *types;
	size_t n_types;
	struct resource **slots; /* open addressing on "type/id" */
	size_t n_slots, n_used;
	uint64_t next_id, next_seq;
	int64_t last_ms, ahead_ms;
	struct undo *undo; /* of the running transaction, or NULL */
};

/* Our own clock: tests that replace the gateway's do not move the server's. */
int64_t store_now_ms(const struct store *st);
/* Take back every version written at or after that time. */
void store_set_back(struct store *st, int64_t ms);

void store_init(struct store *st);
void store_done(struct store *st);
struct type_row *store_type(struct store *st, const char *name); /* or NULL */
struct resource *store_find(struct store *st, const char *type, const char *id);
bool store_alive(const struct resource *r);
const struct version *store_latest(const struct resource *r);

/* Write text (a resource) as type/id; id NULL lets the server choose.  The
 * same content again makes no new version and sets *ret_same.  Errors:
 * ERR_NOT_JSON, ERR_NOT_FHIR, ERR_INVALID, ERR_LIMIT. */
enum err_code store_write(struct store *st, const char *type, const char *id,
    const char *text, size_t len, struct resource **ret, bool *ret_same,
    struct err *e) MUST_CHECK;
void store_remove(struct store *st, struct resource *r);
/* The same content as a new version, now. */
void store_touch(struct store *st, struct resource *r);
/* An id the server may give to a new resource of that type, in buf. */
char *store_new_id(struct store *st, const char *type, char buf[24]);
bool store_id_ok(const char *id);

/* All or nothing: begin, then commit or roll back. */
void store_begin(struct store *st);
void store_commit(struct store *st);
void store_rollback(struct store *st);

/*
 * Search parameters (params.def) and what they find.
 */

struct param_row {
	const char *type, *name; /* type NULL: every resource */
	enum param_kind kind;
	const char *path; /* element names with dots */
};
extern const struct param_row params[];
extern const size_t n_params;

/* The first row of that parameter for a type, or -1. */
int param_find(const char *type, const char *name);
void index_build(struct resource *r, const struct json_value *root);
void index_clear(struct resource *r);
/* "Type/id" out of a reference text, into buf; false when it is none. */
#define REFERENCE_SIZE 200
bool reference_normal(const char *text, char buf[REFERENCE_SIZE]);
/* A FHIR date or a search value without prefix as [from, until). */
bool date_interval(const char *text, int64_t *ret_from, int64_t *ret_until);

/*
 * An exchange: one request and its answer, over the wire or in a Bundle.
 */

struct query_param {
	const char *name, *modifier, *value; /* modifier "" when none */
	const char *raw;                     /* "name:modifier=value" as sent */
	bool used;
};

struct exchange {
	struct sandbox *s;
	struct arena *a;
	const char *method;
	const char *path;  /* behind the base, "" or "/Patient/1", decoded */
	const char *query; /* raw, or "" */
	const char *body;
	size_t body_len;
	const char *base; /* "https://localhost:1/fhir" */
	/* header values, "" when absent */
	const char *content_type, *accept, *prefer, *authorization;
	const char *if_match, *if_none_match, *if_none_exist;
	bool in_bundle;
	LIST_OF(struct query_param) params;

	int status;
	struct strbuf out; /* the answer's body */
	const char *out_type;
	const char *etag, *location;   /* or NULL */
	const char *content_location;  /* or NULL */
	const char *retry_after;       /* or NULL */
	int64_t modified_ms;           /* INT64_MIN: no Last-Modified */
	enum sandbox_fault_kind fault; /* SANDBOX_FAULT__MAX: none */
	int fault_ms;
};

struct exchange *exchange_new(struct sandbox *s, struct arena *a);
void exchange_done(struct exchange *x);

/* Answer with an OperationOutcome. */
void exchange_fail(struct exchange *x, int status, const char *issue,
    const char *fmt, ...) PRINTF(4, 5);
void exchange_fail_err(struct exchange *x, int status, const struct err *e);
/* Answer with this resource: headers and, unless return=minimal, body. */
void exchange_resource(struct exchange *x, int status, const struct resource *r,
    const struct version *v);
bool exchange_prefers(const struct exchange *x, const char *word);

/* Route and carry out. */
void exchange_handle(struct exchange *x);
void handle_create(struct exchange *x, const char *type, const char *id);
void handle_search(struct exchange *x, const char *type);
void handle_page(struct exchange *x, const char *token);
void handle_type_history(struct exchange *x, const char *type);
/* group NULL: of the system */
void handle_export(struct exchange *x, const char *group);
void handle_export_status(struct exchange *x, const char *id);
void handle_export_file(struct exchange *x, const char *name);
void handle_export_end(struct exchange *x, const char *id);
void handle_bundle(struct exchange *x);
void handle_metadata(struct exchange *x);
void handle_fault_request(struct exchange *x);

void query_parse(struct exchange *x, const char *query);
char *query_decode(struct arena *a, const char *s, size_t n, bool plus);
char *query_encode(struct arena *a, const char *s);

/* Resources of a type that match the query, oldest first, in the arena.
 * Parameters that are not of that type stay unused.  false: answered with an
 * error already. */
struct match_list {
	struct resource **items;
	size_t n, cap;
};
bool search_match(struct exchange *x, const char *type, struct match_list *ret);

/* Hidden by habit. */
bool search_hides(const struct exchange *x, const struct resource *r);

/* The one match of a condition ("identifier=…"): 0, 1 or 2 (more); -1:
 * answered with an error. */
int search_condition(struct exchange *x, const char *type,
    const char *condition, struct resource **ret);

/* Paging: a search's result kept under a token. */
struct snapshot {
	uint64_t token; /* 0: free */
	uint64_t used;  /* for forgetting the least recently used */
	struct resource **items;
	size_t n;
	int count;
	int64_t total; /* -1: not said */
};

struct fault_entry;

struct sandbox {
	struct sandbox_options options;
	char *token; /* or NULL */
	char *software; /* or NULL */
	struct export_job *exports;
	uint64_t next_export;
	struct store store;
	struct sandbox_counts counts;
	bool uncounted; /* what is done now is nobody's request */
	struct snapshot *snapshots;
	uint64_t snapshot_clock, snapshot_salt;
	struct fault_entry *faults;
	size_t n_faults;
	struct server *server;
	char url[64];
};

/* Mark x with the fault that is due for it, if any. */
void fault_pick(struct exchange *x, const char *uri);
/* Before handling: true when the fault has answered instead. */
bool fault_before(struct exchange *x);
/* The url the next link shall have. */
const char *fault_next(
    const struct exchange *x, const char *next, const char *here);
/* Not to be found yet, by order of a fault. */
bool fault_hides(const struct exchange *x, const struct resource *r);
void fault_free_all(struct sandbox *s);
void exports_free(struct sandbox *s);
/* A version as an entry of a history. */
void put_version(struct exchange *x, struct json_writer *w,
    const struct resource *r, size_t n);
void snapshots_free(struct sandbox *s);

/* Wire (server.c): lock, and the TLS context (tls.c). */
void sandbox_lock(struct sandbox *s);
void sandbox_unlock(struct sandbox *s);
struct ssl_ctx_st;
enum err_code tls_server_new(
    const char *dir, struct ssl_ctx_st **ret, struct err *e) MUST_CHECK;

/* Count a request of a type (NULL: none) in one column. */
#define COUNT(x, type_name, column)                                            \
	do {                                                                   \
		struct type_row *count_row_ =                                  \
		    (type_name) == NULL                                        \
			? NULL                                                 \
			: store_type(&(x)->s->store, (type_name));             \
		if ((x)->s->uncounted)                                         \
			break;                                                 \
		(x)->s->counts.column++;                                       \
		if (count_row_ != NULL)                                        \
			count_row_->counts.column++;                           \
	} while (0)

#endif
