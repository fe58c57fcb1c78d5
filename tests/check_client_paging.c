/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/client.h"

#include <string.h>

#include "fhir/util/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/client_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

START_TEST(pages)
{
	/*= interop B.2: absolute, relative, root-relative, query only, and an
	 * empty page in between */
	static const struct scripted_exchange x[] = {
	    {.method = "GET",
		.path = FIXTURE_QUERY,
		.headers = {"Accept: application/fhir+json",
		    "Cache-Control: no-cache", FIXTURE_AUTH, "!Prefer",
		    "!Content-Type"},
		.reply = {"Date: Sun, 06 Nov 1994 08:49:37 GMT"},
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("1") "," FIXTURE_ENTRY("2"),
		    FIXTURE_NEXT("{origin}/fhir?_getpages=a%7Cb&x=1"))},
	    {.path = "/fhir?_getpages=a%7Cb&x=1",
		.headers = {FIXTURE_AUTH},
		.body = FIXTURE_PAGE(
		    "", FIXTURE_NEXT("/fhir/Observation?_offset=2"))},
	    {.path = "/fhir/Observation?_offset=2",
		.headers = {FIXTURE_AUTH},
		.body = FIXTURE_PAGE(
		    FIXTURE_ENTRY("3"), FIXTURE_NEXT("Observation?page=3"))},
	    {.path = "/fhir/Observation?page=3",
		.headers = {FIXTURE_AUTH},
		.body =
		    FIXTURE_PAGE(FIXTURE_ENTRY("4"), FIXTURE_NEXT("?page=4"))},
	    {.path = "/fhir/Observation?page=4",
		.reply = {"Content-Type: application/json;charset=utf-8"},
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("5"), "")},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	ck_assert_msg(fixture_search(c, &seen, &e) == ERR_OK, "%s", e.text);
	ck_assert_uint_eq(seen.pages, 5);
	ck_assert_uint_eq(seen.entries, 5);
	ck_assert_uint_eq(seen.last, 1);
	ck_assert_int_eq(seen.server_ms, INT64_MIN);
	ck_assert_str_eq(seen.urls, FIXTURE_QUERY
	    " /fhir?_getpages=a%7Cb&x=1 "
	    "/fhir/Observation?_offset=2 /fhir/Observation?page=3 "
	    "/fhir/Observation?page=4 ");
	ck_assert_uint_eq(scripted_connections(s), 1);
	fixture_finish(s, c);
}
END_TEST

START_TEST(loop)
{
	/*= interop D-21 */
	static const struct scripted_exchange x[] = {
	    {.path = FIXTURE_QUERY,
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), FIXTURE_NEXT("?p=2"))},
	    {.path = "/fhir/Observation?p=2",
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("2"), FIXTURE_NEXT("?p=3"))},
	    {.path = "/fhir/Observation?p=3",
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("3"), FIXTURE_NEXT("?p=2"))},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_LOOP);
	ck_assert_uint_eq(seen.pages, 3);
	ck_assert_uint_eq(seen.last, 0);
	fixture_finish(s, c);
}
END_TEST

static const char *const foreign[] = {
    FIXTURE_PAGE(FIXTURE_ENTRY("1"), FIXTURE_NEXT("{other}/fhir?p=2")),
    FIXTURE_PAGE(FIXTURE_ENTRY("1"), FIXTURE_NEXT("//127.0.0.1/fhir?p=2")),
    FIXTURE_PAGE(FIXTURE_ENTRY("1"), FIXTURE_NEXT("http://localhost/fhir?p=2")),
    FIXTURE_PAGE(
	FIXTURE_ENTRY("1"), FIXTURE_NEXT("https://localhost/fhir?p=2")),
    FIXTURE_PAGE(
	FIXTURE_ENTRY("1"), FIXTURE_NEXT("https://u:p@localhost/fhir?p=2")),
    FIXTURE_PAGE(
	FIXTURE_ENTRY("1"), FIXTURE_NEXT("https://localhost:443:443/fhir?p=2")),
    FIXTURE_PAGE(FIXTURE_ENTRY("1"), FIXTURE_NEXT("file:///etc/passwd")),
};

