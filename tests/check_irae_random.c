/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of every history of the irAE engine, on seeded random
 * patients.  A failure names the seed.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/irae/internal.h"
#include "tests/support/check_main.h"
#include "tests/support/irae_case.h"

#define SEEDS 300

static uint64_t state;

static uint64_t
roll(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % n;
}

/* --- random patients --- */

static const struct {
	enum irae_analyte analyte;
	int low, high, least, most; /* tenths of the unit */
} menu[] = {
    {IRAE_ALT, 100, 400, 100, 9000},
    {IRAE_TBILI, 2, 12, 2, 90},
    {IRAE_ALP, 300, 1200, 300, 5000},
    {IRAE_CK, 300, 1700, 300, 20000},
    {IRAE_TNT, 0, 140, 10, 3000},
    {IRAE_LIP, 100, 600, 100, 5000},
    {IRAE_CREAT, 5, 11, 5, 60},
    {IRAE_TSH, 4, 40, 0, 200},
    {IRAE_FT4, 120, 220, 30, 450},
    {IRAE_CORT, 50, 250, 5, 300},
    {IRAE_ACTH, 70, 630, 10, 2000},
    {IRAE_GLU, 700, 1000, 700, 6000},
    {IRAE_PLT, 1500, 4500, 20, 4000},
    {IRAE_STOOLS, 0, 0, 0, 120},
    {IRAE_SPO2, 950, 0, 820, 1000},
    {IRAE_BSA, 0, 0, 0, 600},
};
#define N_LABS (sizeof(menu) / sizeof(*menu))

static int32_t
any_day(void)
{
	return IRAE_CASE_EPOCH - 20 + (int32_t)roll(320);
}

static void
add_lab(struct irae_input *in)
{
	size_t k = (size_t)roll(N_LABS);
	struct irae_obs *x = ARENA_PUSH(in->arena, &in->observations);
	const int64_t tenth = IRAE_MICRO / 10;
	int range = menu[k].most - menu[k].least + 1;

	x->day = any_day();
	x->analyte = menu[k].analyte;
	/* half of them within the range */
	x->level.value = tenth * (menu[k].least + (int)roll((uint64_t)range));
	if (menu[k].high > 0 && roll(2) == 0)
		x->level.value =
		    tenth *
		    (menu[k].low +
			(int)roll((uint64_t)(menu[k].high - menu[k].low + 1)));
	x->level.low = menu[k].low > 0 ? menu[k].low * tenth : IRAE_NO_VALUE;
	x->level.high = menu[k].high > 0 ? menu[k].high * tenth : IRAE_NO_VALUE;
	x->level.mi = IRAE_NO_VALUE;
	x->source =
	    arena_printf(in->arena, "Observation/%zu", in->observations.n);
}

static void
add_image(struct irae_input *in)
{
	static const char *const pictures[][3] = {
	    {"CT", "lung", "ground_glass"},
	    {"CT", "colon", "diffuse_wall_thickening"},
	    {"PT", "thyroid", "diffuse_fdg_uptake"},
	    {"PT", "pancreas", "focal_fdg_uptake"},
	    {"CT", "lymph_node", "bilateral_symmetric_hilar_mediastinal"},
	};
	size_t k = (size_t)roll(5);
	struct irae_image *x = ARENA_PUSH(in->arena, &in->images);

	x->day = any_day();
	x->modality = pictures[k][0];
	x->site = pictures[k][1];
	x->finding = pictures[k][2];
	x->present = roll(3) != 0;
	x->extent_pct = (int)roll(90);
	x->lesion_like = roll(2) == 0;
	x->blamed = -1;
	x->source = arena_printf(in->arena, "Observation/i%zu", in->images.n);
}

static void
add_drug(struct irae_input *in)
{
	struct irae_drug *d = ARENA_PUSH(in->arena, &in->drugs);

	d->day = any_day();
	d->end_day = roll(4) == 0 ? DAY_NONE : d->day + 1 + (int)roll(60);
	d->role = roll(2) == 0 ? IRAE_STEROID
			       : (enum irae_drug_role)roll(IRAE_DRUG__MAX);
	d->pred_ug = d->role == IRAE_STEROID ? (int64_t)roll(100) * 1000 : 0;
	d->agent = "some drug";
	d->source = arena_printf(
	    in->arena, "MedicationAdministration/%zu", in->drugs.n);
}

