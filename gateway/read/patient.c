/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode patient: one patient of a roster after another, for servers that
 * demand `patient`.
 *
 * Each patient has cursors of its own.  One who cannot be read is skipped and
 * held back from assessment; the others go on.
 */
#include "gateway/panel.h"
#include "gateway/poll.h"
#include "gateway/roster.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"

#include <string.h>

/* So many skipped in a row mean the server, not the patients. */
#define MAX_SKIPPED 5
/* And so many denials of a type without one success are of the type. */
#define MAX_DENIED 5
#define HOLD_MS    INT64_C(86400000)

static bool
patient_fits(const struct read *r)
{
	return r->server->roster != NULL;
}

/* The server refuses _lastUpdated, or does not list it among its parameters:
 * Oracle Health has none for MedicationAdministration (interop C.1). */
static bool
filters_by_time(const struct read *r, const struct read_type *t)
{
	const struct capability_type *c;

	if (strcmp(r->server->last_updated, "auto") != 0)
		return strcmp(r->server->last_updated, "yes") == 0;
	c = capability_type_find(r->capability, t->name);
	return t->filter != FILTER_REFUSED &&
	       (c == NULL || !c->states_params || c->last_updated);
}

/* The panel's searches in order; the cursor moves with the last. */
static enum err_code
search_panel(struct poll *p, const char *patient, const char *cursor,
    const char *window, struct err *e)
{
	struct panel panel;
	enum err_code rc = ERR_OK;

	panel_make(p->read, p->type, patient, p->arena, &panel);
	for (size_t i = 0; i < panel.n && rc == ERR_OK; i++) {
		p->cursor = i + 1 == panel.n ? cursor : NULL;
		rc = poll_run(p,
		    arena_printf(p->arena, "%s%s", panel.queries[i], window),
		    e);
	}
	return rc;
}

/* One attempt.  *ret_again: not like that, but perhaps otherwise. */
static enum err_code
attempt(struct read *r, struct read_type *t, const char *patient,
    const char *cursor, bool *ret_again, struct err *e)
{
	bool timed = filters_by_time(r, t);
	int64_t overlap = 0;
	const char *window = "";
	struct poll p;
	enum err_code rc;

	poll_init(&p, r, t);
	p.patient = patient;
	rc = r->store->ops->cursor_get(
	    r->store, r->server->name, cursor, &p.watermark_ms, e);
	if (rc == ERR_OK)
		rc = read_overlap(r, &overlap, e);
	/* The first time everything, then what changed or is recent. */
	if (rc == ERR_OK && p.watermark_ms != TIME_NONE) {
		if (timed)
			p.since_ms = p.watermark_ms - overlap;
		window = timed ? poll_window(&p, p.arena)
			       : panel_dates(r, t, p.arena);
	}
	if (rc == ERR_OK)
		rc = search_panel(&p, patient, cursor, window, e);
	if (rc == ERR_OK && p.unfiltered)
		t->filter = FILTER_IGNORED;
	if (rc == ERR_OK)
		rc = poll_measure_lag(&p, e);
	*ret_again = rc == ERR_REFUSED && panel_widen(r, t);
	if (rc == ERR_REFUSED && !*ret_again && p.since_ms != TIME_NONE &&
	    t->filter == FILTER_UNKNOWN &&
	    strcmp(r->server->last_updated, "auto") == 0) {
		t->filter = FILTER_REFUSED;
		*ret_again = true;
	}
	poll_done(&p);
	return rc;
}

/*= interop D-27: pages forgotten: from the watermark again */
static enum err_code
read_type_of(
    struct read *r, struct read_type *t, const char *patient, struct err *e)
{
	struct arena *a = arena_new();
	const char *cursor = arena_printf(a, "%s %s", t->name, patient);
	bool again = true;
	enum err_code rc = ERR_OK;

	for (int restarts = 0; again;) {
		rc = attempt(r, t, patient, cursor, &again, e);
		if (rc == ERR_GONE && restarts++ < 3) {
			r->report->restarts++;
			again = true;
		}
	}
	if (t->filter == FILTER_REFUSED) {
		report_note(r->report,
		    "%s: no search by _lastUpdated; %d days are read, sweeps "
		    "find the rest",
		    t->name, r->server->window_days);
	}
	arena_free(a);
	return rc;
}

