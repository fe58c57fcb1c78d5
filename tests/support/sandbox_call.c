/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/sandbox_call.h"

#include <stdlib.h>

struct sandbox_answer got;
struct sandbox *sandbox;
static CURL *curl;
static const char *token;

static void
make_certs(void)
{
	struct err e = ERR_INIT;

	ck_assert_msg(
	    sandbox_make_certs(SANDBOX_CERTS, &e) == ERR_OK, "%s", e.text);
}

static void
start(void)
{
	struct sandbox_options o = SANDBOX_DEFAULTS;
	struct err e = ERR_INIT;

	o.cert_dir = SANDBOX_CERTS;
	o.admin = true;
	o.max_snapshots = 4;
	o.token_file = token;
	ck_assert_msg(sandbox_new(&o, &sandbox, &e) == ERR_OK, "%s", e.text);
	ck_assert_int_eq(sandbox_start(sandbox, &e), ERR_OK);
	curl = curl_easy_init();
	strbuf_init(&got.head, 1 << 16);
	strbuf_init(&got.body, 1 << 24);
}

static void
teardown(void)
{
	json_free(got.doc);
	got.doc = NULL;
	strbuf_done(&got.head);
	strbuf_done(&got.body);
	curl_easy_cleanup(curl);
	sandbox_stop(sandbox);
}

static size_t
on_data(char *s, size_t size, size_t n, void *ctx)
{
	strbuf_add(ctx, s, size * n);
	return size * n;
}

static void
parse_answer(void)
{
	json_free(got.doc);
	got.doc = NULL;
	got.root = NULL;
	if (json_parse(got.body.s, got.body.len, &got.doc, NULL) == ERR_OK)
		got.root = json_root(got.doc);
}

/* One exchange; `url` is absolute or behind the base; `headers` are lines. */
long
call(const char *method, const char *url, const char *body,
    const char *const *headers)
{
	struct curl_slist *list = NULL;
	bool typed = false;
	char at[1024];

	snprintf(at, sizeof(at), "%s%s",
	    strncmp(url, "https:", 6) == 0 ? "" : sandbox_url(sandbox), url);
	strbuf_reset(&got.head);
	strbuf_reset(&got.body);
	curl_easy_reset(curl);
	if (body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	for (; headers != NULL && *headers != NULL; headers++) {
		list = curl_slist_append(list, *headers);
		typed |= strncmp(*headers, "Content-Type:", 13) == 0;
	}
	if (body != NULL && !typed)
		list = curl_slist_append(
		    list, "Content-Type: application/fhir+json");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_URL, at);
	curl_easy_setopt(curl, CURLOPT_CAINFO, SANDBOX_CERTS "/ca.pem");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &got.body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &got.head);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);
	got.status = 0;
	got.code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got.status);
	curl_slist_free_all(list);
	parse_answer();
	return got.status;
}

long
get(const char *url)
{
	return call("GET", url, NULL, NULL);
}

long
with(const char *method, const char *url, const char *body, const char *header)
{
	const char *headers[] = {header, NULL};

	return call(method, url, body, headers);
}

/* The value of an answer's header, "" when absent. */
const char *
head(const char *name)
{
	static char value[1024];
	char line[128];
	const char *p;

	snprintf(line, sizeof(line), "\n%s: ", name);
	p = strcasestr(got.head.s, line);
	if (p == NULL)
		return "";
	p += strlen(line);
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(p, "\r\n"), p);
	return value;
}

const char *
at(const char *path)
{
	const char *s = json_string_at(got.root, path);

	return s == NULL ? "" : s;
}

const char *
next_link(void)
{
	const struct json_value *links = json_get(got.root, "link");

	for (size_t i = 0; i < json_length(links); i++)
		if (strcmp(json_string_at(json_at(links, i), "relation"),
			"next") == 0)
			return json_string_at(json_at(links, i), "url");
	return NULL;
}

size_t
entries(void)
{
	return json_length(json_get(got.root, "entry"));
}

void
put(const char *json)
{
	struct err e = ERR_INIT;

	ck_assert_msg(sandbox_put(sandbox, json, &e) == ERR_OK, "%s", e.text);
}

void
outcome_is(long status, const char *issue)
{
	ck_assert_int_eq(got.status, status);
	ck_assert_str_eq(at("resourceType"), "OperationOutcome");
	ck_assert_str_eq(at("issue.code"), issue);
}

void
found(char *ids, size_t size)
{
	const struct json_value *e = json_get(got.root, "entry");

	ids[0] = '\0';
	for (size_t i = 0; i < json_length(e); i++) {
		size_t n = strlen(ids);

		snprintf(ids + n, size - n, "%s%s", i == 0 ? "" : " ",
		    json_string_at(json_at(e, i), "resource.id"));
	}
}

void
sandbox_fixture(TCase *t, const char *token_file)
{
	token = token_file;
	tcase_set_timeout(t, 20);
	tcase_add_unchecked_fixture(t, make_certs, NULL);
	tcase_add_checked_fixture(t, start, teardown);
}
