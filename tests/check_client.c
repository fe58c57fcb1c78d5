/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/client.h"

#include <stdlib.h>
#include <string.h>

#include "fhir/util/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/client_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	struct scripted_exchange x;
	enum err_code code;
	const char *says;
} answers[] = {
    {{.reply = {"Content-Type: text/html"}, .body = "<html>log in</html>"},
	ERR_NOT_FHIR, "HTML page"},
    {{.body = "<!DOCTYPE html><html>log in</html>"}, ERR_NOT_FHIR, "HTML"},
    {{.reply = {"Content-Type: application/fhir+xml"},
	 .body = "<Bundle xmlns=\"http://hl7.org/fhir\"/>"},
	ERR_NOT_FHIR, "application/fhir+xml"},
    {{.reply = {"Content-Type: text/plain"}, .body = "OK"}, ERR_NOT_FHIR,
	"text/plain"},
    {{.body = FIXTURE_OUTCOME}, ERR_REFUSED, "index is rebuilding"},
    {{.body = "{\"resourceType\":\"Patient\",\"id\":\"1\"}"}, ERR_NOT_FHIR,
	"Patient instead of a Bundle"},
    {{.body = "{\"resourceType\":\"Bundle\",\"type\":\"history\"}"},
	ERR_NOT_FHIR, "history"},
    {{.body = "{\"resourceType\":\"Bundle\"}"}, ERR_NOT_FHIR, "(none)"},
    {{.body = "{\"error\":\"no\"}"}, ERR_NOT_FHIR, "resourceType"},
    {{.body = "{\"resourceType\":"}, ERR_NOT_JSON, ""},
    {{.body = ""}, ERR_NOT_FHIR, "without a body"},
    {{.status = 204}, ERR_NOT_FHIR, "status 204"},
    {{.status = 400, .body = FIXTURE_OUTCOME}, ERR_REFUSED,
	"index is rebuilding"},
    {{.status = 422, .body = FIXTURE_OUTCOME}, ERR_REFUSED, "status 422"},
    {{.status = 401, .body = FIXTURE_OUTCOME}, ERR_AUTH, "status 401"},
    {{.status = 401, .reply = {"Content-Type: text/html"}, .body = "<html>"},
	ERR_AUTH, "not authorised"},
    {{.status = 403}, ERR_FORBIDDEN, "status 403"},
    {{.status = 404}, ERR_NOT_FOUND, "GET Observation: status 404"},
    {{.status = 405}, ERR_REFUSED, "status 405"},
    {{.status = 409}, ERR_CONFLICT, ""},
    {{.status = 410}, ERR_GONE, ""},
    {{.status = 412}, ERR_REFUSED, ""},
    {{.status = 501}, ERR_REFUSED, ""},
    {{.status = 304}, ERR_REFUSED, ""},
};

START_TEST(one_answer)
{
	struct scripted *s = scripted_start(NULL, &answers[_i].x, 1);
	struct client *c = fixture_connect(s, 0);
	struct fixture_seen seen;
	struct err e = ERR_INIT;
	enum err_code code = fixture_search(c, &seen, &e);

	ck_assert_msg(code == answers[_i].code && e.code == code,
	    "row %d: %s: %s", _i, err_name(code), e.text);
	ck_assert_msg(
	    strstr(e.text, answers[_i].says) != NULL, "row %d: %s", _i, e.text);
	ck_assert_msg(strpbrk(e.text, "\r\n") == NULL, "row %d", _i);
	ck_assert_ptr_null(strstr(e.text, "code=x"));
	ck_assert_uint_eq(seen.pages, 0);
	ck_assert_uint_eq(fixture_n_slept, 0);
	fixture_finish(s, c);
}
END_TEST

/* Trying again */

#define FINE                                                                   \
	{                                                                      \
		.path = FIXTURE_QUERY,                                         \
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), "")                   \
	}

static const struct {
	struct scripted_exchange x[3];
	size_t n;
	enum err_code code;
	int64_t sleeps[2];
} retries[] = {
    {{{.status = 429, .reply = {"Retry-After: 7"}}, FINE}, 2, ERR_OK, {7500}},
    {{{.status = 429,
	  .reply = {"Retry-After: Sun, 06 Nov 1994 08:51:37 GMT",
	      "Date: Sun, 06 Nov 1994 08:49:37 GMT"}},
	 FINE},
	2, ERR_OK, {120500}},
    {{{.status = 429, .reply = {"Retry-After: 86400"}}, FINE}, 2, ERR_OK,
	{900500}},
    {{{.status = 429, .reply = {"Retry-After: -1"}}, FINE}, 2, ERR_OK, {500}},
    {{{.status = 503}, {.status = 502, .body = FIXTURE_OUTCOME}, FINE}, 3,
	ERR_OK, {500, 1000}},
    {{{.fault = FAULT_CLOSE}, FINE}, 2, ERR_OK, {500}},
    {{{.body = FIXTURE_PAGE("", ""), .fault = FAULT_CUT, .at = 9}, FINE}, 2,
	ERR_OK, {500}},
    {{{.status = 500}, {.status = 500},
	 {.status = 500, .body = FIXTURE_OUTCOME}},
	3, ERR_SERVER, {500, 1000}},
    {{{.status = 429}, {.status = 429}, {.status = 429}}, 3, ERR_THROTTLED,
	{500, 1000}},
};

