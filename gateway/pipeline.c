/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/pipeline.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/aside.h"
#include "gateway/conclude.h"
#include "gateway/ingest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Hops from a patient's own resources: dose → Medication → ingredient. */
#define MAX_HOPS 3

struct pipeline {
	struct pipeline_options o;
	struct arena *arena; /* as long as the pipeline */
	struct client *client;
	struct capability capability;
	bool capable; /* capability is known */
	struct deliver deliver;
	struct aside aside;
	char owner[128];
};

/* --- life --- */

enum err_code
pipeline_new(
    const struct pipeline_options *o, struct pipeline **ret, struct err *e)
{
	struct client_options how = config_client(o->server);
	struct client *client = NULL;
	struct pipeline *p;
	char host[64] = "";
	enum err_code rc = client_new(&how, &client, e);

	if (rc != ERR_OK)
		return rc;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		abort();
	p->o = *o;
	p->arena = arena_new();
	p->client = client;
	gethostname(host, sizeof(host) - 1);
	snprintf(p->owner, sizeof(p->owner), "%s:%ld:%lld", host,
	    (long)getpid(), (long long)clock_now_ms());
	p->deliver = (struct deliver){.client = client,
	    .store = o->store,
	    .config = o->config,
	    .server = o->server,
	    .capability = &p->capability};
	aside_init(&p->aside, client, o->store, o->server);
	*ret = p;
	return ERR_OK;
}

void
pipeline_free(struct pipeline *p)
{
	if (p == NULL)
		return;
	aside_done(&p->aside);
	client_free(p->client);
	arena_free(p->arena);
	free(p);
}

static enum err_code
stopped(struct err *e)
{
	return clock_stopped() ? err_set(e, ERR_STOPPED, "stopped") : ERR_OK;
}

/* Once: FHIR R4, and what may be written. */
static enum err_code
learn(struct pipeline *p, struct err *e)
{
	struct json_doc *doc = NULL;
	char *body = NULL;
	size_t len;
	enum err_code rc;

	if (p->capable)
		return ERR_OK;
	rc = client_capability(p->client, &body, &len, e);
	if (rc == ERR_OK)
		rc = json_parse(body, len, &doc, e);
	if (rc == ERR_OK) {
		rc = capability_read(
		    json_root(doc), p->arena, &p->capability, e);
	}
	json_free(doc);
	free(body);
	if (rc != ERR_OK)
		return rc;
	p->capable = true;
	log_event(LOG_SERVER, log_word("server", p->o.server->name),
	    log_word("fhir", p->capability.fhir_version),
	    log_word("software", p->capability.software));
	return ERR_OK;
}

/* --- poll --- */

struct poll {
	struct pipeline *p;
	struct cycle_report *report;
	const char *type;
	int64_t watermark_ms; /* of the run before */
	int64_t start_ms;     /* the server's, at the first page */
	int64_t newest_ms;
};

/*= interop B.3: min(newest seen, the server's time at the start), never
 *= the client's clock; TIME_NONE when neither is known. */
static int64_t
next_watermark(const struct poll *w)
{
	int64_t next = w->newest_ms;

	if (next == TIME_NONE) /* nothing seen: the first run's start */
		next = w->watermark_ms == TIME_NONE ? w->start_ms
						    : w->watermark_ms;
	else if (w->start_ms != TIME_NONE && w->start_ms < next)
		next = w->start_ms;
	if (w->watermark_ms != TIME_NONE && next < w->watermark_ms &&
	    (w->start_ms == TIME_NONE || w->start_ms >= w->watermark_ms))
		next = w->watermark_ms;
	return next;
}

static void
count_page(struct poll *w, const struct ingest *in,
    const struct store_page_result *done)
{
	struct cycle_report *r = w->report;

	r->pages++;
	r->entries += in->entries;
	r->own += in->own;
	r->stored += done->stored;
	r->unchanged += done->unchanged;
	r->quarantined += done->quarantined;
	log_event(LOG_POLL_PAGE, log_word("type", w->type),
	    log_int("entries", (int64_t)in->entries),
	    log_int("new", (int64_t)done->stored));
	if (done->quarantined > 0) {
		log_event(LOG_QUARANTINED, log_word("type", w->type),
		    log_int("n", (int64_t)done->quarantined));
	}
}

