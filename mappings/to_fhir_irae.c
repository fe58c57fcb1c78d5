/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flag: a suspected immune-related adverse event.  One for each patient,
 * event and episode; whatever comes later changes its status and sub-state,
 * never its identity.
 *
 * The code is a local one: a disorder there would read as a diagnosis.
 *= irae §5.3
 */
#include <string.h>

#include "fhir/datetime.h"
#include "mappings/to_fhir_parts.h"

#define PRIORITY      "http://hl7.org/fhir/StructureDefinition/flag-priority"
#define DETAIL        "http://hl7.org/fhir/StructureDefinition/flag-detail"
#define PRIORITY_CODE "http://hl7.org/fhir/flag-priority-code"
#define MAX_DETAILS   20

static const struct {
	const char *code, *display;
} priorities[] = {
    {"PH", "High priority"}, {"PM", "Medium priority"}, {"PL", "Low priority"}};

static bool
is_active(const struct irae_episode *e)
{
	return strcmp(e->flag, "active") == 0;
}

/* "probable, CTCAE v5 grade 3" */
static const char *
standing(struct arena *a, const struct irae_episode *e)
{
	const char *level = e->certainty == NULL ? "held back" : e->certainty;

	return e->grade == 0 ? level
			     : arena_printf(a, "%s, CTCAE v%d grade %d", level,
				   e->ctcae, e->grade);
}

static const char *
irae_text(struct arena *a, const struct irae_episode *e)
{
	char on[DAY_SIZE], end[DAY_SIZE];

	day_format(e->onset, on);
	if (!is_active(e))
		return arena_printf(a,
		    "Suspected immune-related %s of %s: %s on %s", e->words, on,
		    e->state, day_format(e->resolved, end));
	return arena_printf(a,
	    "Suspected immune-related %s since %s: %s%s%s%s. Evidence: %s.%s%s",
	    e->words, on, standing(a, e), e->headline == NULL ? "" : " (",
	    e->headline == NULL ? "" : e->headline,
	    e->headline == NULL ? "" : ")", e->evidence,
	    e->advice == NULL ? "" : " Consider (ASCO 2021 unless said): ",
	    e->advice == NULL ? "" : e->advice);
}

/* --- extensions --- */

static void
put_priority(struct json_writer *w, const char *priority)
{
	const char *display = NULL;

	for (size_t i = 0; i < sizeof(priorities) / sizeof(*priorities); i++) {
		if (strcmp(priorities[i].code, priority) == 0)
			display = priorities[i].display;
	}
	json_begin_object(w, NULL);
	json_put_string(w, "url", PRIORITY);
	part_codeable(
	    w, "valueCodeableConcept", PRIORITY_CODE, priority, display, NULL);
	json_end_object(w);
}

static void
put_details(struct json_writer *w, const struct irae_episode *e)
{
	for (size_t i = 0; i < e->n_sources && i < MAX_DETAILS; i++) {
		json_begin_object(w, NULL);
		json_put_string(w, "url", DETAIL);
		part_reference(w, "valueReference", e->sources[i]);
		json_end_object(w);
	}
}

static void
put_text(struct json_writer *w, const char *url, const char *member,
    const char *value)
{
	json_begin_object(w, NULL);
	json_put_string(w, "url", url);
	json_put_string(w, member, value);
	json_end_object(w);
}

static void
put_number(struct json_writer *w, const char *url, int value)
{
	json_begin_object(w, NULL);
	json_put_string(w, "url", url);
	json_put_int(w, "valueInteger", value);
	json_end_object(w);
}

static void
put_extensions(struct json_writer *w, const struct irae_episode *e)
{
	char day[DAY_SIZE];

	json_begin_array(w, "extension");
	if (e->priority != NULL)
		put_priority(w, e->priority);
	put_details(w, e);
	if (e->certainty != NULL)
		put_text(w, RESCAN_EXTENSION "/irae-level", "valueCode",
		    e->certainty);
	put_text(w, RESCAN_IRAE_STATE, "valueCode", e->state);
	put_number(w, RESCAN_IRAE_EPISODE, e->episode);
	if (e->dismissed != DAY_NONE)
		put_text(w, RESCAN_IRAE_DISMISSED, "valueDate",
		    day_format(e->dismissed, day));
	if (e->grade > 0)
		put_number(w, RESCAN_EXTENSION "/ctcae-grade", e->grade);
	put_text(w, RESCAN_EXTENSION "/ctcae-version", "valueString",
	    e->ctcae == 6 ? "6.0" : "5.0");
	json_end_array(w);
}

/* --- the resource --- */

static void
put_code(struct json_writer *w, struct to_fhir_run *run,
    const struct irae_episode *e, const char *text)
{
	struct arena *a = run->a;

	json_begin_array(w, "category");
	part_codeable(w, NULL, SYSTEM_HL7 "flag-category",
	    part_output_code(
		run, "flag_category_safety", SYSTEM_HL7 "flag-category"),
	    "Safety", NULL);
	json_end_array(w);
	part_codeable(w, "code", RESCAN_CODE_SYSTEM "/flag",
	    arena_printf(a, RESCAN_IRAE_FLAG "%s", e->event),
	    arena_printf(a, "Suspected immune-related %s", e->words), text);
}

static const char *
irae_write(struct to_fhir_run *run, const struct irae_episode *e)
{
	const char *text = irae_text(run->a, e), *identifier;
	bool active = is_active(e);
	struct body b;
	struct json_writer *w = &b.w;
	struct output *o;

	identifier = part_identify(run, "flag",
	    arena_printf(run->a, "irae %s %d", e->event, e->episode));
	body_begin(&b, "Flag");
	if (active)
		part_meta(
		    w, SYSTEM_HL7 "common-tags", "actionable", "Actionable");
	else
		part_meta(w, NULL, NULL, NULL);
	part_narrative(w, arena_printf(run->a, "%s.\n" DISCLAIMER, text));
	put_extensions(w, e);
	part_identifier(w, identifier);
	json_put_string(w, "status", active ? "active" : "inactive");
	put_code(w, run, e, text);
	part_reference(w, "subject", run->x->timeline->patient);
	json_begin_object(w, "period");
	part_day(w, "start", e->onset);
	if (!active)
		part_day(w, "end", e->resolved);
	json_end_object(w);
	part_reference_own(w, "author", run->device);
	o = part_emit(run, "Flag", "flag", identifier, &b,
	    arena_printf(
		run->a, "Flag %s: %s", active ? "active" : "inactive", text));
	o->only_if_exists = !active;
	o->reopens = active && e->dismissed != DAY_NONE;
	return identifier;
}

void
to_fhir_irae(struct to_fhir_run *run)
{
	for (size_t i = 0; i < run->x->irae.n; i++) {
		const struct irae_episode *e = &run->x->irae.items[i];

		to_fhir_provenance_irae(run, e, irae_write(run, e));
	}
}
