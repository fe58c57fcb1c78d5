/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/capture.h"

#include "fhir/util/clock.h"
#include "fhir/util/strbuf.h"
#include "gateway/record.h"
#include "gateway/redact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES ((size_t)1 << 20)

struct capture {
	struct arena *arena;
	const char *dir;
	FILE *index, *clock;
	struct redact *redact; /* or NULL */
	struct http_transport transport;
	const struct clock_ops *inner; /* the clock that is recorded */
	size_t asked[RECORD_CLOCK__MAX];
	int n, cycles;
	bool failed;
};

/* The clock has no context: one capture a process. */
static struct capture *current;

/* --- the clock --- */

static int64_t
note_clock(enum record_clock which, char letter, int64_t v)
{
	struct capture *c = current;

	c->asked[which]++;
	if (!c->failed &&
	    fprintf(c->clock, "%c %lld\n", letter, (long long)v) < 0)
		c->failed = true;
	return v;
}

static int64_t
now_ms(void)
{
	return note_clock(RECORD_NOW, 'n', current->inner->now_ms());
}

static int64_t
monotonic_ms(void)
{
	return note_clock(
	    RECORD_MONOTONIC, 'm', current->inner->monotonic_ms());
}

static void
sleep_ms(int64_t ms)
{
	current->inner->sleep_ms(ms);
}

static int64_t
jitter_ms(int64_t max)
{
	return note_clock(RECORD_JITTER, 'j', current->inner->jitter_ms(max));
}

static const struct clock_ops recording = {
    now_ms, monotonic_ms, sleep_ms, jitter_ms};

/* --- files --- */

