/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of an export: kick-off, status, files, manifest.
 */
#include "fhir/client_bulk.h"

#include <stdlib.h>
#include <string.h>

#include "fhir/util/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/client_fixture.h"

static struct scripted *s;
static struct client *c;

static void
begin(const struct scripted_exchange *x, size_t n, const char *trusted)
{
	struct client_options o;
	struct err e = ERR_INIT;
	char base[100];

	fixture_write_token("planted-token\n", 0600);
	clock_replace(&fixture_clock);
	s = scripted_start(NULL, x, n);
	snprintf(base, sizeof(base), "%s/fhir", scripted_origin(s));
	o = fixture_options(base);
	o.token_file = fixture_token;
	o.trusted_origins = &trusted;
	o.n_trusted_origins = trusted == NULL ? 0 : 1;
	ck_assert_msg(client_new(&o, &c, &e) == ERR_OK, "%s", e.text);
}
#define BEGIN(x) begin((x), sizeof(x) / sizeof((x)[0]), NULL)

static void
end(void)
{
	fixture_finish(s, c);
}

/* The second name of the same server. */
static const char *
other(void)
{
	static char buf[64];

	snprintf(buf, sizeof(buf), "https://127.0.0.1%s",
	    strrchr(scripted_origin(s), ':'));
	return buf;
}

START_TEST(kick_off)
{
	static const struct scripted_exchange x[] = {
	    {.method = "GET",
		.path = "/fhir/Group/1/$export?_type=Observation",
		.headers = {"Accept: application/fhir+json",
		    "Prefer: respond-async", FIXTURE_AUTH},
		.status = 202,
		.reply = {"Content-Location: {origin}/job/7"}},
	    {.path = "/fhir/$export",
		.status = 202,
		.reply = {"Content-Location: /job/8"}},
	};
	struct err e = ERR_INIT;
	char *url = NULL;

	BEGIN(x);
	ck_assert_int_eq(client_export_start(
			     c, "Group/1/$export?_type=Observation", &url, &e),
	    ERR_OK);
	ck_assert_str_eq(strrchr(url, '/'), "/7");
	free(url);
	ck_assert_int_eq(client_export_start(c, "$export", &url, &e), ERR_OK);
	ck_assert_int_eq(
	    strncmp(url, scripted_origin(s), strlen(scripted_origin(s))), 0);
	free(url);
	end();
}
END_TEST

static const struct {
	struct scripted_exchange x;
	enum err_code want;
} refusals[] = {
    {{.status = 202}, ERR_NOT_FHIR},
    {{.status = 200, .body = "{}"}, ERR_NOT_FHIR},
    {{.status = 202, .reply = {"Content-Location: https://evil.invalid/"}},
	ERR_FOREIGN},
    {{.status = 202, .reply = {"Content-Location: http://localhost/"}},
	ERR_FOREIGN},
    {{.status = 400, .body = FIXTURE_OUTCOME}, ERR_REFUSED},
    {{.status = 403}, ERR_FORBIDDEN},
};

START_TEST(kick_off_refused)
{
	struct err e = ERR_INIT;
	char *url = NULL;

	begin(&refusals[_i].x, 1, NULL);
	ck_assert_int_eq(
	    client_export_start(c, "$export", &url, &e), refusals[_i].want);
	ck_assert_ptr_null(url);
	end();
}
END_TEST

START_TEST(status)
{
	static const struct scripted_exchange x[] = {
	    {.path = "/fhir/s",
		.headers = {"Accept: application/json", FIXTURE_AUTH},
		.status = 202,
		.reply = {"Retry-After: 5", "X-Progress: half"}},
	    {.path = "/fhir/s", .status = 202},
	    {.path = "/fhir/s",
		.reply = {"Content-Type: application/json"},
		.body = "{\"transactionTime\":\"2024-01-01T00:00:00Z\"}"},
	    {.path = "/fhir/s", .status = 404},
	    {.method = "DELETE",
		.path = "/fhir/s",
		.headers = {FIXTURE_AUTH},
		.status = 202},
	};
	struct client_export got;
	struct err e = ERR_INIT;
	char url[100];

	BEGIN(x);
	snprintf(url, sizeof(url), "%s/fhir/s", scripted_origin(s));
	ck_assert_int_eq(client_export_look(c, url, &got, &e), ERR_OK);
	ck_assert(!got.ready);
	ck_assert_int_eq(got.retry_after_s, 5);
	ck_assert_int_eq(client_export_look(c, url, &got, &e), ERR_OK);
	ck_assert_int_eq(got.retry_after_s, -1);
	ck_assert_int_eq(client_export_look(c, url, &got, &e), ERR_OK);
	ck_assert(got.ready);
	ck_assert_ptr_nonnull(strstr(got.body, "transactionTime"));
	free(got.body);
	ck_assert_int_eq(client_export_look(c, url, &got, &e), ERR_NOT_FOUND);
	ck_assert_int_eq(client_export_end(c, url, &e), ERR_OK);
	end();
}
END_TEST

