/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a configuration file to an authorized exchange, with what of it gets
 * into the log and the metrics.
 */
#include "gateway/connect.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fhir/util/log.h"
#include "tests/support/check_main.h"
#include "tests/support/smart_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define INI      "build/check_connect.ini"
#define SECRET   "build/check_connect.secret"

static char *logged;
static size_t logged_len;
static FILE *sink;

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

/* The server's section for [origin]/fhir, with more lines. */
static struct config *
configure(const char *origin, const char *more)
{
	struct config *c = NULL;
	struct err e = ERR_INIT;
	char text[1024];

	snprintf(text, sizeof(text),
	    "[server \"s\"]\nbase_url = %s/fhir\nca_file = %s\n"
	    "retries = 1\nbackoff_ms = 1\n%s",
	    origin, SCRIPTED_CA, more);
	write_file(INI, text);
	ck_assert_msg(config_load(INI, &c, &e) == ERR_OK, "%s", e.text);
	unlink(INI);
	return c;
}

static void
setup_log(void)
{
	smart_setup();
	sink = open_memstream(&logged, &logged_len);
	log_to(sink);
}

static void
teardown_log(void)
{
	log_to(NULL);
	fclose(sink);
	free(logged);
}

static const struct {
	const char *more, *secret, *header;
} simple[] = {
    {"", NULL, "!Authorization"},
    {"auth = none\n", NULL, "!Authorization"},
    {"token_file = " SECRET "\n", "planted\n", "Authorization: Bearer planted"},
    {"auth = bearer\ntoken_file = " SECRET "\n", "planted",
	"Authorization: Bearer planted"},
    {"auth = basic\nbasic_file = " SECRET "\n", "us er:p:w\n",
	"Authorization: Basic dXMgZXI6cDp3"},
};

START_TEST(simple_providers)
{
	struct scripted_exchange x = READ("");
	struct scripted *s;
	struct config *c;
	struct client *client = NULL;
	struct err e = ERR_INIT;

	x.headers[0] = simple[_i].header;
	s = scripted_start(NULL, &x, 1);
	if (simple[_i].secret != NULL)
		write_file(SECRET, simple[_i].secret);
	c = configure(scripted_origin(s), simple[_i].more);
	ck_assert_msg(connect_server(
			  c, &c->servers.items[0], NULL, &client, &e) == ERR_OK,
	    "%s", e.text);
	ck_assert_msg(smart_read(client, &e) == ERR_OK, "%s", e.text);
	ck_assert(client_granted(client, "Flag", 'd'));
	client_free(client);
	config_free(c);
	unlink(SECRET);
	scripted_end(s);
}
END_TEST

static const char *const bad_pairs[] = {
    "", "\n", "nocolon", ":nobody", "a:b\nc:d", "a:b\x01"};

START_TEST(bad_basic_file)
{
	struct config *c = configure(
	    "https://localhost:1", "auth = basic\nbasic_file = " SECRET "\n");
	struct client *client = NULL;
	struct err e = ERR_INIT;

	write_file(SECRET, bad_pairs[_i]);
	ck_assert_int_eq(
	    connect_server(c, &c->servers.items[0], NULL, &client, &e),
	    ERR_CONFIG);
	ck_assert_ptr_null(client);
	chmod(SECRET, 0644);
	ck_assert_int_eq(
	    connect_server(c, &c->servers.items[0], NULL, &client, &e),
	    ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(e.text, "chmod 600"));
	config_free(c);
	unlink(SECRET);
}
END_TEST

/* What is needed is asked for: polled and followed types to read, written
 * ones also to write. */
#define NEEDED                                                                 \
	"system/ImagingStudy.rs system/Observation.crus "                      \
	"system/MedicationAdministration.rs system/Patient.rs "                \
	"system/Condition.rs system/BodyStructure.rs system/Medication.rs "    \
	"system/AdverseEvent.rs system/DiagnosticReport.crus "                 \
	"system/Flag.crus system/Device.crus "                                 \
	"system/Provenance.crus"

