/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fhir/json.h"
#include "mappings/document.h"
#include "tests/support/assessment_fixture.h"
#include "tests/support/check_main.h"

#define OUT "build/document-in"

static struct arena *arena;
static struct strbuf out;

static void
setup(void)
{
	arena = arena_new();
	strbuf_init(&out, 1 << 20);
}

static void
teardown(void)
{
	strbuf_done(&out);
	arena_free(arena);
}

static void
write_document(const struct assessment *x, bool pretty)
{
	struct json_writer w;

	strbuf_reset(&out);
	json_writer_init(&w, &out, pretty);
	document_write(x, &w);
	ck_assert(!out.overflow);
}

/* Run the validator on a file; its exit status. */
static int
validate(const char *path)
{
	char *const argv[] = {
	    (char[]){"tests/contract/validate.py"}, strdup(path), NULL};
	char log[160];
	posix_spawn_file_actions_t to;
	int status = -1;
	pid_t pid;

	snprintf(log, sizeof(log), "%s.log", path);
	posix_spawn_file_actions_init(&to);
	posix_spawn_file_actions_addopen(
	    &to, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	ck_assert_int_eq(
	    posix_spawn(&pid, argv[0], &to, NULL, argv, environ), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	posix_spawn_file_actions_destroy(&to);
	free(argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The schema is the contract; python3-jsonschema is the judge. */
START_TEST(every_fixture_is_valid)
{
	char path[128];
	FILE *f;

	ck_assert(mkdir("build", 0777) == 0 || errno == EEXIST);
	ck_assert(mkdir(OUT, 0777) == 0 || errno == EEXIST);
	write_document(fixture_assessment(arena, (enum fixture)_i), false);
	snprintf(
	    path, sizeof(path), OUT "/%s.json", fixture_name((enum fixture)_i));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(out.s, f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_msg(validate(path) == 0, "see %s.log", path);
}
END_TEST

/* Member by path with indexes: "timepoints.1.criteria.recist11.burden". */
static const struct json_value *
at(const struct json_value *v, const char *path)
{
	char copy[128], *save = NULL, *s;

	snprintf(copy, sizeof(copy), "%s", path);
	for (s = strtok_r(copy, ".", &save); s != NULL;
	     s = strtok_r(NULL, ".", &save))
		v = *s >= '0' && *s <= '9'
			? json_at(v, (size_t)strtoul(s, NULL, 10))
			: json_get(v, s);
	return v;
}

static const struct {
	const char *path, *text; /* JSON; NULL: absent */
} members[] = {
    {"schema", "\"https://rescan.example/assessment/1\""},
    {"patient", "\"Patient/42\""},
    {"as_of", "\"2024-04-20\""},
    {"therapy.start", "\"2024-01-10\""},
    {"therapy.agents.0.class", "\"PD-1\""},
    {"therapy.agents.0.doses", "3"},
    {"lesions.0.role", "\"target\""},
    {"lesions.0.role_source", "\"stated\""},
    {"lesions.0.label", NULL},
    {"lesions.0.measurements.0.longest_mm", "52.0"},
    {"lesions.0.measurements.0.short_mm", "18.0"},
    {"lesions.0.measurements.0.suv_max", "8.250"},
    {"lesions.0.measurements.1.suv_max", "null"},
    {"lesions.1.site", "null"},
    {"lesions.1.role_source", "\"selected\""},
    {"lesions.1.measurements.0.state", "\"present\""},
    {"lesions.1.measurements.0.longest_mm", "null"},
    {"timepoints.0.phase", "\"baseline\""},
    {"timepoints.0.criteria.recist11.overall", "\"NA\""},
    {"timepoints.1.studies.0", "\"ImagingStudy/2\""},
    {"timepoints.1.criteria.recist11.burden", "66.6"},
    {"timepoints.1.criteria.recist11.unit", "\"mm\""},
    {"timepoints.1.criteria.recist11.nadir", "52.0"},
    {"timepoints.1.criteria.recist11.change_from_nadir_pct", "28.1"},
    {"timepoints.1.criteria.recist11.flags", NULL},
    {"timepoints.1.criteria.recist11.confirmed", NULL},
    {"timepoints.1.criteria.recist11.new_lesion_target_mm", NULL},
    {"timepoints.1.criteria.recist11.confirm_from", NULL},
    {"timepoints.1.criteria.irecist.new_lesion", "true"},
    {"timepoints.1.criteria.irecist.new_lesion_target_mm", "null"},
    {"timepoints.1.criteria.irecist.bar_reset", "false"},
    {"timepoints.1.criteria.irecist.confirm_from", "\"2024-04-16\""},
    {"timepoints.1.criteria.irecist.confirm_to", "\"2024-05-14\""},
    {"timepoints.1.criteria.irecist.flags.0", "\"NODE_BORDERLINE\""},
    {"timepoints.1.criteria.irecist.because.0.rule", "\"irecist.iupd.target\""},
    {"timepoints.1.criteria.irecist.because.0.sources.1", "\"Observation/9\""},
    {"timepoints.0.criteria.irrc.burden", "936.50"},
    {"timepoints.1.criteria.irrc.unit", "\"mm2\""},
    {"timepoints.1.criteria.irrc.confirmed", "false"},
    {"timepoints.1.criteria.irrc.change_from_baseline_pct", "24.9"},
    {"timepoints.2.criteria.irecist.bar_reset", "true"},
    {"timepoints.2.criteria.irecist.confirm_from", NULL},
    {"timepoints.2.criteria.irecist.change_from_baseline_pct", "-42.3"},
    {"timepoints.2.criteria.irrc", NULL},
    {"best_overall.recist11.confirmed", "\"NE\""},
    {"patterns.0.variant", "\"strict\""},
    {"hyperprogression.0.met", "false"},
    {"hyperprogression.0.value", "-1.404"},
    {"hyperprogression.0.threshold", "2.000"},
    {"hyperprogression.1.met", "null"},
    {"hyperprogression.1.value", "null"},
    {"irae", "[]"},
    {"metabolic", "[]"},
    {"recommendations.0.state", "\"upcoming\""},
    {"recommendations.0.criterion", NULL},
    {"problems.0.source", "\"Observation/9\""},
    {"problems.1.source", "null"},
};

START_TEST(members_are_exact)
{
	struct err e = ERR_INIT;
	struct json_doc *doc = NULL;
	const struct json_value *v;

	write_document(fixture_assessment(arena, FIXTURE_RESET), false);
	ck_assert_msg(
	    json_parse(out.s, out.len, &doc, &e) == ERR_OK, "%s", e.text);
	v = at(json_root(doc), members[_i].path);
	if (members[_i].text == NULL)
		ck_assert_msg(v == NULL, "%s is there", members[_i].path);
	else
		ck_assert_msg(
		    v != NULL && strcmp(json_text(v), members[_i].text) == 0,
		    "%s is %s", members[_i].path,
		    v == NULL ? "absent" : json_text(v));
	json_free(doc);
}
END_TEST

/* Grade 0 is a grade of the history; of the episode as it is, none. */
START_TEST(grade_of_an_event)
{
	struct assessment *x = fixture_assessment(arena, FIXTURE_RESET);
	struct irae_episode *e = ARENA_PUSH(arena, &x->irae);
	struct err err = ERR_INIT;
	struct json_doc *doc = NULL;

	e->event = "hepatitis";
	e->episode = 1;
	e->onset = e->resolved = DAY_NONE;
	e->flag = "active";
	e->state = "resolving";
	e->evidence = "";
	*ARENA_PUSH(arena, &e->changes) = (struct irae_change){
	    .day = x->as_of, .flag = "active", .state = "resolving"};
	write_document(x, false);
	ck_assert_int_eq(json_parse(out.s, out.len, &doc, &err), ERR_OK);
	ck_assert_str_eq(
	    json_text(at(json_root(doc), "irae.0.changes.0.grade")), "0");
	ck_assert_str_eq(json_text(at(json_root(doc), "irae.0.grade")), "null");
	json_free(doc);
}
END_TEST

START_TEST(same_bytes_again)
{
	char *first;

	write_document(fixture_assessment(arena, FIXTURE_CONFIRMED), true);
	first = arena_strdup(arena, out.s);
	write_document(fixture_assessment(arena, FIXTURE_CONFIRMED), true);
	ck_assert_str_eq(first, out.s);
}
END_TEST

START_TEST(table_keeps_to_the_page)
{
	struct assessment *x = fixture_assessment(arena, (enum fixture)_i);

	document_table(x, &out);
	ck_assert(!out.overflow);
	ck_assert_ptr_nonnull(strstr(out.s, "Patient/42"));
	ck_assert_ptr_nonnull(strstr(out.s, "unit_unknown"));
	for (const char *s = out.s; *s != '\0';) {
		size_t n = strcspn(s, "\n");

		ck_assert_msg(n <= 100, "%zu columns: %.*s", n, (int)n, s);
		ck_assert_msg(n == 0 || s[n - 1] != ' ',
		    "blank at the end: %.*s", (int)n, s);
		ck_assert_int_eq(s[n], '\n');
		s += n + 1;
	}
}
END_TEST

START_TEST(table_says_it_all)
{
	static const char *const words[] = {"pembrolizumab (PD-1), 3 doses",
	    "BodyStructure/l1", "new in the liver <1>", "52.0", "66.6", "iUPD",
	    "+28.1 %", "-42.3 %", "936.50", "NODE_BORDERLINE",
	    "pseudoprogression suspected, strict",
	    "next_assessment from 2024-06-01 to 2024-07-13: upcoming"};

	document_table(fixture_assessment(arena, FIXTURE_RESET), &out);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		ck_assert_msg(strstr(out.s, words[i]) != NULL,
		    "'%s' is missing in\n%s", words[i], out.s);
}
END_TEST

/* A timepoint's page does not change when a later one comes. */
START_TEST(timepoint_stands)
{
	char *before;

	document_timepoint(fixture_assessment(arena, FIXTURE_PENDING), 1, &out);
	before = arena_strdup(arena, out.s);
	strbuf_reset(&out);
	document_timepoint(fixture_assessment(arena, FIXTURE_RESET), 1, &out);
	ck_assert_str_eq(before, out.s);
	ck_assert_ptr_nonnull(strstr(out.s, "[irecist.iupd.target] from "
					    "Observation/8, Observation/9"));
}
END_TEST

static Suite *
suite_document(void)
{
	Suite *s = suite_create("document");
	TCase *t = tcase_create("json"), *page = tcase_create("table");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, every_fixture_is_valid, 0, FIXTURE__MAX);
	tcase_add_loop_test(
	    t, members_are_exact, 0, (int)(sizeof(members) / sizeof(*members)));
	tcase_add_test(t, grade_of_an_event);
	tcase_add_test(t, same_bytes_again);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(page, setup, teardown);
	tcase_add_loop_test(page, table_keeps_to_the_page, 0, FIXTURE__MAX);
	tcase_add_test(page, table_says_it_all);
	tcase_add_test(page, timepoint_stands);
	suite_add_tcase(s, page);
	return s;
}

CHECK_MAIN(suite_document())
