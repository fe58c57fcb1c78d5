/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wording.h"

#include <inttypes.h>
#include <string.h>

static const char *
scaled(struct arena *a, int64_t v, int64_t unit, int digits, bool sign)
{
	int64_t abs = v < 0 ? -v : v;
	const char *s = v < 0 ? "-" : (sign ? "+" : "");

	return arena_printf(
	    a, "%s%" PRId64 ".%0*" PRId64, s, abs / unit, digits, abs % unit);
}

const char *
wording_mm(struct arena *a, int64_t tmm)
{
	if (tmm == BURDEN_NONE)
		return "unknown";
	return arena_printf(a, "%s mm", scaled(a, tmm, 10, 1, false));
}

const char *
wording_mm2(struct arena *a, int64_t tmm2)
{
	if (tmm2 == BURDEN_NONE)
		return "unknown";
	return arena_printf(a, "%s mm2", scaled(a, tmm2, 100, 2, false));
}

const char *
wording_day(struct arena *a, int32_t day)
{
	char buf[DAY_SIZE];

	if (day == DAY_NONE)
		return "an unknown date";
	return arena_strdup(a, day_format(day, buf));
}

/* "28.0 % (+14.0 mm) above"; without the percentage when there is none. */
static const char *
change(struct arena *a, int64_t now, int64_t from, const char *step)
{
	const char *side = now > from ? "above" : "below";
	int64_t tenths;

	if (now == from)
		return "equal to";
	if (!change_tenths_pct(now, from, &tenths))
		return arena_printf(a, "(%s) %s", step, side);
	if (tenths < 0)
		tenths = -tenths;
	return arena_printf(
	    a, "%s %% (%s) %s", scaled(a, tenths, 10, 1, false), step, side);
}

const char *
wording_change(struct arena *a, int64_t now, int64_t from)
{
	if (now == BURDEN_NONE || from == BURDEN_NONE)
		return "not comparable with";
	return change(a, now, from,
	    arena_printf(a, "%s mm", scaled(a, now - from, 10, 1, true)));
}

const char *
wording_change_area(struct arena *a, int64_t now, int64_t from)
{
	if (now == BURDEN_NONE || from == BURDEN_NONE)
		return "not comparable with";
	return change(a, now, from,
	    arena_printf(a, "%s mm2", scaled(a, now - from, 100, 2, true)));
}

/* One decimal at least, none that says nothing. */
static const char *
thousandths(struct arena *a, int64_t v, bool sign)
{
	const char *s = scaled(a, v, 1000, 3, sign);
	size_t n = strlen(s);

	while (s[n - 1] == '0' && s[n - 2] != '.')
		n--;
	return arena_printf(a, "%.*s", (int)n, s);
}

const char *
wording_uptake(struct arena *a, int64_t milli)
{
	return milli < 0 ? "unknown" : thousandths(a, milli, false);
}

const char *
wording_change_uptake(struct arena *a, int64_t now, int64_t from)
{
	if (now < 0 || from < 0)
		return "not comparable with";
	return change(a, now, from, thousandths(a, now - from, true));
}

void
wording_name(struct wording_names *x, const char *name)
{
	if (x->n < WORDING_NAMES)
		x->names[x->n] = name;
	x->n++;
}

const char *
wording_join(struct arena *a, const struct wording_names *x)
{
	const char *text = "";

	for (size_t i = 0; i < x->n && i < WORDING_NAMES; i++)
		text = arena_printf(
		    a, "%s%s%s", text, i > 0 ? ", " : "", x->names[i]);
	if (x->n > WORDING_NAMES)
		text = arena_printf(
		    a, "%s and %zu more", text, x->n - WORDING_NAMES);
	return text;
}
