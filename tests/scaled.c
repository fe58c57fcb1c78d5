/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of the worked examples and of random series, with all lengths
 * times the argument.  tests/scaled.sh compares what two builds print.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/assess.h"
#include "mappings/document.h"
#include "tests/support/case_file.h"
#include "tests/support/check_main.h"
#include "tests/support/random_series.h"
#include "tests/support/series.h"

#define N_CASES 300

static int times;

static void
enlarge(int32_t *tmm)
{
	if (*tmm != TMM_NONE)
		*tmm *= times;
}

/* For irRC: the second diameter, where the series gives one only. */
static void
widen(const struct lesion *l, struct reading *r)
{
	if (l->nodal && r->longest_tmm == TMM_NONE && r->short_tmm > 0)
		r->longest_tmm = r->short_tmm + 40;
	else if (!l->nodal && r->short_tmm == TMM_NONE && r->longest_tmm > 0)
		r->short_tmm = r->longest_tmm - r->longest_tmm / 4;
}

static void
scale(struct lesion *l, size_t n_visits, bool wide, struct arena *a)
{
	for (size_t k = 0; k < n_visits; k++) {
		struct reading *r;

		if (l->at[k] == NULL)
			continue;
		r = arena_alloc(a, sizeof(*r));
		*r = *l->at[k];
		if (wide)
			widen(l, r);
		enlarge(&r->longest_tmm);
		enlarge(&r->short_tmm);
		l->at[k] = r;
	}
}

static void
judge(const struct json_value *c, bool wide)
{
	struct arena *a = arena_new();
	struct timeline *t = series_timeline(c, a);
	struct assess_options o = series_options(json_get(c, "params"));
	struct strbuf out;
	struct json_writer w;

	for (size_t i = 0; i < t->lesions.n; i++)
		scale(&t->lesions.items[i], t->timepoints.n, wide, a);
	enlarge(&o.change_tmm);
	enlarge(&o.contested.imrecist_min_tmm);
	strbuf_init(&out, (size_t)1 << 24);
	json_writer_init(&w, &out, true);
	document_write(assess_run(t, &o, a), &w);
	puts(out.s);
	strbuf_done(&out);
	arena_free(a);
}

static void
judge_text(const char *text)
{
	struct json_doc *doc;
	struct err e;

	ck_assert(json_parse(text, strlen(text), &doc, &e) == ERR_OK);
	judge(json_root(doc), false);
	judge(json_root(doc), true);
	json_free(doc);
}

static void
judge_random(void)
{
	random_series_seed(20241125);
	for (int i = 0; i < N_CASES; i++) {
		struct arena *a = arena_new();
		struct random_series c;
		char *s;

		random_series_draw(&c);
		s = arena_strdup(a, random_series_text(a, &c, c.n));
		for (char *p = s; *p != '\0'; p++) {
			if (*p == '\'')
				*p = '"';
		}
		judge_text(s);
		arena_free(a);
	}
}

START_TEST(documents)
{
	static const char *const kinds[] = {"series", "series_spd"};
	const struct json_value *c;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		size_t i = 0;

		while ((c = case_file_next(&i, kinds[k], NULL)) != NULL)
			judge(c, false);
	}
	judge_random();
}
END_TEST

/* Check's frame, for what the support code asserts; silent, for stdout is
 * the documents'. */
int
main(int argc, char **argv)
{
	Suite *s = suite_create("scaled");
	TCase *t = tcase_create("documents");
	SRunner *r = srunner_create(s);
	int failed;

	if (argc != 2 || (times = (int)strtol(argv[1], NULL, 10)) < 1)
		return 2;
	tcase_set_timeout(t, 300);
	tcase_add_test(t, documents);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_SILENT);
	failed = srunner_ntests_failed(r);
	if (failed > 0)
		fputs(tr_msg(srunner_failures(r)[0]), stderr);
	return failed > 0;
}
