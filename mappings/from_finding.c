/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Laboratory values, vital signs, imaging findings and diagnoses.
 */
#include <string.h>

#include "mappings/intake.h"
#include "mappings/to_fhir.h"

#define MAX_SCALE   9
#define CTCAE_GRADE "ctcae-grade"

/* A Quantity's value as digits at its own scale. */
static bool
quantity_value(const struct json_value *q, struct decimal *ret)
{
	const char *text = json_number(json_get(q, "value"));

	return text != NULL && decimal_parse(text, ret, NULL) == ERR_OK &&
	       ret->scale <= MAX_SCALE;
}

/* The same at another scale; INT64_MIN when there is none. */
static int64_t
at_scale(const struct json_value *q, int scale)
{
	struct decimal d;
	int64_t v;

	if (!quantity_value(q, &d) ||
	    decimal_scaled(&d, 1, 1, scale, &v, NULL) != ERR_OK)
		return INT64_MIN;
	return v;
}

static int
scale_of(const struct json_value *q)
{
	struct decimal d;

	return quantity_value(q, &d) ? d.scale : 0;
}

static const char *
unit_of(const struct json_value *q)
{
	const char *code = json_string_at(q, "code");

	return code != NULL ? code : json_string_at(q, "unit");
}

/* The range's limits at the value's scale; a unit of its own is kept. */
static void
put_range(struct mapping *m, const struct json_value *range,
    const struct json_value *infarction, struct finding_fact *f)
{
	const struct json_value *low = json_get(range, "low");
	const struct json_value *high = json_get(range, "high");
	const char *unit = unit_of(high) != NULL ? unit_of(high) : unit_of(low);

	f->low = at_scale(low, f->scale);
	f->high = at_scale(high, f->scale);
	if (unit != NULL && f->unit != NULL && strcmp(unit, f->unit) != 0)
		f->range_unit = arena_strdup(m->arena, unit);
	/* Limits of two units cannot both be read. */
	if (unit_of(low) != NULL && unit != NULL && high != NULL &&
	    strcmp(unit_of(low), unit) != 0)
		f->low = INT64_MIN;
	if (unit_of(infarction) == NULL || same(unit_of(infarction), f->unit))
		f->infarction = at_scale(infarction, f->scale);
}

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

static void
put_value(struct mapping *m, const struct record *r,
    const struct json_value *holder, struct finding_fact *f)
{
	const struct json_value *q = json_get(holder, "valueQuantity");
	const struct json_value *range = range_normal(m, holder, f->day);
	const struct json_value *infarction = range_infarction(holder);
	const char *cmp = json_string_at(q, "comparator");

	if (json_number(json_get(q, "value")) == NULL)
		return;
	f->scale = larger(larger(scale_of(q), scale_of(infarction)),
	    larger(scale_of(json_get(range, "low")),
		scale_of(json_get(range, "high"))));
	f->value = at_scale(q, f->scale);
	if (f->value == INT64_MIN) {
		facts_problem(m->facts, r->key, "value_implausible",
		    "%s: a number out of bounds", f->concept);
		f->value = 0;
		return;
	}
	f->has_value = true;
	/* "<=" and ">=": the value itself is the nearest it can be. */
	f->comparator = same(cmp, "<") || same(cmp, ">") ? cmp[0] : '\0';
	f->unit = arena_strdup(m->arena, unit_of(q));
	put_range(m, range, infarction, f);
	if (f->unit == NULL) {
		facts_problem(m->facts, r->key, "unit_missing",
		    "%s: a number without a unit", f->concept);
	}
}

/* "absent", "no": the finding was looked for and is not there. */
static bool
is_negated(struct mapping *m, const struct json_value *o)
{
	const struct json_value *flag = json_get(o, "valueBoolean");
	const struct json_value *v = json_get(o, "valueCodeableConcept");

	return (json_type(flag) == JSON_BOOL && !json_true(flag)) ||
	       same(mapping_lookup(m, "yes-no", v), "no") ||
	       same(mapping_lookup(m, "lesion-state", v), "absent");
}

/* The minute of the day it was taken, -1 when only the day is said. */
static int32_t
minute_of(const struct record *r)
{
	static const char *const members[] = {
	    "effectiveDateTime", "effectiveInstant", "effectivePeriod.start"};
	struct datetime t;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const char *s = json_string_at(r->json, members[i]);

		if (s != NULL && datetime_parse(s, &t, NULL) == ERR_OK &&
		    t.precision == DATE_SECOND)
			return t.ms_of_day / 60000;
	}
	return -1;
}

