/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file whose touch means "look now": `rescan serve` touches it when a FHIR
 * server sends a notification, `rescan run` ends its pause.
 *
 * A notification is a hint and never data, so that its loss costs time only.
 */
#ifndef RESCAN_NUDGE_H
#define RESCAN_NUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "fhir/util/err.h"

struct nudge {
	const char *path; /* or NULL: nobody nudges */
	int64_t seen_ns;  /* its mtime when last looked at; -1: there is none */
};

/* What was touched before does not count. */
void nudge_init(struct nudge *n, const char *path);

/* Touched since the last look? */
bool nudge_take(struct nudge *n);

/* Make it, or set its time.  ERR_IO. */
enum err_code nudge_touch(const char *path, struct err *e) MUST_CHECK;

#endif
