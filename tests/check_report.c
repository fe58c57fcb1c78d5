/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines a run prints of one patient.
 */
#include "gateway/report.h"

#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/course.h"

static bool
prints(const struct assessment *x, const char *words)
{
	struct cycle_report r;
	struct report_patient *p;
	bool found = false;

	report_init(&r, "here", "https://here/fhir");
	p = report_patient(&r, 1, "Patient/course");
	report_assessment(&r, p, x);
	for (size_t i = 0; i < p->lines.n; i++)
		found = found || strstr(p->lines.items[i], words) != NULL;
	report_done(&r);
	return found;
}

START_TEST(hyperprogression)
{
	const struct assessment *x;

	course_measure("lung", -62, 400);
	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 50, 800);
	x = course_assess();
	ck_assert(prints(x,
	    "hyperprogression: met by champiat2017, saada_bouzid2017, "
	    "ferrara2018, matos2020 (5 of 8 computable)"));
}
END_TEST

/* A first progression is best until something else is; the confirmed best
 * stands beside it where it differs. */
START_TEST(best)
{
	const struct assessment *x;

	course_measure("lung", -1, 500);
	course_give(0);
	course_measure("lung", 56, 620);
	x = course_assess();
	ck_assert(prints(x, "imPD on 2024-02-26; best imPD, confirmed NE"));
	ck_assert(prints(x, "PD on 2024-02-26; best PD"));
	ck_assert(!prints(x, "hyperprogression: met"));
}
END_TEST

static Suite *
suite_report(void)
{
	Suite *s = suite_create("report");
	TCase *c = tcase_create("report");

	tcase_add_checked_fixture(c, course_set_up, course_tear_down);
	tcase_add_test(c, hyperprogression);
	tcase_add_test(c, best);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_report())
