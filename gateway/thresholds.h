/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of thresholds.def as constants, and as a table to be printed.
 */
#ifndef RESCAN_THRESHOLDS_H
#define RESCAN_THRESHOLDS_H

#include <stddef.h>

/* Every length times this: 1 but for tests/scaled.sh, which shows that it
 * makes no difference to scale lengths and thresholds alike. */
#ifndef RESCAN_LENGTHS
#define RESCAN_LENGTHS 1
#endif
#define TIMES_tmm   RESCAN_LENGTHS
#define TIMES_pct   1
#define TIMES_days  1
#define TIMES_count 1
#define TIMES_milli 1

enum {
#define THRESHOLD(name, value, unit, section, citation, text)                  \
	name = (value) * TIMES_##unit,
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