static void
add_condition(struct irae_input *in)
{
	struct irae_condition *c = ARENA_PUSH(in->arena, &in->conditions);

	c->day = any_day();
	c->end_day = roll(3) == 0 ? DAY_NONE : c->day + 1 + (int)roll(80);
	c->module = (enum irae_module)roll(IRAE__MAX);
	c->kind = (enum irae_condition_kind)roll(8);
	c->grade = (int)roll(5);
	c->explains = roll(2) == 0;
	c->specific = roll(2) == 0;
	c->text = "something";
	c->source = arena_printf(in->arena, "Condition/%zu", in->conditions.n);
}

static struct irae_input *
patient(uint64_t seed, struct arena *a)
{
	struct irae_input *in = arena_alloc(a, sizeof(*in));
	int n = 5 + (int)(seed % 40);

	state = seed * UINT64_C(2654435761) + 88172645463325252;
	in->arena = a;
	in->as_of = DAY_NONE;
	in->weight_g = roll(2) == 0 ? 0 : 70000;
	for (int i = 0; i < 1 + (int)roll(8); i++) {
		struct irae_dose *d = ARENA_PUSH(a, &in->doses);

		d->day = IRAE_CASE_EPOCH + 21 * i;
		d->ici_class = IRAE_PD1;
	}
	for (int i = 0; i < n; i++)
		add_lab(in);
	for (int i = 0; i < n / 6; i++)
		add_image(in);
	for (int i = 0; i < n / 6; i++)
		add_drug(in);
	for (int i = 0; i < n / 8; i++)
		add_condition(in);
	if (roll(3) == 0) {
		struct irae_action *x = ARENA_PUSH(a, &in->dismissals);

		x->day = any_day();
		x->module = (enum irae_module)roll(IRAE__MAX);
	}
	return in;
}

/* --- comparing --- */

static const struct irae_options defaults = IRAE_DEFAULTS;

static bool
same_row(const struct irae_row *a, const struct irae_row *b)
{
	return a->day == b->day && a->grade == b->grade &&
	       a->level == b->level && a->flag == b->flag &&
	       a->state == b->state && a->priority == b->priority &&
	       a->notify == b->notify && a->episode == b->episode &&
	       a->notes == b->notes && a->because.n == b->because.n;
}

/* Is the shorter history the beginning of the longer? */
static void
expect_prefix(const struct irae_result *a, const struct irae_result *b,
    bool whole, const char *what, uint64_t seed)
{
	for (int m = 0; m < IRAE__MAX; m++) {
		const struct irae_course *x = &a->courses[m];
		const struct irae_course *y = &b->courses[m];
		const char *name = irae_module_name((enum irae_module)m);

		if (x->rows.n > y->rows.n || (whole && x->rows.n != y->rows.n))
			ck_abort_msg("seed %llu, %s: %s has %zu rows, %zu",
			    (unsigned long long)seed, what, name, x->rows.n,
			    y->rows.n);
		for (size_t i = 0; i < x->rows.n; i++) {
			if (!same_row(&x->rows.items[i], &y->rows.items[i]))
				ck_abort_msg("seed %llu, %s: %s row %zu",
				    (unsigned long long)seed, what, name, i);
		}
	}
}

#define SHUFFLE(list)                                                          \
	for (size_t i_ = (list).n; i_ > 1; i_--) {                             \
		size_t k_ = (size_t)roll(i_);                                  \
		char tmp_[sizeof(*(list).items)];                              \
                                                                               \
		memcpy(tmp_, &(list).items[k_], sizeof(tmp_));                 \
		(list).items[k_] = (list).items[i_ - 1];                       \
		memcpy(&(list).items[i_ - 1], tmp_, sizeof(tmp_));             \
	}

START_TEST(order_of_arrival)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct arena *a = arena_new();
		struct irae_input *in = patient(seed, a);
		struct irae_input *other = patient(seed, a);

		SHUFFLE(other->observations);
		SHUFFLE(other->images);
		SHUFFLE(other->drugs);
		SHUFFLE(other->conditions);
		SHUFFLE(other->doses);
		expect_prefix(irae_run(in, &defaults, a),
		    irae_run(other, &defaults, a), true, "order", seed);
		arena_free(a);
	}
}
END_TEST

