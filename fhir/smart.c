/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fhir/limits.h"
#include "fhir/smart_priv.h"
#include "fhir/util/clock.h"
#include "fhir/util/secret.h"

#define GATE_MS          INT64_C(30000)  /* after a failure; doubles */
#define GATE_OPERATOR_MS INT64_C(300000) /* when a person has to act */
#define GATE_MAX_MS      INT64_C(900000)
#define REFUSED_GAP_MS   INT64_C(60000)

static struct smart *
self(struct auth *a)
{
	return (struct smart *)(void *)a;
}

static bool
is_transient(enum err_code code)
{
	return code == ERR_CONNECT || code == ERR_TIMEOUT ||
	       code == ERR_TRUNCATED || code == ERR_SERVER ||
	       code == ERR_THROTTLED;
}

/*= interop D-34: how long nobody is asked again */
static int64_t
gate_ms(const struct smart *s, enum err_code code, int64_t after_s)
{
	int64_t ms = is_transient(code) ? GATE_MS : GATE_OPERATOR_MS;

	for (int i = 1; i < s->failures && ms < GATE_MAX_MS; i++)
		ms *= 2;
	if (after_s > 0 && ms < after_s * 1000)
		ms = after_s * 1000;
	return ms > GATE_MAX_MS ? GATE_MAX_MS : ms;
}

static void
note_failure(struct smart *s, enum err_code code, int64_t after_s)
{
	int64_t gate;

	if (code == ERR_STOPPED)
		return;
	s->failures++;
	gate = gate_ms(s, code, after_s);
	s->not_before_ms = clock_monotonic_ms() + gate;
	observe(&s->o.observer,
	    &(struct notice){
		.event = NOTICE_TOKEN_FAILED, .code = code, .n = gate});
}

static void
note_token(struct smart *s)
{
	struct strbuf missing;

	s->failures = 0;
	s->not_before_ms = INT64_MIN;
	observe(&s->o.observer,
	    &(struct notice){.event = NOTICE_TOKEN,
		.n = (s->end_ms - clock_monotonic_ms()) / 1000});
	strbuf_init(&missing, SMART_SCOPE_SIZE);
	scope_missing(s->asked, s->granted, &missing);
	if (missing.len > 0)
		observe(&s->o.observer, &(struct notice){.event = NOTICE_SCOPE,
					    .words = missing.s});
	strbuf_done(&missing);
}

static enum err_code
obtain(struct smart *s, struct err *e)
{
	int64_t after_s = -1;
	enum err_code code;

	for (int n = 0;; n++) {
		after_s = -1;
		code = smart_fetch(s, &after_s, e);
		if (!is_transient(code) || n >= s->o.retries)
			break;
		clock_sleep_ms(limits_pause_ms(
		    s->o.backoff_ms, s->o.backoff_max_ms, n, after_s));
	}
	if (code == ERR_OK) {
		note_token(s);
		return ERR_OK;
	}
	err_context(e, "authorization");
	s->why = *e;
	note_failure(s, code, after_s);
	return code;
}

static enum err_code
ready(struct smart *s, struct err *e)
{
	int64_t now = clock_monotonic_ms();
	struct err why = ERR_INIT;
	enum err_code code;

	if (s->token[0] != '\0' && now < s->renew_ms)
		return ERR_OK;
	if (now < s->not_before_ms) {
		code = s->why.code;
		why = s->why;
		err_context(&why, "not asked again for %lld s",
		    (long long)((s->not_before_ms - now + 999) / 1000));
	} else {
		code = obtain(s, &why);
	}
	/* Renewed ahead of time: the old one still serves. */
	if (code != ERR_OK && s->token[0] != '\0' &&
	    clock_monotonic_ms() < s->end_ms)
		return ERR_OK;
	if (code != ERR_OK && e != NULL)
		*e = why;
	return code;
}

