/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/client.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fhir/util/clock.h"
#include "tests/support/check_main.h"
#include "tests/support/client_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

START_TEST(bad_base)
{
	static const char *const bases[] = {NULL, "", "http://localhost/fhir",
	    "localhost/fhir", "https://u:p@localhost/fhir",
	    "https://localhost/fhir?x", "https://localhost/#"};
	struct client *c = NULL;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < COUNT(bases); i++) {
		struct client_options o = fixture_options(bases[i]);

		o.http.ca_file = NULL;
		ck_assert_msg(
		    client_new(&o, &c, &e) == ERR_CONFIG, "row %zu", i);
	}
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(bad_trusted_origin)
{
	const char *origins[] = {"https://ok.example", "http://plain.example"};
	struct client_options o = fixture_options("https://localhost:1/fhir");
	struct client *c = NULL;
	struct err e = ERR_INIT;

	o.http.ca_file = NULL;
	o.trusted_origins = origins;
	o.n_trusted_origins = 2;
	ck_assert_int_eq(client_new(&o, &c, &e), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(e.text, "plain.example"));
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(base_without_slashes)
{
	struct client_options o = fixture_options("https://localhost:1/fhir//");
	struct client *c = NULL;
	struct err e = ERR_INIT;

	o.http.ca_file = NULL;
	ck_assert_int_eq(client_new(&o, &c, &e), ERR_OK);
	ck_assert_str_eq(client_base(c), "https://localhost:1/fhir");
	client_free(c);
}
END_TEST

static const struct {
	const char *text;
	mode_t mode;
	enum err_code code;
} tokens[] = {
    {"planted-token", 0600, ERR_OK}, {" \n planted-token \r\n", 0400, ERR_OK},
    {"planted-token", 0640, ERR_CONFIG}, {"planted-token", 0604, ERR_CONFIG},
    {"", 0600, ERR_CONFIG}, {" \n", 0600, ERR_CONFIG},
    {"planted token", 0600, ERR_CONFIG},
    {"planted-token\nX-Other: header", 0600, ERR_CONFIG},
    {"planted-token\xc3\xa4", 0600, ERR_CONFIG},
    {NULL, 0600, ERR_CONFIG}, /* 9000 bytes of it */
};

START_TEST(token_file)
{
	char large[9001];
	struct client_options o = fixture_options("https://localhost:1/fhir");
	struct client *c = NULL;
	struct err e = ERR_INIT;

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	fixture_write_token(
	    tokens[_i].text == NULL ? large : tokens[_i].text, tokens[_i].mode);
	o.http.ca_file = NULL;
	o.token_file = fixture_token;
	ck_assert_msg(client_new(&o, &c, &e) == tokens[_i].code, "row %d: %s",
	    _i, e.text);
	ck_assert_ptr_null(strstr(e.text, "planted"));
	unlink(fixture_token);
	if (c != NULL)
		ck_assert_int_eq(
		    client_search(c, "Flag", fixture_take_page, NULL, &e),
		    ERR_CONFIG);
	client_free(c);
}
END_TEST

START_TEST(token_is_read_again)
{
	static const struct scripted_exchange x[] = {
	    {.headers = {FIXTURE_AUTH}, .body = FIXTURE_PAGE("", "")},
	    {.headers = {"Authorization: Bearer second"},
		.body = FIXTURE_PAGE("", "")},
	};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);
	struct fixture_seen seen;
	struct err e = ERR_INIT;
	int fd;

	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	fd = open(fixture_token, O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, "second\n", 7), 7);
	close(fd);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	fixture_finish(s, c);
}
END_TEST

START_TEST(escape)
{
	char *s = client_escape("urn:a|b c&d=~x/\xc3\xa4");

	ck_assert_str_eq(s, "urn%3Aa%7Cb%20c%26d%3D~x%2F%C3%A4");
	free(s);
}
END_TEST

static Suite *
suite_client_options(void)
{
	Suite *s = suite_create("client_options");
	TCase *t = tcase_create("client_options");

	tcase_add_test(t, bad_base);
	tcase_add_test(t, bad_trusted_origin);
	tcase_add_test(t, base_without_slashes);
	tcase_add_loop_test(t, token_file, 0, COUNT(tokens));
	tcase_add_test(t, token_is_read_again);
	tcase_add_test(t, escape);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_client_options())
