/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/irae/units.h"

#include <ctype.h>
#include <string.h>

static const struct {
	enum irae_analyte analyte;
	const char *code;
	int64_t num, den;
} units[] = {
#define IRAE_UNIT(analyte, code, num, den) {IRAE_##analyte, code, num, den},
#define IRAE_UNIT_LIKE(analyte, other)
#include "gateway/irae/units.def"
#undef IRAE_UNIT
#undef IRAE_UNIT_LIKE
};

static const struct {
	enum irae_analyte analyte, other;
} alike[] = {
#define IRAE_UNIT(analyte, code, num, den)
#define IRAE_UNIT_LIKE(analyte, other) {IRAE_##analyte, IRAE_##other},
#include "gateway/irae/units.def"
#undef IRAE_UNIT
#undef IRAE_UNIT_LIKE
};

/* --- one spelling for what UCUM holds to be one --- */

#define UNIT_MAX 24

/* 'l' and 'L' are both the litre, alone or after a prefix. */
static bool
is_litre(const char *from, const char *at)
{
	bool ends = !isalnum((unsigned char)at[1]);
	bool prefixed = at > from && strchr("dcmunpf", at[-1]) != NULL &&
			(at == from + 1 || !isalnum((unsigned char)at[-2]));

	return ends &&
	       (at == from || !isalnum((unsigned char)at[-1]) || prefixed);
}

/* Without annotations ("{cells}/uL"), with L for the litre, u for micro and
 * [IU] for [iU].  What is too long is cut, and so is none of ours. */
static void
unit_plain(const char *unit, char ret[UNIT_MAX])
{
	size_t n = 0;

	for (const char *p = unit; *p != '\0' && n < UNIT_MAX - 1; p++) {
		const char *close = *p == '{' ? strchr(p, '}') : NULL;

		if (close != NULL)
			p = close;
		else if (strncmp(p, "\xc2\xb5", 2) == 0 ||
			 strncmp(p, "\xce\xbc", 2) == 0)
			ret[n++] = 'u', p++;
		else if (*p == 'l' && is_litre(unit, p))
			ret[n++] = 'L';
		else if (*p == 'i' && p > unit && p[-1] == '[')
			ret[n++] = 'I';
		else
			ret[n++] = *p;
	}
	ret[n] = '\0';
}

enum err_code
irae_unit_micro(enum irae_analyte a, const char *unit, const struct decimal *d,
    int64_t *ret, struct err *e)
{
	enum irae_analyte like = a;
	char plain[UNIT_MAX] = "";
	int64_t micro;

	if (unit != NULL)
		unit_plain(unit, plain);
	for (size_t i = 0; i < sizeof(alike) / sizeof(*alike); i++) {
		if (alike[i].analyte == a)
			like = alike[i].other;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		enum err_code c;

		if (units[i].analyte != like || unit == NULL ||
		    strcmp(units[i].code, plain) != 0)
			continue;
		c = decimal_scaled(d, units[i].num, units[i].den, 6, &micro, e);
		if (c != ERR_OK)
			return c;
		if (micro > IRAE_VALUE_MAX || micro < -IRAE_VALUE_MAX)
			return err_set(e, ERR_LIMIT, "%s is out of bounds",
			    irae_analyte_name(a));
		*ret = micro;
		return ERR_OK;
	}
	return err_set(
	    e, ERR_INVALID, "no unit of ours for %s", irae_analyte_name(a));
}
