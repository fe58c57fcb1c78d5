/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/document.h"

#include <stdio.h>
#include <string.h>

#include "fhir/decimal.h"
#include "fhir/util/printable.h"

#define PAGE    100 /* columns */
#define COLUMNS 5   /* timepoints side by side in the lesion grid */

/* Code points of a text, as good as columns for what stands here. */
static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
pad(struct strbuf *out, size_t n)
{
	while (n-- > 0)
		strbuf_addc(out, ' ');
}

/* s in a cell of at least w columns, one space behind. */
static void
cell(struct strbuf *out, const char *s, size_t w)
{
	size_t n = width(s);

	printable_add(out, s, strlen(s));
	pad(out, n < w ? w - n + 1 : 1);
}

/* End the line, without the space of its last cell. */
static void
end_line(struct strbuf *out)
{
	while (!out->overflow && out->len > 0 && out->s[out->len - 1] == ' ')
		out->s[--out->len] = '\0';
	strbuf_addc(out, '\n');
}

/* A paragraph at PAGE columns, its lines after the first indented. */
static void
wrap(struct strbuf *out, size_t at, size_t indent, const char *text)
{
	size_t len, n;

	for (; *text != '\0'; text += len) {
		len = strcspn(text, " \n\r\t");
		if (len == 0) {
			len = 1;
			continue;
		}
		n = 0;
		for (size_t i = 0; i < len; i++)
			n += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (at > indent && at + 1 + n > PAGE) {
			end_line(out);
			pad(out, indent);
			at = indent;
		} else if (at > indent) {
			strbuf_addc(out, ' ');
			at++;
		}
		printable_add(out, text, len);
		at += n;
	}
	end_line(out);
}

/* "-" for none, else the number, e.g. "31.0". */
static const char *
number(int64_t v, int64_t none, int scale, char buf[DECIMAL_SIZE])
{
	return v == none ? "-" : decimal_format(v, scale, buf);
}

static void
table_therapy(const struct timeline *t, struct strbuf *out)
{
	char first[DAY_SIZE], last[DAY_SIZE];

	strbuf_adds(out, "\nTherapy\n");
	if (t->agents.n == 0)
		strbuf_adds(out, "  no checkpoint inhibitor in the data\n");
	for (size_t i = 0; i < t->agents.n; i++) {
		const struct agent *g = &t->agents.items[i];

		printable_line(out, "  %s (%s), %d dose%s, %s to %s", g->name,
		    g->ici_class == NULL ? "other" : g->ici_class, g->doses,
		    g->doses == 1 ? "" : "s", day_format(g->first, first),
		    day_format(g->last, last));
	}
}

static void
table_lesions(const struct timeline *t, struct strbuf *out)
{
	char name[32];

	strbuf_adds(out, "\nLesions\n");
	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];

		snprintf(name, sizeof(name), "  L%zu", i + 1);
		cell(out, name, 6);
		cell(out, role_name(l->role), 14);
		cell(out, l->role_stated ? "stated" : "selected", 8);
		cell(out, l->site == NULL ? "-" : l->site, 24);
		cell(out, l->nodal ? "node" : "", 4);
		cell(out, l->label != NULL ? l->label : l->key, 0);
		end_line(out);
	}
}

/* What was read of a lesion at a timepoint: its judged axis, or its state. */
static const char *
reading_text(
    const struct lesion *l, const struct reading *r, char buf[DECIMAL_SIZE])
{
	int32_t tmm;

	if (r == NULL)
		return "";
	tmm = l->nodal && r->short_tmm != TMM_NONE ? r->short_tmm
						   : r->longest_tmm;
	if (r->state == READING_MEASURED && tmm != TMM_NONE)
		return decimal_format(tmm, 1, buf);
	return reading_state_name(r->state);
}

