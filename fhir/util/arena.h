/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bump memory for one unit of work, freed whole.
 *
 * What is allocated is zeroed and aligned for any type.  Nothing in it is
 * freed singly and nothing may outlive it.  Running out of memory ends the
 * process: the store is transactional, and inputs are bounded before they
 * get here.
 */
#ifndef RESCAN_UTIL_ARENA_H
#define RESCAN_UTIL_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "fhir/util/err.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is fine */
size_t arena_used(const struct arena *a); /* bytes handed out */

void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *s); /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);

/* A growable array in an arena: makes room for one more element in (*items,
 * n, *cap) and returns items.  Use through ARENA_PUSH. */
void *arena_grow(
    struct arena *a, void *items, size_t n, size_t *cap, size_t elem);

/* Append a zeroed element to list.items / list.n / list.cap; yields its
 * address. */
#define ARENA_PUSH(a, list)                                                    \
	((list)->items = arena_grow((a), (list)->items, (list)->n,             \
	     &(list)->cap, sizeof(*(list)->items)),                            \
	    &(list)->items[(list)->n++])

/* Declare such a list. */
#define LIST_OF(type)                                                          \
	struct {                                                               \
		type *items;                                                   \
		size_t n, cap;                                                 \
	}

#endif
