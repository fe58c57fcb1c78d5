/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NDJSON as it arrives.
 */
#include "tests/support/check_main.h"

#include "fhir/ndjson.h"

#include <string.h>

struct heard {
	struct strbuf all;
	size_t fail_at;
};

static enum err_code
hear(void *ctx, const char *line, size_t n, bool too_long, struct err *e)
{
	struct heard *h = ctx;

	strbuf_addf(&h->all, "[%.*s%s]", (int)n, line, too_long ? "…" : "");
	if (h->fail_at > 0 && --h->fail_at == 0)
		return err_set(e, ERR_STORE, "full");
	return ERR_OK;
}

static const struct {
	const char *text, *want;
} rows[] = {
    {"", ""},
    {"{}", "[{}]"},
    {"{}\n", "[{}]"},
    {"{\"a\":1}\r\n\n \n{\"b\":2}\n", "[{\"a\":1}][{\"b\":2}]"},
    {"12345678\n1\n", "[12345678][1]"},
    {"123456789\n1\n", "[12345678…][1]"}, /* the next is whole again */
    {"\xc3\xa4\n", "[\xc3\xa4]"},
    {"1\n2", "[1][2]"},
};

/* However it is cut. */
START_TEST(lines)
{
	size_t n = strlen(rows[_i].text);

	for (size_t part = 1; part <= n + 1; part++) {
		struct heard h = {.fail_at = 0};
		struct err e = ERR_INIT;
		struct ndjson x;

		strbuf_init(&h.all, 1000);
		ndjson_init(&x, 8, hear, &h, &e);
		for (size_t at = 0; at < n; at += part)
			ck_assert(ndjson_feed(&x, rows[_i].text + at,
			    n - at < part ? n - at : part));
		ck_assert_int_eq(ndjson_end(&x), ERR_OK);
		ck_assert_msg(
		    strcmp(h.all.s == NULL ? "" : h.all.s, rows[_i].want) == 0,
		    "row %d, %zu: %s", _i, part, h.all.s);
		ndjson_done(&x);
		strbuf_done(&h.all);
	}
}
END_TEST

START_TEST(failure_ends_it)
{
	struct heard h = {.fail_at = 2};
	struct err e = ERR_INIT;
	struct ndjson x;

	strbuf_init(&h.all, 1000);
	ndjson_init(&x, 8, hear, &h, &e);
	ck_assert(!ndjson_feed(&x, "1\n2\n3\n", 6));
	ck_assert_int_eq(ndjson_end(&x), ERR_STORE);
	ck_assert_str_eq(h.all.s, "[1][2]");
	/* And begins anew. */
	ndjson_restart(&x);
	ck_assert_uint_eq(x.lines, 0);
	ck_assert(ndjson_feed(&x, "4\n", 2));
	ck_assert_int_eq(ndjson_end(&x), ERR_OK);
	ndjson_done(&x);
	strbuf_done(&h.all);
}
END_TEST

static Suite *
suite_ndjson(void)
{
	Suite *s = suite_create("ndjson");
	TCase *t = tcase_create("ndjson");

	tcase_add_loop_test(t, lines, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(t, failure_ends_it);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_ndjson())
