/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's contract where reading uses it: memory, holds, sweeps,
 * tombstones.
 */
#include "tests/support/check_main.h"

#include "gateway/store/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct store_ops *const backends[] = {&store_sqlite};
#define N_BACKENDS ((int)(sizeof(backends) / sizeof(backends[0])))

#define SERVER "demo"

static char dir[64], where[96];
static const struct store_ops *ops;
static struct store *st;
static struct arena *arena;
static struct err e;

static void
must(enum err_code rc)
{
	ck_assert_msg(rc == ERR_OK, "%s: %s", err_name(rc), e.text);
}

static void
begin(int backend)
{
	ops = backends[backend];
	snprintf(dir, sizeof(dir), "/tmp/check_store_read.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(where, sizeof(where), "%s/store.db", dir);
	arena = arena_new();
	must(ops->open(where, STORE_WRITER, &st, &e));
}

static void
end(void)
{
	static const char *const suffix[] = {"", "-wal", "-shm", ".lock"};
	char name[128];

	ops->close(st);
	arena_free(arena);
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", where, suffix[i]);
		unlink(name);
	}
	rmdir(dir);
}

static struct store_page_result
put_row(const struct store_resource *x, const char *const *missed, size_t n)
{
	struct store_page_result r;
	struct store_page p = {.server = SERVER,
	    .type = "Observation",
	    .resources = x,
	    .n_resources = x == NULL ? 0 : 1,
	    .missed = missed,
	    .n_missed = n};

	must(ops->page_put(st, &p, &r, &e));
	return r;
}

static struct store_resource
row(const char *id, const char *version, int64_t at, const char *patient)
{
	struct store_resource x = {.key = id,
	    .type = "Observation",
	    .version = version,
	    .last_updated_ms = at,
	    .patient = patient,
	    .hash = version,
	    .body = "{}",
	    .len = 2};

	return x;
}

static struct store_page_result
put(const char *id, const char *version, int64_t at, const char *patient)
{
	struct store_resource x = row(id, version, at, patient);

	return put_row(&x, NULL, 0);
}

static struct store_page_result
put_gone(const char *id, const char *version, int64_t at)
{
	struct store_resource x = row(id, version, at, NULL);

	x.hash = x.body = "";
	x.len = 0;
	x.state = RESOURCE_DELETED;
	return put_row(&x, NULL, 0);
}

static enum err_code
lease(int64_t now, struct store_patient *ret)
{
	struct store_lease l = {SERVER, "me", 0, now, now + 1000, 100, true};

	return ops->patient_lease(st, &l, arena, ret, &e);
}

static enum err_code
note(void *ctx, const struct store_resource *r, struct err *unused)
{
	char *text = ctx;
	size_t n = strlen(text);

	(void)unused;
	snprintf(text + n, 200 - n, "%s@%s:%d ", r->key, r->version, r->state);
	return ERR_OK;
}

static const char *
load(int64_t id)
{
	static char text[200];
	int64_t generation;

	text[0] = '\0';
	must(ops->patient_load(st, id, note, text, &generation, &e));
	return text;
}

static struct store_key *
keys(const char *patient, size_t *n)
{
	struct store_key *k = NULL;

	must(ops->keys(st, SERVER, patient, "Observation", arena, &k, n, &e));
	return k;
}

START_TEST(memory_is_kept_a_server)
{
	const char *text;

	begin(_i);
	must(ops->memory_get(st, SERVER, "lag", arena, &text, &e));
	ck_assert_str_eq(text, "");
	must(ops->memory_put(st, SERVER, "lag", "1500", &e));
	must(ops->memory_put(st, SERVER, "lag", "2500", &e));
	must(ops->memory_get(st, SERVER, "lag", arena, &text, &e));
	ck_assert_str_eq(text, "2500");
	must(ops->memory_get(st, "other", "lag", arena, &text, &e));
	ck_assert_str_eq(text, "");
	must(ops->memory_put(st, SERVER, "lag", "", &e));
	must(ops->memory_get(st, SERVER, "lag", arena, &text, &e));
	ck_assert_str_eq(text, "");
	end();
}
END_TEST

START_TEST(held_patient_waits)
{
	struct store_patient p;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1");
	must(ops->patient_hold(st, SERVER, "Patient/1", 500, &e));
	ck_assert_int_eq(lease(499, &p), ERR_END);
	must(ops->patient_hold(st, SERVER, "Patient/1", 0, &e));
	must(lease(499, &p));
	ck_assert_str_eq(p.key, "Patient/1");
	end();
}
END_TEST

