/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OperationOutcome (R4) ↔ struct err.
 */
#ifndef RESCAN_OUTCOME_H
#define RESCAN_OUTCOME_H

#include "fhir/json.h"
#include "fhir/util/strbuf.h"

/* Put the first fatal or error issue (else the first) into e's text as
 * "severity code: diagnostics", keeping code.  false when v is no
 * OperationOutcome. */
bool outcome_read(const struct json_value *v, enum err_code code,
    struct err *e);

/* Write e as an OperationOutcome resource. */
void outcome_write(const struct err *e, struct strbuf *out);

#endif
