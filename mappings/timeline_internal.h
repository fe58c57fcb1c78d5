/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the timeline share: grouping hands the readings which
 * timepoint every fact belongs to.
 */
#ifndef RESCAN_TIMELINE_INTERNAL_H
#define RESCAN_TIMELINE_INTERNAL_H

#include "mappings/timeline.h"

struct building {
	const struct patient_facts *facts;
	const struct timeline_options *options;
	struct arena *arena;
	struct timeline *timeline;
	/* Timepoint of each measurement and statement of the facts, -1: none;
	 * and its day, its own or its study's. */
	int *measurement_tp, *statement_tp;
	int32_t *measurement_day;
};

/* Acquisitions into timepoints (contracts/assessment.md, "timepoint"). */
void timeline_group(struct building *b);

/* More than may be assessed: said, and the timepoints are cut. */
bool timeline_is_too_large(struct building *b);

/* Lesions, their readings at each timepoint, the rows of the document. */
void timeline_lesions(struct building *b);

/* One lesion said to be a part of another. */
struct fragment {
	const char *key, *parent, *source;
	const char *root; /* the whole at the end of the chain, once known */
	size_t walk;      /* the last to come through here */
};
struct fragments {
	LIST_OF(struct fragment) list; /* by key */
};
void fragments_find(struct building *b, struct fragments *ret);
bool fragments_has(const struct fragments *f, const char *key);
/* The lesion a measurement's numbers count under: once said to be a fragment
 * of a lesion, or of its fragment, always. */
const char *fragments_whole(const struct fragments *f, const char *key);

/* A measurement in its place. */
struct cell_fact {
	const struct measurement_fact *m;
	const char *lesion; /* whose reading it is; a fragment's parent */
	int tp;
	int32_t day;
};

struct sizes {
	int32_t longest, shortest;
};

/* What one fact says; and what all facts of a cell together are taken to say,
 * with a problem where that is an assumption. */
struct sizes cell_sizes(const struct measurement_fact *m, bool nodal);
struct sizes cell_judge(
    struct building *b, const struct measurement_fact *m, bool nodal);
bool cell_has_number(const struct measurement_fact *m);
enum reading_state cell_state(enum stated_state stated, bool number, bool zero);
enum lesion_change cell_change(enum stated_state s);

/* Place of a reader among the preferred, behind them all else. */
size_t cell_reader_rank(const struct timeline_options *o, const char *reader);

/* Facts of one identity at one timepoint: the one that counts first.  n > 0. */
void cell_sort(
    const struct timeline_options *o, struct cell_fact *cell, size_t n);

/* The same, sorted, as one fact: sizes and state of the reader who counts,
 * SUV of whoever measured it.  Sets *ret_conflict, never clears it. */
struct measurement_fact cell_combine(
    const struct cell_fact *cell, size_t n, bool *ret_conflict);

void timeline_problem(struct building *b, const char *source, const char *code,
    const char *fmt, ...) PRINTF(4, 5);

#endif
