/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One search (or history) read to its end, page by page into the store, and
 * the watermark that follows from it.
 */
#ifndef RESCAN_POLL_H
#define RESCAN_POLL_H

#include "fhir/util/strset.h"
#include "gateway/read.h"

struct poll {
	struct read *read;
	struct read_type *type;
	const char *cursor;   /* its name in the store; NULL: none is moved */
	const char *patient;  /* whose data alone may come, or NULL */
	bool history;         /* a feed, newest first */
	bool resync;          /* older copies count: the server was set back */
	int64_t watermark_ms; /* of the run before, TIME_NONE: none */
	int64_t since_ms, until_ms; /* what is asked for, or TIME_NONE */
	/* found */
	struct arena *arena; /* of the sets; poll_done */
	struct strset seen;  /* in this search */
	struct strset all;   /* and in those before it, about one patient */
	int64_t start_ms;    /* the server's, at the first page of all */
	int64_t newest_ms, oldest_ms;
	int64_t oldest_new_ms; /* of what was new to the store */
	size_t entries, nameless;
	int pages;
	bool self_silent; /* the self link does not name _lastUpdated */
	bool unfiltered;  /* what came is older than what was asked for */
	bool suspect;     /* the total does not fit: something moved */
};

void poll_init(struct poll *p, struct read *r, struct read_type *t);
void poll_done(struct poll *p);

/* Read `query` to its end.  The cursor moves with the last page.  Errors:
 * those of client_search; ERR_GONE in the midst (p->pages > 0);
 * ERR_WRONG_PATIENT; ERR_STORE, ERR_STOPPED. */
enum err_code poll_run(
    struct poll *p, const char *query, struct err *e) MUST_CHECK;

/* For modes that keep no time of their last look: what is new and was written
 * before the watermark came late. */
enum err_code poll_measure_lag(const struct poll *p, struct err *e) MUST_CHECK;

/* "&_lastUpdated=ge…", with an end when there is one; "" without a since. */
const char *poll_window(const struct poll *p, struct arena *a);

/* The patient-independent search of one type from its cursor on: overlap,
 * restarts, windows, a server set back.  Errors: those of poll_run. */
enum err_code poll_type(
    struct read *r, struct read_type *t, struct err *e) MUST_CHECK;

#endif
