/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iPERCIST: a PERCIST progression is unconfirmed until a second PET.
 */
#include <string.h>

#include "gateway/metabolic.h"
#include "gateway/sources.h"
#include "gateway/thresholds.h"

/*= pet §8.3 ipercist */
struct pet_verdict
ipercist_step(struct ipercist *s, int32_t day, struct pet_verdict percist)
{
	struct pet_verdict v = percist;
	bool pmd = strcmp(v.overall, "PMD") == 0;
	int32_t waited = day - s->since;

	if (s->confirmed)
		return pet_said("CPMD", "ipercist.after_cpmd");
	if (strcmp(v.overall, "NE") == 0)
		return v;
	if (!s->pending) {
		s->pending = pmd;
		s->since = day;
		return pmd ? pet_said("UPMD", "ipercist.upmd") : v;
	}
	if (waited < IPERCIST_FROM_DAYS) {
		v = pet_said("UPMD", "ipercist.early");
		v.flag = "DISREGARDED_EARLY";
		return v;
	}
	if (pmd)
		v = pet_said("CPMD", "ipercist.cpmd");
	s->confirmed = pmd;
	s->pending = false;
	if (waited > IPERCIST_TO_DAYS)
		v.flag = "LATE_CONFIRMATION";
	return v;
}

static void
step(void *state, const struct pet_scan *s, struct pet_answer *ret)
{
	ret->verdict = ipercist_step(
	    state, s->day, percist_judge(&s->c->options->contested, &s->peak));
	ret->pair = &s->peak;
	ret->what = "hottest SULpeak";
}

extern const struct pet_criterion pet_criterion_ipercist;
const struct pet_criterion pet_criterion_ipercist = {
    .id = "ipercist",
    .version = "2019",
    .citation = GOLDFARB,
    .state_size = sizeof(struct ipercist),
    .step = step,
};
