/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a scan is due: spec/criteria.md §9 as data.
 *
 * A row says how many days after its anchor a scan may, should and must have
 * been done.  Civil days only: no months, no time zones.
 */
#ifndef RESCAN_WINDOWS_H
#define RESCAN_WINDOWS_H

#include "mappings/assessment.h"

/* What the days of a row are counted from. */
enum window_anchor {
	ANCHOR_FIRST_DOSE,  /* D0: first checkpoint-inhibitor dose */
	ANCHOR_BASELINE,    /* the baseline scan */
	ANCHOR_LAST_SCAN,   /* L: last evaluable scan */
	ANCHOR_PROGRESSION, /* U: the pending iUPD / irPD / UPMD / IR scan */
	ANCHOR_RESPONSE,    /* R: the CR or PR to be confirmed */
	ANCHOR_TODAY        /* the day the assessment is made for */
};

#define WINDOW_OPEN INT32_MAX /* no such bound */

struct window_rule {
	const char *id;
	enum window_anchor anchor;
	int32_t earliest, latest, preferred; /* days, or WINDOW_OPEN */
	const char *citation;
};

struct window {
	const struct window_rule *rule;
	int32_t from, to, preferred; /* days; DAY_NONE: open */
};

/* The row, NULL for an id that is not in the table. */
const struct window_rule *window_rule_find(const char *id);

/* The rows in order; NULL after the last. */
const struct window_rule *window_rule_at(size_t i);

/* The rule's window after an anchor; false for an unknown rule or no anchor.
 * The preferred day is a Monday to Friday where the window allows it. */
bool window_for(const char *rule, int32_t anchor_day, struct window *ret);

/* Where the window stands on a day: before, inside or past it. */
enum due window_state(const struct window *w, int32_t as_of);

#endif
