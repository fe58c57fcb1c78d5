/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/deliver.h"

#include "fhir/resource.h"
#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/outbody.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Answers to one output before it waits for the next cycle. */
#define MAX_ROUNDS 4

/* One output being delivered. */
struct job {
	struct deliver *d;
	struct arena *arena;
	struct store_output *o;
	bool uncertain; /* sent before, and its fate is not known */
	char *current;  /* what stands on the server, once known */
	bool done;
	enum delivery what;
};

const char *
delivery_name(enum delivery d)
{
	static const char *const names[DELIVERED__MAX] = {"created", "updated",
	    "unchanged", "nothing", "refused", "dismissed", "waiting"};

	assert(d < DELIVERED__MAX);
	return names[d];
}

/* --- how a row ends --- */

static enum err_code
settle(struct job *j, enum output_state state, enum delivery what,
    const struct store_quarantine *q, struct err *e)
{
	struct store_output *o = j->o;

	o->state = state;
	j->what = what;
	j->done = true;
	return j->d->store->ops->output_put(j->d->store, o, q, e);
}

static enum err_code
refuse(struct job *j, enum err_code code, const char *text, struct err *e)
{
	struct store_output *o = j->o;
	struct store_quarantine q = {
	    .server = j->d->server->name,
	    .key = arena_printf(j->arena, "%s?%s", o->type, o->search),
	    .code = "write_refused",
	    .text = arena_strdup(j->arena, text),
	    .bytes = o->body,
	    .len = strlen(o->body),
	    .at_ms = clock_now_ms(),
	};

	o->error = q.text;
	o->attempts++;
	log_event(LOG_WRITE_REFUSED, log_int("patient", o->patient_id),
	    log_word("type", o->type), log_word("code", err_name(code)));
	return settle(j, OUTPUT_REFUSED, DELIVERED_REFUSED, &q, e);
}

static enum err_code
dismiss(struct job *j, const char *why, struct err *e)
{
	struct store_output *o = j->o;

	o->error = why;
	o->sent = "";
	log_event(LOG_DISMISSED, log_int("patient", o->patient_id),
	    log_word("type", o->type), log_word("why", why));
	return settle(j, OUTPUT_DISMISSED, DELIVERED_DISMISSED, NULL, e);
}

static int64_t
backoff_ms(const struct deliver *d, int attempts)
{
	int64_t s = d->config->write_retry_min_s;

	for (int i = 1; i < attempts && s < d->config->write_retry_max_s; i++)
		s *= 2;
	if (s > d->config->write_retry_max_s)
		s = d->config->write_retry_max_s;
	return s * 1000 + clock_jitter_ms(s * 100);
}

/* Codes that are a judgement of this output; all others are weather. */
static bool
is_refusal(enum err_code code)
{
	static const enum err_code codes[] = {ERR_REFUSED, ERR_INVALID,
	    ERR_FORBIDDEN, ERR_NOT_FOUND, ERR_GONE, ERR_DUPLICATE, ERR_LIMIT};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (code == codes[i])
			return true;
	}
	return false;
}

/* An exchange failed with what. */
static enum err_code
fail(struct job *j, const struct err *what, struct err *e)
{
	struct store_output *o = j->o;

	if (what->code == ERR_STOPPED) /* the row says what was under way */
		return err_set(e, ERR_STOPPED, "%s", what->text);
	if (is_refusal(what->code)) {
		return refuse(j, what->code,
		    what->code == ERR_DUPLICATE
			? "duplicate identifier at server"
			: what->text,
		    e);
	}
	j->d->halted = j->d->halted || what->code != ERR_CONFLICT;
	o->attempts++;
	o->error = arena_strdup(j->arena, what->text);
	o->next_try_ms = clock_now_ms() + backoff_ms(j->d, o->attempts);
	log_event(LOG_WRITE_FAILED, log_int("patient", o->patient_id),
	    log_word("type", o->type), log_word("code", err_name(what->code)),
	    log_int("attempts", o->attempts));
	return settle(j, o->state, DELIVERED_WAITING, NULL, e);
}

/* --- bodies --- */

static enum outref
refer(void *ctx, const char *identifier, bool version, struct arena *a,
    const char **ret)
{
	struct job *j = ctx;
	struct store *s = j->d->store;
	struct store_output *o;
	struct err unheard = ERR_INIT;
	size_t n;

	if (s->ops->outputs(
		s, j->o->patient_id, identifier, a, &o, &n, &unheard) != ERR_OK)
		return OUTREF_WAIT;
	if (n == 0)
		return OUTREF_NONE;
	if (o->server_id[0] == '\0') {
		return o->state == OUTPUT_PENDING || o->state == OUTPUT_SENDING
			   ? OUTREF_WAIT
			   : OUTREF_NONE;
	}
	/* What a person wrote there is not our work. */
	if (version && o->state == OUTPUT_DISMISSED)
		return OUTREF_NONE;
	/* A version that is about to be superseded is not cited. */
	if (version && o->state < OUTPUT_WRITTEN)
		return OUTREF_WAIT;
	if (version && o->server_version[0] != '\0') {
		*ret = arena_printf(a, "%s/%s/_history/%s", o->type,
		    o->server_id, o->server_version);
	} else {
		*ret = arena_printf(a, "%s/%s", o->type, o->server_id);
	}
	return OUTREF_KNOWN;
}

