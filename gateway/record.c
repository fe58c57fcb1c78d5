/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record.h"

#include "fhir/json_writer.h"
#include "fhir/util/strbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT   1
#define FILE_MAX ((size_t)2 << 30)

char *
record_path(struct arena *a, const char *dir, const char *name)
{
	return arena_printf(a, "%s/%s", dir, name);
}

char *
record_body_name(struct arena *a, int n, const char *suffix)
{
	return arena_printf(a, "%06d.%s", n, suffix);
}

/* --- members of a response that are texts and numbers --- */

#define TEXT(member)                                                           \
	{                                                                      \
#member, offsetof(struct http_response, member),               \
		    sizeof(((struct http_response *)0)->member)                \
	}
static const struct {
	const char *name;
	size_t offset, size;
} texts[] = {TEXT(content_type), TEXT(etag), TEXT(location),
    TEXT(last_modified), TEXT(content_location), TEXT(rate)};
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

static const char *const clocks[RECORD_CLOCK__MAX] = {
    "now", "monotonic", "jitter"};

void
record_write_exchange(const struct record_exchange *x, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, false);
	json_begin_object(&w, NULL);
	json_put_int(&w, "n", x->n);
	json_put_string(&w, "method", x->method);
	json_put_string(&w, "url", x->url);
	json_put_bool(&w, "sent", x->has_sent);
	json_put_bool(&w, "body", x->has_body);
	json_put_string(&w, "result", err_name(x->code));
	if (x->code != ERR_OK)
		json_put_string(&w, "text", x->text);
	json_put_int(&w, "status", x->r.status);
	for (size_t i = 0; i < N_TEXTS; i++) {
		const char *s = (const char *)&x->r + texts[i].offset;

		json_put_optional(&w, texts[i].name, *s == '\0' ? NULL : s);
	}
	if (x->r.date_ms != INT64_MIN)
		json_put_int(&w, "date_ms", x->r.date_ms);
	json_put_int(&w, "retry_after_s", x->r.retry_after_s);
	for (size_t i = 0; i < RECORD_CLOCK__MAX; i++)
		json_put_int(&w, clocks[i], (int64_t)x->asked[i]);
	json_end_object(&w);
	strbuf_addc(out, '\n');
}

void
record_write_meta(const struct record_meta *m, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, true);
	json_begin_object(&w, NULL);
	json_put_int(&w, "format", FORMAT);
	json_put_string(&w, "version", m->version);
	json_put_string(&w, "server", m->server);
	json_put_string(&w, "base_url", m->base_url);
	json_put_bool(&w, "redacted", m->redacted);
	json_put_bool(&w, "store", m->has_store);
	json_end_object(&w);
	strbuf_addc(out, '\n');
}

/* --- reading --- */

static enum err_code
slurp(const char *path, struct strbuf *out, struct err *e)
{
	FILE *f = fopen(path, "rbe");
	char chunk[65536];
	size_t n;
	bool bad;

	if (f == NULL)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		strbuf_add(out, chunk, n);
	bad = ferror(f) != 0 || out->overflow;
	fclose(f);
	return bad ? err_set(e, ERR_IO, "%s: cannot be read", path) : ERR_OK;
}

static int64_t
number(const struct json_value *v, const char *name, int64_t absent)
{
	const char *s = json_number(json_get(v, name));

	return s == NULL ? absent : strtoll(s, NULL, 10);
}

static enum err_code
code_of(const char *name)
{
	for (int i = 0; name != NULL && i < ERR__MAX; i++) {
		if (strcmp(err_name((enum err_code)i), name) == 0)
			return (enum err_code)i;
	}
	return ERR_CONNECT;
}

static void
read_exchange(struct record *r, const struct json_value *v)
{
	struct record_exchange *x = ARENA_PUSH(r->arena, &r->exchanges);
	const char *s = json_string(json_get(v, "text"));

	x->n = (int)number(v, "n", 0);
	x->cycle = r->cycles;
	x->method = arena_strdup(r->arena, json_string(json_get(v, "method")));
	x->url = arena_strdup(r->arena, json_string(json_get(v, "url")));
	x->has_sent = json_true(json_get(v, "sent"));
	x->has_body = json_true(json_get(v, "body"));
	x->code = code_of(json_string(json_get(v, "result")));
	x->text = s == NULL ? "" : arena_strdup(r->arena, s);
	x->r.status = (long)number(v, "status", 0);
	x->r.date_ms = number(v, "date_ms", INT64_MIN);
	x->r.retry_after_s = number(v, "retry_after_s", -1);
	for (size_t i = 0; i < N_TEXTS; i++) {
		s = json_string(json_get(v, texts[i].name));
		if (s != NULL)
			snprintf((char *)&x->r + texts[i].offset, texts[i].size,
			    "%s", s);
	}
	for (size_t i = 0; i < RECORD_CLOCK__MAX; i++)
		x->asked[i] = (size_t)number(v, clocks[i], 0);
	if (x->method == NULL || x->url == NULL)
		r->exchanges.n--;
}

