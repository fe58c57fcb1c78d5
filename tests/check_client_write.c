/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/client.h"

#include <stdlib.h>
#include <string.h>

#include "fhir/util/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/scripted.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SENT     "{\"resourceType\":\"Flag\",\"status\":\"active\"}"
#define STORED                                                                 \
	"{\"resourceType\":\"Flag\",\"id\":\"f1\",\"meta\":{"                  \
	"\"versionId\":\"9\"},\"status\":\"active\"}"
#define OUTCOME                                                                \
	"{\"resourceType\":\"OperationOutcome\",\"issue\":[{"                  \
	"\"severity\":\"error\",\"code\":\"processing\","                      \
	"\"diagnostics\":\"said why\"}]}"
#define QUERY "identifier=urn%3Ax%7C1"

static int64_t
zero(void)
{
	return 0;
}

static void
no_sleep(int64_t ms)
{
	(void)ms;
}

static int64_t
no_jitter(int64_t max)
{
	(void)max;
	return 0;
}

static const struct clock_ops hurried = {zero, zero, no_sleep, no_jitter};

static struct client *
connect_to(const struct scripted *s)
{
	struct client_options o = CLIENT_DEFAULTS;
	char base[128];
	struct client *c = NULL;
	struct err e = ERR_INIT;

	snprintf(base, sizeof(base), "%s/fhir", scripted_origin(s));
	o.base_url = base;
	o.http.ca_file = SCRIPTED_CA;
	o.http.total_timeout_ms = 3000;
	o.retries = 1;
	clock_replace(&hurried);
	ck_assert_msg(client_new(&o, &c, &e) == ERR_OK, "%s", e.text);
	return c;
}

struct expected {
	struct scripted_exchange x[2];
	size_t n;
	enum err_code code;
	bool created;
	const char *id, *version, *body; /* "" when NULL */
	const char *says;                /* of an error */
};

static void
compare(const struct expected *want, int row, enum err_code code,
    const struct client_written *w, const struct err *e)
{
	ck_assert_msg(
	    code == want->code, "row %d: %s: %s", row, err_name(code), e->text);
	if (want->says != NULL)
		ck_assert_msg(strstr(e->text, want->says) != NULL, "row %d: %s",
		    row, e->text);
	if (code != ERR_OK) {
		ck_assert_ptr_null(w->body);
		return;
	}
	ck_assert_msg(w->created == want->created, "row %d: created", row);
	ck_assert_str_eq(w->id, want->id == NULL ? "" : want->id);
	ck_assert_str_eq(
	    w->version, want->version == NULL ? "" : want->version);
	ck_assert_str_eq(w->body, want->body == NULL ? "" : want->body);
}

#define POST                                                                   \
	.method = "POST", .path = "/fhir/Flag", .body_has = SENT,              \
	.headers = {"If-None-Exist: " QUERY,                                   \
	    "Content-Type: application/fhir+json",                             \
	    "Accept: application/fhir+json", "Prefer: return=representation",  \
	    "!Authorization"}
#define LOCATED(l) .reply = {"Location: " l}

