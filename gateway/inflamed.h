/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new lesion where an immune-related event is inflaming an organ, or a node
 * that reacts to one: counted, but never in silence.
 */
#ifndef RESCAN_INFLAMED_H
#define RESCAN_INFLAMED_H

#include "gateway/readers.h"

/* Where and when an event inflames.  The immune-related events of a patient
 * give these. */
struct inflamed_site {
	const char *event;  /* "pneumonitis" */
	const char *organ;  /* as lesion_organ() says it; NULL: none */
	bool nodes;         /* reactive lymph nodes, too */
	int32_t from, to;   /* days; DAY_NONE: open */
	const char *source; /* or NULL */
};

struct inflamed_list {
	struct inflamed_site *items;
	size_t n, cap;
};

/* For every new lesion that first appears at a site, state the conflict: the
 * reading that counts it, which the verdicts keep, and beside it what each
 * criterion would say of inflammation. */
void inflamed_compare(const struct timeline *t, const struct assess_options *o,
    readers_judge_fn judge, const struct inflamed_site *sites, size_t n,
    struct assessment *x);

#endif
