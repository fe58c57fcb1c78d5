/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/replay.h"

#include "fhir/json_writer.h"
#include "fhir/util/clock.h"
#include "fhir/util/strbuf.h"
#include "mappings/to_fhir.h"

#include <stdlib.h>
#include <string.h>

#define HEX      "0123456789abcdef"
#define HASH_LEN 64
#define BODY_MAX ((size_t)1 << 30)

/* The clock has no context: one replay a process. */
static struct replay *current;

/* --- the clock --- */

static int64_t
next(enum record_clock which)
{
	struct replay *r = current;
	size_t n = r->record.clock[which].n;
	size_t i = r->asked[which]++;

	if (n == 0)
		return 0;
	return r->record.clock[which].items[i < n ? i : n - 1];
}

static int64_t
now_ms(void)
{
	return next(RECORD_NOW);
}

static int64_t
monotonic_ms(void)
{
	return next(RECORD_MONOTONIC);
}

static void
sleep_ms(int64_t ms)
{
	(void)ms;
}

static int64_t
jitter_ms(int64_t max)
{
	int64_t v = next(RECORD_JITTER);

	return v < max ? v : max;
}

static const struct clock_ops replaying = {
    now_ms, monotonic_ms, sleep_ms, jitter_ms};

/* --- which exchange --- */

static size_t
hash_at(const char *s)
{
	return strspn(s, HEX) == HASH_LEN ? HASH_LEN : 0;
}

/* The same, but for hashes that stand for our identifiers. */
static bool
same_but_hashes(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		size_t n = hash_at(a), m = hash_at(b);

		if (n > 0 && m > 0) {
			a += n;
			b += m;
		} else if (*a++ != *b++) {
			return false;
		}
	}
	return *a == *b;
}

static struct record_exchange *
find(struct replay *r, const struct http_request *q)
{
	for (size_t i = 0; i < r->record.exchanges.n; i++) {
		struct record_exchange *x = &r->record.exchanges.items[i];

		if (x->used || strcmp(x->method, q->method) != 0)
			continue;
		if (r->record.meta.redacted ? same_but_hashes(x->url, q->url)
					    : strcmp(x->url, q->url) == 0)
			return x;
	}
	return NULL;
}

/* For people: method and type, no id. */
static void
note(struct replay *r, const char *what, const struct http_request *q)
{
	const char *base = r->record.meta.base_url;
	size_t n = strlen(base);
	const char *path =
	    strncmp(q->url, base, n) == 0 ? q->url + n : "another server";

	if (r->first[0] == '\0')
		snprintf(r->first, sizeof(r->first), "%s: %s %.*s", what,
		    q->method, (int)strcspn(path + 1, "/?") + 1, path);
}

/* --- a redacted record --- */

/* The hash behind our identifier system, in a; NULL: none. */
static const char *
own_identifier(struct arena *a, const char *s)
{
	const char *at = strstr(s, RESCAN_IDENTIFIER_SYSTEM);
	size_t n;

	if (at == NULL)
		return NULL;
	at += strlen(RESCAN_IDENTIFIER_SYSTEM);
	for (n = 0; n < 40 && at[n] != '\0'; n++) {
		if (hash_at(at + n) > 0)
			return arena_strndup(a, at + n, HASH_LEN);
	}
	return NULL;
}

static void
learn(struct replay *r, const char *then, const char *now)
{
	struct arena *a = r->record.arena;
	const char *was = own_identifier(a, then);
	const char *is = own_identifier(a, now);

	if (was == NULL || is == NULL)
		return;
	*ARENA_PUSH(a, &r->then) = was;
	*ARENA_PUSH(a, &r->now) = is;
}

/* Our identifiers of then become those of now. */
static void
translate(const struct replay *r, char *s)
{
	for (char *p = s; *p != '\0'; p++) {
		size_t n = hash_at(p);

		for (size_t i = 0; n > 0 && i < r->then.n; i++) {
			if (strncmp(p, r->then.items[i], n) == 0) {
				memcpy(p, r->now.items[i], n);
				break;
			}
		}
		p += n > 0 ? n - 1 : 0;
	}
}

