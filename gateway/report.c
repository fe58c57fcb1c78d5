/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/report.h"

#include "fhir/util/clock.h"
#include "fhir/util/printable.h"

#include <string.h>

void
report_init(struct cycle_report *r, const char *server, const char *base)
{
	memset(r, 0, sizeof(*r));
	r->arena = arena_new();
	r->server = arena_strdup(r->arena, server);
	r->base = arena_strdup(r->arena, base);
	r->start_ms = clock_now_ms();
}

void
report_done(struct cycle_report *r)
{
	arena_free(r->arena);
	memset(r, 0, sizeof(*r));
}

void
report_note(struct cycle_report *r, const char *fmt, ...)
{
	const char *line;
	va_list ap;

	va_start(ap, fmt);
	line = arena_vprintf(r->arena, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < r->notes.n; i++) {
		if (strcmp(r->notes.items[i], line) == 0)
			return;
	}
	*ARENA_PUSH(r->arena, &r->notes) = line;
}

struct report_patient *
report_patient(struct cycle_report *r, int64_t row, const char *key)
{
	struct report_patient *p;

	if (r->patients.n >= REPORT_MAX_PATIENTS) {
		/* The last place is used again and again. */
		r->unlisted++;
		p = &r->patients.items[r->patients.n - 1];
		p->lines.n = p->outputs.n = 0;
	} else {
		p = ARENA_PUSH(r->arena, &r->patients);
	}
	p->row = row;
	p->key = r->unlisted > 0 ? "(more)" : arena_strdup(r->arena, key);
	return p;
}

/* --- what was concluded --- */

static const char *
criterion_title(const char *id)
{
	static const struct {
		const char *id, *title;
	} titles[] = {{"recist11", "RECIST 1.1"}, {"irecist", "iRECIST"},
	    {"irrecist", "irRECIST"}, {"irrc", "irRC"},
	    {"imrecist", "imRECIST"}};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		if (strcmp(titles[i].id, id) == 0)
			return titles[i].title;
	}
	return id;
}

static const char *
word(enum category c)
{
	return c == CAT_NONE ? "none" : category_name(c);
}

static void
add_criterion(struct cycle_report *r, struct report_patient *p,
    const struct assessment *x, const struct criterion_result *c)
{
	size_t last = x->timeline->timepoints.n;
	enum category now = CAT_NONE;
	const char *best = word(c->best.unconfirmed);
	char day[DAY_SIZE];

	while (last > 0 && now == CAT_NONE)
		now = c->at[--last].overall;
	if (now == CAT_NONE)
		return;
	if (c->best.confirmed != c->best.unconfirmed)
		best = arena_printf(r->arena, "%s, confirmed %s", best,
		    word(c->best.confirmed));
	*ARENA_PUSH(r->arena, &p->lines) = arena_printf(r->arena,
	    "%-11s %s on %s; best %s", criterion_title(c->id), word(now),
	    day_format(x->timeline->timepoints.items[last].day, day), best);
}

static const char *
due_word(enum due d)
{
	static const char *const words[] = {
	    "upcoming", "due", "overdue", "done"};

	return words[d];
}

/* "hyperprogression: met by champiat2017 (5 of 8 computable)" */
static void
add_hyperprogression(struct cycle_report *r, struct report_patient *p,
    const struct assessment *x)
{
	const char *met = "";
	size_t computable = 0;

	for (size_t i = 0; i < x->hyperprogression.n; i++) {
		const struct hyperprogression *h =
		    &x->hyperprogression.items[i];

		computable += h->met != UNKNOWN;
		if (h->met == YES)
			met = arena_printf(r->arena, "%s%s%s", met,
			    *met != '\0' ? ", " : "", h->definition);
	}
	if (*met != '\0')
		*ARENA_PUSH(r->arena, &p->lines) = arena_printf(r->arena,
		    "hyperprogression: met by %s (%zu of %zu computable)", met,
		    computable, x->hyperprogression.n);
}

void
report_assessment(struct cycle_report *r, struct report_patient *p,
    const struct assessment *x)
{
	char from[DAY_SIZE], to[DAY_SIZE];

	r->assessed++;
	for (size_t i = 0; i < x->criteria.n; i++)
		add_criterion(r, p, x, &x->criteria.items[i]);
	for (size_t i = 0; i < x->patterns.n; i++) {
		*ARENA_PUSH(r->arena, &p->lines) =
		    arena_printf(r->arena, "%s %s", x->patterns.items[i].kind,
			x->patterns.items[i].status);
	}
	add_hyperprogression(r, p, x);
	for (size_t i = 0; i < x->recommendations.n; i++) {
		const struct recommendation *c = &x->recommendations.items[i];

		if (c->state == DUE_DONE)
			continue;
		*ARENA_PUSH(r->arena, &p->lines) = arena_printf(r->arena,
		    "%s %s..%s: %s", c->kind, day_format(c->from, from),
		    day_format(c->to, to), due_word(c->state));
	}
	if (x->problems.n > 0) {
		*ARENA_PUSH(r->arena, &p->lines) =
		    arena_printf(r->arena, "%zu problem%s in the data",
			x->problems.n, x->problems.n == 1 ? "" : "s");
	}
}