/* What is known today is not changed by what happens tomorrow. */
START_TEST(later_facts_change_no_history)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct arena *a = arena_new();
		struct irae_input *in = patient(seed, a);
		struct irae_input *cut = patient(seed, a);
		int32_t day = IRAE_CASE_EPOCH + (int32_t)(seed % 250);
		size_t n = 0;

		for (size_t i = 0; i < cut->observations.n; i++) {
			if (cut->observations.items[i].day <= day)
				cut->observations.items[n++] =
				    cut->observations.items[i];
		}
		cut->observations.n = n;
		*ARENA_PUSH(a, &in->reviews) = day;
		*ARENA_PUSH(a, &cut->reviews) = day;
		cut->as_of = day;
		expect_prefix(irae_run(cut, &defaults, a),
		    irae_run(in, &defaults, a), false, "prefix", seed);
		arena_free(a);
	}
}
END_TEST

/* A withdrawn result is one that never came: nothing hangs on the number of
 * times it is told, nor on what stood at its place in the list. */
START_TEST(withdrawn_never_came)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct arena *a = arena_new();
		struct irae_input *in = patient(seed, a);
		struct irae_input *without = patient(seed, a);
		size_t at = (size_t)(seed % in->observations.n);
		struct irae_result *before, *after;

		irae_run(in, &defaults, a);
		for (size_t i = at; i + 1 < in->observations.n; i++)
			in->observations.items[i] =
			    in->observations.items[i + 1];
		in->observations.n--;
		irae_input_sort(without);
		for (size_t i = at; i + 1 < without->observations.n; i++)
			without->observations.items[i] =
			    without->observations.items[i + 1];
		without->observations.n--;
		before = irae_run(without, &defaults, a);
		after = irae_run(in, &defaults, a);
		expect_prefix(before, after, true, "withdrawn", seed);
		arena_free(a);
	}
}
END_TEST

/* --- what every row obeys --- */

static void
expect_row(const struct irae_row *r, uint64_t seed, const char *name)
{
	bool up = r->flag == IRAE_ACTIVE;

	if (up != (r->priority != IRAE_NO_PRIORITY) || (r->notify && !up) ||
	    (up && r->level < IRAE_POSSIBLE) || (up && r->episode == 0) ||
	    r->grade < 0 || r->grade > 5)
		ck_abort_msg("seed %llu: %s day %d is inconsistent",
		    (unsigned long long)seed, name, r->day - IRAE_CASE_EPOCH);
}

static bool
is_priority_by_rule(const struct irae_row *r)
{
	return r->state == IRAE_IS_CONTROLLED || r->state == IRAE_IS_STALE;
}

/* One good value never lowers the priority below what the grade before
 * asked for; nothing interrupts twice for one state. */
static void
expect_pair(const struct irae_row *x, const struct irae_row *y,
    enum irae_module m, uint64_t seed)
{
	const char *name = irae_module_name(m);
	bool low = m == IRAE_SARCOID_LIKE || m == IRAE_THYMIC_HYPERPLASIA ||
		   m == IRAE_PANCREATITIS;

	if (x->flag == IRAE_ACTIVE && y->flag == IRAE_ACTIVE &&
	    x->episode == y->episode && x->grade >= 3 && !low &&
	    !is_priority_by_rule(y) && y->priority != IRAE_PH)
		ck_abort_msg("seed %llu: %s day %d lowers the priority at "
			     "once",
		    (unsigned long long)seed, name, y->day - IRAE_CASE_EPOCH);
	if (x->notify && y->notify && x->episode == y->episode &&
	    x->state == y->state && x->grade == y->grade &&
	    x->level == y->level && x->notes == y->notes)
		ck_abort_msg("seed %llu: %s day %d tells the same again",
		    (unsigned long long)seed, name, y->day - IRAE_CASE_EPOCH);
}

