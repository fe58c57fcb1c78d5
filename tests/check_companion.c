/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What speaks of adverse events is read besides, in every mode, and never
 * stands in the way of the rest.
 */
#include "tests/support/bench.h"
#include "tests/support/check_main.h"

#include <stdlib.h>
#include <string.h>

#define COMPANIONS                                                             \
	"[poll]\nirae_types = Condition, AdverseEvent, DiagnosticReport, Flag\n"

static struct bench b;
static struct arena *arena;

static const struct {
	const char *name, *more;
	struct sandbox_habits habits;
} modes[] = {
    {"search", "", {.offset_paging = false}},
    {"patient", "roster = Group/g\n", {.require_patient = true}},
    {"history", "", {.offset_paging = false}},
    {"bulk", "", {.offset_paging = false}},
};
#define MODES (int)(sizeof(modes) / sizeof(modes[0]))

static void
setup(void)
{
	arena = arena_new();
	bench_begin(&b, NULL);
	bench_seed(&b, "1");
	bench_put(&b,
	    "{\"resourceType\":\"Group\",\"id\":\"g\",\"type\":\"person\","
	    "\"actual\":true,\"member\":["
	    "{\"entity\":{\"reference\":\"Patient/1\"}}]}");
}

static void
teardown(void)
{
	bench_end(&b);
	arena_free(arena);
}

static void
reopen(int mode)
{
	bench_close(&b);
	sandbox_behave(b.sandbox, &modes[mode].habits);
	bench_open(&b, arena_printf(arena, "mode = %s\n%s" COMPANIONS,
			   modes[mode].name, modes[mode].more));
}

static void
put_colitis(const char *verification)
{
	bench_put(&b,
	    "{\"resourceType\":\"Condition\",\"id\":\"colitis\","
	    "\"clinicalStatus\":{\"coding\":[{\"system\":\"http://terminology."
	    "hl7.org/CodeSystem/condition-clinical\",\"code\":\"active\"}]},"
	    "\"verificationStatus\":{\"coding\":[{\"system\":\"http://"
	    "terminology.hl7.org/CodeSystem/condition-ver-status\",\"code\":"
	    "\"%s\"}]},\"category\":[{\"coding\":[{\"system\":\"http://"
	    "terminology.hl7.org/CodeSystem/condition-category\",\"code\":"
	    "\"problem-list-item\"}]}],\"code\":{\"coding\":[{\"system\":"
	    "\"http://snomed.info/sct\",\"code\":\"64226004\"}]},\"subject\":"
	    "{\"reference\":\"Patient/1\"},\"onsetDateTime\":\"2024-03-20\"}",
	    verification);
}

static void
put_event(void)
{
	bench_put(&b,
	    "{\"resourceType\":\"AdverseEvent\",\"id\":\"e\",\"actuality\":"
	    "\"actual\",\"event\":{\"coding\":[{\"system\":\"http://snomed."
	    "info/sct\",\"code\":\"64226004\"}]},\"subject\":{\"reference\":"
	    "\"Patient/1\"},\"date\":\"2024-03-20\"}");
}

/* Active Flags that name it. */
static size_t
flags_of(const char *word)
{
	size_t n = 0;

	for (size_t i = 0; i < sandbox_count(b.sandbox, "Flag"); i++) {
		char *flag = sandbox_nth(b.sandbox, "Flag", i);

		n += strstr(flag, "\"status\":\"active\"") != NULL &&
		     strstr(flag, word) != NULL;
		free(flag);
	}
	return n;
}

static bool
says(const char *word)
{
	return strstr(bench_document(&b, "Patient/1", arena), word) != NULL;
}

/* Nothing in the data refers to the Condition. */
START_TEST(a_condition_alone_is_seen)
{
	reopen(_i);
	bench_cycle(&b);
	ck_assert_uint_eq(flags_of("colitis"), 0);
	put_colitis("confirmed");
	bench_pass_s(3601);
	bench_cycle(&b);
	ck_assert_uint_eq(flags_of("colitis"), 1);
	ck_assert(says("Condition/colitis"));
	bench_pass_s(3601);
	bench_idle(&b);
	put_colitis("refuted");
	bench_pass_s(3601);
	bench_cycle(&b);
	ck_assert_uint_eq(flags_of("colitis"), 0);
	bench_pass_s(3601);
	bench_idle(&b);
}
END_TEST

START_TEST(an_adverse_event_alone_is_seen)
{
	reopen(_i);
	put_event();
	bench_cycle(&b);
	ck_assert_uint_eq(flags_of("colitis"), 1);
	ck_assert(says("AdverseEvent/e"));
}
END_TEST

