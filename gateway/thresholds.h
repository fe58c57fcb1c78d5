/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of thresholds.def as constants, and as a table to be printed.
 */
#ifndef RESCAN_THRESHOLDS_H
#define RESCAN_THRESHOLDS_H

#include <stddef.h>

enum {
#define THRESHOLD(name, value, unit, section, citation, text) name = (value),
#include "gateway/thresholds.def"
#undef THRESHOLD
};

struct threshold {
	const char *name;
	int value;
	const char *unit, *section, *citation, *text;
};
/* Ends with a row without a name. */
extern const struct threshold thresholds[];

#endif
