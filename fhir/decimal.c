/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/decimal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define MAX_DIGITS 18
#define MAX_SCALE  18
#define MAX_VALUE  INT64_C(1000000000)

__extension__ typedef __int128 wide;

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int64_t
power10(int n)
{
	int64_t p = 1;

	assert(n >= 0 && n <= MAX_SCALE);
	while (n-- > 0)
		p *= 10;
	return p;
}

/* Digits of one run; leading zeros do not count, and beyond the 18th they are
 * dropped from the scale. */
static const char *
read_digits(const char *p, struct decimal *d, int *significant)
{
	for (; is_digit(*p); p++) {
		if (d->digits == 0 && *p == '0')
			continue;
		if (*significant < MAX_DIGITS) {
			++*significant;
			d->digits = d->digits * 10 + (*p - '0');
		} else if (d->scale > -1000) {
			d->scale--;
		}
	}
	return p;
}

/* An exponent's value, held at ±1000; NULL when it is malformed. */
static const char *
read_exponent(const char *p, int *ret)
{
	bool negative = *p == '-';
	int v = 0;

	if (*p == '-' || *p == '+')
		p++;
	if (!is_digit(*p))
		return NULL;
	for (; is_digit(*p); p++)
		if (v < 1000)
			v = v * 10 + (*p - '0');
	*ret = negative ? -v : v;
	return p;
}

/* Digits and scale (not yet within bounds). */
static bool
read_number(const char *p, struct decimal *d)
{
	bool negative = *p == '-';
	const char *from;
	int exponent = 0, significant = 0;

	if (negative)
		p++;
	if (!is_digit(*p) || (*p == '0' && is_digit(p[1])))
		return false;
	p = read_digits(p, d, &significant);
	if (*p == '.') {
		from = ++p;
		p = read_digits(p, d, &significant);
		if (p == from)
			return false;
		d->scale += p - from > 1000 ? 1000 : (int)(p - from);
	}
	if (*p == 'e' || *p == 'E') {
		p = read_exponent(p + 1, &exponent);
		if (p == NULL)
			return false;
	}
	d->scale -= exponent;
	if (negative)
		d->digits = -d->digits;
	return *p == '\0';
}

/* Bring the scale to 0..18.  false when the value is out of bounds. */
static bool
settle(struct decimal *d)
{
	int64_t whole;

	if (d->digits == 0) {
		d->scale = d->scale < 0 ? 0 : d->scale;
		d->scale = d->scale > MAX_SCALE ? MAX_SCALE : d->scale;
		return true;
	}
	for (; d->scale < 0; d->scale++) {
		if (d->digits > MAX_VALUE || d->digits < -MAX_VALUE)
			return false;
		d->digits *= 10;
	}
	for (; d->scale > MAX_SCALE; d->scale--)
		d->digits /= 10;
	whole = d->digits / power10(d->scale);
	if (whole == MAX_VALUE || whole == -MAX_VALUE)
		return d->digits % power10(d->scale) == 0;
	return whole < MAX_VALUE && whole > -MAX_VALUE;
}

enum err_code
decimal_parse(const char *text, struct decimal *ret, struct err *e)
{
	struct decimal d = {0, 0};

	if (text == NULL || !read_number(text, &d))
		return err_set(e, ERR_INVALID, "not a decimal number");
	if (!settle(&d))
		return err_set(e, ERR_LIMIT, "number out of range");
	*ret = d;
	return ERR_OK;
}

/* *v × 10^n; false when it does not fit. */
static bool
shift(wide *v, int n)
{
	for (; n > 0; n--)
		if (__builtin_mul_overflow(*v, 10, v))
			return false;
	return true;
}

enum err_code
decimal_scaled(const struct decimal *d, int64_t num, int64_t den, int scale,
    int64_t *ret, struct err *e)
{
	int up = scale - d->scale;
	wide n = (wide)d->digits * num, q, r, m = den;

	assert(den > 0 && scale >= 0 && scale <= MAX_SCALE);
	if (!shift(&n, up) || !shift(&m, -up))
		return err_set(e, ERR_LIMIT, "number out of range");
	q = n / m;
	r = n % m;
	if (r < 0)
		r = -r;
	if (r >= m - r)
		q += n < 0 ? -1 : 1;
	if (q > INT64_MAX || q < INT64_MIN)
		return err_set(e, ERR_LIMIT, "number out of range");
	*ret = (int64_t)q;
	return ERR_OK;
}

int
decimal_compare(const struct decimal *a, const struct decimal *b)
{
	wide x = (wide)a->digits * power10(b->scale);
	wide y = (wide)b->digits * power10(a->scale);

	return x < y ? -1 : x > y;
}

char *
decimal_format(int64_t digits, int scale, char buf[DECIMAL_SIZE])
{
	uint64_t v = digits < 0 ? 0 - (uint64_t)digits : (uint64_t)digits;
	uint64_t unit = (uint64_t)power10(scale);
	const char *sign = digits < 0 ? "-" : "";

	if (scale == 0)
		snprintf(buf, DECIMAL_SIZE, "%s%" PRIu64, sign, v);
	else
		snprintf(buf, DECIMAL_SIZE, "%s%" PRIu64 ".%0*" PRIu64, sign,
		    v / unit, scale, v % unit);
	return buf;
}
