/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fhir/json.h"
#include "mappings/to_fhir.h"
#include "tests/support/assessment_fixture.h"
#include "tests/support/check_main.h"

#define OUT      "build/validate-in"
#define RECORDED "2024-04-21T08:00:00.000Z"
#define URN      "urn:rescan:"

static struct arena *arena;
static struct codemap *maps;

static void
setup(void)
{
	static const char *const dirs[] = {"mappings/maps"};
	struct err e = ERR_INIT;

	arena = arena_new();
	ck_assert_msg(codemap_load(dirs, 1, &maps, &e) == ERR_OK, "%s", e.text);
}

static void
teardown(void)
{
	codemap_free(maps);
	arena_free(arena);
}

static void
write_bundle(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	ck_assert(mkdir("build", 0777) == 0 || errno == EEXIST);
	ck_assert(mkdir(OUT, 0777) == 0 || errno == EEXIST);
	snprintf(path, sizeof(path), OUT "/%s.json", name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* Every reference inside the bundle meets a fullUrl; nothing is left of the
 * deliverer's placeholders.  The files are for tests/validate_outputs.sh. */
START_TEST(bundle_is_closed)
{
	const struct to_fhir_options options = {maps, "0.0.0-test"};
	const struct output *o;
	size_t n;
	struct strbuf out;
	struct err e = ERR_INIT;
	struct json_doc *doc = NULL;
	const struct json_value *entries;
	size_t expected = 0;

	to_fhir(fixture_assessment(arena, (enum fixture)_i), &options, arena,
	    &o, &n);
	strbuf_init(&out, 1 << 24);
	to_fhir_bundle(o, n, RECORDED, &out);
	ck_assert(!out.overflow);
	ck_assert_msg(
	    json_parse(out.s, out.len, &doc, &e) == ERR_OK, "%s", e.text);
	ck_assert_str_eq(json_string_at(json_root(doc), "type"), "transaction");
	entries = json_get(json_root(doc), "entry");
	for (size_t i = 0; i < n; i++)
		expected += !o[i].only_if_exists;
	ck_assert_uint_eq(json_length(entries), expected);
	ck_assert((entries == NULL) == (expected == 0));
	ck_assert_ptr_null(strstr(out.s, URN));
	ck_assert_ptr_null(strstr(out.s, "@recorded"));
	for (const char *p = strstr(out.s, "\"reference\":\"urn:uuid:");
	     p != NULL; p = strstr(p, "\"reference\":\"urn:uuid:")) {
		const char *url;

		p += strlen("\"reference\":");
		url = arena_printf(arena, "\"fullUrl\":%.47s", p);
		ck_assert_msg(strstr(out.s, url) != NULL, "%s", url);
	}
	for (size_t i = 0; i < json_length(entries); i++) {
		ck_assert_str_eq(
		    json_string_at(json_at(entries, i), "request.method"),
		    "POST");
		ck_assert_ptr_nonnull(
		    json_string_at(json_at(entries, i), "request.ifNoneExist"));
	}
	write_bundle(fixture_name((enum fixture)_i), out.s);
	json_free(doc);
	strbuf_done(&out);
}
END_TEST

static Suite *
suite_to_fhir_bundle(void)
{
	Suite *s = suite_create("to_fhir_bundle");
	TCase *t = tcase_create("bundle");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, bundle_is_closed, 0, FIXTURE__MAX);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_to_fhir_bundle())
