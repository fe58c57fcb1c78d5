/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/check_main.h"

#include "fhir/capability.h"
#include "gateway/outbody.h"
#include "mappings/to_fhir.h"

#include <stdlib.h>
#include <string.h>

static struct arena *arena;
static struct err e;

static void
setup(void)
{
	arena = arena_new();
}

static void
teardown(void)
{
	arena_free(arena);
}

static enum outref
refer(void *ctx, const char *identifier, bool version, struct arena *a,
    const char **ret)
{
	(void)ctx;
	if (strcmp(identifier, "none") == 0)
		return OUTREF_NONE;
	if (strcmp(identifier, "wait") == 0)
		return OUTREF_WAIT;
	*ret =
	    arena_printf(a, "T/%s%s", identifier, version ? "/_history/2" : "");
	return OUTREF_KNOWN;
}

static const struct {
	const char *body, *id, *want;
} resolves[] = {
    {"{\"resourceType\":\"Flag\",\"a\":1.10}", "7",
	"{\"resourceType\":\"Flag\",\"id\":\"7\",\"a\":1.10}"},
    {"{\"r\":{\"reference\":\"urn:rescan:x\",\"display\":\"d\"}}", "",
	"{\"r\":{\"reference\":\"T/x\",\"display\":\"d\"}}"},
    {"{\"r\":[{\"reference\":\"urn:rescan:x#version\"}]}", "",
	"{\"r\":[{\"reference\":\"T/x/_history/2\"}]}"},
    {"{\"r\":[{\"reference\":\"urn:rescan:none\"},"
     "{\"reference\":\"urn:rescan:x\"}]}",
	"", "{\"r\":[{\"reference\":\"T/x\"}]}"},
    {"{\"r\":[{\"reference\":\"urn:rescan:none\"}],\"b\":true}", "",
	"{\"b\":true}"},
    {"{\"r\":{\"reference\":\"urn:rescan:none\"},\"e\":[]}", "", "{\"e\":[]}"},
    {"{\"a\":[{\"who\":{\"reference\":\"urn:rescan:none\"},\"t\":1}]}", "",
	"{\"a\":[{\"t\":1}]}"},
    {"{\"recorded\":\"@recorded\"}", "", "{\"recorded\":\"NOW\"}"},
    {"{\"r\":{\"reference\":\"Patient/1\"}}", "",
	"{\"r\":{\"reference\":\"Patient/1\"}}"},
    {"{\"r\":{\"reference\":\"urn:rescan:wait\"}}", "", NULL},
};

/* What goes to another server names the first one's resources in full. */
START_TEST(references_for_another_server)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
	    {"Patient/1", "https://ehr/fhir/Patient/1"},
	    {"Patient/1/_history/2", "https://ehr/fhir/Patient/1/_history/2"},
	    {"https://third/fhir/Patient/1", "https://third/fhir/Patient/1"},
	    {"urn:uuid:1", "urn:uuid:1"},
	    {"#contained", "#contained"},
	};
	struct outbody_request r = {.id = "",
	    .recorded = "NOW",
	    .base = "https://ehr/fhir",
	    .ref = refer,
	    .arena = arena};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *got = NULL;

		ck_assert_int_eq(
		    outbody_resolve(
			arena_printf(arena, "{\"r\":{\"reference\":\"%s\"}}",
			    rows[i].from),
			&r, &got, &e),
		    ERR_OK);
		ck_assert_str_eq(
		    got, arena_printf(arena, "{\"r\":{\"reference\":\"%s\"}}",
			     rows[i].to));
	}
}
END_TEST

START_TEST(placeholders)
{
	struct outbody_request r = {.id = resolves[_i].id,
	    .recorded = "NOW",
	    .ref = refer,
	    .arena = arena};
	char *got = NULL;

	ck_assert_int_eq(
	    outbody_resolve(resolves[_i].body, &r, &got, &e), ERR_OK);
	if (resolves[_i].want == NULL)
		ck_assert_ptr_null(got);
	else
		ck_assert_str_eq(got, resolves[_i].want);
}
END_TEST

START_TEST(retraction)
{
	ck_assert_str_eq(outbody_retract(arena,
			     "{\"resourceType\":\"Flag\",\"status\":\"active\","
			     "\"x\":{\"status\":\"y\"},\"a\":\"@recorded\"}"),
	    "{\"resourceType\":\"Flag\",\"status\":\"entered-in-error\","
	    "\"x\":{\"status\":\"y\"},\"a\":\"@recorded\"}");
	ck_assert_ptr_null(
	    outbody_retract(arena, "{\"resourceType\":\"Provenance\"}"));
}
END_TEST

