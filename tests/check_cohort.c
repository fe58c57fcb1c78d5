/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cohort: the same bytes each time, references that lead somewhere, and
 * patients that show what they are said to show.
 */
#include "tests/support/check_main.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/bundle.h"
#include "fhir/datetime.h"
#include "fhir/resource.h"
#include "tests/sandbox/cohort.h"
#include "tests/sandbox/sandbox.h"

static struct arena *arena;
static struct cohort cohort;
static struct strbuf bundle;

static void
setup(void)
{
	struct err e = ERR_INIT;
	char *text = check_read_file(COHORT_FILE, NULL);

	arena = arena_new();
	ck_assert_msg(
	    cohort_read(text, arena, &cohort, &e) == ERR_OK, "%s", e.text);
	free(text);
	strbuf_init(&bundle, COHORT_MAX);
	ck_assert_int_eq(cohort_bundle(COHORT_FILE, &bundle, &e), ERR_OK);
	ck_assert(!bundle.overflow);
}

static void
teardown(void)
{
	strbuf_done(&bundle);
	arena_free(arena);
}

static void
sha256(const struct strbuf *b, unsigned char digest[32])
{
	ck_assert_int_eq(
	    EVP_Digest(b->s, b->len, digest, NULL, EVP_sha256(), NULL), 1);
}

static void
same_digest(const struct strbuf *a, const struct strbuf *b, bool same)
{
	unsigned char x[32], y[32];

	sha256(a, x);
	sha256(b, y);
	ck_assert_int_eq(memcmp(x, y, sizeof(x)) == 0, same);
}

START_TEST(the_same_bytes_each_time)
{
	struct err e = ERR_INIT;
	struct strbuf again;

	strbuf_init(&again, COHORT_MAX);
	ck_assert_int_eq(cohort_bundle(COHORT_FILE, &again, &e), ERR_OK);
	ck_assert_uint_gt(again.len, 100000);
	same_digest(&bundle, &again, true);
	strbuf_done(&again);
}
END_TEST

START_TEST(bulk_follows_its_seed)
{
	struct strbuf one, again, other;

	strbuf_init(&one, COHORT_MAX);
	strbuf_init(&again, COHORT_MAX);
	strbuf_init(&other, COHORT_MAX);
	cohort_bulk_bundle(7, 3, &one);
	cohort_bulk_bundle(7, 3, &again);
	cohort_bulk_bundle(8, 3, &other);
	same_digest(&one, &again, true);
	same_digest(&one, &other, false);
	strbuf_done(&one);
	strbuf_done(&again);
	strbuf_done(&other);
}
END_TEST

/* What R4 requires of each type that the cohort writes, and HTEST. */
static const struct {
	const char *type, *path;
} required[] = {
    {"Patient", "gender"},
    {"Condition", "subject"},
    {"Condition", "clinicalStatus"},
    {"BodyStructure", "patient"},
    {"ImagingStudy", "status"},
    {"ImagingStudy", "subject"},
    {"ImagingStudy", "series.uid"},
    {"ImagingStudy", "series.modality"},
    {"Observation", "status"},
    {"Observation", "code"},
    {"Observation", "subject"},
    {"Observation", "effectiveDateTime"},
    {"MedicationAdministration", "status"},
    {"MedicationAdministration", "subject"},
    {"MedicationAdministration", "dosage.dose.value"},
};

struct walk {
	LIST_OF(const char *) there;  /* "Type/id" of every entry */
	LIST_OF(const char *) wanted; /* every reference */
	size_t checked;
};

static void
on_reference(void *ctx, const struct json_value *reference)
{
	struct walk *w = ctx;

	*ARENA_PUSH(arena, &w->wanted) =
	    arena_strdup(arena, json_string_at(reference, "reference"));
}

static enum err_code
on_entry(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	const char *type = json_string_at(entry->resource, "resourceType");
	const char *id = json_string_at(entry->resource, "id");
	const char *url = arena_printf(arena, "%s/%s", type, id);
	struct walk *w = ctx;

	(void)e;
	ck_assert_str_eq(entry->method, "PUT");
	ck_assert_str_eq(entry->url, url);
	ck_assert_str_eq(
	    json_string_at(entry->resource, "meta.tag.code"), "HTEST");
	ck_assert_uint_le(strlen(id), 64);
	for (size_t i = 0; i < w->there.n; i++)
		ck_assert_str_ne(w->there.items[i], url);
	*ARENA_PUSH(arena, &w->there) = url;
	for (size_t i = 0; i < sizeof(required) / sizeof(*required); i++)
		if (strcmp(required[i].type, type) == 0) {
			ck_assert_msg(json_path(entry->resource,
					  required[i].path) != NULL,
			    "%s has no %s", url, required[i].path);
			w->checked++;
		}
	resource_each_reference(entry->resource, on_reference, w);
	return ERR_OK;
}

