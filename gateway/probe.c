/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe: asking, and what concerns the server as a whole.
 */
#include "gateway/probe.h"

#include "fhir/util/clock.h"
#include "gateway/connect.h"
#include "gateway/probe_priv.h"

#include <stdlib.h>
#include <string.h>

/* A "not now" longer than this is an answer. */
#define WAIT_MAX_S 30
#define WAITS_MAX  3
#define SKEW_MS    60000

const char *
probe_level_name(enum probe_level l)
{
	static const char *const names[PROBE__MAX] = {
	    "good", "note", "bad", "unknown"};

	return names[l];
}

void
probe_find(struct probe *p, enum probe_level level, const char *id,
    const char *type, const char *says, const char *fmt, ...)
{
	struct probe_finding *f = ARENA_PUSH(p->a, &p->out->findings);
	va_list ap;

	va_start(ap, fmt);
	f->measured = arena_vprintf(p->a, fmt, ap);
	va_end(ap);
	f->id = id;
	f->type = type;
	f->says = arena_strdup(p->a, says);
	f->level = level;
}

/* --- asking --- */

static void
forget(struct probe *p)
{
	json_free(p->doc);
	http_response_done(&p->r);
	p->doc = NULL;
	p->root = NULL;
	p->status = 0;
}

static void
note_head(struct probe *p, int64_t before_ms)
{
	int64_t now = clock_now_ms();
	int64_t skew;

	p->gzip = p->gzip || p->r.gzip;
	p->http2 = p->http2 || p->r.http2;
	if (p->r.rate[0] != '\0')
		memcpy(p->rate, p->r.rate, sizeof(p->rate));
	if (p->r.date_ms == INT64_MIN)
		return;
	/* Date has whole seconds, and is from somewhere on the way. */
	skew = p->r.date_ms + 500 - (before_ms + now) / 2;
	if (!p->dated || llabs(skew) < llabs(p->skew_ms))
		p->skew_ms = skew;
	p->dated = true;
}

static bool
is_not_now(const struct probe *p)
{
	return (p->status == 429 || p->status == 503) &&
	       p->r.retry_after_s >= 0 && p->r.retry_after_s <= WAIT_MAX_S;
}

/* The answer, as JSON if it is. */
static void
take_answer(struct probe *p)
{
	struct err unheard = ERR_INIT;

	p->silent = p->status == 0 ? p->silent + 1 : 0;
	if (p->status != 0 && p->r.body_len > 0 &&
	    json_parse(p->r.body, p->r.body_len, &p->doc, &unheard) == ERR_OK)
		p->root = json_root(p->doc);
}

void
probe_take(struct probe *p, struct http_response *r)
{
	forget(p);
	p->r = *r;
	p->status = r->status;
	memset(r, 0, sizeof(*r));
	take_answer(p);
}

static long
ask(struct probe *p, const struct client_request *q)
{
	for (int n = 0;; n++) {
		int64_t before = clock_now_ms();
		enum err_code rc;

		forget(p);
		p->why = (struct err)ERR_INIT;
		p->out->requests++;
		rc = client_exchange(p->client, q, &p->r, &p->why);
		if (rc == ERR_OK) {
			p->status = p->r.status;
			note_head(p, before);
		} else {
			memset(&p->r, 0, sizeof(p->r));
		}
		p->stopped = p->stopped || rc == ERR_STOPPED;
		if (!is_not_now(p) || n >= WAITS_MAX)
			break;
		clock_sleep_ms(p->r.retry_after_s * 1000 + 200);
	}
	take_answer(p);
	if (p->o->progress != NULL)
		p->o->progress(p->o->ctx, p->out->requests, q->path);
	return p->status;
}

long
probe_ask(struct probe *p, const char *method, const char *path,
    const char *header, const char *body)
{
	struct client_request q = {method, path, header, body, false};

	return ask(p, &q);
}

long
probe_post(struct probe *p, const char *path, const char *form)
{
	struct client_request q = {"POST", path, NULL, form, true};

	return ask(p, &q);
}

