/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of FHIR resources, read for an intake: Bundles of any type, one in
 * another, Parameters, single resources, NDJSON.
 *
 * What is not there or cannot be used is a problem of the intake:
 * - resource_invalid: an entry that is no FHIR resource, or has no FHIR id.  A
 *   file of nothing else cannot be read.
 * - result_incomplete: a page of a search whose next page is not among the
 *   files, a count above what came, an entry or an OperationOutcome that tells
 *   of a failure.
 * - nothing_read: resources, none of them of a type that is read.
 */
#ifndef RESCAN_INPUT_H
#define RESCAN_INPUT_H

#include "mappings/from_fhir.h"

struct input;

struct input *input_new(struct intake *in); /* in is borrowed */
void input_free(struct input *i);           /* NULL is fine */

/* Take one file, "-" for standard input.  Errors: as resources_read,
 * ERR_IO, ERR_INVALID (no entry could be used); the text names the file. */
enum err_code input_read(
    struct input *i, const char *path, struct err *e) MUST_CHECK;

/* After the last file: what is missing between them. */
void input_finish(struct input *i);

#endif
