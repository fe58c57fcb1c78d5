/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe against the sandbox with faults, and the profile in use.
 */
#include "tests/support/bench.h"
#include "tests/support/check_main.h"

#include "fhir/util/clock.h"
#include "gateway/probe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct bench b;
static struct arena *arena;
static struct probe_report report;

static void
setup(void)
{
	arena = arena_new();
	bench_begin(&b, NULL);
	for (int i = 0; i < 7; i++)
		bench_seed(&b, arena_printf(arena, "%d", i));
	clock_replace(NULL);
}

static void
teardown(void)
{
	probe_done(&report);
	bench_end(&b);
	arena_free(arena);
}

static void
fault(struct sandbox_fault f)
{
	f.times = -1;
	bench_fault(&b, f);
}

static void
probe(bool write)
{
	struct probe_options o = {
	    .config = b.config, .server = b.server, .write = write};
	enum err_code rc = probe_run(&o, &report, &b.e);

	ck_assert_msg(rc == ERR_OK, "%s: %s", err_name(rc), b.e.text);
}

/* The first finding of that id about the type whose text has `what`. */
static const struct probe_finding *
find(const char *id, const char *type, const char *what)
{
	for (size_t i = 0; i < report.findings.n; i++) {
		const struct probe_finding *f = &report.findings.items[i];

		if (strcmp(f->id, id) == 0 && strcmp(f->type, type) == 0 &&
		    strstr(f->measured, what) != NULL)
			return f;
	}
	return NULL;
}

static void
found(
    const char *id, const char *type, const char *what, enum probe_level level)
{
	const struct probe_finding *f = find(id, type, what);

	if (f == NULL && find(id, type, "") != NULL)
		f = find(id, type, "");
	ck_assert_msg(f != NULL && strstr(f->measured, what) != NULL,
	    "no %s %s '%s' but '%s'", id, type, what,
	    f == NULL ? "nothing" : f->measured);
	ck_assert_msg(f->level == level, "%s %s: %s", id, type,
	    probe_level_name(f->level));
}

static bool
accepted(const char *type)
{
	for (size_t i = 0; i < report.profile.accepts.n; i++) {
		if (strcmp(report.profile.accepts.items[i], type) == 0)
			return true;
	}
	return false;
}

static const char *const written[] = {
    "Device", "DiagnosticReport", "Flag", "Provenance"};

/* --- reading --- */

START_TEST(a_good_server_reads_only)
{
	struct sandbox_counts was = sandbox_requests(b.sandbox, NULL), is;

	probe(false);
	is = sandbox_requests(b.sandbox, NULL);
	ck_assert_uint_eq(was.creates + was.updates + was.deletes,
	    is.creates + is.updates + is.deletes);
	ck_assert_uint_eq(is.requests - was.requests, report.requests);
	ck_assert(probe_is_fit(&report));
	found("search.param", "Observation", "_lastUpdated: honoured",
	    PROBE_GOOD);
	found("search.sort", "Observation", "is honoured", PROBE_GOOD);
	found("search.next", "Observation", "absolute; leads on", PROBE_GOOD);
	found("search.repeat", "Observation", "the same", PROBE_GOOD);
	found("meta.precision", "Observation", "3 digits", PROBE_GOOD);
	found("search.unknown", "Observation", "refused", PROBE_GOOD);
	found("search.post", "Observation", "is honoured", PROBE_GOOD);
	found("http.url", "ImagingStudy", "32000 bytes is taken", PROBE_GOOD);
	ck_assert_str_eq(report.profile.post_search, "auto");
	ck_assert_int_eq(report.profile.url_max, 0);
	found("write.accepted", "Flag", "not tried", PROBE_UNKNOWN);
	found("http.date", "", "0 s", PROBE_GOOD);
	ck_assert(!report.profile.accepts_known);
	ck_assert_int_eq(report.profile.page_count, 0);
}
END_TEST

