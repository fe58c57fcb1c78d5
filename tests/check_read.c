/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modes of reading: the feed of a history, a roster's patients one by one;
 * and which one a server gets.
 */
#include "tests/support/bench.h"
#include "tests/support/check_main.h"

#include "gateway/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
document(const char *patient)
{
	return bench_document(&b, patient, arena);
}

static bool
is_noted(const char *text)
{
	for (size_t i = 0; i < b.report.notes.n; i++)
		if (strstr(b.report.notes.items[i], text) != NULL)
			return true;
	return false;
}

static unsigned
active_flags(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < sandbox_count(b.sandbox, "Flag"); i++) {
		char *flag = sandbox_nth(b.sandbox, "Flag", i);

		n += strstr(flag, "\"active\"") != NULL;
		free(flag);
	}
	return n;
}

/* --- history --- */

START_TEST(history_tells_deletions_at_once)
{
	static const char *const gone[] = {"1-s1-a", "1-s1-b"};
	struct sandbox_counts was;

	bench_seed(&b, "1");
	reopen("mode = history");
	bench_cycle(&b);
	ck_assert_str_eq(b.report.mode, "history");
	ck_assert_uint_eq(active_flags(), 1);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "iUPD"));
	was = sandbox_requests(b.sandbox, NULL);
	for (int i = 0; i < 2; i++)
		ck_assert(sandbox_delete(b.sandbox, "Observation", gone[i]));
	ck_assert(sandbox_delete(b.sandbox, "ImagingStudy", "1-s1"));
	bench_cycle(&b);
	ck_assert_uint_eq(
	    sandbox_requests(b.sandbox, NULL).histories - was.histories, 3);
	ck_assert_uint_eq(
	    sandbox_requests(b.sandbox, NULL).searches, was.searches);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_null(strstr(document("Patient/1"), "iUPD"));
	ck_assert_ptr_nonnull(
	    strstr(document("Patient/1"), "resource_withdrawn"));
	ck_assert_uint_eq(active_flags(), 0);
	/* The same feed again says nothing new. */
	bench_idle(&b);
}
END_TEST

START_TEST(history_takes_the_newest_of_each)
{
	bench_seed(&b, "1");
	reopen("mode = history\npage_count = 2");
	bench_cycle(&b);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	bench_measure(&b, "1", "s1", "a", "61.0", "amended");
	bench_measure(&b, "1", "s1", "b", "27.0", "amended");
	bench_measure(&b, "1", "s1", "a", "62.0", "amended");
	ck_assert(sandbox_delete(b.sandbox, "Observation", "1-s1-b"));
	bench_cycle(&b);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "62.0"));
	ck_assert_ptr_null(strstr(document("Patient/1"), "27.0"));
	ck_assert_ptr_null(strstr(document("Patient/1"), "61.0"));
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 0);
	ck_assert_ptr_null(strstr(document("Patient/1"), "27.0"));
}
END_TEST

START_TEST(history_brings_back_what_was_deleted)
{
	bench_seed(&b, "1");
	reopen("mode = history");
	bench_cycle(&b);
	ck_assert(sandbox_delete(b.sandbox, "Observation", "1-s1-a"));
	bench_cycle(&b);
	ck_assert_ptr_null(strstr(document("Patient/1"), "45.0"));
	bench_measure(&b, "1", "s1", "a", "45.0", "final");
	bench_cycle(&b);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "45.0"));
	ck_assert_ptr_null(strstr(document("Patient/1"), "withdrawn"));
}
END_TEST

START_TEST(history_pages_forgotten_are_read_again)
{
	bench_seed(&b, "1");
	reopen("mode = history\npage_count = 3");
	bench_cycle(&b);
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "_offset=",
			    .times = 2,
			    .status = 410});
	bench_cycle(&b);
	ck_assert_int_eq(b.report.restarts, 2);
}
END_TEST

START_TEST(history_refused_is_a_failure_not_an_empty_feed)
{
	struct sandbox_habits h = {.no_history = true};

	bench_seed(&b, "1");
	reopen("mode = history");
	bench_cycle(&b);
	sandbox_behave(b.sandbox, &h);
	bench_try_for(&b, ERR_REFUSED);
	ck_assert_uint_eq(b.report.assessed, 0);
}
END_TEST

