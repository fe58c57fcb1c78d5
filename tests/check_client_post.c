/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches too long for an address go as POST _search.
 */
#include "fhir/quirks.h"
#include "tests/support/check_main.h"
#include "tests/support/client_fixture.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FORM     "Content-Type: application/x-www-form-urlencoded"
#define POSTED                                                                 \
	.method = "POST", .path = "/fhir/Observation/_search",                 \
	.headers = {FORM, "Cache-Control: no-cache", FIXTURE_AUTH, "!Prefer",  \
	    "!If-None-Exist"}

static struct err e;
static struct fixture_seen seen;
static char long_query[3000]; /* "Observation?code=…" */

static void
setup(void)
{
	e = (struct err)ERR_INIT;
	memset(&seen, 0, sizeof(seen));
	memset(long_query, 'x', sizeof(long_query) - 1);
	memcpy(long_query, "Observation?code=", 17);
}

static enum err_code
search(struct client *c, const char *query)
{
	memset(&seen, 0, sizeof(seen));
	return client_search(c, query, fixture_take_page, &seen, &e);
}

/* Said with 414 or 431; with 400 or 404 only of what is long. */
static const struct {
	int status;
	bool long_query, posted;
} refusals[] = {{414, false, true}, {431, false, true}, {400, true, true},
    {404, true, true}, {400, false, false}, {404, false, false},
    {403, true, false}};

START_TEST(too_long_is_asked_by_post)
{
	/* The second one goes by POST at once. */
	const struct scripted_exchange x[] = {
	    {.method = "GET",
		.status = refusals[_i].status,
		.body = FIXTURE_OUTCOME},
	    {POSTED, .body_has = "&_count=2",
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"),
		    FIXTURE_NEXT("{origin}/fhir/Observation?ct=2"))},
	    {.method = "GET",
		.path = "/fhir/Observation?ct=2",
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("2"), "")},
	    {POSTED, .body_has = "code=x",
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), "")},
	};
	bool posted = refusals[_i].posted;
	const char *query = refusals[_i].long_query
				? long_query
				: "Observation?code=x12345678901234567890";
	struct scripted *s = scripted_start(NULL, x, posted ? COUNT(x) : 1);
	struct client *c = fixture_connect(s, 0);

	if (posted) {
		ck_assert_msg(search(c, query) == ERR_OK, "%s", e.text);
		ck_assert_uint_eq(seen.entries, 2);
		ck_assert_int_eq(e.code, ERR_OK);
		ck_assert_int_eq(search(c, query), ERR_OK);
	} else {
		ck_assert_int_ne(search(c, query), ERR_OK);
	}
	fixture_finish(s, c);
}
END_TEST

/* Where POST does not help either, the first answer is what is said. */
START_TEST(no_way_at_all)
{
	static const struct scripted_exchange x[] = {
	    {.method = "GET", .status = 414, .body = "<h1>Too long</h1>"},
	    {POSTED, .status = 405, .body = FIXTURE_OUTCOME}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);

	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(e.text, "414"));
	fixture_finish(s, c);
}
END_TEST

/*= interop C.1: Azure's tokens of more than 2 KB */
START_TEST(a_next_link_may_be_too_long)
{
	static const struct scripted_exchange x[] = {
	    {.path = FIXTURE_QUERY,
		.body = FIXTURE_PAGE(
		    FIXTURE_ENTRY("1"), FIXTURE_NEXT("?code=x&ct=abc"))},
	    {.method = "GET",
		.path = "/fhir/Observation?code=x&ct=abc",
		.status = 414},
	    {POSTED, .body_has = "code=x&ct=abc",
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("2"), "")}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);

	ck_assert_msg(fixture_search(c, &seen, &e) == ERR_OK, "%s", e.text);
	ck_assert_uint_eq(seen.entries, 2);
	fixture_finish(s, c);
}
END_TEST

/* A search is no write: it may be repeated. */
START_TEST(repeated_like_any_search)
{
	static const struct scripted_exchange x[] = {{POSTED, .status = 503},
	    {POSTED, .fault = FAULT_CLOSE},
	    {POSTED, .body_has = "code=x&_count=2",
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"),
		    FIXTURE_NEXT("{origin}/fhir?_getpages=1"))},
	    {.method = "GET",
		.path = "/fhir?_getpages=1",
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("2"), "")}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);

	client_set_post(c, CLIENT_POST_ALWAYS);
	ck_assert_msg(fixture_search(c, &seen, &e) == ERR_OK, "%s", e.text);
	ck_assert_uint_eq(seen.entries, 2);
	fixture_finish(s, c);
}
END_TEST

START_TEST(known_to_be_too_long)
{
	static const struct scripted_exchange x[] = {
	    {.method = "GET",
		.path = FIXTURE_QUERY,
		.body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), "")},
	    {POSTED, .body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), "")}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client_options o = fixture_options("");
	struct client *c = NULL;
	char base[128];

	snprintf(base, sizeof(base), "%s/fhir", scripted_origin(s));
	fixture_write_token("planted-token\n", 0600);
	o.base_url = base;
	o.token_file = fixture_token;
	o.url_max = 1000;
	ck_assert_int_eq(client_new(&o, &c, &e), ERR_OK);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	ck_assert_msg(search(c, long_query) == ERR_OK, "%s", e.text);
	fixture_finish(s, c);
}
END_TEST

/*= interop B.2 rule 12: Google's takes no form */
START_TEST(never_where_it_takes_no_form)
{
	static const struct scripted_exchange x[] = {
	    {.method = "GET", .status = 414, .body = FIXTURE_OUTCOME}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);

	quirks_apply(quirks_for("Google Cloud Healthcare API"), c);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_REFUSED);
	fixture_finish(s, c);
}
END_TEST

/* A feed has no such form. */
START_TEST(never_a_history)
{
	static const struct scripted_exchange x[] = {
	    {.method = "GET", .status = 414, .body = FIXTURE_OUTCOME}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);

	client_set_post(c, CLIENT_POST_ALWAYS);
	ck_assert_int_eq(client_history(c, "Observation/_history?_since=x",
			     fixture_take_page, &seen, &e),
	    ERR_REFUSED);
	fixture_finish(s, c);
}
END_TEST

static int n_told;

static void
told(void *ctx, const struct client_unreadable *what)
{
	(void)ctx;
	(void)what;
	n_told++;
}

/* What was got in another way is not kept as unreadable. */
START_TEST(no_news_when_it_was_got)
{
	static const struct scripted_exchange x[] = {
	    {.method = "GET", .status = 414, .body = FIXTURE_OUTCOME},
	    {POSTED, .body = FIXTURE_PAGE(FIXTURE_ENTRY("1"), "")}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);

	n_told = 0;
	client_watch(c, told, NULL);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	ck_assert_int_eq(n_told, 0);
	fixture_finish(s, c);
}
END_TEST

static Suite *
suite_client_post(void)
{
	Suite *s = suite_create("client_post");
	TCase *t = tcase_create("client_post");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, too_long_is_asked_by_post, 0, COUNT(refusals));
	tcase_add_test(t, no_way_at_all);
	tcase_add_test(t, a_next_link_may_be_too_long);
	tcase_add_test(t, repeated_like_any_search);
	tcase_add_test(t, known_to_be_too_long);
	tcase_add_test(t, never_where_it_takes_no_form);
	tcase_add_test(t, never_a_history);
	tcase_add_test(t, no_news_when_it_was_got);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_client_post())
