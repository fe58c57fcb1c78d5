/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What servers do to what they are given: refuse it, alter it, drop parts of
 * it; and what a person decided about a Flag.
 */
#include "tests/support/bench.h"
#include "tests/support/check_main.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct bench b;
static struct arena *arena;
static struct sandbox *other;

#define FALLBACK                                                               \
	"[write]\nfallback_server = backup\n[server \"backup\"]\n"             \
	"poll = no\nretries = 0\nbackoff_ms = 1\nca_file = "                   \
	"build/test-certs/ca.pem\nbase_url = "

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
	if (other != NULL)
		sandbox_stop(other);
	other = NULL;
	arena_free(arena);
}

static void
must(enum err_code rc)
{
	ck_assert_msg(rc == ERR_OK, "%s: %s", err_name(rc), b.e.text);
}

static void
reopen(const char *more)
{
	bench_close(&b);
	bench_open(&b, more);
}

static void
begin_other(void)
{
	struct sandbox_options o = SANDBOX_DEFAULTS;

	o.cert_dir = "build/test-certs";
	must(sandbox_new(&o, &other, &b.e));
	must(sandbox_start(other, &b.e));
	reopen(arena_printf(arena, FALLBACK "%s", sandbox_url(other)));
}

static void
fault_at(struct sandbox *s, struct sandbox_fault f)
{
	f.times = f.times == 0 ? -1 : f.times;
	must(sandbox_fault(s, &f, &b.e));
}

static struct store_output *
row(const char *type)
{
	return bench_output(&b, "Patient/1", type, arena);
}

static const char *
printed(void)
{
	char *text = NULL;
	const char *copy;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	pipeline_print(&b.report, f);
	fclose(f);
	copy = arena_strdup(arena, text);
	free(text);
	return copy;
}

static const struct sandbox_fault no_flags = {.kind = SANDBOX_FAULT_STATUS,
    .method = "POST",
    .path = "/fhir/Flag",
    .status = 405};

static size_t
aside(struct store_quarantine **ret)
{
	size_t n;

	must(
	    b.store->ops->quarantine(b.store, "sandbox", arena, ret, &n, &b.e));
	return n;
}

static size_t
written_rows(const char *type)
{
	size_t n, found = 0;
	struct store_output *o = bench_outputs(&b, "Patient/1", arena, &n);

	for (size_t i = 0; i < n; i++) {
		found += strcmp(o[i].type, type) == 0 &&
			 o[i].state == OUTPUT_WRITTEN;
	}
	return found;
}

/* --- another server --- */

START_TEST(what_is_refused_goes_to_the_fallback)
{
	struct sandbox_counts was;
	const char *ehr = sandbox_url(b.sandbox);
	char *flag;

	begin_other();
	fault_at(b.sandbox, no_flags);
	bench_cycle(&b);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Flag"), 0);
	ck_assert_uint_eq(sandbox_count(other, "Flag"), 1);
	ck_assert_uint_eq(sandbox_count(other, "DiagnosticReport"), 0);
	ck_assert_uint_gt(sandbox_count(b.sandbox, "DiagnosticReport"), 0);
	ck_assert_int_eq(row("Flag")->state, OUTPUT_WRITTEN);
	ck_assert_str_eq(row("Flag")->via, "backup");
	/* References stay those of the EHR. */
	flag = sandbox_nth(other, "Flag", 0);
	ck_assert_ptr_nonnull(
	    strstr(flag, arena_printf(arena, "\"%s/Patient/1\"", ehr)));
	ck_assert_ptr_nonnull(
	    strstr(flag, arena_printf(arena, "\"%s/DiagnosticReport/", ehr)));
	free(flag);
	/* Shown, not hidden: where it is, and why. */
	ck_assert_ptr_nonnull(strstr(printed(), "at backup, not in the EHR"));
	ck_assert_ptr_nonnull(strstr(printed(), "status 405"));
	ck_assert_ptr_nonnull(strstr(
	    printed(), arena_printf(arena, "%s/Flag/", sandbox_url(other))));
	/* Then silence. */
	was = sandbox_requests(other, NULL);
	bench_cycle(&b);
	ck_assert_uint_eq(sandbox_requests(other, NULL).requests, was.requests);
}
END_TEST

