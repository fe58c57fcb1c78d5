/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/json_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "fhir/datetime.h"
#include "fhir/decimal.h"
#include "fhir/util/utf8.h"

void
json_writer_init(struct json_writer *w, struct strbuf *out, bool pretty)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
	w->pretty = pretty;
}

/* What is not UTF-8 becomes U+FFFD: the text that comes out is always JSON. */
static void
write_string(struct strbuf *out, const char *s)
{
	static const char plain[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *p;
	size_t len;

	strbuf_addc(out, '"');
	for (; *s != '\0'; s += len) {
		p = strchr(plain, *s);
		len = utf8_length(s, strnlen(s, 4));
		if (p != NULL) {
			strbuf_addc(out, '\\');
			strbuf_addc(out, names[p - plain]);
		} else if ((unsigned char)*s < 0x20) {
			strbuf_addf(out, "\\u%04x", (unsigned)*s);
		} else if (len == 0) {
			strbuf_adds(out, "\xef\xbf\xbd");
			len = 1;
		} else {
			strbuf_add(out, s, len);
		}
	}
	strbuf_addc(out, '"');
}

static void
new_line(struct json_writer *w)
{
	if (!w->pretty)
		return;
	strbuf_addc(w->out, '\n');
	for (int i = 0; i < w->depth; i++)
		strbuf_adds(w->out, "  ");
}

/* All that stands before a value. */
static void
begin_value(struct json_writer *w, const char *name)
{
	if (w->depth == 0) {
		assert(name == NULL && !w->any[0]);
		w->any[0] = true;
		return;
	}
	assert((name == NULL) == w->array[w->depth]);
	if (w->any[w->depth])
		strbuf_addc(w->out, ',');
	w->any[w->depth] = true;
	new_line(w);
	if (name != NULL) {
		write_string(w->out, name);
		strbuf_adds(w->out, w->pretty ? ": " : ":");
	}
}

static void
open_level(struct json_writer *w, const char *name, bool array)
{
	begin_value(w, name);
	assert(w->depth + 1 < JSON_WRITER_DEPTH);
	w->depth++;
	w->array[w->depth] = array;
	w->any[w->depth] = false;
	strbuf_addc(w->out, array ? '[' : '{');
}

static void
close_level(struct json_writer *w, bool array)
{
	assert(w->depth > 0 && w->array[w->depth] == array);
	w->depth--;
	if (w->any[w->depth + 1])
		new_line(w);
	strbuf_addc(w->out, array ? ']' : '}');
}

void
json_begin_object(struct json_writer *w, const char *name)
{
	open_level(w, name, false);
}

void
json_end_object(struct json_writer *w)
{
	close_level(w, false);
}

void
json_begin_array(struct json_writer *w, const char *name)
{
	open_level(w, name, true);
}

void
json_end_array(struct json_writer *w)
{
	close_level(w, true);
}

void
json_put_string(struct json_writer *w, const char *name, const char *s)
{
	assert(s != NULL);
	begin_value(w, name);
	write_string(w->out, s);
}

void
json_put_optional(struct json_writer *w, const char *name, const char *s)
{
	if (s != NULL)
		json_put_string(w, name, s);
}

void
json_put_int(struct json_writer *w, const char *name, int64_t v)
{
	begin_value(w, name);
	strbuf_addf(w->out, "%" PRId64, v);
}

void
json_put_bool(struct json_writer *w, const char *name, bool v)
{
	json_put_raw(w, name, v ? "true" : "false");
}

void
json_put_null(struct json_writer *w, const char *name)
{
	json_put_raw(w, name, "null");
}

void
json_put_decimal(struct json_writer *w, const char *name, int64_t v, int scale)
{
	char buf[DECIMAL_SIZE];

	json_put_raw(w, name, decimal_format(v, scale, buf));
}

void
json_put_day(struct json_writer *w, const char *name, int32_t day)
{
	char buf[DAY_SIZE];

	if (day == DAY_NONE)
		json_put_null(w, name);
	else
		json_put_string(w, name, day_format(day, buf));
}

void
json_put_raw(struct json_writer *w, const char *name, const char *json)
{
	begin_value(w, name);
	strbuf_adds(w->out, json);
}
