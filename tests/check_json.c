/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/json.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/util/strbuf.h"
#include "tests/support/check_main.h"

static enum err_code
parse(const char *s, size_t n, struct err *e)
{
	struct json_doc *doc = NULL;
	enum err_code code = json_parse(s, n, &doc, e);

	ck_assert((code == ERR_OK) == (doc != NULL));
	json_free(doc);
	return code;
}

static struct json_doc *
must_parse(const char *s)
{
	struct json_doc *doc = NULL;
	struct err e = ERR_INIT;
	enum err_code code = json_parse(s, strlen(s), &doc, &e);

	ck_assert_msg(code == ERR_OK, "%s: %s", s, e.text);
	return doc;
}

static const struct {
	const char *s;
	enum err_code code;
	const char *text; /* must stand in the error's text */
} verdicts[] = {
    {"{}", ERR_OK, NULL},
    {"[]", ERR_OK, NULL},
    {" \t\r\n{ } \n", ERR_OK, NULL},
    {"\xef\xbb\xbf{}", ERR_OK, NULL},
    {"null", ERR_OK, NULL},
    {"true", ERR_OK, NULL},
    {"12", ERR_OK, NULL},
    {"-0", ERR_OK, NULL},
    {"\"x\"", ERR_OK, NULL},
    {"[1,-1,0,0.5,1e5,1E+5,1.5e-99,2e099]", ERR_OK, NULL},
    {"{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":2}}", ERR_OK, NULL},
    {"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"]", ERR_OK, NULL},
    {"[\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xed\x9f\xbf\"]", ERR_OK, NULL},
    {"[999999999999999999,-999999999999999999]", ERR_OK, NULL},

    {"", ERR_NOT_JSON, "byte 0"},
    {"  ", ERR_NOT_JSON, "byte 2: the text ends"},
    {"\xef\xbb\xbf", ERR_NOT_JSON, "byte 3"},
    {"\xef\xbb\xbf\xef\xbb\xbf{}", ERR_NOT_JSON, "byte 3"},
    {" \xef\xbb\xbf{}", ERR_NOT_JSON, "byte 1"},
    {"{", ERR_NOT_JSON, "byte 1"},
    {"{\"a\"", ERR_NOT_JSON, "byte 4"},
    {"{\"a\":", ERR_NOT_JSON, "byte 5"},
    {"{\"a\":1", ERR_NOT_JSON, "byte 6"},
    {"{\"a\":1,}", ERR_NOT_JSON, "byte 7"},
    {"{,}", ERR_NOT_JSON, "byte 1"},
    {"{\"a\" 1}", ERR_NOT_JSON, "byte 5: no colon"},
    {"{a:1}", ERR_NOT_JSON, "byte 1: no member name"},
    {"{'a':1}", ERR_NOT_JSON, "byte 1"},
    {"{1:1}", ERR_NOT_JSON, "byte 1"},
    {"{\"a\":1]", ERR_NOT_JSON, "byte 6"},
    {"[1}", ERR_NOT_JSON, "byte 2"},
    {"[1,]", ERR_NOT_JSON, "byte 3"},
    {"[,1]", ERR_NOT_JSON, "byte 1"},
    {"[1 2]", ERR_NOT_JSON, "byte 3"},
    {"]", ERR_NOT_JSON, "byte 0"},
    {"{} x", ERR_NOT_JSON, "byte 3: more after"},
    {"{}{}", ERR_NOT_JSON, "byte 2"},
    {"// c\n{}", ERR_NOT_JSON, "byte 0"},
    {"{} /* c */", ERR_NOT_JSON, "byte 3"},
    {"[NaN]", ERR_NOT_JSON, "byte 1: NaN and Infinity"},
    {"{\"v\": Infinity}", ERR_NOT_JSON, "byte 6: NaN and Infinity"},
    {"[-Infinity]", ERR_NOT_JSON, "byte 1: NaN and Infinity"},
    {"[nan]", ERR_NOT_JSON, "byte 1"},
    {"[True]", ERR_NOT_JSON, "byte 1"},
    {"[tru]", ERR_NOT_JSON, "byte 1"},
    {"[nullx]", ERR_NOT_JSON, "byte 5"},
    {"[undefined]", ERR_NOT_JSON, "byte 1"},
    {"[01]", ERR_NOT_JSON, "byte 1: number with a leading zero"},
    {"[-01]", ERR_NOT_JSON, "byte 1"},
    {"[+1]", ERR_NOT_JSON, "byte 1"},
    {"[.5]", ERR_NOT_JSON, "byte 1"},
    {"[5.]", ERR_NOT_JSON, "byte 3"},
    {"[-]", ERR_NOT_JSON, "byte 2"},
    {"-", ERR_NOT_JSON, "byte 1"},
    {"[1e]", ERR_NOT_JSON, "byte 3"},
    {"[1e+]", ERR_NOT_JSON, "byte 4"},
    {"[0x10]", ERR_NOT_JSON, "byte 2"},
    {"[1_0]", ERR_NOT_JSON, "byte 2"},
    {"[\"a", ERR_NOT_JSON, "byte 3"},
    {"[\"a\nb\"]", ERR_NOT_JSON, "byte 3: control"},
    {"[\"a\tb\"]", ERR_NOT_JSON, "byte 3: control"},
    {"[\"\\x\"]", ERR_NOT_JSON, "byte 2: unknown escape"},
    {"[\"\\u12\"]", ERR_NOT_JSON, "byte 2"},
    {"[\"\\u12g4\"]", ERR_NOT_JSON, "byte 2"},
    {"[\"\\u0000\"]", ERR_NOT_JSON, "byte 2: \\u0000"},
    {"[\"\\ud83d\"]", ERR_NOT_JSON, "byte 2: unpaired"},
    {"[\"\\ud83dx\"]", ERR_NOT_JSON, "byte 2: unpaired"},
    {"[\"\\ud83d\\ud83d\"]", ERR_NOT_JSON, "byte 2: unpaired"},
    {"[\"\\ude00\"]", ERR_NOT_JSON, "byte 2: unpaired"},
    {"[\"\\", ERR_NOT_JSON, "byte 2"},
    {"[\"\xff\"]", ERR_NOT_JSON, "byte 2: not UTF-8"},
    {"[\"\x80\"]", ERR_NOT_JSON, "byte 2: not UTF-8"},
    {"[\"\xc0\xaf\"]", ERR_NOT_JSON, "byte 2: not UTF-8"},
    {"[\"\xe0\x80\xaf\"]", ERR_NOT_JSON, "byte 2: not UTF-8"},
    {"[\"\xed\xa0\x80\"]", ERR_NOT_JSON, "byte 2: not UTF-8"},
    {"[\"\xf4\x90\x80\x80\"]", ERR_NOT_JSON, "byte 2: not UTF-8"},
    {"[\"\xe2\x82\"]", ERR_NOT_JSON, "byte 2: not UTF-8"},
    {"[\xa0 1]", ERR_NOT_JSON, "byte 1"},
    {"[1\f]", ERR_NOT_JSON, "byte 2"},
    {"{\"a\":1,\"a\":1}", ERR_NOT_JSON, "byte 7: member name given twice"},
    {"{\"a\":1,\"\\u0061\":1}", ERR_NOT_JSON, "byte 7: member name"},
    {"{\"\\u00e4\":1,\"\xc3\xa4\":1}", ERR_NOT_JSON, "byte 12"},
    {"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}", ERR_NOT_JSON, "twice"},
    {"{\"x\":{\"a\":1,\"b\":2,\"a\":3}}", ERR_NOT_JSON, "byte 18"},
    {"{\"\":1,\"\":2}", ERR_NOT_JSON, "byte 6"},
    {"[1000000000000000000]", ERR_LIMIT, "byte 1: integer of more"},
    {"[-1000000000000000000]", ERR_LIMIT, "byte 1: integer of more"},
    {"[1e100]", ERR_LIMIT, "exponent"},
    {"[1e400]", ERR_LIMIT, "exponent"},
    {"[-0e100]", ERR_LIMIT, "exponent"},
    {"[1e-99999999999999999999]", ERR_LIMIT, "exponent"},
};

