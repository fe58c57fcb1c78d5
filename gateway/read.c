/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/read.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/roster.h"
#include "gateway/sweep.h"

#include <stdlib.h>
#include <string.h>

void
read_init(struct read *r, struct arena *a)
{
	const struct config_list *main = &r->config->poll_types;
	const struct config_list *more = &r->config->poll_irae_types;

	r->arena = a;
	r->n_types = main->n + more->n;
	r->types = arena_alloc(a, (r->n_types + 1) * sizeof(*r->types));
	for (size_t i = 0; i < r->n_types; i++) {
		struct read_type *t = &r->types[i];

		t->companion = i >= main->n;
		t->name = t->companion ? more->items[i - main->n]
				       : main->items[i];
		if (strcmp(r->server->last_updated, "no") == 0)
			t->filter = FILTER_REFUSED;
	}
	r->lag_ms = -1;
}

void
read_done(struct read *r)
{
	roster_free(r->roster);
	r->roster = NULL;
}

/* --- memory --- */

enum err_code
read_recall(struct read *r, const char *key, const char *name, int64_t *ret,
    struct err *e)
{
	struct arena *a = arena_new();
	const char *text = "";
	char *end;
	enum err_code rc = r->store->ops->memory_get(r->store, r->server->name,
	    arena_printf(a, "%s%s%s", key, name[0] == '\0' ? "" : ":", name), a,
	    &text, e);

	if (rc == ERR_OK) {
		*ret = strtoll(text, &end, 10);
		if (end == text)
			*ret = TIME_NONE;
	}
	arena_free(a);
	return rc;
}

enum err_code
read_keep(struct read *r, const char *key, const char *name, int64_t value,
    struct err *e)
{
	char where[120], text[32] = "";

	snprintf(where, sizeof(where), "%s%s%s", key,
	    name[0] == '\0' ? "" : ":", name);
	if (value != TIME_NONE)
		snprintf(text, sizeof(text), "%lld", (long long)value);
	return r->store->ops->memory_put(
	    r->store, r->server->name, where, text, e);
}

/* --- lag --- */

static enum err_code
load_lag(struct read *r, struct err *e)
{
	int64_t kept;
	enum err_code rc;

	if (r->lag_ms >= 0)
		return ERR_OK;
	rc = read_recall(r, "lag", "", &kept, e);
	if (rc == ERR_OK)
		r->lag_ms = kept < 0 ? 0 : kept;
	return rc;
}

/*= interop B.3: overlap is at least the lag measured on this server */
enum err_code
read_overlap(struct read *r, int64_t *ret_ms, struct err *e)
{
	int64_t most = (int64_t)r->config->poll_max_lag_s * 1000;
	int64_t ms = (int64_t)r->config->poll_overlap_s * 1000;
	enum err_code rc = load_lag(r, e);

	if (rc != ERR_OK)
		return rc;
	if ((int64_t)r->server->lag_s * 1000 > ms)
		ms = (int64_t)r->server->lag_s * 1000;
	if (r->lag_ms > ms)
		ms = r->lag_ms < most || ms > most ? r->lag_ms : most;
	*ret_ms = ms;
	return ERR_OK;
}

enum err_code
read_note_lag(struct read *r, int64_t lag_ms, struct err *e)
{
	int64_t most = (int64_t)r->config->poll_max_lag_s * 1000;
	enum err_code rc = load_lag(r, e);

	if (lag_ms > most)
		lag_ms = most;
	if (rc != ERR_OK || lag_ms <= r->lag_ms)
		return rc;
	r->lag_ms = lag_ms;
	log_event(LOG_LAG, log_int("ms", lag_ms));
	return read_keep(r, "lag", "", lag_ms, e);
}

/* --- failures --- */

enum err_code
read_stopped(struct err *e)
{
	return clock_stopped() ? err_set(e, ERR_STOPPED, "stopped") : ERR_OK;
}

bool
read_is_final(enum err_code rc)
{
	return rc == ERR_STOPPED || rc == ERR_STORE || rc == ERR_TLS ||
	       rc == ERR_CONNECT || rc == ERR_AUTH || rc == ERR_WRONG_PATIENT;
}

/*= interop D-35: what may not be read is said; nothing follows from it. */
static enum err_code
note_gap(struct read *r, struct read_type *t, const char *why, struct err *e)
{
	struct store *s = r->store;
	const char *server = r->server->name, *was;
	struct arena *a = arena_new();
	const char *key = arena_printf(a, "gap:%s", t->name);
	enum err_code rc = s->ops->memory_get(s, server, key, a, &was, e);

	t->gap = why[0] != '\0';
	if (t->gap) {
		report_note(r->report,
		    "%s: no data (%s); nothing is concluded from that", t->name,
		    why);
	}
	if (rc == ERR_OK && strcmp(was, why) != 0) {
		log_event(t->gap ? LOG_COVERAGE : LOG_COVERAGE_BACK,
		    log_word("type", t->name), log_word("why", why));
		/* In this order: a crash between makes it once more. */
		rc = s->ops->patients_dirty(s, server, e);
		if (rc == ERR_OK)
			rc = s->ops->memory_put(s, server, key, why, e);
	}
	arena_free(a);
	return rc;
}

