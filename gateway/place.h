/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server as the gateway knows it: a client and what the server says it can.
 */
#ifndef RESCAN_PLACE_H
#define RESCAN_PLACE_H

#include "gateway/deliver.h"
#include "gateway/metrics.h"

/* A client for it; the capability is not known yet.  Lives in a, closed by
 * place_close; m may be NULL.  Errors: those of connect_server. */
enum err_code place_open(const struct config *c, const struct config_server *s,
    struct metrics *m, struct arena *a, struct deliver_place *ret,
    struct err *e) MUST_CHECK;
void place_close(struct deliver_place *p);

/* Ask once: FHIR R4, and what may be written.  Errors: those of the client,
 * of capability_read. */
enum err_code place_learn(
    struct deliver_place *p, struct arena *a, struct err *e) MUST_CHECK;

#endif