START_TEST(verdict)
{
	const char *s = verdicts[_i].s;
	struct err e = ERR_INIT;
	char *copy;
	size_t n = strlen(s);

	/* Not terminated, so that a sanitizer sees a byte read too many. */
	copy = malloc(n > 0 ? n : 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, s, n);
	ck_assert_msg(parse(copy, n, &e) == verdicts[_i].code, "%s: %s %s", s,
	    err_name(e.code), e.text);
	if (verdicts[_i].text != NULL)
		ck_assert_msg(strstr(e.text, verdicts[_i].text) != NULL,
		    "%s: %s", s, e.text);
	free(copy);
}
END_TEST

START_TEST(nul_byte)
{
	struct err e = ERR_INIT;

	ck_assert_int_eq(parse("[\"a\0b\"]", 7, &e), ERR_NOT_JSON);
	ck_assert_int_eq(parse("[]\0", 3, &e), ERR_NOT_JSON);
	ck_assert_int_eq(parse("[\0]", 3, &e), ERR_NOT_JSON);
	ck_assert_int_eq(parse("{\"\\\0\":1}", 8, &e), ERR_NOT_JSON);
}
END_TEST

/* Every text cut short anywhere is refused, and nothing is read beyond. */
START_TEST(cut_short)
{
	static const char s[] = "{\"a\\u00e4\":[1.5e-3,true,null,-0,\"\\n\xc3"
				"\xa4\\ud83d\\ude00\"],\"b\":{\"c\":false}}";
	struct err e = ERR_INIT;
	char *copy;

	ck_assert_int_eq(parse(s, sizeof(s) - 1, &e), ERR_OK);
	for (size_t n = 0; n < sizeof(s) - 1; n++) {
		copy = malloc(n > 0 ? n : 1);
		memcpy(copy, s, n);
		ck_assert_msg(
		    parse(copy, n, &e) == ERR_NOT_JSON, "cut at %zu", n);
		ck_assert_uint_eq(json_span(copy, n), 0);
		free(copy);
	}
}
END_TEST

