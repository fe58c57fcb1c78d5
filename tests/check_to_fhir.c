/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fhir/json.h"
#include "mappings/to_fhir.h"
#include "tests/support/assessment_fixture.h"
#include "tests/support/check_main.h"

#define URN  "urn:rescan:"
#define NCIT "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"

static struct arena *arena;
static struct codemap *maps;

/* What an assessment gives, each body parsed. */
struct said {
	const struct output *o;
	size_t n;
	struct json_doc **docs;
};

static void
setup(void)
{
	static const char *const dirs[] = {"mappings/maps"};
	struct err e = ERR_INIT;

	arena = arena_new();
	ck_assert_msg(codemap_load(dirs, 1, &maps, &e) == ERR_OK, "%s", e.text);
}

static void
teardown(void)
{
	codemap_free(maps);
	arena_free(arena);
}

static struct said
say(const struct assessment *x)
{
	const struct to_fhir_options o = {maps, "0.0.0-test"};
	struct said s = {NULL, 0, NULL};
	struct err e = ERR_INIT;

	to_fhir(x, &o, arena, &s.o, &s.n);
	s.docs = calloc(s.n + 1, sizeof(*s.docs));
	ck_assert_ptr_nonnull(s.docs);
	for (size_t i = 0; i < s.n; i++) {
		ck_assert_uint_eq(strlen(s.o[i].body), s.o[i].len);
		ck_assert_msg(json_parse(s.o[i].body, s.o[i].len, &s.docs[i],
				  &e) == ERR_OK,
		    "%s: %s", s.o[i].label, e.text);
	}
	return s;
}

static struct said
say_fixture(enum fixture f)
{
	return say(fixture_assessment(arena, f));
}

static void
said_done(struct said *s)
{
	for (size_t i = 0; i < s->n; i++)
		json_free(s->docs[i]);
	free(s->docs);
}

/* The k-th output of a kind, -1 when there is none. */
static int
find(const struct said *s, const char *kind, int k)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->o[i].kind, kind) == 0 && k-- == 0)
			return (int)i;
	}
	return -1;
}

static const struct json_value *
body(const struct said *s, const char *kind, int k)
{
	int i = find(s, kind, k);

	ck_assert_msg(i >= 0, "no %s %d", kind, k);
	return json_root(s->docs[i]);
}

static int
count(const struct said *s, const char *kind)
{
	int n = 0;

	while (find(s, kind, n) >= 0)
		n++;
	return n;
}

#define ck_path(v, path, want)                                                 \
	do {                                                                   \
		const char *got_ = json_string_at((v), (path));                \
		ck_assert_msg(got_ != NULL && strcmp(got_, (want)) == 0,       \
		    "%s is %s", (path), got_ == NULL ? "absent" : got_);       \
	} while (0)

/* --- what there is --- */

static const struct {
	enum fixture f;
	int devices, results, reports, flags, provenances;
} counts[] = {
    {FIXTURE_BASELINE, 1, 1, 1, 0, 1},
    {FIXTURE_PENDING, 1, 5, 2, 1, 3},
    {FIXTURE_NE, 1, 5, 3, 1, 4},
    {FIXTURE_CONFIRMED, 1, 9, 3, 1, 3},
    {FIXTURE_RESET, 1, 9, 3, 1, 3},
    {FIXTURE_NO_THERAPY, 0, 0, 0, 0, 0},
    {FIXTURE_EMPTY, 0, 0, 0, 0, 0},
};

START_TEST(the_right_number_of_each)
{
	struct said s = say_fixture(counts[_i].f);

	ck_assert_int_eq(count(&s, "device"), counts[_i].devices);
	ck_assert_int_eq(count(&s, "result"), counts[_i].results);
	ck_assert_int_eq(count(&s, "report"), counts[_i].reports);
	ck_assert_int_eq(count(&s, "flag"), counts[_i].flags);
	ck_assert_int_eq(count(&s, "provenance"), counts[_i].provenances);
	said_done(&s);
}
END_TEST

/* Identifiers differ, are 64 hex digits, stand in the body and in the search;
 * whatever a body refers to stands before it. */