/* NULL in *ret: has to wait for another output, or is settled. */
static enum err_code
resolve(struct job *j, char **ret, struct err *e)
{
	char now[INSTANT_SIZE];
	struct outbody_request r = {.id = j->o->server_id,
	    .recorded = instant_format(clock_now_ms(), now),
	    .ref = refer,
	    .ctx = j,
	    .arena = j->arena};
	enum err_code rc = outbody_resolve(j->o->body, &r, ret, e);

	if (rc == ERR_OK && *ret != NULL && outbody_is_moot(*ret)) {
		*ret = NULL;
		rc = settle(j, OUTPUT_ABSENT, DELIVERED_NOTHING, NULL, e);
	}
	return rc;
}

/*= interop D-42, D-52: the intent is durable before anything is sent. */
static enum err_code
intend(struct job *j, const char *body, struct err *e)
{
	j->o->state = OUTPUT_SENDING;
	j->o->sent = body;
	return j->d->store->ops->output_put(j->d->store, j->o, NULL, e);
}

/* Take id and version from a representation. */
static void
adopt(struct job *j, const struct json_value *v)
{
	const char *id = json_string(json_get(v, "id"));
	const char *version = json_string_at(v, "meta.versionId");

	if (id != NULL)
		j->o->server_id = arena_strdup(j->arena, id);
	j->o->server_version =
	    version == NULL ? "" : arena_strdup(j->arena, version);
}

/* --- what stands on the server --- */

/* Read by id into j->current.  ERR_GONE, ERR_NOT_FOUND: removed. */
static enum err_code
look(struct job *j, struct err *e)
{
	char *body = NULL;
	size_t len;
	enum err_code rc = client_read(
	    j->d->client, j->o->type, j->o->server_id, &body, &len, e);

	if (rc == ERR_OK)
		j->current = arena_strndup(j->arena, body, len);
	free(body);
	return rc;
}

struct finding {
	struct job *j;
	size_t n;
};

static enum err_code
find_entry(void *ctx, const struct bundle_entry *entry, struct err *e)
{
	struct finding *f = ctx;

	(void)e;
	/* A server that ignores the parameter gives anything. */
	if (entry->resource == NULL ||
	    !outbody_carries(entry->resource, f->j->o->identifier))
		return ERR_OK;
	if (f->n++ == 0) {
		f->j->current =
		    arena_strdup(f->j->arena, json_text(entry->resource));
	}
	return ERR_OK;
}

static enum err_code
find_page(void *ctx, const struct client_page *page, struct err *e)
{
	struct finding *f = ctx;

	return bundle_read(
	    page->body, page->len, f->j->arena, NULL, find_entry, f, e);
}

/* Search by identifier; j->current stays NULL when there is none. */
static enum err_code
find(struct job *j, struct err *e)
{
	struct finding f = {j, 0};
	enum err_code rc = client_search(j->d->client,
	    arena_printf(j->arena, "%s?%s", j->o->type, j->o->search),
	    find_page, &f, e);

	if (rc == ERR_OK && f.n > 1)
		rc = err_set(e, ERR_DUPLICATE, "%zu match", f.n);
	return rc;
}

/* --- after a write --- */

/*= interop D-47: without our identifier nothing is found again. */
static enum err_code
lost_identifier(struct job *j, struct err *e)
{
	j->d->unsafe = true;
	log_event(LOG_WRITE_UNSAFE, log_int("patient", j->o->patient_id),
	    log_word("type", j->o->type));
	return refuse(j, ERR_INVALID, "the server dropped our identifier", e);
}

static enum err_code
landed(struct job *j, enum delivery what, struct err *e)
{
	struct json_doc *doc = NULL;
	struct err why = ERR_INIT;
	enum err_code rc =
	    json_parse(j->current, strlen(j->current), &doc, &why);

	if (rc != ERR_OK)
		return fail(j, &why, e);
	adopt(j, json_root(doc));
	if (!outbody_carries(json_root(doc), j->o->identifier)) {
		rc = lost_identifier(j, e);
	} else {
		j->o->landed = j->current;
		j->o->sent = "";
		j->o->error = "";
		j->o->attempts = 0;
		log_event(LOG_WRITTEN, log_int("patient", j->o->patient_id),
		    log_word("type", j->o->type),
		    log_word("what", delivery_name(what)));
		rc = settle(j, OUTPUT_WRITTEN, what, NULL, e);
	}
	json_free(doc);
	return rc;
}

