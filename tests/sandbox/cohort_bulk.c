/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any number of made-up patients, for load: the i-th of a seed is always the
 * same.
 */
#include "tests/sandbox/cohort.h"

#include <string.h>

#include "fhir/datetime.h"

/* splitmix64 (public domain, Vigna). */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Uniform enough in [low, high]. */
static int32_t
between(uint64_t *state, int32_t low, int32_t high)
{
	return low + (int32_t)(next(state) % (uint64_t)(high - low + 1));
}

static const char *
pick(uint64_t *state, const char *const *names, size_t n)
{
	return names[next(state) % n];
}

static void
add_lesions(struct arena *a, struct cohort_patient *p, uint64_t *state)
{
	static const char *const sites[] = {
	    "right-lung", "liver", "adrenal", "left-lung"};
	int n = between(state, 2, 4);

	for (int i = 0; i < n; i++) {
		struct cohort_lesion *l = ARENA_PUSH(a, &p->lesions);

		l->id = arena_printf(a, "l%d", i + 1);
		l->site = cohort_code(CODE_SITE, sites[i]);
		l->role = cohort_code(CODE_ROLE, "target");
	}
}

/* Each lesion follows its own trend, from 60 to 135 percent a visit. */
static void
add_readings(
    struct arena *a, struct cohort_patient *p, uint64_t *state, int32_t day)
{
	int visits = between(state, 3, 6);
	int32_t size[4], trend[4];

	for (size_t k = 0; k < p->lesions.n; k++) {
		size[k] = between(state, 120, 600);
		trend[k] = between(state, 60, 135);
	}
	for (int i = 0; i < visits; i++) {
		struct cohort_reading *v = ARENA_PUSH(a, &p->readings);

		v->day = day + i * 56;
		v->modality = cohort_code(CODE_MODALITY, "ct");
		v->reader = "a";
		for (size_t k = 0; k < p->lesions.n; k++) {
			struct cohort_cell *c = ARENA_PUSH(a, &v->cells);

			c->lesion = k;
			c->longest = size[k] < 20 ? 20 : size[k];
			c->other = c->longest * 4 / 5;
			size[k] = size[k] * trend[k] / 100;
			if (size[k] > 2000)
				size[k] = 2000;
		}
	}
}

static void
add_doses(
    struct arena *a, struct cohort_patient *p, uint64_t *state, int32_t day)
{
	static const char *const drugs[] = {"pembrolizumab", "nivolumab",
	    "atezolizumab", "durvalumab", "carboplatin"};
	const struct code_row *drug =
	    cohort_code(CODE_DRUG, pick(state, drugs, 5));
	int n = between(state, 3, 10);

	for (int i = 0; i < n; i++) {
		struct cohort_dose *d = ARENA_PUSH(a, &p->doses);

		d->drug = drug;
		d->day = d->last_day = day + 7 + i * 21;
		d->mg = "200";
	}
}

static void
add_labs(
    struct arena *a, struct cohort_patient *p, uint64_t *state, int32_t day)
{
	int n = between(state, 2, 8);

	for (int i = 0; i < n; i++) {
		struct cohort_fact *f = ARENA_PUSH(a, &p->facts);

		f->kind = FACT_LAB;
		f->code = cohort_code(CODE_LAB, "alt");
		f->day = day + i * 21;
		f->value = arena_printf(a, "%d", (int)between(state, 12, 90));
	}
}

void
cohort_bulk_bundle(uint64_t seed, unsigned i, struct strbuf *out)
{
	uint64_t state = seed ^ ((uint64_t)i << 32 | i);
	struct arena *a = arena_new();
	struct cohort c = {0};
	struct cohort_patient *p = ARENA_PUSH(a, &c.patients);
	char birth[DAY_SIZE];
	int32_t day;

	p->id = arena_printf(a, "bulk-%06u", i);
	p->sex = next(&state) % 2 == 0 ? "female" : "male";
	p->birth = day_format(
	    day_from_civil(1940, 1, 1) + between(&state, 0, 14000), birth);
	p->given = "Bulk";
	p->family = arena_printf(a, "Synthetic-%u", i);
	p->cancer = cohort_code(CODE_CANCER, "lung");
	day = day_from_civil(2025, 6, 2) + between(&state, 0, 180);
	p->cancer_day = day - 21;
	p->was_until = DAY_NONE;
	p->shape = next(&state) % 2 == 0 ? SHAPE_MCODE : SHAPE_SR;
	add_lesions(a, p, &state);
	add_readings(a, p, &state, day);
	add_doses(a, p, &state, day);
	add_labs(a, p, &state, day);
	cohort_write(&c, out);
	arena_free(a);
}
