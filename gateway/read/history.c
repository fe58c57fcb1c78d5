/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode history: [type]/_history as a feed of changes, deletions included.
 *
 * Entries come newest first, so the first of a key counts.  The first run is
 * a search, which gives the same present without its past.
 */
#include "gateway/poll.h"

#include <string.h>

#define MAX_RESTARTS 3

static bool
history_fits(const struct read *r)
{
	for (size_t i = 0; i < r->n_types; i++) {
		const struct capability_type *t =
		    capability_type_find(r->capability, r->types[i].name);

		if (t != NULL && !t->history && !r->types[i].companion)
			return false;
	}
	return r->capability->lists_types;
}

static bool
has_feed(const struct read *r, const struct read_type *t)
{
	const struct capability_type *c =
	    capability_type_find(r->capability, t->name);

	return !t->companion || c == NULL || c->history;
}

/* Only one who may search has a present to begin with. */
static bool
may_search(const struct read *r, const struct read_type *t)
{
	const struct capability_type *c =
	    capability_type_find(r->capability, t->name);

	return c == NULL || !c->states_interactions || c->search;
}

static enum err_code
read_feed(struct read *r, struct read_type *t, int64_t watermark_ms,
    bool *ret_again, struct err *e)
{
	int64_t overlap = 0;
	char since[INSTANT_SIZE];
	struct poll p;
	const char *query;
	enum err_code rc = read_overlap(r, &overlap, e);

	if (rc != ERR_OK)
		return rc;
	poll_init(&p, r, t);
	p.history = true;
	p.cursor = t->name;
	p.watermark_ms = watermark_ms;
	query = arena_printf(p.arena, "%s/_history", t->name);
	if (watermark_ms != TIME_NONE) {
		p.since_ms = watermark_ms - overlap;
		query = arena_printf(p.arena, "%s?_since=%s", query,
		    instant_format(p.since_ms, since));
	}
	rc = poll_run(&p, query, e);
	if (rc == ERR_OK)
		rc = poll_measure_lag(&p, e);
	*ret_again = rc == ERR_GONE && p.pages > 0;
	poll_done(&p);
	return rc;
}

static enum err_code
history_type(struct read *r, struct read_type *t, struct err *e)
{
	int64_t watermark_ms = TIME_NONE;
	enum err_code rc = r->store->ops->cursor_get(
	    r->store, r->server->name, t->name, &watermark_ms, e);
	bool again = rc == ERR_OK;

	if (rc == ERR_OK && watermark_ms == TIME_NONE && may_search(r, t))
		return poll_type(r, t, e);
	for (int restarts = 0; again && restarts <= MAX_RESTARTS; restarts++) {
		rc = read_feed(r, t, watermark_ms, &again, e);
		r->report->restarts += again;
	}
	return rc;
}

static enum err_code
history_run(struct read *r, struct err *e)
{
	enum err_code first = ERR_OK;

	for (size_t i = 0; i < r->n_types; i++) {
		struct read_type *t = &r->types[i];
		struct err why = ERR_INIT;
		enum err_code rc;

		if (read_leaves_out(r, t, !has_feed(r, t)))
			continue;
		rc = has_feed(r, t) ? history_type(r, t, &why)
				    : poll_type(r, t, &why);
		rc = read_settle(r, t, rc, &why);
		if (rc != ERR_OK && first == ERR_OK) {
			first = rc;
			*e = why;
		}
		if (read_is_final(rc) || rc == ERR_REFUSED)
			break;
	}
	return first;
}

const struct read_mode read_mode_history = {
    "history", 20, history_fits, history_run};
