/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/patterns.h"

#include <string.h>

#include "gateway/metabolic.h"
#include "gateway/readings.h"
#include "gateway/thresholds.h"
#include "gateway/visits.h"
#include "gateway/wording.h"

/* --- what a number means --- */

enum direction { DOWN, LEVEL, UP };

/*= dissociation §7, §8.4: -30 %; +20 % and +5 mm */
static enum direction
size_direction(struct size_pair s)
{
	int64_t now = s.now, base = s.base;

	if (now - base >= LESION_UP_TMM &&
	    pet_rises(base, now, LESION_UP_PCT, false))
		return UP;
	return pet_falls(base, now, LESION_DOWN_PCT, false) ? DOWN : LEVEL;
}

/*= dissociation §8.4: 30 % and 0.8 */
static enum direction
uptake_direction(int64_t base, int64_t now)
{
	if (now - base >= UPTAKE_MILLI &&
	    pet_rises(base, now, UPTAKE_PCT, false))
		return UP;
	return base - now >= UPTAKE_MILLI &&
		       pet_falls(base, now, UPTAKE_PCT, false)
		   ? DOWN
		   : LEVEL;
}

/*= dissociation §8.4 */
static const char *const size_uptake[3][3] = {
    [UP] = {"LARGER_LESS_AVID", "CONCORDANT_STABLE", "LARGER_MORE_AVID"},
    [LEVEL] = {"STABLE_SIZE_LESS_AVID", "CONCORDANT_STABLE",
	"STABLE_SIZE_MORE_AVID"},
    [DOWN] = {"SMALLER_LESS_AVID", "CONCORDANT_STABLE", "SMALLER_MORE_AVID"},
};

const char *
pattern_size_uptake(
    struct size_pair size, int32_t uptake_base, int32_t uptake_now)
{
	return size_uptake[size_direction(size)]
			  [uptake_direction(uptake_base, uptake_now)];
}

bool
pattern_is_dissociated(const struct size_pair *p, size_t n)
{
	bool seen[3] = {false, false, false};

	for (size_t i = 0; i < n; i++) {
		if (p[i].base > 0)
			seen[size_direction(p[i])] = true;
	}
	return seen[DOWN] && seen[UP];
}

/*= pseudoprogression §7 EARLY / DELAYED */
enum tristate
pattern_is_early(int32_t day, int32_t therapy_start)
{
	if (therapy_start == DAY_NONE)
		return UNKNOWN;
	return day - therapy_start <= PSP_EARLY_DAYS ? YES : NO;
}

/* --- sequences --- */

static bool
is_response(enum category k)
{
	return k == CAT_ICR || k == CAT_IPR || k == CAT_CR || k == CAT_PR;
}

static bool
is_stable(enum category k)
{
	return k == CAT_ISD || k == CAT_INON;
}

bool
pattern_next_pseudoprogression(const struct response_at *seq, size_t n,
    bool through_sd, size_t *i, struct pseudoprogression *ret)
{
	struct pseudoprogression p = {PSP_PENDING, false, 0, 0};

	while (*i < n && seq[*i].category != CAT_IUPD)
		(*i)++;
	if (*i == n)
		return false;
	p.at = (*i)++;
	for (; *i < n && !p.strict; (*i)++) {
		enum category k = seq[*i].category;

		if (k == CAT_IUPD && p.state == PSP_CONFIRMED)
			break;
		if (k == CAT_ICPD && p.state == PSP_PENDING) {
			p.state = PSP_REFUTED;
			p.resolved = (*i)++;
			break;
		}
		if (is_response(k)) {
			p.strict = true;
			p.state = PSP_CONFIRMED;
			p.resolved = *i;
		} else if (is_stable(k) && through_sd &&
			   p.state == PSP_PENDING) { /*= C27 */
			p.state = PSP_CONFIRMED;
			p.resolved = *i;
		}
	}
	*ret = p;
	return true;
}

