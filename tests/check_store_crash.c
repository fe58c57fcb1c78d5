/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kill -9 a writer at any moment; the store is whole.
 */
#include "tests/support/check_main.h"

#include "gateway/store/store.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER "demo"
#define PAGE   10

static const struct store_ops *const ops = &store_sqlite;
static char where[96];
static struct store *st;
static struct arena *arena;
static struct err e;

static void
must(enum err_code rc)
{
	ck_assert_msg(rc == ERR_OK, "%s: %s", err_name(rc), e.text);
}

static void
clean(const char *dir)
{
	static const char *const suffix[] = {"", "-wal", "-shm", ".lock"};
	char name[128];

	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", where, suffix[i]);
		unlink(name);
	}
	rmdir(dir);
}

/* Page k: Observations of patient k, cursor k. */
static enum err_code
put_page(int k)
{
	struct store_resource x[PAGE];
	char key[PAGE][32], patient[32];
	struct store_page p = {.server = SERVER,
	    .type = "Observation",
	    .resources = x,
	    .n_resources = PAGE,
	    .advance = true,
	    .watermark_ms = k};
	struct store_page_result r;

	snprintf(patient, sizeof(patient), "Patient/%d", k);
	memset(x, 0, sizeof(x));
	for (int i = 0; i < PAGE; i++) {
		snprintf(key[i], sizeof(key[i]), "Observation/%d-%d", k, i);
		x[i] = (struct store_resource){.key = key[i],
		    .type = "Observation",
		    .version = "1",
		    .last_updated_ms = k,
		    .patient = patient,
		    .hash = "h",
		    .body = "{}",
		    .len = 2};
	}
	return ops->page_put(st, &p, &r, &e);
}

static void
child_fills(int from)
{
	st = NULL;
	if (ops->open(where, STORE_WRITER, &st, &e) != ERR_OK)
		_exit(2);
	for (int k = from; put_page(k) == ERR_OK; k++)
		;
	_exit(3);
}

static enum err_code
count(void *ctx, const struct store_resource *r, struct err *err)
{
	int *n = ctx;

	(void)r;
	(void)err;
	++*n;
	return ERR_OK;
}

/* Every page is whole: facts, mark and cursor, or nothing of it. */
static int
check_whole_pages(void)
{
	struct store_row *rows;
	int64_t cursor;
	size_t n;

	must(ops->cursor_get(st, SERVER, "Observation", &cursor, &e));
	if (cursor == TIME_NONE)
		cursor = 0;
	must(ops->patients(st, SERVER, arena, &rows, &n, &e));
	ck_assert_int_eq((int64_t)n, cursor);
	for (size_t i = 0; i < n; i++) {
		int64_t generation;
		int found = 0;

		must(ops->patient_load(
		    st, rows[i].id, count, &found, &generation, &e));
		ck_assert_int_eq(found, PAGE);
		ck_assert_int_gt(rows[i].generation, rows[i].assessed);
	}
	return (int)cursor;
}

START_TEST(killed_at_any_instruction)
{
	char dir[] = "/tmp/check_store_crash.XXXXXX";
	int done = 0;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(where, sizeof(where), "%s/store.db", dir);
	arena = arena_new();
	must(ops->open(where, STORE_WRITER, &st, &e));
	srandom(20261125);
	for (int round = 0; round < 8; round++) {
		pid_t pid;
		int status;

		ops->close(st);
		st = NULL;
		pid = fork();
		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			child_fills(done + 1);
		usleep((useconds_t)(20000 + random() % 60000));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		ck_assert_msg(WIFSIGNALED(status), "child ended by itself: %d",
		    WEXITSTATUS(status));
		must(ops->open(where, STORE_WRITER, &st, &e));
		done = check_whole_pages();
	}
	ck_assert_int_gt(done, 0);
	ops->close(st);
	arena_free(arena);
	clean(dir);
}
END_TEST

static Suite *
suite_store_crash(void)
{
	Suite *s = suite_create("store_crash");
	TCase *t = tcase_create("kill");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, killed_at_any_instruction);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_store_crash())