static const struct expected creates[] = {
    /* 201, 200 and 412 */
    {{{POST, .status = 201, .body = STORED,
	 .reply = {"Location: {origin}/fhir/Flag/f1/_history/9",
	     "ETag: W/\"9\""}}},
	1, ERR_OK, true, "f1", "9", STORED, NULL},
    {{{POST, .body = STORED}}, 1, ERR_OK, false, "f1", "9", STORED, NULL},
    {{{POST, .status = 412, .body = OUTCOME}}, 1, ERR_DUPLICATE, false, NULL,
	NULL, NULL, "said why"},
    /*= interop D-48: forms of Location, body or none */
    {{{POST, .status = 201, LOCATED("{origin}/fhir/Flag/f1/_history/9")}}, 1,
	ERR_OK, true, "f1", "9", NULL, NULL},
    {{{POST, .status = 201, LOCATED("{origin}/fhir/Flag/f1")}}, 1, ERR_OK, true,
	"f1", NULL, NULL, NULL},
    {{{POST, .status = 201, LOCATED("Flag/f1/_history/2?x=/Flag/no")}}, 1,
	ERR_OK, true, "f1", "2", NULL, NULL},
    {{{POST, .status = 201, LOCATED("/Flag/Flag/f1/")}}, 1, ERR_OK, true, "f1",
	NULL, NULL, NULL},
    {{{POST, .status = 201, LOCATED("{origin}/fhir/Other/f1")}}, 1, ERR_OK,
	true, NULL, NULL, NULL, NULL},
    {{{POST, .status = 201, LOCATED("/fhir/Flag/f_1/_history/x_y")}}, 1, ERR_OK,
	true, NULL, NULL, NULL, NULL},
    {{{POST, .status = 201}}, 1, ERR_OK, true, NULL, NULL, NULL, NULL},
    {{{POST, .status = 201, LOCATED("Flag/f1"), .body = OUTCOME}}, 1, ERR_OK,
	true, "f1", NULL, NULL, NULL},
    /* Forms of ETag */
    {{{POST, .status = 201, .reply = {"ETag: \"3\""}}}, 1, ERR_OK, true, NULL,
	"3", NULL, NULL},
    {{{POST, .status = 201, .reply = {"ETag: 3"}}}, 1, ERR_OK, true, NULL, "3",
	NULL, NULL},
    {{{POST, .status = 201, .reply = {"ETag: W/\"a-b.3\""}}}, 1, ERR_OK, true,
	NULL, "a-b.3", NULL, NULL},
    {{{POST, .status = 201, .reply = {"ETag: W/\"\""}}}, 1, ERR_OK, true, NULL,
	NULL, NULL, NULL},
    {{{POST, .status = 201, .reply = {"ETag: \"a b\""}}}, 1, ERR_OK, true, NULL,
	NULL, NULL, NULL},
    /* A login page is no success */
    {{{POST, .reply = {"Content-Type: text/html"}, .body = "<html>"}}, 1,
	ERR_NOT_FHIR, false, NULL, NULL, NULL, "HTML page"},
    {{{POST, .body = "{}"}}, 1, ERR_NOT_FHIR, false, NULL, NULL, NULL,
	"POST Flag"},
    {{{POST, .status = 201, LOCATED("Flag/f2"), .body = STORED}}, 1,
	ERR_NOT_FHIR, false, NULL, NULL, NULL, "another resource"},
    {{{POST, .status = 202}}, 1, ERR_REFUSED, false, NULL, NULL, NULL, "202"},
    {{{POST, .status = 307, LOCATED("/fhir/Flag2")}}, 1, ERR_REFUSED, false,
	NULL, NULL, NULL, "307"},
    /* Refusals are final, troubles are not */
    {{{POST, .status = 422, .body = OUTCOME}}, 1, ERR_REFUSED, false, NULL,
	NULL, NULL, "said why"},
    {{{POST, .status = 401}}, 1, ERR_AUTH, false, NULL, NULL, NULL, NULL},
    {{{POST, .status = 403}}, 1, ERR_FORBIDDEN, false, NULL, NULL, NULL, NULL},
    {{{POST, .fault = FAULT_CLOSE}, {POST, .body = STORED}}, 2, ERR_OK, false,
	"f1", "9", STORED, NULL},
    {{{POST, .status = 503}, {POST, .status = 201, .body = STORED}}, 2, ERR_OK,
	true, "f1", "9", STORED, NULL},
    {{{POST, .status = 201, .body = STORED, .fault = FAULT_CUT, .at = 5},
	 {POST, .body = STORED}},
	2, ERR_OK, false, "f1", "9", STORED, NULL},
};

START_TEST(create)
{
	const struct expected *want = &creates[_i];
	struct scripted *s = scripted_start(NULL, want->x, want->n);
	struct client *c = connect_to(s);
	struct client_written w = {0};
	struct err e = ERR_INIT;
	enum err_code code = client_create(c, "Flag", QUERY, SENT, &w, &e);

	compare(want, _i, code, &w, &e);
	client_written_done(&w);
	client_free(c);
	scripted_end(s);
}
END_TEST

START_TEST(plain_create_is_not_repeated)
{
	/*= interop D-42: without a condition, only "too many requests" says
	 * that nothing was done */
	static const struct scripted_exchange x[] = {
	    {.method = "POST",
		.headers = {"!If-None-Exist"},
		.fault = FAULT_CLOSE},
	    {.method = "POST", .status = 503},
	    {.method = "POST", .status = 429},
	    {.method = "POST", .status = 201, .body = STORED},
	};
	static const enum err_code codes[] = {ERR_CONNECT, ERR_SERVER, ERR_OK};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = connect_to(s);
	struct client_written w = {0};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < COUNT(codes); i++)
		ck_assert_int_eq(
		    client_create(c, "Flag", "", SENT, &w, &e), (int)codes[i]);
	client_written_done(&w);
	client_free(c);
	scripted_end(s);
}
END_TEST