int
pattern_durable_response(
    const struct response_at *seq, size_t n, int32_t last_dose, int32_t days)
{
	int32_t from = DAY_NONE;

	if (last_dose == DAY_NONE)
		return -1;
	for (size_t i = 0; i < n; i++) {
		enum category k = seq[i].category;

		if (k == CAT_NE || k == CAT_NA || k == CAT_NONE)
			continue;
		if (!is_response(k)) {
			from = DAY_NONE;
			continue;
		}
		if (from == DAY_NONE)
			from = seq[i].day > last_dose ? seq[i].day : last_dose;
		if (seq[i].day - from >= days)
			return (int)i;
	}
	return -1;
}

/* --- the document --- */

/* One run of the patterns. */
struct search {
	const struct assess_case *c;
	struct assessment *x;
	struct arena *arena;
	const struct criterion_result *r; /* iRECIST, else RECIST 1.1 */
	bool unconfirmed;        /* it knows of unconfirmed progression */
	struct response_at *seq; /* of the visits after baseline */
	const struct visit **visits;
	size_t n;
};

static struct pattern *
emit(struct search *s, const char *kind, const char *status, int32_t day)
{
	struct pattern *p = ARENA_PUSH(s->arena, &s->x->patterns);

	p->kind = kind;
	p->status = status;
	p->day = day;
	return p;
}

/* A step that names the category of one visit. */
static void
because_visit(struct search *s, struct pattern *p, const char *rule, size_t i)
{
	size_t n;
	const char *const *sources = readings_sources(
	    s->c->timeline, (size_t)s->visits[i]->index, s->arena, &n);

	because_add(s->arena, &p->because, rule, sources, n, "%s on %s",
	    category_name(s->r->at[s->visits[i]->index].overall),
	    wording_day(s->arena, s->seq[i].day));
}

/* RECIST 1.1 in iRECIST's words: any PD may yet be taken back. */
/*= pseudoprogression §7 or first RECIST PD */
static enum category
category_in_retrospect(enum category k)
{
	switch (k) {
	case CAT_PD:
		return CAT_IUPD;
	case CAT_SD:
		return CAT_ISD;
	case CAT_NON:
		return CAT_INON;
	default:
		return k;
	}
}

static void
load_sequence(struct search *s)
{
	const struct criterion_result *r =
	    assessment_criterion(s->x, "irecist");
	size_t room = s->c->n_visits;

	s->unconfirmed = r != NULL;
	if (r == NULL)
		r = assessment_criterion(s->x, "recist11");
	s->r = r;
	s->seq = arena_alloc(s->arena, room * sizeof(*s->seq));
	s->visits = arena_alloc(s->arena, room * sizeof(*s->visits));
	for (size_t i = 1; i < s->c->n_visits && r != NULL; i++) {
		const struct visit *v = &s->c->visits[i];

		s->visits[s->n] = v;
		s->seq[s->n].day = v->day;
		s->seq[s->n++].category =
		    category_in_retrospect(r->at[v->index].overall);
	}
}

static const char *
psp_variant(struct search *s, const struct pseudoprogression *p)
{
	enum tristate early =
	    pattern_is_early(s->seq[p->at].day, s->c->timeline->therapy_start);
	const char *when = early == YES ? "early" : "delayed";

	if (p->state != PSP_CONFIRMED)
		return early == UNKNOWN ? NULL : when;
	if (early == UNKNOWN)
		return p->strict ? "strict" : "lenient";
	return arena_printf(
	    s->arena, "%s,%s", p->strict ? "strict" : "lenient", when);
}

/* An unconfirmed progression without a known checkpoint inhibitor is
 * progression: nothing makes a feigned one likely, or tells early from
 * delayed. */
/*= pseudoprogression §11 therapy start missing */
static bool
is_not_computable(struct search *s, size_t at)
{
	const struct timepoint *tp =
	    &s->c->timeline->timepoints.items[s->visits[at]->index];

	if (s->c->timeline->therapy_start != DAY_NONE)
		return false;
	assess_problem(s->x, tp->n_studies > 0 ? tp->studies[0] : NULL,
	    "pseudoprogression_not_computable",
	    "no checkpoint inhibitor is in the data: whether the progression "
	    "of %s may be pseudoprogression cannot be told",
	    wording_day(s->arena, s->seq[at].day));
	return true;
}

