/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the store has of a patient to an assessment and the outputs that
 * differ from the outbox.
 */
#ifndef RESCAN_CONCLUDE_H
#define RESCAN_CONCLUDE_H

#include "gateway/config.h"
#include "gateway/store/store.h"
#include "mappings/codemap.h"
#include "mappings/from_fhir.h"

struct conclusion {
	struct assessment *assessment;
	int64_t generation;
	bool merged; /* into another: nothing is concluded */
	/* Of the whole set, those new or changed. */
	LIST_OF(struct store_output) changed;
	/* What stands in the outbox, for a dry run's difference. */
	struct store_output *before;
	size_t n_before;
	int32_t due_day;       /* next day on which it may read otherwise */
	struct intake *intake; /* owns the facts; intake_free after use */
};

/* today is the day windows and flag states are judged on.  Everything lives
 * in a and in ret->intake.  A patient merged into another has no facts, and
 * what was said of it is withdrawn.  Errors: ERR_STORE and those of
 * intake_*. */
enum err_code conclude(struct store *s, const struct config *c,
    const struct codemap *maps, const struct store_patient *p, int32_t today,
    struct arena *a, struct conclusion *ret, struct err *e) MUST_CHECK;

/* Assessment and changed outputs into the store, one transaction. */
enum err_code conclude_store(struct store *s, const struct codemap *maps,
    const struct store_patient *p, const struct conclusion *x,
    const char *owner, struct arena *a, struct err *e) MUST_CHECK;

/* What conclude_store and the delivery would do. */
void conclude_print_changes(const struct conclusion *x, FILE *out);

#endif
