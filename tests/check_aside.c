/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was set aside, and trying it again: over TLS, against the sandbox.
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
	bench_seed(&b, "1");
}

static void
teardown(void)
{
	bench_end(&b);
	arena_free(arena);
}

static void
must(enum err_code rc)
{
	ck_assert_msg(rc == ERR_OK, "%s: %s", err_name(rc), b.e.text);
}

static void
fault(enum sandbox_fault_kind kind, const char *method, const char *path,
    int times)
{
	struct sandbox_fault f = {.kind = kind,
	    .method = method,
	    .path = path,
	    .times = times,
	    .status = 422};

	must(sandbox_fault(b.sandbox, &f, &b.e));
}

static size_t
aside(struct store_quarantine **ret)
{
	size_t n;

	must(
	    b.store->ops->quarantine(b.store, "sandbox", arena, ret, &n, &b.e));
	return n;
}

static void
retry(int64_t id)
{
	size_t n;

	must(b.store->ops->quarantine_retry(b.store, id, &n, &b.e));
	ck_assert_uint_ge(n, 1);
}

static int64_t
cursor(const char *type)
{
	int64_t ms;

	must(b.store->ops->cursor_get(b.store, "sandbox", type, &ms, &b.e));
	return ms;
}

/* --- pages --- */

static const struct {
	enum sandbox_fault_kind kind;
	enum err_code code;
} pages[] = {
    {SANDBOX_FAULT_GARBLE, ERR_NOT_JSON}, {SANDBOX_FAULT_LOGIN, ERR_NOT_FHIR}};

START_TEST(unreadable_page_is_kept_and_the_cursor_stays)
{
	struct store_quarantine *q, whole;
	int64_t before;

	bench_cycle(&b);
	before = cursor("Observation");
	bench_measure(&b, "1", "s1", "a", "60.0", "final");
	fault(pages[_i].kind, "GET", "/Observation[?]", 2);
	bench_try_for(&b, pages[_i].code);
	ck_assert_uint_eq(aside(&q), 1);
	ck_assert_str_eq(q->code, QUARANTINE_PAGE);
	ck_assert_str_eq(q->type, "Observation");
	ck_assert_ptr_nonnull(strstr(q->key, "/fhir/Observation?_lastUpdated"));
	ck_assert_uint_gt(q->len, 20);
	ck_assert_int_eq(cursor("Observation"), before);
	must(b.store->ops->quarantine_get(b.store, q->id, arena, &whole, &b.e));
	ck_assert_int_eq(whole.bytes[0], _i == 0 ? '{' : '<');
	/* The same again is not kept twice, and nobody was judged by half. */
	bench_try_for(&b, pages[_i].code);
	ck_assert_uint_eq(aside(&q), 1);
	ck_assert_uint_eq(b.report.assessed, 0);
	/* The server comes to its senses: nothing was lost. */
	bench_cycle(&b);
	ck_assert_uint_eq(aside(&q), 0);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_int_ge(cursor("Observation"), before);
}
END_TEST

START_TEST(other_failures_set_no_page_aside)
{
	struct store_quarantine *q;

	fault(SANDBOX_FAULT_GARBLE, "GET", "/metadata", 1);
	bench_try_for(&b, ERR_NOT_JSON);
	fault(SANDBOX_FAULT_CLOSE, "GET", "/Observation[?]", -1);
	bench_try_for(&b, ERR_CONNECT);
	ck_assert_uint_eq(aside(&q), 0);
}
END_TEST

/* --- resources --- */

START_TEST(unreadable_reference_keeps_its_bytes)
{
	struct store_quarantine *q, whole;
	struct sandbox_counts was;

	fault(SANDBOX_FAULT_GARBLE, "GET", "/Medication/", 1);
	bench_cycle(&b);
	ck_assert_uint_eq(aside(&q), 1);
	ck_assert_str_eq(q->key, "Medication/pembro");
	ck_assert_uint_gt(q->len, 20);
	must(b.store->ops->quarantine_get(b.store, q->id, arena, &whole, &b.e));
	ck_assert_int_eq(whole.bytes[0], '{');
	/* Not before somebody asks. */
	was = sandbox_requests(b.sandbox, "Medication");
	bench_cycle(&b);
	ck_assert_uint_eq(
	    sandbox_requests(b.sandbox, "Medication").reads, was.reads);
	retry(q->id);
	aside(&q);
	ck_assert(q->retry);
	bench_cycle(&b);
	ck_assert_uint_eq(aside(&q), 0);
	/* The dose is known now, and so the patient is judged again. */
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_nonnull(
	    strstr(bench_document(&b, "Patient/1", arena), "pembrolizumab"));
}
END_TEST