static void
check_bundle(const struct strbuf *b)
{
	struct err e = ERR_INIT;
	struct walk w = {0};

	ck_assert_msg(
	    bundle_read(b->s, b->len, arena, NULL, on_entry, &w, &e) == ERR_OK,
	    "%s", e.text);
	ck_assert_uint_gt(w.checked, 10);
	ck_assert_uint_gt(w.wanted.n, w.there.n);
	for (size_t i = 0; i < w.wanted.n; i++) {
		bool found = false;

		for (size_t k = 0; k < w.there.n && !found; k++)
			found =
			    strcmp(w.there.items[k], w.wanted.items[i]) == 0;
		ck_assert_msg(found, "%s leads nowhere", w.wanted.items[i]);
	}
}

START_TEST(references_lead_somewhere)
{
	check_bundle(&bundle);
}
END_TEST

START_TEST(bulk_references_lead_somewhere)
{
	for (unsigned i = 0; i < 4; i++) {
		struct strbuf b;

		strbuf_init(&b, COHORT_MAX);
		cohort_bulk_bundle(1, i, &b);
		check_bundle(&b);
		strbuf_done(&b);
	}
}
END_TEST

static const struct cohort_patient *
patient(const char *id)
{
	for (size_t i = 0; i < cohort.patients.n; i++)
		if (strcmp(cohort.patients.items[i].id, id) == 0)
			return &cohort.patients.items[i];
	ck_abort_msg("no patient %s", id);
	return NULL;
}

/* What the sum of target diameters is by: a node's other axis. */
static int32_t
sum(const struct cohort_patient *p, size_t reading)
{
	const struct cohort_reading *v = &p->readings.items[reading];
	int32_t n = 0;

	for (size_t i = 0; i < v->cells.n; i++) {
		const struct cohort_cell *c = &v->cells.items[i];
		const struct cohort_lesion *l = &p->lesions.items[c->lesion];

		if (strcmp(l->role->name, "target") == 0)
			n += l->nodal ? c->other : c->longest;
	}
	return n;
}

static int32_t
day_of(const struct cohort_patient *p, size_t reading)
{
	return p->readings.items[reading].day;
}

/* Progress of the sum over the lowest one before, in RECIST's terms. */
static bool
grew(int32_t from, int32_t to)
{
	return to * 100 >= from * 120 && to - from >= 50;
}

static bool
shrank(int32_t baseline, int32_t to)
{
	return to * 100 <= baseline * 70;
}

START_TEST(responders_respond)
{
	const struct cohort_patient *p = patient("response");

	ck_assert(shrank(sum(p, 0), sum(p, 1)));
	ck_assert_ptr_eq(p->readings.items[2].cells.items[0].state,
	    cohort_code(CODE_STATE, "absent"));
	ck_assert_int_lt(sum(p, 2), 100);
	p = patient("stable");
	for (size_t i = 1; i < p->readings.n; i++) {
		ck_assert(!grew(sum(p, 0), sum(p, i)));
		ck_assert(!shrank(sum(p, 0), sum(p, i)));
	}
	p = patient("nodal");
	ck_assert(p->lesions.items[0].nodal && p->lesions.items[1].nodal);
	ck_assert(shrank(sum(p, 0), sum(p, 1)));
}
END_TEST

START_TEST(progression_confirms_or_turns)
{
	const struct cohort_patient *p = patient("confirmed");
	int32_t wait = day_of(p, 2) - day_of(p, 1);

	ck_assert(grew(sum(p, 0), sum(p, 1)));
	ck_assert_int_ge(sum(p, 2) - sum(p, 1), 50);
	ck_assert_int_ge(wait, 28);
	ck_assert_int_le(wait, 56);
	p = patient("pseudo");
	ck_assert(grew(sum(p, 0), sum(p, 1)));
	ck_assert(shrank(sum(p, 0), sum(p, 2)));
	p = patient("pending");
	ck_assert(grew(sum(p, 0), sum(p, 1)));
	ck_assert_uint_eq(p->readings.n, 2);
	wait = day_parse("2026-11-25") - day_of(p, 1);
	ck_assert_int_ge(wait, 28);
	ck_assert_int_le(wait, 56);
	p = patient("overdue");
	ck_assert(grew(sum(p, 0), sum(p, 1)));
	ck_assert_int_gt(day_parse("2026-11-25") - day_of(p, 1), 58);
}
END_TEST