/* 400, 403, 404, 500: the rest goes on, in the same mode. */
START_TEST(it_never_stands_in_the_way)
{
	static const int statuses[] = {400, 403, 404, 500};

	for (size_t i = 0; i < 4; i++) {
		reopen(_i);
		bench_fault(&b,
		    (struct sandbox_fault){.kind = SANDBOX_FAULT_STATUS,
			.status = statuses[i],
			.method = "GET",
			.path = "/fhir/AdverseEvent",
			.times = 3});
		bench_cycle(&b);
		ck_assert_str_eq(b.report.mode, modes[_i].name);
		ck_assert_uint_eq(b.report.skipped, 0);
		ck_assert(says("iUPD"));
		ck_assert_msg(says("no AdverseEvent data") ==
				  (statuses[i] != 500),
		    "%d", statuses[i]);
		/* Let in again, it is read. */
		put_event();
		sandbox_fault_clear(b.sandbox);
		bench_pass_s(3601);
		bench_cycle(&b);
		ck_assert_uint_eq(flags_of("colitis"), 1);
		ck_assert(!says("no AdverseEvent data"));
		ck_assert(sandbox_delete(b.sandbox, "AdverseEvent", "e"));
		bench_close(&b);
		bench_forget(&b);
		bench_open(&b, NULL);
	}
}
END_TEST

/* --- what a person makes of a Flag --- */

static void
put_alt(const char *id, const char *day, int value)
{
	bench_put(&b,
	    "{\"resourceType\":\"Observation\",\"id\":\"alt-%s\",\"status\":"
	    "\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\","
	    "\"code\":\"1742-6\"}]},\"subject\":{\"reference\":\"Patient/1\"},"
	    "\"effectiveDateTime\":\"%s\",\"valueQuantity\":{\"value\":%d,"
	    "\"unit\":\"U/L\",\"system\":\"http://unitsofmeasure.org\","
	    "\"code\":\"U/L\"},\"referenceRange\":[{\"high\":{\"value\":40,"
	    "\"unit\":\"U/L\",\"system\":\"http://unitsofmeasure.org\","
	    "\"code\":\"U/L\"}}]}",
	    id, day, value);
}

static void
close_flags_of(const char *word, const char *day)
{
	for (size_t i = 0; i < sandbox_count(b.sandbox, "Flag"); i++) {
		char *flag = sandbox_nth(b.sandbox, "Flag", i);
		const char *id = strstr(flag, "\"id\":\"");

		if (strstr(flag, word) != NULL &&
		    strstr(flag, "\"status\":\"active\"") != NULL) {
			id += strlen("\"id\":\"");
			id = arena_strndup(arena, id, strcspn(id, "\""));
			bench_edit(&b, "Flag", id, "\"status\":\"active\"",
			    "\"status\":\"inactive\"");
			bench_edit(&b, "Flag", id, "\"2024-03-18\"}",
			    arena_printf(arena,
				"\"2024-03-18\",\"end\":\"%s\"}", day));
		}
		free(flag);
	}
}

static void
cycles(void)
{
	bench_pass_s(3601);
	bench_cycle(&b);
	bench_pass_s(3601);
	bench_cycle(&b);
	bench_pass_s(3601);
	bench_idle(&b);
}

/*= irae §4.5 dismissal is respected, until grade or level exceeds it */
START_TEST(dismissed_until_it_is_worse)
{
	reopen(_i);
	put_alt("1", "2024-03-18", 150); /* 3.75 times the limit: grade 2 */
	cycles();
	ck_assert_uint_eq(flags_of("hepatitis"), 1);
	close_flags_of("hepatitis", "2024-03-20");
	cycles();
	ck_assert_uint_eq(flags_of("hepatitis"), 0);
	put_alt("2", "2024-03-25", 160);
	cycles();
	ck_assert_uint_eq(flags_of("hepatitis"), 0);
	bench_set_day("2024-04-11");
	put_alt("3", "2024-04-11", 300); /* 7.5 times: grade 3 */
	cycles();
	ck_assert_uint_eq(flags_of("hepatitis"), 1);
	/* Once more, with the store lost: it is read from the Flag. */
	bench_set_day("2024-04-12");
	close_flags_of("hepatitis", "2024-04-12");
	cycles();
	ck_assert_uint_eq(flags_of("hepatitis"), 0);
	bench_close(&b);
	bench_forget(&b);
	reopen(_i);
	cycles();
	ck_assert_uint_eq(flags_of("hepatitis"), 0);
	put_alt("4", "2024-04-12", 310);
	cycles();
	ck_assert_uint_eq(flags_of("hepatitis"), 0);
}
END_TEST

static Suite *
suite_companion(void)
{
	Suite *s = suite_create("companion");
	TCase *t = tcase_create("tls");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_condition_alone_is_seen, 0, MODES);
	tcase_add_loop_test(t, an_adverse_event_alone_is_seen, 0, MODES);
	tcase_add_loop_test(t, it_never_stands_in_the_way, 0, 3);
	tcase_add_loop_test(t, dismissed_until_it_is_worse, 0, MODES);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_companion())
