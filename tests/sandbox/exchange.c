/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer: query text in, OperationOutcome or resource out.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/internal.h"

#define FHIR_JSON "application/fhir+json;charset=utf-8"

struct exchange *
exchange_new(struct sandbox *s, struct arena *a)
{
	struct exchange *x = arena_alloc(a, sizeof(*x));

	x->s = s;
	x->a = a;
	x->method = "GET";
	x->path = x->query = x->body = "";
	x->base = s->url;
	x->content_type = x->accept = x->prefer = x->authorization = "";
	x->if_match = x->if_none_match = x->if_none_exist = "";
	strbuf_init(&x->out, SANDBOX_TEXT_MAX);
	x->out_type = FHIR_JSON;
	x->modified_ms = INT64_MIN;
	x->fault = SANDBOX_FAULT__MAX;
	return x;
}

void
exchange_done(struct exchange *x)
{
	strbuf_done(&x->out);
}

static void
fail_text(struct exchange *x, int status, const char *issue, const char *text)
{
	struct json_writer w;

	strbuf_reset(&x->out);
	x->status = status;
	x->out_type = FHIR_JSON;
	x->etag = x->location = NULL;
	x->modified_ms = INT64_MIN;
	json_writer_init(&w, &x->out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "resourceType", "OperationOutcome");
	json_begin_array(&w, "issue");
	json_begin_object(&w, NULL);
	json_put_string(&w, "severity", "error");
	json_put_string(&w, "code", issue);
	json_put_string(&w, "diagnostics", text);
	json_end_object(&w);
	json_end_array(&w);
	json_end_object(&w);
}

void
exchange_fail(
    struct exchange *x, int status, const char *issue, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_text(x, status, issue, arena_vprintf(x->a, fmt, ap));
	va_end(ap);
}

void
exchange_fail_err(struct exchange *x, int status, const struct err *e)
{
	fail_text(x, status, err_issue_type(e->code), e->text);
}

bool
exchange_prefers(const struct exchange *x, const char *word)
{
	return strstr(x->prefer, word) != NULL;
}

void
exchange_resource(struct exchange *x, int status, const struct resource *r,
    const struct version *v)
{
	size_t number = (size_t)(v - r->versions) + 1;

	x->status = status;
	x->etag = arena_printf(x->a, "W/\"%zu\"", number);
	x->modified_ms = v->updated_ms;
	if (strcmp(x->method, "GET") != 0)
		x->location = arena_printf(x->a, "%s/%s/%s/_history/%zu",
		    x->base, r->type, r->id, number);
	strbuf_reset(&x->out);
	if (v->text != NULL && (strcmp(x->method, "GET") == 0 ||
				   !exchange_prefers(x, "return=minimal")))
		strbuf_add(&x->out, v->text, v->len);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *
query_decode(struct arena *a, const char *s, size_t n, bool plus)
{
	char *out = arena_alloc(a, n + 1), *p = out;

	for (size_t i = 0; i < n; i++) {
		int hi = -1, lo = -1;

		if (s[i] == '%' && i + 2 < n) {
			hi = hex_digit(s[i + 1]);
			lo = hex_digit(s[i + 2]);
		}
		if (hi >= 0 && lo >= 0 && hi + lo > 0) {
			*p++ = (char)(hi * 16 + lo);
			i += 2;
		} else {
			*p++ = plus && s[i] == '+' ? ' ' : s[i];
		}
	}
	return out;
}

char *
query_encode(struct arena *a, const char *s)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = arena_alloc(a, strlen(s) * 3 + 1), *p = out;

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || strchr("-._~", c) != NULL) {
			*p++ = *s;
		} else {
			*p++ = '%';
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		}
	}
	return out;
}

static void
parse_pair(struct exchange *x, const char *s, size_t n)
{
	const char *eq = memchr(s, '=', n);
	struct query_param *p;
	char *name, *colon;

	if (n == 0)
		return;
	name = query_decode(x->a, s, eq == NULL ? n : (size_t)(eq - s), true);
	p = ARENA_PUSH(x->a, &x->params);
	colon = strchr(name, ':');
	if (colon != NULL)
		*colon++ = '\0';
	p->name = name;
	p->modifier = colon == NULL ? "" : colon;
	p->value = eq == NULL ? ""
			      : query_decode(x->a, eq + 1,
				    n - (size_t)(eq + 1 - s), true);
	p->raw = arena_strndup(x->a, s, n);
}

void
query_parse(struct exchange *x, const char *query)
{
	while (*query != '\0') {
		size_t n = strcspn(query, "&");

		parse_pair(x, query, n);
		query += query[n] == '&' ? n + 1 : n;
	}
}
