/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/util/arena.h"
#include "fhir/util/clock.h"
#include "fhir/util/err.h"
#include "fhir/util/log.h"
#include "fhir/util/strbuf.h"
#include "fhir/util/utf8.h"

#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/check_main.h"

/* FHIR R4's IssueType value set, the codes below its five roots included. */
static const char *const issue_types[] = {"invalid", "structure", "required",
    "value", "invariant", "security", "login", "unknown", "expired",
    "forbidden", "suppressed", "processing", "not-supported", "duplicate",
    "multiple-matches", "not-found", "deleted", "too-long", "code-invalid",
    "extension", "too-costly", "business-rule", "conflict", "transient",
    "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled",
    "informational"};

START_TEST(err_table)
{
	bool found;

	for (int c = 0; c < ERR__MAX; c++) {
		const char *issue = err_issue_type((enum err_code)c);

		found = false;
		for (size_t i = 0;
		     i < sizeof(issue_types) / sizeof(*issue_types); i++)
			found = found || strcmp(issue, issue_types[i]) == 0;
		ck_assert_msg(found, "%s", issue);
		ck_assert_str_ne(err_text((enum err_code)c), "");
		for (int d = 0; d < c; d++)
			ck_assert_str_ne(err_name((enum err_code)c),
			    err_name((enum err_code)d));
	}
	ck_assert_str_eq(err_name(ERR_NOT_JSON), "NOT_JSON");
	ck_assert(err_retryable(ERR_TIMEOUT) && err_retryable(ERR_THROTTLED));
	ck_assert(!err_retryable(ERR_OK) && !err_retryable(ERR_AUTH) &&
		  !err_retryable(ERR_REFUSED));
	ck_assert_str_eq(err_severity_name(SEVERITY_FATAL), "fatal");
	ck_assert_str_eq(err_severity_name(SEVERITY_WARNING), "warning");
}
END_TEST

START_TEST(err_words)
{
	struct err e = ERR_INIT;
	char big[2000];

	e.severity = SEVERITY_WARNING;
	err_path(&e, "a.b[%d]", 3);
	ck_assert_int_eq(err_set(&e, ERR_IO, "n is %d", 7), ERR_IO);
	ck_assert_str_eq(e.text, "n is 7");
	ck_assert_str_eq(e.path, "");
	ck_assert_int_eq(e.severity, SEVERITY_ERROR);
	err_context(&e, "file %s", "x");
	err_context(&e, "run");
	ck_assert_str_eq(e.text, "run: file x: n is 7");
	ck_assert_int_eq(e.code, ERR_IO);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&e, ERR_IO, "%s", big);
	err_path(&e, "%s", big);
	for (int i = 0; i < 5; i++)
		err_context(&e, "%s", big);
	ck_assert_uint_lt(strlen(e.text), sizeof(e.text));
	ck_assert_uint_lt(strlen(e.path), sizeof(e.path));
	/* Nobody has to want the words. */
	ck_assert_int_eq(err_set(NULL, ERR_MAP, "x"), ERR_MAP);
	err_context(NULL, "x");
	err_path(NULL, "x");
}
END_TEST

static bool
all_bytes(const unsigned char *p, size_t n, unsigned char c)
{
	return n == 0 || (p[0] == c && memcmp(p, p + 1, n - 1) == 0);
}

START_TEST(arena_memory)
{
	static const size_t sizes[] = {
	    0, 1, 7, 8, 100, 4000, 16384, 16385, 65536, 200000, 3, 1 << 20, 5};
	enum { N = sizeof(sizes) / sizeof(*sizes) };
	struct arena *a = arena_new();
	unsigned char *p[N * 40];
	size_t before;

	arena_free(NULL);
	ck_assert_uint_eq(arena_used(a), 0);
	for (size_t i = 0; i < N * 40; i++) {
		size_t size = sizes[i % N];

		before = arena_used(a);
		p[i] = arena_alloc(a, size);
		ck_assert_uint_eq((uintptr_t)p[i] % alignof(max_align_t), 0);
		ck_assert_uint_ge(arena_used(a), before + size);
		ck_assert(all_bytes(p[i], size, 0));
		memset(p[i], (int)(i % 251) + 1, size);
	}
	for (size_t i = 0; i < N * 40; i++)
		ck_assert(all_bytes(
		    p[i], sizes[i % N], (unsigned char)(i % 251 + 1)));
	arena_free(a);
}
END_TEST

