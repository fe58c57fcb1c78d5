/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/explain.h"

#include "fhir/util/printable.h"
#include "gateway/rulebook.h"
#include "mappings/document.h"

static void
steps(const struct because_list *list, struct strbuf *out)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct because *b = &list->items[i];

		const struct rule *r = rulebook_find(b->rule);

		printable_line(out, "      - %s", b->text);
		printable_addf(out, "        [%s", b->rule);
		if (r != NULL)
			printable_addf(
			    out, ": %s, %s", r->section, r->citation);
		strbuf_addc(out, ']');
		for (size_t k = 0; k < b->n_sources; k++)
			printable_addf(
			    out, "%s%s", k ? ", " : " from ", b->sources[k]);
		strbuf_addc(out, '\n');
	}
}

static void
missing(const struct missing_list *list, struct strbuf *out)
{
	for (size_t i = 0; i < list->n; i++)
		printable_line(out, "      ? %s: %s", list->items[i].code,
		    list->items[i].item);
}

static void
durations(const struct best_overall *b, struct strbuf *out)
{
	char day[DAY_SIZE];

	if (b->progression_day != DAY_NONE) {
		printable_addf(out, "      progression on %s",
		    day_format(b->progression_day, day));
		if (b->progression_days >= 0)
			printable_addf(out,
			    ", %d days after the first dose or "
			    "baseline",
			    b->progression_days);
		strbuf_addc(out, '\n');
	}
	if (b->duration_days >= 0)
		printable_line(out, "      response from %s, %d days%s",
		    day_format(b->response_day, day), b->duration_days,
		    b->duration_open ? ", and lasting" : "");
}

static void
verdict(const struct criterion_result *r, size_t tp, struct strbuf *out)
{
	const struct verdict *v = &r->at[tp];

	if (v->overall == CAT_NONE)
		return;
	printable_addf(out, "    %s: %s", r->id, category_name(v->overall));
	if (v->target != CAT_NONE)
		printable_addf(out,
		    "  (target %s, non-target %s, new lesion %s)",
		    category_name(v->target), category_name(v->non_target),
		    v->new_lesion ? "yes" : "no");
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < v->flags.n; i++)
		printable_line(out, "      ! %s", v->flags.items[i]);
	missing(&v->missing, out);
	steps(&v->because, out);
}

static void
timepoints(const struct assessment *x, struct strbuf *out)
{
	char day[DAY_SIZE];

	for (size_t i = 0; i < x->timeline->timepoints.n; i++) {
		const struct timepoint *tp = &x->timeline->timepoints.items[i];
		bool has = tp->modalities != NULL && *tp->modalities != '\0';

		strbuf_addc(out, '\n');
		printable_line(out, "  %s  %s%s%s", day_format(tp->day, day),
		    phase_name(tp->phase), has ? ", " : "",
		    has ? tp->modalities : "");
		for (size_t k = 0; k < x->criteria.n; k++)
			verdict(&x->criteria.items[k], i, out);
	}
}

static void
best(const struct assessment *x, struct strbuf *out)
{
	strbuf_adds(out, "\n  Best overall response\n");
	for (size_t k = 0; k < x->criteria.n; k++) {
		const struct criterion_result *r = &x->criteria.items[k];

		printable_line(out, "    %s: %s, confirmed %s", r->id,
		    category_name(r->best.unconfirmed),
		    category_name(r->best.confirmed));
		durations(&r->best, out);
		steps(&r->best.because, out);
	}
}

static void
advice(const struct assessment *x, struct strbuf *out)
{
	static const char *const due[] = {"upcoming", "due", "overdue", "done"};
	char from[DAY_SIZE], to[DAY_SIZE];

	if (x->recommendations.n > 0)
		strbuf_adds(out, "\n  Recommended\n");
	for (size_t i = 0; i < x->recommendations.n; i++) {
		const struct recommendation *r = &x->recommendations.items[i];

		printable_addf(out, "    %s (%s)", r->kind, due[r->state]);
		if (r->from != DAY_NONE)
			printable_addf(
			    out, " from %s", day_format(r->from, from));
		if (r->to != DAY_NONE)
			printable_addf(out, " to %s", day_format(r->to, to));
		strbuf_addc(out, '\n');
		steps(&r->because, out);
	}
}

static void
findings(const struct assessment *x, struct strbuf *out)
{
	char day[DAY_SIZE];

	if (x->patterns.n > 0)
		strbuf_adds(out, "\n  Patterns\n");
	for (size_t i = 0; i < x->patterns.n; i++) {
		const struct pattern *p = &x->patterns.items[i];

		printable_line(out, "    %s: %s%s%s, %s",
		    day_format(p->day, day), p->kind, p->variant ? ", " : "",
		    p->variant ? p->variant : "", p->status);
		steps(&p->because, out);
	}
	if (x->hyperprogression.n > 0)
		strbuf_adds(out, "\n  Hyperprogression, by definition\n");
	for (size_t i = 0; i < x->hyperprogression.n; i++) {
		const struct hyperprogression *h =
		    &x->hyperprogression.items[i];

		printable_line(out, "    %s: %s", h->definition,
		    h->met == YES  ? "met"
		    : h->met == NO ? "not met"
				   : "not computable");
		missing(&h->missing, out);
		steps(&h->because, out);
	}
	if (x->metabolic.n > 0)
		strbuf_adds(out, "\n  Metabolic response\n");
	for (size_t i = 0; i < x->metabolic.n; i++) {
		const struct metabolic *m = &x->metabolic.items[i];

		printable_line(out, "    %s: %s %s", day_format(m->day, day),
		    m->criterion, m->overall);
		missing(&m->missing, out);
		steps(&m->because, out);
	}
}

static void
adverse_events(const struct assessment *x, struct strbuf *out)
{
	char day[DAY_SIZE];

	if (x->irae.n > 0)
		strbuf_adds(
		    out, "\n  Suspected immune-related adverse events\n");
	for (size_t i = 0; i < x->irae.n; i++) {
		const struct irae_episode *e = &x->irae.items[i];

		strbuf_addf(out, "    %s: %s, episode %d, %s (Flag %s)\n",
		    day_format(e->onset, day), e->event, e->episode, e->state,
		    e->flag);
		document_irae_changes(e, 6, out);
		steps(&e->because, out);
	}
}

void
explain_write(const struct assessment *x, struct strbuf *out)
{
	char day[DAY_SIZE];

	printable_line(out, "%s, as of %s", x->timeline->patient,
	    day_format(x->as_of, day));
	timepoints(x, out);
	best(x, out);
	findings(x, out);
	adverse_events(x, out);
	advice(x, out);
	if (x->problems.n > 0)
		strbuf_adds(out, "\n  Problems\n");
	for (size_t i = 0; i < x->problems.n; i++) {
		const struct problem *p = &x->problems.items[i];

		printable_line(out, "    %s: %s (%s)", p->code, p->detail,
		    p->source ? p->source : "no source");
	}
	strbuf_adds(out, "\n  Rules\n");
	for (size_t k = 0; k < x->criteria.n; k++)
		printable_line(out, "    %s %s: %s", x->criteria.items[k].id,
		    x->criteria.items[k].version,
		    x->criteria.items[k].citation);
	strbuf_adds(out,
	    "\n  Decision support from research criteria; a clinician "
	    "decides.\n");
}