START_TEST(identifiers_and_order)
{
	struct said s = say_fixture((enum fixture)_i);

	for (size_t i = 0; i < s.n; i++) {
		const struct output *o = &s.o[i];
		bool tag = strcmp(o->type, "Provenance") == 0;

		ck_path(json_root(s.docs[i]), "resourceType", o->type);
		ck_assert_uint_eq(strlen(o->identifier), 64);
		ck_path(json_root(s.docs[i]),
		    tag ? "meta.tag.code" : "identifier.value", o->identifier);
		ck_path(json_root(s.docs[i]),
		    tag ? "meta.tag.system" : "identifier.system",
		    RESCAN_IDENTIFIER_SYSTEM);
		ck_assert_str_eq(o->search,
		    arena_printf(arena, "%s=%s%s", tag ? "_tag" : "identifier",
			"https%3A%2F%2Frescan.example%2Ffhir%2Fidentifier%7C",
			o->identifier));
		ck_assert_ptr_null(strchr(o->label, '\n'));
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(s.o[k].identifier, o->identifier);
		for (const char *p = strstr(o->body, URN); p != NULL;
		     p = strstr(p, URN)) {
			size_t k;

			p += strlen(URN);
			for (k = 0; k < i; k++) {
				if (strncmp(p, s.o[k].identifier, 64) == 0)
					break;
			}
			ck_assert_msg(k < i, "%s refers ahead", o->label);
		}
	}
	said_done(&s);
}
END_TEST

/* --- what they say --- */

START_TEST(report_of_an_iupd)
{
	struct said s = say_fixture(FIXTURE_PENDING);
	const struct json_value *r = body(&s, "report", 1);
	const char *said = json_string_at(r, "conclusion");
	static const char *const words[] = {
	    "iRECIST: iUPD (unconfirmed progressive disease)",
	    "RECIST 1.1: PD (progressive disease)",
	    "Sum of target diameters 66.6 mm, +28.1 % from baseline",
	    "Why: sum 66.6 mm is 28.1 % (+14.6 mm) above the nadir",
	    "confirmation scan between 2024-04-16 and 2024-05-14",
	    "next assessment between 2024-06-01 and 2024-07-13",
	    "Decision support, not a diagnosis",
	};

	ck_path(r, "status", "preliminary");
	ck_path(r, "category.coding.code", "RAD");
	ck_path(r, "code.coding.code", "88040-1");
	ck_path(r, "subject.reference", "Patient/42");
	ck_path(r, "effectiveDateTime", "2024-03-19");
	ck_path(r, "imagingStudy.reference", "ImagingStudy/2");
	ck_path(r, "meta.security.code", "DEVAST");
	ck_path(r, "presentedForm.contentType", "text/plain; charset=utf-8");
	ck_assert_uint_eq(json_length(json_get(r, "result")), 4);
	ck_assert_ptr_null(json_get(r, "performer"));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		ck_assert_msg(strstr(said, words[i]) != NULL,
		    "'%s' is missing in: %s", words[i], said);
	/* A step that two rules share is said once. */
	said = strstr(said, "above the nadir of 52.0 mm &");
	ck_assert_ptr_nonnull(said);
	ck_assert_ptr_null(strstr(said + 1, "above the nadir of 52.0 mm &"));
	/* iRECIST first, then RECIST 1.1 with LOINC's answer beside. */
	r = json_get(r, "conclusionCode");
	ck_assert_uint_eq(json_length(r), 2);
	ck_path(json_at(r, 0), "coding.system", NCIT);
	ck_path(json_at(r, 0), "coding.code", "C142360");
	ck_path(json_at(r, 0), "text", "iRECIST: iUPD");
	ck_path(json_at(r, 1), "coding.code", "C35571");
	ck_path(json_at(json_path(json_at(r, 1), "coding"), 1), "code",
	    "LA28370-7");
	said_done(&s);
}
END_TEST

START_TEST(narrative_is_escaped)
{
	struct said s = say_fixture(FIXTURE_PENDING);
	const char *div = json_string_at(body(&s, "report", 1), "text.div");

	ck_path(body(&s, "report", 1), "text.status", "generated");
	ck_assert_ptr_nonnull(
	    strstr(div, "<div xmlns=\"http://www.w3.org/1999/xhtml\">"));
	ck_assert_ptr_nonnull(strstr(div, "52.0 mm &amp; &gt; 20 %"));
	ck_assert_ptr_null(strstr(div, " & "));
	said_done(&s);
}
END_TEST

