/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox over TLS, as a FHIR client meets it: single resources, refusals.
 */
#include "tests/support/check_main.h"

#include <stdlib.h>

#include "tests/support/sandbox_call.h"

START_TEST(metadata_describes_itself)
{
	ck_assert_int_eq(get("/metadata"), 200);
	ck_assert_str_eq(at("resourceType"), "CapabilityStatement");
	ck_assert_str_eq(at("fhirVersion"), "4.0.1");
	ck_assert_str_eq(at("implementation.url"), sandbox_url(sandbox));
	ck_assert_ptr_nonnull(strstr(head("Content-Type"), "fhir+json"));
	ck_assert_ptr_nonnull(strstr(got.body.s, "\"effective-time\""));
}
END_TEST

START_TEST(create_and_read)
{
	char url[1024];

	ck_assert_int_eq(
	    call("POST", "/Observation",
		"{\"resourceType\":\"Observation\",\"id\":\"mine\","
		"\"meta\":{\"tag\":[{\"code\":\"x\"}],\"versionId\":\"9\"},"
		"\"valueQuantity\":{\"value\":10.50}}",
		NULL),
	    201);
	ck_assert_str_eq(head("ETag"), "W/\"1\"");
	ck_assert_ptr_nonnull(strstr(head("Location"), "/_history/1"));
	ck_assert_str_ne(at("id"), "mine");
	ck_assert_str_eq(at("meta.versionId"), "1");
	ck_assert_str_eq(at("meta.tag.code"), "x");
	ck_assert_uint_eq(strlen(at("meta.lastUpdated")), 24);
	snprintf(url, sizeof(url), "/Observation/%s", at("id"));
	ck_assert_int_eq(get(url), 200);
	ck_assert_ptr_nonnull(strstr(got.body.s, "\"value\":10.50}"));
	ck_assert_str_ne(head("Last-Modified"), "");
	ck_assert_str_ne(head("Date"), "");
	ck_assert_int_eq(with("GET", url, NULL, "If-None-Match: W/\"1\""), 304);
	ck_assert_uint_eq(sandbox_count(sandbox, "Observation"), 1);
}
END_TEST

START_TEST(create_prefers_minimal)
{
	ck_assert_int_eq(with("POST", "/Basic", "{\"resourceType\":\"Basic\"}",
			     "Prefer: return=minimal"),
	    201);
	ck_assert_uint_eq(got.body.len, 0);
	ck_assert_str_ne(head("Location"), "");
}
END_TEST

START_TEST(create_if_none_exist)
{
	const char *const same = "If-None-Exist: identifier=urn:s%7Ca";

	ck_assert_int_eq(with("POST", "/Flag", FLAG("a"), same), 201);
	ck_assert_int_eq(with("POST", "/Flag", FLAG("a"), same), 200);
	ck_assert_ptr_nonnull(strstr(head("Location"), "/_history/1"));
	ck_assert_uint_eq(sandbox_requests(sandbox, "Flag").matched, 1);
	ck_assert_int_eq(
	    with("POST", "/Flag", FLAG("a"), "If-None-Exist: _tag=urn:t|a"),
	    200);
	ck_assert_int_eq(call("POST", "/Flag", FLAG("a"), NULL), 201);
	with("POST", "/Flag", FLAG("a"), same);
	outcome_is(412, "multiple-matches");
	with("POST", "/Flag", FLAG("a"), "If-None-Exist: nonsense=1");
	outcome_is(400, "not-supported");
	ck_assert_uint_eq(sandbox_count(sandbox, "Flag"), 2);
}
END_TEST

START_TEST(update_with_versions)
{
	const char *const one = "{\"resourceType\":\"Patient\",\"id\":\"p\"}";
	const char *const two =
	    "{\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true}";

	ck_assert_int_eq(call("PUT", "/Patient/p", one, NULL), 201);
	ck_assert_int_eq(call("PUT", "/Patient/p", one, NULL), 200);
	ck_assert_str_eq(head("ETag"), "W/\"1\"");
	ck_assert_int_eq(
	    with("PUT", "/Patient/p", two, "If-Match: W/\"1\""), 200);
	ck_assert_str_eq(head("ETag"), "W/\"2\"");
	with("PUT", "/Patient/p", one, "If-Match: W/\"1\"");
	outcome_is(412, "conflict");
	call("PUT", "/Patient/q", one, NULL);
	outcome_is(422, "invalid");
	call("PUT", "/Patient/p", "{\"resourceType\":\"Patient\"}", NULL);
	outcome_is(400, "invalid");
	ck_assert_int_eq(get("/Patient/p/_history/1"), 200);
	ck_assert_str_eq(at("meta.versionId"), "1");
	ck_assert_ptr_null(json_get(got.root, "active"));
	get("/Patient/p/_history/3");
	outcome_is(404, "not-found");
}
END_TEST

START_TEST(conditional_update)
{
	ck_assert_int_eq(
	    call("PUT", "/Flag?identifier=urn:s|a", FLAG("a"), NULL), 201);
	ck_assert_int_eq(
	    call("PUT", "/Flag?identifier=urn:s|a", FLAG("b"), NULL), 200);
	ck_assert_str_eq(at("meta.versionId"), "2");
	ck_assert_uint_eq(sandbox_count(sandbox, "Flag"), 1);
}
END_TEST

