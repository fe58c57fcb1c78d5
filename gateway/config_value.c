/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/config_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(int) == sizeof(int32_t), "TMM options are ints");

static bool
parse_int(const char *s, int *ret)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(s, &end, 10);
	if (end == s || *end != '\0' || errno != 0 || v < INT32_MIN ||
	    v > INT32_MAX)
		return false;
	*ret = (int)v;
	return true;
}

/* "5", "5.0" millimetres as 50 tenths. */
static bool
parse_tmm(const char *s, int *ret)
{
	size_t n = strspn(s, "0123456789");
	int tenth = 0;

	if (n == 0 || n > 6)
		return false;
	if (s[n] == '.') {
		if (!isdigit((unsigned char)s[n + 1]) || s[n + 2] != '\0')
			return false;
		tenth = s[n + 1] - '0';
	} else if (s[n] != '\0') {
		return false;
	}
	*ret = (int)strtol(s, NULL, 10) * 10 + tenth;
	return true;
}

static bool
parse_bool(const char *s, bool *ret)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"yes", true}, {"no", false}, {"true", true},
	    {"false", false}, {"on", true}, {"off", false}, {"1", true},
	    {"0", false}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(s, words[i].word) == 0) {
			*ret = words[i].value;
			return true;
		}
	}
	return false;
}

/* Append the comma-separated items of s to the list at p. */
static void
parse_list(struct arena *a, const char *s, struct config_list *ret)
{
	LIST_OF(const char *) list = {NULL, 0, 0};

	for (size_t i = 0; i < ret->n; i++)
		*ARENA_PUSH(a, &list) = ret->items[i];
	while (*s != '\0') {
		size_t n;

		s += strspn(s, ", \t");
		n = strcspn(s, ",");
		while (n > 0 && isspace((unsigned char)s[n - 1]))
			n--;
		if (n > 0)
			*ARENA_PUSH(a, &list) = arena_strndup(a, s, n);
		s += strcspn(s, ",");
	}
	ret->items = list.items;
	ret->n = list.n;
}

const char *
config_value_set(
    struct arena *a, const struct option_row *row, void *base, const char *s)
{
	char *at = (char *)base + row->offset;
	int v;
	bool b;

	switch (row->type) {
	case OPTION_INT:
		if (!parse_int(s, &v))
			return "is not a whole number";
		break;
	case OPTION_TMM:
		if (!parse_tmm(s, &v))
			return "is not a length in mm with at most one decimal";
		break;
	case OPTION_BOOL:
		if (!parse_bool(s, &b))
			return "is neither yes nor no";
		memcpy(at, &b, sizeof(b));
		return NULL;
	case OPTION_LIST:
		parse_list(a, s, (struct config_list *)(void *)at);
		return NULL;
	default:
		s = row->type == OPTION_OPTIONAL && s[0] == '\0'
			? NULL
			: arena_strdup(a, s);
		memcpy(at, &s, sizeof(s));
		return NULL;
	}
	if (v < row->min || v > row->max)
		return "is out of bounds";
	memcpy(at, &v, sizeof(v));
	return NULL;
}
