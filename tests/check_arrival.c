/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What arrives in parts, twice, at one instant, or not to its end.
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

/* --- D-30 --- */

START_TEST(last_page_that_fails_is_no_end)
{
	struct sandbox_fault f = {
	    .kind = _i == 0 ? SANDBOX_FAULT_STATUS : SANDBOX_FAULT_STALL,
	    .path = "_page=",
	    .skip = 1, /* the first of several goes well */
	    .times = -1,
	    .status = 500,
	    .ms = 10};
	int64_t cursor;

	bench_seed(&b, "1");
	bench_seed(&b, "2");
	reopen("page_count = 3");
	bench_fault(&b, f);
	bench_try_for(&b, _i == 0 ? ERR_SERVER : ERR_CONNECT);
	ck_assert_uint_eq(b.report.assessed, 0);
	ck_assert_int_eq(b.store->ops->cursor_get(
			     b.store, "sandbox", "Observation", &cursor, &b.e),
	    ERR_OK);
	ck_assert_int_eq(cursor, TIME_NONE);
	sandbox_fault_clear(b.sandbox);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
}
END_TEST

/* --- D-14 --- */

START_TEST(many_at_one_instant_are_all_read)
{
	bench_seed(&b, "1");
	reopen("page_count = 2\n[poll]\noverlap_s = 0\n");
	bench_cycle(&b);
	/* The server's clock stands still until it has caught up. */
	sandbox_pass_ms(b.sandbox, 20000);
	bench_measure(&b, "1", "s1", "a", "46.0", "amended");
	sandbox_pass_ms(b.sandbox, -19000);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 1);
	bench_measure(&b, "1", "s1", "b", "26.0", "amended");
	bench_measure(&b, "1", "s0", "a", "32.0", "amended");
	bench_measure(&b, "1", "s0", "b", "21.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 3);
	ck_assert_ptr_nonnull(strstr(document(), "26.0"));
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 0);
}
END_TEST

/* --- D-64 --- */

START_TEST(sent_again_with_a_new_id_counts_once)
{
	char *text, *id;

	bench_seed(&b, "1");
	text = sandbox_get(b.sandbox, "Observation", "1-s1-a");
	id = strstr(text, "\"1-s1-a\"");
	ck_assert_ptr_nonnull(id);
	bench_put(&b, "%.*s\"1-s1-again\"%s", (int)(id - text), text,
	    id + strlen("\"1-s1-a\""));
	free(text);
	bench_cycle(&b);
	/* 45.0 and 25.0 mm, not 45.0 twice. */
	ck_assert_ptr_nonnull(strstr(document(), "\"burden\":70.0"));
	ck_assert_ptr_null(strstr(document(), "\"burden\":115.0"));
}
END_TEST

/* --- D-65 --- */

static void
seed_half(const char *gone_first, const char *gone_second)
{
	bench_seed(&b, "1");
	ck_assert(sandbox_delete(b.sandbox, "Observation", gone_first));
	if (gone_second != NULL)
		ck_assert(
		    sandbox_delete(b.sandbox, "Observation", gone_second));
}

START_TEST(half_arrived_scan_has_no_category)
{
	/* Of two targets one is read, or none. */
	seed_half("1-s1-a", _i == 0 ? "1-s1-b" : NULL);
	bench_cycle(&b);
	ck_assert_ptr_null(strstr(document(), "\"overall\":\"SD\""));
	ck_assert_ptr_null(strstr(document(), "\"overall\":\"PR\""));
	ck_assert_ptr_null(strstr(document(), "\"overall\":\"iUPD\""));
	bench_measure(&b, "1", "s1", "a", "45.0", "final");
	bench_measure(&b, "1", "s1", "b", "25.0", "final");
	bench_cycle(&b);
	ck_assert_ptr_nonnull(strstr(document(), "\"overall\":\"iUPD\""));
}
END_TEST

START_TEST(readings_before_their_study_wait_for_nothing)
{
	char *study;

	bench_seed(&b, "1");
	study = sandbox_get(b.sandbox, "ImagingStudy", "1-s1");
	ck_assert(sandbox_delete(b.sandbox, "ImagingStudy", "1-s1"));
	bench_cycle(&b);
	/* They are dated themselves; the missing study is said. */
	ck_assert_ptr_nonnull(strstr(document(), "\"overall\":\"iUPD\""));
	ck_assert_ptr_nonnull(strstr(document(), "study_missing"));
	bench_put(&b, "%s", study);
	free(study);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_null(strstr(document(), "study_missing"));
}
END_TEST

static Suite *
suite_arrival(void)
{
	Suite *s = suite_create("arrival");
	TCase *t = tcase_create("arrival");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, last_page_that_fails_is_no_end, 0, 2);
	tcase_add_test(t, many_at_one_instant_are_all_read);
	tcase_add_test(t, sent_again_with_a_new_id_counts_once);
	tcase_add_loop_test(t, half_arrived_scan_has_no_category, 0, 2);
	tcase_add_test(t, readings_before_their_study_wait_for_nothing);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_arrival())
