/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags of suspected immune-related adverse events: what they say, that they
 * keep their identity, and that a person's word on them is respected.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/assess.h"
#include "mappings/from_fhir.h"
#include "mappings/to_fhir.h"
#include "tests/support/check_main.h"

#define OUT       "build/validate-in/irae.json"
#define EXTENSION "https://rescan.example/fhir/StructureDefinition/"

static struct codemap *maps;
static struct arena *arena;
static struct intake *intake;
static LIST_OF(struct json_doc *) docs;

static void
set_up(void)
{
	static const char *const dirs[] = {"mappings/maps"};
	struct err e = ERR_INIT;

	arena = arena_new();
	ck_assert_msg(codemap_load(dirs, 1, &maps, &e) == ERR_OK, "%s", e.text);
}

static void
tear_down(void)
{
	for (size_t i = 0; i < docs.n; i++)
		json_free(docs.items[i]);
	docs.n = docs.cap = 0;
	docs.items = NULL;
	intake_free(intake);
	intake = NULL;
	codemap_free(maps);
	arena_free(arena);
}

static const struct json_value *
parse(const char *text)
{
	struct json_doc *d;
	struct err e = ERR_INIT;

	ck_assert_msg(
	    json_parse(text, strlen(text), &d, &e) == ERR_OK, "%s", e.text);
	*ARENA_PUSH(arena, &docs) = d;
	return json_root(d);
}

static const char *
alt(int day, int value)
{
	return arena_printf(arena,
	    "{\"resourceType\":\"Observation\",\"id\":\"alt%d\","
	    "\"status\":\"final\",\"subject\":{\"reference\":\"Patient/p\"},"
	    "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\","
	    "\"code\":\"1742-6\"}]},\"effectiveDateTime\":\"2024-03-%02d\","
	    "\"valueQuantity\":{\"value\":%d,\"code\":\"U/L\"},"
	    "\"referenceRange\":[{\"high\":{\"value\":40}}]}",
	    day, day, value);
}

#define DOSE                                                                   \
	"{\"resourceType\":\"MedicationAdministration\",\"id\":\"d\","         \
	"\"status\":\"completed\",\"subject\":{\"reference\":\"Patient/p\"},"  \
	"\"effectiveDateTime\":\"2024-02-01\","                                \
	"\"medicationCodeableConcept\":{\"coding\":[{\"system\":"              \
	"\"http://www.nlm.nih.gov/research/umls/rxnorm\","                     \
	"\"code\":\"1597876\"}]}}"

/* What the resources give to write; ends with NULL. */
struct said {
	const struct output *o;
	size_t n;
};

static struct assessment *
assess(const char *const *resources)
{
	const struct mapping_options mo = {0};
	const struct timeline_options to = TIMELINE_DEFAULTS;
	struct assess_options *ao = arena_alloc(arena, sizeof(*ao));
	const struct assess_options defaults = ASSESS_DEFAULTS;
	struct patient_facts *const *patients;
	const struct problem *orphans;
	size_t n, n_orphans;
	struct err e = ERR_INIT;

	*ao = defaults;
	intake_free(intake);
	intake = intake_new(maps, &mo);
	for (size_t i = 0; resources[i] != NULL; i++) {
		const struct bundle_entry entry = {
		    .resource = parse(resources[i])};

		ck_assert_int_eq(intake_add(intake, &entry, &e), ERR_OK);
	}
	ck_assert_int_eq(
	    intake_finish(intake, &patients, &n, &orphans, &n_orphans, &e),
	    ERR_OK);
	ck_assert_uint_eq(n, 1);
	return assess_run(timeline_build(patients[0], &to, arena), ao, arena);
}

static struct said
say(const char *const *resources)
{
	const struct to_fhir_options o = {maps, "0.0.0-test"};
	struct said s;

	to_fhir(assess(resources), &o, arena, &s.o, &s.n);
	return s;
}

static const struct output *
flag(const struct said *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->o[i].type, "Flag") == 0)
			return &s->o[i];
	}
	ck_abort_msg("no Flag");
	return NULL;
}

static const struct json_value *
extension(const struct json_value *r, const char *url, const char *member)
{
	const struct json_value *all = json_get(r, "extension");

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *x = json_at(all, i);

		if (strcmp(json_string_at(x, "url"), url) == 0)
			return json_get(x, member);
	}
	return NULL;
}

static const char *
state_of(const struct output *o)
{
	return json_string(
	    extension(parse(o->body), EXTENSION "irae-state", "valueCode"));
}

static const char *
text_of(const struct output *o)
{
	return json_string_at(parse(o->body), "code.text");
}

/* --- tests --- */

START_TEST(says_what_is_suspected)
{
	const char *const resources[] = {DOSE, alt(5, 260), NULL};
	struct said s = say(resources);
	const struct output *o = flag(&s);
	const struct json_value *r = parse(o->body);

	ck_assert_str_eq(json_string_at(r, "status"), "active");
	ck_assert_str_eq(json_string_at(r, "category.coding.code"), "safety");
	ck_assert_str_eq(
	    json_string_at(r, "code.coding.code"), "suspected-hepatitis");
	ck_assert_str_eq(json_string_at(r, "period.start"), "2024-03-05");
	ck_assert_str_eq(
	    json_string_at(extension(r,
			       "http://hl7.org/fhir/StructureDefinition/"
			       "flag-priority",
			       "valueCodeableConcept"),
		"coding.code"),
	    "PH");
	ck_assert_str_eq(
	    json_string_at(extension(r,
			       "http://hl7.org/fhir/StructureDefinition/"
			       "flag-detail",
			       "valueReference"),
		"reference"),
	    "Observation/alt5");
	ck_assert_str_eq(
	    json_string(extension(r, EXTENSION "irae-level", "valueCode")),
	    "possible");
	ck_assert_str_eq(
	    json_number(extension(r, EXTENSION "ctcae-grade", "valueInteger")),
	    "3");
	ck_assert_ptr_nonnull(strstr(text_of(o), "grade 3"));
	ck_assert_ptr_nonnull(strstr(text_of(o), "6.5 x ULN"));
	ck_assert_ptr_nonnull(
	    strstr(text_of(o), "Consider (ASCO 2021 unless said): "));
	ck_assert(!o->only_if_exists);
}
END_TEST

