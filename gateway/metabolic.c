/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PET criteria have in common.
 */
#include "gateway/metabolic.h"

struct pet_verdict
pet_said(const char *overall, const char *rule)
{
	struct pet_verdict v = {overall, rule, NULL, NULL};

	return v;
}

struct pet_verdict
pet_not_evaluable(const char *rule, const char *missing)
{
	struct pet_verdict v = {"NE", rule, missing, NULL};

	return v;
}

bool
pet_rises(int64_t base, int64_t now, int pct, bool above)
{
	int64_t left = 100 * (now - base), right = pct * base;

	return above ? left > right : left >= right;
}

bool
pet_falls(int64_t base, int64_t now, int pct, bool above)
{
	int64_t left = 100 * (base - now), right = pct * base;

	return above ? left > right : left >= right;
}

static bool
goes_up(const struct pet_limits *l, const struct pet_pair *p)
{
	return p->now - p->base >= l->change &&
	       pet_rises(p->base, p->now, l->up_pct, l->up_above);
}

static bool
goes_down(const struct pet_limits *l, const struct pet_pair *p)
{
	return p->base - p->now >= l->change &&
	       pet_falls(p->base, p->now, l->down_pct, l->down_above);
}

/*= pet §8.1 the first row that holds */
struct pet_verdict
pet_judge_pair(const struct pet_limits *l, const struct pet_rules *r,
    const struct pet_pair *p)
{
	if (r->fresh != NULL && p->new_lesion)
		return pet_said("PMD", r->fresh);
	if (p->all_resolved && !p->partial)
		return pet_said("CMR", r->cmr);
	if (p->base < 0 || p->now < 0)
		return pet_not_evaluable(r->ne, p->missing);
	if (p->base == 0)
		return pet_not_evaluable(r->ne, "BASELINE_NOT_AVID");
	if (goes_up(l, p))
		return pet_said("PMD", r->up);
	if (l->tlg_pct > 0 && p->tlg_base > 0 &&
	    pet_rises(p->tlg_base, p->tlg_now, l->tlg_pct, true))
		return pet_said("PMD", r->tlg);
	if (l->extent_pct > 0 && p->extent_base > 0 &&
	    pet_rises(p->extent_base, p->extent_now, l->extent_pct, true))
		return pet_said("PMD", r->extent);
	if (p->partial)
		return pet_not_evaluable(r->ne, "LESION_NOT_READ");
	return goes_down(l, p) ? pet_said("PMR", r->pmr)
			       : pet_said("SMD", r->smd);
}