START_TEST(delete_then_gone)
{
	put("{\"resourceType\":\"Patient\",\"id\":\"p\"}");
	ck_assert_int_eq(call("DELETE", "/Patient/p", NULL, NULL), 204);
	get("/Patient/p");
	outcome_is(410, "deleted");
	get("/Patient/other");
	outcome_is(404, "not-found");
	get("/Patient?_id=p");
	ck_assert_uint_eq(entries(), 0);
	ck_assert_int_eq(get("/Patient/p/_history"), 200);
	ck_assert_uint_eq(entries(), 2);
	ck_assert_str_eq(at("entry.request.method"), "DELETE");
	ck_assert_int_eq(
	    call("PUT", "/Patient/p",
		"{\"resourceType\":\"Patient\",\"id\":\"p\"}", NULL),
	    201);
	ck_assert_str_eq(head("ETag"), "W/\"3\"");
}
END_TEST

/* What is wrong with a request, and the answer. */
static const struct {
	const char *method, *url, *body, *header;
	long status;
	const char *issue;
} refused[] = {
    {"GET", "/Nonsense/1", NULL, NULL, 404, "not-supported"},
    {"GET", "/Patient/1/2", NULL, NULL, 404, "not-found"},
    {"DELETE", "/Patient", NULL, NULL, 405, "not-supported"},
    {"GET", "/Patient", NULL, "Accept: application/fhir+xml", 406,
	"not-supported"},
    {"POST", "/Patient", "{", NULL, 400, "structure"},
    {"POST", "/Patient", "{\"a\":NaN}", NULL, 400, "structure"},
    {"POST", "/Patient", "{}", NULL, 400, "structure"},
    {"POST", "/Patient", "{\"resourceType\":\"Flag\"}", NULL, 422, "invalid"},
    {"POST", "/Patient", "{}", "Content-Type: text/plain", 415,
	"not-supported"},
    {"PUT", "/Patient/a_b", "{\"resourceType\":\"Patient\",\"id\":\"a_b\"}",
	NULL, 422, "invalid"},
    {"GET", "/Patient?_lastUpdated=ge2026-13-01", NULL, NULL, 400, "invalid"},
    {"GET", "/Patient?_lastUpdated=ge2026-01-01T00:00:00+01:00", NULL, NULL,
	400, "invalid"},
    {"GET", "/Patient?_count=x", NULL, NULL, 400, "invalid"},
    {"GET", "/Patient?_format=xml", NULL, NULL, 400, "invalid"},
    {"GET", "/Patient?identifier:not=1", NULL, NULL, 400, "not-supported"},
    {"GET", "/Flag?status=active", NULL, "Prefer: handling=strict", 400,
	"not-supported"},
    {"GET", "?_page=8000000000000000.1", NULL, NULL, 410, "expired"},
    {"POST", "", "{\"resourceType\":\"Bundle\",\"type\":\"searchset\"}", NULL,
	400, "invalid"},
};

START_TEST(refusals_say_why)
{
	const char *headers[] = {refused[_i].header, NULL};

	call(refused[_i].method, refused[_i].url, refused[_i].body, headers);
	ck_assert_msg(got.status == refused[_i].status &&
			  strcmp(at("issue.code"), refused[_i].issue) == 0,
	    "row %d (%s): %ld %s", _i, refused[_i].url, got.status, got.body.s);
}
END_TEST

static const char *const named = "{\"resourceType\":\"Patient\",\"id\":\"p\"}";

START_TEST(counts_tell_requests)
{
	struct sandbox_counts n;

	call("PUT", "/Patient/p", named, NULL);
	call("POST", "/Flag", FLAG("a"), NULL);
	get("/Patient/p");
	get("/Patient");
	call("DELETE", "/Patient/p", NULL, NULL);
	n = sandbox_requests(sandbox, "Patient");
	ck_assert_uint_eq(n.updates, 1);
	ck_assert_uint_eq(n.reads, 1);
	ck_assert_uint_eq(n.searches, 1);
	ck_assert_uint_eq(n.deletes, 1);
	ck_assert_uint_eq(n.creates, 0);
	ck_assert_uint_eq(sandbox_requests(sandbox, "Flag").creates, 1);
	ck_assert_uint_eq(sandbox_requests(sandbox, NULL).requests, 5);
}
END_TEST

/* What is too large is refused before it is read. */
START_TEST(sizes_are_bounded)
{
	size_t n = ((size_t)64 << 20) + 1;
	char *much = malloc(n + 1);

	ck_assert_ptr_nonnull(much);
	memset(much, ' ', n);
	much[n] = '\0';
	ck_assert_int_eq(call("POST", "/Patient", much, NULL), 413);
	memset(much, 'a', 70000);
	memcpy(much, "X-Long: ", 8);
	much[70000] = '\0';
	ck_assert_int_ne(with("GET", "/Patient", NULL, much), 200);
	free(much);
	ck_assert_int_eq(get("/Patient"), 200);
}
END_TEST

static Suite *
suite_sandbox(void)
{
	Suite *s = suite_create("sandbox");
	TCase *t = tcase_create("tls");

	sandbox_fixture(t, NULL);
	tcase_add_test(t, metadata_describes_itself);
	tcase_add_test(t, create_and_read);
	tcase_add_test(t, create_prefers_minimal);
	tcase_add_test(t, create_if_none_exist);
	tcase_add_test(t, update_with_versions);
	tcase_add_test(t, conditional_update);
	tcase_add_test(t, delete_then_gone);
	tcase_add_loop_test(t, refusals_say_why, 0,
	    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(t, counts_tell_requests);
	tcase_add_test(t, sizes_are_bounded);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_sandbox())
