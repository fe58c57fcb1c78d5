/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox with a bearer token.
 */
#include "tests/support/check_main.h"

#include "tests/support/sandbox_call.h"

START_TEST(token_is_asked_for)
{
	get("/Patient");
	outcome_is(401, "login");
	ck_assert_str_eq(head("WWW-Authenticate"), "Bearer");
	with("GET", "/Patient", NULL, "Authorization: Bearer wrong");
	outcome_is(401, "login");
	ck_assert_int_eq(with("GET", "/Patient", NULL,
			     "Authorization: Bearer synthetic-token"),
	    200);
	ck_assert_int_eq(get("/metadata"), 200);
}
END_TEST

static Suite *
suite_sandbox_token(void)
{
	Suite *s = suite_create("sandbox_token");
	TCase *t = tcase_create("tls");

	sandbox_fixture(t, "tests/fixtures/sandbox-token");
	tcase_add_test(t, token_is_asked_for);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_sandbox_token())
