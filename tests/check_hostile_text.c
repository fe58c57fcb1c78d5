/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stranger writes into a label stays in its place: no line, colour or
 * order of letters in text for people, no markup in a narrative; and JSON
 * says exactly what was said.
 */
#include <stdlib.h>
#include <string.h>

#include "fhir/json_writer.h"
#include "gateway/explain.h"
#include "gateway/outbody.h"
#include "gateway/report.h"
#include "mappings/document.h"
#include "mappings/to_fhir.h"
#include "tests/support/check_main.h"
#include "tests/support/hostile.h"

#define FORGED "Best overall response"
/* As JSON writes it. */
#define EVIL                                                                   \
	"x\\n\\n" FORGED "\\n  recist11  CR\\u001b[31m\\u0007\\u009b\\u202e"   \
	"\\u2028<script>alert(1)</script>]]>&"

static struct hostile h;
static struct assessment *x;
static struct strbuf out;

static void
setup(void)
{
	hostile_begin(&h);
	strbuf_init(&out, (size_t)64 << 20);
	hostile_lesion(&h, "a", NULL);
	hostile_measure(&h, "a", -5, 50);
	hostile_measure(&h, "a", 56, 70);
	for (int i = 0; i < 2; i++) {
		hostile_add(&h,
		    "{'resourceType':'Observation','id':'e%d','status':'final',"
		    "'code':{'coding':[{'system':'http://loinc.org',"
		    "'code':'21889-1'}]},'subject':{'reference':'Patient/p'},"
		    "'effectiveDateTime':'%s','valueQuantity':{'value':30,"
		    "'unit':'mm','system':'http://unitsofmeasure.org',"
		    "'code':'mm'},'bodySite':{'text':'" EVIL "'},"
		    "'component':[{'code':{'coding':[{'system':"
		    "'http://dicom.nema.org/resources/ontology/DCM','code':"
		    "'112039'}]},'valueString':'" EVIL "'}]}",
		    i, i == 0 ? "2023-12-27" : "2024-02-26");
	}
	hostile_add(&h,
	    "{'resourceType':'Observation','id':'unit','status':'final',"
	    "'code':{'coding':[{'system':'http://loinc.org',"
	    "'code':'21889-1'}]},'subject':{'reference':'Patient/p'},"
	    "'effectiveDateTime':'2024-02-26','focus':[{'reference':"
	    "'BodyStructure/a'}],'valueQuantity':{'value':5,'unit':'" EVIL
	    "'}}");
	hostile_map(&h);
	x = hostile_assess(&h, 0);
}

static void
teardown(void)
{
	strbuf_done(&out);
	hostile_done(&h);
}

static size_t
count(const char *s, const char *words)
{
	size_t n = 0;

	for (; (s = strstr(s, words)) != NULL; s += strlen(words))
		n++;
	return n;
}

/* No control but the line break, and that only where we broke the line. */
static void
expect_harmless(const char *s)
{
	ck_assert(strstr(s, FORGED) != NULL); /* the name is still there */
	for (const char *p = s; *p != '\0'; p++)
		ck_assert_msg((unsigned char)*p >= 0x20 || *p == '\n',
		    "control 0x%02x", (unsigned)*p);
	ck_assert_ptr_null(strstr(s, "\xc2\x9b"));
	ck_assert_ptr_null(strstr(s, "\xe2\x80\xae"));
	ck_assert_ptr_null(strstr(s, "\xe2\x80\xa8"));
	ck_assert_ptr_null(strstr(s, "\n  recist11  CR"));
}

START_TEST(table)
{
	document_table(x, &out);
	expect_harmless(out.s);
	ck_assert_uint_eq(count(out.s, "\n" FORGED "\n"), 1);
}
END_TEST

START_TEST(explanation)
{
	explain_write(x, &out);
	expect_harmless(out.s);
	ck_assert_uint_eq(count(out.s, "\n  " FORGED "\n"), 1);
	ck_assert_uint_eq(count(out.s, "\n" FORGED), 0);
}
END_TEST

START_TEST(timepoint)
{
	document_timepoint(x, 0, &out);
	expect_harmless(out.s);
	ck_assert_uint_eq(count(out.s, "\n" FORGED), 0);
}
END_TEST