static const struct {
	const char *more, *scope;
} asked[] = {
    {"", NEEDED},
    {"scopes = system/*.rs, system/Flag.crus\n",
	"system/*.rs system/Flag.crus"},
    {"scopes = v1\n[poll]\ntypes = Observation\nirae_types = Condition\n[write]\nenabled = no\n",
	"system/Observation.read system/Patient.read system/Condition.read "
	"system/BodyStructure.read system/Medication.read"},
    {"scopes = v2\nroster = Group/7\n[poll]\ntypes = Observation\n"
     "irae_types =\n[write]\n"
     "enabled = no\n",
	"system/Observation.rs system/Patient.rs system/Condition.rs "
	"system/BodyStructure.rs system/Medication.rs system/Group.rs"},
};

START_TEST(smart_end_to_end)
{
	static const struct scripted_exchange x[] = {DISCOVERY,
	    TOKEN("planted", "300", "system/*.rs"), READ("planted"),
	    {.status = 503}, READ("planted")};
	struct scripted *s = SCRIPTED(NULL, x);
	char more[512];
	struct metrics m;
	struct config *c;
	struct client *client = NULL;
	struct strbuf text;
	struct err e = ERR_INIT;

	oauth_client.scope = asked[_i].scope;
	snprintf(more, sizeof(more),
	    "auth = smart\nclient_id = rescan-1\nkey_id = key-1\n"
	    "key_file = " EC_KEY "\n%s",
	    asked[_i].more);
	c = configure(scripted_origin(s), more);
	metrics_init(&m, "s");
	ck_assert_msg(
	    connect_server(c, &c->servers.items[0], &m, &client, &e) == ERR_OK,
	    "%s", e.text);
	ck_assert_msg(smart_read(client, &e) == ERR_OK, "%s", e.text);
	ck_assert_msg(smart_read(client, &e) == ERR_OK, "%s", e.text);
	ck_assert(client_granted(client, "Observation", 's'));
	ck_assert(!client_granted(client, "Flag", 'c'));
	connect_measure(client, &m);

	fflush(sink);
	ck_assert_ptr_nonnull(strstr(logged, "event=TOKEN life_s=300"));
	ck_assert_ptr_nonnull(
	    strstr(logged, "event=RETRY code=SERVER wait_ms=1"));
	if (_i < 2)
		ck_assert_ptr_nonnull(strstr(logged, "event=SCOPE_NARROW"));
	ck_assert_ptr_null(strstr(logged, "planted"));
	ck_assert_ptr_null(strstr(logged, "eyJ")); /* no JWT */

	strbuf_init(&text, 65536);
	metrics_print(&m, &text);
	ck_assert_ptr_nonnull(
	    strstr(text.s, "rescan_tokens_total{server=\"s\",result="
			   "\"obtained\"} 1\n"));
	ck_assert_ptr_nonnull(
	    strstr(text.s, "rescan_http_retries_total{server=\"s\"} 1\n"));
	ck_assert_ptr_nonnull(
	    strstr(text.s, "rescan_certificate_days_left{server=\"s\","
			   "whose=\"server\"} "));
	ck_assert_ptr_null(strstr(text.s, "whose=\"own\""));
	strbuf_done(&text);
	client_free(client);
	config_free(c);
	scripted_end(s);
}
END_TEST

static Suite *
suite_connect(void)
{
	Suite *s = suite_create("connect");
	TCase *t = tcase_create("connect");

	tcase_add_checked_fixture(t, setup_log, teardown_log);
	tcase_add_loop_test(t, simple_providers, 0, COUNT(simple));
	tcase_add_loop_test(t, bad_basic_file, 0, COUNT(bad_pairs));
	tcase_add_loop_test(t, smart_end_to_end, 0, COUNT(asked));
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_connect())
