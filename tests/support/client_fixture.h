/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the scripted server, with a token and a clock that does not
 * make anybody wait.
 */
#ifndef RESCAN_TESTS_CLIENT_FIXTURE_H
#define RESCAN_TESTS_CLIENT_FIXTURE_H

#include <sys/stat.h>

#include "fhir/client.h"
#include "tests/support/scripted.h"

#define FIXTURE_AUTH  "Authorization: Bearer planted-token"
#define FIXTURE_QUERY "/fhir/Observation?code=x&_count=2"

/* What was slept, and the ceilings given to jitter, which always takes the
 * most there can be. */
#define FIXTURE_SLEEPS 16
extern int64_t fixture_slept[FIXTURE_SLEEPS], fixture_jitter[FIXTURE_SLEEPS];
extern size_t fixture_n_slept, fixture_n_jitter;
extern const struct clock_ops fixture_clock;

/* The token file; written with a mode, removed by fixture_finish. */
extern char fixture_token[];
void fixture_write_token(const char *text, mode_t mode);

/* Two entries a page, two retries, quick time-outs. */
struct client_options fixture_options(const char *base);

/* [origin]/fhir/ with the token; max_pages 0 is the default. */
struct client *fixture_connect(const struct scripted *s, int max_pages);
void fixture_finish(struct scripted *s, struct client *c);

/* Search Observation?code=x, counting. */
struct fixture_seen {
	size_t pages, entries, last;
	int64_t server_ms;
	char urls[512]; /* from /fhir on, each with a space behind it */
};
enum err_code fixture_take_page(
    void *ctx, const struct client_page *page, struct err *e);
enum err_code fixture_search(
    struct client *c, struct fixture_seen *seen, struct err *e);

#define FIXTURE_ENTRY(id)                                                      \
	"{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"" id "\"},"  \
	"\"search\":{\"mode\":\"match\"}}"
#define FIXTURE_PAGE(entries, next)                                            \
	"{\"resourceType\":\"Bundle\",\"type\":\"searchset\","                 \
	"\"link\":[{\"relation\":\"self\",\"url\":\"x\"}" next "],"            \
	"\"entry\":[" entries "]}"
#define FIXTURE_NEXT(url) ",{\"relation\":\"next\",\"url\":\"" url "\"}"
#define FIXTURE_OUTCOME                                                        \
	"{\"resourceType\":\"OperationOutcome\",\"issue\":[{"                  \
	"\"severity\":\"error\",\"code\":\"processing\","                      \
	"\"diagnostics\":\"index is\\nrebuilding\"}]}"

#endif
