/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/base64.h"

#include <stdint.h>
#include <string.h>

static const char plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *
encode(const unsigned char *p, size_t n, const char *alphabet, char *out)
{
	for (; n > 0; n -= n < 3 ? n : 3, p += 3) {
		uint32_t v = (uint32_t)p[0] << 16;

		v |= n > 1 ? (uint32_t)p[1] << 8 : 0;
		v |= n > 2 ? p[2] : 0;
		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		if (n > 1)
			*out++ = alphabet[v >> 6 & 63];
		if (n > 2)
			*out++ = alphabet[v & 63];
		if (n < 3)
			break;
	}
	*out = '\0';
	return out;
}

void
base64_encode(const void *bytes, size_t n, char *out)
{
	char *end = encode(bytes, n, plain, out);

	while ((end - out) % 4 != 0)
		*end++ = '=';
	*end = '\0';
}

void
base64url_encode(const void *bytes, size_t n, char *out)
{
	encode(bytes, n, url, out);
}

bool
base64url_decode(
    const char *s, size_t n, unsigned char *out, size_t size, size_t *ret_n)
{
	uint32_t v = 0;
	unsigned bits = 0;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *at = s[i] == '\0' ? NULL : strchr(url, s[i]);

		if (at == NULL)
			return false;
		v = v << 6 | (uint32_t)(at - url);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (len == size)
			return false;
		out[len++] = (unsigned char)(v >> bits);
		v &= (1U << bits) - 1;
	}
	*ret_n = len;
	return bits < 6 && v == 0;
}
