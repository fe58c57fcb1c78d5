/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading by time from servers as they are: clocks, lags, pages that move,
 * parameters that are ignored, types that are forbidden.
 */
#include "tests/support/bench.h"
#include "tests/support/check_main.h"

#include "gateway/schedule.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;
static struct arena *arena;

static void
setup(void)
{
	arena = arena_new();
	bench_begin(&b, NULL);
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

static const char *
document(void)
{
	return bench_document(&b, "Patient/1", arena);
}

static int64_t
kept(const char *key)
{
	const char *text;

	ck_assert_int_eq(b.store->ops->memory_get(
			     b.store, "sandbox", key, arena, &text, &b.e),
	    ERR_OK);
	return text[0] == '\0' ? -1 : strtoll(text, NULL, 10);
}

static int64_t
cursor(const char *type)
{
	int64_t ms;

	ck_assert_int_eq(
	    b.store->ops->cursor_get(b.store, "sandbox", type, &ms, &b.e),
	    ERR_OK);
	return ms;
}

static bool
is_noted(const char *text)
{
	for (size_t i = 0; i < b.report.notes.n; i++)
		if (strstr(b.report.notes.items[i], text) != NULL)
			return true;
	return false;
}

/* --- D-35 --- */

static void
forbid(const char *type, int status)
{
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = arena_printf(arena, "/fhir/%s", type),
			    .times = -1,
			    .status = status});
}

START_TEST(forbidden_type_is_a_gap)
{
	char *report;

	bench_seed(&b, "1");
	forbid("ImagingStudy", _i == 0 ? 403 : 404);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert(is_noted("ImagingStudy: no data"));
	ck_assert_ptr_nonnull(strstr(document(), "coverage_missing"));
	report = sandbox_nth(b.sandbox, "DiagnosticReport", 0);
	ck_assert_ptr_nonnull(report);
	ck_assert_ptr_nonnull(
	    strstr(report, "Incomplete: no ImagingStudy data"));
	free(report);
	/* Said once: nothing changes while it lasts. */
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 0);
	ck_assert(is_noted("ImagingStudy: no data"));
	/* And when it may be read again, that is said, too. */
	sandbox_fault_clear(b.sandbox);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_uint_eq(b.report.notes.n, 0);
	ck_assert_ptr_null(strstr(document(), "coverage_missing"));
	report = sandbox_nth(b.sandbox, "DiagnosticReport", 0);
	ck_assert_ptr_null(strstr(report, "Incomplete"));
	free(report);
}
END_TEST

START_TEST(gap_does_not_mean_no_therapy)
{
	size_t flags = 0;

	bench_seed(&b, "1");
	bench_seed(&b, "2");
	bench_cycle(&b);
	forbid("MedicationAdministration", 403);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	bench_cycle(&b);
	/* What is known of doses stays known; nothing is taken back. */
	ck_assert_ptr_nonnull(strstr(document(), "pembrolizumab"));
	ck_assert_ptr_nonnull(strstr(document(), "coverage_missing"));
	ck_assert_ptr_nonnull(
	    strstr(bench_document(&b, "Patient/2", arena), "coverage_missing"));
	for (size_t i = 0; i < sandbox_count(b.sandbox, "Flag"); i++) {
		char *flag = sandbox_nth(b.sandbox, "Flag", i);

		flags += strstr(flag, "\"active\"") != NULL;
		free(flag);
	}
	ck_assert_uint_ge(flags, 2);
}
END_TEST

START_TEST(nothing_to_be_read_is_a_failure)
{
	bench_seed(&b, "1");
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "/fhir/[A-Z]",
			    .times = -1,
			    .status = 403});
	bench_try_for(&b, ERR_FORBIDDEN);
	ck_assert_uint_eq(b.report.assessed, 0);
}
END_TEST

/* --- D-27 --- */

static void
seed_slowly(void)
{
	bench_seed(&b, "1");
	sandbox_pass_ms(b.sandbox, 600000);
	bench_seed(&b, "2");
	sandbox_pass_ms(b.sandbox, 600000);
	bench_seed(&b, "3");
}