static void
find_pseudoprogression(struct search *s)
{
	static const struct {
		const char *status, *rule;
	} words[] = {
	    [PSP_PENDING] = {"suspected", "pattern.pseudoprogression.pending"},
	    [PSP_CONFIRMED] = {"confirmed",
		"pattern.pseudoprogression.resolved"},
	    [PSP_REFUTED] = {"refuted", "pattern.pseudoprogression.refuted"},
	};
	struct pseudoprogression b;
	size_t i = 0;

	while (pattern_next_pseudoprogression(
	    s->seq, s->n, s->c->options->contested.psp_through_sd, &i, &b)) {
		struct pattern *p;

		if (b.state == PSP_PENDING &&
		    (!s->unconfirmed || is_not_computable(s, b.at)))
			continue;
		p = emit(s, "pseudoprogression", words[b.state].status,
		    s->seq[b.at].day);
		p->variant = psp_variant(s, &b);
		because_visit(s, p, "pattern.pseudoprogression.iupd", b.at);
		if (b.state != PSP_PENDING)
			because_visit(s, p, words[b.state].rule, b.resolved);
		else
			because_add(s->arena, &p->because, words[b.state].rule,
			    NULL, 0, "PENDING: no later visit has decided it");
		if (p->variant == NULL ||
		    s->c->timeline->therapy_start == DAY_NONE)
			because_add(s->arena, &p->because,
			    "pattern.pseudoprogression.timing", NULL, 0,
			    "THERAPY_START_MISSING: early or delayed cannot "
			    "be told");
	}
}

/*= pseudoprogression §7 LATE_RESPONSE_AFTER_ICPD [derived], C18 */
static bool
sum_is_low(const struct search *s, const struct visit *v)
{
	int64_t base = s->c->base_tmm;

	return v->complete && base != BURDEN_NONE && base > 0 &&
	       pet_falls(base, v->sum_tmm, LATE_FALL_PCT, false);
}

/* The first visit from i on, at least `gap` days after `day`, at which the
 * sum is 30 % below baseline; s->n when there is none. */
static size_t
next_low(const struct search *s, size_t i, int32_t day, int gap)
{
	while (i < s->n &&
	       (s->seq[i].day - day < gap || !sum_is_low(s, s->visits[i])))
		i++;
	return i;
}

static void
because_sum(struct search *s, struct pattern *p, const char *rule, size_t i)
{
	const struct visit *v = s->visits[i];
	size_t n;
	const char *const *sources =
	    readings_sources(s->c->timeline, (size_t)v->index, s->arena, &n);

	because_add(s->arena, &p->because, rule, sources, n,
	    "sum %s on %s is %s the baseline of %s",
	    wording_mm(s->arena, v->sum_tmm), wording_day(s->arena, v->day),
	    wording_change(s->arena, v->sum_tmm, s->c->base_tmm),
	    wording_mm(s->arena, s->c->base_tmm));
}

/* Flag iRECIST's verdict at each such visit from i on. */
static void
flag_low(struct search *s, size_t i)
{
	for (size_t k = 0; k < s->x->criteria.n; k++) {
		struct criterion_result *r = &s->x->criteria.items[k];

		if (strcmp(r->id, "irecist") != 0)
			continue;
		while ((i = next_low(s, i, s->seq[0].day, 0)) < s->n)
			verdict_flag(s->arena, &r->at[s->visits[i++]->index],
			    "LATE_RESPONSE_AFTER_ICPD");
	}
}

