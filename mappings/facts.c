/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/facts.h"

struct problem *
facts_problem(struct patient_facts *p, const char *source, const char *code,
    const char *fmt, ...)
{
	struct problem *x = ARENA_PUSH(p->arena, &p->problems);
	va_list ap;

	x->source = arena_strdup(p->arena, source);
	x->code = code;
	va_start(ap, fmt);
	x->detail = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
	return x;
}
