/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ImagingStudy, and the link from an Observation to its study.
 */
#include "mappings/intake.h"

#include <stdlib.h>

/* What a series can hold besides acquired images. */
static const char *const derived[] = {
    "KO", "OT", "PR", "RTSTRUCT", "SEG", "SR"};

#define MAX_MODALITIES 8
#define DATE_SLACK     14 /* days between effective and the study's start */
#define MAX_CODE       16 /* a DICOM code string */

struct modalities {
	const char *names[MAX_MODALITIES]; /* in order */
	size_t n;
};

static void
modality_add(
    struct mapping *m, struct modalities *x, const struct json_value *coding)
{
	const char *code = mapping_value_concept(m, "modality", coding);
	size_t at = 0;

	if (code == NULL)
		code = json_string_at(coding, "code");
	if (code != NULL && strlen(code) > MAX_CODE)
		return; /* no DICOM modality */
	if (code == NULL || x->n == MAX_MODALITIES)
		return;
	for (size_t i = 0; i < sizeof(derived) / sizeof(*derived); i++) {
		if (strcmp(derived[i], code) == 0)
			return;
	}
	while (at < x->n && strcmp(x->names[at], code) < 0)
		at++;
	if (at < x->n && strcmp(x->names[at], code) == 0)
		return;
	memmove(
	    &x->names[at + 1], &x->names[at], (x->n - at) * sizeof(*x->names));
	x->names[at] = code;
	x->n++;
}

static const char *
study_modalities(struct mapping *m, const struct json_value *study)
{
	struct modalities x = {{NULL}, 0};
	const struct json_value *all = json_get(study, "modality");
	const struct json_value *series = json_get(study, "series");
	const char *text = "";

	for (size_t i = 0; i < json_length(all); i++)
		modality_add(m, &x, json_at(all, i));
	for (size_t i = 0; i < json_length(series); i++)
		modality_add(m, &x, json_get(json_at(series, i), "modality"));
	for (size_t i = 0; i < x.n; i++) {
		text = arena_printf(
		    m->arena, "%s%s%s", text, i > 0 ? "+" : "", x.names[i]);
	}
	return text;
}

/*= criteria §0.1 dates: started in its own offset; interop B.4: else the
 * earliest series. */
static int32_t
study_day(
    struct mapping *m, const struct record *r, const struct json_value *study)
{
	const struct json_value *series = json_get(study, "series");
	int32_t day = mapping_day(m, r, json_get(study, "started"));

	if (day != DAY_NONE)
		return day;
	for (size_t i = 0; i < json_length(series); i++) {
		int32_t d =
		    mapping_day(m, r, json_get(json_at(series, i), "started"));

		if (d != DAY_NONE && (day == DAY_NONE || d < day))
			day = d;
	}
	return day;
}

static bool
is_unscheduled(const char *concept)
{
	return same(concept, "timepoint_unscheduled") ||
	       same(concept, "symptomatic_deterioration");
}

static bool
study_unscheduled(struct mapping *m, const struct json_value *study)
{
	const struct json_value *all = json_get(study, "reasonCode");

	for (size_t i = 0; i < json_length(all); i++) {
		if (is_unscheduled(
			mapping_lookup(m, "visit-question", json_at(all, i))))
			return true;
	}
	return false;
}

static const char *
study_site(struct mapping *m, const struct json_value *study)
{
	const struct json_value *series = json_get(study, "series");
	const char *site = NULL;

	for (size_t i = 0; site == NULL && i < json_length(series); i++) {
		site = mapping_value_concept(
		    m, "body-site", json_get(json_at(series, i), "bodySite"));
	}
	return site;
}

void
from_study(struct mapping *m, const struct record *r)
{
	const char *status = json_string_at(r->json, "status");
	enum evidence evidence = mapping_evidence(r);
	bool registered = same(status, "registered");
	struct study_fact *s;

	if (evidence == EVIDENCE_NONE)
		return;
	if (evidence == EVIDENCE_DOUBT && !registered) {
		facts_problem(m->facts, r->key, "status_unknown",
		    "status '%s' is no evidence", status == NULL ? "" : status);
		return;
	}
	s = ARENA_PUSH(m->arena, &m->facts->studies);
	s->source = mapping_source(m, r);
	s->day = study_day(m, r, r->json);
	s->modalities = study_modalities(m, r->json);
	s->body_site = study_site(m, r->json);
	s->unscheduled = study_unscheduled(m, r->json);
	s->registered = registered;
}