/* One lie or lack each, and what is said of it. */
static const struct {
	struct sandbox_fault fault;
	const char *id, *says;
	enum probe_level level;
	bool sort; /* stays yes in the profile */
	int page_count;
} readings[] = {
    {{.kind = SANDBOX_FAULT_IGNORE,
	 .path = "/Observation",
	 .word = "_lastUpdated"},
	"search.param", "_lastUpdated: ignored", PROBE_NOTE, true, 0},
    {{.kind = SANDBOX_FAULT_IGNORE, .path = "/Observation", .word = "patient"},
	"search.param", "patient: ignored", PROBE_BAD, true, 0},
    {{.kind = SANDBOX_FAULT_IGNORE, .path = "/Observation", .word = "_sort"},
	"search.sort", "not honoured", PROBE_NOTE, true, 0},
    {{.kind = SANDBOX_FAULT_STATUS,
	 .path = "/Observation.*_sort=",
	 .status = 400},
	"search.sort", "status 400", PROBE_NOTE, false, 0},
    {{.kind = SANDBOX_FAULT_IGNORE, .path = "/Observation", .word = "_count"},
	"search.large", "_count=1000 gave 20 a page", PROBE_GOOD, true, 20},
    {{.kind = SANDBOX_FAULT_IGNORE, .path = "/Observation", .word = "_count"},
	"search.count", "_count=1 gave 20", PROBE_NOTE, true, 20},
    {{.kind = SANDBOX_FAULT_IGNORE,
	 .path = "/Observation",
	 .word = "rescan-no-such"},
	"search.unknown", "ignored", PROBE_NOTE, true, 0},
    {{.kind = SANDBOX_FAULT_RELATIVE_NEXT, .path = "/Observation"},
	"search.next", "root-relative; leads on", PROBE_GOOD, true, 0},
    {{.kind = SANDBOX_FAULT_FOREIGN_NEXT, .path = "/Observation"},
	"search.next", "another origin", PROBE_BAD, true, 0},
    {{.kind = SANDBOX_FAULT_STATUS, .path = "/Observation", .status = 403},
	"search.plain", "forbidden", PROBE_NOTE, true, 0},
    {{.kind = SANDBOX_FAULT_STATUS, .path = "/Observation", .status = 500},
	"search.plain", "status 500", PROBE_BAD, true, 0},
    {{.kind = SANDBOX_FAULT_LOGIN, .path = "/Observation"}, "search.plain",
	"status 200", PROBE_BAD, true, 0},
    {{.kind = SANDBOX_FAULT_LOOP_NEXT, .path = "/Observation"}, "search.next",
	"leads back to the same", PROBE_BAD, true, 0},
    {{.kind = SANDBOX_FAULT_STATUS,
	 .path = "/Observation.*_lastUpdated=ge",
	 .status = 500},
	"search.param", "_lastUpdated: does not find what is there", PROBE_NOTE,
	true, 0},
    {{.kind = SANDBOX_FAULT_LAG,
	 .path = "/Observation.*patient=[0-9]",
	 .ms = 600000},
	"search.param", "patient: does not find what is there", PROBE_BAD, true,
	0},
    {{.kind = SANDBOX_FAULT_STATUS,
	 .path = "/Observation[?].*_count=1$",
	 .status = 400},
	"search.count", "status 400", PROBE_NOTE, true, 0},
};
#define N_READINGS ((int)(sizeof(readings) / sizeof(readings[0])))