/* Base64, decoded with the plain definition. */
static char *
decode(const char *s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				     "nopqrstuvwxyz0123456789+/";
	char *ret = arena_alloc(arena, strlen(s) + 1), *p = ret;
	unsigned bits = 0;
	int n = 0;

	ck_assert_uint_eq(strlen(s) % 4, 0);
	for (; *s != '\0' && *s != '='; s++) {
		ck_assert_ptr_nonnull(strchr(digits, *s));
		bits = bits << 6 | (unsigned)(strchr(digits, *s) - digits);
		n += 6;
		if (n >= 8)
			*p++ = (char)(bits >> (n -= 8));
	}
	return ret;
}

START_TEST(form_explains)
{
	struct said s = say_fixture(FIXTURE_PENDING);
	const struct json_value *r = body(&s, "report", 1);
	const char *text = decode(json_string_at(r, "presentedForm.data"));

	ck_assert_ptr_nonnull(strstr(text, "[irecist.iupd.target]"));
	ck_assert_ptr_nonnull(strstr(text, "new in the liver <1>"));
	ck_assert_ptr_nonnull(strstr(text, json_string_at(r, "conclusion")));
	said_done(&s);
}
END_TEST

static const struct {
	const char *code, *value, *unit;
} results[] = {
    {"C96631", "66.6", "mm"},
    {"C112370", "28.1", "%"},
    {"C112373", "28.1", "%"},
    {"C112218", "14.6", "mm"},
};

START_TEST(results_of_an_iupd)
{
	struct said s = say_fixture(FIXTURE_PENDING);
	/* the baseline's sum stands before */
	const struct json_value *r = body(&s, "result", _i + 1);

	ck_path(r, "status", "preliminary");
	ck_path(r, "category.coding.code", "imaging");
	ck_path(r, "code.coding.system", NCIT);
	ck_path(r, "code.coding.code", results[_i].code);
	ck_path(r, "effectiveDateTime", "2024-03-19");
	ck_path(r, "valueQuantity.code", results[_i].unit);
	ck_path(r, "derivedFrom.reference", "ImagingStudy/2");
	ck_assert_str_eq(json_number(json_path(r, "valueQuantity.value")),
	    results[_i].value);
	said_done(&s);
}
END_TEST

START_TEST(baseline_has_no_category)
{
	struct said s = say_fixture(FIXTURE_BASELINE);
	const struct json_value *r = body(&s, "report", 0);

	ck_assert_ptr_null(json_get(r, "conclusionCode"));
	ck_assert_ptr_nonnull(
	    strstr(json_string_at(r, "conclusion"), "Baseline assessment"));
	ck_assert_ptr_null(strstr(json_string_at(r, "conclusion"), "%"));
	said_done(&s);
}
END_TEST

/* --- flags --- */

static const struct {
	enum fixture f;
	const char *status, *end, *text;
	bool only_if_exists;
} flags[] = {
    {FIXTURE_PENDING, "active", NULL, "due between 2024-04-16 and 2024-05-14",
	false},
    {FIXTURE_NE, "active", NULL, "due between 2024-04-16 and 2024-05-14",
	false},
    {FIXTURE_CONFIRMED, "inactive", "2024-04-20",
	": confirmed on 2024-04-20 (iCPD)", true},
    {FIXTURE_RESET, "inactive", "2024-04-20",
	": not confirmed on 2024-04-20 (iPR)", true},
};

/* Whatever becomes of the iUPD, its flag stays the same one. */
START_TEST(flag_of_an_iupd)
{
	struct said s = say_fixture(flags[_i].f);
	struct said pending = say_fixture(FIXTURE_PENDING);
	const struct json_value *f = body(&s, "flag", 0);

	ck_assert_str_eq(s.o[find(&s, "flag", 0)].identifier,
	    pending.o[find(&pending, "flag", 0)].identifier);
	ck_assert_int_eq(
	    s.o[find(&s, "flag", 0)].only_if_exists, flags[_i].only_if_exists);
	ck_path(f, "status", flags[_i].status);
	ck_path(f, "category.coding.code", "clinical");
	ck_path(f, "code.coding.system", RESCAN_CODE_SYSTEM "/flag");
	ck_path(json_at(json_path(f, "code.coding"), 0), "code",
	    "unconfirmed-progression");
	ck_path(json_at(json_get(json_get(f, "code"), "coding"), 1), "code",
	    "C142360");
	ck_assert_ptr_nonnull(
	    strstr(json_string_at(f, "code.text"), flags[_i].text));
	ck_path(f, "subject.reference", "Patient/42");
	ck_path(f, "period.start", "2024-03-19");
	if (flags[_i].end == NULL)
		ck_assert_ptr_null(json_path(f, "period.end"));
	else
		ck_path(f, "period.end", flags[_i].end);
	ck_path(f, "author.reference",
	    arena_printf(
		arena, URN "%s", s.o[find(&s, "device", 0)].identifier));
	said_done(&pending);
	said_done(&s);
}
END_TEST

