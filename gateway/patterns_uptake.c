/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lesions whose size and uptake disagree (spec/criteria.md §8.4).
 */
#include <string.h>

#include "gateway/metabolic.h"
#include "gateway/patterns.h"
#include "gateway/readings.h"
#include "gateway/thresholds.h"
#include "gateway/wording.h"

/* The uptake two readings have in common: SUL first. */
static const struct {
	enum suv_kind kind;
	const char *rule, *text;
} uptakes[] = {
    {SUL_PEAK, "pattern.metabolic_discordance", "SULpeak"},
    {SUL_MAX, "pattern.metabolic_discordance.sulmax",
	"SULmax, which stands in for SULpeak,"},
    {SUV_MAX, "pattern.metabolic_discordance.suvmax",
	"SUVmax, which stands in for SUL,"},
};
#define N_UPTAKES (sizeof(uptakes) / sizeof(uptakes[0]))

static size_t
common_uptake(const struct reading *a, const struct reading *b)
{
	size_t i = 0;

	while (i < N_UPTAKES &&
	       (a->suv[uptakes[i].kind] < 0 || b->suv[uptakes[i].kind] < 0))
		i++;
	return i;
}

/* The patterns reported, of those of §8.4. */
static const struct {
	const char *variant, *status, *text;
} discordances[] = {
    {"LARGER_LESS_AVID", "suspected",
	"supports inflammation or necrosis, not reassurance: confirm "
	"early"},
    {"SMALLER_MORE_AVID", "suspected", "smaller, and yet more avid: confirm"},
};

/* The entry of this variant and day, made on first use. */
static struct pattern *
discordance_entry(struct assessment *x, size_t which, int32_t day)
{
	struct pattern *p;

	for (size_t i = 0; i < x->patterns.n; i++) {
		p = &x->patterns.items[i];
		if (p->variant == discordances[which].variant && p->day == day)
			return p;
	}
	p = ARENA_PUSH(x->arena, &x->patterns);
	p->kind = "metabolic_discordance";
	p->status = discordances[which].status;
	p->variant = discordances[which].variant;
	p->day = day;
	because_add(x->arena, &p->because,
	    "pattern.metabolic_discordance.meaning", NULL, 0, "%s: %s",
	    p->variant, discordances[which].text);
	return p;
}

static void
judge_lesion(struct assessment *x, const struct lesion *l, int base, int now)
{
	const struct reading *a = l->at[base], *b = l->at[now];
	struct size_pair size;
	const char *found, *text;
	size_t u;

	if (a == NULL || b == NULL || l->role == ROLE_BENIGN)
		return;
	u = common_uptake(a, b);
	size.base = reading_size(l, a);
	size.now = reading_size(l, b);
	if (u == N_UPTAKES || size.base <= 0 || size.now == TMM_NONE)
		return;
	found = pattern_size_uptake(
	    size, a->suv[uptakes[u].kind], b->suv[uptakes[u].kind]);
	text = arena_printf(x->arena,
	    "%s: %s is %s %s at baseline; %s %s is %s %s", l->key,
	    wording_mm(x->arena, size.now),
	    wording_change(x->arena, size.now, size.base),
	    wording_mm(x->arena, size.base), uptakes[u].text,
	    wording_uptake(x->arena, b->suv[uptakes[u].kind]),
	    wording_change_uptake(
		x->arena, b->suv[uptakes[u].kind], a->suv[uptakes[u].kind]),
	    wording_uptake(x->arena, a->suv[uptakes[u].kind]));
	for (size_t i = 0; i < sizeof(discordances) / sizeof(discordances[0]);
	     i++) {
		struct pattern *p;

		if (strcmp(found, discordances[i].variant) != 0)
			continue;
		p = discordance_entry(
		    x, i, x->timeline->timepoints.items[now].day);
		because_add(x->arena, &p->because, uptakes[u].rule, b->sources,
		    b->n_sources, "%s", text);
	}
}

static bool
close_together(const struct timepoint *tp)
{
	return tp->last_day - tp->day <= CT_PET_DAYS;
}

void
patterns_add_discordance(const struct assess_case *c, struct assessment *x)
{
	const struct timeline *t = c->timeline;
	int base = metabolic_baseline(t);

	if (base < 0 || !close_together(&t->timepoints.items[base]))
		return;
	for (size_t now = (size_t)base + 1; now < t->timepoints.n; now++) {
		if (!close_together(&t->timepoints.items[now]))
			continue;
		for (size_t i = 0; i < t->lesions.n; i++)
			judge_lesion(x, &t->lesions.items[i], base, (int)now);
	}
}
