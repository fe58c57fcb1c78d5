/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a timeline to the numbers of kinetics.h, and back to the document.
 */
#include "gateway/kinetics.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/readings.h"
#include "gateway/wording.h"

#define COUNT_OPEN 99 /* "new lesions: yes", and no number */

static struct kinetics_input
input_init(void)
{
	struct kinetics_input in = {
	    .day_pre = DAY_NONE,
	    .day_base = DAY_NONE,
	    .day_first = DAY_NONE,
	    .day_therapy = DAY_NONE,
	    .day_pd = DAY_NONE,
	    .sum_pre = BURDEN_NONE,
	    .sum_base = BURDEN_NONE,
	    .sum_first = BURDEN_NONE,
	    .sum_pd = BURDEN_NONE,
	    .ttf_days = -1,
	    .ecog_2mo = -1,
	    .at_pre = -1,
	    .at_base = -1,
	    .at_first = -1,
	};

	return in;
}

/* The sum of the baseline targets at timepoint tp; n_read says how many of
 * them were read. */
static int64_t
sum_before(const struct assess_case *c, int tp, size_t *n_read)
{
	const struct visit *base = &c->visits[0];
	int64_t sum = 0;

	*n_read = 0;
	for (size_t i = 0; i < base->n_targets; i++) {
		const struct lesion *l =
		    &c->timeline->lesions.items[base->targets[i].lesion];
		int32_t v = reading_size(l, l->at[tp]);

		if (v == TMM_NONE)
			continue;
		sum += v;
		(*n_read)++;
	}
	return sum;
}

/* The last timepoint before baseline with the same target set. */
static void
collect_pre(const struct assess_case *c, struct kinetics_input *in)
{
	const struct visit *base = &c->visits[0];
	size_t n_read;

	in->pre_missing = "PRE_BASELINE_MISSING";
	for (int i = base->index - 1; i >= 0; i--) {
		int64_t sum = sum_before(c, i, &n_read);

		if (n_read == base->n_targets && n_read > 0) {
			in->at_pre = i;
			in->day_pre = c->timeline->timepoints.items[i].day;
			in->sum_pre = sum;
			return;
		}
		if (n_read > 0)
			in->pre_missing = "TARGET_SET_DIFFERS";
	}
}

static void
collect_base(const struct assess_case *c, struct kinetics_input *in)
{
	const struct visit *base = &c->visits[0];

	in->at_base = base->index;
	in->day_base = base->day;
	if (base->n_targets == 0) {
		in->base_missing = "TARGETS_MISSING";
		return;
	}
	in->base_missing = "TARGET_NOT_EVALUATED";
	in->sum_base = c->base_tmm;
}

static struct kinetics_count
count_news(const struct visit *v)
{
	struct kinetics_count n = {0, 0};

	for (size_t i = 0; i < v->n_news; i++) {
		if (!v->news[i].definite || v->news[i].resolved)
			continue;
		n.n++;
		if (v->news[i].lesion < 0)
			n.open = COUNT_OPEN;
	}
	return n;
}

/* NULL when nothing says which organ. */
static const char *
known_organ(const struct lesion *l)
{
	if (!l->nodal && l->organ == NULL && l->site == NULL)
		return NULL;
	return lesion_organ(l);
}

/* Was this organ involved at baseline? */
static enum tristate
organ_involved(const struct assess_case *c, const char *organ)
{
	const struct timeline *t = c->timeline;
	bool doubt = organ == NULL;

	for (size_t i = 0; i < t->lesions.n && organ != NULL; i++) {
		const struct lesion *l = &t->lesions.items[i];
		const char *other = known_organ(l);

		if (l->first < 0 || l->first > c->visits[0].index ||
		    l->role == ROLE_BENIGN)
			continue;
		if (other != NULL && strcmp(other, organ) == 0)
			return YES;
		doubt |= other == NULL;
	}
	return doubt ? UNKNOWN : NO;
}

/* New lesions of a visit by organ: involved already, or another. */
static void
collect_organs(const struct assess_case *c, const struct visit *v,
    struct kinetics_input *in)
{
	in->new_organ = NO;
	for (size_t i = 0; i < v->n_news; i++) {
		const struct new_lesion_fact *f = &v->news[i];
		enum tristate involved = UNKNOWN;

		if (!f->definite || f->resolved)
			continue;
		if (f->lesion >= 0)
			involved = organ_involved(
			    c, known_organ(
				   &c->timeline->lesions.items[f->lesion]));
		if (involved == YES)
			in->news_same_organ.n++;
		if (involved == UNKNOWN)
			in->news_same_organ.open +=
			    f->lesion < 0 ? COUNT_OPEN : 1;
		if (involved == NO)
			in->new_organ = YES;
		else if (involved == UNKNOWN && in->new_organ == NO)
			in->new_organ = UNKNOWN;
	}
}

static enum tristate
is_pd(const struct criterion_result *recist, const struct visit *v)
{
	enum category k =
	    recist != NULL ? recist->at[v->index].overall : CAT_NONE;

	if (k == CAT_PD)
		return YES;
	return k == CAT_NONE || k == CAT_NE ? UNKNOWN : NO;
}

