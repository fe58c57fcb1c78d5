/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/connect.h"

#include <limits.h>
#include <string.h>

#include "fhir/smart.h"
#include "fhir/util/log.h"
#include "gateway/ingest.h"

#define SCOPES_MAX 8000
#define MAX_NEEDS  32

/* How each notice is logged; LOG__MAX: not. */
static const struct {
	enum log_id id;
	const char *number; /* what n is, or NULL */
	bool code;
} lines[NOTICE__MAX] = {
    [NOTICE_EXCHANGE] = {LOG__MAX, NULL, false},
    [NOTICE_RETRY] = {LOG_RETRY, "wait_ms", true},
    [NOTICE_BUDGET] = {LOG_BUDGET_WAIT, "wait_ms", false},
    [NOTICE_DAY_OVER] = {LOG_DAY_OVER, "wait_ms", false},
    [NOTICE_BREAKER_OPEN] = {LOG_BREAKER_OPEN, "wait_ms", true},
    [NOTICE_BREAKER_PROBE] = {LOG_BREAKER_PROBE, NULL, false},
    [NOTICE_BREAKER_CLOSED] = {LOG_BREAKER_CLOSED, NULL, false},
    [NOTICE_TOKEN] = {LOG_TOKEN, "life_s", false},
    [NOTICE_TOKEN_FAILED] = {LOG_TOKEN_FAILED, "wait_ms", true},
    [NOTICE_TOKEN_REFUSED] = {LOG_TOKEN_REFUSED, NULL, false},
    [NOTICE_SCOPE] = {LOG_SCOPE_NARROW, NULL, false},
    [NOTICE_CERTIFICATE] = {LOG_CERTIFICATE, "days", false},
    [NOTICE_OWN_CERTIFICATE] = {LOG_OWN_CERTIFICATE, "days", false},
    [NOTICE_SKEW] = {LOG_SKEW, "seconds", false},
    [NOTICE_SMALLER_PAGES] = {LOG_SMALLER_PAGES, "count", false},
};

/* What of the notice there is, in this order. */
static void
log_notice(const struct notice *n)
{
	struct log_field fields[4] = {{NULL, NULL, 0}};
	size_t count = 0;

	if (lines[n->event].id == LOG__MAX)
		return;
	if (lines[n->event].code)
		fields[count++] = log_word("code", err_name(n->code));
	if (lines[n->event].number != NULL)
		fields[count++] = log_int(lines[n->event].number, n->n);
	if (n->words != NULL)
		fields[count++] = log_word("missing", n->words);
	fields[count] = (struct log_field){NULL, NULL, 0};
	log_write(lines[n->event].id, fields);
}

static void
hear(void *ctx, const struct notice *n)
{
	struct metrics *m = ctx;

	log_notice(n);
	if (m != NULL)
		metrics_notice(m, n);
}

/* n when it is not among them */
static size_t
find_need(const struct scope_need *needs, size_t n, const char *type)
{
	size_t at = 0;

	while (at < n && strcmp(needs[at].type, type) != 0)
		at++;
	return at;
}

/* What is polled, followed and says whom to read is read; what is written is
 * also searched. */
static size_t
collect_needs(const struct config *c, const struct config_server *s,
    struct scope_need needs[MAX_NEEDS])
{
	const char *roster = s->roster == NULL ? "" : s->roster;
	size_t n = 0;

	for (size_t i = 0; i < c->poll_types.n && n < MAX_NEEDS; i++)
		needs[n++] = (struct scope_need){
		    .type = c->poll_types.items[i], .read = true};
	for (size_t i = 0; ingest_followed[i] != NULL && n < MAX_NEEDS; i++)
		needs[n++] = (struct scope_need){
		    .type = ingest_followed[i], .read = true};
	for (size_t i = 0; i < c->poll_irae_types.n && n < MAX_NEEDS; i++) {
		size_t at = find_need(needs, n, c->poll_irae_types.items[i]);

		needs[at] = (struct scope_need){
		    .type = c->poll_irae_types.items[i], .read = true};
		n += at == n;
	}
	if (n < MAX_NEEDS && strncmp(roster, "Group/", 6) == 0)
		needs[n++] = (struct scope_need){.type = "Group", .read = true};
	if (n < MAX_NEEDS && strncmp(roster, "List/", 5) == 0)
		needs[n++] = (struct scope_need){.type = "List", .read = true};
	for (size_t i = 0; c->write_enabled && i < c->write_types.n; i++) {
		size_t at = find_need(needs, n, c->write_types.items[i]);

		if (at == MAX_NEEDS)
			break;
		needs[at] = (struct scope_need){.type = c->write_types.items[i],
		    .read = true,
		    .write = true,
		    .remove = c->write_removes};
		n = at == n ? n + 1 : n;
	}
	return n;
}

