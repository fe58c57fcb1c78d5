/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole cycles against the sandbox, over TLS.
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

static void
fault(enum sandbox_fault_kind kind, const char *method, const char *path,
    int times)
{
	struct sandbox_fault f = {.kind = kind,
	    .method = method,
	    .path = path,
	    .times = times,
	    .status = 500};

	bench_fault(&b, f);
}

static size_t
written(void)
{
	return b.report.delivered[DELIVERED_CREATED] +
	       b.report.delivered[DELIVERED_UPDATED];
}

/* What the server counted since `was`. */
static struct sandbox_counts
since(struct sandbox_counts was)
{
	struct sandbox_counts is = sandbox_requests(b.sandbox, NULL);

	is.requests -= was.requests;
	is.reads -= was.reads;
	is.searches -= was.searches;
	is.creates -= was.creates;
	is.updates -= was.updates;
	return is;
}

START_TEST(first_cycle_writes_second_is_silent)
{
	struct sandbox_counts was;
	size_t observations;

	bench_seed(&b, "1");
	bench_seed(&b, "2");
	observations = sandbox_count(b.sandbox, "Observation");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Device"), 1);
	ck_assert_uint_ge(sandbox_count(b.sandbox, "DiagnosticReport"), 2);
	ck_assert_uint_ge(sandbox_count(b.sandbox, "Flag"), 2);
	ck_assert_uint_ge(sandbox_count(b.sandbox, "Provenance"), 2);
	ck_assert_uint_gt(
	    sandbox_count(b.sandbox, "Observation"), observations);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_CREATED], 0);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_REFUSED], 0);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_WAITING], 0);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_UPDATED], 0);
	for (int i = 0; i < 2; i++) {
		was = sandbox_requests(b.sandbox, NULL);
		bench_cycle(&b);
		was = since(was);
		ck_assert_uint_eq(was.searches, 3);
		ck_assert_uint_eq(was.requests, 3);
		ck_assert_uint_eq(b.report.stored, 0);
		ck_assert_uint_eq(b.report.assessed, 0);
		ck_assert_uint_gt(b.report.own, 0);
	}
}
END_TEST

START_TEST(assessment_says_what_the_scans_say)
{
	const char *doc;

	bench_seed(&b, "1");
	bench_cycle(&b);
	doc = bench_document(&b, "Patient/1", arena);
	/* 51.0 to 70.0 mm is +37.3 %. */
	ck_assert_ptr_nonnull(strstr(doc, "\"patient\":\"Patient/1\""));
	ck_assert_ptr_nonnull(strstr(doc, "\"overall\":\"PD\""));
	ck_assert_ptr_nonnull(strstr(doc, "\"overall\":\"iUPD\""));
	ck_assert_ptr_nonnull(strstr(doc, "\"name\":\"pembrolizumab\""));
	ck_assert_ptr_nonnull(strstr(doc, "\"as_of\":\"" BENCH_TODAY "\""));
}
END_TEST

START_TEST(one_change_updates_one_patient)
{
	struct store_output *before, *after;
	struct sandbox_counts was;
	unsigned provenances;
	size_t n, m, changed = 0;

	bench_seed(&b, "1");
	bench_seed(&b, "2");
	bench_cycle(&b);
	before = bench_outputs(&b, "Patient/2", arena, &n);
	bench_measure(&b, "1", "s1", "a", "46.0", "amended");
	was = sandbox_requests(b.sandbox, NULL);
	provenances = sandbox_requests(b.sandbox, "Provenance").creates;
	bench_cycle(&b);
	was = since(was);
	ck_assert_uint_eq(b.report.stored, 1);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_uint_eq(was.updates, b.report.delivered[DELIVERED_UPDATED]);
	ck_assert_uint_gt(was.updates, 0);
	/* Said anew is only where it comes from. */
	ck_assert_uint_eq(was.creates,
	    sandbox_requests(b.sandbox, "Provenance").creates - provenances);
	after = bench_outputs(&b, "Patient/2", arena, &m);
	ck_assert_uint_eq(n, m);
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(
		    before[i].server_version, after[i].server_version);
	}
	after = bench_outputs(&b, "Patient/1", arena, &m);
	for (size_t i = 0; i < m; i++)
		changed += strcmp(after[i].server_version, "2") == 0;
	ck_assert_uint_eq(changed, was.updates);
}
END_TEST

START_TEST(unchanged_content_with_new_versions)
{
	struct sandbox_counts was;

	bench_seed(&b, "1");
	bench_cycle(&b);
	/* A nightly touch: new versions, but nothing new is said. */
	bench_edit(&b, "Observation", "1-s1-a", "\"meta\":{",
	    "\"meta\":{\"source\":\"urn:index\",");
	bench_edit(&b, "ImagingStudy", "1-s1", "\"meta\":{",
	    "\"meta\":{\"source\":\"urn:index\",");
	was = sandbox_requests(b.sandbox, NULL);
	bench_cycle(&b);
	was = since(was);
	ck_assert_uint_eq(was.requests, 3);
	ck_assert_uint_eq(b.report.assessed, 0);
}
END_TEST

