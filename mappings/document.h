/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assessment as the document of contracts/assessment.md, and for people.
 */
#ifndef RESCAN_DOCUMENT_H
#define RESCAN_DOCUMENT_H

#include "fhir/json_writer.h"
#include "mappings/assessment.h"

/* One JSON object, valid against assessment.schema.json. */
void document_write(const struct assessment *x, struct json_writer *w);

/* `--format table`: a page for people, 100 columns, plain text. */
void document_table(const struct assessment *x, struct strbuf *out);

/* How an adverse event stood, a line a change, oldest first. */
void document_irae_changes(
    const struct irae_episode *e, size_t indent, struct strbuf *out);

/* One timepoint in the same manner, with the explanation: what a report of
 * this timepoint carries.  Depends on nothing later than the timepoint. */
void document_timepoint(
    const struct assessment *x, size_t timepoint, struct strbuf *out);

#endif
