/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several servers at once: a process for each, and one that keeps them going.
 *
 * Why processes and not one loop: a server that hangs, a body that exhausts
 * memory (which ends the process) and a defect concern one server only, and
 * nobody holds another's keys or answers.  They share the store, whose rows
 * carry the server's name; a gateway beside them is kept out by its lock.
 * The parent opens neither store nor network: what SQLite, libcurl or OpenSSL
 * hold must not cross a fork.
 */
#ifndef RESCAN_FLEET_H
#define RESCAN_FLEET_H

#include "gateway/config.h"

struct fleet {
	bool once; /* no process is started again */
	/* In a process of its own: run that server until it is told to leave
	 * (schedule_ask, by SIGUSR1) or stop; its exit status. */
	int (*run)(
	    void *ctx, const struct config_server *server, int64_t phase_ms);
	/* On SIGHUP, in the parent: the new configuration, which lives until
	 * the next call; NULL: it is refused, and the old goes on. */
	const struct config *(*reload)(void *ctx);
	void *ctx;
};

/* Run every server of c that is polled, until SIGINT or SIGTERM; the worst
 * exit status of the last processes. */
int fleet_run(const struct config *c, const struct fleet *f);

#endif
