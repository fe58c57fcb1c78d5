/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a redacted capture keeps and what it does not.
 */
#include "tests/support/check_main.h"

#include "gateway/redact.h"

#include <string.h>

static struct redact r;
static struct arena *arena;

static void
setup(void)
{
	arena = arena_new();
	redact_init(&r);
}

static void
teardown(void)
{
	arena_free(arena);
}

static const char *
body(const char *s)
{
	size_t n;
	const char *ret = redact_body(&r, arena, s, strlen(s), &n);

	ck_assert_uint_eq(n, strlen(ret));
	return ret;
}

/* "SECRET" must not be left, `kept` must. */
static const struct {
	const char *text, *kept;
} bodies[] = {
    {"{\"resourceType\":\"Patient\",\"id\":\"SECRET\",\"active\":true}",
	"\"active\":true"},
    {"{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"SECRET\"}]}",
	"Patient"},
    {"{\"name\":[{\"use\":\"official\",\"family\":\"SECRET\",\"given\":["
     "\"SECRET\",\"B\"],\"prefix\":[\"SECRET\"]}]}",
	"\"use\":\"official\""},
    {"{\"resourceType\":\"Organization\",\"name\":\"SECRET\"}", "Organization"},
    {"{\"subject\":{\"reference\":\"Patient/SECRET\",\"display\":\"SECRET\"}}",
	"\"reference\":\"Patient/x"},
    {"{\"performer\":[{\"display\":\"SECRET\"}]}", "performer"},
    {"{\"identifier\":[{\"system\":\"urn:mrn\",\"value\":\"SECRET\"}]}",
	"\"system\":\"urn:mrn\""},
    {"{\"identifier\":[{\"system\":\"urn:dicom:uid\",\"value\":"
     "\"urn:oid:1.2.SECRET\"}]}",
	"\"urn:oid:2.25."},
    {"{\"series\":[{\"uid\":\"1.2.3.SECRET\",\"number\":1}]}", "\"number\":1"},
    {"{\"telecom\":[{\"value\":\"SECRET\"}],\"address\":[{\"city\":\"SECRET\"}"
     "],\"birthDate\":\"SECRET\",\"photo\":[{\"data\":\"SECRET\"}],"
     "\"gender\":\"female\"}",
	"\"gender\":\"female\""},
    {"{\"text\":{\"status\":\"generated\",\"div\":\"<div>SECRET</div>\"},"
     "\"code\":{\"text\":\"Tumour size\"}}",
	"\"text\":\"Tumour size\""},
    {"{\"note\":[{\"text\":\"SECRET\"}],\"conclusion\":\"SECRET\","
     "\"status\":\"final\"}",
	"\"status\":\"final\""},
    {"{\"link\":[{\"url\":\"https://h/fhir/Observation?patient=SECRET&x=1\"}]}",
	"&x=1"},
    {"{\"link\":[{\"url\":\"https://h/fhir/Observation?patient=Patient%2F"
     "SECRET\"}]}",
	"patient=Patient%2Fx"},
    {"SECRET {\"not\":\"json\"", "that are no JSON"},
    {"<html>SECRET</html>", "that are no JSON"},
    {"{\"id\":\"SECRET\",\"resourceType\":\"Patient\"}\n"
     "{\"id\":\"o1\",\"subject\":{\"reference\":\"Patient/SECRET\"}}\n",
	"\n{\"id\":\"o1\""},
};

START_TEST(who_somebody_is_goes)
{
	const char *got = body(bodies[_i].text);

	ck_assert_msg(strstr(got, "SECRET") == NULL, "%s", got);
	ck_assert_msg(strstr(got, bodies[_i].kept) != NULL, "%s", got);
}
END_TEST

/* Byte for byte. */
static const char *const kept[] = {
    "{\"resourceType\":\"Observation\",\"id\":\"o-1\",\"valueQuantity\":{"
    "\"value\":12.50,\"unit\":\"mm\"}}",
    "{\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":"
    "\"21889-1\",\"display\":\"Size Tumor\"}]}}",
    "{\"identifier\":[{\"system\":\"https://rescan.example/fhir/identifier\","
    "\"value\":\"abc\"}]}",
    "{\"component\":[{\"valueString\":\"12 x 9\"}],\"status\":\"final\"}",
    "{\"focus\":[{\"reference\":\"BodyStructure/b1\"}]}",
    "{\"type\":\"searchset\",\"total\":3,\"entry\":[]}",
};

START_TEST(what_is_measured_stays)
{
	ck_assert_str_eq(body(kept[_i]), kept[_i]);
}
END_TEST

START_TEST(the_same_stays_the_same)
{
	const char *a = body("{\"resourceType\":\"Patient\",\"id\":\"p-1\"}");
	const char *id = strstr(a, "\"id\":\"") + 6;
	const char *text = redact_text(
	    &r, arena, "https://h/fhir/Patient/p-1/_history/2?patient=p-1");
	struct redact other;

	ck_assert_uint_eq(strcspn(id, "\""), 13);
	ck_assert_str_eq(
	    text, arena_printf(arena,
		      "https://h/fhir/Patient/%.13s/_history/2?patient=%.13s",
		      id, id));
	/* And in the next capture it is another. */
	redact_init(&other);
	ck_assert_str_ne(redact_text(&other, arena, "Patient/p-1"),
	    redact_text(&r, arena, "Patient/p-1"));
}
END_TEST

START_TEST(texts_without_persons_stay)
{
	static const char *const texts[] = {"https://h/fhir/metadata",
	    "https://h/fhir/Patient/_search", "PractitionerRole/1",
	    "https://h/fhir/Observation?_sort=_lastUpdated", "patient=", ""};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_str_eq(redact_text(&r, arena, texts[i]), texts[i]);
}
END_TEST

static Suite *
suite_redact(void)
{
	Suite *s = suite_create("redact");
	TCase *t = tcase_create("core");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, who_somebody_is_goes, 0,
	    (int)(sizeof(bodies) / sizeof(bodies[0])));
	tcase_add_loop_test(t, what_is_measured_stays, 0,
	    (int)(sizeof(kept) / sizeof(kept[0])));
	tcase_add_test(t, the_same_stays_the_same);
	tcase_add_test(t, texts_without_persons_stay);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_redact())
