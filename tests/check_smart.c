/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMART Backend Services against a token endpoint that verifies.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/smart_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Both algorithms, and one token for many requests. */
static const struct {
	const char *key, *alg, *kid;
} keys[] = {{EC_KEY, "ES384", "key-1"}, {RSA_KEY, "RS384", "epic-key"}};

START_TEST(one_token_for_many)
{
	static const struct scripted_exchange x[] = {DISCOVERY,
	    TOKEN("first", "300", SCOPE), READ("first"), READ("first")};
	struct scripted *s = SCRIPTED(NULL, x);
	struct smart_options o = smart_fixture_options("");
	struct client *c;
	struct err e = ERR_INIT;

	oauth_client.key_file = o.key_file = keys[_i].key;
	oauth_client.alg = o.alg = keys[_i].alg;
	oauth_client.kid = o.key_id = keys[_i].kid;
	c = smart_connect(s, &o);
	ck_assert(client_granted(c, "Patient", 'r')); /* not known yet */
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	ck_assert_uint_eq(smart_noticed.n[NOTICE_TOKEN], 1);
	ck_assert_int_eq(smart_noticed.last[NOTICE_TOKEN].n, 300);
	ck_assert_uint_eq(smart_noticed.n[NOTICE_SCOPE], 0);
	ck_assert(client_granted(c, "Flag", 'u'));
	ck_assert(!client_granted(c, "Flag", 'd'));
	ck_assert(!client_granted(c, "Patient", 'r'));
	client_free(c);
	scripted_end(s);
}
END_TEST

/* Renewed at four fifths of its life, and the new assertion has its own jti
 * (oauth_judge refuses a used one). */
START_TEST(renewed_ahead)
{
	static const struct scripted_exchange x[] = {DISCOVERY,
	    TOKEN("first", "\"300\"", SCOPE), READ("first"), READ("first"),
	    TOKEN("second", "300", SCOPE), READ("second")};
	struct scripted *s = SCRIPTED(NULL, x);
	struct smart_options o = smart_fixture_options("");
	struct client *c = smart_connect(s, &o);
	struct err e = ERR_INIT;

	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	smart_now_ms += 239000;
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	smart_now_ms += 2000;
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	client_free(c);
	scripted_end(s);
}
END_TEST

/* The endpoint fails when it is time to renew: the old token serves until its
 * end, and the endpoint is left alone meanwhile. */
START_TEST(old_token_serves)
{
	static const struct scripted_exchange down = {
	    .path = "/token", .status = 503};
	const struct scripted_exchange x[] = {DISCOVERY,
	    TOKEN("first", "300", SCOPE), READ("first"), down, down, down,
	    READ("first"), READ("first"), TOKEN("second", "300", SCOPE),
	    READ("second")};
	struct scripted *s = SCRIPTED(NULL, x);
	struct smart_options o = smart_fixture_options("");
	struct client *c = smart_connect(s, &o);
	struct err e = ERR_INIT;

	ck_assert_int_eq(smart_read(c, &e), ERR_OK);
	smart_now_ms += 250000;
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	ck_assert_uint_eq(smart_noticed.n[NOTICE_TOKEN_FAILED], 1);
	ck_assert_int_eq(smart_noticed.last[NOTICE_TOKEN_FAILED].n, 30000);
	ck_assert_uint_eq(smart_sleeps, 2);
	ck_assert_int_eq(smart_slept_ms, 1500);
	smart_now_ms += 29000;
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	smart_now_ms += 30000;
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	client_free(c);
	scripted_end(s);
}
END_TEST

/*= interop D-33: a 401 in between: one new token, the same request again */
START_TEST(renewed_after_401)
{
	static const struct scripted_exchange x[] = {DISCOVERY,
	    TOKEN("first", "3000", SCOPE), READ("first"), REFUSED_401,
	    TOKEN("second", "3000", SCOPE), READ("second"),
	    /* and once more within the minute: it is what it is */
	    REFUSED_401, REFUSED_401,
	    /* later again */
	    REFUSED_401, TOKEN("third", "3000", SCOPE), REFUSED_401};
	struct scripted *s = SCRIPTED(NULL, x);
	struct smart_options o = smart_fixture_options("");
	struct client *c = smart_connect(s, &o);
	struct err e = ERR_INIT;

	ck_assert_int_eq(smart_read(c, &e), ERR_OK);
	smart_now_ms += 100000;
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	ck_assert_uint_eq(smart_noticed.n[NOTICE_TOKEN_REFUSED], 1);
	ck_assert_int_eq(smart_read(c, &e), ERR_AUTH);
	ck_assert_int_eq(smart_read(c, &e), ERR_AUTH);
	smart_now_ms += 61000;
	ck_assert_int_eq(smart_read(c, &e), ERR_AUTH);
	ck_assert_uint_eq(smart_noticed.n[NOTICE_TOKEN_REFUSED], 2);
	ck_assert_ptr_null(strstr(e.text, "third"));
	client_free(c);
	scripted_end(s);
}
END_TEST

