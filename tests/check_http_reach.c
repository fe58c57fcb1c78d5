/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses at which nobody answers.
 */
#include "fhir/http.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fhir/util/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/scripted.h"

/* A port whose queue is full: what knocks there hears nothing. */
struct hole {
	int listener, waiting;
};

static bool
hole_dig(struct hole *h, const struct sockaddr *at, socklen_t len)
{
	struct sockaddr_storage bound;
	socklen_t n = sizeof(bound);

	h->listener = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	h->waiting = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return h->listener >= 0 && h->waiting >= 0 &&
	       bind(h->listener, at, len) == 0 && listen(h->listener, 0) == 0 &&
	       getsockname(h->listener, (struct sockaddr *)&bound, &n) == 0 &&
	       connect(h->waiting, (struct sockaddr *)&bound, n) == 0;
}

static void
hole_fill(struct hole *h)
{
	close(h->listener);
	close(h->waiting);
}

static enum err_code
get(const char *url, struct http_response *ret, struct err *e)
{
	struct http_options o = HTTP_DEFAULTS;
	struct http_request r = {.method = "GET", .url = url};
	struct http *h = NULL;
	enum err_code rc;

	o.ca_file = SCRIPTED_CA;
	o.connect_timeout_ms = 1500;
	ck_assert_int_eq(http_new(&o, &h, e), ERR_OK);
	rc = http_exchange(h, &r, ret, e);
	http_free(h);
	return rc;
}

/*= interop D-07 */
START_TEST(black_hole_ends_in_time)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(at);
	struct http_response r;
	struct err e = ERR_INIT;
	struct hole h;
	char url[64];
	int64_t start;

	ck_assert(hole_dig(&h, (struct sockaddr *)&at, sizeof(at)));
	getsockname(h.listener, (struct sockaddr *)&at, &n);
	snprintf(
	    url, sizeof(url), "https://127.0.0.1:%d/fhir", ntohs(at.sin_port));
	start = clock_monotonic_ms();
	ck_assert_int_eq(get(url, &r, &e), ERR_TIMEOUT);
	ck_assert_int_ge(clock_monotonic_ms() - start, 1400);
	ck_assert_int_lt(clock_monotonic_ms() - start, 6000);
	hole_fill(&h);
}
END_TEST

/*= interop D-07: a name with two addresses, and the first hears nothing */
START_TEST(other_address_is_tried)
{
	static const struct scripted_exchange x[] = {{.body = "{\"a\":1}"}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct sockaddr_in6 at = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct http_response r;
	struct err e = ERR_INIT;
	struct hole h;

	at.sin6_port = htons((uint16_t)strtol(
	    scripted_origin(s) + sizeof("https://localhost:") - 1, NULL, 10));
	/* Where there is no IPv6, there is one address only. */
	(void)hole_dig(&h, (struct sockaddr *)&at, sizeof(at));
	ck_assert_msg(get(scripted_origin(s), &r, &e) == ERR_OK, "%s", e.text);
	ck_assert_str_eq(r.primary_ip, "127.0.0.1");
	http_response_done(&r);
	hole_fill(&h);
	scripted_end(s);
}
END_TEST

START_TEST(name_that_is_none)
{
	struct http_response r;
	struct err e = ERR_INIT;
	int64_t start = clock_monotonic_ms();

	ck_assert_int_eq(
	    get("https://nowhere.invalid/fhir", &r, &e), ERR_CONNECT);
	ck_assert_int_lt(clock_monotonic_ms() - start, 6000);
}
END_TEST

static Suite *
suite_http_reach(void)
{
	Suite *s = suite_create("http_reach");
	TCase *t = tcase_create("http_reach");

	tcase_set_timeout(t, 15);
	tcase_add_test(t, black_hole_ends_in_time);
	tcase_add_test(t, other_address_is_tried);
	tcase_add_test(t, name_that_is_none);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_http_reach())
