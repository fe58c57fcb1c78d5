/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's contract: one suite, run on every backend of the table.
 */
#include "tests/support/check_main.h"

#include "gateway/store/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
	snprintf(dir, sizeof(dir), "/tmp/check_store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(where, sizeof(where), "%s/store.db", dir);
	arena = arena_new();
	must(ops->open(where, STORE_WRITER, &st, &e));
}

static void
reopen(void)
{
	ops->close(st);
	st = NULL;
	must(ops->open(where, STORE_WRITER, &st, &e));
}

static void
end(void)
{
	static const char *const suffix[] = {"", "-wal", "-shm", ".lock"};
	char name[128];

	ops->close(st);
	st = NULL;
	arena_free(arena);
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", where, suffix[i]);
		unlink(name);
	}
	rmdir(dir);
}

/* Put one resource; what became of it. */
static struct store_page_result
put(const char *key, const char *version, int64_t at, const char *patient,
    const char *hash, const char *reference)
{
	struct store_page_result r = {0, 0, 0, TIME_NONE};
	char type[64], body[256];
	struct store_resource x = {
	    .key = key,
	    .type = type,
	    .version = version,
	    .last_updated_ms = at,
	    .patient = patient,
	    .hash = hash,
	    .body = body,
	    .references = &reference,
	    .n_references = reference == NULL ? 0 : 1,
	};
	struct store_page p = {
	    .server = SERVER, .type = type, .resources = &x, .n_resources = 1};

	snprintf(type, sizeof(type), "%.*s", (int)strcspn(key, "/"), key);
	snprintf(
	    body, sizeof(body), "{\"v\":\"%s\",\"h\":\"%s\"}", version, hash);
	x.len = strlen(body);
	must(ops->page_put(st, &p, &r, &e));
	return r;
}

static enum err_code
lease(int64_t now, int64_t after, struct store_patient *ret)
{
	struct store_lease l = {
	    SERVER, "me", after, now, now + 1000, 100, true};

	return ops->patient_lease(st, &l, arena, ret, &e);
}

static void
assess(const struct store_patient *p, const struct store_output *o, size_t n,
    int32_t due)
{
	struct store_assessment x = {.patient_id = p->id,
	    .generation = p->generation,
	    .owner = "me",
	    .document = "{\"doc\":1}",
	    .maps = "[]",
	    .as_of = 100,
	    .due_day = due,
	    .made_ms = 5,
	    .outputs = o,
	    .n_outputs = n};

	must(ops->assessment_put(st, &x, &e));
}

static void
release(const struct store_patient *p)
{
	must(ops->patient_release(st, p->id, "me", 0, -1, &e));
}

static struct store_output
flag(const char *identifier, const char *body)
{
	struct store_output o = {.seq = 1,
	    .identifier = identifier,
	    .type = "Flag",
	    .kind = "flag",
	    .label = "a flag",
	    .search = "identifier=x",
	    .body = body,
	    .hash = body};

	return o;
}

START_TEST(file_is_private)
{
	struct stat sb;

	begin(_i);
	ck_assert_int_eq(stat(where, &sb), 0);
	ck_assert_int_eq(sb.st_mode & 0777, 0600);
	end();
}
END_TEST

START_TEST(one_writer_any_readers)
{
	struct store *other = NULL;

	begin(_i);
	ck_assert_int_eq(ops->open(where, STORE_WRITER, &other, &e), ERR_STORE);
	ck_assert_ptr_nonnull(strstr(e.text, "another gateway"));
	put("Observation/1", "1", 10, "Patient/1", "a", NULL);
	must(ops->open(where, STORE_READER, &other, &e));
	{
		struct store_row *rows;
		size_t n;

		must(ops->patients(other, SERVER, arena, &rows, &n, &e));
		ck_assert_uint_eq(n, 1);
	}
	ops->close(other);
	end();
}
END_TEST

START_TEST(unchanged_content_wakes_nobody)
{
	struct store_patient p;

	begin(_i);
	ck_assert_uint_eq(
	    put("Observation/1", "1", 10, "Patient/1", "a", NULL).stored, 1);
	must(lease(1, 0, &p));
	ck_assert_str_eq(p.key, "Patient/1");
	ck_assert(p.dirty);
	assess(&p, NULL, 0, DAY_NONE);
	release(&p);
	/* Seen again; touched without a change; an older copy. */
	ck_assert_uint_eq(
	    put("Observation/1", "1", 10, "Patient/1", "a", NULL).unchanged, 1);
	ck_assert_uint_eq(
	    put("Observation/1", "2", 20, "Patient/1", "a", NULL).unchanged, 1);
	ck_assert_uint_eq(
	    put("Observation/1", "1", 10, "Patient/1", "b", NULL).unchanged, 1);
	ck_assert_int_eq(lease(1, 0, &p), ERR_END);
	/* A new version; and an older time with a higher version. */
	ck_assert_uint_eq(
	    put("Observation/1", "3", 5, "Patient/1", "b", NULL).stored, 1);
	must(lease(1, 0, &p));
	end();
}
END_TEST

