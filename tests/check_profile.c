/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's profile and quirks: read, and what they change.
 */
#include "tests/support/bench.h"
#include "tests/support/check_main.h"
#include "tests/support/client_fixture.h"

#include "fhir/util/clock.h"
#include "gateway/profile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH "build/check_profile.ini"
#define CONF "build/check_profile_main.ini"

static struct err e;

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static enum err_code
load(const char *profile, const char *section, struct config **ret)
{
	char text[1024];

	write_file(PATH, profile);
	snprintf(text, sizeof(text),
	    "[server \"a\"]\nbase_url = https://h/fhir\n%s\n", section);
	write_file(CONF, text);
	return config_load(CONF, ret, &e);
}

/* --- reading --- */

#define GOOD                                                                   \
	"[profile]\nbase_url = https://h/fhir\npage_count = 50\nlag_s = 900\n" \
	"sort = no\naccepts = Device, Flag\nif_none_exist = no\n"              \
	"if_match = no\nlast_updated = no\n"

START_TEST(profile_is_the_servers_options)
{
	struct config *c = NULL;
	const struct config_server *s;

	ck_assert_int_eq(load(GOOD, "profile = " PATH, &c), ERR_OK);
	s = &c->servers.items[0];
	ck_assert_int_eq(s->page_count, 50);
	ck_assert_int_eq(s->lag_s, 900);
	ck_assert_str_eq(s->last_updated, "no");
	ck_assert(!s->sort && !s->if_none_exist && !s->if_match);
	ck_assert_uint_eq(s->accepts.n, 2);
	ck_assert_str_eq(s->accepts.items[1], "Flag");
	config_free(c);
}
END_TEST

START_TEST(the_section_counts_more)
{
	static const char *const sections[] = {
	    "page_count = 7\naccepts = Observation\nprofile = " PATH,
	    "profile = " PATH "\npage_count = 7\naccepts = Observation"};

	for (size_t i = 0; i < 2; i++) {
		struct config *c = NULL;
		const struct config_server *s;

		ck_assert_int_eq(load(GOOD, sections[i], &c), ERR_OK);
		s = &c->servers.items[0];
		ck_assert_int_eq(s->page_count, 7);
		ck_assert_int_eq(s->lag_s, 900);
		ck_assert_uint_eq(s->accepts.n, 1);
		ck_assert_str_eq(s->accepts.items[0], "Observation");
		config_free(c);
	}
}
END_TEST

static const struct {
	const char *text, *says;
} bad[] = {
    {"[profile]\nbase_url = https://other/fhir\n", "another server"},
    {"[profile]\ntoken_file = /etc/shadow\n", "nothing a profile says"},
    {"[profile]\nca_file = /tmp/ca\n", "nothing a profile says"},
    {"[server \"a\"]\nsort = no\n", "not [profile]"},
    {"[profile]\nsort = perhaps\n", "neither yes nor no"},
    {"[profile]\npage_count = 0\n", "out of bounds"},
    {"[profile]\naccepts = Patient\n", "is not written"},
    {"[profile]\nsort\n", "neither a section"},
};

