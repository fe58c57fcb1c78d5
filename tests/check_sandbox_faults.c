/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox: faults on demand.
 */
#include "tests/support/check_main.h"

#include <stdlib.h>

#include "tests/support/sandbox_call.h"

static void
order(struct sandbox_fault f)
{
	struct err e = ERR_INIT;

	ck_assert_int_eq(sandbox_fault(sandbox, &f, &e), ERR_OK);
}

START_TEST(fault_status)
{
	order((struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
	    .method = "GET",
	    .path = "/Patient",
	    .times = 2,
	    .skip = 1,
	    .status = 429,
	    .retry_after = "7"});
	ck_assert_int_eq(get("/Patient"), 200);
	ck_assert_int_eq(get("/Flag"), 200);
	ck_assert_int_eq(get("/Patient"), 429);
	ck_assert_str_eq(head("Retry-After"), "7");
	ck_assert_int_eq(get("/Patient/1"), 429);
	ck_assert_int_eq(get("/Patient"), 200);
	ck_assert_uint_eq(sandbox_requests(sandbox, NULL).faults, 2);
}
END_TEST

START_TEST(fault_by_admin_request)
{
	char url[64];

	snprintf(url, sizeof(url), "https://localhost:%u/$fault",
	    (unsigned)sandbox_port(sandbox));
	ck_assert_int_eq(
	    call("POST", url,
		"{\"kind\":\"status\",\"status\":500,\"times\":-1}", NULL),
	    204);
	ck_assert_int_eq(get("/Patient"), 500);
	ck_assert_int_eq(get("/Patient"), 500);
	ck_assert_int_eq(call("POST", url, "{\"kind\":\"clear\"}", NULL), 204);
	ck_assert_int_eq(get("/Patient"), 200);
	ck_assert_int_eq(
	    call("POST", url, "{\"kind\":\"unheard-of\"}", NULL), 400);
}
END_TEST

START_TEST(fault_login_page)
{
	order((struct sandbox_fault){.kind = SANDBOX_FAULT_LOGIN});
	ck_assert_int_eq(get("/Patient"), 200);
	ck_assert_ptr_nonnull(strstr(head("Content-Type"), "text/html"));
	ck_assert_ptr_null(got.root);
}
END_TEST

static const char *const named = "{\"resourceType\":\"Patient\",\"id\":\"p\"}";

START_TEST(fault_close)
{
	order((struct sandbox_fault){
	    .kind = SANDBOX_FAULT_CLOSE, .method = "PUT"});
	call("PUT", "/Patient/p", named, NULL);
	ck_assert_int_ne(got.code, CURLE_OK);
	ck_assert_uint_eq(sandbox_count(sandbox, "Patient"), 0);
}
END_TEST

START_TEST(fault_lost_answer)
{
	order((struct sandbox_fault){
	    .kind = SANDBOX_FAULT_LOST, .method = "PUT"});
	call("PUT", "/Patient/p", named, NULL);
	ck_assert_int_ne(got.code, CURLE_OK);
	ck_assert_int_eq(got.status, 0);
	ck_assert_uint_eq(sandbox_count(sandbox, "Patient"), 1);
	ck_assert_int_eq(get("/Patient/p"), 200);
}
END_TEST

START_TEST(fault_stall)
{
	CURL *impatient;

	order((struct sandbox_fault){.kind = SANDBOX_FAULT_STALL, .ms = 300});
	get("/Patient");
	ck_assert_int_ne(got.code, CURLE_OK);
	/* Still stalled when the server stops: nothing leaks. */
	order((struct sandbox_fault){.kind = SANDBOX_FAULT_STALL, .ms = 60000});
	impatient = curl_easy_init();
	curl_easy_setopt(impatient, CURLOPT_URL, sandbox_url(sandbox));
	curl_easy_setopt(impatient, CURLOPT_CAINFO, SANDBOX_CERTS "/ca.pem");
	curl_easy_setopt(impatient, CURLOPT_TIMEOUT_MS, 300L);
	ck_assert_int_eq(
	    curl_easy_perform(impatient), CURLE_OPERATION_TIMEDOUT);
	curl_easy_cleanup(impatient);
	ck_assert_int_eq(get("/Patient"), 200);
}
END_TEST

START_TEST(fault_truncated)
{
	order((struct sandbox_fault){.kind = SANDBOX_FAULT_TRUNCATE});
	get("/metadata");
	ck_assert_int_eq(got.code, CURLE_PARTIAL_FILE);
	ck_assert_uint_gt(got.body.len, 0);
	ck_assert_int_eq(get("/metadata"), 200);
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

START_TEST(fault_next_links)
{
	char first[512];

	put_patients(6);
	order((struct sandbox_fault){
	    .kind = SANDBOX_FAULT_LOOP_NEXT, .path = "_page="});
	get("/Patient?_count=2");
	snprintf(first, sizeof(first), "%s", next_link());
	get(first);
	ck_assert_str_eq(next_link(), first);
	order((struct sandbox_fault){.kind = SANDBOX_FAULT_FOREIGN_NEXT});
	get("/Patient?_count=2");
	ck_assert_str_eq(next_link(), "https://elsewhere.invalid/fhir?_page=1");
}
END_TEST

static Suite *
suite_sandbox_faults(void)
{
	Suite *s = suite_create("sandbox_faults");
	TCase *t = tcase_create("tls");

	sandbox_fixture(t, NULL);
	tcase_add_test(t, fault_status);
	tcase_add_test(t, fault_by_admin_request);
	tcase_add_test(t, fault_login_page);
	tcase_add_test(t, fault_close);
	tcase_add_test(t, fault_lost_answer);
	tcase_add_test(t, fault_stall);
	tcase_add_test(t, fault_truncated);
	tcase_add_test(t, fault_next_links);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_sandbox_faults())