START_TEST(foreign_link)
{
	/*= interop D-23: one exchange, one connection; {other} is the same
	 * server and would have seen a request or its token */
	const struct scripted_exchange x = {
	    .path = FIXTURE_QUERY, .body = foreign[_i]};
	struct scripted *s = scripted_start(NULL, &x, 1);
	struct client *c = fixture_connect(s, 0);
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_FOREIGN);
	ck_assert_uint_eq(seen.pages, 1);
	ck_assert_uint_eq(scripted_connections(s), 1);
	ck_assert_ptr_null(strstr(e.text, "token"));
	fixture_finish(s, c);
}
END_TEST

/* {other} is listed: there the token goes, with links of its own. */
START_TEST(trusted_origin)
{
	static const struct scripted_exchange x[] = {
	    {.headers = {FIXTURE_AUTH},
		.body = FIXTURE_PAGE(
		    FIXTURE_ENTRY("1"), FIXTURE_NEXT("{other}/p?2"))},
	    {.path = "/p?2",
		.headers = {FIXTURE_AUTH},
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("2"), FIXTURE_NEXT("p?3"))},
	    {.path = "/p?3",
		.headers = {FIXTURE_AUTH},
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("3"),
		    FIXTURE_NEXT("https://127.0.0.1:1/p?4"))},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	const char *trusted[] = {scripted_other(s)};
	struct client_options o = fixture_options(scripted_origin(s));
	struct client *c;
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	fixture_write_token("planted-token\n", 0600);
	o.token_file = fixture_token;
	o.trusted_origins = trusted;
	o.n_trusted_origins = 1;
	ck_assert_int_eq(client_new(&o, &c, &e), ERR_OK);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_FOREIGN);
	ck_assert_uint_eq(seen.pages, 3);
	fixture_finish(s, c);
}
END_TEST

START_TEST(redirected_away)
{
	static const struct scripted_exchange x[] = {{.path = FIXTURE_QUERY,
	    .status = 302,
	    .reply = {"Location: {other}/fhir/Observation"}}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_FOREIGN);
	ck_assert_uint_eq(scripted_connections(s), 1);
	fixture_finish(s, c);
}
END_TEST

START_TEST(page_limit)
{
	/*= interop D-22: fresh links without end */
	static const struct scripted_exchange x[] = {
	    {.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), FIXTURE_NEXT("?p=2"))},
	    {.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), FIXTURE_NEXT("?p=3"))},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 2);
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_LIMIT);
	ck_assert_uint_eq(seen.pages, 2);
	fixture_finish(s, c);
}
END_TEST

START_TEST(entry_limit)
{
	static const struct scripted_exchange x[] = {
	    {.body = FIXTURE_PAGE(FIXTURE_ENTRY("1") "," FIXTURE_ENTRY("2"),
		 FIXTURE_NEXT("?p=2"))},
	    {.body = FIXTURE_PAGE(
		 FIXTURE_ENTRY("3") "," FIXTURE_ENTRY("4"), "")},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client_options o = fixture_options(scripted_origin(s));
	struct client *c;
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	o.max_entries = 3;
	ck_assert_int_eq(client_new(&o, &c, &e), ERR_OK);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_LIMIT);
	ck_assert_uint_eq(seen.pages, 1);
	client_free(c);
	scripted_end(s);
}
END_TEST

START_TEST(paging_state_expired)
{
	/*= interop D-27 */
	const struct scripted_exchange x[] = {
	    {.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), FIXTURE_NEXT("?p=2"))},
	    {.status = _i, .body = FIXTURE_OUTCOME},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_GONE);
	ck_assert_int_eq(e.code, ERR_GONE);
	ck_assert_ptr_nonnull(strstr(e.text, "paging state expired"));
	fixture_finish(s, c);
}
END_TEST

/*= interop D-22: links that are new each time, to content that is not: long
 * before the most pages there may be */
START_TEST(nothing_new_is_a_loop)
{
	struct scripted_exchange x[7];
	char text[7][400];
	struct scripted *s;
	struct client *c;
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	for (int i = 0; i < 7; i++) {
		snprintf(text[i], sizeof(text[i]),
		    FIXTURE_PAGE(FIXTURE_ENTRY("%d"), FIXTURE_NEXT("?p=%d")),
		    i * 7, i == 1);
		x[i] = (struct scripted_exchange){.body = text[i]};
	}
	s = SCRIPTED(NULL, x);
	c = fixture_connect(s, 0);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_LOOP);
	ck_assert_ptr_nonnull(strstr(e.text, "nothing new"));
	ck_assert_uint_eq(seen.pages, 7);
	ck_assert_uint_eq(seen.last, 0);
	fixture_finish(s, c);
}
END_TEST

