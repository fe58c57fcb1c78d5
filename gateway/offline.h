/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assess files without a server: what `assess` and `explain` share.
 */
#ifndef RESCAN_OFFLINE_H
#define RESCAN_OFFLINE_H

#include "gateway/assess.h"
#include "gateway/config.h"
#include "gateway/input.h"
#include "mappings/codemap.h"
#include "mappings/from_fhir.h"

struct offline {
	struct config *config;         /* owned */
	struct codemap *maps;          /* owned */
	struct intake *intake;         /* owned */
	struct input *input;           /* owned */
	const struct problem *orphans; /* about no patient */
	size_t n_orphans;
	bool problems; /* a patient has some */
};

/* One patient's assessment; it and what it points at live in the arena until
 * the call returns. */
typedef void (*offline_fn)(
    void *ctx, const struct assessment *a, struct arena *arena);

/* Configuration (path or NULL for the defaults) and code maps. */
enum err_code offline_open(
    struct offline *o, const char *config_path, struct err *e) MUST_CHECK;

/* Take one file, "-" for standard input.  An error's text names the file and
 * the offset. */
enum err_code offline_read(
    struct offline *o, const char *path, struct err *e) MUST_CHECK;

/* Map everything taken, then assess and hand over one patient after the
 * other: memory is bounded by the largest. */
enum err_code offline_assess(
    struct offline *o, offline_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* EXIT_DONE, or EXIT_PROBLEMS when anything stands in `problems`. */
int offline_status(const struct offline *o);

void offline_close(struct offline *o);

#endif
