/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random series in the notation of tests/support/series.h: three targets (the
 * last a node), two new lesions, statements, visits missed.
 */
#ifndef RESCAN_TESTS_RANDOM_SERIES_H
#define RESCAN_TESTS_RANDOM_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fhir/util/arena.h"

#define MAX_VISITS 7

/* One visit. */
struct random_visit {
	int day;
	bool done, early_symptom;
	int target[3]; /* tmm; -1 not evaluated, -2 too small */
	int nt;        /* index of nt_words */
	int worse;     /* 0 unsaid, 1 yes, 2 no */
	int news[2];   /* tmm; 0 absent, -1 not read, -2 not yet */
};
struct random_series {
	int base[3];
	struct random_visit visits[MAX_VISITS];
	size_t n;
};

/* Start anew; RESCAN_SEED counts instead where it is set.  The seed. */
uint64_t random_series_seed(uint64_t seed);
void random_series_draw(struct random_series *c);

/* Its first n visits. */
const char *random_series_text(
    struct arena *a, const struct random_series *c, size_t n);

#endif
