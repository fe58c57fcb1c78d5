/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox against a server that loses answers, people who change things,
 * and kill -9.
 *
 * Called with "--cycle FILE", it is a gateway that runs one cycle: what the
 * kill test kills.
 */
#include "tests/support/bench.h"
#include "tests/support/check_main.h"

#include "fhir/util/clock.h"
#include "mappings/to_fhir.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bench b;
static struct arena *arena;

static void
setup(void)
{
	arena = arena_new();
	bench_begin(&b, NULL);
	bench_seed(&b, "1");
}

static void
teardown(void)
{
	bench_end(&b);
	arena_free(arena);
}

static void
fault(enum sandbox_fault_kind kind, const char *method, const char *path,
    int times, int status)
{
	struct sandbox_fault f = {.kind = kind,
	    .method = method,
	    .path = path,
	    .times = times,
	    .status = status};

	bench_fault(&b, f);
}

static const char *const written_types[] = {
    "Device", "Observation", "DiagnosticReport", "Flag", "Provenance"};
#define N_TYPES (sizeof(written_types) / sizeof(written_types[0]))

struct standing {
	size_t n[N_TYPES];
};

static struct standing
standing(void)
{
	struct standing s;

	for (size_t i = 0; i < N_TYPES; i++)
		s.n[i] = sandbox_count(b.sandbox, written_types[i]);
	return s;
}

/* Provenance may have been added where something was said anew. */
static void
same_standing(struct standing a, bool said_anew)
{
	struct standing is = standing();

	for (size_t i = 0; i < N_TYPES - said_anew; i++) {
		ck_assert_msg(a.n[i] == is.n[i], "%s: %zu became %zu",
		    written_types[i], a.n[i], is.n[i]);
	}
}

static void
forget(void)
{
	bench_close(&b);
	bench_forget(&b);
	bench_open(&b, NULL);
}

/* Something that changes report and flag: the scan was better after all. */
static void
change(void)
{
	bench_measure(&b, "1", "s1", "a", "31.0", "amended");
	bench_measure(&b, "1", "s1", "b", "20.0", "amended");
}

static struct store_output *
row(const char *type)
{
	struct store_output *o = bench_output(&b, "Patient/1", type, arena);

	ck_assert_msg(o != NULL, "no %s in the outbox", type);
	return o;
}

/* The report of the newest scan. */
static struct store_output *
newest_report(void)
{
	size_t n;
	struct store_output *o = bench_outputs(&b, "Patient/1", arena, &n);

	while (n > 0 && strcmp(o[n - 1].type, "DiagnosticReport") != 0)
		n--;
	ck_assert_uint_gt(n, 0);
	return &o[n - 1];
}

/* --- people --- */

START_TEST(closed_flag_stays_closed)
{
	struct store_output *o;
	char *flag;

	bench_cycle(&b);
	o = row("Flag");
	ck_assert_int_eq(o->state, OUTPUT_WRITTEN);
	bench_edit(&b, "Flag", o->server_id, "\"active\"", "\"inactive\"");
	for (int i = 0; i < 2; i++) {
		/* No progression after all: ours would be withdrawn.  And
		 * there it is again: ours would be raised. */
		if (i == 0)
			change();
		else
			bench_measure(&b, "1", "s1", "a", "45.0", "amended");
		bench_cycle(&b);
		ck_assert_uint_eq(b.report.assessed, 1);
		o = row("Flag");
		ck_assert_int_eq(o->state, OUTPUT_DISMISSED);
		flag = sandbox_get(b.sandbox, "Flag", o->server_id);
		ck_assert_ptr_nonnull(strstr(flag, "\"inactive\""));
		free(flag);
	}
	/* The rest of the patient goes on. */
	ck_assert_uint_gt(b.report.delivered[DELIVERED_UPDATED], 0);
}
END_TEST

/* Seen on Medplum: the gateway lost its store, found the Flag as a person left
 * it, and its Provenance then claimed that person's version. */
