/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/http.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fhir/util/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/scripted.h"
#include "tests/support/shell.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct http_options quick = {.ca_file = SCRIPTED_CA,
    .user_agent = "rescan-test",
    .connect_timeout_ms = 3000,
    .total_timeout_ms = 5000,
    .low_speed_bytes = 100,
    .low_speed_seconds = 30,
    .max_body = 65536,
    .max_redirects = 3};

static enum err_code
exchange(const struct http_options *o, const struct http_request *r,
    struct http_response *ret, struct err *e)
{
	struct http *h;
	enum err_code code = http_new(o, &h, e);

	if (code == ERR_OK) {
		code = http_exchange(h, r, ret, e);
		http_free(h);
	}
	return code;
}

static enum err_code
get(const struct http_options *o, const char *origin, const char *path,
    struct http_response *ret, struct err *e)
{
	static const char *const headers[] = {
	    "Authorization: Bearer planted-token"};
	char url[512];
	struct http_request r = {
	    .method = "GET", .url = url, .headers = headers, .n_headers = 1};

	snprintf(url, sizeof(url), "%s%s", origin, path);
	return exchange(o, &r, ret, e);
}

/* Certificates */

static const struct {
	const char *name, *ca, *says;
	bool old_tls;
	const char *host; /* instead of localhost */
} bad_servers[] = {
    {"expired", SCRIPTED_CA, "certificate has expired", false, NULL},
    {"notyet", SCRIPTED_CA, "certificate is not yet valid", false, NULL},
    {"wrongname", SCRIPTED_CA, "host name does not match", false, NULL},
    {"server", SCRIPTED_CERTS "/otherca.pem", "unable to get local issuer",
	false, NULL},
    {"server", NULL, "unable to get local issuer", false, NULL},
    {"selfsigned", SCRIPTED_CA, "self-signed certificate", false, NULL},
    {"server", SCRIPTED_CA, "protocol version", true, NULL},
    {"client", SCRIPTED_CA, "purpose", false, NULL},
};

START_TEST(bad_server)
{
	struct scripted_options so = {.certificate = bad_servers[_i].name,
	    .old_tls = bad_servers[_i].old_tls};
	struct http_options o = quick;
	struct scripted *s = scripted_start(&so, NULL, 0);
	struct http_response r;
	struct err e = ERR_INIT;

	o.ca_file = bad_servers[_i].ca;
	ck_assert_int_eq(get(&o, scripted_origin(s), "/fhir", &r, &e), ERR_TLS);
	ck_assert_msg(strstr(e.text, bad_servers[_i].says) != NULL,
	    "row %d: %s", _i, e.text);
	ck_assert_msg(strstr(e.text, "localhost") != NULL, "%s", e.text);
	scripted_end(s);
}
END_TEST

START_TEST(reason_names_the_parties)
{
	struct scripted_options so = {.certificate = "expired"};
	struct scripted *s = scripted_start(&so, NULL, 0);
	struct http_response r;
	struct err e = ERR_INIT;

	ck_assert_int_eq(get(&quick, scripted_origin(s), "/", &r, &e), ERR_TLS);
	ck_assert_ptr_nonnull(strstr(e.text, "subject CN = localhost"));
	ck_assert_ptr_nonnull(
	    strstr(e.text, "issuer CN = Rescan development CA"));
	scripted_end(s);
}
END_TEST

START_TEST(no_plain_http)
{
	struct http_response r;
	struct err e = ERR_INIT;

	ck_assert_int_eq(
	    get(&quick, "http://localhost:1", "/", &r, &e), ERR_USAGE);
	ck_assert_int_eq(
	    get(&quick, "https://localhost:1", "/", &r, &e), ERR_CONNECT);
	ck_assert_int_eq(
	    get(&quick, "https://nowhere.invalid", "/", &r, &e), ERR_CONNECT);
}
END_TEST

