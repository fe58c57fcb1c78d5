/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sandbox of a test's own, and requests to it over TLS.
 */
#ifndef RESCAN_TESTS_SANDBOX_CALL_H
#define RESCAN_TESTS_SANDBOX_CALL_H

#include <check.h>
#include <curl/curl.h>
#include <string.h>

#include "fhir/json.h"
#include "fhir/util/strbuf.h"
#include "tests/sandbox/sandbox.h"

#define SANDBOX_CERTS "build/certs"

extern struct sandbox *sandbox;

/* The answer to the last call. */
struct sandbox_answer {
	CURLcode code;
	long status;
	struct strbuf head, body;
	struct json_doc *doc;
	const struct json_value *root; /* NULL when it is no JSON */
};
extern struct sandbox_answer got;

/* Add the fixtures: certificates once, a sandbox for each test.  token_file
 * may be NULL. */
void sandbox_fixture(TCase *t, const char *token_file);

/* One exchange; `url` is absolute or behind the base; `headers` are lines,
 * ended by NULL, or NULL.  The status, 0 without an answer. */
long call(const char *method, const char *url, const char *body,
    const char *const *headers);
long get(const char *url);
/* With one header line more. */
long with(
    const char *method, const char *url, const char *body, const char *header);

/* Of the last answer: a header's value, a string at a path ("" when absent),
 * the next link or NULL, the number of entries and their ids in order. */
const char *head(const char *name);
const char *at(const char *path);
const char *next_link(void);
size_t entries(void);
void found(char *ids, size_t size);
void outcome_is(long status, const char *issue);

/* Store without the wire. */
void put(const char *json);

/* A Flag with identifier urn:s|v and tag urn:t|v. */
#define FLAG(v)                                                                \
	"{\"resourceType\":\"Flag\",\"identifier\":[{\"system\":\"urn:s\","    \
	"\"value\":\"" v "\"}],\"meta\":{\"tag\":[{\"system\":\"urn:t\","      \
	"\"code\":\"" v "\"}]}}"

#endif
