/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole courses, from facts to the lists of the assessment: growth rates,
 * patterns and PET criteria as a reader of the document sees them.
 */
#include <string.h>

#include "gateway/assess.h"
#include "tests/support/check_main.h"

#define START 19723 /* 2024-01-01, the first dose: day 0 */

static struct arena *arena;
static struct patient_facts *facts;

static void
set_up(void)
{
	arena = arena_new();
	facts = arena_alloc(arena, sizeof(*facts));
	facts->arena = arena;
	facts->patient = "Patient/course";
}

static void
tear_down(void)
{
	arena_free(arena);
}

static struct measurement_fact *
measure(const char *lesion, int day, int32_t tmm)
{
	struct measurement_fact *m = ARENA_PUSH(arena, &facts->measurements);

	m->source.reference =
	    arena_printf(arena, "Observation/%zu", facts->measurements.n);
	m->source.version = "1";
	m->day = START + day;
	m->lesion = lesion;
	m->site = m->organ = lesion;
	m->longest_tmm = tmm;
	m->short_tmm = m->axis_tmm = TMM_NONE;
	m->issued_ms = INT64_MIN;
	for (size_t k = 0; k < SUV__MAX; k++)
		m->suv[k] = SUV_NONE;
	return m;
}

static void
measure_uptake(
    const char *lesion, int day, int32_t tmm, enum suv_kind kind, int32_t value)
{
	measure(lesion, day, tmm)->suv[kind] = value;
}

static void
say_absent(const char *lesion, int day)
{
	measure(lesion, day, TMM_NONE)->state = STATE_ABSENT;
}

static void
give(int day)
{
	struct dose_fact *d = ARENA_PUSH(arena, &facts->doses);

	d->source.reference =
	    arena_printf(arena, "MedicationAdministration/%zu", facts->doses.n);
	d->source.version = "1";
	d->day = d->last_day = START + day;
	d->concept = "ici_pembrolizumab";
	d->name = "pembrolizumab";
	d->ici_class = "PD-1";
}

static void
find(const char *concept, int day, int value)
{
	struct finding_fact *f = ARENA_PUSH(arena, &facts->findings);

	f->source.reference =
	    arena_printf(arena, "Observation/f%zu", facts->findings.n);
	f->concept = concept;
	f->day = START + day;
	f->has_value = true;
	f->value = value;
	f->low = f->high = INT64_MIN;
}

static struct assessment *
assess(void)
{
	struct timeline_options to = TIMELINE_DEFAULTS;
	struct assess_options *o = arena_alloc(arena, sizeof(*o));
	const struct assess_options defaults = ASSESS_DEFAULTS;

	*o = defaults;
	return assess_run(timeline_build(facts, &to, arena), o, arena);
}

static const struct hyperprogression *
hpd(const struct assessment *x, const char *id)
{
	for (size_t i = 0; i < x->hyperprogression.n; i++) {
		if (strcmp(x->hyperprogression.items[i].definition, id) == 0)
			return &x->hyperprogression.items[i];
	}
	ck_abort_msg("no entry %s", id);
	return NULL;
}

static bool
says(const struct because_list *b, const char *words)
{
	for (size_t i = 0; i < b->n; i++) {
		if (strstr(b->items[i].text, words) != NULL)
			return true;
	}
	return false;
}

static const struct pattern *
pattern(const struct assessment *x, const char *kind, size_t nth)
{
	for (size_t i = 0; i < x->patterns.n; i++) {
		if (strcmp(x->patterns.items[i].kind, kind) == 0 && nth-- == 0)
			return &x->patterns.items[i];
	}
	return NULL;
}

static const struct metabolic *
pet(const struct assessment *x, const char *criterion, int day)
{
	for (size_t i = 0; i < x->metabolic.n; i++) {
		const struct metabolic *m = &x->metabolic.items[i];

		if (strcmp(m->criterion, criterion) == 0 &&
		    m->day == START + day)
			return m;
	}
	return NULL;
}

/* The nth scan asked for by a criterion. */
static const struct recommendation *
advice(const struct assessment *x, const char *criterion, size_t nth)
{
	for (size_t i = 0; i < x->recommendations.n; i++) {
		const struct recommendation *r = &x->recommendations.items[i];

		if (r->criterion != NULL &&
		    strcmp(r->criterion, criterion) == 0 && nth-- == 0)
			return r;
	}
	return NULL;
}

