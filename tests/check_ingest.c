/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check_main.h"

#include "gateway/ingest.h"
#include "mappings/to_fhir.h"

#include <stdlib.h>
#include <string.h>

static struct arena *arena;
static struct ingest in;
static struct err e;

static void
setup(void)
{
	arena = arena_new();
	ingest_init(&in, arena, "demo", "https://h/fhir", "Observation", 1000);
}

static void
teardown(void)
{
	arena_free(arena);
}

static void
page(const char *entries)
{
	char *body = arena_printf(arena,
	    "{\"resourceType\":\"Bundle\",\"type\":\"searchset\","
	    "\"entry\":[%s]}",
	    entries);

	ck_assert_int_eq(ingest_page(&in, "https://h/fhir/Observation", body,
			     strlen(body), &e),
	    ERR_OK);
}

#define OBS(id, more)                                                          \
	"{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"" id         \
	"\"," more "}}"
#define P1 "\"subject\":{\"reference\":\"Patient/1\"}"

START_TEST(what_a_resource_is)
{
	const struct store_resource *r;

	page(
	    OBS("a", "\"meta\":{\"versionId\":\"3\",\"lastUpdated\":"
		     "\"2024-01-02T03:04:05.678Z\"},"
		     "\"subject\":{\"reference\":\"https://h/fhir/Patient/1\"},"
		     "\"focus\":[{\"reference\":\"BodyStructure/b\"},"
		     "{\"reference\":\"BodyStructure/b\"},"
		     "{\"reference\":\"https://elsewhere/fhir/Condition/c\"},"
		     "{\"reference\":\"#in\"}],"
		     "\"derivedFrom\":[{\"reference\":\"ImagingStudy/s\"}]"));
	ck_assert_uint_eq(in.resources.n, 1);
	ck_assert_uint_eq(in.quarantine.n, 0);
	r = &in.resources.items[0];
	ck_assert_str_eq(r->key, "Observation/a");
	ck_assert_str_eq(r->version, "3");
	ck_assert_int_eq(r->last_updated_ms, 1704164645678);
	ck_assert_int_eq(in.max_updated_ms, r->last_updated_ms);
	ck_assert_str_eq(r->patient, "Patient/1");
	ck_assert_uint_eq(r->n_references, 2);
	ck_assert_str_eq(r->references[0], "Patient/1");
	ck_assert_str_eq(r->references[1], "BodyStructure/b");
	ck_assert_uint_eq(r->len, strlen(r->body));
	ck_assert_ptr_nonnull(strstr(r->body, "\"versionId\":\"3\""));
}
END_TEST

START_TEST(hash_ignores_meta_only)
{
	page(OBS("a", P1 ",\"meta\":{\"versionId\":\"1\"},\"x\":1.10") "," OBS(
	    "a", P1 ",\"meta\":{\"versionId\":\"2\"},\"x\":1.10") "," OBS("a",
	    P1 ",\"meta\":{\"versionId\":\"2\"},\"x\":1.1"));
	ck_assert_str_eq(
	    in.resources.items[0].hash, in.resources.items[1].hash);
	ck_assert_str_ne(
	    in.resources.items[0].hash, in.resources.items[2].hash);
}
END_TEST

static const struct {
	const char *entry, *code, *key;
} bad[] = {
    {"{\"search\":{\"mode\":\"match\"}}", "entry_empty",
	"https://h/fhir/Observation"},
    {"{\"resource\":{\"id\":\"x\"}}", "not_fhir", "https://h/fhir/Observation"},
    {"{\"resource\":{\"resourceType\":\"Observation\"," P1 "}}", "id_missing",
	"https://h/fhir/Observation"},
    {"{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"a b\"}}",
	"not_fhir", "https://h/fhir/Observation"},
    {"{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"1\"}}",
	"type_unexpected", "https://h/fhir/Observation"},
    {"7", "entry_empty", "https://h/fhir/Observation"},
};

START_TEST(bad_entry_is_set_aside_the_page_goes_on)
{
	page(arena_printf(
	    arena, "%s,%s,%s", OBS("a", P1), bad[_i].entry, OBS("b", P1)));
	ck_assert_uint_eq(in.entries, 3);
	ck_assert_uint_eq(in.resources.n, 2);
	ck_assert_uint_eq(in.quarantine.n, 1);
	ck_assert_str_eq(in.quarantine.items[0].code, bad[_i].code);
	ck_assert_str_eq(in.quarantine.items[0].key, bad[_i].key);
	ck_assert_str_eq(in.quarantine.items[0].bytes, bad[_i].entry);
}
END_TEST

START_TEST(nobodys_resource_is_kept_and_said)
{
	page(OBS("a", "\"x\":1") "," OBS(
	    "b", "\"subject\":{\"reference\":\"Group/1\"}") "," OBS("c",
	    "\"subject\":{\"reference\":\"https://other/Patient/1\"}"));
	ck_assert_uint_eq(in.resources.n, 3);
	ck_assert_uint_eq(in.quarantine.n, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_ptr_null(in.resources.items[i].patient);
		ck_assert_str_eq(
		    in.quarantine.items[i].code, "patient_missing");
	}
	ck_assert_str_eq(in.quarantine.items[0].key, "Observation/a");
}
END_TEST

