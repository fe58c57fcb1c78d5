/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/pipeline.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/aside.h"
#include "gateway/conclude.h"
#include "gateway/connect.h"
#include "gateway/ingest.h"
#include "gateway/place.h"
#include "gateway/read.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Hops from a patient's own resources: dose → Medication → ingredient. */
#define MAX_HOPS 3

struct pipeline {
	struct pipeline_options o;
	struct arena *arena;   /* as long as the pipeline */
	struct client *client; /* of deliver.own */
	struct deliver deliver;
	struct aside aside;
	struct read read;
	char owner[128];
};

/* --- life --- */

/* The server itself, and where what it does not take goes. */
static enum err_code
open_places(struct pipeline *p, struct err *e)
{
	struct deliver *d = &p->deliver;
	struct place_options how = {
	    p->o.config, p->arena, p->o.metrics, p->o.transport};
	const char *other = p->o.config->write_fallback;
	const struct config_server *server;
	enum err_code rc = place_open(&how, p->o.server, &d->own, e);

	p->client = d->own.client;
	if (rc != ERR_OK || other == NULL ||
	    strcmp(other, p->o.server->name) == 0)
		return rc;
	rc = config_server(p->o.config, other, &server, e);
	return rc == ERR_OK ? place_open(&how, server, &d->other, e) : rc;
}

static void
name_owner(struct pipeline *p)
{
	char host[64] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(p->owner, sizeof(p->owner), "%s:%ld:%lld", host,
	    (long)getpid(), (long long)clock_now_ms());
}

enum err_code
pipeline_new(
    const struct pipeline_options *o, struct pipeline **ret, struct err *e)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	enum err_code rc;

	if (p == NULL)
		abort();
	p->o = *o;
	p->arena = arena_new();
	p->deliver = (struct deliver){
	    .store = o->store, .config = o->config, .aside = &p->aside};
	rc = open_places(p, e);
	if (rc != ERR_OK) {
		pipeline_free(p);
		return rc;
	}
	name_owner(p);
	aside_init(&p->aside, p->client, o->store, o->server);
	if (p->deliver.other.client != NULL)
		aside_hear(&p->aside, p->deliver.other.client);
	p->read = (struct read){.config = o->config,
	    .server = o->server,
	    .client = p->client,
	    .capability = p->deliver.own.capability,
	    .store = o->store,
	    .aside = &p->aside};
	read_init(&p->read, p->arena);
	*ret = p;
	return ERR_OK;
}

void
pipeline_free(struct pipeline *p)
{
	if (p == NULL)
		return;
	aside_done(&p->aside);
	read_done(&p->read);
	place_close(&p->deliver.own);
	place_close(&p->deliver.other);
	arena_free(p->arena);
	free(p);
}

/* The fallback may be out of reach: then it is so for this cycle. */
static void
learn_other(struct pipeline *p, struct cycle_report *report)
{
	struct deliver_place *other = &p->deliver.other;
	struct err why = ERR_INIT;

	if (other->server == NULL ||
	    place_learn(other, p->arena, &why) == ERR_OK)
		return;
	other->halted = true;
	report_note(report, "fallback server %s cannot be used now: %s",
	    other->server->name, err_text(why.code));
	log_event(LOG_FALLBACK_FAILED, log_word("server", other->server->name),
	    log_word("code", err_name(why.code)));
}

/* Writing has stopped: that is said in every report until it is mended. */
static void
note_unsafe(const struct deliver_place *p, struct cycle_report *report)
{
	if (p->unsafe) {
		report_note(report,
		    "nothing is written to %s: it dropped our identifier; "
		    "`rescan quarantine retry` tries again",
		    p->server->name);
	}
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
			rc = read_stopped(e);
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

static void
report_conclusion(struct work *w, const struct conclusion *x)
{
	struct pipeline *p = w->p;

	w->line = report_patient(w->report, w->who->id, w->who->key);
	if (x->merged)
		report_merged(w->report, w->line);
	else
		report_assessment(w->report, w->line, x->assessment);
	if (p->o.dry_run && p->o.diff != NULL)
		conclude_print_changes(x, p->o.diff);
	log_event(LOG_ASSESSED, log_int("patient", w->who->id),
	    log_int("problems", (int64_t)x->assessment->problems.n),
	    log_int("outputs", (int64_t)x->changed.n));
}

static enum err_code
assess(struct work *w, struct err *e)
{
	struct pipeline *p = w->p;
	struct arena *a = arena_new();
	struct conclusion x;
	struct err why = ERR_INIT;
	enum err_code rc = conclude(p->o.store, p->o.config, p->o.maps, w->who,
	    clock_today(), a, &x, &why);
	bool silent = rc == ERR_OK && x.merged && x.changed.n == 0;

	if (rc == ERR_OK && !p->o.dry_run && !silent) {
		rc = conclude_store(
		    p->o.store, p->o.maps, w->who, &x, p->owner, a, &why);
	}
	if (silent) {
		w->failed = x.generation; /* seen; nothing to say of it */
	} else if (rc == ERR_OK) {
		report_conclusion(w, &x);
	} else if (rc != ERR_STORE && rc != ERR_CONFLICT) {
		log_event(LOG_ASSESS_FAILED, log_int("patient", w->who->id),
		    log_word("code", err_name(rc)));
		w->report->failed++;
		w->failed = x.generation;
		rc = ERR_OK;
	} else {
		*e = why;
	}
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
	report_output(w->report, w->line, o, what,
	    o->via[0] == '\0' ? NULL : w->p->deliver.other.server);
}

static enum err_code
work(struct work *w, struct err *e)
{
	struct pipeline *p = w->p;
	enum err_code rc = ERR_OK;

	if (w->who->dirty) {
		rc = read_references(p, w->who, w->report, e);
		if (rc == ERR_OK)
			rc = read_stopped(e);
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
		       deliver_is_open(&p->deliver)};

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
		rc = read_stopped(e);
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
	p->read.report = ret;
	rc = place_learn(&p->deliver.own, p->arena, e);
	if (rc == ERR_OK)
		rc = aside_again(&p->aside, &ret->reads, e);
	if (rc == ERR_OK)
		rc = deliver_begin(&p->deliver, e);
	if (rc == ERR_OK)
		learn_other(p, ret);
	if (rc == ERR_OK)
		rc = read_all(&p->read, e);
	if (rc == ERR_OK)
		rc = work_all(p, ret, e);
	note_unsafe(&p->deliver.own, ret);
	note_unsafe(&p->deliver.other, ret);
	ret->end_ms = clock_now_ms();
	if (p->o.metrics != NULL)
		connect_measure(p->client, p->o.metrics);
	log_event(LOG_CYCLE, log_word("server", p->o.server->name),
	    log_word("result", err_name(rc)),
	    log_int("entries", (int64_t)ret->entries),
	    log_int("assessed", (int64_t)ret->assessed),
	    log_int("ms", ret->end_ms - ret->start_ms));
	return rc;
}
