/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/limits.h"

#include <stdlib.h>
#include <string.h>

#include "fhir/client.h"
#include "fhir/util/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/client_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Pauses */

START_TEST(pauses)
{
	static const struct {
		int n;
		int64_t after_s, want;
	} rows[] = {
	    {0, -1, 500},
	    {1, -1, 1000},
	    {3, -1, 4000},
	    {40, -1, 60000},
	    {0, 7, 7500},
	    {0, 0, 500},
	    {0, 86400, 900500},
	};

	clock_replace(&fixture_clock); /* jitter is the most there can be */
	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_int_eq(
		    limits_pause_ms(500, 60000, rows[i].n, rows[i].after_s),
		    rows[i].want);
}
END_TEST

/* Budget: in any minute at most the budget and a tenth. */
START_TEST(budget)
{
	static const int rates[] = {1, 7, 60, 600, 6000};
	static int64_t sent[20000];
	struct limits_options o = {.requests_per_minute = rates[_i]};
	struct limits l;
	int64_t now = 1000;
	size_t n = 0, from = 0;

	limits_init(&l, &o, now);
	while (now < 1000 + 150000) {
		now += limits_take(&l, now);
		sent[n++] = now;
		while (sent[from] <= now - 60000)
			from++;
		ck_assert_msg(
		    (int)(n - from) <= rates[_i] + (rates[_i] + 9) / 10,
		    "%zu at %lld", n - from, (long long)now);
	}
	/* and not much less: 150 s have two and a half budgets */
	ck_assert_int_ge((int)n, rates[_i] * 5 / 2 - 1);
}
END_TEST

START_TEST(budget_after_a_rest)
{
	struct limits_options o = {.requests_per_minute = 60};
	struct limits l;
	int64_t now = 0;

	limits_init(&l, &o, now);
	for (int i = 0; i < 6; i++) /* a tenth at once */
		ck_assert_int_eq(limits_take(&l, now), 0);
	ck_assert_int_eq(limits_take(&l, now), 1000);
	now = INT64_C(86400000);
	for (int i = 0; i < 6; i++) /* a day's rest is no day's budget */
		ck_assert_int_eq(limits_take(&l, now), 0);
	ck_assert_int_eq(limits_take(&l, now), 1000);
	/* A clock that jumps back grants nothing and breaks nothing. */
	ck_assert_int_eq(limits_take(&l, now - 5000), 2000);
}
END_TEST

START_TEST(no_budget)
{
	struct limits_options o = {0};
	struct limits l;

	limits_init(&l, &o, 0);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(limits_take(&l, 0), 0);
}
END_TEST

/* Breaker */

START_TEST(breaker)
{
	struct limits_options o = {.breaker_failures = 3,
	    .breaker_pause_ms = 1000,
	    .breaker_pause_max_ms = 3000};
	struct limits l;
	int64_t wait = 0;

	limits_init(&l, &o, 0);
	/* What is an answer starts the count again. */
	ck_assert(!limits_leave(&l, ERR_SERVER, 0));
	ck_assert(!limits_leave(&l, ERR_CONNECT, 0));
	ck_assert(!limits_leave(&l, ERR_THROTTLED, 0));
	ck_assert(!limits_leave(&l, ERR_TIMEOUT, 0));
	ck_assert(!limits_leave(&l, ERR_TRUNCATED, 0));
	ck_assert(!limits_leave(&l, ERR_NOT_FOUND, 0));
	ck_assert(!limits_leave(&l, ERR_SERVER, 0));
	ck_assert(!limits_leave(&l, ERR_SERVER, 0));
	ck_assert(limits_leave(&l, ERR_SERVER, 0));
	ck_assert_int_eq(l.state, BREAKER_OPEN);
	ck_assert(!limits_enter(&l, 400, &wait));
	ck_assert_int_eq(wait, 600);
	/* One probe; it fails: longer, up to the most. */
	ck_assert(limits_enter(&l, 1000, &wait));
	ck_assert_int_eq(l.state, BREAKER_PROBING);
	ck_assert(limits_leave(&l, ERR_CONNECT, 1000));
	ck_assert(!limits_enter(&l, 2999, &wait));
	ck_assert(limits_enter(&l, 3000, &wait));
	ck_assert(limits_leave(&l, ERR_CONNECT, 3000));
	ck_assert(!limits_enter(&l, 5999, &wait));
	ck_assert(limits_enter(&l, 6000, &wait));
	/* It succeeds: closed, and the next pause is short again. */
	ck_assert(limits_leave(&l, ERR_OK, 6000));
	ck_assert_int_eq(l.state, BREAKER_CLOSED);
	for (int i = 0; i < 3; i++)
		(void)limits_leave(&l, ERR_SERVER, 7000);
	ck_assert_int_eq(l.open_until_ms, 8000);
}
END_TEST

/* The client within its limits */

static int64_t now_ms, slept_ms;

static int64_t
moving_now(void)
{
	return now_ms;
}

static void
move(int64_t ms)
{
	slept_ms += ms;
	now_ms += ms;
}

static int64_t
none(int64_t max)
{
	(void)max;
	return 0;
}

