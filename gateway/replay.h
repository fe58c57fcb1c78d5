/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answer a client's requests from a record instead of the network, with the
 * clock of then: the same gateway must come to the same conclusions.
 *
 * Each exchange answers once, the first of that method and URL first.  In a
 * redacted record our own identifiers differ (they are made of what was
 * replaced), so there a write is answered with what is written now.
 */
#ifndef RESCAN_REPLAY_H
#define RESCAN_REPLAY_H

#include "gateway/record.h"

struct replay {
	struct record record;
	struct http_transport transport;
	size_t asked[RECORD_CLOCK__MAX];
	/* our identifiers then and now, of a redacted record */
	LIST_OF(const char *) then, now;
	size_t missing, differing; /* not in the record; sent otherwise */
	bool ended;                /* the record ends within a cycle */
	char first[200];           /* the first of either, for people */
};

/* From here on the clock is the record's.  Errors: those of record_load. */
enum err_code replay_begin(
    const char *dir, struct replay *ret, struct err *e) MUST_CHECK;
void replay_end(struct replay *r);

/* Exchanges nobody asked for. */
size_t replay_unused(const struct replay *r);

#endif