START_TEST(version_of_a_person_is_not_claimed)
{
	size_t n;
	char *p, claim[128];
	const char *flag;

	bench_cycle(&b);
	flag = row("Flag")->server_id;
	n = sandbox_count(b.sandbox, "Provenance");
	bench_edit(&b, "Flag", flag, "\"active\"", "\"inactive\"");
	forget();
	bench_cycle(&b);
	ck_assert_int_eq(row("Flag")->state, OUTPUT_DISMISSED);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_CREATED], 0);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_UPDATED], 0);
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Provenance"), n);
	snprintf(claim, sizeof(claim), "Flag/%s/_history/2", flag);
	for (size_t i = 0; i < n; i++) {
		p = sandbox_nth(b.sandbox, "Provenance", i);
		ck_assert_ptr_null(strstr(p, claim));
		free(p);
	}
	/* And it is settled: nothing is left waiting. */
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_WAITING], 0);
}
END_TEST

START_TEST(removed_flag_is_not_made_again)
{
	struct store_output *o;
	size_t n;

	bench_cycle(&b);
	o = row("Flag");
	ck_assert(sandbox_delete(b.sandbox, "Flag", o->server_id));
	n = sandbox_count(b.sandbox, "Flag");
	change();
	bench_cycle(&b);
	o = row("Flag");
	ck_assert_int_eq(o->state, OUTPUT_DISMISSED);
	ck_assert_str_eq(o->error, "removed at the server");
	ck_assert_uint_eq(sandbox_count(b.sandbox, "Flag"), n);
}
END_TEST

START_TEST(signed_report_is_left_alone)
{
	struct store_output *o;
	char *report;

	bench_cycle(&b);
	o = newest_report();
	bench_edit(&b, "DiagnosticReport", o->server_id, "\"preliminary\"",
	    "\"final\"");
	change();
	bench_cycle(&b);
	o = newest_report();
	ck_assert_int_eq(o->state, OUTPUT_DISMISSED);
	report = sandbox_get(b.sandbox, "DiagnosticReport", o->server_id);
	ck_assert_ptr_nonnull(strstr(report, "\"final\""));
	free(report);
}
END_TEST

START_TEST(touch_without_change_is_no_change)
{
	struct store_output *o;

	bench_cycle(&b);
	o = newest_report();
	/* A new version of the same content: only meta differs. */
	bench_edit(&b, "DiagnosticReport", o->server_id, "\"meta\":{",
	    "\"meta\":{\"source\":\"urn:index\",");
	change();
	bench_cycle(&b);
	o = newest_report();
	ck_assert_int_eq(o->state, OUTPUT_WRITTEN);
	ck_assert_str_eq(o->server_version, "3");
}
END_TEST

/* --- lost answers --- */

static const char *const posts[] = {"/fhir/Device$", "/fhir/Observation$",
    "/fhir/DiagnosticReport$", "/fhir/Flag$", "/fhir/Provenance$"};

START_TEST(lost_answer_makes_no_twin)
{
	struct standing want;
	struct sandbox_counts c;

	bench_cycle(&b);
	want = standing();
	bench_end(&b);
	bench_begin(&b, NULL);
	bench_seed(&b, "1");
	fault(SANDBOX_FAULT_LOST, "POST", posts[_i], 1, 0);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_WAITING], 0);
	same_standing(want, false);
	c = sandbox_requests(b.sandbox, NULL);
	ck_assert_uint_eq(c.faults, 1);
	bench_cycle(&b);
	same_standing(want, false);
}
END_TEST

START_TEST(answers_lost_for_good_are_found_again)
{
	struct standing want;

	bench_cycle(&b);
	want = standing();
	bench_end(&b);
	bench_begin(&b, NULL);
	bench_seed(&b, "1");
	/* All tries of this cycle: written, but never heard of. */
	fault(SANDBOX_FAULT_LOST, "POST", posts[_i], 3, 0);
	bench_cycle(&b);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_WAITING], 0);
	bench_pass_s(3600);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_WAITING], 0);
	same_standing(want, false);
}
END_TEST