START_TEST(pages_give_the_same)
{
	char *whole, *paged;

	bench_seed(&b, "1");
	bench_seed(&b, "2");
	bench_cycle(&b);
	whole = arena_strdup(arena, bench_document(&b, "Patient/2", arena));
	bench_close(&b);
	bench_forget(&b);
	bench_open(&b, "page_count = 2");
	bench_cycle(&b);
	ck_assert_int_gt(b.report.pages, 6);
	paged = arena_strdup(arena, bench_document(&b, "Patient/2", arena));
	ck_assert_str_eq(whole, paged);
}
END_TEST

START_TEST(dry_run_writes_nothing)
{
	struct pipeline_options o = {.config = b.config,
	    .server = b.server,
	    .maps = b.maps,
	    .store = b.store,
	    .dry_run = true};
	struct sandbox_counts was;
	char *text = NULL;
	size_t n;

	bench_seed(&b, "1");
	o.diff = open_memstream(&text, &n);
	pipeline_free(b.pipeline);
	b.pipeline = NULL;
	ck_assert_int_eq(pipeline_new(&o, &b.pipeline, &b.e), ERR_OK);
	was = sandbox_requests(b.sandbox, NULL);
	bench_cycle(&b);
	was = since(was);
	fclose(o.diff);
	ck_assert_uint_eq(was.creates + was.updates, 0);
	ck_assert_ptr_nonnull(strstr(text, "would create DiagnosticReport"));
	ck_assert_ptr_nonnull(strstr(text, "would create Flag"));
	bench_outputs(&b, "Patient/1", arena, &n);
	ck_assert_uint_eq(n, 0);
	free(text);
	/* And the real run afterwards writes it all. */
	reopen(NULL);
	bench_cycle(&b);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_CREATED], 0);
	/* A dry run of a change shows the lines. */
	bench_measure(&b, "1", "s1", "a", "46.0", "final");
	o.config = b.config;
	o.server = b.server;
	o.store = b.store;
	o.diff = open_memstream(&text, &n);
	pipeline_free(b.pipeline);
	b.pipeline = NULL;
	ck_assert_int_eq(pipeline_new(&o, &b.pipeline, &b.e), ERR_OK);
	bench_cycle(&b);
	fclose(o.diff);
	ck_assert_ptr_nonnull(strstr(text, "would update "));
	ck_assert_ptr_nonnull(strstr(text, "\n  + "));
	free(text);
}
END_TEST

START_TEST(write_disabled_keeps_to_itself)
{
	struct sandbox_counts was;

	bench_seed(&b, "1");
	reopen("[write]\nenabled = no\n");
	was = sandbox_requests(b.sandbox, NULL);
	bench_cycle(&b);
	was = since(was);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_uint_eq(was.creates + was.updates, 0);
	/* Switched on later, it is written without a change in the data. */
	reopen(NULL);
	bench_cycle(&b);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_CREATED], 0);
}
END_TEST

/* --- what goes wrong --- */

static const struct {
	enum sandbox_fault_kind kind;
	const char *path;
	enum err_code want;
} breaks[] = {
    {SANDBOX_FAULT_LOGIN, "/fhir/Observation", ERR_NOT_FHIR},
    {SANDBOX_FAULT_STATUS, "/fhir/MedicationAdministration", ERR_SERVER},
    {SANDBOX_FAULT_LOOP_NEXT, NULL, ERR_LOOP},
    {SANDBOX_FAULT_FOREIGN_NEXT, "/fhir/Observation", ERR_FOREIGN},
    {SANDBOX_FAULT_LOGIN, "/fhir/metadata", ERR_NOT_FHIR},
};

START_TEST(half_read_assesses_nobody_and_loses_nothing)
{
	bench_seed(&b, "1");
	reopen("page_count = 2");
	fault(breaks[_i].kind, "GET", breaks[_i].path, -1);
	bench_try_for(&b, breaks[_i].want);
	ck_assert_uint_eq(b.report.assessed, 0);
	ck_assert_uint_eq(written(), 0);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "DiagnosticReport"), 0);
	sandbox_fault_clear(b.sandbox);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_CREATED], 0);
	ck_assert_ptr_nonnull(
	    strstr(bench_document(&b, "Patient/1", arena), "\"iUPD\""));
}
END_TEST

START_TEST(passing_failures_are_retried)
{
	bench_seed(&b, "1");
	fault(SANDBOX_FAULT_STATUS, "GET", "/fhir/Observation", 1);
	fault(SANDBOX_FAULT_CLOSE, "GET", "/fhir/ImagingStudy", 1);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
}
END_TEST

