/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 as headers want it, and as JOSE wants it (URL alphabet, no padding).
 */
#ifndef RESCAN_UTIL_BASE64_H
#define RESCAN_UTIL_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that n bytes become, NUL included. */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

void base64_encode(const void *bytes, size_t n, char *out);
void base64url_encode(const void *bytes, size_t n, char *out);

/* Strict: no padding, no white space, no bits left over.  At most `size`
 * bytes into out; false when it is no base64url or longer. */
bool base64url_decode(
    const char *s, size_t n, unsigned char *out, size_t size, size_t *ret_n);

#endif