START_TEST(no_ca_file)
{
	struct http_options o = quick;
	struct http *h = NULL;
	struct err e = ERR_INIT;

	o.ca_file = SCRIPTED_CERTS "/missing.pem";
	ck_assert_int_eq(http_new(&o, &h, &e), ERR_CONFIG);
	ck_assert_ptr_null(h);
}
END_TEST

/* Answers */

START_TEST(whole_answer)
{
	static const struct scripted_exchange x[] = {
	    {.method = "GET",
		.path = "/fhir/metadata?x=1",
		.headers = {"User-Agent: rescan-test", "Accept-Encoding: gzip",
		    "Authorization: Bearer planted-token"},
		.status = 418,
		.reply = {"ETag: W/\"3\"", "Location: {origin}/here",
		    "Date: Sun, 06 Nov 1994 08:49:37 GMT",
		    "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT",
		    "Content-Type: application/fhir+json;charset=UTF-8"},
		.body = "{\"a\":1}"},
	    {.status = 204},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct http_response r;
	struct err e = ERR_INIT;
	char want[128];

	ck_assert_int_eq(
	    get(&quick, scripted_origin(s), "/fhir/metadata?x=1", &r, &e),
	    ERR_OK);
	ck_assert_int_eq(r.status, 418);
	ck_assert_str_eq(r.body, "{\"a\":1}");
	ck_assert_uint_eq(r.body_len, 7);
	ck_assert_str_eq(r.content_type, "application/fhir+json;charset=UTF-8");
	ck_assert_str_eq(r.etag, "W/\"3\"");
	snprintf(want, sizeof(want), "%s/here", scripted_origin(s));
	ck_assert_str_eq(r.location, want);
	ck_assert_str_eq(r.last_modified, "Sat, 05 Nov 1994 08:49:37 GMT");
	ck_assert_int_eq(r.date_ms, 784111777000);
	ck_assert_int_eq(r.retry_after_s, -1);
	ck_assert_str_eq(r.primary_ip, "127.0.0.1");
	http_response_done(&r);

	ck_assert_int_eq(get(&quick, scripted_origin(s), "/", &r, &e), ERR_OK);
	ck_assert_int_eq(r.status, 204);
	ck_assert_str_eq(r.body, "");
	ck_assert_str_eq(r.etag, "");
	ck_assert_int_eq(r.date_ms, INT64_MIN);
	http_response_done(&r);
	scripted_end(s);
}
END_TEST

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT"

static const struct {
	const char *header, *date;
	int64_t seconds;
} waits[] = {
    {"Retry-After: 7", NULL, 7},
    {"Retry-After: 0", NULL, 0},
    {"Retry-After: 999999999999999999999999", NULL, 31622400},
    {"Retry-After: -5", NULL, -1},
    {"Retry-After: soon", NULL, -1},
    {"Retry-After:", NULL, -1},
    {"Retry-After: Sun, 06 Nov 1994 08:51:37 GMT", DATE, 120},
    {"Retry-After: Sunday, 06-Nov-94 08:49:57 GMT", DATE, 20},
    {"Retry-After: Sun, 06 Nov 1994 08:00:00 GMT", DATE, 0},
    {"Retry-After: Sun, 06 Nov 1994 08:00:00 GMT", NULL, 0},
};

START_TEST(retry_after_forms)
{
	struct scripted_exchange x = {.status = 429};
	struct scripted *s;
	struct http_response r;
	struct err e = ERR_INIT;

	x.reply[0] = waits[_i].header;
	x.reply[1] = waits[_i].date;
	s = scripted_start(NULL, &x, 1);
	ck_assert_int_eq(get(&quick, scripted_origin(s), "/", &r, &e), ERR_OK);
	ck_assert_msg(r.retry_after_s == waits[_i].seconds, "%s: %lld",
	    waits[_i].header, (long long)r.retry_after_s);
	http_response_done(&r);
	scripted_end(s);
}
END_TEST

/* Limits and broken bodies */

static char *
gzipped_zeros(size_t n, size_t *ret_len)
{
	static const char path[] = "build/check_http.gz";
	char command[128], *s;

	snprintf(command, sizeof(command),
	    "head -c %zu /dev/zero | gzip -9 >%s", n, path);
	shell_run(command);
	s = check_read_file(path, ret_len);
	remove(path);
	return s;
}

START_TEST(gzip_bodies)
{
	struct scripted_exchange x[6] = {
	    {.reply = {"Content-Encoding: gzip"}},
	    {.reply = {"Content-Encoding: gzip"}},
	    {.reply = {"Content-Encoding: gzip"}, .fault = FAULT_CUT},
	    {.reply = {"Content-Encoding: gzip"}, .body = "no gzip"},
	    /*= interop D-05: cut where nobody but gzip can tell */
	    {.reply = {"Content-Encoding: gzip"}},
	    {.reply = {"Content-Encoding: br"}, .body = "not asked for"},
	};
	char *small = gzipped_zeros(65536, &x[0].body_len);
	char *bomb = gzipped_zeros(20000000, &x[1].body_len);
	struct scripted *s;
	struct http_response r;
	struct err e = ERR_INIT;

	x[0].body = small;
	x[1].body = bomb;
	x[2].body = small;
	x[2].body_len = x[0].body_len;
	x[2].at = x[0].body_len - 20;
	x[4].body = small;
	x[4].body_len = x[0].body_len - 20;
	ck_assert_uint_lt(x[1].body_len, 65536);
	s = scripted_start(NULL, x, COUNT(x));
	ck_assert_int_eq(get(&quick, scripted_origin(s), "/", &r, &e), ERR_OK);
	ck_assert_uint_eq(r.body_len, 65536);
	http_response_done(&r);
	ck_assert_int_eq(
	    get(&quick, scripted_origin(s), "/", &r, &e), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(e.text, "65536"));
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(get(&quick, scripted_origin(s), "/", &r, &e),
		    ERR_TRUNCATED);
	ck_assert_int_eq(
	    get(&quick, scripted_origin(s), "/", &r, &e), ERR_NOT_FHIR);
	scripted_end(s);
	free(small);
	free(bomb);
}
END_TEST

START_TEST(plain_cap)
{
	static char big[65537];
	static const struct scripted_exchange x[] = {
	    {.body = big, .body_len = 65536},
	    {.body = big, .body_len = 65537},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct http_response r;
	struct err e = ERR_INIT;

	ck_assert_int_eq(get(&quick, scripted_origin(s), "/", &r, &e), ERR_OK);
	http_response_done(&r);
	ck_assert_int_eq(
	    get(&quick, scripted_origin(s), "/", &r, &e), ERR_LIMIT);
	scripted_end(s);
}
END_TEST

static const struct {
	enum scripted_fault fault;
	enum err_code code;
} faults[] = {
    {FAULT_CLOSE, ERR_CONNECT},
    {FAULT_CUT, ERR_TRUNCATED},
    {FAULT_STALL, ERR_TIMEOUT},
    {FAULT_HANG, ERR_TIMEOUT},
};

START_TEST(faulty_answer)
{
	struct scripted_exchange x = {
	    .body = "{\"resourceType\":\"Bundle\"}", .at = 10};
	struct http_options o = quick;
	struct http_response r;
	struct err e = ERR_INIT;
	struct scripted *s;

	o.total_timeout_ms = 700;
	x.fault = faults[_i].fault;
	s = scripted_start(NULL, &x, 1);
	ck_assert_int_eq(
	    get(&o, scripted_origin(s), "/", &r, &e), (int)faults[_i].code);
	ck_assert_ptr_null(strstr(e.text, "resourceType"));
	scripted_end(s);
}
END_TEST

START_TEST(slow_body)
{
	static const struct scripted_exchange x[] = {
	    {.body = "0123456789", .fault = FAULT_STALL, .at = 5}};
	struct http_options o = quick;
	struct scripted *s = SCRIPTED(NULL, x);
	struct http_response r;
	struct err e = ERR_INIT;
	int64_t start = clock_monotonic_ms();

	o.low_speed_seconds = 1;
	o.total_timeout_ms = 20000;
	ck_assert_int_eq(get(&o, scripted_origin(s), "/", &r, &e), ERR_TIMEOUT);
	ck_assert_int_lt(clock_monotonic_ms() - start, 8000);
	scripted_end(s);
}
END_TEST

START_TEST(stop)
{
	static const struct scripted_exchange x[] = {{.fault = FAULT_NONE}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct http_response r;
	struct err e = ERR_INIT;

	ck_assert_int_eq(get(&quick, scripted_origin(s), "/", &r, &e), ERR_OK);
	http_response_done(&r);
	http_stop();
	ck_assert_int_eq(
	    get(&quick, scripted_origin(s), "/", &r, &e), ERR_STOPPED);
	scripted_end(s);
}
END_TEST

/* Redirects */

START_TEST(redirect_within_origin)
{
	static const struct scripted_exchange x[] = {
	    {.path = "/a/b",
		.status = 302,
		.reply = {"Location: ../c?d=1"},
		.body = "moved"},
	    {.path = "/c?d=1",
		.status = 308,
		.reply = {"Location: {origin}/e"}},
	    {.path = "/e",
		.headers = {"Authorization: Bearer planted-token"},
		.body = "here"},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct http_response r;
	struct err e = ERR_INIT;

	ck_assert_int_eq(
	    get(&quick, scripted_origin(s), "/a/b", &r, &e), ERR_OK);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str_eq(r.body, "here");
	http_response_done(&r);
	scripted_end(s);
}
END_TEST

START_TEST(redirect_to_other_origin)
{
	/* Refused before the other side is spoken to: the script ends. */
	static const struct scripted_exchange x[] = {
	    {.status = 302, .reply = {"Location: {other}/steal"}},
	    {.status = 307, .reply = {"Location: http://localhost/x"}},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct http_response r;
	struct err e = ERR_INIT;

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(
		    get(&quick, scripted_origin(s), "/", &r, &e), ERR_FOREIGN);
	ck_assert_uint_eq(scripted_connections(s), 2);
	scripted_end(s);
}
END_TEST

START_TEST(redirects_without_end)
{
	static const struct scripted_exchange again = {
	    .status = 302, .reply = {"Location: /again"}};
	const struct scripted_exchange x[] = {again, again, again, again};
	struct scripted *s = SCRIPTED(NULL, x);
	struct http_response r;
	struct err e = ERR_INIT;

	ck_assert_int_eq(
	    get(&quick, scripted_origin(s), "/again", &r, &e), ERR_LIMIT);
	scripted_end(s);
}
END_TEST

/* Writing */

START_TEST(post_is_sent_once)
{
	/*= interop D-42 */
	static const struct scripted_exchange x[] = {
	    {.method = "GET", .path = "/1"},
	    {.method = "GET", .path = "/2"},
	    {.method = "POST",
		.path = "/fhir/Flag",
		.headers = {"Content-Type: application/fhir+json", "!Expect"},
		.body_has = "\"Flag\"",
		.fault = FAULT_CLOSE},
	};
	static const char body[] = "{\"resourceType\":\"Flag\"}";
	static const char *const headers[] = {
	    "Content-Type: application/fhir+json"};
	struct scripted *s = SCRIPTED(NULL, x);
	char url[128];
	struct http_request r = {.method = "GET", .url = url};
	struct http_response got;
	struct err e = ERR_INIT;
	struct http *h;

	ck_assert_int_eq(http_new(&quick, &h, &e), ERR_OK);
	for (int i = 1; i <= 2; i++) {
		snprintf(url, sizeof(url), "%s/%d", scripted_origin(s), i);
		ck_assert_int_eq(http_exchange(h, &r, &got, &e), ERR_OK);
		http_response_done(&got);
	}
	ck_assert_uint_eq(scripted_connections(s), 1);
	snprintf(url, sizeof(url), "%s/fhir/Flag", scripted_origin(s));
	r = (struct http_request){.method = "POST",
	    .url = url,
	    .headers = headers,
	    .n_headers = 1,
	    .body = body,
	    .body_len = sizeof(body) - 1};
	ck_assert_int_eq(http_exchange(h, &r, &got, &e), ERR_CONNECT);
	ck_assert_uint_eq(scripted_connections(s), 2);
	ck_assert_uint_eq(scripted_requests(s), 3);
	http_free(h);
	scripted_end(s);
}
END_TEST

START_TEST(write_is_not_redirected)
{
	static const struct scripted_exchange x[] = {
	    {.method = "PUT",
		.path = "/p",
		.body_has = "x",
		.status = 307,
		.reply = {"Location: /q"}},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	char url[128];
	struct http_request r = {
	    .method = "PUT", .url = url, .body = "x", .body_len = 1};
	struct http_response got;
	struct err e = ERR_INIT;

	snprintf(url, sizeof(url), "%s/p", scripted_origin(s));
	ck_assert_int_eq(exchange(&quick, &r, &got, &e), ERR_OK);
	ck_assert_int_eq(got.status, 307);
	http_response_done(&got);
	scripted_end(s);
}
END_TEST

START_TEST(dead_connection_and_get)
{
	/* A GET may be sent again, and libcurl does so. */
	static const struct scripted_exchange x[] = {
	    {.path = "/1", .fault = FAULT_AFTER}, {.path = "/2"}};
	struct scripted *s = SCRIPTED(NULL, x);
	char url[128];
	struct http_request r = {.method = "GET", .url = url};
	struct http_response got;
	struct err e = ERR_INIT;
	struct http *h;

	ck_assert_int_eq(http_new(&quick, &h, &e), ERR_OK);
	for (int i = 1; i <= 2; i++) {
		snprintf(url, sizeof(url), "%s/%d", scripted_origin(s), i);
		ck_assert_int_eq(http_exchange(h, &r, &got, &e), ERR_OK);
		http_response_done(&got);
	}
	ck_assert_uint_eq(scripted_connections(s), 2);
	http_free(h);
	scripted_end(s);
}
END_TEST

START_TEST(no_header_injection)
{
	static const char *const headers[] = {"If-None-Exist: a\r\nX: b"};
	struct http_request r = {.method = "GET",
	    .url = "https://localhost:1/",
	    .headers = headers,
	    .n_headers = 1};
	struct http_response got;
	struct err e = ERR_INIT;

	ck_assert_int_eq(exchange(&quick, &r, &got, &e), ERR_USAGE);
}
END_TEST

static Suite *
suite_http(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("tls");

	tcase_add_loop_test(t, bad_server, 0, COUNT(bad_servers));
	tcase_add_test(t, reason_names_the_parties);
	tcase_add_test(t, no_plain_http);
	tcase_add_test(t, no_ca_file);
	suite_add_tcase(s, t);
	t = tcase_create("answers");
	tcase_add_test(t, whole_answer);
	tcase_add_loop_test(t, retry_after_forms, 0, COUNT(waits));
	tcase_add_test(t, gzip_bodies);
	tcase_add_test(t, plain_cap);
	tcase_add_loop_test(t, faulty_answer, 0, COUNT(faults));
	tcase_set_timeout(t, 15);
	tcase_add_test(t, slow_body);
	tcase_add_test(t, stop);
	suite_add_tcase(s, t);
	t = tcase_create("redirects");
	tcase_add_test(t, redirect_within_origin);
	tcase_add_test(t, redirect_to_other_origin);
	tcase_add_test(t, redirects_without_end);
	suite_add_tcase(s, t);
	t = tcase_create("writing");
	tcase_add_test(t, post_is_sent_once);
	tcase_add_test(t, write_is_not_redirected);
	tcase_add_test(t, dead_connection_and_get);
	tcase_add_test(t, no_header_injection);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_http())