START_TEST(a_lie_is_seen)
{
	/* Every row but the one on _count has more than one page. */
	if (readings[_i].page_count == 20) {
		bench_end(&b);
		bench_begin_pages(&b, 20);
		for (int i = 0; i < 7; i++)
			bench_seed(&b, arena_printf(arena, "%d", i));
		clock_replace(NULL);
	}
	fault(readings[_i].fault);
	probe(false);
	found(readings[_i].id, "Observation", readings[_i].says,
	    readings[_i].level);
	ck_assert_int_eq(report.profile.sort, readings[_i].sort);
	ck_assert_int_eq(report.profile.page_count, readings[_i].page_count);
	/* Others are not taken for it. */
	found("search.param", "ImagingStudy", "_lastUpdated: honoured",
	    PROBE_GOOD);
	if (strstr(readings[_i].says, "_lastUpdated:") != NULL)
		ck_assert_str_eq(report.profile.last_updated, "no");
}
END_TEST

/* What becomes of searches that are long, or sent by POST. */
static const struct {
	struct sandbox_fault fault[2];
	const char *id, *type, *says;
	enum probe_level level;
	const char *post_search;
	int url_max;
} longs[] = {
    {{{.kind = SANDBOX_FAULT_STATUS,
	 .method = "GET",
	 .longer = 5000,
	 .status = 414}},
	"http.url", "ImagingStudy",
	"4000 bytes are taken, 8000 not (status 414): POST _search takes them",
	PROBE_NOTE, "auto", 4000},
    {{{.kind = SANDBOX_FAULT_CLOSE, .method = "GET", .longer = 10000}},
	"http.url", "ImagingStudy", "8000 bytes are taken, 16000 not",
	PROBE_NOTE, "auto", 8000},
    {{{.kind = SANDBOX_FAULT_STATUS,
	  .method = "GET",
	  .longer = 5000,
	  .status = 431},
	 {.kind = SANDBOX_FAULT_STATUS, .path = "/_search", .status = 405}},
	"http.url", "ImagingStudy", "8000 not (status 431)", PROBE_NOTE, "no",
	4000},
    /* So many values are refused however they are sent. */
    {{{.kind = SANDBOX_FAULT_STATUS,
	  .method = "GET",
	  .longer = 5000,
	  .status = 400},
	 {.kind = SANDBOX_FAULT_STATUS,
	     .path = "/ImagingStudy/_search",
	     .skip = 2,
	     .status = 400}},
	"http.url", "ImagingStudy", "8000 not, status 400, nor by POST",
	PROBE_UNKNOWN, "auto", 0},
    {{{.kind = SANDBOX_FAULT_STATUS,
	 .path = "/Observation/_search",
	 .status = 405}},
	"search.post", "Observation", "status 405", PROBE_NOTE, "no", 0},
    {{{.kind = SANDBOX_FAULT_IGNORE,
	 .path = "/Observation/_search",
	 .word = "form"}},
	"search.post", "Observation", "the form is ignored", PROBE_NOTE, "no",
	0},
};
#define N_LONGS ((int)(sizeof(longs) / sizeof(longs[0])))

START_TEST(long_searches_are_measured)
{
	for (int i = 0; i < 2; i++) {
		if (longs[_i].fault[i].kind != 0 ||
		    longs[_i].fault[i].status != 0)
			fault(longs[_i].fault[i]);
	}
	probe(false);
	found(longs[_i].id, longs[_i].type, longs[_i].says, longs[_i].level);
	ck_assert_str_eq(report.profile.post_search, longs[_i].post_search);
	ck_assert_int_eq(report.profile.url_max, longs[_i].url_max);
	ck_assert(probe_is_fit(&report));
}
END_TEST

START_TEST(no_fhir_server_is_an_error)
{
	struct probe_options o = {.config = b.config, .server = b.server};

	fault((struct sandbox_fault){
	    .kind = SANDBOX_FAULT_LOGIN, .path = "/metadata"});
	ck_assert_int_eq(probe_run(&o, &report, &b.e), ERR_NOT_FHIR);
}
END_TEST

START_TEST(a_short_not_now_is_waited_out)
{
	struct sandbox_fault f = {.kind = SANDBOX_FAULT_STATUS,
	    .path = "/Observation",
	    .status = 429,
	    .retry_after = "1"};

	bench_fault(&b, f);
	probe(false);
	ck_assert(probe_is_fit(&report));
	found("http.rate", "", "Retry-After: 1", PROBE_GOOD);
}
END_TEST

