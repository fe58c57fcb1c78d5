/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/input.h"

#include "fhir/util/strbuf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One input file at most; it is read whole, its entries are not. */
#define INPUT_MAX ((size_t)1 << 30)

struct input {
	struct intake *intake;
	struct arena *arena;
	LIST_OF(struct bundle_head) heads; /* of every searchset */
	size_t files;
	size_t used, invalid; /* entries of this file */
	struct err first;     /* why the first was invalid */
	size_t taken;         /* resources of all files */
};

struct input *
input_new(struct intake *in)
{
	struct arena *a = arena_new();
	struct input *i = arena_alloc(a, sizeof(*i));

	i->arena = a;
	i->intake = in;
	return i;
}

void
input_free(struct input *i)
{
	if (i != NULL)
		arena_free(i->arena);
}

static enum err_code
slurp(const char *path, struct strbuf *out, struct err *e)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char chunk[65536];
	size_t n;
	enum err_code rc = ERR_OK;

	if (f == NULL)
		return err_set(e, ERR_IO, "%s", strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
		strbuf_add(out, chunk, n);
		if (out->overflow) {
			rc = err_set(e, ERR_LIMIT, "larger than %zu MiB",
			    INPUT_MAX >> 20);
			goto out;
		}
	}
	if (ferror(f))
		rc = err_set(e, ERR_IO, "%s", strerror(errno));
out:
	if (f != stdin)
		fclose(f);
	return rc;
}

static bool
is_type(const struct json_value *v, const char *type)
{
	const char *is = json_string_at(v, "resourceType");

	return is != NULL && strcmp(is, type) == 0;
}

/* --- what a server says is missing --- */

static bool
tells_of_failure(const struct json_value *issue)
{
	static const char *const severities[] = {"fatal", "error"};
	static const char *const codes[] = {
	    "incomplete", "suppressed", "too-costly", "throttled", "timeout"};
	const char *severity = json_string_at(issue, "severity");
	const char *code = json_string_at(issue, "code");

	for (size_t i = 0; severity != NULL && i < 2; i++) {
		if (strcmp(severity, severities[i]) == 0)
			return true;
	}
	for (size_t i = 0; code != NULL && i < 5; i++) {
		if (strcmp(code, codes[i]) == 0)
			return true;
	}
	return false;
}

static void
look_outcome(struct input *i, const struct json_value *outcome)
{
	const struct json_value *all = json_get(outcome, "issue");

	for (size_t k = 0; k < json_length(all); k++) {
		const struct json_value *issue = json_at(all, k);
		const char *code = json_string_at(issue, "code");

		if (tells_of_failure(issue)) {
			intake_problem(i->intake, NULL, "result_incomplete",
			    "an OperationOutcome among the data says '%.30s'",
			    code == NULL ? "" : code);
		}
	}
}

/* An answer of a batch that is none; a resource gone is a deletion. */
static void
look_status(struct input *i, const struct bundle_entry *entry)
{
	const char *s = entry->status;

	if (s == NULL || (s[0] != '4' && s[0] != '5') ||
	    strncmp(s, "404", 3) == 0 || strncmp(s, "410", 3) == 0)
		return;
	intake_problem(i->intake, NULL, "result_incomplete",
	    "an answer among the data is the error %.3s", s);
}

/* --- resources --- */

static enum err_code take(
    void *ctx, const struct bundle_entry *entry, struct err *e);

static void
on_head(void *ctx, const struct bundle_head *head)
{
	struct input *i = ctx;

	if (head->next != NULL ||
	    (head->type != NULL && strcmp(head->type, "searchset") == 0))
		*ARENA_PUSH(i->arena, &i->heads) = *head;
}

/* Each parameter holds a resource, or parts that do. */
static enum err_code
take_parameters(struct input *i, const struct json_value *list, size_t offset,
    struct err *e)
{
	enum err_code rc = ERR_OK;