START_TEST(missed_twice_is_counted_found_forgets)
{
	static const char *const gone[] = {"Observation/1"};
	struct store_key *k;
	size_t n;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1");
	put("Observation/2", "1", 10, "Patient/1");
	put("Observation/3", "1", 10, "Patient/2");
	put_row(NULL, gone, 1);
	put_row(NULL, gone, 1);
	k = keys("Patient/1", &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(k[0].key, "Observation/1");
	ck_assert_int_eq(k[0].missed, 2);
	ck_assert_int_eq(k[1].missed, 0);
	/* Seen again, the same: nobody is woken, nothing is held against it. */
	ck_assert_uint_eq(put("Observation/1", "1", 10, "Patient/1").stored, 0);
	k = keys("Patient/1", &n);
	ck_assert_int_eq(k[0].missed, 0);
	end();
}
END_TEST

START_TEST(tombstone_keeps_whose_it_was)
{
	struct store_patient p;
	size_t n;

	begin(_i);
	put("Observation/1", "2", 10, "Patient/1");
	must(lease(1, &p));
	must(ops->patient_release(st, p.id, "me", 0, p.generation, &e));
	put_gone("Observation/1", "3", 20);
	must(lease(1, &p)); /* woken */
	ck_assert_str_eq(load(p.id), "Observation/1@3:1 ");
	keys("Patient/1", &n);
	ck_assert_uint_eq(n, 0);
	/* An older copy does not bring it back; a later version does. */
	ck_assert_uint_eq(put("Observation/1", "2", 10, "Patient/1").stored, 0);
	ck_assert_uint_eq(put("Observation/1", "4", 30, "Patient/1").stored, 1);
	ck_assert_str_eq(load(p.id), "Observation/1@4:0 ");
	/* Gone without a version: the last known one stays. */
	put_gone("Observation/1", "", TIME_NONE);
	ck_assert_str_eq(load(p.id), "Observation/1@4:1 ");
	end();
}
END_TEST

START_TEST(restored_copy_counts)
{
	struct store_resource x = row("Observation/1", "2", 10, "Patient/1");

	begin(_i);
	put("Observation/1", "5", 50, "Patient/1");
	ck_assert_uint_eq(put_row(&x, NULL, 0).stored, 0);
	x.restored = true;
	ck_assert_uint_eq(put_row(&x, NULL, 0).stored, 1);
	end();
}
END_TEST

START_TEST(oldest_of_what_is_new_is_told)
{
	begin(_i);
	ck_assert_int_eq(
	    put("Observation/1", "1", 10, "Patient/1").oldest_ms, 10);
	ck_assert_int_eq(
	    put("Observation/1", "1", 10, "Patient/1").oldest_ms, TIME_NONE);
	end();
}
END_TEST

START_TEST(sweeps_come_in_turn)
{
	const char **who;
	size_t n;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1");
	put("Observation/2", "1", 10, "Patient/2");
	/* Time runs from the first look on. */
	must(ops->sweep_due(st, SERVER, 1000, 900, 9, arena, &who, &n, &e));
	ck_assert_uint_eq(n, 0);
	must(ops->sweep_due(st, SERVER, 2000, 1000, 9, arena, &who, &n, &e));
	ck_assert_uint_eq(n, 2);
	must(ops->sweep_done(st, SERVER, "Patient/1", 2000, &e));
	must(ops->sweep_due(st, SERVER, 2000, 1000, 9, arena, &who, &n, &e));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(who[0], "Patient/2");
	must(ops->sweep_all(st, SERVER, &e));
	must(ops->sweep_due(st, SERVER, 2000, 1000, 1, arena, &who, &n, &e));
	ck_assert_uint_eq(n, 1);
	end();
}
END_TEST

START_TEST(merged_id_with_outputs_is_worked_once_more)
{
	struct store_output o = {.identifier = "i1",
	    .type = "Flag",
	    .kind = "flag",
	    .label = "l",
	    .search = "s",
	    .body = "{}",
	    .hash = "h"};
	struct store_resource x = row("Patient/1", "2", 20, "Patient/1");
	struct store_patient p;
	struct store_assessment a;
	const char *who;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1");
	must(lease(1, &p));
	a = (struct store_assessment){.patient_id = p.id,
	    .generation = p.generation,
	    .owner = "me",
	    .document = "{}",
	    .maps = "[]",
	    .as_of = 1,
	    .due_day = DAY_NONE,
	    .outputs = &o,
	    .n_outputs = 1};
	must(ops->assessment_put(st, &a, &e));
	must(ops->patient_release(st, p.id, "me", 0, -1, &e));
	x.type = "Patient";
	x.replaced_by = "Patient/2";
	put_row(&x, NULL, 0);
	must(lease(1, &p));
	ck_assert_str_eq(p.key, "Patient/1");
	ck_assert(p.dirty);
	must(ops->patient_survivor(st, SERVER, "Patient/1", arena, &who, &e));
	ck_assert_str_eq(who, "Patient/2");
	must(ops->patient_survivor(st, SERVER, "Patient/9", arena, &who, &e));
	ck_assert_str_eq(who, "Patient/9");
	end();
}
END_TEST

START_TEST(all_are_dirty_but_merged_ones)
{
	struct store_patient p;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1");
	must(lease(1, &p));
	must(ops->patient_release(st, p.id, "me", 0, p.generation, &e));
	ck_assert_int_eq(lease(2000, &p), ERR_END);
	must(ops->patients_dirty(st, SERVER, &e));
	must(lease(2000, &p));
	end();
}
END_TEST

static Suite *
suite_store_read(void)
{
	const struct {
		const char *name;
		const TTest *test;
	} tests[] = {
#define T(x) {#x, x}
	    T(memory_is_kept_a_server),
	    T(held_patient_waits),
	    T(missed_twice_is_counted_found_forgets),
	    T(tombstone_keeps_whose_it_was),
	    T(restored_copy_counts),
	    T(oldest_of_what_is_new_is_told),
	    T(sweeps_come_in_turn),
	    T(merged_id_with_outputs_is_worked_once_more),
	    T(all_are_dirty_but_merged_ones),
#undef T
	};
	Suite *s = suite_create("store_read");

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		TCase *t = tcase_create(tests[i].name);

		tcase_set_timeout(t, 20);
		tcase_add_loop_test(t, tests[i].test, 0, N_BACKENDS);
		suite_add_tcase(s, t);
	}
	return s;
}

CHECK_MAIN(suite_store_read())