START_TEST(dirt_during_assessment_stays)
{
	struct store_patient p;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1", "a", NULL);
	must(lease(1, 0, &p));
	put("Observation/1", "2", 11, "Patient/1", "b", NULL);
	assess(&p, NULL, 0, DAY_NONE);
	release(&p);
	must(lease(1, 0, &p));
	ck_assert(p.dirty);
	end();
}
END_TEST

START_TEST(wrong_patient_corrected_wakes_both)
{
	struct store_patient p;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1", "a", NULL);
	must(lease(1, 0, &p));
	assess(&p, NULL, 0, DAY_NONE);
	release(&p);
	put("Observation/1", "2", 11, "Patient/2", "b", NULL);
	must(lease(1, 0, &p));
	ck_assert_str_eq(p.key, "Patient/1");
	must(lease(1, p.id, &p));
	ck_assert_str_eq(p.key, "Patient/2");
	end();
}
END_TEST

START_TEST(lease_is_exclusive_and_ends)
{
	struct store_patient p, q;
	struct store_assessment x = {.owner = "other",
	    .document = "{}",
	    .maps = "[]",
	    .due_day = DAY_NONE};

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1", "a", NULL);
	must(lease(1, 0, &p));
	ck_assert_int_eq(lease(500, 0, &q), ERR_END);
	must(lease(1001, 0, &q));
	ck_assert_int_eq(q.id, p.id);
	x.patient_id = p.id;
	ck_assert_int_eq(ops->assessment_put(st, &x, &e), ERR_CONFLICT);
	/* Not before its time; a failure counts as seen. */
	must(ops->patient_release(st, p.id, "me", 5000, -1, &e));
	ck_assert_int_eq(lease(4999, 0, &q), ERR_END);
	must(lease(5000, 0, &q));
	must(ops->patient_release(st, p.id, "me", 0, q.generation, &e));
	ck_assert_int_eq(lease(6000, 0, &q), ERR_END);
	end();
}
END_TEST

START_TEST(dead_writers_leases_end)
{
	struct store_patient p;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1", "a", NULL);
	must(lease(1, 0, &p));
	ck_assert_int_eq(lease(2, 0, &p), ERR_END);
	reopen();
	must(lease(2, 0, &p));
	end();
}
END_TEST

START_TEST(due_day_wakes)
{
	struct store_patient p;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1", "a", NULL);
	must(lease(1, 0, &p));
	assess(&p, NULL, 0, 101); /* today is 100 */
	release(&p);
	ck_assert_int_eq(lease(1, 0, &p), ERR_END);
	{
		struct store_lease l = {SERVER, "me", 0, 1, 1000, 101, true};

		must(ops->patient_lease(st, &l, arena, &p, &e));
		ck_assert(p.dirty);
	}
	end();
}
END_TEST

START_TEST(outbox_follows_content)
{
	struct store_output o = flag("id1", "one"), *got;
	struct store_patient p;
	size_t n;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1", "a", NULL);
	must(lease(1, 0, &p));
	assess(&p, &o, 1, DAY_NONE);
	must(ops->outputs(st, p.id, NULL, arena, &got, &n, &e));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(got->state, OUTPUT_PENDING);
	release(&p);
	/* Pending work is a reason for a lease, though nothing is dirty. */
	must(lease(1, 0, &p));
	ck_assert(!p.dirty);
	got->state = OUTPUT_WRITTEN;
	got->server_id = "77";
	got->landed = "one";
	must(ops->output_put(st, got, NULL, &e));
	release(&p);
	ck_assert_int_eq(lease(1, 0, &p), ERR_END);
	/* The same again changes nothing, another body makes it pending. */
	must(lease(1, 0, &p) == ERR_END ? ERR_OK : ERR_STORE);
	put("Observation/1", "2", 12, "Patient/1", "b", NULL);
	must(lease(1, 0, &p));
	assess(&p, &o, 1, DAY_NONE);
	must(ops->outputs(st, p.id, "id1", arena, &got, &n, &e));
	ck_assert_int_eq(got->state, OUTPUT_WRITTEN);
	o = flag("id1", "two");
	assess(&p, &o, 1, DAY_NONE);
	must(ops->outputs(st, p.id, "id1", arena, &got, &n, &e));
	ck_assert_int_eq(got->state, OUTPUT_PENDING);
	ck_assert_str_eq(got->server_id, "77");
	ck_assert_str_eq(got->landed, "one");
	ck_assert_str_eq(got->body, "two");
	/* What somebody dismissed stays so. */
	got->state = OUTPUT_DISMISSED;
	must(ops->output_put(st, got, NULL, &e));
	o = flag("id1", "three");
	assess(&p, &o, 1, DAY_NONE);
	must(ops->outputs(st, p.id, "id1", arena, &got, &n, &e));
	ck_assert_int_eq(got->state, OUTPUT_DISMISSED);
	must(ops->outputs(st, p.id, "no such", arena, &got, &n, &e));
	ck_assert_uint_eq(n, 0);
	end();
}
END_TEST

