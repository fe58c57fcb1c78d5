/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's contract for what was set aside, on every backend.
 */
#include "tests/support/check_main.h"

#include "gateway/store/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct store_ops *const backends[] = {&store_sqlite};
#define N_BACKENDS ((int)(sizeof(backends) / sizeof(backends[0])))

#define SERVER "demo"
#define URL    "https://h/fhir/Observation?_count=2"

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

static struct store_quarantine
row(const char *key, const char *type, const char *code, const char *bytes)
{
	struct store_quarantine q = {.server = SERVER,
	    .key = key,
	    .type = type,
	    .code = code,
	    .text = "why",
	    .bytes = bytes,
	    .len = strlen(bytes),
	    .at_ms = 7};

	return q;
}

static void
put(const struct store_quarantine *q, const char *type, bool advance)
{
	struct store_page page = {.server = SERVER,
	    .type = type,
	    .quarantine = q,
	    .n_quarantine = q == NULL ? 0 : 1,
	    .advance = advance,
	    .watermark_ms = 5};
	struct store_page_result r;

	must(ops->page_put(st, &page, &r, &e));
}

static size_t
list(struct store_quarantine **ret)
{
	size_t n;

	must(ops->quarantine(st, SERVER, arena, ret, &n, &e));
	return n;
}

static size_t
take(struct store_quarantine **ret)
{
	size_t n;

	must(ops->quarantine_take(st, SERVER, arena, ret, &n, &e));
	return n;
}

static int64_t
cursor(const char *type)
{
	int64_t ms;

	must(ops->cursor_get(st, SERVER, type, &ms, &e));
	return ms;
}

START_TEST(of_a_page_the_last_is_kept_until_the_search_ends)
{
	struct store_quarantine a = row(
				    URL, "Observation", QUARANTINE_PAGE, "<"),
				b = row(URL "&x", "Observation",
				    QUARANTINE_PAGE, "<b"),
				c = row("https://h/fhir/Flag?", "Flag",
				    QUARANTINE_PAGE, "<c"),
				*got;

	begin(_i);
	put(&a, "Observation", false);
	put(&b, "Observation", false);
	put(&c, "Flag", false);
	ck_assert_uint_eq(list(&got), 2);
	ck_assert_str_eq(got[0].key, URL "&x");
	put(NULL, "Observation", true);
	ck_assert_uint_eq(list(&got), 1);
	ck_assert_str_eq(got[0].type, "Flag");
	end();
}
END_TEST

START_TEST(an_entry_without_id_has_its_type_read_anew)
{
	struct store_quarantine q = row(URL, "Observation", "id_missing", "{}"),
				*got;
	size_t n;

	begin(_i);
	put(&q, "Observation", true);
	put(NULL, "ImagingStudy", true);
	ck_assert_uint_eq(list(&got), 1); /* still there at the end */
	must(ops->quarantine_retry(st, got->id, &n, &e));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(cursor("Observation"), 5);
	/* Nothing to read by key, but the cursor is gone: of this type. */
	ck_assert_uint_eq(take(&got), 0);
	ck_assert_int_eq(cursor("Observation"), TIME_NONE);
	ck_assert_int_eq(cursor("ImagingStudy"), 5);
	/* It comes again: it stays, and is not asked for any more. */
	put(&q, "Observation", true);
	ck_assert_uint_eq(list(&got), 1);
	ck_assert(!got->retry);
	/* It does not come again: it is gone. */
	must(ops->quarantine_retry(st, got->id, &n, &e));
	ck_assert_uint_eq(take(&got), 0);
	put(NULL, "ImagingStudy", true);
	ck_assert_uint_eq(list(&got), 1);
	put(NULL, "Observation", true);
	ck_assert_uint_eq(list(&got), 0);
	end();
}
END_TEST

START_TEST(a_resource_is_handed_out_until_it_is_settled)
{
	struct store_quarantine q = row("Observation/1", "Observation",
				    "patient_missing", "{}"),
				other = q, *got;
	struct store_page page = {.server = SERVER, .type = ""};
	struct store_page_result r;
	size_t n;
	int64_t id;

	begin(_i);
	put(&q, "Observation", true);
	other.server = "other";
	put(&other, "Observation", false);
	must(ops->quarantine(st, NULL, arena, &got, &n, &e));
	ck_assert_uint_eq(n, 2);
	must(ops->quarantine_retry(st, 0, &n, &e));
	ck_assert_uint_eq(n, 2);
	for (int i = 0; i < 2; i++) { /* a crash in between loses nothing */
		ck_assert_uint_eq(take(&got), 1);
		ck_assert_str_eq(got->key, "Observation/1");
		ck_assert_str_eq(got->server, SERVER);
	}
	id = got->id;
	page.retried = &id;
	page.n_retried = 1;
	must(ops->page_put(st, &page, &r, &e));
	ck_assert_uint_eq(take(&got), 0);
	ck_assert_uint_eq(list(&got), 0);
	ck_assert_int_eq(
	    ops->quarantine_get(st, id, arena, &q, &e), ERR_NOT_FOUND);
	must(ops->quarantine_retry(st, id, &n, &e));
	ck_assert_uint_eq(n, 0);
	end();
}
END_TEST

START_TEST(a_guest_asks_while_the_writer_runs)
{
	struct store_quarantine q = row("Observation/1", "Observation",
				    "patient_missing", "{}"),
				*got;
	struct store *guest = NULL;
	size_t n;

	begin(_i);
	put(&q, "Observation", true);
	must(ops->open(where, STORE_GUEST, &guest, &e));
	must(ops->quarantine_retry(guest, 0, &n, &e));
	ops->close(guest);
	ck_assert_uint_eq(take(&got), 1);
	end();
}
END_TEST

START_TEST(no_guest_in_no_store)
{
	struct store *guest = NULL;

	begin(_i);
	ck_assert_int_eq(
	    ops->open("/tmp/rescan_no_such_store.db", STORE_GUEST, &guest, &e),
	    ERR_STORE);
	ck_assert_ptr_null(guest);
	end();
}
END_TEST

static Suite *
suite_store_quarantine(void)
{
	Suite *s = suite_create("store_quarantine");
	TCase *t = tcase_create("backends");

	tcase_add_loop_test(
	    t, of_a_page_the_last_is_kept_until_the_search_ends, 0, N_BACKENDS);
	tcase_add_loop_test(
	    t, an_entry_without_id_has_its_type_read_anew, 0, N_BACKENDS);
	tcase_add_loop_test(
	    t, a_resource_is_handed_out_until_it_is_settled, 0, N_BACKENDS);
	tcase_add_loop_test(
	    t, a_guest_asks_while_the_writer_runs, 0, N_BACKENDS);
	tcase_add_loop_test(t, no_guest_in_no_store, 0, N_BACKENDS);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_store_quarantine())
