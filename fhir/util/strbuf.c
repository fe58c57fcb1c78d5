/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/strbuf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void
reserve(struct strbuf *b, size_t more)
{
	size_t cap = b->cap;
	char *s;

	if (b->len + more < b->cap)
		return;
	while (cap <= b->len + more)
		cap *= 2;
	s = realloc(b->s, cap);
	if (s == NULL) {
		fputs("rescan: out of memory\n", stderr);
		abort();
	}
	b->s = s;
	b->cap = cap;
}

void
strbuf_init(struct strbuf *b, size_t max)
{
	assert(max > 0);
	memset(b, 0, sizeof(*b));
	b->max = max;
	b->cap = 128;
	b->s = malloc(b->cap);
	if (b->s == NULL) {
		fputs("rescan: out of memory\n", stderr);
		abort();
	}
	b->s[0] = '\0';
}

void
strbuf_done(struct strbuf *b)
{
	free(b->s);
	memset(b, 0, sizeof(*b));
}

void
strbuf_reset(struct strbuf *b)
{
	b->len = 0;
	b->s[0] = '\0';
	b->overflow = false;
}

void
strbuf_add(struct strbuf *b, const char *s, size_t n)
{
	if (b->overflow || n > b->max - b->len) {
		b->overflow = true;
		return;
	}
	reserve(b, n);
	memcpy(b->s + b->len, s, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void
strbuf_adds(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void
strbuf_addc(struct strbuf *b, char c)
{
	strbuf_add(b, &c, 1);
}

void
strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_addv(b, fmt, ap);
	va_end(ap);
}

void
strbuf_addv(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	if (b->overflow || (size_t)n > b->max - b->len) {
		b->overflow = true;
	} else {
		reserve(b, (size_t)n);
		vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
		b->len += (size_t)n;
	}
}

char *
strbuf_take(struct strbuf *b)
{
	char *s = b->s;

	memset(b, 0, sizeof(*b));
	return s;
}
