/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the calendar alone changes in a suspected adverse event: on which day
 * the gateway looks again, and what it then writes, once.
 */
#include "gateway/explain.h"
#include "mappings/document.h"
#include "tests/support/bench.h"
#include "tests/support/check_main.h"
#include "tests/support/course_irae.h"

#include <stdlib.h>
#include <string.h>

/* --- the day itself --- */

static void
expect_due(int as_of, int want)
{
	const struct assessment *x = course_assess_as_of(as_of);

	ck_assert_msg(x->irae_due == (want < 0 ? DAY_NONE : COURSE_START + want),
	    "as of %d: %d", as_of, (int)(x->irae_due - COURSE_START));
}

/*= irae §4.5 stale at 90 days; a possible one lapses at 180 */
START_TEST(stale_then_lapsed)
{
	const struct irae_episode *e;

	course_give(0);
	expect_due(20, -1);
	course_lab("lab_alt", 30, 260, 50, "U/L");
	expect_due(20, 30); /* dated later than today */
	expect_due(30, 120);
	expect_due(119, 120);
	course_expect_irae(course_assess_as_of(119), "hepatitis", 3,
	    "possible", "open", "PH");
	course_expect_irae(course_assess_as_of(120), "hepatitis", 3,
	    "possible", "stale", "PL");
	expect_due(120, 210);
	expect_due(209, 210);
	e = course_episode(course_assess_as_of(210), "hepatitis");
	ck_assert_str_eq(e->state, "lapsed");
	ck_assert_str_eq(e->flag, "inactive");
	ck_assert_int_eq(e->resolved, COURSE_START + 210);
	ck_assert_uint_eq(e->changes.n, 3);
	expect_due(210, -1);
}
END_TEST

/* What is more than possible never lapses. */
START_TEST(a_probable_one_stays)
{
	course_give(0);
	course_lab("lab_cortisol", 60, 27, 500, "nmol/L");
	course_lab("lab_acth", 60, 5, 63, "ng/L");
	expect_due(60, 150);
	expect_due(150, -1);
}
END_TEST

/*= irae §4.5 controlled: permanent ones after 28 days on replacement */
START_TEST(controlled_after_replacement)
{
	course_give(0);
	course_lab("lab_cortisol", 60, 27, 500, "nmol/L");
	course_lab("lab_acth", 60, 5, 63, "ng/L");
	course_medicate("drug_hydrocortisone", "hydrocortisone", 62, 400, 20);
	expect_due(62, 90);
	course_expect_irae(course_assess_as_of(89), "hypophysitis", 2,
	    "probable", "open", "PH");
	course_expect_irae(course_assess_as_of(90), "hypophysitis", 2,
	    "probable", "controlled", "PL");
	expect_due(90, 401);
}
END_TEST

/* --- for people --- */

/*= irae §4.5 the whole history; §5.2 whose range it was */
START_TEST(history_is_printed)
{
	static const char *const words[] = {"2024-01-31  hepatitis",
	    "    2024-01-31  open, possible, grade 3, PH, notify\n",
	    "    2024-02-10  stable, possible, grade 3, PH\n",
	    "    2024-02-20  improving, possible, grade 1, PH\n",
	    "    2024-05-20  stale, possible, grade 1, PL\n",
	    "    2024-08-18  lapsed, possible, grade 1\n",
	    "- ALT 260 U/L on 2024-01-31, 5.2 x ULN of 50 (CTCAE v5 grade 3) "
	    "from ",
	    "- ALT 260 U/L on 2024-02-10, 5.2 x ULN of 50 (CTCAE v5 grade 3) "
	    "from ",
	    "- ALT 90 U/L on 2024-02-20, 2.3 x ULN of 40, of a default range"};
	const struct assessment *x;
	struct strbuf table, prose;

	strbuf_init(&table, 1 << 20);
	strbuf_init(&prose, 1 << 20);
	course_give(0);
	course_lab("lab_alt", 30, 260, 50, "U/L");
	course_lab("lab_alt", 40, 260, 50, "U/L");
	course_lab("lab_alt", 50, 90, 0, "U/L");
	x = course_assess_as_of(400);
	document_table(x, &table);
	explain_write(x, &prose);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		ck_assert_msg(strstr(table.s, words[i]) != NULL,
		    "'%s' is missing in\n%s", words[i], table.s);
		if (strstr(words[i], " from ") == NULL && i > 0)
			ck_assert_msg(strstr(prose.s, words[i]) != NULL,
			    "'%s' is missing in\n%s", words[i], prose.s);
	}
	strbuf_done(&table);
	strbuf_done(&prose);
}
END_TEST

