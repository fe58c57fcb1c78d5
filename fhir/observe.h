/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the client does on its own account, for somebody to log and count:
 * libraries are silent.
 */
#ifndef RESCAN_OBSERVE_H
#define RESCAN_OBSERVE_H

#include <stddef.h>
#include <stdint.h>

#include "fhir/util/err.h"

enum notice_event {
	NOTICE_EXCHANGE,      /* one request: status or code, n ms, bytes */
	NOTICE_RETRY,         /* code, n ms until then */
	NOTICE_BUDGET,        /* n ms waited for the budget of requests */
	NOTICE_DAY_OVER,      /* n ms until there is a new budget */
	NOTICE_BREAKER_OPEN,  /* n ms until a probe */
	NOTICE_BREAKER_PROBE, /* one request is let through */
	NOTICE_BREAKER_CLOSED,
	NOTICE_TOKEN,         /* a new one, n seconds of life */
	NOTICE_TOKEN_FAILED,  /* code, n ms until the next attempt */
	NOTICE_TOKEN_REFUSED, /* 401: it is renewed once */
	NOTICE_SCOPE,         /* words: what was asked for and not granted */
	NOTICE_CERTIFICATE,   /* the server's, n days left */
	NOTICE_OWN_CERTIFICATE,
	NOTICE_SKEW, /* the server's clock is n seconds ahead of ours; 0: no
			more */
	NOTICE_SMALLER_PAGES, /* a page was too large: n entries from now on */
	NOTICE__MAX
};

struct notice {
	enum notice_event event;
	enum err_code code;
	long status; /* HTTP's, 0 without an answer */
	int64_t n;
	size_t bytes;
	const char *words; /* ours, or NULL; borrowed for the call */
};

struct observer {
	void (*fn)(void *ctx, const struct notice *n); /* or NULL */
	void *ctx;
};

void observe(const struct observer *o, const struct notice *n);

#endif
