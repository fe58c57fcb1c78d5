/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More than one patient can have: what is bounded, and that it is said.
 */
#include <stdio.h>
#include <string.h>

#include "fhir/json.h"
#include "mappings/to_fhir.h"
#include "tests/support/check_main.h"
#include "tests/support/hostile.h"

static struct hostile h;

static void
setup(void)
{
	hostile_begin(&h);
}

static void
teardown(void)
{
	hostile_done(&h);
}

static const char *
name(int i)
{
	static char buf[16];

	snprintf(buf, sizeof(buf), "l%04d", i);
	return buf;
}

/* n lesions, each read at every one of k visits 20 days apart. */
static void
add_grid(int n, int k)
{
	for (int i = 0; i < n; i++) {
		hostile_lesion(&h, name(i), NULL);
		for (int d = 0; d < k; d++)
			hostile_measure(&h, name(i), -5 + 20 * d, 20);
	}
}

static void
expect_too_large(const struct assessment *x, size_t n_timepoints)
{
	const struct timeline *t = x->timeline;

	ck_assert(t->too_large);
	ck_assert_uint_eq(hostile_problems(x, "patient_too_large"), 1);
	ck_assert_uint_eq(hostile_problems(x, "baseline_missing"), 0);
	ck_assert_uint_eq(t->lesions.n, 0);
	ck_assert_uint_eq(t->timepoints.n, n_timepoints);
	ck_assert_uint_eq(x->criteria.n, 5);
	for (size_t k = 0; k < x->criteria.n; k++) {
		const struct criterion_result *r = &x->criteria.items[k];
		enum category ne =
		    strncmp(r->id, "irr", 3) == 0 ? CAT_IRNE : CAT_NE;

		ck_assert_int_eq(r->best.unconfirmed, ne);
		ck_assert_int_eq(r->best.confirmed, ne);
		for (size_t i = 0; i < n_timepoints; i++) {
			const struct verdict *v = &r->at[i];

			ck_assert_int_eq(v->overall, ne);
			ck_assert(verdict_has_flag(v, "PATIENT_TOO_LARGE"));
			ck_assert_uint_eq(v->because.n, 1);
			ck_assert_str_eq(
			    v->because.items[0].rule, "patient.too_large");
		}
	}
	ck_assert_uint_eq(x->recommendations.n, 1);
	ck_assert_str_eq(x->recommendations.items[0].because.items[0].rule,
	    "advice.too_large");
}

/* 4 lesions at 3 timepoints, 18 resources with the patient and the dose: the
 * bound itself is kept, one less is not. */
START_TEST(bounds)
{
	static const struct {
		int lesions, timepoints, readings, resources;
		bool too_large;
	} rows[] = {
	    {4, 3, 12, 18, false},
	    {3, 3, 12, 18, true},
	    {4, 2, 12, 18, true},
	    {4, 3, 11, 18, true},
	    {4, 3, 12, 13, true},
	};
	const struct assessment *x;

	add_grid(4, 3);
	hostile_map(&h);
	h.timeline.max_lesions = rows[_i].lesions;
	h.timeline.max_timepoints = rows[_i].timepoints;
	h.timeline.max_readings = rows[_i].readings;
	h.timeline.max_resources = rows[_i].resources;
	x = hostile_assess(&h, 0);
	if (rows[_i].too_large) {
		expect_too_large(x, rows[_i].timepoints == 2 ? 2 : 3);
		/* The newest stay. */
		ck_assert_int_eq(
		    x->timeline->timepoints.items[x->timeline->timepoints.n - 1]
			.day,
		    19723 + 35);
	} else {
		ck_assert(!x->timeline->too_large);
		ck_assert_uint_eq(hostile_problems(x, "patient_too_large"), 0);
		ck_assert_uint_eq(x->timeline->lesions.n, 4);
	}
}
END_TEST