static const struct clock_ops moving = {moving_now, moving_now, move, none};

static unsigned noticed[NOTICE__MAX];
static struct notice last[NOTICE__MAX];

static void
notice(void *ctx, const struct notice *n)
{
	(void)ctx;
	noticed[n->event]++;
	last[n->event] = *n;
}

static struct client *
connect_within(const struct scripted *s, const struct limits_options *limits)
{
	struct client_options o;
	struct client *c = NULL;
	struct err e = ERR_INIT;
	char base[128];

	snprintf(base, sizeof(base), "%s/fhir", scripted_origin(s));
	o = fixture_options(base);
	o.limits = *limits;
	o.observer = (struct observer){notice, NULL};
	clock_replace(&moving);
	ck_assert_int_eq(client_new(&o, &c, &e), ERR_OK);
	return c;
}

#define FINE                                                                   \
	{                                                                      \
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), "")                   \
	}

/*= interop D-37 */
START_TEST(circuit)
{
	static const struct scripted_exchange down = {.status = 503};
	const struct scripted_exchange x[] = {
	    down, down, down, down, down, down, FINE, FINE};
	struct limits_options limits = {.breaker_failures = 5,
	    .breaker_pause_ms = 30000,
	    .breaker_pause_max_ms = 900000};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = connect_within(s, &limits);
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	/* Three attempts, then the fourth and fifth: that was enough. */
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_SERVER);
	ck_assert_uint_eq(noticed[NOTICE_BREAKER_OPEN], 0);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_SERVER);
	ck_assert_uint_eq(scripted_requests(s), 5);
	ck_assert_uint_eq(noticed[NOTICE_BREAKER_OPEN], 1);
	ck_assert_int_eq(last[NOTICE_BREAKER_OPEN].n, 30000);
	ck_assert_int_eq(last[NOTICE_BREAKER_OPEN].code, ERR_SERVER);
	/* Open: nothing is sent and nobody waits. */
	slept_ms = 0;
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_CONNECT);
	ck_assert_ptr_nonnull(strstr(e.text, "circuit breaker"));
	ck_assert_int_eq(slept_ms, 0);
	ck_assert_uint_eq(scripted_requests(s), 5);
	/* A single probe that fails opens it for twice as long. */
	now_ms += 30000;
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_SERVER);
	ck_assert_uint_eq(scripted_requests(s), 6);
	ck_assert_uint_eq(noticed[NOTICE_BREAKER_PROBE], 1);
	ck_assert_int_eq(last[NOTICE_BREAKER_OPEN].n, 60000);
	now_ms += 60000;
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	ck_assert_uint_eq(noticed[NOTICE_BREAKER_CLOSED], 1);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	ck_assert_uint_eq(noticed[NOTICE_BREAKER_PROBE], 2);
	client_free(c);
	scripted_end(s);
}
END_TEST

START_TEST(within_the_budget)
{
	static const struct scripted_exchange fine = FINE;
	const struct scripted_exchange x[] = {fine, fine, fine, fine};
	struct limits_options limits = {.requests_per_minute = 20};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = connect_within(s, &limits);
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < COUNT(x); i++)
		ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	/* Two at once, then one in three seconds. */
	ck_assert_int_eq(slept_ms, 6000);
	ck_assert_uint_eq(noticed[NOTICE_BUDGET], 2);
	ck_assert_int_eq(last[NOTICE_BUDGET].n, 3000);
	client_free(c);
	scripted_end(s);
}
END_TEST

/*= interop D-41: the day's budget, of which a tenth is for writing */
START_TEST(within_the_day)
{
	static const struct scripted_exchange fine = FINE;
	const struct scripted_exchange x[] = {
	    fine, fine, fine, fine, {.status = 500}, fine};
	struct limits_options limits = {.requests_per_day = 6};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c;
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	now_ms = 5000;
	c = connect_within(s, &limits);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	/* A retry is a request, too. */
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_CONNECT);
	ck_assert_ptr_nonnull(strstr(e.text, "requests_per_day (6)"));
	ck_assert_ptr_nonnull(strstr(e.text, "kept for writing"));
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_CONNECT);
	ck_assert_uint_eq(scripted_requests(s), 5);
	ck_assert_uint_eq(noticed[NOTICE_DAY_OVER], 1);
	client_set_writing(c, true);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_CONNECT);
	ck_assert_ptr_null(strstr(e.text, "kept for writing"));
	ck_assert_uint_eq(scripted_requests(s), 6);
	client_free(c);
	scripted_end(s);
}
END_TEST

START_TEST(the_next_day)
{
	struct limits_options o = {.requests_per_day = 20};
	struct limits l;
	int64_t wait = 0;

	limits_init(&l, &o, 0);
	for (int day = 0; day < 3; day++) {
		int64_t at = INT64_C(90000000) * day;

		for (int i = 0; i < 18; i++)
			ck_assert(limits_take_of_day(&l, false, at + i, &wait));
		ck_assert(!limits_take_of_day(&l, false, at + 100, &wait));
		ck_assert_int_eq(wait, 86399900);
		ck_assert(limits_take_of_day(&l, true, at + 101, &wait));
		ck_assert(!limits_take_of_day(&l, false, at + 102, &wait));
		ck_assert(limits_take_of_day(&l, true, at + 103, &wait));
		ck_assert(!limits_take_of_day(&l, true, at + 104, &wait));
	}
}
END_TEST

