/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/metabolic.h"

#include <string.h>

#include "gateway/lymphoma.h"
#include "tests/support/case_file.h"
#include "tests/support/check_main.h"

#define VALUES_MAX 16

static const struct contested contested = CONTESTED_DEFAULTS;

static bool
yes(const struct json_value *in, const char *name)
{
	return json_true(json_get(in, name));
}

static struct pet_pair
pair_of(const struct json_value *in)
{
	struct pet_pair p = PET_PAIR_INIT;
	int64_t up = case_scaled(json_get(in, "extent_increase_pct"), 0, 0);

	p.base = case_scaled(json_get(in, "base"), 3, -1);
	p.now = case_scaled(json_get(in, "cur"), 3, -1);
	p.new_lesion = yes(in, "new_lesion") || yes(in, "new_uptake");
	p.all_resolved = yes(in, "all_resolved");
	p.tlg_base = case_scaled(json_get(in, "tlg_base"), 3, TLG_NONE);
	p.tlg_now = case_scaled(json_get(in, "tlg_cur"), 3, TLG_NONE);
	p.extent_base = 1000;
	p.extent_now = 1000 + 10 * (int32_t)up;
	p.cycles = (int)case_scaled(json_get(in, "cycles"), 0, -1);
	return p;
}

static struct pet_verdict
run_percist(const struct json_value *in)
{
	struct pet_pair p = pair_of(in);

	return percist_judge(&contested, &p);
}

static struct pet_verdict
run_eortc(const struct json_value *in)
{
	struct pet_pair p = pair_of(in);

	return eortc_judge(&p);
}

static struct pet_verdict
run_percimt(const struct json_value *in)
{
	const struct json_value *cm = json_get(in, "new_lesion_functional_cm");
	int32_t d[VALUES_MAX];
	size_t n = json_length(cm);

	ck_assert_uint_le(n, VALUES_MAX);
	for (size_t i = 0; i < n; i++)
		d[i] = (int32_t)case_scaled(json_at(cm, i), 2, TMM_NONE);
	return percimt_judge(&contested, d, n, false);
}

static int64_t
sum_of(const struct json_value *list)
{
	struct pet_uptake u[VALUES_MAX] = {{0}};
	size_t n = json_length(list);

	ck_assert_uint_le(n, VALUES_MAX);
	for (size_t i = 0; i < n; i++)
		u[i].value = (int32_t)case_scaled(json_at(list, i), 3, -1);
	return impercist5_sum(u, n);
}

static struct pet_verdict
run_impercist5(const struct json_value *in)
{
	struct pet_pair p = PET_PAIR_INIT;

	p.base = sum_of(json_get(in, "base"));
	p.now = sum_of(json_get(in, "cur"));
	p.all_resolved = p.now == 0;
	return impercist5_judge(&p);
}

static const struct {
	const char *criterion;
	struct pet_verdict (*run)(const struct json_value *in);
	size_t rows;
} runners[] = {
    {"percist", run_percist, 11},
    {"eortc", run_eortc, 8},
    {"percimt", run_percimt, 6},
    {"imperc5", run_impercist5, 4},
};

START_TEST(published)
{
	size_t i = 0, n = 0;
	const struct json_value *c;

	while ((c = case_file_next(&i, "pet", runners[_i].criterion)) != NULL) {
		const struct json_value *rows = json_get(c, "rows");

		for (size_t r = 0; r < json_length(rows); r++, n++) {
			struct pet_verdict v =
			    runners[_i].run(json_at(json_at(rows, r), 0));
			const char *want =
			    json_string(json_at(json_at(rows, r), 1));

			ck_assert_msg(strcmp(v.overall, want) == 0,
			    "%s row %zu: %s, not %s", runners[_i].criterion, r,
			    v.overall, want);
			ck_assert_int_eq(
			    v.missing != NULL, strcmp(v.overall, "NE") == 0);
		}
	}
	ck_assert_uint_eq(n, runners[_i].rows);
}
END_TEST

START_TEST(series_published)
{
	size_t i = 0, n = 0;
	const struct json_value *c;

	while ((c = case_file_next(&i, "pet_series", NULL)) != NULL) {
		const struct json_value *scans = json_get(c, "scans");
		struct ipercist s = {0};

		for (size_t k = 0; k < json_length(scans); k++, n++) {
			const struct json_value *in = json_at(scans, k);
			struct pet_pair p = pair_of(in);
			struct pet_verdict v = ipercist_step(&s,
			    (int32_t)case_scaled(json_get(in, "day"), 0, 0),
			    percist_judge(&contested, &p));

			ck_assert_str_eq(v.overall,
			    json_string(json_at(json_get(c, "expect"), k)));
		}
	}
	ck_assert_uint_eq(n, 2);
}
END_TEST