static enum err_code
read_index(struct record *r, struct err *e)
{
	struct strbuf text;
	struct err cut = ERR_INIT;
	char *line, *save = NULL;
	enum err_code rc;

	strbuf_init(&text, FILE_MAX);
	rc = slurp(record_path(r->arena, r->dir, RECORD_INDEX), &text, e);
	for (line = strtok_r(text.s, "\n", &save); rc == ERR_OK && line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		struct json_doc *doc = NULL;

		if (json_parse(line, strlen(line), &doc, &cut) != ERR_OK)
			break;
		if (json_get(json_root(doc), "cycle") != NULL)
			r->cycles++;
		else if (json_get(json_root(doc), "done") != NULL)
			r->done = r->cycles;
		else
			read_exchange(r, json_root(doc));
		json_free(doc);
	}
	strbuf_done(&text);
	return rc;
}

static enum err_code
read_clock(struct record *r, struct err *e)
{
	struct strbuf text;
	char *line, *save = NULL;
	enum err_code rc;

	strbuf_init(&text, FILE_MAX);
	rc = slurp(record_path(r->arena, r->dir, RECORD_CLOCK), &text, e);
	for (line = strtok_r(text.s, "\n", &save); rc == ERR_OK && line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		for (int i = 0; i < RECORD_CLOCK__MAX; i++) {
			if (line[0] == clocks[i][0] && line[1] == ' ')
				*ARENA_PUSH(r->arena, &r->clock[i]) =
				    strtoll(line + 2, NULL, 10);
		}
	}
	strbuf_done(&text);
	return rc;
}

static enum err_code
read_meta(struct record *r, struct err *e)
{
	const char *path = record_path(r->arena, r->dir, RECORD_META);
	struct json_doc *doc = NULL;
	const struct json_value *v;
	struct strbuf text;
	enum err_code rc;

	strbuf_init(&text, (size_t)1 << 20);
	rc = slurp(path, &text, e);
	if (rc == ERR_OK)
		rc = json_parse(text.s, text.len, &doc, e);
	v = json_root(doc);
	if (rc == ERR_OK && number(v, "format", 0) != FORMAT)
		rc = err_set(e, ERR_INVALID, "%s: no capture of format %d",
		    path, FORMAT);
	if (rc == ERR_OK) {
		const char *base = json_string(json_get(v, "base_url"));
		const char *server = json_string(json_get(v, "server"));

		r->meta.base_url =
		    arena_strdup(r->arena, base == NULL ? "" : base);
		r->meta.server =
		    arena_strdup(r->arena, server == NULL ? "" : server);
		r->meta.redacted = json_true(json_get(v, "redacted"));
		r->meta.has_store = json_true(json_get(v, "store"));
	}
	json_free(doc);
	strbuf_done(&text);
	return rc;
}

enum err_code
record_load(const char *dir, struct record *ret, struct err *e)
{
	enum err_code rc;

	memset(ret, 0, sizeof(*ret));
	ret->arena = arena_new();
	ret->dir = arena_strdup(ret->arena, dir);
	rc = read_meta(ret, e);
	if (rc == ERR_OK)
		rc = read_index(ret, e);
	if (rc == ERR_OK)
		rc = read_clock(ret, e);
	return rc;
}

void
record_done(struct record *r)
{
	arena_free(r->arena);
	memset(r, 0, sizeof(*r));
}

enum err_code
record_body(const struct record *r, int n, const char *suffix, struct arena *a,
    char **ret, size_t *ret_len, struct err *e)
{
	struct strbuf text;
	enum err_code rc;

	strbuf_init(&text, FILE_MAX);
	rc = slurp(
	    record_path(a, r->dir, record_body_name(a, n, suffix)), &text, e);
	if (rc == ERR_OK) {
		*ret = arena_strndup(a, text.s, text.len);
		*ret_len = text.len;
	}
	strbuf_done(&text);
	return rc;
}
