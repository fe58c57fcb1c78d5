/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "fhir/json_writer.h"
#include "mappings/to_fhir.h"

/* How a reference to another output, and the time of delivery, stand in a
 * body.  A quote inside a JSON string is escaped, so neither can occur in a
 * text. */
#define NEXT     ",{" /* a further one in an array */
#define OWN      "\"reference\":\"urn:rescan:"
#define RECORDED "\"recorded\":\"@recorded\""

#define UUID_SIZE 37

/* A UUID out of an identifier's first 32 hexadecimal digits, marked as
 * name-based (version 5). */
static char *
uuid_of(const char *identifier, char buf[UUID_SIZE])
{
	static const char variant[] = "89ab";
	char c = identifier[16];
	int digit = c >= 'a' ? c - 'a' + 10 : c - '0';

	snprintf(buf, UUID_SIZE, "%.8s-%.4s-5%.3s-%c%.3s-%.12s", identifier,
	    identifier + 8, identifier + 13, variant[digit & 3],
	    identifier + 17, identifier + 20);
	return buf;
}

/* Does the identifier at s belong to an output that is left out here? */
static bool
is_left_out(const struct output *o, size_t n, const char *s)
{
	size_t len = strcspn(s, "#\"");

	for (size_t i = 0; i < n; i++) {
		if (o[i].only_if_exists && strlen(o[i].identifier) == len &&
		    memcmp(o[i].identifier, s, len) == 0)
			return true;
	}
	return false;
}

#define TARGETS "\"target\":[{\"reference\":\"urn:rescan:"

/* A Provenance of nothing but what is left out here. */
static bool
is_moot(const struct output *o, size_t n, const struct output *x)
{
	const char *first = strstr(x->body, TARGETS), *next;

	if (strcmp(x->type, "Provenance") != 0 || first == NULL ||
	    !is_left_out(o, n, first + strlen(TARGETS)))
		return false;
	first += strlen(TARGETS);
	next = first + strcspn(first, "]");
	return memchr(first, ',', (size_t)(next - first)) == NULL;
}

/* One body, its placeholders filled in for a transaction. */
static void
add_body(struct strbuf *out, const char *body, const char *recorded,
    const struct output *o, size_t n)
{
	char uuid[UUID_SIZE];
	size_t len;

	for (; *body != '\0'; body += len) {
		if (strncmp(body, NEXT OWN, strlen(NEXT OWN)) == 0 &&
		    is_left_out(o, n, body + strlen(NEXT OWN))) {
			len = strcspn(body, "}") + 1;
			continue;
		}
		if (strncmp(body, OWN, strlen(OWN)) == 0) {
			body += strlen(OWN);
			strbuf_addf(out, "\"reference\":\"urn:uuid:%s",
			    uuid_of(body, uuid));
			/* A transaction gives no version to cite. */
			len = strcspn(body, "\"");
			continue;
		}
		if (strncmp(body, RECORDED, strlen(RECORDED)) == 0) {
			strbuf_addf(out, "\"recorded\":\"%s\"", recorded);
			len = strlen(RECORDED);
			continue;
		}
		len = 1 + strcspn(body + 1, "\",");
		strbuf_add(out, body, len);
	}
}

void
to_fhir_bundle(
    const struct output *o, size_t n, const char *recorded, struct strbuf *out)
{
	struct json_writer w;
	struct strbuf body;
	char uuid[UUID_SIZE], url[64];
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		left += !o[i].only_if_exists && !is_moot(o, n, &o[i]);
	json_writer_init(&w, out, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "resourceType", "Bundle");
	json_put_string(&w, "type", "transaction");
	/* FHIR knows no empty array. */
	if (left > 0)
		json_begin_array(&w, "entry");
	for (size_t i = 0; i < n; i++) {
		/* Whether it stands on the server is not known here. */
		if (o[i].only_if_exists || is_moot(o, n, &o[i]))
			continue;
		strbuf_init(&body, out->max);
		add_body(&body, o[i].body, recorded, o, n);
		snprintf(url, sizeof(url), "urn:uuid:%s",
		    uuid_of(o[i].identifier, uuid));
		json_begin_object(&w, NULL);
		json_put_string(&w, "fullUrl", url);
		json_put_raw(&w, "resource", body.s);
		json_begin_object(&w, "request");
		json_put_string(&w, "method", "POST");
		json_put_string(&w, "url", o[i].type);
		json_put_string(&w, "ifNoneExist", o[i].search);
		json_end_object(&w);
		json_end_object(&w);
		strbuf_done(&body);
	}
	if (left > 0)
		json_end_array(&w);
	json_end_object(&w);
}