static char *
repeat(const char *a, const char *mid, const char *z, size_t times)
{
	struct strbuf b;

	strbuf_init(&b, (size_t)256 << 20);
	for (size_t i = 0; i < times; i++)
		strbuf_adds(&b, a);
	strbuf_adds(&b, mid);
	for (size_t i = 0; i < times; i++)
		strbuf_adds(&b, z);
	return strbuf_take(&b);
}

START_TEST(depth)
{
	static const struct {
		const char *a, *mid, *z;
		size_t times;
		enum err_code code;
	} rows[] = {
	    {"[", "", "]", 64, ERR_OK},
	    {"[", "1", "]", 64, ERR_OK},
	    {"[", "", "]", 65, ERR_LIMIT},
	    {"{\"a\":", "-0", "}", 64, ERR_OK},
	    {"{\"a\":", "1", "}", 65, ERR_LIMIT},
	    {"[", "", "", 1000000, ERR_LIMIT},
	    {"{\"a\":", "", "", 1000000, ERR_LIMIT},
	    {"[{\"a\":", "1", "}]", 1000000, ERR_LIMIT},
	};
	struct err e = ERR_INIT;
	char *s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		s = repeat(rows[i].a, rows[i].mid, rows[i].z, rows[i].times);
		ck_assert_msg(parse(s, strlen(s), &e) == rows[i].code,
		    "row %zu: %s", i, e.text);
		free(s);
	}
}
END_TEST

/* An object of n members k0 … in an order that is not sorted; with the last
 * one named once more when twice. */
static char *
wide_object(size_t n, const char *fmt, bool twice)
{
	struct strbuf b;

	strbuf_init(&b, (size_t)64 << 20);
	strbuf_addc(&b, '{');
	for (size_t i = 0; i < n; i++) {
		strbuf_addf(&b, "\"%s%06zu\":0,", fmt, i * 7919 % n);
	}
	strbuf_addf(&b, "\"%s%06zu\":0}", fmt, twice ? n / 2 : n);
	return strbuf_take(&b);
}

START_TEST(wide_objects)
{
	static const char *const prefixes[] = {"k", "\\u0061",
	    "a name with a long beginning that every other name shares "};
	struct err e = ERR_INIT;
	char *s;

	for (size_t i = 0; i < 3; i++) {
		s = wide_object(100000, prefixes[i], false);
		ck_assert_int_eq(parse(s, strlen(s), &e), ERR_OK);
		free(s);
		s = wide_object(100000, prefixes[i], true);
		ck_assert_int_eq(parse(s, strlen(s), &e), ERR_NOT_JSON);
		ck_assert_ptr_nonnull(strstr(e.text, "twice"));
		free(s);
	}
	for (size_t n = 1; n < 80; n++) {
		s = wide_object(n, "k", false);
		ck_assert_int_eq(parse(s, strlen(s), &e), ERR_OK);
		free(s);
		s = wide_object(n, "k", true);
		ck_assert_int_eq(parse(s, strlen(s), &e), ERR_NOT_JSON);
		free(s);
	}
}
END_TEST