/* A write that met a 401 did nothing, and is sent again. */
START_TEST(write_after_401)
{
	static const struct scripted_exchange x[] = {DISCOVERY,
	    TOKEN("first", "3000", SCOPE),
	    {.method = "POST",
		.path = "/fhir/Flag",
		.headers = {"Authorization: Bearer first"},
		.status = 401},
	    TOKEN("second", "3000", SCOPE),
	    {.method = "POST",
		.path = "/fhir/Flag",
		.headers = {"Authorization: Bearer second"},
		.status = 201,
		.reply = {"Location: Flag/9"}}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct smart_options o = smart_fixture_options("");
	struct client *c = smart_connect(s, &o);
	struct client_written w;
	struct err e = ERR_INIT;

	ck_assert_msg(client_create(c, "Flag", "",
			  "{\"resourceType\":\"Flag\"}", &w, &e) == ERR_OK,
	    "%s", e.text);
	ck_assert_str_eq(w.id, "9");
	client_written_done(&w);
	client_free(c);
	scripted_end(s);
}
END_TEST

/*= interop D-34 */
static const struct {
	const char *body;
	int status;
	const char *says;
} refusals[] = {
    {"{\"error\":\"invalid_client\",\"error_description\":null}", 401,
	"invalid_client"},
    {"{\"error\":\"invalid_client\",\"error_description\":\"planted\"}", 400,
	"registered key"},
    {"{\"error\":\"invalid_scope\"}", 400, "invalid_scope"},
    {"{\"error\":\"invalid_request\"}", 400, "invalid_request"},
    {"{\"error\":\"<script>\"}", 400, "status 400"},
    {"<html>planted</html>", 403, "status 403"},
    {"", 302, "status 302"},
    {"{\"token_type\":\"mac\",\"access_token\":\"planted\"}", 200,
	"no bearer token"},
    {"{\"token_type\":\"bearer\",\"access_token\":\"planted\\r\\nX: y\"}", 200,
	"not usable"},
    {"{\"token_type\":\"bearer\",\"access_token\":\"\"}", 200, "not usable"},
};

START_TEST(operator_has_to_act)
{
	struct scripted_exchange x[] = {DISCOVERY,
	    {.path = "/token", .judge = oauth_judge}, DISCOVERY,
	    TOKEN("late", "300", SCOPE), READ("late")};
	struct smart_options o = smart_fixture_options("");
	struct scripted *s;
	struct client *c;
	struct err e = ERR_INIT;

	x[1].status = refusals[_i].status;
	x[1].body = refusals[_i].body;
	s = SCRIPTED(NULL, x);
	c = smart_connect(s, &o);
	ck_assert_int_eq(smart_read(c, &e), ERR_AUTH);
	ck_assert_msg(strstr(e.text, refusals[_i].says) != NULL, "row %d: %s",
	    _i, e.text);
	ck_assert_ptr_null(strstr(e.text, "planted"));
	ck_assert_ptr_null(strstr(e.text, "script"));
	ck_assert_uint_eq(smart_sleeps, 0);
	ck_assert_int_eq(smart_noticed.last[NOTICE_TOKEN_FAILED].n, 300000);
	/* Nobody is asked for five minutes, and the reason stays. */
	smart_now_ms += 299000;
	ck_assert_int_eq(smart_read(c, &e), ERR_AUTH);
	ck_assert_ptr_nonnull(strstr(e.text, "not asked again for 1 s"));
	ck_assert_ptr_nonnull(strstr(e.text, refusals[_i].says));
	ck_assert_uint_eq(scripted_requests(s), 2);
	smart_now_ms += 1000;
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	client_free(c);
	scripted_end(s);
}
END_TEST

/*= interop D-11: refused, and the server's clock is another: once more in its
 * time, and from then on; a refusal for another reason is not repeated */
static const int64_t clocks[] = {3600, -3600, 0};

START_TEST(servers_time_is_taken)
{
	/* The fixture's clock: Wed, 25 Nov 2026 09:46:40 GMT. */
	static const char *const dates[] = {
	    "Date: Wed, 25 Nov 2026 10:46:40 GMT",
	    "Date: Wed, 25 Nov 2026 08:46:40 GMT",
	    "Date: Wed, 25 Nov 2026 09:46:45 GMT"};
	struct scripted_exchange x[] = {DISCOVERY,
	    {.path = "/token",
		.status = 400,
		.reply = {JSON, dates[_i]},
		.body = "{\"error\":\"invalid_client\"}"},
	    TOKEN("late", "300", SCOPE), READ("late"),
	    TOKEN("later", "300", SCOPE), READ("later")};
	struct smart_options o = smart_fixture_options("");
	struct scripted *s;
	struct client *c;
	struct err e = ERR_INIT;

	oauth_client.ahead_s = clocks[_i];
	s = scripted_start(NULL, x, clocks[_i] == 0 ? 2 : COUNT(x));
	c = smart_connect(s, &o);
	if (clocks[_i] == 0) {
		ck_assert_int_eq(smart_read(c, &e), ERR_AUTH);
	} else {
		ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
		smart_now_ms += 290000;
		ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	}
	client_free(c);
	scripted_end(s);
}
END_TEST

/* Down: tried a few times, then left alone for longer and longer. */
START_TEST(endpoint_down)
{
	static const struct scripted_exchange down = {
	    .path = "/token", .status = 503, .reply = {"Retry-After: 3"}};
	const struct scripted_exchange x[] = {DISCOVERY, down, down, down, down,
	    down, down, TOKEN("late", "300", SCOPE), READ("late")};
	struct scripted *s = SCRIPTED(NULL, x);
	struct smart_options o = smart_fixture_options("");
	struct client *c = smart_connect(s, &o);
	struct err e = ERR_INIT;

	ck_assert_int_eq(smart_read(c, &e), ERR_SERVER);
	ck_assert_uint_eq(smart_sleeps, 2);
	ck_assert_int_eq(smart_slept_ms, 3500 + 4000);
	ck_assert_int_eq(smart_noticed.last[NOTICE_TOKEN_FAILED].n, 30000);
	ck_assert_int_eq(smart_read(c, &e), ERR_SERVER);
	ck_assert_uint_eq(smart_sleeps, 2);
	smart_now_ms += 30000;
	ck_assert_int_eq(smart_read(c, &e), ERR_SERVER);
	ck_assert_int_eq(smart_noticed.last[NOTICE_TOKEN_FAILED].n, 60000);
	smart_now_ms += 60000;
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	client_free(c);
	scripted_end(s);
}
END_TEST

/* Granted less than asked for */

static const struct {
	const char *granted, *missing;
	bool read, write;
} grants[] = {
    {SCOPE, "", true, true},
    {"system/*.cruds", "", true, true},
    {"system/Observation.rs", "system/Flag.crus", false, false},
    {"system/Observation.rs system/Flag.rs", "system/Flag.crus", true, false},
    {"system/Observation.read system/Flag.read system/Flag.write", "", true,
	true},
    {"system/Observation.rs?category=x system/Flag.crus",
	"system/Observation.rs", true, true},
};

START_TEST(narrower_scope)
{
	char body[512];
	struct scripted_exchange x[] = {
	    DISCOVERY, TOKEN("t", "300", ""), READ("t")};
	struct smart_options o = smart_fixture_options("");
	struct scripted *s;
	struct client *c;
	struct err e = ERR_INIT;

	snprintf(body, sizeof(body),
	    "{\"access_token\":\"t\",\"token_type\":\"bearer\","
	    "\"expires_in\":300,\"scope\":\"%s\"}",
	    grants[_i].granted);
	x[1].body = body;
	s = SCRIPTED(NULL, x);
	c = smart_connect(s, &o);
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	ck_assert_msg(strcmp(smart_noticed.words, grants[_i].missing) == 0,
	    "row %d: %s", _i, smart_noticed.words);
	ck_assert_uint_eq(
	    smart_noticed.n[NOTICE_SCOPE], grants[_i].missing[0] != '\0');
	ck_assert_int_eq(client_granted(c, "Flag", 'r'), grants[_i].read);
	ck_assert_int_eq(client_granted(c, "Flag", 'c'), grants[_i].write);
	ck_assert(client_granted(c, "Observation", 's'));
	client_free(c);
	scripted_end(s);
}
END_TEST

static Suite *
suite_smart(void)
{
	Suite *s = suite_create("smart");
	TCase *t = tcase_create("smart");

	tcase_add_checked_fixture(t, smart_setup, NULL);
	tcase_add_loop_test(t, one_token_for_many, 0, COUNT(keys));
	tcase_add_test(t, renewed_ahead);
	tcase_add_test(t, old_token_serves);
	tcase_add_test(t, renewed_after_401);
	tcase_add_test(t, write_after_401);
	tcase_add_loop_test(t, servers_time_is_taken, 0, COUNT(clocks));
	tcase_add_loop_test(t, operator_has_to_act, 0, COUNT(refusals));
	tcase_add_test(t, endpoint_down);
	tcase_add_loop_test(t, narrower_scope, 0, COUNT(grants));
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_smart())
