/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the delivery only.
 */
#ifndef RESCAN_DELIVER_PRIV_H
#define RESCAN_DELIVER_PRIV_H

#include "gateway/deliver.h"

/* One output being delivered. */
struct job {
	struct deliver *d;
	struct deliver_place *at; /* where it goes */
	struct arena *arena;
	struct store_output *o;
	bool uncertain;   /* sent before, and its fate is not known */
	const char *body; /* what was sent now, or NULL */
	char *current;    /* what stands on the server, once known */
	bool done;
	enum delivery what;
};

/* How a row ends (deliver_end.c); each stores it. */
enum err_code job_settle(struct job *j, enum output_state state,
    enum delivery what, const struct store_quarantine *q,
    struct err *e) MUST_CHECK;
/* The server will not have it: elsewhere, if there is another and nothing of
 * it stands here; else set aside with the answer. */
enum err_code job_refuse(struct job *j, enum err_code code, const char *text,
    struct err *e) MUST_CHECK;
/*= interop D-47: without our identifier nothing is found again. */
enum err_code job_lost(struct job *j, struct err *e) MUST_CHECK;
enum err_code job_dismiss(
    struct job *j, const char *why, struct err *e) MUST_CHECK;
/* An exchange failed with what: refused, or to be tried again. */
enum err_code job_fail(
    struct job *j, const struct err *what, struct err *e) MUST_CHECK;

/* A judgement of this output; all other codes are weather. */
bool job_is_refusal(enum err_code code);

/* NULL, or why the place takes nothing of this type. */
const char *job_not_writable(struct job *j);

#endif
