/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESCAN_UTIL_UTF8_H
#define RESCAN_UTIL_UTF8_H

#include <stddef.h>

/* Length (1 to 4) of the well-formed UTF-8 sequence at the start of s[0..n),
 * 0 when there is none: no overlong forms, no surrogates (Unicode, table
 * 3-7). */
size_t utf8_length(const char *s, size_t n);

#endif
