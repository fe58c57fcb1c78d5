/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/bulk.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/ingest.h"

#include <string.h>

/* Lines of one transaction. */
#define BATCH 200
#define MIB   ((size_t)1 << 20)
#define KIB   ((size_t)1 << 10)

/* One file on its way. */
struct loading {
	struct read *r;
	const struct bulk_file *file;
	/* What a line is: a resource, or a Bundle of deletions, or an error. */
	void (*take)(struct loading *l, const char *line, size_t n);
	struct arena *arena; /* of the batch */
	struct ingest in;
	size_t lines;           /* in the batch */
	int64_t *oldest_new_ms; /* of what was new to the store; or NULL */
};

static void
batch_begin(struct loading *l, const char *type)
{
	const struct config_server *s = l->r->server;

	l->arena = arena_new();
	l->lines = 0;
	ingest_init(
	    &l->in, l->arena, s->name, s->base_url, type, clock_now_ms());
}

static enum err_code
batch_end(struct loading *l, struct err *e)
{
	struct store *s = l->r->store;
	struct cycle_report *report = l->r->report;
	struct store_page_result done;
	struct store_page page = {.server = l->r->server->name,
	    .type = l->in.type,
	    .resources = l->in.resources.items,
	    .n_resources = l->in.resources.n,
	    .quarantine = l->in.quarantine.items,
	    .n_quarantine = l->in.quarantine.n};
	enum err_code rc = s->ops->page_put(s, &page, &done, e);

	if (rc == ERR_OK) {
		report->pages++;
		report->entries += l->lines;
		report->own += l->in.own;
		report->stored += done.stored;
		report->unchanged += done.unchanged;
		report->quarantined += done.quarantined;
		if (l->oldest_new_ms != NULL)
			*l->oldest_new_ms =
			    time_earlier(*l->oldest_new_ms, done.oldest_ms);
	}
	arena_free(l->arena);
	l->arena = NULL;
	return rc;
}

static void
take_resource(struct loading *l, const char *line, size_t n)
{
	ingest_text(&l->in, l->file->url, line, n);
}

static void
take_deletions(struct loading *l, const char *line, size_t n)
{
	struct err why = ERR_INIT;

	if (ingest_page(&l->in, l->file->url, line, n, &why) != ERR_OK)
		ingest_quarantine(
		    &l->in, l->file->url, "not_json", why.text, line, n);
}

static void
take_error(struct loading *l, const char *line, size_t n)
{
	ingest_quarantine(&l->in, l->file->url, "export_error",
	    "the server could not export something", line, n);
}

static enum err_code
take_line(void *ctx, const char *line, size_t n, bool too_long, struct err *e)
{
	struct loading *l = ctx;
	const char *type = l->in.type;
	enum err_code rc = ERR_OK;

	if (too_long)
		ingest_quarantine(&l->in, l->file->url, "line_too_long",
		    "a line longer than bulk_max_line_kb", line,
		    n < 4096 ? n : 4096);
	else
		l->take(l, line, n);
	if (++l->lines < BATCH)
		return ERR_OK;
	rc = batch_end(l, e);
	batch_begin(l, type);
	return rc == ERR_OK ? read_stopped(e) : rc;
}

/* Again from its start: what a batch holds comes once more. */
static void
restart(void *ctx)
{
	struct loading *l = ctx;
	const char *type = l->in.type;

	arena_free(l->arena);
	batch_begin(l, type);
}

static enum err_code
load_file(struct loading *l, const char *type, bool with_token, struct err *e)
{
	const struct config_server *s = l->r->server;
	struct client_download d = {.url = l->file->url,
	    .with_token = with_token,
	    .max_line = (size_t)s->bulk_max_line_kb * KIB,
	    .max_file = (size_t)s->bulk_max_file_mb * MIB,
	    .restart = restart,
	    .line = take_line,
	    .ctx = l};
	size_t lines = 0;
	enum err_code rc, put;
	struct err why = ERR_INIT;

	batch_begin(l, type);
	rc = client_export_file(l->r->client, &d, &lines, e);
	put = batch_end(l, &why);
	if (rc == ERR_OK && put != ERR_OK) {
		*e = why;
		rc = put;
	}
	if (rc == ERR_OK && l->file->count >= 0 &&
	    lines < (size_t)l->file->count) {
		rc = err_set(e, ERR_TRUNCATED,
		    "$export: a file of %s holds %zu of %lld entries", type,
		    lines, (long long)l->file->count);
	}
	return rc;
}

static bool
is_wanted(const struct read *r, const char *type)
{
	static const char *const others[] = {
	    "Patient", "Condition", "BodyStructure", "Medication"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i], type) == 0)
			return true;
	return config_list_has(&r->config->poll_types, type) ||
	       config_list_has(&r->config->poll_irae_types, type);
}

static enum err_code
load_list(struct read *r, const struct bulk_manifest *m,
    const struct bulk_files *files, struct loading l, struct err *e)
{
	enum err_code rc = ERR_OK;

	l.r = r;
	for (size_t i = 0; i < files->n && rc == ERR_OK; i++) {
		const char *type = "";

		l.file = &files->items[i];
		if (l.take == take_resource) {
			type = l.file->type;
			if (!is_wanted(r, type))
				continue;
		}
		rc = load_file(&l, type, m->requires_token, e);
	}
	return rc;
}

static enum err_code
move_cursor(struct read *r, const struct bulk_manifest *m, struct err *e)
{
	struct store_page_result done;
	struct store_page page = {.server = r->server->name,
	    .type = "",
	    .cursor = "bulk",
	    .advance = true,
	    .watermark_ms = m->time_ms};

	return r->store->ops->page_put(r->store, &page, &done, e);
}

/*= interop D-12: written before the last export's time, and not in it */
static enum err_code
measure_lag(
    struct read *r, int64_t oldest_new_ms, int64_t time_ms, struct err *e)
{
	int64_t from_ms;
	enum err_code rc = read_recall(r, "bulk", "from", &from_ms, e);

	if (rc != ERR_OK || from_ms == TIME_NONE ||
	    oldest_new_ms == TIME_NONE || oldest_new_ms >= from_ms)
		return rc;
	return read_note_lag(r, time_ms - oldest_new_ms, e);
}

static enum err_code
load_all(struct read *r, const struct bulk_manifest *m, struct err *e)
{
	int64_t oldest_ms = TIME_NONE;
	enum err_code rc = load_list(r, m, &m->output,
	    (struct loading){
		.take = take_resource, .oldest_new_ms = &oldest_ms},
	    e);

	if (rc == ERR_OK) {
		rc = load_list(r, m, &m->deleted,
		    (struct loading){.take = take_deletions}, e);
	}
	if (rc == ERR_OK) {
		rc = load_list(
		    r, m, &m->error, (struct loading){.take = take_error}, e);
	}
	return rc == ERR_OK ? measure_lag(r, oldest_ms, m->time_ms, e) : rc;
}

enum err_code
bulk_apply(struct read *r, const struct bulk_manifest *m, struct err *e)
{
	enum err_code rc = load_all(r, m, e);

	if (rc == ERR_OK && m->error.n > 0) {
		report_note(r->report,
		    "the export is incomplete: the server reports errors, "
		    "which are set aside");
	}
	return rc == ERR_OK ? move_cursor(r, m, e) : rc;
}