/*= interop D-15: the self link says what the server really looked for. */
static void
begin_run(struct poll *w, const struct client_page *page)
{
	w->start_ms = page->server_ms;
	if (w->watermark_ms != TIME_NONE && page->head->self != NULL &&
	    strstr(page->head->self, "_lastUpdated") == NULL)
		log_event(LOG_POLL_UNFILTERED, log_word("type", w->type));
}

static enum err_code
take_page(void *ctx, const struct client_page *page, struct err *e)
{
	struct poll *w = ctx;
	const struct config_server *server = w->p->o.server;
	struct arena *a = arena_new();
	struct ingest in;
	struct store_page_result done;
	struct store_page row = {.server = server->name, .type = w->type};
	enum err_code rc;

	if (page->number == 0)
		begin_run(w, page);
	ingest_init(
	    &in, a, server->name, server->base_url, w->type, clock_now_ms());
	rc = ingest_page(&in, page->url, page->body, page->len, e);
	if (rc != ERR_OK)
		goto out;
	if (in.max_updated_ms > w->newest_ms)
		w->newest_ms = in.max_updated_ms;
	row.resources = in.resources.items;
	row.n_resources = in.resources.n;
	row.quarantine = in.quarantine.items;
	row.n_quarantine = in.quarantine.n;
	row.watermark_ms = next_watermark(w);
	row.advance = page->last && row.watermark_ms != TIME_NONE;
	rc = w->p->o.store->ops->page_put(w->p->o.store, &row, &done, e);
	if (rc != ERR_OK)
		goto out;
	count_page(w, &in, &done);
	rc = stopped(e);
	/* All read and kept: a stop now costs nothing. */
	if (page->last && rc == ERR_STOPPED)
		rc = ERR_OK;
out:
	arena_free(a);
	return rc;
}

static char *
search_query(const struct poll *w, struct arena *a)
{
	int64_t overlap = (int64_t)w->p->o.config->poll_overlap_s * 1000;
	char since[INSTANT_SIZE];

	if (w->watermark_ms == TIME_NONE)
		return arena_printf(a, "%s?_sort=_lastUpdated", w->type);
	return arena_printf(a, "%s?_lastUpdated=ge%s&_sort=_lastUpdated",
	    w->type, instant_format(w->watermark_ms - overlap, since));
}

static enum err_code
poll_type(struct pipeline *p, const char *type, struct cycle_report *report,
    struct err *e)
{
	struct store *s = p->o.store;
	struct poll w = {.p = p,
	    .report = report,
	    .type = type,
	    .start_ms = TIME_NONE,
	    .newest_ms = TIME_NONE};
	struct arena *a;
	enum err_code rc =
	    s->ops->cursor_get(s, p->o.server->name, type, &w.watermark_ms, e);

	if (rc != ERR_OK)
		return rc;
	a = arena_new();
	report->searches++;
	log_event(LOG_POLL_START, log_word("type", type));
	rc = client_search(p->client, search_query(&w, a), take_page, &w, e);
	arena_free(a);
	if (rc == ERR_OK) {
		log_event(LOG_POLL_DONE, log_word("type", type));
		return ERR_OK;
	}
	err_context(e, "%s", type);
	if (aside_page(&p->aside, type, &report->quarantined, e) != ERR_OK)
		return e->code;
	if (rc != ERR_STOPPED) {
		log_event(LOG_POLL_FAILED, log_word("type", type),
		    log_word("code", err_name(rc)));
	}
	return rc;
}

/* Every type, even when one fails; the first failure counts. */
static enum err_code
poll_all(struct pipeline *p, struct cycle_report *report, struct err *e)
{
	const struct config_list *types = &p->o.config->poll_types;
	enum err_code first = ERR_OK;

	for (size_t i = 0; i < types->n; i++) {
		struct err why = ERR_INIT;
		enum err_code rc = poll_type(p, types->items[i], report, &why);

		if (rc != ERR_OK && first == ERR_OK) {
			first = rc;
			*e = why;
		}
		if (rc == ERR_STOPPED || rc == ERR_STORE || rc == ERR_TLS ||
		    rc == ERR_CONNECT || rc == ERR_AUTH)
			break;
	}
	return first;
}

/* --- references --- */

