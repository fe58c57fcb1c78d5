/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bulk Data $export of the system or a Group: kick-off, status, files, end.
 * What is exported is what there was at the kick-off.
 */
#include <stdlib.h>
#include <string.h>

#include "fhir/datetime.h"
#include "tests/sandbox/internal.h"

#define FILES_MAX 24

struct export_file {
	const char *list, *type; /* list: "output", "deleted", "error" */
	struct strbuf text;
	size_t count;
};

struct export_job {
	struct export_job *next;
	uint64_t id;
	int looks;
	int64_t at_ms;
	char *request;
	struct export_file files[FILES_MAX];
	size_t n_files;
};

static void
job_free(struct export_job *j)
{
	for (size_t i = 0; i < j->n_files; i++)
		strbuf_done(&j->files[i].text);
	free(j->request);
	free(j);
}

void
exports_free(struct sandbox *s)
{
	while (s->exports != NULL) {
		struct export_job *j = s->exports;

		s->exports = j->next;
		job_free(j);
	}
}

static const char *
param(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->params.n; i++)
		if (strcmp(x->params.items[i].name, name) == 0)
			return x->params.items[i].value;
	return NULL;
}

/* "Patient/1" of a resource, or NULL. */
static const char *
patient_of(struct exchange *x, const struct resource *r)
{
	int want = param_find(r->type, "patient");

	if (strcmp(r->type, "Patient") == 0)
		return arena_printf(x->a, "Patient/%s", r->id);
	for (size_t i = 0; i < r->n_values; i++)
		if (want >= 0 && r->values[i].param == want)
			return r->values[i].code;
	return NULL;
}

/* The Group's text names that patient. */
static bool
is_member(
    struct exchange *x, const struct resource *group, const struct resource *r)
{
	const char *patient = group == NULL ? NULL : patient_of(x, r);

	if (group == NULL)
		return true;
	return patient != NULL &&
	       strstr(store_latest(group)->text,
		   arena_printf(x->a, "\"%s\"", patient)) != NULL;
}

static struct export_file *
add_file(struct export_job *j, const char *list, const char *type)
{
	struct export_file *f = &j->files[j->n_files++];

	f->list = list;
	f->type = type;
	strbuf_init(&f->text, SANDBOX_TEXT_MAX);
	return f;
}

static void
add_deletion(struct export_file *f, const struct resource *r)
{
	strbuf_addf(&f->text,
	    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":"
	    "[{\"request\":{\"method\":\"DELETE\",\"url\":\"%s/%s\"}}]}\n",
	    r->type, r->id);
	f->count++;
}

static void
export_type(struct exchange *x, struct export_job *j, struct type_row *row,
    const struct resource *group, int64_t since)
{
	struct export_file *out = add_file(j, "output", row->name);
	struct export_file *gone = NULL;

	for (size_t i = 0; i < row->n; i++) {
		struct resource *r = row->items[i];

		if (r->n == 0 || store_latest(r)->updated_ms < since ||
		    fault_hides(x, r) || search_hides(x, r))
			continue;
		if (store_alive(r) && is_member(x, group, r)) {
			strbuf_adds(&out->text, store_latest(r)->text);
			strbuf_addc(&out->text, '\n');
			out->count++;
		} else if (!store_alive(r) && since != INT64_MIN) {
			if (gone == NULL)
				gone = add_file(j, "deleted", "Bundle");
			add_deletion(gone, r);
		}
	}
	if (out->count > 0)
		out->count += (size_t)x->s->options.habits.export_shortfall;
}

