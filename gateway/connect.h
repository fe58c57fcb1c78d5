/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a [server] section to a client: its authorization, its limits, and its
 * notices on their way to the log and the metrics.
 */
#ifndef RESCAN_CONNECT_H
#define RESCAN_CONNECT_H

#include "gateway/config.h"
#include "gateway/metrics.h"

/* For client_new, which takes ret->auth over.  As connect_server else. */
enum err_code connect_options(const struct config *c,
    const struct config_server *s, struct metrics *m,
    struct client_options *ret, struct err *e) MUST_CHECK;

/* Talks to nobody yet.  s is borrowed for the client's life, m too (NULL:
 * nothing is counted).  ERR_CONFIG. */
enum err_code connect_server(const struct config *c,
    const struct config_server *s, struct metrics *m, struct client **ret,
    struct err *e) MUST_CHECK;

/* Everything the servers' sections name is opened; nobody is spoken to. */
enum err_code connect_check(const struct config *c, struct err *e) MUST_CHECK;

/* Days left on certificates, as gauges. */
void connect_measure(const struct client *c, struct metrics *m);

#endif
