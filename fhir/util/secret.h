/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that hold a secret: read only when nobody but their owner can.
 */
#ifndef RESCAN_UTIL_SECRET_H
#define RESCAN_UTIL_SECRET_H

#include <stddef.h>

#include "fhir/util/err.h"

/* Read the whole file into buf, NUL-terminated; the caller wipes buf, whatever
 * this returns.  ERR_CONFIG when it is missing, no regular file, accessible to
 * others than its owner, or has more than size - 1 bytes; its content never
 * gets into a text. */
enum err_code secret_read(const char *path, char *buf, size_t size,
    size_t *ret_n, struct err *e) MUST_CHECK;

/* The same, of one line: white space around it is cut off, and what is left is
 * visible ASCII without spaces, at least one character. */
enum err_code secret_read_word(
    const char *path, char *buf, size_t size, struct err *e) MUST_CHECK;

/* "name:password", one line; its end is cut off, spaces inside count.  No
 * control characters. */
enum err_code secret_read_pair(
    const char *path, char *buf, size_t size, struct err *e) MUST_CHECK;

/* Overwrite; not optimised away.  secret_free also frees (NULL is fine). */
void secret_wipe(void *p, size_t n);
void secret_free(char *s);

#endif
