/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference of two bodies, a line a leaf.
 */
#include "fhir/util/printable.h"
#include "gateway/outbody.h"

#include <string.h>

struct leaves {
	struct arena *arena;
	LIST_OF(const char *) lines;
};

static void
collect(struct leaves *l, const char *path, const struct json_value *v)
{
	struct json_iter it = {NULL, NULL, NULL};
	size_t n = json_length(v);

	switch (json_type(v)) {
	case JSON_OBJECT:
		while (json_next(v, &it)) {
			collect(l,
			    arena_printf(l->arena, "%s%s%s", path,
				path[0] ? "." : "", it.name),
			    it.value);
		}
		break;
	case JSON_ARRAY:
		for (size_t i = 0; i < n; i++) {
			collect(l, arena_printf(l->arena, "%s[%zu]", path, i),
			    json_at(v, i));
		}
		break;
	default:
		*ARENA_PUSH(l->arena, &l->lines) =
		    arena_printf(l->arena, "%s: %s", path, json_text(v));
	}
}

static void
collect_body(struct leaves *l, const char *body)
{
	struct json_doc *doc = NULL;
	struct err unheard = ERR_INIT;

	if (body == NULL ||
	    json_parse(body, strlen(body), &doc, &unheard) != ERR_OK)
		return;
	collect(l, "", json_root(doc));
	json_free(doc);
}

static void
print_missing(
    const struct leaves *these, const struct leaves *in, char sign, FILE *out)
{
	for (size_t i = 0; i < these->lines.n; i++) {
		bool found = false;

		for (size_t j = 0; j < in->lines.n && !found; j++) {
			found = strcmp(these->lines.items[i],
				    in->lines.items[j]) == 0;
		}
		if (!found)
			printable_print(
			    out, "  %c %s", sign, these->lines.items[i]);
	}
}

void
outbody_print_changes(const char *before, const char *after, FILE *out)
{
	struct arena *a = arena_new();
	struct leaves was = {a, {NULL, 0, 0}}, is = {a, {NULL, 0, 0}};

	collect_body(&was, before);
	collect_body(&is, after);
	print_missing(&was, &is, '-', out);
	print_missing(&is, &was, '+', out);
	arena_free(a);
}
