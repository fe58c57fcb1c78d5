/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/resource.h"

#include <stdlib.h>
#include <string.h>

#include "fhir/util/strbuf.h"
#include "tests/support/check_main.h"

/* Single quotes stand for double ones. */
static struct json_doc *
doc_of(const char *s)
{
	struct json_doc *doc = NULL;
	struct err e = ERR_INIT;
	char *q = strdup(s);
	enum err_code code;

	for (char *p = q; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	code = json_parse(q, strlen(q), &doc, &e);
	ck_assert_msg(code == ERR_OK, "%s: %s", s, e.text);
	free(q);
	return doc;
}

#define I64 "a123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *s;
	enum err_code code;
	const char *type, *id, *version;
	int64_t ms;
} ids[] = {
    {"{'resourceType':'Patient','id':'1','meta':{'versionId':'3',"
     "'lastUpdated':'2026-11-25T13:14:15.123+01:00'}}",
	ERR_OK, "Patient", "1", "3", INT64_C(1795608855123)},
    {"{'resourceType':'Patient'}", ERR_OK, "Patient", "", "", INT64_MIN},
    {"{'resourceType':'ImagingStudy','id':'A-z.9'}", ERR_OK, "ImagingStudy",
	"A-z.9", "", INT64_MIN},
    {"{'resourceType':'Patient','id':'" I64 "'}", ERR_OK, "Patient", I64, "",
	INT64_MIN},
    /* Not an instant: said to be unknown. */
    {"{'resourceType':'Patient','meta':{'lastUpdated':'2026-11-25'}}", ERR_OK,
	"Patient", "", "", INT64_MIN},
    {"{'resourceType':'Patient','meta':{'lastUpdated':'yesterday'}}", ERR_OK,
	"Patient", "", "", INT64_MIN},
    {"{'resourceType':'Patient','id':'" I64 "x'}", ERR_INVALID, 0, 0, 0, 0},
    {"{'resourceType':'Patient','id':''}", ERR_INVALID, 0, 0, 0, 0},
    {"{'resourceType':'Patient','id':'a b'}", ERR_INVALID, 0, 0, 0, 0},
    {"{'resourceType':'Patient','id':'a/../b'}", ERR_INVALID, 0, 0, 0, 0},
    {"{'resourceType':'Patient','id':'a_b'}", ERR_INVALID, 0, 0, 0, 0},
    {"{'resourceType':'Patient','id':'\xc3\xa4'}", ERR_INVALID, 0, 0, 0, 0},
    {"{'resourceType':'Patient','id':7}", ERR_INVALID, 0, 0, 0, 0},
    {"{'resourceType':'Patient','id':null}", ERR_INVALID, 0, 0, 0, 0},
    {"{'resourceType':'','id':'1'}", ERR_NOT_FHIR, 0, 0, 0, 0},
    {"{'resourceType':'patient'}", ERR_NOT_FHIR, 0, 0, 0, 0},
    {"{'resourceType':'../Patient'}", ERR_NOT_FHIR, 0, 0, 0, 0},
    {"{'resourceType':'Pat ient'}", ERR_NOT_FHIR, 0, 0, 0, 0},
    {"{'resourceType':['Patient']}", ERR_NOT_FHIR, 0, 0, 0, 0},
    {"{'id':'1'}", ERR_NOT_FHIR, 0, 0, 0, 0},
    {"{}", ERR_NOT_FHIR, 0, 0, 0, 0},
    {"[]", ERR_NOT_FHIR, 0, 0, 0, 0},
    {"null", ERR_NOT_FHIR, 0, 0, 0, 0},
    {"'Patient'", ERR_NOT_FHIR, 0, 0, 0, 0},
};

