/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/oauth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "fhir/json.h"
#include "fhir/util/clock.h"

#define JTIS 8

struct oauth_client oauth_client;

static char seen[JTIS][128];
static size_t n_seen;

/* base64url by OpenSSL: the tested encoder is not its own witness. */
static size_t
decode(const char *s, size_t n, unsigned char *out, size_t size)
{
	char padded[16384];
	size_t len = 0;
	int r;

	if (n + 4 > sizeof(padded) || n / 4 * 3 + 3 > size)
		return 0;
	for (; len < n; len++)
		padded[len] = s[len] == '-'   ? '+'
			      : s[len] == '_' ? '/'
					      : s[len];
	while (len % 4 != 0)
		padded[len++] = '=';
	r = EVP_DecodeBlock(out, (unsigned char *)padded, (int)len);
	return r < 0 ? 0 : (size_t)r - (len - n);
}

static EVP_PKEY *
read_key(const char *file)
{
	FILE *f = fopen(file, "r");
	EVP_PKEY *key = NULL;

	if (f == NULL)
		return NULL;
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	if (key == NULL) {
		rewind(f);
		key = PEM_read_PUBKEY(f, NULL, NULL, NULL);
	}
	fclose(f);
	return key;
}

/* R and S as OpenSSL's DER; its length. */
static size_t
to_der(const unsigned char *raw, size_t n, unsigned char **ret)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int len;

	if (n != 96)
		return 0;
	ECDSA_SIG_set0(
	    sig, BN_bin2bn(raw, 48, NULL), BN_bin2bn(raw + 48, 48, NULL));
	len = i2d_ECDSA_SIG(sig, ret);
	ECDSA_SIG_free(sig);
	return len < 0 ? 0 : (size_t)len;
}

const char *
oauth_verify(const char *jws, const char *key_file, const char *alg)
{
	const char *dot = strrchr(jws, '.');
	unsigned char sig[2048], *der = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = read_key(key_file);
	size_t n = dot == NULL
		       ? 0
		       : decode(dot + 1, strlen(dot + 1), sig, sizeof(sig));
	const char *wrong = "signature does not verify";
	const unsigned char *s = sig;

	if (strcmp(alg, "ES384") == 0) {
		n = to_der(sig, n, &der);
		s = der;
	}
	if (key != NULL && n > 0 &&
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha384(), NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, s, n, (const unsigned char *)jws,
		(size_t)(dot - jws)) == 1)
		wrong = NULL;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return wrong;
}

/* A field of the form, percent-decoded. */
static bool
field(const char *body, const char *name, char *out, size_t size)
{
	size_t n = strlen(name), len = 0;
	const char *p = body;

	while (strncmp(p, name, n) != 0 || p[n] != '=') {
		p = strchr(p, '&');
		if (p == NULL)
			return false;
		p++;
	}
	for (p += n + 1; *p != '\0' && *p != '&' && len + 1 < size; p++) {
		unsigned v;

		if (*p == '%' && sscanf(p + 1, "%2x", &v) == 1) {
			out[len++] = (char)v;
			p += 2;
		} else {
			out[len++] = *p == '+' ? ' ' : *p;
		}
	}
	out[len] = '\0';
	return true;
}

static bool
is(const struct json_value *v, const char *name, const char *want)
{
	const char *s = json_string_at(v, name);

	return s != NULL && strcmp(s, want) == 0;
}

static int64_t
number(const struct json_value *v, const char *name)
{
	const char *s = json_number(json_get(v, name));

	return s == NULL ? -1 : strtoll(s, NULL, 10);
}

static const char *
judge_header(const struct json_value *v)
{
	if (!is(v, "typ", "JWT"))
		return "typ";
	if (!is(v, "alg", oauth_client.alg))
		return "alg";
	return is(v, "kid", oauth_client.kid) ? NULL : "kid";
}

static const char *
judge_claims(const struct scripted *s, const struct json_value *v)
{
	int64_t now = clock_now_ms() / 1000 + oauth_client.ahead_s,
		exp = number(v, "exp");
	const char *jti = json_string_at(v, "jti"), *rest = NULL;
	char audience[256];

	rest = strstr(oauth_client.audience, "{origin}") == NULL
		   ? NULL
		   : oauth_client.audience + strlen("{origin}");
	snprintf(audience, sizeof(audience), "%s%s",
	    rest == NULL ? "" : scripted_origin(s),
	    rest == NULL ? oauth_client.audience : rest);
	if (!is(v, "iss", oauth_client.client_id) ||
	    !is(v, "sub", oauth_client.client_id))
		return "iss and sub are not the client";
	if (!is(v, "aud", audience))
		return "aud is not the token endpoint";
	if (exp <= now || exp > now + 300)
		return "exp is not within five minutes";
	if (number(v, "iat") > now)
		return "iat is in the future";
	if (jti == NULL || strlen(jti) < 16)
		return "jti";
	for (size_t i = 0; i < n_seen; i++)
		if (strcmp(seen[i], jti) == 0)
			return "jti was used before";
	if (n_seen < JTIS)
		snprintf(seen[n_seen++], sizeof(seen[0]), "%s", jti);
	return NULL;
}

static const char *
judge_part(const struct scripted *s, const char *text, size_t n, bool claims)
{
	unsigned char json[8192];
	size_t len = decode(text, n, json, sizeof(json));
	struct json_doc *doc = NULL;
	struct err e = ERR_INIT;
	const char *wrong;

	if (json_parse((const char *)json, len, &doc, &e) != ERR_OK)
		return "a part of the assertion is no JSON";
	wrong = claims ? judge_claims(s, json_root(doc))
		       : judge_header(json_root(doc));
	json_free(doc);
	return wrong;
}

const char *
oauth_judge(const struct scripted *s, const char *head, const char *body)
{
	char jws[16384], text[4096];
	const char *dot, *wrong;

	if (strstr(head, "Content-Type: application/x-www-form-urlencoded") ==
	    NULL)
		return "no form";
	if (strstr(head, "Authorization:") != NULL)
		return "an Authorization header";
	if (!field(body, "grant_type", text, sizeof(text)) ||
	    strcmp(text, "client_credentials") != 0)
		return "grant_type";
	if (!field(body, "client_assertion_type", text, sizeof(text)) ||
	    strcmp(text, "urn:ietf:params:oauth:client-assertion-type:"
			 "jwt-bearer") != 0)
		return "client_assertion_type";
	if (!field(body, "scope", text, sizeof(text)) ||
	    strcmp(text, oauth_client.scope) != 0)
		return "scope";
	if (!field(body, "client_assertion", jws, sizeof(jws)))
		return "client_assertion";
	dot = strchr(jws, '.');
	if (dot == NULL || strchr(dot + 1, '.') == NULL)
		return "no compact JWS";
	wrong = judge_part(s, jws, (size_t)(dot - jws), false);
	if (wrong == NULL)
		wrong = judge_part(s, dot + 1, strcspn(dot + 1, "."), true);
	return wrong != NULL
		   ? wrong
		   : oauth_verify(jws, oauth_client.key_file, oauth_client.alg);
}
