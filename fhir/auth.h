/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we say we are: what makes the Authorization header.
 *
 * A provider is a small const table; the client knows no more of it.  To add
 * one (UDAP, say), write its table and its auth_x_new().
 */
#ifndef RESCAN_AUTH_H
#define RESCAN_AUTH_H

#include <stdbool.h>

#include "fhir/util/err.h"

#define AUTH_HEADER_SIZE 8300

struct auth;

struct auth_ops {
	const char *name;
	/* "Authorization: …" into buf, which the caller wipes.  May talk to
	 * an authorization server.  What fails here is not tried again by
	 * the client. */
	enum err_code (*header)(
	    struct auth *a, char buf[AUTH_HEADER_SIZE], struct err *e);
	/* optional: the server said 401; may another header help? */
	bool (*renew)(struct auth *a);
	/* optional: does what we were granted cover this ('c', 'r', 'u', 'd',
	 * 's')?  true when that is not known */
	bool (*grants)(const struct auth *a, const char *type, char access);
	void (*free)(struct auth *a);
};

struct auth {
	const struct auth_ops *ops;
};

void auth_free(struct auth *a); /* NULL is fine */

/* A bearer token from a file, read again for every request. */
enum err_code auth_bearer_new(
    const char *file, struct auth **ret, struct err *e) MUST_CHECK;

/* "name:password" from a file, read again for every request. */
enum err_code auth_basic_new(
    const char *file, struct auth **ret, struct err *e) MUST_CHECK;

#endif
