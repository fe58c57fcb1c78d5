/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules as they are printed, and that an explanation names no other.
 * After a change of judgement that is meant, print them anew as the failure
 * says and read the difference.
 */
#include "gateway/rulebook.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/assess.h"
#include "gateway/explain.h"
#include "gateway/thresholds.h"
#include "tests/support/case_file.h"
#include "tests/support/check_main.h"
#include "tests/support/series.h"

#define GOLDEN "tests/golden/rules.txt"
#define DOCS   "gateway/dist/rules.md"

static void
compare(void (*write)(struct strbuf *out), const char *file, const char *how)
{
	struct strbuf got;
	size_t n;
	char *want = check_read_file(file, &n);

	strbuf_init(&got, (size_t)1 << 20);
	write(&got);
	ck_assert_msg(strcmp(got.s, want) == 0,
	    "the rules are not those of %s; if that is meant: %s >%s", file,
	    how, file);
	free(want);
	strbuf_done(&got);
}

START_TEST(golden)
{
	compare(rulebook_write, GOLDEN, "build/rescan rules");
	compare(rulebook_write_ids, DOCS, "build/rescan rules --ids");
}
END_TEST

START_TEST(every_rule_is_cited)
{
	const struct rule *r, *s;

	for (size_t i = 0; (r = rulebook_at(i)) != NULL; i++) {
		ck_assert_msg(*r->section != '\0' && *r->citation != '\0' &&
				  *r->text != '\0',
		    "%s has an empty column", r->id);
		ck_assert_ptr_eq(rulebook_find(r->id), r);
		for (size_t k = 0; k < i; k++) {
			s = rulebook_at(k);
			ck_assert_str_ne(r->id, s->id);
		}
	}
	for (const struct threshold *t = thresholds; t->name != NULL; t++)
		ck_assert_msg(*t->section != '\0' && *t->citation != '\0' &&
				  *t->text != '\0' && t->value > 0,
		    "threshold %s", t->name);
	ck_assert_ptr_null(rulebook_find("recist11.no.such.rule"));
}
END_TEST

static void
check_known(const struct because_list *list, const char *where)
{
	for (size_t i = 0; i < list->n; i++)
		ck_assert_msg(rulebook_find(list->items[i].rule) != NULL,
		    "%s names rule %s, which is not in the book", where,
		    list->items[i].rule);
}

static void
check_assessment(const struct assessment *x, const char *id)
{
	for (size_t k = 0; k < x->criteria.n; k++) {
		const struct criterion_result *r = &x->criteria.items[k];

		for (size_t i = 0; i < x->timeline->timepoints.n; i++)
			check_known(&r->at[i].because, id);
		check_known(&r->best.because, id);
	}
	for (size_t i = 0; i < x->patterns.n; i++)
		check_known(&x->patterns.items[i].because, id);
	for (size_t i = 0; i < x->hyperprogression.n; i++)
		check_known(&x->hyperprogression.items[i].because, id);
	for (size_t i = 0; i < x->recommendations.n; i++)
		check_known(&x->recommendations.items[i].because, id);
}

/* Every worked example: only rules of the book, and a reason for each NE. */
START_TEST(examples_name_the_book)
{
	static const char *const kinds[] = {"series", "series_spd"};
	size_t n = 0;

	for (size_t k = 0; k < 2; k++) {
		const struct json_value *c;
		size_t i = 0;

		while ((c = case_file_next(&i, kinds[k], NULL)) != NULL) {
			struct arena *a = arena_new();
			struct assess_options o =
			    series_options(json_get(c, "params"));

			check_assessment(
			    assess_run(series_timeline(c, a), &o, a),
			    json_string_at(c, "id"));
			arena_free(a);
			n++;
		}
	}
	ck_assert_uint_gt(n, 30);
}
END_TEST

/* Each category, its rule and citation, the numbers compared. */
START_TEST(explain)
{
	static const char *const words[] = {"2024-02-12", "irecist: iUPD",
	    "sum 125.0 mm is 25.0 % (+25.0 mm) above the nadir of 100.0 mm",
	    "[irecist.iupd.target: §4.3, Seymour L et al.",
	    "? NO_PERPENDICULAR: T1", "progression on 2024-02-12",
	    "confirmation_scan (upcoming) from 2024-03-11"};
	struct arena *a = arena_new();
	struct strbuf out;

	strbuf_init(&out, (size_t)1 << 20);
	explain_write(
	    series_assess(CASE(ONE("100"), TP("42", T1("125"))), a), &out);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ck_assert_msg(strstr(out.s, words[i]) != NULL,
		    "no '%s' in:\n%s", words[i], out.s);
	strbuf_done(&out);
	arena_free(a);
}
END_TEST

static Suite *
suite_rulebook(void)
{
	Suite *s = suite_create("rulebook");
	TCase *c = tcase_create("rulebook");

	tcase_add_test(c, golden);
	tcase_add_test(c, every_rule_is_cited);
	tcase_add_test(c, examples_name_the_book);
	tcase_add_test(c, explain);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_rulebook())
