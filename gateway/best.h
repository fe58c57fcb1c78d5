/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Best overall response over a sequence of visits (spec/criteria.md §1.9,
 * §4.9), for every criterion whose categories rank alike.
 */
#ifndef RESCAN_BEST_H
#define RESCAN_BEST_H

#include "mappings/assessment.h"

/* How one criterion calls the ranks, best first. */
enum best_rank {
	RANK_CR,
	RANK_PR,
	RANK_SD,
	RANK_NON,
	RANK_NED,
	RANK_PD,
	RANK_UPD, /* progression awaiting confirmation */
	RANK_NE,
	RANK__MAX
};
struct best_family {
	enum category rank[RANK__MAX]; /* CAT_NONE: has no such */
};
extern const struct best_family best_recist, best_irecist, best_irrc,
    best_irrecist, best_imrecist;

struct best_entry {
	int32_t day;
	enum category category;
	bool ends;   /* a progression after which nothing counts */
	bool unseen; /* PR only because a part was not evaluated */
};
struct best_sequence {
	LIST_OF(struct best_entry) list;
};

struct best_rules {
	const struct best_family *family;
	int32_t reference_day; /* SD must come sd_min_days after it */
	int sd_min_days;
	int confirm_min_days; /* 28: 27 does not count */
	bool relapse_is_pd;   /* disease after a true CR is progression */
};

void best_add(struct arena *a, struct best_sequence *s, int32_t day,
    enum category category, bool ends);

/* Response and progression in days: fills ret's response_day, duration_days,
 * duration_open and progression_days from its progression_day. */
void best_measure(const struct best_sequence *s, const struct best_rules *r,
    struct best_overall *ret);

/* The best of the sequence up to and with the progression that ends it. */
enum category best_unconfirmed(
    const struct best_sequence *s, const struct best_rules *r);
/* The same where a CR or PR counts only when confirmed. */
enum category best_confirmed(
    const struct best_sequence *s, const struct best_rules *r);

#endif