static const char *
hash_a(void *ctx, const char *identifier)
{
	(void)ctx;
	return strcmp(identifier, "a") == 0 ? "1" : "2";
}

static const char *
hash_b(void *ctx, const char *identifier)
{
	(void)ctx;
	(void)identifier;
	return "2";
}

START_TEST(hash_follows_cited_versions)
{
	const char *plain = "{\"reference\":\"urn:rescan:a\"}";
	const char *cited = "{\"reference\":\"urn:rescan:a#version\"}";

	ck_assert_str_eq(outbody_hash(arena, plain, hash_a, NULL),
	    outbody_hash(arena, plain, hash_b, NULL));
	ck_assert_str_ne(outbody_hash(arena, cited, hash_a, NULL),
	    outbody_hash(arena, cited, hash_b, NULL));
}
END_TEST

/* Ours, theirs: the same?  within? */
static const struct {
	const char *ours, *theirs;
	bool same, within;
} pairs[] = {
    {"{\"a\":1,\"b\":\"x\"}", "{\"b\":\"x\",\"a\":1}", true, true},
    {"{\"a\":1}", "{\"a\":1,\"meta\":{\"versionId\":\"2\"},\"id\":\"7\"}", true,
	true},
    {"{\"a\":1}", "{\"a\":1,\"note\":\"n\"}", false, true},
    {"{\"a\":1}", "{\"a\":2}", false, false},
    {"{\"a\":1.10}", "{\"a\":1.1}", true, true},
    {"{\"a\":10.50}", "{\"a\":1.05e1}", true, true},
    {"{\"a\":10}", "{\"a\":10.0}", true, true},
    {"{\"a\":1.0}", "{\"a\":1}", true, true},
    {"{\"a\":10}", "{\"a\":100}", false, false},
    {"{\"a\":1.5}", "{\"a\":15}", false, false},
    {"{\"a\":[1,2]}", "{\"a\":[2,1]}", false, true},
    {"{\"a\":[1]}", "{\"a\":[1,2]}", false, true},
    {"{\"a\":[1,3]}", "{\"a\":[1,2]}", false, false},
    {"{\"s\":{\"reference\":\"Patient/1\"}}",
	"{\"s\":{\"reference\":\"https://h/fhir/Patient/1\"}}", true, true},
    {"{\"s\":{\"reference\":\"Patient/1\"}}",
	"{\"s\":{\"reference\":\"Patient/11\"}}", false, false},
    {"{\"s\":{\"reference\":\"t/1\"}}", "{\"s\":{\"reference\":\"at/1\"}}",
	false, false},
    /* HAPI keeps no version in a reference. */
    {"{\"s\":{\"reference\":\"Flag/1/_history/2\"}}",
	"{\"s\":{\"reference\":\"Flag/1\"}}", true, true},
    {"{\"s\":{\"reference\":\"Flag/1/_history/2\"}}",
	"{\"s\":{\"reference\":\"https://h/fhir/Flag/1\"}}", true, true},
    {"{\"s\":{\"reference\":\"Flag/1/_history/2\"}}",
	"{\"s\":{\"reference\":\"Flag/2\"}}", false, false},
    {"{\"s\":{\"reference\":\"Flag/1/_history/2\"}}",
	"{\"s\":{\"reference\":\"Flag/1/_history/3\"}}", false, false},
    {"{\"status\":\"active\"}", "{\"status\":\"inactive\"}", false, false},
    {"{\"recorded\":\"1\"}", "{\"recorded\":\"2\"}", true, true},
    {"{\"x\":{\"meta\":1}}", "{\"x\":{\"meta\":2}}", false, false},
};

START_TEST(comparison)
{
	struct json_doc *a, *b;

	ck_assert_int_eq(
	    json_parse(pairs[_i].ours, strlen(pairs[_i].ours), &a, &e), ERR_OK);
	ck_assert_int_eq(
	    json_parse(pairs[_i].theirs, strlen(pairs[_i].theirs), &b, &e),
	    ERR_OK);
	ck_assert_int_eq(
	    outbody_same(json_root(a), json_root(b)), pairs[_i].same);
	ck_assert_int_eq(
	    outbody_within(json_root(a), json_root(b)), pairs[_i].within);
	json_free(a);
	json_free(b);
}
END_TEST

