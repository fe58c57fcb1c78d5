/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listener for notifications (R4 Subscription, rest-hook): TLS, one
 * address, POST only.  It reads no body into anything and writes no store;
 * all it does is touch a file.
 */
#ifndef RESCAN_WEB_H
#define RESCAN_WEB_H

#include "gateway/config.h"

struct web;

/* Bind and listen.  Errors: ERR_CONFIG (a file is missing or others may read
 * it, the secret is shorter than 16 characters, nudge_file is not given),
 * ERR_IO. */
enum err_code web_new(const struct config_serve *o, const char *nudge_file,
    struct web **ret, struct err *e) MUST_CHECK;
void web_free(struct web *w); /* NULL is fine */

int web_port(const struct web *w);
void web_run(struct web *w);  /* until web_stop */
void web_stop(struct web *w); /* from any thread or signal handler */

#endif
