/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases as files: an array of {why, options, resources, facts, without}.
 * Each line of "facts" must be a line of the dump, no line may begin with one
 * of "without", and the order of the resources must change nothing.
 */
#ifndef RESCAN_TESTS_FACT_CASES_H
#define RESCAN_TESTS_FACT_CASES_H

#include <stdbool.h>

/* timeline: dump the timelines instead of the facts. */
void fact_cases_check(const char *path, bool timeline);

bool fact_cases_has_line(const char *text, const char *line);

#endif