static enum err_code
make_smart(const struct config *c, const struct config_server *s,
    struct client_options *o, struct err *e)
{
	struct scope_need needs[MAX_NEEDS];
	struct smart_options so = {.base_url = o->base_url,
	    .http = o->http,
	    .client_id = s->client_id,
	    .key_file = s->key_file,
	    .key_id = s->key_id,
	    .alg = s->alg,
	    .needs = needs,
	    .n_needs = collect_needs(c, s, needs),
	    .token_url = s->token_url,
	    .retries = o->retries,
	    .backoff_ms = o->backoff_ms,
	    .backoff_max_ms = o->backoff_max_ms,
	    .observer = o->observer};
	struct strbuf scopes;
	enum err_code code;

	strbuf_init(&scopes, SCOPES_MAX);
	for (size_t i = 0; i < s->scopes.n; i++)
		strbuf_addf(
		    &scopes, "%s%s", i == 0 ? "" : " ", s->scopes.items[i]);
	so.scopes = scopes.s;
	code = scopes.overflow ? err_set(e, ERR_CONFIG, "scopes are too long")
			       : smart_new(&so, &o->auth, e);
	strbuf_done(&scopes);
	return code;
}

/* The name is set by config_load; who makes a config_server by hand may leave
 * it to the files. */
static enum err_code
make_auth(const struct config *c, const struct config_server *s,
    struct client_options *o, struct err *e)
{
	const char *auth = s->auth == NULL ? "" : s->auth;

	if (auth[0] == '\0' && s->token_file != NULL)
		auth = "bearer";
	if (strcmp(auth, "bearer") == 0)
		return auth_bearer_new(s->token_file, &o->auth, e);
	if (strcmp(auth, "basic") == 0)
		return auth_basic_new(s->basic_file, &o->auth, e);
	if (strcmp(auth, "smart") == 0)
		return make_smart(c, s, o, e);
	return ERR_OK;
}

enum err_code
connect_options(const struct config *c, const struct config_server *s,
    struct metrics *m, struct client_options *ret, struct err *e)
{
	struct client_options o = config_client(s);
	enum err_code code;

	o.observer = (struct observer){hear, m};
	code = make_auth(c, s, &o, e);
	if (code == ERR_OK)
		*ret = o;
	return code;
}

enum err_code
connect_server(const struct config *c, const struct config_server *s,
    struct metrics *m, struct client **ret, struct err *e)
{
	struct client_options o;
	enum err_code code = connect_options(c, s, m, &o, e);

	return code != ERR_OK ? code : client_new(&o, ret, e);
}

enum err_code
connect_check(const struct config *c, struct err *e)
{
	enum err_code code = ERR_OK;

	for (size_t i = 0; i < c->servers.n && code == ERR_OK; i++) {
		const struct config_server *s = &c->servers.items[i];
		struct client *client = NULL;

		code = connect_server(c, s, NULL, &client, e);
		if (code != ERR_OK)
			err_context(e, "server \"%s\"", s->name);
		client_free(client);
	}
	return code;
}

void
connect_measure(const struct client *c, struct metrics *m)
{
	int theirs = client_certificate_days_left(c, false);
	int ours = client_certificate_days_left(c, true);

	if (theirs != INT_MAX)
		metrics_set(m, METRIC_CERTIFICATE_DAYS, theirs);
	if (ours != INT_MAX)
		metrics_set(m, METRIC_OWN_CERTIFICATE_DAYS, ours);
}
