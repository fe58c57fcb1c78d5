/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every mode of reading must survive alike: links that lead back or
 * away, pages cut or forgotten, entries that move, deletions, changes that
 * become visible late.
 */
#include "tests/support/bench.h"
#include "tests/support/check_main.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;
static struct arena *arena;

#define MODES 4
enum { SEARCH, PATIENT, HISTORY, BULK };

static const struct {
	const char *name, *more;
	struct sandbox_habits habits;
} modes[MODES] = {
    [SEARCH] = {"search", "", {.offset_paging = false}},
    [PATIENT] = {"patient",
	"roster = Group/g\n"
	"panel_observation = date=lt2024-02-01 date=ge2024-02-01\n",
	{.require_patient = true}},
    [HISTORY] = {"history", "", {.offset_paging = false}},
    [BULK] = {"bulk", "", {.offset_paging = false}},
};

static void
setup(void)
{
	arena = arena_new();
	bench_begin(&b, NULL);
	for (int i = 1; i <= 2; i++)
		bench_seed(&b, i == 1 ? "1" : "2");
	bench_put(&b,
	    "{\"resourceType\":\"Group\",\"id\":\"g\",\"type\":\"person\","
	    "\"actual\":true,\"member\":["
	    "{\"entity\":{\"reference\":\"Patient/1\"}},"
	    "{\"entity\":{\"reference\":\"Patient/2\"}}]}");
}

static void
teardown(void)
{
	bench_end(&b);
	arena_free(arena);
}

static void
reopen(int mode, const char *more)
{
	bench_close(&b);
	sandbox_behave(b.sandbox, &modes[mode].habits);
	bench_open(&b, arena_printf(arena, "mode = %s\n%s%s", modes[mode].name,
			   modes[mode].more, more));
}

static const char *
document(const char *patient)
{
	return bench_document(&b, patient, arena);
}

static bool
says(const char *patient, const char *text)
{
	return strstr(document(patient), text) != NULL;
}

/* Everything is read once, then both patients' second scan is corrected. */
static void
correct_after_first(int mode, const char *more)
{
	reopen(mode, more);
	bench_cycle(&b);
	ck_assert_str_eq(b.report.mode, modes[mode].name);
	ck_assert_uint_eq(b.report.assessed, 2);
	sandbox_pass_ms(b.sandbox, 200000);
	bench_pass_s(3601);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	bench_measure(&b, "1", "s1", "b", "31.0", "amended");
	bench_measure(&b, "2", "s1", "a", "61.0", "amended");
	bench_measure(&b, "2", "s1", "b", "32.0", "amended");
}

static void
assert_corrected(void)
{
	ck_assert(says("Patient/1", "60.0") && says("Patient/1", "31.0"));
	ck_assert(says("Patient/2", "61.0") && says("Patient/2", "32.0"));
}

/* --- links and pages --- */

static const struct {
	enum sandbox_fault_kind kind;
	int status;
	bool later; /* not the first page */
	enum err_code is;
} failures[] = {
    {SANDBOX_FAULT_LOOP_NEXT, 0, false, ERR_LOOP},       /* D-21 */
    {SANDBOX_FAULT_FOREIGN_NEXT, 0, false, ERR_FOREIGN}, /* D-23 */
    {SANDBOX_FAULT_STATUS, 410, true, ERR_GONE},         /* D-27 */
    {SANDBOX_FAULT_STATUS, 500, true, ERR_SERVER},       /* D-30 */
    {SANDBOX_FAULT_GARBLE, 0, true, ERR_NOT_JSON},
};
#define FAILURES ((int)(sizeof(failures) / sizeof(failures[0])))

/* Half of the news is none: nobody is assessed on it, and nothing is lost. */
START_TEST(half_of_the_news_is_none)
{
	int mode = _i / FAILURES, k = _i % FAILURES;
	size_t reports;
	enum err_code is = failures[k].is;

	if (mode == PATIENT) /* nobody could be read */
		is = ERR_SERVER;
	correct_after_first(mode, "page_count = 1\n");
	reports = sandbox_requests(b.sandbox, "DiagnosticReport").updates;
	bench_fault(
	    &b, (struct sandbox_fault){.kind = failures[k].kind,
		    .path = failures[k].later ? "_(offset|page)=" : NULL,
		    .times = -1,
		    .status = failures[k].status});
	bench_try_for(&b, is);
	ck_assert(!says("Patient/1", "60.0") && !says("Patient/2", "61.0"));
	ck_assert_uint_eq(
	    sandbox_requests(b.sandbox, "DiagnosticReport").updates, reports);
	sandbox_fault_clear(b.sandbox);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	assert_corrected();
	bench_idle(&b);
}
END_TEST