/* --- which mode --- */

static const struct {
	struct sandbox_habits habits;
	const char *more, *mode;
} choices[] = {
    {{.no_history = false}, NULL, "search"},
    {{.refuse_last_updated = true}, NULL, "history"},
    {{.refuse_last_updated = true, .no_history = true}, NULL, "search"},
    {{.require_patient = true}, "roster = Group/g", "patient"},
    {{.require_patient = true}, NULL, "history"},
    {{.no_history = false}, "mode = history", "history"},
};

START_TEST(mode_is_chosen_by_what_the_server_says)
{
	bench_seed(&b, "1");
	bench_put(&b, "{\"resourceType\":\"Group\",\"id\":\"g\",\"type\":"
		      "\"person\",\"actual\":true,\"member\":[{\"entity\":{"
		      "\"reference\":\"Patient/1\"}}]}");
	sandbox_behave(b.sandbox, &choices[_i].habits);
	if (choices[_i].more != NULL)
		reopen(choices[_i].more);
	if (_i == 4) { /* refused, and the next mode has no present */
		bench_try_for(&b, ERR_REFUSED);
		ck_assert_uint_eq(b.report.assessed, 0);
		return;
	}
	bench_cycle(&b);
	ck_assert_str_eq(b.report.mode, choices[_i].mode);
	ck_assert_uint_eq(b.report.assessed, 1);
}
END_TEST

/* --- a roster --- */

static void
put_group(const char *members)
{
	bench_put(&b,
	    "{\"resourceType\":\"Group\",\"id\":\"g\",\"type\":\"person\","
	    "\"actual\":true,\"member\":[%s]}",
	    members);
}
#define MEMBER(id) "{\"entity\":{\"reference\":\"Patient/" id "\"}}"

static const struct sandbox_habits demanding = {.require_patient = true};

static void
begin_demanding(const char *more)
{
	bench_seed(&b, "1");
	bench_seed(&b, "2");
	bench_seed(&b, "3");
	put_group(MEMBER("1") "," MEMBER(
	    "2") ",{\"entity\":{\"reference\":"
		 "\"Patient/3\"},\"inactive\":true}," MEMBER("1"));
	sandbox_behave(b.sandbox, &demanding);
	reopen(more);
}

START_TEST(patients_of_a_group_are_read_one_by_one)
{
	char *whole;

	bench_seed(&b, "1");
	bench_cycle(&b);
	whole = arena_strdup(arena, document("Patient/1"));
	bench_close(&b);
	bench_forget(&b);
	bench_open(&b, NULL);
	begin_demanding("roster = Group/g\npage_count = 2");
	bench_cycle(&b);
	ck_assert_str_eq(b.report.mode, "patient");
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_str_eq(document("Patient/1"), whole);
	/* What is new of one is read by time. */
	bench_measure(&b, "2", "s1", "a", "60.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 1);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_nonnull(strstr(document("Patient/2"), "60.0"));
}
END_TEST

START_TEST(roster_is_a_list_or_a_file)
{
	char path[96];
	FILE *f;

	bench_put(&b,
	    "{\"resourceType\":\"List\",\"id\":\"l\",\"status\":\"current\","
	    "\"mode\":\"working\",\"entry\":[{\"item\":{\"reference\":"
	    "\"Patient/2\"}},{\"deleted\":true,\"item\":{\"reference\":"
	    "\"Patient/1\"}}]}");
	snprintf(path, sizeof(path), "%s/roster", b.dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("# ours\n\n  2  # the second\nPatient/2\n", f);
	fclose(f);
	begin_demanding(_i == 0
			    ? "roster = List/l"
			    : arena_printf(arena, "roster = file:%s", path));
	bench_cycle(&b);
	unlink(path);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_str_eq(b.report.patients.items[0].key, "Patient/2");
}
END_TEST

START_TEST(roster_file_with_nonsense_is_refused)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/roster", b.dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("1\nsmith, john\n", f);
	fclose(f);
	begin_demanding(arena_printf(arena, "roster = file:%s", path));
	bench_try_for(&b, ERR_INVALID);
	unlink(path);
	ck_assert_ptr_nonnull(strstr(b.e.text, "line 2"));
	ck_assert_ptr_null(strstr(b.e.text, "smith"));
}
END_TEST

START_TEST(roster_is_whoever_has_a_dose)
{
	bench_seed(&b, "1");
	bench_seed(&b, "2");
	bench_put(&b, "{\"resourceType\":\"Patient\",\"id\":\"9\"}");
	reopen("mode = patient\nroster = medications");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
}
END_TEST

START_TEST(roster_is_bounded)
{
	begin_demanding("roster = Group/g\nroster_max = 1");
	bench_try_for(&b, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(b.e.text, "roster_max"));
	ck_assert_uint_eq(b.report.assessed, 0);
}
END_TEST

START_TEST(roster_is_read_again_and_the_old_one_outlasts_a_failure)
{
	begin_demanding("roster = Group/g\nroster_refresh_s = 600");
	bench_cycle(&b);
	put_group(MEMBER("1") "," MEMBER("2") "," MEMBER("3"));
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 0);
	bench_pass_s(601);
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "/fhir/Group",
			    .times = 3,
			    .status = 404});
	bench_cycle(&b);
	ck_assert(is_noted("roster could not be read"));
	ck_assert_uint_eq(b.report.assessed, 0);
	sandbox_fault_clear(b.sandbox);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_nonnull(strstr(document("Patient/3"), "iUPD"));
}
END_TEST