START_TEST(identify)
{
	struct json_doc *doc = doc_of(ids[_i].s);
	struct resource_id id = {NULL, NULL, NULL, 42};
	struct err e = ERR_INIT;
	enum err_code code = resource_identify(json_root(doc), &id, &e);

	ck_assert_msg(code == ids[_i].code, "%s: %s", ids[_i].s, e.text);
	if (code == ERR_OK) {
		ck_assert_str_eq(id.type, ids[_i].type);
		ck_assert_str_eq(id.id, ids[_i].id);
		ck_assert_str_eq(id.version, ids[_i].version);
		ck_assert_int_eq(id.last_updated_ms, ids[_i].ms);
	} else {
		ck_assert_int_eq(id.last_updated_ms, 42);
		ck_assert_ptr_null(id.type);
	}
	json_free(doc);
}
END_TEST

START_TEST(identify_absent)
{
	struct resource_id id;

	ck_assert_int_eq(resource_identify(NULL, &id, NULL), ERR_NOT_FHIR);
}
END_TEST

static const struct {
	const char *text, *base, *type, *id, *version;
} references[] = {
    {"Patient/1", NULL, "Patient", "1", NULL},
    {"Patient/1/_history/2", NULL, "Patient", "1", "2"},
    {"https://h/fhir/Patient/1", "https://h/fhir", "Patient", "1", NULL},
    {"http://h:8080/a/b/Patient/1/_history/v.2", "http://h:8080/a/b", "Patient",
	"1", "v.2"},
    {"https://h/Patient/1", "https://h", "Patient", "1", NULL},
    {"https://h/fhir/Patient/1?x=y", "https://h/fhir", "Patient", "1", NULL},
    {"Patient/1#part", NULL, "Patient", "1", NULL},
    {"/fhir/Patient/1", NULL, "Patient", "1", NULL},
    {"/Patient/1", NULL, "Patient", "1", NULL},
    {"Patient/" I64, NULL, "Patient", I64, NULL},

    {"", NULL, NULL, NULL, NULL},
    {"Patient", NULL, NULL, NULL, NULL},
    {"Patient/", NULL, NULL, NULL, NULL},
    {"/1", NULL, NULL, NULL, NULL},
    {"1", NULL, NULL, NULL, NULL},
    {"patient/1", NULL, NULL, NULL, NULL},
    {"Patient/" I64 "x", NULL, NULL, NULL, NULL},
    {"Patient/a b", NULL, NULL, NULL, NULL},
    {"Patient/1/_history/", NULL, NULL, NULL, NULL},
    {"Patient/1/_history/a/b", NULL, NULL, NULL, NULL},
    {"Patient/1/x", NULL, NULL, NULL, NULL},
    {"Patient?identifier=s|Patient/1", NULL, NULL, NULL, NULL},
    {"foo/Patient/1", NULL, NULL, NULL, NULL},
    {"http://Patient/1", NULL, NULL, NULL, NULL},
    {"ftp://h/Patient/1", NULL, NULL, NULL, NULL},
    {"urn:uuid:c757873d-ec9a-4326-a141-556f43239520", NULL, NULL, NULL, NULL},
    {"urn:oid:1.2.3", NULL, NULL, NULL, NULL},
};

static void
ck_same(const char *got, const char *want)
{
	if (want == NULL)
		ck_assert_msg(got == NULL, "%s instead of nothing", got);
	else
		ck_assert_msg(got != NULL && strcmp(got, want) == 0,
		    "%s instead of %s", got ? got : "nothing", want);
}

START_TEST(reference_forms)
{
	const char *text = references[_i].text;
	struct arena *a = arena_new();
	struct reference r;
	struct json_doc *doc;
	char *key;

	doc = doc_of(arena_printf(a, "{'reference':'%s'}", text));
	ck_assert(reference_read(json_root(doc), NULL, a, &r));
	ck_same(r.text, text);
	ck_same(r.base, references[_i].base);
	ck_same(r.type, references[_i].type);
	ck_same(r.id, references[_i].id);
	ck_same(r.version, references[_i].version);
	ck_assert_ptr_null(r.contained);
	ck_same(r.identifier_value, NULL);
	key = reference_key(a, text);
	if (r.type == NULL)
		ck_assert_ptr_null(key);
	else
		ck_same(key, arena_printf(a, "%s/%s", r.type, r.id));
	json_free(doc);
	arena_free(a);
}
END_TEST