/* The answer to a write: its representation, else read it by id. */
static enum err_code
take_answer(struct job *j, const struct client_written *w, struct err *e)
{
	if (w->id[0] != '\0')
		j->o->server_id = arena_strdup(j->arena, w->id);
	j->current = NULL;
	if (w->body != NULL && w->body[0] != '\0') {
		j->current = arena_strdup(j->arena, w->body);
		return ERR_OK;
	}
	if (j->o->server_id[0] == '\0')
		return find(j, e);
	return look(j, e);
}

/* --- one step --- */

/* Written, but what stands there could not be seen: look again later. */
static enum err_code
fail_unseen(struct job *j, struct err *why, struct err *e)
{
	if (is_refusal(why->code))
		err_set(why, ERR_SERVER, "written, but not to be read");
	return fail(j, why, e);
}

/* Resolve and commit the intent; *ret NULL: it has to wait. */
static enum err_code
prepare(struct job *j, char **ret, struct err *e)
{
	enum err_code rc = resolve(j, ret, e);

	if (rc == ERR_OK && *ret == NULL)
		j->done = true;
	if (rc == ERR_OK && *ret != NULL)
		rc = intend(j, *ret, e);
	return rc;
}

/* A condition on a create that counts here. */
static bool
has_condition(const struct job *j)
{
	return j->d->server->if_none_exist &&
	       quirks_condition(j->d->quirks, j->o->search);
}

static enum err_code
create(struct job *j, struct err *e)
{
	struct client_written w;
	struct err why = ERR_INIT;
	const char *before = j->o->sent;
	char *body;
	bool created;
	enum err_code rc = prepare(j, &body, e);

	if (rc != ERR_OK || body == NULL)
		return rc;
	rc = client_create(j->d->client, j->o->type,
	    has_condition(j) ? j->o->search : "", body, &w, &why);
	if (rc != ERR_OK)
		return fail(j, &why, e);
	created = w.created;
	rc = take_answer(j, &w, &why);
	client_written_done(&w);
	if (rc == ERR_OK && j->current == NULL)
		rc = err_set(&why, ERR_NOT_FOUND, "not found");
	if (rc != ERR_OK)
		return fail_unseen(j, &why, e);
	if (created)
		return landed(j, DELIVERED_CREATED, e);
	/* An older one was found: the next round compares. */
	j->o->sent = before;
	return ERR_OK;
}

static enum err_code
update(struct job *j, struct err *e)
{
	struct client_written w;
	struct err why = ERR_INIT;
	const char *before = j->o->sent;
	char *body;
	enum err_code rc = prepare(j, &body, e);

	if (rc != ERR_OK || body == NULL)
		return rc;
	rc = client_update(j->d->client, j->o->type, j->o->server_id,
	    j->o->server_version, body, &w, &why);
	if (rc == ERR_OK) {
		rc = take_answer(j, &w, &why);
		client_written_done(&w);
		return rc == ERR_OK && j->current != NULL
			   ? landed(j, DELIVERED_UPDATED, e)
			   : fail_unseen(j, &why, e);
	}
	if (rc == ERR_CONFLICT) {
		/* Not taken: what may stand there is what was sent before. */
		j->o->sent = before;
		rc = look(j, &why);
		if (rc == ERR_OK)
			return ERR_OK;
	}
	if (rc == ERR_GONE || rc == ERR_NOT_FOUND)
		return dismiss(j, "removed at the server", e);
	return fail(j, &why, e);
}

/*= interop D-44, D-46: compare; a person's change wins. */
static enum err_code
reconcile(struct job *j, struct err *e)
{
	struct json_doc *current = NULL, *want = NULL;
	char *body = NULL;
	enum err_code rc =
	    json_parse(j->current, strlen(j->current), &current, e);

	if (rc != ERR_OK)
		goto out;
	if (!outbody_carries(json_root(current), j->o->identifier)) {
		rc = j->o->landed[0] == '\0' && j->o->sent[0] == '\0'
			 ? refuse(j, ERR_INVALID,
			       "the server answered with another resource", e)
			 : dismiss(j, "our identifier was taken off", e);
		goto out;
	}
	adopt(j, json_root(current));
	rc = resolve(j, &body, e);
	if (rc == ERR_OK && body == NULL)
		j->done = true;
	if (rc != ERR_OK || body == NULL)
		goto out;
	rc = json_parse(body, strlen(body), &want, e);
	if (rc != ERR_OK)
		goto out;
	if (outbody_within(json_root(want), json_root(current)))
		rc = landed(j, DELIVERED_UNCHANGED, e);
	else if (!outbody_untouched(json_root(current), json_root(want),
		     j->o->landed, j->o->sent))
		rc = dismiss(j, "changed by somebody else", e);
	else
		rc = update(j, e);
out:
	json_free(current);
	json_free(want);
	return rc;
}