/* A second progression after a reset is a flag of its own. */
START_TEST(each_block_its_flag)
{
	struct assessment *x = fixture_assessment(arena, FIXTURE_RESET);
	struct verdict *v = x->criteria.items[1].at;
	struct said s;

	v[0].overall = CAT_IUPD;
	v[0].confirm_from = v[0].confirm_to = day_parse("2024-02-20");
	v[1].overall = CAT_ISD;
	v[2].overall = CAT_IUPD;
	v[2].confirm_from = day_parse("2024-05-18");
	v[2].confirm_to = day_parse("2024-06-15");
	s = say(x);
	ck_assert_int_eq(count(&s, "flag"), 2);
	ck_path(body(&s, "flag", 0), "status", "inactive");
	ck_path(body(&s, "flag", 0), "period.end", "2024-03-19");
	ck_path(body(&s, "flag", 1), "status", "active");
	ck_path(body(&s, "flag", 1), "period.start", "2024-04-20");
	said_done(&s);
}
END_TEST

/* --- provenance --- */

START_TEST(provenance_names_versions)
{
	struct said s = say_fixture(FIXTURE_PENDING);
	const struct json_value *p = body(&s, "provenance", 1);
	const char *report = s.o[find(&s, "report", 1)].identifier;
	static const char *const want[] = {"BodyStructure/l1/_history/5",
	    "BodyStructure/n1", "ImagingStudy/1/_history/1",
	    "ImagingStudy/2/_history/1",
	    "MedicationAdministration/1/_history/1", "Observation/7/_history/1",
	    "Observation/8", "Observation/9/_history/2",
	    "Patient/42/_history/3"};

	ck_path(p, "target.reference",
	    arena_printf(arena, URN "%s#version", report));
	ck_path(p, "recorded", "@recorded");
	ck_path(p, "agent.type.coding.code", "assembler");
	ck_path(p, "agent.who.reference",
	    arena_printf(
		arena, URN "%s", s.o[find(&s, "device", 0)].identifier));
	p = json_get(p, "entity");
	ck_assert_uint_eq(json_length(p), sizeof(want) / sizeof(*want));
	for (size_t i = 0; i < json_length(p); i++) {
		ck_path(json_at(p, i), "role", "source");
		ck_path(json_at(p, i), "what.reference", want[i]);
	}
	/* The flag has its own. */
	ck_path(body(&s, "provenance", 2), "target.reference",
	    arena_printf(
		arena, URN "%s#version", s.o[find(&s, "flag", 0)].identifier));
	said_done(&s);
}
END_TEST

START_TEST(settled_flag_is_a_target)
{
	struct said s = say_fixture(FIXTURE_CONFIRMED);
	const struct json_value *t =
	    json_get(body(&s, "provenance", 2), "target");

	ck_assert_uint_eq(json_length(t), 2);
	ck_path(json_at(t, 1), "reference",
	    arena_printf(
		arena, URN "%s#version", s.o[find(&s, "flag", 0)].identifier));
	said_done(&s);
}
END_TEST

/* --- the same again --- */

START_TEST(same_bytes_again)
{
	struct said s = say_fixture(FIXTURE_CONFIRMED);
	struct said again = say_fixture(FIXTURE_CONFIRMED);

	ck_assert_uint_eq(s.n, again.n);
	for (size_t i = 0; i < s.n; i++) {
		ck_assert_str_eq(s.o[i].identifier, again.o[i].identifier);
		ck_assert_str_eq(s.o[i].body, again.o[i].body);
	}
	said_done(&again);
	said_done(&s);
}
END_TEST

