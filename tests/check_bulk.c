/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode bulk against the sandbox's $export.
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
	bench_begin(&b, "mode = bulk");
	bench_seed(&b, "1");
	bench_seed(&b, "2");
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

static struct sandbox_counts
counts(void)
{
	return sandbox_requests(b.sandbox, NULL);
}

static size_t
set_aside(const char *code)
{
	struct store_quarantine *q;
	size_t n, found = 0;

	ck_assert_int_eq(
	    b.store->ops->quarantine(b.store, "sandbox", arena, &q, &n, &b.e),
	    ERR_OK);
	for (size_t i = 0; i < n; i++)
		found += strcmp(q[i].code, code) == 0;
	return found;
}

static int64_t
cursor(void)
{
	int64_t ms;

	ck_assert_int_eq(
	    b.store->ops->cursor_get(b.store, "sandbox", "bulk", &ms, &b.e),
	    ERR_OK);
	return ms;
}

START_TEST(export_gives_what_searches_give)
{
	struct sandbox_counts was;
	char *bulk;

	bench_cycle(&b);
	ck_assert_str_eq(b.report.mode, "bulk");
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_uint_eq(counts().exports, 1);
	ck_assert_uint_eq(counts().export_ends, 1);
	/* Patients and lesions came along. */
	ck_assert_uint_eq(b.report.reads, 0);
	bulk = arena_strdup(arena, document("Patient/2"));
	/* Not again before its time. */
	was = counts();
	bench_cycle(&b);
	ck_assert_uint_eq(counts().requests, was.requests);
	bench_close(&b);
	bench_forget(&b);
	bench_open(&b, NULL);
	bench_cycle(&b);
	ck_assert_str_eq(bulk, document("Patient/2"));
}
END_TEST

START_TEST(next_export_tells_what_changed_and_what_went)
{
	bench_cycle(&b);
	sandbox_pass_ms(b.sandbox, 5000);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	ck_assert(sandbox_delete(b.sandbox, "Observation", "2-s1-a"));
	bench_pass_s(3601);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 2);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_ptr_nonnull(strstr(document("Patient/1"), "60.0"));
	ck_assert_ptr_null(strstr(document("Patient/2"), "45.0"));
	ck_assert_ptr_nonnull(
	    strstr(document("Patient/2"), "resource_withdrawn"));
}
END_TEST

START_TEST(export_is_waited_for)
{
	struct sandbox_habits h = {.export_polls = 4};

	sandbox_behave(b.sandbox, &h);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_uint_eq(counts().export_looks, 5);
}
END_TEST

START_TEST(export_not_ready_outlasts_cycle_and_restart)
{
	struct sandbox_habits h = {.export_polls = 2};

	sandbox_behave(b.sandbox, &h);
	reopen("mode = bulk\nbulk_wait_s = 0");
	bench_cycle(&b);
	ck_assert(is_noted("not ready"));
	ck_assert_uint_eq(b.report.assessed, 0);
	reopen("mode = bulk\nbulk_wait_s = 0");
	bench_cycle(&b);
	reopen("mode = bulk\nbulk_wait_s = 0");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_uint_eq(counts().exports, 1);
}
END_TEST

START_TEST(forgotten_job_is_asked_for_again)
{
	struct sandbox_habits h = {.export_polls = 1};

	sandbox_behave(b.sandbox, &h);
	reopen("mode = bulk\nbulk_wait_s = 0");
	bench_cycle(&b);
	h.export_polls = 0;
	sandbox_behave(b.sandbox, &h);
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "export-status",
			    .status = 404});
	bench_cycle(&b);
	ck_assert_uint_eq(counts().exports, 2);
	ck_assert_uint_eq(b.report.assessed, 2);
}
END_TEST

static void
put_group(const char *members)
{
	bench_put(&b,
	    "{\"resourceType\":\"Group\",\"id\":\"g\",\"type\":\"person\","
	    "\"actual\":true,\"member\":[%s]}",
	    members);
}
#define MEMBER(id) "{\"entity\":{\"reference\":\"Patient/" id "\"}}"