bool
read_leaves_out(struct read *r, struct read_type *t, bool by_change)
{
	const struct capability_type *c =
	    capability_type_find(r->capability, t->name);
	const char *why = NULL;

	if (!t->companion)
		return false;
	if (c == NULL ? r->capability->lists_types
		      : c->states_interactions && !c->search)
		why = "the server does not offer it";
	else if (by_change && (t->filter == FILTER_REFUSED ||
				 (c != NULL && c->states_params &&
				     !c->last_updated)))
		why = "the server does not search it by _lastUpdated";
	if (why != NULL && !t->said_left_out)
		log_event(LOG_COVERAGE, log_word("type", t->name),
		    log_word("why", why));
	t->said_left_out = t->gap = why != NULL;
	return why != NULL;
}

enum err_code
read_settle(
    struct read *r, struct read_type *t, enum err_code rc, struct err *e)
{
	if (rc == ERR_OK)
		return note_gap(r, t, "", e);
	if (t->companion && rc == ERR_REFUSED)
		return note_gap(r, t, "the server refuses the search", e);
	if (t->companion && rc != ERR_FORBIDDEN && rc != ERR_NOT_FOUND &&
	    !read_is_final(rc)) {
		t->gap = true; /* its cursor stays: next time again */
		report_note(r->report, "%s: not read this time (%s)", t->name,
		    err_text(rc));
		return ERR_OK;
	}
	if (rc == ERR_FORBIDDEN)
		return note_gap(r, t, "the server forbids reading it", e);
	if (rc == ERR_NOT_FOUND)
		return note_gap(r, t, "the server does not have it", e);
	return rc;
}

/* --- modes --- */

static const struct read_mode *
find_mode(const char *name)
{
	for (size_t i = 0; read_registry[i] != NULL; i++) {
		if (strcmp(read_registry[i]->name, name) == 0)
			return read_registry[i];
	}
	return NULL;
}

/* The best that fits and was not refused. */
static const struct read_mode *
best_mode(const struct read *r)
{
	const struct read_mode *best = NULL;

	for (size_t i = 0; read_registry[i] != NULL; i++) {
		const struct read_mode *m = read_registry[i];

		if (m->rank == 0 || (r->refused & 1u << i) || !m->fits(r))
			continue;
		if (best == NULL || m->rank > best->rank)
			best = m;
	}
	return best;
}

static enum err_code
choose(struct read *r, struct err *e)
{
	bool any = strcmp(r->server->mode, "auto") == 0;

	if (r->mode == NULL) {
		r->mode = any ? best_mode(r) : find_mode(r->server->mode);
		if (r->mode == NULL && any && r->refused == 0)
			r->mode = find_mode("search");
		if (r->mode == NULL) {
			return err_set(e, ERR_CONFIG,
			    "no mode of reading fits this server; it may need "
			    "mode = patient with a roster");
		}
		log_event(LOG_MODE, log_word("mode", r->mode->name));
	}
	r->report->mode = r->mode->name;
	return ERR_OK;
}

/* Mode auto: what was refused is not tried again; *ret_again when there is
 * another. */
static void
next_mode(struct read *r, bool *ret_again)
{
	const struct read_mode *was = r->mode;

	*ret_again = false;
	if (strcmp(r->server->mode, "auto") != 0)
		return;
	for (size_t i = 0; read_registry[i] != NULL; i++) {
		if (read_registry[i] == was)
			r->refused |= 1u << i;
	}
	if (best_mode(r) == NULL) {
		r->refused = 0;
		return;
	}
	r->mode = NULL;
	*ret_again = true;
}

static enum err_code
run_mode(struct read *r, struct err *e)
{
	bool again = true;
	enum err_code rc = ERR_OK;

	while (again) {
		again = false;
		rc = choose(r, e);
		if (rc == ERR_OK)
			rc = r->mode->run(r, e);
		if (rc == ERR_REFUSED)
			next_mode(r, &again);
	}
	return rc;
}

/* All types a gap: that is no coverage, that is no access. */
static enum err_code
check_coverage(const struct read *r, struct err *e)
{
	size_t n = r->config->poll_types.n;

	for (size_t i = 0; i < n; i++) {
		if (!r->types[i].gap)
			return ERR_OK;
	}
	return n == 0
		   ? ERR_OK
		   : err_set(e, ERR_FORBIDDEN,
			 "the server lets none of the types be read");
}

enum err_code
read_all(struct read *r, struct err *e)
{
	enum err_code rc = run_mode(r, e);

	if (rc == ERR_OK)
		rc = check_coverage(r, e);
	if (rc == ERR_OK)
		rc = sweep_some(r, e);
	return rc;
}
