/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A FHIR R4 server over TLS for tests and demonstrations, in memory, on
 * loopback, with faults on demand.
 *
 * It runs in a thread of its own (sandbox_start) or in the caller's
 * (sandbox_run).  Every function may be called from any thread.
 */
#ifndef RESCAN_TESTS_SANDBOX_H
#define RESCAN_TESTS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fhir/util/err.h"

/* What real servers do, and a client must live with. */
struct sandbox_habits {
	/* ImagingStudy, Observation and MedicationAdministration are searched
	 * for one patient at a time */
	bool require_patient;
	bool require_category;    /* Observation: by category or code, too */
	bool refuse_last_updated; /* no such parameter */
	bool no_history;          /* no history of a type */
	bool offset_paging;       /* next links count in a moving search */
	bool wrong_total;         /* one too many */
	const char *leak;         /* "Type/id": found whoever is asked for */
	const char *hide;         /* "Type/id": never found … */
	int hide_status;      /* … and read with this status; 0: as it is */
	int export_polls;     /* ready after so many looks */
	bool export_error;    /* an error beside the data */
	int export_shortfall; /* entries promised and not there */
	const char *export_files; /* files stand at this origin */
};

struct sandbox_options {
	uint16_t port;          /* 0: any free one */
	const char *cert_dir;   /* holds server.pem and server.key.pem */
	const char *token_file; /* bearer token asked for, or NULL: none */
	bool admin;             /* answer POST /$fault */
	int page_count;         /* entries a page when _count is not given */
	int max_snapshots;      /* searches whose paging is kept */
	struct sandbox_habits habits;
};
#define SANDBOX_DEFAULTS                                                       \
	{                                                                      \
		.cert_dir = "build/certs", .page_count = 50,                   \
		.max_snapshots = 64                                            \
	}

struct sandbox;

/* Make certificates with certs/make.sh unless they are there. */
enum err_code sandbox_make_certs(const char *dir, struct err *e) MUST_CHECK;

/* Bind and listen; no request is answered before start or run. */
enum err_code sandbox_new(const struct sandbox_options *o, struct sandbox **ret,
    struct err *e) MUST_CHECK;
enum err_code sandbox_start(struct sandbox *s, struct err *e) MUST_CHECK;
void sandbox_run(struct sandbox *s);  /* until SIGINT, SIGTERM or stop */
void sandbox_stop(struct sandbox *s); /* and free; NULL is fine */

/* The name in CapabilityStatement.software; NULL: none.  Copied. */
void sandbox_set_software(struct sandbox *s, const char *name);

uint16_t sandbox_port(const struct sandbox *s);
const char *sandbox_url(const struct sandbox *s); /* "https://…/fhir" */

/* What is stored, without the wire.  sandbox_get answers NULL for what does
 * not exist or is deleted; the caller frees.  sandbox_put needs an id. */
size_t sandbox_count(struct sandbox *s, const char *type);
char *sandbox_get(struct sandbox *s, const char *type, const char *id);
/* The i-th living resource of a type in order of creation, or NULL. */
char *sandbox_nth(struct sandbox *s, const char *type, size_t i);
enum err_code sandbox_put(
    struct sandbox *s, const char *json, struct err *e) MUST_CHECK;
bool sandbox_delete(struct sandbox *s, const char *type, const char *id);
/* A transaction or batch is carried out, any other Bundle's resources put. */
enum err_code sandbox_load_bundle(
    struct sandbox *s, const char *json, struct err *e) MUST_CHECK;

/* From now on; what it points to is borrowed. */
void sandbox_behave(struct sandbox *s, const struct sandbox_habits *h);
/* The server's clock runs ahead (or, negative, behind) by so much more.  By
 * less than a minute behind, lastUpdated stands still until it is made up. */
void sandbox_pass_ms(struct sandbox *s, int64_t ms);
/* As after an old backup: what was written since then was never there. */
void sandbox_set_back(struct sandbox *s, int64_t ms_since_1970);
int64_t sandbox_now_ms(struct sandbox *s);

struct sandbox_counts {
	unsigned requests; /* everything below, and what no column names */
	unsigned reads, searches, pages, creates, updates, deletes;
	unsigned bundles;
	unsigned histories; /* of a type */
	unsigned exports, export_looks, export_files, export_ends;
	unsigned matched; /* conditional creates that found one */
	unsigned faults;
};
/* Since the start, of one type or (NULL) of all. */
struct sandbox_counts sandbox_requests(struct sandbox *s, const char *type);

enum sandbox_fault_kind {
	SANDBOX_FAULT_STATUS,        /* answer status, perhaps Retry-After */
	SANDBOX_FAULT_LOGIN,         /* 200 and an HTML login page */
	SANDBOX_FAULT_CLOSE,         /* close without an answer, undone */
	SANDBOX_FAULT_LOST,          /* do it, then close without an answer */
	SANDBOX_FAULT_STALL,         /* say nothing for ms, then close */
	SANDBOX_FAULT_TRUNCATE,      /* half of the body, then close */
	SANDBOX_FAULT_LOOP_NEXT,     /* the next link leads to this page */
	SANDBOX_FAULT_FOREIGN_NEXT,  /* the next link leads elsewhere */
	SANDBOX_FAULT_RELATIVE_NEXT, /* the next link is root-relative */
	SANDBOX_FAULT_GARBLE, /* half of the body, as if it were the whole */
	SANDBOX_FAULT_IGNORE, /* as if the parameter (If-None-Exist, If-Match:
			       * the header, form: the body of a POST
			       * _search) `word` were not there */
	SANDBOX_FAULT_DROP,   /* the body's member `word` is not stored */
	SANDBOX_FAULT_ALTER,  /* stored with the server's own narrative and
			       * more, decimals without their zeros */
	SANDBOX_FAULT_LAG,    /* searches see nothing younger than ms */
	SANDBOX_FAULT_TOUCH,  /* first, `word` ("Type/id") is written again */
	SANDBOX_FAULT__MAX
};

/* The next `times` matching requests after `skip` of them. */
struct sandbox_fault {
	enum sandbox_fault_kind kind;
	const char *method; /* or NULL: any */
	const char *path;   /* extended regex on path and query; NULL: any */
	int longer;         /* only when both are longer; 0: any */
	int times, skip;    /* times 0 counts as 1, -1 is for ever */
	int status;         /* STATUS */
	const char *retry_after; /* STATUS: the header's text, or NULL */
	int ms;                  /* STALL, LAG */
	const char *word;        /* IGNORE, DROP, TOUCH */
};
enum err_code sandbox_fault(
    struct sandbox *s, const struct sandbox_fault *f, struct err *e) MUST_CHECK;
void sandbox_fault_clear(struct sandbox *s);

#endif