static void
export_all(struct exchange *x, struct export_job *j,
    const struct resource *group, int64_t since)
{
	const char *types = param(x, "_type");
	char *list = arena_strdup(x->a, types == NULL ? "Patient" : types);
	char *save = NULL;

	for (char *t = strtok_r(list, ",", &save);
	     t != NULL && j->n_files < FILES_MAX - 3;
	     t = strtok_r(NULL, ",", &save)) {
		struct type_row *row = store_type(&x->s->store, t);

		if (row != NULL)
			export_type(x, j, row, group, since);
	}
	if (x->s->options.habits.export_error) {
		struct export_file *f =
		    add_file(j, "error", "OperationOutcome");

		strbuf_adds(&f->text,
		    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{"
		    "\"severity\":\"error\",\"code\":\"exception\"}]}\n");
		f->count = 1;
	}
}

void
handle_export(struct exchange *x, const char *group)
{
	const char *since = param(x, "_since");
	int64_t ms = INT64_MIN, unused;
	struct resource *members = NULL;
	struct export_job *j;

	COUNT(x, NULL, exports);
	if (!exchange_prefers(x, "respond-async")) {
		exchange_fail(x, 400, "invalid", "Prefer: respond-async");
		return;
	}
	if (group != NULL)
		members = store_find(&x->s->store, "Group", group);
	if (group != NULL && !store_alive(members)) {
		exchange_fail(x, 404, "not-found", "no such Group");
		return;
	}
	if (since != NULL && !date_interval(since, &ms, &unused)) {
		exchange_fail(x, 400, "invalid", "_since is no instant");
		return;
	}
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		abort();
	j->id = ++x->s->next_export;
	j->at_ms = store_now_ms(&x->s->store);
	j->request =
	    strdup(arena_printf(x->a, "%s%s?%s", x->base, x->path, x->query));
	export_all(x, j, members, ms);
	j->next = x->s->exports;
	x->s->exports = j;
	x->status = 202;
	x->content_location = arena_printf(
	    x->a, "%s/$export-status/%llu", x->base, (unsigned long long)j->id);
}

static struct export_job **
job_find(struct exchange *x, const char *id)
{
	struct export_job **at = &x->s->exports;
	uint64_t want = strtoull(id, NULL, 10);

	while (*at != NULL && (*at)->id != want)
		at = &(*at)->next;
	if (*at == NULL)
		exchange_fail(x, 404, "not-found", "no such export");
	return at;
}

static void
put_files(struct exchange *x, struct json_writer *w, const struct export_job *j,
    const char *list)
{
	const char *origin = x->s->options.habits.export_files;
	const char *base =
	    origin == NULL ? x->base : arena_printf(x->a, "%s/fhir", origin);

	json_begin_array(w, list);
	for (size_t i = 0; i < j->n_files; i++) {
		const struct export_file *f = &j->files[i];

		if (strcmp(f->list, list) != 0 || f->count == 0)
			continue;
		json_begin_object(w, NULL);
		json_put_string(w, "type", f->type);
		json_put_string(w, "url",
		    arena_printf(x->a, "%s/$export-file/%llu.%zu", base,
			(unsigned long long)j->id, i));
		json_put_int(w, "count", (int64_t)f->count);
		json_end_object(w);
	}
	json_end_array(w);
}

void
handle_export_status(struct exchange *x, const char *id)
{
	struct export_job *j = *job_find(x, id);
	char at[INSTANT_SIZE];
	struct json_writer w;

	COUNT(x, NULL, export_looks);
	if (j == NULL)
		return;
	if (j->looks++ < x->s->options.habits.export_polls) {
		x->status = 202;
		x->retry_after = "1";
		return;
	}
	json_writer_init(&w, &x->out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "transactionTime", instant_format(j->at_ms, at));
	json_put_string(&w, "request", j->request);
	json_put_bool(&w, "requiresAccessToken", x->s->token != NULL);
	put_files(x, &w, j, "output");
	put_files(x, &w, j, "deleted");
	put_files(x, &w, j, "error");
	json_end_object(&w);
	x->out_type = "application/json";
	x->status = 200;
}

void
handle_export_file(struct exchange *x, const char *name)
{
	struct export_job *j = *job_find(x, name);
	const char *dot = strchr(name, '.');
	size_t i = dot == NULL ? FILES_MAX : strtoul(dot + 1, NULL, 10);

	COUNT(x, NULL, export_files);
	if (j == NULL)
		return;
	if (i >= j->n_files) {
		exchange_fail(x, 404, "not-found", "no such file");
		return;
	}
	strbuf_add(&x->out, j->files[i].text.s, j->files[i].text.len);
	x->out_type = "application/fhir+ndjson";
	x->status = 200;
}

void
handle_export_end(struct exchange *x, const char *id)
{
	struct export_job **at = job_find(x, id), *j = *at;

	COUNT(x, NULL, export_ends);
	if (j == NULL)
		return;
	*at = j->next;
	job_free(j);
	x->status = 202;
}
