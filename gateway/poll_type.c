/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One type from its cursor to now.
 */
#include "gateway/poll.h"

#include "fhir/util/log.h"
#include "gateway/ingest.h"

#include <string.h>

#define MAX_RESTARTS  3
#define MAX_HALVINGS  24
#define WINDOW_MIN_MS 2000
/* A server's clock may be put right by so much. */
#define CLOCK_STEP_MS 60000

struct course {
	struct read *r;
	struct read_type *t;
	/* of the run before */
	int64_t watermark_ms, start_before_ms, newest_before_ms;
	/* what is asked for now */
	int64_t since_ms, until_ms;
	bool resync;
	int restarts, halvings;
};

/* --- what _lastUpdated is good for --- */

struct control {
	struct read *r;
	const char *type;
	size_t n;
};

static enum err_code
count_matches(void *ctx, const struct client_page *page, struct err *e)
{
	struct control *c = ctx;
	struct arena *a = arena_new();
	struct ingest in;
	enum err_code rc;

	ingest_init(
	    &in, a, c->r->server->name, c->r->server->base_url, c->type, 0);
	rc = ingest_page(&in, page->url, page->body, page->len, e);
	c->n += in.resources.n + in.own;
	arena_free(a);
	/* One page says it all. */
	if (rc == ERR_OK && c->n > 0)
		rc = err_set(e, ERR_END, "ignored");
	return rc;
}

/*= interop D-15: nothing is younger than the far future, unless the
 *= parameter is ignored. */
static enum err_code
control_filter(struct read *r, struct read_type *t, struct err *e)
{
	struct control c = {r, t->name, 0};
	struct arena *a = arena_new();
	enum err_code rc = client_search(r->client,
	    arena_printf(
		a, "%s?_lastUpdated=gt2999-01-01T00:00:00Z&_count=1", t->name),
	    count_matches, &c, e);

	arena_free(a);
	r->report->searches++;
	if (rc == ERR_END)
		rc = ERR_OK;
	if (rc == ERR_OK)
		t->filter = c.n > 0 ? FILTER_IGNORED : FILTER_WORKS;
	return rc;
}

static enum err_code
judge_filter(struct course *c, const struct poll *p, struct err *e)
{
	struct read_type *t = c->t;
	enum read_filter was = t->filter;
	enum err_code rc = ERR_OK;

	if (p->since_ms == TIME_NONE)
		return ERR_OK;
	if (p->unfiltered)
		t->filter = FILTER_IGNORED;
	else if (p->self_silent && t->filter == FILTER_UNKNOWN)
		rc = control_filter(c->r, t, e);
	else if (!p->self_silent)
		t->filter = FILTER_WORKS;
	if (t->filter == FILTER_IGNORED) {
		report_note(c->r->report,
		    "%s: the server ignores _lastUpdated; everything is read",
		    t->name);
	}
	if (t->filter == FILTER_IGNORED && was != FILTER_IGNORED)
		log_event(LOG_POLL_UNFILTERED, log_word("type", t->name));
	return rc;
}

/* --- one attempt --- */

static enum err_code
attempt(struct course *c, struct poll *p, struct err *e)
{
	const char *sort = c->r->server->sort ? "_sort=_lastUpdated" : "";
	const char *window;

	p->cursor = c->t->name;
	p->resync = c->resync;
	p->watermark_ms = c->watermark_ms;
	p->since_ms = c->since_ms;
	p->until_ms = c->until_ms;
	window = poll_window(p, p->arena);
	window += window[0] == '&';
	return poll_run(p,
	    arena_printf(p->arena, "%s%s%s%s%s", c->t->name,
		window[0] != '\0' || sort[0] != '\0' ? "?" : "", window,
		window[0] != '\0' && sort[0] != '\0' ? "&" : "", sort),
	    e);
}

/*= interop D-27: from the watermark again; after three times with half of
 *= the window. */
static enum err_code
restart(struct course *c, const struct poll *p, enum err_code rc)
{
	int64_t low = c->since_ms == TIME_NONE ? p->oldest_ms : c->since_ms;
	int64_t high = c->until_ms;

	if (high == TIME_NONE)
		high = p->start_ms == TIME_NONE ? p->newest_ms : p->start_ms;
	log_event(LOG_POLL_RESTART, log_word("type", c->t->name),
	    log_int("page", p->pages));
	c->r->report->restarts++;
	if (c->restarts++ < MAX_RESTARTS)
		return ERR_OK;
	if (low == TIME_NONE || high == TIME_NONE ||
	    high - low < WINDOW_MIN_MS || c->halvings++ >= MAX_HALVINGS ||
	    c->t->filter == FILTER_IGNORED || c->t->filter == FILTER_REFUSED)
		return rc;
	c->until_ms = low + (high - low) / 2;
	return ERR_OK;
}

/* --- a server set back --- */

