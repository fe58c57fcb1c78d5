/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/metrics.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check_main.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char *
print(const struct metrics *m)
{
	struct strbuf b;

	strbuf_init(&b, 65536);
	metrics_print(m, &b);
	ck_assert(!b.overflow);
	return strbuf_take(&b);
}

static void
has(const char *text, const char *line)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	ck_assert_msg(
	    strstr(text, whole) != NULL, "no line %s in %s", line, text);
}

START_TEST(notices)
{
	static const struct notice all[] = {
	    {.event = NOTICE_EXCHANGE, .status = 200, .n = 1500, .bytes = 10},
	    {.event = NOTICE_EXCHANGE, .status = 304, .n = 5},
	    {.event = NOTICE_EXCHANGE, .status = 404, .bytes = 7},
	    {.event = NOTICE_EXCHANGE, .status = 429},
	    {.event = NOTICE_EXCHANGE, .status = 503},
	    {.event = NOTICE_EXCHANGE, .code = ERR_TIMEOUT, .n = 120000},
	    {.event = NOTICE_RETRY, .code = ERR_SERVER, .n = 500},
	    {.event = NOTICE_RETRY, .code = ERR_SERVER, .n = 1000},
	    {.event = NOTICE_BUDGET, .n = 2001},
	    {.event = NOTICE_BREAKER_OPEN, .n = 30000},
	    {.event = NOTICE_TOKEN, .n = 300},
	    {.event = NOTICE_TOKEN_FAILED, .n = 30000},
	    {.event = NOTICE_TOKEN_REFUSED},
	    {.event = NOTICE_SCOPE, .words = "system/Flag.c"},
	};
	static const char *const lines[] = {
	    "# TYPE rescan_http_requests_total counter",
	    "rescan_http_requests_total{server=\"s\",outcome=\"done\"} 2",
	    "rescan_http_requests_total{server=\"s\",outcome=\"refused\"} 1",
	    "rescan_http_requests_total{server=\"s\",outcome=\"throttled\"} 1",
	    "rescan_http_requests_total{server=\"s\",outcome=\"failed\"} 1",
	    "rescan_http_requests_total{server=\"s\",outcome=\"broken\"} 1",
	    "rescan_http_request_seconds_total{server=\"s\"} 121.505",
	    "rescan_http_received_bytes_total{server=\"s\"} 17",
	    "rescan_http_retries_total{server=\"s\"} 2",
	    "rescan_budget_wait_seconds_total{server=\"s\"} 2.001",
	    "rescan_breaker_opened_total{server=\"s\"} 1",
	    "# TYPE rescan_breaker_open gauge",
	    "rescan_breaker_open{server=\"s\"} 1",
	    "rescan_tokens_total{server=\"s\",result=\"obtained\"} 1",
	    "rescan_tokens_total{server=\"s\",result=\"failed\"} 1",
	    "rescan_tokens_total{server=\"s\",result=\"refused\"} 1",
	};
	static const struct notice closed = {.event = NOTICE_BREAKER_CLOSED};
	struct metrics m;
	char *text;

	metrics_init(&m, "s");
	for (size_t i = 0; i < COUNT(all); i++)
		metrics_notice(&m, &all[i]);
	text = print(&m);
	for (size_t i = 0; i < COUNT(lines); i++)
		has(text, lines[i]);
	ck_assert_ptr_null(strstr(text, "system/"));
	free(text);
	metrics_notice(&m, &closed);
	text = print(&m);
	has(text, "rescan_breaker_open{server=\"s\"} 0");
	has(text, "rescan_breaker_opened_total{server=\"s\"} 1");
	free(text);
}
END_TEST

