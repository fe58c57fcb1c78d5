/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/scope.h"

#include <string.h>

#define SYSTEM "system/"

/* What one scope says; letters of "cruds" as bits. */
struct part {
	const char *s; /* the whole scope */
	size_t n;
	const char *type;
	size_t type_len; /* 0: not a resource scope */
	unsigned access;
	bool restricted; /* "?category=…" */
};

static const char letters[] = "cruds";

static unsigned
bit(char c)
{
	const char *at = c == '\0' ? NULL : strchr(letters, c);

	return at == NULL ? 0 : 1U << (at - letters);
}

/*= interop B.10 rule 6: read is rs, write is cud, * is cruds */
static unsigned
read_access(const char *s, size_t n)
{
	static const struct {
		const char *word, *means;
	} v1[] = {{"read", "rs"}, {"write", "cud"}, {"*", "cruds"}};
	unsigned bits = 0, one;

	for (size_t i = 0; i < sizeof(v1) / sizeof(v1[0]); i++)
		if (strlen(v1[i].word) == n && memcmp(s, v1[i].word, n) == 0) {
			s = v1[i].means;
			n = strlen(s);
			break;
		}
	for (size_t i = 0; i < n; i++) {
		one = bit(s[i]);
		if (one == 0)
			return 0;
		bits |= one;
	}
	return bits;
}

/* The next scope of a list; false at its end. */
static bool
next_part(const char **list, struct part *p)
{
	size_t skip = sizeof(SYSTEM) - 1, dot, end;

	*list += strspn(*list, " ");
	memset(p, 0, sizeof(*p));
	p->s = *list;
	p->n = strcspn(*list, " ");
	*list += p->n;
	if (p->n <= skip || memcmp(p->s, SYSTEM, skip) != 0)
		return p->n > 0;
	end = strcspn(p->s, "? ");
	dot = skip + strcspn(p->s + skip, ".? ");
	if (dot + 1 < end) {
		p->type = p->s + skip;
		p->type_len = dot - skip;
		p->access = read_access(p->s + dot + 1, end - dot - 1);
		p->restricted = end < p->n;
	}
	if (p->access == 0)
		p->type_len = 0;
	return true;
}

static bool
covers_type(const struct part *p, const char *type, size_t n)
{
	if (p->type_len == 1 && p->type[0] == '*')
		return true;
	return p->type_len == n && memcmp(p->type, type, n) == 0;
}

bool
scope_grants(const char *granted, const char *type, char access)
{
	bool any = false;
	struct part p;

	while (next_part(&granted, &p)) {
		any |= p.type_len > 0;
		if (covers_type(&p, type, strlen(type)) &&
		    (p.access & bit(access)) != 0)
			return true;
	}
	return !any;
}

static bool
is_covered(const struct part *asked, const char *granted)
{
	unsigned left = asked->access;
	struct part p;

	while (next_part(&granted, &p)) {
		if (p.n == asked->n && memcmp(p.s, asked->s, p.n) == 0)
			return true;
		if (asked->type_len > 0 && !p.restricted &&
		    covers_type(&p, asked->type, asked->type_len))
			left &= ~p.access;
	}
	return asked->type_len > 0 && left == 0;
}

void
scope_missing(const char *asked, const char *granted, struct strbuf *out)
{
	struct part p;

	while (next_part(&asked, &p)) {
		if (is_covered(&p, granted))
			continue;
		if (out->len > 0)
			strbuf_addc(out, ' ');
		strbuf_add(out, p.s, p.n);
	}
}

void
scope_build(
    const struct scope_need *needs, size_t n, int version, struct strbuf *out)
{
	static const struct {
		const char *read, *write;
	} words[] = {{"read", "write"}, {"rs", "cu"}};

	for (size_t i = 0; i < n; i++) {
		const char *gap = out->len > 0 ? " " : "";
		const char *read = words[version == 2].read;
		const char *write = words[version == 2].write;

		if (version == 2 && needs[i].read && needs[i].write)
			strbuf_addf(out, "%s" SYSTEM "%s.%s", gap,
			    needs[i].type, needs[i].remove ? "cruds" : "crus");
		else if (needs[i].read && needs[i].write)
			strbuf_addf(out, "%s" SYSTEM "%s.%s " SYSTEM "%s.%s",
			    gap, needs[i].type, read, needs[i].type, write);
		else if (needs[i].read || needs[i].write)
			strbuf_addf(out, "%s" SYSTEM "%s.%s", gap,
			    needs[i].type, needs[i].read ? read : write);
	}
}
