/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check_main.h"

#include "gateway/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Load a configuration from text. */
static enum err_code
load(const char *text, struct config **ret, struct err *e)
{
	char path[] = "/tmp/check_config.XXXXXX";
	int fd = mkstemp(path);
	enum err_code rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	rc = config_load(path, ret, e);
	unlink(path);
	return rc;
}

START_TEST(defaults_are_those_of_the_structs)
{
	struct config *c = config_defaults();
	static const struct assess_options a = ASSESS_DEFAULTS;
	const struct timeline_options t = TIMELINE_DEFAULTS;

	ck_assert_int_eq(c->assess.as_of, a.as_of);
	ck_assert_ptr_null(c->assess.criteria);
	ck_assert_int_eq(c->assess.confirm_min_days, a.confirm_min_days);
	ck_assert_int_eq(c->assess.confirm_max_days, a.confirm_max_days);
	ck_assert_int_eq(c->assess.grace_days, a.grace_days);
	ck_assert_int_eq(c->assess.pr_sticky, a.pr_sticky);
	ck_assert_int_eq(c->assess.confirm_response, a.confirm_response);
	ck_assert_int_eq(c->assess.sd_min_days, a.sd_min_days);
	ck_assert_int_eq(c->assess.ne_tp_in_nadir, a.ne_tp_in_nadir);
	ck_assert_int_eq(c->assess.icpd_ref_anchor, a.icpd_ref_anchor);
	ck_assert_int_eq(c->assess.change_tmm, a.change_tmm);
	ck_assert_int_eq(c->assess.max_targets, a.max_targets);
	ck_assert_int_eq(c->assess.max_per_organ, a.max_per_organ);
	ck_assert_int_eq(c->assess.next_scan_min_days, a.next_scan_min_days);
	ck_assert_int_eq(c->assess.next_scan_max_days, a.next_scan_max_days);
	ck_assert_int_eq(
	    c->assess.durable_response_days, a.durable_response_days);
	ck_assert_mem_eq(
	    &c->assess.contested, &a.contested, sizeof(a.contested));
	ck_assert_int_eq(c->timeline.group_days, t.group_days);
	ck_assert_int_eq(c->timeline.baseline_days, t.baseline_days);
	ck_assert_int_eq(
	    c->timeline.baseline_stale_days, t.baseline_stale_days);
	ck_assert_int_eq(
	    c->timeline.baseline_after_days, t.baseline_after_days);
	ck_assert_int_eq(
	    c->timeline.post_treatment_days, t.post_treatment_days);
	ck_assert_int_eq(c->timeline.max_lesions, t.max_lesions);
	ck_assert_int_eq(c->timeline.max_timepoints, t.max_timepoints);
	ck_assert_int_eq(c->timeline.max_readings, t.max_readings);
	ck_assert_int_eq(c->timeline.max_resources, t.max_resources);
	ck_assert_int_eq(c->poll_overlap_s, 300);
	ck_assert_uint_eq(c->poll_types.n, 3);
	ck_assert_str_eq(c->poll_types.items[2], "MedicationAdministration");
	ck_assert_str_eq(c->maps_dir, "");
	config_free(c);
}
END_TEST