START_TEST(what_is_noticed)
{
	static const struct scripted_exchange x[] = {
	    {.status = 429, .reply = {"Retry-After: 7"}}, FINE};
	struct limits_options limits = {0};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = connect_within(s, &limits);
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	ck_assert_uint_eq(noticed[NOTICE_EXCHANGE], 2);
	ck_assert_int_eq(last[NOTICE_EXCHANGE].status, 200);
	ck_assert_uint_eq(last[NOTICE_EXCHANGE].bytes,
	    strlen(FIXTURE_PAGE(FIXTURE_ENTRY("1"), "")));
	ck_assert_uint_eq(noticed[NOTICE_RETRY], 1);
	ck_assert_int_eq(last[NOTICE_RETRY].code, ERR_THROTTLED);
	ck_assert_int_eq(last[NOTICE_RETRY].n, 7000);
	client_free(c);
	scripted_end(s);
}
END_TEST

/*= interop D-11: said once when it is more than a minute off, and once when it
 * is no more; the exchange counts all the same */
START_TEST(clock_is_off)
{
	static const struct {
		const char *date;
		unsigned said;
		int64_t seconds;
	} rows[] = {{"Date: Thu, 01 Jan 1970 01:00:00 GMT", 0, 0},
	    {"Date: Thu, 01 Jan 1970 01:01:00 GMT", 0, 0}, {NULL, 0, 0},
	    {"Date: Thu, 01 Jan 1970 01:01:01 GMT", 1, 61},
	    {"Date: Thu, 01 Jan 1970 02:00:00 GMT", 1, 61},
	    {"Date: Thu, 01 Jan 1970 00:59:59 GMT", 2, 0},
	    {"Date: Thu, 01 Jan 1970 00:58:00 GMT", 3, -119}};
	struct scripted_exchange x[COUNT(rows)];
	struct limits_options limits = {0};
	struct scripted *s;
	struct client *c;
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < COUNT(rows); i++)
		x[i] = (struct scripted_exchange){.reply = {rows[i].date},
		    .body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), "")};
	s = SCRIPTED(NULL, x);
	now_ms = 3600000;
	c = connect_within(s, &limits);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
		ck_assert_msg(noticed[NOTICE_SKEW] == rows[i].said &&
				  last[NOTICE_SKEW].n == rows[i].seconds,
		    "row %zu: %u, %lld s", i, noticed[NOTICE_SKEW],
		    (long long)last[NOTICE_SKEW].n);
	}
	client_free(c);
	scripted_end(s);
}
END_TEST

/*= interop D-01: said at 30, 14 and 7 days, once each, the last before the
 * connections fail */
START_TEST(certificate_runs_out)
{
	static const struct {
		int days;
		unsigned said;
	} rows[] = {{100, 0}, {31, 0}, {30, 1}, {20, 1}, {14, 2}, {8, 2},
	    {7, 3}, {3, 3}, {-1, 3}};
	static const struct scripted_exchange fine = FINE;
	struct scripted_exchange x[COUNT(rows)];
	struct limits_options limits = {0};
	struct scripted *s;
	struct client *c;
	struct fixture_seen seen;
	struct err e = ERR_INIT;
	int64_t end;

	for (size_t i = 0; i < COUNT(rows); i++)
		x[i] = fine;
	s = SCRIPTED(NULL, x);
	now_ms = 0;
	c = connect_within(s, &limits);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	/* Days from 1970, as the clock stands there. */
	end = client_certificate_days_left(c, false) * INT64_C(86400000);
	for (size_t i = 1; i < COUNT(rows); i++) {
		now_ms = end - rows[i].days * INT64_C(86400000);
		ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
		ck_assert_msg(noticed[NOTICE_CERTIFICATE] == rows[i].said,
		    "row %zu: %u, %lld days", i, noticed[NOTICE_CERTIFICATE],
		    (long long)last[NOTICE_CERTIFICATE].n);
	}
	ck_assert_uint_eq(noticed[NOTICE_OWN_CERTIFICATE], 0);
	client_free(c);
	scripted_end(s);
}
END_TEST

static Suite *
suite_limits(void)
{
	static const int n_rates = 5;
	Suite *s = suite_create("limits");
	TCase *t = tcase_create("limits");

	tcase_add_test(t, pauses);
	tcase_add_loop_test(t, budget, 0, n_rates);
	tcase_add_test(t, budget_after_a_rest);
	tcase_add_test(t, no_budget);
	tcase_add_test(t, the_next_day);
	tcase_add_test(t, breaker);
	suite_add_tcase(s, t);
	t = tcase_create("client");
	tcase_add_test(t, circuit);
	tcase_add_test(t, within_the_budget);
	tcase_add_test(t, within_the_day);
	tcase_add_test(t, what_is_noticed);
	tcase_add_test(t, clock_is_off);
	tcase_add_test(t, certificate_runs_out);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_limits())
