/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/aside.h"

#include "fhir/util/clock.h"
#include "fhir/util/log.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_MAX  ((size_t)1 << 30)
#define ANSWER_MAX ((size_t)64 * 1024)

static void
forget(struct aside *a)
{
	free(a->url);
	a->url = NULL;
	strbuf_done(&a->bytes);
	strbuf_init(&a->bytes, BYTES_MAX);
	a->there = false;
}

static void
hear_refusal(void *ctx, const struct client_unreadable *what)
{
	struct aside *a = ctx;

	if (what->status < 300)
		return;
	strbuf_reset(&a->answer);
	strbuf_add(&a->answer, what->body,
	    what->len < ANSWER_MAX ? what->len : ANSWER_MAX);
}

static void
hear(void *ctx, const struct client_unreadable *what)
{
	struct aside *a = ctx;

	if (what->status >= 300) {
		hear_refusal(ctx, what);
		return;
	}
	forget(a);
	a->url = strdup(what->url);
	if (a->url == NULL)
		abort();
	strbuf_add(&a->bytes, what->body, what->len);
	a->why = *what->why;
	a->there = true;
}

void
aside_init(struct aside *a, struct client *client, struct store *store,
    const struct config_server *server)
{
	memset(a, 0, sizeof(*a));
	a->client = client;
	a->store = store;
	a->server = server;
	strbuf_init(&a->bytes, BYTES_MAX);
	strbuf_init(&a->answer, ANSWER_MAX);
	client_watch(client, hear, a);
}

void
aside_hear(struct aside *a, struct client *client)
{
	client_watch(client, hear_refusal, a);
}

const char *
aside_take_answer(struct aside *a, struct arena *arena)
{
	const char *s = arena_strdup(arena, a->answer.s);

	strbuf_reset(&a->answer);
	return s;
}

void
aside_done(struct aside *a)
{
	if (a->client == NULL) /* never begun */
		return;
	client_watch(a->client, NULL, NULL);
	free(a->url);
	strbuf_done(&a->bytes);
	strbuf_done(&a->answer);
}

/* --- pages --- */

enum err_code
aside_page(struct aside *a, const char *run, size_t *n, struct err *e)
{
	struct store_page_result done;
	struct store_quarantine q = {
	    .server = a->server->name,
	    .key = a->url,
	    .type = run,
	    .code = QUARANTINE_PAGE,
	    .text = a->why.text,
	    .bytes = a->bytes.s,
	    .len = a->bytes.len,
	    .at_ms = clock_now_ms(),
	};
	struct store_page page = {.server = a->server->name,
	    .type = "",
	    .quarantine = &q,
	    .n_quarantine = 1};
	struct err why = ERR_INIT;
	enum err_code rc;

	if (!a->there || a->why.code != e->code) {
		forget(a);
		return ERR_OK;
	}
	rc = a->store->ops->page_put(a->store, &page, &done, &why);
	forget(a);
	if (rc != ERR_OK) {
		*e = why;
		return rc;
	}
	*n += done.quarantined;
	if (done.quarantined > 0) {
		log_event(LOG_QUARANTINED, log_word("code", QUARANTINE_PAGE));
	}
	return ERR_OK;
}

/* --- single resources --- */

void
aside_read(
    struct aside *a, struct ingest *in, const char *key, const struct err *why)
{
	const char *bytes = a->there ? a->bytes.s : "";

	ingest_absent(in, key, RESOURCE_MISSING);
	ingest_quarantine(in, key, "not_readable", why->text, bytes,
	    a->there ? a->bytes.len : 0);
	forget(a);
}

/* What became of one read; true when it is settled. */
static bool
read_again(struct aside *a, const struct store_quarantine *q, struct ingest *in,
    struct err *e)
{
	const char *slash = strchr(q->key, '/');
	char *type, *body = NULL;
	size_t len;
	enum err_code rc;

	if (slash == NULL)
		return false;
	type = arena_strndup(in->arena, q->key, (size_t)(slash - q->key));
	rc = client_read(a->client, type, slash + 1, &body, &len, e);
	switch (rc) {
	case ERR_OK:
		ingest_read(in, q->key, body, len);
		free(body);
		return true;
	case ERR_GONE:
		ingest_absent(in, q->key, RESOURCE_DELETED);
		return true;
	case ERR_NOT_FOUND:
		ingest_absent(in, q->key, RESOURCE_MISSING);
		return true;
	case ERR_NOT_JSON:
	case ERR_NOT_FHIR:
	case ERR_LIMIT:
		aside_read(a, in, q->key, e);
		return true;
	default:
		log_event(LOG_FETCH_FAILED, log_word("type", type),
		    log_word("code", err_name(rc)));
		return false;
	}
}

static enum err_code
settle(
    struct aside *a, const struct store_quarantine *q, size_t *n, struct err *e)
{
	struct arena *arena = arena_new();
	struct store_page_result done;
	struct ingest in;
	struct err why = ERR_INIT;
	enum err_code rc = ERR_OK;

	ingest_init(&in, arena, a->server->name, a->server->base_url, "",
	    clock_now_ms());
	if (read_again(a, q, &in, &why)) {
		struct store_page page = {.server = a->server->name,
		    .type = "",
		    .resources = in.resources.items,
		    .n_resources = in.resources.n,
		    .quarantine = in.quarantine.items,
		    .n_quarantine = in.quarantine.n,
		    .retried = &q->id,
		    .n_retried = 1};

		rc = a->store->ops->page_put(a->store, &page, &done, e);
		*n += rc == ERR_OK;
	} else if (why.code == ERR_STOPPED) {
		*e = why;
		rc = ERR_STOPPED;
	}
	arena_free(arena);
	return rc;
}

enum err_code
aside_again(struct aside *a, size_t *n, struct err *e)
{
	struct arena *arena = arena_new();
	struct store_quarantine *rows;
	size_t n_rows;
	enum err_code rc = a->store->ops->quarantine_take(
	    a->store, a->server->name, arena, &rows, &n_rows, e);

	if (rc == ERR_OK && n_rows > 0)
		log_event(LOG_AGAIN, log_int("n", (int64_t)n_rows));
	for (size_t i = 0; rc == ERR_OK && i < n_rows; i++)
		rc = settle(a, &rows[i], n, e);
	arena_free(arena);
	return rc;
}
