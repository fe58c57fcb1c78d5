/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New lesions that an immune-related event may explain: an organ inflamed, or
 * nodes that react.  They are counted, but never in silence.
 */
#ifndef RESCAN_INFLAMED_H
#define RESCAN_INFLAMED_H

#include "gateway/readers.h"

/* A lesion of the timeline that an event may explain. */
struct inflamed_lesion {
	const char *event;  /* "pneumonitis" */
	size_t lesion;      /* index */
	const char *source; /* or NULL */
};

struct inflamed_list {
	struct inflamed_lesion *items;
	size_t n, cap;
};

/* State the conflict: the reading that counts the new lesions, which the
 * verdicts keep, and beside it what each criterion, of CT and of PET, would
 * say if all that one event may explain were inflammation.  `judge` fills
 * criteria and metabolic. */
void inflamed_compare(const struct timeline *t, const struct assess_options *o,
    readers_judge_fn judge, const struct inflamed_lesion *all, size_t n,
    struct assessment *x);

#endif
