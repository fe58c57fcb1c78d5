/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox: search and paging.
 */
#include "tests/support/check_main.h"

#include <stdlib.h>

#include "tests/support/sandbox_call.h"

static void
put_observations(void)
{
	static const char *const rows[] = {
	    "{\"resourceType\":\"Observation\",\"id\":\"a\",\"status\":"
	    "\"final\",\"identifier\":[{\"system\":\"urn:s\",\"value\":\"1\"}],"
	    "\"category\":[{\"coding\":[{\"system\":\"urn:c\",\"code\":"
	    "\"imaging\"}]}],\"code\":{\"coding\":[{\"system\":\"http://loinc."
	    "org\",\"code\":\"21889-1\"},{\"system\":\"urn:x\",\"code\":\"y,z\""
	    "}]},\"subject\":{\"reference\":\"Patient/1\"},\"focus\":[{"
	    "\"reference\":\"BodyStructure/l\"}],\"effectiveDateTime\":\"2026-"
	    "02-03\"}",
	    "{\"resourceType\":\"Observation\",\"id\":\"b\",\"status\":"
	    "\"preliminary\",\"identifier\":[{\"value\":\"1\"}],\"code\":{"
	    "\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"1742-6\"}]"
	    "},\"subject\":{\"reference\":\"Patient/2\"},"
	    "\"effectiveDateTime\":\"2026-02-03T10:00:00.500Z\"}",
	    "{\"resourceType\":\"Observation\",\"id\":\"c\",\"status\":"
	    "\"final\",\"code\":{\"text\":\"x\"},\"subject\":{\"reference\":"
	    "\"https://localhost/fhir/Patient/1/_history/4\"},"
	    "\"meta\":{\"tag\":[{\"system\":\"urn:t\",\"code\":\"HTEST\"}]},"
	    "\"effectivePeriod\":{\"start\":\"2026-03-01\"}}",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		put(rows[i]);
}

/* A search and the ids it finds. */
static const struct {
	const char *query, *ids;
} searches[] = {
    {"", "a b c"},
    {"_id=b", "b"},
    {"_id=b,c", "b c"},
    {"identifier=1", "a b"},
    {"identifier=urn:s|1", "a"},
    {"identifier=urn:s%7C1", "a"},
    {"identifier=|1", "b"},
    {"identifier=urn:s|", "a"},
    {"identifier=urn:z|1", ""},
    {"_tag=HTEST", "c"},
    {"_tag=urn:t|HTEST", "c"},
    {"patient=1", "a c"},
    {"patient=Patient/1", "a c"},
    {"patient=Patient/1,Patient/2", "a b c"},
    {"subject:Patient=2", "b"},
    {"subject=Patient/2", "b"},
    {"focus=l", "a"},
    {"code=21889-1", "a"},
    {"code=http://loinc.org|1742-6,http://loinc.org|21889-1", "a b"},
    {"code=y\\,z", "a"},
    {"code=y,z", ""},
    {"category=imaging", "a"},
    {"status=final", "a c"},
    {"status=final&patient=1&category=imaging", "a"},
    {"date=2026-02-03", "a b"},
    {"date=2026-02", "a b"},
    {"date=ge2026-02-04", "c"},
    {"date=gt2026-02-03", "c"},
    {"date=lt2026-02-03", ""},
    {"date=le2026-02-03", "a b"},
    {"date=2026-02-03T10:00Z", "b"},
    {"date=gt2026-02-03T10:00:00Z", "a c"},
    {"date=sa2026-02-28", "c"},
    {"date=eb2026-02-28", "a b"},
    {"_lastUpdated=ge2020-01-01T00:00:00Z", "a b c"},
    {"_lastUpdated=lt2020-01-01T00:00:00%2B01:00", ""},
    {"_lastUpdated=gt2120-01-01", ""},
    {"_sort=-_id", "c b a"},
    {"_sort=_lastUpdated", "a b c"},
    {"nonsense=1&_id=a", "a"},
};

START_TEST(search_finds)
{
	char url[512], ids[128];
	const char *form = "Content-Type: application/x-www-form-urlencoded";
	const char *headers[] = {form, NULL};

	put_observations();
	for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
		snprintf(
		    url, sizeof(url), "/Observation?%s", searches[i].query);
		ck_assert_msg(
		    get(url) == 200, "%s: %ld %s", url, got.status, got.body.s);
		found(ids, sizeof(ids));
		ck_assert_msg(strcmp(ids, searches[i].ids) == 0,
		    "%s: found \"%s\"", url, ids);
		ck_assert_int_eq(call("POST", "/Observation/_search",
				     searches[i].query, headers),
		    200);
		found(ids, sizeof(ids));
		ck_assert_msg(strcmp(ids, searches[i].ids) == 0,
		    "POST %s: found \"%s\"", searches[i].query, ids);
	}
}
END_TEST

