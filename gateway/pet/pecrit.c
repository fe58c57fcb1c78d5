/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PECRIT: RECIST 1.1, and for stable disease the hottest lesion's rise, which
 * is favourable.
 */
#include "gateway/metabolic.h"
#include "gateway/sources.h"
#include "gateway/thresholds.h"

/*= pet §8.3 pecrit, C29 */
struct pet_verdict
pecrit_judge(const struct contested *k, enum category recist,
    const struct pet_pair *p, int days)
{
	bool up;

	if (days < 0)
		return pet_not_evaluable("pecrit.ne", "THERAPY_START_MISSING");
	if (days < PECRIT_FROM_DAYS || days > PECRIT_TO_DAYS)
		return pet_not_evaluable("pecrit.ne", "OUTSIDE_21_TO_28_DAYS");
	switch (recist) {
	case CAT_CR:
	case CAT_PR:
		return pet_said("BENEFIT", "pecrit.recist_response");
	case CAT_PD:
		return pet_said("NO_BENEFIT", "pecrit.recist_progression");
	case CAT_SD:
		break;
	default:
		return pet_not_evaluable("pecrit.ne", "RECIST_NOT_EVALUABLE");
	}
	if (p->base < 0 || p->now < 0)
		return pet_not_evaluable("pecrit.ne", p->missing);
	if (p->base == 0)
		return pet_not_evaluable("pecrit.ne", "BASELINE_NOT_AVID");
	up = 1000 * p->now > PECRIT_UP_MILLI * p->base;
	if (!up && p->partial)
		return pet_not_evaluable("pecrit.ne", "LESION_NOT_READ");
	return pet_said(up == k->pecrit_rise_is_good ? "BENEFIT" : "NO_BENEFIT",
	    up ? "pecrit.sd_uptake_up" : "pecrit.sd_uptake_not_up");
}

static void
step(void *state, const struct pet_scan *s, struct pet_answer *ret)
{
	(void)state;
	ret->verdict = pecrit_judge(
	    &s->c->options->contested, s->recist, &s->peak, s->days);
	ret->pair = &s->peak;
	ret->what = "hottest SULpeak";
}

extern const struct pet_criterion pet_criterion_pecrit;
const struct pet_criterion pet_criterion_pecrit = {
    .id = "pecrit",
    .version = "2017",
    .citation = CHO,
    .step = step,
};