START_TEST(a_change_follows_it_there)
{
	char *flag;

	begin_other();
	fault_at(b.sandbox, no_flags);
	bench_cycle(&b);
	/* Withdrawn: the progression was an error. */
	bench_measure(&b, "1", "s1", "a", "31.0", "amended");
	bench_measure(&b, "1", "s1", "b", "20.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(sandbox_count(other, "Flag"), 1);
	flag = sandbox_nth(other, "Flag", 0);
	ck_assert_ptr_nonnull(strstr(flag, "entered-in-error"));
	free(flag);
	ck_assert_uint_eq(sandbox_requests(b.sandbox, "Flag").creates, 0);
}
END_TEST

START_TEST(what_the_profile_rules_out_is_not_even_tried)
{
	struct sandbox_options o = SANDBOX_DEFAULTS;

	o.cert_dir = "build/test-certs";
	must(sandbox_new(&o, &other, &b.e));
	must(sandbox_start(other, &b.e));
	reopen(arena_printf(arena,
	    "accepts = Device, Observation, DiagnosticReport\n" FALLBACK "%s",
	    sandbox_url(other)));
	bench_cycle(&b);
	ck_assert_uint_eq(sandbox_requests(b.sandbox, "Flag").requests, 0);
	ck_assert_uint_eq(sandbox_count(other, "Flag"), 1);
	ck_assert_uint_ge(sandbox_count(other, "Provenance"), 1);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_REFUSED], 0);
}
END_TEST

START_TEST(refused_by_both_is_set_aside)
{
	struct store_quarantine *q;

	begin_other();
	fault_at(b.sandbox, no_flags);
	fault_at(other, no_flags);
	bench_cycle(&b);
	ck_assert_int_eq(row("Flag")->state, OUTPUT_REFUSED);
	ck_assert_uint_ge(aside(&q), 1);
	ck_assert_str_eq(q->code, QUARANTINE_WRITE);
	ck_assert_ptr_nonnull(strstr(printed(), "refused"));
	/* Asked again when both have come round. */
	sandbox_fault_clear(b.sandbox);
	sandbox_fault_clear(other);
	{
		size_t n;

		must(b.store->ops->quarantine_retry(b.store, 0, &n, &b.e));
	}
	bench_cycle(&b);
	ck_assert_int_eq(row("Flag")->state, OUTPUT_WRITTEN);
	ck_assert_uint_eq(aside(&q), 0);
}
END_TEST

START_TEST(a_fallback_out_of_reach_waits)
{
	begin_other();
	fault_at(b.sandbox, no_flags);
	fault_at(other, (struct sandbox_fault){.kind = SANDBOX_FAULT_CLOSE});
	bench_cycle(&b);
	ck_assert_int_eq(row("Flag")->state, OUTPUT_PENDING);
	ck_assert_int_eq(row("DiagnosticReport")->state, OUTPUT_WRITTEN);
	ck_assert_ptr_nonnull(
	    strstr(printed(), "fallback server backup cannot be used now"));
	sandbox_fault_clear(other);
	bench_pass_s(7200);
	bench_cycle(&b);
	ck_assert_int_eq(row("Flag")->state, OUTPUT_WRITTEN);
	ck_assert_uint_eq(sandbox_count(other, "Flag"), 1);
}
END_TEST

START_TEST(a_lost_answer_of_the_fallback_makes_no_twin)
{
	begin_other();
	fault_at(b.sandbox, no_flags);
	fault_at(other,
	    (struct sandbox_fault){
		.kind = SANDBOX_FAULT_LOST, .method = "POST", .times = 1});
	bench_cycle(&b);
	bench_pass_s(7200);
	bench_cycle(&b);
	ck_assert_uint_eq(sandbox_count(other, "Flag"), 1);
	ck_assert_int_eq(row("Flag")->state, OUTPUT_WRITTEN);
}
END_TEST

