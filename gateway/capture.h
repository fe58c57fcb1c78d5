/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record a run's exchanges and clock into a folder (record.h), for a bug
 * report.  Off unless asked for: it is a copy of what patients' data went over
 * the wire.  Files have mode 0600, the folder 0700; of headers only those
 * that say what was asked are kept, never a token.
 *
 * A capture that cannot be written ends by itself; the gateway goes on.
 */
#ifndef RESCAN_CAPTURE_H
#define RESCAN_CAPTURE_H

#include "gateway/config.h"
#include "gateway/store/store.h"

struct capture;

/* Begin in dir, which must not exist or be empty; from here on the clock is
 * recorded.  A store that holds something is copied, too; with redact it must
 * be empty (ERR_CONFIG), for it cannot be redacted.  Errors: ERR_IO,
 * ERR_CONFIG, ERR_STORE. */
enum err_code capture_begin(const char *dir, bool redact,
    const struct config_server *server, struct store *store,
    struct capture **ret, struct err *e) MUST_CHECK;
void capture_end(struct capture *c); /* NULL is fine */

/* For http_options; lives as long as the capture. */
const struct http_transport *capture_transport(const struct capture *c);

/* A cycle begins; it came to its end (and was not stopped). */
void capture_cycle(struct capture *c);
void capture_cycle_done(struct capture *c);

/* Nothing is recorded any more: the disk is full, or the like. */
bool capture_failed(const struct capture *c);

#endif