START_TEST(hyperprogression_has_a_scan_before)
{
	const struct cohort_patient *p = patient("hyper");
	int32_t dose = p->doses.items[0].day;
	int32_t before =
	    (sum(p, 1) - sum(p, 0)) * 100 / (day_of(p, 1) - day_of(p, 0));
	int32_t after =
	    (sum(p, 2) - sum(p, 1)) * 100 / (day_of(p, 2) - day_of(p, 1));

	ck_assert_int_lt(day_of(p, 1), dose);
	ck_assert_int_gt(day_of(p, 2), dose);
	ck_assert_int_gt(before, 0);
	ck_assert_int_ge(after, 2 * before);
	ck_assert(grew(sum(p, 1), sum(p, 2)));
}
END_TEST

START_TEST(pet_grows_while_it_fades)
{
	const struct cohort_patient *p = patient("pet");
	const struct cohort_cell *a = &p->readings.items[0].cells.items[0];
	const struct cohort_cell *b = &p->readings.items[1].cells.items[0];

	ck_assert(grew(a->longest, b->longest));
	ck_assert_int_le(b->suvmax * 100, a->suvmax * 70);
	ck_assert_int_le(b->sulpeak * 100, a->sulpeak * 70);
	ck_assert_int_ge(a->sulpeak - b->sulpeak, 80);
}
END_TEST

static bool
has_fact(
    const struct cohort_patient *p, enum code_group group, const char *name)
{
	for (size_t i = 0; i < p->facts.n; i++)
		if (p->facts.items[i].code == cohort_code(group, name))
			return true;
	return false;
}

static bool
has_drug(const struct cohort_patient *p, const char *name)
{
	for (size_t i = 0; i < p->doses.n; i++)
		if (p->doses.items[i].drug == cohort_code(CODE_DRUG, name))
			return true;
	return false;
}

START_TEST(adverse_events_are_told)
{
	const struct cohort_patient *p = patient("colitis");

	ck_assert(has_fact(p, CODE_DX, "colitis"));
	ck_assert(has_fact(p, CODE_DX, "diarrhoea"));
	ck_assert(has_fact(p, CODE_FINDING, "colon-wall"));
	ck_assert(has_fact(p, CODE_LAB, "crp"));
	ck_assert(has_drug(p, "prednisone"));
	p = patient("pneumonitis");
	ck_assert(has_fact(p, CODE_DX, "pneumonitis"));
	ck_assert(has_fact(p, CODE_FINDING, "ground-glass"));
	ck_assert(has_fact(p, CODE_LAB, "spo2"));
	ck_assert(has_drug(p, "prednisone"));
}
END_TEST

START_TEST(awkward_data_is_there)
{
	const struct cohort_patient *p = patient("chemo");

	ck_assert_uint_gt(p->doses.n, 0);
	for (size_t i = 0; i < p->doses.n; i++)
		ck_assert_str_eq(p->doses.items[i].drug->name, "carboplatin");
	p = patient("nobaseline");
	ck_assert_int_gt(day_of(p, 0), p->doses.items[0].day);
	p = patient("inch");
	ck_assert_str_eq(p->readings.items[1].cells.items[0].unit, "inch-ish");
	ck_assert_ptr_nonnull(strstr(bundle.s, "{\"value\":1.3,\"unit\":"
					       "\"inch-ish\"}"));
	p = patient("readers");
	ck_assert(p->readings.items[2].second);
	ck_assert(!grew(sum(p, 0), sum(p, 1)));
	ck_assert(grew(sum(p, 0), sum(p, 2)));
	p = patient("newlesion");
	ck_assert_str_eq(p->lesions.items[2].role->name, "new");
	p = patient("nontarget");
	ck_assert_str_eq(
	    p->readings.items[1].cells.items[1].state->name, "unequivocal");
}
END_TEST

/* What the resources of the whole cohort must show somewhere. */
static const char *const texts[] = {
    "\"type\":\"replaced-by\"",
    "\"type\":\"replaces\"",
    "\"medicationReference\":{\"reference\":\"Medication/medication-"
    "ipilimumab\"}",
    "\"resourceType\":\"Medication\"",
    "\"effectivePeriod\":{\"start\":\"2026-03-14\",\"end\":\"2026-04-12\"}",
    "\"code\":\"33728-7\"",
    "\"code\":\"33729-5\"",
    "\"code\":\"103339001\"",
    "\"code\":\"103340004\"",
    "\"code\":\"112040\"",
    "\"value\":3.5,\"unit\":\"cm\"",
    "\"value\":31.5,\"unit\":\"mm\"",
    "\"code\":\"g/mL{SUVlbm}\"",
    "\"code\":\"C94522\"",
};