START_TEST(products_are_known_by_name)
{
	static const struct {
		const char *software, *says;
		unsigned flags;
	} rows[] = {{"HAPI FHIR Server", "known; no quirks", 0},
	    {"Epic", "known, with quirks", QUIRK_REQUIRES_PATIENT},
	    {"Google Cloud Healthcare", "known, with",
		QUIRK_IDENTIFIER_ONLY | QUIRK_NO_FORM},
	    {"AWS HealthLake", "known, with quirks", QUIRK_STRONG_READS},
	    {"Acme", "not known by name; no quirks", 0},
	    {NULL, "not known by name; no quirks", 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		probe_done(&report);
		sandbox_set_software(b.sandbox, rows[i].software);
		probe(false);
		ck_assert_ptr_nonnull(find("server.product", "", rows[i].says));
		ck_assert_uint_eq(report.quirks.flags, rows[i].flags);
	}
}
END_TEST

/* --- writing --- */

START_TEST(tests_are_written_and_deleted)
{
	size_t observations = sandbox_count(b.sandbox, "Observation");

	probe(true);
	ck_assert(probe_is_fit(&report));
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_gt(
		    sandbox_requests(b.sandbox, written[i]).creates, 0);
		ck_assert_uint_eq(sandbox_count(b.sandbox, written[i]), 0);
		ck_assert(accepted(written[i]));
		found(
		    "write.kept", written[i], "all that was sent", PROBE_GOOD);
		found("write.stale", written[i], "refused, status 412",
		    PROBE_GOOD);
		found("write.condition", written[i], "honoured", PROBE_GOOD);
	}
	ck_assert_uint_eq(
	    sandbox_count(b.sandbox, "Observation"), observations);
	ck_assert_uint_eq(report.left.n, 0);
	ck_assert_int_ge(report.profile.lag_s, 0);
	ck_assert(report.profile.if_match && report.profile.if_none_exist);
}
END_TEST

static const struct {
	struct sandbox_fault fault;
	const char *id, *says;
	enum probe_level level;
	bool accepted, if_none_exist, if_match, fit;
	size_t left;
} writings[] = {
    {{.kind = SANDBOX_FAULT_STATUS,
	 .method = "POST",
	 .path = "/Flag",
	 .status = 405},
	"write.accepted", "refused, status 405", PROBE_NOTE, false, true, true,
	true, 0},
    {{.kind = SANDBOX_FAULT_DROP,
	 .method = "POST",
	 .path = "/Flag",
	 .word = "identifier"},
	"write.kept", "our identifier is dropped", PROBE_BAD, false, true, true,
	false, 0},
    {{.kind = SANDBOX_FAULT_IGNORE,
	 .method = "POST",
	 .path = "/Flag",
	 .word = "If-None-Exist"},
	"write.condition", "a twin was made", PROBE_NOTE, true, false, true,
	true, 0},
    {{.kind = SANDBOX_FAULT_IGNORE,
	 .method = "PUT",
	 .path = "/Flag",
	 .word = "If-Match"},
	"write.stale", "is taken", PROBE_NOTE, true, true, false, true, 0},
    {{.kind = SANDBOX_FAULT_STATUS,
	 .method = "DELETE",
	 .path = "/Flag",
	 .status = 403},
	"write.delete", "cannot be deleted: status 403", PROBE_NOTE, true, true,
	true, true, 1},
    /* What is wrong with a test says nothing of the type. */
    {{.kind = SANDBOX_FAULT_STATUS,
	 .method = "POST",
	 .path = "/Flag",
	 .status = 422},
	"write.accepted", "our test is refused, status 422: ", PROBE_NOTE, true,
	true, true, true, 0},
};
#define N_WRITINGS ((int)(sizeof(writings) / sizeof(writings[0])))

