/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/outcome.h"

#include <string.h>

#include "tests/support/check_main.h"

static bool
read_text(const char *s, enum err_code code, struct err *e)
{
	struct json_doc *doc = NULL;
	bool is;

	ck_assert_int_eq(json_parse(s, strlen(s), &doc, NULL), ERR_OK);
	is = outcome_read(json_root(doc), code, e);
	json_free(doc);
	return is;
}

#define OUTCOME "{\"resourceType\":\"OperationOutcome\""
#define WARN    "{\"severity\":\"warning\",\"code\":\"invalid\"}"

static const struct {
	const char *s;
	const char *text; /* end of the error's text */
} rows[] = {
    {OUTCOME ",\"issue\":[{\"severity\":\"error\",\"code\":\"not-found\","
	     "\"diagnostics\":\"no such thing\"}]}",
	"error not-found: no such thing"},
    /* The first fatal or error one counts, wherever it stands. */
    {OUTCOME ",\"issue\":[" WARN ",{\"severity\":\"fatal\",\"code\":"
	     "\"exception\",\"diagnostics\":\"down\"},{\"severity\":\"error\","
	     "\"code\":\"x\"}]}",
	"fatal exception: down"},
    {OUTCOME ",\"issue\":[" WARN ",{\"severity\":\"information\",\"code\":"
	     "\"informational\"}]}",
	"warning invalid: no diagnostics"},
    /* Where the words are differs between servers. */
    {OUTCOME ",\"issue\":[{\"severity\":\"error\",\"code\":\"processing\","
	     "\"details\":{\"text\":\"in details\"}}]}",
	"error processing: in details"},
    {OUTCOME ",\"issue\":[{\"severity\":\"error\",\"code\":\"processing\","
	     "\"details\":{\"coding\":[{\"display\":\"in coding\"}]}}]}",
	"error processing: in coding"},
    {OUTCOME ",\"issue\":[{}]}", "(no severity) (no code): no diagnostics"},
    {OUTCOME ",\"issue\":[]}", "(no severity) (no code): no diagnostics"},
    {OUTCOME "}", "(no severity) (no code): no diagnostics"},
    {OUTCOME ",\"issue\":\"x\"}", "(no severity) (no code): no diagnostics"},
    {OUTCOME ",\"issue\":[{\"severity\":7,\"code\":[],\"diagnostics\":{}}]}",
	"(no severity) (no code): no diagnostics"},
};

START_TEST(read)
{
	struct err e = ERR_INIT;
	size_t n = strlen(rows[_i].text);

	ck_assert(read_text(rows[_i].s, ERR_REFUSED, &e));
	ck_assert_int_eq(e.code, ERR_REFUSED);
	ck_assert(e.foreign);
	ck_assert_msg(strlen(e.text) >= n && strcmp(e.text + strlen(e.text) - n,
						 rows[_i].text) == 0,
	    "%s", e.text);
}
END_TEST

START_TEST(read_other)
{
	static const char *const others[] = {"{}", "[]", "null", "1",
	    "{\"resourceType\":\"Patient\"}", "{\"issue\":[" WARN "]}"};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		ck_assert(!read_text(others[i], ERR_REFUSED, &e));
		ck_assert_int_eq(e.code, ERR_OK);
		ck_assert_str_eq(e.text, "");
	}
	ck_assert(!outcome_read(NULL, ERR_REFUSED, &e));
	ck_assert(read_text(rows[0].s, ERR_REFUSED, NULL));
}
END_TEST

/* A server's words may be of any length. */
START_TEST(read_long)
{
	struct err e = ERR_INIT;
	struct strbuf b;

	strbuf_init(&b, 100000);
	strbuf_adds(&b, OUTCOME ",\"issue\":[{\"severity\":\"error\","
				"\"code\":\"x\",\"diagnostics\":\"");
	for (int i = 0; i < 20000; i++)
		strbuf_adds(&b, "\xc3\xa4");
	strbuf_adds(&b, "\"}]}");
	ck_assert(read_text(b.s, ERR_SERVER, &e));
	ck_assert_uint_lt(strlen(e.text), sizeof(e.text));
	/* What goes out again is still JSON. */
	strbuf_reset(&b);
	outcome_write(&e, &b);
	ck_assert(read_text(b.s, ERR_SERVER, &e));
	strbuf_done(&b);
}
END_TEST

START_TEST(write)
{
	struct err e = ERR_INIT;
	struct strbuf b;

	strbuf_init(&b, 10000);
	err_set(&e, ERR_INVALID, "say \"%s\"", "no");
	err_path(&e, "Observation.value");
	outcome_write(&e, &b);
	ck_assert_str_eq(b.s,
	    OUTCOME ",\"issue\":[{\"severity\":\"error\",\"code\":"
		    "\"invalid\",\"diagnostics\":\"say \\\"no\\\"\","
		    "\"expression\":[\"Observation.value\"]}]}");
	strbuf_reset(&b);
	err_set(&e, ERR_THROTTLED, "later");
	e.severity = SEVERITY_WARNING;
	outcome_write(&e, &b);
	ck_assert_str_eq(b.s,
	    OUTCOME ",\"issue\":[{\"severity\":\"warning\",\"code\":"
		    "\"throttled\",\"diagnostics\":\"later\"}]}");
	strbuf_done(&b);
}
END_TEST

/* Every code of ours is a code of FHIR's IssueType, and comes back. */
START_TEST(round_trip)
{
	char want[700];
	struct err e, back = ERR_INIT;
	struct strbuf b;

	strbuf_init(&b, 10000);
	for (int code = 0; code < ERR__MAX; code++) {
		err_set(&e, (enum err_code)code, "t%d", code);
		strbuf_reset(&b);
		outcome_write(&e, &b);
		ck_assert(read_text(b.s, e.code, &back));
		snprintf(want, sizeof(want), "error %s: t%d",
		    err_issue_type(e.code), code);
		ck_assert_ptr_nonnull(strstr(back.text, want));
		ck_assert_int_eq(back.code, code);
	}
	strbuf_done(&b);
}
END_TEST

static Suite *
suite_outcome(void)
{
	Suite *s = suite_create("outcome");
	TCase *t = tcase_create("outcome");

	tcase_add_loop_test(t, read, 0, sizeof(rows) / sizeof(*rows));
	tcase_add_test(t, read_other);
	tcase_add_test(t, read_long);
	tcase_add_test(t, write);
	tcase_add_test(t, round_trip);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_outcome())
