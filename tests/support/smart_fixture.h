/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that authorizes itself by SMART at the scripted server, a clock
 * that is set, and what was noticed.
 */
#ifndef RESCAN_TESTS_SMART_FIXTURE_H
#define RESCAN_TESTS_SMART_FIXTURE_H

#include "fhir/client.h"
#include "fhir/smart.h"
#include "tests/support/oauth.h"

#define EC_KEY  "build/check_smart.ec.pem"
#define RSA_KEY "build/check_smart.rsa.pem"
/* What the fixture needs: reads Observation, reads and writes Flag. */
#define SCOPE "system/Observation.rs system/Flag.crus"

extern int64_t smart_now_ms, smart_slept_ms;
extern unsigned smart_sleeps;

/* Of each kind how many, and the last. */
struct smart_noticed {
	unsigned n[NOTICE__MAX];
	struct notice last[NOTICE__MAX];
	char words[256];
};
extern struct smart_noticed smart_noticed;

/* Keys, clock, and the client as registered: a checked fixture. */
void smart_setup(void);

/* ES384, two retries; discovered endpoint. */
struct smart_options smart_fixture_options(const char *base);

/* [origin]/fhir with this provider; it retries nothing itself. */
struct client *smart_connect(const struct scripted *s, struct smart_options *o);

/* Read Flag/1. */
enum err_code smart_read(struct client *c, struct err *e);

#define JSON "Content-Type: application/json"
#define DISCOVERY                                                              \
	{                                                                      \
		.method = "GET",                                               \
		.path = "/fhir/.well-known/smart-configuration",               \
		.headers = {"!Authorization", "Accept: application/json"},     \
		.reply = {JSON},                                               \
		.body = "{\"token_endpoint\":\"/token\","                      \
			"\"capabilities\":[\"permission-v2\"]}"                \
	}
#define TOKEN(token, life, scope)                                              \
	{                                                                      \
		.method = "POST", .path = "/token", .judge = oauth_judge,      \
		.reply = {JSON, "Cache-Control: no-store"},                    \
		.body = "{\"access_token\":\"" token                           \
			"\",\"token_type\":\"Bearer\",\"expires_in\":" life    \
			",\"scope\":\"" scope "\"}"                            \
	}
#define READ(token)                                                            \
	{                                                                      \
		.path = "/fhir/Flag/1",                                        \
		.headers = {"Authorization: Bearer " token},                   \
		.body = "{\"resourceType\":\"Flag\",\"id\":\"1\"}"             \
	}
#define REFUSED_401                                                            \
	{                                                                      \
		.path = "/fhir/Flag/1", .status = 401                          \
	}

#endif
