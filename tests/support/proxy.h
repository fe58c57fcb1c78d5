/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forward proxy on localhost, in a thread: takes CONNECT and tunnels, one
 * tunnel at a time.
 */
#ifndef RESCAN_TESTS_PROXY_H
#define RESCAN_TESTS_PROXY_H

#include <stdbool.h>

struct proxy_options {
	int status;       /* refuse every CONNECT with it; 0: tunnel */
	const char *auth; /* "Basic …" asked for, else 407; or NULL */
	bool tls;         /* https://, with the scripted server's certificate */
};

struct proxy;

struct proxy *proxy_start(const struct proxy_options *o);
const char *proxy_url(const struct proxy *p);

/* Stop and free.  How many tunnels there were; fails the test when a CONNECT
 * carried what is not for a proxy. */
unsigned proxy_end(struct proxy *p);

#endif