START_TEST(forgotten_pages_are_read_again)
{
	/* How often the server forgets, and how often we begin again. */
	static const int times[] = {1, 3, 7};

	seed_slowly();
	reopen("page_count = 3");
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "_page=",
			    .times = times[_i],
			    .status = 410});
	bench_cycle(&b);
	ck_assert_int_ge(b.report.restarts, times[_i] > 4 ? 4 : times[_i]);
	ck_assert_uint_eq(b.report.assessed, 3);
	for (int i = 1; i <= 3; i++)
		ck_assert_ptr_nonnull(
		    strstr(bench_document(
			       &b, arena_printf(arena, "Patient/%d", i), arena),
			"\"iUPD\""));
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 0);
}
END_TEST

START_TEST(pages_forgotten_for_ever_end)
{
	seed_slowly();
	reopen("page_count = 2");
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "_page=",
			    .times = -1,
			    .status = 410});
	bench_try_for(&b, ERR_GONE);
	ck_assert_int_lt(b.report.restarts, 100);
	ck_assert_uint_eq(b.report.assessed, 0);
}
END_TEST

/* --- D-26, D-29 --- */

START_TEST(moving_window_is_suspect_and_repeated)
{
	struct sandbox_habits h = {.offset_paging = true};
	int64_t before;

	bench_seed(&b, "1");
	sandbox_behave(b.sandbox, &h);
	reopen("page_count = 2");
	/* While the second page is asked for, the first entry moves to the
	 * end: everything else moves up, and one is missed. */
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_TOUCH,
			    .path = "/Observation.*_offset=2",
			    .word = "Observation/1-s0-a"});
	bench_cycle(&b);
	ck_assert_int_eq(b.report.suspect, 1);
	before = cursor("Observation");
	ck_assert_int_eq(before, TIME_NONE); /* not passed */
	bench_cycle(&b);
	ck_assert_int_eq(b.report.suspect, 0);
	ck_assert_uint_gt(b.report.stored, 0);
	ck_assert_int_ne(cursor("Observation"), TIME_NONE);
	ck_assert_ptr_nonnull(strstr(document(), "\"iUPD\""));
	/* Each once, whatever came twice. */
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 0);
}
END_TEST

START_TEST(total_that_never_fits_is_no_sign)
{
	struct sandbox_habits h = {.wrong_total = true};

	bench_seed(&b, "1");
	sandbox_behave(b.sandbox, &h);
	reopen("page_count = 3");
	bench_cycle(&b);
	ck_assert_int_gt(b.report.suspect, 0);
	bench_cycle(&b);
	bench_cycle(&b);
	bench_cycle(&b);
	ck_assert_int_eq(b.report.suspect, 0);
	ck_assert_int_ne(cursor("Observation"), TIME_NONE);
}
END_TEST

START_TEST(suspect_cycle_is_repeated_sooner)
{
	struct cycle_report r = {.suspect = 1};

	ck_assert_int_lt(
	    schedule_next_ms(b.config, &r, 0), schedule_pause_ms(b.config, 0));
	r.suspect = 0;
	ck_assert_int_eq(
	    schedule_next_ms(b.config, &r, 0), schedule_pause_ms(b.config, 0));
	/* Not faster than failures allow. */
	r.suspect = 1;
	ck_assert_int_eq(
	    schedule_next_ms(b.config, &r, 3), schedule_pause_ms(b.config, 3));
}
END_TEST

/* --- D-25 --- */

static bool
is_cited(const char *version)
{
	bool found = false;

	for (size_t i = 0; i < sandbox_count(b.sandbox, "Provenance"); i++) {
		char *text = sandbox_nth(b.sandbox, "Provenance", i);

		found = found || strstr(text, version) != NULL;
		free(text);
	}
	return found;
}

START_TEST(highest_version_of_duplicates_counts)
{
	struct sandbox_habits h = {.offset_paging = true};

	bench_seed(&b, "1");
	sandbox_behave(b.sandbox, &h);
	reopen("page_count = 2");
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_TOUCH,
			    .path = "/Observation.*_offset=2",
			    .word = "Observation/1-s0-a"});
	bench_cycle(&b);
	bench_cycle(&b);
	/* Its later version is what is cited. */
	ck_assert(is_cited("Observation/1-s0-a/_history/2"));
	ck_assert(!is_cited("Observation/1-s0-a/_history/1"));
}
END_TEST

/* --- D-15 --- */

