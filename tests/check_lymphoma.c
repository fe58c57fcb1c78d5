/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lymphoma end to end: resources as servers send them in, Lugano and LYRIC
 * out.
 */
#include <string.h>

#include "fhir/datetime.h"
#include "tests/support/check_main.h"
#include "tests/support/hostile.h"

#define NCIT        "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
#define GRADE(code) "{'coding':[{'system':'" NCIT "','code':'" code "'}]}"

#define START    19723 /* 2024-01-01, the first dose */
#define BASE_DAY (-7)
#define SCAN_DAY 60

static struct hostile h;

static void
set_up(void)
{
	hostile_begin(&h);
	hostile_lesion(&h, "n1", "target");
	hostile_measure(&h, "n1", BASE_DAY, 40);
	hostile_measure(&h, "n1", SCAN_DAY, 35);
}

static void
tear_down(void)
{
	hostile_done(&h);
}

/* A score; value is what stands behind the date, a lesion may be NULL. */
static void
score(const char *id, int day, const char *value, const char *lesion)
{
	char text[DAY_SIZE], focus[80] = "";

	if (lesion != NULL)
		snprintf(focus, sizeof(focus),
		    ",'focus':[{'reference':'BodyStructure/%s'}]", lesion);
	hostile_add(&h,
	    "{'resourceType':'Observation','id':'%s','status':'final',"
	    "'code':{'coding':[{'system':'http://snomed.info/sct','code':"
	    "'708895006'}]},'subject':{'reference':'Patient/p'},"
	    "'effectiveDateTime':'%s'%s,%s}",
	    id, day_format(START + day, text), focus, value);
}

static const struct metabolic *
said(const struct assessment *x, const char *criterion)
{
	for (size_t i = 0; i < x->metabolic.n; i++) {
		const struct metabolic *m = &x->metabolic.items[i];

		if (strcmp(m->criterion, criterion) == 0 &&
		    m->day == START + SCAN_DAY)
			return m;
	}
	return NULL;
}

static bool
says(const struct metabolic *m, const char *words)
{
	for (size_t i = 0; i < m->because.n; i++) {
		if (strstr(m->because.items[i].text, words) != NULL)
			return true;
	}
	return false;
}

static bool
cites(const struct metabolic *m, const char *source)
{
	for (size_t i = 0; i < m->because.n; i++) {
		for (size_t k = 0; k < m->because.items[i].n_sources; k++) {
			if (strcmp(m->because.items[i].sources[k], source) == 0)
				return true;
		}
	}
	return false;
}

static const struct assessment *
assess(void)
{
	hostile_map(&h);
	ck_assert_uint_eq(h.mapped.n, 1);
	return hostile_assess(&h, 0);
}

static const struct {
	const char *base, *now, *lugano, *lyric;
} forms[] = {
    {"'valueInteger':5", "'valueInteger':3", "CMR", "CMR"},
    {"'valueQuantity':{'value':5}", "'valueQuantity':{'value':4.0}", "PMR",
	"PMR"},
    {"'interpretation':[" GRADE("C99749") "]",
	"'interpretation':[" GRADE("C99749") "]", "NMR", "NMR"},
    {"'valueCodeableConcept':" GRADE("C99749"),
	"'valueCodeableConcept':" GRADE("C99750"), "PMD", "IR3"},
    {"'valueString':'5'", "'valueString':'2'", "CMR", "CMR"},
    {"'valueInteger':5", "'valueString':'X'", "NE", "NE"},
    {"'valueInteger':5", "'interpretation':[" GRADE("C136879") "]", "NE", "NE"},
    {"'valueInteger':5", "'valueInteger':6", NULL, NULL},
    {"'valueInteger':5", "'valueString':'Deauville 2'", NULL, NULL},
    {"'valueInteger':9", "'valueInteger':4", "NE", "NE"},
};