/* --- refusals --- */

START_TEST(the_outcome_is_kept)
{
	struct store_quarantine *q, whole;

	fault_at(b.sandbox, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
				.method = "POST",
				.path = "/fhir/Flag",
				.status = 422});
	bench_cycle(&b);
	ck_assert_uint_eq(aside(&q), 1);
	ck_assert_ptr_nonnull(strstr(q->text, "status 422"));
	ck_assert_ptr_nonnull(strstr(q->text, "a fault, as ordered"));
	must(b.store->ops->quarantine_get(b.store, q->id, arena, &whole, &b.e));
	ck_assert_ptr_nonnull(strstr(whole.answer, "\"OperationOutcome\""));
	ck_assert_ptr_nonnull(strstr(whole.bytes, "\"Flag\""));
}
END_TEST

/* --- alterations --- */

START_TEST(what_servers_add_is_no_change)
{
	struct sandbox_counts was, is;

	fault_at(b.sandbox, (struct sandbox_fault){
				.kind = SANDBOX_FAULT_ALTER, .method = "POST"});
	fault_at(b.sandbox, (struct sandbox_fault){
				.kind = SANDBOX_FAULT_ALTER, .method = "PUT"});
	bench_cycle(&b);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_CREATED], 0);
	ck_assert_ptr_null(strstr(printed(), "otherwise than it was sent"));
	was = sandbox_requests(b.sandbox, NULL);
	bench_cycle(&b);
	is = sandbox_requests(b.sandbox, NULL);
	ck_assert_uint_eq(is.updates, was.updates);
	/* And a change of ours still gets through. */
	bench_measure(&b, "1", "s1", "a", "46.0", "amended");
	bench_cycle(&b);
	is = sandbox_requests(b.sandbox, NULL);
	ck_assert_uint_gt(is.updates, was.updates);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_DISMISSED], 0);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_REFUSED], 0);
}
END_TEST

START_TEST(what_servers_leave_out_is_said)
{
	fault_at(b.sandbox, (struct sandbox_fault){.kind = SANDBOX_FAULT_DROP,
				.method = "POST",
				.path = "/fhir/Flag",
				.word = "period"});
	bench_cycle(&b);
	ck_assert_int_eq(row("Flag")->state, OUTPUT_WRITTEN);
	ck_assert_ptr_nonnull(strstr(row("Flag")->error, "otherwise"));
	ck_assert_ptr_nonnull(strstr(printed(), "otherwise than it was sent"));
	bench_cycle(&b);
	ck_assert_uint_eq(sandbox_requests(b.sandbox, "Flag").updates, 0);
}
END_TEST

START_TEST(a_dropped_identifier_stops_writing_for_good)
{
	struct store_quarantine *q;
	struct sandbox_counts was, is;
	size_t n;

	fault_at(b.sandbox, (struct sandbox_fault){.kind = SANDBOX_FAULT_DROP,
				.method = "POST",
				.path = "/fhir/DiagnosticReport",
				.word = "identifier"});
	bench_cycle(&b);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "DiagnosticReport"), 1);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Flag"), 0);
	ck_assert_uint_eq(aside(&q), 1);
	ck_assert_str_eq(q->code, QUARANTINE_DROPPED);
	ck_assert_ptr_nonnull(
	    strstr(printed(), "nothing is written to sandbox"));
	/* Also after a restart, and although the server would behave now. */
	sandbox_fault_clear(b.sandbox);
	reopen(NULL);
	was = sandbox_requests(b.sandbox, NULL);
	bench_measure(&b, "1", "s1", "a", "46.0", "amended");
	bench_cycle(&b);
	is = sandbox_requests(b.sandbox, NULL);
	ck_assert_uint_eq(is.creates + is.updates, was.creates + was.updates);
	ck_assert_ptr_nonnull(
	    strstr(printed(), "nothing is written to sandbox"));
	/* Until somebody has looked: then the one that lost it is mended. */
	must(b.store->ops->quarantine_retry(b.store, q->id, &n, &b.e));
	bench_cycle(&b);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Flag"), 1);
	ck_assert_uint_eq(aside(&q), 0);
	ck_assert_ptr_null(strstr(printed(), "nothing is written"));
	for (size_t i = 0; i < sandbox_count(b.sandbox, "DiagnosticReport");
	     i++) {
		char *report = sandbox_nth(b.sandbox, "DiagnosticReport", i);

		ck_assert_ptr_nonnull(strstr(report, "\"identifier\""));
		free(report);
	}
	ck_assert_uint_eq(written_rows("DiagnosticReport"),
	    sandbox_count(b.sandbox, "DiagnosticReport"));
}
END_TEST