START_TEST(client_defaults_are_those_of_the_client)
{
	const struct client_options want = CLIENT_DEFAULTS;
	struct client_options got;
	const struct config_server *s;
	struct config *c;
	struct err e = ERR_INIT;

	ck_assert_msg(load("[server \"x\"]\nbase_url = https://h/fhir/\n", &c,
			  &e) == ERR_OK,
	    "%s", e.text);
	ck_assert_int_eq(config_server(c, NULL, &s, &e), ERR_OK);
	got = config_client(s);
	ck_assert_str_eq(got.base_url, "https://h/fhir");
	ck_assert_int_eq(got.page_count, want.page_count);
	ck_assert_int_eq(got.max_pages, want.max_pages);
	ck_assert_int_eq(got.retries, want.retries);
	ck_assert_int_eq(got.backoff_ms, want.backoff_ms);
	ck_assert_int_eq(
	    got.http.connect_timeout_ms, want.http.connect_timeout_ms);
	ck_assert_int_eq(got.http.total_timeout_ms, want.http.total_timeout_ms);
	ck_assert_int_eq(
	    got.http.low_speed_seconds, want.http.low_speed_seconds);
	ck_assert_int_eq(got.http.http2, want.http.http2);
	ck_assert_ptr_null(got.http.proxy);
	ck_assert_ptr_null(got.http.pin_sha256);
	ck_assert_uint_eq(got.n_trusted_origins, 0);
	ck_assert_ptr_null(got.auth);
	ck_assert_int_eq(
	    got.limits.requests_per_minute, want.limits.requests_per_minute);
	ck_assert_int_eq(
	    got.limits.breaker_failures, want.limits.breaker_failures);
	ck_assert_int_eq(
	    got.limits.breaker_pause_ms, want.limits.breaker_pause_ms);
	ck_assert_uint_eq(got.http.max_body, want.http.max_body);
	config_free(c);
}
END_TEST

START_TEST(values_are_taken)
{
	struct config *c;
	const struct config_server *s;
	struct err e = ERR_INIT;

	ck_assert_msg(
	    load("\xEF\xBB\xBF; a comment\n"
		 "[server \"a\"]\nbase_url = https://a/\n"
		 "token_file = /run/t\n[server \"b\"]\n"
		 "base_url=https://b/fhir\npage_count = 7\n"
		 "[poll]\ntypes = Observation\noverlap_s=0\n"
		 "[lesion]\nreaders = Practitioner/1, Practitioner/2,\n"
		 "  Practitioner/3\n"
		 "[assess]\nchange_mm = 4.5\npr_sticky = No\n"
		 "criteria = recist11\n",
		&c, &e) == ERR_OK,
	    "%s", e.text);
	ck_assert_uint_eq(c->servers.n, 2);
	ck_assert_str_eq(c->servers.items[0].base_url, "https://a");
	ck_assert_str_eq(c->servers.items[0].token_file, "/run/t");
	ck_assert_int_eq(c->servers.items[0].page_count, 100);
	ck_assert_int_eq(c->servers.items[1].page_count, 7);
	ck_assert_ptr_null(c->servers.items[1].token_file);
	ck_assert_str_eq(c->servers.items[0].auth, "bearer");
	ck_assert_str_eq(c->servers.items[1].auth, "none");
	ck_assert_uint_eq(c->poll_types.n, 1);
	ck_assert_int_eq(c->poll_overlap_s, 0);
	ck_assert_uint_eq(c->mapping.n_readers, 3);
	ck_assert_uint_eq(c->timeline.n_readers, 3);
	ck_assert_str_eq(c->mapping.readers[2], "Practitioner/3");
	ck_assert_int_eq(c->assess.change_tmm, 45);
	ck_assert(!c->assess.pr_sticky);
	ck_assert_str_eq(c->assess.criteria, "recist11");
	ck_assert_int_eq(config_server(c, NULL, &s, &e), ERR_CONFIG);
	ck_assert_int_eq(config_server(c, "c", &s, &e), ERR_CONFIG);
	ck_assert_int_eq(config_server(c, "b", &s, &e), ERR_OK);
	ck_assert_str_eq(s->name, "b");
	config_free(c);
}
END_TEST

#define SERVER "[server \"a\"]\nbase_url=https://h\n"