START_TEST(lost_answer_to_an_update)
{
	struct standing want;

	bench_cycle(&b);
	want = standing();
	change();
	fault(SANDBOX_FAULT_LOST, "PUT", NULL, 3, 0);
	bench_cycle(&b);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_WAITING], 0);
	bench_pass_s(3600);
	/* And in between the data changed once more. */
	bench_measure(&b, "1", "s1", "b", "21.0", "amended");
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_WAITING], 0);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_DISMISSED], 0);
	same_standing(want, true);
}
END_TEST

/* --- refusals --- */

START_TEST(refusal_keeps_the_error_and_the_others_go_on)
{
	struct store_quarantine *q;
	struct sandbox_counts was, is;
	size_t n;

	fault(SANDBOX_FAULT_STATUS, "POST", "/fhir/DiagnosticReport$", -1, 422);
	bench_cycle(&b);
	ck_assert_int_eq(row("DiagnosticReport")->state, OUTPUT_REFUSED);
	ck_assert_str_ne(row("DiagnosticReport")->error, "");
	ck_assert_int_eq(row("Flag")->state, OUTPUT_WRITTEN);
	ck_assert_int_eq(
	    b.store->ops->quarantine(b.store, "sandbox", arena, &q, &n, &b.e),
	    ERR_OK);
	ck_assert_uint_ge(n, 1);
	ck_assert_str_eq(q->code, "write_refused");
	/* Not tried again and again. */
	was = sandbox_requests(b.sandbox, "DiagnosticReport");
	bench_pass_s(7200);
	bench_cycle(&b);
	is = sandbox_requests(b.sandbox, "DiagnosticReport");
	ck_assert_uint_eq(was.requests, is.requests);
}
END_TEST

START_TEST(server_out_of_reach_waits)
{
	size_t n;

	fault(SANDBOX_FAULT_STATUS, "POST", "/fhir/", -1, 503);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_CREATED], 0);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_WAITING], 0);
	sandbox_fault_clear(b.sandbox);
	/* Not before its time. */
	bench_cycle(&b);
	n = b.report.delivered[DELIVERED_CREATED];
	bench_pass_s(3600);
	bench_cycle(&b);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_CREATED], n);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_WAITING], 0);
}
END_TEST

START_TEST(twins_at_the_server_are_not_made_three)
{
	struct store_output *o;

	bench_cycle(&b);
	o = row("Flag");
	bench_put(&b,
	    "{\"resourceType\":\"Flag\",\"id\":\"twin\","
	    "\"status\":\"active\",\"code\":{\"text\":\"x\"},"
	    "\"subject\":{\"reference\":\"Patient/1\"},\"identifier\":[{"
	    "\"system\":\"%s\",\"value\":\"%s\"}]}",
	    RESCAN_IDENTIFIER_SYSTEM, o->identifier);
	forget();
	bench_cycle(&b);
	o = row("Flag");
	ck_assert_int_eq(o->state, OUTPUT_REFUSED);
	ck_assert_str_eq(o->error, "duplicate identifier at server");
	ck_assert_int_eq(row("DiagnosticReport")->state, OUTPUT_WRITTEN);
}
END_TEST

/* --- a store that is lost --- */

START_TEST(new_store_finds_what_stands)
{
	struct standing want;
	struct sandbox_counts was, is;

	bench_cycle(&b);
	want = standing();
	was = sandbox_requests(b.sandbox, NULL);
	forget();
	bench_cycle(&b);
	is = sandbox_requests(b.sandbox, NULL);
	same_standing(want, false);
	ck_assert_uint_eq(is.updates, was.updates);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_CREATED], 0);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_DISMISSED], 0);
	/* With older content there, too. */
	forget();
	change();
	bench_cycle(&b);
	ck_assert_uint_gt(b.report.delivered[DELIVERED_UPDATED], 0);
	ck_assert_uint_eq(b.report.delivered[DELIVERED_DISMISSED], 0);
}
END_TEST