#define PUT                                                                    \
	.method = "PUT", .path = "/fhir/Flag/f1", .body_has = SENT,            \
	.headers = {"If-Match: W/\"8\"",                                       \
	    "Content-Type: application/fhir+json",                             \
	    "Prefer: return=representation"}
#define UNKNOWN "unknown outcome"

static const struct expected updates[] = {
    {{{PUT, .body = STORED, .reply = {"ETag: W/\"9\""}}}, 1, ERR_OK, false,
	"f1", "9", STORED, NULL},
    {{{PUT, .reply = {"ETag: W/\"9\""}}}, 1, ERR_OK, false, "f1", "9", NULL,
	NULL},
    {{{PUT, .status = 204}}, 1, ERR_OK, false, "f1", NULL, NULL, NULL},
    {{{PUT, .status = 201, .body = STORED}}, 1, ERR_OK, true, "f1", "9", STORED,
	NULL},
    {{{PUT, .status = 409, .body = OUTCOME}}, 1, ERR_CONFLICT, false, NULL,
	NULL, NULL, "said why"},
    {{{PUT, .status = 412, .body = OUTCOME}}, 1, ERR_CONFLICT, false, NULL,
	NULL, NULL, "status 412"},
    {{{PUT, .status = 404}}, 1, ERR_NOT_FOUND, false, NULL, NULL, NULL,
	"PUT Flag"},
    {{{PUT, .status = 410}}, 1, ERR_GONE, false, NULL, NULL, NULL, NULL},
    {{{PUT, .status = 405}}, 1, ERR_REFUSED, false, NULL, NULL, NULL, NULL},
    {{{PUT, .status = 429}, {PUT, .body = STORED}}, 2, ERR_OK, false, "f1", "9",
	STORED, NULL},
    /* It may have been our own first attempt: the caller looks */
    {{{PUT, .fault = FAULT_CLOSE}, {PUT, .status = 412}}, 2, ERR_CONFLICT,
	false, NULL, NULL, NULL, UNKNOWN},
    {{{PUT, .status = 500}, {PUT, .status = 409}}, 2, ERR_CONFLICT, false, NULL,
	NULL, NULL, UNKNOWN},
    {{{PUT, .fault = FAULT_CLOSE}, {PUT, .fault = FAULT_CLOSE}}, 2, ERR_CONNECT,
	false, NULL, NULL, NULL, NULL},
    {{{PUT, .body = "{\"resourceType\":\"Flag\",\"id\":\"f2\"}"}}, 1,
	ERR_NOT_FHIR, false, NULL, NULL, NULL, "another resource"},
};

START_TEST(update)
{
	const struct expected *want = &updates[_i];
	struct scripted *s = scripted_start(NULL, want->x, want->n);
	struct client *c = connect_to(s);
	struct client_written w = {0};
	struct err e = ERR_INIT;
	enum err_code code = client_update(c, "Flag", "f1", "8", SENT, &w, &e);

	compare(want, _i, code, &w, &e);
	client_written_done(&w);
	client_free(c);
	scripted_end(s);
}
END_TEST

START_TEST(update_without_version)
{
	static const struct scripted_exchange x[] = {
	    {.method = "PUT", .headers = {"!If-Match"}, .status = 503}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = connect_to(s);
	struct client_written w = {0};
	struct err e = ERR_INIT;

	ck_assert_int_eq(
	    client_update(c, "Flag", "f1", "", SENT, &w, &e), ERR_SERVER);
	ck_assert_int_eq(
	    client_update(c, "Flag", "f1", "8\"\r\nX: y", SENT, &w, &e),
	    ERR_INVALID);
	ck_assert_int_eq(
	    client_update(c, "Flag", "../f1", "8", SENT, &w, &e), ERR_INVALID);
	client_free(c);
	scripted_end(s);
}
END_TEST

static Suite *
suite_client_write(void)
{
	Suite *s = suite_create("client_write");
	TCase *t = tcase_create("create");

	tcase_add_loop_test(t, create, 0, COUNT(creates));
	tcase_add_test(t, plain_create_is_not_repeated);
	suite_add_tcase(s, t);
	t = tcase_create("update");
	tcase_add_loop_test(t, update, 0, COUNT(updates));
	tcase_add_test(t, update_without_version);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_client_write())
