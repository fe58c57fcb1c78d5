/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/visits.h"

#include <string.h>

#include "gateway/readings.h"

void
assess_problem(struct assessment *x, const char *source, const char *code,
    const char *fmt, ...)
{
	struct problem *p = ARENA_PUSH(x->arena, &x->problems);
	va_list ap;

	va_start(ap, fmt);
	p->source = source;
	p->code = code;
	p->detail = arena_vprintf(x->arena, fmt, ap);
	va_end(ap);
}

const struct reading *
builder_reading(const struct builder *b, size_t lesion, size_t visit)
{
	return b->timeline->lesions.items[lesion].at[b->base + visit];
}

const struct visit_statements *
builder_said(const struct builder *b, size_t visit)
{
	return &b->timeline->timepoints.items[b->base + visit].said;
}

/*= recist11 §1.3 the value a target brings into the sum */
static void
add_target(
    const struct builder *b, size_t k, size_t lesion, struct target_fact *f)
{
	const struct lesion *l = &b->timeline->lesions.items[lesion];
	const struct reading *r = builder_reading(b, lesion, k);
	int32_t size = reading_size(l, r);

	f->lesion = (int)lesion;
	f->evaluated = size != TMM_NONE;
	f->value_tmm = f->evaluated ? size : 0;
	f->normal = f->evaluated && reading_is_gone(l, r) &&
		    (r->state != READING_TOO_SMALL ||
			b->options->contested.small_node_is_normal); /*= C32 */
	f->source = reading_source(r);
	if (reading_is_evaluated(r) && !f->evaluated)
		assess_problem(b->out, f->source, "target_size_missing",
		    "target lesion %s was read without the %s axis: not "
		    "evaluated",
		    l->key, l->nodal ? "short" : "longest");
}

static void
add_targets(const struct builder *b, size_t k)
{
	const struct timeline *t = b->timeline;
	struct visit *v = &b->visits[k];
	struct target_fact *facts =
	    arena_alloc(b->arena, t->lesions.n * sizeof(*facts));
	size_t n_normal = 0;

	for (size_t i = 0; i < t->lesions.n; i++) {
		struct target_fact *f = &facts[v->n_targets];

		if (t->lesions.items[i].role != ROLE_TARGET)
			continue;
		add_target(b, k, i, f);
		v->n_targets++;
		v->n_evaluated += f->evaluated;
		v->sum_tmm += f->value_tmm;
		n_normal += f->normal;
	}
	v->targets = facts;
	v->complete = v->n_evaluated == v->n_targets;
	v->all_normal = v->n_targets > 0 && n_normal == v->n_targets;
}

/* Did anybody look, or say so? */
static bool
was_imaged(const struct builder *b, size_t k)
{
	const struct visit_statements *said = builder_said(b, k);

	for (size_t i = 0; i < b->timeline->lesions.n; i++) {
		if (reading_is_evaluated(builder_reading(b, i, k)))
			return true;
	}
	return (said->non_target != NULL &&
		   strcmp(said->non_target, "NE") != 0) ||
	       said->new_lesion != UNKNOWN || said->non_target_worse == YES;
}

/* The last score noted since the visit before. */
static int
ecog_at(const struct timeline *t, int32_t after, int32_t until)
{
	int score = -1;

	for (size_t i = 0; i < t->ecog.n; i++) {
		if (t->ecog.items[i].day > after &&
		    t->ecog.items[i].day <= until)
			score = t->ecog.items[i].score;
	}
	return score;
}

/* Worse than the last score before the visit, or scanned for a symptom:
 * unstable.  Without a score nothing is known. */
/*= irecist §4.9 */
static enum clinical
clinical_at(const struct timeline *t, const struct visit *v, int32_t after)
{
	int before = ecog_at(t, DAY_NONE, after);

	if (v->unscheduled)
		return CLINICAL_UNSTABLE;
	if (v->ecog < 0 || before < 0)
		return CLINICAL_UNKNOWN;
	return v->ecog > before ? CLINICAL_UNSTABLE : CLINICAL_STABLE;
}

static void
add_visit(const struct builder *b, size_t k)
{
	const struct timepoint *p = &b->timeline->timepoints.items[b->base + k];
	struct visit *v = &b->visits[k];

	v->index = (int)(b->base + k);
	v->day = p->day;
	v->last_day = p->last_day;
	v->imaged = was_imaged(b, k);
	v->unscheduled = p->said.unscheduled;
	v->ecog = ecog_at(b->timeline,
	    k > 0 ? b->visits[k - 1].last_day : DAY_NONE, p->last_day);
	if (k > 0)
		v->clinical =
		    clinical_at(b->timeline, v, b->visits[k - 1].last_day);
	add_targets(b, k);
}

void
visits_build(struct assess_case *c, struct timeline *t, struct assessment *x,
    struct because_list *selection)
{
	struct builder b = {t, c->options, c->arena, x, NULL, 0, 0};

	c->base_tmm = BURDEN_NONE;
	if (t->baseline < 0)
		return;
	readings_settle_merged(t);
	selection_assign_roles(t, c->options, x, selection);
	b.base = (size_t)t->baseline;
	b.n = t->timepoints.n - b.base;
	b.visits = arena_alloc(c->arena, b.n * sizeof(*b.visits));
	for (size_t k = 0; k < b.n; k++)
		add_visit(&b, k);
	visits_add_non_target(&b);
	visits_add_new_lesions(&b);
	c->visits = b.visits;
	c->n_visits = b.n;
	if (b.visits[0].complete && b.visits[0].n_targets > 0)
		c->base_tmm = b.visits[0].sum_tmm;
}