START_TEST(number_text)
{
	static const char *const texts[] = {"1.10", "12.0", "1e3", "1E+2", "0",
	    "-0", "-0.0", "-0.00", "0.50", "-1", "100", "999999999999999999",
	    "-999999999999999999", "1.5e-99", "2e099", "25.05",
	    "0.1234567890123456789012345", "-0e5", "1e-0"};
	struct json_doc *doc;
	const char *got;
	char buf[128];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		snprintf(buf, sizeof(buf), "{\"a\":[%s],\"b\":%s }", texts[i],
		    texts[i]);
		doc = must_parse(buf);
		got = json_number(json_path(json_root(doc), "b"));
		ck_assert_str_eq(got, texts[i]);
		got = json_number(json_at(json_get(json_root(doc), "a"), 0));
		ck_assert_str_eq(got, texts[i]);
		json_free(doc);
		doc = must_parse(texts[i]);
		ck_assert_str_eq(json_number(json_root(doc)), texts[i]);
		ck_assert_str_eq(json_text(json_root(doc)), texts[i]);
		json_free(doc);
	}
}
END_TEST

START_TEST(text_again)
{
	static const char *const texts[] = {
	    "{\"a\":[1.10,-0,null,true,false,\"x/"
	    "y\\n\\\"\"],\"b\":{},\"c\":[]}",
	    "[-0,{\"-0\":\"-0\",\"x\":-0},-0,-0.0,\"2020-01-02\",5e-0]", "null",
	    "\"\xc3\xa4\"", "{\"resourceType\":\"Patient\"}"};
	struct json_doc *doc;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		doc = must_parse(texts[i]);
		ck_assert_str_eq(json_text(json_root(doc)), texts[i]);
		json_free(doc);
	}
}
END_TEST

START_TEST(access)
{
	struct json_doc *doc = must_parse(
	    "{\"code\":{\"coding\":[{\"code\":\"21889-1\"},{\"code\":\"z\"}],"
	    "\"text\":null},\"n\":1.10,\"t\":true,\"f\":false,\"e\":[],"
	    "\"u\":\"a\\u00e4\\ud83d\\ude00\"}");
	const struct json_value *r = json_root(doc);

	ck_assert_int_eq(json_type(r), JSON_OBJECT);
	ck_assert_uint_eq(json_length(r), 6);
	ck_assert_str_eq(json_string_at(r, "code.coding.code"), "21889-1");
	ck_assert_uint_eq(json_length(json_path(r, "code.coding")), 2);
	ck_assert_str_eq(
	    json_string_at(json_at(json_path(r, "code.coding"), 1), "code"),
	    "z");
	ck_assert_int_eq(json_type(json_path(r, "code.text")), JSON_NULL);
	ck_assert_ptr_null(json_string_at(r, "code.text"));
	ck_assert_ptr_null(json_path(r, "code.text.more"));
	ck_assert_str_eq(json_text(json_path(r, "code.text")), "null");
	ck_assert_ptr_null(json_path(r, "e.x"));
	ck_assert_ptr_null(json_at(json_get(r, "e"), 0));
	ck_assert_int_eq(json_type(json_get(r, "e")), JSON_ARRAY);
	ck_assert_ptr_null(json_get(r, "nothing"));
	ck_assert_ptr_null(json_get(json_get(r, "n"), "x"));
	ck_assert_ptr_null(json_number(json_get(r, "u")));
	ck_assert_ptr_null(json_string(json_get(r, "n")));
	ck_assert(json_true(json_get(r, "t")));
	ck_assert(!json_true(json_get(r, "f")));
	ck_assert(!json_true(json_get(r, "n")));
	ck_assert_str_eq(json_string_at(r, "u"), "a\xc3\xa4\xf0\x9f\x98\x80");
	json_free(doc);
}
END_TEST

