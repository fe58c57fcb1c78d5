/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/burden.h"

#include "gateway/readings.h"
#include "gateway/thresholds.h"
#include "gateway/wording.h"

void
burden_start(struct burden_state *s, const struct burden_rules *r,
    const struct assess_case *c, int64_t base)
{
	s->rules = r;
	s->base = s->nadir = base;
	s->nadir_day = c->visits[0].day;
	s->pending_nadir = s->pending_value = BURDEN_NONE;
	s->pending_day = DAY_NONE;
	s->progression_day = DAY_NONE;
}

int64_t
burden_reference(const struct burden_state *s)
{
	return s->pending ? s->pending_nadir : s->nadir;
}

bool
burden_may_progress(const struct assess_case *c, const struct burden *b)
{
	const struct contested *k = &c->options->contested;

	if (!b->complete)
		return k->partial_sum_pd; /*= C6 */
	return !k->cr_before_pd || !(b->targets_gone && b->news_gone); /*= C2 */
}

void
burden_say(const struct burden_state *s, const struct assess_case *c,
    const struct burden *b, struct verdict *ret, const char *rule,
    const char *fmt, ...)
{
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	because_add(c->arena, &ret->because,
	    arena_printf(c->arena, "%s.%s", s->rules->id, rule), b->sources,
	    b->n_sources, "%s", text);
}

void
burden_say_missing(const struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, struct verdict *ret)
{
	struct wording_names names = {0};

	if (!v->imaged) {
		rules_not_imaged(c, v,
		    arena_printf(c->arena, "%s.ne.not_imaged", s->rules->id),
		    ret);
		return;
	}
	verdict_flag(c->arena, ret, "BURDEN_NOT_EVALUATED");
	for (size_t i = 0; i < b->missing.n; i++) {
		missing_add(c->arena, &ret->missing, "BURDEN_NOT_EVALUATED",
		    b->missing.items[i]);
		wording_name(&names, b->missing.items[i]);
	}
	if (s->base == BURDEN_NONE)
		missing_add(c->arena, &ret->missing, "BASELINE_SIZE_MISSING",
		    "baseline");
	burden_say(s, c, b, ret, "ne",
	    "the burden cannot be evaluated whole; without a number: %s",
	    names.n > 0 ? wording_join(c->arena, &names) : "the baseline");
}

static const char *
amount(const struct burden_state *s, struct arena *a, int64_t v)
{
	return s->rules->area ? wording_mm2(a, v) : wording_mm(a, v);
}

static const char *
compare(
    const struct burden_state *s, struct arena *a, int64_t now, int64_t from)
{
	return s->rules->area ? wording_change_area(a, now, from)
			      : wording_change(a, now, from);
}

const char *
burden_to_reference(const struct burden_state *s, const struct assess_case *c,
    const struct burden *b)
{
	struct arena *a = c->arena;
	int64_t ref = burden_reference(s);

	return arena_printf(a, "burden %s%s is %s the smallest of %s on %s",
	    amount(s, a, b->value), b->complete ? "" : " (a part alone)",
	    compare(s, a, b->value, ref), amount(s, a, ref),
	    wording_day(a, s->nadir_day));
}

const char *
burden_to_base(const struct burden_state *s, const struct assess_case *c,
    const struct burden *b)
{
	struct arena *a = c->arena;

	return arena_printf(a, "burden %s is %s the baseline of %s on %s",
	    amount(s, a, b->value), compare(s, a, b->value, s->base),
	    amount(s, a, s->base), wording_day(a, c->visits[0].day));
}

/* Is progression seen again enough, or grew it further since the first? */
/*= irrc §10 C19 */
static bool
repeat_suffices(const struct burden_state *s, const struct assess_case *c,
    const struct burden *b)
{
	const struct contested *k = &c->options->contested;
	int64_t least = s->rules->area ? 1 : FURTHER_TMM;

	if (k->burden_repeat_confirms)
		return true;
	if (!s->rules->area && !k->growth_inclusive) /*= C10 */
		least++;
	return b->value - s->pending_value >= least;
}

/* Progression again, far enough after the first. */
static void
repeat_progression(struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, struct verdict *ret)
{
	int min = c->options->confirm_min_days;

	if (!s->pending && !s->confirmed) {
		s->pending = true;
		s->pending_day = v->day;
		s->pending_nadir = s->nadir;
		s->pending_value = b->value;
		burden_say(s, c, b, ret, "pd.first",
		    "first progression: unconfirmed until repeated at least "
		    "%d days later",
		    min);
	} else if (s->pending && v->day - s->pending_day < min) {
		burden_say(s, c, b, ret, "pd.too_early",
		    "progression again after %d days, before day %d: still "
		    "unconfirmed",
		    v->day - s->pending_day, min);
	} else if (s->pending && !repeat_suffices(s, c, b)) {
		burden_say(s, c, b, ret, "pd.no_further_growth",
		    "progression again, but no further growth since %s: still "
		    "unconfirmed",
		    wording_day(c->arena, s->pending_day));
	} else if (s->pending) {
		s->pending = false;
		s->confirmed = true;
		s->progression_day = s->pending_day;
		burden_say(s, c, b, ret, "pd.confirmed",
		    "progression repeated: confirmed, dated %s",
		    wording_day(c->arena, s->pending_day));
	}
	ret->confirmed = s->confirmed ? YES : NO;
}

