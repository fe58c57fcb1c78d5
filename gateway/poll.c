/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/poll.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/ingest.h"

#include <string.h>

/* Keys of one run that are remembered: enough for any increment. */
#define MAX_KEYS ((size_t)500000)
/* Runs in a row after which a total that does not fit is a habit. */
#define MAX_SUSPECTS 3
/* A Date has whole seconds. */
#define DATE_ROUNDING_MS 1000

void
poll_init(struct poll *p, struct read *r, struct read_type *t)
{
	memset(p, 0, sizeof(*p));
	p->read = r;
	p->type = t;
	p->watermark_ms = p->since_ms = p->until_ms = TIME_NONE;
	p->start_ms = p->newest_ms = p->oldest_ms = TIME_NONE;
	p->oldest_new_ms = TIME_NONE;
	p->arena = arena_new();
	strset_init(&p->seen, p->arena, MAX_KEYS);
	strset_init(&p->all, p->arena, MAX_KEYS);
}

void
poll_done(struct poll *p)
{
	strset_done(&p->seen);
	strset_done(&p->all);
	arena_free(p->arena);
	p->arena = NULL;
}

const char *
poll_window(const struct poll *p, struct arena *a)
{
	char from[INSTANT_SIZE], to[INSTANT_SIZE];
	const char *ret = "";

	if (p->since_ms != TIME_NONE) {
		ret = arena_printf(
		    a, "&_lastUpdated=ge%s", instant_format(p->since_ms, from));
	}
	if (p->until_ms != TIME_NONE) {
		ret = arena_printf(a, "%s&_lastUpdated=lt%s", ret,
		    instant_format(p->until_ms, to));
	}
	return ret;
}

/*= interop B.3: min(newest seen, the server's time at the start), never
 *= the client's clock; TIME_NONE when neither is known. */
static int64_t
next_watermark(const struct poll *p)
{
	int64_t next = p->newest_ms;

	if (p->until_ms != TIME_NONE) /* all of the window is read */
		return p->until_ms;
	if (next == TIME_NONE) /* nothing seen: the first run's start */
		next = p->watermark_ms == TIME_NONE || p->resync
			   ? p->start_ms
			   : p->watermark_ms;
	else if (p->start_ms != TIME_NONE && p->start_ms < next)
		next = p->start_ms;
	if (!p->resync && p->watermark_ms != TIME_NONE &&
	    next < p->watermark_ms &&
	    (p->start_ms == TIME_NONE || p->start_ms >= p->watermark_ms))
		next = p->watermark_ms;
	return next;
}

static void
count_page(struct poll *p, const struct ingest *in,
    const struct store_page_result *done)
{
	struct cycle_report *r = p->read->report;

	r->pages++;
	r->entries += in->entries;
	r->own += in->own;
	r->stored += done->stored;
	r->unchanged += done->unchanged;
	r->quarantined += done->quarantined;
	log_event(LOG_POLL_PAGE, log_word("type", p->type->name),
	    log_int("entries", (int64_t)in->entries),
	    log_int("new", (int64_t)done->stored));
	if (done->quarantined > 0) {
		log_event(LOG_QUARANTINED, log_word("type", p->type->name),
		    log_int("n", (int64_t)done->quarantined));
	}
}

/*= interop D-15: the self link says what the server really looked for. */
static void
begin_run(struct poll *p, const struct client_page *page)
{
	if (p->start_ms == TIME_NONE)
		p->start_ms = page->server_ms;
	strset_done(&p->seen);
	strset_init(&p->seen, p->arena, MAX_KEYS);
	p->nameless = 0;
	if (p->since_ms != TIME_NONE && !p->history &&
	    page->head->self != NULL &&
	    strstr(page->head->self, "_lastUpdated=") == NULL)
		p->self_silent = true;
}

/*= interop D-31: an answer about one patient holds no other's data. */
static enum err_code
check_patient(struct poll *p, const struct ingest *in, struct err *e)
{
	struct store *s = p->read->store;
	const char *server = p->read->server->name, *want, *is;
	enum err_code rc = s->ops->patient_survivor(
	    s, server, p->patient, in->arena, &want, e);

	for (size_t i = 0; i < in->resources.n && rc == ERR_OK; i++) {
		const struct store_resource *r = &in->resources.items[i];

		if (r->patient == NULL || strcmp(r->patient, p->patient) == 0)
			continue;
		rc = s->ops->patient_survivor(
		    s, server, r->patient, in->arena, &is, e);
		if (rc == ERR_OK && strcmp(is, want) != 0) {
			return err_set(e, ERR_WRONG_PATIENT,
			    "the server answered a search about one patient "
			    "with %s data of another; reading it stops until "
			    "somebody has looked",
			    p->type->name);
		}
	}
	return rc;
}

static void
take_times(struct poll *p, const struct ingest *in)
{
	if (in->max_updated_ms > p->newest_ms)
		p->newest_ms = in->max_updated_ms;
	p->oldest_ms = time_earlier(p->oldest_ms, in->min_updated_ms);
	p->entries += in->entries;
	p->nameless += in->nameless;
	p->pages++;
}

/*= interop D-26, D-29: over several pages the total and what came must
 *= agree, or something moved; a total that never fits is no sign. */
