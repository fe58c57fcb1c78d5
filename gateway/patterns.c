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
	    category_name(s->seq[i].category),
	    wording_day(s->arena, s->seq[i].day));
}

static void
load_sequence(struct search *s)
{
	const struct criterion_result *r =
	    assessment_criterion(s->x, "irecist");
	size_t room = s->c->n_visits;

	if (r == NULL)
		r = assessment_criterion(s->x, "recist11");
	s->seq = arena_alloc(s->arena, room * sizeof(*s->seq));
	s->visits = arena_alloc(s->arena, room * sizeof(*s->visits));
	for (size_t i = 1; i < s->c->n_visits && r != NULL; i++) {
		const struct visit *v = &s->c->visits[i];

		s->visits[s->n] = v;
		s->seq[s->n].day = v->day;
		s->seq[s->n++].category = r->at[v->index].overall;
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

		if (b.state == PSP_PENDING && is_not_computable(s, b.at))
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

/* Baseline and present size of the targets read at both visits. */
static size_t
load_pairs(const struct search *s, const struct visit *v,
    struct size_pair *pairs, const char **sources)
{
	const struct visit *base = &s->c->visits[0];
	size_t n = 0;

	for (size_t i = 0; i < v->n_targets && i < base->n_targets; i++) {
		if (!v->targets[i].evaluated || !base->targets[i].evaluated)
			continue;
		pairs[n].base = base->targets[i].value_tmm;
		pairs[n].now = v->targets[i].value_tmm;
		sources[n++] = v->targets[i].source;
	}
	return n;
}

/* One entry a run of visits that show it, dated at the first. */
static void
find_dissociated(struct search *s)
{
	bool before = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct visit *v = s->visits[i];
		struct size_pair *pairs =
		    arena_alloc(s->arena, (v->n_targets + 1) * sizeof(*pairs));
		const char **sources = arena_alloc(
		    s->arena, (v->n_targets + 1) * sizeof(*sources));
		size_t n = load_pairs(s, v, pairs, sources);
		struct pattern *p;

		if (n == 0)
			continue;
		if (!pattern_is_dissociated(pairs, n)) {
			before = false;
			continue;
		}
		if (before)
			continue;
		before = true;
		p = emit(s, "dissociated_response", "confirmed", v->day);
		because_add(s->arena, &p->because, "pattern.dissociated",
		    sources, n,
		    "of %zu targets some shrank by 30 %% or more since "
		    "baseline, others grew by 20 %% and 5 mm or more",
		    n);
	}
}

/* --- size against uptake --- */

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
discordance_entry(struct search *s, size_t which, int32_t day)
{
	struct pattern *p;

	for (size_t i = 0; i < s->x->patterns.n; i++) {
		p = &s->x->patterns.items[i];
		if (p->variant == discordances[which].variant && p->day == day)
			return p;
	}
	p = emit(s, "metabolic_discordance", discordances[which].status, day);
	p->variant = discordances[which].variant;
	because_add(s->arena, &p->because,
	    "pattern.metabolic_discordance.meaning", NULL, 0, "%s: %s",
	    p->variant, discordances[which].text);
	return p;
}

static void
judge_lesion(struct search *s, const struct lesion *l, int base, int now)
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
	text = arena_printf(s->arena,
	    "%s: %s, from %s at baseline; %s %d.%03d, from %d.%03d", l->key,
	    wording_mm(s->arena, size.now), wording_mm(s->arena, size.base),
	    uptakes[u].text, (int)(b->suv[uptakes[u].kind] / 1000),
	    (int)(b->suv[uptakes[u].kind] % 1000),
	    (int)(a->suv[uptakes[u].kind] / 1000),
	    (int)(a->suv[uptakes[u].kind] % 1000));
	for (size_t i = 0; i < sizeof(discordances) / sizeof(discordances[0]);
	     i++) {
		struct pattern *p;

		if (strcmp(found, discordances[i].variant) != 0)
			continue;
		p = discordance_entry(
		    s, i, s->c->timeline->timepoints.items[now].day);
		because_add(s->arena, &p->because, uptakes[u].rule, b->sources,
		    b->n_sources, "%s", text);
	}
}

static bool
close_together(const struct timepoint *tp)
{
	return tp->last_day - tp->day <= CT_PET_DAYS;
}

static void
find_discordance(struct search *s)
{
	const struct timeline *t = s->c->timeline;
	int base = metabolic_baseline(t);

	if (base < 0 || !close_together(&t->timepoints.items[base]))
		return;
	for (size_t now = (size_t)base + 1; now < t->timepoints.n; now++) {
		if (!close_together(&t->timepoints.items[now]))
			continue;
		for (size_t i = 0; i < t->lesions.n; i++)
			judge_lesion(s, &t->lesions.items[i], base, (int)now);
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
	find_discordance(&s);
}