static bool
is_set_back(const struct course *c, const struct poll *p)
{
	if (c->resync || c->watermark_ms == TIME_NONE)
		return false;
	if (p->start_ms != TIME_NONE && c->start_before_ms != TIME_NONE &&
	    p->start_ms < c->start_before_ms - CLOCK_STEP_MS)
		return true;
	/* What was newest must come again, or there is something newer. */
	return p->since_ms != TIME_NONE && p->entries == 0 &&
	       c->newest_before_ms != TIME_NONE &&
	       c->newest_before_ms >= p->since_ms;
}

/*= interop D-13: everything again, and every patient's ids compared. */
static enum err_code
begin_resync(struct course *c, struct err *e)
{
	struct store *s = c->r->store;

	log_event(LOG_POLL_JUMP, log_word("type", c->t->name));
	report_note(c->r->report,
	    "%s: the server's time went back; everything is read again",
	    c->t->name);
	c->resync = true;
	c->since_ms = c->until_ms = TIME_NONE;
	return s->ops->sweep_all(s, c->r->server->name, e);
}

/* --- what is kept of a run --- */

/*= interop D-12: visible now, but written before the last run looked. */
static enum err_code
measure_lag(struct course *c, const struct poll *p, struct err *e)
{
	if (c->resync || p->since_ms == TIME_NONE ||
	    p->oldest_new_ms == TIME_NONE || p->start_ms == TIME_NONE ||
	    c->start_before_ms == TIME_NONE ||
	    p->oldest_new_ms >= c->start_before_ms)
		return ERR_OK;
	return read_note_lag(c->r, p->start_ms - p->oldest_new_ms, e);
}

static enum err_code
finish(struct course *c, const struct poll *p, struct err *e)
{
	const char *type = c->t->name;
	int64_t newest = p->newest_ms;
	enum err_code rc = measure_lag(c, p, e);

	if (newest == TIME_NONE && !c->resync)
		newest = c->newest_before_ms;
	if (rc == ERR_OK && newest != c->newest_before_ms)
		rc = read_keep(c->r, "newest", type, newest, e);
	if (rc == ERR_OK && p->start_ms != TIME_NONE &&
	    p->start_ms != c->start_before_ms)
		rc = read_keep(c->r, "start", type, p->start_ms, e);
	return rc;
}

/* *ret_more: not yet at the end.  A search that may not filter is tried
 * without. */
static enum err_code
go_on(struct course *c, struct poll *p, enum err_code rc, bool *ret_more,
    struct err *e)
{
	*ret_more = true;
	if (rc == ERR_GONE && p->pages > 0) {
		rc = restart(c, p, rc);
	} else if (rc == ERR_REFUSED && p->since_ms != TIME_NONE &&
		   c->t->filter == FILTER_UNKNOWN &&
		   strcmp(c->r->server->last_updated, "auto") == 0) {
		c->t->filter = FILTER_REFUSED;
		log_event(LOG_POLL_UNFILTERED, log_word("type", c->t->name));
		c->since_ms = TIME_NONE;
		rc = ERR_OK;
	} else if (rc == ERR_OK && c->until_ms != TIME_NONE) {
		c->watermark_ms = c->since_ms = c->until_ms;
		c->until_ms = TIME_NONE;
	} else if (rc == ERR_OK && is_set_back(c, p)) {
		rc = begin_resync(c, e);
	} else {
		*ret_more = false;
	}
	return rc;
}

static enum err_code
begin(struct course *c, struct err *e)
{
	struct store *s = c->r->store;
	const char *type = c->t->name;
	int64_t overlap = 0;
	enum err_code rc = s->ops->cursor_get(
	    s, c->r->server->name, type, &c->watermark_ms, e);

	if (rc == ERR_OK)
		rc = read_recall(c->r, "start", type, &c->start_before_ms, e);
	if (rc == ERR_OK)
		rc = read_recall(c->r, "newest", type, &c->newest_before_ms, e);
	if (rc == ERR_OK)
		rc = read_overlap(c->r, &overlap, e);
	if (rc == ERR_OK && c->watermark_ms != TIME_NONE &&
	    c->t->filter != FILTER_REFUSED)
		c->since_ms = c->watermark_ms - overlap;
	return rc;
}

enum err_code
poll_type(struct read *r, struct read_type *t, struct err *e)
{
	struct course c = {
	    .r = r, .t = t, .since_ms = TIME_NONE, .until_ms = TIME_NONE};
	enum err_code rc = begin(&c, e);
	bool more = rc == ERR_OK;

	while (more) {
		struct poll p;

		poll_init(&p, r, t);
		rc = attempt(&c, &p, e);
		if (rc == ERR_OK)
			rc = judge_filter(&c, &p, e);
		rc = go_on(&c, &p, rc, &more, e);
		if (rc == ERR_OK && !more && !p.suspect)
			rc = finish(&c, &p, e);
		poll_done(&p);
		more = more && rc == ERR_OK;
	}
	return rc;
}