START_TEST(reference_contained)
{
	struct json_doc *doc = doc_of(
	    "{'resourceType':'MedicationAdministration','id':'m','contained':["
	    "{'resourceType':'Medication','id':'a'},"
	    "{'resourceType':'Medication','id':'b'}],"
	    "'x':{'reference':'#b'},'y':{'reference':'#c'},"
	    "'z':{'reference':'#'}}");
	const struct json_value *root = json_root(doc);
	struct arena *a = arena_new();
	struct reference r;

	ck_assert(reference_read(json_get(root, "x"), root, a, &r));
	ck_assert_str_eq(json_string_at(r.contained, "id"), "b");
	ck_assert_ptr_null(r.type);
	ck_assert(reference_read(json_get(root, "y"), root, a, &r));
	ck_assert_ptr_null(r.contained);
	ck_assert_str_eq(r.text, "#c");
	ck_assert(reference_read(json_get(root, "z"), root, a, &r));
	ck_assert_ptr_eq(r.contained, root);
	ck_assert(reference_read(json_get(root, "x"), NULL, a, &r));
	ck_assert_ptr_null(r.contained);
	ck_assert_ptr_null(reference_key(a, "#b"));
	ck_assert_ptr_null(reference_key(a, NULL));
	json_free(doc);
	arena_free(a);
}
END_TEST

START_TEST(reference_logical)
{
	struct json_doc *doc =
	    doc_of("[{'identifier':{'system':'s','value':'v'}},"
		   "{'reference':'Patient/1','identifier':{'value':'v'}},"
		   "{'display':'only'},{},7,null,'Patient/1',"
		   "{'reference':5},{'identifier':{'system':'s'}}]");
	const struct json_value *root = json_root(doc);
	struct arena *a = arena_new();
	struct reference r;

	ck_assert(reference_read(json_at(root, 0), NULL, a, &r));
	ck_same(r.text, NULL);
	ck_same(r.type, NULL);
	ck_same(r.identifier_system, "s");
	ck_same(r.identifier_value, "v");
	ck_assert(reference_read(json_at(root, 1), NULL, a, &r));
	ck_same(r.id, "1");
	ck_same(r.identifier_system, NULL);
	ck_same(r.identifier_value, "v");
	for (size_t i = 2; i < json_length(root); i++)
		ck_assert_msg(
		    !reference_read(json_at(root, i), NULL, a, &r), "%zu", i);
	ck_assert(!reference_read(NULL, NULL, a, &r));
	json_free(doc);
	arena_free(a);
}
END_TEST

START_TEST(subject)
{
	static const struct {
		const char *s, *ref;
	} rows[] = {
	    {"{'subject':{'reference':'Patient/1'}}", "Patient/1"},
	    {"{'patient':{'reference':'Patient/2'}}", "Patient/2"},
	    {"{'patient':{'reference':'Patient/2'},"
	     "'subject':{'reference':'Patient/1'}}",
		"Patient/1"},
	    {"{'resourceType':'Patient','id':'1'}", NULL},
	    {"{}", NULL},
	    {"[]", NULL},
	};
	struct json_doc *doc;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		doc = doc_of(rows[i].s);
		ck_same(json_string_at(
			    resource_subject(json_root(doc)), "reference"),
		    rows[i].ref);
		json_free(doc);
	}
}
END_TEST

static void
note_reference(void *ctx, const struct json_value *reference)
{
	strbuf_addf(ctx, "%s ", json_string_at(reference, "reference"));
}

