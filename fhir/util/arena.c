/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT alignof(max_align_t)
#define CHUNK ((size_t)64 * 1024)

struct chunk {
	struct chunk *next;
	size_t size, used;
	alignas(max_align_t) char data[];
};

struct arena {
	struct chunk *head;
	size_t used;
};

static void *
must(void *p)
{
	if (p == NULL) {
		fputs("rescan: out of memory\n", stderr);
		abort();
	}
	return p;
}

struct arena *
arena_new(void)
{
	return must(calloc(1, sizeof(struct arena)));
}

void
arena_free(struct arena *a)
{
	struct chunk *c, *next;

	if (a == NULL)
		return;
	for (c = a->head; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}

static struct chunk *
chunk_new(size_t size)
{
	struct chunk *c = must(calloc(1, sizeof(*c) + size));

	c->size = size;
	return c;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct chunk *c = a->head;
	void *p;

	assert(size <= SIZE_MAX / 2);
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (size == 0)
		size = ALIGNMENT;
	if (size > CHUNK / 4) {
		/* A large block gets its own chunk, behind the current one. */
		c = chunk_new(size);
		if (a->head == NULL) {
			a->head = c;
		} else {
			c->next = a->head->next;
			a->head->next = c;
		}
	} else if (c == NULL || c->size - c->used < size) {
		c = chunk_new(CHUNK);
		c->next = a->head;
		a->head = c;
	}
	p = c->data + c->used;
	c->used += size;
	a->used += size;
	return p;
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_strndup(a, s, strlen(s));
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

void *
arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t elem)
{
	void *p;
	size_t want;

	if (n < *cap)
		return items;
	want = *cap == 0 ? 8 : *cap * 2;
	assert(want <= SIZE_MAX / 2 / elem);
	p = arena_alloc(a, want * elem);
	if (n > 0)
		memcpy(p, items, n * elem);
	*cap = want;
	return p;
}