START_TEST(arena_strings)
{
	struct arena *a = arena_new();
	char *long_one;

	ck_assert_ptr_null(arena_strdup(a, NULL));
	ck_assert_str_eq(arena_strdup(a, ""), "");
	ck_assert_str_eq(arena_strdup(a, "abc"), "abc");
	ck_assert_str_eq(arena_strndup(a, "abcdef", 3), "abc");
	ck_assert_str_eq(arena_printf(a, "%s-%05d", "x", 42), "x-00042");
	long_one = arena_printf(a, "%0100000d", 7);
	ck_assert_uint_eq(strlen(long_one), 100000);
	ck_assert_int_eq(long_one[99999], '7');
	arena_free(a);
}
END_TEST

START_TEST(arena_list)
{
	LIST_OF(struct {
		int i;
		const char *s;
	})
	list = {0};
	struct arena *a = arena_new();

	for (int i = 0; i < 5000; i++) {
		ck_assert_int_eq(ARENA_PUSH(a, &list)->i, 0);
		ck_assert_ptr_null(list.items[i].s);
		list.items[i].i = i;
		list.items[i].s = "x";
	}
	ck_assert_uint_eq(list.n, 5000);
	for (int i = 0; i < 5000; i++)
		ck_assert_int_eq(list.items[i].i, i);
	arena_free(a);
}
END_TEST

START_TEST(strbuf_appends)
{
	struct strbuf b;
	char *s;

	strbuf_init(&b, 10000);
	ck_assert_str_eq(b.s, "");
	strbuf_adds(&b, "ab");
	strbuf_addc(&b, 'c');
	strbuf_add(&b, "def", 2);
	strbuf_addf(&b, "-%d-%s", 7, "z");
	ck_assert_str_eq(b.s, "abcde-7-z");
	ck_assert_uint_eq(b.len, 9);
	strbuf_reset(&b);
	for (int i = 0; i < 9999; i++)
		strbuf_addc(&b, (char)('a' + i % 26));
	ck_assert_uint_eq(strlen(b.s), 9999);
	ck_assert_int_eq(b.s[9998], 'a' + 9998 % 26);
	ck_assert(!b.overflow);
	s = strbuf_take(&b);
	ck_assert_uint_eq(strlen(s), 9999);
	ck_assert_ptr_null(b.s);
	free(s);
	strbuf_done(&b);
}
END_TEST

START_TEST(strbuf_maximum)
{
	struct strbuf b;

	strbuf_init(&b, 5);
	strbuf_adds(&b, "12345");
	ck_assert(!b.overflow);
	strbuf_adds(&b, "");
	ck_assert(!b.overflow);
	strbuf_addc(&b, '6');
	ck_assert(b.overflow);
	ck_assert_str_eq(b.s, "12345");
	strbuf_reset(&b);
	ck_assert(!b.overflow);
	strbuf_adds(&b, "123");
	strbuf_addf(&b, "%d", 4567);
	/* What came too late stays out, even where it would fit. */
	strbuf_addc(&b, 'x');
	strbuf_addf(&b, "y");
	ck_assert(b.overflow);
	ck_assert_str_eq(b.s, "123");
	strbuf_done(&b);
}
END_TEST

/* Encode v, surrogates and all; its length. */
static size_t
encode(unsigned v, char out[4])
{
	size_t len = v < 0x80 ? 1 : v < 0x800 ? 2 : v < 0x10000 ? 3 : 4;
	static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = len - 1; i > 0; i--, v >>= 6)
		out[i] = (char)(0x80 | (v & 0x3f));
	out[0] = (char)(first[len] | v);
	return len;
}

