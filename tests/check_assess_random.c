/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold for every series, tried on random ones.  The seed is fixed
 * unless RESCAN_SEED gives another; a failure prints it with the case.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/series.h"

#define N_CASES    300
#define MAX_VISITS 7

static uint64_t seed, state;

static unsigned
draw(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

static void
seed_from_environment(void)
{
	const char *s = getenv("RESCAN_SEED");

	seed = s != NULL ? strtoull(s, NULL, 10) : 20241125;
	if (seed == 0)
		seed = 1;
}

/* One visit, as it would read with sizes times `scale`. */
struct random_visit {
	int day;
	bool done, early_symptom;
	int target[3]; /* tmm; -1 not evaluated, -2 too small */
	int nt;        /* index of nt_words */
	int worse;     /* 0 unsaid, 1 yes, 2 no */
	int news[2];   /* tmm; 0 absent, -1 not read, -2 not yet */
};
struct random_case {
	int base[3];
	struct random_visit visits[MAX_VISITS];
	size_t n;
};

static const char *const nt_words[] = {
    NULL, "CR", "NON_CR_NON_PD", "NON_CR_NON_PD", "NON_CR_NON_PD", "PD", "NE"};

static int
drift(int size)
{
	int step = (int)draw(41) - 20;

	switch (draw(12)) {
	case 0:
		return 0;
	case 1:
		return -1;
	case 2:
		return -2;
	default:
		size += size * step / 100 + (int)draw(60) - 30;
		return size < 20 ? 20 : size;
	}
}

static void
draw_visit(struct random_visit *v, int *last)
{
	v->done = draw(12) != 0;
	v->early_symptom = draw(4) == 0;
	v->nt = (int)draw(sizeof(nt_words) / sizeof(*nt_words));
	v->worse = (int)draw(3);
	for (int i = 0; i < 3; i++) {
		v->target[i] = drift(last[i]);
		if (v->target[i] > 0)
			last[i] = v->target[i];
	}
	for (int i = 0; i < 2; i++) {
		if (last[3 + i] == 0 && draw(5) != 0) {
			v->news[i] = -2;
			continue;
		}
		if (last[3 + i] == 0)
			last[3 + i] = 100 + (int)draw(100);
		v->news[i] = draw(8) == 0 ? (int)draw(2) - 1
					  : last[3 + i] + (int)draw(60);
	}
}

static void
draw_case(struct random_case *c)
{
	int last[5] = {0}, day = 0;

	memset(c, 0, sizeof(*c));
	for (int i = 0; i < 3; i++)
		c->base[i] = last[i] = 100 + (int)draw(500);
	c->n = 2 + draw(MAX_VISITS - 1);
	for (size_t i = 0; i < c->n; i++) {
		day += 14 + (int)draw(50);
		c->visits[i].day = day;
		draw_visit(&c->visits[i], last);
	}
}

static const char *
size_text(struct arena *a, int tmm)
{
	if (tmm == -2)
		return "'TSTM'";
	return arena_printf(a, "%d.%d", tmm / 10, tmm % 10);
}

static const char *
visit_text(struct arena *a, const struct random_visit *v)
{
	const char *targets = "", *news = "", *nt = "", *sep = "";

	if (!v->done)
		return arena_printf(a, "{'day':%d,'not_done':true}", v->day);
	for (int i = 0; i < 3; i++) {
		if (v->target[i] == -1)
			continue;
		targets = arena_printf(a, "%s%s'T%d':%s", targets, sep, i,
		    size_text(a, v->target[i]));
		sep = ",";
	}
	sep = "";
	for (int i = 0; i < 2; i++) {
		if (v->news[i] < 0)
			continue;
		news = arena_printf(a, "%s%s{'id':'x%d','kind':'NLT','mm':%s}",
		    news, sep, i, size_text(a, v->news[i]));
		sep = ",";
	}
	if (nt_words[v->nt] != NULL)
		nt = arena_printf(a, ",'nontarget':'%s'", nt_words[v->nt]);
	if (v->worse != 0)
		nt = arena_printf(a, "%s,'nt_change':'%s'", nt,
		    v->worse == 1 ? "INCLA" : "NCLA");
	return arena_printf(a,
	    "{'day':%d,'targets':{%s},'new_lesions':[%s]%s,"
	    "'new_symptom':%s}",
	    v->day, targets, news, nt, v->early_symptom ? "true" : "false");
}

/* The first n visits of the case. */
static const char *
case_text(struct arena *a, const struct random_case *c, size_t n)
{
	const char *s = "";

	for (size_t i = 0; i < n; i++)
		s = arena_printf(a, "%s%s%s", s, i > 0 ? "," : "",
		    visit_text(a, &c->visits[i]));
	return arena_printf(a,
	    "{'baseline':{'day':0,'targets':[{'id':'T0','mm':%s},"
	    "{'id':'T1','mm':%s},{'id':'T2','mm':%s,'node':true}]},"
	    "'timepoints':[%s]}",
	    size_text(a, c->base[0]), size_text(a, c->base[1]),
	    size_text(a, c->base[2]), s);
}

static void
each_case(void (*check)(struct arena *a, const struct random_case *c))
{
	seed_from_environment();
	state = seed;
	printf("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < N_CASES; i++) {
		struct arena *a = arena_new();
		struct random_case c;

		draw_case(&c);
		check(a, &c);
		arena_free(a);
	}
}

#define HOLDS(cond, what, a, c)                                                \
	ck_assert_msg((cond), "%s; seed %llu, case %s", what,                  \
	    (unsigned long long)seed, case_text((a), (c), (c)->n))

static void
check_icpd(struct arena *a, const struct random_case *c)
{
	const struct assessment *x = series_assess(case_text(a, c, c->n), a);
	bool iupd = false, icpd = false;

	for (size_t i = 1; i <= c->n; i++) {
		enum category k = series_verdict(x, "irecist", i)->overall;

		HOLDS(k != CAT_ICPD || iupd, "iCPD without iUPD", a, c);
		HOLDS(!icpd || k == CAT_ICPD, "something after iCPD", a, c);
		iupd = iupd || k == CAT_IUPD;
		icpd = icpd || k == CAT_ICPD;
	}
}

static bool
is_ne(enum category c)
{
	return c == CAT_NE || c == CAT_IRNE;
}

/* Every NE says why, and names what is missing. */
static void
check_ne(struct arena *a, const struct random_case *c)
{
	const struct assessment *x = series_assess(case_text(a, c, c->n), a);

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
check_first_pd(struct arena *a, const struct random_case *c)
{
	const struct assessment *x = series_assess(case_text(a, c, c->n), a);
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
check_prefix(struct arena *a, const struct random_case *c)
{
	const struct assessment *whole =
	    series_assess(case_text(a, c, c->n), a);
	const struct assessment *part =
	    series_assess(case_text(a, c, c->n - 1), a);

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

static void
check_cr(struct arena *a, const struct random_case *c)
{
	const struct assessment *x = series_assess(case_text(a, c, c->n), a);

	for (size_t i = 1; i <= c->n; i++) {
		const struct random_visit *v = &c->visits[i - 1];
		enum category r = series_verdict(x, "recist11", i)->overall;
		enum category ir = series_verdict(x, "irecist", i)->overall;

		if (r != CAT_CR && ir != CAT_ICR)
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

/* Twice the size, the same answer: where 20 % is always more than 5 mm. */
static void
check_scaling(struct arena *a, const struct random_case *c)
{
	struct random_case one = {0}, two;
	const struct assessment *x, *y;

	one.n = c->n;
	for (int i = 0; i < 3; i++)
		one.base[i] = 300 + c->base[i];
	for (size_t k = 0; k < c->n; k++) {
		one.visits[k].day = c->visits[k].day;
		one.visits[k].done = true;
		one.visits[k].news[0] = one.visits[k].news[1] = -2;
		for (int i = 0; i < 3; i++)
			one.visits[k].target[i] =
			    150 + abs(c->visits[k].target[i]);
	}
	two = one;
	for (int i = 0; i < 3; i++)
		two.base[i] *= 2;
	for (size_t k = 0; k < c->n; k++) {
		for (int i = 0; i < 3; i++)
			two.visits[k].target[i] *= 2;
	}
	x = series_assess(case_text(a, &one, one.n), a);
	y = series_assess(case_text(a, &two, two.n), a);
	for (size_t i = 1; i <= c->n; i++)
		HOLDS(series_verdict(x, "recist11", i)->overall ==
			  series_verdict(y, "recist11", i)->overall,
		    "twice the size, another category", a, &one);
}

START_TEST(icpd_needs_iupd)
{
	each_case(check_icpd);
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

START_TEST(scaling)
{
	each_case(check_scaling);
}
END_TEST

static Suite *
suite_random(void)
{
	Suite *s = suite_create("assess_random");
	TCase *c = tcase_create("properties");

	tcase_set_timeout(c, 20);
	tcase_add_test(c, icpd_needs_iupd);
	tcase_add_test(c, ne_says_why);
	tcase_add_test(c, first_pd_is_first_iupd);
	tcase_add_test(c, later_scan_changes_nothing);
	tcase_add_test(c, cr_means_no_disease);
	tcase_add_test(c, scaling);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_random())
