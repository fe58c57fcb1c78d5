/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iRECIST's facts of a visit, its signals of progression and what confirms
 * one; the state machine that uses them is criteria/irecist.c.
 */
#ifndef RESCAN_IRECIST_H
#define RESCAN_IRECIST_H

#include "gateway/best.h"
#include "gateway/rules.h"

enum irecist_cause { IRECIST_T = 1, IRECIST_NT = 2, IRECIST_NL = 4 };
enum irecist_phase { IRECIST_NOTHING, IRECIST_PENDING, IRECIST_CONFIRMED };

/* The values of the visit that opened the pending iUPD. */
struct irecist_anchor {
	int32_t day;
	unsigned causes;
	bool reappeared_t, reappeared_nt;
	int64_t sum;     /* BURDEN_NONE until a complete one is seen */
	int64_t sum_min; /* lowest complete one of the block */
	int64_t nlt;     /* sum of new target lesions */
	int64_t nlt_min;
	enum category rank; /* of the matrix, new lesions left out */
	bool nt_pd;
	bool ne_since; /* a visit after it could not be evaluated */
};

/* A new lesion as the last assessment that was not disregarded left it. */
struct irecist_seen {
	bool known;
	bool read;
	bool in_sum;       /* of new target lesions */
	int32_t value_tmm; /* TMM_NONE */
	enum lesion_change change;
};

struct irecist_state {
	enum irecist_phase phase;
	struct irecist_anchor anchor;
	int64_t nadir;
	int32_t nadir_day;
	bool hold_pr;
	int32_t pr_since;
	bool was_icr;              /* the last evaluable response */
	struct irecist_seen *seen; /* per lesion, last the unnamed one */
	int64_t nlt_lowest;        /* of the new lesions now in the sum */
	size_t nt_worse;           /* non-targets unequivocally worse */
	int32_t progression_day;
	struct best_sequence sequence;
};

/* What one visit brings (§4.2). */
struct irecist_facts {
	struct target_call t;
	enum category target, non_target;
	enum category matrix; /* new lesions left out */
	bool reappeared_t, reappeared_nt;
	bool nt_increase;
	size_t n_new; /* definite lesions not seen before */
	int64_t nlt;  /* lower bound when !nlt_complete */
	bool any_nlt, nlt_complete;
	int64_t joined; /* earlier size of what is now first in the sum */
	bool had_nlt;   /* something was in the sum before */
	bool nlnt_increase, nlnt_unequivocal;
	bool unresolved, missing;
};

struct irecist_scene {
	const struct assess_case *c;
	const struct visit *v;
	struct irecist_state *s;
	struct irecist_facts f;
	struct verdict *ret;
};

/* Fill x->f from the visit and the state. */
void irecist_gather(struct irecist_scene *x);
/* Only the target part again, with or without a held PR. */
void irecist_gather_targets(struct irecist_scene *x, bool hold_pr);

/* Causes for an iUPD with nothing pending (§4.3), and their explanation. */
unsigned irecist_signals(const struct irecist_scene *x);
void irecist_say_signals(const struct irecist_scene *x, unsigned causes);

/* What confirms the pending iUPD (§4.6): flags and explanation of each that
 * does; false when none.  Sets the flag of a contested reference (C8). */
bool irecist_confirm(struct irecist_scene *x);

/* The rows of that table, for printing; false after the last. */
struct irecist_row {
	const char *flag, *rule;
	unsigned needs, without; /* causes of the iUPD */
};
bool irecist_confirmation_row(size_t i, struct irecist_row *ret);

/* Where what was seen of a new lesion is kept. */
struct irecist_seen *irecist_seen(
    const struct irecist_scene *x, const struct new_lesion_fact *f);

/* A reference of the sum of new target lesions, with what joins it at this
 * visit; BURDEN_NONE where there is none. */
int64_t irecist_with_joined(const struct irecist_scene *x, int64_t reference);

/* Explanations with their sources. */
void irecist_say(const struct irecist_scene *x, unsigned about,
    const char *rule, const char *fmt, ...) PRINTF(4, 5);

#endif
