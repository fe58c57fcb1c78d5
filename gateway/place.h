/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server as the gateway knows it: a client and what the server says it can.
 */
#ifndef RESCAN_PLACE_H
#define RESCAN_PLACE_H

#include "gateway/deliver.h"
#include "gateway/metrics.h"

/* What places have in common, borrowed; the last two may be NULL. */
struct place_options {
	const struct config *config;
	struct arena *arena;
	struct metrics *metrics;
	const struct http_transport *transport;
};

/* A client for it; the capability is not known yet.  Closed by place_close.
 * Errors: those of connect_options and client_new. */
enum err_code place_open(const struct place_options *o,
    const struct config_server *s, struct deliver_place *ret,
    struct err *e) MUST_CHECK;
void place_close(struct deliver_place *p);

/* Ask once: FHIR R4, and what may be written.  Errors: those of the client,
 * of capability_read. */
enum err_code place_learn(
    struct deliver_place *p, struct arena *a, struct err *e) MUST_CHECK;

#endif