/* By default, and with what is written back. */
START_TEST(default_bounds)
{
	const struct timeline_options o = TIMELINE_DEFAULTS;
	struct to_fhir_options to = {NULL, "test"};
	const struct assessment *x;
	const struct output *out;
	size_t n, reports = 0;

	for (int i = 0; i <= o.max_lesions; i++) {
		hostile_lesion(&h, name(i), "target");
		hostile_measure(&h, name(i), i % 2 == 0 ? -5 : 50, 20);
	}
	hostile_map(&h);
	x = hostile_assess(&h, 0);
	expect_too_large(x, 2);
	to.maps = h.mapped.maps;
	to_fhir(x, &to, h.arena, &out, &n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(out[i].kind, "report") != 0)
			continue;
		reports++;
		ck_assert_ptr_nonnull(
		    strstr(out[i].body, "iRECIST: NE (not evaluable)"));
		ck_assert_ptr_nonnull(strstr(out[i].body,
		    "more lesions, timepoints or resources than one patient "
		    "may have"));
	}
	ck_assert_uint_eq(reports, 1); /* of what is not before the baseline */
}
END_TEST

static const char *
because_of(const struct assessment *x, const char *criterion, size_t tp,
    const char *rule)
{
	const struct criterion_result *r = assessment_criterion(x, criterion);
	const char *text = NULL;

	for (size_t i = 0; i < r->at[tp].because.n; i++) {
		const struct because *b = &r->at[tp].because.items[i];

		if (strcmp(b->rule, rule) != 0)
			continue;
		ck_assert_msg(text == NULL, "%s is said twice", rule);
		text = b->text;
	}
	ck_assert_msg(text != NULL, "%s is not said", rule);
	return text;
}

/* Every new lesion is seen once and never read again. */
static size_t
explain_unread(int n, struct assessment **ret)
{
	size_t before;

	hostile_lesion(&h, "a", "target");
	for (int d = 0; d < 4; d++)
		hostile_measure(&h, "a", -5 + 20 * d, 20);
	for (int i = 0; i < n; i++) {
		hostile_lesion(&h, name(i), NULL);
		hostile_measure(&h, name(i), 15, 12);
	}
	hostile_map(&h);
	before = arena_used(h.arena);
	*ret = hostile_assess(&h, 0);
	return arena_used(h.arena) - before;
}

START_TEST(unread_new_lesions)
{
	static const struct {
		int n;
		const char *text;
		size_t missing;
	} rows[] = {
	    {1, "BodyStructure/l0000 was not read at this visit", 1},
	    {2,
		"BodyStructure/l0000, BodyStructure/l0001 were not read at "
		"this visit",
		2},
	    {300, " and 290 more were not read at this visit", 51},
	};
	struct assessment *x;

	explain_unread(rows[_i].n, &x);
	for (size_t k = 0; k < x->criteria.n; k++) {
		const struct criterion_result *r = &x->criteria.items[k];
		const char *text =
		    because_of(x, r->id, 3, "recist11.new_lesion.not_read");
		const struct missing_list *m = &r->at[3].missing;
		size_t n = 0, others = 0;

		ck_assert_uint_lt(strlen(text), 400);
		ck_assert_msg(rows[_i].n <= 10
				  ? strcmp(text, rows[_i].text) == 0
				  : strstr(text, rows[_i].text) != NULL,
		    "%s", text);
		for (size_t i = 0; i < m->n; i++) {
			if (strcmp(m->items[i].code,
				"NEW_LESION_NOT_EVALUATED") != 0)
				continue;
			n++;
			others += strcmp(m->items[i].item, "others") == 0;
		}
		ck_assert_uint_eq(n, rows[_i].missing);
		ck_assert_uint_eq(others, n > 50);
	}
}
END_TEST

/* Twice the lesions are twice the memory, not four times. */
START_TEST(linear_in_lesions)
{
	struct assessment *x;
	size_t few = explain_unread(200, &x), many;

	hostile_done(&h);
	hostile_begin(&h);
	many = explain_unread(400, &x);
	ck_assert_msg(many < few * 5 / 2, "%zu, then %zu bytes", few, many);
}
END_TEST

