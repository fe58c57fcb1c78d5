/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EORTC 1999: SUV against baseline, response by the number of cycles given.
 */
#include <string.h>

#include "gateway/metabolic.h"
#include "gateway/sources.h"
#include "gateway/thresholds.h"

/*= pet §8.2 eortc_pet, after one cycle and after more */
static const struct pet_limits one = {
    EORTC_UP_PCT, true, EORTC_DOWN_ONE_PCT, false, 0, 0, EORTC_EXTENT_PCT};
static const struct pet_limits more = {
    EORTC_UP_PCT, true, EORTC_DOWN_MORE_PCT, true, 0, 0, EORTC_EXTENT_PCT};

struct pet_verdict
eortc_judge(const struct pet_pair *p)
{
	static const struct pet_rules r = {"eortc_pet.pmd.new_uptake",
	    "eortc_pet.cmr", "eortc_pet.pmd.uptake", NULL,
	    "eortc_pet.pmd.extent", "eortc_pet.pmr", "eortc_pet.smd",
	    "eortc_pet.ne"};
	struct pet_verdict after_one = pet_judge_pair(&one, &r, p);
	struct pet_verdict after_more = pet_judge_pair(&more, &r, p);

	if (p->cycles >= 0)
		return p->cycles <= 1 ? after_one : after_more;
	/* Not known how many: fine where it makes no difference. */
	if (strcmp(after_one.overall, after_more.overall) != 0)
		return pet_not_evaluable(r.ne, "CYCLES_UNKNOWN");
	return after_one;
}

static void
step(void *state, const struct pet_scan *s, struct pet_answer *ret)
{
	(void)state;
	ret->verdict = eortc_judge(&s->suv);
	ret->pair = &s->suv;
	ret->what = arena_printf(s->c->arena, "hottest %s", s->suv_name);
}

extern const struct pet_criterion pet_criterion_eortc_pet;
const struct pet_criterion pet_criterion_eortc_pet = {
    .id = "eortc_pet",
    .version = "1999",
    .citation = YOUNG,
    .step = step,
};