/* Other words, same things: all but Provenance keep their identifier. */
START_TEST(wording_is_not_identity)
{
	struct assessment *x = fixture_assessment(arena, FIXTURE_PENDING);
	struct said s = say(x), other;

	x->criteria.items[1].at[1].because.items[0].text = "put differently";
	x->criteria.items[1].at[1].burden += 10;
	other = say(x);
	ck_assert_uint_eq(s.n, other.n);
	for (size_t i = 0; i < s.n; i++) {
		bool of_report = strstr(s.o[i].label, "2024-01-02") == NULL &&
				 strcmp(s.o[i].kind, "provenance") == 0 &&
				 strstr(s.o[i].label, "Report") != NULL;

		ck_assert_msg((strcmp(s.o[i].identifier,
				   other.o[i].identifier) != 0) == of_report,
		    "%s", s.o[i].label);
	}
	ck_assert_str_ne(s.o[find(&s, "report", 1)].body,
	    other.o[find(&other, "report", 1)].body);
	said_done(&other);
	said_done(&s);
}
END_TEST

/* The day of asking changes nothing of what is written. */
START_TEST(as_of_is_not_content)
{
	struct assessment *x = fixture_assessment(arena, FIXTURE_PENDING);
	struct said s = say(x), later;

	x->as_of += 100;
	x->recommendations.items[0].state = DUE_OVERDUE;
	later = say(x);
	for (size_t i = 0; i < s.n; i++)
		ck_assert_str_eq(s.o[i].body, later.o[i].body);
	said_done(&later);
	said_done(&s);
}
END_TEST

/* A later timepoint leaves the reports of earlier ones as they were, but for
 * what was recommended next while one was the newest. */
START_TEST(history_stands)
{
	struct said s = say_fixture(FIXTURE_PENDING);
	struct said later = say_fixture(FIXTURE_CONFIRMED);

	for (int k = 0; k < 2; k++)
		ck_assert_str_eq(s.o[find(&s, "report", k)].identifier,
		    later.o[find(&later, "report", k)].identifier);
	ck_assert_str_eq(s.o[find(&s, "report", 0)].body,
	    later.o[find(&later, "report", 0)].body);
	ck_assert_str_eq(s.o[find(&s, "provenance", 0)].body,
	    later.o[find(&later, "provenance", 0)].body);
	ck_assert_ptr_nonnull(
	    strstr(s.o[find(&s, "report", 1)].body, "next assessment"));
	ck_assert_ptr_null(
	    strstr(later.o[find(&later, "report", 1)].body, "next assessment"));
	said_done(&later);
	said_done(&s);
}
END_TEST

START_TEST(patients_do_not_share)
{
	struct assessment *x = fixture_assessment(arena, FIXTURE_PENDING);
	struct timeline t = *x->timeline;
	struct said s = say(x), other;

	t.patient = "Patient/43";
	x->timeline = &t;
	other = say(x);
	for (size_t i = 0; i < s.n; i++)
		ck_assert_msg(
		    (strcmp(s.o[i].identifier, other.o[i].identifier) == 0) ==
			(strcmp(s.o[i].kind, "device") == 0),
		    "%s", s.o[i].label);
	said_done(&other);
	said_done(&s);
}
END_TEST

#define LOOP(t, test, rows)                                                    \
	tcase_add_loop_test(t, test, 0, (int)(sizeof(rows) / sizeof(*(rows))))

static Suite *
suite_to_fhir(void)
{
	Suite *s = suite_create("to_fhir");
	TCase *t = tcase_create("outputs");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	LOOP(t, the_right_number_of_each, counts);
	tcase_add_loop_test(t, identifiers_and_order, 0, FIXTURE__MAX);
	tcase_add_test(t, report_of_an_iupd);
	tcase_add_test(t, narrative_is_escaped);
	tcase_add_test(t, form_explains);
	LOOP(t, results_of_an_iupd, results);
	tcase_add_test(t, baseline_has_no_category);
	LOOP(t, flag_of_an_iupd, flags);
	tcase_add_test(t, each_block_its_flag);
	tcase_add_test(t, provenance_names_versions);
	tcase_add_test(t, settled_flag_is_a_target);
	tcase_add_test(t, same_bytes_again);
	tcase_add_test(t, wording_is_not_identity);
	tcase_add_test(t, as_of_is_not_content);
	tcase_add_test(t, history_stands);
	tcase_add_test(t, patients_do_not_share);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_to_fhir())
