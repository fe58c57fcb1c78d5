/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What search parameters find in a resource, taken out when it is written.
 */
#include <stdlib.h>
#include <string.h>

#include "fhir/datetime.h"
#include "tests/sandbox/internal.h"

#define ANY NULL
const struct param_row params[] = {
#define PARAM(type, name, kind, path) {type, name, PARAM_##kind, path},
#include "tests/sandbox/params.def"
#undef PARAM
};
const size_t n_params = sizeof(params) / sizeof(params[0]);

#define DAY_MS ((int64_t)86400000)

int
param_find(const char *type, const char *name)
{
	for (size_t i = 0; i < n_params; i++)
		if (strcmp(params[i].name, name) == 0 &&
		    (params[i].type == NULL ||
			strcmp(params[i].type, type) == 0))
			return (int)i;
	return -1;
}

bool
reference_normal(const char *text, char buf[REFERENCE_SIZE])
{
	const char *end = strstr(text, "/_history/");
	const char *p, *type;
	int slashes = 0;

	if (end == NULL)
		end = text + strlen(text);
	for (p = end; p > text && slashes < 2; p--)
		if (p[-1] == '/' && ++slashes == 2)
			break;
	type = p;
	if (slashes == 0 || *type < 'A' || *type > 'Z' ||
	    (size_t)(end - type) >= REFERENCE_SIZE)
		return false;
	memcpy(buf, type, (size_t)(end - type));
	buf[end - type] = '\0';
	return true;
}

/* How long the moment that a time's text names lasts. */
static int64_t
second_span(const char *text)
{
	static const int64_t spans[] = {1000, 100, 10, 1};
	const char *dot = strchr(text, '.');
	size_t n;

	if (dot == NULL)
		return 1000;
	n = strspn(dot + 1, "0123456789");
	return spans[n < 3 ? n : 3];
}

/* A search may stop at minutes, where a resource may not. */
static bool
minutes_only(const char *text, char buf[40])
{
	size_t n = strlen(text);

	if (n < 16 || n > 30 || text[10] != 'T' || text[13] != ':' ||
	    text[16] == ':')
		return false;
	snprintf(buf, 40, "%.16s:00%s", text, text + 16);
	return true;
}

bool
date_interval(const char *text, int64_t *ret_from, int64_t *ret_until)
{
	struct datetime t;
	char buf[40];
	bool minutes = minutes_only(text, buf);
	int y, m, d;

	if (datetime_parse(minutes ? buf : text, &t, NULL) != ERR_OK)
		return false;
	*ret_from = datetime_instant_ms(&t);
	day_to_civil(t.day, &y, &m, &d);
	switch (t.precision) {
	case DATE_YEAR:
		*ret_until = day_from_civil(y + 1, 1, 1) * DAY_MS;
		return true;
	case DATE_MONTH:
		*ret_until = (m == 12 ? day_from_civil(y + 1, 1, 1)
				      : day_from_civil(y, m + 1, 1)) *
			     DAY_MS;
		return true;
	case DATE_DAY:
		*ret_until = *ret_from + DAY_MS;
		return true;
	case DATE_SECOND:
		*ret_until = *ret_from + (minutes ? 60000 : second_span(text));
		return true;
	default:
		return false;
	}
}

struct building {
	struct resource *r;
	size_t cap;
	int param; /* the row being looked for */
	int first; /* the first row of that parameter */
};

static struct index_value *
value_push(struct building *b)
{
	struct resource *r = b->r;
	struct index_value *v;

	if (r->n_values == b->cap) {
		b->cap = b->cap == 0 ? 8 : b->cap * 2;
		r->values = realloc(r->values, b->cap * sizeof(*r->values));
		if (r->values == NULL)
			abort();
	}
	v = &r->values[r->n_values++];
	memset(v, 0, sizeof(*v));
	v->param = b->first;
	return v;
}

static char *
copy(const char *s)
{
	char *p = s == NULL ? NULL : strdup(s);

	if (s != NULL && p == NULL)
		abort();
	return p;
}

static void
add_token(struct building *b, const char *system, const char *code)
{
	struct index_value *v;

	if (code == NULL)
		return;
	v = value_push(b);
	v->system = copy(system);
	v->code = copy(code);
}

/* code, boolean, Coding, Identifier or CodeableConcept, by shape. */
static void
take_token(struct building *b, const struct json_value *v)
{
	const struct json_value *coding = json_get(v, "coding");
	const char *system = json_string(json_get(v, "system"));

	if (json_type(v) == JSON_STRING)
		add_token(b, NULL, json_string(v));
	else if (json_type(v) == JSON_BOOL)
		add_token(b, NULL, json_true(v) ? "true" : "false");
	for (size_t i = 0; i < json_length(coding); i++)
		take_token(b, json_at(coding, i));
	add_token(b, system, json_string(json_get(v, "code")));
	add_token(b, system, json_string(json_get(v, "value")));
}

static void
take_reference(struct building *b, const struct json_value *v)
{
	const char *text = json_string(json_get(v, "reference"));
	char buf[REFERENCE_SIZE];

	if (text != NULL && reference_normal(text, buf))
		add_token(b, NULL, buf);
}

static void
take_date(struct building *b, const struct json_value *v)
{
	const char *start = json_string(json_get(v, "start"));
	const char *end = json_string(json_get(v, "end"));
	int64_t from = INT64_MIN, until = INT64_MAX, ignored;
	struct index_value *at;
	bool ok;

	if (json_type(v) == JSON_STRING)
		ok = date_interval(json_string(v), &from, &until);
	else
		ok = (start != NULL || end != NULL) &&
		     (start == NULL || date_interval(start, &from, &ignored)) &&
		     (end == NULL || date_interval(end, &ignored, &until));
	if (!ok)
		return;
	at = value_push(b);
	at->from = from;
	at->until = until;
}

static void
take(struct building *b, const struct json_value *v)
{
	switch (params[b->param].kind) {
	case PARAM_TOKEN:
		take_token(b, v);
		break;
	case PARAM_REFERENCE:
		take_reference(b, v);
		break;
	case PARAM_DATE:
		take_date(b, v);
		break;
	case PARAM_STRING:
		add_token(b, NULL, json_string(v));
		break;
	}
}

/* Every element at a path, through every array. */
static void
walk(struct building *b, const struct json_value *v, const char *path)
{
	size_t n = strcspn(path, ".");
	char name[64];

	if (json_type(v) == JSON_ARRAY) {
		for (size_t i = 0; i < json_length(v); i++)
			walk(b, json_at(v, i), path);
		return;
	}
	if (v == NULL)
		return;
	if (*path == '\0') {
		take(b, v);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)n, path);
	walk(b, json_get(v, name), path[n] == '.' ? path + n + 1 : path + n);
}

void
index_build(struct resource *r, const struct json_value *root)
{
	struct building b = {r, 0, 0, 0};

	index_clear(r);
	for (size_t i = 0; i < n_params; i++)
		if (params[i].type == NULL ||
		    strcmp(params[i].type, r->type) == 0) {
			b.param = (int)i;
			if (strcmp(params[i].name, params[b.first].name) != 0)
				b.first = (int)i;
			walk(&b, root, params[i].path);
		}
}

void
index_clear(struct resource *r)
{
	for (size_t i = 0; i < r->n_values; i++) {
		free(r->values[i].system);
		free(r->values[i].code);
	}
	free(r->values);
	r->values = NULL;
	r->n_values = 0;
}