static void
put_site(struct mapping *m, const struct record *r, struct finding_fact *f)
{
	const struct json_value *site = json_get(r->json, "bodySite");
	struct site s = mapping_site(m, site);

	f->site = s.site;
	f->organ = s.nodal && s.organ == NULL ? "lymph_node" : s.organ;
	f->bilateral =
	    same(s.side, "laterality_bilateral") || same(s.side, "bilateral");
}

/* An explicit CTCAE grade: an extension so named, whoever defined it.
 *= irae §5.1 attribution: several exist, none universal */
static int
grade_in(const struct json_value *x)
{
	static const char *const numbers[] = {
	    "valueInteger", "valuePositiveInt", "valueUnsignedInt"};
	static const char *const codes[] = {"valueCode", "valueCoding.code",
	    "valueCodeableConcept.coding.code"};
	const char *url = json_string_at(x, "url"), *n = NULL;
	size_t len = url == NULL ? 0 : strlen(url), tail = strlen(CTCAE_GRADE);

	if (len < tail || !same(url + len - tail, CTCAE_GRADE))
		return 0;
	for (size_t i = 0; n == NULL && i < 3; i++)
		n = json_number(json_get(x, numbers[i]));
	for (size_t i = 0; n == NULL && i < 3; i++)
		n = json_string_at(x, codes[i]);
	return n != NULL && n[0] >= '1' && n[0] <= '5' && n[1] == '\0'
		   ? n[0] - '0'
		   : 0;
}

static int
grade_of(const struct record *r)
{
	const struct json_value *all = json_get(r->json, "extension");
	int grade = 0;

	for (size_t i = 0; grade == 0 && i < json_length(all); i++)
		grade = grade_in(json_at(all, i));
	return grade;
}

/* What every finding has.  false when it cannot be placed in time. */
static bool
begin_finding(struct mapping *m, const struct record *r, const char *concept,
    struct finding_fact *f)
{
	const char *study;
	int32_t study_day;

	*f = (struct finding_fact){.source = mapping_source(m, r),
	    .concept = concept,
	    .low = INT64_MIN,
	    .high = INT64_MIN,
	    .infarction = INT64_MIN,
	    .minute = -1,
	    .end_day = DAY_NONE,
	    .modalities = "",
	    .grade = grade_of(r)};
	if (!mapping_study(m, r, &study, &study_day, &f->modalities))
		return false;
	f->day = mapping_effective(m, r, NULL);
	if (f->day == DAY_NONE)
		f->day = study_day;
	if (f->day != DAY_NONE)
		return true;
	facts_problem(m->facts, r->key, "date_missing",
	    "%s: nothing says its day", concept);
	return false;
}

static const char *
interpretation_of(struct mapping *m, const struct json_value *holder)
{
	if (json_get(holder, "dataAbsentReason") != NULL)
		return NULL;
	return arena_strdup(
	    m->arena, json_string_at(holder, "interpretation.coding.code"));
}

/* Does a finding that is named by the code say whether it is there?  Text is
 * not guessed from. */
static bool
is_said(struct mapping *m, const struct record *r)
{
	const char *state = mapping_lookup(
	    m, "lesion-state", json_get(r->json, "valueCodeableConcept"));
	const char *code = NULL, *words = NULL;

	if (json_get(r->json, "dataAbsentReason") != NULL) {
		code = "value_missing";
		words = "nothing says whether the finding is there";
	} else if (json_get(r->json, "valueString") != NULL) {
		code = "narrative_only";
		words = "a finding that is described in words only";
	} else if (same(state, "equivocal") || same(state, "not_evaluable")) {
		code = "value_unknown";
		words = "a finding neither there nor not there";
	}
	if (code != NULL)
		facts_problem(m->facts, r->key, code, "%s", words);
	return code == NULL;
}