static enum err_code
step(struct job *j, struct err *e)
{
	struct store_output *o = j->o;
	struct err why = ERR_INIT;

	if (j->current != NULL)
		return reconcile(j, e);
	if (o->server_id[0] != '\0' && o->server_version[0] != '\0' &&
	    j->d->server->if_match)
		return update(j, e);
	if (o->server_id[0] != '\0') { /* nothing to match: look first */
		enum err_code rc = look(j, &why);

		if (rc == ERR_GONE || rc == ERR_NOT_FOUND)
			return dismiss(j, "removed at the server", e);
		return rc == ERR_OK ? ERR_OK : fail(j, &why, e);
	}
	if (!o->only_if_exists && !j->uncertain && has_condition(j))
		return create(j, e);
	j->uncertain = false;
	if (find(j, &why) != ERR_OK)
		return fail(j, &why, e);
	if (j->current != NULL)
		return ERR_OK;
	if (!o->only_if_exists)
		return create(j, e);
	o->sent = "";
	return settle(j, OUTPUT_ABSENT, DELIVERED_NOTHING, NULL, e);
}

/* NULL, or why this type is not written. */
static const char *
not_writable(struct job *j)
{
	const struct deliver *d = j->d;
	const char *missing;

	if (!config_list_has(&d->config->write_types, j->o->type))
		return "not among [write] types";
	if (d->server->accepts.n > 0 &&
	    !config_list_has(&d->server->accepts, j->o->type))
		return "not among what this server accepts";
	if (!client_granted(d->client, j->o->type, 'c') ||
	    !client_granted(d->client, j->o->type, 'u'))
		return "the authorization server did not grant writing it";
	missing = capability_refuses(
	    d->capability, j->o->type, j->o->server_id[0] != '\0');
	if (missing == NULL)
		return NULL;
	return arena_printf(
	    j->arena, "the server does not accept %s %s", j->o->type, missing);
}

static enum err_code
deliver_one(struct job *j, struct err *e)
{
	const char *why;
	enum err_code rc = ERR_OK;

	why = not_writable(j);
	if (why != NULL && j->o->only_if_exists && j->o->server_id[0] == '\0')
		return settle(j, OUTPUT_ABSENT, DELIVERED_NOTHING, NULL, e);
	if (why != NULL)
		return refuse(j, ERR_REFUSED, why, e);
	j->uncertain = j->o->sent[0] != '\0';
	for (int i = 0; i < MAX_ROUNDS && rc == ERR_OK && !j->done; i++)
		rc = step(j, e);
	if (rc == ERR_OK && !j->done) {
		struct err busy = ERR_INIT;

		err_set(&busy, ERR_CONFLICT, "it keeps changing");
		rc = fail(j, &busy, e);
	}
	return rc;
}

static bool
is_open(const struct store_output *o, int64_t now)
{
	return (o->state == OUTPUT_PENDING || o->state == OUTPUT_SENDING) &&
	       o->next_try_ms <= now;
}

static enum delivery
standing(const struct store_output *o)
{
	static const enum delivery what[OUTPUT__MAX] = {
	    [OUTPUT_PENDING] = DELIVERED_WAITING,
	    [OUTPUT_SENDING] = DELIVERED_WAITING,
	    [OUTPUT_WRITTEN] = DELIVERED_UNCHANGED,
	    [OUTPUT_ABSENT] = DELIVERED_NOTHING,
	    [OUTPUT_REFUSED] = DELIVERED_REFUSED,
	    [OUTPUT_DISMISSED] = DELIVERED_DISMISSED,
	};

	return what[o->state];
}

enum err_code
deliver_patient(struct deliver *d, int64_t patient_id, deliver_fn fn, void *ctx,
    struct err *e)
{
	struct arena *a = arena_new();
	struct store_output *outputs;
	size_t n;
	enum err_code rc = d->store->ops->outputs(
	    d->store, patient_id, NULL, a, &outputs, &n, e);

	for (size_t i = 0; rc == ERR_OK && i < n; i++) {
		struct job j = {.d = d,
		    .arena = a,
		    .o = &outputs[i],
		    .what = standing(&outputs[i])};

		if (clock_stopped()) {
			rc = err_set(e, ERR_STOPPED, "stopped");
			break;
		}
		if (is_open(j.o, clock_now_ms()) && !d->halted && !d->unsafe)
			rc = deliver_one(&j, e);
		if (rc == ERR_OK)
			fn(ctx, j.o, j.what);
	}
	arena_free(a);
	return rc;
}