/* --- the gateway --- */

static struct bench b;
static struct arena *arena;

static void
setup(void)
{
	arena = arena_new();
	bench_begin(&b, NULL);
	bench_seed(&b, "1");
	bench_put(&b,
	    "{\"resourceType\":\"Observation\",\"id\":\"alt\",\"status\":"
	    "\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\","
	    "\"code\":\"1742-6\"}]},\"subject\":{\"reference\":\"Patient/1\"},"
	    "\"effectiveDateTime\":\"2024-03-18\",\"valueQuantity\":{\"value\":"
	    "150,\"unit\":\"U/L\",\"system\":\"http://unitsofmeasure.org\","
	    "\"code\":\"U/L\"},\"referenceRange\":[{\"high\":{\"value\":40,"
	    "\"unit\":\"U/L\",\"system\":\"http://unitsofmeasure.org\",\"code\":"
	    "\"U/L\"}}]}");
}

static void
teardown(void)
{
	bench_end(&b);
	arena_free(arena);
}

/* The one Flag of hepatitis holds all of that, and in that version. */
static void
expect_flag(const char *status, const char *state, const char *priority,
    const char *version)
{
	size_t n = 0;

	for (size_t i = 0; i < sandbox_count(b.sandbox, "Flag"); i++) {
		char *flag = sandbox_nth(b.sandbox, "Flag", i);

		if (strstr(flag, "hepatitis") != NULL) {
			n++;
			ck_assert_ptr_nonnull(strstr(flag,
			    arena_printf(
				arena, "\"status\":\"%s\"", status)));
			ck_assert_msg(strstr(flag, state) != NULL, "%s", flag);
			ck_assert_msg(strstr(flag, priority) != NULL, "%s", flag);
			ck_assert_msg(strstr(flag, version) != NULL, "%s", flag);
		}
		free(flag);
	}
	ck_assert_uint_eq(n, 1);
}

static void
on(const char *day, const char *status, const char *state,
    const char *priority, const char *version)
{
	bench_set_day(day);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.stored, 0);
	expect_flag(status, state, priority, version);
	/* Killed and started again, it has nothing to do twice. */
	bench_close(&b);
	bench_open(&b, NULL);
	bench_idle(&b);
	expect_flag(status, state, priority, version);
}

/* Nothing new comes from the server any more. */
START_TEST(each_change_is_written_on_its_day)
{
	bench_cycle(&b);
	expect_flag("active", "\"open\"", "\"PM\"", "\"versionId\":\"1\"");
	on("2024-06-15", "active", "\"open\"", "\"PM\"",
	    "\"versionId\":\"1\"");
	on("2024-06-16", "active", "\"stale\"", "\"PL\"",
	    "\"versionId\":\"2\"");
	on("2024-09-13", "active", "\"stale\"", "\"PL\"",
	    "\"versionId\":\"2\"");
	on("2024-09-14", "inactive", "\"lapsed\"", "\"2024-09-14\"",
	    "\"versionId\":\"3\"");
	on("2025-03-01", "inactive", "\"lapsed\"", "\"2024-09-14\"",
	    "\"versionId\":\"3\"");
}
END_TEST

static Suite *
suite_irae_days(void)
{
	Suite *s = suite_create("irae_days");
	TCase *t = tcase_create("due"), *g = tcase_create("gateway");

	tcase_add_checked_fixture(t, course_set_up, course_tear_down);
	tcase_add_test(t, stale_then_lapsed);
	tcase_add_test(t, a_probable_one_stays);
	tcase_add_test(t, controlled_after_replacement);
	tcase_add_test(t, history_is_printed);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(g, setup, teardown);
	tcase_set_timeout(g, 60);
	tcase_add_test(g, each_change_is_written_on_its_day);
	suite_add_tcase(s, g);
	return s;
}

CHECK_MAIN(suite_irae_days())