START_TEST(identifier_or_tag)
{
	static const struct {
		const char *body;
		bool want;
	} rows[] = {
	    {"{\"identifier\":[{\"system\":\"other\",\"value\":\"v\"},"
	     "{\"system\":\"" RESCAN_IDENTIFIER_SYSTEM "\",\"value\":\"v\"}]}",
		true},
	    {"{\"meta\":{\"tag\":[{\"system\":\"" RESCAN_IDENTIFIER_SYSTEM
	     "\",\"code\":\"v\"}]}}",
		true},
	    {"{\"identifier\":[{\"system\":\"" RESCAN_IDENTIFIER_SYSTEM
	     "\",\"value\":\"w\"}]}",
		false},
	    {"{\"identifier\":[{\"system\":\"other\",\"value\":\"v\"}]}",
		false},
	    {"{}", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_doc *d;

		ck_assert_int_eq(
		    json_parse(rows[i].body, strlen(rows[i].body), &d, &e),
		    ERR_OK);
		ck_assert_msg(
		    outbody_carries(json_root(d), "v") == rows[i].want, "%s",
		    rows[i].body);
		json_free(d);
	}
}
END_TEST

START_TEST(changes_are_lines)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	outbody_print_changes("{\"a\":{\"b\":[1,2]},\"s\":\"x\"}",
	    "{\"a\":{\"b\":[1,3]},\"s\":\"x\"}", f);
	fclose(f);
	ck_assert_str_eq(text, "  - a.b[1]: 2\n  + a.b[1]: 3\n");
	free(text);
}
END_TEST

#define CS "{\"resourceType\":\"CapabilityStatement\",\"fhirVersion\":"

static const struct {
	const char *body;
	enum err_code want;
	const char *create, *update; /* what is refused of Flag */
} statements[] = {
    {CS "\"4.0.1\"}", ERR_OK, NULL, NULL},
    {CS "\"4.0.0\",\"rest\":[{\"mode\":\"server\",\"resource\":["
	"{\"type\":\"Flag\"}]}]}",
	ERR_OK, NULL, NULL},
    {CS "\"4.0.1\",\"rest\":[{\"mode\":\"server\",\"resource\":["
	"{\"type\":\"Flag\",\"interaction\":[{\"code\":\"read\"},"
	"{\"code\":\"update\"}]}]}]}",
	ERR_OK, "create", NULL},
    {CS "\"4.0.1\",\"rest\":[{\"mode\":\"client\"},"
	"{\"mode\":\"server\",\"resource\":[{\"type\":\"Patient\"}]}]}",
	ERR_OK, "create", "update"},
    {CS "\"5.0.0\"}", ERR_INVALID, NULL, NULL},
    {CS "\"3.0.2\"}", ERR_INVALID, NULL, NULL},
    {"{\"resourceType\":\"CapabilityStatement\"}", ERR_INVALID, NULL, NULL},
    {"{\"resourceType\":\"Patient\"}", ERR_NOT_FHIR, NULL, NULL},
};

START_TEST(capability)
{
	struct capability c;
	struct json_doc *d;
	const char *s = statements[_i].body;

	ck_assert_int_eq(json_parse(s, strlen(s), &d, &e), ERR_OK);
	ck_assert_int_eq(
	    capability_read(json_root(d), arena, &c, &e), statements[_i].want);
	if (statements[_i].want == ERR_OK) {
		ck_assert_pstr_eq(capability_refuses(&c, "Flag", false),
		    statements[_i].create);
		ck_assert_pstr_eq(capability_refuses(&c, "Flag", true),
		    statements[_i].update);
	}
	json_free(d);
}
END_TEST

#define N(rows) ((int)(sizeof(rows) / sizeof(rows[0])))

static Suite *
suite_outbody(void)
{
	Suite *s = suite_create("outbody");
	TCase *t = tcase_create("outbody");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, placeholders, 0, N(resolves));
	tcase_add_test(t, references_for_another_server);
	tcase_add_test(t, retraction);
	tcase_add_test(t, hash_follows_cited_versions);
	tcase_add_loop_test(t, comparison, 0, N(pairs));
	tcase_add_test(t, identifier_or_tag);
	tcase_add_test(t, changes_are_lines);
	tcase_add_loop_test(t, capability, 0, N(statements));
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_outbody())
