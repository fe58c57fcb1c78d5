/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tokens are to be had, what is asked for, what is refused at the start.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/smart_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Discovery */

#define V1 "system/Observation.read system/Flag.read system/Flag.write"
#define WELL_KNOWN(json)                                                       \
	{                                                                      \
		.path = "/fhir/.well-known/smart-configuration",               \
		.reply = {JSON}, .body = json                                  \
	}
#define NOT_HERE                                                               \
	{                                                                      \
		.path = "/fhir/.well-known/smart-configuration", .status = 404 \
	}
#define OAUTH_URIS                                                             \
	"{\"resourceType\":\"CapabilityStatement\",\"rest\":[{\"security\":{"  \
	"\"extension\":[{\"url\":\"http://other.example\"},{\"url\":"          \
	"\"http://fhir-registry.smarthealthit.org/StructureDefinition/"        \
	"oauth-uris\",\"extension\":[{\"url\":\"authorize\",\"valueUri\":"     \
	"\"{origin}/no\"},{\"url\":\"token\",\"valueUri\":"                    \
	"\"{origin}/auth/token\"}]}]}}]}"

static const struct {
	struct scripted_exchange x[2];
	size_t n;
	const char *endpoint, *scope; /* NULL: refused */
	const char *says;
} discoveries[] = {
    {{WELL_KNOWN("{\"token_endpoint\":\"{origin}/auth/token\"}")}, 1,
	"/auth/token", SCOPE, NULL},
    {{WELL_KNOWN("{\"token_endpoint\":\"auth/token\"}")}, 1, "/fhir/auth/token",
	SCOPE, NULL},
    {{WELL_KNOWN("{\"token_endpoint\":\"/t\",\"capabilities\":["
		 "\"permission-v1\",\"client-confidential-asymmetric\"]}")},
	1, "/t", V1, NULL},
    {{WELL_KNOWN("{\"token_endpoint\":\"/t\",\"capabilities\":["
		 "\"permission-v1\",\"permission-v2\"],"
		 "\"grant_types_supported\":[\"client_credentials\"],"
		 "\"token_endpoint_auth_methods_supported\":["
		 "\"client_secret_basic\",\"private_key_jwt\"],"
		 "\"token_endpoint_auth_signing_alg_values_supported\":["
		 "\"RS384\",\"ES384\"]}")},
	1, "/t", SCOPE, NULL},
    {{NOT_HERE, {.path = "/fhir/metadata", .body = OAUTH_URIS}}, 2,
	"/auth/token", V1, NULL},
    {{WELL_KNOWN("{}"), {.path = "/fhir/metadata", .body = OAUTH_URIS}}, 2,
	"/auth/token", V1, NULL},
    {{NOT_HERE, {.path = "/fhir/metadata", .body = "{\"rest\":[]}"}}, 2, NULL,
	NULL, "no token endpoint"},
    {{WELL_KNOWN("{\"token_endpoint\":\"http://localhost/token\"}")}, 1, NULL,
	NULL, "no https URL"},
    {{WELL_KNOWN("{\"token_endpoint\":\"/t\",\"grant_types_supported\":["
		 "\"authorization_code\"]}")},
	1, NULL, NULL, "without client_credentials"},
    {{WELL_KNOWN("{\"token_endpoint\":\"/t\","
		 "\"token_endpoint_auth_signing_alg_values_supported\":["
		 "\"RS384\"]}")},
	1, NULL, NULL, "without ES384"},
};

START_TEST(discovery)
{
	struct scripted_exchange x[4] = {0};
	size_t n = discoveries[_i].n;
	char audience[128];
	struct smart_options o = smart_fixture_options("");
	struct scripted *s;
	struct client *c;
	struct err e = ERR_INIT;
	enum err_code code;

	memcpy(x, discoveries[_i].x, n * sizeof(x[0]));
	if (discoveries[_i].endpoint != NULL) {
		const struct scripted_exchange answers[] = {
		    TOKEN("t", "300", SCOPE), READ("t")};

		snprintf(audience, sizeof(audience), "{origin}%s",
		    discoveries[_i].endpoint);
		oauth_client.audience = audience;
		oauth_client.scope = discoveries[_i].scope;
		x[n] = answers[0];
		x[n++].path = discoveries[_i].endpoint;
		x[n++] = answers[1];
	}
	s = scripted_start(NULL, x, n);
	c = smart_connect(s, &o);
	code = smart_read(c, &e);
	ck_assert_msg(
	    code == (discoveries[_i].endpoint == NULL ? ERR_AUTH : ERR_OK),
	    "row %d: %s", _i, e.text);
	if (discoveries[_i].says != NULL)
		ck_assert_msg(strstr(e.text, discoveries[_i].says) != NULL,
		    "row %d: %s", _i, e.text);
	client_free(c);
	scripted_end(s);
}
END_TEST

