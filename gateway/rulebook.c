/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/rulebook.h"

#include <string.h>

#include "gateway/irae/grade.h"
#include "gateway/irecist.h"
#include "gateway/kinetics.h"
#include "gateway/metabolic.h"
#include "gateway/rules.h"
#include "gateway/sources.h"
#include "gateway/thresholds.h"
#include "gateway/windows.h"

static const struct rule book[] = {
#define RULE(id, section, citation, text) {id, section, citation, text},
#include "gateway/rules.def"
#undef RULE
};
#define N_RULES (sizeof(book) / sizeof(book[0]))

const struct rule *
rulebook_at(size_t i)
{
	return i < N_RULES ? &book[i] : NULL;
}

const struct rule *
rulebook_find(const char *id)
{
	for (size_t i = 0; i < N_RULES; i++) {
		if (strcmp(book[i].id, id) == 0)
			return &book[i];
	}
	return NULL;
}

void
rulebook_write_ids(struct strbuf *out)
{
	strbuf_adds(out,
	    "# Rules\n\n"
	    "Every rule id an explanation may name. An id keeps its meaning. "
	    "Sections are those\nof the criteria specification. Made by "
	    "`rescan rules --ids`.\n\n");
	strbuf_adds(out, "| rule | section | what it says | source |\n"
			 "|---|---|---|---|\n");
	for (size_t i = 0; i < N_RULES; i++)
		strbuf_addf(out, "| `%s` | %s | %s | %s |\n", book[i].id,
		    book[i].section, book[i].text, book[i].citation);
}

static void
put_criteria(struct strbuf *out)
{
	strbuf_adds(out, "Criteria\n");
	for (size_t i = 0; criterion_registry[i] != NULL; i++)
		strbuf_addf(out, "  %-10s %-5s %s\n", criterion_registry[i]->id,
		    criterion_registry[i]->version,
		    criterion_registry[i]->citation);
	strbuf_adds(out, "\nPET and lymphoma criteria\n");
	for (size_t i = 0; pet_registry[i] != NULL; i++)
		strbuf_addf(out, "  %-10s %-5s %s\n", pet_registry[i]->id,
		    pet_registry[i]->version, pet_registry[i]->citation);
}

/* "5.0 mm", "30 %", "0.800" */
static void
put_value(const struct threshold *t, struct strbuf *out)
{
	if (strcmp(t->unit, "tmm") == 0)
		strbuf_addf(out, "%d.%d mm", t->value / 10, t->value % 10);
	else if (strcmp(t->unit, "pct") == 0)
		strbuf_addf(out, "%d %%", t->value);
	else if (strcmp(t->unit, "days") == 0)
		strbuf_addf(out, "%d days", t->value);
	else if (strcmp(t->unit, "milli") == 0)
		strbuf_addf(out, "%d.%03d", t->value / 1000, t->value % 1000);
	else
		strbuf_addf(out, "%d", t->value);
}

static void
put_thresholds(struct strbuf *out)
{
	const char *section = "", *citation = "";

	strbuf_adds(out, "\nThresholds\n");
	for (const struct threshold *t = thresholds; t->name != NULL; t++) {
		if (strcmp(t->section, section) != 0 ||
		    strcmp(t->citation, citation) != 0)
			strbuf_addf(
			    out, "  %s (%s)\n", t->section, t->citation);
		section = t->section;
		citation = t->citation;
		strbuf_addf(out, "    %s: ", t->text);
		put_value(t, out);
		strbuf_addc(out, '\n');
	}
}

static void
put_matrix(struct strbuf *out)
{
	struct arena *a = arena_new();
	struct rules_row row;

	strbuf_adds(out,
	    "\nRECIST 1.1 overall response, the first row that holds "
	    "(§1.8)\n");
	for (size_t i = 0; rules_matrix_row(i, a, &row); i++)
		strbuf_addf(out, "  target %s, non-target %s%s%s: %s\n",
		    row.target, row.non_target, *row.when ? ", " : "", row.when,
		    row.overall);
	arena_free(a);
}

static void
put_causes(unsigned causes, struct strbuf *out)
{
	static const char *const names[] = {
	    "targets", "non-targets", "new lesions"};
	const char *sep = "";

	for (unsigned i = 0; i < 3; i++) {
		if ((causes & (1U << i)) == 0)
			continue;
		strbuf_addf(out, "%s%s", sep, names[i]);
		sep = ", ";
	}
}

