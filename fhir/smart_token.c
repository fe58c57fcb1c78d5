/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assertion, the request for a token, and its answer.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/rand.h>

#include "fhir/client.h"
#include "fhir/json_pick.h"
#include "fhir/smart_priv.h"
#include "fhir/util/base64.h"
#include "fhir/util/clock.h"
#include "fhir/util/secret.h"

#define ASSERTION_MAX 16384
#define FORM_MAX      65536
#define LIFE_S        240 /* of an assertion; 300 are allowed */
#define SKEW_S        10  /* our clock may be ahead */
#define SKEW_MIN_S    30  /* a refusal may have been for this */
#define EXPIRES_S     300 /* of a token when nothing is said */

/* Assertion */

static void
add_part(struct strbuf *out, const struct strbuf *json)
{
	char *text = malloc(BASE64_SIZE(json->len));

	if (text == NULL)
		abort();
	base64url_encode(json->s, json->len, text);
	strbuf_adds(out, text);
	free(text);
}

static void
add_header(const struct smart *s, struct strbuf *out)
{
	struct json_writer w;
	struct strbuf json;

	strbuf_init(&json, ASSERTION_MAX);
	json_writer_init(&w, &json, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "alg", jwk_alg(s->key));
	json_put_string(&w, "kid", jwk_kid(s->key));
	json_put_string(&w, "typ", "JWT");
	json_end_object(&w);
	add_part(out, &json);
	strbuf_done(&json);
}

/*= interop B.10 rule 2 */
static bool
add_claims(const struct smart *s, const char *audience, struct strbuf *out)
{
	unsigned char random[24];
	char jti[BASE64_SIZE(sizeof(random))];
	int64_t now = clock_now_ms() / 1000 + s->skew_s;
	struct json_writer w;
	struct strbuf json;

	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	base64url_encode(random, sizeof(random), jti);
	strbuf_init(&json, ASSERTION_MAX);
	json_writer_init(&w, &json, false);
	json_begin_object(&w, NULL);
	json_put_string(&w, "iss", s->o.client_id);
	json_put_string(&w, "sub", s->o.client_id);
	json_put_string(&w, "aud", audience);
	json_put_string(&w, "jti", jti);
	json_put_int(&w, "iat", now - SKEW_S);
	json_put_int(&w, "exp", now + LIFE_S);
	json_end_object(&w);
	add_part(out, &json);
	strbuf_done(&json);
	return true;
}

enum err_code
smart_assert(const struct smart *s, const char *audience, struct strbuf *out,
    struct err *e)
{
	size_t start = out->len;
	char *signed_part;
	enum err_code code;

	add_header(s, out);
	strbuf_addc(out, '.');
	if (!add_claims(s, audience, out))
		return err_set(e, ERR_IO, "no random numbers");
	signed_part = strndup(out->s + start, out->len - start);
	if (signed_part == NULL)
		abort();
	strbuf_addc(out, '.');
	code = jwk_sign(s->key, signed_part, strlen(signed_part), out, e);
	free(signed_part);
	if (code == ERR_OK && out->overflow)
		code = err_set(e, ERR_LIMIT, "the assertion is too long");
	return code;
}

/* Request */

static void
add_field(struct strbuf *form, const char *name, const char *value)
{
	char *text = client_escape(value);

	strbuf_addf(form, "%s%s=", form->len == 0 ? "" : "&", name);
	strbuf_adds(form, text);
	secret_free(text);
}

static void
choose_scopes(struct smart *s)
{
	int version = s->version == 0 ? 2 : s->version;
	struct strbuf b;

	strbuf_init(&b, SMART_SCOPE_SIZE - 1);
	if (strcmp(s->o.scopes, "v1") == 0)
		version = 1;
	else if (strcmp(s->o.scopes, "v2") == 0)
		version = 2;
	else if (s->o.scopes[0] != '\0')
		version = 0;
	if (version == 0)
		strbuf_adds(&b, s->o.scopes);
	else
		scope_build(s->o.needs, s->o.n_needs, version, &b);
	memcpy(s->asked, b.s, b.len + 1);
	strbuf_done(&b);
}

