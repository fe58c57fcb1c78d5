/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox: what was concluded comes to stand on the server, once.
 *
 * The intent is committed before anything is sent; after a crash or a lost
 * answer it is reconciled by identifier.  What a person changed, closed or
 * removed stays as they left it.  What the server will not take goes to
 * another one, if the configuration names it; else it is refused and shown.
 */
#ifndef RESCAN_DELIVER_H
#define RESCAN_DELIVER_H

#include "fhir/capability.h"
#include "fhir/quirks.h"
#include "gateway/aside.h"
#include "gateway/config.h"
#include "gateway/store/store.h"

enum delivery {
	DELIVERED_CREATED,
	DELIVERED_UPDATED,
	DELIVERED_UNCHANGED, /* stands there already */
	DELIVERED_NOTHING,   /* nothing to say, and nothing there */
	DELIVERED_REFUSED,
	DELIVERED_DISMISSED,
	DELIVERED_WAITING, /* stays in the outbox */
	DELIVERED__MAX
};
const char *delivery_name(enum delivery d);

/* A server that is written to. */
struct deliver_place {
	const struct config_server *server; /* NULL: there is none */
	struct client *client;
	struct capability *capability;
	bool known; /* the capability is */
	struct quirks quirks;
	bool unsafe; /* our identifier was dropped: nothing more is written */
	bool halted; /* out of reach: no more in this cycle */
};

struct deliver {
	struct store *store; /* borrowed, all of them */
	const struct config *config;
	struct aside *aside;
	struct deliver_place own,
	    other; /* the patient's server, the fallback */
};

/* A cycle begins: all is tried again that a cycle may try.  Errors:
 * ERR_STORE. */
enum err_code deliver_begin(struct deliver *d, struct err *e) MUST_CHECK;

/* Anything at all may be written now. */
bool deliver_is_open(const struct deliver *d);

typedef void (*deliver_fn)(
    void *ctx, const struct store_output *o, enum delivery what);

/* Deliver a leased patient's outbox in order; fn hears of every row.  What
 * fails stays in the outbox or is refused, and the others go on.  Errors:
 * ERR_STORE, ERR_STOPPED. */
enum err_code deliver_patient(struct deliver *d, int64_t patient_id,
    deliver_fn fn, void *ctx, struct err *e) MUST_CHECK;

#endif
