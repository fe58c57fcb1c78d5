/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements about a whole visit, and performance status.
 */
#include "mappings/intake.h"

#include <ctype.h>
#include <strings.h>

static const struct {
	const char *question;
	enum statement_kind kind;
	bool yes_no;
} questions[] = {
    {"q_non_target_response", STATEMENT_NON_TARGET, false},
    {"q_non_target_worsening", STATEMENT_NON_TARGET_WORSE, true},
    {"q_new_lesion_indicator", STATEMENT_NEW_LESION, true},
    {"q_target_response", STATEMENT_TARGET_RESPONSE, false},
    {"q_overall_response", STATEMENT_OVERALL_RESPONSE, false},
    {"q_cancer_disease_status", STATEMENT_OVERALL_RESPONSE, false},
    {"timepoint_unscheduled", STATEMENT_UNSCHEDULED, true},
    {"symptomatic_deterioration", STATEMENT_UNSCHEDULED, true},
    {"q_deauville_score", STATEMENT_DEAUVILLE, false},
};

/* Where it belongs; not when it cannot be placed. */
static void
statement_add(
    struct mapping *m, const struct record *r, struct statement_fact *s)
{
	struct place at;

	if (!mapping_place(m, r, &at))
		return;
	s->study = at.study;
	s->day = at.day;
	s->source = mapping_source(m, r);
	s->reader = mapping_reader(m, r);
	s->issued_ms = mapping_issued(r);
	*ARENA_PUSH(m->arena, &m->facts->statements) = *s;
}

static const char *
yes_no_value(struct mapping *m, const struct json_value *holder)
{
	const struct json_value *flag = json_get(holder, "valueBoolean");

	if (json_type(flag) == JSON_BOOL)
		return json_true(flag) ? "yes" : "no";
	return mapping_value_concept(
	    m, "yes-no", json_get(holder, "valueCodeableConcept"));
}

/* A whole number within bounds, "2" or "2.0", as "2". */
static const char *
whole_number(struct mapping *m, const struct json_value *v, int least, int most)
{
	const char *text = json_number(v);
	struct decimal d;
	int64_t whole;

	if (text == NULL || decimal_parse(text, &d, NULL) != ERR_OK ||
	    decimal_scaled(&d, 1, 1, 0, &whole, NULL) != ERR_OK)
		return NULL;
	for (int i = 0; i < d.scale; i++) {
		if (d.digits % 10 != 0)
			return NULL;
		d.digits /= 10;
	}
	return whole < least || whole > most
		   ? NULL
		   : arena_printf(m->arena, "%d", (int)whole);
}

