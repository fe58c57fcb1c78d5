/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New lesions that an event may explain: both readings, side by side.
 */
#include <string.h>

#include "gateway/irae/irae_case.h"
#include "gateway/visits.h"
#include "gateway/wording.h"

/* The timepoint whose days hold this one, -1: none. */
static int
timepoint_at(const struct timeline *t, int32_t day)
{
	for (size_t i = 0; i < t->timepoints.n; i++) {
		if (day >= t->timepoints.items[i].day &&
		    day <= t->timepoints.items[i].last_day)
			return (int)i;
	}
	return -1;
}

static bool
is_one_of(const char *s, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], s) == 0)
			return true;
	}
	return false;
}

/* First seen after baseline, and no benign thing. */
static bool
is_new(const struct timeline *t, const struct lesion *l)
{
	return l->first > t->baseline && l->organ != NULL &&
	       l->role != ROLE_BENIGN;
}

/* Is a lesion of the organ an image shows inflamed?
 *= irae §1.3: focal lesions of liver, bone and brain are none
 *= irae §1.2 sarcoid_like: of the nodes, those of the chest */
static bool
lies_in(const struct lesion *l, const char *site)
{
	static const char *const never[] = {"liver", "bone", "brain", NULL};
	static const char *const chest[] = {"lymph_node", "thoracic_lymph_node",
	    "hilar_lymph_node", "mediastinal_lymph_node",
	    "subcarinal_lymph_node", NULL};

	if (is_one_of(l->organ, never))
		return false;
	if (strcmp(site, "lymph_node") == 0)
		return l->nodal &&
		       (l->site == NULL || is_one_of(l->site, chest));
	if (strcmp(site, "thymus") == 0 && strcmp(l->organ, "mediastinum") == 0)
		return true;
	return !l->nodal && strcmp(l->organ, site) == 0;
}

bool
irae_case_lesion(const struct timeline *t, const char *site, int32_t day)
{
	int tp = timepoint_at(t, day);

	for (size_t i = 0; tp >= 0 && i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];

		if (l->first == tp && is_new(t, l) && lies_in(l, site))
			return true;
	}
	return false;
}

/* --- what the verdicts are told --- */

static void
tell(const struct assess_case *c, struct assessment *x, const struct lesion *l,
    const char *rule, const char *source, const char *text)
{
	struct arena *a = c->arena;

	for (size_t k = 0; k < x->criteria.n; k++) {
		struct verdict *v = &x->criteria.items[k].at[l->first];

		if (v->overall == CAT_NONE)
			continue;
		verdict_flag(a, v,
		    l->nodal ? "IRAE_EXPLAINS_NODE" : "IRAE_EXPLAINS_LESION");
		because_add(a, &v->because, rule, &source, 1, "%s", text);
	}
	for (size_t k = 0; k < x->metabolic.n; k++) {
		const struct timepoint *p =
		    &c->timeline->timepoints.items[l->first];
		struct metabolic *m = &x->metabolic.items[k];

		if (m->day >= p->day && m->day <= p->last_day)
			because_add(
			    a, &m->because, rule, &source, 1, "%s", text);
	}
}

static void
explain(const struct assess_case *c, size_t lesion, const char *event,
    const char *source, struct inflamed_list *ret)
{
	*ARENA_PUSH(c->arena, ret) = (struct inflamed_lesion){
	    .event = event, .lesion = lesion, .source = source};
}

static void
hand_off(const struct assess_case *c, const struct irae_handoff *h,
    struct assessment *x, struct inflamed_list *ret)
{
	const struct timeline *t = c->timeline;
	struct arena *a = c->arena;
	int tp = timepoint_at(t, h->day);
	const char *words;

	if (tp < 0 || h->count_as_new_lesion)
		return;
	words = irae_module_words((enum irae_module)h->owner);
	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];

		if (l->first != tp || !is_new(t, l) || !lies_in(l, h->site))
			continue;
		tell(c, x, l, "irae.handoff", h->source,
		    arena_printf(a,
			"the new %s lesion may be %s (%s): look again from %s "
			"to %s; read as a tumour it is a new lesion, and is "
			"counted as one here",
			l->organ, words, h->label,
			wording_day(a, h->recheck_from),
			wording_day(a, h->recheck_to)));
		explain(c, i, words, h->source, ret);
	}
}

static bool
is_explained(const struct inflamed_list *all, size_t lesion)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->items[i].lesion == lesion)
			return true;
	}
	return false;
}

/* Granulomas are told by histology, and lie in nodes, lungs, liver, spleen or
 * skin; whichever lesion was new before may be one of them. */
static bool
is_granulomatous(const struct lesion *l)
{
	static const char *const organs[] = {
	    "lung", "liver", "spleen", "skin", NULL};

	return l->nodal || is_one_of(l->organ, organs);
}

/* Later histology gives it to the treatment.
 *= irae §1.3 revised: earlier assessments, too (worked case P19) */
static void
revise(const struct assess_case *c, const struct irae_condition *h,
    struct assessment *x, struct inflamed_list *ret)
{
	const struct timeline *t = c->timeline;
	struct arena *a = c->arena;
	const char *words = irae_module_words(h->module);

	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];
		int32_t day;

		if (!is_new(t, l) || !is_granulomatous(l) ||
		    is_explained(ret, i))
			continue;
		day = t->timepoints.items[l->first].day;
		if (h->day < day)
			continue;
		tell(c, x, l, "irae.revised", h->source,
		    arena_printf(a,
			"%s of %s, attributed to the treatment, may revise the "
			"new %s lesion of %s: read so it never was a tumour; "
			"it is counted as one here",
			h->text, wording_day(a, h->day), l->organ,
			wording_day(a, day)));
		explain(c, i, words, h->source, ret);
	}
}

void
irae_case_lesions(const struct assess_case *c, const struct irae_input *in,
    const struct irae_result *r, struct assessment *x,
    struct inflamed_list *ret)
{
	for (size_t i = 0; i < r->handoffs.n; i++)
		hand_off(c, &r->handoffs.items[i], x, ret);
	for (size_t i = 0; i < in->conditions.n; i++) {
		const struct irae_condition *h = &in->conditions.items[i];

		if (h->module == IRAE_SARCOID_LIKE &&
		    h->kind == IRAE_ATTRIBUTED &&
		    (in->as_of == DAY_NONE || h->day <= in->as_of))
			revise(c, h, x, ret);
	}
}
