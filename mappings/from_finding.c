/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Laboratory values, vital signs, imaging findings and diagnoses.
 */
#include "mappings/intake.h"

#define MAX_SCALE 9

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

/* The first range without a type, or of type normal. */
static const struct json_value *
normal_range(const struct json_value *o)
{
	const struct json_value *all = json_get(o, "referenceRange");

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *x = json_at(all, i);
		const char *type = json_string_at(x, "type.coding.code");

		if (type == NULL || strcmp(type, "normal") == 0)
			return x;
	}
	return NULL;
}

static void
put_value(struct mapping *m, const struct record *r, struct finding_fact *f)
{
	const struct json_value *q = json_get(r->json, "valueQuantity");
	const struct json_value *range = normal_range(r->json);
	const struct json_value *low = json_get(range, "low");
	const struct json_value *high = json_get(range, "high");
	const char *unit = json_string_at(q, "code");
	const char *cmp = json_string_at(q, "comparator");
	int scale = scale_of(q);

	f->low = f->high = INT64_MIN;
	if (json_number(json_get(q, "value")) == NULL)
		return;
	scale = scale_of(low) > scale ? scale_of(low) : scale;
	scale = scale_of(high) > scale ? scale_of(high) : scale;
	f->value = at_scale(q, scale);
	if (f->value == INT64_MIN) {
		facts_problem(m->facts, r->key, "value_implausible",
		    "%s: a number out of bounds", f->concept);
		f->value = 0;
		return;
	}
	f->has_value = true;
	f->scale = scale;
	f->low = at_scale(low, scale);
	f->high = at_scale(high, scale);
	f->comparator = cmp == NULL ? '\0' : cmp[0];
	if (unit == NULL)
		unit = json_string_at(q, "unit");
	f->unit = arena_strdup(m->arena, unit);
	if (unit == NULL) {
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

void
from_finding(struct mapping *m, const struct record *r, const char *concept)
{
	struct finding_fact f = {0};
	const char *modalities, *study;
	int32_t study_day;

	if (is_negated(m, r->json))
		return;
	f.source = mapping_source(m, r);
	f.concept = concept;
	if (!mapping_study(m, r, &study, &study_day, &modalities))
		return;
	f.day = mapping_effective(m, r, NULL);
	if (f.day == DAY_NONE)
		f.day = study_day;
	if (f.day == DAY_NONE) {
		facts_problem(m->facts, r->key, "date_missing",
		    "%s: nothing says its day", concept);
		return;
	}
	put_value(m, r, &f);
	f.interpretation = arena_strdup(
	    m->arena, json_string_at(r->json, "interpretation.coding.code"));
	*ARENA_PUSH(m->arena, &m->facts->findings) = f;
}

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

void
from_condition(struct mapping *m, const struct record *r)
{
	struct finding_fact f = {0};

	f.concept = mapping_lookup(m, "diagnosis", json_get(r->json, "code"));
	if (f.concept == NULL || mapping_evidence(r) != EVIDENCE_USE)
		return;
	f.source = mapping_source(m, r);
	f.day = condition_day(m, r);
	if (f.day == DAY_NONE) {
		facts_problem(m->facts, r->key, "date_missing",
		    "%s: nothing says when it began", f.concept);
		return;
	}
	f.low = f.high = INT64_MIN;
	*ARENA_PUSH(m->arena, &m->facts->findings) = f;
}