/* Pages that say again what came are no loop as long as there is news. */
START_TEST(repeated_entries_are_no_loop)
{
	struct scripted_exchange x[12];
	char text[12][600];
	struct scripted *s;
	struct client *c;
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	/* Something new on every fourth page. */
	for (int i = 0; i < 12; i++) {
		snprintf(text[i], sizeof(text[i]),
		    FIXTURE_PAGE(FIXTURE_ENTRY("%d"), FIXTURE_NEXT("?p=%d")),
		    i, i / 4);
		x[i] = (struct scripted_exchange){.body = text[i]};
	}
	x[11].body = FIXTURE_PAGE(FIXTURE_ENTRY("2"), "");
	s = SCRIPTED(NULL, x);
	c = fixture_connect(s, 0);
	ck_assert_msg(fixture_search(c, &seen, &e) == ERR_OK, "%s", e.text);
	ck_assert_uint_eq(seen.pages, 12);
	fixture_finish(s, c);
}
END_TEST

#define LARGE 4096

static struct client *
connect_small(const struct scripted *s, int page_count)
{
	struct client_options o = fixture_options(scripted_origin(s));
	struct client *c = NULL;
	struct err e = ERR_INIT;

	o.http.max_body = LARGE;
	o.page_count = page_count;
	o.retries = 0;
	ck_assert_int_eq(client_new(&o, &c, &e), ERR_OK);
	return c;
}

/*= interop D-06: too much at once: fewer are asked for, and from then on */
START_TEST(large_page_is_asked_for_smaller)
{
	static char large[LARGE + 1];
	const struct scripted_exchange x[] = {
	    {.path = "/Observation?code=x&_count=50",
		.body = large,
		.body_len = sizeof(large)},
	    {.path = "/Observation?code=x&_count=10",
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), "")},
	    {.path = "/Observation?code=x&_count=10",
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), FIXTURE_NEXT("?p"))},
	    /* In the midst: from the beginning, as after a state forgotten. */
	    {.path = "/Observation?p",
		.body = large,
		.body_len = sizeof(large)},
	    {.path = "/Observation?code=x&_count=2",
		.body = large,
		.body_len = sizeof(large)},
	    {.path = "/Observation?code=x&_count=1",
		.body = large,
		.body_len = sizeof(large)}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = connect_small(s, 50);
	struct fixture_seen seen;
	struct err e = ERR_INIT;

	ck_assert_msg(fixture_search(c, &seen, &e) == ERR_OK, "%s", e.text);
	ck_assert_uint_eq(seen.pages, 1);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_GONE);
	/* One alone is too large: that is said. */
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(e.text, "4096"));
	client_free(c);
	scripted_end(s);
}
END_TEST

static enum err_code
stop_here(void *ctx, const struct client_page *page, struct err *e)
{
	(void)ctx, (void)page;
	return err_set(e, ERR_STORE, "enough");
}

START_TEST(callback_ends_search)
{
	static const struct scripted_exchange x[] = {
	    {.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), FIXTURE_NEXT("?p=2"))}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);
	struct err e = ERR_INIT;

	ck_assert_int_eq(
	    client_search(c, "Observation?_count=7", stop_here, NULL, &e),
	    ERR_STORE);
	ck_assert_str_eq(e.text, "enough");
	fixture_finish(s, c);
}
END_TEST

static Suite *
suite_client_paging(void)
{
	Suite *s = suite_create("client_paging");
	TCase *t = tcase_create("client_paging");

	tcase_add_test(t, pages);
	tcase_add_test(t, loop);
	tcase_add_loop_test(t, foreign_link, 0, COUNT(foreign));
	tcase_add_test(t, trusted_origin);
	tcase_add_test(t, redirected_away);
	tcase_add_test(t, page_limit);
	tcase_add_test(t, entry_limit);
	tcase_add_loop_test(t, paging_state_expired, 404, 405);
	tcase_add_loop_test(t, paging_state_expired, 410, 411);
	tcase_add_test(t, nothing_new_is_a_loop);
	tcase_add_test(t, repeated_entries_are_no_loop);
	tcase_add_test(t, large_page_is_asked_for_smaller);
	tcase_add_test(t, callback_ends_search);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_client_paging())
