/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/printable.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"

#define R "\xef\xbf\xbd"

static const struct {
	const char *in, *out;
} rows[] = {
    {"", ""},
    {"plain, 31.0 mm", "plain, 31.0 mm"},
    {"L\xc3\xa4sion \xe2\x89\xa5 \xf0\x9f\xab\x81",
	"L\xc3\xa4sion \xe2\x89\xa5 \xf0\x9f\xab\x81"},
    {"a\nb\r\tc", "a" R "b" R R "c"},
    {"\x1b[31mred\x1b[0m\x07\x7f", R "[31mred" R "[0m" R R},
    {"\xc2\x9b"
     "31m\xc2\x85\xc2\xa0",
	R "31m" R "\xc2\xa0"},         /* C1 */
    {"\xe2\x80\xa8\xe2\x80\xa9", R R}, /* separators */
    {"\xe2\x80\xae-\xe2\x81\xa6-\xd8\x9c-\xe2\x80\x8f",
	R "-" R "-" R "-" R},                                 /* bidi */
    {"\xe2\x80\xa7\xe2\x80\xaf", "\xe2\x80\xa7\xe2\x80\xaf"}, /* beside them */
    {"\xff\xc3(\xed\xa0\x80", R R "(" R R R},                 /* no UTF-8 */
    {"\xef\xbf\xbf\xef\xbf\xbe\xef\xbf\xbd", R R R},
    {"cut \xe2\x82", "cut " R R},
};

START_TEST(replaces)
{
	struct strbuf b;

	strbuf_init(&b, 1000);
	printable_add(&b, rows[_i].in, strlen(rows[_i].in));
	ck_assert_str_eq(b.s, rows[_i].out);
	strbuf_reset(&b);
	printable_addf(&b, "<%s>", rows[_i].in);
	ck_assert_uint_eq(b.len, strlen(rows[_i].out) + 2);
	ck_assert_int_eq(strncmp(b.s + 1, rows[_i].out, b.len - 2), 0);
	strbuf_done(&b);
}
END_TEST

START_TEST(breaks_only_its_own_lines)
{
	struct strbuf b;
	char *s = NULL;
	size_t n = 0;
	FILE *f;

	strbuf_init(&b, 12);
	printable_line(&b, "%s", "a\nb");
	ck_assert_str_eq(b.s, "a" R "b\n");
	ck_assert(!b.overflow);
	printable_line(&b, "%s", "longer than that");
	ck_assert(b.overflow);
	strbuf_done(&b);
	f = open_memstream(&s, &n);
	ck_assert_ptr_nonnull(f);
	printable_print(f, "%s: %d", "\x1b]0;x\x07", 3);
	fclose(f);
	ck_assert_str_eq(s, R "]0;x" R ": 3\n");
	free(s);
}
END_TEST

static Suite *
suite_printable(void)
{
	Suite *s = suite_create("printable");
	TCase *t = tcase_create("text");

	tcase_add_loop_test(
	    t, replaces, 0, (int)(sizeof(rows) / sizeof(*rows)));
	tcase_add_test(t, breaks_only_its_own_lines);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_printable())