void
from_finding(struct mapping *m, const struct record *r, const char *concept)
{
	bool named = mapping_lookup(m, "imaging-finding",
			 json_get(r->json, "code")) != NULL;
	bool imaging =
	    named || mapping_own(m, "imaging-finding",
			 OWN_SYSTEM("imaging-finding"), concept) != NULL;
	bool absent = is_negated(m, r->json);
	struct finding_fact f;

	if ((absent && !imaging) || (named && !is_said(m, r)) ||
	    !begin_finding(m, r, concept, &f))
		return;
	f.absent = absent;
	f.minute = minute_of(r);
	put_site(m, r, &f);
	put_value(m, r, r->json, &f);
	f.interpretation = interpretation_of(m, r->json);
	*ARENA_PUSH(m->arena, &m->facts->findings) = f;
}

void
from_finding_parts(struct mapping *m, const struct record *r)
{
	const struct json_value *all = json_get(r->json, "component");

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *c = json_at(all, i);
		const char *lab = mapping_lookup(m, "lab", json_get(c, "code"));
		struct finding_fact f;

		if (lab == NULL || !begin_finding(m, r, lab, &f))
			continue;
		f.minute = minute_of(r);
		put_value(m, r, c, &f);
		f.interpretation = interpretation_of(m, c);
		*ARENA_PUSH(m->arena, &m->facts->findings) = f;
	}
}

/* --- what is told in words --- */

static bool
is_of_study(const struct json_value *list)
{
	for (size_t i = 0; i < json_length(list); i++) {
		const char *ref =
		    json_string(json_get(json_at(list, i), "reference"));

		if (ref != NULL && strstr(ref, "ImagingStudy/") != NULL)
			return true;
	}
	return false;
}

static bool
is_imaging(struct mapping *m, const struct record *r)
{
	const struct json_value *all = json_get(r->json, "category");

	for (size_t i = 0; i < json_length(all); i++) {
		if (mapping_lookup(m, "imaging-category", json_at(all, i)) !=
		    NULL)
			return true;
	}
	return is_of_study(json_get(r->json, "derivedFrom")) ||
	       json_length(json_get(r->json, "imagingStudy")) > 0 ||
	       mapping_lookup(m, "procedure", json_get(r->json, "code")) !=
		   NULL;
}

/* A concept nobody coded. */
static bool
is_in_words(const struct json_value *concept)
{
	return json_string_at(concept, "text") != NULL &&
	       json_length(json_get(concept, "coding")) == 0;
}

/*= irae §5.2 valueString is not guessed from */
void
from_narrative(struct mapping *m, const struct record *r)
{
	if ((json_get(r->json, "valueString") != NULL ||
		is_in_words(json_get(r->json, "valueCodeableConcept"))) &&
	    is_imaging(m, r))
		facts_problem(m->facts, r->key, "narrative_only",
		    "what an observation on images says in words is not read");
}

/* --- reports --- */

/* What a report without any finding we know says instead. */
static void
check_report(struct mapping *m, const struct record *r)
{
	const struct json_value *all = json_get(r->json, "conclusionCode");
	bool words = json_string_at(r->json, "conclusion") != NULL ||
		     json_length(json_get(r->json, "presentedForm")) > 0;

	for (size_t i = 0; i < json_length(all); i++)
		words = words || is_in_words(json_at(all, i));
	if (!is_imaging(m, r))
		return;
	if (words)
		facts_problem(m->facts, r->key, "narrative_only",
		    "what its conclusion says in words is not read");
	else if (json_length(all) > 0)
		facts_problem(m->facts, r->key, "code_unknown",
		    "a conclusion under a code no map knows");
}

/*= irae §5.1 imaging findings: DiagnosticReport.conclusionCode */
void
from_report(struct mapping *m, const struct record *r)
{
	const struct json_value *all = json_get(r->json, "conclusionCode");
	size_t n;

	/* One that we wrote is no evidence. */
	if (resource_identifier(r->json, RESCAN_IDENTIFIER_SYSTEM) != NULL ||
	    mapping_evidence(r) != EVIDENCE_USE)
		return;
	n = from_conclusion(m, r) ? 1 : 0;
	for (size_t i = 0; i < json_length(all); i++) {
		const char *name =
		    mapping_lookup(m, "imaging-finding", json_at(all, i));
		struct finding_fact f;

		if (name == NULL)
			continue;
		n++;
		if (begin_finding(m, r, name, &f))
			*ARENA_PUSH(m->arena, &m->facts->findings) = f;
	}
	*ARENA_PUSH(m->arena, &m->facts->sources) = mapping_source(m, r);
	if (n == 0)
		check_report(m, r);
}

/* --- diagnoses --- */

