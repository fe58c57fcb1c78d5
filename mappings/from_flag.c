/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags of ours that a person has closed: a clinician dismissed what we
 * suspected.
 *
 * What we close ourselves says so in its sub-state; an inactive Flag whose
 * sub-state is still that of an active one was closed by somebody else.
 */
#include "mappings/intake.h"
#include "mappings/to_fhir.h"

#include <stdlib.h>
#include <string.h>

static const char *
extension_text(const struct record *r, const char *url, const char *member)
{
	const struct json_value *all = json_get(r->json, "extension");

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *x = json_at(all, i);
		const struct json_value *v = json_get(x, member);

		if (same(json_string_at(x, "url"), url))
			return json_string(v) != NULL ? json_string(v)
						      : json_number(v);
	}
	return NULL;
}

/* How a Flag for a suspected irAE is written: as we do, and as the
 * specification's own example has it.
 *= irae §5.3 output Flag */
static const struct dialect {
	const char *identifier, *code, *state;
} dialects[] = {
    {RESCAN_IDENTIFIER_SYSTEM, RESCAN_CODE_SYSTEM "/flag", RESCAN_IRAE_STATE},
    {"urn:example:irae", "urn:example:irae-flag", "urn:example:irae-state"},
};

static const struct dialect *
dialect_of(const struct record *r)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(*dialects); i++) {
		if (resource_identifier(r->json, dialects[i].identifier) !=
		    NULL)
			return &dialects[i];
	}
	return NULL;
}

/* The event it is about, NULL when it is none of our irAE Flags. */
static const char *
event_of(const struct record *r, const struct dialect *d)
{
	struct coding c;

	for (size_t i = 0;
	     d != NULL && codeable_coding(json_get(r->json, "code"), i, &c);
	     i++) {
		if (same(c.system, d->code) && c.code != NULL &&
		    strncmp(c.code, RESCAN_IRAE_FLAG,
			strlen(RESCAN_IRAE_FLAG)) == 0)
			return c.code + strlen(RESCAN_IRAE_FLAG);
	}
	return NULL;
}

/* "PATIENT|hepatitis|1" */
static const char *
episode_of(const struct record *r, const struct dialect *d)
{
	const char *bar =
	    strrchr(resource_identifier(r->json, d->identifier), '|');
	const char *said =
	    extension_text(r, RESCAN_IRAE_EPISODE, "valueInteger");

	return said == NULL && bar != NULL ? bar + 1 : said;
}

/* Did we leave it active?  Ours always says in which state. */
static bool
was_left_active(const char *state, const struct dialect *d)
{
	static const char *const closed[] = {"resolved", "refuted", "dismissed",
	    "snoozed", "lapsed", "controlled"};

	for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++) {
		if (same(state, closed[i]))
			return false;
	}
	return state != NULL || d != &dialects[0];
}

static int32_t
day_of(struct mapping *m, const struct record *r)
{
	int32_t day = mapping_day(m, r, json_path(r->json, "period.end"));

	return day != DAY_NONE
		   ? day
		   : mapping_day(m, r, json_path(r->json, "meta.lastUpdated"));
}

static void
add_dismissal(
    struct mapping *m, const struct record *r, const char *event, int32_t day)
{
	const char *episode = episode_of(r, dialect_of(r));
	struct flag_action_fact *f =
	    ARENA_PUSH(m->arena, &m->facts->flag_actions);

	f->source = mapping_source(m, r);
	f->day = day;
	f->event = arena_strdup(m->arena, event);
	f->episode = episode == NULL ? 0 : (int)strtol(episode, NULL, 10);
	f->dismissed = true;
	*ARENA_PUSH(m->arena, &m->facts->sources) = f->source;
}

bool
flag_tells(const struct json_value *flag)
{
	const struct record r = {.json = flag};
	const struct dialect *d = dialect_of(&r);

	return event_of(&r, d) != NULL &&
	       (extension_text(&r, RESCAN_IRAE_DISMISSED, "valueDate") !=
		       NULL ||
		   (same(json_string_at(flag, "status"), "inactive") &&
		       was_left_active(
			   extension_text(&r, d->state, "valueCode"), d)));
}

/* A dismissal we have noted before is said by the Flag itself; a new one by
 * its status. */
void
from_flag(struct mapping *m, const struct record *r)
{
	const struct dialect *d = dialect_of(r);
	const char *event = event_of(r, d);
	const char *noted =
	    extension_text(r, RESCAN_IRAE_DISMISSED, "valueDate");
	int32_t day;

	if (event == NULL)
		return;
	if (noted != NULL && day_parse(noted) != DAY_NONE)
		add_dismissal(m, r, event, day_parse(noted));
	if (!same(json_string_at(r->json, "status"), "inactive") ||
	    !was_left_active(extension_text(r, d->state, "valueCode"), d))
		return;
	day = day_of(m, r);
	if (day == DAY_NONE)
		facts_problem(m->facts, r->key, "date_missing",
		    "a Flag of ours was closed, but nothing says when");
	else
		add_dismissal(m, r, event, day);
}
