/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Criteria that add new lesions to one total burden and confirm progression
 * by repeating it: irRC, irRECIST, imRECIST (spec/criteria.md §2, §3, §5).
 */
#ifndef RESCAN_BURDEN_H
#define RESCAN_BURDEN_H

#include "gateway/best.h"
#include "gateway/rules.h"

/* Total burden of one visit, tmm or tmm². */
struct burden {
	int64_t value; /* a lower bound when !complete */
	bool complete;
	bool targets_gone; /* every baseline lesion of the sum */
	bool news_gone;    /* every definite new lesion, of any kind */
	bool news_worse;   /* a new non-target unequivocally progressing */
	const char **sources;
	size_t n_sources;
	LIST_OF(const char *) missing; /* keys of lesions without a number */
	LIST_OF(const char *) flat;    /* of those with one diameter of two */
};

/* How a criterion calls things. */
struct burden_rules {
	const char *id; /* prefix of its rule ids */
	enum category pd, ne;
	const struct best_family *family;
	bool area;
};

/* One run. */
struct burden_state {
	const struct burden_rules *rules;
	int64_t base, nadir;
	int32_t nadir_day;
	/* The progression that waits to be repeated. */
	bool pending, confirmed;
	int32_t pending_day;
	int64_t pending_nadir; /* what preceded it */
	int64_t pending_value; /* and its own burden */
	int32_t progression_day;
	/* As judged, and with unconfirmed progression left open. */
	struct best_sequence judged, settled;
};

void burden_start(struct burden_state *s, const struct burden_rules *r,
    const struct assess_case *c, int64_t base);

/* What a rise is measured from: the nadir before a pending progression. */
int64_t burden_reference(const struct burden_state *s);

/* May the burden show progression: not by a part where C6 says so, nor by
 * normal nodes alone where C2 says so. */
bool burden_may_progress(const struct assess_case *c, const struct burden *b);

/* Enter the visit's category: confirmation, nadir, best response; fills ret's
 * overall, confirmed, burden, nadir and base. */
void burden_conclude(struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, enum category category,
    struct verdict *ret);
void burden_finish(struct burden_state *s, const struct assess_case *c,
    struct best_overall *ret);

/* A step of the explanation under "<id>.<rule>", with the burden's sources. */
void burden_say(const struct burden_state *s, const struct assess_case *c,
    const struct burden *b, struct verdict *ret, const char *rule,
    const char *fmt, ...) PRINTF(6, 7);

/* Not evaluable for want of numbers: flag, reasons and explanation. */
void burden_say_missing(const struct burden_state *s,
    const struct assess_case *c, const struct visit *v, const struct burden *b,
    struct verdict *ret);

/* "burden 120.0 mm is 20.0 % (+20.0 mm) above the …". */
const char *burden_to_reference(const struct burden_state *s,
    const struct assess_case *c, const struct burden *b);
const char *burden_to_base(const struct burden_state *s,
    const struct assess_case *c, const struct burden *b);

/* Diameters of targets and of new target lesions (irRECIST, imRECIST). */
struct burden burden_of_diameters(
    const struct assess_case *c, const struct visit *v);
/* The same criteria's common beginning of a step. */
void burden_describe(
    const struct assess_case *c, const struct visit *v, struct verdict *ret);

#endif