START_TEST(resources_show_the_shapes)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(strstr(bundle.s, texts[i]) != NULL, "nowhere: %s",
		    texts[i]);
}
END_TEST

START_TEST(merged_record_holds_the_baseline)
{
	const char *study = strstr(bundle.s, "\"merged-study-20260126\"");
	const char *later = strstr(bundle.s, "\"merged-study-20260330\"");

	ck_assert_ptr_nonnull(study);
	ck_assert_ptr_nonnull(later);
	ck_assert_int_eq(strncmp(strstr(strstr(study, "\"subject\""), "Pat"),
			     "Patient/merged-old\"", 19),
	    0);
	ck_assert_int_eq(strncmp(strstr(strstr(later, "\"subject\""), "Pat"),
			     "Patient/merged\"", 15),
	    0);
}
END_TEST

START_TEST(the_sandbox_takes_it)
{
	struct sandbox_options o = SANDBOX_DEFAULTS;
	struct sandbox *s = NULL;
	struct err e = ERR_INIT;
	char *text;

	ck_assert_int_eq(sandbox_make_certs(o.cert_dir, &e), ERR_OK);
	ck_assert_int_eq(sandbox_new(&o, &s, &e), ERR_OK);
	for (int i = 0; i < 2; i++)
		ck_assert_msg(sandbox_load_bundle(s, bundle.s, &e) == ERR_OK,
		    "%s", e.text);
	ck_assert_uint_eq(sandbox_count(s, "Patient"), cohort.patients.n + 1);
	text = sandbox_get(s, "Patient", "response");
	ck_assert_ptr_nonnull(strstr(text, "\"versionId\":\"1\""));
	free(text);
	sandbox_stop(s);
}
END_TEST

/* A broken line, and the line that is named. */
static const struct {
	const char *text, *said;
} broken[] = {
    {"shows x", "line 1: no patient yet"},
    {"patient a male 1960-13-01 B C", "line 1: patient ID"},
    {"patient a male 1960-01-01 B C\n\nlesion l1 moon target",
	"line 3: lesion ID"},
    {"patient a male 1960-01-01 B C\nvisit 2026-01-01 ct l1=4",
	"line 2: no such lesion"},
    {"patient a male 1960-01-01 B C\nlesion l1 liver target\n"
     "visit 2026-01-01 ct l1=big",
	"line 3: neither a size nor a state"},
    {"patient a male 1960-01-01 B C\ndrug aspirin 100 2026-01-01",
	"line 2: drug NAME"},
    {"patient a male 1960-01-01 B C\nlab 2026-01-01 alt high",
	"line 2: no number"},
    {"patient a male 1960-01-01 B C\nsing 1", "line 2: no such word"},
};

START_TEST(broken_lines_are_named)
{
	struct cohort c = {0};
	struct err e = ERR_INIT;

	ck_assert_int_eq(
	    cohort_read(broken[_i].text, arena, &c, &e), ERR_INVALID);
	ck_assert_msg(strstr(e.text, broken[_i].said) != NULL, "%s", e.text);
}
END_TEST

static Suite *
suite_cohort(void)
{
	Suite *s = suite_create("cohort");
	TCase *t = tcase_create("cohort");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, the_same_bytes_each_time);
	tcase_add_test(t, bulk_follows_its_seed);
	tcase_add_test(t, references_lead_somewhere);
	tcase_add_test(t, bulk_references_lead_somewhere);
	tcase_add_test(t, responders_respond);
	tcase_add_test(t, progression_confirms_or_turns);
	tcase_add_test(t, hyperprogression_has_a_scan_before);
	tcase_add_test(t, pet_grows_while_it_fades);
	tcase_add_test(t, adverse_events_are_told);
	tcase_add_test(t, awkward_data_is_there);
	tcase_add_test(t, resources_show_the_shapes);
	tcase_add_test(t, merged_record_holds_the_baseline);
	tcase_add_test(t, the_sandbox_takes_it);
	tcase_add_loop_test(t, broken_lines_are_named, 0,
	    (int)(sizeof(broken) / sizeof(broken[0])));
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_cohort())
