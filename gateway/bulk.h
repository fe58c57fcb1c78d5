/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An export's files into the store.
 */
#ifndef RESCAN_BULK_H
#define RESCAN_BULK_H

#include "fhir/client_bulk.h"
#include "gateway/read.h"

/* All files of a manifest, each line by itself: what is present, what was
 * deleted, and (set aside) the errors the server reports.  The cursor "bulk"
 * then stands at the export's time.  Errors: those of client_export_file;
 * ERR_TRUNCATED when a file holds less than was promised; ERR_STORE,
 * ERR_STOPPED.  What was kept before an error stays; the cursor does not
 * move. */
enum err_code bulk_apply(
    struct read *r, const struct bulk_manifest *m, struct err *e) MUST_CHECK;

#endif
