/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A FHIR R4 client: read, search with paging, conditional write.
 *
 * Answers are classified before they are believed: by status, by media type,
 * by resourceType.  A 200 that is an HTML page is ERR_NOT_FHIR.  Transient
 * failures are retried here with exponential backoff and jitter, never sooner
 * than Retry-After (of which at most 15 minutes count); what comes back after
 * that is final for this call.  Writes are retried too when their condition
 * makes a second one harmless.  A 401 is repeated once when the provider has
 * another token.  After too many failures in a row nothing is sent for a while
 * (ERR_CONNECT, "circuit breaker").  One request at a time.
 */
#ifndef RESCAN_CLIENT_H
#define RESCAN_CLIENT_H

#include "fhir/auth.h"
#include "fhir/bundle.h"
#include "fhir/http.h"
#include "fhir/limits.h"
#include "fhir/observe.h"

/* When a search goes as POST [type]/_search instead of GET. */
enum client_post {
	CLIENT_POST_LONG, /* when it is too long for the server */
	CLIENT_POST_NEVER,
	CLIENT_POST_ALWAYS /* but for next links */
};

struct client_options {
	const char *base_url;   /* "https://host/fhir" */
	const char *token_file; /* short for auth_bearer_new(); or NULL */
	struct auth *auth;      /* the client's from then on, also when
				 * client_new fails; or NULL */
	struct observer observer;
	struct limits_options limits;
	struct http_options http;
	/* Other origins ("https://host:port") that page for this server: next
	 * links may lead there, and the token goes with them. */
	const char *const *trusted_origins;
	size_t n_trusted_origins;
	int page_count; /* _count asked for, 100 */
	enum client_post post_search;
	int url_max;                    /* longest it takes; 0: not known */
	int max_pages;                  /* of one search, 10000 */
	int64_t max_entries;            /* of one search */
	int retries;                    /* 4 */
	int backoff_ms, backoff_max_ms; /* 500, 60000 */
};
#define CLIENT_DEFAULTS                                                        \
	{                                                                      \
		.http = HTTP_DEFAULTS,                                         \
		.limits = {.breaker_failures = 10,                             \
		    .breaker_pause_ms = 30000,                                 \
		    .breaker_pause_max_ms = 900000},                           \
		.page_count = 100, .max_pages = 10000,                         \
		.max_entries = 10000000, .retries = 4, .backoff_ms = 500,      \
		.backoff_max_ms = 60000                                        \
	}

struct client;

/* ERR_CONFIG: base_url is no https URL, a file cannot be used. */
enum err_code client_new(const struct client_options *o, struct client **ret,
    struct err *e) MUST_CHECK;
void client_free(struct client *c);
const char *client_base(const struct client *c);

/* What the authorization server granted, as far as that is known: 'c', 'r',
 * 'u', 'd' or 's' of a type. */
bool client_granted(const struct client *c, const char *type, char access);

/* As http_certificate_days_left: the server's, or our own. */
int client_certificate_days_left(const struct client *c, bool own);

/* Send one header line more with every request; borrowed, NULL: none. */
void client_set_header(struct client *c, const char *line);

/* Instead of what the options say. */
void client_set_post(struct client *c, enum client_post how);

/* What follows serves a write: it may use the part of the day's budget that is
 * kept for that. */
void client_set_writing(struct client *c, bool writing);

/* Hears of an answer that is no use: a 2xx that is not what was asked for (no
 * JSON, no FHIR, no searchset), or a refusal.  Everything is borrowed for the
 * call. */
struct client_unreadable {
	const char *url, *body;
	size_t len;
	long status;
	const struct err *why;
};
typedef void (*client_unreadable_fn)(
    void *ctx, const struct client_unreadable *what);
void client_watch(struct client *c, client_unreadable_fn fn, void *ctx);

/* One page of a search, handed over whole: the body is checked JSON and a
 * Bundle of type searchset.  `server_ms` is the server's Date. */
struct client_page {
	const char *url; /* what was asked */
	const char *body;
	size_t len;
	const struct bundle_head *head;
	int64_t server_ms;
	int number; /* from 0 */
	bool last;  /* no next link */
};
typedef enum err_code (*client_page_fn)(
    void *ctx, const struct client_page *page, struct err *e);

/* GET [base]/[query] ("Observation?_lastUpdated=ge…"), following `next`
 * links as given, to the base's origin or a trusted one only, each link once,
 * bounded.  What the server finds too long is asked by POST _search, and from
 * then on all that is as long.  Errors: those
 * of http_exchange and of classification (ERR_NOT_FHIR, ERR_AUTH,
 * ERR_FORBIDDEN, ERR_THROTTLED, ERR_SERVER, ERR_REFUSED …), ERR_FOREIGN,
 * ERR_LOOP, ERR_LIMIT, ERR_GONE (paging state expired), or what fn returned. */
enum err_code client_search(struct client *c, const char *query,
    client_page_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* The same for a feed: "Observation/_history?_since=…", Bundles of type
 * history, newest first. */
enum err_code client_history(struct client *c, const char *query,
    client_page_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* GET [base]/[type]/[id].  ERR_NOT_FOUND, ERR_GONE among the errors.  Caller
 * frees *ret_body. */
enum err_code client_read(struct client *c, const char *type, const char *id,
    char **ret_body, size_t *ret_len, struct err *e) MUST_CHECK;

/* GET [base]/metadata, the CapabilityStatement.  Caller frees *ret_body. */
enum err_code client_capability(struct client *c, char **ret_body,
    size_t *ret_len, struct err *e) MUST_CHECK;

/* What a write did. */
struct client_written {
	bool created; /* 201; else an existing one was found or updated */
	char id[65], version[65]; /* "" when the server did not say */
	char *body;               /* the server's representation or "", owned */
};
void client_written_done(struct client_written *w);

/* POST with If-None-Exist.  if_none_exist is the query ("identifier=sys|v"),
 * values escaped; "" or NULL sends none.
 * ERR_DUPLICATE for 412 (several match). */
enum err_code client_create(struct client *c, const char *type,
    const char *if_none_exist, const char *body, struct client_written *ret,
    struct err *e) MUST_CHECK;

/* PUT with If-Match (version "" sends none).  ERR_CONFLICT for 409 and 412. */
enum err_code client_update(struct client *c, const char *type, const char *id,
    const char *version, const char *body, struct client_written *ret,
    struct err *e) MUST_CHECK;

/* One exchange as it is, for probing: sent once, the status not judged.
 * `path` stands behind the base ("" for the base itself), or is a whole URL of
 * an origin that is trusted; one header line more, or NULL.  ret is to be
 * given to http_response_done. */
struct client_request {
	const char *method, *path;
	const char *header, *body; /* or NULL */
	bool form;                 /* the body is a search */
};
enum err_code client_exchange(struct client *c, const struct client_request *r,
    struct http_response *ret, struct err *e) MUST_CHECK;

/* The same several times at once, each on a connection of its own; an answer
 * that did not come has status 0.  Every ret is to be given to
 * http_response_done. */
#define CLIENT_AT_ONCE 4
enum err_code client_exchange_at_once(struct client *c,
    const struct client_request *r, struct http_response ret[CLIENT_AT_ONCE],
    struct err *e) MUST_CHECK;

/* Percent-encode a query value into buf-owned memory; caller frees. */
char *client_escape(const char *value);

#endif