START_TEST(ignored_filter_is_noticed_and_harmless)
{
	struct sandbox_counts was, is;

	bench_seed(&b, "1");
	if (_i == 1) /* old enough to prove it by themselves */
		sandbox_pass_ms(b.sandbox, 3600000);
	bench_seed(&b, "2");
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_IGNORE,
			    .times = -1,
			    .word = "_lastUpdated"});
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.notes.n, 0);
	was = sandbox_requests(b.sandbox, NULL);
	bench_cycle(&b);
	is = sandbox_requests(b.sandbox, NULL);
	ck_assert(is_noted("Observation: the server ignores _lastUpdated"));
	ck_assert_uint_eq(b.report.stored, 0);
	ck_assert_uint_eq(b.report.assessed, 0);
	/* Where the data do not prove it, a control search does. */
	ck_assert_uint_eq(is.searches - was.searches, _i == 0 ? 6 : 3);
	was = is;
	bench_cycle(&b);
	is = sandbox_requests(b.sandbox, NULL);
	ck_assert_uint_eq(is.searches - was.searches, 3);
	ck_assert(is_noted("ignores _lastUpdated"));
}
END_TEST

START_TEST(refused_filter_reads_everything)
{
	struct sandbox_habits h = {
	    .refuse_last_updated = true, .no_history = true};

	bench_seed(&b, "1");
	sandbox_behave(b.sandbox, &h);
	bench_cycle(&b);
	ck_assert_str_eq(b.report.mode, "search");
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 1);
	ck_assert_uint_eq(b.report.assessed, 1);
}
END_TEST

/* --- D-12, D-17 --- */

START_TEST(lag_is_measured_and_reached_over)
{
	int64_t lag;

	bench_seed(&b, "1");
	reopen("[poll]\noverlap_s = 1\n");
	bench_cycle(&b);
	sandbox_pass_ms(b.sandbox, 5000);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	sandbox_pass_ms(b.sandbox, 5000);
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_LAG,
			    .path = "/fhir/Observation",
			    .ms = 7000});
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 0);
	ck_assert_int_eq(kept("lag"), -1);
	sandbox_pass_ms(b.sandbox, 5000);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 1);
	lag = kept("lag");
	ck_assert_int_ge(lag, 9000);
	ck_assert_int_le(lag, 15000);
	/* A later one that is as slow is not lost: the overlap grew. */
	sandbox_pass_ms(b.sandbox, 60000);
	bench_measure(&b, "1", "s1", "a", "61.0", "amended");
	sandbox_pass_ms(b.sandbox, 4000);
	bench_measure(&b, "1", "s1", "b", "26.0", "amended");
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_LAG,
			    .path = "/fhir/Observation",
			    .ms = 1000});
	bench_cycle(&b);
	bench_cycle(&b);
	ck_assert_ptr_nonnull(strstr(document(), "61.0"));
	ck_assert_ptr_nonnull(strstr(document(), "26.0"));
}
END_TEST

START_TEST(lag_is_bounded)
{
	bench_seed(&b, "1");
	reopen("[poll]\nmax_lag_s = 3\n");
	bench_cycle(&b);
	sandbox_pass_ms(b.sandbox, 5000);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	sandbox_pass_ms(b.sandbox, 5000);
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_LAG,
			    .path = "/fhir/Observation",
			    .ms = 7000});
	bench_cycle(&b);
	bench_cycle(&b);
	ck_assert_int_eq(kept("lag"), 3000);
}
END_TEST

/* --- D-13 --- */

START_TEST(server_set_back_is_read_again)
{
	int64_t backup;

	bench_seed(&b, "1");
	bench_cycle(&b);
	sandbox_pass_ms(b.sandbox, 3600000);
	backup = sandbox_now_ms(b.sandbox);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	bench_cycle(&b);
	ck_assert_ptr_nonnull(strstr(document(), "60.0"));
	sandbox_set_back(b.sandbox, backup);
	bench_cycle(&b);
	ck_assert(is_noted("time went back"));
	ck_assert_ptr_null(strstr(document(), "60.0"));
	ck_assert_ptr_nonnull(strstr(document(), "45.0"));
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.notes.n, 0);
	ck_assert_uint_eq(b.report.stored, 0);
}
END_TEST