static struct pet_pair
pair(int64_t base, int64_t now)
{
	struct pet_pair p = PET_PAIR_INIT;

	p.base = base;
	p.now = now;
	return p;
}

/* 30 % and 0.8 together, to the thousandth. */
static const struct {
	int64_t base, now;
	const char *want;
} percist_rows[] = {
    {10000, 7001, "SMD"},
    {2000, 2799, "SMD"}, /* +40 %, 0.799 */
    {2000, 2800, "PMD"},
    {2000, 1201, "SMD"},
    {2000, 1200, "PMR"},
    {10000, 12999, "SMD"},
    {0, 5000, "NE"},
    {-1, 5000, "NE"},
};

START_TEST(percist_edges)
{
	struct pet_pair p = pair(percist_rows[_i].base, percist_rows[_i].now);

	ck_assert_str_eq(
	    percist_judge(&contested, &p).overall, percist_rows[_i].want);
}
END_TEST

START_TEST(partial)
{
	struct pet_pair p = pair(10000, 5000);

	/* Growth shows in a part, response does not. */
	p.partial = true;
	ck_assert_str_eq(percist_judge(&contested, &p).overall, "NE");
	ck_assert_str_eq(
	    percist_judge(&contested, &p).missing, "LESION_NOT_READ");
	p.now = 13000;
	ck_assert_str_eq(percist_judge(&contested, &p).overall, "PMD");
	p = pair(10000, -1);
	p.missing = "SULPEAK_MISSING";
	ck_assert_str_eq(
	    percist_judge(&contested, &p).missing, "SULPEAK_MISSING");
	p.new_lesion = true;
	ck_assert_str_eq(percist_judge(&contested, &p).overall, "PMD");
	/* In imPERCIST5 a new lesion is no progression by itself. */
	p = pair(10000, 10000);
	p.new_lesion = true;
	ck_assert_str_eq(impercist5_judge(&p).overall, "SMD");
}
END_TEST

START_TEST(eortc_cycles_unknown)
{
	struct pet_pair p = pair(10000, 8000);

	ck_assert_str_eq(eortc_judge(&p).missing, "CYCLES_UNKNOWN");
	p.now = 7400;
	ck_assert_str_eq(eortc_judge(&p).overall, "PMR");
	p.now = 9000;
	ck_assert_str_eq(eortc_judge(&p).overall, "SMD");
	p.now = 7500;
	p.cycles = 2;
	ck_assert_str_eq(eortc_judge(&p).overall, "SMD");
	p.cycles = 0;
	ck_assert_str_eq(eortc_judge(&p).overall, "PMR");
}
END_TEST

static const struct {
	enum category recist;
	int64_t now; /* of 10.000 */
	int days;
	const char *want;
} pecrit_rows[] = {
    {CAT_SD, 11550, 21, "NO_BENEFIT"},
    {CAT_SD, 11551, 28, "BENEFIT"},
    {CAT_SD, 5000, 25, "NO_BENEFIT"},
    {CAT_PR, -1, 25, "BENEFIT"},
    {CAT_CR, 20000, 25, "BENEFIT"},
    {CAT_PD, 20000, 25, "NO_BENEFIT"},
    {CAT_SD, -1, 25, "NE"},
    {CAT_NE, 20000, 25, "NE"},
    {CAT_SD, 20000, 20, "NE"},
    {CAT_SD, 20000, 29, "NE"},
    {CAT_SD, 20000, -1, "NE"},
};

START_TEST(pecrit)
{
	struct pet_pair p = pair(10000, pecrit_rows[_i].now);

	ck_assert_str_eq(pecrit_judge(&contested, pecrit_rows[_i].recist, &p,
			     pecrit_rows[_i].days)
			     .overall,
	    pecrit_rows[_i].want);
}
END_TEST

START_TEST(percimt_unknown_sizes)
{
	static const int32_t four[] = {TMM_NONE, TMM_NONE, TMM_NONE, TMM_NONE};
	static const int32_t one[] = {TMM_NONE};
	static const int32_t ten[] = {101, 101, 101};
	static const int32_t fifteen[] = {151, 151};
	static const int32_t mixed[] = {160, TMM_NONE};

	ck_assert_str_eq(
	    percimt_judge(&contested, four, 4, false).overall, "PMD");
	ck_assert_str_eq(
	    percimt_judge(&contested, four, 3, false).overall, "NE");
	ck_assert_str_eq(
	    percimt_judge(&contested, one, 1, false).overall, "SMD");
	ck_assert_str_eq(
	    percimt_judge(&contested, mixed, 2, false).overall, "NE");
	ck_assert_str_eq(
	    percimt_judge(&contested, NULL, 0, true).overall, "CMR");
	ck_assert_str_eq(
	    percimt_judge(&contested, ten, 3, false).overall, "PMD");
	ck_assert_str_eq(
	    percimt_judge(&contested, fifteen, 2, false).overall, "PMD");
}
END_TEST

