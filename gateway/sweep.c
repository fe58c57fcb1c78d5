/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/sweep.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/ingest.h"
#include "gateway/panel.h"
#include "gateway/poll.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

/* One patient, one type. */
struct sweep {
	struct read *r;
	const char *patient;
	struct arena *arena;
	struct ingest in; /* of what was read by id */
	LIST_OF(const char *) missed;
	size_t withdrawn;
	int64_t oldest_new_ms;
};

/* --- one resource the search did not show --- */

/*= interop D-62: absent once is unknown, twice in a row withdrawn */
static void
take_absent(struct sweep *s, const struct store_key *k, enum err_code rc)
{
	if (rc == ERR_GONE || k->missed > 0) {
		ingest_absent(&s->in, k->key, RESOURCE_DELETED);
		s->withdrawn++;
		log_event(LOG_WITHDRAWN, log_word("code", err_name(rc)));
	} else {
		*ARENA_PUSH(s->arena, &s->missed) = k->key;
	}
}

static enum err_code
look(struct sweep *s, const struct store_key *k, struct err *e)
{
	const char *slash = strchr(k->key, '/');
	char *body = NULL;
	size_t len;
	enum err_code rc;

	s->r->report->reads++;
	rc = client_read(s->r->client,
	    arena_strndup(s->arena, k->key, (size_t)(slash - k->key)),
	    slash + 1, &body, &len, e);
	if (rc == ERR_OK) {
		ingest_read(&s->in, k->key, body, len);
		free(body);
	} else if (rc == ERR_GONE || rc == ERR_NOT_FOUND ||
		   rc == ERR_FORBIDDEN) {
		take_absent(s, k, rc);
		rc = ERR_OK;
	}
	return rc;
}

/* Every key that `seen` (or NULL) does not have is read by id. */
static enum err_code
look_for_keys(
    struct sweep *s, const char *type, const struct strset *seen, struct err *e)
{
	struct store *st = s->r->store;
	const struct config_server *server = s->r->server;
	size_t left = (size_t)s->r->config->poll_max_references;
	struct store_page_result done;
	struct store_page page = {.server = server->name, .type = ""};
	struct store_key *keys;
	size_t n;
	enum err_code rc = st->ops->keys(
	    st, server->name, s->patient, type, s->arena, &keys, &n, e);

	ingest_init(&s->in, s->arena, server->name, server->base_url, type,
	    clock_now_ms());
	s->missed.n = 0;
	for (size_t i = 0; i < n && rc == ERR_OK && left > 0; i++) {
		if (seen != NULL && strset_has(seen, keys[i].key))
			continue;
		left--;
		rc = look(s, &keys[i], e);
		if (rc == ERR_OK)
			rc = read_stopped(e);
	}
	if (rc != ERR_OK)
		return rc;
	page.resources = s->in.resources.items;
	page.n_resources = s->in.resources.n;
	page.quarantine = s->in.quarantine.items;
	page.n_quarantine = s->in.quarantine.n;
	page.missed = s->missed.items;
	page.n_missed = s->missed.n;
	return st->ops->page_put(st, &page, &done, e);
}

/* --- one type --- */

static enum err_code
search_panel(
    struct sweep *s, struct read_type *t, struct poll *p, struct err *e)
{
	struct panel panel;
	enum err_code rc = ERR_OK;

	panel_make(s->r, t, s->patient, s->arena, &panel);
	for (size_t i = 0; i < panel.n && rc == ERR_OK; i++)
		rc = poll_run(p, panel.queries[i], e);
	return rc;
}

static enum err_code
sweep_type(struct sweep *s, struct read_type *t, struct err *e)
{
	enum err_code rc;

	for (bool again = true; again;) {
		struct poll p;

		poll_init(&p, s->r, t);
		p.patient = s->patient;
		rc = search_panel(s, t, &p, e);
		again = rc == ERR_REFUSED && panel_widen(s->r, t);
		/* A part of the answer proves no absence. */
		if (rc == ERR_OK && !p.suspect && !p.all.full)
			rc = look_for_keys(s, t->name, &p.all, e);
		s->oldest_new_ms =
		    time_earlier(s->oldest_new_ms, p.oldest_new_ms);
		poll_done(&p);
	}
	return rc;
}

