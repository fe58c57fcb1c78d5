/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a server: by one of several modes, as it can be read.
 *
 * A mode is one file in gateway/read/ with one const struct read_mode, which
 * registers itself by being there.  What a mode reads goes to the store page
 * by page (poll.h); what a type cannot give is a coverage gap, never "there
 * is none".
 */
#ifndef RESCAN_READ_H
#define RESCAN_READ_H

#include "fhir/capability.h"
#include "fhir/client.h"
#include "gateway/aside.h"
#include "gateway/config.h"
#include "gateway/report.h"
#include "gateway/store/store.h"

/* What _lastUpdated is good for. */
enum read_filter {
	FILTER_UNKNOWN,
	FILTER_WORKS,
	FILTER_IGNORED, /* everything comes, whatever is asked */
	FILTER_REFUSED  /* an error, or not among the parameters */
};

/* What is known of a type on this server, as long as the process lives. */
struct read_type {
	const char *name;
	bool gap; /* not to be read, in this cycle */
	/* Of [poll] irae_types: welcome, but what the others need does not
	 * wait for it. */
	bool companion, said_left_out;
	enum read_filter filter;
	int suspects;      /* runs in a row whose total did not fit */
	bool total_wrong;  /* it never fits: a hint no more */
	const char *panel; /* what was demanded beyond what is configured */
};

struct roster;

struct read {
	const struct config *config; /* borrowed, all of them */
	const struct config_server *server;
	struct client *client;
	const struct capability *capability;
	struct store *store;
	struct aside *aside;
	struct cycle_report *report; /* of the cycle at hand */
	/* from here on its own */
	struct arena *arena;
	struct read_type *types; /* of [poll] types, then irae_types */
	size_t n_types;
	const struct read_mode *mode; /* NULL: not chosen yet */
	unsigned refused;             /* modes the server would not have */
	int64_t lag_ms;               /* largest measured, -1: not loaded */
	struct roster *roster;
	int bulk_failures; /* of the job at hand, in a row */
};

struct read_mode {
	const char *name;
	int rank; /* mode auto takes the highest that fits; 0: never */
	bool (*fits)(const struct read *r);
	/* One cycle's reading.  Errors: what ended it; ERR_REFUSED lets mode
	 * auto try the next. */
	enum err_code (*run)(struct read *r, struct err *e);
};
/* Ends with NULL. */
extern const struct read_mode *const read_registry[];

/* The fields above `arena` are filled already. */
void read_init(struct read *r, struct arena *a);
void read_done(struct read *r);

/* Everything new into the store, and a few sweeps.  Errors: those that leave
 * half of the news unread; ERR_WRONG_PATIENT; ERR_STORE, ERR_STOPPED. */
enum err_code read_all(struct read *r, struct err *e) MUST_CHECK;

/* For modes: carry on with the next type after such a failure?  Notes a gap
 * (ERR_FORBIDDEN, ERR_NOT_FOUND) and gives ERR_OK for it. */
enum err_code read_settle(struct read *r, struct read_type *t, enum err_code rc,
    struct err *e) MUST_CHECK;
/* A companion that this server does not offer to be searched, or
 * (`by_change`) not by _lastUpdated, is left out; said once. */
bool read_leaves_out(struct read *r, struct read_type *t, bool by_change);

/* The failure concerns everything that would come next. */
bool read_is_final(enum err_code rc);
enum err_code read_stopped(struct err *e);

/* Numbers that outlive the process, under "key:name" (name "": "key").
 * TIME_NONE: none is kept. */
enum err_code read_recall(struct read *r, const char *key, const char *name,
    int64_t *ret, struct err *e) MUST_CHECK;
enum err_code read_keep(struct read *r, const char *key, const char *name,
    int64_t value, struct err *e) MUST_CHECK;

/* How far searches reach back: configured or measured, ms. */
enum err_code read_overlap(
    struct read *r, int64_t *ret_ms, struct err *e) MUST_CHECK;
/* Something was seen so much later than it was written. */
enum err_code read_note_lag(
    struct read *r, int64_t lag_ms, struct err *e) MUST_CHECK;

#endif
