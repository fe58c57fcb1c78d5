/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of a result's reference ranges is the patient's.
 *= irae §5.2: normal or untyped, by sex and age, the narrowest that matches
 */
#include "mappings/intake.h"
#include "mappings/timeline.h"

#include <ctype.h>
#include <string.h>

/* --- the patient --- */

static const struct json_value *
patient_of(const struct mapping *m)
{
	for (size_t i = 0; i < m->records.n; i++) {
		const struct record *r = m->records.items[i];

		if (strcmp(r->type, "Patient") == 0 &&
		    strcmp(r->key, m->facts->patient) == 0)
			return r->json;
	}
	return NULL;
}

/* Days lived on a day, -1: not known. */
static int32_t
age_on(const struct mapping *m, int32_t day)
{
	const char *s = json_string_at(patient_of(m), "birthDate");
	struct datetime t;

	if (s == NULL || day == DAY_NONE ||
	    datetime_parse(s, &t, NULL) != ERR_OK || t.day > day)
		return -1;
	return day - t.day;
}

/* --- what a range asks for --- */

/* A code of a sex, by whichever system: 'm', 'f' or 0. */
static char
sex_of(const char *code)
{
	static const struct {
		const char *code;
		char sex;
	} codes[] = {
	    {"248153007", 'm'}, /* SNOMED CT */
	    {"248152002", 'f'},
	    {"male", 'm'}, /* administrative-gender */
	    {"female", 'f'},
	    {"M", 'm'}, /* HL7 v2, v3 */
	    {"F", 'f'},
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		if (same(code, codes[i].code))
			return codes[i].sex;
	}
	return 0;
}

static enum tristate
sex_fits(const struct mapping *m, const struct json_value *range)
{
	const struct json_value *all = json_get(range, "appliesTo");
	char sex = sex_of(json_string_at(patient_of(m), "gender"));
	enum tristate fits = json_length(all) > 0 ? UNKNOWN : YES;

	for (size_t i = 0; i < json_length(all); i++) {
		struct coding c;

		for (size_t k = 0; codeable_coding(json_at(all, i), k, &c);
		     k++) {
			char x = sex_of(c.code);

			if (x != 0 && x == sex)
				return YES;
			if (x != 0 && sex != 0)
				fits = NO;
		}
	}
	return fits;
}

/* Whole units lived, -1: a unit not known. */
static int64_t
in_unit(int32_t days, const char *unit)
{
	static const struct {
		const char *code;
		int64_t num, den; /* of a day */
	} units[] = {{"a", 100, 36525}, {"mo", 10000, 304375}, {"wk", 1, 7},
	    {"d", 1, 1}};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (unit == NULL || same(unit, units[i].code))
			return days * units[i].num / units[i].den;
	}
	return -1;
}

/* Is the age at least (sign 1), at most (-1) this bound? */
static enum tristate
age_passes(int32_t age, const struct json_value *bound, int sign)
{
	const char *text = json_number(json_get(bound, "value"));
	struct decimal d;
	int64_t limit, lived;

	if (bound == NULL)
		return YES;
	lived = age < 0 ? -1 : in_unit(age, json_string_at(bound, "code"));
	if (lived < 0 || text == NULL ||
	    decimal_parse(text, &d, NULL) != ERR_OK ||
	    decimal_scaled(&d, 1, 1, 0, &limit, NULL) != ERR_OK)
		return UNKNOWN;
	return sign * (lived - limit) >= 0 ? YES : NO;
}

static enum tristate
both(enum tristate a, enum tristate b)
{
	if (a == NO || b == NO)
		return NO;
	return a == YES && b == YES ? YES : UNKNOWN;
}

static enum tristate
is_ours(const struct mapping *m, const struct json_value *range, int32_t age)
{
	const char *type = json_string_at(range, "type.coding.code");

	if ((type != NULL && strcmp(type, "normal") != 0) ||
	    (json_get(range, "low") == NULL && json_get(range, "high") == NULL))
		return NO;
	return both(sex_fits(m, range),
	    both(age_passes(age, json_path(range, "age.low"), 1),
		age_passes(age, json_path(range, "age.high"), -1)));
}

/* --- the choice --- */

static int64_t
bound(const struct json_value *q, int64_t otherwise)
{
	const char *text = json_number(json_get(q, "value"));
	struct decimal d;
	int64_t v;

	if (text == NULL || decimal_parse(text, &d, NULL) != ERR_OK ||
	    decimal_scaled(&d, 1, 1, 6, &v, NULL) != ERR_OK)
		return otherwise;
	return v;
}

static int64_t
width(const struct json_value *range)
{
	int64_t high = bound(json_get(range, "high"), INT64_MAX);
	int64_t low = bound(json_get(range, "low"), 0);

	return high == INT64_MAX || low < 0 ? high : high - low;
}

const struct json_value *
range_normal(
    const struct mapping *m, const struct json_value *holder, int32_t day)
{
	const struct json_value *all = json_get(holder, "referenceRange");
	const struct json_value *best = NULL, *maybe = NULL;
	int32_t age = age_on(m, day);
	size_t n_maybe = 0;

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *x = json_at(all, i);

		switch (is_ours(m, x, age)) {
		case YES:
			if (best == NULL || width(x) < width(best))
				best = x;
			break;
		case UNKNOWN:
			maybe = x;
			n_maybe++;
			break;
		case NO:
			break;
		}
	}
	return best == NULL && n_maybe == 1 ? maybe : best;
}

/* --- infarction --- */

/* "Myocardial infarction" among the words. */
static bool
says_infarction(const char *text)
{
	static const char word[] = "infarct";

	for (; text != NULL && *text != '\0'; text++) {
		size_t i = 0;

		while (word[i] != '\0' &&
		       tolower((unsigned char)text[i]) == word[i])
			i++;
		if (word[i] == '\0')
			return true;
	}
	return false;
}

static bool
codes_infarction(const struct json_value *codeable)
{
	struct coding c;

	for (size_t i = 0; codeable_coding(codeable, i, &c); i++) {
		if (same(c.code, "22298006") || same(c.code, "57054005"))
			return true;
	}
	return says_infarction(json_string_at(codeable, "text"));
}

const struct json_value *
range_infarction(const struct json_value *holder)
{
	const struct json_value *all = json_get(holder, "referenceRange");

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *x = json_at(all, i);

		if (codes_infarction(json_get(x, "type")) ||
		    codes_infarction(json_at(json_get(x, "appliesTo"), 0)) ||
		    says_infarction(json_string_at(x, "text")))
			return json_get(x, "low");
	}
	return NULL;
}