/* What is written now, with the id and meta that were given then. */
static char *
written(struct arena *a, const char *now, const char *then)
{
	struct json_iter it = {NULL, NULL, NULL};
	struct json_doc *ours = NULL, *theirs = NULL;
	struct err unheard = ERR_INIT;
	struct json_writer w;
	struct strbuf out;
	char *ret = NULL;

	strbuf_init(&out, BODY_MAX);
	if (json_parse(now, strlen(now), &ours, &unheard) != ERR_OK ||
	    json_parse(then, strlen(then), &theirs, &unheard) != ERR_OK)
		goto out;
	json_writer_init(&w, &out, false);
	json_begin_object(&w, NULL);
	while (json_next(json_root(ours), &it)) {
		const struct json_value *v = it.value;

		if (strcmp(it.name, "id") == 0)
			continue;
		json_put_raw(&w, it.name, json_text(v));
		if (strcmp(it.name, "resourceType") == 0)
			json_put_optional(
			    &w, "id", json_string_at(json_root(theirs), "id"));
	}
	json_end_object(&w);
	ret = arena_strdup(a, out.s);
out:
	json_free(ours);
	json_free(theirs);
	strbuf_done(&out);
	return ret;
}

/* --- answering --- */

static bool
is_write(const struct http_request *q)
{
	return q->body != NULL && q->body[0] == '{';
}

/* Compare, or in a redacted record learn from, what was sent. */
static enum err_code
take_sent(struct replay *r, const struct record_exchange *x,
    const struct http_request *q, struct arena *a, struct err *e)
{
	char *sent;
	size_t n;
	enum err_code rc;

	if (!x->has_sent || q->body == NULL)
		return ERR_OK;
	rc = record_body(&r->record, x->n, "sent", a, &sent, &n, e);
	if (rc != ERR_OK)
		return rc;
	if (r->record.meta.redacted) {
		learn(r, sent, q->body);
	} else if (n != q->body_len || memcmp(sent, q->body, n) != 0) {
		r->differing++;
		note(r, "another body", q);
	}
	return ERR_OK;
}

static enum err_code
answer(struct replay *r, const struct record_exchange *x,
    const struct http_request *q, struct http_response *ret, struct arena *a,
    struct err *e)
{
	char *body = arena_strdup(a, "");
	size_t n = 0;
	enum err_code rc = ERR_OK;

	if (x->has_body)
		rc = record_body(&r->record, x->n, "body", a, &body, &n, e);
	if (rc != ERR_OK)
		return rc;
	if (r->record.meta.redacted) {
		translate(r, body);
		if (is_write(q) && x->r.status / 100 == 2 && n > 0) {
			char *now = written(a, q->body, body);

			body = now == NULL ? body : now;
			n = strlen(body);
		}
	}
	*ret = x->r;
	if (q->sink != NULL && x->r.status / 100 == 2) {
		q->sink->begin(q->sink->ctx);
		if (!q->sink->take(q->sink->ctx, body, n))
			return err_set(e, ERR_LIMIT, "not taken");
		n = 0;
	}
	ret->body = malloc(n + 1);
	if (ret->body == NULL)
		abort();
	memcpy(ret->body, body, n);
	ret->body[n] = '\0';
	ret->body_len = n;
	return ERR_OK;
}

static enum err_code
exchange(void *ctx, struct http *h, const struct http_request *q,
    struct http_response *ret, struct err *e)
{
	struct replay *r = ctx;
	struct record_exchange *x = find(r, q);
	struct arena *a;
	enum err_code rc;

	(void)h;
	if (x == NULL && r->record.done < r->record.cycles &&
	    replay_unused(r) == 0) {
		r->ended = true;
		return err_set(e, ERR_STOPPED, "the record ends here");
	}
	if (x == NULL) {
		r->missing++;
		note(r, "not in the record", q);
		return err_set(
		    e, ERR_USAGE, "a request that is not in the record");
	}
	x->used = true;
	memcpy(r->asked, x->asked, sizeof(r->asked));
	a = arena_new();
	rc = take_sent(r, x, q, a, e);
	if (rc == ERR_OK && x->code != ERR_OK)
		rc = err_set(e, x->code, "%s", x->text);
	else if (rc == ERR_OK)
		rc = answer(r, x, q, ret, a, e);
	arena_free(a);
	return rc;
}

/* --- life --- */

enum err_code
replay_begin(const char *dir, struct replay *ret, struct err *e)
{
	enum err_code rc;

	memset(ret, 0, sizeof(*ret));
	rc = record_load(dir, &ret->record, e);
	if (rc != ERR_OK) {
		record_done(&ret->record);
		return rc;
	}
	ret->transport = (struct http_transport){exchange, ret};
	current = ret;
	clock_replace(&replaying);
	return ERR_OK;
}

void
replay_end(struct replay *r)
{
	if (current == r) {
		clock_replace(NULL);
		current = NULL;
	}
	record_done(&r->record);
}

size_t
replay_unused(const struct replay *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->record.exchanges.n; i++)
		n += !r->record.exchanges.items[i].used;
	return n;
}
