/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/json_scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/json.h"
#include "fhir/util/arena.h"
#include "fhir/util/utf8.h"

#define MAX_INTEGER_DIGITS 18
#define MAX_EXPONENT       99
#define FEW_KEYS           12

struct key {
	const char *s; /* unescaped */
	size_t n, at;
};

struct level {
	bool array;
	size_t first_key;
};

enum expect { EXPECT_VALUE, EXPECT_KEY, EXPECT_AFTER };

struct scan {
	const char *s;
	size_t n, i;
	enum expect expect;
	bool minus_zero;
	int depth;
	struct level levels[JSON_MAX_DEPTH];
	LIST_OF(struct key) keys; /* of all open objects, innermost last */
	struct key few[64];
	struct arena *arena; /* made when first needed */
	struct err *e;
};

static enum err_code
fail_at(struct scan *sc, enum err_code code, size_t at, const char *what)
{
	return err_set(sc->e, code, "byte %zu: %s", at, what);
}

static enum err_code
fail(struct scan *sc, const char *what)
{
	if (sc->i >= sc->n)
		what = "the text ends too early";
	return fail_at(sc, ERR_NOT_JSON, sc->i, what);
}

static int
peek(const struct scan *sc)
{
	return sc->i < sc->n ? (unsigned char)sc->s[sc->i] : -1;
}