/* --- files --- */

struct heard {
	size_t lines, restarts;
	enum err_code fail;
	char all[200];
};

static void
restart(void *ctx)
{
	struct heard *h = ctx;

	h->restarts++;
	h->lines = 0;
	h->all[0] = '\0';
}

static enum err_code
line(void *ctx, const char *text, size_t n, bool too_long, struct err *e)
{
	struct heard *h = ctx;
	size_t at = strlen(h->all);

	(void)too_long;
	h->lines++;
	snprintf(h->all + at, sizeof(h->all) - at, "%.*s ", (int)n, text);
	return h->fail == ERR_OK ? ERR_OK : err_set(e, h->fail, "of ours");
}

static enum err_code
download(struct heard *h, bool with_token, size_t max, struct err *e)
{
	char url[100];
	struct client_download d = {.url = url,
	    .with_token = with_token,
	    .max_line = 20,
	    .max_file = max,
	    .restart = restart,
	    .line = line,
	    .ctx = h};
	size_t lines = 0;
	enum err_code rc;

	snprintf(url, sizeof(url), "%s/f", scripted_origin(s));
	rc = client_export_file(c, &d, &lines, e);
	if (rc == ERR_OK)
		ck_assert_uint_eq(lines, h->lines);
	return rc;
}

#define NDJSON "Content-Type: application/fhir+ndjson"

START_TEST(token_goes_only_where_it_is_asked_for)
{
	static const struct scripted_exchange x[] = {
	    {.path = "/f",
		.headers = {"Accept: application/fhir+ndjson", FIXTURE_AUTH},
		.reply = {NDJSON},
		.body = "{\"a\":1}\n{\"b\":2}\n"},
	    {.path = "/f",
		.headers = {"!Authorization"},
		.reply = {NDJSON},
		.body = "{\"c\":1}"},
	};
	struct heard h = {0};
	struct err e = ERR_INIT;

	BEGIN(x);
	ck_assert_int_eq(download(&h, true, 1000, &e), ERR_OK);
	ck_assert_str_eq(h.all, "{\"a\":1} {\"b\":2} ");
	ck_assert_int_eq(download(&h, false, 1000, &e), ERR_OK);
	ck_assert_str_eq(h.all, "{\"c\":1} ");
	end();
}
END_TEST

/*= interop D-09, B.11: 307 to a store elsewhere */
START_TEST(redirect_loses_the_token)
{
	static const struct scripted_exchange x[] = {
	    {.path = "/f",
		.headers = {FIXTURE_AUTH},
		.status = 307,
		.reply = {"Location: /g"}},
	    {.path = "/g",
		.headers = {FIXTURE_AUTH},
		.status = 307,
		.reply = {"Location: {other}/h"}},
	    {.path = "/h",
		.headers = {"!Authorization"},
		.reply = {NDJSON},
		.body = "{}\n"},
	};
	struct heard h = {0};
	struct err e = ERR_INIT;
	struct client_options o;
	const char *trusted;
	char base[100];

	BEGIN(x);
	client_free(c);
	snprintf(base, sizeof(base), "%s/fhir", scripted_origin(s));
	trusted = other();
	o = fixture_options(base);
	o.token_file = fixture_token;
	o.trusted_origins = &trusted;
	o.n_trusted_origins = 1;
	ck_assert_int_eq(client_new(&o, &c, &e), ERR_OK);
	ck_assert_msg(download(&h, true, 1000, &e) == ERR_OK, "%s", e.text);
	ck_assert_uint_eq(h.lines, 1);
	end();
}
END_TEST

START_TEST(redirect_to_strangers_is_refused)
{
	static const struct scripted_exchange x[] = {
	    {.path = "/f", .status = 307, .reply = {"Location: {other}/h"}},
	};
	struct heard h = {0};
	struct err e = ERR_INIT;

	BEGIN(x);
	ck_assert_int_eq(download(&h, true, 1000, &e), ERR_FOREIGN);
	end();
}
END_TEST

