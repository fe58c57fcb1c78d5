/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources in, facts and timeline out as lines of text that tests compare.
 */
#ifndef RESCAN_TESTS_FACTS_DUMP_H
#define RESCAN_TESTS_FACTS_DUMP_H

#include "fhir/util/strbuf.h"
#include "mappings/from_fhir.h"
#include "mappings/timeline.h"

void facts_dump(const struct patient_facts *f, struct strbuf *out);
void timeline_dump(const struct timeline *t, struct strbuf *out);

struct mapped {
	struct codemap *maps;
	struct mapping_options options;
	struct intake *intake;
	struct patient_facts *const *patients;
	size_t n;
	const struct problem *orphans;
	size_t n_orphans;
};

/* Take a Bundle, a resource or NDJSON and finish; fails the test on errors. */
void mapped_begin(struct mapped *m);
void mapped_add(struct mapped *m, const char *text);
void mapped_finish(struct mapped *m);
void mapped_done(struct mapped *m);

/* Every patient's facts and the orphans as text; caller frees. */
char *mapped_text(const struct mapped *m);

/* Every patient's timeline as text; caller frees. */
char *mapped_timelines(
    const struct mapped *m, const struct timeline_options *o);

#endif