/*= interop D-17: what searches by time should have shown long ago */
static enum err_code
measure_lag(struct sweep *s, struct read_type *t, struct err *e)
{
	struct store *st = s->r->store;
	const char *own = arena_printf(s->arena, "%s %s", t->name, s->patient);
	int64_t watermark = TIME_NONE;
	enum err_code rc =
	    st->ops->cursor_get(st, s->r->server->name, t->name, &watermark, e);

	if (rc == ERR_OK && watermark == TIME_NONE) /* mode patient */
		rc = st->ops->cursor_get(
		    st, s->r->server->name, own, &watermark, e);
	if (rc == ERR_OK && watermark != TIME_NONE &&
	    s->oldest_new_ms != TIME_NONE && s->oldest_new_ms < watermark)
		rc = read_note_lag(s->r, watermark - s->oldest_new_ms, e);
	s->oldest_new_ms = TIME_NONE;
	return rc;
}

/* --- one patient --- */

static enum err_code
sweep_patient(struct sweep *s, struct err *e)
{
	/* Not searched for: read again, for merges and relabelled lesions. */
	static const char *const others[] = {"Patient", "BodyStructure"};
	struct read *r = s->r;
	enum err_code rc = ERR_OK;

	for (size_t i = 0; i < r->n_types && rc == ERR_OK; i++) {
		if (r->types[i].gap)
			continue;
		rc = sweep_type(s, &r->types[i], e);
		if (rc == ERR_OK)
			rc = measure_lag(s, &r->types[i], e);
	}
	for (size_t i = 0; i < 2 && rc == ERR_OK; i++)
		rc = look_for_keys(s, others[i], NULL, e);
	return rc;
}

static enum err_code
sweep_one(struct read *r, const char *patient, struct err *e)
{
	struct store *st = r->store;
	struct err why = ERR_INIT;
	struct sweep s = {.r = r,
	    .patient = patient,
	    .arena = arena_new(),
	    .oldest_new_ms = TIME_NONE};
	enum err_code rc = sweep_patient(&s, &why);

	r->report->swept++;
	r->report->withdrawn += s.withdrawn;
	arena_free(s.arena);
	if (read_is_final(rc)) {
		*e = why;
		return rc;
	}
	if (rc != ERR_OK) {
		log_event(LOG_SWEEP_FAILED, log_word("code", err_name(rc)));
		report_note(r->report,
		    "a patient's ids could not be compared: %s", err_text(rc));
	}
	/* Failed or not, it is the others' turn. */
	return st->ops->sweep_done(
	    st, r->server->name, patient, clock_now_ms(), e);
}

/* A server that only exports cannot be asked about one patient. */
static bool
can_search(const struct read *r)
{
	for (size_t i = 0; i < r->n_types; i++) {
		const struct capability_type *t =
		    capability_type_find(r->capability, r->types[i].name);

		if (t == NULL ? !r->capability->lists_types
			      : !t->states_interactions || t->search)
			return true;
	}
	return false;
}

enum err_code
sweep_some(struct read *r, struct err *e)
{
	struct store *st = r->store;
	int64_t now = clock_now_ms();
	struct arena *a;
	const char **who;
	size_t n;
	enum err_code rc;

	if (r->config->poll_sweep_hours == 0 || !can_search(r))
		return ERR_OK;
	a = arena_new();
	rc = st->ops->sweep_due(st, r->server->name, now,
	    now - r->config->poll_sweep_hours * HOUR_MS,
	    (size_t)r->config->poll_sweep_patients, a, &who, &n, e);
	for (size_t i = 0; i < n && rc == ERR_OK; i++) {
		rc = sweep_one(r, who[i], e);
		if (rc == ERR_OK)
			rc = read_stopped(e);
	}
	arena_free(a);
	return rc;
}
