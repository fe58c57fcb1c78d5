/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable, NUL-terminated buffer with a stated maximum.
 *
 * Going over the maximum sets `overflow`, drops what does not fit and every
 * later append; the owner looks at it once, at the end.
 */
#ifndef RESCAN_UTIL_STRBUF_H
#define RESCAN_UTIL_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

#include "fhir/util/err.h"

struct strbuf {
	char *s; /* never NULL after strbuf_init; owned */
	size_t len, cap, max;
	bool overflow;
};

void strbuf_init(struct strbuf *b, size_t max);
void strbuf_done(struct strbuf *b);
void strbuf_reset(struct strbuf *b); /* empty again, memory kept */

void strbuf_add(struct strbuf *b, const char *s, size_t n);
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) PRINTF(2, 3);
void strbuf_addv(struct strbuf *b, const char *fmt, va_list ap) PRINTF(2, 0);

/* Hand the text over to the caller, who frees it; b is empty afterwards. */
char *strbuf_take(struct strbuf *b);

#endif
