/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An assessment as prose: each timepoint, each category, its rule and the
 * rule's citation, the numbers that were compared.
 */
#ifndef RESCAN_EXPLAIN_H
#define RESCAN_EXPLAIN_H

#include "fhir/util/strbuf.h"
#include "mappings/assessment.h"

void explain_write(const struct assessment *x, struct strbuf *out);

#endif
