/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/deliver_priv.h"

#include "fhir/resource.h"
#include "fhir/util/clock.h"
#include "fhir/util/log.h"
#include "gateway/outbody.h"
#include "mappings/to_fhir.h"

#include <stdlib.h>
#include <string.h>

/* Answers to one output before it waits for the next cycle. */
#define MAX_ROUNDS 4

/* --- bodies --- */

static const struct config_server *
place_of(const struct deliver *d, const struct store_output *o)
{
	return o->via[0] == '\0' ? d->own.server : d->other.server;
}

/* The base to put before what stands on another server than this goes to. */
static const char *
base_for(const struct job *j, const struct config_server *there, bool *ret_ours)
{
	*ret_ours = there == j->at->server;
	return there == NULL || *ret_ours ? "" : there->base_url;
}

static enum outref
refer(void *ctx, const char *identifier, bool version, struct arena *a,
    const char **ret)
{
	struct job *j = ctx;
	struct store *s = j->d->store;
	struct store_output *o;
	struct err unheard = ERR_INIT;
	const char *base;
	bool ours;
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
	base = base_for(j, place_of(j->d, o), &ours);
	*ret = arena_printf(
	    a, "%s%s%s/%s", base, ours ? "" : "/", o->type, o->server_id);
	if (version && o->server_version[0] != '\0') {
		*ret =
		    arena_printf(a, "%s/_history/%s", *ret, o->server_version);
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
	    .base = j->at == &j->d->own ? NULL : j->d->own.server->base_url,
	    .ref = refer,
	    .ctx = j,
	    .arena = j->arena};
	enum err_code rc = outbody_resolve(j->o->body, &r, ret, e);

	if (rc == ERR_OK && *ret != NULL && outbody_is_moot(*ret)) {
		*ret = NULL;
		rc = job_settle(j, OUTPUT_ABSENT, DELIVERED_NOTHING, NULL, e);
	}
	return rc;
}

/*= interop D-42, D-52: the intent is durable before anything is sent. */
static enum err_code
intend(struct job *j, const char *body, struct err *e)
{
	j->o->state = OUTPUT_SENDING;
	j->o->sent = body;
	j->body = body;
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
	    j->at->client, j->o->type, j->o->server_id, &body, &len, e);

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
	enum err_code rc = client_search(j->at->client,
	    arena_printf(j->arena, "%s?%s", j->o->type, j->o->search),
	    find_page, &f, e);

	if (rc == ERR_OK && f.n > 1)
		rc = err_set(e, ERR_DUPLICATE, "%zu match", f.n);
	return rc;
}

/* --- after a write --- */

/* Not all of what was sent is what stands there. */
static bool
is_altered(const struct job *j, const struct json_value *current)
{
	struct json_doc *sent = NULL;
	struct err unheard = ERR_INIT;
	bool altered =
	    j->body != NULL &&
	    json_parse(j->body, strlen(j->body), &sent, &unheard) == ERR_OK &&
	    !outbody_within(json_root(sent), current);

	json_free(sent);
	return altered;
}

static enum err_code
stand(struct job *j, enum delivery what, bool altered, struct err *e)
{
	struct store_output *o = j->o;

	o->landed = j->current;
	o->sent = "";
	o->attempts = 0;
	if (altered) {
		o->error = "the server keeps it otherwise than it was sent";
		log_event(LOG_WRITTEN_OTHERWISE,
		    log_int("patient", o->patient_id),
		    log_word("type", o->type));
	} else if (j->at == &j->d->own) {
		o->error = ""; /* elsewhere it says why it is there */
	}
	log_event(LOG_WRITTEN, log_int("patient", o->patient_id),
	    log_word("type", o->type), log_word("what", delivery_name(what)));
	return job_settle(j, OUTPUT_WRITTEN, what, NULL, e);
}

