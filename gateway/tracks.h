/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lesions are new, and from which visit each counts
 * (spec/criteria.md §1.7): its sightings, the doubt about them, and the
 * reader's "new lesion: yes".
 */
#ifndef RESCAN_TRACKS_H
#define RESCAN_TRACKS_H

#include "gateway/visits.h"

#define NEVER     SIZE_MAX
#define INDICATED (-1) /* said by the reader, no lesion in the data */

/* One new lesion through the visits. */
struct track {
	int lesion;
	size_t first;    /* visit of its first appearance */
	size_t definite; /* visit from which it counts, NEVER */
	size_t said;     /* visit the reader indicated it unnamed, NEVER */
	bool borderline; /* a node of 10–14.9 mm alone where it counts from */
	size_t measured; /* visit from which it is a new target, NEVER */
};

struct tracks {
	LIST_OF(struct track) list;
};

const struct lesion *track_lesion(
    const struct builder *b, const struct track *t);

/* Every new lesion of the timeline, in order of key, then the one that has no
 * name. */
void tracks_find(const struct builder *b, struct tracks *all);

#endif
