/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources in, facts out.  The cases are files, tests/fixtures/intake: each
 * names its resources, the lines of facts they must give, and what no line
 * may begin with.  Every case is also run in other orders, which must change
 * nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/fact_cases.h"
#include "tests/support/facts_dump.h"

#define CASES_DIR "tests/fixtures/intake"

#define FILE_TEST(name)                                                        \
	START_TEST(cases_##name)                                               \
	{                                                                      \
		fact_cases_check(CASES_DIR "/" #name ".json", false);          \
	}                                                                      \
	END_TEST

FILE_TEST(sizes)
FILE_TEST(identity)
FILE_TEST(state)
FILE_TEST(visits)
FILE_TEST(status)
FILE_TEST(therapy)
FILE_TEST(findings)
FILE_TEST(irae)

START_TEST(refuses_bad_id)
{
	static const char text[] =
	    "{\"resourceType\":\"Observation\",\"id\":\"a/b\"}";
	struct bundle_entry entry = {.offset = 0};
	struct mapped m = {0};
	struct json_doc *doc;
	struct err e = ERR_INIT;

	ck_assert_int_eq(json_parse(text, strlen(text), &doc, &e), ERR_OK);
	mapped_begin(&m);
	entry.resource = json_root(doc);
	ck_assert_int_eq(intake_add(m.intake, &entry, &e), ERR_INVALID);
	json_free(doc);
	mapped_done(&m);
}
END_TEST

START_TEST(refuses_bad_path)
{
	struct mapped m = {0};
	struct err e = ERR_INIT;

	m.options.role_path = "nonsense";
	mapped_begin(&m);
	ck_assert_int_eq(intake_finish(m.intake, &m.patients, &m.n, &m.orphans,
			     &m.n_orphans, &e),
	    ERR_CONFIG);
	mapped_done(&m);
}
END_TEST

/* Published examples, as they are. */
static const struct {
	const char *file, *line;
} examples[] = {
    {"mcode/Observation-tumor-size-jenny-m.json",
	"problem Observation/tumor-size-jenny-m not_imaging"},
    {"mcode/BodyStructure-tumor-lobular-carcinoma-left-breast.json",
	"lesion BodyStructure/tumor-lobular-carcinoma-left-breast "
	"BodyStructure/tumor-lobular-carcinoma-left-breast breast -"},
    {"mcode/MedicationAdministration-cancer-related-medication-admin-"
     "prednisone-brian-l.json",
	"dose MedicationAdministration/"
	"cancer-related-medication-admin-prednisone-brian-l "
	"2024-01-09..2024-01-09 drug_prednisone 'prednisone' -"},
    {"mcode/Observation-ecog-performance-status-jenny-m.json",
	"statement Observation/ecog-performance-status-jenny-m ecog "
	"2018-04-12 - 0"},
    {"mcode/Observation-cancer-disease-status-improved.json",
	"statement Observation/cancer-disease-status-improved "
	"overall_response 2019-04-01 - improved"},
    {"mii-bildgebung/Observation-mii-exa-bildgebung-radiologische-messung."
     "json",
	"problem Observation/mii-exa-bildgebung-radiologische-messung "
	"date_missing"},
    {"mii-bildgebung/ImagingStudy-mii-exa-bildgebung-bildgebungsstudie-ct."
     "json",
	"study ImagingStudy/mii-exa-bildgebung-bildgebungsstudie-ct "
	"2024-07-19 CT"},
};

START_TEST(reads_example)
{
	struct mapped m = {0};
	char path[512], *s, *text;

	snprintf(path, sizeof(path), "tests/examples/%s", examples[_i].file);
	s = check_read_file(path, NULL);
	mapped_begin(&m);
	mapped_add(&m, s);
	mapped_finish(&m);
	text = mapped_text(&m);
	ck_assert_msg(fact_cases_has_line(text, examples[_i].line),
	    "%s\nwanted: %s\ngot:\n%s", examples[_i].file, examples[_i].line,
	    text);
	free(text);
	free(s);
	mapped_done(&m);
}
END_TEST

static Suite *
suite_from_fhir(void)
{
	Suite *s = suite_create("from_fhir");
	TCase *t = tcase_create("cases");
	TCase *x = tcase_create("examples");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, cases_sizes);
	tcase_add_test(t, cases_identity);
	tcase_add_test(t, cases_state);
	tcase_add_test(t, cases_visits);
	tcase_add_test(t, cases_status);
	tcase_add_test(t, cases_therapy);
	tcase_add_test(t, cases_findings);
	tcase_add_test(t, cases_irae);
	tcase_add_test(t, refuses_bad_id);
	tcase_add_test(t, refuses_bad_path);
	tcase_add_loop_test(
	    x, reads_example, 0, sizeof(examples) / sizeof(*examples));
	suite_add_tcase(s, t);
	suite_add_tcase(s, x);
	return s;
}

CHECK_MAIN(suite_from_fhir())