START_TEST(what_is_not_accepted_is_seen)
{
	fault(writings[_i].fault);
	probe(true);
	found(writings[_i].id, "Flag", writings[_i].says, writings[_i].level);
	ck_assert_int_eq(accepted("Flag"), writings[_i].accepted);
	ck_assert_int_eq(
	    report.profile.if_none_exist, writings[_i].if_none_exist);
	ck_assert_int_eq(report.profile.if_match, writings[_i].if_match);
	ck_assert_int_eq(probe_is_fit(&report), writings[_i].fit);
	ck_assert_uint_eq(report.left.n, writings[_i].left);
	ck_assert(accepted("DiagnosticReport"));
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Flag"), report.left.n);
}
END_TEST

/* Flags come fourth: a create, one again, then several at once. */
static const struct {
	struct sandbox_fault fault;
	const char *says;
	enum probe_level level;
} races[] = {
    {{.kind = SANDBOX_FAULT_TOUCH, .path = "/nothing", .word = "x"},
	"at once made 1 (", PROBE_GOOD},
    {{.kind = SANDBOX_FAULT_IGNORE,
	 .method = "POST",
	 .path = "/Device$",
	 .word = "If-None-Exist",
	 .skip = 4},
	"at once made 4 (201, 201, 201, 201): one writer at a time",
	PROBE_NOTE},
    {{.kind = SANDBOX_FAULT_STATUS,
	 .method = "POST",
	 .path = "/Device$",
	 .status = 409,
	 .skip = 5},
	"409", PROBE_GOOD},
};

START_TEST(writes_at_once_are_tried)
{
	fault(races[_i].fault);
	probe(true);
	found("write.parallel", "Device", races[_i].says, races[_i].level);
	ck_assert_ptr_null(find("write.parallel", "Flag", ""));
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Device"), 0);
	ck_assert_uint_eq(report.left.n, 0);
	ck_assert(report.profile.if_none_exist);
	ck_assert(probe_is_fit(&report));
}
END_TEST

START_TEST(lag_is_measured)
{
	fault((struct sandbox_fault){
	    .kind = SANDBOX_FAULT_LAG, .path = "/Device", .ms = 700});
	probe(true);
	ck_assert_int_ge(report.profile.lag_s, 1);
	ck_assert_int_le(report.profile.lag_s, 3);
}
END_TEST

START_TEST(report_is_printed_as_json)
{
	struct json_doc *doc = NULL;
	struct strbuf text;

	probe(false);
	strbuf_init(&text, (size_t)1 << 20);
	probe_json(&report, &text);
	ck_assert_int_eq(json_parse(text.s, text.len, &doc, &b.e), ERR_OK);
	ck_assert_str_eq(
	    json_string_at(json_root(doc), "base_url"), b.server->base_url);
	ck_assert_uint_eq(json_length(json_get(json_root(doc), "findings")),
	    report.findings.n);
	json_free(doc);
	strbuf_done(&text);
}
END_TEST

static Suite *
suite_probe(void)
{
	Suite *s = suite_create("probe");
	TCase *t = tcase_create("tls");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_good_server_reads_only);
	tcase_add_loop_test(t, a_lie_is_seen, 0, N_READINGS);
	tcase_add_loop_test(t, long_searches_are_measured, 0, N_LONGS);
	tcase_add_test(t, no_fhir_server_is_an_error);
	tcase_add_test(t, a_short_not_now_is_waited_out);
	tcase_add_test(t, products_are_known_by_name);
	tcase_add_test(t, tests_are_written_and_deleted);
	tcase_add_loop_test(t, what_is_not_accepted_is_seen, 0, N_WRITINGS);
	tcase_add_loop_test(t, writes_at_once_are_tried, 0,
	    (int)(sizeof(races) / sizeof(races[0])));
	tcase_add_test(t, lag_is_measured);
	tcase_add_test(t, report_is_printed_as_json);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_probe())