/* --- what such servers demand --- */

static void
give_category(const char *id)
{
	bench_edit(&b, "Observation", id, "\"status\"",
	    "\"category\":[{\"coding\":[{\"system\":\"http://terminology.hl7."
	    "org/CodeSystem/observation-category\",\"code\":\"imaging\"}]}],"
	    "\"status\"");
}

/* Found to be demanded; or configured, in one search or in two. */
static const char *const panels[] = {"",
    "panel_observation = category=laboratory,imaging\n",
    "panel_observation = category=laboratory "
    "code=http://loinc.org|21889-1\n"};

START_TEST(category_is_given_where_it_is_demanded)
{
	struct sandbox_habits h = {
	    .require_patient = true, .require_category = true};

	bench_seed(&b, "1");
	give_category("1-s0-a");
	give_category("1-s0-b");
	give_category("1-s1-a");
	give_category("1-s1-b");
	put_group(MEMBER("1"));
	sandbox_behave(b.sandbox, &h);
	reopen(arena_printf(arena, "roster = Group/g\n%s", panels[_i]));
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "iUPD"));
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 0);
}
END_TEST

START_TEST(without_last_updated_dates_and_sweeps)
{
	struct sandbox_habits h = {
	    .require_patient = true, .refuse_last_updated = true};
	struct sandbox_counts was;

	bench_seed(&b, "1");
	put_group(MEMBER("1"));
	sandbox_behave(b.sandbox, &h);
	/* Scans of 2024-01-02 and 2024-03-05, today 2024-04-10. */
	reopen("roster = Group/g\nwindow_days = 60\n"
	       "[poll]\nsweep_hours = 1\n");
	bench_cycle(&b);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "iUPD"));
	/* Recent: in the window. */
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	was = sandbox_requests(b.sandbox, NULL);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 1);
	ck_assert_uint_eq(
	    sandbox_requests(b.sandbox, NULL).searches - was.searches, 3);
	/* Long ago: only a sweep finds the correction. */
	bench_measure(&b, "1", "s0", "a", "32.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 0);
	bench_pass_s(3601);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.swept, 1);
	ck_assert_uint_eq(b.report.stored, 1);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "32.0"));
}
END_TEST

/* --- who cannot be read --- */

static void
hear(void *ctx, const struct cycle_report *r, const struct err *e)
{
	(void)ctx;
	(void)r;
	(void)e;
}

