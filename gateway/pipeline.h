/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cycle of the gateway: poll → store; lease → read what is referred to →
 * assess → deliver.
 *
 * A cycle that could not read all types assesses nobody: half of the news is
 * no ground for a category.  Everything read is kept, and the next cycle goes
 * on from there.  The stop flag (fhir/util/clock.h) is honoured between steps.
 */
#ifndef RESCAN_PIPELINE_H
#define RESCAN_PIPELINE_H

#include "gateway/config.h"
#include "gateway/metrics.h"
#include "gateway/report.h"
#include "gateway/store/store.h"
#include "mappings/codemap.h"

struct pipeline_options {
	const struct config *config; /* borrowed, all of them */
	const struct config_server *server;
	const struct codemap *maps;
	struct store *store;
	struct metrics *metrics; /* or NULL */
	const struct http_transport *transport; /* NULL: the network */
	bool dry_run; /* reads and assesses; writes nothing to the server and
		       * nothing to the outbox */
	FILE *diff;   /* dry run: what would be written; or NULL */
};

struct pipeline;

enum err_code pipeline_new(const struct pipeline_options *o,
    struct pipeline **ret, struct err *e) MUST_CHECK;
void pipeline_free(struct pipeline *p); /* NULL is fine */

/* One cycle.  ret is filled in any case and is to be given to report_done.
 * Errors: the first that ended it; ERR_INVALID when the server is not FHIR
 * R4; ERR_STOPPED. */
enum err_code pipeline_cycle(
    struct pipeline *p, struct cycle_report *ret, struct err *e) MUST_CHECK;

#endif