static void
table_grid(const struct timeline *t, size_t from, struct strbuf *out)
{
	size_t to = from + COLUMNS;
	char buf[DECIMAL_SIZE], day[DAY_SIZE], name[32];

	if (to > t->timepoints.n)
		to = t->timepoints.n;
	strbuf_adds(out, "\n");
	cell(out, "  mm", 6);
	for (size_t k = from; k < to; k++)
		cell(out, day_format(t->timepoints.items[k].day, day), 15);
	end_line(out);
	for (size_t i = 0; i < t->lesions.n; i++) {
		const struct lesion *l = &t->lesions.items[i];

		snprintf(name, sizeof(name), "  L%zu", i + 1);
		cell(out, name, 6);
		for (size_t k = from; k < to; k++)
			cell(out,
			    reading_text(
				l, l->at == NULL ? NULL : l->at[k], buf),
			    15);
		end_line(out);
	}
}

static void
table_change(struct strbuf *out, int64_t now, int64_t from)
{
	char buf[DECIMAL_SIZE], text[DECIMAL_SIZE + 4];
	int64_t tenths;

	if (!change_tenths_pct(now, from, &tenths)) {
		cell(out, "-", 9);
		return;
	}
	snprintf(text, sizeof(text), "%s%s %%", tenths > 0 ? "+" : "",
	    decimal_format(tenths, 1, buf));
	cell(out, text, 9);
}

static void
table_verdict(const char *day, const char *id, const struct verdict *v,
    struct strbuf *out)
{
	struct strbuf flags;
	char buf[DECIMAL_SIZE];
	int scale = v->area ? 2 : 1;

	strbuf_adds(out, "  ");
	cell(out, day, 10);
	cell(out, id, 9);
	cell(out, category_name(v->overall), 16);
	cell(out, category_name(v->target), 6);
	cell(out, category_name(v->non_target), 13);
	cell(out, v->new_lesion ? "yes" : "no", 3);
	cell(out, number(v->burden, BURDEN_NONE, scale, buf), 9);
	table_change(out, v->burden, v->base);
	table_change(out, v->burden, v->nadir);
	end_line(out);
	if (v->flags.n == 0)
		return;
	strbuf_init(&flags, 4096);
	for (size_t i = 0; i < v->flags.n; i++)
		printable_addf(
		    &flags, "%s%s", i > 0 ? ", " : "", v->flags.items[i]);
	pad(out, 13);
	wrap(out, 13, 13, flags.s);
	strbuf_done(&flags);
}

static void
table_head(struct strbuf *out)
{
	strbuf_adds(out, "\nResponse\n  ");
	cell(out, "date", 10);
	cell(out, "criterion", 9);
	cell(out, "overall", 16);
	cell(out, "target", 6);
	cell(out, "non-target", 13);
	cell(out, "new", 3);
	cell(out, "burden", 9);
	cell(out, "from base", 9);
	cell(out, "from nadir", 9);
	end_line(out);
}

/* The verdict of criterion k at timepoint i, if there is one. */
static void
table_row(const struct assessment *x, size_t i, size_t k, struct strbuf *out)
{
	const struct criterion_result *r = &x->criteria.items[k];
	char day[DAY_SIZE];

	if (r->at != NULL && r->at[i].overall != CAT_NONE)
		table_verdict(
		    day_format(x->timeline->timepoints.items[i].day, day),
		    r->id, &r->at[i], out);
}

static void
table_response(const struct assessment *x, struct strbuf *out)
{
	table_head(out);
	for (size_t i = 0; i < x->timeline->timepoints.n; i++) {
		for (size_t k = 0; k < x->criteria.n; k++)
			table_row(x, i, k, out);
	}
}

static void
table_best(const struct assessment *x, struct strbuf *out)
{
	char day[DAY_SIZE];

	strbuf_adds(out, "\nBest overall response\n");
	for (size_t k = 0; k < x->criteria.n; k++) {
		const struct criterion_result *r = &x->criteria.items[k];

		if (r->best.unconfirmed == CAT_NONE)
			continue;
		strbuf_adds(out, "  ");
		cell(out, r->id, 9);
		printable_addf(out, "%s, confirmed %s",
		    category_name(r->best.unconfirmed),
		    category_name(r->best.confirmed));
		if (r->best.progression_day != DAY_NONE)
			printable_addf(out, ", progression on %s",
			    day_format(r->best.progression_day, day));
		strbuf_addc(out, '\n');
	}
}