	for (size_t k = 0; rc == ERR_OK && k < json_length(list); k++) {
		const struct json_value *p = json_at(list, k);
		struct bundle_entry entry = {
		    .resource = json_get(p, "resource"), .offset = offset};

		if (is_type(entry.resource, "Bundle")) {
			char *text =
			    arena_strdup(i->arena, json_text(entry.resource));

			rc = resources_read(text, strlen(text), i->arena, take,
			    on_head, i, e);
		} else if (entry.resource != NULL) {
			rc = take(i, &entry, e);
		}
		if (rc == ERR_OK)
			rc = take_parameters(i, json_get(p, "part"), offset, e);
	}
	return rc;
}

static void
note_invalid(
    struct input *i, const struct bundle_entry *entry, const struct err *why)
{
	if (i->invalid++ == 0)
		i->first = *why;
	intake_problem(i->intake, NULL, "resource_invalid",
	    "file %zu, byte %zu: %s", i->files, entry->offset, why->text);
}

static enum err_code
take(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	struct input *i = ctx;
	struct err why = ERR_INIT;
	enum err_code rc;

	look_status(i, entry);
	look_outcome(i, entry->outcome);
	if (is_type(entry->resource, "OperationOutcome")) {
		look_outcome(i, entry->resource);
		return ERR_OK;
	}
	if (is_type(entry->resource, "Parameters")) {
		return take_parameters(
		    i, json_get(entry->resource, "parameter"), entry->offset, e);
	}
	rc = intake_add(i->intake, entry, &why);
	if (rc == ERR_INVALID || rc == ERR_NOT_FHIR) {
		note_invalid(i, entry, &why);
		return ERR_OK;
	}
	if (rc != ERR_OK)
		*e = why;
	if (entry->resource != NULL)
		i->taken++;
	i->used++;
	return rc;
}

enum err_code
input_read(struct input *i, const char *path, struct err *e)
{
	struct strbuf text;
	enum err_code rc;

	i->files++;
	i->used = i->invalid = 0;
	strbuf_init(&text, INPUT_MAX);
	rc = slurp(path, &text, e);
	if (rc == ERR_OK) {
		rc = resources_read(
		    text.s, text.len, i->arena, take, on_head, i, e);
	}
	if (rc == ERR_OK && i->used == 0 && i->invalid > 0) {
		*e = i->first;
		rc = e->code;
	}
	if (rc != ERR_OK) {
		err_context(
		    e, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
	}
	strbuf_done(&text);
	return rc;
}

/* --- pages --- */

static int
compare_urls(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct urls {
	LIST_OF(const char *) list; /* in order */
};

static bool
holds(const struct urls *u, const char *url)
{
	return url != NULL && u->list.n > 0 &&
	       bsearch(&url, u->list.items, u->list.n, sizeof(url),
		   compare_urls) != NULL;
}

/* Where the pages stand, or where they lead. */
static struct urls
urls_of(const struct input *i, bool next)
{
	struct urls u = {0};

	for (size_t k = 0; k < i->heads.n; k++) {
		const struct bundle_head *h = &i->heads.items[k];
		const char *url = next ? h->next : h->self;

		if (url != NULL)
			*ARENA_PUSH(i->arena, &u.list) = url;
	}
	if (u.list.n > 0) {
		qsort(u.list.items, u.list.n, sizeof(*u.list.items),
		    compare_urls);
	}
	return u;
}

/* A search of one page says how much it found. */
static bool
lacks(const struct bundle_head *h, const struct urls *nexts)
{
	return h->next == NULL && h->previous == NULL &&
	       !holds(nexts, h->self) && h->total >= 0 &&
	       (uint64_t)h->total > h->entries;
}

void
input_finish(struct input *i)
{
	struct urls selves = urls_of(i, false), nexts = urls_of(i, true);

	for (size_t k = 0; k < i->heads.n; k++) {
		const struct bundle_head *h = &i->heads.items[k];

		if (h->next != NULL && !holds(&selves, h->next)) {
			intake_problem(i->intake, NULL, "result_incomplete",
			    "a search result goes on; its next page is not "
			    "among the files");
		} else if (lacks(h, &nexts)) {
			intake_problem(i->intake, NULL, "result_incomplete",
			    "a search found %lld, %zu came",
			    (long long)h->total, h->entries);
		}
	}
	if (i->taken > 0 && intake_is_empty(i->intake)) {
		intake_problem(i->intake, NULL, "nothing_read",
		    "none of %zu resources is of a type that is read",
		    i->taken);
	}
}