/* Answers that are final for one resource; all others end the cycle. */
static bool
is_absent(enum err_code code, enum resource_state *ret)
{
	*ret = code == ERR_GONE ? RESOURCE_DELETED : RESOURCE_MISSING;
	return code == ERR_GONE || code == ERR_NOT_FOUND ||
	       code == ERR_FORBIDDEN || code == ERR_REFUSED;
}

static enum err_code
read_one(struct pipeline *p, const char *key, struct ingest *in,
    int64_t patient, struct err *e)
{
	const char *slash = strchr(key, '/');
	char *type = arena_strndup(in->arena, key, (size_t)(slash - key));
	enum resource_state state;
	char *body = NULL;
	size_t len;
	enum err_code rc =
	    client_read(p->client, type, slash + 1, &body, &len, e);

	if (rc == ERR_OK) {
		ingest_read(in, key, body, len);
		free(body);
		return ERR_OK;
	}
	if (rc == ERR_STOPPED)
		return rc;
	log_event(LOG_FETCH_FAILED, log_int("patient", patient),
	    log_word("type", type), log_word("code", err_name(rc)));
	if (is_absent(rc, &state)) {
		ingest_absent(in, key, state);
		return ERR_OK;
	}
	if (rc == ERR_NOT_FHIR || rc == ERR_NOT_JSON || rc == ERR_LIMIT) {
		/* Kept with the reason, not read again and again. */
		aside_read(&p->aside, in, key, e);
		return ERR_OK;
	}
	return rc;
}

/* One hop: everything wanted now.  *ret_n counts what was asked for. */
static enum err_code
read_hop(struct pipeline *p, const struct store_patient *who, size_t max,
    size_t *ret_n, struct err *e)
{
	struct store *s = p->o.store;
	const struct config_server *server = p->o.server;
	struct arena *a = arena_new();
	struct store_page_result done;
	struct ingest in;
	const char **keys;
	size_t n;
	enum err_code rc =
	    s->ops->references_wanted(s, who->id, max, a, &keys, &n, e);

	if (rc != ERR_OK || n == 0)
		goto out;
	ingest_init(&in, a, server->name, server->base_url, "", clock_now_ms());
	for (size_t i = 0; i < n && rc == ERR_OK; i++) {
		rc = read_one(p, keys[i], &in, who->id, e);
		if (rc == ERR_OK)
			rc = stopped(e);
	}
	/* What was read is kept even when the rest failed. */
	if (in.resources.n > 0) {
		struct store_page page = {.server = server->name,
		    .type = "",
		    .resources = in.resources.items,
		    .n_resources = in.resources.n,
		    .quarantine = in.quarantine.items,
		    .n_quarantine = in.quarantine.n};
		struct err why = ERR_INIT;
		enum err_code put = s->ops->page_put(s, &page, &done, &why);

		if (rc == ERR_OK && put != ERR_OK) {
			rc = put;
			*e = why;
		}
	}
out:
	if (rc == ERR_OK)
		*ret_n = n;
	arena_free(a);
	return rc;
}

static enum err_code
read_references(struct pipeline *p, const struct store_patient *who,
    struct cycle_report *report, struct err *e)
{
	size_t left = (size_t)p->o.config->poll_max_references;
	enum err_code rc = ERR_OK;

	for (int hop = 0; hop < MAX_HOPS && left > 0; hop++) {
		size_t n;

		rc = read_hop(p, who, left, &n, e);
		if (rc != ERR_OK || n == 0)
			break;
		report->reads += n;
		left -= n;
	}
	return rc;
}

/* --- one patient --- */

struct work {
	struct pipeline *p;
	const struct store_patient *who;
	struct cycle_report *report;
	struct report_patient *line;
	int64_t failed; /* generation that cannot be assessed, -1 */
};

