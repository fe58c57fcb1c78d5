/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway remembers.
 *
 * A backend is one file with one const struct store_ops.  The contract:
 * every function is one transaction; a page's facts, the cursor's advance
 * and the dirty marks are one; an assessment and its outbox rows are one.
 * A kill at any instruction leaves the state before or after a call.
 *
 * A resource's key is "Type/id".  Times are milliseconds since 1970 UTC.
 * Everything that can fail gives ERR_STORE, or the code named; strings handed
 * out live in the caller's arena unless said otherwise.
 */
#ifndef RESCAN_STORE_H
#define RESCAN_STORE_H

#include "fhir/datetime.h"
#include "fhir/util/arena.h"
#include "fhir/util/err.h"

#define TIME_NONE INT64_MIN

/* The earlier of two times, of which either may be TIME_NONE. */
static inline int64_t
time_earlier(int64_t a, int64_t b)
{
	if (a == TIME_NONE || b == TIME_NONE)
		return a == TIME_NONE ? b : a;
	return a < b ? a : b;
}

enum resource_state {
	RESOURCE_PRESENT,
	RESOURCE_DELETED, /* the server says it was there */
	RESOURCE_MISSING  /* referred to, but the server has none */
};

/* A resource as the server gave it, for page_put. */
struct store_resource {
	const char *key, *type;
	const char *version;     /* "" when not said */
	int64_t last_updated_ms; /* TIME_NONE when not said */
	const char *patient;     /* key of whom it is about, NULL: nobody */
	const char *hash; /* of its content, meta left out; "" if absent */
	const char *body; /* "" unless present */
	size_t len;
	enum resource_state state;
	/* Keys of what must be read with it. */
	const char *const *references;
	size_t n_references;
	const char *replaced_by; /* Patient: the survivor's key, or NULL */
	bool restored; /* counts although it is older than what is known */
	bool if_known; /* only in the place of what is there already */
};

/* A whole page that is no searchset: of each search only the last is kept. */
#define QUARANTINE_PAGE  "page_unreadable"
#define QUARANTINE_WRITE "write_refused"
/* Without it nothing is found again: writing there stops (memory
 * MEMORY_UNSAFE of that server) until somebody asks for another try. */
#define QUARANTINE_DROPPED "identifier_dropped"
#define MEMORY_UNSAFE      "write_unsafe"

/* Something that could not be used, with its bytes.  The same one is kept
 * once; it goes when its key is stored (or written) after all, a page when
 * its search comes to an end. */
struct store_quarantine {
	int64_t id;               /* given by the store */
	const char *server, *key; /* "Type/id", the page's URL, or of a write
				   * "Type?search" */
	const char *type; /* searched for, of a page the cursor's name; NULL
			   * or "": no search */
	const char *code, *text;
	const char *bytes; /* NULL in lists */
	size_t len;
	const char *answer; /* the server's, to a write; NULL or "": none */
	int64_t at_ms;
	bool retry; /* somebody asked to try it again */
};

struct store_page {
	const char *server, *type;
	const struct store_resource *resources;
	size_t n_resources;
	const struct store_quarantine *quarantine;
	size_t n_quarantine;
	/* Keys a sweep did not find, without a word from the server. */
	const char *const *missed;
	size_t n_missed;
	bool advance;       /* the last page of a run: set the cursor */
	const char *cursor; /* which; NULL: that of the type */
	int64_t watermark_ms;
	const int64_t *retried; /* rows of quarantine_take settled by this */
	size_t n_retried;
};

struct store_page_result {
	size_t stored, unchanged, quarantined;
	int64_t oldest_ms; /* earliest lastUpdated among those stored */
};

/* A resource that is there, for a sweep. */
struct store_key {
	const char *key;
	int missed; /* sweeps in a row that did not find it */
};

/* A patient under lease. */
struct store_patient {
	int64_t id; /* what logs may show */
	const char *server, *key;
	int64_t generation; /* of the dirty marks */
	bool dirty;         /* to be assessed; else only to be delivered */
};

struct store_lease {
	const char *server, *owner;
	int64_t after; /* only rows beyond this id */
	int64_t now_ms, until_ms;
	int32_t today; /* also patients due on or before this day */
	bool deliver;  /* also patients with outputs to deliver */
};

