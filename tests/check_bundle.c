/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/bundle.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/resource.h"
#include "fhir/util/strbuf.h"
#include "tests/support/check_main.h"

#ifdef __SANITIZE_ADDRESS__
#define LARGE_BYTES ((size_t)6 << 20)
#else
#define LARGE_BYTES ((size_t)50 << 20)
#endif

/* What was handed over, one word an entry. */
struct seen {
	const char *text;
	struct strbuf words;
	size_t n, stop_at;
	struct arena *a;
	struct bundle_head head;
};

static enum err_code
note(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	struct seen *s = ctx;
	const char *type = json_string_at(entry->resource, "resourceType");
	const char *id = json_string_at(entry->resource, "id");

	ck_assert(s->text[entry->offset] != ' ');
	if (s->n++ > 0)
		strbuf_addc(&s->words, ' ');
	if (entry->method != NULL)
		strbuf_addf(&s->words, "%s:", entry->method);
	if (entry->resource == NULL)
		strbuf_addf(&s->words, "-%s", entry->url ? entry->url : "");
	else
		strbuf_addf(
		    &s->words, "%s/%s", type ? type : "?", id ? id : "");
	if (s->n == s->stop_at)
		return err_set(e, ERR_STOPPED, "enough");
	return ERR_OK;
}

typedef enum err_code reader(struct seen *s, size_t n, struct err *e);

static enum err_code
read_bundle(struct seen *s, size_t n, struct err *e)
{
	return bundle_read(s->text, n, s->a, &s->head, note, s, e);
}

static enum err_code
read_resources(struct seen *s, size_t n, struct err *e)
{
	return resources_read(s->text, n, s->a, note, NULL, s, e);
}

static void
seen_init(struct seen *s, const char *text)
{
	memset(s, 0, sizeof(*s));
	s->text = text;
	s->a = arena_new();
	strbuf_init(&s->words, 100000);
}

static void
seen_done(struct seen *s)
{
	strbuf_done(&s->words);
	arena_free(s->a);
}

