/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imPERCIST5: the sum of the five hottest lesions; a new lesion may enter it
 * but is no progression by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/metabolic.h"
#include "gateway/sources.h"
#include "gateway/thresholds.h"

/*= pet §8.3 impercist5 */
static const struct pet_limits limits = {
    IMPERCIST_PCT, false, IMPERCIST_PCT, false, 0, 0, 0};

struct pet_verdict
impercist5_judge(const struct pet_pair *sums)
{
	static const struct pet_rules r = {NULL, "impercist5.cmr",
	    "impercist5.pmd", NULL, NULL, "impercist5.pmr", "impercist5.smd",
	    "impercist5.ne"};

	return pet_judge_pair(&limits, &r, sums);
}

static int
hotter(const void *a, const void *b)
{
	const struct pet_uptake *x = a, *y = b;

	return (x->value < y->value) - (x->value > y->value);
}

int64_t
impercist5_sum(struct pet_uptake *u, size_t n)
{
	int64_t sum = 0;
	size_t taken = 0;

	if (n > 0)
		qsort(u, n, sizeof(*u), hotter);
	for (size_t i = 0; i < n && taken < IMPERCIST_LESIONS; i++) {
		int same = 0;

		for (size_t j = 0; j < i && u[i].organ != NULL; j++)
			same += u[j].organ != NULL &&
				strcmp(u[i].organ, u[j].organ) == 0;
		if (same >= IMPERCIST_PER_ORGAN)
			continue;
		sum += u[i].value;
		taken++;
	}
	return sum;
}

static void
step(void *state, const struct pet_scan *s, struct pet_answer *ret)
{
	(void)state;
	ret->verdict = impercist5_judge(&s->sums);
	ret->pair = &s->sums;
	ret->what = "sum of up to five SULpeak";
}

extern const struct pet_criterion pet_criterion_impercist5;
const struct pet_criterion pet_criterion_impercist5 = {
    .id = "impercist5",
    .version = "2019",
    .citation = ITO,
    .step = step,
};
