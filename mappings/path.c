/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/path.h"

#include <ctype.h>
#include <string.h>

#define MAX_STEPS 16

enum step_kind { STEP_MEMBER, STEP_EXTENSION, STEP_WHERE, STEP_VALUE };

struct step {
	enum step_kind kind;
	const char *name; /* member, or the member of where */
	const char *text; /* url, or the text of where */
};

struct path {
	const char *type;
	struct step steps[MAX_STEPS];
	size_t n;
};

/* What is left to read. */
struct reader {
	const char *text, *at;
	struct arena *arena;
};

static const char *
read_name(struct reader *r)
{
	const char *from = r->at;

	while (isalnum((unsigned char)*r->at) || *r->at == '_')
		r->at++;
	return r->at == from
		   ? NULL
		   : arena_strndup(r->arena, from, (size_t)(r->at - from));
}

static bool
read_char(struct reader *r, char c)
{
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

/* 'text', without escapes. */
static const char *
read_quoted(struct reader *r)
{
	const char *from, *end;

	if (!read_char(r, '\''))
		return NULL;
	from = r->at;
	end = strchr(from, '\'');
	if (end == NULL)
		return NULL;
	r->at = end + 1;
	return arena_strndup(r->arena, from, (size_t)(end - from));
}

static bool
read_step(struct reader *r, struct step *s)
{
	s->name = read_name(r);
	if (s->name == NULL)
		return false;
	if (!read_char(r, '(')) {
		s->kind =
		    strcmp(s->name, "value") == 0 ? STEP_VALUE : STEP_MEMBER;
		return true;
	}
	if (strcmp(s->name, "extension") == 0) {
		s->kind = STEP_EXTENSION;
	} else if (strcmp(s->name, "where") == 0) {
		s->kind = STEP_WHERE;
		s->name = read_name(r);
		if (s->name == NULL || !read_char(r, '='))
			return false;
	} else {
		return false;
	}
	s->text = read_quoted(r);
	return s->text != NULL && read_char(r, ')');
}

enum err_code
path_parse(
    const char *text, struct arena *a, const struct path **ret, struct err *e)
{
	struct reader r = {text, text, a};
	struct path *p = arena_alloc(a, sizeof(*p));

	p->type = read_name(&r);
	if (p->type == NULL || !isupper((unsigned char)p->type[0])) {
		return err_set(e, ERR_CONFIG,
		    "path '%s': must begin with a resource type", text);
	}
	while (*r.at != '\0') {
		if (p->n == MAX_STEPS) {
			return err_set(e, ERR_CONFIG,
			    "path '%s': more than %d steps", text, MAX_STEPS);
		}
		if (!read_char(&r, '.') || !read_step(&r, &p->steps[p->n])) {
			return err_set(e, ERR_CONFIG,
			    "path '%s': not understood at character %zu", text,
			    (size_t)(r.at - text) + 1);
		}
		p->n++;
	}
	if (p->n == 0)
		return err_set(e, ERR_CONFIG, "path '%s': no element", text);
	*ret = p;
	return ERR_OK;
}

/* Add v, or each element when it is an array. */
static void
add(struct path_result *to, const struct json_value *v, struct arena *a)
{
	if (json_type(v) == JSON_ARRAY) {
		for (size_t i = 0; i < json_length(v); i++)
			*ARENA_PUSH(a, to) = json_at(v, i);
	} else if (v != NULL && json_type(v) != JSON_NULL) {
		*ARENA_PUSH(a, to) = v;
	}
}

static void
add_value(struct path_result *to, const struct json_value *v, struct arena *a)
{
	struct json_iter it = {0};

	if (json_get(v, "value") != NULL) {
		add(to, json_get(v, "value"), a);
		return;
	}
	while (json_type(v) == JSON_OBJECT && json_next(v, &it)) {
		if (strncmp(it.name, "value", 5) == 0 &&
		    isupper((unsigned char)it.name[5]))
			add(to, it.value, a);
	}
}

static bool
text_is(const struct json_value *v, const char *text)
{
	const char *s = json_string(v);

	return s != NULL && strcmp(s, text) == 0;
}

static void
add_extension(struct path_result *to, const struct json_value *v,
    const char *url, struct arena *a)
{
	const struct json_value *all = json_get(v, "extension");

	for (size_t i = 0; i < json_length(all); i++) {
		const struct json_value *x = json_at(all, i);

		if (text_is(json_get(x, "url"), url))
			*ARENA_PUSH(a, to) = x;
	}
}

static struct path_result
walk(const struct step *s, const struct path_result *from, struct arena *a)
{
	struct path_result to = {NULL, 0, 0};

	for (size_t i = 0; i < from->n; i++) {
		const struct json_value *v = from->items[i];

		switch (s->kind) {
		case STEP_MEMBER:
			add(&to, json_get(v, s->name), a);
			break;
		case STEP_EXTENSION:
			add_extension(&to, v, s->text, a);
			break;
		case STEP_WHERE:
			if (text_is(json_get(v, s->name), s->text))
				*ARENA_PUSH(a, &to) = v;
			break;
		case STEP_VALUE:
			add_value(&to, v, a);
			break;
		}
	}
	return to;
}

struct path_result
path_values(
    const struct path *p, const struct json_value *resource, struct arena *a)
{
	struct path_result at = {NULL, 0, 0};

	if (p == NULL || !text_is(json_get(resource, "resourceType"), p->type))
		return at;
	*ARENA_PUSH(a, &at) = resource;
	for (size_t i = 0; i < p->n; i++)
		at = walk(&p->steps[i], &at, a);
	return at;
}