/* An unwarranted second Flag would be a second alarm. */
START_TEST(keeps_its_identity)
{
	const char *const first[] = {DOSE, alt(5, 260), NULL};
	const char *const later[] = {
	    DOSE, alt(5, 260), alt(12, 30), alt(20, 30), NULL};
	struct said s = say(first);
	const char *identifier = flag(&s)->identifier;

	s = say(later);
	ck_assert_str_eq(flag(&s)->identifier, identifier);
	ck_assert(flag(&s)->only_if_exists);
	ck_assert_str_eq(state_of(flag(&s)), "resolved");
	ck_assert_str_eq(
	    json_string_at(parse(flag(&s)->body), "status"), "inactive");
	ck_assert_str_eq(
	    json_string_at(parse(flag(&s)->body), "period.end"), "2024-03-20");
}
END_TEST

/* The entries of the Bundle, which is kept for validators of another make
 * (tests/validate_outputs.sh). */
static size_t
entries(const struct said *s)
{
	struct strbuf out;
	size_t n;
	FILE *f = fopen(OUT, "w");

	strbuf_init(&out, 1 << 20);
	to_fhir_bundle(s->o, s->n, "2024-03-30T00:00:00Z", &out);
	n = json_length(json_get(parse(out.s), "entry"));
	if (f != NULL && n > 1)
		fputs(out.s, f);
	if (f != NULL)
		fclose(f);
	strbuf_done(&out);
	return n;
}

START_TEST(closed_ones_are_not_made)
{
	const char *const open[] = {DOSE, alt(5, 260), NULL};
	const char *const closed[] = {
	    DOSE, alt(5, 260), alt(12, 30), alt(20, 30), NULL};
	struct said s = say(open);

	ck_assert_uint_eq(entries(&s), 3); /* Device, Flag, Provenance */
	s = say(closed);
	ck_assert_uint_eq(entries(&s), 1);
	s = say(open);
	entries(&s);
}
END_TEST

/* The Flag as it stands on a server. */
static const char *
served(const struct output *o, bool closed_by_person)
{
	char *s =
	    arena_printf(arena, "{\"id\":\"f\",%s", strchr(o->body, '{') + 1);
	char *status = strstr(s, "\"status\":\"active\"");
	char *period = strstr(s, "\"period\":{");

	if (!closed_by_person)
		return s;
	ck_assert_ptr_nonnull(status);
	ck_assert_ptr_nonnull(period);
	*status = *period = '\0';
	return arena_printf(arena,
	    "%s\"status\":\"inactive\"%s\"period\":{\"end\":\"2024-03-07\",%s",
	    s, status + strlen("\"status\":\"active\""),
	    period + strlen("\"period\":{"));
}

START_TEST(a_person_has_the_last_word)
{
	const char *const first[] = {DOSE, alt(5, 150), NULL};
	struct said s = say(first);
	const char *closed = served(flag(&s), true);
	const char *const second[] = {
	    DOSE, alt(5, 150), alt(12, 150), closed, NULL};
	const struct output *o;

	s = say(second);
	o = flag(&s);
	ck_assert_str_eq(state_of(o), "snoozed");
	ck_assert_str_eq(json_string_at(parse(o->body), "status"), "inactive");
	ck_assert_str_eq(json_string(extension(parse(o->body),
			     EXTENSION "irae-dismissed", "valueDate")),
	    "2024-03-07");
	{
		/* Read back as we left it: still asleep. */
		const char *const third[] = {
		    DOSE, alt(5, 150), alt(12, 150), served(o, false), NULL};

		s = say(third);
		ck_assert_str_eq(state_of(flag(&s)), "snoozed");
	}
	{
		/* Worse than what was dismissed wakes it. */
		const char *const fourth[] = {DOSE, alt(5, 150), alt(12, 150),
		    alt(14, 250), served(o, false), NULL};

		s = say(fourth);
		ck_assert_str_eq(state_of(flag(&s)), "reopened");
		ck_assert_str_eq(
		    json_string_at(parse(flag(&s)->body), "status"), "active");
	}
}
END_TEST

START_TEST(withdrawn_input_leaves_none)
{
	const char *const resources[] = {DOSE, alt(5, 30), NULL};
	struct said s = say(resources);

	for (size_t i = 0; i < s.n; i++)
		ck_assert_str_ne(s.o[i].type, "Flag");
}
END_TEST

static Suite *
suite_to_fhir_irae(void)
{
	Suite *s = suite_create("to_fhir_irae");
	TCase *c = tcase_create("flag");

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, says_what_is_suspected);
	tcase_add_test(c, keeps_its_identity);
	tcase_add_test(c, closed_ones_are_not_made);
	tcase_add_test(c, a_person_has_the_last_word);
	tcase_add_test(c, withdrawn_input_leaves_none);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_to_fhir_irae())
