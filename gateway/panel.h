/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The searches that together give one patient's data of a type, with what
 * this server demands beside the patient.
 */
#ifndef RESCAN_PANEL_H
#define RESCAN_PANEL_H

#include "gateway/read.h"

struct panel {
	const char **queries; /* "Observation?patient=1&category=imaging" */
	size_t n;
};

/* patient is "Patient/1"; strings in a. */
void panel_make(const struct read *r, const struct read_type *t,
    const char *patient, struct arena *a, struct panel *ret);

/* The server refused the searches as they are: demand more of ourselves.
 * false when there is nothing more to try. */
bool panel_widen(const struct read *r, struct read_type *t);

/* "&date=ge2024-01-31": the window of clinical dates of a type. */
const char *panel_dates(
    const struct read *r, const struct read_type *t, struct arena *a);

#endif
