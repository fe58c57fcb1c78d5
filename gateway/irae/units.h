/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Laboratory units to the canonical unit of an analyte (units.def).
 */
#ifndef RESCAN_IRAE_UNITS_H
#define RESCAN_IRAE_UNITS_H

#include "fhir/decimal.h"
#include "gateway/irae/grade.h"

/* d in `unit` as millionths of the canonical unit, rounded half away from
 * zero once.  Errors: ERR_INVALID (a unit we do not know for this analyte),
 * ERR_LIMIT (beyond ±IRAE_VALUE_MAX). */
enum err_code irae_unit_micro(enum irae_analyte a, const char *unit,
    const struct decimal *d, int64_t *ret, struct err *e) MUST_CHECK;

#endif