START_TEST(retry)
{
	struct scripted *s = scripted_start(NULL, retries[_i].x, retries[_i].n);
	struct client *c = fixture_connect(s, 0);
	struct fixture_seen seen;
	struct err e = ERR_INIT;
	enum err_code code = fixture_search(c, &seen, &e);

	ck_assert_msg(code == retries[_i].code, "row %d: %s", _i, e.text);
	ck_assert_uint_eq(seen.pages, code == ERR_OK);
	for (size_t i = 0; i < COUNT(retries[_i].sleeps); i++)
		ck_assert_msg(retries[_i].sleeps[i] == fixture_slept[i],
		    "row %d sleep %zu: %lld", _i, i,
		    (long long)fixture_slept[i]);
	fixture_finish(s, c);
}
END_TEST

/*= interop D-08 */
START_TEST(proxy_page)
{
	static const int statuses[] = {407, 502, 504};
	struct scripted_exchange x[2] = {
	    {.reply = {"Content-Type: text/html; charset=iso-8859-1"},
		.body = "<html>\xe4</html>"}};
	struct scripted *s;
	struct client_options o;
	struct client *c;
	struct fixture_seen seen;
	struct err e = ERR_INIT;
	char want[32];

	x[0].status = statuses[_i];
	x[1] = x[0];
	s = SCRIPTED(NULL, x);
	o = fixture_options(scripted_origin(s));
	o.retries = 1;
	clock_replace(&fixture_clock);
	ck_assert_int_eq(client_new(&o, &c, &e), ERR_OK);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_SERVER);
	snprintf(want, sizeof(want), "proxy said %d", statuses[_i]);
	ck_assert_msg(strstr(e.text, want) != NULL, "%s", e.text);
	client_free(c);
	scripted_end(s);
}
END_TEST

START_TEST(backoff_ceiling)
{
	static const struct scripted_exchange busy = {.status = 503};
	const struct scripted_exchange x[] = {busy, busy, busy, busy, busy};
	static const int64_t ceilings[] = {500, 1000, 1500, 1500};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client_options o = fixture_options(scripted_origin(s));
	struct client *c;
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	o.retries = 4;
	o.backoff_max_ms = 1500;
	clock_replace(&fixture_clock);
	ck_assert_int_eq(client_new(&o, &c, &e), ERR_OK);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_SERVER);
	ck_assert_uint_eq(fixture_n_jitter, COUNT(ceilings));
	for (size_t i = 0; i < COUNT(ceilings); i++)
		ck_assert_int_eq(fixture_jitter[i], ceilings[i]);
	client_free(c);
	scripted_end(s);
}
END_TEST

/* Reading one */

#define OBS7 "{\"resourceType\":\"Observation\",\"id\":\"7\"}"

static const struct {
	struct scripted_exchange x;
	enum err_code code;
} reads[] = {
    {{.method = "GET", .path = "/fhir/Observation/7", .body = OBS7}, ERR_OK},
    {{.body = "{\"resourceType\":\"Observation\",\"id\":\"8\"}"}, ERR_NOT_FHIR},
    {{.body = "{\"resourceType\":\"Patient\",\"id\":\"7\"}"}, ERR_NOT_FHIR},
    {{.body = FIXTURE_OUTCOME}, ERR_REFUSED},
    {{.body = "[]"}, ERR_NOT_FHIR},
    {{.status = 404, .body = FIXTURE_OUTCOME}, ERR_NOT_FOUND},
    {{.status = 410, .body = FIXTURE_OUTCOME}, ERR_GONE},
    {{.reply = {"Content-Type: text/html"}, .body = "<html>"}, ERR_NOT_FHIR},
};

START_TEST(read_one)
{
	struct scripted *s = scripted_start(NULL, &reads[_i].x, 1);
	struct client *c = fixture_connect(s, 0);
	struct err e = ERR_INIT;
	char *body = NULL;
	size_t len = 0;

	ck_assert_int_eq(client_read(c, "Observation", "7", &body, &len, &e),
	    (int)reads[_i].code);
	if (reads[_i].code == ERR_OK)
		ck_assert_str_eq(body, OBS7);
	else
		ck_assert_ptr_null(body);
	ck_assert_uint_eq(len, body == NULL ? 0 : strlen(body));
	free(body);
	fixture_finish(s, c);
}
END_TEST

START_TEST(read_bad_id)
{
	static const char *const ids[] = {
	    "", "../Patient/1", "a?b", "a/b", "7\r\nX: y", "a b"};
	struct scripted *s = scripted_start(NULL, NULL, 0);
	struct client *c = fixture_connect(s, 0);
	struct err e = ERR_INIT;
	char *body;
	size_t len;

	for (size_t i = 0; i < COUNT(ids); i++)
		ck_assert_int_eq(
		    client_read(c, "Observation", ids[i], &body, &len, &e),
		    ERR_INVALID);
	fixture_finish(s, c);
}
END_TEST

START_TEST(capability)
{
	static const struct scripted_exchange x[] = {
	    {.method = "GET",
		.path = "/fhir/metadata",
		.body = "{\"resourceType\":\"CapabilityStatement\"}"},
	    {.path = "/fhir/metadata", .body = OBS7},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);
	struct err e = ERR_INIT;
	char *body;
	size_t len;

	ck_assert_int_eq(client_capability(c, &body, &len, &e), ERR_OK);
	free(body);
	ck_assert_int_eq(client_capability(c, &body, &len, &e), ERR_NOT_FHIR);
	fixture_finish(s, c);
}
END_TEST

static Suite *
suite_client(void)
{
	Suite *s = suite_create("client");
	TCase *t = tcase_create("client");

	tcase_add_loop_test(t, one_answer, 0, COUNT(answers));
	tcase_add_loop_test(t, retry, 0, COUNT(retries));
	tcase_add_loop_test(t, proxy_page, 0, 3);
	tcase_add_test(t, backoff_ceiling);
	tcase_add_loop_test(t, read_one, 0, COUNT(reads));
	tcase_add_test(t, read_bad_id);
	tcase_add_test(t, capability);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_client())
