/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict JSON, read.  The only room that sees json-c.
 *
 * json-c lets through what JSON and FHIR do not (NaN, duplicate keys, numbers
 * beyond 64 bits, \u0000, comments, invalid UTF-8 …), so every text is first
 * checked whole by our own scan, then built into a tree.  Refused: anything
 * that is not RFC 8259 JSON, duplicate keys (compared after unescaping),
 * nesting beyond JSON_MAX_DEPTH, integers of more than 18 digits, exponents
 * beyond ±99, \u0000, unpaired surrogates, invalid UTF-8, bytes after the
 * value.  One UTF-8 byte-order mark in front is skipped.
 *
 * Values are borrowed from their document and die with it.  Every accessor
 * takes NULL and answers as for "absent", so paths can be chained.
 */
#ifndef RESCAN_JSON_H
#define RESCAN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fhir/util/err.h"

#define JSON_MAX_DEPTH 64

struct json_doc;   /* owns a tree */
struct json_value; /* borrowed */

enum json_type {
	JSON_ABSENT,
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* Check and build.  Errors: ERR_NOT_JSON (text names the byte offset),
 * ERR_LIMIT (depth, digits).  json_free(NULL) is a no-op. */
enum err_code json_parse(const char *s, size_t n, struct json_doc **ret_doc,
    struct err *e) MUST_CHECK;
void json_free(struct json_doc *doc);
const struct json_value *json_root(const struct json_doc *doc);

enum json_type json_type(const struct json_value *v);
const struct json_value *json_get(
    const struct json_value *object, const char *name);
size_t json_length(const struct json_value *v); /* members or elements */
const struct json_value *json_at(const struct json_value *array, size_t i);

/* "code.coding.code": members by name, through arrays by their first element. */
const struct json_value *json_path(
    const struct json_value *v, const char *path);

/* NULL unless of that type.  A number's text is exactly the source's, so
 * that 1.10 stays 1.10. */
const char *json_string(const struct json_value *v);
const char *json_number(const struct json_value *v);
bool json_true(const struct json_value *v); /* the literal true */

/* Strings at a path: json_string(json_path(v, path)). */
const char *json_string_at(const struct json_value *v, const char *path);

/* Members in source order, for the few places that walk an object. */
struct json_iter {
	const void *priv;
	const char *name;
	const struct json_value *value;
};
bool json_next(const struct json_value *object, struct json_iter *it);

/* The value again as compact JSON; borrowed, valid until the next call on the
 * same document or json_free. */
const char *json_text(const struct json_value *v);

/*
 * Walk a large document without building its tree.
 *
 * The whole text is checked; if its root is an object, `each` is called for
 * every element of the array member `name` with the element's own bytes
 * (inside s, not terminated) and its byte offset, and `ret_head` (may be
 * NULL) becomes a document of the root without that member.  The bytes handed
 * over are checked JSON.  A code other than ERR_OK from `each` ends the walk
 * and is returned.
 */
typedef enum err_code (*json_element_fn)(
    void *ctx, const char *s, size_t n, size_t offset, struct err *e);
enum err_code json_split(const char *s, size_t n, const char *name,
    json_element_fn each, void *ctx, struct json_doc **ret_head,
    struct err *e) MUST_CHECK;

/* Length in bytes of the JSON value (with white space before it) at the start
 * of s, 0 when there is none: what NDJSON and concatenated texts need. */
size_t json_span(const char *s, size_t n);

#endif