static bool
is_space(int c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static void
skip_space(struct scan *sc)
{
	while (is_space(peek(sc)))
		sc->i++;
}

static int
hex_digit(int c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Four hexadecimal digits at s, or -1. */
static int32_t
hex4(const char *s, size_t n)
{
	int32_t v = 0;
	int d;

	if (n < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		d = hex_digit((unsigned char)s[i]);
		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* A \uXXXX escape, its backslash at i; a surrogate brings its second half. */
static enum err_code
scan_unicode_escape(struct scan *sc)
{
	const char *p = sc->s + sc->i;
	size_t left = sc->n - sc->i;
	int32_t v = left < 2 ? -1 : hex4(p + 2, left - 2), w;

	if (v < 0)
		return fail(sc, "\\u without four hexadecimal digits");
	if (v == 0)
		return fail(sc, "\\u0000 in a string");
	if (v >= 0xdc00 && v <= 0xdfff)
		return fail(sc, "unpaired surrogate");
	sc->i += 6;
	if (v < 0xd800 || v > 0xdbff)
		return ERR_OK;
	w = left < 12 || p[6] != '\\' || p[7] != 'u' ? -1
						     : hex4(p + 8, left - 8);
	if (w < 0xdc00 || w > 0xdfff)
		return fail_at(
		    sc, ERR_NOT_JSON, sc->i - 6, "unpaired surrogate");
	sc->i += 6;
	return ERR_OK;
}

static enum err_code
scan_escape(struct scan *sc)
{
	int c = sc->i + 1 < sc->n ? sc->s[sc->i + 1] : 0;

	if (c == 'u')
		return scan_unicode_escape(sc);
	if (c == 0 || strchr("\"\\/bfnrt", c) == NULL)
		return fail(sc, "unknown escape");
	sc->i += 2;
	return ERR_OK;
}

/* A string, its opening quote at i. */
static enum err_code
scan_string(struct scan *sc, bool *ret_escaped)
{
	enum err_code code = ERR_OK;
	unsigned char c;
	size_t len;

	for (sc->i++; sc->i < sc->n && code == ERR_OK;) {
		c = (unsigned char)sc->s[sc->i];
		if (c == '"') {
			sc->i++;
			return ERR_OK;
		}
		if (c == '\\') {
			*ret_escaped = true;
			code = scan_escape(sc);
		} else if (c < 0x20) {
			return fail(sc, "control character in a string");
		} else if (c < 0x80) {
			sc->i++;
		} else {
			len = utf8_length(sc->s + sc->i, sc->n - sc->i);
			if (len == 0)
				return fail(sc, "not UTF-8");
			sc->i += len;
		}
	}
	return code != ERR_OK ? code : fail(sc, "");
}

static size_t
scan_digits(struct scan *sc)
{
	size_t from = sc->i;

	while (is_digit(peek(sc)))
		sc->i++;
	return sc->i - from;
}

static enum err_code
scan_exponent(struct scan *sc)
{
	size_t from;

	sc->i++;
	if (peek(sc) == '+' || peek(sc) == '-')
		sc->i++;
	from = sc->i;
	if (scan_digits(sc) == 0)
		return fail(sc, "exponent without digits");
	while (from + 1 < sc->i && sc->s[from] == '0')
		from++;
	if (sc->i - from > 2)
		return fail_at(sc, ERR_LIMIT, from, "exponent beyond 99");
	return ERR_OK;
}

static enum err_code
scan_number(struct scan *sc)
{
	size_t from = sc->i, digits;
	bool negative = peek(sc) == '-';

	if (negative)
		sc->i++;
	digits = scan_digits(sc);
	if (digits == 0)
		return fail(sc, "number without digits");
	if (digits > 1 && sc->s[sc->i - digits] == '0')
		return fail_at(
		    sc, ERR_NOT_JSON, from, "number with a leading zero");
	if (peek(sc) == '.') {
		sc->i++;
		if (scan_digits(sc) == 0)
			return fail(sc, "no digits after the point");
	} else if (peek(sc) != 'e' && peek(sc) != 'E') {
		if (digits > MAX_INTEGER_DIGITS)
			return fail_at(sc, ERR_LIMIT, from,
			    "integer of more than 18 digits");
		if (negative && sc->s[sc->i - 1] == '0' && digits == 1)
			sc->minus_zero = true;
	}
	if (peek(sc) == 'e' || peek(sc) == 'E')
		return scan_exponent(sc);
	return ERR_OK;
}

static enum err_code
scan_literal(struct scan *sc)
{
	static const char *const words[] = {"true", "false", "null"};
	static const char *const never[] = {
	    "NaN", "Infinity", "-Infinity", "nan", "inf"};
	const char *p = sc->s + sc->i;
	size_t left = sc->n - sc->i, len;

	for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++) {
		len = strlen(words[k]);
		if (left >= len && memcmp(p, words[k], len) == 0) {
			sc->i += len;
			return ERR_OK;
		}
	}
	for (size_t k = 0; k < sizeof(never) / sizeof(*never); k++) {
		len = strlen(never[k]);
		if (left >= len && memcmp(p, never[k], len) == 0)
			return fail(sc, "NaN and Infinity are not JSON");
	}
	return fail(sc, "no value where one must be");
}

size_t
json_unescape(const char *s, size_t n, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t k = 0;
	int32_t v;

	for (size_t i = 0; i < n;) {
		if (s[i] != '\\') {
			out[k++] = s[i++];
			continue;
		}
		if (s[i + 1] != 'u') {
			out[k++] = to[strchr(from, s[i + 1]) - from];
			i += 2;
			continue;
		}
		v = hex4(s + i + 2, 4);
		i += 6;
		if (v >= 0xd800 && v <= 0xdbff) {
			v = 0x10000 + ((v - 0xd800) << 10) +
			    (hex4(s + i + 2, 4) - 0xdc00);
			i += 6;
			out[k++] = (char)(0xf0 | v >> 18);
			out[k++] = (char)(0x80 | (v >> 12 & 0x3f));
		} else if (v >= 0x800) {
			out[k++] = (char)(0xe0 | v >> 12);
		}
		if (v >= 0x800)
			out[k++] = (char)(0x80 | (v >> 6 & 0x3f));
		else if (v >= 0x80)
			out[k++] = (char)(0xc0 | v >> 6);
		out[k++] = (char)(v >= 0x80 ? 0x80 | (v & 0x3f) : v);
	}
	return k;
}

static enum err_code
scan_key(struct scan *sc)
{
	size_t at = sc->i, n;
	bool escaped = false;
	enum err_code code;
	struct key *k;
	char *copy;

	if (peek(sc) != '"')
		return fail(sc, "no member name where one must be");
	code = scan_string(sc, &escaped);
	if (code != ERR_OK)
		return code;
	n = sc->i - at - 2;
	if (sc->arena == NULL && (escaped || sc->keys.n == sc->keys.cap))
		sc->arena = arena_new();
	k = ARENA_PUSH(sc->arena, &sc->keys);
	*k = (struct key){sc->s + at + 1, n, at};
	if (escaped) {
		copy = arena_alloc(sc->arena, n);
		k->n = json_unescape(k->s, n, copy);
		k->s = copy;
	}
	skip_space(sc);
	if (peek(sc) != ':')
		return fail(sc, "no colon after a member name");
	sc->i++;
	sc->expect = EXPECT_VALUE;
	return ERR_OK;
}

static int
key_compare(const void *va, const void *vb)
{
	const struct key *a = va, *b = vb;
	int c;

	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	c = memcmp(a->s, b->s, a->n);
	if (c != 0)
		return c;
	return a->at < b->at ? -1 : a->at > b->at;
}

static bool
key_same(const struct key *a, const struct key *b)
{
	return a->n == b->n && memcmp(a->s, b->s, a->n) == 0;
}

/* Where the second of two equal names stands, or SIZE_MAX.  Reorders k. */
static size_t
keys_duplicate(struct key *k, size_t n)
{
	if (n <= FEW_KEYS) {
		for (size_t i = 1; i < n; i++)
			for (size_t j = 0; j < i; j++)
				if (key_same(&k[i], &k[j]))
					return k[i].at;
		return SIZE_MAX;
	}
	qsort(k, n, sizeof(*k), key_compare);
	for (size_t i = 1; i < n; i++)
		if (key_same(&k[i - 1], &k[i]))
			return k[i].at;
	return SIZE_MAX;
}

static enum err_code
scan_close(struct scan *sc)
{
	const struct level *l = &sc->levels[--sc->depth];
	size_t at;

	sc->i++;
	sc->expect = EXPECT_AFTER;
	if (l->array)
		return ERR_OK;
	at = keys_duplicate(
	    sc->keys.items + l->first_key, sc->keys.n - l->first_key);
	sc->keys.n = l->first_key;
	if (at != SIZE_MAX)
		return fail_at(sc, ERR_NOT_JSON, at, "member name given twice");
	return ERR_OK;
}

static enum err_code
scan_open(struct scan *sc, bool array)
{
	if (sc->depth == JSON_MAX_DEPTH)
		return fail_at(sc, ERR_LIMIT, sc->i, "nested deeper than 64");
	sc->levels[sc->depth++] = (struct level){array, sc->keys.n};
	sc->i++;
	skip_space(sc);
	if (peek(sc) == (array ? ']' : '}'))
		return scan_close(sc);
	sc->expect = array ? EXPECT_VALUE : EXPECT_KEY;
	return ERR_OK;
}

static enum err_code
scan_begin(struct scan *sc)
{
	bool escaped;
	int c = peek(sc);

	if (c == '{' || c == '[')
		return scan_open(sc, c == '[');
	sc->expect = EXPECT_AFTER;
	if (c == '"')
		return scan_string(sc, &escaped);
	if (is_digit(c) ||
	    (c == '-' && (sc->i + 1 == sc->n || sc->s[sc->i + 1] != 'I')))
		return scan_number(sc);
	return scan_literal(sc);
}

static enum err_code
scan_after(struct scan *sc)
{
	bool array = sc->levels[sc->depth - 1].array;
	int c = peek(sc);

	if (c == (array ? ']' : '}'))
		return scan_close(sc);
	if (c != ',')
		return fail(sc, "no comma or end after a value");
	sc->i++;
	sc->expect = array ? EXPECT_VALUE : EXPECT_KEY;
	return ERR_OK;
}

enum err_code
json_scan_value(const char *s, size_t n, size_t from, struct json_checked *ret,
    struct err *e)
{
	static enum err_code (*const step[])(struct scan *) = {
	    scan_begin, scan_key, scan_after};
	enum err_code code = ERR_OK;
	struct scan sc;
	size_t start;

	sc.s = s, sc.n = n, sc.i = from, sc.e = e;
	sc.expect = EXPECT_VALUE;
	sc.depth = 0;
	sc.minus_zero = false;
	sc.arena = NULL;
	sc.keys.items = sc.few;
	sc.keys.n = 0;
	sc.keys.cap = sizeof(sc.few) / sizeof(*sc.few);
	if (from == 0 && n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		sc.i = 3;
	skip_space(&sc);
	start = sc.i;
	while (code == ERR_OK && (sc.expect != EXPECT_AFTER || sc.depth > 0)) {
		skip_space(&sc);
		code = step[sc.expect](&sc);
	}
	if (code == ERR_OK)
		*ret =
		    (struct json_checked){{start, sc.i - start}, sc.minus_zero};
	arena_free(sc.arena);
	return code;
}

enum err_code
json_scan_text(const char *s, size_t n, struct json_checked *ret, struct err *e)
{
	struct json_checked c;
	enum err_code code = json_scan_value(s, n, 0, &c, e);
	size_t i;

	if (code != ERR_OK)
		return code;
	for (i = c.value.at + c.value.n; i < n && is_space(s[i]);)
		i++;
	if (i < n)
		return err_set(
		    e, ERR_NOT_JSON, "byte %zu: more after the value", i);
	*ret = c;
	return ERR_OK;
}
