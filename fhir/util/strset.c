/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/strset.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64

void
strset_init(struct strset *s, struct arena *a, size_t max)
{
	memset(s, 0, sizeof(*s));
	s->arena = a;
	s->max = max;
}

void
strset_done(struct strset *s)
{
	free(s->slots);
	memset(s, 0, sizeof(*s));
}

static size_t
slot_of(const struct strset *s, const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);
	size_t i;

	for (const char *p = text; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
	h ^= h >> 32;
	i = (size_t)h & (s->n_slots - 1);
	while (s->slots[i] != NULL && strcmp(s->slots[i], text) != 0)
		i = (i + 1) & (s->n_slots - 1);
	return i;
}

static void
grow(struct strset *s)
{
	struct strset old = *s;

	s->n_slots = old.n_slots == 0 ? FIRST_SLOTS : old.n_slots * 2;
	s->slots = calloc(s->n_slots, sizeof(*s->slots));
	if (s->slots == NULL)
		abort();
	for (size_t i = 0; i < old.n_slots; i++)
		if (old.slots[i] != NULL)
			s->slots[slot_of(s, old.slots[i])] = old.slots[i];
	free(old.slots);
}

bool
strset_has(const struct strset *s, const char *text)
{
	return s->n > 0 && s->slots[slot_of(s, text)] != NULL;
}

bool
strset_add(struct strset *s, const char *text)
{
	size_t i;

	if (strset_has(s, text))
		return false;
	if (s->n >= s->max) {
		s->full = true;
		return true;
	}
	if ((s->n + 1) * 2 > s->n_slots)
		grow(s);
	i = slot_of(s, text);
	s->slots[i] = arena_strdup(s->arena, text);
	s->n++;
	return true;
}

void
strset_add_all(struct strset *s, const struct strset *more)
{
	for (size_t i = 0; i < more->n_slots; i++)
		if (more->slots[i] != NULL)
			(void)strset_add(s, more->slots[i]);
	s->full = s->full || more->full;
}