enum output_state {
	OUTPUT_PENDING,
	OUTPUT_SENDING, /* handed to the network; its fate is not known */
	OUTPUT_WRITTEN,
	OUTPUT_ABSENT,    /* only_if_exists, and there is none */
	OUTPUT_REFUSED,   /* the server will not have it: error */
	OUTPUT_DISMISSED, /* changed, closed or removed by somebody else */
	OUTPUT__MAX
};
const char *output_state_name(enum output_state s);

/* A row of the outbox, one an identifier and server. */
struct store_output {
	int64_t id, patient_id;
	int seq; /* order of delivery */
	const char *identifier, *type, *kind, *label, *search;
	const char *body, *hash;
	bool only_if_exists;
	bool reopens; /* made pending although somebody dismissed it */
	enum output_state state;
	const char *via; /* name of the other server it went to, or "" */
	const char *server_id, *server_version; /* "" when not known */
	const char *sent;   /* what was last sent, its fate unknown; or "" */
	const char *landed; /* what stood on the server last; or "" */
	int attempts;
	const char *error;
	int64_t next_try_ms;
};

struct store_assessment {
	int64_t patient_id, generation;
	const char *owner;           /* of the lease */
	const char *document, *maps; /* JSON */
	int32_t as_of, due_day;      /* DAY_NONE: no day of its own */
	int64_t made_ms;
	/* Only what differs from the outbox: becomes pending. */
	const struct store_output *outputs;
	size_t n_outputs;
};

struct store_row {
	int64_t id, generation, assessed;
	const char *key;
	int32_t due_day;
};

/* A resource of a patient, borrowed for the call. */
typedef enum err_code (*store_resource_fn)(
    void *ctx, const struct store_resource *resource, struct err *e);

enum store_mode {
	STORE_WRITER, /* alone with an embedded store, else ERR_STORE; ends
		       * the leases a dead one left */
	STORE_MEMBER, /* one of several processes of one gateway: no other
		       * gateway beside them; needs an existing store */
	STORE_READER, /* needs an existing store */
	STORE_GUEST   /* a command beside the writer; needs an existing one */
};

struct store {
	const struct store_ops *ops;
};

struct store_ops {
	const char *name;

	/* Make or open; a writer brings an older schema up to date. */
	enum err_code (*open)(const char *where, enum store_mode mode,
	    struct store **ret, struct err *e);
	void (*close)(struct store *s); /* NULL is fine */

	/* Nothing was ever read into it. */
	enum err_code (*is_empty)(
	    struct store *s, bool *ret, struct err *e);
	/* A whole copy at a path that does not exist, mode 0600. */
	enum err_code (*copy)(
	    struct store *s, const char *path, struct err *e);

	/* End the leases on that server's patients that a dead member left. */
	enum err_code (*leases_end)(
	    struct store *s, const char *server, struct err *e);

	/* TIME_NONE when there is no cursor yet. */
	enum err_code (*cursor_get)(struct store *s, const char *server,
	    const char *type, int64_t *ret_ms, struct err *e);
	/* Facts, dirty marks, quarantine, cursor.  A resource whose content
	 * is unchanged, or which is older than what is known, marks nobody. */
	enum err_code (*page_put)(struct store *s,
	    const struct store_page *page, struct store_page_result *ret,
	    struct err *e);
	/* Keys a patient's resources need that are not known or may have
	 * changed, at most max. */
	enum err_code (*references_wanted)(struct store *s, int64_t patient_id,
	    size_t max, struct arena *a, const char ***ret, size_t *ret_n,
	    struct err *e);

	/* Take the next patient with work: dirty, due, or (l->deliver) with
	 * outputs to deliver.  ERR_END when there is none. */
	enum err_code (*patient_lease)(struct store *s,
	    const struct store_lease *l, struct arena *a,
	    struct store_patient *ret, struct err *e);
	/* Give it back, not to be leased again before until_ms (0: at once).
	 * failed: the generation that cannot be assessed counts as seen, so
	 * that it is not tried again before something changes; -1: none. */
	enum err_code (*patient_release)(struct store *s, int64_t patient_id,
	    const char *owner, int64_t until_ms, int64_t failed, struct err *e);
	/* Everything known of a patient, merged ids and shared resources
	 * included, in order of key; ret_generation belongs to what was read.
	 * ERR_GONE when the patient was merged into another. */
	enum err_code (*patient_load)(struct store *s, int64_t patient_id,
	    store_resource_fn fn, void *ctx, int64_t *ret_generation,
	    struct err *e);

