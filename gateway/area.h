/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two-dimensional burden: products of the longest diameter and the longest
 * perpendicular (irRC, spec/criteria.md §2), in tmm².
 */
#ifndef RESCAN_AREA_H
#define RESCAN_AREA_H

#include "gateway/burden.h"

/* The lesions whose products are summed. */
struct area_index {
	const int *lesions; /* chosen at baseline */
	size_t n;
	bool missing_perpendicular; /* a stated one has no product there */
	bool stated;
	/* New lesions that count, and the visit from which; chosen where they
	 * first could be measurable, never exchanged later. */
	const struct area_new *news;
	size_t n_news;
};
struct area_new {
	int lesion;
	size_t from;
};

/* Index lesions: the stated targets, else the largest products at baseline
 * with both diameters at least 5 mm. */
struct area_index area_choose(const struct assess_case *c);

/* SPD of the index lesions and of new measurable lesions at a visit. */
struct burden area_burden(const struct assess_case *c,
    const struct area_index *x, const struct visit *v);

/* Status of baseline disease outside the index, for index lesions chosen
 * here: nothing else there counts as gone. */
enum nt_status area_non_index(const struct assess_case *c,
    const struct area_index *x, const struct visit *v);

#endif
