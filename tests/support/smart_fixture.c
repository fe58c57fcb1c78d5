/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/smart_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/util/clock.h"
#include "tests/support/shell.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A clock that is set, smart_sleeps noted. */

int64_t smart_now_ms, smart_slept_ms;
unsigned smart_sleeps;

static int64_t
fixed_now(void)
{
	return smart_now_ms;
}

static void
note_sleep(int64_t ms)
{
	smart_slept_ms += ms;
	smart_sleeps++;
}

static int64_t
whole(int64_t max)
{
	return max;
}

static const struct clock_ops fixed = {fixed_now, fixed_now, note_sleep, whole};

/* What was smart_noticed: of each kind how many, and the last. */

struct smart_noticed smart_noticed;

static void
notice(void *ctx, const struct notice *n)
{
	(void)ctx;
	smart_noticed.n[n->event]++;
	smart_noticed.last[n->event] = *n;
	if (n->words != NULL)
		snprintf(smart_noticed.words, sizeof(smart_noticed.words), "%s",
		    n->words);
}

static const struct scope_need needs[] = {
    {"Observation", true, false, false}, {"Flag", true, true, false}};

void
smart_setup(void)
{
	shell_run("test -s " EC_KEY " || (umask 077; openssl ecparam -name "
		  "secp384r1 -genkey -noout -out " EC_KEY ")");
	shell_run(
	    "test -s " RSA_KEY " || (umask 077; openssl genrsa -out " RSA_KEY
	    " 2048 2>/dev/null)");
	smart_now_ms = INT64_C(1795600000000);
	oauth_client = (struct oauth_client){
	    "rescan-1", EC_KEY, "ES384", "key-1", SCOPE, "{origin}/token", 0};
	clock_replace(&fixed);
}

struct smart_options
smart_fixture_options(const char *base)
{
	struct http_options http = HTTP_DEFAULTS;
	struct smart_options o = {.base_url = base,
	    .http = http,
	    .client_id = "rescan-1",
	    .key_file = EC_KEY,
	    .key_id = "key-1",
	    .alg = "",
	    .scopes = "",
	    .needs = needs,
	    .n_needs = COUNT(needs),
	    .retries = 2,
	    .backoff_ms = 500,
	    .backoff_max_ms = 60000,
	    .observer = {notice, NULL}};

	o.http.ca_file = SCRIPTED_CA;
	o.http.total_timeout_ms = 3000;
	return o;
}

struct client *
smart_connect(const struct scripted *s, struct smart_options *o)
{
	static char base[128];
	struct client_options co = CLIENT_DEFAULTS;
	struct client *c = NULL;
	struct err e = ERR_INIT;

	snprintf(base, sizeof(base), "%s/fhir", scripted_origin(s));
	o->base_url = co.base_url = base;
	co.http = o->http;
	co.retries = 0;
	co.observer = o->observer;
	ck_assert_msg(smart_new(o, &co.auth, &e) == ERR_OK, "%s", e.text);
	ck_assert_int_eq(client_new(&co, &c, &e), ERR_OK);
	return c;
}

enum err_code
smart_read(struct client *c, struct err *e)
{
	char *body = NULL;
	size_t len;
	enum err_code code = client_read(c, "Flag", "1", &body, &len, e);

	free(body);
	return code;
}
