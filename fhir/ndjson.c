/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/ndjson.h"

#include <string.h>

void
ndjson_init(
    struct ndjson *x, size_t max, ndjson_fn fn, void *ctx, struct err *e)
{
	memset(x, 0, sizeof(*x));
	x->max = max;
	x->fn = fn;
	x->ctx = ctx;
	x->e = e;
	strbuf_init(&x->line, max);
}

void
ndjson_done(struct ndjson *x)
{
	strbuf_done(&x->line);
}

void
ndjson_restart(struct ndjson *x)
{
	strbuf_reset(&x->line);
	x->too_long = false;
	x->lines = 0;
	x->code = ERR_OK;
}

static void
add(struct ndjson *x, const char *s, size_t n)
{
	size_t left = x->max - x->line.len;

	if (n > left) {
		x->too_long = true;
		n = left;
	}
	strbuf_add(&x->line, s, n);
}

static void
hand_over(struct ndjson *x)
{
	size_t n = x->line.len;

	while (n > 0 && strchr(" \t\r", x->line.s[n - 1]) != NULL)
		n--;
	if (n > 0) {
		x->lines++;
		x->code = x->fn(x->ctx, x->line.s, n, x->too_long, x->e);
	}
	strbuf_reset(&x->line);
	x->too_long = false;
}

bool
ndjson_feed(struct ndjson *x, const char *s, size_t n)
{
	while (n > 0 && x->code == ERR_OK) {
		const char *end = memchr(s, '\n', n);
		size_t part = end == NULL ? n : (size_t)(end - s);

		add(x, s, part);
		if (end != NULL) {
			hand_over(x);
			part++;
		}
		s += part;
		n -= part;
	}
	return x->code == ERR_OK;
}

enum err_code
ndjson_end(struct ndjson *x)
{
	if (x->code == ERR_OK && x->line.len > 0)
		hand_over(x);
	return x->code;
}