/* Single quotes in the table stand for double ones. */
static char *
quoted(const char *s)
{
	char *copy = strdup(s);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

#define P1 "{'resourceType':'Patient','id':'1'}"
#define P2 "{'resourceType':'Patient','id':'2'}"
#define O1 "{'resourceType':'Observation','id':'o'}"
#define B0 "{'resourceType':'Bundle','entry':["
#define BZ "]}"
#define EN "{'resource':"
#define EZ "}"

static const struct {
	reader *read;
	const char *s;
	enum err_code code;
	const char *words, *text, *path;
} rows[] = {
    {read_bundle, P1, ERR_OK, "Patient/1", NULL, NULL},
    {read_bundle, "\xef\xbb\xbf" P1 "\n", ERR_OK, "Patient/1", NULL, NULL},
    {read_bundle, B0 BZ, ERR_OK, "", NULL, NULL},
    {read_bundle, "{'resourceType':'Bundle'}", ERR_OK, "", NULL, NULL},
    {read_bundle, B0 EN P1 EZ "," EN O1 EZ BZ, ERR_OK,
	"Patient/1 Observation/o", NULL, NULL},
    /* resourceType need not come first, nor be written plainly. */
    {read_bundle, "{'entry':[" EN P1 EZ "],'resourceType':'\\u0042undle'}",
	ERR_OK, "Patient/1", NULL, NULL},
    {read_bundle,
	B0 "{'request':{'method':'DELETE','url':'Patient/9'}},"
	   "{'resource':" P1
	   ",'request':{'method':'PUT','url':'Patient/1'}},{}" BZ,
	ERR_OK, "DELETE:-Patient/9 PUT:Patient/1 -", NULL, NULL},
    /* List has a member of the same name. */
    {read_bundle, "{'resourceType':'List','id':'l','entry':[{'item':{}}]}",
	ERR_OK, "List/l", NULL, NULL},
    /* What is no resource is for the caller to refuse; the others live. */
    {read_bundle,
	B0 EN P1 EZ "," EN "{'id':'x'}" EZ "," EN "7" EZ ",null," EN P2 EZ BZ,
	ERR_OK, "Patient/1 ?/x ?/ ?/ Patient/2", NULL, NULL},
    /* Bundles in Bundles, in their place. */
    {read_bundle, B0 EN P1 EZ "," EN B0 EN O1 EZ BZ EZ "," EN P2 EZ BZ, ERR_OK,
	"Patient/1 Observation/o Patient/2", NULL, NULL},
    {read_bundle,
	B0 EN B0 EN B0 EN B0 EN B0 EN P1 EZ BZ EZ BZ EZ BZ EZ BZ EZ BZ, ERR_OK,
	"Patient/1", NULL, NULL},
    {read_bundle,
	B0 EN B0 EN B0 EN B0 EN B0 EN B0 EN P1 EZ BZ EZ BZ EZ BZ EZ BZ EZ BZ EZ
	    BZ,
	ERR_LIMIT, "", "nested",
	"Bundle.entry[0].resource.entry[0].resource.entry[0].resource"
	".entry[0].resource.entry[0].resource"},
    {read_bundle, "[" P1 "]", ERR_NOT_FHIR, "", "resourceType", NULL},
    {read_bundle, "{'a':1}", ERR_NOT_FHIR, "", "resourceType", NULL},
    {read_bundle, "{'resourceType':7}", ERR_NOT_FHIR, "", "resourceType", NULL},
    {read_bundle, "null", ERR_NOT_FHIR, "", NULL, NULL},
    {read_bundle, "'Patient'", ERR_NOT_FHIR, "", NULL, NULL},
    {read_bundle, "", ERR_NOT_JSON, "", NULL, NULL},
    {read_bundle, "Service Unavailable", ERR_NOT_JSON, "", "byte 0", NULL},
    {read_bundle, " <!DOCTYPE html><html>", ERR_NOT_FHIR, "", "HTML", NULL},
    {read_bundle, "<html><body>Log in", ERR_NOT_FHIR, "", "HTML", NULL},
    {read_bundle, "\xef\xbb\xbf<?xml version='1.0'?><x/>", ERR_NOT_FHIR, "",
	"XML", NULL},
    {read_bundle, "<Bundle xmlns='http://hl7.org/fhir'></Bundle>", ERR_NOT_FHIR,
	"", "FHIR in XML", NULL},
    {read_bundle, P1 P2, ERR_NOT_JSON, "", "byte 35", NULL},
    /* Checked whole before the first is handed over. */
    {read_bundle, B0 EN P1 EZ "," EN "{'a':NaN}" EZ BZ, ERR_NOT_JSON, "", "NaN",
	NULL},

    {read_resources, P1, ERR_OK, "Patient/1", NULL, NULL},
    {read_resources, P1 P2, ERR_OK, "Patient/1 Patient/2", NULL, NULL},
    {read_resources, P1 "\n" P2 "\n", ERR_OK, "Patient/1 Patient/2", NULL,
	NULL},
    {read_resources, "\r\n" P1 "\r\n\r\n \n" P2 "\r\n\r\n", ERR_OK,
	"Patient/1 Patient/2", NULL, NULL},
    {read_resources, "\xef\xbb\xbf" P1 "\n" O1, ERR_OK,
	"Patient/1 Observation/o", NULL, NULL},
    {read_resources, B0 EN P1 EZ BZ "\n" B0 EN P2 EZ BZ, ERR_OK,
	"Patient/1 Patient/2", NULL, NULL},
    {read_resources, "{\n 'resourceType' :\n 'Patient'\n}\n" P2, ERR_OK,
	"Patient/ Patient/2", NULL, NULL},
    {read_resources, P1 "\n{'a':1}\n", ERR_NOT_FHIR, "Patient/1", "byte 35",
	NULL},
    {read_resources, P1 "\n{'a':,}\n" P2, ERR_NOT_JSON, "Patient/1", "byte 35",
	NULL},
    {read_resources, P1 "\n<html>", ERR_NOT_FHIR, "Patient/1", "HTML", NULL},
    {read_resources, P1 "\ngarbage", ERR_NOT_JSON, "Patient/1", "byte 35",
	NULL},
    {read_resources, P1 ",", ERR_NOT_JSON, "Patient/1", "byte 35", NULL},
    {read_resources, "[" P1 "," P2 "]", ERR_NOT_FHIR, "", NULL, NULL},
    {read_resources, "", ERR_NOT_JSON, "", NULL, NULL},
    {read_resources, " \r\n\t", ERR_NOT_JSON, "", NULL, NULL},
    {read_resources, "<html/>", ERR_NOT_FHIR, "", "HTML", NULL},
};

START_TEST(read)
{
	char *text = quoted(rows[_i].s);
	size_t n = strlen(text);
	char *exact = malloc(n > 0 ? n : 1);
	struct err e = ERR_INIT;
	struct seen s;
	enum err_code code;

	memcpy(exact, text, n); /* not terminated */
	seen_init(&s, exact);
	s.head.total = -7;
	code = rows[_i].read(&s, n, &e);
	ck_assert_msg(
	    code == rows[_i].code, "%s: %s %s", text, err_name(code), e.text);
	ck_assert_str_eq(s.words.s, rows[_i].words);
	if (rows[_i].text != NULL)
		ck_assert_msg(
		    strstr(e.text, rows[_i].text) != NULL, "%s", e.text);
	if (rows[_i].path != NULL)
		ck_assert_str_eq(e.path, rows[_i].path);
	if (code != ERR_OK)
		ck_assert_int_eq(s.head.total, -7);
	seen_done(&s);
	free(exact);
	free(text);
}
END_TEST

START_TEST(head_members)
{
	char *text = quoted(
	    "{'resourceType':'Bundle','type':'searchset','total':12,"
	    "'meta':{'versionId':'3'},'link':[{'relation':'self','url':'S'},"
	    "{'relation':'next','url':'?page=2&x=\\u00e4'},"
	    "{'relation':'prev','url':'P'}],"
	    "'entry':[" EN P1 EZ "," EN P2 EZ "]}");
	struct err e = ERR_INIT;
	struct seen s;

	seen_init(&s, text);
	ck_assert_int_eq(read_bundle(&s, strlen(text), &e), ERR_OK);
	ck_assert_str_eq(s.head.type, "searchset");
	ck_assert_str_eq(s.head.self, "S");
	ck_assert_str_eq(s.head.next, "?page=2&x=\xc3\xa4");
	ck_assert_str_eq(s.head.previous, "P");
	ck_assert_str_eq(s.head.version_tag, "3");
	ck_assert_int_eq(s.head.total, 12);
	ck_assert_uint_eq(s.head.entries, 2);
	seen_done(&s);
	free(text);
}
END_TEST

START_TEST(head_total)
{
	static const struct {
		const char *s;
		int64_t total;
	} totals[] = {{"'total':0", 0}, {"'total':-1", -1}, {"'a':1", -1},
	    {"'total':'5'", -1}, {"'total':1e3", -1}, {"'total':1.5", -1},
	    {"'total':null", -1}, {"'total':123456789012", 123456789012}};
	char text[100], *q;
	struct err e = ERR_INIT;
	struct seen s;

	for (size_t i = 0; i < sizeof(totals) / sizeof(*totals); i++) {
		snprintf(text, sizeof(text), "{'resourceType':'Bundle',%s}",
		    totals[i].s);
		q = quoted(text);
		seen_init(&s, q);
		ck_assert_int_eq(read_bundle(&s, strlen(q), &e), ERR_OK);
		ck_assert_msg(
		    s.head.total == totals[i].total, "%s", totals[i].s);
		ck_assert_ptr_null(s.head.next);
		ck_assert_ptr_null(s.head.type);
		seen_done(&s);
		free(q);
	}
}
END_TEST

static enum err_code
check_members(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	const char *text = ctx;

	(void)e;
	ck_assert_str_eq(entry->full_url, "urn:uuid:1");
	ck_assert_str_eq(entry->mode, "match");
	ck_assert_str_eq(entry->method, "POST");
	ck_assert_str_eq(entry->url, "Patient");
	ck_assert_str_eq(entry->status, "201 Created");
	ck_assert_str_eq(entry->etag, "W/\"1\"");
	ck_assert_str_eq(entry->location, "Patient/1/_history/1");
	ck_assert_str_eq(
	    json_string_at(entry->outcome, "resourceType"), "OperationOutcome");
	ck_assert_str_eq(json_string_at(entry->resource, "id"), "1");
	ck_assert_int_eq(strncmp(text + entry->offset, "{\"fullUrl", 9), 0);
	return ERR_OK;
}

START_TEST(entry_members)
{
	static const char inner[] =
	    "{'fullUrl':'urn:uuid:1','search':{'mode':'match'},"
	    "'request':{'method':'POST','url':'Patient'},'response':"
	    "{'status':'201 Created','etag':'W/\\'1\\'',"
	    "'location':'Patient/1/_history/1',"
	    "'outcome':{'resourceType':'OperationOutcome'}},'resource':" P1 "}";
	char text[2000], *q;
	struct err e = ERR_INIT;
	struct arena *a = arena_new();

	/* The same entry outside and in a Bundle within, after some space. */
	snprintf(text, sizeof(text), "%s  %s , %s %s %s %s", B0, inner, EN B0,
	    inner, BZ EZ, BZ);
	q = quoted(text);
	ck_assert_int_eq(
	    bundle_read(q, strlen(q), a, NULL, check_members, q, &e), ERR_OK);
	arena_free(a);
	free(q);
}
END_TEST

/* A code from the callback ends the reading, names the entry and is given
 * back; a path the callback named is kept. */
START_TEST(callback_stops)
{
	char *q = quoted(
	    B0 EN P1 EZ "," EN B0 EN O1 EZ "," EN P2 EZ BZ EZ "," EN P2 EZ BZ);
	static const char *const paths[] = {"Bundle.entry[0]",
	    "Bundle.entry[1].resource.entry[0]",
	    "Bundle.entry[1].resource.entry[1]", "Bundle.entry[2]"};
	struct err e = ERR_INIT;
	struct seen s;

	for (size_t i = 0; i < 4; i++) {
		seen_init(&s, q);
		s.stop_at = i + 1;
		ck_assert_int_eq(read_bundle(&s, strlen(q), &e), ERR_STOPPED);
		ck_assert_uint_eq(s.n, i + 1);
		ck_assert_str_eq(e.path, paths[i]);
		ck_assert_str_eq(e.text, "enough");
		ck_assert_ptr_null(s.head.type);
		seen_done(&s);
	}
	free(q);
}
END_TEST

static void
add_patient(struct strbuf *b, size_t i)
{
	strbuf_addf(b,
	    "{\"fullUrl\":\"urn:uuid:%zu\",\"resource\":{\"resourceType\":"
	    "\"Observation\",\"id\":\"o%zu\",\"status\":\"final\",\"code\":{"
	    "\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"21889-1\""
	    "}]},\"subject\":{\"reference\":\"Patient/%zu\"},\"note\":[{"
	    "\"text\":\"%0900d\"}],\"valueQuantity\":{\"value\":%zu.50,"
	    "\"unit\":\"mm\"}},\"request\":{\"method\":\"PUT\",\"url\":"
	    "\"Observation/o%zu\"}}",
	    i, i, i % 100, 0, i % 100, i);
}

static char *
large_bundle(size_t bytes, size_t *ret_entries)
{
	struct strbuf b;
	size_t i;

	strbuf_init(&b, bytes * 2);
	strbuf_adds(&b, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\","
			"\"entry\":[");
	for (i = 0; b.len < bytes; i++) {
		if (i > 0)
			strbuf_addc(&b, ',');
		add_patient(&b, i);
	}
	strbuf_adds(&b, "]}");
	*ret_entries = i;
	return strbuf_take(&b);
}

struct large {
	size_t n, heap_before, heap_most;
};

static enum err_code
count_large(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	struct large *l = ctx;
	struct resource_id id;
	char want[32];
	struct mallinfo2 m;

	ck_assert_int_eq(resource_identify(entry->resource, &id, e), ERR_OK);
	snprintf(want, sizeof(want), "o%zu", l->n++);
	ck_assert_str_eq(id.id, want);
	ck_assert_str_eq(entry->method, "PUT");
	if (l->n % 1000 == 1) {
		m = mallinfo2();
		if (m.uordblks > l->heap_most)
			l->heap_most = m.uordblks;
	}
	return ERR_OK;
}

/* 50 MB go through with one entry's tree in memory at a time; also as a
 * Bundle in a Bundle. */
START_TEST(large)
{
	size_t entries;
	char *s = large_bundle(LARGE_BYTES, &entries), *outer;
	struct large l = {0, mallinfo2().uordblks, 0};
	struct arena *a = arena_new();
	struct bundle_head head;
	struct err e = ERR_INIT;
	struct strbuf b;

	ck_assert_int_eq(
	    bundle_read(s, strlen(s), a, &head, count_large, &l, &e), ERR_OK);
	ck_assert_uint_eq(l.n, entries);
	ck_assert_uint_eq(head.entries, entries);
	ck_assert_str_eq(head.type, "transaction");
	ck_assert_uint_lt(arena_used(a), 1000);
	strbuf_init(&b, LARGE_BYTES * 2);
	strbuf_addf(&b,
	    "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\""
	    ":%s}]}",
	    s);
	free(s);
	outer = strbuf_take(&b);
	l.n = 0;
	ck_assert_int_eq(
	    resources_read(outer, strlen(outer), a, count_large, NULL, &l, &e),
	    ERR_OK);
	ck_assert_uint_eq(l.n, entries);
	ck_assert_uint_lt(arena_used(a), 1000);
#ifndef __SANITIZE_ADDRESS__
	ck_assert_uint_lt(l.heap_most, l.heap_before + ((size_t)1 << 20));
#endif
	arena_free(a);
	free(outer);
}
END_TEST

/* An array of very many nothings costs no memory either. */
START_TEST(many_nothings)
{
	struct arena *a = arena_new();
	struct err e = ERR_INIT;
	struct strbuf b;
	struct seen s;

	strbuf_init(&b, (size_t)4 << 20);
	strbuf_adds(&b, "{\"resourceType\":\"Bundle\",\"entry\":[0");
	for (int i = 0; i < 100000; i++)
		strbuf_adds(&b, ",0");
	strbuf_adds(&b, "]}");
	seen_init(&s, b.s);
	ck_assert_int_eq(read_bundle(&s, b.len, &e), ERR_OK);
	ck_assert_uint_eq(s.n, 100001);
	ck_assert_uint_eq(s.head.entries, 100001);
	ck_assert_uint_lt(arena_used(s.a), 1000);
	seen_done(&s);
	strbuf_done(&b);
	arena_free(a);
}
END_TEST

static Suite *
suite_bundle(void)
{
	Suite *s = suite_create("bundle");
	TCase *t = tcase_create("bundle");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, read, 0, sizeof(rows) / sizeof(*rows));
	tcase_add_test(t, head_members);
	tcase_add_test(t, head_total);
	tcase_add_test(t, entry_members);
	tcase_add_test(t, callback_stops);
	tcase_add_test(t, large);
	tcase_add_test(t, many_nothings);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_bundle())
