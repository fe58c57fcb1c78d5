/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/irae/irae.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/irae/internal.h"

/* --- names --- */

static const struct {
	const char *name, *words;
	int symptom_grade;
	unsigned traits;
	const char *referral;
} modules[] = {
#define IRAE_MODULE(id, name, words, symptom_grade, traits, referral)          \
	{name, words, symptom_grade, traits, referral},
#include "gateway/irae/modules.def"
#undef IRAE_MODULE
};

const char *
irae_module_name(enum irae_module m)
{
	return modules[m].name;
}

const char *
irae_module_words(enum irae_module m)
{
	return modules[m].words;
}

const char *
irae_module_referral(enum irae_module m)
{
	return modules[m].referral;
}

unsigned
irae_traits(enum irae_module m)
{
	return modules[m].traits;
}

int
irae_symptom_grade(enum irae_module m)
{
	return modules[m].symptom_grade;
}

int
irae_module_parse(const char *name)
{
	for (int m = 0; m < IRAE__MAX; m++) {
		if (strcmp(modules[m].name, name) == 0)
			return m;
	}
	return -1;
}

const char *
irae_level_name(enum irae_level l)
{
	static const char *const names[] = {
	    "none", "watch", "possible", "probable", "definite"};

	return names[l];
}

const char *
irae_flag_name(enum irae_flag f)
{
	static const char *const names[] = {"none", "active", "inactive"};

	return names[f];
}

const char *
irae_priority_name(enum irae_priority p)
{
	static const char *const names[] = {NULL, "PL", "PM", "PH"};

	return names[p];
}

const char *
irae_state_name(enum irae_state s)
{
	static const char *const names[] = {"none", "watch", "open", "reopened",
	    "stable", "improving", "escalated", "confirmed", "rebound",
	    "phase_change", "resolving", "controlled", "stale", "resolved",
	    "refuted", "dismissed", "snoozed", "lapsed"};

	return names[s];
}

const char *
irae_phase_name(enum irae_phase p)
{
	static const char *const names[] = {"unknown", "normal", "thyrotoxic",
	    "subclinical_hyper", "hypothyroid", "subclinical_hypo", "central"};

	return names[p];
}