/* A response that follows a confirmed progression. */
static void
find_delayed(struct search *s)
{
	size_t icpd = 0, low, again;
	struct pattern *p;

	while (icpd < s->n && s->seq[icpd].category != CAT_ICPD)
		icpd++;
	if (icpd == s->n)
		return;
	low = next_low(s, icpd + 1, s->seq[icpd].day, 0);
	if (low == s->n)
		return;
	flag_low(s, low);
	again = next_low(s, low + 1, s->seq[low].day, LATE_CONFIRM_DAYS);
	p = emit(s, "delayed_response",
	    again < s->n ? "confirmed" : "suspected", s->seq[low].day);
	because_visit(s, p, "pattern.delayed_response.icpd", icpd);
	because_sum(s, p, "pattern.delayed_response.sum", low);
	if (again < s->n)
		because_sum(s, p, "pattern.delayed_response.confirmed", again);
}

static void
find_durable(struct search *s)
{
	int32_t last = s->c->timeline->therapy_last;
	int days = s->c->options->durable_response_days;
	int i = pattern_durable_response(s->seq, s->n, last, days);
	struct pattern *p;

	if (i < 0)
		return;
	p = emit(s, "durable_response_after_stop", "confirmed", s->seq[i].day);
	because_visit(s, p, "pattern.durable_response", (size_t)i);
	because_add(s->arena, &p->because, "pattern.durable_response.stop",
	    NULL, 0,
	    "no dose after %s; the response has lasted %d days without "
	    "treatment or more",
	    wording_day(s->arena, last), days);
}

/* Targets read at both visits. */
struct pairs {
	struct size_pair *sizes;
	const char **keys, **sources;
	size_t n;
};

static struct pairs
load_pairs(const struct search *s, const struct visit *v)
{
	size_t room = v->n_targets + 1;
	struct pairs p = {
	    .sizes = arena_alloc(s->arena, room * sizeof(*p.sizes)),
	    .keys = arena_alloc(s->arena, room * sizeof(*p.keys)),
	    .sources = arena_alloc(s->arena, room * sizeof(*p.sources))};

	const struct visit *base = &s->c->visits[0];

	for (size_t i = 0; i < v->n_targets && i < base->n_targets; i++) {
		if (!v->targets[i].evaluated || !base->targets[i].evaluated)
			continue;
		p.sizes[p.n].base = base->targets[i].value_tmm;
		p.sizes[p.n].now = v->targets[i].value_tmm;
		p.keys[p.n] =
		    s->c->timeline->lesions.items[v->targets[i].lesion].key;
		p.sources[p.n++] = v->targets[i].source;
	}
	return p;
}

static void
explain_dissociated(
    struct search *s, const struct pairs *all, struct pattern *p)
{
	because_add(s->arena, &p->because, "pattern.dissociated", NULL, 0,
	    "of %zu targets some shrank by 30 %% or more since "
	    "baseline, others grew by 20 %% and 5 mm or more",
	    all->n);
	for (size_t i = 0; i < all->n; i++) {
		const struct size_pair *z = &all->sizes[i];

		if (z->base <= 0 || size_direction(*z) == LEVEL)
			continue;
		because_add(s->arena, &p->because, "pattern.dissociated",
		    &all->sources[i], 1, "%s: %s is %s %s at baseline",
		    all->keys[i], wording_mm(s->arena, z->now),
		    wording_change(s->arena, z->now, z->base),
		    wording_mm(s->arena, z->base));
	}
}

/* One entry a run of visits that show it, dated at the first. */
static void
find_dissociated(struct search *s)
{
	bool before = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct visit *v = s->visits[i];
		struct pairs pairs = load_pairs(s, v);

		if (pairs.n == 0)
			continue;
		if (!pattern_is_dissociated(pairs.sizes, pairs.n)) {
			before = false;
			continue;
		}
		if (before)
			continue;
		before = true;
		explain_dissociated(s, &pairs,
		    emit(s, "dissociated_response", "confirmed", v->day));
	}
}

void
patterns_run(const struct assess_case *c, struct assessment *x)
{
	struct search s = {.c = c, .x = x, .arena = c->arena};

	load_sequence(&s);
	find_pseudoprogression(&s);
	find_delayed(&s);
	find_durable(&s);
	find_dissociated(&s);
	patterns_add_discordance(c, x);
}
