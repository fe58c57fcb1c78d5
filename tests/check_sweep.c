/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sweeps: what was deleted, withdrawn, missed or merged without a word.
 */
#include "tests/support/bench.h"
#include "tests/support/check_main.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;
static struct arena *arena;

static void
setup(void)
{
	arena = arena_new();
	bench_begin(&b, "[poll]\nsweep_hours = 1\n");
	bench_seed(&b, "1");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.swept, 0);
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
document(const char *patient)
{
	return bench_document(&b, patient, arena);
}

static void
sweep(void)
{
	bench_pass_s(3601);
	bench_cycle(&b);
	ck_assert_uint_gt(b.report.swept, 0);
}

static size_t
with_status(const char *type, const char *status)
{
	size_t n = 0;

	for (size_t i = 0; i < sandbox_count(b.sandbox, type); i++) {
		char *text = sandbox_nth(b.sandbox, type, i);

		n += strstr(text, arena_printf(arena, "\"status\":\"%s\"",
				      status)) != NULL;
		free(text);
	}
	return n;
}

START_TEST(nothing_gone_changes_nothing)
{
	sweep();
	ck_assert_uint_eq(b.report.swept, 1);
	ck_assert_uint_eq(b.report.withdrawn, 0);
	ck_assert_uint_eq(b.report.stored, 0);
	ck_assert_uint_eq(b.report.assessed, 0);
	/* Not again before its time. */
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.swept, 0);
}
END_TEST

START_TEST(gone_counts_at_once)
{
	ck_assert(sandbox_delete(b.sandbox, "Observation", "1-s1-a"));
	ck_assert(sandbox_delete(b.sandbox, "Observation", "1-s1-b"));
	bench_cycle(&b);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "45.0"));
	sweep();
	ck_assert_uint_eq(b.report.withdrawn, 2);
	ck_assert_ptr_null(strstr(document("Patient/1"), "45.0"));
	ck_assert_ptr_nonnull(
	    strstr(document("Patient/1"), "resource_withdrawn"));
	ck_assert_uint_eq(with_status("Flag", "active"), 0);
	/* The tombstone stays; the next sweep has nothing to do with it. */
	sweep();
	ck_assert_uint_eq(b.report.withdrawn, 0);
	ck_assert_uint_eq(b.report.assessed, 0);
	ck_assert_ptr_nonnull(
	    strstr(document("Patient/1"), "resource_withdrawn"));
}
END_TEST

START_TEST(absent_counts_the_second_time)
{
	struct sandbox_habits h = {
	    .hide = "Observation/1-s1-a", .hide_status = _i == 0 ? 404 : 403};
	struct sandbox_habits none = {.hide = NULL};

	sandbox_behave(b.sandbox, &h);
	sweep();
	ck_assert_uint_eq(b.report.withdrawn, 0);
	ck_assert_uint_eq(b.report.assessed, 0);
	/* Seen in between: the count begins anew. */
	sandbox_behave(b.sandbox, &none);
	sweep();
	sandbox_behave(b.sandbox, &h);
	sweep();
	ck_assert_uint_eq(b.report.withdrawn, 0);
	sweep();
	ck_assert_uint_eq(b.report.withdrawn, 1);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_null(strstr(document("Patient/1"), "45.0"));
	/* Back again after all. */
	sandbox_behave(b.sandbox, &none);
	sweep();
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "45.0"));
	ck_assert_ptr_null(strstr(document("Patient/1"), "withdrawn"));
}
END_TEST

START_TEST(not_found_by_search_but_read_is_there)
{
	struct sandbox_habits h = {.hide = "Observation/1-s1-a"};

	sandbox_behave(b.sandbox, &h);
	for (int i = 0; i < 3; i++) {
		sweep();
		ck_assert_uint_eq(b.report.withdrawn, 0);
	}
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "45.0"));
}
END_TEST

START_TEST(what_searches_missed_is_found)
{
	struct sandbox_habits h = {.hide = "Observation/1-s1-a"};
	struct sandbox_habits none = {.hide = NULL};
	const char *lag;

	sandbox_behave(b.sandbox, &h);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	bench_cycle(&b);
	sandbox_pass_ms(b.sandbox, 7200000);
	bench_measure(&b, "1", "s1", "b", "26.0", "amended");
	bench_cycle(&b);
	sandbox_behave(b.sandbox, &none);
	bench_cycle(&b); /* too late for the overlap */
	ck_assert_ptr_null(strstr(document("Patient/1"), "60.0"));
	sweep();
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "60.0"));
	ck_assert_int_eq(b.store->ops->memory_get(
			     b.store, "sandbox", "lag", arena, &lag, &b.e),
	    ERR_OK);
	ck_assert_str_eq(lag, "3600000"); /* no more than max_lag_s */
}
END_TEST

