/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold for every series, tried on random ones.  The seed is fixed
 * unless RESCAN_SEED gives another; a failure prints it with the case.
 */
#include <stdio.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/random_series.h"
#include "tests/support/series.h"

#define N_CASES 300

static uint64_t seed;

static void
each_case(void (*check)(struct arena *a, const struct random_series *c))
{
	seed = random_series_seed(20241125);
	printf("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < N_CASES; i++) {
		struct arena *a = arena_new();
		struct random_series c;

		random_series_draw(&c);
		check(a, &c);
		arena_free(a);
	}
}

#define HOLDS(cond, what, a, c)                                                \
	ck_assert_msg((cond), "%s; seed %llu, case %s", what,                  \
	    (unsigned long long)seed, random_series_text((a), (c), (c)->n))

static const struct assessment *
assess(struct arena *a, const struct random_series *c, size_t n)
{
	return series_assess(random_series_text(a, c, n), a);
}

static void
check_icpd(struct arena *a, const struct random_series *c)
{
	const struct assessment *x = assess(a, c, c->n);
	bool iupd = false, icpd = false;

	for (size_t i = 1; i <= c->n; i++) {
		enum category k = series_verdict(x, "irecist", i)->overall;

		HOLDS(k != CAT_ICPD || iupd, "iCPD without iUPD", a, c);
		HOLDS(!icpd || k == CAT_ICPD, "something after iCPD", a, c);
		iupd = iupd || k == CAT_IUPD;
		icpd = icpd || k == CAT_ICPD;
	}
}

/* What adds to a burden: confirmed only after the same unconfirmed, and from
 * then on. */
static void
check_repeated(struct arena *a, const struct random_series *c)
{
	static const char *const ids[] = {"irrc", "irrecist", "imrecist"};
	const struct assessment *x = assess(a, c, c->n);

	for (size_t k = 0; k < sizeof(ids) / sizeof(ids[0]); k++) {
		bool open = false, confirmed = false;

		for (size_t i = 1; i <= c->n; i++) {
			const struct verdict *v = series_verdict(x, ids[k], i);
			bool pd = v->overall == CAT_IRPD ||
				  v->overall == CAT_IMPD;

			HOLDS(!pd || v->confirmed != YES || open,
			    "confirmed at once", a, c);
			HOLDS(!pd || !confirmed || v->confirmed == YES,
			    "confirmed, then not", a, c);
			open = open || (pd && v->confirmed == NO);
			confirmed = confirmed || (pd && v->confirmed == YES);
		}
	}
}

static bool
is_ne(enum category c)
{
	return c == CAT_NE || c == CAT_IRNE;
}

/* Every NE says why, and names what is missing. */
static void
check_ne(struct arena *a, const struct random_series *c)
{
	const struct assessment *x = assess(a, c, c->n);

	for (size_t k = 0; k < x->criteria.n; k++) {
		for (size_t i = 1; i <= c->n; i++) {
			const struct verdict *v = &x->criteria.items[k].at[i];

			HOLDS(!is_ne(v->overall) ||
				  (v->missing.n > 0 && v->flags.n > 0),
			    x->criteria.items[k].id, a, c);
			for (size_t m = 0; m < v->missing.n; m++)
				HOLDS(*v->missing.items[m].code != '\0' &&
					  *v->missing.items[m].item != '\0',
				    "an empty reason", a, c);
		}
	}
	for (size_t i = 0; i < x->hyperprogression.n; i++)
		HOLDS(x->hyperprogression.items[i].met != UNKNOWN ||
			  x->hyperprogression.items[i].missing.n > 0,
		    x->hyperprogression.items[i].definition, a, c);
}

/* The first iUPD is the first RECIST 1.1 progression, for nothing before it
 * is disregarded. */
static void
check_first_pd(struct arena *a, const struct random_series *c)
{
	const struct assessment *x = assess(a, c, c->n);
	size_t pd = 0, iupd = 0;

	for (size_t i = c->n; i >= 1; i--) {
		if (series_verdict(x, "recist11", i)->overall == CAT_PD)
			pd = i;
		if (series_verdict(x, "irecist", i)->overall == CAT_IUPD)
			iupd = i;
	}
	HOLDS(pd == iupd, "first PD and first iUPD differ", a, c);
}

static void
check_prefix(struct arena *a, const struct random_series *c)
{
	const struct assessment *whole = assess(a, c, c->n);
	const struct assessment *part = assess(a, c, c->n - 1);

	for (size_t k = 0; k < whole->criteria.n; k++) {
		for (size_t i = 0; i < c->n; i++) {
			const struct verdict *v =
			    &whole->criteria.items[k].at[i];
			const struct verdict *w =
			    &part->criteria.items[k].at[i];

			HOLDS(v->overall == w->overall &&
				  v->target == w->target &&
				  v->burden == w->burden &&
				  v->nadir == w->nadir &&
				  v->flags.n == w->flags.n &&
				  v->because.n == w->because.n,
			    "a later scan changed an earlier verdict", a, c);
		}
	}
}

/* In any criterion. */
static bool
any_cr(const struct assessment *x, size_t i)
{
	for (size_t k = 0; k < x->criteria.n; k++) {
		enum category c = x->criteria.items[k].at[i].overall;

		if (c == CAT_CR || c == CAT_ICR || c == CAT_IRCR ||
		    c == CAT_IMCR)
			return true;
	}
	return false;
}

static void
check_cr(struct arena *a, const struct random_series *c)
{
	const struct assessment *x = assess(a, c, c->n);

	for (size_t i = 1; i <= c->n; i++) {
		const struct random_visit *v = &c->visits[i - 1];

		if (!any_cr(x, i))
			continue;
		HOLDS(v->target[0] == 0 && v->target[1] == 0,
		    "CR with a target left", a, c);
		HOLDS(v->target[2] == -2 ||
			  (v->target[2] >= 0 && v->target[2] < 100),
		    "CR with a pathological node", a, c);
		HOLDS(v->news[0] <= 0 && v->news[1] <= 0,
		    "CR with a new lesion", a, c);
	}
}

START_TEST(icpd_needs_iupd)
{
	each_case(check_icpd);
}
END_TEST

START_TEST(confirmed_is_repeated)
{
	each_case(check_repeated);
}
END_TEST

START_TEST(ne_says_why)
{
	each_case(check_ne);
}
END_TEST

START_TEST(first_pd_is_first_iupd)
{
	each_case(check_first_pd);
}
END_TEST

START_TEST(later_scan_changes_nothing)
{
	each_case(check_prefix);
}
END_TEST

START_TEST(cr_means_no_disease)
{
	each_case(check_cr);
}
END_TEST

static Suite *
suite_random(void)
{
	Suite *s = suite_create("assess_random");
	TCase *c = tcase_create("properties");

	tcase_set_timeout(c, 20);
	tcase_add_test(c, icpd_needs_iupd);
	tcase_add_test(c, confirmed_is_repeated);
	tcase_add_test(c, ne_says_why);
	tcase_add_test(c, first_pd_is_first_iupd);
	tcase_add_test(c, later_scan_changes_nothing);
	tcase_add_test(c, cr_means_no_disease);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_random())