/* --- kill -9 --- */

static pid_t
spawn_cycle(const char *config)
{
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	pid_t pid;

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl(self, self, "--cycle", config, (char *)NULL);
		_exit(127);
	}
	return pid;
}

START_TEST(killed_between_any_two_steps)
{
	struct standing want;
	char config[96];
	int status, killed = 0;

	bench_seed(&b, "2");
	bench_seed(&b, "3");
	bench_cycle(&b);
	want = standing();
	bench_end(&b);
	bench_begin(&b, NULL);
	for (int i = 1; i <= 3; i++)
		bench_seed(&b, arena_printf(arena, "%d", i));
	bench_close(&b);
	snprintf(config, sizeof(config), "%s/rescan.ini", b.dir);
	for (int ms = 20; killed < 12 && ms < 2000; ms += ms / 3) {
		pid_t pid = spawn_cycle(config);

		usleep((useconds_t)ms * 1000);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		if (!WIFSIGNALED(status)) {
			ck_assert_int_eq(WEXITSTATUS(status), 0);
			break;
		}
		killed++;
	}
	ck_assert_int_gt(killed, 2);
	bench_open(&b, NULL);
	bench_cycle(&b);
	same_standing(want, false);
	bench_cycle(&b);
	ck_assert_uint_eq(b.report.assessed, 0);
	same_standing(want, false);
}
END_TEST

static Suite *
suite_deliver(void)
{
	Suite *s = suite_create("deliver");
	TCase *t = tcase_create("deliver");
	TCase *kill_case = tcase_create("kill");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, closed_flag_stays_closed);
	tcase_add_test(t, version_of_a_person_is_not_claimed);
	tcase_add_test(t, removed_flag_is_not_made_again);
	tcase_add_test(t, signed_report_is_left_alone);
	tcase_add_test(t, touch_without_change_is_no_change);
	tcase_add_loop_test(t, lost_answer_makes_no_twin, 0, (int)N_TYPES);
	tcase_add_loop_test(
	    t, answers_lost_for_good_are_found_again, 0, (int)N_TYPES);
	tcase_add_test(t, lost_answer_to_an_update);
	tcase_add_test(t, refusal_keeps_the_error_and_the_others_go_on);
	tcase_add_test(t, server_out_of_reach_waits);
	tcase_add_test(t, twins_at_the_server_are_not_made_three);
	tcase_add_test(t, new_store_finds_what_stands);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(kill_case, setup, teardown);
	tcase_set_timeout(kill_case, 60);
	tcase_add_test(kill_case, killed_between_any_two_steps);
	suite_add_tcase(s, kill_case);
	return s;
}

/* One cycle of a gateway of its own; the exit status of a command. */
static int
cycle(const char *config)
{
	static const char *const dirs[] = {"mappings/maps"};
	struct pipeline_options o = {.config = NULL};
	struct config *c = NULL;
	struct codemap *maps = NULL;
	struct cycle_report report;
	struct err e = ERR_INIT;

	bench_clock_start();
	if (config_load(config, &c, &e) != ERR_OK ||
	    config_server(c, NULL, &o.server, &e) != ERR_OK ||
	    codemap_load(dirs, 1, &maps, &e) != ERR_OK ||
	    store_sqlite.open(c->store_path, STORE_WRITER, &o.store, &e) !=
		ERR_OK)
		return 1;
	o.config = c;
	o.maps = maps;
	{
		struct pipeline *p;
		enum err_code rc;

		if (pipeline_new(&o, &p, &e) != ERR_OK)
			return 1;
		rc = pipeline_cycle(p, &report, &e);
		report_done(&report);
		pipeline_free(p);
		o.store->ops->close(o.store);
		codemap_free(maps);
		config_free(c);
		return rc == ERR_OK ? 0 : 1;
	}
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--cycle") == 0)
		return cycle(argv[2]);
	return check_run(suite_deliver(), NULL);
}