START_TEST(rows_are_consistent)
{
	size_t n_flags = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct arena *a = arena_new();
		struct irae_result *x =
		    irae_run(patient(seed, a), &defaults, a);

		for (int m = 0; m < IRAE__MAX; m++) {
			const struct irae_course *c = &x->courses[m];
			enum irae_module id = (enum irae_module)m;

			for (size_t i = 0; i < c->rows.n; i++) {
				const struct irae_row *r = &c->rows.items[i];

				expect_row(r, seed, irae_module_name(id));
				n_flags += r->state == IRAE_IS_OPEN;
				if (i > 0)
					expect_pair(r - 1, r, id, seed);
			}
		}
		arena_free(a);
	}
	ck_assert_uint_gt(n_flags, 200);
}
END_TEST

/* The first day a module's Flag is up, DAY_NONE: never. */
static int32_t
first_up(const struct irae_course *c)
{
	for (size_t i = 0; i < c->rows.n; i++) {
		if (c->rows.items[i].flag == IRAE_ACTIVE)
			return c->rows.items[i].day;
	}
	return DAY_NONE;
}

/* From the dismissal to the first row that is worse, nothing is up. */
static bool
stays_down(const struct irae_course *c, uint64_t seed, const char *name)
{
	const struct irae_row *gone = NULL;

	for (size_t i = 0; i < c->rows.n; i++) {
		const struct irae_row *r = &c->rows.items[i];

		if (gone == NULL && r->state == IRAE_IS_DISMISSED) {
			gone = r;
			continue;
		}
		if (gone == NULL)
			continue;
		if (r->grade > gone->grade || r->level > gone->level)
			break;
		if (r->flag == IRAE_ACTIVE || r->notify)
			ck_abort_msg("seed %llu: %s is up again on day %d",
			    (unsigned long long)seed, name,
			    r->day - IRAE_CASE_EPOCH);
	}
	return gone != NULL;
}

/*= irae §4.5 snoozed: until grade or level exceeds the dismissed one */
START_TEST(dismissed_stays_dismissed)
{
	size_t n = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct arena *a = arena_new();
		struct irae_result *x =
		    irae_run(patient(seed, a), &defaults, a);
		int m = (int)(seed % IRAE__MAX);
		int32_t day;
		struct irae_input *in;

		while (m < IRAE__MAX && first_up(&x->courses[m]) == DAY_NONE)
			m++;
		if (m < IRAE__MAX) {
			day = first_up(&x->courses[m]);
			in = patient(seed, a);
			in->dismissals.n = 0;
			*ARENA_PUSH(a, &in->dismissals) = (struct irae_action){
			    .day = day + 1, .module = (enum irae_module)m};
			x = irae_run(in, &defaults, a);
			n += stays_down(&x->courses[m], seed,
			    irae_module_name((enum irae_module)m));
		}
		arena_free(a);
	}
	ck_assert_uint_gt(n, 100);
}
END_TEST

START_TEST(one_message_a_day)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct arena *a = arena_new();
		struct irae_result *x =
		    irae_run(patient(seed, a), &defaults, a);
		size_t n_told = 0, n_rows = 0;

		for (size_t i = 0; i < x->notices.n; i++) {
			n_told += x->notices.items[i].modules.n;
			if (i > 0)
				ck_assert_int_gt(x->notices.items[i].day,
				    x->notices.items[i - 1].day);
		}
		for (int m = 0; m < IRAE__MAX; m++) {
			for (size_t i = 0; i < x->courses[m].rows.n; i++)
				n_rows += x->courses[m].rows.items[i].notify;
		}
		ck_assert_uint_eq(n_told, n_rows);
		arena_free(a);
	}
}
END_TEST

START_TEST(no_dose_no_event)
{
	struct arena *a = arena_new();
	struct irae_input *in = patient(7, a);
	struct irae_result *x;

	in->doses.n = 0;
	x = irae_run(in, &defaults, a);
	for (int m = 0; m < IRAE__MAX; m++)
		ck_assert_uint_eq(x->courses[m].rows.n, 0);
	arena_free(a);
}
END_TEST

static Suite *
suite_random(void)
{
	Suite *s = suite_create("irae_random");
	TCase *c = tcase_create("properties");

	tcase_set_timeout(c, 20);
	tcase_add_test(c, order_of_arrival);
	tcase_add_test(c, later_facts_change_no_history);
	tcase_add_test(c, withdrawn_never_came);
	tcase_add_test(c, rows_are_consistent);
	tcase_add_test(c, dismissed_stays_dismissed);
	tcase_add_test(c, one_message_a_day);
	tcase_add_test(c, no_dose_no_event);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_random())