/*= interop D-05 */
START_TEST(cut_file_is_read_from_its_start)
{
	static const struct scripted_exchange x[] = {
	    {.path = "/f",
		.reply = {NDJSON},
		.body = "{\"a\":1}\n{\"b\":2}\n",
		.fault = FAULT_CUT,
		.at = 12},
	    {.path = "/f", .reply = {NDJSON}, .body = "{\"a\":1}\n{\"b\":2}\n"},
	};
	struct heard h = {0};
	struct err e = ERR_INIT;

	BEGIN(x);
	ck_assert_msg(download(&h, true, 1000, &e) == ERR_OK, "%s", e.text);
	ck_assert_uint_eq(h.restarts, 2);
	ck_assert_str_eq(h.all, "{\"a\":1} {\"b\":2} ");
	end();
}
END_TEST

static const struct {
	struct scripted_exchange x;
	enum err_code fail, want;
} spoiled[] = {
    {{.body = "<html>", .reply = {"Content-Type: text/html"}}, ERR_OK,
	ERR_NOT_FHIR},
    {{.body = "[1]", .reply = {NDJSON}}, ERR_OK, ERR_NOT_FHIR},
    {{.body = "{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n", .reply = {NDJSON}},
	ERR_OK, ERR_LIMIT},
    {{.body = "{}\n", .reply = {NDJSON}}, ERR_STORE, ERR_STORE},
    {{.status = 404}, ERR_OK, ERR_NOT_FOUND},
    {{.status = 403, .body = FIXTURE_OUTCOME}, ERR_OK, ERR_FORBIDDEN},
};

START_TEST(file_not_usable)
{
	struct heard h = {.fail = spoiled[_i].fail};
	struct err e = ERR_INIT;

	begin(&spoiled[_i].x, 1, NULL);
	ck_assert_int_eq(download(&h, true, 20, &e), spoiled[_i].want);
	end();
}
END_TEST

/* --- manifest --- */

static enum err_code
read_manifest(const char *text, struct arena *a, struct bulk_manifest *ret)
{
	struct json_doc *doc = NULL;
	struct err e = ERR_INIT;
	enum err_code rc;

	ck_assert_int_eq(json_parse(text, strlen(text), &doc, &e), ERR_OK);
	rc = bulk_manifest_read(json_root(doc), a, ret, &e);
	json_free(doc);
	return rc;
}

START_TEST(manifest)
{
	struct arena *a = arena_new();
	struct bulk_manifest m;

	ck_assert_int_eq(
	    read_manifest("{\"transactionTime\":\"2024-01-01T00:00:00Z\","
			  "\"requiresAccessToken\":true,\"output\":[{\"type\":"
			  "\"Observation\",\"url\":\"https://h/1\",\"count\":"
			  "3},{\"type\":\"Patient\",\"url\":\"https://h/2\"}],"
			  "\"deleted\":[{\"type\":\"Bundle\",\"url\":"
			  "\"https://h/3\"}],\"error\":[]}",
		a, &m),
	    ERR_OK);
	ck_assert_int_eq(m.time_ms, INT64_C(1704067200000));
	ck_assert(m.requires_token);
	ck_assert_uint_eq(m.output.n, 2);
	ck_assert_int_eq(m.output.items[0].count, 3);
	ck_assert_int_eq(m.output.items[1].count, -1);
	ck_assert_uint_eq(m.deleted.n, 1);
	ck_assert_uint_eq(m.error.n, 0);
	/* Said to need none, or not said. */
	ck_assert_int_eq(
	    read_manifest(
		"{\"transactionTime\":\"2024-01-01T00:00:00Z\"}", a, &m),
	    ERR_OK);
	ck_assert(!m.requires_token);
	ck_assert_int_eq(read_manifest("{}", a, &m), ERR_INVALID);
	ck_assert_int_eq(read_manifest("{\"transactionTime\":\"soon\"}", a, &m),
	    ERR_INVALID);
	ck_assert_int_eq(
	    read_manifest("{\"transactionTime\":\"2024-01-01T00:00:00Z\","
			  "\"output\":[{\"type\":\"Patient\"}]}",
		a, &m),
	    ERR_INVALID);
	arena_free(a);
}
END_TEST

static Suite *
suite_client_bulk(void)
{
	Suite *all = suite_create("client_bulk");
	TCase *t = tcase_create("client_bulk");

	tcase_add_test(t, kick_off);
	tcase_add_loop_test(t, kick_off_refused, 0,
	    (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(t, status);
	tcase_add_test(t, token_goes_only_where_it_is_asked_for);
	tcase_add_test(t, redirect_loses_the_token);
	tcase_add_test(t, redirect_to_strangers_is_refused);
	tcase_add_test(t, cut_file_is_read_from_its_start);
	tcase_add_loop_test(
	    t, file_not_usable, 0, (int)(sizeof(spoiled) / sizeof(spoiled[0])));
	tcase_add_test(t, manifest);
	suite_add_tcase(all, t);
	return all;
}

CHECK_MAIN(suite_client_bulk())