static void
table_findings(const struct assessment *x, struct strbuf *out)
{
	char day[DAY_SIZE];

	if (x->patterns.n > 0)
		strbuf_adds(out, "\nPatterns\n");
	for (size_t i = 0; i < x->patterns.n; i++) {
		const struct pattern *p = &x->patterns.items[i];

		printable_line(out, "  %s  %s %s%s%s", day_format(p->day, day),
		    p->kind, p->status, p->variant == NULL ? "" : ", ",
		    p->variant == NULL ? "" : p->variant);
	}
	for (size_t i = 0; i < x->hyperprogression.n; i++) {
		if (x->hyperprogression.items[i].met == YES)
			printable_line(out, "  hyperprogression by %s",
			    x->hyperprogression.items[i].definition);
	}
	for (size_t i = 0; i < x->metabolic.n; i++) {
		const struct metabolic *m = &x->metabolic.items[i];

		printable_line(out, "  %s  %s %s", day_format(m->day, day),
		    m->criterion, m->overall);
	}
}

void
document_irae_changes(
    const struct irae_episode *e, size_t indent, struct strbuf *out)
{
	char day[DAY_SIZE];

	for (size_t i = 0; i < e->changes.n; i++) {
		const struct irae_change *c = &e->changes.items[i];

		pad(out, indent);
		strbuf_addf(out, "%s  %s, %s, ", day_format(c->day, day),
		    c->state, c->certainty == NULL ? "held back" : c->certainty);
		if (c->grade > 0)
			strbuf_addf(out, "grade %d", c->grade);
		else
			strbuf_adds(out, "no grade");
		strbuf_addf(out, "%s%s%s\n", c->priority == NULL ? "" : ", ",
		    c->priority == NULL ? "" : c->priority,
		    c->notify ? ", notify" : "");
	}
}

/* What it rests on; the rest of the reasons are for `explain`. */
static void
irae_evidence(const struct irae_episode *e, struct strbuf *out)
{
	for (size_t i = 0; i < e->because.n; i++) {
		const struct because *b = &e->because.items[i];
		struct strbuf line;

		if (b->n_sources == 0)
			continue;
		strbuf_init(&line, (size_t)1 << 16);
		strbuf_addf(&line, "%s", b->text);
		for (size_t k = 0; k < b->n_sources; k++)
			strbuf_addf(&line, "%s%s", k > 0 ? ", " : " from ",
			    b->sources[k]);
		strbuf_adds(out, "    - ");
		wrap(out, 6, 6, line.s);
		strbuf_done(&line);
	}
}

static void
table_irae(const struct assessment *x, struct strbuf *out)
{
	char day[DAY_SIZE];

	if (x->irae.n > 0)
		strbuf_adds(out, "\nSuspected immune-related adverse events\n");
	for (size_t i = 0; i < x->irae.n; i++) {
		const struct irae_episode *e = &x->irae.items[i];

		strbuf_addf(out, "  %s  ", day_format(e->onset, day));
		cell(out, e->event, 18);
		cell(out, e->certainty == NULL ? "-" : e->certainty, 9);
		if (e->grade > 0)
			strbuf_addf(out, "grade %d  ", e->grade);
		else
			strbuf_adds(out, "         ");
		cell(out, e->priority == NULL ? "-" : e->priority, 2);
		strbuf_adds(out, e->state);
		if (e->resolved != DAY_NONE)
			strbuf_addf(
			    out, " on %s", day_format(e->resolved, day));
		strbuf_addc(out, '\n');
		document_irae_changes(e, 4, out);
		irae_evidence(e, out);
	}
}