	/* Assessment, outbox, dirty mark.  ERR_CONFLICT when the lease went
	 * to somebody else. */
	enum err_code (*assessment_put)(
	    struct store *s, const struct store_assessment *x, struct err *e);
	/* The document; ERR_NOT_FOUND. */
	enum err_code (*assessment_get)(struct store *s, int64_t patient_id,
	    struct arena *a, const char **ret, struct err *e);

	/* A patient's outbox in order of delivery, or (identifier not NULL)
	 * the row of that identifier on that patient's server. */
	enum err_code (*outputs)(struct store *s, int64_t patient_id,
	    const char *identifier, struct arena *a, struct store_output **ret,
	    size_t *ret_n, struct err *e);
	/* State and what belongs to it, by id; q may be NULL. */
	enum err_code (*output_put)(struct store *s,
	    const struct store_output *o, const struct store_quarantine *q,
	    struct err *e);

	/* What reading remembers of a server: a text a key, "" when there is
	 * none; putting "" forgets. */
	enum err_code (*memory_get)(struct store *s, const char *server,
	    const char *key, struct arena *a, const char **ret, struct err *e);
	enum err_code (*memory_put)(struct store *s, const char *server,
	    const char *key, const char *text, struct err *e);

	/* Everybody is to be assessed again. */
	enum err_code (*patients_dirty)(
	    struct store *s, const char *server, struct err *e);
	/* Not to be leased before until_ms: what is known is half of it.
	 * 0 takes it back. */
	enum err_code (*patient_hold)(struct store *s, const char *server,
	    const char *key, int64_t until_ms, struct err *e);
	/* Who that id is now: itself, or whom it was merged into. */
	enum err_code (*patient_survivor)(struct store *s, const char *server,
	    const char *key, struct arena *a, const char **ret, struct err *e);

	/* Patients last swept at or before before_ms, longest ago first, at
	 * most max, merged ids among them.  A patient's time runs from the
	 * first call on. */
	enum err_code (*sweep_due)(struct store *s, const char *server,
	    int64_t now_ms, int64_t before_ms, size_t max, struct arena *a,
	    const char ***ret, size_t *ret_n, struct err *e);
	enum err_code (*sweep_done)(struct store *s, const char *server,
	    const char *key, int64_t now_ms, struct err *e);
	/* Everybody is due. */
	enum err_code (*sweep_all)(
	    struct store *s, const char *server, struct err *e);
	/* What there is of a type about that very id. */
	enum err_code (*keys)(struct store *s, const char *server,
	    const char *patient, const char *type, struct arena *a,
	    struct store_key **ret, size_t *ret_n, struct err *e);

	enum err_code (*patients)(struct store *s, const char *server,
	    struct arena *a, struct store_row **ret, size_t *ret_n,
	    struct err *e);

	/* Without bytes; server NULL: of all. */
	enum err_code (*quarantine)(struct store *s, const char *server,
	    struct arena *a, struct store_quarantine **ret, size_t *ret_n,
	    struct err *e);
	/* One with its bytes.  ERR_NOT_FOUND. */
	enum err_code (*quarantine_get)(struct store *s, int64_t id,
	    struct arena *a, struct store_quarantine *ret, struct err *e);
	/* Ask for another try of one, or (id 0) of all; how many. */
	enum err_code (*quarantine_retry)(
	    struct store *s, int64_t id, size_t *ret_n, struct err *e);
	/* Begin the tries asked for: refused writes are pending again, and the
	 * types whose pages left something aside are read from their start.
	 * Handed out is what has to be read by its key; settle it with
	 * page_put. */
	enum err_code (*quarantine_take)(struct store *s, const char *server,
	    struct arena *a, struct store_quarantine **ret, size_t *ret_n,
	    struct err *e);

	/* The body of what is present; ERR_NOT_FOUND. */
	enum err_code (*resource_get)(struct store *s, const char *server,
	    const char *key, struct arena *a, const char **ret, struct err *e);
	/* Have a patient assessed again, key (or NULL) read again before. */
	enum err_code (*patient_again)(struct store *s, int64_t patient_id,
	    const char *key, struct err *e);
};

extern const struct store_ops store_sqlite;

#endif