static enum err_code
assess(struct work *w, struct err *e)
{
	struct pipeline *p = w->p;
	struct arena *a = arena_new();
	struct conclusion x;
	struct err why = ERR_INIT;
	enum err_code rc = conclude(p->o.store, p->o.config, p->o.maps, w->who,
	    clock_today(), a, &x, &why);

	if (rc == ERR_GONE) { /* merged: the survivor is dirty now */
		rc = ERR_OK;
		goto out;
	}
	if (rc == ERR_OK && !p->o.dry_run) {
		rc = conclude_store(
		    p->o.store, p->o.maps, w->who, &x, p->owner, a, &why);
	}
	if (rc == ERR_OK) {
		w->line = report_patient(w->report, w->who->id, w->who->key);
		report_assessment(w->report, w->line, x.assessment);
		if (p->o.dry_run && p->o.diff != NULL)
			conclude_print_changes(&x, p->o.diff);
		log_event(LOG_ASSESSED, log_int("patient", w->who->id),
		    log_int("problems", (int64_t)x.assessment->problems.n),
		    log_int("outputs", (int64_t)x.changed.n));
	} else if (rc != ERR_STORE && rc != ERR_CONFLICT) {
		log_event(LOG_ASSESS_FAILED, log_int("patient", w->who->id),
		    log_word("code", err_name(rc)));
		w->report->failed++;
		w->failed = x.generation;
		rc = ERR_OK;
	} else {
		*e = why;
	}
out:
	intake_free(x.intake);
	arena_free(a);
	return rc;
}

static void
note_output(void *ctx, const struct store_output *o, enum delivery what)
{
	struct work *w = ctx;

	if (w->line == NULL)
		w->line = report_patient(w->report, w->who->id, w->who->key);
	report_output(w->report, w->line, o, what);
}

static enum err_code
work(struct work *w, struct err *e)
{
	struct pipeline *p = w->p;
	enum err_code rc = ERR_OK;

	if (w->who->dirty) {
		rc = read_references(p, w->who, w->report, e);
		if (rc == ERR_OK)
			rc = stopped(e);
		if (rc == ERR_OK)
			rc = assess(w, e);
	}
	if (rc == ERR_OK && p->o.config->write_enabled && !p->o.dry_run) {
		rc =
		    deliver_patient(&p->deliver, w->who->id, note_output, w, e);
	}
	return rc;
}

static enum err_code
lease(struct pipeline *p, int64_t after, struct arena *a,
    struct store_patient *ret, struct err *e)
{
	int64_t now = clock_now_ms();
	struct store_lease l = {.server = p->o.server->name,
	    .owner = p->owner,
	    .after = after,
	    .now_ms = now,
	    .until_ms = now + (int64_t)p->o.config->store_lease_s * 1000,
	    .today = clock_today(),
	    .deliver = p->o.config->write_enabled && !p->o.dry_run &&
		       !p->deliver.unsafe};

	return p->o.store->ops->patient_lease(p->o.store, &l, a, ret, e);
}

static enum err_code
work_all(struct pipeline *p, struct cycle_report *report, struct err *e)
{
	struct store *s = p->o.store;
	int64_t after = 0;
	enum err_code rc;

	for (;;) {
		struct arena *a = arena_new();
		struct store_patient who;
		struct work w = {p, &who, report, NULL, -1};

		rc = lease(p, after, a, &who, e);
		if (rc == ERR_OK) {
			struct err why = ERR_INIT;
			enum err_code back;

			after = who.id;
			rc = work(&w, e);
			back = s->ops->patient_release(
			    s, who.id, p->owner, 0, w.failed, &why);
			if (rc == ERR_OK && back != ERR_OK) {
				*e = why;
				rc = back;
			}
		}
		arena_free(a);
		if (rc == ERR_CONFLICT) /* another gateway has it now */
			continue;
		if (rc != ERR_OK)
			break;
		rc = stopped(e);
		if (rc != ERR_OK)
			break;
	}
	return rc == ERR_END ? ERR_OK : rc;
}

enum err_code
pipeline_cycle(struct pipeline *p, struct cycle_report *ret, struct err *e)
{
	enum err_code rc;

	report_init(ret, p->o.server->name, p->o.server->base_url);
	ret->dry_run = p->o.dry_run;
	p->deliver.halted = false;
	rc = learn(p, e);
	if (rc == ERR_OK)
		rc = aside_again(&p->aside, &ret->reads, e);
	if (rc == ERR_OK)
		rc = poll_all(p, ret, e);
	if (rc == ERR_OK)
		rc = work_all(p, ret, e);
	ret->end_ms = clock_now_ms();
	log_event(LOG_CYCLE, log_word("server", p->o.server->name),
	    log_word("result", err_name(rc)),
	    log_int("entries", (int64_t)ret->entries),
	    log_int("assessed", (int64_t)ret->assessed),
	    log_int("ms", ret->end_ms - ret->start_ms));
	return rc;
}
