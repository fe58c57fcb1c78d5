/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worked examples of tests/cases/irae_examples.json, and cases of our own
 * for what they leave out: every day of every timeline, not only the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/irae_case.h"

static const char *const files[] = {
    "tests/cases/irae_examples.json", "tests/cases/irae_more.json"};
#define N_FILES    (sizeof(files) / sizeof(*files))
#define N_EXAMPLES 77 /* 40 and 37 */

static struct json_doc *docs[N_FILES];

static void
load(void)
{
	for (size_t i = 0; i < N_FILES; i++) {
		size_t n;
		char *s = check_read_file(files[i], &n);
		struct err e;

		ck_assert_int_eq(json_parse(s, n, &docs[i], &e), ERR_OK);
		free(s);
	}
}

static void
unload(void)
{
	for (size_t i = 0; i < N_FILES; i++)
		json_free(docs[i]);
}

static const struct json_value *
example(size_t at)
{
	for (size_t i = 0; i < N_FILES; i++) {
		const struct json_value *all =
		    json_get(json_root(docs[i]), "examples");

		if (at < json_length(all))
			return json_at(all, at);
		at -= json_length(all);
	}
	return NULL;
}

static const char *
or_none(const char *s)
{
	return s == NULL ? "none" : s;
}

static int
day_of(int32_t day)
{
	return day == DAY_NONE ? -1 : day - IRAE_CASE_EPOCH;
}

/* --- timelines --- */

static bool
is_row(const struct irae_row *r, const struct json_value *want)
{
	int episode = irae_case_int(json_get(want, "episode"), r->episode);

	return day_of(r->day) == irae_case_int(json_get(want, "day"), -1) &&
	       r->grade == irae_case_int(json_get(want, "grade"), -1) &&
	       strcmp(irae_level_name(r->level),
		   json_string_at(want, "level")) == 0 &&
	       strcmp(irae_flag_name(r->flag), json_string_at(want, "flag")) ==
		   0 &&
	       strcmp(irae_state_name(r->state),
		   json_string_at(want, "state")) == 0 &&
	       strcmp(or_none(irae_priority_name(r->priority)),
		   or_none(json_string_at(want, "priority"))) == 0 &&
	       r->notify == json_true(json_get(want, "notify")) &&
	       r->episode == episode;
}

static void
print_row(const struct irae_row *r)
{
	printf("    %4d grade %d %s %s %s %s%s episode %d\n", day_of(r->day),
	    r->grade, irae_level_name(r->level), irae_flag_name(r->flag),
	    irae_state_name(r->state), or_none(irae_priority_name(r->priority)),
	    r->notify ? " notify" : "", r->episode);
}

static bool
has_why(const struct json_value *note, const char *word)
{
	const struct json_value *why = json_get(note, "why");

	for (size_t i = 0; i < json_length(why); i++) {
		if (strcmp(json_string(json_at(why, i)), word) == 0)
			return true;
	}
	return false;
}

static bool
has_word(const struct json_value *note, const char *member, const char *word)
{
	const char *s = json_string_at(note, member);

	return s != NULL && strcmp(s, word) == 0;
}

/* Every annotation the example gives; asco_grade where it gives one. */
static void
expect_notes(
    const char *id, const struct irae_row *r, const struct json_value *note)
{
	static const struct {
		unsigned bit;
		const char *member;
	} flags[] = {
	    {IRAE_NOTE_CENTRAL_HYPOTHYROID, "central_hypothyroid"},
	    {IRAE_NOTE_CORTISOL_UNUSABLE, "cortisol_uninterpretable"},
	    {IRAE_NOTE_STEROID_HYPERGLYCAEMIA, "steroid_hyperglycaemia"},
	    {IRAE_NOTE_UNSPECIFIC_ANAEMIA, "unspecific_anaemia"},
	};
	static const struct {
		unsigned bit;
		const char *word;
	} whys[] = {
	    {IRAE_NOTE_EXPLAINED, "explained"},
	    {IRAE_NOTE_CONFOUNDER, "confounder"},
	    {IRAE_NOTE_DELAYED, "delayed"},
	    {IRAE_NOTE_BEYOND_WINDOW, "beyond_window"},
	};
	const struct json_value *asco = json_get(note, "asco_grade");
	const char *phase = json_string_at(note, "phase");

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		ck_assert_msg(((r->notes & flags[i].bit) != 0) ==
				  json_true(json_get(note, flags[i].member)),
		    "%s day %d: %s", id, day_of(r->day), flags[i].member);
	for (size_t i = 0; i < sizeof(whys) / sizeof(*whys); i++)
		ck_assert_msg(((r->notes & whys[i].bit) != 0) ==
				  has_why(note, whys[i].word),
		    "%s day %d: %s", id, day_of(r->day), whys[i].word);
	ck_assert_msg(((r->notes & IRAE_NOTE_HYS_FDA) != 0) ==
			  has_word(note, "hys_law", "fda"),
	    "%s day %d: Hy's law", id, day_of(r->day));
	ck_assert_msg(((r->notes & IRAE_NOTE_HYS_NR) != 0) ==
			  has_word(note, "hys_law", "nr"),
	    "%s day %d: Hy's law, nR", id, day_of(r->day));
	if (json_number(asco) != NULL)
		ck_assert_msg(r->guideline_grade == irae_case_int(asco, 0),
		    "%s day %d: ASCO grade %d", id, day_of(r->day),
		    r->guideline_grade);
	if (phase != NULL)
		ck_assert_msg(strcmp(irae_phase_name(r->phase), phase) == 0,
		    "%s day %d: phase %s", id, day_of(r->day),
		    irae_phase_name(r->phase));
}

