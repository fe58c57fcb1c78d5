/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/metabolic.h"

#include <stdlib.h>
#include <string.h>

/* How far up is progression, how far down response. */
struct pet_limits {
	const char *name;
	int up_pct;
	bool up_above; /* more than, not "at least" */
	int down_pct;
	bool down_above;
	int32_t change; /* and by so much, thousandths */
};

/*= pet §8.1 percist, C28 */
static const struct pet_limits percist = {"percist", 30, false, 30, false, 800};
/*= pet §8.2 eortc_pet, after one cycle and after more */
static const struct pet_limits eortc_one = {
    "eortc_pet", 25, true, 15, false, 0};
static const struct pet_limits eortc_more = {
    "eortc_pet", 25, true, 25, true, 0};
/*= pet §8.3 impercist5 */
static const struct pet_limits impercist5 = {
    "impercist5", 30, false, 30, false, 0};

/*= pet §8.1 percist TLG; §8.2 eortc_pet extent */
#define TLG_UP_PCT    75
#define EXTENT_UP_PCT 20
/*= pet §8.3 pecrit, 15.5 %, C29 */
#define PECRIT_UP_MILLI  1155
#define PECRIT_FROM_DAYS 21
#define PECRIT_TO_DAYS   28
/*= pet §8.3 ipercist */
#define IPERCIST_FROM_DAYS 28
#define IPERCIST_TO_DAYS   56
/*= pet §8.3 impercist5; two of one organ is unverified */
#define IMPERCIST_LESIONS   5
#define IMPERCIST_PER_ORGAN 2

/*= pet §8.3 percimt, C30 */
static const struct {
	size_t at_least;
	int32_t above_tmm;
	const char *rule;
} percimt_rows[] = {
    {4, TMM_NONE, "percimt.pmd.four_new"},
    {3, 100, "percimt.pmd.three_above_10_mm"},
    {2, 150, "percimt.pmd.two_above_15_mm"},
};

static struct pet_verdict
said(const char *overall, const char *rule)
{
	struct pet_verdict v = {overall, rule, NULL, NULL};

	return v;
}

static struct pet_verdict
not_evaluable(const char *rule, const char *missing)
{
	struct pet_verdict v = {"NE", rule, missing, NULL};

	return v;
}

static bool
rises(int64_t base, int64_t now, int pct, bool above)
{
	int64_t left = 100 * (now - base), right = pct * base;

	return above ? left > right : left >= right;
}

static bool
goes_up(const struct pet_limits *l, const struct pet_pair *p)
{
	return p->now - p->base >= l->change &&
	       rises(p->base, p->now, l->up_pct, l->up_above);
}

static bool
goes_down(const struct pet_limits *l, const struct pet_pair *p)
{
	int64_t left = 100 * (p->base - p->now), right = l->down_pct * p->base;

	return p->base - p->now >= l->change &&
	       (l->down_above ? left > right : left >= right);
}

/* Rule ids of one criterion, in the order of the table of §8.1. */
struct pet_rules {
	const char *fresh, *cmr, *up, *tlg, *extent, *pmr, *smd, *ne;
};

static struct pet_verdict
judge_pair(const struct pet_limits *l, const struct pet_rules *r,
    const struct pet_pair *p)
{
	if (r->fresh != NULL && p->new_lesion)
		return said("PMD", r->fresh);
	if (p->all_resolved && !p->partial)
		return said("CMR", r->cmr);
	if (p->base < 0 || p->now < 0)
		return not_evaluable(r->ne, p->missing);
	if (p->base == 0)
		return not_evaluable(r->ne, "BASELINE_NOT_AVID");
	if (goes_up(l, p))
		return said("PMD", r->up);
	if (r->tlg != NULL && p->tlg_base > 0 &&
	    rises(p->tlg_base, p->tlg_now, TLG_UP_PCT, true))
		return said("PMD", r->tlg);
	if (r->extent != NULL && p->extent_base > 0 &&
	    rises(p->extent_base, p->extent_now, EXTENT_UP_PCT, true))
		return said("PMD", r->extent);
	if (p->partial)
		return not_evaluable(r->ne, "LESION_NOT_READ");
	return goes_down(l, p) ? said("PMR", r->pmr) : said("SMD", r->smd);
}

struct pet_verdict
percist_judge(const struct pet_pair *p)
{
	static const struct pet_rules r = {"percist.pmd.new_lesion",
	    "percist.cmr", "percist.pmd.uptake", "percist.pmd.tlg", NULL,
	    "percist.pmr", "percist.smd", "percist.ne"};

	return judge_pair(&percist, &r, p);
}

