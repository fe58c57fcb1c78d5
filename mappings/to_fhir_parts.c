/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/to_fhir_parts.h"

#include <assert.h>
#include <string.h>

#include "fhir/datetime.h"
#include "fhir/util/digest.h"
#include "fhir/util/printable.h"

#define BODY_MAX ((size_t)16 << 20)

/* RESCAN_IDENTIFIER_SYSTEM and "|", percent-encoded for a query. */
#define SYSTEM_ESCAPED "https%3A%2F%2Frescan.example%2Ffhir%2Fidentifier%7C"

void
body_begin(struct body *b, const char *type)
{
	strbuf_init(&b->text, BODY_MAX);
	json_writer_init(&b->w, &b->text, false);
	json_begin_object(&b->w, NULL);
	json_put_string(&b->w, "resourceType", type);
}

const char *
body_end(struct body *b, struct arena *a, size_t *ret_len)
{
	const char *s;

	json_end_object(&b->w);
	/* Inputs are bounded long before this. */
	assert(!b->text.overflow);
	s = arena_strndup(a, b->text.s, b->text.len);
	*ret_len = b->text.len;
	strbuf_done(&b->text);
	return s;
}

const char *
part_token(struct arena *a, const char *const *s, size_t n)
{
	char hex[SHA256_HEX_SIZE];
	struct strbuf all;

	strbuf_init(&all, 4 * BODY_MAX);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&all, "%zu:%s\n", strlen(s[i]), s[i]);
	assert(!all.overflow);
	sha256_hex(all.s, all.len, hex);
	strbuf_done(&all);
	return arena_strdup(a, hex);
}

const char *
part_identify(
    const struct to_fhir_run *run, const char *kind, const char *subject)
{
	const char *const s[] = {kind, run->x->timeline->patient, subject};

	return part_token(run->a, s, 3);
}

void
part_meta(struct json_writer *w, const char *tag_system, const char *tag_code,
    const char *tag_display)
{
	json_begin_object(w, "meta");
	json_begin_array(w, "security");
	/* Fixed rules in software, not a model: DEVAST, not AIAST. */
	part_coding(
	    w, SYSTEM_HL7 "v3-ObservationValue", "DEVAST", "device asserted");
	json_end_array(w);
	if (tag_code != NULL) {
		json_begin_array(w, "tag");
		part_coding(w, tag_system, tag_code, tag_display);
		json_end_array(w);
	}
	json_end_object(w);
}

void
part_identifier(struct json_writer *w, const char *value)
{
	json_begin_array(w, "identifier");
	json_begin_object(w, NULL);
	json_put_string(w, "system", RESCAN_IDENTIFIER_SYSTEM);
	json_put_string(w, "value", value);
	json_end_object(w);
	json_end_array(w);
}

static void
add_escaped(struct strbuf *out, char c)
{
	switch (c) {
	case '&':
		strbuf_adds(out, "&amp;");
		break;
	case '<':
		strbuf_adds(out, "&lt;");
		break;
	case '>':
		strbuf_adds(out, "&gt;");
		break;
	case '"':
		strbuf_adds(out, "&quot;");
		break;
	default:
		strbuf_addc(out, c);
	}
}

void
part_narrative(struct json_writer *w, const char *s)
{
	struct strbuf div, line;
	size_t n;

	strbuf_init(&line, BODY_MAX);
	strbuf_init(&div, BODY_MAX);
	strbuf_adds(&div, "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>");
	for (; *s != '\0'; s += n) {
		/* XML knows no control characters, not even escaped. */
		n = strcspn(s, "\n");
		strbuf_reset(&line);
		printable_add(&line, s, n);
		for (size_t i = 0; i < line.len; i++)
			add_escaped(&div, line.s[i]);
		if (s[n] == '\n') {
			strbuf_adds(&div, "</p><p>");
			n++;
		}
	}
	strbuf_adds(&div, "</p></div>");
	assert(!div.overflow && !line.overflow);
	strbuf_done(&line);
	json_begin_object(w, "text");
	json_put_string(w, "status", "generated");
	json_put_string(w, "div", div.s);
	json_end_object(w);
	strbuf_done(&div);
}

void
part_coding(struct json_writer *w, const char *system, const char *code,
    const char *display)
{
	json_begin_object(w, NULL);
	json_put_string(w, "system", system);
	json_put_string(w, "code", code);
	json_put_optional(w, "display", display);
	json_end_object(w);
}

