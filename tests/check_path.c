/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fhir/util/strbuf.h"
#include "mappings/path.h"
#include "tests/support/check_main.h"

static const char resource[] =
    "{\"resourceType\":\"BodyStructure\",\"id\":\"l1\","
    "\"identifier\":[{\"system\":\"a\",\"value\":\"1\"},"
    "{\"system\":\"b\",\"value\":\"2\"}],"
    "\"extension\":[{\"url\":\"http://site/role\",\"valueCode\":\"target\"},"
    "{\"url\":\"http://site/deep\",\"extension\":[{\"url\":\"x\","
    "\"valueString\":\"in\"}]},{\"url\":\"http://site/role\","
    "\"valueString\":\"second\"}],"
    "\"location\":{\"coding\":[{\"code\":\"c1\"},{\"code\":\"c2\"}]}}";

static const struct {
	const char *path, *expect; /* strings joined by "," */
} values[] = {
    {"BodyStructure.id", "l1"},
    {"BodyStructure.extension('http://site/role').value", "target,second"},
    {"BodyStructure.extension('http://site/role').valueCode", "target"},
    {"BodyStructure.extension('http://site/deep').extension('x').value", "in"},
    {"BodyStructure.identifier.where(system='b').value", "2"},
    {"BodyStructure.identifier.value", "1,2"},
    {"BodyStructure.location.coding.code", "c1,c2"},
    {"BodyStructure.morphology.text", ""},
    {"BodyStructure.extension('http://other').value", ""},
    {"Observation.id", ""},
};

START_TEST(gives_values)
{
	struct arena *a = arena_new();
	struct json_doc *doc;
	const struct path *p;
	struct path_result r;
	struct strbuf got;
	struct err e = ERR_INIT;

	ck_assert_int_eq(
	    json_parse(resource, strlen(resource), &doc, &e), ERR_OK);
	ck_assert_msg(
	    path_parse(values[_i].path, a, &p, &e) == ERR_OK, "%s", e.text);
	r = path_values(p, json_root(doc), a);
	strbuf_init(&got, 256);
	for (size_t i = 0; i < r.n; i++) {
		strbuf_adds(&got, i > 0 ? "," : "");
		strbuf_adds(&got, json_string(r.items[i]));
	}
	ck_assert_msg(strcmp(got.s, values[_i].expect) == 0, "%s: got '%s'",
	    values[_i].path, got.s);
	strbuf_done(&got);
	json_free(doc);
	arena_free(a);
}
END_TEST

static const char *const refused[] = {
    "",
    "BodyStructure",
    "bodyStructure.id",
    "BodyStructure..id",
    "BodyStructure.id.",
    "BodyStructure.extension(url)",
    "BodyStructure.extension('url'",
    "BodyStructure.extension('url).value",
    "BodyStructure.first()",
    "BodyStructure.where(system)",
    "BodyStructure.id id",
    "B.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a",
};

START_TEST(refuses)
{
	struct arena *a = arena_new();
	const struct path *p = NULL;
	struct err e = ERR_INIT;

	ck_assert_msg(path_parse(refused[_i], a, &p, &e) == ERR_CONFIG,
	    "'%s' was taken", refused[_i]);
	ck_assert_ptr_null(p);
	ck_assert_str_ne(e.text, "");
	arena_free(a);
}
END_TEST

static Suite *
suite_path(void)
{
	Suite *s = suite_create("path");
	TCase *t = tcase_create("path");

	tcase_add_loop_test(
	    t, gives_values, 0, sizeof(values) / sizeof(*values));
	tcase_add_loop_test(t, refuses, 0, sizeof(refused) / sizeof(*refused));
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_path())