long
probe_get(struct probe *p, const char *fmt, ...)
{
	char *path;
	va_list ap;

	va_start(ap, fmt);
	path = arena_vprintf(p->a, fmt, ap);
	va_end(ap);
	return probe_ask(p, "GET", path, NULL, NULL);
}

/* --- reading the answer --- */

size_t
probe_entries(const struct probe *p)
{
	const struct json_value *list = json_get(p->root, "entry");
	size_t n = 0;

	for (size_t i = 0; i < json_length(list); i++) {
		const char *mode =
		    json_string_at(json_at(list, i), "search.mode");
		const char *type =
		    json_string_at(json_at(list, i), "resource.resourceType");

		n += type != NULL && strcmp(type, "OperationOutcome") != 0 &&
		     (mode == NULL || strcmp(mode, "match") == 0);
	}
	return n;
}

const char *
probe_link(const struct probe *p, const char *relation)
{
	const struct json_value *links = json_get(p->root, "link");

	for (size_t i = 0; i < json_length(links); i++) {
		const char *is =
		    json_string(json_get(json_at(links, i), "relation"));

		if (is != NULL && strcmp(is, relation) == 0)
			return json_string(json_get(json_at(links, i), "url"));
	}
	return NULL;
}

static const struct json_value *
stated_rest(const struct probe *p)
{
	return json_at(json_get(p->statement, "rest"), 0);
}

const struct json_value *
probe_stated(const struct probe *p, const char *type)
{
	const struct json_value *list = json_get(stated_rest(p), "resource");

	for (size_t i = 0; i < json_length(list); i++) {
		const char *is =
		    json_string(json_get(json_at(list, i), "type"));

		if (is != NULL && strcmp(is, type) == 0)
			return json_at(list, i);
	}
	return NULL;
}

const char *
probe_says_param(const struct probe *p, const char *type, const char *name)
{
	const struct json_value *list =
	    json_get(probe_stated(p, type), "searchParam");

	if (json_length(list) == 0)
		return "";
	for (size_t i = 0; i < json_length(list); i++) {
		const char *is =
		    json_string(json_get(json_at(list, i), "name"));

		if (is != NULL && strcmp(is, name) == 0)
			return "yes";
	}
	return "no";
}

/* --- the server --- */

static const char *
joined(struct probe *p, const struct json_value *list, const char *path)
{
	const char *all = "";

	for (size_t i = 0; i < json_length(list) && i < 8; i++) {
		const struct json_value *v = json_at(list, i);
		const char *s =
		    path == NULL ? json_string(v) : json_string_at(v, path);

		if (s != NULL) {
			all = arena_printf(
			    p->a, "%s%s%.40s", all, *all == '\0' ? "" : " ", s);
		}
	}
	return all;
}

static enum err_code
read_statement(struct probe *p, struct json_doc **ret, struct err *e)
{
	enum err_code rc;
	const char *s;

	if (probe_get(p, "metadata") == 0) {
		*e = p->why;
		return e->code;
	}
	if (p->status != 200) {
		return err_set(e, ERR_REFUSED,
		    "GET metadata: status %ld instead of a "
		    "CapabilityStatement",
		    p->status);
	}
	rc = capability_read(p->root, p->a, &p->capability, e);
	if (rc != ERR_OK)
		return rc;
	*ret = p->doc; /* outlives the next question */
	p->statement = p->root;
	p->doc = NULL;
	p->out->fhir = p->capability.fhir_version;
	p->out->software = p->capability.software;
	s = json_string_at(p->statement, "software.version");
	p->out->version = s == NULL ? "" : arena_strdup(p->a, s);
	p->out->quirks = quirks_for(p->out->software);
	quirks_apply(p->out->quirks, p->client);
	return ERR_OK;
}

