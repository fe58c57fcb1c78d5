/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/json_walk.h"

#include <assert.h>
#include <string.h>

static bool
is_space(int c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t
skip_string(const char *s, size_t i)
{
	for (i++; s[i] != '"'; i++)
		if (s[i] == '\\')
			i++;
	return i + 1;
}

/* The end of the value at i, which stands inside an array or object. */
static size_t
skip_value(const char *s, size_t i)
{
	int depth = 0;

	if (strchr("{[\"", s[i]) == NULL) {
		while (!is_space(s[i]) && s[i] != ',' && s[i] != ']' &&
		       s[i] != '}')
			i++;
		return i;
	}
	do {
		if (s[i] == '"') {
			i = skip_string(s, i);
			continue;
		}
		if (s[i] == '{' || s[i] == '[')
			depth++;
		else if (s[i] == '}' || s[i] == ']')
			depth--;
		i++;
	} while (depth > 0);
	return i;
}

/* Past white space, one `c` and white space again. */
static size_t
skip_over(const char *s, size_t i, char c)
{
	while (is_space(s[i]))
		i++;
	if (s[i] == c)
		for (i++; is_space(s[i]);)
			i++;
	return i;
}

bool
json_walk_is(const char *s, struct json_range r, const char *text)
{
	size_t len = strlen(text);
	char copy[256];

	if (r.n < 2 || s[r.at] != '"')
		return false;
	r.at++, r.n -= 2;
	if (memchr(s + r.at, '\\', r.n) == NULL)
		return r.n == len && memcmp(s + r.at, text, len) == 0;
	assert(len * 6 < sizeof(copy));
	return r.n <= len * 6 && json_unescape(s + r.at, r.n, copy) == len &&
	       memcmp(copy, text, len) == 0;
}

bool
json_walk_member(const char *s, struct json_range object, const char *name,
    size_t *ret_name_at, struct json_range *ret_value)
{
	size_t i = object.at, end;
	struct json_range key;

	if (object.n == 0 || s[i] != '{')
		return false;
	for (i = skip_over(s, i, '{'); s[i] != '}';
	     i = skip_over(s, end, ',')) {
		key = (struct json_range){i, skip_string(s, i) - i};
		i = skip_over(s, i + key.n, ':');
		end = skip_value(s, i);
		if (!json_walk_is(s, key, name))
			continue;
		if (ret_name_at != NULL)
			*ret_name_at = key.at;
		*ret_value = (struct json_range){i, end - i};
		return true;
	}
	return false;
}

bool
json_walk_element(const char *s, struct json_range array, struct json_range *it)
{
	size_t i;

	if (array.n == 0 || s[array.at] != '[')
		return false;
	if (it->n == 0)
		i = skip_over(s, array.at, '[');
	else
		i = skip_over(s, it->at + it->n, ',');
	if (s[i] == ']')
		return false;
	*it = (struct json_range){i, skip_value(s, i) - i};
	return true;
}

size_t
json_walk_minus_zero(const char *s, size_t from, size_t to)
{
	size_t i = from;

	while (i < to) {
		if (s[i] == '"') {
			i = skip_string(s, i);
			continue;
		}
		if (s[i] == '-' && s[i + 1] == '0' &&
		    (i + 2 == to || strchr(".eE", s[i + 2]) == NULL) &&
		    (i == from || strchr("eE", s[i - 1]) == NULL))
			return i + 2;
		i++;
	}
	return 0;
}