/* "deauville_4" → "4". */
static const char *
deauville_grade(const char *concept)
{
	static const char prefix[] = "deauville_";

	if (concept == NULL ||
	    strncmp(concept, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	concept += sizeof(prefix) - 1;
	return strcmp(concept, "x") == 0 ? "X" : concept;
}

/* Text that is the score and nothing else: "4", "X". */
static const char *
deauville_text(const char *s)
{
	static const char *const scores[] = {"1", "2", "3", "4", "5", "X"};

	for (size_t i = 0; i < sizeof(scores) / sizeof(*scores); i++) {
		if (s != NULL && strcasecmp(s, scores[i]) == 0)
			return scores[i];
	}
	return NULL;
}

/* Whatever says it, the others must not say another. */
static bool
agree(const char **v, const char *said)
{
	if (said == NULL)
		return true;
	if (*v != NULL && strcmp(*v, said) != 0)
		return false;
	*v = said;
	return true;
}

/* A number, or a code that may stand in the interpretation (mCODE). */
/*= lugano §8.5 the score */
static const char *
deauville_value(struct mapping *m, const struct json_value *holder)
{
	const char *map = "deauville", *v = NULL;
	const struct json_value *all = json_get(holder, "interpretation");
	const char *said[] = {
	    whole_number(m, json_get(holder, "valueInteger"), 1, 5),
	    whole_number(m, json_path(holder, "valueQuantity.value"), 1, 5),
	    deauville_text(json_string_at(holder, "valueString")),
	    deauville_grade(mapping_value_concept(
		m, map, json_get(holder, "valueCodeableConcept"))),
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		if (!agree(&v, said[i]))
			return NULL;
	}
	for (size_t i = 0; i < json_length(all); i++) {
		if (!agree(&v, deauville_grade(
				   mapping_lookup(m, map, json_at(all, i)))))
			return NULL;
	}
	return v;
}

static const char *
statement_value(struct mapping *m, const struct json_value *holder,
    enum statement_kind kind, bool yes_no)
{
	if (kind == STATEMENT_DEAUVILLE)
		return deauville_value(m, holder);
	return yes_no ? yes_no_value(m, holder)
		      : mapping_value_concept(m, "response",
			    json_get(holder, "valueCodeableConcept"));
}

void
from_statement(struct mapping *m, const struct record *r, const char *question,
    const struct json_value *holder)
{
	struct statement_fact s = {0};
	size_t n = sizeof(questions) / sizeof(*questions), i;

	for (i = 0; i < n; i++) {
		if (strcmp(questions[i].question, question) == 0)
			break;
	}
	if (i == n)
		return;
	s.kind = questions[i].kind;
	if (json_get(holder, "dataAbsentReason") != NULL)
		return;
	s.of_lesion =
	    s.kind == STATEMENT_DEAUVILLE && identity_has_lesion(m, r);
	s.value = statement_value(m, holder, s.kind, questions[i].yes_no);
	if (s.value == NULL) {
		/* A panel's own code may stand above its components. */
		if (holder == r->json &&
		    json_length(json_get(r->json, "component")) > 0)
			return;
		facts_problem(m->facts, r->key,
		    json_get(holder, "valueString") != NULL ? "narrative_only"
							    : "value_unknown",
		    "%s: no value a map knows, or two", question);
		return;
	}
	statement_add(m, r, &s);
}

bool
from_conclusion(struct mapping *m, const struct record *r)
{
	const struct json_value *all = json_get(r->json, "conclusionCode");
	struct statement_fact s = {.kind = STATEMENT_OVERALL_RESPONSE};

	for (size_t i = 0; i < json_length(all); i++) {
		if (!agree(&s.value,
			mapping_lookup(m, "response", json_at(all, i)))) {
			facts_problem(m->facts, r->key, "value_conflict",
			    "its conclusion names two responses; neither is "
			    "used");
			return true;
		}
	}
	if (s.value != NULL)
		statement_add(m, r, &s);
	return s.value != NULL;
}

/* "ecog_2" → "2". */
static const char *
ecog_grade(const char *concept)
{
	return concept != NULL && strncmp(concept, "ecog_", 5) == 0 &&
		       isdigit((unsigned char)concept[5]) && concept[6] == '\0'
		   ? concept + 5
		   : NULL;
}

static const char *
ecog_value(struct mapping *m, const struct json_value *o)
{
	const char *map = "performance-status";
	const struct json_value *all = json_get(o, "interpretation");
	const char *v = whole_number(m, json_get(o, "valueInteger"), 0, 5);

	if (v == NULL)
		v = whole_number(m, json_path(o, "valueQuantity.value"), 0, 5);
	if (v == NULL) {
		v = ecog_grade(mapping_value_concept(
		    m, map, json_get(o, "valueCodeableConcept")));
	}
	for (size_t i = 0; v == NULL && i < json_length(all); i++)
		v = ecog_grade(mapping_lookup(m, map, json_at(all, i)));
	return v;
}

void
from_performance(struct mapping *m, const struct record *r)
{
	struct statement_fact s = {0};
	const char *concept =
	    mapping_lookup(m, "performance-status", json_get(r->json, "code"));

	if (strcmp(concept, "ecog_score") != 0) {
		from_finding(m, r, concept);
		return;
	}
	s.kind = STATEMENT_ECOG;
	s.source = mapping_source(m, r);
	s.value = ecog_value(m, r->json);
	s.day = mapping_effective(m, r, NULL);
	if (s.value == NULL) {
		facts_problem(m->facts, r->key, "value_unknown",
		    "no performance status from 0 to 5");
	} else if (s.day == DAY_NONE) {
		facts_problem(
		    m->facts, r->key, "date_missing", "nothing says its day");
	} else {
		*ARENA_PUSH(m->arena, &m->facts->statements) = s;
	}
}