START_TEST(an_unsafe_server_sends_nothing_astray)
{
	begin_other();
	fault_at(b.sandbox, (struct sandbox_fault){.kind = SANDBOX_FAULT_DROP,
				.method = "POST",
				.path = "/fhir/Device",
				.word = "identifier"});
	bench_cycle(&b);
	/* What could not be written any more waits; nothing goes astray. */
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Flag"), 0);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Device"), 1);
	ck_assert_uint_eq(sandbox_requests(other, NULL).creates, 0);
}
END_TEST

/* --- a person's decision --- */

static void
close_flag(const char *id)
{
	bench_edit(&b, "Flag", id, "\"active\"", "\"inactive\"");
}

static size_t
active_flags(void)
{
	size_t n = 0;

	for (size_t i = 0; i < sandbox_count(b.sandbox, "Flag"); i++) {
		char *flag = sandbox_nth(b.sandbox, "Flag", i);

		n += strstr(flag, "\"status\":\"active\"") != NULL;
		free(flag);
	}
	return n;
}

START_TEST(dismissed_stays_until_a_new_episode)
{
	bench_cycle(&b);
	ck_assert_uint_eq(active_flags(), 1);
	close_flag(row("Flag")->server_id);
	/* The same unconfirmed progression, measured anew: nothing. */
	bench_measure(&b, "1", "s1", "a", "52.0", "amended");
	bench_cycle(&b);
	bench_measure(&b, "1", "s1", "b", "27.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(active_flags(), 0);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Flag"), 1);
	/* It shrank: the episode is over. */
	bench_scan(&b, "1", "s2");
	bench_measure(&b, "1", "s2", "a", "30.0", "final");
	bench_measure(&b, "1", "s2", "b", "20.0", "final");
	bench_set_day("2024-05-05");
	bench_cycle(&b);
	ck_assert_uint_eq(active_flags(), 0);
	/* It grows again: that is another one, and says so. */
	bench_scan(&b, "1", "s3");
	bench_measure(&b, "1", "s3", "a", "45.0", "final");
	bench_measure(&b, "1", "s3", "b", "28.0", "final");
	bench_set_day("2024-07-05");
	bench_cycle(&b);
	ck_assert_uint_eq(active_flags(), 1);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Flag"), 2);
}
END_TEST

static Suite *
suite_deliver_other(void)
{
	Suite *s = suite_create("deliver_other");
	TCase *t = tcase_create("tls");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_refused_goes_to_the_fallback);
	tcase_add_test(t, a_change_follows_it_there);
	tcase_add_test(t, what_the_profile_rules_out_is_not_even_tried);
	tcase_add_test(t, refused_by_both_is_set_aside);
	tcase_add_test(t, a_fallback_out_of_reach_waits);
	tcase_add_test(t, a_lost_answer_of_the_fallback_makes_no_twin);
	tcase_add_test(t, the_outcome_is_kept);
	tcase_add_test(t, what_servers_add_is_no_change);
	tcase_add_test(t, what_servers_leave_out_is_said);
	tcase_add_test(t, a_dropped_identifier_stops_writing_for_good);
	tcase_add_test(t, an_unsafe_server_sends_nothing_astray);
	tcase_add_test(t, dismissed_stays_until_a_new_episode);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_deliver_other())