START_TEST(clock_put_back_loses_nothing)
{
	bench_seed(&b, "1");
	bench_cycle(&b);
	sandbox_pass_ms(b.sandbox, -7200000);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	bench_cycle(&b);
	ck_assert(is_noted("time went back"));
	ck_assert_ptr_nonnull(strstr(document(), "60.0"));
	bench_measure(&b, "1", "s1", "a", "61.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.notes.n, 0);
	ck_assert_ptr_nonnull(strstr(document(), "61.0"));
}
END_TEST

/* --- D-11 --- */

START_TEST(our_clock_does_not_matter)
{
	bench_seed(&b, "1");
	bench_set_day("2031-01-01"); /* ours, far ahead of the server's */
	bench_cycle(&b);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 1);
	bench_set_day("2024-04-10");
	bench_measure(&b, "1", "s1", "a", "61.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 1);
}
END_TEST

/* --- D-61 --- */

/* The report of the scan with progression. */
static struct store_output *
scan_report(void)
{
	size_t n;
	struct store_output *o = bench_outputs(&b, "Patient/1", arena, &n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(o[i].type, "DiagnosticReport") == 0 &&
		    strstr(o[i].body, "2024-03-05") != NULL)
			return &o[i];
	}
	ck_abort_msg("no report of that scan");
	return NULL;
}

START_TEST(corrected_input_amends_the_report)
{
	struct store_output *was, *is;
	char *before, *after;

	bench_seed(&b, "1");
	bench_cycle(&b);
	was = scan_report();
	before = sandbox_get(b.sandbox, "DiagnosticReport", was->server_id);
	ck_assert_ptr_nonnull(strstr(before, "\"status\":\"preliminary\""));
	bench_measure(&b, "1", "s1", "a", "32.0", "corrected");
	bench_measure(&b, "1", "s1", "b", "20.0", "corrected");
	bench_cycle(&b);
	is = scan_report();
	ck_assert_str_eq(was->server_id, is->server_id);
	ck_assert_str_ne(was->server_version, is->server_version);
	after = sandbox_get(b.sandbox, "DiagnosticReport", is->server_id);
	ck_assert_ptr_nonnull(strstr(after, "\"status\":\"preliminary\""));
	ck_assert_ptr_nonnull(strstr(before, "iUPD"));
	ck_assert_ptr_null(strstr(after, "iUPD"));
	free(before);
	free(after);
}
END_TEST

START_TEST(withdrawn_input_retracts_the_report)
{
	struct store_output *was = (bench_seed(&b, "1"), bench_cycle(&b),
	    bench_output(&b, "Patient/1", "DiagnosticReport", arena));
	char *after;

	for (int i = 0; i < 2; i++) {
		bench_measure(
		    &b, "1", "s1", i ? "a" : "b", "45.0", "entered-in-error");
		bench_measure(
		    &b, "1", "s0", i ? "a" : "b", "45.0", "entered-in-error");
	}
	bench_edit(&b, "ImagingStudy", "1-s0", "available", "entered-in-error");
	bench_edit(&b, "ImagingStudy", "1-s1", "available", "entered-in-error");
	bench_cycle(&b);
	after = sandbox_get(b.sandbox, "DiagnosticReport", was->server_id);
	ck_assert_ptr_nonnull(strstr(after, "\"status\":\"entered-in-error\""));
	free(after);
}
END_TEST

static Suite *
suite_poll(void)
{
	Suite *s = suite_create("poll");
	TCase *t = tcase_create("poll");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, forbidden_type_is_a_gap, 0, 2);
	tcase_add_test(t, gap_does_not_mean_no_therapy);
	tcase_add_test(t, nothing_to_be_read_is_a_failure);
	tcase_add_loop_test(t, forgotten_pages_are_read_again, 0, 3);
	tcase_add_test(t, pages_forgotten_for_ever_end);
	tcase_add_test(t, moving_window_is_suspect_and_repeated);
	tcase_add_test(t, total_that_never_fits_is_no_sign);
	tcase_add_test(t, suspect_cycle_is_repeated_sooner);
	tcase_add_test(t, highest_version_of_duplicates_counts);
	tcase_add_loop_test(t, ignored_filter_is_noticed_and_harmless, 0, 2);
	tcase_add_test(t, refused_filter_reads_everything);
	tcase_add_test(t, lag_is_measured_and_reached_over);
	tcase_add_test(t, lag_is_bounded);
	tcase_add_test(t, server_set_back_is_read_again);
	tcase_add_test(t, clock_put_back_loses_nothing);
	tcase_add_test(t, our_clock_does_not_matter);
	tcase_add_test(t, corrected_input_amends_the_report);
	tcase_add_test(t, withdrawn_input_retracts_the_report);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_poll())