/* A scan of the targets under treatment; a PET alone, say, is none. */
static bool
is_evaluation(const struct visit *v, const struct criterion_result *recist,
    int32_t therapy)
{
	if (!v->imaged || (therapy != DAY_NONE && v->day <= therapy))
		return false;
	return v->n_evaluated > 0 || v->n_targets == 0 ||
	       is_pd(recist, v) == YES;
}

static void
collect_first(const struct assess_case *c,
    const struct criterion_result *recist, struct kinetics_input *in)
{
	const struct visit *first = NULL;

	for (size_t i = 1; i < c->n_visits; i++) {
		const struct visit *v = &c->visits[i];

		if (!is_evaluation(v, recist, in->day_therapy))
			continue;
		if (first == NULL)
			first = v;
		else
			in->followed_up = true;
		if (in->day_pd == DAY_NONE && is_pd(recist, v) == YES) {
			in->day_pd = v->day;
			in->sum_pd = v->complete ? v->sum_tmm : BURDEN_NONE;
			in->news_pd = count_news(v);
		}
	}
	in->first_missing = "FIRST_EVALUATION_MISSING";
	if (first == NULL)
		return;
	in->first_missing = "TARGET_NOT_EVALUATED";
	in->at_first = first->index;
	in->day_first = first->day;
	if (first->complete)
		in->sum_first = first->sum_tmm;
	in->pd_at_first = is_pd(recist, first);
	collect_organs(c, first, in);
}

/*
 * The data say when doses were given, not when treatment was stopped.  What
 * is certain: treatment lasted to the last dose.  A progression with no dose
 * after it, for as long as the timeline waits before it calls a patient
 * post-treatment, is taken as the one that stopped it [derived].
 */
static void
collect_ttf(
    const struct assess_case *c, int32_t as_of, struct kinetics_input *in)
{
	const struct timeline_options wait = TIMELINE_DEFAULTS;
	int32_t last = c->timeline->therapy_last;

	if (in->day_therapy == DAY_NONE || last == DAY_NONE)
		return;
	in->ttf_at_least = last - in->day_therapy;
	if (in->day_pd == DAY_NONE || in->day_pd < last ||
	    in->day_pd - last > wait.post_treatment_days || as_of == DAY_NONE ||
	    as_of - last <= wait.post_treatment_days)
		return;
	in->ttf_days = in->day_pd - in->day_therapy;
}

static void
collect_ecog(const struct assess_case *c, struct kinetics_input *in)
{
	const struct timeline *t = c->timeline;

	for (size_t i = 0; i < t->ecog.n; i++) {
		const struct ecog_row *e = &t->ecog.items[i];

		if (in->day_therapy == DAY_NONE || e->day < in->day_therapy ||
		    e->day - in->day_therapy > in->contested->two_months_days)
			continue;
		if (e->score > in->ecog_2mo)
			in->ecog_2mo = e->score;
	}
}

struct kinetics_input
kinetics_collect(const struct assess_case *c, const struct assessment *x)
{
	struct kinetics_input in = input_init();

	in.contested = &c->options->contested;
	in.day_therapy = c->timeline->therapy_start;
	if (c->n_visits == 0) {
		in.base_missing = "BASELINE_MISSING";
		return in;
	}
	collect_base(c, &in);
	collect_pre(c, &in);
	collect_first(c, assessment_criterion(x, "recist11"), &in);
	collect_ttf(c, x->as_of, &in);
	collect_ecog(c, &in);
	return in;
}

/* "2.573" from thousandths, without zeros at the end. */
static const char *
milli_text(struct arena *a, int64_t v)
{
	char *s = arena_printf(a, "%s%" PRId64 ".%03d", v < 0 ? "-" : "",
	    (int64_t)(llabs(v) / 1000), (int)(llabs(v) % 1000));
	size_t n = strlen(s);

	while (s[n - 1] == '0')
		s[--n] = '\0';
	if (s[n - 1] == '.')
		s[n - 1] = '\0';
	return s;
}

static const char *
part_verdict(const struct kinetics_part *p)
{
	return p->met == YES ? "met" : "not met";
}

static void
explain_part(struct arena *a, const struct kinetics_part *p, const char *rule,
    struct because_list *to)
{
	if (p->met == UNKNOWN)
		because_add(a, to, rule, NULL, 0, "%s: %s (%s needed)",
		    p->missing, p->name, p->test);
	else if (p->has_value)
		because_add(a, to, rule, NULL, 0, "%s %s%s, %s needed: %s",
		    p->name, milli_text(a, p->value_milli), p->unit, p->test,
		    part_verdict(p));
	else
		because_add(
		    a, to, rule, NULL, 0, "%s: %s", p->name, part_verdict(p));
}