void
report_merged(struct cycle_report *r, struct report_patient *p)
{
	*ARENA_PUSH(r->arena, &p->lines) =
	    "merged into another record; what was said of it is withdrawn";
}

void
report_output(struct cycle_report *r, struct report_patient *p,
    const struct store_output *o, enum delivery what,
    const struct config_server *via)
{
	struct report_output *out = ARENA_PUSH(r->arena, &p->outputs);

	r->delivered[what]++;
	out->type = arena_strdup(r->arena, o->type);
	out->kind = arena_strdup(r->arena, o->kind);
	out->label = arena_strdup(r->arena, o->label);
	out->id = arena_strdup(r->arena, o->server_id);
	out->error = arena_strdup(r->arena, o->error);
	out->what = what;
	if (via != NULL) {
		out->base = arena_strdup(r->arena, via->base_url);
		out->via = arena_strdup(r->arena, via->name);
	}
}

/* --- printing --- */

/* Reports and flags stand in a line each, and what is not as it should be;
 * the rest is counted. */
static bool
is_shown(const struct report_output *o)
{
	if (o->what == DELIVERED_NOTHING)
		return false;
	return strcmp(o->kind, "report") == 0 || strcmp(o->kind, "flag") == 0 ||
	       o->what == DELIVERED_REFUSED || o->what == DELIVERED_DISMISSED ||
	       o->error[0] != '\0';
}

static void
print_output(
    const struct cycle_report *r, const struct report_output *o, FILE *out)
{
	printable_print(out, "    %-10s %s", delivery_name(o->what), o->label);
	if (o->id[0] != '\0') {
		printable_print(out, "               %s/%s/%s",
		    o->base == NULL ? r->base : o->base, o->type, o->id);
	}
	if (o->via != NULL)
		printable_print(
		    out, "               at %s, not in the EHR", o->via);
	if (o->error[0] != '\0')
		printable_print(out, "               %s", o->error);
}

static void
print_rest(const struct report_patient *p, FILE *out)
{
	for (int what = 0; what < DELIVERED__MAX; what++) {
		size_t n = 0;

		for (size_t i = 0; i < p->outputs.n; i++) {
			const struct report_output *o = &p->outputs.items[i];

			n += (int)o->what == what && !is_shown(o);
		}
		if (n > 0 && what != DELIVERED_NOTHING) {
			fprintf(out, "    %-10s %zu supporting resource%s\n",
			    delivery_name((enum delivery)what), n,
			    n == 1 ? "" : "s");
		}
	}
}

static void
print_patient(
    const struct cycle_report *r, const struct report_patient *p, FILE *out)
{
	fputc('\n', out);
	printable_print(out, "%s", p->key);
	for (size_t i = 0; i < p->lines.n; i++)
		printable_print(out, "  %s", p->lines.items[i]);
	for (size_t i = 0; i < p->outputs.n; i++) {
		if (is_shown(&p->outputs.items[i]))
			print_output(r, &p->outputs.items[i], out);
	}
	print_rest(p, out);
}

/* What of the reading is out of the ordinary. */
static void
print_reading(const struct cycle_report *r, FILE *out)
{
	if (r->swept > 0) {
		fprintf(out,
		    "compared: %zu patient%s; %zu resource%s withdrawn\n",
		    r->swept, r->swept == 1 ? "" : "s", r->withdrawn,
		    r->withdrawn == 1 ? "" : "s");
	}
	for (size_t i = 0; i < r->notes.n; i++)
		printable_print(out, "note: %s", r->notes.items[i]);
}

void
pipeline_print(const struct cycle_report *r, FILE *out)
{
	char at[INSTANT_SIZE];

	fprintf(out, "%s  %s  %s%s\n", instant_format(r->start_ms, at),
	    r->server, r->base, r->dry_run ? "  (dry run)" : "");
	fprintf(out,
	    "read: %d searches, %d pages, %zu entries: %zu new or changed, "
	    "%zu known, %zu ours,\n      %zu set aside; %zu read by "
	    "reference\n",
	    r->searches, r->pages, r->entries, r->stored, r->unchanged, r->own,
	    r->quarantined, r->reads);
	print_reading(r, out);
	for (size_t i = 0; i < r->patients.n; i++)
		print_patient(r, &r->patients.items[i], out);
	if (r->unlisted > 0)
		fprintf(out, "\nand %zu patients more\n", r->unlisted);
	fprintf(out, "\nassessed: %zu patient%s", r->assessed,
	    r->assessed == 1 ? "" : "s");
	if (r->failed > 0)
		fprintf(out, ", %zu could not be", r->failed);
	fputs("; written:", out);
	for (int i = 0; i < DELIVERED__MAX; i++) {
		if (i != DELIVERED_NOTHING) {
			fprintf(out, "%s %zu %s", i ? "," : "", r->delivered[i],
			    delivery_name((enum delivery)i));
		}
	}
	fputs("\n", out);
}