static void
expect_course(const char *id, const char *module, const struct irae_course *c,
    const struct json_value *want)
{
	size_t n = json_length(want);
	bool same = c->rows.n == n;

	for (size_t i = 0; i < n && same; i++)
		same = is_row(&c->rows.items[i], json_at(want, i));
	if (!same) {
		printf("%s %s:\n", id, module);
		for (size_t i = 0; i < c->rows.n; i++)
			print_row(&c->rows.items[i]);
	}
	ck_assert_msg(same, "%s %s: another timeline", id, module);
	for (size_t i = 0; i < n; i++)
		expect_notes(
		    id, &c->rows.items[i], json_get(json_at(want, i), "note"));
}

static struct irae_result *
run(const struct json_value *c, struct arena *a)
{
	struct irae_options *o = arena_alloc(a, sizeof(*o));

	*o = irae_case_options(c);
	return irae_run(irae_case_input(c, a), o, a);
}

START_TEST(timelines)
{
	const struct json_value *c = example((size_t)_i);
	const struct json_value *all;
	const char *id = json_string_at(c, "id");
	struct arena *a;
	struct irae_result *x;
	struct json_iter it = {0};

	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_null(example(N_EXAMPLES));
	a = arena_new();
	x = run(c, a);
	all = json_path(c, "expected.timeline");
	while (json_next(all, &it)) {
		int m = irae_module_parse(it.name);

		ck_assert_msg(m >= 0, "%s: module %s", id, it.name);
		expect_course(id, it.name, &x->courses[m], it.value);
	}
	arena_free(a);
}
END_TEST

static bool
is_listed(const struct json_value *list, const char *name)
{
	for (size_t i = 0; i < json_length(list); i++) {
		if (strcmp(json_string(json_at(list, i)), name) == 0)
			return true;
	}
	return false;
}

START_TEST(no_other_flags)
{
	for (size_t i = 0; i < N_EXAMPLES; i++) {
		const struct json_value *c = example(i);
		struct arena *a = arena_new();
		struct irae_result *x = run(c, a);

		for (int m = 0; m < IRAE__MAX; m++) {
			const char *name =
			    irae_module_name((enum irae_module)m);
			bool raised = false;

			for (size_t k = 0; k < x->courses[m].rows.n; k++)
				raised = raised ||
					 x->courses[m].rows.items[k].flag !=
					     IRAE_NO_FLAG;
			if (is_listed(json_get(c, "focus"), name))
				continue;
			ck_assert_msg(
			    raised ==
				is_listed(json_path(c, "expected.other_active"),
				    name),
			    "%s: %s", json_string_at(c, "id"), name);
		}
		arena_free(a);
	}
}
END_TEST

/* --- hand-off to the response assessment --- */

static void
expect_handoff(
    const char *id, const struct irae_handoff *h, const struct json_value *want)
{
	const char *owner = json_string_at(want, "owner");
	const struct json_value *recheck = json_get(want, "recheck_days");
	const struct json_value *revised =
	    json_get(want, "revised_count_as_new_lesion");

	ck_assert_msg(
	    day_of(h->day) == irae_case_int(json_get(want, "day"), -1),
	    "%s: day %d", id, day_of(h->day));
	ck_assert_str_eq(h->site, json_string_at(want, "site"));
	ck_assert_str_eq(h->finding, json_string_at(want, "finding"));
	ck_assert_str_eq(h->label, json_string_at(want, "label"));
	ck_assert_str_eq(or_none(owner),
	    h->owner < 0 ? "none"
			 : irae_module_name((enum irae_module)h->owner));
	ck_assert_msg(h->count_as_new_lesion ==
			  json_true(json_get(want, "count_as_new_lesion")),
	    "%s: counted", id);
	ck_assert_int_eq(
	    day_of(h->recheck_from), irae_case_int(json_at(recheck, 0), -1));
	ck_assert_int_eq(
	    day_of(h->recheck_to), irae_case_int(json_at(recheck, 1), -1));
	ck_assert_int_eq(day_of(h->revised_day),
	    irae_case_int(json_get(want, "revised_day"), -1));
	if (revised != NULL)
		ck_assert(h->revised_count == json_true(revised));
}

START_TEST(handoffs)
{
	size_t n_seen = 0;

	for (size_t i = 0; i < N_EXAMPLES; i++) {
		const struct json_value *c = example(i);
		const struct json_value *want =
		    json_path(c, "expected.response");
		const char *id = json_string_at(c, "id");
		struct arena *a = arena_new();
		struct irae_result *x = run(c, a);

		ck_assert_msg(x->handoffs.n == json_length(want),
		    "%s: %zu findings handed over", id, x->handoffs.n);
		for (size_t k = 0; k < x->handoffs.n; k++)
			expect_handoff(
			    id, &x->handoffs.items[k], json_at(want, k));
		n_seen += x->handoffs.n;
		arena_free(a);
	}
	ck_assert_int_gt(n_seen, 4);
}
END_TEST

static Suite *
suite_irae(void)
{
	Suite *s = suite_create("irae");
	TCase *c = tcase_create("examples");

	tcase_add_checked_fixture(c, load, unload);
	tcase_add_loop_test(c, timelines, 0, N_EXAMPLES);
	tcase_add_test(c, no_other_flags);
	tcase_add_test(c, handoffs);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_irae())
