/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for people with strangers' words in it.
 *
 * Whoever writes a label must not be able to write a line, a colour or the
 * order of the letters.  Control characters (C0, DEL, C1), line and paragraph
 * separators, bidirectional controls and what is no UTF-8 become U+FFFD, one
 * each.  What is formatted here never breaks a line: line breaks are the
 * caller's, and come after.
 */
#ifndef RESCAN_UTIL_PRINTABLE_H
#define RESCAN_UTIL_PRINTABLE_H

#include <stdio.h>

#include "fhir/util/strbuf.h"

void printable_add(struct strbuf *out, const char *s, size_t n);
void printable_addf(struct strbuf *out, const char *fmt, ...) PRINTF(2, 3);

/* A whole line: with the line break. */
void printable_line(struct strbuf *out, const char *fmt, ...) PRINTF(2, 3);
void printable_print(FILE *out, const char *fmt, ...) PRINTF(2, 3);

#endif
