/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/document.h"

#include <assert.h>

#define SCHEMA "https://rescan.example/assessment/1"

static const char *const due_names[] = {
    [DUE_UPCOMING] = "upcoming",
    [DUE_NOW] = "due",
    [DUE_OVERDUE] = "overdue",
    [DUE_DONE] = "done",
};

static void
put_strings(
    struct json_writer *w, const char *name, const char *const *s, size_t n)
{
	json_begin_array(w, name);
	for (size_t i = 0; i < n; i++)
		json_put_string(w, NULL, s[i]);
	json_end_array(w);
}

static void
put_because(struct json_writer *w, const struct because_list *list)
{
	json_begin_array(w, "because");
	for (size_t i = 0; i < list->n; i++) {
		const struct because *b = &list->items[i];

		json_begin_object(w, NULL);
		json_put_string(w, "rule", b->rule);
		json_put_string(w, "text", b->text);
		put_strings(w, "sources", b->sources, b->n_sources);
		json_end_object(w);
	}
	json_end_array(w);
}

/* Left out where nothing is missing. */
static void
put_missing(struct json_writer *w, const struct missing_list *list)
{
	if (list->n == 0)
		return;
	json_begin_array(w, "missing");
	for (size_t i = 0; i < list->n; i++) {
		json_begin_object(w, NULL);
		json_put_string(w, "code", list->items[i].code);
		json_put_string(w, "item", list->items[i].item);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
put_string_or_null(struct json_writer *w, const char *name, const char *s)
{
	if (s == NULL)
		json_put_null(w, name);
	else
		json_put_string(w, name, s);
}

/* none: the value that stands for "there is no number". */
static void
put_number(
    struct json_writer *w, const char *name, int64_t v, int64_t none, int scale)
{
	if (v == none)
		json_put_null(w, name);
	else
		json_put_decimal(w, name, v, scale);
}

static void
put_category(struct json_writer *w, const char *name, enum category c)
{
	if (c != CAT_NONE)
		json_put_string(w, name, category_name(c));
}

static void
put_therapy(struct json_writer *w, const struct timeline *t)
{
	json_begin_object(w, "therapy");
	json_put_day(w, "start", t->therapy_start);
	json_begin_array(w, "agents");
	for (size_t i = 0; i < t->agents.n; i++) {
		const struct agent *g = &t->agents.items[i];

		json_begin_object(w, NULL);
		json_put_string(w, "name", g->name);
		json_put_string(
		    w, "class", g->ici_class == NULL ? "other" : g->ici_class);
		json_put_day(w, "first", g->first);
		json_put_day(w, "last", g->last);
		json_put_int(w, "doses", g->doses);
		put_strings(w, "sources", g->sources, g->n_sources);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

static void
put_lesion(struct json_writer *w, const struct lesion *l)
{
	json_begin_object(w, NULL);
	json_put_string(w, "key", l->key);
	json_put_optional(w, "label", l->label);
	put_string_or_null(w, "site", l->site);
	json_put_bool(w, "nodal", l->nodal);
	json_put_string(w, "role", role_name(l->role));
	json_put_string(
	    w, "role_source", l->role_stated ? "stated" : "selected");
	json_begin_array(w, "measurements");
	for (size_t i = 0; i < l->rows.n; i++) {
		const struct measurement_row *r = &l->rows.items[i];

		json_begin_object(w, NULL);
		json_put_day(w, "date", r->day);
		json_put_string(w, "state", reading_state_name(r->state));
		put_number(w, "longest_mm", r->longest_tmm, TMM_NONE, 1);
		put_number(w, "short_mm", r->short_tmm, TMM_NONE, 1);
		put_number(w, "suv_max", r->suv_max, SUV_NONE, 3);
		json_put_string(w, "source", r->source);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

static void
put_change(struct json_writer *w, const char *name, int64_t now, int64_t from)
{
	int64_t tenths;

	if (change_tenths_pct(now, from, &tenths))
		json_put_decimal(w, name, tenths, 1);
	else
		json_put_null(w, name);
}

/* Members that only some criteria or some visits have. */
static void
put_verdict_extras(struct json_writer *w, const struct verdict *v)
{
	int scale = v->area ? 2 : 1;

	if (v->has_irecist) {
		put_number(
		    w, "new_lesion_target_mm", v->nlt_sum, BURDEN_NONE, scale);
		json_put_bool(w, "bar_reset", v->bar_reset);
	}
	if (v->has_irecist && v->overall == CAT_IUPD) {
		json_put_day(w, "confirm_from", v->confirm_from);
		json_put_day(w, "confirm_to", v->confirm_to);
		json_put_optional(w, "clinical", v->clinical);
	}
	if (v->confirmed != UNKNOWN)
		json_put_bool(w, "confirmed", v->confirmed == YES);
	if (v->flags.n > 0)
		put_strings(w, "flags", v->flags.items, v->flags.n);
}

static void
put_verdict(struct json_writer *w, const char *id, const struct verdict *v)
{
	int scale = v->area ? 2 : 1;

	json_begin_object(w, id);
	put_category(w, "target", v->target);
	put_category(w, "non_target", v->non_target);
	json_put_bool(w, "new_lesion", v->new_lesion);
	put_category(w, "overall", v->overall);
	put_number(w, "burden", v->burden, BURDEN_NONE, scale);
	json_put_string(w, "unit", v->area ? "mm2" : "mm");
	put_number(w, "nadir", v->nadir, BURDEN_NONE, scale);
	put_change(w, "change_from_baseline_pct", v->burden, v->base);
	put_change(w, "change_from_nadir_pct", v->burden, v->nadir);
	put_verdict_extras(w, v);
	put_missing(w, &v->missing);
	put_because(w, &v->because);
	json_end_object(w);
}

static void
put_timepoint(struct json_writer *w, const struct assessment *x, size_t i)
{
	const struct timepoint *t = &x->timeline->timepoints.items[i];

	json_begin_object(w, NULL);
	json_put_day(w, "date", t->day);
	json_put_string(w, "phase", phase_name(t->phase));
	put_strings(w, "studies", t->studies, t->n_studies);
	json_begin_object(w, "criteria");
	for (size_t k = 0; k < x->criteria.n; k++) {
		const struct criterion_result *r = &x->criteria.items[k];

		if (r->at != NULL && r->at[i].overall != CAT_NONE)
			put_verdict(w, r->id, &r->at[i]);
	}
	json_end_object(w);
	json_end_object(w);
}

/* Days; null for -1. */
static void
put_count(struct json_writer *w, const char *name, int n)
{
	if (n < 0)
		json_put_null(w, name);
	else
		json_put_int(w, name, n);
}

static void
put_best(struct json_writer *w, const struct assessment *x)
{
	json_begin_object(w, "best_overall");
	for (size_t k = 0; k < x->criteria.n; k++) {
		const struct criterion_result *r = &x->criteria.items[k];
		const struct best_overall *b = &r->best;

		if (b->unconfirmed == CAT_NONE || b->confirmed == CAT_NONE)
			continue;
		json_begin_object(w, r->id);
		put_category(w, "unconfirmed", b->unconfirmed);
		put_category(w, "confirmed", b->confirmed);
		json_put_day(w, "progression", b->progression_day);
		put_count(w, "progression_days", b->progression_days);
		json_put_day(w, "response_from", b->response_day);
		put_count(w, "duration_days", b->duration_days);
		if (b->duration_days >= 0)
			json_put_bool(w, "duration_open", b->duration_open);
		put_because(w, &b->because);
		json_end_object(w);
	}
	json_end_object(w);
}

static void
put_patterns(struct json_writer *w, const struct assessment *x)
{
	json_begin_array(w, "patterns");
	for (size_t i = 0; i < x->patterns.n; i++) {
		const struct pattern *p = &x->patterns.items[i];

		json_begin_object(w, NULL);
		json_put_string(w, "kind", p->kind);
		json_put_string(w, "status", p->status);
		json_put_day(w, "date", p->day);
		json_put_optional(w, "variant", p->variant);
		put_because(w, &p->because);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
put_hyperprogression(struct json_writer *w, const struct assessment *x)
{
	json_begin_array(w, "hyperprogression");
	for (size_t i = 0; i < x->hyperprogression.n; i++) {
		const struct hyperprogression *h =
		    &x->hyperprogression.items[i];

		json_begin_object(w, NULL);
		json_put_string(w, "definition", h->definition);
		if (h->met == UNKNOWN)
			json_put_null(w, "met");
		else
			json_put_bool(w, "met", h->met == YES);
		if (h->has_value)
			json_put_decimal(w, "value", h->value_milli, 3);
		else
			json_put_null(w, "value");
		if (h->has_threshold)
			json_put_decimal(w, "threshold", h->threshold_milli, 3);
		else
			json_put_null(w, "threshold");
		put_missing(w, &h->missing);
		put_because(w, &h->because);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
put_metabolic(struct json_writer *w, const struct assessment *x)
{
	json_begin_array(w, "metabolic");
	for (size_t i = 0; i < x->metabolic.n; i++) {
		const struct metabolic *m = &x->metabolic.items[i];

		json_begin_object(w, NULL);
		json_put_string(w, "criterion", m->criterion);
		json_put_day(w, "date", m->day);
		json_put_string(w, "overall", m->overall);
		put_missing(w, &m->missing);
		put_because(w, &m->because);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
put_grade(struct json_writer *w, int grade)
{
	if (grade == 0)
		json_put_null(w, "grade");
	else
		json_put_int(w, "grade", grade);
}

static void
put_irae_changes(struct json_writer *w, const struct irae_episode *e)
{
	json_begin_array(w, "changes");
	for (size_t i = 0; i < e->changes.n; i++) {
		const struct irae_change *c = &e->changes.items[i];

		json_begin_object(w, NULL);
		json_put_day(w, "date", c->day);
		json_put_int(w, "grade", c->grade);
		put_string_or_null(w, "certainty", c->certainty);
		json_put_string(w, "flag", c->flag);
		json_put_string(w, "state", c->state);
		put_string_or_null(w, "priority", c->priority);
		json_put_bool(w, "notify", c->notify);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
put_irae(struct json_writer *w, const struct assessment *x)
{
	json_begin_array(w, "irae");
	for (size_t i = 0; i < x->irae.n; i++) {
		const struct irae_episode *e = &x->irae.items[i];

		json_begin_object(w, NULL);
		json_put_string(w, "event", e->event);
		json_put_int(w, "episode", e->episode);
		put_grade(w, e->grade);
		put_string_or_null(w, "certainty", e->certainty);
		json_put_string(w, "state", e->state);
		json_put_string(w, "flag", e->flag);
		put_string_or_null(w, "priority", e->priority);
		json_put_day(w, "onset", e->onset);
		json_put_day(w, "resolved", e->resolved);
		json_put_int(w, "ctcae", e->ctcae);
		json_put_string(w, "evidence", e->evidence);
		put_string_or_null(w, "advice", e->advice);
		put_because(w, &e->because);
		put_irae_changes(w, e);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
put_recommendations(struct json_writer *w, const struct assessment *x)
{
	json_begin_array(w, "recommendations");
	for (size_t i = 0; i < x->recommendations.n; i++) {
		const struct recommendation *r = &x->recommendations.items[i];

		assert(r->state <= DUE_DONE);
		json_begin_object(w, NULL);
		json_put_string(w, "kind", r->kind);
		json_put_day(w, "from", r->from);
		json_put_day(w, "to", r->to);
		json_put_string(w, "state", due_names[r->state]);
		json_put_optional(w, "criterion", r->criterion);
		put_because(w, &r->because);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
put_problems(struct json_writer *w, const struct assessment *x)
{
	json_begin_array(w, "problems");
	for (size_t i = 0; i < x->problems.n; i++) {
		const struct problem *p = &x->problems.items[i];

		json_begin_object(w, NULL);
		put_string_or_null(w, "source", p->source);
		json_put_string(w, "code", p->code);
		json_put_string(w, "detail", p->detail);
		json_end_object(w);
	}
	json_end_array(w);
}

void
document_write(const struct assessment *x, struct json_writer *w)
{
	const struct timeline *t = x->timeline;

	json_begin_object(w, NULL);
	json_put_string(w, "schema", SCHEMA);
	json_put_string(w, "patient", t->patient);
	json_put_day(w, "as_of", x->as_of);
	put_therapy(w, t);
	json_begin_array(w, "lesions");
	for (size_t i = 0; i < t->lesions.n; i++)
		put_lesion(w, &t->lesions.items[i]);
	json_end_array(w);
	json_begin_array(w, "timepoints");
	for (size_t i = 0; i < t->timepoints.n; i++)
		put_timepoint(w, x, i);
	json_end_array(w);
	put_best(w, x);
	put_patterns(w, x);
	put_hyperprogression(w, x);
	put_metabolic(w, x);
	put_irae(w, x);
	put_recommendations(w, x);
	put_problems(w, x);
	json_end_object(w);
}
