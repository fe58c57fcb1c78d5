/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/cases/criteria_examples.json for table-driven tests.
 */
#ifndef RESCAN_TESTS_CASE_FILE_H
#define RESCAN_TESTS_CASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "fhir/json.h"

/* Read once and kept to the end of the process. */
const struct json_value *case_file_root(void);

/* The next case of a kind (and criterion, unless NULL) after *i; NULL at the
 * end.  Start with *i = 0. */
const struct json_value *case_file_next(
    size_t *i, const char *kind, const char *criterion);

/* A number times 10^scale; `otherwise` for anything but a number.  Fails the
 * test if digits would be lost. */
int64_t case_scaled(const struct json_value *v, int scale, int64_t otherwise);

#endif
