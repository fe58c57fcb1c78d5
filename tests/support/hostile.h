/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A patient of a hostile server, resource by resource, and what becomes of
 * it: NDJSON in, an assessment out.
 */
#ifndef RESCAN_TESTS_HOSTILE_H
#define RESCAN_TESTS_HOSTILE_H

#include "gateway/assess.h"
#include "tests/support/facts_dump.h"

struct hostile {
	struct strbuf text; /* NDJSON so far */
	struct mapped mapped;
	struct arena *arena;
	struct timeline_options timeline;
	struct assess_options options;
	int serial; /* of the last Observation */
};

/* Patient/p with a dose of pembrolizumab on day 0, 2024-01-01. */
void hostile_begin(struct hostile *h);
void hostile_add(struct hostile *h, const char *fmt, ...) PRINTF(2, 3);
/* BodyStructure; role may be NULL. */
void hostile_lesion(struct hostile *h, const char *id, const char *role);
void hostile_measure(struct hostile *h, const char *lesion, int day, int mm);
/* Map everything and assess patient i of those mapped. */
void hostile_map(struct hostile *h);
struct assessment *hostile_assess(struct hostile *h, size_t i);
void hostile_done(struct hostile *h);

/* How many problems have the code. */
size_t hostile_problems(const struct assessment *x, const char *code);

#endif