START_TEST(document_is_kept)
{
	struct store_patient p;
	const char *doc;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1", "a", NULL);
	must(lease(1, 0, &p));
	ck_assert_int_eq(
	    ops->assessment_get(st, p.id, arena, &doc, &e), ERR_NOT_FOUND);
	assess(&p, NULL, 0, DAY_NONE);
	reopen();
	must(ops->assessment_get(st, p.id, arena, &doc, &e));
	ck_assert_str_eq(doc, "{\"doc\":1}");
	end();
}
END_TEST

/* --- references, loading --- */

static char loaded[512];

static enum err_code
note(void *ctx, const struct store_resource *r, struct err *err)
{
	(void)ctx;
	(void)err;
	snprintf(loaded + strlen(loaded), sizeof(loaded) - strlen(loaded),
	    "%s ", r->key);
	return ERR_OK;
}

static const char *
load(int64_t id)
{
	int64_t generation;

	loaded[0] = '\0';
	must(ops->patient_load(st, id, note, NULL, &generation, &e));
	return loaded;
}

static const char *
wanted(int64_t id)
{
	const char **keys;
	size_t n;

	loaded[0] = '\0';
	must(ops->references_wanted(st, id, 10, arena, &keys, &n, &e));
	for (size_t i = 0; i < n; i++) {
		snprintf(loaded + strlen(loaded),
		    sizeof(loaded) - strlen(loaded), "%s ", keys[i]);
	}
	return loaded;
}

START_TEST(references_are_read_once)
{
	struct store_patient p;

	begin(_i);
	put("MedicationAdministration/1", "1", 10, "Patient/1", "a",
	    "Medication/m");
	must(lease(1, 0, &p));
	ck_assert_str_eq(wanted(p.id), "Medication/m ");
	put("Medication/m", "1", 10, NULL, "m", NULL);
	ck_assert_str_eq(wanted(p.id), "");
	ck_assert_str_eq(
	    load(p.id), "Medication/m MedicationAdministration/1 ");
	/* The referring one changed: look again. */
	put("MedicationAdministration/1", "2", 11, "Patient/1", "b",
	    "Medication/m");
	ck_assert_str_eq(wanted(p.id), "Medication/m ");
	put("Medication/m", "1", 10, NULL, "m", NULL);
	ck_assert_str_eq(wanted(p.id), "");
	end();
}
END_TEST

START_TEST(shared_resource_wakes_all_who_use_it)
{
	struct store_patient p;

	begin(_i);
	put("MedicationAdministration/1", "1", 10, "Patient/1", "a",
	    "Medication/m");
	put("MedicationAdministration/2", "1", 10, "Patient/2", "a",
	    "Medication/m");
	put("Observation/3", "1", 10, "Patient/3", "a", NULL);
	put("Medication/m", "1", 10, NULL, "m", NULL);
	for (int64_t after = 0; lease(1, after, &p) == ERR_OK; after = p.id) {
		assess(&p, NULL, 0, DAY_NONE);
		release(&p);
	}
	put("Medication/m", "2", 20, NULL, "m2", NULL);
	must(lease(1, 0, &p));
	ck_assert_str_eq(p.key, "Patient/1");
	must(lease(1, p.id, &p));
	ck_assert_str_eq(p.key, "Patient/2");
	ck_assert_int_eq(lease(1, p.id, &p), ERR_END);
	end();
}
END_TEST