int
irae_drug_role_parse(const char *name)
{
	static const char *const names[IRAE_DRUG__MAX] = {
	    [IRAE_STEROID] = "steroid",
	    [IRAE_INFLIXIMAB] = "infliximab",
	    [IRAE_VEDOLIZUMAB] = "vedolizumab",
	    [IRAE_MYCOPHENOLATE] = "mycophenolate",
	    [IRAE_IVIG] = "ivig",
	    [IRAE_PYRIDOSTIGMINE] = "pyridostigmine",
	    [IRAE_LEVOTHYROXINE] = "levothyroxine",
	    [IRAE_ANTITHYROID] = "antithyroid",
	    [IRAE_BETA_BLOCKER] = "beta_blocker",
	    [IRAE_REPLACEMENT] = "hydrocortisone_replacement",
	    [IRAE_INSULIN] = "insulin",
	    [IRAE_ORAL_ANTIDIABETIC] = "oral_antidiabetic",
	    [IRAE_CHEMO] = "chemo",
	};

	for (int i = 0; i < IRAE_DRUG__MAX; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

int
irae_image_owner(const struct irae_image *x)
{
	const struct irae_image_row *r = irae_image_row(x);

	return r == NULL ? -1 : (int)r->module;
}

/* --- the days --- */

/* What each day means to each module. */
struct agenda {
	LIST_OF(int32_t) days;   /* in order, each once */
	unsigned char *concerns; /* days.n × IRAE__MAX */
};

static int
by_day(const void *p, const void *q)
{
	int32_t a = *(const int32_t *)p, b = *(const int32_t *)q;

	return (a > b) - (a < b);
}

static void
add_day(struct irae_run *r, struct agenda *g, int32_t day)
{
	if (day == DAY_NONE || day <= r->start ||
	    (r->in->as_of != DAY_NONE && day > r->in->as_of))
		return;
	*ARENA_PUSH(r->arena, &g->days) = day;
}

static void
collect_days(struct irae_run *r, struct agenda *g)
{
	const struct irae_input *in = r->in;
	size_t n = 0;

	for (size_t i = 0; i < in->observations.n; i++)
		add_day(r, g, in->observations.items[i].day);
	for (size_t i = 0; i < in->images.n; i++)
		add_day(r, g, in->images.items[i].day);
	for (size_t i = 0; i < in->drugs.n; i++)
		add_day(r, g, in->drugs.items[i].day);
	for (size_t i = 0; i < in->conditions.n; i++) {
		add_day(r, g, in->conditions.items[i].day);
		add_day(r, g, in->conditions.items[i].end_day);
	}
	for (size_t i = 0; i < in->dismissals.n; i++)
		add_day(r, g, in->dismissals.items[i].day);
	for (size_t i = 0; i < in->reviews.n; i++)
		add_day(r, g, in->reviews.items[i]);
	add_day(r, g, in->as_of);
	if (g->days.n > 1)
		qsort(g->days.items, g->days.n, sizeof(int32_t), by_day);
	for (size_t i = 0; i < g->days.n; i++) {
		if (n == 0 || g->days.items[n - 1] != g->days.items[i])
			g->days.items[n++] = g->days.items[i];
	}
	g->days.n = n;
}

static void
concern(struct agenda *g, int32_t day, int module, enum irae_concern how)
{
	size_t low = 0, high = g->days.n;
	unsigned char *c;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (g->days.items[mid] < day)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == g->days.n || g->days.items[low] != day)
		return;
	for (int m = 0; m < IRAE__MAX; m++) {
		if (module >= 0 && m != module)
			continue;
		c = &g->concerns[low * IRAE__MAX + (size_t)m];
		if (*c < how)
			*c = (unsigned char)how;
	}
}

static void
concern_drugs(const struct irae_input *in, struct agenda *g)
{
	for (size_t i = 0; i < in->drugs.n; i++) {
		const struct irae_drug *d = &in->drugs.items[i];

		if (d->role == IRAE_STEROID)
			concern(g, d->day, -1, CONCERN_HELPS);
		for (size_t k = 0; k < irae_n_treatments; k++) {
			if (irae_treatments[k].role == d->role)
				concern(g, d->day,
				    (int)irae_treatments[k].module,
				    CONCERN_HELPS);
		}
		for (int m = 0; m < IRAE__MAX && d->role == IRAE_CHEMO; m++) {
			if ((modules[m].traits & TRAIT_CYTOPENIA) != 0)
				concern(g, d->day, m, CONCERN_HELPS);
		}
	}
}

static void
concern_observations(const struct irae_input *in, struct agenda *g)
{
	for (size_t i = 0; i < in->observations.n; i++) {
		const struct irae_obs *x = &in->observations.items[i];

		for (size_t k = 0; k < irae_n_reads; k++) {
			if (irae_reads[k].analyte == x->analyte)
				concern(g, x->day, (int)irae_reads[k].module,
				    irae_reads[k].use == HELPS ? CONCERN_HELPS
							       : CONCERN_OWN);
		}
	}
}

static void
concern_all(struct irae_run *r, struct agenda *g)
{
	const struct irae_input *in = r->in;

	g->concerns = arena_alloc(r->arena, (g->days.n + 1) * IRAE__MAX);
	concern_observations(in, g);
	for (size_t i = 0; i < in->images.n; i++) {
		int owner = irae_image_owner(&in->images.items[i]);

		if (owner >= 0)
			concern(g, in->images.items[i].day, owner, CONCERN_OWN);
	}
	concern_drugs(in, g);
	for (size_t i = 0; i < in->conditions.n; i++) {
		const struct irae_condition *c = &in->conditions.items[i];

		concern(g, c->day, (int)c->module, CONCERN_OWN);
		concern(g, c->end_day, (int)c->module, CONCERN_HELPS);
	}
	for (size_t i = 0; i < in->dismissals.n; i++)
		concern(g, in->dismissals.items[i].day,
		    (int)in->dismissals.items[i].module, CONCERN_OWN);
	for (size_t i = 0; i < in->reviews.n; i++)
		concern(g, in->reviews.items[i], -1, CONCERN_REVIEW);
	if (in->as_of != DAY_NONE)
		concern(g, in->as_of, -1, CONCERN_REVIEW);
}

static void
run_day(struct irae_run *r, const struct agenda *g, size_t i)
{
	int32_t day = g->days.items[i];

	for (int m = 0; m < IRAE__MAX; m++)
		irae_episode_wait(r, (enum irae_module)m, day,
		    (enum irae_concern)g->concerns[i * IRAE__MAX + (size_t)m]);
	irae_treatment_credit(r, day);
	for (int m = 0; m < IRAE__MAX; m++) {
		enum irae_concern how =
		    (enum irae_concern)g->concerns[i * IRAE__MAX + (size_t)m];

		if (how != CONCERN_NONE)
			irae_episode_step(r, (enum irae_module)m, day, how);
	}
}

static void
start_trackers(struct irae_run *r)
{
	for (int m = 0; m < IRAE__MAX; m++) {
		r->trackers[m] = (struct irae_tracker){.onset = DAY_NONE,
		    .ended = DAY_NONE,
		    .evidence_from = DAY_NONE,
		    .first_line = DAY_NONE,
		    .normal_first = DAY_NONE,
		    .normal_last = DAY_NONE,
		    .troponin_nadir = IRAE_NO_VALUE};
	}
}

struct irae_result *
irae_run(struct irae_input *in, const struct irae_options *o, struct arena *a)
{
	struct irae_run *r = arena_alloc(a, sizeof(*r));
	struct agenda g = {0};

	r->in = in;
	r->o = o;
	r->arena = a;
	r->result = arena_alloc(a, sizeof(*r->result));
	r->result->due_day = DAY_NONE;
	if (in->doses.n == 0)
		return r->result;
	irae_input_sort(in);
	r->start = in->doses.items[0].day;
	r->credited = arena_alloc(a, in->drugs.n + 1);
	irae_series_build(r);
	start_trackers(r);
	collect_days(r, &g);
	concern_all(r, &g);
	for (size_t i = 0; i < g.days.n; i++)
		run_day(r, &g, i);
	irae_handoff_all(r);
	irae_flag_bundle(r);
	r->result->due_day = irae_due(r);
	return r->result;
}