START_TEST(impercist_organs)
{
	struct pet_uptake u[] = {{5000, "liver"}, {9000, "liver"},
	    {8000, "liver"}, {1000, "lung"}, {2000, NULL}, {2000, NULL},
	    {2000, NULL}};

	/* 9 + 8 of the liver, 2 + 2 + 2 of unknown organs. */
	ck_assert_int_eq(impercist5_sum(u, 7), 23000);
}
END_TEST

static void
step(struct ipercist *s, int32_t day, int64_t now, const char *want,
    const char *flag)
{
	struct pet_pair p = pair(10000, now);
	struct pet_verdict v =
	    ipercist_step(s, day, percist_judge(&contested, &p));

	ck_assert_msg(
	    strcmp(v.overall, want) == 0, "day %d: %s", (int)day, v.overall);
	if (flag == NULL)
		ck_assert_ptr_null(v.flag);
	else
		ck_assert_str_eq(v.flag, flag);
}

START_TEST(ipercist_states)
{
	struct ipercist s = {0};

	step(&s, 60, 14000, "UPMD", NULL);
	step(&s, 87, 5000, "UPMD", "DISREGARDED_EARLY"); /* 27 days */
	step(&s, 90, -1, "NE", NULL);
	step(&s, 117, 14000, "CPMD", "LATE_CONFIRMATION"); /* 57 days */
	step(&s, 150, 5000, "CPMD", NULL);
	memset(&s, 0, sizeof(s));
	step(&s, 60, 14000, "UPMD", NULL);
	step(&s, 88, 14000, "CPMD", NULL); /* 28 days */
	memset(&s, 0, sizeof(s));
	step(&s, 60, 14000, "UPMD", NULL);
	step(&s, 116, 10000, "SMD", NULL); /* 56 days, reset */
	step(&s, 150, 14000, "UPMD", NULL);
}
END_TEST

START_TEST(lugano)
{
	ck_assert_str_eq(
	    lugano_judge_pet(3, UPTAKE_UNKNOWN, false).overall, "CMR");
	ck_assert_str_eq(
	    lugano_judge_pet(4, UPTAKE_LOWER, false).overall, "PMR");
	ck_assert_str_eq(
	    lugano_judge_pet(5, UPTAKE_SAME, false).overall, "NMR");
	ck_assert_str_eq(
	    lugano_judge_pet(4, UPTAKE_HIGHER, false).overall, "PMD");
	ck_assert_str_eq(
	    lugano_judge_pet(2, UPTAKE_LOWER, true).overall, "PMD");
	ck_assert_str_eq(
	    lugano_judge_pet(4, UPTAKE_UNKNOWN, false).overall, "NE");
	ck_assert_str_eq(
	    lugano_judge_pet(-1, UPTAKE_LOWER, false).overall, "NE");
}
END_TEST

static const struct {
	struct lymphoma_lesion lesion;
	bool want;
} lugano_rows[] = {
    {{180, 120, 120, 100}, true},  /* +80 %, +6 mm, small */
    {{180, 120, 140, 100}, false}, /* +54 %, +4 mm and +2 mm */
    {{150, 150, 100, 100}, false}, /* not above 15 mm */
    {{240, 160, 160, 150}, false}, /* +8 mm, large */
    {{260, 160, 160, 150}, true},  /* +10 mm, large */
    {{200, 149, 140, 142}, false}, /* just below +50 % */
    {{200, 150, 200, 100}, true},  /* +50 % exactly */
    {{200, 120, 140, 100}, true},  /* 20.0 mm is small: +6 mm is enough */
    {{201, 120, 140, 100}, false}, /* above it, 10 mm are needed */
    {{180, 150, 176, 100}, true},  /* +5.0 mm of the short diameter */
    {{180, 149, 176, 100}, false},
};

START_TEST(lugano_ct)
{
	ck_assert_int_eq(lugano_lesion_progresses(&lugano_rows[_i].lesion),
	    lugano_rows[_i].want);
}
END_TEST