static size_t
explain_missing(int n, struct assessment **ret)
{
	size_t before;

	for (int i = 0; i < n; i++) {
		hostile_lesion(&h, name(i), "target");
		hostile_measure(&h, name(i), -5, 20);
	}
	hostile_lesion(&h, "z", NULL);
	hostile_measure(&h, "z", 50, 20);
	hostile_map(&h);
	before = arena_used(h.arena);
	*ret = hostile_assess(&h, 0);
	return arena_used(h.arena) - before;
}

START_TEST(missing_targets)
{
	struct assessment *x;
	const char *text;

	explain_missing(300, &x);
	text = because_of(x, "recist11", 1, "recist11.target.ne");
	ck_assert_ptr_nonnull(strstr(text, "BodyStructure/l0009 and 290 more"));
	text = because_of(x, "irrecist", 1, "irrecist.ne");
	ck_assert_ptr_nonnull(strstr(text, "BodyStructure/l0009 and 290 more"));
}
END_TEST

START_TEST(linear_in_targets)
{
	struct assessment *x;
	size_t few = explain_missing(200, &x), many;

	hostile_done(&h);
	hostile_begin(&h);
	many = explain_missing(400, &x);
	ck_assert_msg(many < few * 5 / 2, "%zu, then %zu bytes", few, many);
}
END_TEST

/* A name is in every explanation of its lesion: none is of any length. */
START_TEST(long_names)
{
	char text[1201];
	const struct assessment *x;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	hostile_lesion(&h, "a", NULL);
	hostile_measure(&h, "a", -5, 20);
	for (int i = 0; i < 2; i++) {
		hostile_add(&h,
		    "{'resourceType':'Observation','id':'t%d','status':'final',"
		    "'code':{'coding':[{'system':'http://loinc.org',"
		    "'code':'21889-1'}]},'subject':{'reference':'Patient/p'},"
		    "'effectiveDateTime':'2023-12-27','valueQuantity':"
		    "{'value':30,'unit':'mm','system':"
		    "'http://unitsofmeasure.org','code':'mm'},'component':"
		    "[{'code':{'coding':[{'system':"
		    "'http://dicom.nema.org/resources/ontology/DCM','code':"
		    "'112039'}]},'valueString':'%s%.*s'}]}",
		    i, i == 0 ? "" : "\xc3\xa4", i == 0 ? 1200 : 400, text);
	}
	hostile_map(&h);
	x = hostile_assess(&h, 0);
	ck_assert_uint_eq(hostile_problems(x, "lesion_identity_too_long"), 1);
	ck_assert_uint_eq(x->timeline->lesions.n, 2);
	ck_assert_uint_eq(strlen(x->timeline->lesions.items[1].label), 197 + 3);
	ck_assert_uint_gt(strlen(x->timeline->lesions.items[1].key), 400);
}
END_TEST

/* 6000 readings: the newest report's Provenance lists 5000 of them. */
START_TEST(sources_listed)
{
	struct to_fhir_options to = {NULL, "test"};
	const struct output *out, *last = NULL;
	struct json_doc *doc;
	struct err e = ERR_INIT;
	size_t n;

	add_grid(60, 100);
	hostile_map(&h);
	to.maps = h.mapped.maps;
	to_fhir(hostile_assess(&h, 0), &to, h.arena, &out, &n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(out[i].kind, "provenance") == 0)
			last = &out[i];
	}
	ck_assert_ptr_nonnull(last);
	ck_assert_int_eq(json_parse(last->body, last->len, &doc, &e), ERR_OK);
	ck_assert_uint_eq(
	    json_length(json_get(json_root(doc), "entity")), 5000);
	ck_assert_ptr_nonnull(
	    strstr(json_string_at(json_root(doc), "activity.text"),
		" more sources are not listed"));
	json_free(doc);
}
END_TEST

static Suite *
suite_hostile_size(void)
{
	Suite *s = suite_create("hostile_size");
	TCase *t = tcase_create("size");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, bounds, 0, 5);
	tcase_add_test(t, default_bounds);
	tcase_add_loop_test(t, unread_new_lesions, 0, 3);
	tcase_add_test(t, linear_in_lesions);
	tcase_add_test(t, missing_targets);
	tcase_add_test(t, linear_in_targets);
	tcase_add_test(t, long_names);
	tcase_add_test(t, sources_listed);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_hostile_size())