START_TEST(what_is_still_bad_comes_back)
{
	struct store_quarantine *q;
	struct sandbox_counts was;
	int64_t id;

	bench_put(&b, "{\"resourceType\":\"Observation\",\"id\":\"stray\","
		      "\"status\":\"final\",\"code\":{\"text\":\"x\"}}");
	bench_cycle(&b);
	ck_assert_uint_eq(aside(&q), 1);
	id = q->id;
	retry(0);
	was = sandbox_requests(b.sandbox, "Observation");
	bench_cycle(&b);
	ck_assert_uint_eq(
	    sandbox_requests(b.sandbox, "Observation").reads, was.reads + 1);
	ck_assert_uint_eq(aside(&q), 1);
	ck_assert_int_eq(q->id, id);
	ck_assert(!q->retry);
	/* Gone at the server: then it is settled. */
	ck_assert(sandbox_delete(b.sandbox, "Observation", "stray"));
	retry(id);
	bench_cycle(&b);
	ck_assert_uint_eq(aside(&q), 0);
}
END_TEST

START_TEST(out_of_reach_stays_asked_for)
{
	struct store_quarantine *q;

	fault(SANDBOX_FAULT_GARBLE, "GET", "/Medication/", 1);
	bench_cycle(&b);
	retry(0);
	fault(SANDBOX_FAULT_CLOSE, "GET", "/Medication/", -1);
	bench_cycle(&b);
	ck_assert_uint_eq(aside(&q), 1);
	ck_assert(q->retry);
	sandbox_fault_clear(b.sandbox);
	bench_cycle(&b);
	ck_assert_uint_eq(aside(&q), 0);
}
END_TEST

START_TEST(what_was_not_mapped_is_mapped_again)
{
	struct sandbox_counts was;

	bench_cycle(&b);
	must(
	    b.store->ops->patient_again(b.store, 1, "BodyStructure/1-a", &b.e));
	was = sandbox_requests(b.sandbox, "BodyStructure");
	bench_cycle(&b);
	ck_assert_uint_eq(
	    sandbox_requests(b.sandbox, "BodyStructure").reads, was.reads + 1);
	ck_assert_uint_eq(b.report.assessed, 1);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 0);
}
END_TEST

/* --- writes --- */

START_TEST(refused_write_is_sent_again_on_request)
{
	struct store_quarantine *q;

	fault(SANDBOX_FAULT_STATUS, "POST", "/fhir/DiagnosticReport$", 3);
	bench_cycle(&b);
	bench_cycle(&b);
	ck_assert_uint_ge(aside(&q), 1);
	ck_assert_str_eq(q->code, QUARANTINE_WRITE);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "DiagnosticReport"), 0);
	sandbox_fault_clear(b.sandbox);
	fault(SANDBOX_FAULT_STATUS, "POST", "/fhir/DiagnosticReport$", 1);
	retry(0);
	bench_cycle(&b); /* once more refused: it is still one row */
	ck_assert_uint_ge(aside(&q), 1);
	ck_assert(!q->retry);
	retry(0);
	bench_cycle(&b);
	ck_assert_uint_ge(sandbox_count(b.sandbox, "DiagnosticReport"), 1);
	ck_assert_uint_eq(aside(&q), 0);
	ck_assert_int_eq(
	    bench_output(&b, "Patient/1", "DiagnosticReport", arena)->state,
	    OUTPUT_WRITTEN);
}
END_TEST

static Suite *
suite_aside(void)
{
	Suite *s = suite_create("aside");
	TCase *t = tcase_create("tls");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, unreadable_page_is_kept_and_the_cursor_stays, 0, 2);
	tcase_add_test(t, other_failures_set_no_page_aside);
	tcase_add_test(t, unreadable_reference_keeps_its_bytes);
	tcase_add_test(t, what_is_still_bad_comes_back);
	tcase_add_test(t, out_of_reach_stays_asked_for);
	tcase_add_test(t, what_was_not_mapped_is_mapped_again);
	tcase_add_test(t, refused_write_is_sent_again_on_request);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_aside())
