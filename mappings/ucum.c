/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/ucum.h"

#include <string.h>

#define TMM_MAX 100000 /* 10 m */

static const struct ucum_unit units[] = {
#define UNIT_ROW(code, dim, num, den, spellings)                               \
	{code, code "|" spellings, UCUM_##dim, num, den},
#include "mappings/ucum.def"
#undef UNIT_ROW
};
#define N_UNITS (sizeof(units) / sizeof(*units))

/* UCUM's system and how else it is written. */
static const char *const systems[] = {
    "http://unitsofmeasure.org",
    "http://unitsofmeasure.org/",
    "https://unitsofmeasure.org",
    "http://www.unitsofmeasure.org",
    "urn:oid:2.16.840.1.113883.6.8",
    "2.16.840.1.113883.6.8",
};

static bool
is_ucum(const char *system)
{
	for (size_t i = 0; i < sizeof(systems) / sizeof(*systems); i++) {
		if (strcmp(system, systems[i]) == 0)
			return true;
	}
	return false;
}

/* Is text one of the "|"-separated words? */
static bool
spelled(const char *spellings, const char *text)
{
	size_t n = strlen(text), len;

	for (const char *s = spellings;; s += len + 1) {
		len = strcspn(s, "|");
		if (len == n && n > 0 && memcmp(s, text, n) == 0)
			return true;
		if (s[len] == '\0')
			return false;
	}
}

static const struct ucum_unit *
find_spelled(const char *text)
{
	for (size_t i = 0; i < N_UNITS && text != NULL; i++) {
		if (spelled(units[i].spellings, text))
			return &units[i];
	}
	return NULL;
}

const struct ucum_unit *
ucum_find(const char *system, const char *code, const char *unit)
{
	if (system == NULL)
		return find_spelled(code != NULL ? code : unit);
	if (!is_ucum(system))
		return NULL;
	if (code == NULL)
		return find_spelled(unit);
	for (size_t i = 0; i < N_UNITS; i++) {
		if (strcmp(units[i].code, code) == 0)
			return &units[i];
	}
	return NULL;
}

bool
ucum_contradicts(const struct ucum_unit *u, const char *unit)
{
	const struct ucum_unit *other = find_spelled(unit);

	return other != NULL && (other->dimension != u->dimension ||
				    other->num * u->den != u->num * other->den);
}

enum err_code
ucum_length_tmm(const struct ucum_unit *u, const struct decimal *value,
    int32_t *ret_tmm, struct err *e)
{
	enum err_code code;
	int64_t tmm;

	if (u->dimension != UCUM_LENGTH)
		return err_set(e, ERR_INVALID, "%s is not a length", u->code);
	code = decimal_scaled(value, u->num, u->den, 1, &tmm, e);
	if (code != ERR_OK)
		return code;
	if (value->digits < 0)
		return err_set(e, ERR_LIMIT, "a negative length");
	if (tmm > TMM_MAX)
		return err_set(e, ERR_LIMIT, "a length above 10 m");
	*ret_tmm = (int32_t)tmm;
	return ERR_OK;
}
