/* SPDX-License-Identifier: Apache-2.0 */
#include "mappings/assessment.h"

#include <assert.h>
#include <string.h>

static const char *const names[CAT__MAX] = {
    [CAT_NONE] = "",
    [CAT_CR] = "CR",
    [CAT_PR] = "PR",
    [CAT_SD] = "SD",
    [CAT_PD] = "PD",
    [CAT_NON] = "NON-CR/NON-PD",
    [CAT_NE] = "NE",
    [CAT_NED] = "NED",
    [CAT_NA] = "NA",
    [CAT_IRCR] = "irCR",
    [CAT_IRPR] = "irPR",
    [CAT_IRSD] = "irSD",
    [CAT_IRPD] = "irPD",
    [CAT_IRNN] = "irNN",
    [CAT_IRNE] = "irNE",
    [CAT_ICR] = "iCR",
    [CAT_IPR] = "iPR",
    [CAT_ISD] = "iSD",
    [CAT_INON] = "NON-iCR/NON-iUPD",
    [CAT_IUPD] = "iUPD",
    [CAT_ICPD] = "iCPD",
    [CAT_IMCR] = "imCR",
    [CAT_IMPR] = "imPR",
    [CAT_IMSD] = "imSD",
    [CAT_IMPD] = "imPD",
};

const char *
category_name(enum category c)
{
	assert(c < CAT__MAX);
	return names[c];
}

enum category
category_parse(const char *name)
{
	for (int c = CAT_NONE + 1; c < CAT__MAX; c++) {
		if (strcmp(names[c], name) == 0)
			return (enum category)c;
	}
	return CAT_NONE;
}

const struct criterion_result *
assessment_criterion(const struct assessment *x, const char *id)
{
	for (size_t i = 0; i < x->criteria.n; i++) {
		if (strcmp(x->criteria.items[i].id, id) == 0)
			return &x->criteria.items[i];
	}
	return NULL;
}

void
because_add(struct arena *a, struct because_list *list, const char *rule,
    const char *const *sources, size_t n_sources, const char *fmt, ...)
{
	struct because *b = ARENA_PUSH(a, list);
	const char **copy;
	va_list ap;

	b->rule = rule;
	va_start(ap, fmt);
	b->text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	copy = arena_alloc(a, n_sources * sizeof(*copy));
	for (size_t i = 0; i < n_sources; i++) {
		if (sources[i] != NULL)
			copy[b->n_sources++] = sources[i];
	}
	b->sources = copy;
}

void
missing_add(struct arena *a, struct missing_list *list, const char *code,
    const char *item)
{
	struct missing *m;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->items[i].code, code) != 0)
			continue;
		if (strcmp(list->items[i].item, item) == 0)
			return;
		n++;
	}
	if (n > MISSING_NAMED)
		return;
	m = ARENA_PUSH(a, list);
	m->code = code;
	m->item = n < MISSING_NAMED ? item : "others";
}

void
verdict_flag(struct arena *a, struct verdict *v, const char *flag)
{
	if (!verdict_has_flag(v, flag))
		*ARENA_PUSH(a, &v->flags) = flag;
}

bool
verdict_has_flag(const struct verdict *v, const char *flag)
{
	for (size_t i = 0; i < v->flags.n; i++) {
		if (strcmp(v->flags.items[i], flag) == 0)
			return true;
	}
	return false;
}

bool
change_tenths_pct(int64_t now, int64_t from, int64_t *ret)
{
	int64_t twice;

	if (now == BURDEN_NONE || from == BURDEN_NONE || from <= 0)
		return false;
	/* 1000 tenths of a percent; round half away from zero. */
	twice = 2 * 1000 * (now - from);
	*ret = (twice + (twice < 0 ? -from : from)) / (2 * from);
	return true;
}
