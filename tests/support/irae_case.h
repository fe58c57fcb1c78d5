/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worked example of tests/cases/irae_examples.json as input of the irAE
 * engine, without any FHIR.
 */
#ifndef RESCAN_TESTS_IRAE_CASE_H
#define RESCAN_TESTS_IRAE_CASE_H

#include "fhir/json.h"
#include "gateway/irae/irae.h"

#define IRAE_CASE_EPOCH 19723 /* 2024-01-01, day 0 of every case */

/* Everything lives in a.  Fails the test on what it does not understand. */
struct irae_input *irae_case_input(const struct json_value *c, struct arena *a);

/* The defaults, with the example's CTCAE version. */
struct irae_options irae_case_options(const struct json_value *c);

/* A whole number of the example, `otherwise` where there is none. */
int irae_case_int(const struct json_value *v, int otherwise);

#endif