static enum err_code
smart_header(struct auth *a, char buf[AUTH_HEADER_SIZE], struct err *e)
{
	struct smart *s = self(a);
	enum err_code code = ready(s, e);

	buf[0] = '\0';
	if (code == ERR_OK)
		snprintf(buf, AUTH_HEADER_SIZE, "Authorization: Bearer %s",
		    s->token);
	return code;
}

/*= interop D-33: once; a server that refuses every token is not to have us
 * fetch one for every request */
static bool
smart_renew(struct auth *a)
{
	struct smart *s = self(a);
	int64_t now = clock_monotonic_ms();

	if (s->refused_ms != INT64_MIN && now - s->refused_ms < REFUSED_GAP_MS)
		return false;
	s->refused_ms = now;
	secret_wipe(s->token, sizeof(s->token));
	observe(&s->o.observer,
	    &(struct notice){.event = NOTICE_TOKEN_REFUSED, .code = ERR_AUTH});
	return true;
}

static bool
smart_grants(const struct auth *a, const char *type, char access)
{
	const struct smart *s = (const struct smart *)(const void *)a;

	return s->granted[0] == '\0' || scope_grants(s->granted, type, access);
}

static void
smart_free(struct auth *a)
{
	struct smart *s = self(a);

	jwk_free(s->key);
	http_free(s->http);
	http_free(s->elsewhere);
	arena_free(s->arena);
	free(s->endpoint);
	secret_wipe(s, sizeof(*s));
	free(s);
}

static const struct auth_ops ops = {
    .name = "smart",
    .header = smart_header,
    .renew = smart_renew,
    .grants = smart_grants,
    .free = smart_free,
};

static enum err_code
check_options(const struct smart_options *o, struct err *e)
{
	char origin[HTTP_ORIGIN_SIZE];

	if (o->client_id == NULL || o->client_id[0] == '\0')
		return err_set(e, ERR_CONFIG, "client_id is missing");
	if (o->key_file == NULL || o->key_file[0] == '\0')
		return err_set(e, ERR_CONFIG, "key_file is missing");
	if (o->token_url != NULL && !http_origin(o->token_url, origin))
		return err_set(e, ERR_CONFIG, "token_url is no https URL");
	return ERR_OK;
}

static void
keep_options(struct smart *s, const struct smart_options *o)
{
	struct arena *a = s->arena;
	struct scope_need *needs =
	    arena_alloc(a, (o->n_needs + 1) * sizeof(*needs));

	s->o = *o;
	s->o.base_url = arena_strdup(a, o->base_url);
	s->o.client_id = arena_strdup(a, o->client_id);
	s->o.key_file = s->o.key_id = s->o.alg = NULL;
	s->o.scopes = arena_strdup(a, o->scopes == NULL ? "" : o->scopes);
	s->o.token_url = arena_strdup(a, o->token_url);
	for (size_t i = 0; i < o->n_needs; i++) {
		needs[i] = o->needs[i];
		needs[i].type = arena_strdup(a, o->needs[i].type);
	}
	s->o.needs = needs;
}

static enum err_code
open_ways(struct smart *s, const struct http_options *o, struct err *e)
{
	struct http_options bare = *o;
	enum err_code code = http_new(o, &s->http, e);

	bare.pin_sha256 = NULL;
	if (code == ERR_OK)
		code = http_new(&bare, &s->elsewhere, e);
	memset(&s->o.http, 0, sizeof(s->o.http));
	return code;
}

enum err_code
smart_new(const struct smart_options *o, struct auth **ret, struct err *e)
{
	enum err_code code = check_options(o, e);
	struct smart *s;

	if (code != ERR_OK)
		return code;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		abort();
	s->base.ops = &ops;
	s->arena = arena_new();
	s->not_before_ms = s->refused_ms = INT64_MIN;
	keep_options(s, o);
	code = jwk_read(o->key_file, o->alg == NULL ? "" : o->alg,
	    o->key_id == NULL ? "" : o->key_id, &s->key, e);
	if (code == ERR_OK)
		code = open_ways(s, &o->http, e);
	if (code == ERR_OK)
		*ret = &s->base;
	else
		smart_free(&s->base);
	return code;
}