static const struct {
	struct lymphoma_ct ct;
	const char *want;
} lugano_ct_rows[] = {
    {{500, 1000, 500, false, false, false}, "PR"}, /* -50 % */
    {{501, 1000, 500, false, false, false}, "SD"},
    {{300, 1000, 500, true, false, false}, "CR"},
    {{300, 1000, 500, true, false, true}, "PD"},
    {{500, 1000, 500, false, true, false}, "PD"},
    {{BURDEN_NONE, 1000, 500, false, false, false}, "NE"},
    {{500, BURDEN_NONE, 500, false, false, false}, "NE"},
};

START_TEST(lugano_ct_alone)
{
	ck_assert_str_eq(lugano_judge_ct(&lugano_ct_rows[_i].ct).overall,
	    lugano_ct_rows[_i].want);
}
END_TEST

static struct lyric_visit
lyric_visit(int32_t day, int64_t spd)
{
	struct lyric_visit v = {.day = day,
	    .ct = {spd, 1000, 1000, false, false, false},
	    .clinical = CLINICAL_STABLE,
	    .lugano = {"NMR", "lugano.nmr", NULL, NULL}};

	return v;
}

static const char *
lyric_at(struct lyric *s, int32_t day, int64_t spd, bool fresh)
{
	struct lyric_visit v = lyric_visit(day, spd);

	v.ct.new_lesion = fresh;
	return lyric_step(s, 0, &v).overall;
}

START_TEST(lyric_states)
{
	struct lyric s = {false, BURDEN_NONE};

	ck_assert_str_eq(lyric_at(&s, 50, 1499, false), "NMR");
	ck_assert_str_eq(lyric_at(&s, 84, 1500, false), "IR1");
	ck_assert_str_eq(lyric_at(&s, 140, 1501, false), "PD");
	memset(&s, 0, sizeof(s));
	ck_assert_str_eq(lyric_at(&s, 85, 1500, false), "PD");
	ck_assert_str_eq(lyric_at(&s, 200, 1200, true), "IR2a");
	ck_assert_str_eq(lyric_at(&s, 250, 1200, false), "NMR");
}
END_TEST

/* IR1 asks for a patient who does not deteriorate. */
START_TEST(lyric_clinical)
{
	struct lyric s = {false, BURDEN_NONE};
	struct lyric_visit v = lyric_visit(50, 1500);

	ck_assert_ptr_null(lyric_step(&s, 0, &v).flag);
	s.pending = false;
	v.clinical = CLINICAL_UNKNOWN;
	ck_assert_str_eq(lyric_step(&s, 0, &v).overall, "IR1");
	s.pending = false;
	ck_assert_str_eq(lyric_step(&s, 0, &v).flag, "CLINICAL_STATE_UNKNOWN");
	s.pending = false;
	v.clinical = CLINICAL_UNSTABLE;
	ck_assert_str_eq(lyric_step(&s, 0, &v).overall, "PD");
	s.pending = false;
	ck_assert_str_eq(
	    lyric_step(&s, DAY_NONE, &v).missing, "THERAPY_START_MISSING");
	/* IR2b and IR3 without a rise of the sum. */
	v = lyric_visit(200, 1499);
	v.uptake_up = true;
	ck_assert_str_eq(lyric_step(&s, 0, &v).overall, "IR3");
	s.pending = false;
	v.ct.lesion_grew = true;
	ck_assert_str_eq(lyric_step(&s, 0, &v).overall, "IR2b");
}
END_TEST

#define LOOP(t, f, rows)                                                       \
	tcase_add_loop_test(t, f, 0, (int)(sizeof(rows) / sizeof((rows)[0])))

static Suite *
suite_metabolic(void)
{
	Suite *s = suite_create("metabolic");
	TCase *t = tcase_create("pet");

	LOOP(t, published, runners);
	tcase_add_test(t, series_published);
	LOOP(t, percist_edges, percist_rows);
	tcase_add_test(t, partial);
	tcase_add_test(t, eortc_cycles_unknown);
	LOOP(t, pecrit, pecrit_rows);
	tcase_add_test(t, percimt_unknown_sizes);
	tcase_add_test(t, impercist_organs);
	tcase_add_test(t, ipercist_states);
	suite_add_tcase(s, t);
	t = tcase_create("lymphoma");
	tcase_add_test(t, lugano);
	LOOP(t, lugano_ct, lugano_rows);
	LOOP(t, lugano_ct_alone, lugano_ct_rows);
	tcase_add_test(t, lyric_states);
	tcase_add_test(t, lyric_clinical);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_metabolic())
