/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes through the reader.  Not part of the tests; a finding becomes a
 * file in json_corpus, which check_json replays.
 *
 *   clang -std=c17 -D_GNU_SOURCE -I. -g -fsanitize=fuzzer,address,undefined \
 *       $(pkg-config --cflags json-c) -o build/fuzz_json \
 *       tests/fuzz/fuzz_json.c fhir/json*.c fhir/bundle.c fhir/resource.c \
 *       fhir/datetime.c fhir/decimal.c fhir/util/{arena,err,strbuf,utf8}.c \
 *       $(pkg-config --libs json-c)
 *   cp -r tests/fuzz/json_corpus build/ &&
 *       build/fuzz_json -max_total_time=60 build/json_corpus
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/bundle.h"
#include "fhir/decimal.h"
#include "fhir/resource.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_reference(void *ctx, const struct json_value *reference)
{
	struct reference r;

	(void)reference_read(reference, NULL, ctx, &r);
}

static enum err_code
on_entry(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	struct resource_id id;
	struct coding c;

	if (resource_identify(entry->resource, &id, e) == ERR_OK)
		resource_each_reference(entry->resource, on_reference, ctx);
	(void)codeable_coding(json_get(entry->resource, "code"), 0, &c);
	return ERR_OK;
}

/* An element handed over is JSON by itself. */
static enum err_code
on_element(void *ctx, const char *s, size_t n, size_t offset, struct err *e)
{
	assert(s == (const char *)ctx + offset && json_span(s, n) == n);
	(void)e;
	return ERR_OK;
}

/* What was read and written again is read as the same. */
static void
check_text(const struct json_doc *doc, struct err *e)
{
	struct json_doc *again = NULL;
	struct decimal d;
	char *text = strdup(json_text(json_root(doc)));
	enum err_code code = json_parse(text, strlen(text), &again, e);

	assert(code == ERR_OK);
	assert(strcmp(text, json_text(json_root(again))) == 0);
	if (json_number(json_root(doc)) != NULL)
		(void)!decimal_parse(json_number(json_root(doc)), &d, e);
	json_free(again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	struct arena *a = arena_new();
	struct json_doc *doc = NULL, *head = NULL;
	struct err e = ERR_INIT;
	enum err_code parsed, split, read;

	parsed = json_parse(s, size, &doc, &e);
	if (parsed == ERR_OK)
		check_text(doc, &e);
	split = json_split(
	    s, size, "entry", on_element, (void *)(uintptr_t)s, &head, &e);
	assert(parsed == split);
	if (parsed == ERR_OK)
		assert(json_span(s, size) > 0);
	read = resources_read(s, size, a, on_entry, NULL, a, &e);
	assert(read != ERR_OK || json_span(s, size) > 0);
	json_free(doc);
	json_free(head);
	arena_free(a);
	return 0;
}
