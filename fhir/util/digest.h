/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256, in hexadecimal.
 */
#ifndef RESCAN_UTIL_DIGEST_H
#define RESCAN_UTIL_DIGEST_H

#include <stddef.h>

#define SHA256_HEX_SIZE 65

/* Lower-case hexadecimal digest of n bytes into buf, which is returned. */
char *sha256_hex(const void *bytes, size_t n, char buf[SHA256_HEX_SIZE]);

#endif