static FILE *
create(struct arena *a, const char *dir, const char *name)
{
	int fd = open(record_path(a, dir, name),
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? NULL : fdopen(fd, "w");
}

static void
put_file(struct capture *c, const char *name, const char *s, size_t n)
{
	FILE *f = create(c->arena, c->dir, name);

	if (f == NULL || fwrite(s, 1, n, f) != n)
		c->failed = true;
	if (f != NULL && fclose(f) != 0)
		c->failed = true;
}

static void
put_body(struct capture *c, int n, const char *suffix, const char *s,
    size_t len, struct arena *a)
{
	if (c->redact != NULL)
		s = redact_body(c->redact, a, s, len, &len);
	put_file(c, record_body_name(a, n, suffix), s, len);
}

static const char *
plain(const struct capture *c, struct arena *a, const char *s)
{
	return c->redact == NULL ? s : redact_text(c->redact, a, s);
}

/* What is said of the answer, with the persons in it taken out. */
static void
take_response(struct capture *c, struct record_exchange *x,
    const struct http_response *r, struct arena *a)
{
	x->r = *r;
	x->r.body = NULL;
	if (c->redact == NULL)
		return;
	snprintf(x->r.location, sizeof(x->r.location), "%s",
	    plain(c, a, r->location));
	snprintf(x->r.content_location, sizeof(x->r.content_location), "%s",
	    plain(c, a, r->content_location));
}

/* --- exchanges --- */

/* A body that streams by, kept on its way. */
struct tee {
	const struct http_sink *to;
	struct strbuf kept;
};

static void
tee_begin(void *ctx)
{
	struct tee *t = ctx;

	strbuf_reset(&t->kept);
	t->to->begin(t->to->ctx);
}

static bool
tee_take(void *ctx, const char *s, size_t n)
{
	struct tee *t = ctx;

	strbuf_add(&t->kept, s, n);
	return t->to->take(t->to->ctx, s, n);
}

static void
put_exchange(struct capture *c, const struct http_request *r,
    struct record_exchange *x, const struct http_response *got,
    const struct tee *tee)
{
	struct arena *a = arena_new();
	struct strbuf line;
	const char *body = NULL;
	size_t n = 0;

	x->method = r->method;
	x->url = plain(c, a, r->url);
	x->text = plain(c, a, x->text);
	if (x->code == ERR_OK) {
		take_response(c, x, got, a);
		body =
		    tee != NULL && tee->kept.len > 0 ? tee->kept.s : got->body;
		n = body == got->body ? got->body_len : tee->kept.len;
	}
	x->has_sent = r->body != NULL;
	x->has_body = body != NULL && n > 0;
	if (x->has_sent)
		put_body(c, x->n, "sent", r->body, r->body_len, a);
	if (x->has_body)
		put_body(c, x->n, "body", body, n, a);
	strbuf_init(&line, LINE_MAX_BYTES);
	record_write_exchange(x, &line);
	/* The line stands for the whole: last, and at once. */
	if (line.overflow || fputs(line.s, c->index) < 0 ||
	    fflush(c->clock) != 0 || fflush(c->index) != 0)
		c->failed = true;
	strbuf_done(&line);
	arena_free(a);
}

static enum err_code
exchange(void *ctx, struct http *h, const struct http_request *r,
    struct http_response *ret, struct err *e)
{
	struct capture *c = ctx;
	struct record_exchange x = {.n = ++c->n, .r = {.retry_after_s = -1}};
	struct tee tee = {.to = r->sink};
	struct http_sink sink = {
	    .begin = tee_begin, .take = tee_take, .ctx = &tee};
	struct http_request copy = *r;
	struct err why = ERR_INIT;

	strbuf_init(&tee.kept, (size_t)1 << 30);
	if (r->sink != NULL) {
		sink.max = r->sink->max;
		copy.sink = &sink;
	}
	x.code = http_exchange_network(h, &copy, ret, &why);
	x.text = why.text;
	/* Not what the network itself asked. */
	memcpy(x.asked, c->asked, sizeof(x.asked));
	if (!c->failed)
		put_exchange(c, r, &x, ret, r->sink == NULL ? NULL : &tee);
	strbuf_done(&tee.kept);
	if (x.code != ERR_OK && e != NULL)
		*e = why;
	return x.code;
}

/* --- life --- */

static enum err_code
make_folder(const char *dir, struct err *e)
{
	if (mkdir(dir, 0700) == 0)
		return ERR_OK;
	if (errno != EEXIST || rmdir(dir) != 0 || mkdir(dir, 0700) != 0)
		return err_set(e, ERR_IO, "capture folder %s: %s", dir,
		    errno == EEXIST || errno == ENOTEMPTY
			? "it holds something already"
			: strerror(errno));
	return ERR_OK;
}

static enum err_code
keep_store(
    struct capture *c, struct store *s, struct record_meta *m, struct err *e)
{
	const char *path = record_path(c->arena, c->dir, RECORD_STORE);
	bool empty = true;
	enum err_code rc = s->ops->is_empty(s, &empty, e);

	if (rc != ERR_OK || empty)
		return rc;
	if (c->redact != NULL) {
		return err_set(e, ERR_CONFIG,
		    "a redacted capture begins with an empty store: name "
		    "another [store] path");
	}
	m->has_store = true;
	return s->ops->copy(s, path, e);
}

static enum err_code
put_meta(struct capture *c, const struct config_server *server,
    struct store *store, struct err *e)
{
	struct record_meta m = {.version = RESCAN_VERSION,
	    .server = server->name,
	    .base_url = server->base_url,
	    .redacted = c->redact != NULL};
	struct strbuf text;
	enum err_code rc = keep_store(c, store, &m, e);

	if (rc != ERR_OK)
		return rc;
	strbuf_init(&text, LINE_MAX_BYTES);
	record_write_meta(&m, &text);
	put_file(c, RECORD_META, text.s, text.len);
	strbuf_done(&text);
	return ERR_OK;
}

enum err_code
capture_begin(const char *dir, bool redact, const struct config_server *server,
    struct store *store, struct capture **ret, struct err *e)
{
	struct capture *c;
	enum err_code rc = make_folder(dir, e);

	if (rc != ERR_OK)
		return rc;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		abort();
	c->arena = arena_new();
	c->dir = arena_strdup(c->arena, dir);
	c->transport = (struct http_transport){exchange, c};
	if (redact) {
		c->redact = arena_alloc(c->arena, sizeof(*c->redact));
		redact_init(c->redact);
	}
	c->index = create(c->arena, dir, RECORD_INDEX);
	c->clock = create(c->arena, dir, RECORD_CLOCK);
	if (c->index == NULL || c->clock == NULL)
		rc = err_set(e, ERR_IO, "%s: %s", dir, strerror(errno));
	else
		rc = put_meta(c, server, store, e);
	if (rc == ERR_OK && c->failed)
		rc = err_set(e, ERR_IO, "%s cannot be written", dir);
	if (rc != ERR_OK) {
		capture_end(c);
		return rc;
	}
	c->inner = clock_in_use();
	current = c;
	clock_replace(&recording);
	*ret = c;
	return ERR_OK;
}

void
capture_end(struct capture *c)
{
	if (c == NULL)
		return;
	if (current == c) {
		clock_replace(c->inner);
		current = NULL;
	}
	if (c->index != NULL)
		fclose(c->index);
	if (c->clock != NULL)
		fclose(c->clock);
	arena_free(c->arena);
	free(c);
}

const struct http_transport *
capture_transport(const struct capture *c)
{
	return &c->transport;
}

void
capture_cycle(struct capture *c)
{
	if (fprintf(c->index, "{\"cycle\":%d}\n", ++c->cycles) < 0)
		c->failed = true;
}

void
capture_cycle_done(struct capture *c)
{
	if (fprintf(c->index, "{\"done\":%d}\n", c->cycles) < 0 ||
	    fflush(c->clock) != 0 || fflush(c->index) != 0)
		c->failed = true;
}

bool
capture_failed(const struct capture *c)
{
	return c->failed;
}