START_TEST(a_bad_profile_is_refused)
{
	struct config *c = NULL;

	ck_assert_int_eq(load(bad[_i].text, "profile = " PATH, &c), ERR_CONFIG);
	ck_assert_msg(strstr(e.text, bad[_i].says) != NULL, "%s", e.text);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(what_is_written_is_read)
{
	const char *types[] = {"Device"};
	struct profile p = {.base = "https://h/fhir",
	    .software = "a\n[profile]\ntoken_file = x",
	    .made = "2026-01-01T00:00:00.000Z",
	    .page_count = 20,
	    .lag_s = 3,
	    .sort = false,
	    .accepts = {types, 1, 1},
	    .accepts_known = true,
	    .if_none_exist = false,
	    .if_match = true};
	struct config *c = NULL;
	const struct config_server *s;
	struct strbuf text;

	for (int i = 0; i < 2; i++) {
		strbuf_init(&text, 10000);
		profile_write(&p, &text);
		ck_assert_int_eq(load(text.s, "profile = " PATH, &c), ERR_OK);
		s = &c->servers.items[0];
		ck_assert_int_eq(s->page_count, 20);
		ck_assert_int_eq(s->lag_s, 3);
		ck_assert(!s->sort && !s->if_none_exist && s->if_match);
		ck_assert_uint_eq(s->accepts.n, 1);
		ck_assert_str_eq(
		    s->accepts.items[0], i == 0 ? "Device" : "none");
		ck_assert_ptr_null(s->token_file);
		config_free(c);
		strbuf_done(&text);
		p.accepts.n = 0;
	}
}
END_TEST

/* --- in use --- */

static struct bench b;
static struct arena *arena;

static void
setup(void)
{
	arena = arena_new();
	bench_begin(&b, NULL);
	bench_seed(&b, "1");
}

static void
teardown(void)
{
	bench_end(&b);
	arena_free(arena);
}

static void
reopen(const char *more)
{
	bench_close(&b);
	bench_open(&b, more);
}

static void
fault(struct sandbox_fault f)
{
	f.times = -1;
	bench_fault(&b, f);
}

START_TEST(no_sort_where_it_is_refused)
{
	fault((struct sandbox_fault){
	    .kind = SANDBOX_FAULT_STATUS, .path = "_sort=", .status = 400});
	bench_try_for(&b, ERR_REFUSED);
	reopen("sort = no");
	bench_cycle(&b);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 0);
}
END_TEST

/* The since of the page that was set aside. */
static int64_t
asked_since(void)
{
	static const char name[] = "_lastUpdated=ge";
	struct store_quarantine *q;
	struct datetime t;
	char since[INSTANT_SIZE];
	const char *at;
	size_t n;

	ck_assert_int_eq(
	    b.store->ops->quarantine(b.store, NULL, arena, &q, &n, &b.e),
	    ERR_OK);
	ck_assert_uint_eq(n, 1);
	at = strstr(q->key, name);
	ck_assert_ptr_nonnull(at);
	snprintf(since, sizeof(since), "%.24s", at + strlen(name));
	ck_assert_int_eq(datetime_parse(since, &t, &b.e), ERR_OK);
	return datetime_instant_ms(&t);
}

START_TEST(lag_reaches_further_back)
{
	int64_t cursor;

	reopen("lag_s = 86400");
	bench_cycle(&b);
	fault((struct sandbox_fault){.kind = SANDBOX_FAULT_GARBLE,
	    .path = "/Observation.*_lastUpdated=ge"});
	bench_try_for(&b, ERR_NOT_JSON);
	ck_assert_int_eq(b.store->ops->cursor_get(
			     b.store, "sandbox", "Observation", &cursor, &b.e),
	    ERR_OK);
	ck_assert_int_eq(cursor - asked_since(), INT64_C(86400000));
}
END_TEST

START_TEST(what_is_not_accepted_is_reported_unsent)
{
	reopen("accepts = Device, Observation, DiagnosticReport, Provenance");
	bench_cycle(&b);
	ck_assert_uint_eq(sandbox_requests(b.sandbox, "Flag").creates, 0);
	ck_assert_uint_gt(sandbox_count(b.sandbox, "DiagnosticReport"), 0);
	ck_assert_int_eq(bench_output(&b, "Patient/1", "Flag", arena)->state,
	    OUTPUT_REFUSED);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_REFUSED], 0);
}
END_TEST

/* The condition is not honoured: a lost answer must not make a twin. */
START_TEST(looking_first_makes_no_twin)
{
	struct sandbox_fault lost = {
	    .kind = SANDBOX_FAULT_LOST, .method = "POST", .path = "/Flag"};

	reopen("if_none_exist = no");
	ck_assert_int_eq(sandbox_fault(b.sandbox, &lost, &b.e), ERR_OK);
	fault((struct sandbox_fault){.kind = SANDBOX_FAULT_IGNORE,
	    .method = "POST",
	    .word = "If-None-Exist"});
	bench_cycle(&b);
	bench_pass_s(7200);
	bench_cycle(&b);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Flag"), 1);
	ck_assert_uint_gt(sandbox_requests(b.sandbox, "Flag").searches, 1);
	ck_assert_int_eq(bench_output(&b, "Patient/1", "Flag", arena)->state,
	    OUTPUT_WRITTEN);
}
END_TEST