START_TEST(our_own_is_no_evidence)
{
	page(OBS("a",
	    P1 ",\"meta\":{\"lastUpdated\":\"2024-01-02T03:04:05Z\"},"
	       "\"identifier\":[{\"system\":\"" RESCAN_IDENTIFIER_SYSTEM
	       "\",\"value\":\"v\"}]") "," OBS("b", P1
	    ",\"meta\":{\"tag\":[{\"system\":"
	    "\"" RESCAN_IDENTIFIER_SYSTEM
	    "\"}]}") "," OBS("c", P1 ",\"identifier\":[{\"system\":\"x\"}]"));
	ck_assert_uint_eq(in.own, 2);
	ck_assert_uint_eq(in.resources.n, 1);
	/* But the watermark passes it. */
	ck_assert_int_eq(in.max_updated_ms, 1704164645000);
}
END_TEST

START_TEST(outcomes_are_no_data)
{
	page("{\"resource\":{\"resourceType\":\"OperationOutcome\"},"
	     "\"search\":{\"mode\":\"outcome\"}}");
	ck_assert_uint_eq(in.outcomes, 1);
	ck_assert_uint_eq(in.resources.n + in.quarantine.n, 0);
}
END_TEST

START_TEST(deletion_is_a_tombstone)
{
	page("{\"request\":{\"method\":\"DELETE\",\"url\":"
	     "\"Observation/a\"}}");
	ck_assert_uint_eq(in.resources.n, 1);
	ck_assert_str_eq(in.resources.items[0].key, "Observation/a");
	ck_assert_int_eq(in.resources.items[0].state, RESOURCE_DELETED);
}
END_TEST

START_TEST(page_without_entries)
{
	const char *body = "{\"resourceType\":\"Bundle\"}";

	ck_assert_int_eq(ingest_page(&in, "u", body, strlen(body), &e), ERR_OK);
	ck_assert_uint_eq(in.entries, 0);
	ck_assert_int_eq(in.max_updated_ms, TIME_NONE);
}
END_TEST

static void
read_text(const char *key, const char *body)
{
	ingest_read(&in, key, body, strlen(body));
	ck_assert_uint_eq(in.resources.n, 1);
	ck_assert_str_eq(in.resources.items[0].key, key);
}

START_TEST(read_patient_that_was_merged)
{
	read_text("Patient/1",
	    "{\"resourceType\":\"Patient\",\"id\":\"1\",\"link\":["
	    "{\"type\":\"seealso\",\"other\":{\"reference\":\"Patient/9\"}},"
	    "{\"type\":\"replaced-by\",\"other\":"
	    "{\"reference\":\"Patient/2\"}}]}");
	ck_assert_str_eq(in.resources.items[0].patient, "Patient/1");
	ck_assert_str_eq(in.resources.items[0].replaced_by, "Patient/2");
	ck_assert_uint_eq(in.quarantine.n, 0);
}
END_TEST

START_TEST(read_medication_is_nobodys)
{
	read_text(
	    "Medication/m", "{\"resourceType\":\"Medication\",\"id\":\"m\"}");
	ck_assert_ptr_null(in.resources.items[0].patient);
	ck_assert_uint_eq(in.quarantine.n, 0);
}
END_TEST

START_TEST(read_something_else_counts_as_missing)
{
	static const char *const bodies[] = {
	    "<html>", "{}", "{\"resourceType\":\"Patient\",\"id\":\"2\"}"};

	for (size_t i = 0; i < 3; i++) {
		in.resources.n = in.quarantine.n = 0;
		read_text("Patient/1", bodies[i]);
		ck_assert_int_eq(in.resources.items[0].state, RESOURCE_MISSING);
		ck_assert_uint_eq(in.quarantine.n, 1);
		ck_assert_str_eq(in.quarantine.items[0].bytes, bodies[i]);
	}
}
END_TEST

static Suite *
suite_ingest(void)
{
	Suite *s = suite_create("ingest");
	TCase *t = tcase_create("ingest");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_a_resource_is);
	tcase_add_test(t, hash_ignores_meta_only);
	tcase_add_loop_test(t, bad_entry_is_set_aside_the_page_goes_on, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(t, nobodys_resource_is_kept_and_said);
	tcase_add_test(t, our_own_is_no_evidence);
	tcase_add_test(t, outcomes_are_no_data);
	tcase_add_test(t, deletion_is_a_tombstone);
	tcase_add_test(t, page_without_entries);
	tcase_add_test(t, read_patient_that_was_merged);
	tcase_add_test(t, read_medication_is_nobodys);
	tcase_add_test(t, read_something_else_counts_as_missing);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_ingest())