START_TEST(other_patients_data_stop_everything)
{
	struct sandbox_habits h = {
	    .require_patient = true, .leak = "Observation/2-s1-a"};

	bench_seed(&b, "1");
	bench_seed(&b, "2");
	put_group(MEMBER("1"));
	sandbox_behave(b.sandbox, &h);
	reopen("roster = Group/g");
	bench_try_for(&b, ERR_WRONG_PATIENT);
	ck_assert_uint_eq(b.report.assessed, 0);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "DiagnosticReport"), 0);
	/* It does not pass by itself. */
	ck_assert_int_eq(schedule_run(b.pipeline, b.config,
			     &(struct schedule){.fn = hear}, &b.e),
	    ERR_WRONG_PATIENT);
	/* And names nobody. */
	ck_assert_ptr_null(strstr(b.e.text, "Patient/"));
}
END_TEST

START_TEST(one_who_cannot_be_read_waits_the_others_go_on)
{
	begin_demanding("roster = Group/g");
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "MedicationAdministration.patient=1",
			    .times = -1,
			    .status = _i == 0 ? 500 : 403});
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.skipped, 1);
	ck_assert(is_noted("is not assessed"));
	/* Half of the news of one is no ground for a category. */
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_str_eq(b.report.patients.items[0].key, "Patient/2");
	sandbox_fault_clear(b.sandbox);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "iUPD"));
	ck_assert_ptr_null(strstr(document("Patient/1"), "coverage"));
}
END_TEST

START_TEST(type_denied_to_all_is_a_gap)
{
	begin_demanding("roster = Group/g");
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "/fhir/ImagingStudy",
			    .times = -1,
			    .status = 403});
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert(is_noted("ImagingStudy: no data"));
	ck_assert_ptr_nonnull(
	    strstr(document("Patient/2"), "coverage_missing"));
}
END_TEST

START_TEST(server_down_is_no_offender)
{
	begin_demanding("roster = Group/g");
	bench_cycle(&b);
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "patient=",
			    .times = -1,
			    .status = 503});
	bench_try_for(&b, ERR_SERVER);
	sandbox_fault_clear(b.sandbox);
	bench_measure(&b, "2", "s1", "a", "60.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
}
END_TEST

START_TEST(patient_pages_forgotten_are_read_again)
{
	begin_demanding("roster = Group/g\npage_count = 2");
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "_page=",
			    .times = 2,
			    .status = 410});
	bench_cycle(&b);
	ck_assert_int_eq(b.report.restarts, 2);
	ck_assert_uint_eq(b.report.assessed, 2);
}
END_TEST

static Suite *
suite_read(void)
{
	Suite *s = suite_create("read");
	TCase *t = tcase_create("read");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, history_tells_deletions_at_once);
	tcase_add_test(t, history_takes_the_newest_of_each);
	tcase_add_test(t, history_brings_back_what_was_deleted);
	tcase_add_test(t, history_pages_forgotten_are_read_again);
	tcase_add_test(t, history_refused_is_a_failure_not_an_empty_feed);
	tcase_add_loop_test(t, mode_is_chosen_by_what_the_server_says, 0,
	    (int)(sizeof(choices) / sizeof(choices[0])));
	tcase_add_test(t, patients_of_a_group_are_read_one_by_one);
	tcase_add_loop_test(t, roster_is_a_list_or_a_file, 0, 2);
	tcase_add_test(t, roster_file_with_nonsense_is_refused);
	tcase_add_test(t, roster_is_whoever_has_a_dose);
	tcase_add_test(t, roster_is_bounded);
	tcase_add_test(
	    t, roster_is_read_again_and_the_old_one_outlasts_a_failure);
	tcase_add_loop_test(t, category_is_given_where_it_is_demanded, 0, 3);
	tcase_add_test(t, without_last_updated_dates_and_sweeps);
	tcase_add_test(t, other_patients_data_stop_everything);
	tcase_add_loop_test(
	    t, one_who_cannot_be_read_waits_the_others_go_on, 0, 2);
	tcase_add_test(t, type_denied_to_all_is_a_gap);
	tcase_add_test(t, server_down_is_no_offender);
	tcase_add_test(t, patient_pages_forgotten_are_read_again);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_read())