/* Only a scan that could have repeated the progression lets go of it. */
static void
let_go(struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, struct verdict *ret)
{
	if (!s->pending)
		return;
	if (v->day - s->pending_day < c->options->confirm_min_days) {
		burden_say(s, c, b, ret, "pd.too_early_to_drop",
		    "%d days after the progression of %s, before day %d: it "
		    "stays unconfirmed",
		    v->day - s->pending_day,
		    wording_day(c->arena, s->pending_day),
		    c->options->confirm_min_days);
		return;
	}
	s->pending = false;
	burden_say(s, c, b, ret, "pd.not_confirmed",
	    "the progression of %s is not repeated: dropped",
	    wording_day(c->arena, s->pending_day));
}

static void
commit(struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, enum category category)
{
	enum category settled = category;

	if (category == s->rules->pd && !s->confirmed)
		settled = s->rules->ne;
	best_add(c->arena, &s->judged, rules_dated(v, category), category,
	    category == s->rules->pd && s->confirmed);
	best_add(c->arena, &s->settled, rules_dated(v, settled), settled,
	    settled == s->rules->pd);
	if (b->complete && s->nadir != BURDEN_NONE && b->value < s->nadir) {
		s->nadir = b->value;
		s->nadir_day = v->day;
	}
}

void
burden_conclude(struct burden_state *s, const struct assess_case *c,
    const struct visit *v, const struct burden *b, enum category category,
    struct verdict *ret)
{
	ret->overall = category;
	ret->area = s->rules->area;
	ret->base = s->base;
	ret->nadir = s->nadir;
	ret->burden = b->complete ? b->value : BURDEN_NONE;
	if (s->confirmed)
		verdict_flag(c->arena, ret, "AFTER_PD");
	if (category == s->rules->pd)
		repeat_progression(s, c, v, b, ret);
	else if (category != s->rules->ne)
		let_go(s, c, v, b, ret);
	commit(s, c, v, b, category);
}

void
burden_finish(struct burden_state *s, const struct assess_case *c,
    struct best_overall *ret)
{
	struct best_rules r = {s->rules->family, rules_reference_day(c),
	    c->options->sd_min_days, c->options->confirm_min_days, false};

	ret->unconfirmed = best_unconfirmed(&s->judged, &r);
	ret->confirmed = best_confirmed(&s->settled, &r);
	ret->progression_day = s->progression_day;
	best_measure(&s->settled, &r, ret);
	because_add(c->arena, &ret->because,
	    arena_printf(c->arena, "%s.best", s->rules->id), NULL, 0,
	    "best of %zu visits, through confirmed progression%s%s",
	    s->judged.list.n, s->confirmed ? " dated " : "",
	    s->confirmed ? wording_day(c->arena, s->progression_day) : "");
}

static void
add_source(struct burden *b, const char *source)
{
	if (source != NULL)
		b->sources[b->n_sources++] = source;
}

/* Did the reader say of this visit that the lesion progresses unequivocally? */
static bool
is_unequivocal(const struct assess_case *c, const struct visit *v,
    const struct new_lesion_fact *f)
{
	const struct reading *r;

	if (f->lesion < 0 || f->first_seen)
		return false;
	r = c->timeline->lesions.items[f->lesion].at[v->index];
	return r != NULL && (r->state == READING_UNEQUIVOCAL ||
				r->change == CHANGE_UNEQUIVOCAL);
}

static void
add_new_lesion(const struct assess_case *c, const struct visit *v,
    const struct new_lesion_fact *f, struct burden *b)
{
	if (!f->definite)
		return;
	b->news_gone = b->news_gone && f->resolved;
	b->news_worse =
	    b->news_worse || (!f->target && is_unequivocal(c, v, f));
	if (!f->target || f->resolved)
		return;
	if (f->value_tmm == TMM_NONE) {
		b->complete = false;
		*ARENA_PUSH(c->arena, &b->missing) =
		    c->timeline->lesions.items[f->lesion].key;
	} else
		b->value += f->value_tmm;
	add_source(b, f->source);
}

struct burden
burden_of_diameters(const struct assess_case *c, const struct visit *v)
{
	struct burden b = {.value = v->sum_tmm,
	    .complete = v->complete && v->imaged,
	    .targets_gone = v->all_normal,
	    .news_gone = true};

	b.sources = arena_alloc(
	    c->arena, (v->n_targets + v->n_news + 1) * sizeof(*b.sources));
	for (size_t i = 0; i < v->n_targets; i++) {
		add_source(&b, v->targets[i].source);
		if (!v->targets[i].evaluated)
			*ARENA_PUSH(c->arena, &b.missing) =
			    c->timeline->lesions.items[v->targets[i].lesion]
				.key;
	}
	for (size_t i = 0; i < v->n_news; i++)
		add_new_lesion(c, v, &v->news[i], &b);
	return b;
}

void
burden_describe(
    const struct assess_case *c, const struct visit *v, struct verdict *ret)
{
	ret->non_target = rules_non_target(v->non_target);
	ret->new_lesion = rules_new_lesion(v);
	rules_non_target_explain(c, v, ret);
	rules_new_lesion_explain(c, v, ret);
	rules_visit_flags(c, v, ret);
}
