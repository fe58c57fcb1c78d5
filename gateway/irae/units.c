/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/irae/units.h"

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

enum err_code
irae_unit_micro(enum irae_analyte a, const char *unit, const struct decimal *d,
    int64_t *ret, struct err *e)
{
	enum irae_analyte like = a;
	int64_t micro;

	for (size_t i = 0; i < sizeof(alike) / sizeof(*alike); i++) {
		if (alike[i].analyte == a)
			like = alike[i].other;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		enum err_code c;

		if (units[i].analyte != like || unit == NULL ||
		    strcmp(units[i].code, unit) != 0)
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
