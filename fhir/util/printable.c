/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/printable.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fhir/util/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define TEXT_MAX    ((size_t)64 << 20)

static const struct {
	uint32_t from, to;
} refused[] = {
    {0x0000, 0x001f}, /* C0: line breaks, escape, bell */
    {0x007f, 0x009f}, /* DEL, C1: the eight-bit escape sequences */
    {0x061c, 0x061c}, /* Arabic letter mark */
    {0x200e, 0x200f}, /* left-to-right, right-to-left mark */
    {0x2028, 0x202e}, /* separators; embeddings and overrides */
    {0x2066, 0x2069}, /* isolates */
    {0xfffe, 0xffff}, /* no characters; XML refuses them */
};

/* The character of a well-formed sequence of n bytes. */
static uint32_t
decode(const char *s, size_t n)
{
	static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = (unsigned char)s[0] & first[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

static bool
is_refused(uint32_t c)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		if (c >= refused[i].from && c <= refused[i].to)
			return true;
	}
	return false;
}

void
printable_add(struct strbuf *out, const char *s, size_t n)
{
	size_t from = 0, i = 0;

	while (i < n) {
		size_t len = utf8_length(s + i, n - i);

		if (len > 0 && !is_refused(decode(s + i, len))) {
			i += len;
			continue;
		}
		strbuf_add(out, s + from, i - from);
		strbuf_adds(out, REPLACEMENT);
		i += len > 0 ? len : 1;
		from = i;
	}
	strbuf_add(out, s + from, n - from);
}

static PRINTF(2, 0) void add_formatted(
    struct strbuf *out, const char *fmt, va_list ap)
{
	struct strbuf raw;

	strbuf_init(&raw, TEXT_MAX);
	strbuf_addv(&raw, fmt, ap);
	if (raw.overflow)
		out->overflow = true;
	else
		printable_add(out, raw.s, raw.len);
	strbuf_done(&raw);
}

void
printable_addf(struct strbuf *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_formatted(out, fmt, ap);
	va_end(ap);
}

void
printable_line(struct strbuf *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_formatted(out, fmt, ap);
	va_end(ap);
	strbuf_addc(out, '\n');
}

void
printable_print(FILE *out, const char *fmt, ...)
{
	struct strbuf line;
	va_list ap;

	strbuf_init(&line, TEXT_MAX);
	va_start(ap, fmt);
	add_formatted(&line, fmt, ap);
	va_end(ap);
	strbuf_addc(&line, '\n');
	fputs(line.s, out);
	strbuf_done(&line);
}