void
part_codeable(struct json_writer *w, const char *name, const char *system,
    const char *code, const char *display, const char *text)
{
	json_begin_object(w, name);
	if (system != NULL) {
		json_begin_array(w, "coding");
		part_coding(w, system, code, display);
		json_end_array(w);
	}
	json_put_optional(w, "text", text);
	json_end_object(w);
}

void
part_reference(struct json_writer *w, const char *name, const char *to)
{
	json_begin_object(w, name);
	json_put_string(w, "reference", to);
	json_end_object(w);
}

void
part_reference_own(
    struct json_writer *w, const char *name, const char *identifier)
{
	char urn[128];

	snprintf(urn, sizeof(urn), "urn:rescan:%s", identifier);
	part_reference(w, name, urn);
}

void
part_day(struct json_writer *w, const char *name, int32_t day)
{
	char buf[DAY_SIZE];

	json_put_string(w, name, day_format(day, buf));
}

const char *
part_output_code(
    const struct to_fhir_run *run, const char *concept, const char *system)
{
	const char *code =
	    codemap_code(run->o->maps, "output", concept, system);

	assert(code != NULL);
	return code;
}

struct output *
part_emit(struct to_fhir_run *run, const char *type, const char *kind,
    const char *identifier, struct body *b, const char *label)
{
	struct output *o = ARENA_PUSH(run->a, &run->out);
	bool by_tag = strcmp(type, "Provenance") == 0;

	o->type = type;
	o->kind = kind;
	o->identifier = identifier;
	o->label = label;
	o->search = arena_printf(run->a, "%s=%s%s",
	    by_tag ? "_tag" : "identifier", SYSTEM_ESCAPED, identifier);
	o->body = body_end(b, run->a, &o->len);
	return o;
}

const char *
part_base64(struct arena *a, const char *s, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *ret = arena_alloc(a, (n + 2) / 3 * 4 + 1), *p = ret;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		unsigned v = (unsigned)(unsigned char)s[i] << 16;

		if (left > 1)
			v |= (unsigned)(unsigned char)s[i + 1] << 8;
		if (left > 2)
			v |= (unsigned char)s[i + 2];
		*p++ = digits[v >> 18 & 63];
		*p++ = digits[v >> 12 & 63];
		*p++ = left > 1 ? digits[v >> 6 & 63] : '=';
		*p++ = left > 2 ? digits[v & 63] : '=';
	}
	*p = '\0';
	return ret;
}

const char *
words_criterion(const char *id)
{
	static const char *const names[][2] = {
	    {"recist11", "RECIST 1.1"},
	    {"irecist", "iRECIST"},
	    {"irrc", "irRC"},
	    {"irrecist", "irRECIST"},
	    {"imrecist", "imRECIST"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i][0], id) == 0)
			return names[i][1];
	}
	return id;
}

const char *
words_category(enum category c)
{
	static const char *const words[CAT__MAX] = {
	    [CAT_NONE] = "no assessment",
	    [CAT_CR] = "complete response",
	    [CAT_PR] = "partial response",
	    [CAT_SD] = "stable disease",
	    [CAT_PD] = "progressive disease",
	    [CAT_NON] = "neither complete response nor progression",
	    [CAT_NE] = "not evaluable",
	    [CAT_NED] = "no evidence of disease",
	    [CAT_NA] = "baseline",
	    [CAT_IRCR] = "complete response",
	    [CAT_IRPR] = "partial response",
	    [CAT_IRSD] = "stable disease",
	    [CAT_IRPD] = "progressive disease",
	    [CAT_IRNN] = "neither complete response nor progression",
	    [CAT_IRNE] = "not evaluable",
	    [CAT_ICR] = "complete response",
	    [CAT_IPR] = "partial response",
	    [CAT_ISD] = "stable disease",
	    [CAT_INON] =
		"neither complete response nor unconfirmed progression",
	    [CAT_IUPD] = "unconfirmed progressive disease",
	    [CAT_ICPD] = "confirmed progressive disease",
	    [CAT_IMCR] = "complete response",
	    [CAT_IMPR] = "partial response",
	    [CAT_IMSD] = "stable disease",
	    [CAT_IMPD] = "progressive disease",
	};

	assert(c < CAT__MAX);
	return words[c];
}

const struct verdict *
run_verdict(
    const struct to_fhir_run *run, const char *criterion, size_t timepoint)
{
	const struct criterion_result *r =
	    assessment_criterion(run->x, criterion);

	if (r == NULL || r->at == NULL || r->at[timepoint].overall == CAT_NONE)
		return NULL;
	return &r->at[timepoint];
}
