/* SPDX-License-Identifier: Apache-2.0 */
/*
 * irRC: products of two diameters; new measurable lesions join the burden,
 * nothing else progresses; progression must be repeated.
 */
#include "gateway/area.h"
#include "gateway/sources.h"
#include "gateway/thresholds.h"

struct state {
	struct burden_state burden;
	struct area_index index;
	struct burden at_base; /* for what it lacks */
};

static const struct burden_rules names = {
    "irrc", CAT_IRPD, CAT_IRNE, &best_irrc, true};

static void
start(void *state, const struct assess_case *c)
{
	struct state *s = state;
	struct burden b;

	s->index = area_choose(c);
	b = s->at_base = area_burden(c, &s->index, &c->visits[0]);
	burden_start(&s->burden, &names, c,
	    s->index.n > 0 && !s->index.missing_perpendicular && b.complete
		? b.value
		: BURDEN_NONE);
}

static void
baseline(
    const struct assess_case *c, const struct visit *v, struct verdict *ret)
{
	struct state s = {0};

	start(&s, c);
	ret->area = true;
	ret->burden = ret->nadir = ret->base = s.burden.base;
	because_add(c->arena, &ret->because, "irrc.index", NULL, 0,
	    "%zu index lesion%s, %s", s.index.n, s.index.n == 1 ? "" : "s",
	    s.index.stated ? "the stated targets"
			   : "the largest of at least 5 by 5 mm");
	(void)v;
}

/*= irrc §2: +25 % over the smallest burden; from nothing, anything */
static bool
is_pd(const struct contested *k, int64_t now, int64_t reference)
{
	return now > reference &&
	       rules_rises(k, now, reference, IRRC_PD_RISE_PCT);
}

/*= irrc §2: -50 % of baseline */
static bool
is_pr(const struct contested *k, int64_t now, int64_t base)
{
	return rules_falls(k, now, base, IRRC_PR_FALL_PCT);
}

/* One diameter does not make an area. */
static void
say_flat(const struct state *s, const struct assess_case *c,
    const struct burden *b, struct verdict *ret)
{
	const char *text = "";

	for (size_t i = 0; i < b->flat.n; i++) {
		missing_add(c->arena, &ret->missing, "NO_PERPENDICULAR",
		    b->flat.items[i]);
		text = arena_printf(c->arena, "%s%s%s", text, i > 0 ? ", " : "",
		    b->flat.items[i]);
	}
	if (b->flat.n == 0)
		return;
	verdict_flag(c->arena, ret, "NO_PERPENDICULAR");
	burden_say(&s->burden, c, b, ret, "no_perpendicular",
	    "measured in one dimension of two, the burden is at least what "
	    "the others make: %s",
	    text);
}

static enum category
not_computable(const struct state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, struct verdict *ret)
{
	if (s->index.n == 0) {
		verdict_flag(c->arena, ret, "NO_INDEX_LESION");
		missing_add(
		    c->arena, &ret->missing, "NO_INDEX_LESION", "baseline");
		burden_say(&s->burden, c, b, ret, "ne.no_index_lesion",
		    "no lesion was measured in two dimensions at baseline");
	} else if (s->burden.base == BURDEN_NONE) {
		verdict_flag(c->arena, ret, "NO_PERPENDICULAR");
		for (size_t i = 0; i < s->at_base.missing.n; i++)
			missing_add(c->arena, &ret->missing, "NO_PERPENDICULAR",
			    s->at_base.missing.items[i]);
		burden_say(&s->burden, c, b, ret, "ne.no_perpendicular",
		    "an index lesion has no two diameters at baseline: not "
		    "computable");
	} else {
		burden_say_missing(&s->burden, c, v, b, ret);
		say_flat(s, c, b, ret);
	}
	return CAT_IRNE;
}

static enum category
judge_gone(const struct state *s, const struct assess_case *c,
    enum nt_status non_index, const struct burden *b, struct verdict *ret)
{
	bool clear = non_index == NT_CR || non_index == NT_NA;

	if (clear && b->news_gone) {
		burden_say(&s->burden, c, b, ret, "cr",
		    "index, non-index and new lesions are gone");
		return CAT_IRCR;
	}
	burden_say(&s->burden, c, b, ret, "pr.not_all_gone",
	    "index lesions are gone, %s not",
	    clear ? "a new lesion is" : "non-index lesions are");
	return CAT_IRPR;
}

/*= irrc §10 C22: irPD before irPR */
static enum category
judge(const struct state *s, const struct assess_case *c, const struct visit *v,
    const struct burden *b, struct verdict *ret)
{
	const struct contested *k = &c->options->contested;
	int64_t ref = burden_reference(&s->burden);

	if (ref == BURDEN_NONE)
		return not_computable(s, c, v, b, ret);
	if (v->imaged && burden_may_progress(c, b) &&
	    is_pd(k, b->value, ref) &&
	    (k->irpd_first || !b->complete ||
		!is_pr(k, b->value, s->burden.base))) {
		if (!b->complete)
			verdict_flag(c->arena, ret, "PARTIAL_SUM_PD");
		burden_say(&s->burden, c, b, ret, "pd", "%s",
		    burden_to_reference(&s->burden, c, b));
		return CAT_IRPD;
	}
	if (!b->complete)
		return not_computable(s, c, v, b, ret);
	if (b->value == 0)
		return judge_gone(
		    s, c, area_non_index(c, &s->index, v), b, ret);
	burden_say(&s->burden, c, b, ret, "burden", "%s; %s",
	    burden_to_base(&s->burden, c, b),
	    burden_to_reference(&s->burden, c, b));
	return is_pr(k, b->value, s->burden.base) ? CAT_IRPR : CAT_IRSD;
}

static void
step(void *state, const struct assess_case *c, const struct visit *v,
    struct verdict *ret)
{
	struct state *s = state;
	struct burden b = area_burden(c, &s->index, v);

	burden_describe(c, v, ret);
	burden_conclude(&s->burden, c, v, &b, judge(s, c, v, &b, ret), ret);
}

static void
finish(void *state, const struct assess_case *c, struct best_overall *ret)
{
	struct state *s = state;

	burden_finish(&s->burden, c, ret);
}

extern const struct criterion criterion_irrc;
const struct criterion criterion_irrc = {
    .id = "irrc",
    .version = "2009",
    .citation = "Wolchok JD et al. Clin Cancer Res 2009;15:7412-7420",
    .state_size = sizeof(struct state),
    .start = start,
    .step = step,
    .finish = finish,
    .baseline = baseline,
};
