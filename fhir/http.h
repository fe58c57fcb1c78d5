/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTPS over libcurl: one request, one bounded answer.
 *
 * TLS 1.2 is the floor; peer and host are always verified and nothing turns
 * that off.  A private CA replaces the system's; a pinned public key comes on
 * top.  http:// is refused.  Redirects are followed for GET within the same
 * origin only.  The expanded body is capped in the write callback.  Requests
 * that write use a fresh connection (libcurl re-sends a POST when a reused one
 * dies; interop D-42).
 */
#ifndef RESCAN_HTTP_H
#define RESCAN_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fhir/util/err.h"

struct http;
struct http_request;
struct http_response;

/* What carries an exchange instead of the network, or around it
 * (http_exchange_network). */
struct http_transport {
	enum err_code (*exchange)(void *ctx, struct http *h,
	    const struct http_request *r, struct http_response *ret,
	    struct err *e);
	void *ctx;
};

struct http_options {
	const char *ca_file; /* PEM used instead of the system's, or NULL */
	const char *user_agent;
	long connect_timeout_ms, total_timeout_ms;
	long low_speed_bytes, low_speed_seconds; /* idle: fewer in so long */
	size_t max_body;                         /* bytes, expanded */
	int max_redirects;
	/* SHA-256 of the server's public key in base64, several with commas
	 * between; one of them must match beside all else, or NULL */
	const char *pin_sha256;
	/* PEM, for a server that asks who we are; the key is nobody else's to
	 * read and has no passphrase.  Both or neither. */
	const char *client_cert_file, *client_key_file;
	/* http[s]://host:port to tunnel through; NULL: as the environment
	 * (https_proxy) says.  "name:password" stands in a file. */
	const char *proxy, *proxy_auth_file;
	bool http2; /* offer it; given up for good when it fails */
	const struct http_transport *transport; /* borrowed; NULL: the network */
};
#define HTTP_DEFAULTS                                                          \
	{                                                                      \
		.user_agent = "rescan", .connect_timeout_ms = 10000,           \
		.total_timeout_ms = 120000, .low_speed_bytes = 100,            \
		.low_speed_seconds = 30, .max_body = (size_t)64 << 20,         \
		.max_redirects = 3                                             \
	}

/* Takes the body of a 2xx as it arrives, in place of the response's.  `begin`
 * is told of every attempt; `take` ends the transfer with false. */
struct http_sink {
	void (*begin)(void *ctx);
	bool (*take)(void *ctx, const char *s, size_t n);
	void *ctx;
	size_t max; /* bytes, expanded */
};

struct http_request {
	const char *method;         /* "GET", "POST", "PUT", "DELETE" */
	const char *url;            /* absolute https */
	const char *const *headers; /* "Name: value", borrowed */
	size_t n_headers;
	const char *body; /* or NULL */
	size_t body_len;
	bool no_redirect;             /* a 3xx is the caller's */
	const struct http_sink *sink; /* or NULL; no limit on the whole time */
};

struct http_response {
	long status;
	char *body; /* owned, NUL-terminated; never NULL */
	size_t body_len;
	char content_type[128]; /* "" when absent */
	char etag[128], location[1024], last_modified[64];
	char content_location[1024];
	int64_t date_ms;       /* the server's Date, INT64_MIN when absent */
	int64_t retry_after_s; /* both forms, -1 when absent */
	char primary_ip[64];
	bool http2, gzip;
	char rate[160]; /* a header of limits as "Name: value", or "" */
};

struct http; /* a connection pool to one origin; one thread */

/* ERR_CONFIG: a file or a value among the options cannot be used. */
enum err_code http_new(
    const struct http_options *o, struct http **ret, struct err *e) MUST_CHECK;
void http_free(struct http *h);

/* One exchange.  ERR_OK whatever the status; ret is to be given to
 * http_response_done.  Errors: ERR_TLS (with libcurl's and OpenSSL's reason),
 * ERR_CONNECT (also what a proxy refused: "proxy said …"), ERR_TIMEOUT,
 * ERR_TRUNCATED, ERR_LIMIT, ERR_FOREIGN (redirect to another origin),
 * ERR_NOT_FHIR (no HTTP at all), ERR_STOPPED, ERR_USAGE (no https URL, line
 * break in a header). */
enum err_code http_exchange(struct http *h, const struct http_request *r,
    struct http_response *ret, struct err *e) MUST_CHECK;
/* The same over the network, whatever the transport: for transports. */
enum err_code http_exchange_network(struct http *h,
    const struct http_request *r, struct http_response *ret,
    struct err *e) MUST_CHECK;
void http_response_done(struct http_response *r); /* the body is wiped */

/* Whole days until the certificate runs out: the server's as of the last
 * handshake, or our own.  INT_MAX when there is none. */
int http_certificate_days_left(const struct http *h);
int http_own_certificate_days_left(const struct http *h);

/* Ask every exchange to end soon with ERR_STOPPED; async-signal-safe. */
void http_stop(void);

/* "https://host:port" of a URL, lower-case, default port filled in; false
 * when it is no https URL. */
#define HTTP_ORIGIN_SIZE 300
bool http_origin(const char *url, char buf[HTTP_ORIGIN_SIZE]);

/* A proxy's address: http or https, host, nothing behind the port, and no
 * name or password in it. */
bool http_proxy_valid(const char *url);

/* Resolve a link against the URL it came from (RFC 3986 §5), without fragment;
 * spaces and non-ASCII are escaped.  NULL when it holds control characters or
 * is longer than 64 KiB.  Caller frees. */
char *http_resolve(const char *base, const char *link);

#endif
