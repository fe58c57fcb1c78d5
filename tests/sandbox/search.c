/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Search: which resources match, in which order.  Paging is page.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/internal.h"

/* One alternative of a parameter's value ("a,b" has two). */
struct wanted {
	const char *system; /* token: NULL any, "" none */
	const char *code;   /* token: NULL any; else the text */
	int prefix;         /* date: index into prefixes */
	int64_t from, until;
};

struct condition {
	int param; /* row, or one of the store's own: */
	LIST_OF(struct wanted) any;
};
enum { PARAM_ID = -2, PARAM_UPDATED = -3 };

enum { EQ, NE, GT, LT, GE, LE, SA, EB, N_PREFIXES };
static const char prefixes[N_PREFIXES][3] = {
    "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"};

static bool
date_matches(const struct wanted *w, int64_t from, int64_t until)
{
	bool within = w->from <= from && until <= w->until;

	switch (w->prefix) {
	case EQ:
		return within;
	case NE:
		return !within;
	case GT:
		return until > w->until;
	case LT:
		return from < w->from;
	case GE:
		return until > w->until || within;
	case LE:
		return from < w->from || within;
	case SA:
		return from >= w->until;
	default: /* EB */
		return until <= w->from;
	}
}

static bool
token_matches(const struct wanted *w, const struct index_value *v)
{
	if (w->code != NULL && strcmp(w->code, v->code) != 0)
		return false;
	if (w->system == NULL)
		return true;
	if (*w->system == '\0')
		return v->system == NULL;
	return v->system != NULL && strcmp(w->system, v->system) == 0;
}

/* "Patient/1" exactly, or "1" of any type. */
static bool
reference_matches(const struct wanted *w, const struct index_value *v)
{
	const char *slash = strchr(v->code, '/');

	return strcmp(w->code, v->code) == 0 ||
	       (strchr(w->code, '/') == NULL && slash != NULL &&
		   strcmp(w->code, slash + 1) == 0);
}

static bool
value_matches(const struct wanted *w, const struct index_value *v)
{
	switch (params[v->param].kind) {
	case PARAM_DATE:
		return date_matches(w, v->from, v->until);
	case PARAM_REFERENCE:
		return reference_matches(w, v);
	case PARAM_TOKEN:
		return token_matches(w, v);
	default:
		return strcmp(w->code, v->code) == 0;
	}
}

static bool
condition_matches(const struct condition *c, const struct resource *r)
{
	int64_t ms = store_latest(r)->updated_ms;

	for (size_t i = 0; i < c->any.n; i++) {
		const struct wanted *w = &c->any.items[i];

		if (c->param == PARAM_ID && strcmp(w->code, r->id) == 0)
			return true;
		if (c->param == PARAM_UPDATED && date_matches(w, ms, ms + 1))
			return true;
		for (size_t k = 0; k < r->n_values && c->param >= 0; k++)
			if (r->values[k].param == c->param &&
			    value_matches(w, &r->values[k]))
				return true;
	}
	return false;
}

/*
 * Reading the query.
 */

static bool
parse_date(struct exchange *x, const char *text, struct wanted *w)
{
	for (int i = 0; i < N_PREFIXES; i++)
		if (strncmp(text, prefixes[i], 2) == 0) {
			w->prefix = i;
			text += 2;
			break;
		}
	if (date_interval(text, &w->from, &w->until))
		return true;
	exchange_fail(x, 400, "invalid", "not a date search value");
	return false;
}

static void
parse_token(char *text, struct wanted *w)
{
	char *bar = strchr(text, '|');

	if (bar == NULL) {
		w->code = text;
		return;
	}
	*bar = '\0';
	w->system = text;
	w->code = bar[1] == '\0' ? NULL : bar + 1;
}

static void
parse_reference(struct exchange *x, const struct query_param *p, char *text,
    struct wanted *w)
{
	char buf[REFERENCE_SIZE];

	w->code = text;
	if (reference_normal(text, buf))
		w->code = arena_strdup(x->a, buf);
	else if (*p->modifier != '\0')
		w->code = arena_printf(x->a, "%s/%s", p->modifier, text);
	else if (strcmp(p->name, "patient") == 0)
		w->code = arena_printf(x->a, "Patient/%s", text);
}