START_TEST(absent)
{
	struct json_iter it = {0};

	json_free(NULL);
	ck_assert_ptr_null(json_root(NULL));
	ck_assert_int_eq(json_type(NULL), JSON_ABSENT);
	ck_assert_ptr_null(json_get(NULL, "a"));
	ck_assert_ptr_null(json_at(NULL, 0));
	ck_assert_uint_eq(json_length(NULL), 0);
	ck_assert_ptr_null(json_path(NULL, "a.b"));
	ck_assert_ptr_null(json_string(NULL));
	ck_assert_ptr_null(json_number(NULL));
	ck_assert_ptr_null(json_text(NULL));
	ck_assert_ptr_null(json_string_at(NULL, "a"));
	ck_assert(!json_true(NULL));
	ck_assert(!json_next(NULL, &it));
}
END_TEST

START_TEST(members_in_order)
{
	static const char *const names[] = {"z", "a", "m", "b"};
	struct json_doc *doc =
	    must_parse("{\"z\":1,\"a\":null,\"m\":[1],\"b\":\"x\"}");
	struct json_iter it = {0};
	size_t n = 0;

	while (json_next(json_root(doc), &it)) {
		ck_assert_uint_lt(n, 4);
		ck_assert_str_eq(it.name, names[n++]);
		ck_assert_ptr_nonnull(it.value);
	}
	ck_assert_uint_eq(n, 4);
	json_free(doc);
	doc = must_parse("{}");
	it = (struct json_iter){0};
	ck_assert(!json_next(json_root(doc), &it));
	json_free(doc);
}
END_TEST

struct pieces {
	const char *text;
	struct strbuf seen;
	size_t n, stop_at;
};

static enum err_code
collect(void *ctx, const char *s, size_t n, size_t offset, struct err *e)
{
	struct pieces *p = ctx;

	ck_assert_ptr_eq(s, p->text + offset);
	ck_assert_int_eq(parse(s, n, e), ERR_OK);
	if (p->n++ > 0)
		strbuf_addc(&p->seen, '|');
	strbuf_add(&p->seen, s, n);
	if (p->n == p->stop_at)
		return err_set(e, ERR_END, "enough");
	return ERR_OK;
}

static const struct {
	const char *s, *head, *seen;
} splits[] = {
    {"{\"a\":1,\"entry\":[{\"x\":1},2, \"],\" ,[3]],\"b\":2}",
	"{\"a\":1,\"b\":2}", "{\"x\":1}|2|\"],\"|[3]"},
    {"{\"entry\":[1],\"b\":2}", "{\"b\":2}", "1"},
    {"{\"a\":1 , \"entry\" : [ 1 ] }", "{\"a\":1}", "1"},
    {"{ \"entry\":[ ] }", "{}", ""},
    {"{\"entry\":[-0,1],\"b\":-0}", "{\"b\":-0}", "-0|1"},
    {"{\"b\":-0,\"entry\":[-0]}", "{\"b\":-0}", "-0"},
    {"{\"\\u0065ntry\":[1],\"b\":2}", "{\"b\":2}", "1"},
    {"\xef\xbb\xbf{\"b\":2,\"entry\":[1]}\n", "{\"b\":2}", "1"},
    {"{\"a\":{\"entry\":[1]},\"b\":2}", "{\"a\":{\"entry\":[1]},\"b\":2}", ""},
    {"{\"entry\":{\"x\":1}}", "{\"entry\":{\"x\":1}}", ""},
    {"{\"entry\":\"x\",\"b\":1}", "{\"entry\":\"x\",\"b\":1}", ""},
    {"[1,[\"entry\"]]", "[1,[\"entry\"]]", ""},
    {"7", "7", ""},
    {"{\"x\":\"\\\\\\\"\",\"entry\":[\"\\\\\",\"\\\"\"]}",
	"{\"x\":\"\\\\\\\"\"}", "\"\\\\\"|\"\\\"\""},
};

