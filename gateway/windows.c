/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/windows.h"

#include <string.h>

/*
 * The protocol variance of two days (§4.5) is not in here: it widens what is
 * accepted, not what is asked for.
 */
static const struct window_rule rules[] = {
    /*= windows §9 row 1 */
    {"baseline", ANCHOR_FIRST_DOSE, -28, 0, 0, "RECIST 1.1, §1.1"},
    /*= windows §9 row 2; 4 to 12 weeks is [derived] */
    {"pre_baseline", ANCHOR_BASELINE, -84, -28, -56, "derived"},
    /*= windows §9 row 3 */
    {"routine", ANCHOR_LAST_SCAN, 42, 84, 56, "RECIST 1.1, §9"},
    /*= windows §9 row 4; U+35 is [derived] */
    {"irecist_confirm", ANCHOR_PROGRESSION, 28, 56, 35, "iRECIST; EORTC-EARLY"},
    /*= windows §9 row 5 */
    {"irecist_symptom", ANCHOR_TODAY, 0, 0, 0, "iRECIST; EORTC-EARLY"},
    /*= windows §9 row 6 */
    {"irecist_repeat", ANCHOR_PROGRESSION, 28, 56, 28, "iRECIST; EORTC-EARLY"},
    /*= windows §9 row 7 */
    {"irecist_late", ANCHOR_TODAY, 0, 7, 0, "derived"},
    /*= windows §9 row 8 */
    {"irrc_confirm", ANCHOR_PROGRESSION, 28, WINDOW_OPEN, 35, "irRC"},
    {"imrecist_confirm", ANCHOR_PROGRESSION, 28, WINDOW_OPEN, 35, "imRECIST"},
    /*= windows §9 row 9 */
    {"irrecist_confirm", ANCHOR_PROGRESSION, 28, 84, 35,
	"irRECIST; Frelaut 2019, table 2"},
    /*= windows §9 row 10 */
    {"recist_response_confirm", ANCHOR_RESPONSE, 28, WINDOW_OPEN, 28,
	"RECIST 1.1, §1.9"},
    /*= windows §9 row 11 */
    {"ipercist_confirm", ANCHOR_PROGRESSION, 28, 56, 42,
	"iPERCIST; Goldfarb 2019"},
    /*= windows §9 row 12; U+56 is [derived] */
    {"lyric_ir", ANCHOR_PROGRESSION, 0, 84, 56, "LYRIC; Cheson 2016"},
    /*= windows §9 row 13: images by U+28, the clinical review at once */
    {"hyperprogression", ANCHOR_PROGRESSION, 0, 28, 0, "derived"},
    /*= windows §9 row 14 */
    {"equivocal", ANCHOR_LAST_SCAN, 28, 84, 28, "RECIST 1.1, §1.7"},
    /*= windows §9 row 15 */
    {"not_evaluable", ANCHOR_LAST_SCAN, 7, 84, 7, "derived"},
};

const struct window_rule *
window_rule_find(const char *id)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	}
	return NULL;
}

const struct window_rule *
window_rule_at(size_t i)
{
	return i < sizeof(rules) / sizeof(rules[0]) ? &rules[i] : NULL;
}

static int32_t
bound(int32_t anchor, int32_t days)
{
	return days == WINDOW_OPEN ? DAY_NONE : anchor + days;
}

/* The same day or the Monday after, unless that is past the window. */
static int32_t
working_day(int32_t day, int32_t to)
{
	int weekday = day_weekday(day);
	int32_t moved = weekday < 5 ? day : day + 7 - weekday;

	return to != DAY_NONE && moved > to ? day : moved;
}

bool
window_for(const char *rule, int32_t anchor_day, struct window *ret)
{
	const struct window_rule *r = window_rule_find(rule);

	if (r == NULL || anchor_day == DAY_NONE)
		return false;
	ret->rule = r;
	ret->from = bound(anchor_day, r->earliest);
	ret->to = bound(anchor_day, r->latest);
	ret->preferred = working_day(bound(anchor_day, r->preferred), ret->to);
	return true;
}

enum due
window_state(const struct window *w, int32_t as_of)
{
	if (w->from != DAY_NONE && as_of < w->from)
		return DUE_UPCOMING;
	if (w->to != DAY_NONE && as_of > w->to)
		return DUE_OVERDUE;
	return DUE_NOW;
}
