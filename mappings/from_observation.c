/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Observation: which kind it is, by the maps; the rest is not ours.
 */
#include "mappings/intake.h"

/* Its code in the maps. */
struct codes {
	const char *visit, *performance, *measure, *question, *state, *role;
	const char *lab, *finding;
};

static struct codes
codes_of(struct mapping *m, const struct record *r)
{
	const struct json_value *code = json_get(r->json, "code");
	struct codes c;

	c.visit = mapping_lookup(m, "visit-question", code);
	c.performance = mapping_lookup(m, "performance-status", code);
	c.measure = mapping_lookup(m, "lesion-measurement", code);
	c.question = mapping_lookup(m, "lesion-question", code);
	c.state = mapping_lookup(m, "lesion-state", code);
	c.role = mapping_lookup(m, "lesion-role", code);
	c.lab = mapping_lookup(m, "lab", code);
	c.finding = mapping_lookup(m, "imaging-finding", code);
	return c;
}

/* A measurement group, or any code over components that measure. */
static bool
component_measures(struct mapping *m, const struct record *r)
{
	const struct json_value *all = json_get(r->json, "component");

	for (size_t i = 0; i < json_length(all); i++) {
		const char *c = mapping_lookup(
		    m, "lesion-measurement", json_get(json_at(all, i), "code"));

		if (measures_size(c) || measures_uptake(c))
			return true;
	}
	return false;
}

static bool
group_says(struct mapping *m, const struct record *r, const char *concept)
{
	const struct json_value *all = json_get(r->json, "category");

	if (same(concept, "measurement_group"))
		return true;
	for (size_t i = 0; i < json_length(all); i++) {
		if (same(mapping_lookup(
			     m, "lesion-measurement", json_at(all, i)),
			"measurement_group"))
			return true;
	}
	return false;
}

static bool
is_lesion(struct mapping *m, const struct record *r, const struct codes *c)
{
	if (measures_size(c->measure) || measures_uptake(c->measure) ||
	    c->question != NULL || c->state != NULL || c->role != NULL)
		return true;
	return component_measures(m, r) &&
	       (c->measure != NULL || group_says(m, r, c->measure) ||
		   identity_has_lesion(m, r));
}

/* From images, and of one place in the body. */
static bool
is_seen_at_a_site(struct mapping *m, const struct record *r)
{
	const char *study, *modalities;
	int32_t day;

	return json_get(r->json, "bodySite") != NULL ||
	       (mapping_study(m, r, &study, &day, &modalities) &&
		   study != NULL);
}

/* Not a code of ours, yet a length, a state or a role of a lesion. */
static void
check_unknown(struct mapping *m, const struct record *r)
{
	const struct json_value *v = json_get(r->json, "valueCodeableConcept");
	bool length = value_is_length(r->json);

	if (!length && mapping_lookup(m, "lesion-state", v) == NULL &&
	    mapping_lookup(m, "lesion-role", v) == NULL)
		return;
	if (identity_has_lesion(m, r) ||
	    (length && is_seen_at_a_site(m, r))) {
		facts_problem(m->facts, r->key, "code_unknown",
		    "says something of a lesion under a code no map knows");
	}
}

static void
from_components(struct mapping *m, const struct record *r)
{
	const struct json_value *all = json_get(r->json, "component");

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *c = json_at(all, i);
		const char *q =
		    mapping_lookup(m, "visit-question", json_get(c, "code"));

		if (q != NULL)
			from_statement(m, r, q, c);
	}
}

static const char *
finding_of(struct mapping *m, const struct record *r, const struct codes *c)
{
	if (c->lab != NULL)
		return c->lab;
	if (c->finding != NULL)
		return c->finding;
	return mapping_lookup(
	    m, "imaging-finding", json_get(r->json, "valueCodeableConcept"));
}

static bool
is_usable(struct mapping *m, const struct record *r)
{
	const char *status = json_string_at(r->json, "status");

	switch (mapping_evidence(r)) {
	case EVIDENCE_USE:
		if (same(status, "preliminary")) {
			facts_problem(m->facts, r->key, "preliminary",
			    "used, though preliminary");
		}
		return true;
	case EVIDENCE_DOUBT:
		facts_problem(m->facts, r->key, "status_unknown",
		    "status '%.20s' is no evidence",
		    status == NULL ? "" : status);
		return false;
	case EVIDENCE_NONE:
		break;
	}
	return false;
}

void
from_observation(struct mapping *m, const struct record *r)
{
	struct codes c = codes_of(m, r);
	const char *finding = finding_of(m, r, &c);
	bool lesion = is_lesion(m, r, &c);

	if (mapping_evidence(r) == EVIDENCE_NONE)
		return;
	if (c.visit == NULL && c.performance == NULL && !lesion &&
	    finding == NULL) {
		if (mapping_evidence(r) == EVIDENCE_USE) {
			check_unknown(m, r);
			from_narrative(m, r);
			from_components(m, r);
			from_finding_parts(m, r);
		}
		return;
	}
	if (!is_usable(m, r))
		return;
	if (c.visit != NULL)
		from_statement(m, r, c.visit, r->json);
	else if (c.performance != NULL)
		from_performance(m, r);
	else if (lesion)
		from_lesion(m, r);
	else {
		from_finding(m, r, finding);
		from_finding_parts(m, r);
	}
	if (c.visit != NULL)
		from_components(m, r);
}