START_TEST(split)
{
	struct pieces p = {.text = splits[_i].s};
	struct json_doc *head = NULL;
	struct err e = ERR_INIT;
	enum err_code code;

	strbuf_init(&p.seen, 1000);
	code =
	    json_split(p.text, strlen(p.text), "entry", collect, &p, &head, &e);
	ck_assert_msg(code == ERR_OK, "%s", e.text);
	ck_assert_str_eq(json_text(json_root(head)), splits[_i].head);
	ck_assert_str_eq(p.seen.s, splits[_i].seen);
	json_free(head);
	strbuf_reset(&p.seen);
	p.n = 0;
	code =
	    json_split(p.text, strlen(p.text), "entry", collect, &p, NULL, &e);
	ck_assert_int_eq(code, ERR_OK);
	ck_assert_str_eq(p.seen.s, splits[_i].seen);
	strbuf_done(&p.seen);
}
END_TEST

START_TEST(split_fails)
{
	struct pieces p = {.text = "{\"entry\":[1,2,3]}", .stop_at = 2};
	struct json_doc *head = NULL;
	struct err e = ERR_INIT;

	strbuf_init(&p.seen, 100);
	ck_assert_int_eq(
	    json_split(p.text, strlen(p.text), "entry", collect, &p, &head, &e),
	    ERR_END);
	ck_assert_str_eq(e.text, "enough");
	ck_assert_str_eq(p.seen.s, "1|2");
	ck_assert_ptr_null(head);
	/* A fault at the very end is found before anything is handed out. */
	p.text = "{\"entry\":[1,2,3],\"a\":NaN}";
	p.n = 0;
	ck_assert_int_eq(
	    json_split(p.text, strlen(p.text), "entry", collect, &p, &head, &e),
	    ERR_NOT_JSON);
	ck_assert_uint_eq(p.n, 0);
	ck_assert_ptr_null(head);
	strbuf_done(&p.seen);
}
END_TEST

START_TEST(span)
{
	static const struct {
		const char *s;
		size_t n;
	} rows[] = {{"{} {}", 2}, {" [1]\n{}", 4}, {"{}{}", 2}, {"\n\n", 0},
	    {"", 0}, {"x", 0}, {"{\"a\":1", 0}, {"12 13", 2}, {"\"a\"b", 3},
	    {"\xef\xbb\xbf{}", 5}, {"[1,]", 0}, {"tru", 0}, {"nullnull", 4}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(
		    json_span(rows[i].s, strlen(rows[i].s)) == rows[i].n,
		    "row %zu", i);
}
END_TEST

#define CORPUS "tests/fuzz/json_corpus/"

/* What fuzzing and bad servers brought: the file's name says the verdict. */
START_TEST(corpus)
{
	DIR *d = opendir(CORPUS);
	char path[sizeof(CORPUS) + 256], *s;
	struct dirent *f;
	size_t n, files = 0;
	bool good;

	ck_assert_ptr_nonnull(d);
	while ((f = readdir(d)) != NULL) {
		struct err e = ERR_INIT;

		if (f->d_name[0] == '.')
			continue;
		good = strncmp(f->d_name, "ok_", 3) == 0;
		ck_assert_msg(good || strncmp(f->d_name, "bad_", 4) == 0,
		    "%s says no verdict", f->d_name);
		snprintf(path, sizeof(path), CORPUS "%s", f->d_name);
		s = check_read_file(path, &n);
		ck_assert_msg((parse(s, n, &e) == ERR_OK) == good, "%s: %s",
		    f->d_name, e.text);
		ck_assert_msg(good || strstr(e.text, "byte ") != NULL, "%s: %s",
		    f->d_name, e.text);
		free(s);
		files++;
	}
	closedir(d);
	ck_assert_uint_ge(files, 25);
}
END_TEST

static Suite *
suite_json(void)
{
	Suite *s = suite_create("json");
	TCase *t = tcase_create("json");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(
	    t, verdict, 0, sizeof(verdicts) / sizeof(*verdicts));
	tcase_add_test(t, nul_byte);
	tcase_add_test(t, cut_short);
	tcase_add_test(t, depth);
	tcase_add_test(t, wide_objects);
	tcase_add_test(t, number_text);
	tcase_add_test(t, text_again);
	tcase_add_test(t, access);
	tcase_add_test(t, absent);
	tcase_add_test(t, members_in_order);
	tcase_add_loop_test(t, split, 0, sizeof(splits) / sizeof(*splits));
	tcase_add_test(t, split_fails);
	tcase_add_test(t, span);
	tcase_add_test(t, corpus);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_json())