struct pet_verdict
eortc_judge(const struct pet_pair *p)
{
	static const struct pet_rules r = {"eortc_pet.pmd.new_uptake",
	    "eortc_pet.cmr", "eortc_pet.pmd.uptake", NULL,
	    "eortc_pet.pmd.extent", "eortc_pet.pmr", "eortc_pet.smd",
	    "eortc_pet.ne"};
	struct pet_verdict one = judge_pair(&eortc_one, &r, p);
	struct pet_verdict more = judge_pair(&eortc_more, &r, p);

	if (p->cycles >= 0)
		return p->cycles <= 1 ? one : more;
	/* Not known how many: fine where it makes no difference. */
	if (strcmp(one.overall, more.overall) != 0)
		return not_evaluable(r.ne, "CYCLES_UNKNOWN");
	return one;
}

struct pet_verdict
impercist5_judge(const struct pet_pair *sums)
{
	static const struct pet_rules r = {NULL, "impercist5.cmr",
	    "impercist5.pmd", NULL, NULL, "impercist5.pmr", "impercist5.smd",
	    "impercist5.ne"};

	return judge_pair(&impercist5, &r, sums);
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

struct pet_verdict
pecrit_judge(enum category recist, const struct pet_pair *p, int days)
{
	if (days < 0)
		return not_evaluable("pecrit.ne", "THERAPY_START_MISSING");
	if (days < PECRIT_FROM_DAYS || days > PECRIT_TO_DAYS)
		return not_evaluable("pecrit.ne", "OUTSIDE_21_TO_28_DAYS");
	switch (recist) {
	case CAT_CR:
	case CAT_PR:
		return said("BENEFIT", "pecrit.recist_response");
	case CAT_PD:
		return said("NO_BENEFIT", "pecrit.recist_progression");
	case CAT_SD:
		break;
	default:
		return not_evaluable("pecrit.ne", "RECIST_NOT_EVALUABLE");
	}
	if (p->base < 0 || p->now < 0)
		return not_evaluable("pecrit.ne", p->missing);
	if (p->base == 0)
		return not_evaluable("pecrit.ne", "BASELINE_NOT_AVID");
	if (1000 * p->now > PECRIT_UP_MILLI * p->base)
		return said("BENEFIT", "pecrit.sd_uptake_up");
	if (p->partial)
		return not_evaluable("pecrit.ne", "LESION_NOT_READ");
	return said("NO_BENEFIT", "pecrit.sd_uptake_not_up");
}

struct pet_verdict
percimt_judge(const int32_t *diameters, size_t n, bool all_resolved)
{
	bool open = false;

	for (size_t r = 0; r < sizeof(percimt_rows) / sizeof(percimt_rows[0]);
	     r++) {
		size_t sure = 0, unknown = 0;

		for (size_t i = 0; i < n; i++) {
			if (diameters[i] > percimt_rows[r].above_tmm ||
			    percimt_rows[r].above_tmm == TMM_NONE)
				sure++;
			else if (diameters[i] == TMM_NONE)
				unknown++;
		}
		if (sure >= percimt_rows[r].at_least)
			return said("PMD", percimt_rows[r].rule);
		open |= sure + unknown >= percimt_rows[r].at_least;
	}
	if (open)
		return not_evaluable(
		    "percimt.ne", "FUNCTIONAL_DIAMETER_MISSING");
	if (n == 0 && all_resolved)
		return said("CMR", "percimt.cmr");
	return said("SMD", "percimt.not_pmd");
}

struct pet_verdict
ipercist_step(struct ipercist *s, int32_t day, struct pet_verdict percist_v)
{
	struct pet_verdict v = percist_v;
	bool pmd = strcmp(v.overall, "PMD") == 0;
	int32_t waited = day - s->since;

	if (s->confirmed)
		return said("CPMD", "ipercist.after_cpmd");
	if (strcmp(v.overall, "NE") == 0)
		return v;
	if (!s->pending) {
		s->pending = pmd;
		s->since = day;
		return pmd ? said("UPMD", "ipercist.upmd") : v;
	}
	if (waited < IPERCIST_FROM_DAYS) {
		v = said("UPMD", "ipercist.early");
		v.flag = "DISREGARDED_EARLY";
		return v;
	}
	if (pmd)
		v = said("CPMD", "ipercist.cpmd");
	s->confirmed = pmd;
	s->pending = false;
	if (waited > IPERCIST_TO_DAYS)
		v.flag = "LATE_CONFIRMATION";
	return v;
}
