/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox: transaction and batch.
 */
#include "tests/support/check_main.h"

#include <stdlib.h>

#include "tests/support/sandbox_call.h"

static const char transaction[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["
    "{\"fullUrl\":\"urn:uuid:f1\",\"resource\":{\"resourceType\":"
    "\"Provenance\",\"target\":[{\"reference\":\"urn:uuid:f2\"}],"
    "\"note\":\"not \\\"urn:uuid:f2\\\" here\"},\"request\":{\"method\":"
    "\"POST\",\"url\":\"Provenance\"}},"
    "{\"fullUrl\":\"urn:uuid:f2\",\"resource\":" FLAG(
	"a") ",\"request\":{"
	     "\"method\":\"POST\",\"url\":\"Flag\",\"ifNoneExist\":"
	     "\"identifier=urn:s|a\"}},"
	     "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\"},"
	     "\"request\":{"
	     "\"method\":\"PUT\",\"url\":\"Patient/p\"}},"
	     "{\"request\":{\"method\":\"GET\",\"url\":\"Patient/p\"}}]}";

START_TEST(transaction_rewrites_and_answers)
{
	const struct json_value *e;
	char target[128];

	ck_assert_int_eq(call("POST", "", transaction, NULL), 200);
	ck_assert_str_eq(at("type"), "transaction-response");
	e = json_get(got.root, "entry");
	ck_assert_uint_eq(json_length(e), 4);
	for (size_t i = 0; i < 3; i++)
		ck_assert_str_eq(
		    json_string_at(json_at(e, i), "response.status"),
		    "201 Created");
	ck_assert_str_eq(json_string_at(json_at(e, 3), "resource.id"), "p");
	get("/Flag");
	snprintf(target, sizeof(target),
	    "\"target\":[{\"reference\":"
	    "\"Flag/%s\"}]",
	    at("entry.resource.id"));
	get("/Provenance");
	ck_assert_ptr_nonnull(strstr(got.body.s, target));
	ck_assert_ptr_nonnull(
	    strstr(got.body.s, "not \\\"urn:uuid:f2\\\" here"));
	/* Again: the Flag is found, the Patient as it was. */
	call("POST", "", transaction, NULL);
	e = json_get(got.root, "entry");
	ck_assert_str_eq(
	    json_string_at(json_at(e, 1), "response.status"), "200 OK");
	ck_assert_uint_eq(sandbox_count(sandbox, "Flag"), 1);
	ck_assert_uint_eq(sandbox_count(sandbox, "Provenance"), 2);
}
END_TEST

#define THREE_WRITES(type)                                                     \
	"{\"resourceType\":\"Bundle\",\"type\":\"" type "\",\"entry\":["       \
	"{\"resource\":" FLAG(                                                 \
	    "a") ",\"request\":{\"method\":\"POST\","                          \
		 "\"url\":\"Flag\"}},"                                         \
		 "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\","   \
		 "\"active\":false},\"request\":{\"method\":\"PUT\",\"url\":"  \
		 "\"Patient/p\"}},"                                            \
		 "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"q\"},"  \
		 "\"request\":{\"method\":\"PUT\",\"url\":\"Patient/q\","      \
		 "\"ifMatch\":\"W/\\\"7\\\"\"}}]}"

START_TEST(transaction_is_all_or_nothing)
{
	char *text;

	put("{\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true}");
	call("POST", "", THREE_WRITES("transaction"), NULL);
	outcome_is(412, "conflict");
	ck_assert_uint_eq(sandbox_count(sandbox, "Flag"), 0);
	text = sandbox_get(sandbox, "Patient", "p");
	ck_assert_ptr_nonnull(strstr(text, "\"active\":true"));
	ck_assert_ptr_nonnull(strstr(text, "\"versionId\":\"1\""));
	free(text);
	get("/Patient?active=true");
	ck_assert_uint_eq(entries(), 1);
	get("/Flag?identifier=a");
	ck_assert_uint_eq(entries(), 0);
}
END_TEST

START_TEST(transaction_writes_an_identity_once)
{
	call("POST", "",
	    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["
	    "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\"},"
	    "\"request\":{\"method\":\"PUT\",\"url\":\"Patient/p\"}},"
	    "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\"},"
	    "\"request\":{\"method\":\"PUT\",\"url\":\"Patient/p\"}}]}",
	    NULL);
	outcome_is(400, "invalid");
	ck_assert_uint_eq(sandbox_count(sandbox, "Patient"), 0);
}
END_TEST

START_TEST(batch_answers_each)
{
	const struct json_value *e;

	call("POST", "", THREE_WRITES("batch"), NULL);
	ck_assert_int_eq(got.status, 200);
	ck_assert_str_eq(at("type"), "batch-response");
	e = json_get(got.root, "entry");
	ck_assert_str_eq(
	    json_string_at(json_at(e, 0), "response.status"), "201 Created");
	ck_assert_str_eq(json_string_at(json_at(e, 2), "response.status"),
	    "412 Precondition Failed");
	ck_assert_str_eq(
	    json_string_at(json_at(e, 2), "response.outcome.resourceType"),
	    "OperationOutcome");
	ck_assert_uint_eq(sandbox_count(sandbox, "Flag"), 1);
}
END_TEST

START_TEST(bundles_load_uncounted)
{
	struct err e = ERR_INIT;

	ck_assert_int_eq(sandbox_load_bundle(sandbox, transaction, &e), ERR_OK);
	ck_assert_uint_eq(sandbox_count(sandbox, "Flag"), 1);
	ck_assert_uint_eq(sandbox_requests(sandbox, "Flag").creates, 0);
	ck_assert_int_eq(
	    sandbox_load_bundle(sandbox,
		"{\"resourceType\":\"Bundle\",\"type\":\"collection\","
		"\"entry\":[{\"resource\":{\"resourceType\":\"Patient\","
		"\"id\":\"z\"}}]}",
		&e),
	    ERR_OK);
	ck_assert_uint_eq(sandbox_count(sandbox, "Patient"), 2);
	ck_assert_int_eq(
	    sandbox_load_bundle(sandbox, THREE_WRITES("transaction"), &e),
	    ERR_REFUSED);
	ck_assert_uint_eq(sandbox_count(sandbox, "Flag"), 1);
}
END_TEST

static Suite *
suite_sandbox_bundle(void)
{
	Suite *s = suite_create("sandbox_bundle");
	TCase *t = tcase_create("tls");

	sandbox_fixture(t, NULL);
	tcase_add_test(t, transaction_rewrites_and_answers);
	tcase_add_test(t, transaction_is_all_or_nothing);
	tcase_add_test(t, transaction_writes_an_identity_once);
	tcase_add_test(t, batch_answers_each);
	tcase_add_test(t, bundles_load_uncounted);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_sandbox_bundle())