static const struct {
	const char *text, *want;
} wrong[] = {
    {"[poll]\n\ninterval = 3\n", ":3: no option interval"},
    {"[pol]\n", ":1: no section [pol]"},
    {"x = 1\n", ":1: no option x"},
    {"[server]\nbase_url = https://h\n", ":1: a server needs a name"},
    {"[server \"a\"]\nbase_url=https://h\n[server \"a\"]\n",
	":3: server \"a\" stands twice"},
    {"[server \"a\"]\n", ":1: server \"a\" has no base_url"},
    {"[server \"a\"]\nbase_url = http://h\n", ":1: base_url of server"},
    {"[server \"a\"]\ninterval_s = 4\n", ":2: no option interval_s"},
    {"[poll]\nbase_url = https://h\n", ":2: no option base_url"},
    {"[poll]\ninterval_s = 0\n", ":2: interval_s = 0 is out of bounds"},
    {"[poll]\ninterval_s = 1m\n", ":2: interval_s = 1m is not a whole"},
    {"[poll]\ninterval_s = 4\ninterval_s = 5\n", ":3: interval_s is given"},
    {"[poll]\ninterval_s\n", ":2: neither"},
    {"[poll]\ntypes = Patient\n", "Patient is not polled"},
    {"[write]\ntypes = Flag, Pat\n", "Pat is not written"},
    {"[assess]\npr_sticky = maybe\n", "is neither yes nor no"},
    {"[assess]\nchange_mm = 5.05\n", "is not a length"},
    {"[assess]\nchange_mm = 0\n", "is out of bounds"},
    {"[assess]\nconfirm_min_days = 60\n", "is above confirm_max_days"},
    {"[store]\npath =\n", "path is empty"},
    {SERVER "auth = oauth\n", ":1: auth = oauth is none of"},
    {SERVER "auth = bearer\n", ":1: auth = bearer needs token_file"},
    {SERVER "auth = basic\n", "auth = basic needs basic_file"},
    {SERVER "auth = smart\nkey_file = k\n", "smart needs client_id"},
    {SERVER "auth = smart\nclient_id = c\n", "smart needs key_file"},
    {SERVER "auth = none\ntoken_file = t\n", "token_file is given, but"},
    {SERVER "basic_file = t\n", "basic_file is given, but auth = none"},
    {SERVER "key_file = t\n", "key_file is given, but auth = none"},
    {SERVER "token_file = t\ntoken_url = https://h/t\n",
	"token_url is given, but auth = bearer"},
    {SERVER "alg = HS256\n", "alg = HS256 is neither"},
    {SERVER "requests_per_minute = -1\n", "out of bounds"},
};

START_TEST(mistakes_name_their_line)
{
	struct config *c = NULL;
	struct err e = ERR_INIT;

	ck_assert_msg(load(wrong[_i].text, &c, &e) == ERR_CONFIG,
	    "accepted: %s", wrong[_i].text);
	ck_assert_msg(strstr(e.text, wrong[_i].want) != NULL,
	    "'%s' does not say '%s'", e.text, wrong[_i].want);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(long_line_is_refused)
{
	char text[400] = "[store]\npath = ";
	struct config *c = NULL;
	struct err e = ERR_INIT;

	memset(text + strlen(text), 'x', 250);
	ck_assert_int_eq(load(text, &c, &e), ERR_CONFIG);
	ck_assert_msg(
	    strstr(e.text, ":2: a line is longer") != NULL, "%s", e.text);
}
END_TEST

START_TEST(file_that_is_not_there)
{
	struct config *c = NULL;
	struct err e = ERR_INIT;

	ck_assert_int_eq(config_load("/nonexistent/x.ini", &c, &e), ERR_IO);
	ck_assert_int_eq(config_load(NULL, &c, &e), ERR_OK);
	ck_assert_uint_eq(c->servers.n, 0);
	config_free(c);
}
END_TEST

START_TEST(printed_defaults_load_again)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	struct config *c;
	struct err e = ERR_INIT;

	config_print_defaults(f);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "overlap_s = 300"));
	ck_assert_msg(load(text, &c, &e) == ERR_OK, "%s", e.text);
	ck_assert_int_eq(c->assess.change_tmm, 50);
	ck_assert_uint_eq(c->write_types.n, 5);
	config_free(c);
	free(text);
}
END_TEST

static Suite *
suite_config(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");

	tcase_add_test(t, defaults_are_those_of_the_structs);
	tcase_add_test(t, client_defaults_are_those_of_the_client);
	tcase_add_test(t, values_are_taken);
	tcase_add_loop_test(t, mistakes_name_their_line, 0,
	    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(t, long_line_is_refused);
	tcase_add_test(t, file_that_is_not_there);
	tcase_add_test(t, printed_defaults_load_again);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_config())