/* --- entries that move --- */

/*= interop D-25, D-26: what moved while it was read is found, now or in the
 *= next cycle, and each counts once */
START_TEST(what_moves_is_found)
{
	struct sandbox_habits h = modes[_i].habits;

	correct_after_first(_i, "page_count = 1\n");
	h.offset_paging = true;
	sandbox_behave(b.sandbox, &h);
	bench_fault(&b, (struct sandbox_fault){.kind = SANDBOX_FAULT_TOUCH,
			    .path = "Observation.*_offset=1",
			    .word = "Observation/1-s1-a"});
	bench_cycle(&b);
	bench_cycle(&b);
	ck_assert_int_eq(b.report.suspect, 0);
	assert_corrected();
	bench_idle(&b);
}
END_TEST

/* Several searches about one patient are several totals. */
START_TEST(each_search_has_its_own_total)
{
	reopen(PATIENT, "page_count = 1\n");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_int_eq(b.report.suspect, 0);
	bench_cycle(&b);
	ck_assert_int_eq(b.report.suspect, 0);
	ck_assert_uint_eq(b.report.stored, 0);
}
END_TEST

/* --- deletions --- */

/*= interop D-62: in a feed or an export at once; else the daily comparison
 *= of ids sees it */
START_TEST(deletions_are_seen)
{
	static const char *const gone[] = {"1-s1-a", "1-s1-b"};
	bool told = _i == HISTORY || _i == BULK;

	reopen(_i, told ? "" : "[poll]\nsweep_hours = 1\n");
	bench_cycle(&b);
	ck_assert(says("Patient/1", "iUPD"));
	sandbox_pass_ms(b.sandbox, 200000);
	for (int i = 0; i < 2; i++)
		ck_assert(sandbox_delete(b.sandbox, "Observation", gone[i]));
	bench_pass_s(3601);
	bench_cycle(&b);
	ck_assert(!says("Patient/1", "iUPD"));
	ck_assert(says("Patient/1", "resource_withdrawn"));
	ck_assert(says("Patient/2", "iUPD"));
	ck_assert(!says("Patient/2", "resource_withdrawn"));
	bench_pass_s(3601);
	bench_idle(&b);
}
END_TEST

/* --- what becomes visible late --- */

static int64_t
lag(void)
{
	const char *text;

	ck_assert_int_eq(b.store->ops->memory_get(
			     b.store, "sandbox", "lag", arena, &text, &b.e),
	    ERR_OK);
	return text[0] == '\0' ? -1 : strtoll(text, NULL, 10);
}

/*= interop D-12: the overlap grows to the lag measured */
START_TEST(lag_is_measured)
{
	struct sandbox_habits h = modes[_i].habits;

	reopen(_i, "[poll]\noverlap_s = 20\n");
	bench_cycle(&b);
	sandbox_pass_ms(b.sandbox, 100000);
	bench_measure(&b, "1", "s1", "a", "60.0", "amended");
	sandbox_pass_ms(b.sandbox, 10000);
	bench_measure(&b, "1", "s1", "b", "31.0", "amended");
	bench_pass_s(3601);
	/* The former is not shown yet, the latter is. */
	h.hide = "Observation/1-s1-a";
	sandbox_behave(b.sandbox, &h);
	bench_cycle(&b);
	ck_assert(says("Patient/1", "31.0") && !says("Patient/1", "60.0"));
	ck_assert_int_eq(lag(), -1);
	bench_pass_s(3601);
	sandbox_pass_ms(b.sandbox, 30000);
	sandbox_behave(b.sandbox, &modes[_i].habits);
	bench_cycle(&b);
	ck_assert(says("Patient/1", "60.0"));
	ck_assert_int_ge(lag(), 39000);
	ck_assert_int_le(lag(), 60000);
}
END_TEST

static Suite *
suite_modes(void)
{
	Suite *s = suite_create("modes");
	TCase *t = tcase_create("modes");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, half_of_the_news_is_none, 0, BULK * FAILURES);
	tcase_add_loop_test(t, what_moves_is_found, 0, BULK);
	tcase_add_test(t, each_search_has_its_own_total);
	tcase_add_loop_test(t, deletions_are_seen, 0, MODES);
	tcase_add_loop_test(t, lag_is_measured, 0, MODES);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_modes())
