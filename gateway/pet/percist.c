/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PERCIST 1.0: the hottest lesion's SULpeak against baseline's.
 */
#include "gateway/metabolic.h"
#include "gateway/sources.h"
#include "gateway/thresholds.h"

/*= pet §8.1 percist, C28 */
struct pet_verdict
percist_judge(const struct contested *k, const struct pet_pair *p)
{
	static const struct pet_rules r = {"percist.pmd.new_lesion",
	    "percist.cmr", "percist.pmd.uptake", "percist.pmd.tlg", NULL,
	    "percist.pmr", "percist.smd", "percist.ne"};
	struct pet_limits l = {PERCIST_PCT, false, PERCIST_PCT, false,
	    k->percist_both ? PERCIST_MILLI : 0, PERCIST_TLG_PCT, 0};

	return pet_judge_pair(&l, &r, p);
}

static void
step(void *state, const struct pet_scan *s, struct pet_answer *ret)
{
	(void)state;
	ret->verdict = percist_judge(&s->c->options->contested, &s->peak);
	ret->pair = &s->peak;
	ret->what = "hottest SULpeak";
}

extern const struct pet_criterion pet_criterion_percist;
const struct pet_criterion pet_criterion_percist = {
    .id = "percist",
    .version = "1.0",
    .citation = WAHL,
    .step = step,
};