/* When a Condition began: onset, else when it was recorded. */
static int32_t
condition_day(struct mapping *m, const struct record *r)
{
	static const char *const paths[] = {
	    "onsetDateTime", "onsetPeriod.start", "recordedDate"};
	int32_t day = DAY_NONE;

	for (size_t i = 0; day == DAY_NONE && i < 3; i++)
		day = mapping_day(m, r, json_path(r->json, paths[i]));
	return day;
}

/* The day from which it no longer held. */
static int32_t
condition_end(struct mapping *m, const struct record *r)
{
	static const char *const paths[] = {
	    "abatementDateTime", "abatementPeriod.end", "onsetPeriod.end"};
	int32_t day = DAY_NONE;

	for (size_t i = 0; day == DAY_NONE && i < 3; i++)
		day = mapping_day(m, r, json_path(r->json, paths[i]));
	return day;
}

/* Every coding says something of its own: a diagnosis, and that a drug is to
 * blame. */
static size_t
diagnoses_add(struct mapping *m, const struct json_value *code,
    const struct finding_fact *like)
{
	struct coding c;
	const char *seen[8];
	size_t n = 0;

	for (size_t i = 0; n < 8 && codeable_coding(code, i, &c); i++) {
		const char *x =
		    codemap_lookup(m->in->maps, "diagnosis", c.system, c.code);
		struct finding_fact *f;
		size_t k = 0;

		while (x != NULL && k < n && strcmp(seen[k], x) != 0)
			k++;
		if (x == NULL || k < n)
			continue;
		seen[n++] = x;
		f = ARENA_PUSH(m->arena, &m->facts->findings);
		*f = *like;
		f->concept = arena_strdup(m->arena, x);
	}
	return n;
}

void
from_condition(struct mapping *m, const struct record *r)
{
	struct finding_fact f = {.low = INT64_MIN,
	    .high = INT64_MIN,
	    .infarction = INT64_MIN,
	    .minute = -1,
	    .modalities = "",
	    .grade = grade_of(r)};
	const struct json_value *code = json_get(r->json, "code");
	const char *name = mapping_lookup(m, "diagnosis", code);

	if (mapping_evidence(r) != EVIDENCE_USE)
		return;
	if (name == NULL) {
		if (is_in_words(code))
			facts_problem(m->facts, r->key, "narrative_only",
			    "a diagnosis in words is not read");
		return;
	}
	f.source = mapping_source(m, r);
	f.day = condition_day(m, r);
	if (f.day == DAY_NONE) {
		facts_problem(m->facts, r->key, "date_missing",
		    "%s: nothing says when it began", name);
		return;
	}
	f.end_day = condition_end(m, r);
	diagnoses_add(m, code, &f);
}

/* An event somebody blamed on a checkpoint inhibitor.
 *= irae §4.1 A */
void
from_adverse_event(struct mapping *m, const struct record *r)
{
	const struct json_value *all = json_get(r->json, "suspectEntity");
	const struct json_value *event = json_get(r->json, "event");
	struct finding_fact f = {.low = INT64_MIN,
	    .high = INT64_MIN,
	    .infarction = INT64_MIN,
	    .minute = -1,
	    .end_day = DAY_NONE,
	    .modalities = "",
	    .grade = grade_of(r)};

	if (same(json_string_at(r->json, "actuality"), "potential"))
		return;
	for (size_t i = 0; i < json_length(all) && !f.attributed; i++)
		f.attributed = medication_is_ici(
		    m, json_get(json_at(all, i), "instance"), r->json);
	f.source = mapping_source(m, r);
	f.day = mapping_day(m, r, json_get(r->json, "date"));
	if (f.day == DAY_NONE)
		f.day = mapping_day(m, r, json_get(r->json, "detected"));
	if (f.day == DAY_NONE)
		f.day = mapping_day(m, r, json_get(r->json, "recordedDate"));
	if (f.day == DAY_NONE) {
		facts_problem(m->facts, r->key, "date_missing",
		    "nothing says when the adverse event was");
		return;
	}
	if (diagnoses_add(m, event, &f) > 0)
		return;
	if (is_in_words(event))
		facts_problem(m->facts, r->key, "narrative_only",
		    "an adverse event in words is not read");
	else
		facts_problem(m->facts, r->key, "code_unknown",
		    "an adverse event under a code no map knows");
}
