/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the client only.
 */
#ifndef RESCAN_CLIENT_PRIV_H
#define RESCAN_CLIENT_PRIV_H

#include "fhir/client.h"

struct client {
	struct client_options o;
	char *base;
	struct auth *auth; /* or NULL */
	struct limits limits;
	long status;            /* of the last answer; 0: there was none */
	size_t url_max;         /* longest address to GET; 0: not known */
	bool skewed;            /* and said */
	bool writing, day_over; /* the latter: and said */
	int told[2];            /* days last warned of: the server's, our own */
	char origin[HTTP_ORIGIN_SIZE];
	char (*trusted)[HTTP_ORIGIN_SIZE]; /* o.n_trusted_origins of them */
	struct http *http;
	const char *header;              /* one more, or NULL */
	client_unreadable_fn unreadable; /* or NULL */
	void *unreadable_ctx;
};

/* Tell who watches; returns code, so that `return client_tell(…)` works. */
enum err_code client_tell(const struct client *c, const char *url,
    const struct http_response *r, enum err_code code, const struct err *e);

/* One request of the client's, repeated while that may help. */
struct client_call {
	const char *method, *url;
	const char *what;           /* for texts: the type, no id, no query */
	const char *condition;      /* "If-Match: …" and the like, or NULL */
	const char *body;           /* or NULL */
	enum err_code precondition; /* what a 412 means */
	const char *accept;         /* NULL: application/fhir+json */
	const char *prefer;         /* "Prefer: …" or NULL */
	bool no_token, no_redirect;
	bool form;        /* the body is a search, not a resource */
	bool another_way; /* "too long" is the caller's, and no news */
	const struct http_sink *sink; /* or NULL */
};

/* Whether the token may go there, or anything. */
enum err_code client_check_origin(
    const struct client *c, const char *url, struct err *e) MUST_CHECK;

/* ERR_OK: a 2xx whose body, if there is one, is of a JSON media type; ret is
 * to be given to http_response_done.  Never sends the token anywhere but to
 * the client's origin and those it trusts (ERR_FOREIGN). */
enum err_code client_call(struct client *c, const struct client_call *call,
    struct http_response *ret, struct err *e) MUST_CHECK;

/* Whether the address may have been too long for it. */
bool client_too_long(long status, const struct client_call *call);

/* What an answer is, by its status and its media type. */
enum err_code client_classify(const struct http_response *r,
    enum err_code precondition, struct err *e) MUST_CHECK;

/* The answer's one resource: JSON, a resource, of this type.  An
 * OperationOutcome instead is ERR_REFUSED with its text. */
enum err_code client_parse(const struct http_response *r, const char *type,
    struct json_doc **ret, struct err *e) MUST_CHECK;

/* A stranger's text goes into logs: control characters become spaces. */
void client_flatten(struct err *e);

bool client_id_valid(const char *s);

#endif