/* A cycle over the roster. */
struct round {
	struct read *r;
	struct arena *arena;
	struct tally {
		int read, denied;
		enum err_code denial;
		LIST_OF(const char *) patients; /* denied */
	} * types;                              /* beside r->types */
	int in_a_row;                           /* skipped */
};

/* Every type of one patient.  Whether a denial (403, 404) is of the type or
 * of the patient shows at the end of the round. */
static enum err_code
read_one(struct round *o, const char *patient, struct err *e)
{
	for (size_t i = 0; i < o->r->n_types; i++) {
		struct tally *t = &o->types[i];
		enum err_code rc;

		if (t->read == 0 && t->denied >= MAX_DENIED)
			continue;
		if (read_leaves_out(o->r, &o->r->types[i], false))
			continue;
		rc = read_type_of(o->r, &o->r->types[i], patient, e);
		if (rc == ERR_OK) {
			t->read++;
		} else if (o->r->types[i].companion && !read_is_final(rc)) {
			t->denied++;
			t->denial = rc;
		} else if (rc == ERR_FORBIDDEN || rc == ERR_NOT_FOUND) {
			t->denied++;
			t->denial = rc;
			*ARENA_PUSH(o->arena, &t->patients) = patient;
		} else {
			return rc;
		}
	}
	return ERR_OK;
}

/*= interop D-38: isolate the offender; the others go on */
static enum err_code
skip(struct read *r, const char *patient, enum err_code rc, struct err *e)
{
	struct store *s = r->store;

	log_event(LOG_PATIENT_SKIPPED, log_word("code", err_name(rc)));
	r->report->skipped++;
	report_note(r->report,
	    "a patient could not be read (%s) and is not assessed until that "
	    "works",
	    err_text(rc));
	return s->ops->patient_hold(
	    s, r->server->name, patient, clock_now_ms() + HOLD_MS, e);
}

static enum err_code
read_next(struct round *o, const char *patient, struct err *e)
{
	struct store *s = o->r->store;
	enum err_code rc = read_one(o, patient, e);

	if (rc == ERR_OK) {
		o->in_a_row = 0;
		rc = s->ops->patient_hold(s, o->r->server->name, patient, 0, e);
	} else if (!read_is_final(rc) && ++o->in_a_row < MAX_SKIPPED) {
		rc = skip(o->r, patient, rc, e);
	}
	return rc == ERR_OK ? read_stopped(e) : rc;
}

/* Denied for all: a gap.  For some: those wait. */
static enum err_code
settle(struct round *o, size_t i, struct err *e)
{
	struct tally *t = &o->types[i];
	enum err_code rc = ERR_OK;

	if (t->read == 0 && t->denied == 0)
		return ERR_OK; /* nobody on the roster */
	if (t->read == 0)
		return read_settle(o->r, &o->r->types[i], t->denial, e);
	if (o->r->types[i].companion && t->denied > 0) {
		report_note(o->r->report, "%s: not read of %d patients (%s)",
		    o->r->types[i].name, t->denied, err_text(t->denial));
	}
	rc = read_settle(o->r, &o->r->types[i], ERR_OK, e);
	for (size_t k = 0; k < t->patients.n && rc == ERR_OK; k++)
		rc = skip(o->r, t->patients.items[k], t->denial, e);
	return rc;
}

static enum err_code
go_round(struct round *o, struct err *e)
{
	const struct roster *x = o->r->roster;
	enum err_code rc = ERR_OK;

	for (size_t i = 0; rc == ERR_OK && i < x->patients.n; i++)
		rc = read_next(o, x->patients.items[i], e);
	for (size_t i = 0; rc == ERR_OK && i < o->r->n_types; i++)
		rc = settle(o, i, e);
	/* All of them, and they were few: the server again. */
	if (rc == ERR_OK && o->in_a_row > 0 &&
	    (size_t)o->in_a_row == x->patients.n)
		rc = err_set(e, ERR_SERVER, "no patient could be read");
	return rc;
}

static enum err_code
patient_run(struct read *r, struct err *e)
{
	struct round o = {.r = r, .arena = arena_new()};
	enum err_code rc = roster_refresh(r, e);

	o.types = arena_alloc(o.arena, (r->n_types + 1) * sizeof(*o.types));
	if (rc == ERR_OK)
		rc = go_round(&o, e);
	arena_free(o.arena);
	return rc;
}

const struct read_mode read_mode_patient = {
    "patient", 40, patient_fits, patient_run};