static void
expect_pet(const struct assessment *x, const char *criterion, int day,
    const char *want)
{
	const struct metabolic *m = pet(x, criterion, day);

	ck_assert_msg(m != NULL, "no %s at day %d", criterion, day);
	ck_assert_msg(strcmp(m->overall, want) == 0, "%s at day %d: %s",
	    criterion, day, m->overall);
	ck_assert_uint_gt(m->because.n, 0);
}

/* 40, 50 and 80 mm, 61 days apart: fast before, faster under treatment. */
START_TEST(hyperprogression)
{
	static const char *const order[] = {"champiat2017", "saada_bouzid2017",
	    "kato2017", "ferrara2018", "kas2020", "lo_russo2019", "matos2020",
	    "kim2019"};
	struct assessment *x;

	measure("lung", -62, 400);
	measure("lung", -1, 500);
	give(0);
	measure("lung", 50, 800);
	x = assess();
	ck_assert_uint_eq(x->hyperprogression.n, 8);
	for (size_t i = 0; i < 8; i++)
		ck_assert_str_eq(
		    x->hyperprogression.items[i].definition, order[i]);
	ck_assert_int_eq(hpd(x, "champiat2017")->met, YES);
	ck_assert_int_gt(hpd(x, "champiat2017")->value_milli, 2000);
	ck_assert(
	    says(&hpd(x, "champiat2017")->because, "HPD_PENDING_CONFIRMATION"));
	ck_assert_int_eq(advice(x, "hyperprogression", 0)->from, START + 50);
	ck_assert_int_eq(advice(x, "hyperprogression", 0)->to, START + 78);
	ck_assert_ptr_null(advice(x, "hyperprogression", 1));
	ck_assert_int_eq(hpd(x, "matos2020")->met, YES);
	ck_assert(says(&hpd(x, "matos2020")->because,
	    "growth of the target sum 30 mm, at least 10 mm needed: met"));
	ck_assert_uint_eq(
	    hpd(x, "champiat2017")->because.items[2].n_sources, 1);
	ck_assert_int_eq(hpd(x, "kato2017")->met, UNKNOWN);
	ck_assert(says(&hpd(x, "kato2017")->because, "THERAPY_STOP_UNKNOWN"));
	/* One open item (TTF), one more (ECOG), one met: could be three. */
	ck_assert_int_eq(hpd(x, "lo_russo2019")->met, UNKNOWN);
	ck_assert(says(&hpd(x, "lo_russo2019")->because, "ECOG_MISSING"));
}
END_TEST

START_TEST(hyperprogression_stop)
{
	struct assessment *x;

	measure("lung", -62, 400);
	measure("lung", -1, 500);
	give(0);
	give(21);
	measure("lung", 50, 800);
	/* No dose after the progression, and 84 days gone by. */
	measure("lung", 106, 900);
	x = assess();
	ck_assert_int_eq(advice(x, "hyperprogression", 0)->state, DUE_DONE);
	ck_assert_int_eq(hpd(x, "kato2017")->met, YES);
	ck_assert(!says(
	    &hpd(x, "champiat2017")->because, "HPD_PENDING_CONFIRMATION"));
	/* A later dose: treated for longer than two months. */
	give(63);
	ck_assert_int_eq(hpd(assess(), "kato2017")->met, NO);
}
END_TEST

START_TEST(hyperprogression_other_targets)
{
	struct assessment *x;

	measure("lung", -62, 400);
	measure("lung", -1, 500);
	measure("liver", -1, 300);
	give(0);
	measure("lung", 50, 800);
	measure("liver", 50, 300);
	x = assess();
	ck_assert_int_eq(hpd(x, "champiat2017")->met, UNKNOWN);
	ck_assert(!hpd(x, "champiat2017")->has_value);
	ck_assert(says(&hpd(x, "champiat2017")->because, "TARGET_SET_DIFFERS"));
}
END_TEST

START_TEST(no_data)
{
	struct assessment *x = assess();

	ck_assert_uint_eq(x->hyperprogression.n, 8);
	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(x->hyperprogression.items[i].met, UNKNOWN);
	ck_assert_uint_eq(x->patterns.n, 0);
	ck_assert_uint_eq(x->metabolic.n, 0);
}
END_TEST

