/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fact_cases.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/facts_dump.h"

#define MAX_READERS 4

bool
fact_cases_has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *s = text; s != NULL && *s != '\0';) {
		if (strncmp(s, line, n) == 0 && (s[n] == '\n' || s[n] == '\0'))
			return true;
		s = strchr(s, '\n');
		s = s == NULL ? NULL : s + 1;
	}
	return false;
}

static bool
has_start(const char *text, const char *start)
{
	size_t n = strlen(start);

	for (const char *s = text; s != NULL && *s != '\0';) {
		if (strncmp(s, start, n) == 0)
			return true;
		s = strchr(s, '\n');
		s = s == NULL ? NULL : s + 1;
	}
	return false;
}

/* The i-th resource in one of several orders. */
static size_t
place(size_t i, size_t n, int order)
{
	switch (order) {
	case 0:
		return i;
	case 1:
		return n - 1 - i;
	default:
		return (i + n / 2) % n;
	}
}

static size_t
read_readers(const struct json_value *v, const char **ret)
{
	for (size_t i = 0; i < json_length(v) && i < MAX_READERS; i++)
		ret[i] = json_string(json_at(v, i));
	return json_length(v);
}

static char *
run(const struct json_value *c, int order, bool timeline)
{
	const struct json_value *all = json_get(c, "resources");
	const struct json_value *o = json_get(c, "options");
	struct timeline_options times = TIMELINE_DEFAULTS;
	const char *readers[MAX_READERS];
	struct mapped m = {0};
	char *text;

	m.options.readers = times.readers = readers;
	m.options.n_readers = times.n_readers =
	    read_readers(json_get(o, "readers"), readers);
	m.options.role_path = json_string_at(o, "role_path");
	m.options.state_path = json_string_at(o, "state_path");
	m.options.identity_path = json_string_at(o, "identity_path");
	mapped_begin(&m);
	for (size_t i = 0; i < json_length(all); i++) {
		size_t at = place(i, json_length(all), order);

		mapped_add(&m, json_text(json_at(all, at)));
	}
	mapped_finish(&m);
	text = timeline ? mapped_timelines(&m, &times) : mapped_text(&m);
	mapped_done(&m);
	return text;
}

static void
check_case(const char *file, const struct json_value *c, bool timeline)
{
	const char *why = json_string_at(c, "why");
	const struct json_value *facts = json_get(c, "facts");
	const struct json_value *without = json_get(c, "without");
	char *text = run(c, 0, timeline);

	for (size_t i = 0; i < json_length(facts); i++) {
		const char *line = json_string(json_at(facts, i));

		ck_assert_msg(fact_cases_has_line(text, line),
		    "%s: %s\nwanted: %s\ngot:\n%s", file, why, line, text);
	}
	for (size_t i = 0; i < json_length(without); i++) {
		const char *start = json_string(json_at(without, i));

		ck_assert_msg(!has_start(text, start),
		    "%s: %s\nnot wanted: %s\ngot:\n%s", file, why, start, text);
	}
	for (int order = 1; order < 3; order++) {
		char *other = run(c, order, timeline);

		ck_assert_msg(strcmp(text, other) == 0,
		    "%s: %s\norder %d gives:\n%sinstead of:\n%s", file, why,
		    order, other, text);
		free(other);
	}
	free(text);
}

void
fact_cases_check(const char *path, bool timeline)
{
	struct json_doc *doc;
	struct err e = ERR_INIT;
	size_t len;
	char *s = check_read_file(path, &len);

	ck_assert_msg(
	    json_parse(s, len, &doc, &e) == ERR_OK, "%s: %s", path, e.text);
	free(s);
	ck_assert_uint_gt(json_length(json_root(doc)), 0);
	for (size_t i = 0; i < json_length(json_root(doc)); i++)
		check_case(path, json_at(json_root(doc), i), timeline);
	json_free(doc);
}