/* Every code point is taken, but surrogates and what lies beyond; every
 * sequence cut short, and every longer form of a shorter one, is not. */
START_TEST(utf8_all)
{
	static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80",
	    "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80",
	    "\xf0\x8f\xbf\xbf", "\xf5\x80\x80\x80", "\xff", "\xfe", "\xc3\x28",
	    "\xe2\x82\x28", "\xf0\x9f\x98\x28"};
	char s[4];
	size_t len;

	for (unsigned v = 0; v < 0x120000; v++) {
		bool good = v < 0x110000 && (v < 0xd800 || v > 0xdfff);

		len = encode(v, s);
		if (utf8_length(s, len) != (good ? len : 0))
			ck_abort_msg("U+%04X", v);
		for (size_t n = 0; n < len; n++)
			if (utf8_length(s, n) != 0)
				ck_abort_msg("U+%04X cut at %zu", v, n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(
		    utf8_length(bad[i], strlen(bad[i])) == 0, "row %zu", i);
}
END_TEST

START_TEST(clock_system)
{
	int64_t now = clock_now_ms(), mono = clock_monotonic_ms(), j;
	bool low = false, high = false;

	ck_assert_int_gt(now, INT64_C(1700000000000));
	ck_assert_int_eq(clock_today(), now / 86400000);
	clock_sleep_ms(30);
	ck_assert_int_ge(clock_monotonic_ms() - mono, 30);
	clock_sleep_ms(0);
	clock_sleep_ms(-5);
	ck_assert_int_eq(clock_jitter_ms(0), 0);
	ck_assert_int_eq(clock_jitter_ms(-1), 0);
	for (int i = 0; i < 2000; i++) {
		j = clock_jitter_ms(9);
		ck_assert(j >= 0 && j <= 9);
		low = low || j == 0;
		high = high || j == 9;
	}
	ck_assert(low && high);
}
END_TEST

static void
on_alarm(int sig)
{
	(void)sig;
	clock_stop();
}

/* A signal ends a long sleep at once, and every later one. */
START_TEST(clock_stops)
{
	int64_t mono = clock_monotonic_ms();

	ck_assert(!clock_stopped());
	signal(SIGALRM, on_alarm);
	ualarm(50000, 0);
	clock_sleep_ms(30000);
	ck_assert(clock_stopped());
	clock_sleep_ms(30000);
	ck_assert_int_lt(clock_monotonic_ms() - mono, 5000);
	clock_replace(NULL);
	ck_assert(!clock_stopped());
}
END_TEST

static int64_t fake_ms = 1000;

static int64_t
fake_now(void)
{
	return fake_ms;
}

static void
fake_sleep(int64_t ms)
{
	fake_ms += ms;
}

static int64_t
fake_jitter(int64_t max)
{
	return max / 2;
}

START_TEST(clock_replaced)
{
	static const struct clock_ops ops = {
	    fake_now, fake_now, fake_sleep, fake_jitter};

	clock_replace(&ops);
	clock_sleep_ms(86400000);
	ck_assert_int_eq(clock_now_ms(), 86401000);
	ck_assert_int_eq(clock_monotonic_ms(), 86401000);
	ck_assert_int_eq(clock_today(), 1);
	ck_assert_int_eq(clock_jitter_ms(10), 5);
	clock_replace(NULL);
	ck_assert_int_gt(clock_now_ms(), INT64_C(1700000000000));
}
END_TEST

static char *log_text;
static size_t log_size;
static FILE *log_file;

static void
log_begin(void)
{
	log_file = open_memstream(&log_text, &log_size);
	ck_assert_ptr_nonnull(log_file);
	log_to(log_file);
	log_level(6);
}

static void
log_end(const char *want)
{
	log_to(NULL);
	fclose(log_file);
	ck_assert_str_eq(log_text, want);
	free(log_text);
}

START_TEST(log_lines)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_TIMEOUT, "no answer in %d s", 30);
	log_begin();
	log_event(LOG_POLL_DONE, log_word("server", "sandbox"),
	    log_int("pages", 3), log_int("low", INT64_MIN));
	log_event(
	    LOG_POLL_FAILED, log_word("code", err_name(e.code)), log_err(&e));
	log_end("<6>event=POLL_DONE server=sandbox pages=3 "
		"low=-9223372036854775808 text=\"poll done\"\n"
		"<3>event=POLL_FAILED code=TIMEOUT "
		"error=\"no answer in 30 s\" "
		"text=\"poll failed, nothing lost\"\n");
}
END_TEST