/* The first ImagingStudy of derivedFrom, then partOf; a report's own. */
static bool
study_reference(struct mapping *m, const struct record *r, struct target *ret)
{
	static const char *const members[] = {
	    "derivedFrom", "partOf", "imagingStudy"};

	for (size_t k = 0; k < sizeof(members) / sizeof(*members); k++) {
		const struct json_value *all = json_get(r->json, members[k]);

		for (size_t i = 0; i < json_length(all); i++) {
			if (intake_resolve(m->in, json_at(all, i), r->json,
				"ImagingStudy", m->arena, ret) &&
			    strcmp(ret->type, "ImagingStudy") == 0)
				return true;
		}
	}
	return false;
}

static const char *
logical_key(struct mapping *m, const struct target *t)
{
	const struct json_value *id = json_get(t->json, "identifier");
	const char *system = t->system, *value = t->value;

	if (value == NULL) {
		id = json_at(id, 0);
		system = json_string_at(id, "system");
		value = json_string_at(id, "value");
	}
	return value == NULL ? NULL : identifier_token(m->arena, system, value);
}

bool
mapping_study(struct mapping *m, const struct record *r, const char **ret_key,
    int32_t *ret_day, const char **ret_modalities)
{
	struct target t;

	*ret_key = NULL;
	*ret_day = DAY_NONE;
	*ret_modalities = "";
	if (!study_reference(m, r, &t))
		return true;
	if (t.record != NULL && !same(t.record->patient, m->facts->patient)) {
		facts_problem(m->facts, r->key, "patient_mismatch",
		    "its study %s is another patient's", t.record->key);
		return false;
	}
	if (t.record != NULL && mapping_evidence(t.record) != EVIDENCE_USE &&
	    !same(json_string_at(t.json, "status"), "registered")) {
		facts_problem(m->facts, r->key, "study_withdrawn",
		    "its study %s is no evidence", t.record->key);
		return true;
	}
	if (t.json == NULL) {
		facts_problem(m->facts, r->key, "study_missing",
		    "its study is not among the data");
	} else {
		*ret_day =
		    study_day(m, t.record != NULL ? t.record : r, t.json);
		*ret_modalities = study_modalities(m, t.json);
	}
	*ret_key =
	    arena_strdup(m->arena, t.key != NULL ? t.key : logical_key(m, &t));
	return true;
}

/* The one study of a report; of several nobody knows which is meant. */
static bool
report_study(struct mapping *m, const struct record *report, struct place *p,
    int32_t *ret_day)
{
	if (json_length(json_get(report->json, "imagingStudy")) != 1)
		return true;
	return mapping_study(m, report, &p->study, ret_day, &p->modalities);
}

static void
check_days(
    struct mapping *m, const struct record *r, int32_t own, int32_t study_day)
{
	if (own != DAY_NONE && study_day != DAY_NONE &&
	    labs(own - study_day) > DATE_SLACK) {
		facts_problem(m->facts, r->key, "date_conflict",
		    "its day and its study's are %ld days apart; the study's "
		    "was taken",
		    labs(own - study_day));
	}
}

bool
mapping_place(struct mapping *m, const struct record *r, struct place *ret)
{
	const struct record *group = mapping_group(m, r);
	const struct record *report = mapping_report(m, r);
	int32_t study_day, own = mapping_effective(m, r, NULL);
	struct place p;

	if (report == NULL && group != NULL)
		report = mapping_report(m, group);
	if (!mapping_study(m, r, &p.study, &study_day, &p.modalities))
		return false;
	if (p.study == NULL && group != NULL &&
	    !mapping_study(m, group, &p.study, &study_day, &p.modalities))
		return false;
	if (p.study == NULL && report != NULL &&
	    !report_study(m, report, &p, &study_day))
		return false;
	if (own == DAY_NONE && group != NULL)
		own = mapping_effective(m, group, NULL);
	if (own == DAY_NONE && report != NULL)
		own = mapping_effective(m, report, NULL);
	p.day = study_day != DAY_NONE ? study_day : own;
	if (p.day == DAY_NONE) {
		facts_problem(m->facts, r->key, "date_missing",
		    "neither it nor its study says a day");
		return false;
	}
	check_days(m, r, own, study_day);
	*ret = p;
	return true;
}