static void
table_advice(const struct assessment *x, struct strbuf *out)
{
	static const char *const due[] = {"upcoming", "due", "overdue", "done"};
	char from[DAY_SIZE], to[DAY_SIZE];

	if (x->recommendations.n > 0)
		strbuf_adds(out, "\nRecommended\n");
	for (size_t i = 0; i < x->recommendations.n; i++) {
		const struct recommendation *r = &x->recommendations.items[i];

		printable_addf(out, "  %s", r->kind);
		if (r->from != DAY_NONE)
			printable_addf(
			    out, " from %s", day_format(r->from, from));
		if (r->to != DAY_NONE)
			printable_addf(out, " to %s", day_format(r->to, to));
		printable_addf(out, ": %s", due[r->state]);
		if (r->criterion != NULL)
			printable_addf(out, " (%s)", r->criterion);
		strbuf_addc(out, '\n');
	}
}

static void
table_problems(const struct assessment *x, struct strbuf *out)
{
	if (x->problems.n > 0)
		strbuf_adds(out, "\nProblems\n");
	for (size_t i = 0; i < x->problems.n; i++) {
		const struct problem *p = &x->problems.items[i];

		printable_addf(out, "  %s", p->code);
		if (p->source != NULL)
			printable_addf(out, " (%s)", p->source);
		strbuf_adds(out, "\n    ");
		wrap(out, 4, 4, p->detail);
	}
}

static void
timepoint_lesions(const struct timeline *t, size_t i, struct strbuf *out)
{
	char buf[DECIMAL_SIZE];

	strbuf_adds(out, "\nLesions (mm)\n");
	for (size_t k = 0; k < t->lesions.n; k++) {
		const struct lesion *l = &t->lesions.items[k];

		if (l->at == NULL || l->at[i] == NULL)
			continue;
		strbuf_adds(out, "  ");
		cell(out, reading_text(l, l->at[i], buf), 22);
		cell(out, role_name(l->role), 14);
		cell(out, l->site == NULL ? "-" : l->site, 24);
		cell(out, l->label != NULL ? l->label : l->key, 0);
		end_line(out);
	}
}

static void
timepoint_steps(const struct because_list *list, struct strbuf *out)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct because *b = &list->items[i];

		strbuf_adds(out, "    - ");
		wrap(out, 6, 6, b->text);
		printable_addf(out, "      [%s]", b->rule);
		for (size_t k = 0; k < b->n_sources; k++)
			printable_addf(out, "%s%s", k > 0 ? ", " : " from ",
			    b->sources[k]);
		strbuf_addc(out, '\n');
	}
}

void
document_timepoint(const struct assessment *x, size_t i, struct strbuf *out)
{
	const struct timeline *t = x->timeline;
	char day[DAY_SIZE];

	day_format(t->timepoints.items[i].day, day);
	printable_line(out, "%s, timepoint of %s (%s)", t->patient, day,
	    phase_name(t->timepoints.items[i].phase));
	timepoint_lesions(t, i, out);
	table_head(out);
	for (size_t k = 0; k < x->criteria.n; k++)
		table_row(x, i, k, out);
	strbuf_adds(out, "\nWhy\n");
	for (size_t k = 0; k < x->criteria.n; k++) {
		const struct criterion_result *r = &x->criteria.items[k];

		if (r->at == NULL || r->at[i].overall == CAT_NONE)
			continue;
		printable_line(
		    out, "  %s: %s", r->id, category_name(r->at[i].overall));
		timepoint_steps(&r->at[i].because, out);
	}
}

void
document_table(const struct assessment *x, struct strbuf *out)
{
	const struct timeline *t = x->timeline;
	char day[DAY_SIZE];

	printable_line(out, "%s, assessed as of %s", t->patient,
	    day_format(x->as_of, day));
	table_therapy(t, out);
	if (t->lesions.n > 0) {
		table_lesions(t, out);
		for (size_t i = 0; i < t->timepoints.n; i += COLUMNS)
			table_grid(t, i, out);
	}
	table_response(x, out);
	table_best(x, out);
	table_findings(x, out);
	table_irae(x, out);
	table_advice(x, out);
	table_problems(x, out);
}
