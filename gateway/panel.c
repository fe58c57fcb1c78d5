/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/panel.h"

#include "fhir/util/clock.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define NONE SIZE_MAX

/* demanded: what servers that refuse a bare patient want, R4's own value set
 * observation-category whole, so that nothing is left out. */
static const struct panel_row {
	const char *type, *who, *date;
	size_t option; /* of struct config_panel, or NONE */
	const char *demanded;
} rows[] = {
    {"ImagingStudy", "patient=", "started",
	offsetof(struct config_panel, imagingstudy), NULL},
    {"Observation", "patient=", "date",
	offsetof(struct config_panel, observation),
	"category=social-history,vital-signs,imaging,laboratory,procedure,"
	"survey,exam,therapy,activity"},
    {"MedicationAdministration", "patient=", "effective-time",
	offsetof(struct config_panel, medication), NULL},
    /* R4 has no `patient` here. */
    {"AdverseEvent", "subject=Patient/", NULL, NONE, NULL},
    {"Condition", "patient=", NULL, NONE,
	"category=problem-list-item,encounter-diagnosis"},
    {"DiagnosticReport", "patient=", "date", NONE, NULL},
    {"Flag", "patient=", NULL, NONE, NULL},
};

static const struct panel_row *
find_row(const char *type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].type, type) == 0)
			return &rows[i];
	}
	return NULL;
}

static const char *
configured(const struct read *r, const struct read_type *t)
{
	const struct panel_row *row = find_row(t->name);
	const char *base = (const char *)&r->server->panel, *text;

	if (row == NULL || row->option == NONE)
		return NULL;
	memcpy(&text, base + row->option, sizeof(text));
	return text;
}

/* A query as people write it: what a URL cannot hold is escaped. */
static char *
escape(struct arena *a, const char *s, size_t n)
{
	char *ret = arena_alloc(a, n * 3 + 1), *to = ret;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (isalnum(c) || strchr("-._~=&,:%/", c) != NULL)
			*to++ = (char)c;
		else
			to += snprintf(to, 4, "%%%02X", c);
	}
	*to = '\0';
	return ret;
}

void
panel_make(const struct read *r, const struct read_type *t, const char *patient,
    struct arena *a, struct panel *ret)
{
	LIST_OF(const char *) list = {NULL, 0, 0};
	const struct panel_row *row = find_row(t->name);
	const char *text = configured(r, t), *slash = strchr(patient, '/');
	const char *id = arena_printf(a, "%s%s",
	    row == NULL ? "patient=" : row->who,
	    slash == NULL ? patient : slash + 1);

	if (text == NULL)
		text = t->panel == NULL ? "" : t->panel;
	for (text += strspn(text, " \t"); *text != '\0';
	     text += strspn(text, " \t")) {
		size_t n = strcspn(text, " \t");

		*ARENA_PUSH(a, &list) = arena_printf(
		    a, "%s?%s&%s", t->name, id, escape(a, text, n));
		text += n;
	}
	if (list.n == 0) {
		*ARENA_PUSH(a, &list) =
		    arena_printf(a, "%s?%s", t->name, id);
	}
	ret->queries = list.items;
	ret->n = list.n;
}

bool
panel_widen(const struct read *r, struct read_type *t)
{
	const struct panel_row *row = find_row(t->name);

	if (row == NULL || row->demanded == NULL || t->panel != NULL ||
	    configured(r, t) != NULL)
		return false;
	t->panel = row->demanded;
	return true;
}

const char *
panel_dates(const struct read *r, const struct read_type *t, struct arena *a)
{
	const struct panel_row *row = find_row(t->name);
	char day[DAY_SIZE];

	if (row == NULL || row->date == NULL)
		return "";
	return arena_printf(a, "&%s=ge%s", row->date,
	    day_format(clock_today() - r->server->window_days, day));
}