static bool
parse_wanted(struct exchange *x, const struct query_param *p, int param,
    char *text, struct wanted *w)
{
	enum param_kind kind = param >= 0               ? params[param].kind
			       : param == PARAM_UPDATED ? PARAM_DATE
							: PARAM_STRING;

	switch (kind) {
	case PARAM_DATE:
		return parse_date(x, text, w);
	case PARAM_TOKEN:
		parse_token(text, w);
		return true;
	case PARAM_REFERENCE:
		parse_reference(x, p, text, w);
		return true;
	default:
		w->code = text;
		return true;
	}
}

/* The next alternative of *rest, unescaped; NULL at the end. */
static char *
next_alternative(struct exchange *x, const char **rest)
{
	const char *s = *rest;
	char *out, *p;

	if (s == NULL)
		return NULL;
	out = p = arena_alloc(x->a, strlen(s) + 1);
	for (; *s != '\0' && *s != ','; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		*p++ = *s;
	}
	*rest = *s == ',' ? s + 1 : NULL;
	return out;
}

static int
param_of(const char *type, const struct query_param *p)
{
	if (strcmp(p->name, "_id") == 0)
		return PARAM_ID;
	if (strcmp(p->name, "_lastUpdated") == 0)
		return PARAM_UPDATED;
	return param_find(type, p->name);
}

static bool
modifier_ok(struct exchange *x, const struct query_param *p, int param)
{
	if (*p->modifier == '\0' ||
	    (param >= 0 && params[param].kind == PARAM_REFERENCE &&
		store_type(&x->s->store, p->modifier) != NULL))
		return true;
	exchange_fail(x, 400, "not-supported",
	    "a modifier of %s that is not supported", p->name);
	return false;
}

struct conditions {
	LIST_OF(struct condition) all;
};

static bool
parse_conditions(struct exchange *x, const char *type, struct conditions *ret)
{
	for (size_t i = 0; i < x->params.n; i++) {
		struct query_param *p = &x->params.items[i];
		int param = param_of(type, p);
		const char *rest = p->value;
		struct condition *c;
		char *text;

		if (param == -1)
			continue;
		if (!modifier_ok(x, p, param))
			return false;
		p->used = true;
		c = ARENA_PUSH(x->a, &ret->all);
		c->param = param;
		while ((text = next_alternative(x, &rest)) != NULL) {
			struct wanted *w = ARENA_PUSH(x->a, &c->any);

			if (!parse_wanted(x, p, param, text, w))
				return false;
		}
	}
	return true;
}

static bool
is_named(const char *name, const struct resource *r)
{
	size_t n = strlen(r->type);

	return name != NULL && strncmp(name, r->type, n) == 0 &&
	       name[n] == '/' && strcmp(name + n + 1, r->id) == 0;
}

bool
search_hides(const struct exchange *x, const struct resource *r)
{
	return r != NULL && is_named(x->s->options.habits.hide, r);
}

bool
search_match(struct exchange *x, const char *type, struct match_list *ret)
{
	struct type_row *row = store_type(&x->s->store, type);
	struct conditions c = {0};

	if (!parse_conditions(x, type, &c))
		return false;
	for (size_t i = 0; i < row->n; i++) {
		struct resource *r = row->items[i];
		bool ok =
		    store_alive(r) && !fault_hides(x, r) && !search_hides(x, r);

		for (size_t k = 0; k < c.all.n && ok; k++)
			ok = condition_matches(&c.all.items[k], r);
		ok |= store_alive(r) && is_named(x->s->options.habits.leak, r);
		if (ok)
			*ARENA_PUSH(x->a, ret) = r;
	}
	return true;
}

int
search_condition(struct exchange *x, const char *type, const char *condition,
    struct resource **ret)
{
	struct exchange *inner = exchange_new(x->s, x->a);
	struct match_list found = {0};
	bool known;
	int n = -1;

	query_parse(inner, *condition == '?' ? condition + 1 : condition);
	known = search_match(inner, type, &found);
	for (size_t i = 0; i < inner->params.n; i++)
		known &= inner->params.items[i].used;
	if (!known || inner->params.n == 0) {
		exchange_fail(x, 400, "not-supported",
		    "a condition with parameters that are not supported");
	} else {
		n = found.n > 1 ? 2 : (int)found.n;
		if (n > 0)
			*ret = found.items[0];
	}
	exchange_done(inner);
	return n;
}