/* Given instead of discovered, at another origin, where the pin of the FHIR
 * server means nothing. */
START_TEST(endpoint_elsewhere)
{
	static const struct scripted_exchange x[] = {
	    {.path = "/token",
		.judge = oauth_judge,
		.reply = {JSON},
		.body = "{\"access_token\":\"t\",\"token_type\":\"BEARER\"}"},
	    READ("t")};
	struct scripted *s = SCRIPTED(NULL, x);
	struct smart_options o = smart_fixture_options("");
	char url[128];
	struct client *c;
	struct err e = ERR_INIT;

	snprintf(url, sizeof(url), "%s/token", scripted_other(s));
	oauth_client.audience = o.token_url = url;
	oauth_client.scope = o.scopes = "system/*.rs";
	c = smart_connect(s, &o);
	ck_assert_msg(smart_read(c, &e) == ERR_OK, "%s", e.text);
	ck_assert_int_eq(smart_noticed.last[NOTICE_TOKEN].n, 300);
	ck_assert(client_granted(c, "Patient", 'r'));
	ck_assert(!client_granted(c, "Patient", 'c'));
	client_free(c);
	scripted_end(s);
}
END_TEST

START_TEST(pin_is_the_servers)
{
	struct scripted *s = scripted_start(NULL, NULL, 0);
	struct smart_options o = smart_fixture_options("");
	struct client *c;
	struct err e = ERR_INIT;

	o.http.pin_sha256 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	c = smart_connect(s, &o);
	ck_assert_int_eq(smart_read(c, &e), ERR_TLS);
	ck_assert_ptr_nonnull(strstr(e.text, "not the pinned one"));
	client_free(c);
	scripted_end(s);
}
END_TEST

/* Options */

START_TEST(options)
{
	struct smart_options o =
	    smart_fixture_options("https://localhost:1/fhir");
	struct auth *a = NULL;
	struct err e = ERR_INIT;

	o.http.ca_file = NULL;
	o.client_id = "";
	ck_assert_int_eq(smart_new(&o, &a, &e), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(e.text, "client_id"));
	o.client_id = "x";
	o.key_file = NULL;
	ck_assert_int_eq(smart_new(&o, &a, &e), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(e.text, "key_file"));
	o.key_file = EC_KEY;
	o.alg = "RS384";
	ck_assert_int_eq(smart_new(&o, &a, &e), ERR_CONFIG);
	o.alg = "ES384";
	o.token_url = "http://h/token";
	ck_assert_int_eq(smart_new(&o, &a, &e), ERR_CONFIG);
	o.token_url = NULL;
	ck_assert_int_eq(smart_new(&o, &a, &e), ERR_OK);
	ck_assert_str_eq(a->ops->name, "smart");
	auth_free(a);
}
END_TEST

/* Scopes alone */

START_TEST(scopes)
{
	static const struct {
		const char *granted, *type;
		char access;
		bool want;
	} rows[] = {
	    {"system/Flag.rs", "Flag", 'r', true},
	    {"system/Flag.rs", "Flag", 'c', false},
	    {"system/Flag.rs", "Fla", 'r', false},
	    {"system/Flag.rs", "Flags", 'r', false},
	    {"system/Flag.read", "Flag", 's', true},
	    {"system/Flag.write", "Flag", 's', false},
	    {"system/Flag.write", "Flag", 'u', true},
	    {"system/*.read", "Flag", 'r', true},
	    {"system/Flag.*", "Flag", 'd', true},
	    {"system/Flag.rs?category=x", "Flag", 's', true},
	    {"openid system/Flag.c", "Flag", 'c', true},
	    {"user/Flag.rs system/A.rs", "Flag", 'r', false},
	    {"system/Flag.xyz system/A.rs", "Flag", 'r', false},
	    {"https://h/.default", "Flag", 'c', true}, /* another scheme */
	    {"", "Flag", 'c', true},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(scope_grants(rows[i].granted, rows[i].type,
				  rows[i].access) == rows[i].want,
		    "row %zu", i);
}
END_TEST

static Suite *
suite_smart_discovery(void)
{
	Suite *s = suite_create("smart_discovery");
	TCase *t = tcase_create("smart_discovery");

	tcase_add_checked_fixture(t, smart_setup, NULL);
	tcase_add_loop_test(t, discovery, 0, COUNT(discoveries));
	tcase_add_test(t, endpoint_elsewhere);
	tcase_add_test(t, pin_is_the_servers);
	tcase_add_test(t, options);
	tcase_add_test(t, scopes);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite_smart_discovery())