/* The sums the rates come from, with the studies they were read on. */
static void
explain_sums(const struct assess_case *c, const struct kinetics_input *in,
    struct because_list *to)
{
	const struct {
		const char *name;
		int at;
		int32_t day;
		int64_t sum;
	} rows[] = {
	    {"before baseline", in->at_pre, in->day_pre, in->sum_pre},
	    {"at baseline", in->at_base, in->day_base, in->sum_base},
	    {"at the first evaluation", in->at_first, in->day_first,
		in->sum_first},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const *sources;
		size_t n;

		if (rows[i].at < 0)
			continue;
		sources = readings_sources(
		    c->timeline, (size_t)rows[i].at, c->arena, &n);
		because_add(c->arena, to, "hpd.sum", sources, n,
		    "target sum %s (%s): %s", rows[i].name,
		    wording_day(c->arena, rows[i].day),
		    wording_mm(c->arena, rows[i].sum));
	}
}

/* Growth before and under treatment, where both ends are known. */
/*= hpd §6.1 */
static void
explain_rates(const struct assess_case *c, const struct kinetics_input *in,
    struct because_list *to)
{
	const struct {
		const char *when;
		struct kinetics_rate rate;
	} rows[] = {
	    {"before baseline", kinetics_rate(in->day_pre, in->sum_pre,
				    in->day_base, in->sum_base)},
	    {"to the first evaluation",
		kinetics_rate(
		    in->day_base, in->sum_base, in->day_first, in->sum_first)},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct kinetics_rate *r = &rows[i].rate;

		if (!r->defined || r->tgr > 1e9)
			continue;
		because_add(c->arena, to, "hpd.rate", NULL, 0,
		    "%s: TGR %s %% a month, TGK %s mm a day", rows[i].when,
		    milli_text(c->arena, llround(r->tgr * 1000)),
		    milli_text(c->arena, 100 * r->growth_tmm / r->days));
	}
}

static void
explain_flags(const struct assess_case *c, const struct kinetics_input *in,
    const struct kinetics_result *r, struct because_list *to)
{
	if (kinetics_unreliable(in))
		because_add(c->arena, to, "hpd.unreliable", NULL, 0,
		    "KINETICS_UNRELIABLE: baseline more than 28 days before "
		    "the first dose, or scans less than 14 days apart");
	if (in->ttf_days >= 0)
		because_add(c->arena, to, "hpd.ttf", NULL, 0,
		    "no dose after the progression of %s: taken as the end "
		    "of treatment",
		    wording_day(c->arena, in->day_pd));
	if (r->met == YES && !in->followed_up)
		because_add(c->arena, to, "hpd.pending", NULL, 0,
		    "HPD_PENDING_CONFIRMATION: provisional until the next "
		    "scan");
}

/* The id of what a reason code says is missing. */
static const char *
missing_item(const struct assess_case *c, const struct kinetics_input *in,
    const char *code)
{
	static const struct {
		const char *prefix, *item;
	} items[] = {
	    {"BASELINE", "baseline"},
	    {"TARGETS", "baseline"},
	    {"PRE_BASELINE", "scan before baseline"},
	    {"TARGET_SET", "scan before baseline"},
	    {"NE_RATIO", "scan before baseline"},
	    {"THERAPY_START", "first dose"},
	    {"THERAPY_STOP", "end of treatment"},
	    {"ECOG", "ECOG of the first 2 months"},
	    {"NEW_LESION", "organ or number of the new lesions"},
	};

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		if (strncmp(code, items[i].prefix, strlen(items[i].prefix)) ==
		    0)
			return items[i].item;
	}
	if (in->at_first < 0)
		return "first evaluation";
	for (size_t i = 0; i < c->n_visits; i++) {
		const struct visit *v = &c->visits[i];

		for (size_t k = 0; v->index == in->at_first && k < v->n_targets;
		     k++) {
			if (!v->targets[k].evaluated)
				return c->timeline->lesions
				    .items[v->targets[k].lesion]
				    .key;
		}
	}
	return wording_day(c->arena, in->day_first);
}

void
kinetics_run(const struct assess_case *c, struct assessment *x)
{
	struct kinetics_input in = kinetics_collect(c, x);

	for (size_t i = 0; i < KINETICS_DEFINITIONS; i++) {
		struct kinetics_result r = kinetics_judge(i, &in);
		struct hyperprogression *h =
		    ARENA_PUSH(c->arena, &x->hyperprogression);
		const char *rule =
		    arena_printf(c->arena, "hpd.%s", kinetics_definition(i));

		h->definition = kinetics_definition(i);
		h->met = r.met;
		h->has_value = r.has_value;
		h->value_milli = r.value_milli;
		h->has_threshold = true;
		h->threshold_milli = r.threshold_milli;
		for (size_t p = 0; p < r.n_parts; p++) {
			explain_part(c->arena, &r.parts[p], rule, &h->because);
			if (r.met == UNKNOWN && r.parts[p].met == UNKNOWN)
				missing_add(c->arena, &h->missing,
				    r.parts[p].missing,
				    missing_item(c, &in, r.parts[p].missing));
		}
		explain_sums(c, &in, &h->because);
		explain_rates(c, &in, &h->because);
		explain_flags(c, &in, &r, &h->because);
	}
}