START_TEST(relabelled_lesion_is_noticed)
{
	bench_edit(&b, "BodyStructure", "1-b", "39607008", "10200004");
	bench_cycle(&b);
	ck_assert_ptr_null(strstr(document("Patient/1"), "liver"));
	sweep();
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "liver"));
}
END_TEST

START_TEST(merge_found_later_moves_what_was_said)
{
	size_t reports = sandbox_count(b.sandbox, "DiagnosticReport");

	ck_assert_uint_eq(with_status("Flag", "active"), 1);
	bench_put(&b, "{\"resourceType\":\"Patient\",\"id\":\"2\"}");
	bench_put(&b,
	    "{\"resourceType\":\"Patient\",\"id\":\"1\",\"link\":[{\"type\":"
	    "\"replaced-by\",\"other\":{\"reference\":\"Patient/2\"}}]}");
	sweep();
	/* Said again on the survivor, taken back on the old record. */
	ck_assert_ptr_nonnull(strstr(document("Patient/2"), "iUPD"));
	ck_assert_uint_eq(
	    sandbox_count(b.sandbox, "DiagnosticReport"), 2 * reports);
	ck_assert_uint_eq(
	    with_status("DiagnosticReport", "entered-in-error"), reports);
	ck_assert_uint_eq(
	    with_status("DiagnosticReport", "preliminary"), reports);
	ck_assert_uint_eq(with_status("Flag", "active"), 1);
	ck_assert_uint_eq(with_status("Flag", "entered-in-error"), 1);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "patient_merged"));
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 0);
	/* Unmerged again: everything back where it was. */
	bench_put(&b, "{\"resourceType\":\"Patient\",\"id\":\"1\"}");
	sweep();
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "iUPD"));
	ck_assert_uint_eq(with_status("Flag", "active"), 1);
	ck_assert_uint_eq(
	    with_status("DiagnosticReport", "entered-in-error"), reports);
}
END_TEST

START_TEST(failing_sweep_leaves_the_rest_alone)
{
	struct sandbox_fault f = {.kind = SANDBOX_FAULT_STATUS,
	    .path = "patient=",
	    .times = -1,
	    .status = 500};

	ck_assert(sandbox_delete(b.sandbox, "Observation", "1-s1-a"));
	bench_fault(&b, f);
	bench_measure(&b, "1", "s1", "b", "26.0", "amended");
	sweep();
	/* Not found because not answered: nothing is withdrawn. */
	ck_assert_uint_eq(b.report.withdrawn, 0);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "45.0"));
	sandbox_fault_clear(b.sandbox);
	sweep();
	ck_assert_uint_eq(b.report.withdrawn, 1);
}
END_TEST

START_TEST(other_patients_data_stop_the_sweep)
{
	struct sandbox_habits h = {.leak = "Observation/2-s1-a"};

	bench_seed(&b, "2");
	bench_cycle(&b);
	sandbox_behave(b.sandbox, &h);
	bench_pass_s(7202);
	bench_try_for(&b, ERR_WRONG_PATIENT);
	ck_assert_uint_eq(b.report.assessed, 0);
}
END_TEST

START_TEST(few_in_a_cycle)
{
	for (int i = 2; i < 6; i++)
		bench_seed(&b, arena_printf(arena, "%d", i));
	reopen("[poll]\nsweep_hours = 1\nsweep_patients = 2\n");
	bench_cycle(&b);
	bench_cycle(&b); /* those new are known from here on */
	bench_pass_s(3601);
	for (int i = 0; i < 3; i++) {
		bench_cycle(&b);
		ck_assert_uint_eq(b.report.swept, i < 2 ? 2 : 1);
	}
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.swept, 0);
}
END_TEST

static Suite *
suite_sweep(void)
{
	Suite *s = suite_create("sweep");
	TCase *t = tcase_create("sweep");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, nothing_gone_changes_nothing);
	tcase_add_test(t, gone_counts_at_once);
	tcase_add_loop_test(t, absent_counts_the_second_time, 0, 2);
	tcase_add_test(t, not_found_by_search_but_read_is_there);
	tcase_add_test(t, what_searches_missed_is_found);
	tcase_add_test(t, relabelled_lesion_is_noticed);
	tcase_add_test(t, merge_found_later_moves_what_was_said);
	tcase_add_test(t, failing_sweep_leaves_the_rest_alone);
	tcase_add_test(t, other_patients_data_stop_the_sweep);
	tcase_add_test(t, few_in_a_cycle);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_sweep())