START_TEST(json_is_exact)
{
	struct json_writer w;
	struct json_doc *doc;
	struct err e = ERR_INIT;
	bool found = false;

	json_writer_init(&w, &out, false);
	document_write(x, &w);
	ck_assert_int_eq(json_parse(out.s, out.len, &doc, &e), ERR_OK);
	for (size_t i = 0; i < x->timeline->lesions.n; i++) {
		const char *label = json_string(json_get(
		    json_at(json_get(json_root(doc), "lesions"), i), "label"));

		found =
		    found || (label != NULL &&
				 strstr(label, "x\n\n" FORGED "\n") == label);
	}
	ck_assert(found);
	json_free(doc);
}
END_TEST

/* Everything said of the patient: narrative, conclusion and form. */
static void
expect_output(const struct output *o, size_t *ret_named)
{
	struct json_doc *doc;
	struct err e = ERR_INIT;
	const char *s, *div;

	ck_assert_int_eq(json_parse(o->body, o->len, &doc, &e), ERR_OK);
	s = json_string(json_get(json_root(doc), "conclusion"));
	if (s != NULL && strstr(s, FORGED) != NULL)
		expect_harmless(s);
	*ret_named += s != NULL && strstr(s, FORGED) != NULL;
	div = json_string(json_get(json_get(json_root(doc), "text"), "div"));
	ck_assert_msg(div != NULL, "%s without narrative", o->type);
	ck_assert_ptr_null(strstr(div, "<script"));
	ck_assert_ptr_null(strstr(div, "]]>"));
	ck_assert_uint_eq(count(div, "<"), 2 + 2 * count(div, "<p>"));
	for (const char *p = div; *p != '\0'; p++)
		ck_assert_msg((unsigned char)*p >= 0x20, "a control");
	json_free(doc);
}

/* The first progression names the lesion in the report and raises a Flag. */
START_TEST(narratives)
{
	struct to_fhir_options options = {h.mapped.maps, "test"};
	const struct output *outputs;
	size_t n, reports = 0, flags = 0, named = 0;

	to_fhir(x, &options, h.arena, &outputs, &n);
	for (size_t i = 0; i < n; i++) {
		bool flag = strcmp(outputs[i].type, "Flag") == 0;

		if (!flag && strcmp(outputs[i].type, "DiagnosticReport") != 0)
			continue;
		expect_output(&outputs[i], &named);
		if (flag)
			flags++;
		else
			reports++;
	}
	ck_assert_uint_eq(reports, 2);
	ck_assert_uint_eq(flags, 1);
	ck_assert_uint_ge(named, 1);
}
END_TEST

START_TEST(cycle_report)
{
	struct cycle_report r;
	struct report_patient *p;
	struct store_output o = {.type = "Flag",
	    .kind = "flag",
	    .label = "Flag\n" FORGED "\n  recist11  CR",
	    .server_id = "\x1b[2J",
	    .error = "refused\x07\n  recist11  CR"};
	char *s = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&s, &n);

	report_init(&r, "here", "https://here/fhir");
	p = report_patient(&r, 1, "Patient/p");
	report_output(&r, p, &o, DELIVERED_REFUSED, NULL);
	report_note(&r, "a note\n  recist11  CR");
	pipeline_print(&r, f);
	fclose(f);
	expect_harmless(s);
	report_done(&r);
	free(s);
}
END_TEST

START_TEST(differences)
{
	char *s = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&s, &n);

	outbody_print_changes(NULL,
	    "{\"a\":\"" FORGED
	    "\\n  recist11  CR\\u001b\xc2\x9b\xe2\x80\xae\"}",
	    f);
	fclose(f);
	expect_harmless(s);
	ck_assert_uint_eq(count(s, "\n"), 1);
	free(s);
}
END_TEST

static Suite *
suite_hostile_text(void)
{
	Suite *s = suite_create("hostile_text");
	TCase *t = tcase_create("text");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, table);
	tcase_add_test(t, explanation);
	tcase_add_test(t, timepoint);
	tcase_add_test(t, json_is_exact);
	tcase_add_test(t, narratives);
	tcase_add_test(t, cycle_report);
	tcase_add_test(t, differences);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_hostile_text())