static void
expect(const struct assessment *x, const char *criterion, const char *want)
{
	const struct metabolic *m = said(x, criterion);

	if (want == NULL) {
		ck_assert_ptr_null(m);
		return;
	}
	ck_assert_msg(m != NULL, "row %s: nothing said", criterion);
	ck_assert_msg(strcmp(m->overall, want) == 0, "%s: %s, not %s",
	    criterion, m->overall, want);
	ck_assert(cites(m, "Observation/now"));
}

START_TEST(score_in_each_form)
{
	const struct assessment *x;

	score("base", BASE_DAY, forms[_i].base, NULL);
	score("now", SCAN_DAY, forms[_i].now, NULL);
	x = assess();
	expect(x, "lugano", forms[_i].lugano);
	expect(x, "lyric", forms[_i].lyric);
	if (forms[_i].lugano == NULL)
		ck_assert_uint_eq(hostile_problems(x, "value_unknown") +
				      hostile_problems(x, "narrative_only"),
		    1);
}
END_TEST

START_TEST(x_says_so)
{
	const struct metabolic *m;

	score("base", BASE_DAY, "'valueInteger':5", NULL);
	score("now", SCAN_DAY, "'valueString':'X'", NULL);
	m = said(assess(), "lugano");
	ck_assert_ptr_nonnull(m);
	ck_assert(says(m, "DEAUVILLE_X"));
}
END_TEST

/* Whose score counts, whichever came first. */
static const struct {
	const char *a, *a_lesion, *b, *b_lesion, *lugano;
	size_t conflicts;
} several[] = {
    {"3", "n1", "4", "n2", "PMR", 0}, /* the highest of the lesions' */
    {"4", "n1", "3", "n2", "PMR", 0},
    {"2", NULL, "4", "n1", "CMR", 0}, /* the scan's before a lesion's */
    {"4", "n1", "2", NULL, "CMR", 0},
    {"X", NULL, "4", "n1", "PMR", 0}, /* a number before X */
    {"4", "n1", "X", NULL, "PMR", 0}, {"X", NULL, "3", NULL, "CMR", 0},
    {"2", NULL, "2", NULL, "CMR", 0},
    {"2", NULL, "4", NULL, NULL, 1}, /* said, whichever counts */
};

START_TEST(several_scores)
{
	const struct assessment *x;
	char a[40], b[40];

	hostile_lesion(&h, "n2", "target");
	hostile_measure(&h, "n2", BASE_DAY, 30);
	hostile_measure(&h, "n2", SCAN_DAY, 30);
	score("base", BASE_DAY, "'valueInteger':5", NULL);
	snprintf(a, sizeof(a), "'valueString':'%s'", several[_i].a);
	snprintf(b, sizeof(b), "'valueString':'%s'", several[_i].b);
	score("a", SCAN_DAY, a, several[_i].a_lesion);
	score("b", SCAN_DAY, b, several[_i].b_lesion);
	x = assess();
	ck_assert_uint_eq(
	    hostile_problems(x, "statement_conflict"), several[_i].conflicts);
	if (several[_i].lugano != NULL)
		ck_assert_str_eq(
		    said(x, "lugano")->overall, several[_i].lugano);
}
END_TEST

/* No score, no lymphoma: nothing is said of Lugano or LYRIC. */
START_TEST(silent_without_score)
{
	const struct assessment *x = assess();

	ck_assert_ptr_null(said(x, "lugano"));
	ck_assert_ptr_null(said(x, "lyric"));
}
END_TEST

static Suite *
suite_lymphoma(void)
{
	Suite *s = suite_create("lymphoma");
	TCase *t = tcase_create("deauville");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(
	    t, score_in_each_form, 0, sizeof(forms) / sizeof(*forms));
	tcase_add_test(t, x_says_so);
	tcase_add_loop_test(
	    t, several_scores, 0, sizeof(several) / sizeof(*several));
	tcase_add_test(t, silent_without_score);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_lymphoma())