START_TEST(other_authority_is_refused)
{
	bench_seed(&b, "1");
	reopen(NULL);
	bench_close(&b);
	{
		struct config_server *s;

		bench_open(&b, NULL);
		s = &b.config->servers.items[0];
		s->ca_file = "build/test-certs/otherca.pem";
		pipeline_free(b.pipeline);
		b.pipeline = NULL;
		ck_assert_int_eq(
		    pipeline_new(&(struct pipeline_options){.config = b.config,
				     .server = s,
				     .maps = b.maps,
				     .store = b.store},
			&b.pipeline, &b.e),
		    ERR_OK);
	}
	bench_try_for(&b, ERR_TLS);
	ck_assert_uint_eq(sandbox_requests(b.sandbox, NULL).requests, 0);
}
END_TEST

/* --- contents --- */

START_TEST(nobodys_observation_is_set_aside)
{
	struct store_quarantine *q;
	size_t n;

	bench_seed(&b, "1");
	bench_put(&b, "{\"resourceType\":\"Observation\",\"id\":\"stray\","
		      "\"status\":\"final\",\"code\":{\"text\":\"x\"}}");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.quarantined, 1);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_int_eq(
	    b.store->ops->quarantine(b.store, "sandbox", arena, &q, &n, &b.e),
	    ERR_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(q->key, "Observation/stray");
	ck_assert_str_eq(q->code, "patient_missing");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.quarantined, 0);
}
END_TEST

START_TEST(patient_without_our_data_gets_nothing)
{
	bench_put(&b, "{\"resourceType\":\"Patient\",\"id\":\"9\"}");
	bench_put(&b, "{\"resourceType\":\"Observation\",\"id\":\"bp\","
		      "\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
		      "\"http://loinc.org\",\"code\":\"8480-6\"}]},"
		      "\"subject\":{\"reference\":\"Patient/9\"},"
		      "\"effectiveDateTime\":\"2024-01-01\","
		      "\"valueQuantity\":{\"value\":120,\"unit\":\"mmHg\"}}");
	bench_cycle(&b);
	ck_assert_uint_eq(written(), 0);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "DiagnosticReport"), 0);
}
END_TEST

START_TEST(missing_reference_is_said_and_not_read_again)
{
	struct sandbox_counts was;
	const char *doc;

	bench_seed(&b, "1");
	ck_assert(sandbox_delete(b.sandbox, "BodyStructure", "1-b"));
	bench_cycle(&b);
	doc = bench_document(&b, "Patient/1", arena);
	ck_assert_ptr_nonnull(strstr(doc, "reference_missing"));
	was = sandbox_requests(b.sandbox, NULL);
	bench_cycle(&b);
	ck_assert_uint_eq(since(was).reads, 0);
}
END_TEST

START_TEST(lesion_of_another_patient_is_not_taken)
{
	bench_seed(&b, "1");
	bench_seed(&b, "2");
	bench_put(&b,
	    "{\"resourceType\":\"Observation\",\"id\":\"1-s1-a\","
	    "\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
	    "\"http://loinc.org\",\"code\":\"21889-1\"}]},"
	    "\"subject\":{\"reference\":\"Patient/1\"},"
	    "\"effectiveDateTime\":\"2024-03-05\","
	    "\"focus\":[{\"reference\":\"BodyStructure/2-a\"}],"
	    "\"valueQuantity\":{\"value\":9,\"unit\":\"mm\",\"system\":"
	    "\"http://unitsofmeasure.org\",\"code\":\"mm\"}}");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 2);
	ck_assert_ptr_nonnull(
	    strstr(bench_document(&b, "Patient/2", arena), "\"iUPD\""));
	ck_assert_ptr_null(strstr(
	    bench_document(&b, "Patient/2", arena), "Observation/1-s1-a"));
	ck_assert_ptr_null(
	    strstr(bench_document(&b, "Patient/1", arena), "Observation/2-"));
}
END_TEST

/* The printed report of the last cycle has this text. */
static void
report_says(const char *what)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	pipeline_print(&b.report, f);
	fclose(f);
	ck_assert_msg(
	    strstr(text, what) != NULL, "no \"%s\" in\n%s", what, text);
	free(text);
}

START_TEST(entered_in_error_withdraws)
{
	bench_seed(&b, "1");
	bench_cycle(&b);
	bench_measure(&b, "1", "s1", "a", "45.0", "entered-in-error");
	bench_measure(&b, "1", "s1", "b", "25.0", "entered-in-error");
	bench_edit(&b, "ImagingStudy", "1-s1", "available", "entered-in-error");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_UPDATED], 0);
	ck_assert_ptr_null(
	    strstr(bench_document(&b, "Patient/1", arena), "iUPD"));
	report_says("updated    Withdrawn: Flag active: ");
	/* No Flag of ours is active any more. */
	for (size_t i = 0; i < sandbox_count(b.sandbox, "Flag"); i++) {
		char *flag = sandbox_nth(b.sandbox, "Flag", i);

		ck_assert_ptr_null(strstr(flag, "\"active\""));
		free(flag);
	}
}
END_TEST

