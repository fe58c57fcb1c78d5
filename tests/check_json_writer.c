/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/json_writer.h"

#include <signal.h>
#include <string.h>

#include "fhir/datetime.h"
#include "fhir/json.h"
#include "tests/support/check_main.h"

static void
write_sample(struct json_writer *w)
{
	json_begin_object(w, NULL);
	json_put_string(w, "s", "x");
	json_put_optional(w, "none", NULL);
	json_put_optional(w, "o", "y");
	json_put_int(w, "i", INT64_C(-999999999999999999));
	json_put_bool(w, "t", true);
	json_put_bool(w, "f", false);
	json_put_null(w, "n");
	json_put_decimal(w, "d", 314, 1);
	json_put_decimal(w, "z", -5, 1);
	json_put_decimal(w, "w", 7, 0);
	json_put_day(w, "day", day_from_civil(2026, 11, 25));
	json_put_day(w, "noday", DAY_NONE);
	json_begin_array(w, "a");
	json_put_int(w, NULL, 1);
	json_begin_object(w, NULL);
	json_end_object(w);
	json_begin_array(w, NULL);
	json_end_array(w);
	json_put_raw(w, NULL, "{\"k\":[]}");
	json_end_array(w);
	json_end_object(w);
}

START_TEST(compact)
{
	struct json_writer w;
	struct strbuf b;

	strbuf_init(&b, 10000);
	json_writer_init(&w, &b, false);
	write_sample(&w);
	ck_assert_int_eq(w.depth, 0);
	ck_assert_str_eq(b.s,
	    "{\"s\":\"x\",\"o\":\"y\",\"i\":-999999999999999999,\"t\":true,"
	    "\"f\":false,\"n\":null,\"d\":31.4,\"z\":-0.5,\"w\":7,"
	    "\"day\":\"2026-11-25\",\"noday\":null,"
	    "\"a\":[1,{},[],{\"k\":[]}]}");
	strbuf_done(&b);
}
END_TEST

START_TEST(pretty)
{
	struct json_writer w;
	struct strbuf b;

	strbuf_init(&b, 10000);
	json_writer_init(&w, &b, true);
	json_begin_object(&w, NULL);
	json_put_int(&w, "a", 1);
	json_begin_array(&w, "b");
	json_put_string(&w, NULL, "x");
	json_begin_object(&w, NULL);
	json_end_object(&w);
	json_end_array(&w);
	json_end_object(&w);
	ck_assert_str_eq(
	    b.s, "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    {}\n  ]\n}");
	strbuf_done(&b);
}
END_TEST

static const struct {
	const char *s, *out;
} strings[] = {
    {"", "\"\""},
    {"a/b", "\"a/b\""},
    {"\"\\\b\f\n\r\t", "\"\\\"\\\\\\b\\f\\n\\r\\t\""},
    {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	"\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
    {"a\xffz", "\"a\xef\xbf\xbdz\""},
    {"a\xc3", "\"a\xef\xbf\xbd\""},
    {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {"\xf0\x80\x80\x80",
	"\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"\xf4\x90\x80\x80",
	"\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
};

START_TEST(string)
{
	struct json_writer w;
	struct strbuf b;
	struct json_doc *doc;
	struct err e = ERR_INIT;

	strbuf_init(&b, 1000);
	json_writer_init(&w, &b, false);
	json_put_string(&w, NULL, strings[_i].s);
	ck_assert_str_eq(b.s, strings[_i].out);
	ck_assert_int_eq(json_parse(b.s, b.len, &doc, &e), ERR_OK);
	json_free(doc);
	strbuf_done(&b);
}
END_TEST

/* What the writer writes, the reader reads back unchanged. */
START_TEST(read_back)
{
	struct json_writer w;
	struct strbuf b, again;
	struct json_doc *doc;
	struct err e = ERR_INIT;

	strbuf_init(&b, 10000);
	strbuf_init(&again, 10000);
	json_writer_init(&w, &b, true);
	write_sample(&w);
	ck_assert_int_eq(json_parse(b.s, b.len, &doc, &e), ERR_OK);
	json_writer_init(&w, &again, false);
	write_sample(&w);
	ck_assert_str_eq(json_text(json_root(doc)), again.s);
	json_free(doc);
	strbuf_done(&b);
	strbuf_done(&again);
}
END_TEST

START_TEST(overflow)
{
	struct json_writer w;
	struct strbuf b;

	strbuf_init(&b, 8);
	json_writer_init(&w, &b, false);
	json_begin_array(&w, NULL);
	json_put_string(&w, NULL, "123456789");
	json_end_array(&w);
	ck_assert(b.overflow);
	ck_assert_uint_le(b.len, 8);
	strbuf_done(&b);
}
END_TEST

static struct json_writer bug_writer;
static struct strbuf bug_out;

static void
bug_begin(void)
{
	strbuf_init(&bug_out, 1000);
	json_writer_init(&bug_writer, &bug_out, false);
}

START_TEST(bug_unbalanced)
{
	bug_begin();
	json_begin_object(&bug_writer, NULL);
	json_end_array(&bug_writer);
}
END_TEST

START_TEST(bug_one_end_too_many)
{
	bug_begin();
	json_begin_array(&bug_writer, NULL);
	json_end_array(&bug_writer);
	json_end_array(&bug_writer);
}
END_TEST

START_TEST(bug_no_name)
{
	bug_begin();
	json_begin_object(&bug_writer, NULL);
	json_put_int(&bug_writer, NULL, 1);
}
END_TEST

START_TEST(bug_name_in_array)
{
	bug_begin();
	json_begin_array(&bug_writer, NULL);
	json_put_int(&bug_writer, "x", 1);
}
END_TEST

START_TEST(bug_two_values)
{
	bug_begin();
	json_put_int(&bug_writer, NULL, 1);
	json_put_int(&bug_writer, NULL, 2);
}
END_TEST

static Suite *
suite_json_writer(void)
{
	Suite *s = suite_create("json_writer");
	TCase *t = tcase_create("json_writer"), *bugs = tcase_create("bugs");

	tcase_add_test(t, compact);
	tcase_add_test(t, pretty);
	tcase_add_loop_test(t, string, 0, sizeof(strings) / sizeof(*strings));
	tcase_add_test(t, read_back);
	tcase_add_test(t, overflow);
	suite_add_tcase(s, t);
	tcase_add_test_raise_signal(bugs, bug_unbalanced, SIGABRT);
	tcase_add_test_raise_signal(bugs, bug_one_end_too_many, SIGABRT);
	tcase_add_test_raise_signal(bugs, bug_no_name, SIGABRT);
	tcase_add_test_raise_signal(bugs, bug_name_in_array, SIGABRT);
	tcase_add_test_raise_signal(bugs, bug_two_values, SIGABRT);
	suite_add_tcase(s, bugs);
	return s;
}

CHECK_MAIN(suite_json_writer())
