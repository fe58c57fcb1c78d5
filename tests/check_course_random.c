/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random courses from facts to the document: the order in which resources
 * came changes nothing, and one that was taken away is as if it had never
 * come.  The seed is fixed unless RESCAN_SEED gives another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mappings/document.h"
#include "tests/support/check_main.h"
#include "tests/support/course.h"

#define N_CASES 60

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
set_seed(void)
{
	const char *s = getenv("RESCAN_SEED");

	seed = s != NULL ? strtoull(s, NULL, 10) : 20241125;
	state = seed = seed == 0 ? 1 : seed;
	printf("seed %llu\n", (unsigned long long)seed);
}

static void
draw_scan(int day)
{
	static const char *const organs[] = {
	    "lung", "liver", "bone", "kidney", "brain"};

	for (size_t i = 0; i < sizeof(organs) / sizeof(organs[0]); i++) {
		int32_t size = 80 + (int32_t)draw(400);

		if (draw(5) == 0)
			continue;
		if (day > 0 && draw(10) == 0)
			course_say_absent(organs[i], day);
		else if (draw(3) == 0)
			course_measure_uptake(organs[i], day, size, SUL_PEAK,
			    (int32_t)draw(12000));
		else
			course_measure(organs[i], day, size);
	}
}

static void
draw_course(void)
{
	int day = -1, n = 2 + (int)draw(4);

	if (draw(3) == 0)
		draw_scan(-62);
	for (int i = 0; i < n; i++, day += 30 + (int)draw(40))
		draw_scan(day);
	for (int i = 0; i < 4; i++)
		course_give(21 * i);
	for (int i = 0; i < 3; i++)
		course_ecog((int)draw(120), draw(2) ? "1" : "2");
}

/* Any list of facts, in another order. */
static void
shuffle(void *items, size_t n, size_t size)
{
	char *base = items;
	void *tmp = arena_alloc(course_arena, size);

	for (size_t i = n; i > 1; i--) {
		size_t k = draw((unsigned)i);

		memcpy(tmp, base + k * size, size);
		memcpy(base + k * size, base + (i - 1) * size, size);
		memcpy(base + (i - 1) * size, tmp, size);
	}
}
#define SHUFFLE(list) shuffle((list).items, (list).n, sizeof(*(list).items))

static const char *
document(void)
{
	struct json_writer w;
	struct strbuf out;
	const char *s;

	strbuf_init(&out, (size_t)1 << 24);
	json_writer_init(&w, &out, true);
	document_write(course_assess(), &w);
	s = arena_strdup(course_arena, out.s);
	strbuf_done(&out);
	return s;
}

START_TEST(any_order)
{
	set_seed();
	for (int i = 0; i < N_CASES; i++) {
		const char *before;

		draw_course();
		before = document();
		SHUFFLE(course_facts->measurements);
		SHUFFLE(course_facts->doses);
		SHUFFLE(course_facts->statements);
		ck_assert_msg(strcmp(before, document()) == 0,
		    "the order matters: seed %llu, case %d",
		    (unsigned long long)seed, i);
		course_tear_down();
		course_set_up();
	}
}
END_TEST

/* Whatever stood between, and was assessed, leaves no trace. */
START_TEST(taken_away)
{
	set_seed();
	for (int i = 0; i < N_CASES; i++) {
		size_t n, statements;
		const char *without, *with, *again;

		draw_course();
		without = document();
		n = course_facts->measurements.n;
		statements = course_facts->statements.n;
		draw_scan(200);
		course_ecog(199, "3");
		with = document();
		course_facts->measurements.n = n;
		course_facts->statements.n = statements;
		again = document();
		ck_assert_msg(strcmp(without, again) == 0,
		    "it left a trace: seed %llu, case %d",
		    (unsigned long long)seed, i);
		ck_assert_str_ne(without, with);
		course_tear_down();
		course_set_up();
	}
}
END_TEST

static Suite *
suite_course_random(void)
{
	Suite *s = suite_create("course_random");
	TCase *c = tcase_create("properties");

	tcase_set_timeout(c, 20);
	tcase_add_checked_fixture(c, course_set_up, course_tear_down);
	tcase_add_test(c, any_order);
	tcase_add_test(c, taken_away);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_course_random())