START_TEST(merged_patients_are_one)
{
	bench_seed(&b, "1");
	bench_put(&b, "{\"resourceType\":\"Patient\",\"id\":\"2\"}");
	bench_put(&b,
	    "{\"resourceType\":\"Patient\",\"id\":\"1\",\"link\":[{\"type\":"
	    "\"replaced-by\",\"other\":{\"reference\":\"Patient/2\"}}]}");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_str_eq(b.report.patients.items[0].key, "Patient/2");
	ck_assert_ptr_nonnull(
	    strstr(bench_document(&b, "Patient/2", arena), "\"iUPD\""));
}
END_TEST

START_TEST(day_of_overdue_is_noticed)
{
	struct sandbox_counts was;

	bench_seed(&b, "1");
	bench_cycle(&b);
	bench_set_day("2024-04-20"); /* the window is open still */
	was = sandbox_requests(b.sandbox, NULL);
	bench_cycle(&b);
	ck_assert_uint_eq(since(was).requests, 3);
	bench_set_day("2024-06-01");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 0);
	ck_assert_uint_eq(b.report.assessed, 1);
	ck_assert_ptr_nonnull(
	    strstr(bench_document(&b, "Patient/1", arena), "\"overdue\""));
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 0);
}
END_TEST

START_TEST(report_names_urls)
{
	bench_seed(&b, "1");
	bench_cycle(&b);
	report_says("Patient/1\n");
	report_says("RECIST 1.1");
	report_says("created");
	report_says(arena_printf(
	    arena, "%s/DiagnosticReport/", sandbox_url(b.sandbox)));
}
END_TEST

START_TEST(pauses_grow_and_end)
{
	ck_assert_int_eq(schedule_pause_ms(b.config, 0), 60000);
	ck_assert_int_eq(schedule_pause_ms(b.config, 1), 120000);
	ck_assert_int_eq(schedule_pause_ms(b.config, 2), 240000);
	ck_assert_int_eq(schedule_pause_ms(b.config, 10), 900000);
}
END_TEST

static int cycles;

static void
hear(void *ctx, const struct cycle_report *r, const struct err *e)
{
	(void)ctx;
	(void)r;
	(void)e;
	cycles++;
}

START_TEST(once_is_once_and_tells_the_failure)
{
	bench_seed(&b, "1");
	cycles = 0;
	ck_assert_int_eq(
	    schedule_run(b.pipeline, b.config,
		&(struct schedule){.once = true, .fn = hear}, &b.e),
	    ERR_OK);
	fault(SANDBOX_FAULT_LOGIN, "GET", "/fhir/Observation", -1);
	ck_assert_int_eq(
	    schedule_run(b.pipeline, b.config,
		&(struct schedule){.once = true, .fn = hear}, &b.e),
	    ERR_NOT_FHIR);
	ck_assert_int_eq(cycles, 2);
}
END_TEST

static Suite *
suite_pipeline(void)
{
	Suite *s = suite_create("pipeline");
	TCase *t = tcase_create("pipeline");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, first_cycle_writes_second_is_silent);
	tcase_add_test(t, assessment_says_what_the_scans_say);
	tcase_add_test(t, one_change_updates_one_patient);
	tcase_add_test(t, unchanged_content_with_new_versions);
	tcase_add_test(t, pages_give_the_same);
	tcase_add_test(t, dry_run_writes_nothing);
	tcase_add_test(t, write_disabled_keeps_to_itself);
	tcase_add_loop_test(t, half_read_assesses_nobody_and_loses_nothing, 0,
	    (int)(sizeof(breaks) / sizeof(breaks[0])));
	tcase_add_test(t, passing_failures_are_retried);
	tcase_add_test(t, other_authority_is_refused);
	tcase_add_test(t, nobodys_observation_is_set_aside);
	tcase_add_test(t, patient_without_our_data_gets_nothing);
	tcase_add_test(t, missing_reference_is_said_and_not_read_again);
	tcase_add_test(t, lesion_of_another_patient_is_not_taken);
	tcase_add_test(t, entered_in_error_withdraws);
	tcase_add_test(t, merged_patients_are_one);
	tcase_add_test(t, day_of_overdue_is_noticed);
	tcase_add_test(t, report_names_urls);
	tcase_add_test(t, pauses_grow_and_end);
	tcase_add_test(t, once_is_once_and_tells_the_failure);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_pipeline())