START_TEST(new_member_brings_the_past)
{
	put_group(MEMBER("1"));
	reopen("mode = bulk\nbulk_group = Group/g");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	sandbox_pass_ms(b.sandbox, 3600000);
	put_group(MEMBER("1") "," MEMBER("2"));
	bench_pass_s(3601);
	/* Also when the first try comes to nothing. */
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "export-status",
			    .status = 404});
	bench_try_for(&b, ERR_NOT_FOUND);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_nonnull(strstr(document("Patient/2"), "iUPD"));
	/* The same members: what changed, no more. */
	bench_pass_s(3601);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.unchanged, 0);
}
END_TEST

START_TEST(errors_beside_the_data_are_set_aside)
{
	struct sandbox_habits h = {.export_error = true};

	sandbox_behave(b.sandbox, &h);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert(is_noted("export is incomplete"));
	ck_assert_uint_eq(set_aside("export_error"), 1);
}
END_TEST

START_TEST(less_than_promised_is_no_export)
{
	struct sandbox_habits h = {.export_shortfall = 1};

	sandbox_behave(b.sandbox, &h);
	for (int i = 0; i < 3; i++) {
		bench_try_for(&b, ERR_TRUNCATED);
		ck_assert_uint_eq(b.report.assessed, 0);
		ck_assert_int_eq(cursor(), TIME_NONE);
	}
	/* Given up; the next one is sound. */
	ck_assert_uint_eq(counts().export_ends, 1);
	h.export_shortfall = 0;
	sandbox_behave(b.sandbox, &h);
	bench_cycle(&b);
	ck_assert_uint_eq(counts().exports, 2);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_int_ne(cursor(), TIME_NONE);
}
END_TEST

START_TEST(files_of_strangers_are_not_fetched)
{
	struct sandbox_habits h = {.export_files = "https://elsewhere.invalid"};

	sandbox_behave(b.sandbox, &h);
	bench_try_for(&b, ERR_FOREIGN);
	ck_assert_uint_eq(b.report.assessed, 0);
}
END_TEST

START_TEST(long_line_is_set_aside_the_others_go_on)
{
	char note[3000];

	memset(note, 'x', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	bench_put(&b,
	    "{\"resourceType\":\"Observation\",\"id\":\"long\",\"status\":"
	    "\"final\",\"code\":{\"text\":\"x\"},\"subject\":{\"reference\":"
	    "\"Patient/1\"},\"note\":[{\"text\":\"%s\"}]}",
	    note);
	reopen("mode = bulk\nbulk_max_line_kb = 2");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_uint_eq(set_aside("line_too_long"), 1);
}
END_TEST

START_TEST(cut_file_is_fetched_again)
{
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_TRUNCATE,
			    .path = "export-file",
			    .times = 2});
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_uint_eq(b.report.quarantined, 0);
}
END_TEST

START_TEST(refused_types_are_left_out)
{
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			    .path = "export.*BodyStructure",
			    .status = 400});
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_uint_gt(b.report.reads, 0); /* by reference then */
}
END_TEST

static Suite *
suite_bulk(void)
{
	Suite *s = suite_create("bulk");
	TCase *t = tcase_create("bulk");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, export_gives_what_searches_give);
	tcase_add_test(t, next_export_tells_what_changed_and_what_went);
	tcase_add_test(t, export_is_waited_for);
	tcase_add_test(t, export_not_ready_outlasts_cycle_and_restart);
	tcase_add_test(t, forgotten_job_is_asked_for_again);
	tcase_add_test(t, new_member_brings_the_past);
	tcase_add_test(t, errors_beside_the_data_are_set_aside);
	tcase_add_test(t, less_than_promised_is_no_export);
	tcase_add_test(t, files_of_strangers_are_not_fetched);
	tcase_add_test(t, long_line_is_set_aside_the_others_go_on);
	tcase_add_test(t, cut_file_is_fetched_again);
	tcase_add_test(t, refused_types_are_left_out);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_bulk())