static void
find_server(struct probe *p)
{
	const struct quirks q = p->out->quirks;
	const char *s = joined(p, json_get(p->statement, "format"), NULL);

	probe_find(p, PROBE_GOOD, "server.fhir", "", p->out->fhir,
	    "a CapabilityStatement of R4");
	probe_find(p,
	    strstr(s, "json") != NULL || *s == '\0' ? PROBE_GOOD : PROBE_BAD,
	    "server.format", "", s, "answers in %s", p->r.content_type);
	probe_find(p, q.product == NULL ? PROBE_NOTE : PROBE_GOOD,
	    "server.product", "", p->out->software, "%s",
	    q.product == NULL ? "not known by name; no quirks"
	    : q.flags == 0    ? "known; no quirks"
			      : "known, with quirks");
	for (int i = 0; i < QUIRK_BIT__MAX; i++) {
		if (q.flags & 1u << i) {
			probe_find(p, PROBE_NOTE, "server.quirk", "",
			    quirk_name((enum quirk_bit)i), "%s",
			    quirk_text((enum quirk_bit)i));
		}
	}
}

/*= interop B.10, C.4-2: with and without a slash behind the base */
static void
find_authorization(struct probe *p)
{
	const char *security =
	    joined(p, json_get(json_get(stated_rest(p), "security"), "service"),
		"coding.code");
	const char *grants, *algorithms;
	long status = probe_get(p, ".well-known/smart-configuration");

	if (json_string_at(p->root, "token_endpoint") == NULL)
		probe_get(p, "/.well-known/smart-configuration");
	if (p->status != 200 ||
	    json_string_at(p->root, "token_endpoint") == NULL) {
		probe_find(p, PROBE_NOTE, "server.smart", "", security,
		    "no smart-configuration (status %ld)", status);
		return;
	}
	grants = joined(p, json_get(p->root, "grant_types_supported"), NULL);
	algorithms = joined(p,
	    json_get(
		p->root, "token_endpoint_auth_signing_alg_values_supported"),
	    NULL);
	probe_find(p,
	    strstr(grants, "client_credentials") != NULL ? PROBE_GOOD
							 : PROBE_NOTE,
	    "server.smart", "", security, "grants: %s; signatures: %s",
	    *grants ? grants : "not said",
	    *algorithms ? algorithms : "not said");
}

/* Letters of "rs" or "cu" that the token does not cover. */
static const char *
not_granted(struct probe *p, const char *type, const char *letters)
{
	const char *all = "";

	for (; *letters != '\0'; letters++) {
		if (!client_granted(p->client, type, *letters))
			all = arena_printf(p->a, "%s%c", all, *letters);
	}
	return all;
}

static bool
find_missing(
    struct probe *p, const struct config_list *types, const char *letters)
{
	bool any = false;

	for (size_t i = 0; i < types->n; i++) {
		const char *left = not_granted(p, types->items[i], letters);

		if (*left == '\0')
			continue;
		any = true;
		probe_find(p, PROBE_NOTE, "server.granted", types->items[i], "",
		    "%s is not among the scopes granted", left);
	}
	return any;
}

/*= interop B.10 rule 4: the scope may be narrower than asked for */
static void
find_granted(struct probe *p)
{
	const char *auth = p->o->server->auth;
	bool any = find_missing(p, &p->o->config->poll_types, "rs");

	if (find_missing(p, &p->o->config->write_types, "cu") || any)
		return;
	if (auth != NULL && strcmp(auth, "smart") == 0)
		probe_find(p, PROBE_GOOD, "server.granted", "", "",
		    "all scopes that are needed");
}

