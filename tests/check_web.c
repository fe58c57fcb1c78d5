/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notifications: the listener, the file it touches, the pause that ends.
 */
#include "fhir/http.h"
#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/nudge.h"
#include "gateway/schedule.h"
#include "gateway/web.h"
#include "tests/sandbox/sandbox.h"
#include "tests/support/bench.h"
#include "tests/support/check_main.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CERTS  "build/test-certs"
#define SECRET "0123456789abcdef-secret"

static char dir[64], secret_file[96], nudge_file[96];
static struct config_serve options;
static struct web *web;
static pthread_t thread;
static struct err e;

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void
prepare(void)
{
	log_level(-1);
	snprintf(dir, sizeof(dir), "/tmp/check_web.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(secret_file, sizeof(secret_file), "%s/secret", dir);
	snprintf(nudge_file, sizeof(nudge_file), "%s/nudge", dir);
	write_file(secret_file, SECRET "\n", 0600);
	ck_assert_int_eq(sandbox_make_certs(CERTS, &e), ERR_OK);
	options = (struct config_serve){.listen = "127.0.0.1",
	    .cert_file = CERTS "/server.pem",
	    .key_file = CERTS "/server.key.pem",
	    .secret_file = secret_file,
	    .timeout_s = 2,
	    .max_connections = 2};
}

static void
clean(void)
{
	unlink(secret_file);
	unlink(nudge_file);
	rmdir(dir);
}

static void *
run(void *unused)
{
	(void)unused;
	web_run(web);
	return NULL;
}

static void
setup(void)
{
	prepare();
	ck_assert_msg(
	    web_new(&options, nudge_file, &web, &e) == ERR_OK, "%s", e.text);
	ck_assert_int_eq(pthread_create(&thread, NULL, run, NULL), 0);
}

static void
teardown(void)
{
	web_stop(web);
	pthread_join(thread, NULL);
	web_free(web);
	clean();
}

static enum err_code
send_it(const char *method, const char *path, const char *body, size_t n,
    long *ret_status)
{
	struct http_options o = HTTP_DEFAULTS;
	struct http *h = NULL;
	struct http_response got;
	char url[200];
	struct http_request r = {
	    .method = method, .url = url, .body = body, .body_len = n};
	enum err_code rc;

	o.ca_file = CERTS "/ca.pem";
	o.total_timeout_ms = 1000;
	snprintf(
	    url, sizeof(url), "https://localhost:%d%s", web_port(web), path);
	ck_assert_int_eq(http_new(&o, &h, &e), ERR_OK);
	rc = http_exchange(h, &r, &got, &e);
	if (rc == ERR_OK) {
		*ret_status = got.status;
		http_response_done(&got);
	}
	http_free(h);
	return rc;
}

static long
status_of(const char *method, const char *path, const char *body)
{
	long status = 0;

	ck_assert_msg(send_it(method, path, body,
			  body == NULL ? 0 : strlen(body), &status) == ERR_OK,
	    "%s", e.text);
	return status;
}

START_TEST(notification_touches_the_file)
{
	struct nudge n;
	struct stat st;

	nudge_init(&n, nudge_file);
	ck_assert(!nudge_take(&n));
	ck_assert_int_eq(status_of("POST", "/notify/" SECRET, ""), 200);
	ck_assert(nudge_take(&n));
	ck_assert(!nudge_take(&n));
	/* A body is not read into anything. */
	ck_assert_int_eq(
	    status_of("POST", "/notify/" SECRET, "{\"resourceType\":"), 200);
	ck_assert(nudge_take(&n));
	ck_assert_int_eq(stat(nudge_file, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
}
END_TEST

static const struct {
	const char *method, *path;
	long status;
} strangers[] = {
    {"POST", "/notify/0123456789abcdef-secrex", 404},
    {"POST", "/notify/" SECRET "x", 404},
    {"POST", "/notify/" SECRET "/Observation/1", 404},
    {"POST", "/notify/", 404},
    {"POST", "/", 404},
    {"GET", "/notify/" SECRET, 501},
    {"PUT", "/notify/" SECRET, 501},
};

START_TEST(strangers_touch_nothing)
{
	struct nudge n;

	nudge_init(&n, nudge_file);
	ck_assert_int_eq(
	    status_of(strangers[_i].method, strangers[_i].path,
		strcmp(strangers[_i].method, "GET") == 0 ? NULL : ""),
	    strangers[_i].status);
	ck_assert(!nudge_take(&n));
}
END_TEST

START_TEST(large_body_is_refused)
{
	size_t size = (size_t)1 << 20;
	char *body = calloc(1, size);
	struct nudge n;
	long status = 413;
	enum err_code rc;

	nudge_init(&n, nudge_file);
	memset(body, 'x', size);
	/* Answered, or closed while it is still being sent. */
	rc = send_it("POST", "/notify/" SECRET, body, size, &status);
	ck_assert(rc != ERR_OK || status == 413);
	ck_assert(!nudge_take(&n));
	free(body);
	ck_assert_int_eq(status_of("POST", "/notify/" SECRET, ""), 200);
}
END_TEST

static int
connect_raw(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)web_port(web)),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

START_TEST(plain_text_is_not_spoken)
{
	static const char text[] =
	    "POST /notify/" SECRET " HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: 0\r\n\r\n";
	struct nudge n;
	char buf[64];
	int fd = connect_raw();
	ssize_t got;

	nudge_init(&n, nudge_file);
	ck_assert_int_eq(
	    write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	got = read(fd, buf, sizeof(buf));
	ck_assert(got < 5 || memcmp(buf, "HTTP/", 5) != 0);
	ck_assert(!nudge_take(&n));
	close(fd);
}
END_TEST

START_TEST(connections_are_bounded)
{
	int held[2] = {connect_raw(), connect_raw()};
	long status = 0;

	usleep(100000); /* they are accepted */
	ck_assert_int_ne(
	    send_it("POST", "/notify/" SECRET, "", 0, &status), ERR_OK);
	close(held[0]);
	close(held[1]);
	usleep(100000);
	ck_assert_int_eq(status_of("POST", "/notify/" SECRET, ""), 200);
}
END_TEST

/* A byte now and then, in the handshake or after it, is no visit for ever. */
START_TEST(slow_visitors_are_sent_away)
{
	int held[2] = {connect_raw(), connect_raw()};
	int64_t start = clock_monotonic_ms();
	char byte = 0x16; /* a TLS record begins, and never ends */
	bool open[2] = {true, true};

	while ((open[0] || open[1]) && clock_monotonic_ms() - start < 8000) {
		for (int i = 0; i < 2; i++)
			open[i] = open[i] &&
				  send(held[i], &byte, 1, MSG_NOSIGNAL) == 1;
		byte = 3;
		usleep(300000);
	}
	ck_assert(!open[0] && !open[1]);
	ck_assert_int_eq(status_of("POST", "/notify/" SECRET, ""), 200);
	close(held[0]);
	close(held[1]);
}
END_TEST

/* --- configuration --- */

START_TEST(what_it_needs)
{
	struct web *w = NULL;

	prepare();
	options.secret_file = NULL;
	ck_assert_int_eq(web_new(&options, nudge_file, &w, &e), ERR_CONFIG);
	options.secret_file = secret_file;
	ck_assert_int_eq(web_new(&options, NULL, &w, &e), ERR_CONFIG);
	write_file(secret_file, "short\n", 0600);
	ck_assert_int_eq(web_new(&options, nudge_file, &w, &e), ERR_CONFIG);
	ck_assert_ptr_null(strstr(e.text, "short\n"));
	write_file(secret_file, SECRET "\n", 0644);
	ck_assert_int_eq(web_new(&options, nudge_file, &w, &e), ERR_CONFIG);
	write_file(secret_file, SECRET "\n", 0600);
	options.key_file = CERTS "/server.pem"; /* readable, and no key */
	ck_assert_int_eq(web_new(&options, nudge_file, &w, &e), ERR_CONFIG);
	options.key_file = CERTS "/server.key.pem";
	ck_assert_int_eq(web_new(&options, "/nowhere/at/all", &w, &e), ERR_IO);
	ck_assert_ptr_null(w);
	clean();
}
END_TEST

/* --- the other side --- */

static int sleeps, touch_at, cycles;

static int64_t
zero(void)
{
	return 0;
}

static void
sleep_and_touch(int64_t ms)
{
	(void)ms;
	if (++sleeps == touch_at)
		ck_assert_int_eq(nudge_touch(nudge_file, &e), ERR_OK);
}

static int64_t
no_jitter(int64_t max)
{
	(void)max;
	return 0;
}

static const struct clock_ops touching = {
    zero, zero, sleep_and_touch, no_jitter};

static void
stop_at_second(void *ctx, const struct cycle_report *r, const struct err *x)
{
	(void)ctx;
	(void)r;
	(void)x;
	if (++cycles == 2)
		clock_stop();
}

START_TEST(run_looks_at_once)
{
	struct bench b;
	char more[200];

	prepare();
	snprintf(more, sizeof(more),
	    "[poll]\ninterval_s = 86400\nnudge_file = %s\n", nudge_file);
	bench_begin(&b, more);
	clock_replace(&touching);
	sleeps = cycles = 0;
	touch_at = 2;
	ck_assert_int_eq(schedule_run(b.pipeline, b.config,
			     &(struct schedule){.fn = stop_at_second}, &e),
	    ERR_OK);
	ck_assert_int_eq(cycles, 2);
	ck_assert_int_eq(sleeps, 2); /* of 86400 */
	bench_end(&b);
	clean();
}
END_TEST

static Suite *
suite_web(void)
{
	Suite *s = suite_create("web");
	TCase *t = tcase_create("listener");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, notification_touches_the_file);
	tcase_add_loop_test(t, strangers_touch_nothing, 0,
	    (int)(sizeof(strangers) / sizeof(strangers[0])));
	tcase_add_test(t, large_body_is_refused);
	tcase_add_test(t, plain_text_is_not_spoken);
	tcase_add_test(t, connections_are_bounded);
	tcase_add_test(t, slow_visitors_are_sent_away);
	suite_add_tcase(s, t);
	t = tcase_create("nudge");
	tcase_set_timeout(t, 20);
	tcase_add_test(t, what_it_needs);
	tcase_add_test(t, run_looks_at_once);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_web())