START_TEST(foreign_resources_stay_out)
{
	struct store_patient p;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1", "a", "BodyStructure/b");
	put("BodyStructure/b", "1", 10, "Patient/2", "x", NULL);
	must(lease(1, 0, &p));
	ck_assert_str_eq(load(p.id), "Observation/1 ");
	end();
}
END_TEST

START_TEST(merged_patients_are_one)
{
	struct store_patient p;
	struct store_page_result r;
	struct store_resource x = {.key = "Patient/1",
	    .type = "Patient",
	    .version = "2",
	    .last_updated_ms = 20,
	    .patient = "Patient/1",
	    .hash = "m",
	    .body = "{}",
	    .len = 2,
	    .replaced_by = "Patient/2"};
	struct store_page page = {.server = SERVER,
	    .type = "Patient",
	    .resources = &x,
	    .n_resources = 1};
	int64_t generation;

	begin(_i);
	put("Observation/1", "1", 10, "Patient/1", "a", NULL);
	must(lease(1, 0, &p));
	must(ops->page_put(st, &page, &r, &e));
	ck_assert_int_eq(
	    ops->patient_load(st, p.id, note, NULL, &generation, &e), ERR_GONE);
	release(&p);
	must(lease(1, 0, &p));
	ck_assert_str_eq(p.key, "Patient/2");
	ck_assert_str_eq(load(p.id), "Observation/1 Patient/1 ");
	assess(&p, NULL, 0, DAY_NONE);
	release(&p);
	/* News of the old id wakes the survivor, and only that one. */
	put("Observation/1", "2", 30, "Patient/1", "b", NULL);
	must(lease(1, 0, &p));
	ck_assert_str_eq(p.key, "Patient/2");
	ck_assert_int_eq(lease(1, p.id, &p), ERR_END);
	assess(&p, NULL, 0, DAY_NONE);
	release(&p);
	/* Unmerged: both. */
	x.replaced_by = NULL;
	x.version = "3";
	x.hash = "n";
	must(ops->page_put(st, &page, &r, &e));
	must(lease(1, 0, &p));
	ck_assert_str_eq(p.key, "Patient/1");
	must(lease(1, p.id, &p));
	ck_assert_str_eq(p.key, "Patient/2");
	end();
}
END_TEST

/* --- quarantine --- */

START_TEST(quarantine_is_kept_once_and_heals)
{
	struct store_quarantine q = {.server = SERVER,
				    .key = "Observation/1",
				    .code = "not_fhir",
				    .text = "why",
				    .bytes = "{\0x",
				    .len = 3,
				    .at_ms = 7},
				*got;
	struct store_page page = {.server = SERVER,
	    .type = "Observation",
	    .quarantine = &q,
	    .n_quarantine = 1};
	struct store_page_result r;
	size_t n;

	begin(_i);
	must(ops->page_put(st, &page, &r, &e));
	ck_assert_uint_eq(r.quarantined, 1);
	must(ops->page_put(st, &page, &r, &e));
	ck_assert_uint_eq(r.quarantined, 0);
	must(ops->quarantine(st, SERVER, arena, &got, &n, &e));
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(got->len, 3);
	must(ops->quarantine_get(st, got->id, arena, got, &e));
	ck_assert_int_eq(memcmp(got->bytes, "{\0x", 3), 0);
	put("Observation/1", "1", 10, "Patient/1", "a", NULL);
	must(ops->quarantine(st, SERVER, arena, &got, &n, &e));
	ck_assert_uint_eq(n, 0);
	end();
}
END_TEST

static Suite *
suite_store(void)
{
	const struct {
		const char *name;
		const TTest *test;
	} tests[] = {
#define T(x) {#x, x}
	    T(file_is_private),
	    T(one_writer_any_readers),
	    T(unchanged_content_wakes_nobody),
	    T(dirt_during_assessment_stays),
	    T(wrong_patient_corrected_wakes_both),
	    T(lease_is_exclusive_and_ends),
	    T(dead_writers_leases_end),
	    T(due_day_wakes),
	    T(outbox_follows_content),
	    T(document_is_kept),
	    T(references_are_read_once),
	    T(shared_resource_wakes_all_who_use_it),
	    T(foreign_resources_stay_out),
	    T(merged_patients_are_one),
	    T(quarantine_is_kept_once_and_heals),
#undef T
	};
	Suite *s = suite_create("store");

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		TCase *t = tcase_create(tests[i].name);

		tcase_set_timeout(t, 20);
		tcase_add_loop_test(t, tests[i].test, 0, N_BACKENDS);
		suite_add_tcase(s, t);
	}
	return s;
}

CHECK_MAIN(suite_store())