static enum err_code
make_form(struct smart *s, struct strbuf *form, struct err *e)
{
	struct strbuf assertion;
	enum err_code code;

	choose_scopes(s);
	strbuf_init(&assertion, ASSERTION_MAX);
	code = smart_assert(s, s->endpoint, &assertion, e);
	if (code == ERR_OK) {
		add_field(form, "grant_type", "client_credentials");
		add_field(form, "scope", s->asked);
		add_field(form, "client_assertion_type",
		    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
		add_field(form, "client_assertion", assertion.s);
	}
	secret_wipe(assertion.s, assertion.len);
	strbuf_done(&assertion);
	return code;
}

/* Answer */

/* What an operator can do about it. */
static const struct {
	const char *error, *advice;
} refusals[] = {
    {"invalid_client", "client_id, key_id or the registered key is wrong"},
    {"unauthorized_client", "the client may not use client_credentials"},
    {"invalid_scope", "the scopes are not those of the registration"},
    {"invalid_grant", "the assertion was not accepted (clock?)"},
    {"invalid_request", "the request was not accepted"},
    {"unsupported_grant_type", "client_credentials is not offered"},
    {"access_denied", "access is denied"},
};

/* The server's own description may hold anything and is left out. */
static enum err_code
refused(const struct http_response *r, struct err *e)
{
	struct err unheard = ERR_INIT;
	struct json_pick p;
	char error[64] = "";

	if (json_pick_init(&p, r->body, r->body_len, &unheard) == ERR_OK)
		json_pick_string(&p, "error", error, sizeof(error));
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (strcmp(refusals[i].error, error) == 0)
			return err_set(e, ERR_AUTH,
			    "the token endpoint says %s: %s; an operator has "
			    "to act",
			    error, refusals[i].advice);
	return err_set(e, ERR_AUTH,
	    "the token endpoint answers status %ld; an operator has to act",
	    r->status);
}

static bool
is_token(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return s[0] != '\0';
}

/*= interop B.10 rule 4 */
static enum err_code
take_token(struct smart *s, const struct http_response *r, struct err *e)
{
	int64_t life = EXPIRES_S, now = clock_monotonic_ms();
	char type[32];
	struct json_pick p;
	enum err_code code = json_pick_init(&p, r->body, r->body_len, e);

	if (code != ERR_OK)
		return err_set(
		    e, ERR_SERVER, "the token endpoint's answer is no JSON");
	if (!json_pick_string(&p, "token_type", type, sizeof(type)) ||
	    strcasecmp(type, "bearer") != 0)
		return err_set(e, ERR_AUTH,
		    "the token endpoint's answer is no bearer token");
	if (!json_pick_string(&p, "access_token", s->token, sizeof(s->token)) ||
	    !is_token(s->token)) {
		secret_wipe(s->token, sizeof(s->token));
		return err_set(
		    e, ERR_AUTH, "the token endpoint's token is not usable");
	}
	json_pick_int(&p, "expires_in", &life);
	if (life > 86400)
		life = 86400;
	s->end_ms = now + life * 1000;
	s->renew_ms = now + life * 800;
	/*= rfc6749 §5.1: left out when it is what was asked for */
	if (!json_pick_string(&p, "scope", s->granted, sizeof(s->granted)))
		memcpy(s->granted, s->asked, sizeof(s->granted));
	return ERR_OK;
}

static enum err_code
take_answer(struct smart *s, const struct http_response *r, struct err *e)
{
	if (r->status == 200)
		return take_token(s, r, e);
	if (r->status == 429)
		return err_set(
		    e, ERR_THROTTLED, "the token endpoint answers status 429");
	if (r->status == 408 || r->status >= 500)
		return err_set(e, ERR_SERVER,
		    "the token endpoint answers status %ld", r->status);
	return refused(r, e);
}

static enum err_code
post(struct smart *s, const struct strbuf *form, int64_t *ret_after_s,
    struct err *e)
{
	static const char *const headers[] = {"Accept: application/json",
	    "Content-Type: application/x-www-form-urlencoded"};
	struct http_request r = {.method = "POST",
	    .url = s->endpoint,
	    .headers = headers,
	    .n_headers = 2,
	    .body = form->s,
	    .body_len = form->len};
	char there[HTTP_ORIGIN_SIZE], here[HTTP_ORIGIN_SIZE];
	struct http_response got;
	enum err_code code;
	bool same = http_origin(s->endpoint, there) &&
		    http_origin(s->o.base_url, here) &&
		    strcmp(there, here) == 0;

	code = http_exchange(same ? s->http : s->elsewhere, &r, &got, e);
	if (code != ERR_OK)
		return code;
	code = take_answer(s, &got, e);
	*ret_after_s = got.retry_after_s;
	s->told_skew_s = s->skew_s;
	if (got.date_ms != INT64_MIN)
		s->told_skew_s = (got.date_ms - clock_now_ms()) / 1000;
	http_response_done(&got);
	return code;
}

static enum err_code
ask(struct smart *s, int64_t *ret_after_s, struct err *e)
{
	struct strbuf form;
	enum err_code code;

	strbuf_init(&form, FORM_MAX);
	code = make_form(s, &form, e);
	if (code == ERR_OK)
		code = post(s, &form, ret_after_s, e);
	secret_wipe(form.s, form.len);
	strbuf_done(&form);
	return code;
}

/*= interop D-11: refused by a server whose clock is another: once more, in
 * its own time */
static bool
take_its_time(struct smart *s)
{
	int64_t off = s->told_skew_s - s->skew_s;

	if (off < SKEW_MIN_S && off > -SKEW_MIN_S)
		return false;
	s->skew_s = s->told_skew_s;
	return true;
}

enum err_code
smart_fetch(struct smart *s, int64_t *ret_after_s, struct err *e)
{
	enum err_code code = ERR_OK;

	if (s->endpoint == NULL && s->o.token_url != NULL)
		s->endpoint = strdup(s->o.token_url);
	else if (s->endpoint == NULL)
		code = smart_discover(s, e);
	if (code != ERR_OK)
		return code;
	code = ask(s, ret_after_s, e);
	if (code == ERR_AUTH && take_its_time(s))
		code = ask(s, ret_after_s, e);
	/* It may have moved. */
	if (code == ERR_AUTH && s->o.token_url == NULL) {
		free(s->endpoint);
		s->endpoint = NULL;
	}
	return code;
}
