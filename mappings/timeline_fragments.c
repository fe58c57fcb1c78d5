/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lesions that fell apart: which is a part of which whole.
 */
#include <stdlib.h>
#include <string.h>

#include "mappings/timeline_internal.h"

static int
by_fragment(const void *va, const void *vb)
{
	const struct fragment *a = va, *b = vb;
	int c = strcmp(a->key, b->key);

	if (c == 0)
		c = strcmp(a->parent, b->parent);
	return c != 0 ? c : strcmp(a->source, b->source);
}

/* NULL: not a fragment of anything. */
static struct fragment *
fragment_of(const struct fragments *f, const char *key)
{
	size_t lo = 0, hi = f->list.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(f->list.items[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < f->list.n && strcmp(f->list.items[lo].key, key) == 0)
		return &f->list.items[lo];
	return NULL;
}

/* Each that is said to be a part of itself, in the end, is whole. */
static void
break_circle(
    struct building *b, const struct fragments *f, struct fragment *first)
{
	struct fragment *x = first;

	timeline_problem(b, first->source, "fragment_circle",
	    "lesion %s is said to be a fragment of its own fragment: taken as "
	    "a whole, with every other of the circle",
	    first->key);
	do {
		x->root = x->key;
		x = fragment_of(f, x->parent);
	} while (x != first);
}

/* Follow a chain of fragments to the whole, and note it all along the way: no
 * step is made twice. */
static void
settle(struct building *b, const struct fragments *f, struct fragment *first,
    size_t walk)
{
	struct fragment *x = first;
	const char *root = NULL;

	while (root == NULL) {
		struct fragment *next = fragment_of(f, x->parent);

		x->walk = walk;
		if (next != NULL && next->root == NULL && next->walk == walk)
			break_circle(b, f, next);
		if (next == NULL || next->root != NULL)
			root = next == NULL ? x->parent : next->root;
		x = next;
	}
	for (x = first; x != NULL && x->root == NULL;
	     x = fragment_of(f, x->parent))
		x->root = root;
}

void
fragments_find(struct building *b, struct fragments *ret)
{
	for (size_t i = 0; i < b->facts->measurements.n; i++) {
		const struct measurement_fact *m =
		    &b->facts->measurements.items[i];

		if (m->fragment && m->other_lesion != NULL &&
		    strcmp(m->other_lesion, m->lesion) != 0)
			*ARENA_PUSH(b->arena, &ret->list) =
			    (struct fragment){m->lesion, m->other_lesion,
				m->source.reference, NULL, 0};
	}
	if (ret->list.n > 1)
		qsort(ret->list.items, ret->list.n, sizeof(*ret->list.items),
		    by_fragment);
	for (size_t i = 0; i < ret->list.n; i++) {
		struct fragment *x = fragment_of(ret, ret->list.items[i].key);

		if (x->root == NULL)
			settle(b, ret, x, i + 1);
	}
}

const char *
fragments_whole(const struct fragments *f, const char *key)
{
	const struct fragment *x = fragment_of(f, key);

	return x == NULL ? key : x->root;
}

bool
fragments_has(const struct fragments *f, const char *key)
{
	return fragment_of(f, key) != NULL;
}