/* If-Match is not honoured: what a person closed stays closed all the same. */
START_TEST(looking_first_keeps_a_persons_change)
{
	char *flag;

	reopen("if_match = no");
	bench_cycle(&b);
	fault((struct sandbox_fault){
	    .kind = SANDBOX_FAULT_IGNORE, .method = "PUT", .word = "If-Match"});
	bench_edit(&b, "Flag",
	    bench_output(&b, "Patient/1", "Flag", arena)->server_id,
	    "\"active\"", "\"inactive\"");
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	bench_cycle(&b);
	flag = sandbox_nth(b.sandbox, "Flag", 0);
	ck_assert_ptr_nonnull(strstr(flag, "\"inactive\""));
	free(flag);
}
END_TEST

START_TEST(conditions_by_identifier_only)
{
	unsigned before;

	sandbox_set_software(b.sandbox, "Google Cloud Healthcare");
	bench_cycle(&b);
	/* A Provenance has no identifier: it is looked for instead. */
	before = sandbox_requests(b.sandbox, "Provenance").searches;
	ck_assert_uint_gt(before, 0);
	ck_assert_uint_eq(sandbox_requests(b.sandbox, "Flag").searches, 0);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_REFUSED], 0);
}
END_TEST

START_TEST(who_requires_a_patient_is_read_by_patients)
{
	char roster[128];
	FILE *f;

	snprintf(roster, sizeof(roster), "%s/roster", b.dir);
	f = fopen(roster, "w");
	fputs("1\n", f);
	fclose(f);
	sandbox_set_software(b.sandbox, "Epic");
	fault((struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
	    .path = "_sort=_lastUpdated",
	    .status = 400});
	reopen(arena_printf(arena, "roster = file:%s", roster));
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_uint_eq(sandbox_requests(b.sandbox, NULL).faults, 0);
	unlink(roster);
}
END_TEST

START_TEST(strong_reads_are_asked_for)
{
	static const struct scripted_exchange x[] = {
	    {.path = FIXTURE_QUERY,
		.headers = {"!x-amz-fhir-history-consistency-level"},
		.body = FIXTURE_PAGE("", "")},
	    {.path = FIXTURE_QUERY,
		.headers = {"x-amz-fhir-history-consistency-level: strong"},
		.body = FIXTURE_PAGE("", "")}};
	struct scripted *s = SCRIPTED(NULL, x);
	struct client *c = fixture_connect(s, 0);
	struct fixture_seen seen = {0};

	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	quirks_apply(quirks_for("AWS HealthLake"), c);
	ck_assert_int_eq(fixture_search(c, &seen, &e), ERR_OK);
	fixture_finish(s, c);
}
END_TEST

static Suite *
suite_profile(void)
{
	Suite *s = suite_create("profile");
	TCase *t = tcase_create("files");

	tcase_add_test(t, profile_is_the_servers_options);
	tcase_add_test(t, the_section_counts_more);
	tcase_add_loop_test(t, a_bad_profile_is_refused, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(t, what_is_written_is_read);
	tcase_add_test(t, strong_reads_are_asked_for);
	suite_add_tcase(s, t);
	t = tcase_create("tls");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, no_sort_where_it_is_refused);
	tcase_add_test(t, lag_reaches_further_back);
	tcase_add_test(t, what_is_not_accepted_is_reported_unsent);
	tcase_add_test(t, looking_first_makes_no_twin);
	tcase_add_test(t, looking_first_keeps_a_persons_change);
	tcase_add_test(t, conditions_by_identifier_only);
	tcase_add_test(t, who_requires_a_patient_is_read_by_patients);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_profile())
