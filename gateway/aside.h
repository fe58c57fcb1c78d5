/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server gave and we could not use: kept with its bytes, and tried
 * again when somebody asks for it (rescan quarantine retry).
 *
 * A page that is no searchset is kept as a whole; the cursor stays where it
 * is, so that the next cycle asks for the same again.
 */
#ifndef RESCAN_ASIDE_H
#define RESCAN_ASIDE_H

#include "fhir/client.h"
#include "fhir/util/strbuf.h"
#include "gateway/config.h"
#include "gateway/ingest.h"

struct aside {
	struct client *client; /* borrowed, all of them */
	struct store *store;
	const struct config_server *server;
	/* The last answer that could not be read, if any. */
	bool there;
	char *url;
	struct strbuf bytes;
	struct err why;
	struct strbuf answer; /* the last refusal's body, cut */
};

/* From here on a hears what the client cannot read. */
void aside_init(struct aside *a, struct client *client, struct store *store,
    const struct config_server *server);
void aside_done(struct aside *a);
/* Hear another client, too: of it only refusals count. */
void aside_hear(struct aside *a, struct client *client);

/* The server's own words to the last refusal, "" when there was none since
 * the last call; it is forgotten then.  In arena. */
const char *aside_take_answer(struct aside *a, struct arena *arena);

/* A search of that type failed: if it was for a page that cannot be read,
 * keep it, and count it when it is new.  Errors: ERR_STORE. */
enum err_code aside_page(
    struct aside *a, const char *type, size_t *n, struct err *e) MUST_CHECK;

/* Reading `key` gave something unreadable: it counts as missing and is set
 * aside with what came. */
void aside_read(
    struct aside *a, struct ingest *in, const char *key, const struct err *why);

/* Begin the tries asked for.  *n counts what was read.  Errors: ERR_STORE,
 * ERR_STOPPED; what cannot be read again now stays asked for. */
enum err_code aside_again(struct aside *a, size_t *n, struct err *e) MUST_CHECK;

#endif