/* What a server says may hold anything; the log gets the code. */
START_TEST(log_quotes_no_server)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_REFUSED, "Patient Zzplanted is locked");
	e.foreign = true;
	err_context(&e, "while writing");
	log_begin();
	log_event(LOG_STOP, log_err(&e));
	log_end("<5>event=STOP error=REFUSED text=\"gateway stops\"\n");
}
END_TEST

/* Whatever a word holds, a line stays one line and one set of fields. */
START_TEST(log_escapes)
{
	log_begin();
	log_event(LOG_STOP, log_word("a", "x\n<0>event=START y=\"1\" \\"));
	log_event(LOG_STOP, log_word("a", "\x1b[2J\xc3\xa4\x7f\t"));
	log_event(LOG_STOP, log_word("a", ""), log_word("b", NULL));
	log_event(LOG_STOP, log_word("a", "k=v"));
	log_end("<5>event=STOP a=\"x\\x0a<0>event=START y=\\\"1\\\" \\\\\" "
		"text=\"gateway stops\"\n"
		"<5>event=STOP a=\"\\x1b[2J\\xc3\\xa4\\x7f\\x09\" "
		"text=\"gateway stops\"\n"
		"<5>event=STOP a=\"\" b=\"\" text=\"gateway stops\"\n"
		"<5>event=STOP a=\"k=v\" text=\"gateway stops\"\n");
}
END_TEST

START_TEST(log_long)
{
	char big[5000], want[400];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	snprintf(want, sizeof(want),
	    "<5>event=STOP a=%.200s text=\"gateway stops\"\n", big);
	log_begin();
	log_event(LOG_STOP, log_word("a", big));
	log_end(want);
}
END_TEST

START_TEST(log_levels)
{
	log_begin();
	log_event(LOG_POLL_PAGE, log_int("n", 1)); /* debug */
	log_level(3);
	log_event(LOG_START, log_int("n", 2));
	log_event(LOG_CONFIG_ERROR, log_int("n", 3));
	log_level(7);
	log_event(LOG_POLL_PAGE, log_int("n", 4));
	log_end("<3>event=CONFIG_ERROR n=3 "
		"text=\"configuration is not usable\"\n"
		"<7>event=POLL_PAGE n=4 text=\"page read\"\n");
	log_level(6);
}
END_TEST

static Suite *
suite_util(void)
{
	Suite *s = suite_create("util");
	TCase *t = tcase_create("util");

	tcase_set_timeout(t, 20);
	tcase_add_test(t, err_table);
	tcase_add_test(t, err_words);
	tcase_add_test(t, arena_memory);
	tcase_add_test(t, arena_strings);
	tcase_add_test(t, arena_list);
	tcase_add_test(t, strbuf_appends);
	tcase_add_test(t, strbuf_maximum);
	tcase_add_test(t, utf8_all);
	tcase_add_test(t, clock_system);
	tcase_add_test(t, clock_stops);
	tcase_add_test(t, clock_replaced);
	tcase_add_test(t, log_lines);
	tcase_add_test(t, log_quotes_no_server);
	tcase_add_test(t, log_escapes);
	tcase_add_test(t, log_long);
	tcase_add_test(t, log_levels);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_util())
