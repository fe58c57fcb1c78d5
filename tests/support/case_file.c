/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/case_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"

static struct json_doc *doc;

static void
forget(void)
{
	json_free(doc);
}

const struct json_value *
case_file_root(void)
{
	struct err e = ERR_INIT;
	size_t n;
	char *s;

	if (doc != NULL)
		return json_root(doc);
	s = check_read_file("tests/cases/criteria_examples.json", &n);
	ck_assert_msg(json_parse(s, n, &doc, &e) == ERR_OK, "%s", e.text);
	free(s);
	atexit(forget);
	return json_root(doc);
}

static bool
is(const struct json_value *c, const char *name, const char *value)
{
	const char *s = json_string_at(c, name);

	return s != NULL && strcmp(s, value) == 0;
}

const struct json_value *
case_file_next(size_t *i, const char *kind, const char *criterion)
{
	const struct json_value *all = json_get(case_file_root(), "cases");

	while (*i < json_length(all)) {
		const struct json_value *c = json_at(all, (*i)++);

		if (is(c, "kind", kind) &&
		    (criterion == NULL || is(c, "criterion", criterion)))
			return c;
	}
	return NULL;
}

int64_t
case_scaled(const struct json_value *v, int scale, int64_t otherwise)
{
	const char *s = json_number(v);
	bool negative, point = false;
	int64_t n = 0;

	if (s == NULL)
		return otherwise;
	negative = *s == '-';
	for (s += negative; *s != '\0'; s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		ck_assert_msg(*s >= '0' && *s <= '9', "not plain: %s", s);
		if (point && scale-- == 0)
			ck_abort_msg("more digits than expected: %s", s);
		n = 10 * n + (*s - '0');
	}
	while (scale-- > 0)
		n *= 10;
	return negative ? -n : n;
}