/* What was seen on the way. */
static void
find_http(struct probe *p)
{
	probe_find(p, PROBE_GOOD, "http.version", "", "", "%s",
	    p->http2 ? "2" : "1.1");
	probe_find(p, p->gzip ? PROBE_GOOD : PROBE_NOTE, "http.gzip", "", "",
	    "%s", p->gzip ? "yes" : "no: answers are sent at full length");
	if (!p->dated) {
		probe_find(p, PROBE_NOTE, "http.date", "", "",
		    "no Date: watermarks rest on lastUpdated alone");
	} else {
		probe_find(p,
		    llabs(p->skew_ms) > SKEW_MS ? PROBE_NOTE : PROBE_GOOD,
		    "http.date", "", "", "%lld s against our clock",
		    (long long)(p->skew_ms / 1000));
	}
	probe_find(p, PROBE_GOOD, "http.rate", "", "", "%s",
	    p->rate[0] != '\0' ? p->rate : "no header about limits seen");
}

/* Without a test of writing, what the statement says has to do. */
static void
find_stated_writes(struct probe *p)
{
	const struct config_list *types = &p->o->config->write_types;

	for (size_t i = 0; i < types->n; i++) {
		const char *type = types->items[i];
		const char *missing =
		    capability_refuses(&p->capability, type, false);

		if (missing == NULL)
			missing =
			    capability_refuses(&p->capability, type, true);
		probe_find(p, missing == NULL ? PROBE_UNKNOWN : PROBE_NOTE,
		    "write.accepted", type, missing == NULL ? "yes" : missing,
		    missing == NULL ? "not tried; --write tries it"
				    : "not offered; it goes elsewhere or is "
				      "reported");
	}
}

static enum err_code
connect(struct probe *p, bool removes, struct err *e)
{
	struct config config = *p->o->config;
	struct client_options how;
	enum err_code rc;

	config.write_removes = removes;
	client_free(p->client);
	p->client = NULL;
	rc = connect_options(&config, p->o->server, NULL, &how, e);
	if (rc != ERR_OK)
		return rc;
	how.http.http2 = true; /* to see whether it is spoken */
	return client_new(&how, &p->client, e);
}

/* The tests are deleted again, if we may ask for that. */
static enum err_code
begin(struct probe *p, struct json_doc **ret_statement, struct err *e)
{
	enum err_code rc = connect(p, p->o->write, e);

	if (rc != ERR_OK)
		return rc;
	rc = read_statement(p, ret_statement, e);
	if (rc != ERR_AUTH || !p->o->write)
		return rc;
	rc = connect(p, false, e);
	return rc == ERR_OK ? read_statement(p, ret_statement, e) : rc;
}

static void
find_all(struct probe *p)
{
	char made[INSTANT_SIZE];

	p->out->profile.made =
	    arena_strdup(p->a, instant_format(p->out->at_ms, made));
	p->out->profile.software = p->out->software;
	find_server(p);
	find_authorization(p);
	find_granted(p);
	probe_read(p);
	if (p->o->write)
		probe_write(p);
	else
		find_stated_writes(p);
	find_http(p);
}

enum err_code
probe_run(
    const struct probe_options *o, struct probe_report *ret, struct err *e)
{
	struct probe p = {.o = o, .out = ret};
	struct json_doc *statement = NULL;
	enum err_code rc;

	memset(ret, 0, sizeof(*ret));
	ret->arena = p.a = arena_new();
	ret->base = arena_strdup(p.a, o->server->base_url);
	ret->software = ret->version = ret->fhir = "";
	ret->at_ms = clock_now_ms();
	ret->profile = (struct profile){.base = ret->base,
	    .lag_s = -1,
	    .sort = true,
	    .if_none_exist = true,
	    .if_match = true};
	rc = begin(&p, &statement, e);
	if (rc == ERR_OK) {
		find_all(&p);
		if (p.stopped)
			rc = err_set(e, ERR_STOPPED, "stopped");
		else if (p.silent > 3)
			rc = err_set(e, ERR_CONNECT, "%s", p.why.text);
	}
	forget(&p);
	json_free(statement);
	client_free(p.client);
	return rc;
}

void
probe_done(struct probe_report *r)
{
	arena_free(r->arena);
	memset(r, 0, sizeof(*r));
}

bool
probe_is_fit(const struct probe_report *r)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		if (r->findings.items[i].level == PROBE_BAD)
			return false;
	}
	return true;
}
