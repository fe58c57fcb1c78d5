/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources in, timeline out, by the cases of tests/fixtures/timeline.
 */
#include "tests/support/check_main.h"
#include "tests/support/fact_cases.h"

#define CASES_DIR "tests/fixtures/timeline"

#define FILE_TEST(name)                                                        \
	START_TEST(cases_##name)                                               \
	{                                                                      \
		fact_cases_check(CASES_DIR "/" #name ".json", true);           \
	}                                                                      \
	END_TEST

FILE_TEST(grouping)
FILE_TEST(baseline)
FILE_TEST(readings)
FILE_TEST(lesions)

static Suite *
suite_timeline(void)
{
	Suite *s = suite_create("timeline");
	TCase *t = tcase_create("cases");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, cases_grouping);
	tcase_add_test(t, cases_baseline);
	tcase_add_test(t, cases_readings);
	tcase_add_test(t, cases_lesions);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_timeline())