START_TEST(pseudoprogression)
{
	const struct pattern *p;

	measure("lung", -1, 500);
	give(0);
	measure("lung", 56, 620);
	p = pattern(assess(), "pseudoprogression", 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(p->status, "suspected");
	ck_assert_str_eq(p->variant, "early");
	measure("lung", 91, 300);
	p = pattern(assess(), "pseudoprogression", 0);
	ck_assert_str_eq(p->status, "confirmed");
	ck_assert_str_eq(p->variant, "strict,early");
	ck_assert_int_eq(p->day, START + 56);
}
END_TEST

START_TEST(late_response)
{
	struct assessment *x;

	measure("lung", -1, 500);
	give(0);
	measure("lung", 56, 620);
	measure("lung", 91, 700);
	measure("lung", 150, 350);
	x = assess();
	ck_assert_str_eq(pattern(x, "pseudoprogression", 0)->status, "refuted");
	ck_assert_str_eq(
	    pattern(x, "delayed_response", 0)->status, "suspected");
	measure("lung", 178, 340);
	x = assess();
	ck_assert_str_eq(
	    pattern(x, "delayed_response", 0)->status, "confirmed");
	ck_assert_int_eq(pattern(x, "delayed_response", 0)->day, START + 150);
}
END_TEST

START_TEST(durable_response)
{
	measure("lung", -1, 500);
	give(0);
	give(42);
	measure("lung", 60, 300);
	measure("lung", 221, 300); /* 179 days after the last dose */
	ck_assert_ptr_null(pattern(assess(), "durable_response_after_stop", 0));
	measure("lung", 240, 300);
	ck_assert_int_eq(
	    pattern(assess(), "durable_response_after_stop", 0)->day,
	    START + 240);
}
END_TEST

START_TEST(dissociated_response)
{
	struct assessment *x;

	measure("lung", -1, 300);
	measure("liver", -1, 300);
	give(0);
	measure("lung", 56, 200);
	measure("liver", 56, 370);
	measure("lung", 91, 190);
	measure("liver", 91, 380);
	x = assess();
	ck_assert_int_eq(
	    pattern(x, "dissociated_response", 0)->day, START + 56);
	ck_assert_ptr_null(pattern(x, "dissociated_response", 1));
}
END_TEST

START_TEST(discordance)
{
	const struct pattern *p;

	measure_uptake("lung", -1, 300, SUL_PEAK, 8000);
	give(0);
	measure_uptake("lung", 56, 380, SUL_PEAK, 4000);
	p = pattern(assess(), "metabolic_discordance", 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(p->variant, "LARGER_LESS_AVID");
	ck_assert_str_eq(p->status, "suspected");
	ck_assert_str_eq(
	    p->because.items[1].rule, "pattern.metabolic_discordance");
}
END_TEST

START_TEST(discordance_suvmax)
{
	const struct pattern *p;

	measure_uptake("lung", -1, 300, SUV_MAX, 8000);
	give(0);
	measure_uptake("lung", 56, 380, SUV_MAX, 4000);
	p = pattern(assess(), "metabolic_discordance", 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(
	    p->because.items[1].rule, "pattern.metabolic_discordance.suvmax");
}
END_TEST

START_TEST(pet_course)
{
	struct assessment *x;

	measure_uptake("lung", -1, 300, SUL_PEAK, 10000);
	measure_uptake("liver", -1, 300, SUL_PEAK, 5000);
	give(0);
	measure_uptake("lung", 25, 300, SUL_PEAK, 14000);
	measure_uptake("liver", 25, 300, SUL_PEAK, 5000);
	measure_uptake("lung", 60, 300, SUL_PEAK, 6000);
	measure_uptake("liver", 60, 300, SUL_PEAK, 2000);
	say_absent("lung", 120);
	say_absent("liver", 120);
	x = assess();
	expect_pet(x, "percist", 25, "PMD");
	expect_pet(x, "ipercist", 25, "UPMD");
	expect_pet(x, "pecrit", 25, "BENEFIT");
	expect_pet(x, "percimt", 25, "SMD");
	expect_pet(x, "impercist5", 25, "SMD"); /* 19 against 15 */
	expect_pet(x, "eortc_pet", 25, "NE");   /* no SUV */
	expect_pet(x, "percist", 60, "PMR");
	expect_pet(x, "ipercist", 60, "PMR");
	expect_pet(x, "impercist5", 60, "PMR");
	expect_pet(x, "pecrit", 60, "NE");
	ck_assert(says(&pet(x, "percist", 60)->because, "COMPARABILITY"));
	/* No PET modality and no uptake: not a PET. */
	ck_assert_ptr_null(pet(x, "percist", 120));
	ck_assert_ptr_null(pet(x, "lugano", 60));
}
END_TEST

START_TEST(pet_advice)
{
	const struct recommendation *r;

	measure_uptake("lung", -1, 300, SUL_PEAK, 10000);
	give(0);
	measure_uptake("lung", 60, 300, SUL_PEAK, 14000);
	r = advice(assess(), "ipercist", 0);
	ck_assert_int_eq(r->from, START + 88);
	ck_assert_int_eq(r->to, START + 116);
	ck_assert_int_eq(r->state, DUE_UPCOMING);
	/* A PET after 27 days answers nothing and asks nothing new. */
	measure_uptake("lung", 87, 300, SUL_PEAK, 14000);
	ck_assert_int_eq(advice(assess(), "ipercist", 0)->state, DUE_UPCOMING);
	ck_assert_ptr_null(advice(assess(), "ipercist", 1));
	measure_uptake("lung", 102, 300, SUL_PEAK, 14000);
	ck_assert_int_eq(advice(assess(), "ipercist", 0)->state, DUE_DONE);
	expect_pet(assess(), "ipercist", 102, "CPMD");
}
END_TEST

START_TEST(pet_suvmax_only)
{
	struct assessment *x;

	measure_uptake("lung", -1, 300, SUV_MAX, 10000);
	give(0);
	give(21);
	measure_uptake("lung", 60, 300, SUV_MAX, 7400);
	x = assess();
	expect_pet(x, "percist", 60, "NE");
	ck_assert(says(&pet(x, "percist", 60)->because, "SULPEAK_MISSING"));
	expect_pet(x, "impercist5", 60, "NE");
	expect_pet(x, "eortc_pet", 60, "PMR");
}
END_TEST

START_TEST(pet_new_and_unread)
{
	struct assessment *x;

	measure_uptake("lung", -1, 300, SUL_PEAK, 10000);
	measure_uptake("liver", -1, 300, SUL_PEAK, 9000);
	give(0);
	measure_uptake("lung", 60, 300, SUL_PEAK, 5000);
	x = assess();
	expect_pet(x, "percist", 60, "NE");
	ck_assert(says(&pet(x, "percist", 60)->because, "liver"));
	measure_uptake("bone", 60, 160, SUL_PEAK, 3000);
	measure_uptake("brain", 60, 160, SUL_PEAK, 3000);
	x = assess();
	expect_pet(x, "percist", 60, "PMD");
	expect_pet(x, "percimt", 60, "PMD");
}
END_TEST

START_TEST(pet_without_baseline)
{
	struct assessment *x;

	measure("lung", -1, 300);
	give(0);
	measure_uptake("lung", 60, 300, SUL_PEAK, 5000);
	x = assess();
	expect_pet(x, "percist", 60, "NE");
	ck_assert(
	    says(&pet(x, "percist", 60)->because, "BASELINE_PET_MISSING"));
	expect_pet(x, "percimt", 60, "NE");
}
END_TEST

START_TEST(lymphoma)
{
	struct assessment *x;

	measure_uptake("spleen", -1, 300, SUV_MAX, 10000);
	find("deauville_score", -1, 5);
	give(0);
	measure_uptake("spleen", 60, 250, SUV_MAX, 6000);
	find("deauville_score", 60, 4);
	measure_uptake("spleen", 120, 250, SUV_MAX, 2000);
	find("deauville_score", 120, 2);
	x = assess();
	expect_pet(x, "lugano", 60, "PMR");
	expect_pet(x, "lyric", 60, "PMR");
	expect_pet(x, "lugano", 120, "CMR");
}
END_TEST

static Suite *
suite_courses(void)
{
	Suite *s = suite_create("courses");
	TCase *t = tcase_create("courses");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, hyperprogression);
	tcase_add_test(t, hyperprogression_stop);
	tcase_add_test(t, hyperprogression_other_targets);
	tcase_add_test(t, no_data);
	tcase_add_test(t, pseudoprogression);
	tcase_add_test(t, late_response);
	tcase_add_test(t, durable_response);
	tcase_add_test(t, dissociated_response);
	tcase_add_test(t, discordance);
	tcase_add_test(t, discordance_suvmax);
	tcase_add_test(t, pet_course);
	tcase_add_test(t, pet_advice);
	tcase_add_test(t, pet_suvmax_only);
	tcase_add_test(t, pet_new_and_unread);
	tcase_add_test(t, pet_without_baseline);
	tcase_add_test(t, lymphoma);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_courses())