START_TEST(cycles)
{
	struct cycle_report r = {.start_ms = 1795600000000,
	    .end_ms = 1795600001250,
	    .entries = 12,
	    .reads = 3,
	    .stored = 4,
	    .quarantined = 1,
	    .assessed = 2};
	struct err e = ERR_INIT;
	struct metrics m;
	char *text;

	r.delivered[DELIVERED_CREATED] = 5;
	r.delivered[DELIVERED_WAITING] = 6;
	metrics_init(&m, "s");
	metrics_cycle(&m, &r, NULL);
	r.delivered[DELIVERED_WAITING] = 2;
	r.end_ms += 60000;
	metrics_cycle(&m, &r, &e);
	text = print(&m);
	has(text, "rescan_cycles_total{server=\"s\",result=\"done\"} 1");
	has(text, "rescan_cycles_total{server=\"s\",result=\"failed\"} 1");
	has(text, "rescan_cycle_seconds{server=\"s\"} 61.250");
	has(text, "rescan_cycle_end_timestamp_seconds{server=\"s\","
		  "result=\"any\"} 1795600061.250");
	has(text, "rescan_cycle_end_timestamp_seconds{server=\"s\","
		  "result=\"done\"} 1795600001.250");
	has(text, "rescan_entries_total{server=\"s\"} 24");
	has(text, "rescan_reads_total{server=\"s\"} 6");
	has(text, "rescan_resources_stored_total{server=\"s\"} 8");
	has(text, "rescan_quarantined_total{server=\"s\"} 2");
	has(text, "rescan_assessments_total{server=\"s\",result=\"done\"} 4");
	has(text, "rescan_outputs_total{server=\"s\",what=\"created\"} 10");
	has(text, "rescan_outputs_waiting{server=\"s\"} 2");
	free(text);
}
END_TEST

/* Each name is introduced once, before its values; a gauge nobody set is not
 * there, a counter always is; each line is one of the format's. */
START_TEST(format)
{
	struct metrics m;
	char *text, *save = NULL, name[128] = "", is[128], kind[16];
	size_t values = 0, names = 0;

	metrics_init(&m, "a \"b\" \\c");
	text = print(&m);
	ck_assert_ptr_null(strstr(text, "certificate_days_left{"));
	ck_assert_ptr_nonnull(strstr(text, "rescan_http_retries_total{"));
	ck_assert_ptr_nonnull(
	    strstr(text, "{server=\"a \\\"b\\\" \\\\c\",outcome="));
	for (char *l = strtok_r(text, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save)) {
		if (sscanf(l, "# HELP %127s", is) == 1) {
			ck_assert_msg(
			    strlen(l) > strlen(is) + 8, "no help for %s", is);
		} else if (sscanf(l, "# TYPE %127s %15s", is, kind) == 2) {
			ck_assert_str_ne(is, name);
			snprintf(name, sizeof(name), "%s", is);
			ck_assert_msg(strcmp(kind, "gauge") == 0 ||
					  strstr(name, "_total") != NULL,
			    "%s", name);
			names++;
		} else {
			ck_assert_int_eq(sscanf(l, "%127[a-z_]", is), 1);
			ck_assert_str_eq(is, name);
			values++;
		}
	}
	ck_assert_uint_gt(values, names / 2);
	free(text);
}
END_TEST

START_TEST(file)
{
	static const char path[] = "build/check_metrics.prom";
	struct metrics m;
	struct err e = ERR_INIT;
	char *text;

	unlink(path);
	metrics_init(&m, "s");
	metrics_add(&m, METRIC_RETRIES, 3);
	ck_assert_int_eq(metrics_write(&m, path, &e), ERR_OK);
	metrics_add(&m, METRIC_RETRIES, 1);
	ck_assert_int_eq(metrics_write(&m, path, &e), ERR_OK);
	text = check_read_file(path, NULL);
	has(text, "rescan_http_retries_total{server=\"s\"} 4");
	free(text);
	ck_assert_int_ne(access("build/check_metrics.prom.part", F_OK), 0);
	unlink(path);
	ck_assert_int_eq(
	    metrics_write(&m, "build/no/such/folder.prom", &e), ERR_IO);
	/* What cannot be replaced leaves nothing half-written behind. */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(metrics_write(&m, path, &e), ERR_IO);
	ck_assert_int_ne(access("build/check_metrics.prom.part", F_OK), 0);
	rmdir(path);
}
END_TEST

static Suite *
suite_metrics(void)
{
	Suite *s = suite_create("metrics");
	TCase *t = tcase_create("metrics");

	tcase_add_test(t, notices);
	tcase_add_test(t, cycles);
	tcase_add_test(t, format);
	tcase_add_test(t, file);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_metrics())