static void
judge_total(struct poll *p, const struct client_page *page)
{
	struct read_type *t = p->type;
	int64_t came = (int64_t)(p->seen.n + p->nameless);

	if (p->history || page->number == 0 || page->head->total < 0 ||
	    p->seen.full || t->total_wrong)
		return;
	if (page->head->total == came) {
		t->suspects = 0;
		return;
	}
	if (++t->suspects >= MAX_SUSPECTS) {
		t->total_wrong = true;
		return;
	}
	p->suspect = true;
	p->read->report->suspect++;
	log_event(LOG_POLL_SUSPECT, log_word("type", t->name),
	    log_int("total", page->head->total), log_int("came", came));
}

static void
begin_page(struct poll *p, struct ingest *in, struct arena *a)
{
	const struct config_server *server = p->read->server;

	ingest_init(in, a, server->name, server->base_url, p->type->name,
	    clock_now_ms());
	in->seen = &p->seen;
	in->newest_first = p->history;
	in->restored = p->resync;
}

static enum err_code
keep_page(struct poll *p, const struct client_page *page, struct ingest *in,
    struct err *e)
{
	struct store *s = p->read->store;
	struct store_page_result done;
	struct store_page row = {.server = p->read->server->name,
	    .type = p->type->name,
	    .cursor = p->cursor,
	    .resources = in->resources.items,
	    .n_resources = in->resources.n,
	    .quarantine = in->quarantine.items,
	    .n_quarantine = in->quarantine.n};
	enum err_code rc;

	if (page->last)
		judge_total(p, page);
	row.watermark_ms = next_watermark(p);
	row.advance = page->last && p->cursor != NULL && !p->suspect &&
		      row.watermark_ms != TIME_NONE;
	rc = s->ops->page_put(s, &row, &done, e);
	if (rc != ERR_OK)
		return rc;
	count_page(p, in, &done);
	p->oldest_new_ms = time_earlier(p->oldest_new_ms, done.oldest_ms);
	return ERR_OK;
}

static enum err_code
take_page(void *ctx, const struct client_page *page, struct err *e)
{
	struct poll *p = ctx;
	struct arena *a = arena_new();
	struct ingest in;
	enum err_code rc;

	if (page->number == 0)
		begin_run(p, page);
	begin_page(p, &in, a);
	rc = ingest_page(&in, page->url, page->body, page->len, e);
	if (rc == ERR_OK && p->patient != NULL)
		rc = check_patient(p, &in, e);
	if (rc != ERR_OK)
		goto out;
	take_times(p, &in);
	if (p->since_ms != TIME_NONE && !p->history &&
	    p->oldest_ms != TIME_NONE &&
	    p->oldest_ms < p->since_ms - DATE_ROUNDING_MS)
		p->unfiltered = true;
	rc = keep_page(p, page, &in, e);
	if (rc != ERR_OK)
		goto out;
	rc = read_stopped(e);
	/* All read and kept: a stop now costs nothing. */
	if (page->last && rc == ERR_STOPPED)
		rc = ERR_OK;
out:
	arena_free(a);
	return rc;
}

/* Under which an unreadable page is kept until this run comes to its end. */
static const char *
name_of_run(const struct poll *p)
{
	if (p->cursor != NULL || p->patient == NULL)
		return p->cursor != NULL ? p->cursor : p->type->name;
	return arena_printf(p->arena, "%s %s", p->type->name, p->patient);
}

/*= interop D-12 */
enum err_code
poll_measure_lag(const struct poll *p, struct err *e)
{
	if (p->since_ms == TIME_NONE || p->start_ms == TIME_NONE ||
	    p->oldest_new_ms == TIME_NONE ||
	    p->oldest_new_ms >= p->watermark_ms)
		return ERR_OK;
	return read_note_lag(p->read, p->start_ms - p->oldest_new_ms, e);
}

enum err_code
poll_run(struct poll *p, const char *query, struct err *e)
{
	struct client *c = p->read->client;
	const char *type = p->type->name;
	enum err_code rc;

	/*= interop D-35: said, a gap in coverage, and never "there is none" */
	if (!client_granted(c, type, 's') || !client_granted(c, type, 'r')) {
		log_event(LOG_NOT_GRANTED, log_word("type", type));
		return err_set(e, ERR_FORBIDDEN,
		    "%s: the authorization server did not grant reading it",
		    type);
	}
	p->read->report->searches++;
	log_event(LOG_POLL_START, log_word("type", type));
	rc = p->history ? client_history(c, query, take_page, p, e)
			: client_search(c, query, take_page, p, e);
	if (p->patient != NULL)
		strset_add_all(&p->all, &p->seen);
	if (rc == ERR_OK) {
		log_event(LOG_POLL_DONE, log_word("type", type));
		return ERR_OK;
	}
	err_context(e, "%s", type);
	if (aside_page(p->read->aside, name_of_run(p),
		&p->read->report->quarantined, e) != ERR_OK)
		return e->code;
	if (rc == ERR_WRONG_PATIENT) {
		log_event(LOG_WRONG_PATIENT, log_word("type", type));
	} else if (rc != ERR_STOPPED) {
		log_event(LOG_POLL_FAILED, log_word("type", type),
		    log_word("code", err_name(rc)));
	}
	return rc;
}
