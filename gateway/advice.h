/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do next, and when (spec/criteria.md §9).
 */
#ifndef RESCAN_ADVICE_H
#define RESCAN_ADVICE_H

#include "gateway/assess.h"

/* Append recommendations to x from its verdicts, judged as of x->as_of. */
void advice_add(const struct assess_case *c, struct assessment *x);

#endif
