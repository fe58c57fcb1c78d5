/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server on localhost that picks HTTP/2 when offered, and knows of it no
 * more than canned frames; one connection at a time, in a thread.
 */
#ifndef RESCAN_TESTS_H2_H
#define RESCAN_TESTS_H2_H

enum h2_manner {
	H2_ANSWERS, /* 200, "{}" */
	H2_REFUSES, /* RST_STREAM(REFUSED_STREAM) */
	H2_CALM     /* GOAWAY(ENHANCE_YOUR_CALM) */
};

struct h2;

struct h2 *h2_start(enum h2_manner manner);
const char *h2_origin(const struct h2 *h);

/* Connections so far that spoke HTTP/2, and HTTP/1.1 (always answered "{}"). */
unsigned h2_connections(struct h2 *h);
unsigned h2_fallbacks(struct h2 *h);
void h2_end(struct h2 *h);

#endif