static enum err_code
landed(struct job *j, enum delivery what, struct err *e)
{
	struct json_doc *doc = NULL;
	struct err why = ERR_INIT;
	enum err_code rc =
	    json_parse(j->current, strlen(j->current), &doc, &why);

	if (rc != ERR_OK)
		return job_fail(j, &why, e);
	adopt(j, json_root(doc));
	if (!outbody_carries(json_root(doc), j->o->identifier))
		rc = job_lost(j, e);
	else
		rc = stand(j, what, is_altered(j, json_root(doc)), e);
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
	if (job_is_refusal(why->code))
		err_set(why, ERR_SERVER, "written, but not to be read");
	return job_fail(j, why, e);
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
	return j->at->server->if_none_exist &&
	       quirks_condition(j->at->quirks, j->o->search);
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
	rc = client_create(j->at->client, j->o->type,
	    has_condition(j) ? j->o->search : "", body, &w, &why);
	if (rc != ERR_OK)
		return job_fail(j, &why, e);
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
	rc = client_update(j->at->client, j->o->type, j->o->server_id,
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
		return job_dismiss(j, "removed at the server", e);
	return job_fail(j, &why, e);
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
			 ? job_refuse(j, ERR_INVALID,
			       "the server answered with another resource", e)
			 : job_dismiss(j, "our identifier was taken off", e);
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
		     j->o->landed, j->o->sent) &&
		 !outbody_reopens(json_root(current), json_root(want)))
		rc = job_dismiss(j, "changed by somebody else", e);
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
	/* What a person closed is looked at before it is raised again. */
	if (o->server_id[0] != '\0' && o->server_version[0] != '\0' &&
	    j->at->server->if_match &&
	    strstr(o->body, RESCAN_IRAE_DISMISSED) == NULL)
		return update(j, e);
	if (o->server_id[0] != '\0') { /* nothing to match: look first */
		enum err_code rc = look(j, &why);

		if (rc == ERR_GONE || rc == ERR_NOT_FOUND)
			return job_dismiss(j, "removed at the server", e);
		return rc == ERR_OK ? ERR_OK : job_fail(j, &why, e);
	}
	if (!o->only_if_exists && !j->uncertain && has_condition(j))
		return create(j, e);
	j->uncertain = false;
	if (find(j, &why) != ERR_OK)
		return job_fail(j, &why, e);
	if (j->current != NULL)
		return ERR_OK;
	if (!o->only_if_exists)
		return create(j, e);
	o->sent = "";
	return job_settle(j, OUTPUT_ABSENT, DELIVERED_NOTHING, NULL, e);
}

/* At the place it goes to now; not done yet: it goes elsewhere. */
static enum err_code
deliver_at(struct job *j, struct err *e)
{
	const char *why = job_not_writable(j);
	enum err_code rc = ERR_OK;

	if (why != NULL && j->o->only_if_exists && j->o->server_id[0] == '\0')
		return job_settle(j, OUTPUT_ABSENT, DELIVERED_NOTHING, NULL, e);
	if (why != NULL)
		return job_refuse(j, ERR_REFUSED, why, e);
	j->uncertain = j->o->sent[0] != '\0';
	for (int i = 0; i < MAX_ROUNDS && rc == ERR_OK && !j->done; i++) {
		const struct deliver_place *at = j->at;

		rc = step(j, e);
		if (j->at != at)
			return rc;
	}
	if (rc == ERR_OK && !j->done) {
		struct err busy = ERR_INIT;

		err_set(&busy, ERR_CONFLICT, "it keeps changing");
		rc = job_fail(j, &busy, e);
	}
	return rc;
}

static bool
is_usable(const struct deliver_place *p)
{
	return p->server != NULL && p->known && !p->halted && !p->unsafe;
}

static enum err_code
deliver_one(struct job *j, struct err *e)
{
	enum err_code rc = ERR_OK;
	struct arena *a = arena_new();

	aside_take_answer(j->d->aside, a); /* of somebody else */
	arena_free(a);
	for (int i = 0; i < 2 && rc == ERR_OK && !j->done && is_usable(j->at);
	     i++)
		rc = deliver_at(j, e);
	return rc;
}

static void
set_writing(struct deliver *d, bool writing)
{
	if (d->own.client != NULL)
		client_set_writing(d->own.client, writing);
	if (d->other.client != NULL)
		client_set_writing(d->other.client, writing);
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
		    .at = outputs[i].via[0] == '\0' ? &d->own : &d->other,
		    .arena = a,
		    .o = &outputs[i],
		    .what = standing(&outputs[i])};

		if (clock_stopped()) {
			rc = err_set(e, ERR_STOPPED, "stopped");
			break;
		}
		if (is_open(j.o, clock_now_ms())) {
			set_writing(d, true);
			rc = deliver_one(&j, e);
			set_writing(d, false);
		}
		if (rc == ERR_OK)
			fn(ctx, j.o, j.what);
	}
	arena_free(a);
	return rc;
}

/* --- a cycle --- */

static enum err_code
begin_place(struct deliver *d, struct deliver_place *p, struct err *e)
{
	struct arena *a;
	const char *unsafe;
	enum err_code rc;

	p->halted = false;
	if (p->server == NULL)
		return ERR_OK;
	a = arena_new();
	rc = d->store->ops->memory_get(
	    d->store, p->server->name, MEMORY_UNSAFE, a, &unsafe, e);
	if (rc == ERR_OK)
		p->unsafe = unsafe[0] != '\0';
	arena_free(a);
	return rc;
}

enum err_code
deliver_begin(struct deliver *d, struct err *e)
{
	enum err_code rc = begin_place(d, &d->own, e);

	return rc == ERR_OK ? begin_place(d, &d->other, e) : rc;
}

bool
deliver_is_open(const struct deliver *d)
{
	return is_usable(&d->own) || is_usable(&d->other);
}
