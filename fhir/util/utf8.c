/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/utf8.h"

/* First bytes from..to begin a sequence of len, whose second byte lies in
 * low..high. */
static const struct {
	unsigned char from, to, len, low, high;
} rows[] = {
    {0x00, 0x7f, 1, 0, 0},
    {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f},
    {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
};

size_t
utf8_length(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t r = 0;

	if (n == 0)
		return 0;
	while (r < sizeof(rows) / sizeof(*rows) &&
	       (p[0] < rows[r].from || p[0] > rows[r].to))
		r++;
	if (r == sizeof(rows) / sizeof(*rows) || rows[r].len > n)
		return 0;
	for (size_t i = 1; i < rows[r].len; i++) {
		if (p[i] < (i == 1 ? rows[r].low : 0x80) ||
		    p[i] > (i == 1 ? rows[r].high : 0xbf))
			return 0;
	}
	return rows[r].len;
}