START_TEST(each_reference)
{
	struct json_doc *doc = doc_of(
	    "{'resourceType':'X','contained':[{'subject':{'reference':'A/1'}}],"
	    "'subject':{'reference':'A/2','extension':[{'valueReference':"
	    "{'reference':'A/3'}}]},'focus':[{'reference':'A/4'},"
	    "{'reference':'#x'}],'component':[{'d':[{'e':"
	    "{'reference':'A/5'}}]}],'n':null,'reference':7}");
	struct strbuf b;

	strbuf_init(&b, 1000);
	resource_each_reference(json_root(doc), note_reference, &b);
	ck_assert_str_eq(b.s, "A/1 A/2 A/3 A/4 #x A/5 ");
	strbuf_reset(&b);
	resource_each_reference(NULL, note_reference, &b);
	ck_assert_str_eq(b.s, "");
	strbuf_done(&b);
	json_free(doc);
}
END_TEST

/* The deepest text the reader lets through is walked to its ground. */
START_TEST(each_reference_deep)
{
	struct json_doc *doc;
	struct strbuf text, b;

	strbuf_init(&text, 10000);
	strbuf_init(&b, 1000);
	for (int i = 0; i < JSON_MAX_DEPTH - 1; i++)
		strbuf_adds(&text, "{'a':");
	strbuf_adds(&text, "{'reference':'A/1'}");
	for (int i = 0; i < JSON_MAX_DEPTH - 1; i++)
		strbuf_addc(&text, '}');
	doc = doc_of(text.s);
	resource_each_reference(json_root(doc), note_reference, &b);
	ck_assert_str_eq(b.s, "A/1 ");
	json_free(doc);
	strbuf_done(&text);
	strbuf_done(&b);
}
END_TEST

START_TEST(codeable)
{
	struct json_doc *doc = doc_of(
	    "[{'text':'t','coding':[{'system':'s','code':'c','display':'d'},"
	    "{'code':'c2'},7]},{'coding':[{'code':'c','display':'d'}]},"
	    "{'coding':[{'code':'c'}]},{'coding':[]},{'coding':'x'},null,"
	    "{'text':7}]");
	const struct json_value *root = json_root(doc), *first;
	struct coding c;

	first = json_at(root, 0);
	ck_assert(codeable_coding(first, 0, &c));
	ck_same(c.system, "s");
	ck_same(c.code, "c");
	ck_same(c.display, "d");
	ck_assert(codeable_coding(first, 1, &c));
	ck_same(c.system, NULL);
	ck_same(c.code, "c2");
	ck_same(c.display, NULL);
	ck_assert(codeable_coding(first, 2, &c));
	ck_same(c.code, NULL);
	ck_assert(!codeable_coding(first, 3, &c));
	ck_assert(!codeable_coding(NULL, 0, &c));
	for (size_t i = 3; i < 7; i++) {
		ck_assert(!codeable_coding(json_at(root, i), 0, &c));
		ck_same(codeable_text(json_at(root, i)), NULL);
	}
	ck_same(codeable_text(first), "t");
	ck_same(codeable_text(json_at(root, 1)), "d");
	ck_same(codeable_text(json_at(root, 2)), "c");
	ck_same(codeable_text(NULL), NULL);
	json_free(doc);
}
END_TEST

static Suite *
suite_resource(void)
{
	Suite *s = suite_create("resource");
	TCase *t = tcase_create("resource");

	tcase_add_loop_test(t, identify, 0, sizeof(ids) / sizeof(*ids));
	tcase_add_test(t, identify_absent);
	tcase_add_loop_test(
	    t, reference_forms, 0, sizeof(references) / sizeof(*references));
	tcase_add_test(t, reference_contained);
	tcase_add_test(t, reference_logical);
	tcase_add_test(t, subject);
	tcase_add_test(t, each_reference);
	tcase_add_test(t, each_reference_deep);
	tcase_add_test(t, codeable);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_resource())