START_TEST(search_by_last_updated)
{
	char url[256], since[64];

	put_observations();
	get("/Observation/b");
	snprintf(since, sizeof(since), "%s", at("meta.lastUpdated"));
	snprintf(url, sizeof(url), "/Observation?_lastUpdated=ge%s", since);
	get(url);
	ck_assert_uint_ge(entries(), 2);
	snprintf(
	    url, sizeof(url), "/Observation?_id=b&_lastUpdated=gt%s", since);
	get(url);
	ck_assert_uint_eq(entries(), 0);
	snprintf(url, sizeof(url), "/Observation?_id=b&_lastUpdated=%s", since);
	get(url);
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(search_tells_what_it_used)
{
	put_observations();
	get("/Observation?nonsense=1&code=1742-6&_count=5");
	ck_assert_str_eq(at("link.relation"), "self");
	ck_assert_ptr_nonnull(
	    strstr(at("link.url"), "/Observation?code=1742-6&_count=5"));
	ck_assert_ptr_null(strstr(at("link.url"), "nonsense"));
	ck_assert_str_eq(at("entry.search.mode"), "match");
	get("/Observation?_summary=count");
	ck_assert_str_eq(json_number(json_get(got.root, "total")), "3");
	ck_assert_uint_eq(entries(), 0);
	get("/Observation?_count=0");
	ck_assert_uint_eq(entries(), 0);
	get("/Observation?_total=none");
	ck_assert_ptr_null(json_get(got.root, "total"));
}
END_TEST

static void
put_patients(int n)
{
	char json[96];

	for (int i = 0; i < n; i++) {
		snprintf(json, sizeof(json),
		    "{\"resourceType\":\"Patient\",\"id\":\"p%02d\"}", i);
		put(json);
	}
}

START_TEST(paging_keeps_a_snapshot)
{
	const char *next;
	char ids[64], url[512];
	size_t seen = 0;

	put_patients(11);
	get("/Patient?_count=4&_sort=_id");
	next = next_link();
	ck_assert_ptr_nonnull(next);
	/* What is written now belongs to no page of this search. */
	put("{\"resourceType\":\"Patient\",\"id\":\"p000\"}");
	ck_assert(sandbox_delete(sandbox, "Patient", "p05"));
	for (seen = entries(); (next = next_link()) != NULL;
	     seen += entries()) {
		snprintf(url, sizeof(url), "%s", next);
		ck_assert_int_eq(get(url), 200);
		ck_assert_str_eq(
		    json_number(json_get(got.root, "total")), "11");
	}
	found(ids, sizeof(ids));
	ck_assert_str_eq(ids, "p08 p09 p10");
	ck_assert_uint_eq(seen, 10);
	/* Kept for a bounded number of searches. */
	for (int i = 0; i < 4; i++)
		get("/Patient?_count=4");
	get(url);
	outcome_is(410, "expired");
}
END_TEST

static Suite *
suite_sandbox_search(void)
{
	Suite *s = suite_create("sandbox_search");
	TCase *t = tcase_create("tls");

	sandbox_fixture(t, NULL);
	tcase_add_test(t, search_finds);
	tcase_add_test(t, search_by_last_updated);
	tcase_add_test(t, search_tells_what_it_used);
	tcase_add_test(t, paging_keeps_a_snapshot);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_sandbox_search())