static void
put_confirmations(struct strbuf *out)
{
	struct irecist_row row;

	strbuf_adds(out, "\niRECIST, what confirms an iUPD, any one (§4.6)\n");
	for (size_t i = 0; irecist_confirmation_row(i, &row); i++) {
		const struct rule *r = rulebook_find(row.rule);

		strbuf_addf(out, "  %-17s %s; iUPD by ", row.flag,
		    r != NULL ? r->text : "");
		put_causes(
		    row.without != 0 ? 7 & ~row.without : row.needs, out);
		strbuf_addc(out, '\n');
	}
}

static void
put_kinetics(struct strbuf *out)
{
	strbuf_adds(out, "\nHyperprogression, each definition for itself "
			 "(§6.2)\n");
	for (size_t i = 0; i < KINETICS_DEFINITIONS; i++) {
		const char *name, *test;
		int needed = kinetics_parts_needed(i);

		strbuf_addf(out, "  %s (%s)", kinetics_definition(i),
		    kinetics_citation(i));
		if (needed > 0)
			strbuf_addf(out, ", %d of", needed);
		strbuf_addc(out, '\n');
		for (size_t p = 0; p < KINETICS_PARTS; p++) {
			name = kinetics_part(i, p, &test);
			if (name == NULL)
				break;
			strbuf_addf(out, "    %s: %s\n", name, test);
		}
	}
}

static void
put_bound(int32_t days, struct strbuf *out)
{
	if (days == WINDOW_OPEN)
		strbuf_adds(out, "open");
	else
		strbuf_addf(out, "%+d", days);
}

static void
put_windows(struct strbuf *out)
{
	static const char *const anchors[] = {
	    [ANCHOR_FIRST_DOSE] = "first dose",
	    [ANCHOR_BASELINE] = "baseline",
	    [ANCHOR_LAST_SCAN] = "last evaluable scan",
	    [ANCHOR_PROGRESSION] = "progression",
	    [ANCHOR_RESPONSE] = "response",
	    [ANCHOR_TODAY] = "today"};
	const struct window_rule *w;

	strbuf_adds(out, "\nScan windows, days from their anchor (§9)\n");
	for (size_t i = 0; (w = window_rule_at(i)) != NULL; i++) {
		strbuf_addf(out, "  %-24s %-20s ", w->id, anchors[w->anchor]);
		put_bound(w->earliest, out);
		strbuf_adds(out, " to ");
		put_bound(w->latest, out);
		strbuf_adds(out, ", preferably ");
		put_bound(w->preferred, out);
		strbuf_addf(out, " (%s)\n", w->citation);
	}
}

/* The options that judgement depends on. */
static void
put_options(struct strbuf *out)
{
	static const struct {
		const char *section, *key, *fallback, *help;
	} rows[] = {
#define SERVER_ROW(key, type, member, fallback, min, max, help)
#define OPTION_ROW(section, key, type, member, fallback, min, max, help)       \
	{section, key, fallback, help},
#include "gateway/options.def"
#undef OPTION_ROW
#undef SERVER_ROW
	};

	strbuf_adds(out, "\nDecisions a site may change, with their defaults "
			 "(§10)\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].section, "timeline") != 0 &&
		    strcmp(rows[i].section, "assess") != 0 &&
		    strcmp(rows[i].section, "contested") != 0 &&
		    strcmp(rows[i].section, "irae") != 0)
			continue;
		strbuf_addf(out, "  [%s] %s = %s\n    %s\n", rows[i].section,
		    rows[i].key, rows[i].fallback, rows[i].help);
	}
}

static void
put_rules(struct strbuf *out)
{
	strbuf_adds(out, "\nRules\n");
	for (size_t i = 0; i < N_RULES; i++)
		strbuf_addf(out, "  %s: %s\n    %s, %s\n", book[i].id,
		    book[i].text, book[i].section, book[i].citation);
}

static void
put_grades(struct strbuf *out)
{
	size_t i = 0;

	strbuf_adds(out, "\nCTCAE grades (irae §2.2, §2.3)\n  ");
	while (irae_grade_describe(i++, out))
		strbuf_adds(out, "\n  ");
	strbuf_adds(out, "upper bounds are inclusive\n");
}

void
rulebook_write(struct strbuf *out)
{
	put_criteria(out);
	put_thresholds(out);
	put_matrix(out);
	put_confirmations(out);
	put_kinetics(out);
	put_windows(out);
	put_grades(out);
	put_options(out);
	put_rules(out);
}
