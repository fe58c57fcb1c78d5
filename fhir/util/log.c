/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "fhir/util/strbuf.h"

#define WORD_MAX 200
#define LINE_MAX_BYTES 4096

static const struct {
	const char *name, *text;
	int level;
} rows[LOG__MAX] = {
#define LOG(id, level, text) {#id, text, level},
#include "fhir/util/log.def"
#undef LOG
};

static FILE *sink;
static const char *server;
static int max_level = 6;

struct log_field
log_int(const char *name, int64_t v)
{
	return (struct log_field){name, NULL, v};
}

struct log_field
log_word(const char *name, const char *s)
{
	return (struct log_field){name, s == NULL ? "" : s, 0};
}

struct log_field
log_err(const struct err *e)
{
	const char *text = e->foreign ? err_name(e->code) : e->text;

	return (struct log_field){"error", text, 0};
}

/* A bare word stays bare; anything else is quoted, controls and bytes beyond
 * ASCII as \xNN, so that a line is a line. */
static void
put_word(struct strbuf *b, const char *s)
{
	size_t n = strnlen(s, WORD_MAX);
	bool bare = n > 0;

	for (size_t i = 0; i < n && bare; i++) {
		bare = s[i] > ' ' && s[i] < 0x7f && s[i] != '"' &&
		    s[i] != '=' && s[i] != '\\';
	}
	if (bare) {
		strbuf_add(b, s, n);
		return;
	}
	strbuf_addc(b, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < ' ' || c >= 0x7f)
			strbuf_addf(b, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			strbuf_addf(b, "\\%c", c);
		else
			strbuf_addc(b, (char)c);
	}
	strbuf_addc(b, '"');
}

void
log_write(enum log_id id, const struct log_field *fields)
{
	FILE *f = sink == NULL ? stderr : sink;
	struct strbuf b;
	bool named = server == NULL;

	assert(id < LOG__MAX);
	if (rows[id].level > max_level)
		return;
	strbuf_init(&b, LINE_MAX_BYTES);
	if (!isatty(fileno(f)))
		strbuf_addf(&b, "<%d>", rows[id].level);
	strbuf_addf(&b, "event=%s", rows[id].name);
	for (; fields->name != NULL; fields++) {
		named = named || strcmp(fields->name, "server") == 0;
		strbuf_addf(&b, " %s=", fields->name);
		if (fields->word != NULL)
			put_word(&b, fields->word);
		else
			strbuf_addf(&b, "%" PRId64, fields->number);
	}
	if (!named) {
		strbuf_adds(&b, " server=");
		put_word(&b, server);
	}
	strbuf_adds(&b, " text=");
	put_word(&b, rows[id].text);
	fprintf(f, "%s\n", b.s);
	fflush(f);
	strbuf_done(&b);
}

void
log_server(const char *name)
{
	server = name;
}

void
log_to(FILE *f)
{
	sink = f;
}

void
log_level(int level)
{
	max_level = level;
}
