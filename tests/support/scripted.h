/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scripted HTTPS server on localhost, in a thread.
 *
 * It is given a table of exchanges and expects exactly these requests in this
 * order.  A request that differs is answered 500 and noted; scripted_end()
 * fails the test when anything was noted or an exchange was not used.
 * Certificates are made in build/certs.
 */
#ifndef RESCAN_TESTS_SCRIPTED_H
#define RESCAN_TESTS_SCRIPTED_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPTED_CERTS "build/certs"
#define SCRIPTED_CA    SCRIPTED_CERTS "/ca.pem"

enum scripted_fault {
	FAULT_NONE,
	FAULT_CLOSE, /* read the request, close without a byte */
	FAULT_CUT,   /* `at` bytes of the body, then close */
	FAULT_STALL, /* `at` bytes of the body, then nothing more */
	FAULT_HANG,  /* read the request, then nothing */
	FAULT_AFTER  /* a whole answer, then close without saying so before */
};

#define SCRIPTED_HEADERS 6

struct scripted;

/* In path, reply headers and body "{origin}" becomes https://localhost:PORT
 * and "{other}" the same server as https://127.0.0.1:PORT. */
struct scripted_exchange {
	/* expected; NULL means any */
	const char *method, *path;
	/* "Name: value" must be sent, "!Name" must not */
	const char *headers[SCRIPTED_HEADERS];
	const char *body_has;
	/* or NULL; what is wrong with head and body, NULL for nothing */
	const char *(*judge)(
	    const struct scripted *s, const char *head, const char *body);
	/* the answer; status 0 is 200, without a Content-Type among the
	 * headers it is application/fhir+json ("Content-Type:" alone: none) */
	int status;
	const char *reply[SCRIPTED_HEADERS];
	const char *body;
	size_t body_len; /* 0: a string */
	enum scripted_fault fault;
	size_t at;
};

struct scripted_options {
	const char *certificate; /* its name, NULL: "server" */
	const char *dir;         /* where it stands, NULL: SCRIPTED_CERTS */
	bool old_tls;            /* TLS 1.1 at most */
	bool tls12;              /* TLS 1.2 at most */
	bool ask;                /* for a certificate of the CA's, or hang up */
};

/* Both tables are borrowed until the end; o may be NULL.  Fails the test when
 * the server does not start. */
struct scripted *scripted_start(const struct scripted_options *o,
    const struct scripted_exchange *x, size_t n);
#define SCRIPTED(o, x) scripted_start((o), (x), sizeof(x) / sizeof((x)[0]))

const char *scripted_origin(const struct scripted *s);
const char *scripted_other(const struct scripted *s);
unsigned scripted_requests(struct scripted *s);    /* seen so far */
unsigned scripted_connections(struct scripted *s); /* handshakes done */

/* Stop, check, free. */
void scripted_end(struct scripted *s);

#endif
